/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The loops of a sweep, and what is settled after each.
 */
#include "sweep.h"

#include "bitmap.h"
#include "gather.h"

/* Entries that are looked at together, where none is expected to be unlike the others. */
#define BATCH UINT64_C(8)
#define STRETCH UINT64_C(32)

void s2_sweep_learn(struct s2_op *op, const struct s2_spot *at, unsigned int i, s2_desc has,
		    enum s2_owes owes, bool noted)
{
	const struct s2_like like = {at->desc, has, owes, noted};
	const struct s2_format *fmt = op->fmt;
	struct s2_sweep *s = op->sweep;

	/* The words of the bitmap that a block fills count against the budget. */
	if (noted && at->level != S2_LAST_LEVEL)
		return;
	if (s->level != at->level) {
		s->level = at->level;
		s->care = (~(fmt->oa_low | fmt->oa_high) | fmt->no_leaf[at->level]) & ~s->ignored;
		s->like[!i] = like; /* the other one is not known yet */
	}
	s->like[i] = like;
}

/* How the entries from `entry` differ from `had`, and in which bits any does. */
static inline s2_desc load_batch(const s2_desc *entry, s2_desc had, s2_desc differs[BATCH])
{
	s2_desc any = 0;

#pragma GCC unroll 8
	for (unsigned int i = 0; i < BATCH; i++) {
		differs[i] = s2p_load(&entry[i]) ^ had;
		any |= differs[i];
	}
	return any;
}

/* How many of `n` entries are like `had`, up to the first that is not. */
static uint64_t pass(const s2_desc *entry, s2_desc had, s2_desc care, uint64_t n)
{
	s2_desc differs[BATCH];
	uint64_t i = 0;

	while (n - i >= BATCH && !(load_batch(&entry[i], had, differs) & care))
		i += BATCH;
	while (i < n && !((s2p_load(&entry[i]) ^ had) & care))
		i++;
	return i;
}

/* Goes on to the first entry that is not like that, or to `end`; what it passes is changed. */
static void exchange(struct s2_spot *at, const struct s2_like *like, s2_desc care,
		     const s2_desc *end)
{
	s2_desc *entry = at->entry, had = like->had, has = like->has;

	for (; entry < end; entry++) {
		s2_desc desc = s2p_load(entry), differs = desc ^ had;

		if (differs & care || !s2p_cas(entry, desc, differs ^ has))
			break;
	}
	at->entry = entry;
}

/* A batch changed by plain stores; false, and it is where `at` stops, if it can not be. */
static inline bool store_batch(struct s2_spot *at, s2_desc *entry, s2_desc had, s2_desc has,
			       s2_desc care)
{
	s2_desc differs[BATCH];

	if (load_batch(entry, had, differs) & care) {
		at->entry = entry;
		return false;
	}
#pragma GCC unroll 8
	for (unsigned int i = 0; i < BATCH; i++)
		s2p_store(&entry[i], differs[i] ^ has);
	return true;
}

/* The same by plain stores, as far as whole stretches go. */
static void store(struct s2_spot *at, const struct s2_like *like, s2_desc care, uint64_t n)
{
	s2_desc *entry = at->entry, *end = entry + n - n % STRETCH;
	s2_desc had = like->had, has = like->has;

	for (; entry < end; entry += STRETCH) {
		if (!store_batch(at, entry, had, has, care) ||
		    !store_batch(at, entry + BATCH, had, has, care) ||
		    !store_batch(at, entry + 2 * BATCH, had, has, care) ||
		    !store_batch(at, entry + 3 * BATCH, had, has, care))
			return;
	}
	at->entry = entry;
}

/*
 * Nobody else writes into the tables of a tree that is not shared, but the hardware where it
 * notes something: if it does not, nothing can come between a load and a store.
 */
static bool is_alone(const struct s2_op *op)
{
	return !op->tree->grace && !(op->fmt->features & (S2_FEAT_HAF | S2_FEAT_HD));
}

static void change(struct s2_op *op, const struct s2_like *like, struct s2_spot *at, uint64_t n)
{
	const s2_desc *end = at->entry + n;

	op->stored = true;
	if (is_alone(op))
		store(at, like, op->sweep->care, n);
	if (at->entry < end)
		exchange(at, like, op->sweep->care, end);
}

/* Whether there is nothing to be flushed for others; all of the leaves have been read. */
static bool is_settled(const struct s2_op *op, const struct s2_like *like)
{
	return like->owes == S2_OWES_NOTHING || s2_gather_is_settled(op);
}

/*
 * Leaves that are as they shall be are passed by.  Those that another CPU made so, and may not
 * have flushed, are changed to themselves: it has counted itself before, so one look at the
 * count after the last of them was read does for all.  Whether they are to be flushed.
 */
static bool deal(struct s2_op *op, const struct s2_like *like, struct s2_spot *at, uint64_t n)
{
	bool flush = like->owes == S2_OWES_FLUSH;
	s2_desc *first = at->entry;

	if (like->had == like->has && !flush) {
		n = pass(first, like->had, op->sweep->care, n);
		s2p_fence();
		if (is_settled(op, like)) {
			at->entry += n;
			return false;
		}
		flush = true;
	}
	if (flush && !op->cpu->gather.counted)
		s2_gather_count(op);
	change(op, like, at, n);
	if (flush && like->had != like->has)
		op->cpu->stats.restricts += (uint64_t)(at->entry - first);
	return flush || !is_settled(op, like);
}

/* Up to `n` entries from `at` on, which goes to the one after them: how many are dealt with. */
static uint64_t run(struct s2_op *op, const struct s2_like *like, struct s2_spot *at, uint64_t n)
{
	s2_desc *first = at->entry;
	bool flush = deal(op, like, at, n);

	n = (uint64_t)(at->entry - first);
	if (!n)
		return 0;
	op->pos += n << at->shift;
	if (flush)
		s2_gather_stale(op, at->level, at->base, op->pos);
	if (like->noted)
		s2_bitmap_note(op, op->map, at->base, op->pos);
	at->base = op->pos;
	return n;
}

bool s2_sweep_run(struct s2_op *op, struct s2_spot *at, const struct s2_like *like)
{
	uint64_t end = op->end < at->table_end ? op->end : at->table_end;
	uint64_t left = (end - at->base) >> at->shift, n;
	bool swept = false;

	if (op->pos != at->base)
		return false;
	left = left < op->budget ? left : op->budget;
	while (left && like) {
		n = run(op, like, at, left);
		if (!n)
			break;
		swept = true;
		op->budget -= n;
		left -= n;
		if (left) {
			at->desc = s2p_load(at->entry);
			like = s2_sweep_like(op->sweep, at->desc);
		}
	}
	op->budget += swept; /* the visit itself costs one */
	return swept;
}
