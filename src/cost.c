/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What a map, or a split, would take: the table pages, counted and not taken.
 *
 * Entries are visited as s2_map() would visit them.  Where it would graft, the
 * number of tables follows from the two ends of what the entry covers of the
 * range: a table of level n stands for one entry of level n - 1, so there is one
 * for each of those that the range touches, less those that become a leaf.
 */
#include "map.h"
#include "walk.h"

struct bill {
	struct s2_op op; /* first: cost_visit() finds the rest behind it */
	uint64_t pages;
};

/* The highest level at which the two addresses can meet in one leaf. */
static unsigned int best_level(const struct s2_op *op)
{
	unsigned int level = op->top;

	while (level < S2_LAST_LEVEL && (!s2_level_has_leaf(op->fmt, level) ||
					 op->delta & (s2_level_size(op->fmt, level) - 1)))
		level++;
	return level;
}

/* Entries of `level` that [from, to) touches. */
static uint64_t touched(const struct s2_op *op, unsigned int level, uint64_t from, uint64_t to)
{
	unsigned int shift = s2_level_shift(op->fmt, level);

	return ((to - 1) >> shift) - (from >> shift) + 1;
}

/* Tables of `level` for [from, to) when nothing is there yet. */
static uint64_t tables(const struct s2_op *op, unsigned int level, uint64_t from, uint64_t to)
{
	unsigned int shift = s2_level_shift(op->fmt, level - 1);
	uint64_t mask = (UINT64_C(1) << shift) - 1;
	uint64_t all = touched(op, level - 1, from, to);
	uint64_t first_whole = (from + mask) >> shift;
	uint64_t end_whole = to >> shift;

	if (level - 1 < best_level(op) || end_whole <= first_whole)
		return all;
	return all - (end_whole - first_whole);
}

static int cost_graft(struct s2_op *op, const struct s2_spot *at)
{
	struct bill *bill = (struct bill *)op;
	uint64_t to = s2_spot_end(op, at) < op->end ? s2_spot_end(op, at) : op->end;

	for (unsigned int level = at->level + 1; level <= S2_LAST_LEVEL; level++)
		bill->pages += tables(op, level, op->pos, to);
	return s2_next(op, at);
}

/* What is mapped already and stays. */
static bool is_left(const struct s2_op *op, const struct s2_spot *at)
{
	return op->flags & S2_HOLES || s2_maps_same(op, at);
}

static bool is_entered(const struct s2_op *op, const struct s2_spot *at)
{
	return at->level < s2_target_level(op) || s2_keeps_table(op);
}

static int cost_visit(struct s2_op *op, struct s2_spot *at)
{
	switch (s2_kind(op->fmt, at->level, at->desc)) {
	case S2_KIND_LEAF:
		return is_left(op, at) ? s2_next(op, at) : cost_graft(op, at);
	case S2_KIND_TABLE:
		return is_entered(op, at) ? S2_STEP_DOWN : s2_next(op, at);
	case S2_KIND_EMPTY:
	case S2_KIND_LOCKED:
		return cost_graft(op, at);
	case S2_KIND_ANNOTATED:
		return op->flags & S2_TAKE ? cost_graft(op, at) : S2_OWNED;
	default:
		return S2_CORRUPT;
	}
}

int s2_map_cost(const struct s2_tree *tree, uint64_t ipa, uint64_t size, uint64_t pa, s2_attr attr,
		uint32_t flags, uint64_t *pages)
{
	struct bill bill = {.pages = 0};
	s2_desc page;
	int status;

	if (!tree || !tree->fmt || !pages)
		return S2_INVALID;
	status = s2_check_map(tree->fmt, ipa, size, pa, attr, flags, &page);
	if (status)
		return status;
	s2_op_read(&bill.op, tree, ipa, size);
	bill.op.flags = flags;
	s2_op_want(&bill.op, pa, attr, page);
	status = s2_walk_range(&bill.op, cost_visit);
	if (!status)
		*pages = bill.pages;
	return status;
}

/* A split leaves no block: a table for each entry above the level that the range touches. */
static int cost_split(struct s2_op *op, const struct s2_spot *at)
{
	struct bill *bill = (struct bill *)op;
	uint64_t to = s2_spot_end(op, at) < op->end ? s2_spot_end(op, at) : op->end;

	for (unsigned int level = at->level; level < op->top; level++)
		bill->pages += touched(op, level, op->pos, to);
	return s2_next(op, at);
}

static int cost_split_visit(struct s2_op *op, struct s2_spot *at)
{
	switch (s2_kind(op->fmt, at->level, at->desc)) {
	case S2_KIND_LEAF:
		return at->level < op->top ? cost_split(op, at) : s2_next(op, at);
	case S2_KIND_TABLE:
		if (at->level + 1 < op->top)
			return S2_STEP_DOWN;
		return s2p_table(s2_oa_decode(op->fmt, at->desc)) ? s2_next(op, at) : S2_CORRUPT;
	case S2_KIND_CORRUPT:
		return S2_CORRUPT;
	default:
		return s2_next(op, at);
	}
}

int s2_split_cost(const struct s2_tree *tree, uint64_t ipa, uint64_t size, uint32_t level,
		  uint64_t *pages)
{
	struct bill bill = {.pages = 0};
	int status;

	if (!tree || !tree->fmt || !pages)
		return S2_INVALID;
	if (level > S2_LAST_LEVEL)
		return S2_BAD_LEVEL;
	status = s2_check_range(tree->fmt, ipa, size);
	if (status)
		return status;
	s2_op_read(&bill.op, tree, ipa, size);
	bill.op.top = level;
	status = s2_walk_range(&bill.op, cost_split_visit);
	if (!status)
		*pages = bill.pages;
	return status;
}
