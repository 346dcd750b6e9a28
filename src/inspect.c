/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Ranges and numbers: what a tree holds, entry by entry, added up.
 *
 *	entries	| 2M | 2M | 4K | 4K | hole | hole, higher up |
 *	ranges	|      L2 |      L3 | hole                   |	with S2_MERGE_LEVELS,
 *	        | L2 and L3         | hole                   |	if the addresses adjoin
 *
 * A range is kept back until the first entry comes that does not belong to it.  The
 * walk goes on with what a table has become meanwhile; so an entry may begin before the
 * address that is due, and counts from there.
 */
#include "inspect.h"

struct merger {
	struct s2_span *span; /* moves behind each range that is handed over */
	struct s2_range r; /* kept back; none if its size is 0 */
	uint64_t end; /* of the span */
	uint64_t left; /* of the budget */
	uint32_t level; /* of the last entry in it */
	uint32_t flags;
	s2_range_visitor *visit;
	void *arg;
};

static uint64_t next_of(const struct merger *g)
{
	return g->span->ipa + g->r.size;
}

/* Nothing, if nothing is kept back: so after a visitor that ended the call. */
static int hand_over(struct merger *g)
{
	struct s2_range r = g->r;

	if (!r.size)
		return S2_OK;
	g->r.size = 0;
	g->span->ipa += r.size;
	g->span->size -= r.size;
	return g->visit(&r, g->arg);
}

/* What may differ. */
static s2_attr ignored(uint32_t flags)
{
	return (flags & S2_MERGE_AGE ? S2_OLD : 0) | (flags & S2_MERGE_DIRTY ? S2_DIRTY : 0);
}

static bool adjoins(const struct merger *g, const struct s2_mapping *m)
{
	uint64_t pa = m->pa + (next_of(g) - m->ipa);

	if (m->level != g->level && !(g->flags & S2_MERGE_LEVELS))
		return false;
	return pa == g->r.pa + g->r.size && !((m->attr ^ g->r.attr) & ~ignored(g->flags));
}

static bool belongs(const struct merger *g, const struct s2_mapping *m)
{
	if (!g->r.size || m->kind != g->r.kind)
		return false;
	switch (m->kind) {
	case S2_KIND_LEAF:
		return adjoins(g, m);
	case S2_KIND_ANNOTATED:
		return m->desc == g->r.desc;
	default:
		return m->kind != S2_KIND_CORRUPT;
	}
}

static void begin_with(struct merger *g, const struct s2_mapping *m)
{
	uint64_t pa = m->kind == S2_KIND_LEAF ? m->pa + (g->span->ipa - m->ipa) : 0;

	g->r = (struct s2_range){
		.ipa = g->span->ipa, .pa = pa, .desc = m->desc, .attr = m->attr, .kind = m->kind};
}

static void add(struct merger *g, const struct s2_mapping *m)
{
	uint64_t from = next_of(g), to = m->ipa + m->size;
	uint64_t bytes = (to < g->end ? to : g->end) - from;

	g->r.size += bytes;
	g->r.bytes[m->level] += bytes;
	g->r.attr = (g->r.attr & m->attr & S2_OLD) | ((g->r.attr | m->attr) & ~S2_OLD);
	g->level = m->level;
}

static int merge(const struct s2_mapping *m, void *arg)
{
	struct merger *g = arg;

	if (!belongs(g, m)) {
		int verdict = hand_over(g);

		if (verdict)
			return verdict;
		begin_with(g, m);
	}
	add(g, m);
	if (!--g->left && next_of(g) != g->end && m->kind != S2_KIND_CORRUPT)
		return S2_MORE;
	return S2_OK; /* s2_walk() makes S2_CORRUPT of it where that is due */
}

int s2_ranges(const struct s2_tree *tree, struct s2_span *span, uint32_t flags,
	      s2_range_visitor *visit, void *arg)
{
	struct merger g = {.span = span, .flags = flags, .visit = visit, .arg = arg};
	int status, verdict;

	if (!span || !visit || flags & ~S2_MERGE_ALL)
		return S2_INVALID;
	g.end = span->ipa + span->size;
	g.left = span->budget ? span->budget : UINT64_MAX;
	status = s2_walk(tree, span->ipa, span->size, merge, &g);
	verdict = hand_over(&g);
	return verdict ? verdict : status;
}

/* --- numbers ------------------------------------------------------------------ */

struct counter {
	struct s2_op op; /* first: count_visit() finds the rest behind it */
	struct s2_counts *counts;
};

static void count_leaf(struct s2_counts *counts, const struct s2_op *op, const struct s2_spot *at)
{
	uint64_t end = s2_spot_end(op, at) < op->end ? s2_spot_end(op, at) : op->end;
	uint64_t bytes = end - op->pos;
	s2_attr attr = s2_desc_attr(op->fmt, at->desc);

	counts->leaves[at->level] += op->pos == at->base;
	counts->mapped[at->level] += bytes;
	counts->writable += attr & S2_W ? bytes : 0;
	counts->logged += attr & S2_LOG ? bytes : 0;
	counts->dirty += attr & S2_DIRTY ? bytes : 0;
	counts->young += attr & S2_OLD ? 0 : bytes;
}

/* An entry, or a table, is counted where its first address is. */
static int count_visit(struct s2_op *op, struct s2_spot *at)
{
	struct s2_counts *counts = ((struct counter *)op)->counts;
	enum s2_kind kind = s2_kind(op->fmt, at->level, at->desc);
	bool first = op->pos == at->base;

	if (kind == S2_KIND_TABLE && s2p_table(s2_oa_decode(op->fmt, at->desc))) {
		counts->tables[at->level + 1] += first;
		return S2_STEP_DOWN;
	}
	if (kind == S2_KIND_TABLE || kind == S2_KIND_CORRUPT) {
		counts->corrupt += first;
		op->pos = s2_spot_end(op, at);
		return S2_CORRUPT;
	}
	if (kind == S2_KIND_LEAF)
		count_leaf(counts, op, at);
	counts->annotated += first && kind == S2_KIND_ANNOTATED;
	counts->locked += first && kind == S2_KIND_LOCKED;
	return s2_next(op, at);
}

int s2_count(const struct s2_tree *tree, struct s2_span *span, struct s2_counts *counts)
{
	struct counter c = {.counts = counts};
	int status = counts ? s2_span_begin(&c.op, tree, span) : S2_INVALID;

	if (status)
		return status;
	if (!span->ipa)
		counts->tables[tree->fmt->start_level] += tree->fmt->root_tables;
	status = s2_walk_range(&c.op, count_visit);
	s2_span_end(&c.op, span);
	return status;
}
