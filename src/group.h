/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Contiguous groups: leaves next to each other that a TLB may hold as one entry.
 */
#ifndef S2_GROUP_H
#define S2_GROUP_H

#include "walk.h"

/* First IPA of the group that the entry belongs to by its place, and beyond it. */
static inline uint64_t s2_group_base(const struct s2_op *op, const struct s2_spot *at)
{
	uint64_t size = s2_level_size(op->fmt, at->level) << op->fmt->group_bits[at->level];

	return at->base & ~(size - 1);
}

static inline uint64_t s2_group_end(const struct s2_op *op, const struct s2_spot *at)
{
	return s2_group_base(op, at) +
	       (s2_level_size(op->fmt, at->level) << op->fmt->group_bits[at->level]);
}

/* Whether all that the group covers is still to be done. */
static inline bool s2_group_covered(const struct s2_op *op, const struct s2_spot *at)
{
	return op->pos == s2_group_base(op, at) && s2_group_end(op, at) <= op->end;
}

/* Entry `i` of the group, not read yet. */
static inline struct s2_spot s2_group_spot(const struct s2_op *op, const struct s2_spot *at,
					   unsigned int i)
{
	unsigned int shift = s2_level_shift(op->fmt, at->level);
	uint64_t base = s2_group_base(op, at);
	struct s2_spot spot = *at;

	spot.entry = at->entry - ((at->base - base) >> shift) + i;
	spot.base = base + ((uint64_t)i << shift);
	return spot;
}

/* Whether a group can begin with what entry 0 maps. */
static inline bool s2_group_begins(const struct s2_format *fmt, const struct s2_spot *first)
{
	uint64_t size = s2_level_size(fmt, first->level) << fmt->group_bits[first->level];

	return s2_is_leaf(first->level, first->desc) &&
	       !(s2_oa_decode(fmt, first->desc) & (size - 1));
}

/* Whether `desc` is what entry `i` must be. */
static inline bool s2_group_fits(const struct s2_format *fmt, const struct s2_spot *first,
				 unsigned int i, s2_desc desc)
{
	s2_desc want = s2_leaf_after(fmt, first->level, first->desc, i);

	return !((desc ^ want) & ~S2_DESC_AF);
}

/*
 * The entry at `at`, one of a group, shall change: takes the group apart.
 * S2_STEP_AGAIN, or a status.
 */
int s2_group_dissolve(struct s2_op *op, const struct s2_spot *at);

/*
 * Locks all of the group that begins at `at`, and which the range covers, into the gather:
 * op->pos moves behind it.  S2_STEP_NEXT, or as s2_group_dissolve().
 */
int s2_group_unmap(struct s2_op *op, const struct s2_spot *at);

/*
 * Makes a group of the leaves that begin at `at`, where one can begin and the range covers
 * it, if they are what it takes and nobody else is at work on them.  S2_STEP_NEXT.
 */
int s2_group_form(struct s2_op *op, const struct s2_spot *at);

#endif
