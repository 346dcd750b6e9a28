/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Cache maintenance of a range: which bytes are cleaned, which are not, how much in
 * one call, and what happens beside other operations.
 *
 * Each request to the platform is recorded, and compared with what the range maps.
 */
#include "lib/suite.h"

#include <string.h>

#include "lib/formats.h"
#include "lib/small.h"

/* --- recording -------------------------------------------------------------- */

#define PIECES 20000u

static struct {
	struct {
		uint64_t pa, size;
	} piece[PIECES];
	size_t pieces;
	size_t reads; /* of descriptors */
	size_t others; /* steps that a reader has no business with */
	size_t locked; /* entries that are now */
	bool early; /* cleaned while there were */
	void (*then)(void); /* once, after the first piece */
} seen;

static bool is_locked(s2_desc desc)
{
	return bits(desc, 3, 0) == 4;
}

static void record(const struct s2_host_event *event)
{
	void (*then)(void) = seen.then;

	if (event->op == S2_HOST_LOAD) {
		seen.reads++;
	} else if (event->op == S2_HOST_DCACHE) {
		seen.early |= seen.locked;
		require(seen.pieces < PIECES, "too many pieces");
		seen.piece[seen.pieces].pa = event->old;
		seen.piece[seen.pieces++].size = event->value;
		seen.then = NULL;
		if (then)
			then();
	} else {
		seen.others++;
		seen.locked += event->op == S2_HOST_CAS && event->stored && is_locked(event->value);
		seen.locked -= event->op == S2_HOST_CAS && event->stored && is_locked(event->old);
	}
}

static void record_from_here(void)
{
	memset(&seen, 0, sizeof(seen));
	s2_host_trace = (struct s2_host_trace){.after = record};
}

static void record_ends(void)
{
	s2_host_trace = (struct s2_host_trace){NULL, NULL};
}

static uint64_t cleaned(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < seen.pieces; i++)
		sum += seen.piece[i].size;
	return sum;
}

static void require_cleaned_in_all(uint64_t size)
{
	require(cleaned() == size, "%#llx bytes cleaned, not %#llx", LLU(cleaned()), LLU(size));
}

/* All of [pa, pa + size), once. */
static void require_cleaned(uint64_t pa, uint64_t size)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < seen.pieces; i++) {
		uint64_t from = seen.piece[i].pa > pa ? seen.piece[i].pa : pa;
		uint64_t end = seen.piece[i].pa + seen.piece[i].size;

		end = end < pa + size ? end : pa + size;
		sum += end > from ? end - from : 0;
	}
	require(sum == size, "PA %#llx: %#llx bytes cleaned of %#llx", LLU(pa), LLU(sum),
		LLU(size));
}

/* --- the scene -------------------------------------------------------------- */

static int clean(struct world *w, uint64_t ipa, uint64_t size, uint32_t flags)
{
	int status;

	record_from_here();
	status = s2_clean(&w->tree, &w->cpu[0], ipa, size, flags);
	record_ends();
	return status;
}

static void clean_all(struct world *w, uint64_t ipa, uint64_t size)
{
	require_status(clean(w, ipa, size, 0), S2_OK);
	require(w->cpu[0].done == size, "done %#llx of %#llx", LLU(w->cpu[0].done), LLU(size));
}

/* --- what is cleaned -------------------------------------------------------- */

static void what_the_range_maps_write_back_is_cleaned_once_and_nothing_else(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, 4 * PAGE, 3 * GB, S2_RW, 0);
	map_ok(&w, GB + 5 * PAGE, PAGE, 4 * GB, S2_RW | S2_DEVICE, 0);
	map_ok(&w, GB + 6 * PAGE, PAGE, 5 * GB, S2_RW | S2_NORMAL_NC, 0);
	map_ok(&w, GB + 7 * PAGE, PAGE, 6 * GB, 0, 0);
	map_ok(&w, GB + 8 * PAGE, PAGE, 7 * GB, S2_R | S2_X | S2_OLD, 0);
	world_annotate(&w, GB + 9 * PAGE, 3, 1);
	map_ok(&w, GB + BLOCK, BLOCK, 8 * GB, S2_RW, 0);
	clean_all(&w, GB + PAGE, BLOCK + PAGE);
	require_cleaned(3 * GB + PAGE, 3 * PAGE);
	require_cleaned(6 * GB, PAGE);
	require_cleaned(7 * GB, PAGE);
	require_cleaned(8 * GB, 2 * PAGE);
	require_cleaned_in_all(7 * PAGE);
	require(!seen.others, "%zu steps that are no reads", seen.others);
	world_close(&w);
}

static void nothing_is_cleaned_where_nothing_is_mapped(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 4);
	clean_all(&w, 0, BIT(39));
	require(!seen.pieces, "%zu pieces cleaned", seen.pieces);
	world_close(&w);
}

/* The first and the last page of a leaf at every level, at the end of memory. */
static void ends_of_leaves(const struct s2_config *config)
{
	const struct world_config c = {.format = *config, .shared = true};
	struct world w;

	open_filled(&w, &c, 8);
	for (unsigned int level = w.fmt.start_level; level <= 3; level++) {
		uint64_t size = s2_level_size(&w.fmt, level), page = s2_level_size(&w.fmt, 3);
		uint64_t pa = BIT(w.fmt.pa_bits) - 2 * size;

		if (!s2_level_has_leaf(&w.fmt, level) || BIT(w.fmt.ipa_bits) <= size ||
		    BIT(w.fmt.pa_bits) < 2 * size)
			continue;
		set_context("granule %u, IPA %u, level %u", config->granule_shift, config->ipa_bits,
			    level);
		map_ok(&w, size, size, pa, S2_RW, 0);
		clean_all(&w, size, page);
		require_cleaned(pa, page);
		clean_all(&w, 2 * size - page, page);
		require_cleaned(pa + size - page, page);
		require_cleaned_in_all(page);
	}
	world_close(&w);
}

static void only_the_part_of_a_block_that_the_range_covers_is_cleaned(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct s2_config config = formats[i];

		config.features &= ~S2_FEAT_FWB;
		ends_of_leaves(&config);
	}
}

static void with_forced_write_back_nothing_is_visited(void **state)
{
	const struct world_config fwb = {.format = {12, 39, 40, 8, S2_FEAT_FWB}, .shared = true};
	struct world w;

	(void)state;
	open_filled(&w, &fwb, 8);
	map_ok(&w, GB, GB, GB, S2_RW, 0);
	w.cpu[0].budget = 1;
	clean_all(&w, 0, 4 * GB);
	require(!seen.pieces && !seen.reads && !seen.others, "%zu pieces, %zu reads, %zu others",
		seen.pieces, seen.reads, seen.others);
	require_status(s2_clean(&w.tree, &w.cpu[0], GB, 0, 0), S2_BAD_SIZE);
	world_close(&w);
}

/* --- bounds ----------------------------------------------------------------- */

/* How many calls it takes until all is done, each within its budget. */
static unsigned int calls_with(struct world *w, uint32_t budget, uint64_t ipa, uint64_t size)
{
	struct s2_cpu *cpu = &w->cpu[0];
	unsigned int calls = 0;
	uint64_t done = 0;
	int status;

	cpu->budget = budget;
	record_from_here();
	do {
		size_t before = seen.pieces;

		status = s2_clean(&w->tree, cpu, ipa + done, size - done, S2_FAULT);
		require(seen.pieces - before <= budget, "%zu pieces, with a budget of %u",
			seen.pieces - before, budget);
		require(cpu->done || status != S2_MORE, "no progress");
		done += cpu->done;
		calls++;
	} while (status == S2_MORE);
	record_ends();
	cpu->budget = 0;
	require_status(status, S2_OK);
	require(done == size, "done %#llx of %#llx", LLU(done), LLU(size));
	for (size_t i = 0; i < seen.pieces; i++)
		require(seen.piece[i].size <= S2_CLEAN_PIECE, "a piece of %#llx bytes",
			LLU(seen.piece[i].size));
	return calls;
}

static void a_large_block_is_cleaned_in_slices_of_the_budget(void **state)
{
	const uint64_t pieces = GB / S2_CLEAN_PIECE;
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, 2 * GB, GB, GB, S2_RW, 0);
	assert_int_equal(calls_with(&w, 100, 2 * GB, GB), (pieces + 99) / 100);
	require_cleaned(GB, GB);
	assert_int_equal(calls_with(&w, 1, 2 * GB + PAGE, S2_CLEAN_PIECE), 2);
	require_cleaned(GB + PAGE, S2_CLEAN_PIECE);
	assert_int_equal(calls_with(&w, 1, 2 * GB, 2 * S2_CLEAN_PIECE), 2);
	clean_all(&w, 2 * GB, GB);
	require_cleaned(GB, GB);
	world_close(&w);
}

static void pages_and_holes_cost_a_unit_of_the_budget_each(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, 100 * PAGE, GB, S2_RW, 0);
	map_ok(&w, GB + 200 * PAGE, PAGE, GB, S2_RW | S2_DEVICE, 0);
	assert_int_equal(calls_with(&w, 7, GB, 98 * PAGE), 14);
	require_cleaned(GB, 98 * PAGE);
	assert_int_equal(calls_with(&w, 1, GB + 98 * PAGE, 4 * PAGE), 4);
	assert_int_equal(calls_with(&w, 1, GB + 200 * PAGE, 2 * PAGE), 2);
	world_close(&w);
}

/* --- beside others ---------------------------------------------------------- */

static struct world *stage;

static void unmap_the_block(void)
{
	require_status(s2_unmap(&stage->tree, &stage->cpu[1], GB, BLOCK, 0), S2_OK);
}

static void a_block_that_goes_meanwhile_is_not_cleaned_any_further(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, BLOCK, GB, S2_RW, 0);
	stage = &w;
	record_from_here();
	seen.then = unmap_the_block;
	require_status(s2_clean(&w.tree, &w.cpu[0], GB, BLOCK, 0), S2_OK);
	record_ends();
	require(w.cpu[0].done == BLOCK, "done %#llx", LLU(w.cpu[0].done));
	require_cleaned_in_all(S2_CLEAN_PIECE);
	world_close(&w);
}

static void split_the_block(void)
{
	require_status(s2_split(&stage->tree, &stage->cpu[1], GB, BLOCK, 3, 0), S2_OK);
}

static void a_block_that_is_split_meanwhile_is_cleaned_to_its_end(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, BLOCK, GB, S2_RW, 0);
	stage = &w;
	record_from_here();
	seen.then = split_the_block;
	require_status(s2_clean(&w.tree, &w.cpu[0], GB, BLOCK, 0), S2_OK);
	record_ends();
	require_cleaned(GB, BLOCK);
	world_close(&w);
}

static void a_lock_is_not_passed_over_in_fault_mode(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, 8 * PAGE, GB, S2_RW, 0);
	require_status(s2_unmap(&w.tree, &w.cpu[1], GB + 2 * PAGE, PAGE, S2_DEFER), S2_OK);
	require_status(clean(&w, GB, 8 * PAGE, S2_FAULT), S2_RETRY);
	require(w.cpu[0].done == 2 * PAGE, "done %#llx", LLU(w.cpu[0].done));
	require_cleaned(GB, 2 * PAGE);
	require_status(s2_flush(&w.tree, &w.cpu[1]), S2_OK);
	world_close(&w);
}

static void flush_the_other(const struct s2_host_event *event)
{
	if (event->op == S2_HOST_WAIT)
		require_status(s2_flush(&stage->tree, &stage->cpu[1]), S2_OK);
}

static void a_lock_is_waited_for(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, 8 * PAGE, GB, S2_RW, 0);
	require_status(s2_unmap(&w.tree, &w.cpu[1], GB + 2 * PAGE, PAGE, S2_DEFER), S2_OK);
	stage = &w;
	record_from_here();
	s2_host_trace.before = flush_the_other;
	require_status(s2_clean(&w.tree, &w.cpu[0], GB, 8 * PAGE, 0), S2_OK);
	record_ends();
	require(w.cpu[0].done == 8 * PAGE, "done %#llx", LLU(w.cpu[0].done));
	require_cleaned_in_all(7 * PAGE);
	world_close(&w);
}

static void require_nothing_held(const struct s2_host_event *event)
{
	require(event->op != S2_HOST_DCACHE || !stage->cpu[0].gather.runs,
		"caches are cleaned while this CPU has locked entries");
}

/* Contract 3: what this CPU has deferred is a window, which cleaning would hold open. */
static void what_this_cpu_has_deferred_is_completed_first(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, 8 * PAGE, GB, S2_RW, 0);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB + 2 * PAGE, PAGE, S2_DEFER), S2_OK);
	stage = &w;
	s2_host_trace = (struct s2_host_trace){.before = require_nothing_held};
	require_status(s2_clean(&w.tree, &w.cpu[0], GB, 8 * PAGE, S2_FAULT), S2_OK);
	record_ends();
	require(!w.cpu[0].gather.runs, "%u runs left", w.cpu[0].gather.runs);
	world_close(&w);
}

/* The hardware does not see a seal, and neither is the memory another. */
static void what_is_sealed_is_cleaned(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, 2 * PAGE, GB, S2_RW, 0);
	*entry_at(&w, GB) |= S2_DESC_SEAL;
	require_status(clean(&w, GB, 2 * PAGE, S2_FAULT), S2_OK);
	require_cleaned(GB, 2 * PAGE);
	*entry_at(&w, GB) &= ~S2_DESC_SEAL;
	world_close(&w);
}

/* FEAT_BBM level 1: on its way to another size a block has nT, where other leaves have an address bit. */
static void a_block_that_is_changing_size_is_cleaned(void **state)
{
	const struct world_config nt = {.format = {12, 39, 40, 8, S2_FEAT_BBM1}, .shared = true};
	struct world w;

	(void)state;
	open_filled(&w, &nt, 8);
	map_ok(&w, GB, BLOCK, GB, S2_RW, 0);
	*entry_at(&w, GB) |= S2_DESC_SEAL | S2_DESC_NT;
	require_status(clean(&w, GB, BLOCK, S2_FAULT), S2_OK);
	require_cleaned(GB, BLOCK);
	*entry_at(&w, GB) &= ~(S2_DESC_SEAL | S2_DESC_NT);
	world_close(&w);
}

/* --- unmap, and clean ------------------------------------------------------- */

static int unmap(struct world *w, uint64_t ipa, uint64_t size, uint32_t flags)
{
	int status;

	record_from_here();
	status = s2_unmap(&w->tree, &w->cpu[0], ipa, size, flags);
	record_ends();
	return status;
}

static void unmap_clean(struct world *w, uint64_t ipa, uint64_t size)
{
	require_status(unmap(w, ipa, size, S2_CLEAN), S2_OK);
	require(w->cpu[0].done == size, "done %#llx of %#llx", LLU(w->cpu[0].done), LLU(size));
}

static void what_an_unmap_takes_away_is_cleaned_once_and_nothing_else(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, 4 * PAGE, 3 * GB, S2_RW, 0);
	map_ok(&w, GB + 5 * PAGE, PAGE, 4 * GB, S2_RW | S2_DEVICE, 0);
	map_ok(&w, GB + 6 * PAGE, PAGE, 5 * GB, S2_RW | S2_NORMAL_NC, 0);
	map_ok(&w, GB + 7 * PAGE, PAGE, 6 * GB, 0, 0);
	world_annotate(&w, GB + 9 * PAGE, 3, 1);
	map_ok(&w, GB + BLOCK, BLOCK, 8 * GB, S2_RW, 0);
	map_ok(&w, GB + 2 * BLOCK, BLOCK, 7 * GB, S2_RW, 0);
	unmap_clean(&w, GB + PAGE, 2 * BLOCK + PAGE);
	require_cleaned(3 * GB + PAGE, 3 * PAGE);
	require_cleaned(6 * GB, PAGE);
	require_cleaned(8 * GB, BLOCK);
	require_cleaned(7 * GB, 2 * PAGE);
	require_cleaned_in_all(BLOCK + 6 * PAGE);
	require(!seen.early, "cleaned while this CPU had entries locked");
	world_close(&w);
}

/* A hole in a block that is larger than one table: in parts. */
static void a_hole_in_a_large_block_is_cleaned(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, GB, 3 * GB, S2_RW, 0);
	unmap_clean(&w, GB + BLOCK - PAGE, BLOCK + 2 * PAGE);
	require_cleaned(3 * GB + BLOCK - PAGE, BLOCK + 2 * PAGE);
	require_cleaned_in_all(BLOCK + 2 * PAGE);
	world_close(&w);
}

static void pages_that_lie_anywhere_are_cleaned(void **state)
{
	const unsigned int pages = 5 * S2_GATHER_PIECES + 3;
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	for (unsigned int i = 0; i < pages; i++)
		map_ok(&w, GB + i * PAGE, PAGE, 3 * GB + UINT64_C(2) * i * PAGE, S2_RW, 0);
	unmap_clean(&w, GB, BLOCK);
	for (unsigned int i = 0; i < pages; i++)
		require_cleaned(3 * GB + UINT64_C(2) * i * PAGE, PAGE);
	require_cleaned_in_all(pages * PAGE);
	require(!seen.early, "cleaned while this CPU had entries locked");
	world_close(&w);
}

/* With all room taken, what goes on where the last piece ends is no piece more. */
static void memory_in_a_row_is_one_piece(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	for (unsigned int i = 0; i < S2_GATHER_PIECES; i++)
		map_ok(&w, GB + i * PAGE, PAGE, 3 * GB + UINT64_C(2) * i * PAGE, S2_RW, 0);
	map_ok(&w, GB + S2_GATHER_PIECES * PAGE, PAGE, 3 * GB + (2 * S2_GATHER_PIECES - 1) * PAGE,
	       S2_RW, 0);
	unmap_clean(&w, GB, BLOCK);
	require(seen.pieces == S2_GATHER_PIECES, "%zu pieces", seen.pieces);
	require(seen.piece[S2_GATHER_PIECES - 1].size == 2 * PAGE, "the last is %#llx long",
		LLU(seen.piece[S2_GATHER_PIECES - 1].size));
	world_close(&w);
}

/* All of a group, and a part of one, which is dissolved first. */
static void a_contiguous_group_is_cleaned_as_far_as_it_goes(void **state)
{
	const struct world_config groups = {.format = {12, 39, 40, 8, S2_FEAT_CONTIG},
					    .shared = true};
	struct world w;

	(void)state;
	open_filled(&w, &groups, 8);
	map_ok(&w, GB, 32 * PAGE, GB, S2_RW, 0);
	require(*entry_at(&w, GB + 16 * PAGE) & S2_DESC_CONTIG, "no group");
	unmap_clean(&w, GB, 18 * PAGE);
	require_cleaned(GB, 18 * PAGE);
	require_cleaned_in_all(18 * PAGE);
	require(!seen.early, "cleaned while this CPU had entries locked");
	clean_all(&w, GB, 32 * PAGE);
	require_cleaned(GB + 18 * PAGE, 14 * PAGE);
	world_close(&w);
}

/* Two holes in blocks, with all room for pieces taken: it is made before the break. */
static void room_is_made_before_a_block_is_cut(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 40);
	for (unsigned int i = 0; i < S2_GATHER_PIECES; i++)
		map_ok(&w, GB - (UINT64_C(1) + i) * PAGE, PAGE, 3 * GB + UINT64_C(2) * i * PAGE,
		       S2_RW, 0);
	map_ok(&w, GB, BLOCK, 4 * GB, S2_RW, 0);
	unmap_clean(&w, GB - BLOCK, BLOCK + PAGE);
	require_cleaned(4 * GB, PAGE);
	require_cleaned_in_all((S2_GATHER_PIECES + 1) * PAGE);
	world_close(&w);
}

static void a_deferred_unmap_is_cleaned_with_the_flush(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, BLOCK, GB, S2_RW, 0);
	record_from_here();
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, PAGE, S2_CLEAN | S2_DEFER), S2_OK);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB + PAGE, PAGE, S2_CLEAN | S2_DEFER), S2_OK);
	require(!seen.pieces, "cleaned before the flush");
	require_status(s2_flush(&w.tree, &w.cpu[0]), S2_OK);
	record_ends();
	require_cleaned(GB, 2 * PAGE);
	require_cleaned_in_all(2 * PAGE);
	require(!seen.early, "cleaned while this CPU had entries locked");
	world_close(&w);
}

static void the_budget_of_an_unmap_counts_what_it_cleans(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, 4 * BLOCK, GB, S2_RW, 0);
	w.cpu[0].budget = BLOCK / S2_CLEAN_PIECE;
	require_status(unmap(&w, GB, 4 * BLOCK, S2_CLEAN), S2_MORE);
	require(w.cpu[0].done == BLOCK, "done %#llx", LLU(w.cpu[0].done));
	w.cpu[0].budget = 0;
	world_close(&w);
}

static void with_forced_write_back_an_unmap_cleans_nothing_and_cuts_tables(void **state)
{
	const struct world_config fwb = {.format = {12, 39, 40, 8, S2_FEAT_FWB}, .shared = true};
	struct world w;

	(void)state;
	open_filled(&w, &fwb, 8);
	map_ok(&w, GB, BLOCK, GB, S2_RW, S2_PAGES);
	unmap_clean(&w, GB, GB);
	require(!seen.pieces, "%zu pieces cleaned", seen.pieces);
	require(w.cpu[0].stats.tables_unlinked == 1, "%llu tables cut off",
		LLU(w.cpu[0].stats.tables_unlinked));
	world_close(&w);
}

static void change_it_first(const struct s2_host_event *event)
{
	if (event->op != S2_HOST_CAS || !(event->old & 1) || event->value & 1)
		return;
	s2_host_trace.before = NULL;
	require_status(s2_unmap(&stage->tree, &stage->cpu[1], GB, PAGE, 0), S2_OK);
}

/* Who loses the race for a leaf has not taken it away. */
static void what_another_takes_away_first_is_not_cleaned(void **state)
{
	struct world w;

	(void)state;
	for (unsigned int block = 0; block < 2; block++) {
		open_filled(&w, &shared, 8);
		map_ok(&w, GB, 4 * PAGE + block * (BLOCK - 4 * PAGE), GB, S2_RW, 0);
		stage = &w;
		record_from_here();
		s2_host_trace.before = change_it_first;
		require_status(s2_unmap(&w.tree, &w.cpu[0], GB, 2 * PAGE, S2_CLEAN), S2_OK);
		record_ends();
		require_cleaned(GB + PAGE, PAGE);
		require_cleaned_in_all(PAGE);
		world_close(&w);
	}
}

/* --- what is wrong ---------------------------------------------------------- */

static void stops_at(struct world *w, s2_desc *entry, s2_desc desc, unsigned int level)
{
	s2_desc before = *entry;

	*entry = desc;
	require_status(clean(w, GB - PAGE, 4 * PAGE, 0), S2_CORRUPT);
	*entry = before;
	require(w->cpu[0].corrupt.desc == desc && w->cpu[0].corrupt.level == level,
		"%#llx at level %u is reported", LLU(w->cpu[0].corrupt.desc),
		w->cpu[0].corrupt.level);
	require(!seen.pieces, "%zu pieces cleaned", seen.pieces);
}

static void corrupt_entries_stop_it(void **state)
{
	struct world w;
	s2_desc *page;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, PAGE, GB, S2_RW, 0);
	page = entry_at(&w, GB);
	stops_at(&w, page, UINT64_C(0x8), 3);
	stops_at(&w, page, *page & ~UINT64_C(2), 3);
	stops_at(&w, &w.tree.root[1], UINT64_C(0x1003), 1);
	world_close(&w);
}

static void refuses(struct world *w, int status, int expected)
{
	require_status(status, expected);
	require(w->cpu[0].done == 0, "done %#llx", LLU(w->cpu[0].done));
	require(!seen.pieces, "refused, but cleaned");
}

static void bad_input_is_refused(void **state)
{
	static struct s2_tree zero;
	static struct s2_cpu blank;
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB, PAGE, GB, S2_RW, 0);
	refuses(&w, s2_clean(NULL, &w.cpu[0], GB, PAGE, 0), S2_INVALID);
	refuses(&w, s2_clean(&zero, &w.cpu[0], GB, PAGE, 0), S2_INVALID);
	refuses(&w, s2_clean(&w.tree, NULL, GB, PAGE, 0), S2_INVALID);
	refuses(&w, s2_clean(&w.tree, &blank, GB, PAGE, 0), S2_INVALID);
	for (unsigned int bit = 1; bit < 32; bit++)
		refuses(&w, clean(&w, GB, PAGE, 1u << bit), S2_INVALID);
	refuses(&w, clean(&w, GB, 0, 0), S2_BAD_SIZE);
	refuses(&w, clean(&w, GB + 1, PAGE, 0), S2_MISALIGNED);
	refuses(&w, clean(&w, GB, PAGE + 8, 0), S2_MISALIGNED);
	refuses(&w, clean(&w, -PAGE, 2 * PAGE, 0), S2_WRAPS);
	refuses(&w, clean(&w, BIT(39) - PAGE, 2 * PAGE, 0), S2_IPA_RANGE);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_range_maps_write_back_is_cleaned_once_and_nothing_else),
		cmocka_unit_test(nothing_is_cleaned_where_nothing_is_mapped),
		cmocka_unit_test(only_the_part_of_a_block_that_the_range_covers_is_cleaned),
		cmocka_unit_test(with_forced_write_back_nothing_is_visited),
		cmocka_unit_test(a_large_block_is_cleaned_in_slices_of_the_budget),
		cmocka_unit_test(pages_and_holes_cost_a_unit_of_the_budget_each),
		cmocka_unit_test(a_block_that_goes_meanwhile_is_not_cleaned_any_further),
		cmocka_unit_test(a_block_that_is_split_meanwhile_is_cleaned_to_its_end),
		cmocka_unit_test(a_lock_is_not_passed_over_in_fault_mode),
		cmocka_unit_test(a_lock_is_waited_for),
		cmocka_unit_test(what_this_cpu_has_deferred_is_completed_first),
		cmocka_unit_test(what_is_sealed_is_cleaned),
		cmocka_unit_test(a_block_that_is_changing_size_is_cleaned),
		cmocka_unit_test(what_an_unmap_takes_away_is_cleaned_once_and_nothing_else),
		cmocka_unit_test(a_hole_in_a_large_block_is_cleaned),
		cmocka_unit_test(pages_that_lie_anywhere_are_cleaned),
		cmocka_unit_test(memory_in_a_row_is_one_piece),
		cmocka_unit_test(a_contiguous_group_is_cleaned_as_far_as_it_goes),
		cmocka_unit_test(room_is_made_before_a_block_is_cut),
		cmocka_unit_test(a_deferred_unmap_is_cleaned_with_the_flush),
		cmocka_unit_test(the_budget_of_an_unmap_counts_what_it_cleans),
		cmocka_unit_test(with_forced_write_back_an_unmap_cleans_nothing_and_cuts_tables),
		cmocka_unit_test(what_another_takes_away_first_is_not_cleaned),
		cmocka_unit_test(corrupt_entries_stop_it),
		cmocka_unit_test(bad_input_is_refused),
	};

	return run_suite("clean", tests);
}
