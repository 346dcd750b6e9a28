/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Split: blocks become tables of finer sizes, one entry swapped at a time, until none
 * in the range is above the level asked for.  Neutral to the guest: the tables say what
 * the block said.
 *
 *	| 1 GiB | -> | table | -> 512 tables of pages	one swap, if there are pages for all
 *
 * What is split already is passed over at the table that has the level asked for in it, and what
 * has just been split is not looked at again.
 *
 * May run beside every other operation on the same tables.
 */
#include "gather.h"
#include "graft.h"
#include "group.h"
#include "walk.h"

/* Nothing above the level asked for is in it, and what is below is as it shall be. */
static int split_table(struct s2_op *op, const struct s2_spot *at)
{
	return s2p_table(s2_oa_decode(op->fmt, at->desc)) ? s2_next(op, at) : s2_corrupt(op, at);
}

static int split_leaf(struct s2_op *op, const struct s2_spot *at)
{
	if (s2_is_grouped(at->desc))
		return s2_group_dissolve(op, at);
	if (at->level + 1 < op->top && !s2_covered(op, at))
		return s2_graft_split(op, at);
	return s2_graft_whole(op, at, op->top);
}

static int split_visit(struct s2_op *op, struct s2_spot *at)
{
	enum s2_kind kind;

	if (at->level + 1 < op->top && s2_is_table(at->level, at->desc))
		return S2_STEP_DOWN;
	kind = s2_kind(op->fmt, at->level, at->desc);
	if (kind == S2_KIND_CORRUPT)
		return s2_corrupt(op, at);
	if (at->level >= op->top)
		return s2_next(op, at);
	if (kind == S2_KIND_LOCKED || s2_is_sealed(at->desc))
		return s2_contend(op, at);
	if (kind == S2_KIND_TABLE)
		return split_table(op, at);
	return kind == S2_KIND_LEAF ? split_leaf(op, at) : s2_next(op, at);
}

int s2_split(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size, uint32_t level,
	     uint32_t flags)
{
	int status = s2_check_objects(tree, cpu);
	struct s2_op op;

	if (!status && flags & ~S2_FAULT)
		status = S2_INVALID;
	if (!status && level > S2_LAST_LEVEL)
		status = S2_BAD_LEVEL;
	if (!status)
		status = s2_check_range(tree->fmt, ipa, size);
	if (status)
		return status;
	s2_op_begin(&op, tree, cpu, ipa, size, flags);
	op.top = level;
	s2_gather_flush(&op);
	return s2_op_finish(&op, ipa, s2_walk_range(&op, split_visit));
}
