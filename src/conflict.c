/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Conflict: a CPU says that it holds two translations of one address.
 *
 * With FEAT_BBM level 2 that is no mistake: an old and a new size may be cached together until
 * the invalidation has completed, and a CPU may prefer an abort to a choice.  Which two they
 * were is not told, nor of which stage; so all of the VMID goes, and the guest goes on.
 */
#include "op.h"
#include "tlbi.h"

/* What this CPU has deferred stays deferred: an abort may come in the midst of a batch. */
int s2_conflict(struct s2_tree *tree, struct s2_cpu *cpu)
{
	struct s2_plan whole_vmid = {.n = S2_PLAN_MAX + 1};
	int status = s2_check_objects(tree, cpu);
	struct s2_op op;

	if (status)
		return status;
	s2_op_begin(&op, tree, cpu, 0, 0, S2_DEFER);
	s2_op_enter_vmid(&op);
	s2_invalidate(&whole_vmid);
	s2_plan_count(&whole_vmid, &cpu->stats);
	return s2_op_finish(&op, 0, S2_OK);
}
