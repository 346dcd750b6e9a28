/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Changes of size: what hardware notes while one is under way, who meets it, who loses a race
 * against it, and what a compact leaves.
 */
#include "lib/suite.h"

#include <string.h>

#include "lib/tlb.h"
#include "lib/world.h"

#define LLU(x) ((unsigned long long)(x))
#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define GB UINT64_C(0x40000000)
#define NOTES (S2_FEAT_HAF | S2_FEAT_HD)

static const uint32_t levels_of_bbm[] = {0, S2_FEAT_BBM1, S2_FEAT_BBM2,
					 S2_FEAT_BBM1 | S2_FEAT_BBM2};

static void open_as(struct world *w, uint32_t features, uint32_t pages, bool shared)
{
	const struct world_config config = {.format = {12, 39, 40, 8, features}, .shared = shared};

	world_open(w, &config);
	world_fill(w, &w->cpu[0], pages);
	world_fill(w, &w->cpu[1], 6);
}

static void open_with(struct world *w, uint32_t features, uint32_t pages)
{
	open_as(w, features, pages, true);
}

static void map_ok(struct world *w, uint64_t ipa, uint64_t size, s2_attr attr, uint32_t flags)
{
	require_status(s2_map(&w->tree, &w->cpu[0], ipa, size, ipa, attr, flags), S2_OK);
}

static const struct world_config four_levels = {.format = {12, 48, 48, 8, 0}, .shared = true};

static int collapse(struct world *w, uint32_t flags)
{
	return s2_collapse(&w->tree, &w->cpu[0], GB, 2, flags);
}

static void split_ok(struct world *w, uint64_t ipa, uint64_t size, uint32_t level)
{
	require_status(s2_split(&w->tree, &w->cpu[0], ipa, size, level, 0), S2_OK);
}

static int compact(struct world *w, uint64_t ipa, uint64_t size, uint32_t level)
{
	return s2_compact(&w->tree, &w->cpu[0], ipa, size, level, 0);
}

static struct s2_mapping look(const struct world *w, uint64_t ipa)
{
	struct s2_mapping m;

	require_status(s2_lookup(&w->tree, ipa, &m), S2_OK);
	return m;
}

/* --- something happens at the nth step of one kind ------------------------------------- */

static struct {
	struct world *w;
	enum s2_host_op op;
	unsigned int nth;
	void (*act)(struct world *w);
	bool inside;
} at;

static void before(const struct s2_host_event *event)
{
	if (at.inside || event->op != at.op || !at.nth || --at.nth)
		return;
	at.inside = true;
	at.act(at.w);
	at.inside = false;
}

static void arrange(struct world *w, enum s2_host_op op, unsigned int nth,
		    void (*act)(struct world *w))
{
	at.w = w;
	at.op = op;
	at.nth = nth;
	at.act = act;
	s2_host_trace.before = before;
}

static void expect_happened(void)
{
	s2_host_trace.before = NULL;
	require(!at.nth, "it did not happen");
}

/* --- split ------------------------------------------------------------------------------ */

static void a_large_block_becomes_pages_in_one_swap(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(levels_of_bbm); i++) {
		struct world w;
		uint64_t pages;

		open_with(&w, levels_of_bbm[i], 513);
		map_ok(&w, GB, GB, S2_RW | S2_SW(3), 0);
		require_status(s2_split_cost(&w.tree, GB, GB, 3, &pages), S2_OK);
		assert_int_equal(pages, 513);
		split_ok(&w, GB, GB, 3);
		assert_int_equal(w.cpu[0].stats.splits, 1);
		assert_int_equal(w.cpu[0].stats.breaks, levels_of_bbm[i] ? 0 : 1);
		assert_int_equal(w.cpu[0].stats.tlbi_vmid + w.cpu[0].stats.tlbi_ipa, 1);
		assert_int_equal(w.cpu[0].cache.count, 0);
		for (uint64_t ipa = GB; ipa < 2 * GB; ipa += BLOCK - PAGE) {
			struct s2_mapping m = look(&w, ipa);

			require(m.level == 3 && m.pa == ipa && m.attr == (S2_RW | S2_SW(3)),
				"IPA %#llx", LLU(ipa));
		}
		split_ok(&w, GB, GB, 3);
		assert_int_equal(w.cpu[0].stats.splits, 1);
		require_status(s2_split_cost(&w.tree, GB, GB, 3, &pages), S2_OK);
		assert_int_equal(pages, 0);
		world_close(&w);
	}
}

static void too_few_pages_a_quota_or_a_budget_split_level_by_level(void **state)
{
	struct world_config config = {.format = {12, 39, 40, 8, 0}, .shared = true, .quota = 100};
	struct world w;
	int status;

	(void)state;
	open_with(&w, 0, 512);
	map_ok(&w, GB, GB, S2_RW, 0);
	require_status(s2_split(&w.tree, &w.cpu[0], GB, GB, 3, 0), S2_NO_PAGE);
	assert_int_equal(w.cpu[0].done, GB - BLOCK);
	world_close(&w);

	world_open(&w, &config);
	world_fill(&w, &w.cpu[0], 600);
	map_ok(&w, GB, GB, S2_RW, 0);
	require_status(s2_split(&w.tree, &w.cpu[0], GB, GB, 3, 0), S2_QUOTA);
	assert_int_equal(w.tree.tables, 100);
	world_close(&w);

	open_with(&w, 0, 600);
	map_ok(&w, GB, GB, S2_RW, 0);
	w.cpu[0].budget = 40;
	for (uint64_t done = 0; done < GB; done += w.cpu[0].done) {
		status = s2_split(&w.tree, &w.cpu[0], GB + done, GB - done, 3, 0);
		require(status == S2_OK || status == S2_MORE, "%s", status_name(status));
	}
	assert_int_equal(w.cpu[0].stats.splits, 513);
	w.cpu[0].budget = 0;
	world_close(&w);
}

static void unmap_all(struct world *w)
{
	require_status(s2_unmap(&w->tree, &w->cpu[1], 0, BIT(39), 0), S2_OK);
}

/* Just before the block is exchanged it is gone. */
static void a_lost_race_gives_back_the_whole_subtree(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(levels_of_bbm); i++) {
		struct world w;

		open_with(&w, levels_of_bbm[i], 513);
		map_ok(&w, GB, GB, S2_RW, 0);
		arrange(&w, S2_HOST_CAS, 1, unmap_all);
		split_ok(&w, GB, GB, 3);
		expect_happened();
		assert_int_equal(w.cpu[0].cache.count, 513);
		assert_int_equal(w.cpu[0].stats.pages_returned, 513);
		assert_int_equal(w.tree.tables, 0);
		world_close(&w);
	}
}

/* The table around the block is cut away between the two halves of the exchange. */
static void a_table_cut_away_around_a_change_of_size_loses_no_page(void **state)
{
	(void)state;
	for (size_t i = 1; i < ARRAY_SIZE(levels_of_bbm); i++) {
		struct world w;

		open_with(&w, levels_of_bbm[i], 8);
		map_ok(&w, GB, BLOCK, S2_RW, 0);
		arrange(&w, S2_HOST_DSB_ISH, 1, unmap_all);
		split_ok(&w, GB, BLOCK, 3);
		expect_happened();
		world_balance(&w);

		map_ok(&w, GB, BLOCK, S2_RW, S2_PAGES);
		arrange(&w, S2_HOST_DSB_ISH, 1, unmap_all);
		require_status(s2_collapse(&w.tree, &w.cpu[0], GB, 2, 0), S2_OK);
		expect_happened();
		world_balance(&w);
		world_close(&w);
	}
}

static void what_a_split_costs_is_what_it_takes(void **state)
{
	struct world w;
	uint64_t pages;

	(void)state;
	open_with(&w, 0, 3);
	map_ok(&w, GB, GB, S2_RW, 0);
	map_ok(&w, 3 * GB, BLOCK, S2_RW, S2_PAGES);
	map_ok(&w, 3 * GB + BLOCK, BLOCK, S2_RW, 0);
	require_status(s2_split_cost(&w.tree, GB, 3 * GB, 1, &pages), S2_OK);
	assert_int_equal(pages, 0);
	require_status(s2_split_cost(&w.tree, GB, 3 * GB, 2, &pages), S2_OK);
	assert_int_equal(pages, 1);
	require_status(s2_split_cost(&w.tree, 2 * GB - BLOCK, BLOCK + GB, 3, &pages), S2_OK);
	assert_int_equal(pages, 2);
	require_status(s2_split_cost(&w.tree, GB, 3 * GB, 3, &pages), S2_OK);
	assert_int_equal(pages, 514);
	world_fill(&w, &w.cpu[0], 514);
	split_ok(&w, GB, 3 * GB, 1);
	assert_int_equal(w.cpu[0].stats.splits, 0);
	split_ok(&w, GB, 3 * GB, 3);
	assert_int_equal(w.cpu[0].cache.count, 0);
	world_close(&w);
}

static void what_a_map_costs_where_no_level_0_block_can_be_is_what_it_takes(void **state)
{
	struct world w;
	uint64_t pages;

	(void)state;
	world_open(&w, &four_levels);
	require_status(s2_map_cost(&w.tree, 0, 512 * GB, 0, S2_RW, 0, &pages), S2_OK);
	assert_int_equal(pages, 1);
	world_fill(&w, &w.cpu[0], 1);
	map_ok(&w, 0, 512 * GB, S2_RW, 0);
	assert_int_equal(look(&w, 511 * GB).level, 1);
	assert_int_equal(w.cpu[0].cache.count, 0);
	world_close(&w);
}

/* --- collapse ---------------------------------------------------------------------------- */

static void what_is_a_block_already_is_left(void **state)
{
	struct world w;

	(void)state;
	open_with(&w, 0, 8);
	map_ok(&w, GB, BLOCK, S2_RW, 0);
	require_status(collapse(&w, 0), S2_OK);
	assert_int_equal(w.cpu[0].done, BLOCK);
	assert_int_equal(w.cpu[0].stats.collapses + w.cpu[0].stats.breaks, 0);
	world_close(&w);
}

static void flush_the_other(struct world *w)
{
	require_status(s2_flush(&w->tree, &w->cpu[1]), S2_OK);
}

static void require_no_seal(const struct world *w)
{
	for (uint64_t ipa = GB; ipa < GB + BLOCK; ipa += PAGE)
		require(look(w, ipa).level == 3 && !(look(w, ipa).desc & S2_DESC_SEAL),
			"IPA %#llx: %#llx", LLU(ipa), LLU(look(w, ipa).desc));
}

/* Three are sealed already. */
static void a_page_that_another_has_locked_is_not_collapsed(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags <= S2_FAULT; flags += S2_FAULT) {
		struct world w;

		open_with(&w, 0, 8);
		map_ok(&w, GB, BLOCK, S2_RW, S2_PAGES);
		require_status(s2_unmap(&w.tree, &w.cpu[1], GB + 3 * PAGE, PAGE, S2_DEFER), S2_OK);
		arrange(&w, S2_HOST_WAIT, 1, flush_the_other);
		require_status(collapse(&w, flags), flags ? S2_RETRY : S2_NOT_UNIFORM);
		s2_host_trace.before = NULL;
		require(!at.nth == !flags, "waited in fault mode, or did not");
		require_no_seal(&w);
		flush_the_other(&w);
		assert_int_equal(look(&w, GB + 3 * PAGE).kind, S2_KIND_EMPTY);
		world_close(&w);
	}
}

/* Where entries are compared eight at a time, and where that begins again. */
static const unsigned int positions[] = {0, 1, 2, 7, 8, 9, 15, 16, 100, 503, 504, 505, 510, 511};

static void touch(struct world *w, unsigned int page, uint32_t flags)
{
	require_status(s2_touch(&w->tree, &w->cpu[0], GB + page * PAGE, flags), S2_OK);
}

static void collapse_noted(bool shared, unsigned int written, unsigned int read, uint32_t flags)
{
	s2_attr noted = S2_RW | S2_LOG | (flags ? S2_DIRTY : 0);
	struct world w;

	open_as(&w, 0, 8, shared);
	map_ok(&w, GB, BLOCK, S2_RW | S2_LOG | S2_OLD, S2_PAGES);
	touch(&w, written, flags);
	touch(&w, read, 0);
	require_status(collapse(&w, 0), S2_OK);
	require(look(&w, GB).level == 2 && look(&w, GB).pa == GB && look(&w, GB).attr == noted,
		"pages %u and %u: %#llx", written, read, LLU(look(&w, GB).desc));
	world_close(&w);
}

static void what_any_page_has_noted_is_in_the_block(void **state)
{
	(void)state;
	for (unsigned int shared = 0; shared < 2; shared++) {
		for (size_t i = 0; i < ARRAY_SIZE(positions); i++) {
			for (size_t j = 0; j < ARRAY_SIZE(positions); j++)
				collapse_noted(shared, positions[i], positions[j], S2_WRITE);
			collapse_noted(shared, positions[i], positions[i], 0);
		}
	}
}

static void every_page_is_sealed(struct world *w)
{
	for (uint64_t ipa = GB; ipa < GB + BLOCK; ipa += PAGE)
		require_status(s2_map(&w->tree, &w->cpu[1], ipa, PAGE, 0, S2_RW, S2_FAULT),
			       S2_RETRY);
}

/* A page that notes something else is tried, read and tried again, and so is the one behind it. */
static void all_are_sealed_when_the_table_goes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(positions); i++) {
		unsigned int tries = 512 + (positions[i] > 0) + (positions[i] < 511);
		struct world w;

		open_with(&w, 0, 8);
		map_ok(&w, GB, BLOCK, S2_RW | S2_OLD, S2_PAGES);
		touch(&w, positions[i], 0);
		arrange(&w, S2_HOST_CAS, tries + 1, every_page_is_sealed);
		require_status(collapse(&w, 0), S2_OK);
		expect_happened();
		assert_int_equal(look(&w, GB).attr, S2_RW);
		world_close(&w);
	}
}

static void clear_the_access_flag(struct world *w)
{
	require_status(s2_age(&w->tree, &w->cpu[1], GB, PAGE, NULL, S2_CLEAR), S2_OK);
}

/* Just before it is sealed; no other page was accessed. */
static void what_is_old_when_it_is_sealed_is_old_in_the_block(void **state)
{
	struct world w;

	(void)state;
	open_with(&w, 0, 8);
	map_ok(&w, GB, BLOCK, S2_RW | S2_OLD, S2_PAGES);
	touch(&w, 0, 0);
	arrange(&w, S2_HOST_CAS, 1, clear_the_access_flag);
	require_status(collapse(&w, 0), S2_OK);
	expect_happened();
	assert_int_equal(look(&w, GB).attr, S2_RW | S2_OLD);
	assert_int_equal(look(&w, GB).level, 2);
	world_close(&w);
}

/* Of no other memory, and with no other permissions; some pages beside it were accessed. */
static void a_page_that_differs_anywhere_keeps_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4 * ARRAY_SIZE(positions); i++) {
		uint64_t page = positions[i / 4] * PAGE;
		struct world w;

		open_as(&w, 0, 8, i & 1);
		map_ok(&w, GB, BLOCK, S2_RW | S2_OLD, S2_PAGES);
		touch(&w, positions[i / 4] / 2, 0);
		require_status(s2_map(&w.tree, &w.cpu[0], GB + page, PAGE, GB + page + (i & 2) * GB,
				      i & 2 ? S2_RW : S2_R, 0),
			       S2_OK);
		require_status(collapse(&w, 0), S2_NOT_UNIFORM);
		require_no_seal(&w);
		assert_int_equal(w.cpu[0].stats.collapses + w.cpu[0].stats.tables_unlinked, 0);
		world_close(&w);
	}
}

/* All are sealed, and the table around them goes. */
static void a_table_that_is_cut_when_it_is_sealed_is_not_retired_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(levels_of_bbm); i++) {
		uint32_t flags = i % 2 ? S2_FAULT : 0;
		struct world w;

		open_with(&w, levels_of_bbm[i / 2], 8);
		map_ok(&w, GB, BLOCK, S2_RW, S2_PAGES);
		arrange(&w, S2_HOST_CAS, 513, unmap_all);
		require_status(collapse(&w, flags), flags ? S2_RETRY : S2_NOT_UNIFORM);
		expect_happened();
		assert_int_equal(w.cpu[0].stats.collapses + w.cpu[0].stats.tables_unlinked, 0);
		assert_int_equal(w.cpu[1].stats.tables_unlinked, 1);
		world_quiesce(&w);
		assert_int_equal(w.tree.tables, 0);
		world_close(&w);
	}
}

/* --- map ---------------------------------------------------------------------------------- */

static uint64_t cleaned;

static void add_cleaned(const struct s2_host_event *event)
{
	cleaned += event->op == S2_HOST_DCACHE ? event->value : 0;
}

/* Where the block is split first, nothing is mapped by that. */
static void what_is_mapped_under_a_block_is_cleaned_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(levels_of_bbm); i++) {
		struct world w;

		open_with(&w, levels_of_bbm[i], 8);
		map_ok(&w, GB, BLOCK, S2_RW, 0);
		cleaned = 0;
		s2_host_trace.before = add_cleaned;
		require_status(s2_map(&w.tree, &w.cpu[0], GB + PAGE, PAGE, GB, S2_RW, 0), S2_OK);
		s2_host_trace.before = NULL;
		require(cleaned == PAGE, "%#llx bytes cleaned", LLU(cleaned));
		assert_int_equal(look(&w, GB + PAGE).pa, GB);
		assert_int_equal(look(&w, GB + 2 * PAGE).pa, GB + 2 * PAGE);
		world_close(&w);
	}
}

static void unmap_page(struct world *w)
{
	require_status(s2_unmap(&w->tree, &w->cpu[1], GB, PAGE, 0), S2_OK);
}

static void map_over_lost(uint64_t pa, s2_attr attr, uint32_t flags)
{
	struct world w;

	open_with(&w, 0, 8);
	map_ok(&w, GB, 4 * PAGE, S2_RW, 0);
	arrange(&w, S2_HOST_CAS, 1, unmap_page);
	require_status(s2_map(&w.tree, &w.cpu[0], GB, PAGE, pa, attr, flags),
		       flags ? S2_RETRY : S2_OK);
	expect_happened();
	assert_int_equal(w.cpu[0].stats.retries, 1);
	assert_int_equal(w.cpu[0].stats.breaks + w.cpu[0].stats.tlbi_local, 0);
	if (flags)
		assert_int_equal(look(&w, GB).kind, S2_KIND_EMPTY);
	else
		require(look(&w, GB).pa == pa && look(&w, GB).attr == attr, "%#llx",
			LLU(look(&w, GB).desc));
	world_close(&w);
}

/* Over other memory, and over the same with more permissions. */
static void a_map_that_loses_a_race_for_a_leaf_tries_again_or_answers(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags <= S2_FAULT; flags += S2_FAULT) {
		map_over_lost(3 * GB, S2_RW, flags);
		map_over_lost(GB, S2_R, flags);
	}
}

/* --- what hardware notes meanwhile ------------------------------------------------------- */

static void note(struct world *w)
{
	struct arch_walk walk;

	arch_walk(&w->regime, GB, &walk);
	__atomic_fetch_or((s2_desc *)(uintptr_t)walk.entry, S2_DESC_AF | S2_DESC_WRITE,
			  __ATOMIC_SEQ_CST);
}

static void expect_noted(const struct world *w, uint64_t ipa, s2_attr missing)
{
	s2_attr attr = look(w, ipa).attr;

	require(!(attr & missing) && !(attr & S2_OLD) == !(missing & S2_OLD), "IPA %#llx: %#x",
		LLU(ipa), attr);
}

/* With level 1 the hardware goes on using the block, and what it notes there holds for all of it. */
static void what_is_noted_in_a_block_with_nt_is_carried(void **state)
{
	static const uint64_t size[] = {BLOCK, GB};
	struct world w;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(size); i++) {
		open_with(&w, S2_FEAT_BBM1 | NOTES, 513);
		map_ok(&w, GB, size[i], S2_RW | S2_LOG | S2_OLD, 0);
		arrange(&w, S2_HOST_DSB_ISH, 1, note);
		split_ok(&w, GB, size[i], 3);
		expect_happened();
		for (uint64_t ipa = GB; ipa < GB + size[i]; ipa += size[i] / 256)
			require(look(&w, ipa).attr == (S2_RW | S2_LOG | S2_DIRTY) &&
					look(&w, ipa).level == 3,
				"IPA %#llx: %#x", LLU(ipa), look(&w, ipa).attr);
		world_close(&w);
	}
	/* Between the look at the block and its end. */
	open_with(&w, S2_FEAT_BBM1 | NOTES, 8);
	map_ok(&w, GB, BLOCK, S2_RW | S2_LOG | S2_OLD, 0);
	arrange(&w, S2_HOST_CAS, 2, note);
	split_ok(&w, GB, BLOCK, 3);
	expect_happened();
	assert_int_equal(look(&w, GB + 7 * PAGE).attr, S2_RW | S2_LOG | S2_DIRTY);
	world_close(&w);
	/* A part of a block: the tables reach down to it, and no further. */
	open_with(&w, S2_FEAT_BBM1 | NOTES, 8);
	map_ok(&w, GB, GB, S2_RW | S2_LOG | S2_OLD, 0);
	arrange(&w, S2_HOST_DSB_ISH, 1, note);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB + PAGE, PAGE, 0), S2_OK);
	expect_happened();
	assert_int_equal(look(&w, GB).attr, S2_RW | S2_LOG | S2_DIRTY);
	assert_int_equal(look(&w, GB + BLOCK).attr, S2_RW | S2_LOG | S2_DIRTY);
	assert_int_equal(look(&w, GB + BLOCK).level, 2);
	world_close(&w);
}

static void what_is_noted_in_a_block_that_is_formed_stays(void **state)
{
	(void)state;
	for (size_t i = 1; i < ARRAY_SIZE(levels_of_bbm); i++) {
		struct world w;

		open_with(&w, levels_of_bbm[i], 8);
		map_ok(&w, GB, BLOCK, S2_RW | S2_LOG | S2_OLD, S2_PAGES);
		arrange(&w, S2_HOST_DSB_ISH, 1, note);
		require_status(s2_collapse(&w.tree, &w.cpu[0], GB, 2, 0), S2_OK);
		expect_happened();
		assert_int_equal(look(&w, GB).attr, S2_RW | S2_LOG | S2_DIRTY);
		assert_int_equal(look(&w, GB).level, 2);
		expect_noted(&w, GB + PAGE, S2_OLD & 0);
		world_close(&w);
	}
}

/* Between the look at an entry and its seal; and just before the seal goes again. */
static void what_is_noted_around_a_seal_stays(void **state)
{
	struct world w;

	(void)state;
	open_with(&w, 0, 8);
	map_ok(&w, GB, BLOCK, S2_RW | S2_LOG | S2_OLD, S2_PAGES);
	arrange(&w, S2_HOST_CAS, 1, note);
	require_status(collapse(&w, 0), S2_OK);
	expect_happened();
	assert_int_equal(look(&w, GB).attr, S2_RW | S2_LOG | S2_DIRTY);
	assert_int_equal(look(&w, GB).level, 2);
	world_close(&w);

	open_with(&w, 0, 8);
	map_ok(&w, GB, BLOCK - PAGE, S2_RW | S2_LOG | S2_OLD, S2_PAGES);
	arrange(&w, S2_HOST_CAS, 2 * 511 + 1, note);
	require_status(collapse(&w, 0), S2_NOT_UNIFORM);
	expect_happened();
	require_no_seal(&w);
	assert_int_equal(look(&w, GB).attr, S2_RW | S2_LOG | S2_DIRTY);
	assert_int_equal(look(&w, GB + PAGE).attr, S2_RW | S2_LOG | S2_OLD);
	world_close(&w);
}

/* The first note makes the seal miss; the next one comes when the entry was read again. */
static void note_access_and_a_write_later(struct world *w)
{
	require_status(s2_touch(&w->tree, &w->cpu[1], GB, 0), S2_OK);
	arrange(w, S2_HOST_CAS, 1, note);
}

static void what_is_noted_twice_before_a_seal_stays(void **state)
{
	struct world w;

	(void)state;
	open_with(&w, 0, 8);
	map_ok(&w, GB, BLOCK, S2_RW | S2_LOG | S2_OLD, S2_PAGES);
	arrange(&w, S2_HOST_CAS, 1, note_access_and_a_write_later);
	require_status(collapse(&w, 0), S2_OK);
	expect_happened();
	assert_int_equal(look(&w, GB).attr, S2_RW | S2_LOG | S2_DIRTY);
	assert_int_equal(look(&w, GB).level, 2);
	world_close(&w);
}

static int taken;

static void take_the_write(struct world *w)
{
	taken = s2_protect(&w->tree, &w->cpu[1], GB + PAGE, PAGE, S2_W, 0, S2_FAULT);
}

/* Page 1 is not what page 0 lets expect: it is read, and may be another one when it is sealed. */
static void what_changes_just_before_its_seal_stays_changed(void **state)
{
	unsigned int changed = 0;

	(void)state;
	for (unsigned int i = 0; i < 40; i++) {
		struct world w;

		open_with(&w, 0, 8);
		map_ok(&w, GB, BLOCK, S2_RW | S2_OLD, S2_PAGES);
		touch(&w, 1, 0);
		taken = S2_RETRY;
		arrange(&w, i & 1 ? S2_HOST_CAS : S2_HOST_LOAD, i / 2 + 1, take_the_write);
		require_status(collapse(&w, 0), taken ? S2_OK : S2_NOT_UNIFORM);
		s2_host_trace.before = NULL;
		assert_int_equal(look(&w, GB + PAGE).attr, taken ? S2_RW : S2_R);
		changed += !taken;
		world_close(&w);
	}
	require(changed > 4 && changed < 40, "changed %u times", changed);
}

static unsigned int swaps;

/* At the first: all of the table was looked at, and none of it is in the block yet. */
static void note_at_the_first_swap(const struct s2_host_event *event)
{
	require(event->op != S2_HOST_STORE && event->op != S2_HOST_SWAP, "a store");
	if (event->op == S2_HOST_CAS && !swaps++)
		note(at.w);
}

/* But for those of the entry above: a break and a make, or a swap and the end of its seal. */
static void without_others_nothing_is_sealed_and_no_note_is_lost(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(levels_of_bbm); i++) {
		struct world w;

		open_as(&w, levels_of_bbm[i] | NOTES, 8, false);
		map_ok(&w, GB, BLOCK, S2_RW | S2_LOG | S2_OLD, S2_PAGES);
		at.w = &w;
		swaps = 0;
		s2_host_trace.before = note_at_the_first_swap;
		require_status(collapse(&w, 0), S2_OK);
		s2_host_trace.before = NULL;
		assert_int_equal(swaps, 2);
		assert_int_equal(look(&w, GB).attr, S2_RW | S2_LOG | S2_DIRTY);
		assert_int_equal(look(&w, GB).level, 2);
		world_close(&w);
	}
}

/* In doubt what is logged is dirty; what is not logged cannot be. */
static void what_hardware_may_have_written_to_is_dirty_when_it_is_formed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(levels_of_bbm); i++) {
		struct world w;

		open_with(&w, levels_of_bbm[i] | NOTES, 8);
		map_ok(&w, GB, BLOCK, S2_RW | S2_LOG, S2_PAGES);
		map_ok(&w, GB + BLOCK, BLOCK, S2_R, S2_PAGES);
		require_status(compact(&w, GB, 2 * BLOCK, 2), S2_OK);
		assert_int_equal(look(&w, GB).attr, S2_RW | S2_LOG | S2_DIRTY);
		assert_int_equal(look(&w, GB).level, 2);
		assert_int_equal(look(&w, GB + BLOCK).attr, S2_R);
		assert_int_equal(look(&w, GB + BLOCK).level, 2);
		world_close(&w);
	}
}

/* --- who meets it ------------------------------------------------------------------------ */

static void meet(struct world *w)
{
	struct s2_tree *tree = &w->tree;
	struct s2_cpu *cpu = &w->cpu[1];
	struct s2_mapping m = look(w, GB + PAGE);
	uint64_t pages;

	require(m.kind == S2_KIND_LEAF && m.pa + (GB + PAGE - m.ipa) == GB + PAGE, "PA %#llx",
		LLU(m.pa));
	require_status(s2_map_cost(tree, GB, BLOCK, GB, S2_RW, 0, &pages), S2_OK);
	require_status(s2_split_cost(tree, GB, BLOCK, 3, &pages), S2_OK);
	require_status(s2_map(tree, cpu, GB + PAGE, PAGE, 0, S2_RW, S2_FAULT), S2_RETRY);
	require_status(s2_map(tree, cpu, GB, BLOCK, 0, S2_RW, S2_FAULT), S2_RETRY);
	require_status(s2_unmap(tree, cpu, GB + PAGE, PAGE, S2_FAULT), S2_RETRY);
	require_status(s2_unmap(tree, cpu, GB, BLOCK, S2_FAULT), S2_RETRY);
	require_status(s2_split(tree, cpu, GB, BLOCK, 3, S2_FAULT), S2_RETRY);
	require_status(s2_compact(tree, cpu, GB, BLOCK, 2, S2_FAULT), S2_RETRY);
	cpu->budget = 1;
	require_status(s2_map(tree, cpu, GB + PAGE, PAGE, 0, S2_RW, 0), S2_MORE);
	cpu->budget = 0;
}

static void readers_go_through_and_writers_retry(void **state)
{
	(void)state;
	for (size_t i = 1; i < ARRAY_SIZE(levels_of_bbm); i++) {
		struct world w;

		open_with(&w, levels_of_bbm[i], 8);
		map_ok(&w, GB, BLOCK, S2_RW, 0);
		arrange(&w, S2_HOST_DSB_ISH, 1, meet);
		split_ok(&w, GB, BLOCK, 3);
		expect_happened();
		arrange(&w, S2_HOST_DSB_ISH, 1, meet);
		require_status(s2_collapse(&w.tree, &w.cpu[0], GB, 2, 0), S2_OK);
		expect_happened();
		assert_int_equal(look(&w, GB).level, 2);
		world_close(&w);
	}
}

static void collapse_meets_it(struct world *w)
{
	require_status(s2_collapse(&w->tree, &w->cpu[1], GB, 2, S2_FAULT), S2_RETRY);
}

static void a_collapse_retries_at_a_table_that_was_just_made(void **state)
{
	struct world w;

	(void)state;
	open_with(&w, S2_FEAT_BBM2, 8);
	map_ok(&w, GB, BLOCK, S2_RW, 0);
	arrange(&w, S2_HOST_DSB_ISH, 1, collapse_meets_it);
	split_ok(&w, GB, BLOCK, 3);
	expect_happened();
	world_close(&w);
}

/* --- compact and prune -------------------------------------------------------------------- */

static void compact_forms_blocks_up_to_the_level_asked_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(levels_of_bbm); i++) {
		struct world w;

		open_with(&w, levels_of_bbm[i], 520);
		map_ok(&w, GB, GB, S2_RW, S2_PAGES);
		require_status(compact(&w, GB, GB, 3), S2_OK);
		assert_int_equal(look(&w, GB).level, 3);
		require_status(compact(&w, GB + BLOCK + PAGE, PAGE, 2), S2_OK);
		assert_int_equal(look(&w, GB + BLOCK).level, 2);
		assert_int_equal(look(&w, GB + 2 * BLOCK).level, 3);
		require_status(compact(&w, GB, GB, 2), S2_OK);
		assert_int_equal(look(&w, 2 * GB - PAGE).level, 2);
		require_status(compact(&w, 2 * GB - PAGE, PAGE, 1), S2_OK);
		assert_int_equal(look(&w, 2 * GB - PAGE).level, 1);
		assert_int_equal(w.cpu[0].stats.collapses, 513);
		world_quiesce(&w);
		assert_int_equal(w.tree.tables, 0);
		world_close(&w);
	}
}

static void compact_leaves_what_does_not_fit(void **state)
{
	struct world w;

	(void)state;
	open_with(&w, 0, 20);
	map_ok(&w, GB, BLOCK, S2_RW, S2_PAGES);
	map_ok(&w, GB + 5 * PAGE, PAGE, S2_R, 0);
	map_ok(&w, GB + BLOCK + PAGE, PAGE, S2_RW, 0);
	map_ok(&w, GB + 2 * BLOCK, BLOCK, S2_RW, 0);
	map_ok(&w, 4 * GB + PAGE, PAGE, S2_RW, 0);
	world_annotate(&w, 4 * GB, 3, 7);
	require_status(compact(&w, 0, BIT(39), 1), S2_OK);
	assert_int_equal(w.cpu[0].done, BIT(39));
	assert_int_equal(w.cpu[0].stats.collapses + w.cpu[0].stats.prunes, 0);
	assert_int_equal(look(&w, GB + 5 * PAGE).attr, S2_R);
	assert_int_equal(look(&w, 4 * GB).kind, S2_KIND_ANNOTATED);
	assert_int_equal(w.tree.tables, 5);
	world_close(&w);
}

static void empty_tables_go_and_those_above_that_become_empty(void **state)
{
	struct world w;

	(void)state;
	open_with(&w, 0, 20);
	map_ok(&w, GB + PAGE, PAGE, S2_RW, 0);
	map_ok(&w, 2 * GB, PAGE, S2_RW, 0);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB + PAGE, PAGE, 0), S2_OK);
	assert_int_equal(w.tree.tables, 4);
	require_status(compact(&w, GB, 2 * GB, 3), S2_OK);
	assert_int_equal(w.cpu[0].stats.prunes, 2);
	world_quiesce(&w);
	assert_int_equal(w.tree.tables, 2);
	assert_int_equal(look(&w, GB).level, 1);
	assert_int_equal(look(&w, 2 * GB).kind, S2_KIND_LEAF);
	world_close(&w);
}

/* The table around both of them goes when the second is empty too. */
static void empty_tables_go_up_to_the_root(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, &four_levels);
	world_fill(&w, &w.cpu[0], 8);
	for (uint64_t ipa = GB; ipa <= 2 * GB; ipa += GB) {
		map_ok(&w, ipa, PAGE, S2_RW, 0);
		require_status(s2_unmap(&w.tree, &w.cpu[0], ipa, PAGE, 0), S2_OK);
	}
	assert_int_equal(w.tree.tables, 5);
	require_status(compact(&w, GB, 2 * GB, 3), S2_OK);
	assert_int_equal(w.cpu[0].done, 2 * GB);
	assert_int_equal(w.cpu[0].stats.prunes, 5);
	assert_int_equal(look(&w, GB).level, 0);
	world_quiesce(&w);
	assert_int_equal(w.tree.tables, 0);
	world_close(&w);
}

static unsigned int loads;

static void count_loads(const struct s2_host_event *event)
{
	loads += event->op == S2_HOST_LOAD;
}

/* Whether a large table is empty is asked at its end, and not at that of each entry in it. */
static void compact_looks_through_a_table_once(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, &four_levels);
	world_fill(&w, &w.cpu[0], 8);
	map_ok(&w, 511 * GB, PAGE, S2_RW, 0);
	loads = 0;
	s2_host_trace.before = count_loads;
	require_status(compact(&w, 0, 64 * GB, 3), S2_OK);
	s2_host_trace.before = NULL;
	require(loads < 2 * 512, "%u loads", loads);
	world_close(&w);
}

static void a_budget_stops_compact_and_it_goes_on(void **state)
{
	struct world w;
	uint64_t done = 0;
	unsigned int calls = 0;

	(void)state;
	open_with(&w, 0, 520);
	map_ok(&w, GB, GB, S2_RW, S2_PAGES);
	w.cpu[0].budget = 1;
	while (done < GB) {
		int status = compact(&w, GB + done, GB - done, 1);

		require(status == S2_MORE || (status == S2_OK && w.cpu[0].done == GB - done), "%s",
			status_name(status));
		done += w.cpu[0].done;
		require(++calls < 1100, "%u calls", calls);
	}
	assert_int_equal(look(&w, GB).level, 1);
	w.cpu[0].budget = 0;
	world_close(&w);
}

static void install(struct world *w)
{
	for (uint64_t i = 0; i < 2; i++) {
		int status = s2_map(&w->tree, &w->cpu[1], GB + 511 * i * PAGE, PAGE, GB, S2_RW,
				    S2_FAULT);

		require_status(status, i ? S2_OK : S2_RETRY);
	}
}

/* Entry 0 is locked when the last one is installed: nothing is pruned, and no lock is left. */
static void an_install_beside_a_prune_is_not_lost(void **state)
{
	struct world w;

	(void)state;
	open_with(&w, 0, 20);
	map_ok(&w, GB, PAGE, S2_RW, 0);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, PAGE, 0), S2_OK);
	arrange(&w, S2_HOST_CAS, 100, install);
	require_status(compact(&w, GB, GB, 3), S2_OK);
	expect_happened();
	assert_int_equal(w.cpu[0].stats.prunes, 0);
	assert_int_equal(look(&w, GB + 511 * PAGE).kind, S2_KIND_LEAF);
	assert_int_equal(look(&w, GB).kind, S2_KIND_EMPTY);
	assert_int_equal(look(&w, GB + 50 * PAGE).kind, S2_KIND_EMPTY);
	world_close(&w);
}

/* All entries are locked, and then the table is cut off by somebody else. */
static void a_table_that_is_cut_while_it_is_pruned_is_not_retired_twice(void **state)
{
	struct world w;

	(void)state;
	open_with(&w, 0, 20);
	map_ok(&w, GB, PAGE, S2_RW, 0);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, PAGE, 0), S2_OK);
	arrange(&w, S2_HOST_CAS, 513, unmap_all);
	require_status(compact(&w, GB, BLOCK, 3), S2_OK);
	expect_happened();
	assert_int_equal(w.cpu[0].stats.prunes, 0);
	world_quiesce(&w);
	assert_int_equal(w.tree.tables, 0);
	world_close(&w);
}

static void compact_meets_it(struct world *w)
{
	require_status(s2_collapse(&w->tree, &w->cpu[1], GB, 2, S2_FAULT), S2_RETRY);
	require_status(s2_compact(&w->tree, &w->cpu[1], GB, BLOCK, 2, S2_FAULT), S2_RETRY);
}

static void a_table_that_is_busy_is_retried(void **state)
{
	struct world w;

	(void)state;
	/* Entry 0 is sealed; the entry above is locked, or sealed. */
	for (unsigned int nth = 2; nth <= 514; nth += 512) {
		open_with(&w, 0, 20);
		map_ok(&w, GB, BLOCK, S2_RW, S2_PAGES);
		arrange(&w, S2_HOST_CAS, nth, compact_meets_it);
		require_status(s2_collapse(&w.tree, &w.cpu[0], GB, 2, 0), S2_OK);
		expect_happened();
		world_close(&w);
	}
	open_with(&w, 0, 20);
	map_ok(&w, GB, BLOCK, S2_RW, S2_PAGES);
	arrange(&w, S2_HOST_DSB_ISH, 1, compact_meets_it);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, PAGE, 0), S2_OK);
	expect_happened();
	world_close(&w);
	open_with(&w, S2_FEAT_BBM2, 20);
	map_ok(&w, GB, BLOCK, S2_RW, 0);
	arrange(&w, S2_HOST_DSB_ISH, 1, compact_meets_it);
	split_ok(&w, GB, BLOCK, 3);
	expect_happened();
	world_close(&w);
}

static void corrupt_tables_stop_compact(void **state)
{
	static const s2_desc culprit[] = {0x0000001000000003, 0x1000000000000003};
	struct arch_walk walk;
	struct world w;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(culprit); i++) {
		open_with(&w, 0, 20);
		map_ok(&w, GB, PAGE, S2_RW, 0);
		arch_walk(&w.regime, GB + BLOCK, &walk);
		*(s2_desc *)(uintptr_t)walk.entry = culprit[i];
		require_status(compact(&w, GB + BLOCK, BLOCK, 2), S2_CORRUPT);
		assert_int_equal(w.cpu[0].corrupt.desc, culprit[i]);
		*(s2_desc *)(uintptr_t)walk.entry = 0;
		world_close(&w);
	}
}

/* --- conflict, and bad input ---------------------------------------------------------------- */

static void a_conflict_invalidates_the_vmid_and_no_more(void **state)
{
	struct world w;
	uint64_t before_it;

	(void)state;
	open_with(&w, S2_FEAT_BBM2, 20);
	map_ok(&w, GB, PAGE, S2_RW, 0);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, PAGE, S2_DEFER), S2_OK);
	before_it = s2_host_tlbis[S2_HOST_TLBI_VMALLS12E1IS - S2_HOST_TLBI_FIRST];
	require_status(s2_conflict(&w.tree, &w.cpu[0]), S2_OK);
	assert_int_equal(s2_host_tlbis[S2_HOST_TLBI_VMALLS12E1IS - S2_HOST_TLBI_FIRST],
			 before_it + 1);
	assert_int_equal(w.cpu[0].stats.tlbi_vmid, 1);
	assert_int_equal(look(&w, GB).kind, S2_KIND_LOCKED);
	require_status(s2_flush(&w.tree, &w.cpu[0]), S2_OK);
	require_status(s2_conflict(NULL, &w.cpu[0]), S2_INVALID);
	require_status(s2_conflict(&w.tree, NULL), S2_INVALID);
	world_close(&w);
}

static void bad_input_is_refused(void **state)
{
	struct s2_tree zero = {.fmt = NULL}, *tree;
	struct s2_cpu *cpu;
	uint64_t pages = 99;
	struct world w;

	(void)state;
	open_with(&w, 0, 20);
	tree = &w.tree;
	cpu = &w.cpu[0];
	require_status(s2_compact(NULL, cpu, GB, GB, 1, 0), S2_INVALID);
	require_status(s2_compact(tree, NULL, GB, GB, 1, 0), S2_INVALID);
	require_status(s2_compact(tree, cpu, GB, GB, 1, S2_DEFER), S2_INVALID);
	require_status(s2_compact(tree, cpu, GB, GB, 0, 0), S2_BAD_LEVEL);
	require_status(s2_compact(tree, cpu, GB, GB, 4, 0), S2_BAD_LEVEL);
	require_status(s2_compact(tree, cpu, GB, 0, 1, 0), S2_BAD_SIZE);
	require_status(s2_compact(tree, cpu, GB + 8, GB, 1, 0), S2_MISALIGNED);
	require_status(s2_compact(tree, cpu, BIT(39), PAGE, 1, 0), S2_IPA_RANGE);
	require_status(s2_split_cost(NULL, GB, GB, 3, &pages), S2_INVALID);
	require_status(s2_split_cost(&zero, GB, GB, 3, &pages), S2_INVALID);
	require_status(s2_split_cost(tree, GB, GB, 3, NULL), S2_INVALID);
	require_status(s2_split_cost(tree, GB, GB, 4, &pages), S2_BAD_LEVEL);
	require_status(s2_split_cost(tree, GB, 0, 3, &pages), S2_BAD_SIZE);
	assert_int_equal(pages, 99);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_large_block_becomes_pages_in_one_swap),
		cmocka_unit_test(too_few_pages_a_quota_or_a_budget_split_level_by_level),
		cmocka_unit_test(a_lost_race_gives_back_the_whole_subtree),
		cmocka_unit_test(a_table_cut_away_around_a_change_of_size_loses_no_page),
		cmocka_unit_test(what_a_split_costs_is_what_it_takes),
		cmocka_unit_test(what_a_map_costs_where_no_level_0_block_can_be_is_what_it_takes),
		cmocka_unit_test(what_is_a_block_already_is_left),
		cmocka_unit_test(a_page_that_another_has_locked_is_not_collapsed),
		cmocka_unit_test(what_any_page_has_noted_is_in_the_block),
		cmocka_unit_test(all_are_sealed_when_the_table_goes),
		cmocka_unit_test(what_is_old_when_it_is_sealed_is_old_in_the_block),
		cmocka_unit_test(a_page_that_differs_anywhere_keeps_the_table),
		cmocka_unit_test(a_table_that_is_cut_when_it_is_sealed_is_not_retired_twice),
		cmocka_unit_test(what_is_mapped_under_a_block_is_cleaned_once),
		cmocka_unit_test(a_map_that_loses_a_race_for_a_leaf_tries_again_or_answers),
		cmocka_unit_test(what_is_noted_in_a_block_with_nt_is_carried),
		cmocka_unit_test(what_is_noted_in_a_block_that_is_formed_stays),
		cmocka_unit_test(what_is_noted_around_a_seal_stays),
		cmocka_unit_test(what_is_noted_twice_before_a_seal_stays),
		cmocka_unit_test(what_changes_just_before_its_seal_stays_changed),
		cmocka_unit_test(without_others_nothing_is_sealed_and_no_note_is_lost),
		cmocka_unit_test(what_hardware_may_have_written_to_is_dirty_when_it_is_formed),
		cmocka_unit_test(readers_go_through_and_writers_retry),
		cmocka_unit_test(a_collapse_retries_at_a_table_that_was_just_made),
		cmocka_unit_test(compact_forms_blocks_up_to_the_level_asked_for),
		cmocka_unit_test(compact_leaves_what_does_not_fit),
		cmocka_unit_test(empty_tables_go_and_those_above_that_become_empty),
		cmocka_unit_test(empty_tables_go_up_to_the_root),
		cmocka_unit_test(compact_looks_through_a_table_once),
		cmocka_unit_test(a_budget_stops_compact_and_it_goes_on),
		cmocka_unit_test(an_install_beside_a_prune_is_not_lost),
		cmocka_unit_test(a_table_that_is_cut_while_it_is_pruned_is_not_retired_twice),
		cmocka_unit_test(a_table_that_is_busy_is_retried),
		cmocka_unit_test(corrupt_tables_stop_compact),
		cmocka_unit_test(a_conflict_invalidates_the_vmid_and_no_more),
		cmocka_unit_test(bad_input_is_refused),
	};

	return run_suite("shape", tests);
}
