/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * TLBI operands, judged by what the hardware invalidates.
 *
 * The decoder is the architecture's (lib/arch.h): an operand is right if the set
 * of addresses that it names is the set that was asked for, with a hint that the
 * hardware must honour, and nothing in the bits that are reserved.
 */
#include "lib/suite.h"

#include "tlbi.h"

#include "lib/arch.h"
#include "lib/formats.h"

#define LLU(x) ((unsigned long long)(x))

/* Where IPA arithmetic goes wrong first: both ends, each bit, and anywhere. */
static uint64_t some_ipa(const struct s2_format *fmt, struct rng *rng)
{
	uint64_t end = BIT(fmt->ipa_bits);
	uint64_t ipa = random_one_in(rng, 3)   ? BIT(random_below(rng, fmt->ipa_bits))
		       : random_one_in(rng, 3) ? end - 1 - random_below(rng, BIT(24))
					       : random_below(rng, end);

	return ipa >> fmt->granule_shift << fmt->granule_shift;
}

static bool has_level(const struct s2_format *fmt, unsigned int level)
{
	return level >= fmt->start_level && s2_level_has_leaf(fmt, level);
}

static void check_by_ipa(const struct s2_format *fmt, const struct arch_regime *regime,
			 uint64_t ipa, unsigned int hint)
{
	int expected = fmt->features & S2_FEAT_TTL && hint != S2_NO_HINT ? (int)hint : -1;
	uint64_t operand = s2_tlbi_ipa(fmt, ipa, hint);
	struct arch_tlbi set;

	require(arch_tlbi_ipa(regime, operand, &set), "%#llx: reserved bits or values",
		LLU(operand));
	require(set.first == ipa && set.last == ipa + BIT(fmt->granule_shift) - 1,
		"%#llx: %#llx..%#llx, not the page at %#llx", LLU(operand), LLU(set.first),
		LLU(set.last), LLU(ipa));
	require(set.level == expected, "%#llx: hint %d, not %d", LLU(operand), set.level, expected);
}

static void by_ipa_of_format(const struct s2_format *fmt)
{
	struct rng rng = {random_seed(0x697061)};
	struct arch_regime regime;

	assert_true(arch_regime_of(&regime, fmt));
	for (unsigned int n = 0; n < 100000; n++) {
		uint64_t ipa = some_ipa(fmt, &rng);

		check_by_ipa(fmt, &regime, ipa, S2_NO_HINT);
		for (unsigned int level = 0; level <= 3; level++)
			if (has_level(fmt, level))
				check_by_ipa(fmt, &regime, ipa & ~(s2_level_size(fmt, level) - 1),
					     level);
	}
}

static void an_operand_by_ipa_names_one_page_and_the_level_that_was_hinted(void **state)
{
	(void)state;
	for_each_format(by_ipa_of_format);
}

/* Constants from the picture in the Arm ARM. */
static void operands_by_ipa_have_the_bits_worked_out_by_hand(void **state)
{
	const struct s2_config k4 = {12, 48, 48, 16, S2_FEAT_TTL};
	const struct s2_config k16 = {14, 48, 48, 16, S2_FEAT_TTL};
	const struct s2_config k64 = {16, 48, 48, 16, S2_FEAT_TTL};
	struct s2_format fmt;

	(void)state;
	require_status(s2_format_init(&fmt, &k4), S2_OK);
	assert_int_equal(s2_tlbi_ipa(&fmt, 0x812345000, S2_NO_HINT), 0x0000000000812345);
	assert_int_equal(s2_tlbi_ipa(&fmt, 0x812345000, 3), 0x0000700000812345);
	assert_int_equal(s2_tlbi_ipa(&fmt, 0xffffffe00000, 2), 0x0000600ffffffe00);
	assert_int_equal(s2_tlbi_ipa(&fmt, 0x40000000, 1), 0x0000500000040000);
	require_status(s2_format_init(&fmt, &k16), S2_OK);
	assert_int_equal(s2_tlbi_ipa(&fmt, 0x812344000, 3), 0x0000b00000812344);
	require_status(s2_format_init(&fmt, &k64), S2_OK);
	assert_int_equal(s2_tlbi_ipa(&fmt, 0x812340000, 3), 0x0000f00000812340);
	assert_int_equal(s2_tlbi_ipa(&fmt, 0x20000000, 2), 0x0000e00000020000);
}

static void ranges_have_the_bits_worked_out_by_hand(void **state)
{
	const struct s2_config k4 = {12, 48, 48, 16, S2_FEAT_TTL | S2_FEAT_TLBIRANGE};
	const struct s2_config lpa2 = {12, 52, 52, 16,
				       S2_FEAT_LPA2 | S2_FEAT_TTL | S2_FEAT_TLBIRANGE};
	struct s2_format fmt;
	uint64_t covered;

	(void)state;
	require_status(s2_format_init(&fmt, &k4), S2_OK);
	/* TG 1, SCALE 0, NUM 0, no TTL. */
	assert_int_equal(s2_tlbi_range(&fmt, 0x40000000, 2, S2_NO_HINT, &covered),
			 0x0000400000040000);
	assert_int_equal(covered, 2);
	/* TG 1, SCALE 1, NUM 7, TTL 3: 512 pages. */
	assert_int_equal(s2_tlbi_range(&fmt, 0x40000000, 512, 3, &covered), 0x000053e000040000);
	assert_int_equal(covered, 512);
	require_status(s2_format_init(&fmt, &lpa2), S2_OK);
	/* TG 1, SCALE 3, NUM 31, TTL 2, base in units of 64 KiB. */
	assert_int_equal(s2_tlbi_range(&fmt, 0x4000000000000, 2097152, 2, &covered),
			 0x00007fc400000000);
	assert_int_equal(covered, 2097152);
}

/* The largest range that the architecture can say and that is not longer than `pages`. */
static uint64_t largest_range(uint64_t pages)
{
	uint64_t best = 0;

	for (unsigned int scale = 0; scale <= 3; scale++)
		for (uint64_t num = 0; num <= 31; num++) {
			uint64_t size = (num + 1) << (5 * scale + 1);

			if (size <= pages && size > best)
				best = size;
		}
	return best;
}

static uint64_t check_range(const struct s2_format *fmt, const struct arch_regime *regime,
			    uint64_t ipa, uint64_t pages, unsigned int hint)
{
	uint64_t covered = 0;
	uint64_t operand = s2_tlbi_range(fmt, ipa, pages, hint, &covered);
	int level = fmt->features & S2_FEAT_TTL && hint && hint != S2_NO_HINT ? (int)hint : -1;
	struct arch_tlbi set;

	require(arch_tlbi_range(regime, operand, &set), "%#llx: reserved bits or values",
		LLU(operand));
	require(set.first == ipa && set.last == ipa + (covered << fmt->granule_shift) - 1,
		"%#llx: %#llx..%#llx, not %llu pages at %#llx", LLU(operand), LLU(set.first),
		LLU(set.last), LLU(covered), LLU(ipa));
	require(set.level == level, "%#llx: hint %d, not %d", LLU(operand), set.level, level);
	return covered;
}

static void check_largest(const struct s2_format *fmt, const struct arch_regime *regime,
			  uint64_t pages)
{
	uint64_t covered = check_range(fmt, regime, 0, pages, S2_NO_HINT);

	require(covered == largest_range(pages), "%llu pages: %llu covered, not %llu", LLU(pages),
		LLU(covered), LLU(largest_range(pages)));
}

static void lengths_of_format(const struct s2_format *fmt)
{
	uint64_t all = BIT(fmt->ipa_bits) >> fmt->granule_shift;
	struct rng rng = {random_seed(0x6c656e)};
	struct arch_regime regime;

	if (!(fmt->features & S2_FEAT_TLBIRANGE))
		return;
	assert_true(arch_regime_of(&regime, fmt));
	for (uint64_t pages = 2; pages <= 10000; pages++)
		check_largest(fmt, &regime, pages);
	for (unsigned int shift = 1; BIT(shift) <= all; shift++)
		for (int around = -1; around <= 1; around++)
			if (BIT(shift) + around >= 2 && BIT(shift) + around <= all)
				check_largest(fmt, &regime, BIT(shift) + around);
	for (unsigned int n = 0; n < 10000; n++)
		check_largest(fmt, &regime, 2 + random_below(&rng, all - 1));
}

static void a_range_is_the_largest_that_does_not_exceed_what_was_asked_for(void **state)
{
	(void)state;
	for_each_format(lengths_of_format);
}

/* Invalidates as the engine is to: ranges while two pages are left, then the last one alone. */
static unsigned int cover_whole(const struct s2_format *fmt, const struct arch_regime *regime,
				uint64_t ipa, uint64_t pages)
{
	unsigned int operations = 0;

	while (pages > 1) {
		uint64_t covered = check_range(fmt, regime, ipa, pages, S2_NO_HINT);

		require(covered >= 2 && covered <= pages, "%llu of %llu pages", LLU(covered),
			LLU(pages));
		ipa += covered << fmt->granule_shift;
		pages -= covered;
		operations++;
	}
	if (pages)
		check_by_ipa(fmt, regime, ipa, S2_NO_HINT);
	return operations + (unsigned int)pages;
}

static void whole_ranges_of_format(const struct s2_format *fmt)
{
	uint64_t base = fmt->features & S2_FEAT_LPA2 ? UINT64_C(0xffff) : 0;
	uint64_t end = BIT(fmt->ipa_bits);
	struct rng rng = {random_seed(0x77686f6c65)};
	struct arch_regime regime;

	if (!(fmt->features & S2_FEAT_TLBIRANGE))
		return;
	assert_true(arch_regime_of(&regime, fmt));
	for (unsigned int n = 0; n < 50000; n++) {
		uint64_t ipa = some_ipa(fmt, &rng) & ~base;
		uint64_t left = (end - ipa) >> fmt->granule_shift;
		uint64_t limit = left < BIT(21) ? left : BIT(21);
		uint64_t pages = 1 + random_below(&rng, limit);
		unsigned int operations = cover_whole(fmt, &regime, ipa, pages);

		require(operations <= 5, "%llu pages at %#llx: %u operations", LLU(pages), LLU(ipa),
			operations);
	}
}

static void bug18_any_2_to_the_21_pages_are_covered_exactly_by_at_most_5_operations(void **state)
{
	(void)state;
	for_each_format(whole_ranges_of_format);
}

static void hinted_ranges_of_format(const struct s2_format *fmt)
{
	struct rng rng = {random_seed(0x68696e74)};
	struct arch_regime regime;

	if (!(fmt->features & S2_FEAT_TLBIRANGE))
		return;
	assert_true(arch_regime_of(&regime, fmt));
	for (unsigned int n = 0; n < 20000; n++)
		for (unsigned int level = 1; level <= 3; level++) {
			uint64_t size = s2_level_size(fmt, level);
			uint64_t unit = fmt->features & S2_FEAT_LPA2 && size < 65536 ? 65536 : size;
			uint64_t ipa = some_ipa(fmt, &rng) & ~(unit - 1);
			uint64_t left = BIT(fmt->ipa_bits) - ipa;

			if (has_level(fmt, level) && left >= 2 * size)
				check_range(fmt, &regime, ipa,
					    (2 + random_below(&rng, left / size - 1)) * size >>
						    fmt->granule_shift,
					    level);
		}
}

static void a_range_of_leaves_of_one_level_carries_the_hint(void **state)
{
	(void)state;
	for_each_format(hinted_ranges_of_format);
}

/* --- plans ------------------------------------------------------------------ */

#define RUNS_MAX 8

struct runs {
	struct s2_run run[RUNS_MAX];
	uint32_t n;
};

static uint64_t run_end(const struct arch_regime *regime, const struct s2_run *run)
{
	return run->ipa + run->count * arch_size(regime, run->level);
}

static struct arch_tlbi decode(const struct arch_regime *regime, const struct s2_plan *plan,
			       unsigned int i)
{
	bool ranged = plan->ranged >> i & 1;
	struct arch_tlbi set;

	require(ranged ? arch_tlbi_range(regime, plan->operand[i], &set)
		       : arch_tlbi_ipa(regime, plan->operand[i], &set),
		"%#llx: reserved bits or values, or a hint that need not be honoured",
		LLU(plan->operand[i]));
	return set;
}

/*
 * How far operand `i` removes the run from `at` on; `at` if not at all.  A leaf
 * is gone if any byte of it is named; a table with all below it only if all of
 * them are, for every level and with pointers.
 */
static uint64_t removed_to(const struct arch_regime *regime, const struct s2_plan *plan,
			   unsigned int i, const struct s2_run *run, uint64_t at)
{
	uint64_t size = run->tables ? BIT(regime->granule_shift) : arch_size(regime, run->level);
	struct arch_tlbi set = decode(regime, plan, i);

	if (set.level >= 0 && (set.level != run->level || run->tables))
		return at;
	if (run->tables && plan->last_level >> i & 1)
		return at;
	return set.first < at + size && set.last >= at ? (set.last / size + 1) * size : at;
}

static void require_removed(const struct arch_regime *regime, const struct s2_plan *plan,
			    const struct s2_run *run)
{
	uint64_t at = run->ipa;

	while (at < run_end(regime, run)) {
		uint64_t to = at;

		for (unsigned int i = 0; i < plan->n && to == at; i++)
			to = removed_to(regime, plan, i, run, at);
		require(to > at, "%u entries of level %u at %#llx: nothing removes %#llx",
			run->count, run->level, LLU(run->ipa), LLU(at));
		at = to;
	}
}

/* The end of the run that holds `at`; under LPA2 also of one that begins in the same 64 KiB. */
static uint64_t run_around(const struct arch_regime *regime, const struct runs *runs, uint64_t at)
{
	for (uint32_t i = 0; i < runs->n; i++) {
		uint64_t ipa = runs->run[i].ipa;

		if ((regime->ds ? ipa & ~UINT64_C(0xffff) : ipa) <= at &&
		    at < run_end(regime, &runs->run[i]))
			return run_end(regime, &runs->run[i]);
	}
	return at;
}

static void require_asked_for(const struct arch_regime *regime, const struct s2_plan *plan,
			      unsigned int i, const struct runs *runs)
{
	struct arch_tlbi set = decode(regime, plan, i);
	uint64_t at = set.first;

	while (at <= set.last) {
		uint64_t to = run_around(regime, runs, at);

		require(to > at, "operand %u, %#llx..%#llx: nobody asked for %#llx", i,
			LLU(set.first), LLU(set.last), LLU(at));
		at = to;
	}
}

/* Few enough operations for any engine: one leaf; or a few ranges of 5 at most, see bug 18. */
static bool must_fit(const struct s2_format *fmt, const struct runs *runs)
{
	bool one = runs->n == 1 && runs->run[0].count == 1 && !runs->run[0].tables;
	bool few = fmt->features & S2_FEAT_TLBIRANGE && runs->n <= 3;

	for (uint32_t i = 0; i < runs->n; i++)
		few &= runs->run[i].count * s2_level_size(fmt, runs->run[i].level) <=
		       BIT(20) << fmt->granule_shift;
	return one || few;
}

/* Entries of a level, next to those before them as often as not. */
static bool draw_run(const struct s2_format *fmt, struct rng *rng, uint64_t *from,
		     struct s2_run *run)
{
	static const unsigned int most[] = {1, 3, 40, 5000};
	unsigned int level = fmt->start_level + random_below(rng, 4u - fmt->start_level);
	uint64_t size = s2_level_size(fmt, level);
	uint64_t gap = random_one_in(rng, 2) ? 0 : random_below(rng, 20);
	uint64_t ipa = (*from + size - 1) / size * size + gap * size;
	bool tables = level < 3 && (!has_level(fmt, level) || random_one_in(rng, 3));
	uint64_t count = 1 + random_below(rng, most[random_below(rng, ARRAY_SIZE(most))]);

	*run = (struct s2_run){
		.ipa = ipa, .count = (uint32_t)count, .level = (uint8_t)level, .tables = tables};
	*from = ipa + count * size;
	return *from <= BIT(fmt->ipa_bits);
}

static void draw_runs(const struct s2_format *fmt, struct rng *rng, struct runs *runs)
{
	uint64_t from = random_one_in(rng, 4) ? some_ipa(fmt, rng) : 0;
	uint64_t most = 1 + random_below(rng, RUNS_MAX);

	for (runs->n = 0; runs->n < most; runs->n++)
		if (!draw_run(fmt, rng, &from, &runs->run[runs->n]))
			break;
}

static void check_plan(const struct s2_format *fmt, const struct arch_regime *regime,
		       const struct runs *runs)
{
	struct s2_plan plan;

	s2_plan_runs(&plan, fmt, runs->run, runs->n);
	require(!must_fit(fmt, runs) || plan.n <= S2_PLAN_MAX,
		"%u runs from %#llx: all of the VMID", runs->n, LLU(runs->run[0].ipa));
	if (plan.n > S2_PLAN_MAX)
		return;
	for (uint32_t i = 0; i < runs->n; i++)
		require_removed(regime, &plan, &runs->run[i]);
	for (unsigned int i = 0; i < plan.n; i++)
		require_asked_for(regime, &plan, i, runs);
}

static void plans_of_format(const struct s2_format *fmt)
{
	struct rng rng = {random_seed(0x706c616e)};
	struct arch_regime regime;
	struct runs runs;

	assert_true(arch_regime_of(&regime, fmt));
	set_context("granule %u, ipa %u, features %#x", fmt->granule_shift, fmt->ipa_bits,
		    (unsigned int)fmt->features);
	for (unsigned int n = 0; n < 20000; n++) {
		draw_runs(fmt, &rng, &runs);
		if (runs.n)
			check_plan(fmt, &regime, &runs);
	}
	set_context("%s", "");
}

static void a_plan_removes_all_that_its_runs_name_and_nothing_else(void **state)
{
	(void)state;
	for_each_format(plans_of_format);
}

/* The plan of one entry is made by a shorter way, and says what that of a run of one says. */
static void check_one(const struct s2_format *fmt, const struct arch_regime *regime,
		      const struct s2_run *run)
{
	struct runs one = {.run = {*run}, .n = 1};
	struct s2_plan plan, same;

	one.run[0].count = 1;
	s2_plan_entry(&plan, fmt, run->ipa, run->level, run->tables);
	s2_plan_runs(&same, fmt, one.run, 1);
	require(plan.n == same.n, "%u operands, not %u", plan.n, same.n);
	if (plan.n > S2_PLAN_MAX)
		return;
	require(plan.ranged == same.ranged && plan.last_level == same.last_level,
		"other operations at level %u", run->level);
	for (unsigned int i = 0; i < plan.n; i++) {
		require(plan.operand[i] == same.operand[i], "%#llx, not %#llx",
			LLU(plan.operand[i]), LLU(same.operand[i]));
		require_asked_for(regime, &plan, i, &one);
	}
	require_removed(regime, &plan, &one.run[0]);
}

static void entries_of_format(const struct s2_format *fmt)
{
	struct rng rng = {random_seed(0x656e747279)};
	struct arch_regime regime;
	struct s2_run run;

	assert_true(arch_regime_of(&regime, fmt));
	set_context("granule %u, ipa %u, features %#x", fmt->granule_shift, fmt->ipa_bits,
		    (unsigned int)fmt->features);
	for (unsigned int n = 0; n < 5000; n++) {
		uint64_t from = some_ipa(fmt, &rng);

		if (draw_run(fmt, &rng, &from, &run))
			check_one(fmt, &regime, &run);
	}
	set_context("%s", "");
}

static void the_plan_of_one_entry_says_what_that_of_a_run_says(void **state)
{
	(void)state;
	for_each_format(entries_of_format);
}

/*
 * Two blocks of 2^22 pages are four ranges of 2^21: the second and the fourth
 * begin in the middle of a block, where a hint need not be honoured.
 */
static void a_range_that_begins_within_a_block_has_no_hint(void **state)
{
	const struct s2_config lpa2 = {14, 52, 52, 16,
				       S2_FEAT_LPA2 | S2_FEAT_TTL | S2_FEAT_TLBIRANGE};
	const struct s2_run two = {.ipa = BIT(40), .count = 2, .level = 1};
	struct arch_regime regime;
	struct s2_format fmt;
	struct s2_plan plan;

	(void)state;
	require_status(s2_format_init(&fmt, &lpa2), S2_OK);
	assert_true(arch_regime_of(&regime, &fmt));
	s2_plan_runs(&plan, &fmt, &two, 1);
	assert_int_equal(plan.n, 4);
	for (unsigned int i = 0; i < plan.n; i++)
		assert_int_equal(decode(&regime, &plan, i).level, i % 2 ? -1 : 1);
	require_removed(&regime, &plan, &two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_operand_by_ipa_names_one_page_and_the_level_that_was_hinted),
		cmocka_unit_test(operands_by_ipa_have_the_bits_worked_out_by_hand),
		cmocka_unit_test(ranges_have_the_bits_worked_out_by_hand),
		cmocka_unit_test(a_range_is_the_largest_that_does_not_exceed_what_was_asked_for),
		cmocka_unit_test(
			bug18_any_2_to_the_21_pages_are_covered_exactly_by_at_most_5_operations),
		cmocka_unit_test(a_range_of_leaves_of_one_level_carries_the_hint),
		cmocka_unit_test(a_plan_removes_all_that_its_runs_name_and_nothing_else),
		cmocka_unit_test(the_plan_of_one_entry_says_what_that_of_a_run_says),
		cmocka_unit_test(a_range_that_begins_within_a_block_has_no_hint),
	};

	return run_suite("tlbi", tests);
}
