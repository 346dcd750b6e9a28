/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <stage2/descriptor.h>

#include "ranges.h"

/* Bits of a leaf that make a difference: but for its address, its age, and the log. */
#define SOFTWARE (UINT64_C(7) << 55)
#define XN (UINT64_C(3) << 53)
#define SH (UINT64_C(3) << 8)
#define S2AP_READ (UINT64_C(1) << 6)
#define S2AP_WRITE (UINT64_C(1) << 7)
#define MEMATTR (UINT64_C(0xf) << 2)

struct merger {
	struct range now; /* none, if its size is 0 */
	unsigned int merge;
	range_visitor *visit;
	void *arg;
};

/* A leaf whose writes are logged may be written, whatever the log says. */
static uint64_t key_of(const struct regime *r, uint64_t desc)
{
	uint64_t key = desc & (SOFTWARE | XN | ENTRY_DBM | S2AP_READ | MEMATTR);

	key |= r->ds ? 0 : desc & SH;
	return key | (desc & (S2AP_WRITE | ENTRY_DBM) ? S2AP_WRITE : 0);
}

static enum range_kind kind_of_invalid(const struct regime *r, const struct spot *at)
{
	if (!at->desc)
		return RANGE_EMPTY;
	if (!r->has_fmt || at->level < 0)
		return RANGE_INVALID;
	switch (s2_desc_kind(&r->fmt, (unsigned int)at->level, at->desc)) {
	case S2_KIND_ANNOTATED:
		return RANGE_ANNOTATED;
	case S2_KIND_LOCKED:
		return RANGE_LOCKED;
	default:
		return RANGE_INVALID;
	}
}

static enum range_kind kind_of(const struct regime *r, const struct spot *at)
{
	switch (entry_kind(r, at->level, at->desc)) {
	case ENTRY_INVALID:
		return kind_of_invalid(r, at);
	case ENTRY_LEAF:
		return RANGE_LEAF;
	default:
		return RANGE_WRONG;
	}
}

static struct range range_of(const struct regime *r, const struct spot *at)
{
	struct range range = {.kind = kind_of(r, at),
			      .ipa = at->ipa,
			      .size = at->size,
			      .desc = at->desc,
			      .level = at->level};

	range.bytes[at->level + 1] = at->size;
	if (range.kind != RANGE_LEAF)
		return range;
	range.pa = entry_address(r, at->level, at->desc);
	range.key = key_of(r, at->desc);
	range.old = !(at->desc & ENTRY_AF);
	range.dirty = at->desc & ENTRY_DBM && at->desc & S2AP_WRITE;
	return range;
}

static bool is_like(const struct merger *m, const struct range *next)
{
	const struct range *now = &m->now;

	if (next->level != now->level && !(m->merge & RANGES_LEVELS))
		return false;
	if (next->old != now->old && !(m->merge & RANGES_AGE))
		return false;
	if (next->dirty != now->dirty && !(m->merge & RANGES_DIRTY))
		return false;
	return next->pa == now->pa + now->size && next->key == now->key;
}

static bool belongs(const struct merger *m, const struct range *next)
{
	if (!m->now.size || next->kind != m->now.kind)
		return false;
	switch (next->kind) {
	case RANGE_LEAF:
		return is_like(m, next);
	case RANGE_ANNOTATED:
	case RANGE_INVALID:
		return next->desc == m->now.desc;
	default:
		return next->kind != RANGE_WRONG;
	}
}

static void add(struct range *now, const struct range *next)
{
	now->size += next->size;
	now->bytes[next->level + 1] += next->size;
	now->old = now->old && next->old;
	now->dirty = now->dirty || next->dirty;
	now->level = next->level;
}

static void merge(struct tables *t, const struct spot *at, void *arg)
{
	struct merger *m = arg;
	struct range next;

	if (entry_kind(&t->regime, at->level, at->desc) == ENTRY_TABLE && tables_can_follow(t, at))
		return;
	next = range_of(&t->regime, at);
	if (belongs(m, &next)) {
		add(&m->now, &next);
		return;
	}
	if (m->now.size)
		m->visit(&m->now, &t->regime, m->arg);
	m->now = next;
}

void ranges_visit(struct tables *t, unsigned int how, range_visitor *visit, void *arg)
{
	struct merger m = {.merge = how, .visit = visit, .arg = arg};

	tables_visit(t, merge, &m);
	m.visit(&m.now, &t->regime, m.arg);
}
