/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Touch: a fault on a page that is mapped, and only has to be marked as accessed or
 * written.  One compare-and-swap; nothing to break, and no table page.
 *
 * May run beside every other operation on the same tables.
 */
#include "gather.h"
#include "straight.h"

static int touch_leaf(struct s2_op *op, const struct s2_spot *at)
{
	s2_desc want = at->desc | S2_DESC_AF;

	if (s2_is_sealed(at->desc))
		return s2_contend(op, at);
	if (op->flags & S2_WRITE) {
		if (!(want & (S2_DESC_WRITE | S2_DESC_DBM)))
			return S2_READ_ONLY;
		want |= S2_DESC_WRITE;
		op->stale = op->flags & S2_FAULT;
	}
	if (want != at->desc && !s2_entry_change(op, at, want))
		return s2_lost(op);
	return s2_next(op, at);
}

static int touch_visit(struct s2_op *op, struct s2_spot *at)
{
	switch (s2_kind(op->fmt, at->level, at->desc)) {
	case S2_KIND_LEAF:
		return touch_leaf(op, at);
	case S2_KIND_TABLE:
		return S2_STEP_DOWN;
	case S2_KIND_LOCKED:
		return s2_contend(op, at);
	case S2_KIND_CORRUPT:
		return s2_corrupt(op, at);
	default:
		return S2_NOT_MAPPED;
	}
}

S2_APART int touch(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint32_t flags)
{
	int status = s2_check_objects(tree, cpu);
	uint64_t page;
	struct s2_op op;

	if (!status && flags & ~(S2_FAULT | S2_WRITE))
		status = S2_INVALID;
	if (!status && ipa >> tree->fmt->ipa_bits)
		status = S2_IPA_RANGE;
	if (status)
		return status;
	page = s2_level_size(tree->fmt, S2_LAST_LEVEL);
	ipa &= ~(page - 1);
	s2_op_begin(&op, tree, cpu, ipa, page, flags);
	s2_gather_flush(&op);
	return s2_op_finish(&op, ipa, s2_walk_range(&op, touch_visit));
}

S2_INLINE int touch_page(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint32_t flags,
			 bool known)
{
	enum s2_outcome outcome = S2_SEEN;
	struct s2_place at;

	if (ipa >= tree->fmt->ipa_end || flags & ~S2_FAULT)
		return touch(tree, cpu, ipa, flags);
	at = s2_straight(tree, ipa, known);
	if (s2_place_has_page(tree->fmt, &at)) {
		if (at.desc & S2_DESC_AF || s2_place_change(&at, at.desc | S2_DESC_AF))
			return s2_straight_finish(tree, cpu, !(at.desc & S2_DESC_AF), known);
		outcome = S2_LOST;
	}
	s2_leave(cpu, &at, outcome);
	return touch(tree, cpu, ipa, flags);
}

S2_APART int touch_any(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint32_t flags)
{
	return s2_is_usual(tree, cpu, false) ? touch_page(tree, cpu, ipa, flags, false)
					     : touch(tree, cpu, ipa, flags);
}

int s2_touch(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint32_t flags)
{
	return s2_is_usual(tree, cpu, true) ? touch_page(tree, cpu, ipa, flags, true)
					    : touch_any(tree, cpu, ipa, flags);
}
