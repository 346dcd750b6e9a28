/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Gather: lock all, flush once, release in a second pass.
 *
 *	entries	   | leaf | leaf | table | hole | leaf |
 *	break	   |  L   |  L   |  L+PA |  L   |  L   |	one run, five entries
 *	flush	    DSB TLBI DSB TLBI DSB
 *	release	   |  0   |  0   |   0   |  0   |  0   |	and retire the table at PA
 *		or, if the range is to be another's, his annotation in all of them
 *
 * An entry stays locked until its invalidation has completed, or a fault that
 * maps it anew would meet the old translation still cached.  The locked entry
 * is also the only record of a table that was cut off: so the table cannot be
 * retired before the flush.  Holes between broken entries are locked along with
 * them, so that all of a run is this CPU's and nobody else's.
 *
 * A CPU that holds locked entries never waits (contend.c): it flushes first.
 *
 * A leaf that only loses permissions is not locked: it changes in place, and the guest
 * goes on.  Then another CPU finds it as it wants it before the flush, and must not
 * rely on that.  So these are counted, in tree->restricting, from before the first
 * change until after the flush.  Who finds nothing to change, and the count not zero,
 * changes the leaf to itself and flushes it himself: nobody waits for another's flush.
 * The store is needed: a DSB makes visible to table walks what its own CPU has stored.
 *
 * Memory that is unmapped and shall be cleaned is remembered in pieces, as the compare-
 * and-swap that took it away found it: the locks know nothing of it.  It is cleaned
 * after the flush, or the guest could write behind the cleaning; and after the last
 * release, as cleaning takes long, and nobody shall meet a lock meanwhile.  Nobody
 * else has the memory before the call returns.
 *
 * What pairs with what:
 *  - the DSBs of s2_invalidate() stand between all breaks and all releases: no walk
 *    uses an old entry once it reads as empty.
 *  - release() ends the ownership that the break began: its compare-and-swap
 *    releases, and pairs with the acquire of the next install or break there.
 *    Its load needs no order: nobody else writes the lock but who unlinks the
 *    table that it stands in, and the compare-and-swap finds that out.
 *  - the count goes up before the change (acquire and release, both): who sees the
 *    change by a load with acquire, or by a compare-and-swap, sees the count.  It goes
 *    down with release after the last DSB: who sees that, with acquire, comes after the flush.
 */
#include "gather.h"

#include "log.h"
#include "reclaim.h"
#include "tlbi.h"

bool s2_gather_adjoins(const struct s2_op *op, const struct s2_spot *at)
{
	const struct s2_gather *g = &op->cpu->gather;
	const struct s2_run *run;

	if (!g->runs)
		return false;
	run = &g->run[g->runs - 1];
	if (run->made != op->made)
		return false;
	if (run->level != at->level || run->first + run->count != at->entry)
		return false;
	return run->ipa + ((uint64_t)run->count << s2_level_shift(op->fmt, run->level)) == at->base;
}

void s2_gather_add(struct s2_op *op, const struct s2_spot *at)
{
	struct s2_gather *g = &op->cpu->gather;
	bool table = s2_is_table(at->level, at->desc);

	op->cpu->stats.breaks += s2_is_valid(at->desc);
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
					    .tables = table,
					    .made = op->made};
}

void s2_gather_prepare(struct s2_op *op, const struct s2_spot *at)
{
	if (op->cpu->gather.runs == S2_GATHER_RUNS && !s2_gather_adjoins(op, at))
		s2_gather_flush(op);
	s2_op_enter_vmid(op);
}

bool s2_gather_break(struct s2_op *op, const struct s2_spot *at)
{
	s2_gather_prepare(op, at);
	if (!s2_entry_break(op, at))
		return false;
	s2_gather_add(op, at);
	return true;
}

void s2_gather_count(struct s2_op *op)
{
	struct s2_gather *g = &op->cpu->gather;

	if (g->counted)
		return;
	g->tree = op->tree;
	g->counted = true;
	s2p_word_add(&op->tree->restricting, 1);
}

void s2_gather_stale(struct s2_op *op, unsigned int level, uint64_t ipa, uint64_t end)
{
	struct s2_gather *g = &op->cpu->gather;

	if (!g->restricted_end) {
		g->tree = op->tree;
		g->restricted = ipa;
		g->restricted_end = end;
		g->restricted_level = (uint8_t)level;
		return;
	}
	g->restricted = ipa < g->restricted ? ipa : g->restricted;
	g->restricted_end = end > g->restricted_end ? end : g->restricted_end;
	if (g->restricted_level != level)
		g->restricted_level = S2_NO_HINT;
}

bool s2_gather_restrict(struct s2_op *op, const struct s2_spot *at, s2_desc new)
{
	s2_gather_count(op);
	if (!s2_entry_change(op, at, new))
		return false;
	s2_gather_stale(op, at->level, at->base, s2_spot_end(op, at));
	op->cpu->stats.restricts += new != at->desc;
	return true;
}

bool s2_gather_is_settled(const struct s2_op *op)
{
	return s2p_word_load_acquire(&op->tree->restricting) == op->cpu->gather.counted;
}

static uint64_t memory_at(const struct s2_op *op, const struct s2_spot *at, uint64_t ipa)
{
	return s2_oa_decode(op->fmt, at->desc) + (ipa - at->base);
}

/* Whether memory at `pa` goes on where the last piece ends. */
static bool continues(const struct s2_gather *g, uint64_t pa)
{
	return g->pieces && g->piece[g->pieces - 1].pa + g->piece[g->pieces - 1].size == pa;
}

void s2_gather_make_room(struct s2_op *op, const struct s2_spot *at, uint64_t ipa)
{
	const struct s2_gather *g = &op->cpu->gather;

	if (g->pieces == S2_GATHER_PIECES && !continues(g, memory_at(op, at, ipa)))
		s2_gather_flush(op);
}

void s2_gather_clean(struct s2_op *op, const struct s2_spot *at, uint64_t ipa, uint64_t end)
{
	struct s2_gather *g = &op->cpu->gather;
	uint64_t pa = memory_at(op, at, ipa);

	g->tree = op->tree;
	s2_spend(op, (end - ipa) / S2_CLEAN_PIECE);
	if (continues(g, pa)) {
		g->piece[g->pieces - 1].size += end - ipa;
		return;
	}
	g->piece[g->pieces].pa = pa;
	g->piece[g->pieces++].size = end - ipa;
}

static void clean(struct s2_gather *g)
{
	for (unsigned int i = 0; i < g->pieces; i++)
		s2p_dcache_clean_inval(g->piece[i].pa, g->piece[i].size);
	g->pieces = 0;
}

/*
 * A link in place of our lock: the table that the entry stands in was cut away,
 * and who cut it has taken over what the entry held.
 */
static void release(struct s2_op *op, const struct s2_run *run, uint32_t n)
{
	s2_desc *entry = &run->first[n];
	s2_desc desc = s2p_load(entry);

	if (!s2_is_locked(desc) || s2_is_link(desc) || !s2p_cas(entry, desc, run->made))
		return;
	if (!(desc & S2_HAS_TABLE))
		return;
	s2_log_harvest(op, desc & S2_TABLE_PA, run->level + 1,
		       run->ipa + ((uint64_t)n << s2_level_shift(op->fmt, run->level)));
	s2_retire(op, desc & S2_TABLE_PA, run->level + 1);
}

/* Everything stored before is visible to table walks afterwards. */
static void invalidate(struct s2_op *op)
{
	struct s2_gather *g = &op->cpu->gather;
	struct s2_plan plan;

	s2_op_enter_vmid(op);
	s2_plan_gather(&plan, op->fmt, g);
	s2_invalidate(&plan);
	op->stored = false;
	s2_plan_count(&plan, &op->cpu->stats);
}

void s2_gather_flush_all(struct s2_op *op)
{
	struct s2_gather *g = &op->cpu->gather;

	if (g->runs || g->restricted_end)
		invalidate(op);
	for (uint32_t i = 0; i < g->runs; i++) {
		for (uint32_t n = 0; n < g->run[i].count; n++)
			release(op, &g->run[i], n);
	}
	if (g->counted)
		s2p_word_add(&op->tree->restricting, UINT64_MAX);
	g->runs = 0;
	g->restricted_end = 0;
	g->counted = false;
	g->tree = NULL;
	clean(g);
}
