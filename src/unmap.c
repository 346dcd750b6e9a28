/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Unmap: the range becomes empty, unlink first.
 *
 *	  [ipa ................................. ipa + size)
 *	| L3 |    whole L2 entries: cut, not visited    | L3 |
 *
 * From left to right, at the highest entry that the range covers: lock it, be it
 * a page, a block or a table, and go on.  Then one invalidation for everything,
 * and a second pass that empties the locked entries and retires the tables.  The
 * leaves below a table that was cut off are never looked at.
 *
 * A block that the range covers in part is grafted: tables that say the same,
 * but for the hole.
 *
 * Where memory shall be cleaned, all tables are gone through, and leaves are cut one by one:
 * which memory that was is known only from the value that the break has replaced.  In
 * a table that has been cut off others may still write, and take entry 0 for a list.
 *
 * May run beside every other operation on the same tables.
 */
#include "unmap.h"

#include "gather.h"
#include "graft.h"
#include "group.h"
#include "log.h"
#include "straight.h"

/* Lock a hole only to keep a run in one piece: see gather.c. */
static int unmap_empty(struct s2_op *op, const struct s2_spot *at)
{
	if (s2_covered(op, at) && s2_gather_adjoins(op, at))
		(void)s2_gather_break(op, at);
	return s2_next(op, at);
}

int s2_cut(struct s2_op *op, const struct s2_spot *at)
{
	if (!s2_gather_break(op, at))
		return s2_lost(op);
	if (!s2_is_table(at->level, at->desc))
		s2_log_replaced(op, at->desc, 0, at->base, s2_spot_end(op, at));
	return s2_next(op, at);
}

unsigned int s2_hole_level(const struct s2_op *op, const struct s2_spot *at)
{
	unsigned int level = at->level + 1;

	while (level < S2_LAST_LEVEL) {
		uint64_t size = s2_level_size(op->fmt, level);

		if (!(op->pos & (size - 1)) && op->end - op->pos >= size)
			break;
		level++;
	}
	return level;
}

int s2_cut_leaf(struct s2_op *op, const struct s2_spot *at)
{
	if (s2_is_sealed(at->desc))
		return s2_contend(op, at);
	if (s2_is_grouped(at->desc))
		return s2_group_covered(op, at) ? s2_group_unmap(op, at)
						: s2_group_dissolve(op, at);
	return s2_covered(op, at) ? s2_cut(op, at) : s2_graft(op, at, s2_hole_level(op, at));
}

/* Who lost a race for it has not moved op->pos, and has taken nothing away. */
static int unmap_leaf(struct s2_op *op, const struct s2_spot *at)
{
	bool clean = op->clean && s2_is_write_back(op->fmt, at->desc);
	uint64_t from = op->pos;
	int step;

	if (clean)
		s2_gather_make_room(op, at, from);
	step = s2_cut_leaf(op, at);
	if (clean && op->pos > from)
		s2_gather_clean(op, at, from, op->pos);
	return step;
}

int s2_cut_table(struct s2_op *op, const struct s2_spot *at)
{
	if (!s2_covered(op, at) || op->clean || s2_log_wants(op, at->level))
		return S2_STEP_DOWN;
	if (s2_is_sealed(at->desc))
		return s2_contend(op, at);
	return s2p_table(s2_oa_decode(op->fmt, at->desc)) ? s2_cut(op, at) : s2_corrupt(op, at);
}

static int unmap_visit(struct s2_op *op, struct s2_spot *at)
{
	switch (s2_kind(op->fmt, at->level, at->desc)) {
	case S2_KIND_EMPTY:
		return unmap_empty(op, at);
	case S2_KIND_ANNOTATED:
	case S2_KIND_LEAF:
		return unmap_leaf(op, at);
	case S2_KIND_TABLE:
		return s2_cut_table(op, at);
	case S2_KIND_LOCKED:
		return s2_contend(op, at);
	default:
		return s2_corrupt(op, at);
	}
}

S2_APART int unmap(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		   uint32_t flags)
{
	int status = s2_check_objects(tree, cpu);
	struct s2_op op;

	if (!status && flags & ~(S2_FAULT | S2_DEFER | S2_CLEAN))
		status = S2_INVALID;
	if (!status)
		status = s2_check_range(tree->fmt, ipa, size);
	if (status)
		return status;
	s2_op_begin(&op, tree, cpu, ipa, size, flags);
	op.clean = flags & S2_CLEAN && !(tree->fmt->features & S2_FEAT_FWB);
	return s2_op_finish(&op, ipa, s2_walk_range(&op, unmap_visit));
}

/* Lock, invalidate, release: what gather.c does with a page alone.  False: somebody was faster. */
S2_INLINE bool cut_page(struct s2_tree *tree, struct s2_cpu *cpu, const struct s2_place *at,
			uint64_t operand)
{
	uint64_t token = s2p_vmid_enter(tree->vttbr);
	bool broken = s2p_cas(at->entry, at->desc, S2_INVALID_LOCKED);

	if (S2_USUAL(broken)) {
		s2_invalidate_one(operand, false);
		if (s2p_load(at->entry) == S2_INVALID_LOCKED)
			(void)s2p_cas(at->entry, S2_INVALID_LOCKED, 0);
		cpu->stats.breaks++;
		cpu->stats.tlbi_ipa++;
		cpu->stats.tlbi_stage1++;
	}
	s2p_vmid_leave(token);
	return broken;
}

S2_INLINE int unmap_page(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
			 uint32_t flags, bool known)
{
	struct s2_place at;
	bool page;

	if (!s2_is_usual(tree, cpu, known) || size != s2_straight_page(tree->fmt, known) ||
	    ipa & tree->fmt->no_ipa || flags & ~S2_FAULT || cpu->log)
		return unmap(tree, cpu, ipa, size, flags);
	at = s2_straight(tree, ipa, known);
	page = s2_place_has_page(tree->fmt, &at) && !s2_is_dirty(at.desc);
	if (S2_USUAL(page && cut_page(tree, cpu, &at, s2_tlbi_ipa(tree->fmt, ipa, S2_LAST_LEVEL))))
		return s2_straight_finish(tree, cpu, false, known);
	s2_leave(cpu, &at, page ? S2_LOST : S2_SEEN);
	return unmap(tree, cpu, ipa, size, flags);
}

S2_APART int unmap_any(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		       uint32_t flags)
{
	return unmap_page(tree, cpu, ipa, size, flags, false);
}

int s2_unmap(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size, uint32_t flags)
{
	return s2_is_usual(tree, cpu, true) ? unmap_page(tree, cpu, ipa, size, flags, true)
					    : unmap_any(tree, cpu, ipa, size, flags);
}
