/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Beginning and end of an operation: what all of them check, and what none of
 * them may leave behind.
 */
#include "op.h"

#include "gather.h"
#include "tlbi.h"

int s2_check_range(const struct s2_format *fmt, uint64_t ipa, uint64_t size)
{
	uint64_t offset = (UINT64_C(1) << fmt->granule_shift) - 1;

	if (!size)
		return S2_BAD_SIZE;
	if ((ipa | size) & offset)
		return S2_MISALIGNED;
	if (ipa + size - 1 < ipa)
		return S2_WRAPS;
	if ((ipa + size - 1) >> fmt->ipa_bits)
		return S2_IPA_RANGE;
	return S2_OK;
}

int s2_check_cpu(const struct s2_tree *tree, const struct s2_cpu *cpu)
{
	if (!cpu->cache.granule_shift)
		return S2_INVALID;
	if (cpu->cache.granule_shift != tree->fmt->granule_shift)
		return S2_BAD_CACHE;
	if (cpu->gather.tree && cpu->gather.tree != tree)
		return S2_BUSY;
	return S2_OK;
}

/*
 * A permission fault that was none any more: another CPU has changed the entry,
 * or this one has.  The old one may be cached here, and would fault for ever.
 * Which page of a range that was is not known.
 */
static void heal(struct s2_op *op, uint64_t ipa)
{
	struct s2_plan whole_vmid = {.n = S2_PLAN_MAX + 1};

	s2_op_enter_vmid(op);
	if (op->end - ipa == s2_level_size(op->fmt, S2_LAST_LEVEL)) {
		s2_invalidate_local(ipa);
		op->cpu->stats.tlbi_local++;
	} else {
		s2_invalidate(&whole_vmid);
		s2_plan_count(&whole_vmid, &op->cpu->stats);
	}
}

int s2_op_finish(struct s2_op *op, uint64_t ipa, int status)
{
	if (!(op->flags & S2_DEFER))
		s2_gather_flush(op);
	if (op->stored)
		s2p_dsb_ishst();
	if (op->stale)
		heal(op, ipa);
	if (op->entered)
		s2p_vmid_leave(op->vmid_token);
	op->cpu->done = (op->pos < op->end ? op->pos : op->end) - ipa;
	return op->lost ? S2_CORRUPT : status;
}

int s2_flush(struct s2_tree *tree, struct s2_cpu *cpu)
{
	int status = s2_check_objects(tree, cpu);
	struct s2_op op;

	if (status)
		return status;
	s2_op_begin(&op, tree, cpu, 0, 0, 0);
	return s2_op_finish(&op, 0, S2_OK);
}
