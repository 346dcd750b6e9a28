/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Clean: what a range maps Normal Write-Back is cleaned to the point of coherency.
 *
 *	          [ipa ......................... ipa + size)
 *	entries	| page | hole | device |      block      |
 *	cleaned	|      |               |  piece | piece  |	a unit of the budget each
 *
 * Caches are cleaned by line, as there is no instruction that cleans all of them by
 * address, and time grows with memory: so a block is cleaned in pieces, and the budget
 * counts those.  Before each piece the entry is read again, from the root: nothing is
 * remembered of a block that somebody else may unmap.
 *
 * The tables are only read.  An entry that another operation has locked may be mapped
 * before and after (a split, a collapse), so it is waited for.  What is mapped during
 * the call has been cleaned by the map.
 */
#include "gather.h"
#include "walk.h"

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* How far the entry is dealt with by one unit of the budget. */
static int clean_leaf(struct s2_op *op, const struct s2_spot *at)
{
	uint64_t end = min(s2_spot_end(op, at), op->end);
	uint64_t pa = s2_desc_pa(op->fmt, at->desc) + (op->pos - at->base);

	if (!s2_is_write_back(op->fmt, at->desc))
		return s2_next(op, at);
	end = min(end, (op->pos & ~(S2_CLEAN_PIECE - 1)) + S2_CLEAN_PIECE);
	s2p_dcache_clean_inval(pa, end - op->pos);
	op->pos = end;
	return end == s2_spot_end(op, at) ? S2_STEP_NEXT : S2_STEP_AGAIN;
}

static int clean_visit(struct s2_op *op, struct s2_spot *at)
{
	switch (s2_kind(op->fmt, at->level, at->desc)) {
	case S2_KIND_EMPTY:
	case S2_KIND_ANNOTATED:
		return s2_next(op, at);
	case S2_KIND_LEAF:
		return clean_leaf(op, at);
	case S2_KIND_TABLE:
		return S2_STEP_DOWN;
	case S2_KIND_LOCKED:
		return s2_contend(op, at);
	default:
		return s2_corrupt(op, at);
	}
}

int s2_clean(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size, uint32_t flags)
{
	int status = s2_check_objects(tree, cpu);
	struct s2_op op;

	if (!status && flags & ~S2_FAULT)
		status = S2_INVALID;
	if (!status)
		status = s2_check_range(tree->fmt, ipa, size);
	if (status)
		return status;
	s2_op_begin(&op, tree, cpu, ipa, size, flags);
	s2_gather_flush(&op);
	if (tree->fmt->features & S2_FEAT_FWB)
		op.pos = op.end;
	else
		status = s2_walk_range(&op, clean_visit);
	return s2_op_finish(&op, ipa, status);
}
