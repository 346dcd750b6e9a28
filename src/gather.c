/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Gather: lock all, flush once, release in a second pass.
 *
 *	entries	   | leaf | leaf | table | hole | leaf |
 *	break	   |  L   |  L   |  L+PA |  L   |  L   |	one run, five entries
 *	flush	    DSB TLBI DSB TLBI DSB
 *	release	   |  0   |  0   |   0   |  0   |  0   |	and retire the table at PA
 *
 * An entry stays locked until its invalidation has completed, or a fault that
 * maps it anew would meet the old translation still cached.  The locked entry
 * is also the only record of a table that was cut off: so the table cannot be
 * retired before the flush.  Holes between broken entries are locked along with
 * them, so that all of a run is this CPU's and nobody else's.
 *
 * A CPU that holds locked entries never waits (contend.c): it flushes first.
 *
 * What pairs with what:
 *  - the DSBs of s2_invalidate() stand between all breaks and all releases: no walk
 *    uses an old entry once it reads as empty.
 *  - release() ends the ownership that the break began: its compare-and-swap
 *    releases, and pairs with the acquire of the next install or break there.
 *    Its load needs no order: nobody else writes the lock but who unlinks the
 *    table that it stands in, and the compare-and-swap finds that out.
 */
#include "gather.h"

#include "reclaim.h"
#include "tlbi.h"

bool s2_gather_adjoins(const struct s2_op *op, const struct s2_spot *at)
{
	const struct s2_gather *g = &op->cpu->gather;
	const struct s2_run *run;

	if (!g->runs)
		return false;
	run = &g->run[g->runs - 1];
	if (run->level != at->level || run->first + run->count != at->entry)
		return false;
	return run->ipa + ((uint64_t)run->count << s2_level_shift(op->fmt, run->level)) == at->base;
}

static void add(struct s2_op *op, const struct s2_spot *at)
{
	struct s2_gather *g = &op->cpu->gather;
	bool table = s2_is_table(at->level, at->desc);

	if (s2_gather_adjoins(op, at)) {
		g->run[g->runs - 1].count++;
		g->run[g->runs - 1].tables |= table;
		return;
	}
	g->tree = op->tree;
	g->run[g->runs++] = (struct s2_run){.first = at->entry,
					    .ipa = at->base,
					    .count = 1,
					    .level = (uint8_t)at->level,
					    .tables = table};
}

bool s2_gather_break(struct s2_op *op, const struct s2_spot *at)
{
	if (op->cpu->gather.runs == S2_GATHER_RUNS && !s2_gather_adjoins(op, at))
		s2_gather_flush(op);
	s2_op_enter_vmid(op);
	if (!s2_entry_break(op, at))
		return false;
	add(op, at);
	op->cpu->stats.breaks += s2_is_valid(at->desc);
	return true;
}

/*
 * A link in place of our lock: the table that the entry stands in was cut away,
 * and who cut it has taken over what the entry held.
 */
static void release(struct s2_op *op, s2_desc *entry, unsigned int level)
{
	s2_desc desc = s2p_load(entry);

	if (!s2_is_locked(desc) || s2_is_link(desc) || !s2p_cas(entry, desc, 0))
		return;
	if (desc & S2_HAS_TABLE)
		s2_retire(op, desc & S2_TABLE_PA, level + 1);
}

void s2_gather_flush(struct s2_op *op)
{
	struct s2_gather *g = &op->cpu->gather;
	struct s2_plan plan;

	if (!g->runs)
		return;
	s2_op_enter_vmid(op);
	s2_plan_runs(&plan, op->fmt, g->run, g->runs);
	s2_invalidate(&plan);
	for (uint32_t i = 0; i < g->runs; i++) {
		for (uint32_t n = 0; n < g->run[i].count; n++)
			release(op, &g->run[i].first[n], g->run[i].level);
	}
	g->runs = 0;
	g->tree = NULL;
	s2_plan_count(&plan, &op->cpu->stats);
}
