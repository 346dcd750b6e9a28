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
	};

	return run_suite("tlbi", tests);
}
