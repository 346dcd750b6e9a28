/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Mistakes that other stage-2 engines have made, each provoked here once.
 *
 * The random tests would meet most of them sooner or later; here they have names
 * and the smallest scene that shows them.  Where a mistake was one of order, the
 * steps of the engine are recorded and looked at.
 */
#include "lib/suite.h"

#include <stdlib.h>
#include <string.h>

#include "lib/small.h"
#include "lib/tlb.h"

static const struct world_config exclusive = {
	.format = {12, 39, 40, 8, S2_FEAT_TTL | S2_FEAT_TLBIRANGE}};
static const struct world_config no_ranges = {.format = {12, 39, 40, 8, 0}, .shared = true};

/* Every page of a range is mapped in a row from `pa`, with these attributes. */
static void require_mapped(struct world *w, uint64_t ipa, uint64_t size, uint64_t pa, s2_attr attr)
{
	struct s2_mapping m;

	for (uint64_t at = 0; at < size; at = m.ipa + m.size - ipa) {
		require_status(s2_lookup(&w->tree, ipa + at, &m), S2_OK);
		require(m.kind == S2_KIND_LEAF && m.pa + (ipa + at - m.ipa) == pa + at &&
				m.attr == attr,
			"IPA %#llx: %#llx at level %u", LLU(ipa + at), LLU(m.desc), m.level);
	}
}

static void require_empty(struct world *w, uint64_t ipa, uint64_t size)
{
	struct s2_mapping m;

	for (uint64_t at = 0; at < size; at = m.ipa + m.size - ipa) {
		require_status(s2_lookup(&w->tree, ipa + at, &m), S2_OK);
		require(m.kind == S2_KIND_EMPTY, "IPA %#llx: %#llx at level %u", LLU(ipa + at),
			LLU(m.desc), m.level);
	}
}

/* --- recording -------------------------------------------------------------- */

#define STEPS 100000

static struct {
	struct s2_host_event event[STEPS];
	uint64_t vttbr[STEPS];
	size_t n;
} record;

static void record_step(const struct s2_host_event *event)
{
	assert_true(record.n < STEPS);
	record.event[record.n] = *event;
	record.vttbr[record.n++] = s2_host_vttbr;
}

static void record_from_here(void)
{
	record.n = 0;
	s2_host_trace = (struct s2_host_trace){.after = record_step};
}

static void record_ends(void)
{
	s2_host_trace = (struct s2_host_trace){NULL, NULL};
}

static bool is_tlbi(enum s2_host_op op)
{
	return op >= S2_HOST_TLBI_FIRST && op < S2_HOST_TLBI_FIRST + S2_HOST_TLBI_KINDS;
}

static size_t count_of(enum s2_host_op op)
{
	size_t count = 0;

	for (size_t i = 0; i < record.n; i++)
		count += record.event[i].op == op;
	return count;
}

static size_t count_of_tlbis(void)
{
	size_t count = 0;

	for (size_t i = 0; i < record.n; i++)
		count += is_tlbi(record.event[i].op);
	return count;
}

/* Where in the record the entry was made invalid; STEPS if it never was. */
static size_t first_break(void)
{
	for (size_t i = 0; i < record.n; i++)
		if (record.event[i].op == S2_HOST_CAS && record.event[i].stored &&
		    record.event[i].old & 1 && !(record.event[i].value & 1))
			return i;
	return STEPS;
}

/* --- tables that go --------------------------------------------------------- */

static struct world *watched;

static void require_not_in_cache(const struct s2_host_event *event)
{
	uintptr_t page = (uintptr_t)event->p & ~(uintptr_t)(PAGE - 1);

	for (void *free = watched->cpu[0].cache.head; free; free = *(void **)free)
		require((uintptr_t)free != page, "step %d on a table that is free", event->op);
}

/* On an exclusive tree a table of the last level is free as soon as it is replaced. */
static void bug01_nobody_walks_into_a_table_that_the_same_call_has_freed(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &exclusive, 40);
	watched = &w;
	s2_host_trace = (struct s2_host_trace){.before = require_not_in_cache};
	map_ok(&w, GB, 4 * BLOCK, GB, S2_RW, S2_PAGES);
	map_ok(&w, GB, BLOCK, 0, S2_RW, 0);
	map_ok(&w, GB + BLOCK - PAGE, 2 * BLOCK + 2 * PAGE, 2 * GB - PAGE, S2_RW, 0);
	require_status(s2_split(&w.tree, &w.cpu[0], GB, 4 * BLOCK, 3, 0), S2_OK);
	require_status(s2_collapse(&w.tree, &w.cpu[0], GB + 2 * BLOCK, 2, 0), S2_OK);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB + PAGE, 3 * BLOCK, 0), S2_OK);
	map_ok(&w, 0, 2 * GB, 0, S2_RW, 0);
	world_balance(&w);
	record_ends();
	world_close(&w);
}

static void bug03_a_deferred_cut_leaves_nothing_of_the_table_cached(void **state)
{
	const s2_desc *entry;
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	tlb_open(&w);
	map_ok(&w, GB, BLOCK, GB, S2_RW, S2_PAGES);
	entry = entry_at(&w, GB);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, BLOCK, S2_DEFER), S2_OK);
	require_status(s2_flush(&w.tree, &w.cpu[0]), S2_OK);
	tlb_must_forget((const void *)((uintptr_t)entry & ~(uintptr_t)(PAGE - 1)));
	tlb_close();
	world_close(&w);
}

/* Each TLBI that was recorded: no level, not the last level only, and all of [ipa, ipa + size). */
static void require_tlbis_for_a_table(const struct world *w, uint64_t ipa, uint64_t size)
{
	uint64_t reached = ipa;
	struct arch_tlbi set;

	for (size_t i = 0; i < record.n; i++) {
		const struct s2_host_event *event = &record.event[i];

		if (event->op == S2_HOST_TLBI_VMALLS12E1IS)
			return;
		require(event->op != S2_HOST_TLBI_IPAS2LE1IS &&
				event->op != S2_HOST_TLBI_RIPAS2LE1IS,
			"last level only, but a table went");
		if (event->op != S2_HOST_TLBI_IPAS2E1IS && event->op != S2_HOST_TLBI_RIPAS2E1IS)
			continue;
		require(event->op == S2_HOST_TLBI_RIPAS2E1IS
				? arch_tlbi_range(&w->regime, event->value, &set)
				: arch_tlbi_ipa(&w->regime, event->value, &set),
			"%#llx: reserved bits or values", LLU(event->value));
		require(set.level == -1, "%#llx: a level, but a table went", LLU(event->value));
		if (set.first <= reached && set.last >= reached)
			reached = set.last + 1;
	}
	require(reached >= ipa + size, "invalidated up to %#llx only", LLU(reached));
}

static void cut_each_way(const struct world_config *config)
{
	struct world w;

	open_filled(&w, config, 12);
	map_ok(&w, GB, 5 * BLOCK, GB, S2_RW, S2_PAGES);
	record_from_here();
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, BLOCK, 0), S2_OK);
	require_tlbis_for_a_table(&w, GB, BLOCK);
	record_from_here();
	map_ok(&w, GB + BLOCK, BLOCK, 0, S2_RW, 0);
	require_tlbis_for_a_table(&w, GB + BLOCK, BLOCK);
	record_from_here();
	require_status(s2_collapse(&w.tree, &w.cpu[0], GB + 2 * BLOCK, 2, 0), S2_OK);
	require_tlbis_for_a_table(&w, GB + 2 * BLOCK, BLOCK);
	/* And a page beside it, in the same invalidation. */
	record_from_here();
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB + 3 * BLOCK, BLOCK + PAGE, 0), S2_OK);
	require_tlbis_for_a_table(&w, GB + 3 * BLOCK, BLOCK + PAGE);
	record_ends();
	world_close(&w);
}

static void bug04_no_level_hint_when_a_table_goes(void **state)
{
	(void)state;
	cut_each_way(&shared);
	cut_each_way(&no_ranges);
}

/* The right hint, and nothing beyond the entry. */
static void bug05_a_leaf_is_invalidated_at_the_level_it_had(void **state)
{
	struct arch_tlbi set;
	struct world w;

	(void)state;
	for (uint64_t level = 1; level <= 3; level++) {
		uint64_t size = PAGE << (9 * (3 - level));

		open_filled(&w, &shared, 8);
		map_ok(&w, GB, size, GB, S2_RW, 0);
		record_from_here();
		require_status(s2_unmap(&w.tree, &w.cpu[0], GB, size, 0), S2_OK);
		record_ends();
		for (size_t i = 0; i < record.n; i++)
			if (record.event[i].op == S2_HOST_TLBI_IPAS2E1IS ||
			    record.event[i].op == S2_HOST_TLBI_IPAS2LE1IS) {
				require(arch_tlbi_ipa(&w.regime, record.event[i].value, &set) &&
						set.first == GB && set.level == (int)level,
					"level %llu: operand %#llx", LLU(level),
					LLU(record.event[i].value));
			}
		world_close(&w);
	}
}

static void bug06_a_table_that_is_reached_in_its_middle_is_invalidated_from_its_start(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 12);
	tlb_open(&w);
	map_ok(&w, GB, 3 * BLOCK, GB, S2_RW, S2_PAGES);
	map_ok(&w, GB + BLOCK / 2, 2 * BLOCK, 2 * GB + BLOCK / 2, S2_RW, 0);
	require_mapped(&w, GB, BLOCK / 2, GB, S2_RW);
	require_mapped(&w, GB + BLOCK / 2, 2 * BLOCK, 2 * GB + BLOCK / 2, S2_RW);
	require_mapped(&w, GB + 5 * BLOCK / 2, BLOCK / 2, GB + 5 * BLOCK / 2, S2_RW);
	tlb_close();
	world_close(&w);
}

/* --- faults ----------------------------------------------------------------- */

static void require_invalidated(void)
{
	require((count_of(S2_HOST_TLBI_IPAS2E1) && count_of(S2_HOST_TLBI_VMALLE1)) ||
			count_of(S2_HOST_TLBI_VMALLS12E1IS),
		"the entry that faulted is still in this CPU's TLB");
}

static void require_healed(struct world *w, s2_attr attr)
{
	record_from_here();
	map_ok(w, GB, PAGE, GB, attr, S2_FAULT);
	record_ends();
	require_invalidated();
}

static void require_given(struct world *w)
{
	record_from_here();
	require_status(s2_protect(&w->tree, &w->cpu[0], GB, PAGE, 0, S2_W, S2_FAULT), S2_OK);
	record_ends();
	require_invalidated();
}

static void bug07_a_permission_fault_that_finds_the_permission_heals_this_cpu(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, PAGE, GB, S2_R, 0);
	require_healed(&w, S2_RW);
	require_healed(&w, S2_RW);
	world_close(&w);
}

static void bug07_a_permission_that_is_given_on_a_fault_heals_this_cpu(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, PAGE, GB, S2_R, 0);
	require_given(&w);
	require_given(&w);
	world_close(&w);
}

/* --- teardown --------------------------------------------------------------- */

static void require_not_reachable(const struct world *w, const s2_desc *table, unsigned int level)
{
	for (unsigned int i = 0; i < 512; i++) {
		if (arch_kind(&w->regime, level, table[i]) != ARCH_TABLE)
			continue;
		uint64_t offset = arch_output(&w->regime, level, table[i]) - s2_host_arena.pa;
		void *child = s2_host_arena.base + offset;

		for (void *free = w->cpu[0].cache.head; free; free = *(void **)free)
			require(free != child, "a table that is free can be reached");
		require_not_reachable(w, child, level + 1);
	}
}

static void bug08_a_teardown_in_slices_leaves_no_way_to_what_it_has_freed(void **state)
{
	struct world w;
	int status;

	(void)state;
	for (uint32_t budget = 1; budget < 12; budget++) {
		open_filled(&w, &shared, 20);
		for (uint64_t ipa = 0; ipa < 4 * GB; ipa += GB)
			map_ok(&w, ipa + BLOCK - PAGE, 2 * PAGE, 0, S2_RW, 0);
		world_fill(&w, &w.cpu[0], 0);
		w.cpu[0].budget = budget;
		do {
			status = s2_destroy(&w.tree, &w.cpu[0]);
			require_not_reachable(&w, w.root, 1);
			world_balance(&w);
		} while (status == S2_MORE);
		require_status(status, S2_OK);
		world_close(&w);
	}
}

static void bug11_a_deep_subtree_is_freed_to_its_last_table(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &exclusive, 513);
	map_ok(&w, GB, GB, 0, S2_RW, S2_PAGES);
	require(w.tree.tables == 513, "%llu tables", LLU(w.tree.tables));
	map_ok(&w, GB, GB, 0, S2_R, 0);
	world_quiesce(&w);
	require(w.tree.tables == 0 && w.cpu[0].cache.count == 513, "%llu tables left",
		LLU(w.tree.tables));
	world_close(&w);
}

static void bug12_changing_what_is_mapped_takes_no_pages_and_leaks_none(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 3);
	map_ok(&w, GB, 16 * PAGE, GB, S2_RW, 0);
	for (unsigned int n = 0; n < 100; n++) {
		map_ok(&w, GB, 16 * PAGE, GB * (n % 3), n % 2 ? S2_RW : S2_R, 0);
		require(w.tree.tables == 2, "%llu tables", LLU(w.tree.tables));
		world_balance(&w);
	}
	map_ok(&w, GB, BLOCK, GB, S2_RW, 0);
	world_quiesce(&w);
	require(w.tree.tables == 1, "%llu tables", LLU(w.tree.tables));
	world_close(&w);
}

/* --- locks of others -------------------------------------------------------- */

static const void *locked_entry;

static void require_no_store_to_lock(const struct s2_host_event *event)
{
	require(event->p != locked_entry || !event->stored, "step %d on another's lock", event->op);
}

static void refused_at_lock(struct world *w, uint64_t ipa, uint64_t size)
{
	struct s2_cpu *cpu = &w->cpu[1];

	require_status(s2_map(&w->tree, cpu, ipa, size, GB, S2_R, S2_FAULT), S2_RETRY);
	require(cpu->done == 0, "map: done %#llx", LLU(cpu->done));
	require_status(s2_unmap(&w->tree, cpu, ipa, size, S2_FAULT), S2_RETRY);
	require(cpu->done == 0, "unmap: done %#llx", LLU(cpu->done));
	require_status(s2_unmap(&w->tree, cpu, ipa, size, S2_FAULT | S2_DEFER), S2_RETRY);
	require_status(s2_flush(&w->tree, cpu), S2_OK);
}

/* bug09: no false success.  Latent (a): a compare-and-swap from locked to locked succeeds. */
static void bug09_whoever_meets_a_lock_in_fault_mode_is_told_to_retry(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, 8 * PAGE, GB, S2_RW, 0);
	map_ok(&w, GB + BLOCK, BLOCK, GB, S2_RW, 0);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, PAGE, S2_DEFER), S2_OK);
	locked_entry = entry_at(&w, GB);
	s2_host_trace.after = require_no_store_to_lock;
	refused_at_lock(&w, GB, PAGE);
	refused_at_lock(&w, GB, 2 * PAGE);
	require_status(s2_collapse(&w.tree, &w.cpu[1], GB, 2, S2_FAULT), S2_RETRY);
	record_ends();
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB + BLOCK, BLOCK, S2_DEFER), S2_OK);
	refused_at_lock(&w, GB + BLOCK, PAGE);
	require_status(s2_split(&w.tree, &w.cpu[1], GB + BLOCK, PAGE, 3, S2_FAULT), S2_RETRY);
	require_status(s2_collapse(&w.tree, &w.cpu[1], GB + BLOCK, 2, S2_FAULT), S2_RETRY);
	require_status(s2_flush(&w.tree, &w.cpu[0]), S2_OK);
	require_mapped(&w, GB + PAGE, 7 * PAGE, GB + PAGE, S2_RW);
	require_empty(&w, GB + BLOCK, BLOCK);
	world_close(&w);
}

static void bug10_holes_and_locks_do_not_hide_the_rest_of_a_range(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 20);
	for (uint64_t ipa = GB; ipa < GB + 6 * BLOCK; ipa += 2 * BLOCK) {
		map_ok(&w, ipa, BLOCK, ipa, S2_RW, 0);
		map_ok(&w, ipa + BLOCK + 7 * PAGE, PAGE, ipa, S2_RW, 0);
	}
	require_status(s2_split(&w.tree, &w.cpu[0], GB, 6 * BLOCK, 3, 0), S2_OK);
	require(w.cpu[0].stats.splits == 3, "%llu blocks split", LLU(w.cpu[0].stats.splits));
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB - GB / 2, GB, 0), S2_OK);
	require_empty(&w, 0, 2 * GB);
	world_close(&w);
}

/* --- windows, caches, bounds ------------------------------------------------ */

/* Bytes that an operation has cleaned or invalidated, all of it before its first break. */
static uint64_t maintained(enum s2_host_op op)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < record.n; i++)
		if (record.event[i].op == op) {
			require(i < first_break(), "maintenance after the break");
			sum += record.event[i].value;
		}
	return sum;
}

static void require_maintenance(struct world *w, uint64_t pa, s2_attr attr, uint64_t cleaned,
				uint64_t invalidated)
{
	record_from_here();
	map_ok(w, GB, BLOCK, pa, attr, 0);
	record_ends();
	require(maintained(S2_HOST_DCACHE) == cleaned, "%#llx cleaned, not %#llx",
		LLU(maintained(S2_HOST_DCACHE)), LLU(cleaned));
	require(maintained(S2_HOST_ICACHE) == invalidated, "%#llx invalidated, not %#llx",
		LLU(maintained(S2_HOST_ICACHE)), LLU(invalidated));
}

static void bug13_caches_are_maintained_once_for_what_is_new_and_before_the_break(void **state)
{
	const struct world_config fwb = {.format = {12, 39, 40, 8, S2_FEAT_FWB}};
	struct world w;

	(void)state;
	open_filled(&w, &exclusive, 8);
	require_maintenance(&w, GB, S2_RW, BLOCK, 0);
	require_maintenance(&w, GB, S2_RW, 0, 0);
	require_maintenance(&w, GB, S2_RWX, 0, BLOCK);
	require_maintenance(&w, 0, S2_RWX, BLOCK, BLOCK);
	require_maintenance(&w, GB, S2_RW | S2_DEVICE, 0, 0);
	require_maintenance(&w, GB, S2_RW | S2_NORMAL_NC, 0, 0);
	world_close(&w);
	open_filled(&w, &fwb, 8);
	require_maintenance(&w, GB, S2_RW, 0, 0);
	require_maintenance(&w, GB, S2_RWX, 0, BLOCK);
	world_close(&w);
}

/* An entry is broken and made, and a call may go over its budget by a table. */
#define CHANGES_MAX ((size_t)2 * (16 + 512))

static void bug14_a_budget_bounds_the_work_of_one_call(void **state)
{
	struct s2_cpu *cpu;
	uint64_t done = 0;
	struct world w;
	int status;

	(void)state;
	open_filled(&w, &shared, 20);
	cpu = &w.cpu[0];
	map_ok(&w, GB, 8 * BLOCK, GB, S2_RW, S2_PAGES);
	cpu->budget = 16;
	do {
		record_from_here();
		status = s2_map(&w.tree, cpu, GB + done, 8 * BLOCK - done, done, S2_RW, S2_PAGES);
		record_ends();
		require(count_of(S2_HOST_CAS) <= CHANGES_MAX, "%zu entries changed",
			count_of(S2_HOST_CAS));
		require(cpu->done || status != S2_MORE, "no progress");
		done += cpu->done;
	} while (status == S2_MORE);
	require_status(status, S2_OK);
	require_mapped(&w, GB, 8 * BLOCK, 0, S2_RW);
	cpu->budget = 0;
	world_close(&w);
}

/* Nobody sees a table that is being filled; but who fills it is away from his guest. */
static void bug14_a_budget_bounds_the_filling_of_fresh_tables(void **state)
{
	struct s2_cpu *cpu;
	uint64_t done = 0;
	struct world w;
	int status;

	(void)state;
	open_filled(&w, &shared, 20);
	cpu = &w.cpu[0];
	cpu->budget = 16;
	do {
		status = s2_map(&w.tree, cpu, GB + done, 8 * BLOCK - done, done, S2_RW, S2_PAGES);
		require(cpu->done <= BLOCK, "%#llx bytes of pages in one call", LLU(cpu->done));
		require(cpu->done || status != S2_MORE, "no progress");
		done += cpu->done;
	} while (status == S2_MORE);
	require_status(status, S2_OK);
	require_mapped(&w, GB, 8 * BLOCK, 0, S2_RW);
	cpu->budget = 0;
	world_close(&w);
}

/* --- latent ones ------------------------------------------------------------ */

static void latent_e_a_split_keeps_type_permissions_access_flag_and_software_bits(void **state)
{
	const s2_attr attrs[] = {S2_RW | S2_DEVICE,
				 S2_RW | S2_NORMAL_NC,
				 S2_RW | S2_OLD,
				 S2_RWX | S2_SW(5),
				 S2_R,
				 0};
	struct world w;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++) {
		open_filled(&w, &shared, 520);
		map_ok(&w, GB, GB, GB, attrs[i], 0);
		require_status(s2_split(&w.tree, &w.cpu[0], GB, BLOCK, 3, 0), S2_OK);
		require_mapped(&w, GB, GB, GB, attrs[i]);
		require_status(s2_unmap(&w.tree, &w.cpu[0], GB + 5 * BLOCK + PAGE, PAGE, 0), S2_OK);
		require_mapped(&w, GB, 5 * BLOCK + PAGE, GB, attrs[i]);
		require_empty(&w, GB + 5 * BLOCK + PAGE, PAGE);
		require_mapped(&w, GB + 5 * BLOCK + 2 * PAGE, GB - 5 * BLOCK - 2 * PAGE,
			       GB + 5 * BLOCK + 2 * PAGE, attrs[i]);
		world_close(&w);
	}
}

static void permissions_change(const struct world_config *config)
{
	const s2_attr attrs[] = {S2_RW, S2_R, S2_RWX, S2_R | S2_X, 0, S2_W, S2_RWX | S2_SW(3)};
	struct world w;

	open_filled(&w, config, 8);
	for (size_t i = 0; i < ARRAY_SIZE(attrs) * ARRAY_SIZE(attrs); i++) {
		map_ok(&w, GB, PAGE, GB, attrs[i / ARRAY_SIZE(attrs)], 0);
		map_ok(&w, GB, PAGE, GB, attrs[i % ARRAY_SIZE(attrs)], 0);
		require_mapped(&w, GB, PAGE, GB, attrs[i % ARRAY_SIZE(attrs)]);
	}
	world_close(&w);
}

static void latent_f_a_change_of_permissions_through_map_is_done(void **state)
{
	(void)state;
	permissions_change(&shared);
	permissions_change(&exclusive);
}

/* Also Gunyah's: the block is not broken before there is a table to replace it. */
static void latent_g_out_of_pages_a_block_stays_and_the_prefix_is_exact(void **state)
{
	struct s2_cpu *cpu;
	struct world w;

	(void)state;
	open_filled(&w, &shared, 2);
	cpu = &w.cpu[0];
	map_ok(&w, GB, 2 * BLOCK, GB, S2_RW, 0);
	world_fill(&w, cpu, 1);
	require_status(s2_map(&w.tree, cpu, GB + BLOCK - 2 * PAGE, 4 * PAGE, 0, S2_R, 0),
		       S2_NO_PAGE);
	require(cpu->done == 2 * PAGE, "done %#llx", LLU(cpu->done));
	require_mapped(&w, GB, BLOCK - 2 * PAGE, GB, S2_RW);
	require_mapped(&w, GB + BLOCK - 2 * PAGE, 2 * PAGE, 0, S2_R);
	require_mapped(&w, GB + BLOCK, BLOCK, GB + BLOCK, S2_RW);
	require_status(s2_unmap(&w.tree, cpu, GB + BLOCK + PAGE, PAGE, 0), S2_NO_PAGE);
	require_status(s2_split(&w.tree, cpu, GB + BLOCK, PAGE, 3, 0), S2_NO_PAGE);
	require_mapped(&w, GB + BLOCK, BLOCK, GB + BLOCK, S2_RW);
	world_balance(&w);
	world_close(&w);
}

static struct {
	struct world *world;
	bool ran;
} rival;

/* CPU 1 changes the page right before CPU 0's first compare-and-swap. */
static void change_it_first(const struct s2_host_event *event)
{
	if (rival.ran || event->op != S2_HOST_CAS)
		return;
	rival.ran = true;
	require_status(
		s2_map(&rival.world->tree, &rival.world->cpu[1], GB, PAGE, 0, S2_R, S2_FAULT),
		S2_OK);
}

static void latent_h_a_page_taken_in_a_race_that_was_lost_is_given_back(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	rival.world = &w;
	rival.ran = false;
	s2_host_trace.before = change_it_first;
	require_status(s2_map(&w.tree, &w.cpu[0], GB + PAGE, PAGE, 0, S2_R, S2_FAULT), S2_OK);
	record_ends();
	require_mapped(&w, GB + PAGE, PAGE, 0, S2_R);
	require(rival.ran && w.cpu[0].cache.count == 8, "%u pages in the cache",
		w.cpu[0].cache.count);
	require(w.cpu[0].stats.pages_returned == 2 && w.cpu[0].stats.retries == 1,
		"%llu given back", LLU(w.cpu[0].stats.pages_returned));
	world_balance(&w);
	world_close(&w);
}

/* --- defects found by reading other engines ---------------------------------- */

static void the_guests_own_vmid_is_invalidated_and_the_caller_gets_his_back(void **state)
{
	const uint64_t before = UINT64_C(0x00aa000012345000);
	struct world w;

	(void)state;
	open_filled(&w, &shared, 20);
	s2_host_vttbr = before;
	record_from_here();
	map_ok(&w, GB, 2 * BLOCK, GB, S2_RW, 0);
	map_ok(&w, GB, BLOCK, 0, S2_RW, 0);
	map_ok(&w, GB, PAGE, GB, S2_R, S2_FAULT);
	map_ok(&w, GB, PAGE, GB, S2_RW, S2_FAULT);
	require_status(s2_split(&w.tree, &w.cpu[0], GB, 2 * BLOCK, 3, 0), S2_OK);
	require_status(s2_collapse(&w.tree, &w.cpu[0], GB + BLOCK, 2, 0), S2_OK);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, PAGE, S2_DEFER), S2_OK);
	require_status(s2_flush(&w.tree, &w.cpu[0]), S2_OK);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, 2 * BLOCK, 0), S2_OK);
	require_status(s2_destroy(&w.tree, &w.cpu[0]), S2_OK);
	record_ends();
	require(count_of_tlbis() > 10, "%zu TLBIs", count_of_tlbis());
	for (size_t i = 0; i < record.n; i++)
		require(!is_tlbi(record.event[i].op) || record.vttbr[i] == w.tree.vttbr,
			"a TLBI for VTTBR %#llx", LLU(record.vttbr[i]));
	require(s2_host_vttbr == before, "VTTBR is %#llx afterwards", LLU(s2_host_vttbr));
	world_close(&w);
}

static void a_hole_costs_no_invalidation(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 20);
	map_ok(&w, GB, PAGE, GB, S2_RW, 0);
	record_from_here();
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB + PAGE, BLOCK - PAGE, 0), S2_OK);
	require_status(s2_unmap(&w.tree, &w.cpu[0], 2 * GB, 100 * GB, 0), S2_OK);
	map_ok(&w, GB + PAGE, 8 * PAGE, GB, S2_RW, 0);
	map_ok(&w, 3 * GB, BLOCK, GB, S2_RW, 0);
	map_ok(&w, GB, PAGE, GB, S2_RW, 0);
	record_ends();
	require(count_of_tlbis() == 0, "%zu TLBIs", count_of_tlbis());
	world_close(&w);
}

/* One invalidation for a range of many entries, and whole tables are not visited. */
static void unmapping_tables_costs_one_invalidation_and_no_walk_of_the_leaves(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 520);
	map_ok(&w, GB, GB, GB, S2_RW, S2_PAGES);
	record_from_here();
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, GB, 0), S2_OK);
	record_ends();
	require(count_of_tlbis() <= 3, "%zu TLBIs", count_of_tlbis());
	require(record.n < 40, "%zu steps for 262144 pages", record.n);
	world_close(&w);
}

/* What becomes visible is complete: nothing writes into a table after its publication. */
static void a_table_is_complete_when_it_becomes_visible(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 20);
	map_ok(&w, GB, BLOCK, GB, S2_RW, 0);
	record_from_here();
	require_status(s2_split(&w.tree, &w.cpu[0], GB, PAGE, 3, 0), S2_OK);
	map_ok(&w, GB + BLOCK, 9 * PAGE, 0, S2_RW, 0);
	record_ends();
	size_t stores = count_of(S2_HOST_STORE) + count_of(S2_HOST_CAS) + count_of(S2_HOST_SWAP);

	require(stores == 3, "%zu stores: break, make, and install", stores);
	require_mapped(&w, GB, BLOCK, GB, S2_RW);
	require_mapped(&w, GB + BLOCK, 9 * PAGE, 0, S2_RW);
	world_close(&w);
}

/* --- found in this engine ---------------------------------------------------- */

static int answer(const struct s2_mapping *m, void *arg)
{
	(void)m;
	return *(int *)arg;
}

static void a_walk_returns_whatever_ended_it(void **state)
{
	const int answers[] = {1, 2, 3, 4, 5, 100, -1, S2_RETRY, S2_CORRUPT, INT32_MAX, INT32_MIN};
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, 8 * PAGE, GB, S2_RW, 0);
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		int said = answers[i];
		int got = s2_walk(&w.tree, GB, 8 * PAGE, answer, &said);

		require(got == said, "visit said %d, the walk %d", said, got);
	}
	world_close(&w);
}

static void pages_over_an_annotation_do_not_take_it(void **state)
{
	struct s2_mapping m;
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, 2 * PAGE, GB, S2_RW, 0);
	world_annotate(&w, GB + 5 * PAGE, 3, 42);
	require_status(s2_map(&w.tree, &w.cpu[0], GB, BLOCK, GB, S2_RW, S2_PAGES), S2_OWNED);
	require_status(s2_lookup(&w.tree, GB + 5 * PAGE, &m), S2_OK);
	require(m.kind == S2_KIND_ANNOTATED && s2_desc_owner(m.desc) == 42, "%#llx is there now",
		LLU(m.desc));
	require(w.cpu[0].done == 5 * PAGE, "done %#llx", LLU(w.cpu[0].done));
	world_close(&w);
}

static void a_block_over_pages_keeps_their_access_flags(void **state)
{
	struct s2_mapping m;
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, BLOCK, GB, S2_RW, S2_PAGES);
	map_ok(&w, GB, BLOCK, GB, S2_RW | S2_OLD, 0);
	require_status(s2_lookup(&w.tree, GB, &m), S2_OK);
	require(m.kind == S2_KIND_LEAF && !(m.attr & S2_OLD), "%#llx: the access flag is lost",
		LLU(m.desc));
	world_close(&w);
}

/* Whoever enters VTTBR_EL2 next is walked for at once. */
static void the_zeroes_of_a_root_are_visible_to_walks_when_init_returns(void **state)
{
	struct s2_tree_config config;
	struct s2_tree tree;
	struct world w;

	(void)state;
	open_filled(&w, &exclusive, 0);
	config = (struct s2_tree_config){
		.fmt = &w.fmt, .root = s2_host_alloc(w.fmt.root_size), .vmid = 9};
	record_from_here();
	require_status(s2_init(&tree, &config), S2_OK);
	record_ends();
	require(count_of(S2_HOST_STORE) == w.fmt.root_size / sizeof(s2_desc), "%zu entries written",
		count_of(S2_HOST_STORE));
	require(record.n && record.event[record.n - 1].op == S2_HOST_DSB_ISHST,
		"no DSB after the last of them");
	s2_host_free(config.root, w.fmt.root_size);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bug01_nobody_walks_into_a_table_that_the_same_call_has_freed),
		cmocka_unit_test(bug03_a_deferred_cut_leaves_nothing_of_the_table_cached),
		cmocka_unit_test(bug04_no_level_hint_when_a_table_goes),
		cmocka_unit_test(bug05_a_leaf_is_invalidated_at_the_level_it_had),
		cmocka_unit_test(
			bug06_a_table_that_is_reached_in_its_middle_is_invalidated_from_its_start),
		cmocka_unit_test(bug07_a_permission_fault_that_finds_the_permission_heals_this_cpu),
		cmocka_unit_test(bug07_a_permission_that_is_given_on_a_fault_heals_this_cpu),
		cmocka_unit_test(bug08_a_teardown_in_slices_leaves_no_way_to_what_it_has_freed),
		cmocka_unit_test(bug09_whoever_meets_a_lock_in_fault_mode_is_told_to_retry),
		cmocka_unit_test(bug10_holes_and_locks_do_not_hide_the_rest_of_a_range),
		cmocka_unit_test(bug11_a_deep_subtree_is_freed_to_its_last_table),
		cmocka_unit_test(bug12_changing_what_is_mapped_takes_no_pages_and_leaks_none),
		cmocka_unit_test(
			bug13_caches_are_maintained_once_for_what_is_new_and_before_the_break),
		cmocka_unit_test(bug14_a_budget_bounds_the_work_of_one_call),
		cmocka_unit_test(bug14_a_budget_bounds_the_filling_of_fresh_tables),
		cmocka_unit_test(
			latent_e_a_split_keeps_type_permissions_access_flag_and_software_bits),
		cmocka_unit_test(latent_f_a_change_of_permissions_through_map_is_done),
		cmocka_unit_test(latent_g_out_of_pages_a_block_stays_and_the_prefix_is_exact),
		cmocka_unit_test(latent_h_a_page_taken_in_a_race_that_was_lost_is_given_back),
		cmocka_unit_test(the_guests_own_vmid_is_invalidated_and_the_caller_gets_his_back),
		cmocka_unit_test(a_hole_costs_no_invalidation),
		cmocka_unit_test(unmapping_tables_costs_one_invalidation_and_no_walk_of_the_leaves),
		cmocka_unit_test(a_table_is_complete_when_it_becomes_visible),
		cmocka_unit_test(a_walk_returns_whatever_ended_it),
		cmocka_unit_test(pages_over_an_annotation_do_not_take_it),
		cmocka_unit_test(a_block_over_pages_keeps_their_access_flags),
		cmocka_unit_test(the_zeroes_of_a_root_are_visible_to_walks_when_init_returns),
	};

	return run_suite("bugs", tests);
}
