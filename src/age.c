/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Age: which pages were accessed, by their access flags.
 *
 * A cleared flag is no restriction: a CPU that has the entry cached goes on with it,
 * and leaves no mark.  Who wants to see every access asks for an invalidation; it covers
 * pages that are old already too, for they may be cached since they were not.
 *
 * May run beside every other operation on the same tables.
 */
#include "bitmap.h"
#include "gather.h"
#include "group.h"
#include "sweep.h"

static bool age_clear(struct s2_op *op, const struct s2_spot *at)
{
	s2_desc old = at->desc & ~S2_DESC_AF;

	if (op->flags & S2_INVALIDATE)
		return s2_gather_restrict(op, at, old);
	return old == at->desc || s2_entry_change(op, at, old);
}

/* What entry `i` of the group has noted; it is cleared, unless another is at work on it. */
static s2_desc age_member(struct s2_op *op, const struct s2_spot *at, unsigned int i, bool clear)
{
	struct s2_spot member = s2_group_spot(op, at, i);

	do {
		member.desc = s2p_load(member.entry);
		if (!s2_is_valid(member.desc))
			return 0;
		clear = clear && s2_is_grouped(member.desc) && !s2_is_sealed(member.desc);
	} while (clear && !age_clear(op, &member));
	return member.desc & S2_DESC_AF;
}

/*
 * An access to one of a group may be noted in any other.  Nothing is lost to a call that takes
 * the group apart meanwhile: it carries over what it finds, and what it does not is here.
 */
static int age_group(struct s2_op *op, const struct s2_spot *at)
{
	uint64_t end = s2_group_end(op, at) < op->end ? s2_group_end(op, at) : op->end;
	bool clear = op->flags & S2_CLEAR && s2_group_covered(op, at);
	unsigned int n = s2_level_group(op->fmt, at->level);
	s2_desc noted = 0;

	if (clear && s2_is_sealed(at->desc))
		return s2_contend(op, at);
	for (unsigned int i = 0; i < n; i++)
		noted |= age_member(op, at, i, clear);
	if (noted)
		s2_bitmap_set(op, op->map, op->pos, end);
	s2_spend(op, n - 1);
	op->pos = end;
	return S2_STEP_NEXT;
}

static int age_leaf(struct s2_op *op, const struct s2_spot *at)
{
	uint64_t end = s2_spot_end(op, at) < op->end ? s2_spot_end(op, at) : op->end;
	bool young = at->desc & S2_DESC_AF, whole = s2_covered(op, at);
	bool clear = op->flags & S2_CLEAR && whole;

	if (clear) {
		if (s2_is_sealed(at->desc))
			return s2_contend(op, at);
		if (!age_clear(op, at))
			return s2_lost(op);
	}
	if (young)
		s2_bitmap_set(op, op->map, op->pos, end);
	if (whole)
		s2_sweep_learn(op, at, young, clear ? at->desc & ~S2_DESC_AF : at->desc,
			       op->flags & S2_INVALIDATE ? S2_OWES_FLUSH : S2_OWES_NOTHING, young);
	return s2_next(op, at);
}

static int age_visit(struct s2_op *op, struct s2_spot *at)
{
	if (s2_is_table(at->level, at->desc))
		return S2_STEP_DOWN;
	if (s2_sweep(op, at))
		return S2_STEP_NEXT;
	switch (s2_kind(op->fmt, at->level, at->desc)) {
	case S2_KIND_LEAF:
		return s2_is_grouped(at->desc) ? age_group(op, at) : age_leaf(op, at);
	case S2_KIND_LOCKED:
		return s2_contend(op, at);
	case S2_KIND_CORRUPT:
		return s2_corrupt(op, at);
	default:
		return s2_next(op, at);
	}
}

/* Each flag makes sense with the one before it alone. */
static bool flags_are_sane(uint32_t flags)
{
	if (flags & ~(S2_FAULT | S2_CLEAR | S2_INVALIDATE | S2_DEFER))
		return false;
	return !(flags & S2_INVALIDATE && !(flags & S2_CLEAR)) &&
	       !(flags & S2_DEFER && !(flags & S2_INVALIDATE));
}

int s2_age(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
	   struct s2_bitmap *young, uint32_t flags)
{
	struct s2_sweep sweep = S2_SWEEP(0);
	int status = s2_check_objects(tree, cpu);
	struct s2_op op;

	if (!status && !flags_are_sane(flags))
		status = S2_INVALID;
	if (!status)
		status = s2_check_range(tree->fmt, ipa, size);
	if (!status && young)
		status = s2_check_bitmap(tree->fmt, young, ipa, size);
	if (status)
		return status;
	s2_op_begin(&op, tree, cpu, ipa, size, flags);
	op.map = young;
	op.sweep = &sweep;
	return s2_op_finish(&op, ipa, s2_walk_leaves(&op, age_visit));
}
