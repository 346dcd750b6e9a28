/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The one walker: iterative, over a range, specialised by its visitor.
 *
 * A visitor is a static function that is handed in as a constant, so that the
 * compiler puts it inline: every operation has a walk of its own and no call
 * through a pointer.  It sees each entry once, as a snapshot, decides, and says
 * how to go on:
 *
 *	S2_STEP_NEXT	this entry is dealt with, up to op->pos
 *	S2_STEP_DOWN	it is a table: go on in there
 *	S2_STEP_AGAIN	something changed: from the root, at op->pos
 *	< 0		a status that ends the walk
 *
 * At the end of a table the walk starts again from the root.  That costs a few
 * loads for hundreds of entries, keeps no path that could go stale, and bounds
 * the stack.
 *
 * What may go wrong under a walk: the table that it is in may be cut away by
 * another operation.  Its memory stays (the read-side section sees to that), and
 * what the walk still does there counts as done before the cut; or it meets a
 * lock or a link, and starts again.
 */
#ifndef S2_WALK_H
#define S2_WALK_H

#include "entry.h"

#define S2_INLINE static inline __attribute__((always_inline))

enum s2_step {
	S2_STEP_NEXT = 1,
	S2_STEP_DOWN,
	S2_STEP_AGAIN,
	S2_STEP_STAY, /* the walker's own: the spot is on an entry that is not read yet */
	S2_STEP_SEEN, /* and this: on one that is read, and not visited yet */
};

/* What became of an entry where a straight path ended (straight.h). */
enum s2_outcome {
	S2_SEEN, /* nothing was done */
	S2_LOST, /* a compare-and-swap failed */
	S2_CHANGED, /* one did not, and what was there is to be flushed */
};

typedef int s2_visit(struct s2_op *op, struct s2_spot *at);

/* Another operation is at work on this entry: wait, or give up for now. */
int s2_contend(struct s2_op *op, const struct s2_spot *at);

/* A compare-and-swap failed: look again, or give up for now. */
int s2_lost(struct s2_op *op);

/* The walk goes on where a straight path ended: *at becomes the spot there. */
int s2_resume(struct s2_op *op, struct s2_spot *at);

/* Reports the entry, for S2_CORRUPT. */
int s2_corrupt(struct s2_op *op, const struct s2_spot *at);

/* The table entry at `at` has bits, `odd`, beside its address: S2_STEP_DOWN if they do not matter. */
int s2_odd_table(struct s2_op *op, const struct s2_spot *at, s2_desc odd);

/* First IPA beyond what the entry covers. */
static inline uint64_t s2_spot_end(const struct s2_op *op, const struct s2_spot *at)
{
	(void)op;
	return at->base + (UINT64_C(1) << at->shift);
}

/* Whether all that the entry covers is still to be done. */
static inline bool s2_covered(const struct s2_op *op, const struct s2_spot *at)
{
	return op->pos == at->base && s2_spot_end(op, at) <= op->end;
}

/* Everything that the entry covers is as it shall be. */
static inline int s2_next(struct s2_op *op, const struct s2_spot *at)
{
	op->pos = s2_spot_end(op, at);
	return S2_STEP_NEXT;
}

static inline unsigned int s2_index(const struct s2_format *fmt, uint64_t ipa, unsigned int level)
{
	return (unsigned int)(ipa >> s2_level_shift(fmt, level)) & ((1u << fmt->index_bits) - 1);
}

S2_INLINE void s2_spot_root(const struct s2_op *op, struct s2_spot *at)
{
	const struct s2_format *fmt = op->fmt;

	at->level = fmt->start_level;
	at->shift = s2_level_shift(fmt, fmt->start_level);
	at->base = op->pos >> at->shift << at->shift;
	at->entry = &op->tree->root[op->pos >> at->shift];
	at->table_end = UINT64_C(1) << fmt->ipa_bits;
}

S2_INLINE int s2_spot_next(const struct s2_op *op, struct s2_spot *at)
{
	if (op->pos >= at->table_end)
		return S2_STEP_AGAIN;
	at->entry += (op->pos - at->base) >> at->shift;
	at->base = op->pos;
	return S2_STEP_STAY;
}

/* Where the walk stands after a visit that dealt with something, ended it, or went down. */
S2_INLINE int s2_walk_on(struct s2_op *op, struct s2_spot *at, int step)
{
	if (step < 0 || step == S2_STEP_STAY)
		return step;
	if (op->pos >= op->end)
		return S2_OK;
	if (!--op->budget)
		return S2_MORE;
	return step == S2_STEP_NEXT ? s2_spot_next(op, at) : step;
}

S2_INLINE int s2_spot_down(struct s2_op *op, struct s2_spot *at)
{
	const struct s2_format *fmt = op->fmt;
	s2_desc odd = at->desc & ~(fmt->oa_low | fmt->oa_high | 3);
	int step = odd ? s2_odd_table(op, at, odd) : S2_STEP_DOWN;
	s2_desc *table;

	if (step != S2_STEP_DOWN)
		return step;
	table = s2p_table(s2_oa_decode(fmt, at->desc));
	if (!table)
		return s2_corrupt(op, at);
	at->table_end = s2_spot_end(op, at);
	at->shift -= fmt->index_bits;
	at->entry = &table[(op->pos - at->base) >> at->shift];
	at->base = op->pos >> at->shift << at->shift;
	at->level++;
	return S2_STEP_STAY;
}

/* From the root to an entry that is read. */
S2_INLINE void s2_spot_first(const struct s2_op *op, struct s2_spot *at)
{
	s2_spot_root(op, at);
	at->desc = s2p_load(at->entry);
}

/*
 * The same, down through tables that need no closer look, to what does: for visitors that decide
 * nothing in between.  Each level costs as little as it can.
 */
S2_INLINE void s2_spot_leaf(const struct s2_op *op, struct s2_spot *at, unsigned int shift,
			    s2_desc no_table, uint64_t mask)
{
	const struct s2_format *fmt = op->fmt;
	unsigned int level = fmt->start_level, bits = fmt->index_bits;
	uint64_t pos = op->pos;
	s2_desc *entry = &op->tree->root[pos >> shift], *table;
	s2_desc desc = s2p_load(entry);

	while (level < S2_LAST_LEVEL && !((desc ^ 3) & no_table)) {
		/* Nothing is left but the address, and mostly that is in its place. */
		table = s2p_table(fmt->oa_high ? s2_oa_decode(fmt, desc) : desc ^ 3);
		if (!table)
			break;
		level++;
		shift -= bits;
		entry = &table[pos >> shift & mask];
		desc = s2p_load(entry);
	}
	at->entry = entry;
	at->desc = desc;
	at->base = pos >> shift << shift;
	at->level = level;
	at->shift = shift;
	/* Of a concatenated root it is one of the tables that it is made of. */
	at->table_end = ((pos >> (shift + bits)) + 1) << (shift + bits);
}

S2_INLINE int s2_walk_entries(struct s2_op *op, s2_visit *visit, bool leaves)
{
	/* The same for all of a walk, and not to be asked again at each table. */
	unsigned int shift = s2_level_shift(op->fmt, op->fmt->start_level);
	s2_desc no_table = ~(op->fmt->oa_low | op->fmt->oa_high);
	uint64_t mask = (UINT64_C(1) << op->fmt->index_bits) - 1;
	struct s2_spot at;
	int step = op->from && op->from->entry ? s2_resume(op, &at) : S2_STEP_AGAIN;

	while (step > S2_OK) {
		if (step == S2_STEP_STAY)
			at.desc = s2p_load(at.entry);
		else if (step == S2_STEP_AGAIN && leaves)
			s2_spot_leaf(op, &at, shift, no_table, mask);
		else if (step == S2_STEP_AGAIN)
			s2_spot_first(op, &at);
		step = visit(op, &at);
		if (step == S2_STEP_DOWN)
			step = s2_spot_down(op, &at);
		step = s2_walk_on(op, &at, step);
	}
	return step;
}

S2_INLINE int s2_walk_range(struct s2_op *op, s2_visit *visit)
{
	return s2_walk_entries(op, visit, false);
}

/* For a visitor that goes down into each table: it sees those alone that are odd. */
S2_INLINE int s2_walk_leaves(struct s2_op *op, s2_visit *visit)
{
	return s2_walk_entries(op, visit, true);
}

#endif
