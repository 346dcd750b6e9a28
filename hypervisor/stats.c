/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Adds up and prints.  Every vCPU has stopped by then, so that nothing moves.
 */
#include <stddef.h>

#include "console.h"
#include "dirty.h"
#include "migrate.h"
#include "options.h"
#include "reshape.h"
#include "stats.h"
#include "vcpu.h"
#include "worker.h"

static const char *const fault_names[FAULT_KINDS] = {
	[FAULT_DATA] = "data",
	[FAULT_INSTRUCTION] = "instruction",
	[FAULT_STAGE1_WALK] = "stage-1 walk",
	[FAULT_PERMISSION] = "permission",
	[FAULT_ACCESS_FLAG] = "access flag",
	[FAULT_DEVICE] = "device",
};

static uint64_t sum_faults(const struct stats *s)
{
	uint64_t sum = 0;

	for (unsigned int kind = 0; kind < FAULT_KINDS; kind++)
		sum += s->faults[kind];
	return sum;
}

static void add_stats(struct stats *total, const struct stats *s)
{
	for (unsigned int kind = 0; kind < FAULT_KINDS; kind++)
		total->faults[kind] += s->faults[kind];
	total->retries += s->retries;
	total->unmaps += s->unmaps;
	total->maps += s->maps;
	total->moves += s->moves;
	total->protects += s->protects;
	total->ages += s->ages;
	total->young += s->young;
	total->touches += s->touches;
	total->conflicts += s->conflicts;
	stats_note_time(total, s->longest);
	stats_note_tables(total, s->peak);
}

static void add_engine(struct s2_stats *total, const struct s2_stats *s)
{
	total->retries += s->retries;
	total->breaks += s->breaks;
	total->splits += s->splits;
	total->collapses += s->collapses;
	total->groups_formed += s->groups_formed;
	total->groups_dissolved += s->groups_dissolved;
	total->restricts += s->restricts;
	total->tables_linked += s->tables_linked;
	total->tables_unlinked += s->tables_unlinked;
	total->tables_freed += s->tables_freed;
	total->pages_returned += s->pages_returned;
	total->tlbi_ipa += s->tlbi_ipa;
	total->tlbi_range += s->tlbi_range;
	total->tlbi_vmid += s->tlbi_vmid;
	total->tlbi_stage1 += s->tlbi_stage1;
	total->tlbi_local += s->tlbi_local;
}

static void print_vcpu(const struct vcpu *v)
{
	const struct stats *s = &v->stats;

	say("stage2: vCPU %u: faults=%lu retries=%lu exits=%lu waits=%lu calls=%lu\n", v->index,
	    sum_faults(s), s->retries, s->exits, s->waits, s->calls);
}

static void print_faults(const struct stats *s)
{
	say("stage2: faults:");
	for (unsigned int kind = 0; kind < FAULT_KINDS; kind++)
		say("%s %s=%lu", kind ? "," : "", fault_names[kind], s->faults[kind]);
	say("; touches=%lu conflicts=%lu\n", s->touches, s->conflicts);
}

static void print_time(uint64_t ticks)
{
	say("stage2: longest time in one fault: %lu ticks, %lu us\n", ticks,
	    ticks * 1000000 / read_cntfrq_el0());
}

static void print_engine(const struct s2_stats *e, const struct stats *s)
{
	say("stage2: engine: retries=%lu breaks=%lu splits=%lu collapses=%lu restricts=%lu\n",
	    e->retries, e->breaks, e->splits, e->collapses, e->restricts);
	say("stage2: churn: unmaps=%lu maps=%lu moves=%lu protects=%lu ages=%lu young=%lu\n",
	    s->unmaps, s->maps, s->moves, s->protects, s->ages, s->young);
	say("stage2: TLBI: by IPA=%lu by range=%lu of the VMID=%lu stage 1=%lu local=%lu\n",
	    e->tlbi_ipa, e->tlbi_range, e->tlbi_vmid, e->tlbi_stage1, e->tlbi_local);
}

static void print_tables(const struct s2_stats *e, uint64_t live, uint64_t peak)
{
	say("stage2: tables: now=%lu peak=%lu linked=%lu unlinked=%lu reclaimed=%lu returned=%lu\n",
	    live, peak, e->tables_linked, e->tables_unlinked, e->tables_freed, e->pages_returned);
}

/* Those that new tables have from the beginning are not formed. */
static void print_groups(const struct s2_stats *e)
{
	if (options.contig)
		say("stage2-groups: pages=%lu formed=%lu dissolved=%lu\n",
		    guest_group_size() / guest_page_size(), e->groups_formed, e->groups_dissolved);
}

static bool has_run(const struct vcpu *v)
{
	return v->stats.exits > 0;
}

void stats_print(const struct outcome *outcome)
{
	struct s2_stats engine = {0};
	struct stats total = {0};
	unsigned int count = 0;

	say("\n");
	for (const struct vcpu *v = vcpus; v < vcpus + MAX_VCPUS; v++) {
		if (!has_run(v))
			continue;
		count++;
		print_vcpu(v);
		add_stats(&total, &v->stats);
		add_engine(&engine, &v->s2.stats);
	}
	add_engine(&engine, &worker()->s2.stats);
	print_faults(&total);
	print_time(total.longest);
	print_engine(&engine, &total);
	print_tables(&engine, outcome->tables_live, total.peak);
	print_groups(&engine);
	reshape_print();
	dirty_print();
	migrate_print(outcome->guest_ok);
	say("stage2-run: guest=%s granule=%luK vcpus=%u faults=%lu retries=%lu collapses=%lu "
	    "tables_live=%lu tables_leaked=%lu\n",
	    outcome->guest_ok ? "ok" : "failed", options.granule, count, sum_faults(&total),
	    engine.retries, engine.collapses, outcome->tables_live, outcome->tables_leaked);
}
