/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What a map wants, apart from doing it: shared by s2_map() and s2_map_cost().
 */
#ifndef S2_MAP_H
#define S2_MAP_H

#include "walk.h"

/* Every status that the arguments of a map can earn, in the order of stage2.h; *page: as s2_op_want() takes it. */
int s2_check_map(const struct s2_format *fmt, uint64_t ipa, uint64_t size, uint64_t pa,
		 s2_attr attr, uint32_t flags, s2_desc *page);

/* The operation wants [op->pos, op->end) mapped to `pa`; `page` is a page at 0 with `attr`. */
static inline void s2_op_want(struct s2_op *op, uint64_t pa, s2_attr attr, s2_desc page)
{
	op->attr_bits = page & ~S2_DESC_TABLE;
	op->delta = pa - op->pos;
	op->top = op->flags & S2_PAGES ? S2_LAST_LEVEL : op->fmt->start_level;
	op->clean = s2_is_cleaned(op->fmt, attr);
	op->fetch = attr & S2_X;
}

static inline bool s2_fits(const struct s2_op *op, unsigned int level)
{
	uint64_t size = s2_level_size(op->fmt, level);

	return s2_level_has_leaf(op->fmt, level) && op->end - op->pos >= size &&
	       !((op->pos | (op->pos + op->delta)) & (size - 1));
}

/* Whether op->pos shall get a leaf of a lower level than that of the entry at `at`. */
static inline bool s2_is_above_target(const struct s2_op *op, const struct s2_spot *at)
{
	return at->level < op->top || !s2_fits(op, at->level);
}

/* The level of the leaf that op->pos shall get. */
static inline unsigned int s2_target_level(const struct s2_op *op)
{
	unsigned int level = op->top;

	while (level < S2_LAST_LEVEL && !s2_fits(op, level))
		level++;
	return level;
}

/*
 * A table is not replaced by a block if it may hold what the caller must not map over:
 * the map goes on in it, and puts leaves of its level there.
 */
static inline bool s2_keeps_table(const struct s2_op *op)
{
	return op->flags & S2_HOLES || (op->tree->owned && !(op->flags & S2_TAKE));
}

/*
 * What a leaf that maps the memory that is wanted has noted, and keeps: its access flag,
 * that it is one of a group, and that it is dirty, if it was logged and shall be.  0 if it
 * maps other memory.
 */
static inline s2_desc s2_kept(const struct s2_op *op, const struct s2_spot *at)
{
	s2_desc oa = op->fmt->oa_low | op->fmt->oa_high;
	s2_desc want = s2_op_leaf(op, at->base, at->level);

	if ((at->desc ^ want) & oa)
		return 0;
	return (at->desc & (S2_DESC_AF | S2_DESC_CONTIG)) |
	       (s2_is_dirty(at->desc) && s2_is_logged(want) ? S2_DESC_WRITE : 0);
}

/* What a leaf would say if all of it were as wanted; what is noted in it stays. */
static inline s2_desc s2_wanted(const struct s2_op *op, const struct s2_spot *at)
{
	return s2_op_leaf(op, at->base, at->level) | s2_kept(op, at);
}

static inline bool s2_maps_same(const struct s2_op *op, const struct s2_spot *at)
{
	return (at->desc & ~S2_DESC_SEAL) == s2_wanted(op, at);
}

#endif
