/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Break-before-make of one entry; and what FEAT_BBM has in place of it.  A block that goes
 * straight over a full table (map_block()) takes the same steps without this; a test compares them.
 *
 *	before	 operands of the TLBIs, the VMID
 *	break	| new is not reachable, old is not any more
 *		| DSB TLBI DSB
 *	make	| new is reachable
 *	after	 counters, and what the old entry led to
 *
 * The guest faults between break and make.  So what can be done before is done before
 * (by the caller too: table pages, cache maintenance), and what can be done after,
 * after.
 *
 * Invariant: a table is retired only by who has made its successor.  If the make
 * fails, the table that holds the entry was cut away under us, and who cut it finds
 * ours in the locked entry.  That a leaf was dirty he does not find: the break has taken it,
 * so it is noted here.
 *
 * With FEAT_BBM an entry that changes its size alone is never invalid:
 *
 *	level 2	old --CAS--> new|SEAL  DSB TLBI DSB  --CAS--> new
 *	level 1	old --CAS--> block|nT|SEAL  DSB TLBI DSB  --CAS--> new	the block of the two
 *
 * Old and new may both be cached until the TLBI has completed, and mean the same.  A second
 * change on top of the first would add a third, which does not: so the seal stays until
 * then.  The TLBI is of all levels: a pointer to a table that is cached, or an entry of it,
 * would outlive the last-level form.
 */
#include "replace.h"

#include "log.h"
#include "reclaim.h"
#include "tlbi.h"

/* What was dirty in the table is noted, unless the leaf in its place says so as a whole. */
static void retire(struct s2_op *op, const struct s2_spot *at, s2_desc new)
{
	uint64_t pa = s2_oa_decode(op->fmt, at->desc);

	if (op->cpu->log && !s2_is_dirty(new))
		s2_log_harvest(op, pa, at->level + 1, at->base);
	s2_retire(op, pa, at->level + 1);
}

bool s2_resize(struct s2_op *op, const struct s2_spot *at, s2_desc sealed)
{
	struct s2_plan plan;

	s2_plan_entry(&plan, op->fmt, at->base, at->level, true);
	s2_op_enter_vmid(op);
	if (!s2_entry_change(op, at, sealed))
		return false;
	s2_invalidate(&plan);
	s2_plan_count(&plan, &op->cpu->stats);
	return true;
}

bool s2_replace(struct s2_op *op, const struct s2_spot *at, s2_desc new)
{
	bool table = s2_is_table(at->level, at->desc);
	struct s2_plan plan;
	bool made;

	s2_plan_entry(&plan, op->fmt, at->base, at->level, table);
	s2_op_enter_vmid(op);

	if (!s2_entry_break(op, at))
		return false;
	s2_invalidate(&plan);
	made = s2_entry_make(op, at, new);

	s2_plan_count(&plan, &op->cpu->stats);
	op->cpu->stats.breaks++;
	if (made && table)
		retire(op, at, new);
	else if (!made)
		s2_log_replaced(op, at->desc, 0, at->base, s2_spot_end(op, at));
	return made;
}
