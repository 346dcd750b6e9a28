/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Annotate: the range becomes somebody else's.
 *
 *	what is there		what is done
 *	empty, or annotated	one compare-and-swap: there is nothing to invalidate
 *	the same in part	graft: finer tables with the annotation in them
 *	leaf, table		as unmap: locked until the flush, which makes it the annotation
 *
 * So there is no moment at which an entry that was mapped reads as empty: who maps what
 * he finds empty finds either what was there, or a lock, or the new owner.
 *
 * May run beside every other operation on the same tables.
 */
#include "gather.h"
#include "graft.h"
#include "unmap.h"

static int annotate_invalid(struct s2_op *op, const struct s2_spot *at)
{
	if (at->desc == op->made)
		return s2_next(op, at);
	if (!s2_covered(op, at))
		return s2_graft(op, at, s2_hole_level(op, at));
	/* Locked only to keep a run in one piece: see gather.c. */
	if (s2_gather_adjoins(op, at))
		return s2_cut(op, at);
	return s2_entry_install(op, at, op->made) ? s2_next(op, at) : s2_lost(op);
}

static int annotate_visit(struct s2_op *op, struct s2_spot *at)
{
	switch (s2_kind(op->fmt, at->level, at->desc)) {
	case S2_KIND_EMPTY:
	case S2_KIND_ANNOTATED:
		return annotate_invalid(op, at);
	case S2_KIND_LEAF:
		return s2_cut_leaf(op, at);
	case S2_KIND_TABLE:
		return s2_cut_table(op, at);
	case S2_KIND_LOCKED:
		return s2_contend(op, at);
	default:
		return s2_corrupt(op, at);
	}
}

int s2_annotate(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		uint32_t owner, uint64_t payload, uint32_t flags)
{
	int status = s2_check_objects(tree, cpu);
	s2_desc made = 0;
	struct s2_op op;

	if (!status && flags & ~(S2_FAULT | S2_DEFER))
		status = S2_INVALID;
	if (!status)
		status = s2_check_range(tree->fmt, ipa, size);
	if (!status)
		status = s2_desc_annotation(owner, payload, &made);
	if (!status && !tree->owned)
		status = S2_NO_OWNERS;
	if (status)
		return status;
	s2_op_begin(&op, tree, cpu, ipa, size, flags);
	op.made = made;
	return s2_op_finish(&op, ipa, s2_walk_range(&op, annotate_visit));
}
