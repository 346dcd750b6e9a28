/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * One descriptor: encoded, decoded, and read by the architecture's own rules.
 *
 * Every attribute at every level of every format goes there and back; a few
 * values are worked out by hand, so that encoder and decoder cannot agree on
 * something wrong.
 */
#include "lib/suite.h"

#include <stage2/descriptor.h>

#include "lib/arch.h"
#include "lib/formats.h"

#define LLU(x) ((unsigned long long)(x))

static bool attr_is_good(const struct s2_format *fmt, s2_attr attr)
{
	s2_attr memory = attr & S2_MEM_MASK;
	bool el1 = attr & S2_X_EL1, el0 = attr & S2_X_EL0;

	if (attr & ~S2_ATTR_ALL || memory == S2_MEM_MASK)
		return false;
	if (el1 != el0 && !(fmt->features & S2_FEAT_XNX))
		return false;
	if ((attr & S2_LOG && !(attr & S2_W)) || (attr & S2_DIRTY && !(attr & S2_LOG)))
		return false;
	return memory != S2_DEVICE || (!el1 && !el0);
}

/* Calls `check` at each leaf level with addresses that set each bit once, none, and all. */
static void for_each_leaf(const struct s2_format *fmt,
			  void (*check)(const struct s2_format *fmt, unsigned int level,
					uint64_t pa))
{
	for (unsigned int level = 0; level <= 3; level++) {
		if (!s2_level_has_leaf(fmt, level))
			continue;
		check(fmt, level, 0);
		for (unsigned int bit = s2_level_shift(fmt, level); bit < fmt->pa_bits; bit++)
			check(fmt, level, BIT(bit));
		if (s2_level_shift(fmt, level) < fmt->pa_bits)
			check(fmt, level, BIT(fmt->pa_bits) - s2_level_size(fmt, level));
	}
}

static void check_round_trip(const struct s2_format *fmt, unsigned int level, uint64_t pa)
{
	for (s2_attr attr = 0; attr <= S2_ATTR_ALL; attr++) {
		s2_desc desc;

		if (!attr_is_good(fmt, attr))
			continue;
		require_status(s2_desc_leaf(fmt, level, pa, attr, &desc), S2_OK);
		require(s2_desc_kind(fmt, level, desc) == S2_KIND_LEAF, "%#llx is no leaf",
			LLU(desc));
		require(s2_desc_pa(fmt, desc) == pa, "%#llx: address %#llx, not %#llx", LLU(desc),
			LLU(s2_desc_pa(fmt, desc)), LLU(pa));
		require(s2_desc_attr(fmt, desc) == attr, "%#llx: attributes %#x, not %#x",
			LLU(desc), s2_desc_attr(fmt, desc), attr);
		require(!(desc & S2_DESC_SEAL), "%#llx is sealed", LLU(desc));
	}
}

static void round_trip_of_format(const struct s2_format *fmt)
{
	for_each_leaf(fmt, check_round_trip);
}

static void every_leaf_decodes_to_what_was_encoded(void **state)
{
	(void)state;
	for_each_format(round_trip_of_format);
}

static void check_architecture(const struct s2_format *fmt, unsigned int level, uint64_t pa)
{
	struct arch_regime regime;

	assert_true(arch_regime_of(&regime, fmt));
	for (s2_attr attr = 0; attr <= S2_ATTR_ALL; attr++) {
		s2_attr seen;
		s2_desc desc;

		if (!attr_is_good(fmt, attr))
			continue;
		require_status(s2_desc_leaf(fmt, level, pa, attr, &desc), S2_OK);
		require(arch_kind(&regime, level, desc) == ARCH_LEAF, "%#llx is no leaf",
			LLU(desc));
		require(arch_output(&regime, level, desc) == pa, "%#llx: address %#llx, not %#llx",
			LLU(desc), LLU(arch_output(&regime, level, desc)), LLU(pa));
		require(arch_attr(&regime, level, desc, &seen) && seen == attr,
			"%#llx: attributes %#x, not %#x", LLU(desc), seen, attr);
	}
}

static void architecture_of_format(const struct s2_format *fmt)
{
	for_each_leaf(fmt, check_architecture);
}

static void the_architecture_reads_every_leaf_as_it_was_meant(void **state)
{
	(void)state;
	for_each_format(architecture_of_format);
}

/* Worked by hand from the picture in the Arm ARM: type, MemAttr, S2AP, SH, AF, XN, address. */
static const struct {
	struct s2_config cfg;
	uint8_t level;
	uint64_t pa;
	s2_attr attr;
	s2_desc desc;
} by_hand[] = {
	{{12, 40, 40, 8, 0}, 3, 0x40000000, S2_RWX, 0x00000000400007ff},
	{{12, 40, 40, 8, 0}, 3, 0x40000000, S2_RW, 0x00400000400007ff},
	{{12, 40, 40, 8, 0}, 3, 0xfffffff000, S2_R, 0x004000fffffff77f},
	{{12, 40, 40, 8, 0}, 3, 0, S2_W, 0x00400000000007bf},
	{{12, 40, 40, 8, 0}, 3, 0, 0, 0x004000000000073f},
	{{12, 40, 40, 8, 0}, 3, 0, S2_RWX | S2_OLD, 0x00000000000003ff},
	{{12, 40, 40, 8, 0}, 3, 0, S2_RWX | S2_SW(5), 0x02800000000007ff},
	{{12, 40, 40, 8, 0}, 3, 0, S2_RWX | S2_LOG, 0x000800000000077f},
	{{12, 40, 40, 8, 0}, 3, 0, S2_RWX | S2_LOG | S2_DIRTY, 0x00080000000007ff},
	{{12, 40, 40, 8, S2_FEAT_XNX}, 3, 0, S2_RW | S2_X_EL0, 0x00200000000007ff},
	{{12, 40, 40, 8, S2_FEAT_XNX}, 3, 0, S2_RW | S2_X_EL1, 0x00600000000007ff},
	{{12, 40, 40, 8, S2_FEAT_XNX}, 3, 0, S2_RW, 0x00400000000007ff},
	{{12, 40, 40, 8, 0}, 2, 0x40200000, S2_RWX, 0x00000000402007fd},
	{{12, 40, 40, 8, 0}, 1, 0x40000000, S2_RWX, 0x00000000400007fd},
	{{12, 40, 40, 8, S2_FEAT_FWB}, 3, 0x1000, S2_RWX, 0x00000000000017db},
	{{12, 52, 52, 8, S2_FEAT_LPA2}, 3, 0xc000000001000, S2_RWX, 0x00000000000017ff},
	{{12, 52, 52, 8, S2_FEAT_LPA2}, 3, 0x6000000001000, S2_RWX, 0x00020000000015ff},
	{{12, 52, 52, 8, S2_FEAT_LPA2}, 0, 0x8008000000000, S2_RWX, 0x00000080000006fd},
	{{14, 47, 48, 8, 0}, 3, 0x4000, S2_RWX, 0x00000000000047ff},
	{{14, 47, 48, 8, 0}, 2, 0x2000000, S2_RWX, 0x00000000020007fd},
	{{14, 52, 52, 8, S2_FEAT_LPA2}, 1, 0x4001000000000, S2_RWX, 0x00000010000005fd},
	{{16, 48, 48, 8, 0}, 3, 0xffffffff0000, S2_RWX, 0x0000ffffffff07ff},
	{{16, 52, 52, 8, 0}, 3, 0xf000000010000, S2_RWX, 0x000000000001f7ff},
	{{16, 52, 52, 8, 0}, 2, 0xa000020000000, S2_RWX, 0x000000002000a7fd},
	{{16, 52, 52, 8, 0}, 1, 0x9040000000000, S2_RWX, 0x00000400000097fd},
};

static void leaves_have_the_bits_worked_out_by_hand(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(by_hand); i++) {
		struct s2_format fmt;
		s2_desc desc;

		require_status(s2_format_init(&fmt, &by_hand[i].cfg), S2_OK);
		require_status(
			s2_desc_leaf(&fmt, by_hand[i].level, by_hand[i].pa, by_hand[i].attr, &desc),
			S2_OK);
		require(desc == by_hand[i].desc, "line %zu: %#llx, not %#llx", i, LLU(desc),
			LLU(by_hand[i].desc));
	}
}

/* SH is of no effect on these, so only the rest is compared. */
static void device_and_non_cacheable_memory_have_their_bits(void **state)
{
	const struct s2_config cfgs[] = {{12, 40, 40, 8, 0}, {12, 40, 40, 8, S2_FEAT_FWB}};
	const s2_desc sh = 3 << 8;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cfgs); i++) {
		struct s2_format fmt;
		s2_desc desc;

		require_status(s2_format_init(&fmt, &cfgs[i]), S2_OK);
		require_status(s2_desc_leaf(&fmt, 3, 0x9000000, S2_RW | S2_DEVICE, &desc), S2_OK);
		assert_int_equal(desc & ~sh, 0x00400000090004c7);
		require_status(s2_desc_leaf(&fmt, 3, 0x9000000, S2_RWX | S2_NORMAL_NC, &desc),
			       S2_OK);
		assert_int_equal(desc & ~sh, 0x00000000090004d7);
	}
}

static void check_table(const struct s2_format *fmt)
{
	struct arch_regime regime;
	s2_desc desc;

	assert_true(arch_regime_of(&regime, fmt));
	for (unsigned int bit = fmt->granule_shift; bit < fmt->pa_bits; bit++) {
		require_status(s2_desc_table(fmt, BIT(bit), &desc), S2_OK);
		require(s2_desc_kind(fmt, 2, desc) == S2_KIND_TABLE, "%#llx is no table",
			LLU(desc));
		require(s2_desc_pa(fmt, desc) == BIT(bit), "%#llx: address", LLU(desc));
		require(arch_kind(&regime, 2, desc) == ARCH_TABLE &&
				arch_output(&regime, 2, desc) == BIT(bit),
			"%#llx: not what the architecture calls a table at %#llx", LLU(desc),
			LLU(BIT(bit)));
	}
}

static void a_table_descriptor_points_to_its_table(void **state)
{
	(void)state;
	for_each_format(check_table);
}

static void refuses_leaf(const struct s2_format *fmt, unsigned int level, uint64_t pa, s2_attr attr,
			 int expected)
{
	s2_desc desc = 0x5a5a;

	require_status(s2_desc_leaf(fmt, level, pa, attr, &desc), expected);
	require(desc == 0x5a5a, "refused, but written to");
}

static void check_bad_levels(const struct s2_format *fmt)
{
	struct arch_regime regime;

	assert_true(arch_regime_of(&regime, fmt));
	for (unsigned int level = 0; level < 70; level++) {
		bool exists = level >= fmt->start_level && level <= 3 &&
			      arch_kind(&regime, level, level == 3 ? 3 : 1) == ARCH_LEAF;

		if (!exists)
			refuses_leaf(fmt, level, 0, S2_RW, S2_BAD_LEVEL);
	}
	refuses_leaf(fmt, UINT32_MAX, 0, S2_RW, S2_BAD_LEVEL);
}

static void a_leaf_at_a_level_without_blocks_is_refused(void **state)
{
	(void)state;
	for_each_format(check_bad_levels);
}

static void check_bad_attrs(const struct s2_format *fmt)
{
	for (s2_attr attr = 0; attr < 0x1000; attr++)
		if (!attr_is_good(fmt, attr))
			refuses_leaf(fmt, 3, 0, attr, S2_BAD_ATTR);
	for (unsigned int bit = 12; bit < 32; bit++)
		refuses_leaf(fmt, 3, 0, S2_RW | UINT32_C(1) << bit, S2_BAD_ATTR);
}

static void attributes_that_contradict_or_do_not_exist_are_refused(void **state)
{
	(void)state;
	for_each_format(check_bad_attrs);
}

static void check_bad_addresses(const struct s2_format *fmt)
{
	for (unsigned int level = 0; level <= 3; level++) {
		if (!s2_level_has_leaf(fmt, level))
			continue;
		for (unsigned int bit = 0; bit < s2_level_shift(fmt, level); bit++)
			if (bit < fmt->pa_bits)
				refuses_leaf(fmt, level, BIT(bit), S2_RW, S2_MISALIGNED);
		for (unsigned int bit = fmt->pa_bits; bit < 64; bit++)
			refuses_leaf(fmt, level, BIT(bit), S2_RW, S2_PA_RANGE);
	}
}

static void an_address_that_the_leaf_cannot_hold_is_refused(void **state)
{
	(void)state;
	for_each_format(check_bad_addresses);
}

/* A block larger than all physical memory has bytes beyond it, wherever it begins. */
static void a_block_larger_than_the_physical_address_space_is_refused(void **state)
{
	const struct s2_config cfg = {12, 36, 36, 8, S2_FEAT_LPA2};
	const struct s2_config large = {12, 48, 48, 8, S2_FEAT_LPA2};
	struct s2_format fmt, huge;
	s2_desc desc;

	(void)state;
	require_status(s2_format_init(&fmt, &cfg), S2_OK);
	require_status(s2_format_init(&huge, &large), S2_OK);
	if (s2_level_has_leaf(&fmt, 0))
		refuses_leaf(&fmt, 0, 0, S2_RW, S2_PA_RANGE);
	require_status(s2_desc_leaf(&huge, 0, 0, S2_RW, &desc), S2_OK);
}

static void refusals_come_in_the_documented_order(void **state)
{
	const struct s2_config cfg = {12, 40, 40, 8, 0};
	struct s2_format fmt;
	s2_desc desc;

	(void)state;
	require_status(s2_format_init(&fmt, &cfg), S2_OK);
	require_status(s2_desc_leaf(NULL, 9, 1, ~0u, &desc), S2_INVALID);
	require_status(s2_desc_leaf(&fmt, 9, 1, ~0u, NULL), S2_INVALID);
	refuses_leaf(&fmt, 9, BIT(40) | 1, ~0u, S2_BAD_LEVEL);
	refuses_leaf(&fmt, 3, BIT(40) | 1, ~0u, S2_BAD_ATTR);
	refuses_leaf(&fmt, 3, BIT(40) | 1, S2_RW, S2_PA_RANGE);
	refuses_leaf(&fmt, 3, 1, S2_RW, S2_MISALIGNED);
}

static void check_bad_tables(const struct s2_format *fmt)
{
	s2_desc desc = 0x5a5a;

	for (unsigned int bit = 0; bit < fmt->granule_shift; bit++)
		require_status(s2_desc_table(fmt, BIT(bit), &desc), S2_MISALIGNED);
	for (unsigned int bit = fmt->pa_bits; bit < 64; bit++)
		require_status(s2_desc_table(fmt, BIT(bit), &desc), S2_PA_RANGE);
	require_status(s2_desc_table(NULL, 0, &desc), S2_INVALID);
	require_status(s2_desc_table(fmt, 0, NULL), S2_INVALID);
	require(desc == 0x5a5a, "refused, but written to");
}

static void a_table_address_that_does_not_fit_is_refused(void **state)
{
	(void)state;
	for_each_format(check_bad_tables);
}

static void check_annotation(const struct s2_format *fmt, uint32_t owner, uint64_t payload)
{
	s2_desc desc;

	require_status(s2_desc_annotation(owner, payload, &desc), S2_OK);
	require(!(desc & (BIT(0) | BIT(7))), "%#llx: bit 0 or 7 is set", LLU(desc));
	require(s2_desc_owner(desc) == owner && s2_desc_payload(desc) == payload,
		"%#llx: owner %#x, payload %#llx", LLU(desc), owner, LLU(payload));
	for (unsigned int level = fmt->start_level; level <= 3; level++)
		require(s2_desc_kind(fmt, level, desc) == S2_KIND_ANNOTATED,
			"%#llx is no annotation at level %u", LLU(desc), level);
}

static void annotations_of_format(const struct s2_format *fmt)
{
	for (uint32_t owner = 1; owner <= S2_OWNER_MAX; owner++)
		check_annotation(fmt, owner, owner % 2 ? 0 : S2_PAYLOAD_MAX);
	for (unsigned int bit = 0; bit < 40; bit++)
		check_annotation(fmt, 1, BIT(bit));
}

static void an_annotation_keeps_its_owner_and_payload_and_is_invalid(void **state)
{
	(void)state;
	for_each_format(annotations_of_format);
}

static void an_owner_or_payload_that_does_not_fit_is_refused(void **state)
{
	s2_desc desc = 0x5a5a;

	(void)state;
	require_status(s2_desc_annotation(0, 0, &desc), S2_BAD_OWNER);
	require_status(s2_desc_annotation(S2_OWNER_MAX + 1, 0, &desc), S2_BAD_OWNER);
	require_status(s2_desc_annotation(UINT32_MAX, 0, &desc), S2_BAD_OWNER);
	require_status(s2_desc_annotation(1, S2_PAYLOAD_MAX + 1, &desc), S2_BAD_OWNER);
	require_status(s2_desc_annotation(1, UINT64_MAX, &desc), S2_BAD_OWNER);
	require_status(s2_desc_annotation(1, 0, NULL), S2_INVALID);
	require(desc == 0x5a5a, "refused, but written to");
}

/* The states that the picture in descriptor.h gives to an invalid entry. */
static bool invalid_kind_is(s2_desc desc, enum s2_kind kind)
{
	switch (kind) {
	case S2_KIND_EMPTY:
		return desc == 0;
	case S2_KIND_ANNOTATED:
		return bits(desc, 3, 1) == 1 && s2_desc_owner(desc);
	case S2_KIND_LOCKED:
		return bits(desc, 3, 1) == 2 || bits(desc, 3, 1) == 3;
	default:
		return kind == S2_KIND_CORRUPT;
	}
}

static void check_value(const struct s2_format *fmt, const struct arch_regime *regime,
			unsigned int level, s2_desc desc)
{
	enum s2_kind kind = s2_desc_kind(fmt, level, desc);
	enum arch_kind arch = arch_kind(regime, level, desc);

	if (kind == S2_KIND_CORRUPT)
		return;
	require(kind != S2_KIND_LEAF || arch == ARCH_LEAF, "level %u, %#llx: no leaf", level,
		LLU(desc));
	require(kind != S2_KIND_TABLE || arch == ARCH_TABLE, "level %u, %#llx: no table", level,
		LLU(desc));
	if (kind == S2_KIND_LEAF || kind == S2_KIND_TABLE)
		return;
	require(arch == ARCH_INVALID && invalid_kind_is(desc, kind), "level %u, %#llx: kind %d",
		level, LLU(desc), kind);
	require(!(desc & BIT(7)), "level %u, %#llx: bit 7 is set", level, LLU(desc));
}

static void kinds_of_format(const struct s2_format *fmt)
{
	struct rng rng = {random_seed(0x6b696e64)};
	struct arch_regime regime;

	assert_true(arch_regime_of(&regime, fmt));
	for (unsigned int n = 0; n < 200000; n++) {
		s2_desc desc = random_next(&rng);
		s2_desc few = desc & random_next(&rng) & random_next(&rng);

		for (unsigned int level = fmt->start_level; level <= 3; level++) {
			check_value(fmt, &regime, level, desc);
			check_value(fmt, &regime, level, few);
			check_value(fmt, &regime, level, n);
		}
	}
}

static void any_value_is_what_the_hardware_takes_it_for_or_corrupt(void **state)
{
	(void)state;
	for_each_format(kinds_of_format);
}

static void check_reserved(const struct s2_format *fmt)
{
	struct arch_regime regime;

	assert_true(arch_regime_of(&regime, fmt));
	for (unsigned int level = 0; level <= 3; level++)
		if (arch_kind(&regime, level, 1) == ARCH_RESERVED || level == 3)
			require(s2_desc_kind(fmt, level, 0x4000000000000401) == S2_KIND_CORRUPT,
				"level %u: a reserved encoding is not corrupt", level);
	for (unsigned int level = 4; level < 70; level++) {
		require(s2_desc_kind(fmt, level, 3) == S2_KIND_CORRUPT &&
				s2_desc_kind(fmt, level, 0) == S2_KIND_CORRUPT,
			"level %u exists", level);
	}
}

static void reserved_encodings_and_levels_are_corrupt(void **state)
{
	(void)state;
	for_each_format(check_reserved);
}

static void only_leaves_have_attributes(const struct s2_format *fmt)
{
	s2_desc owned = 0;

	require_status(s2_desc_annotation(S2_OWNER_MAX, S2_PAYLOAD_MAX, &owned), S2_OK);
	require(s2_desc_attr(fmt, owned) == 0, "an annotation has attributes %#x",
		s2_desc_attr(fmt, owned));
	for (unsigned int bit = 1; bit < 64; bit++)
		require(s2_desc_attr(fmt, ~BIT(0) & ~BIT(bit)) == 0 &&
				s2_desc_attr(fmt, BIT(bit)) == 0,
			"an invalid descriptor has attributes: bit %u", bit);
}

static void an_invalid_descriptor_has_no_attributes(void **state)
{
	(void)state;
	for_each_format(only_leaves_have_attributes);
}

/* What cannot be told is corrupt, or nothing: no pointer is followed. */
static void without_a_format_a_descriptor_says_nothing(void **state)
{
	const s2_desc leaf = 0x00400000400007ff;

	(void)state;
	for (unsigned int level = 0; level <= 3; level++) {
		assert_int_equal(s2_desc_kind(NULL, level, leaf), S2_KIND_CORRUPT);
		assert_int_equal(s2_desc_kind(NULL, level, 0), S2_KIND_CORRUPT);
	}
	assert_int_equal(s2_desc_pa(NULL, leaf), 0);
	assert_int_equal(s2_desc_attr(NULL, leaf), 0);
}

/* --- every shape ------------------------------------------------------------ */

/* The leaf as the registers of the format have the hardware read it. */
static void check_leaf_of_shape(const struct s2_format *fmt, unsigned int level, uint64_t pa)
{
	const s2_attr attrs[] = {S2_RWX, S2_R | S2_OLD | S2_SW(5), S2_RW | S2_DEVICE};
	struct arch_regime regime;
	s2_attr seen;
	s2_desc desc;

	assert_true(arch_regime_of(&regime, fmt));
	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++) {
		require_status(s2_desc_leaf(fmt, level, pa, attrs[i], &desc), S2_OK);
		require(s2_desc_kind(fmt, level, desc) == S2_KIND_LEAF &&
				s2_desc_pa(fmt, desc) == pa && s2_desc_attr(fmt, desc) == attrs[i],
			"level %u, %#llx: not what was encoded", level, LLU(desc));
		require(arch_kind(&regime, level, desc) == ARCH_LEAF &&
				arch_output(&regime, level, desc) == pa &&
				arch_attr(&regime, level, desc, &seen) && seen == attrs[i],
			"level %u, %#llx: not what the architecture reads", level, LLU(desc));
	}
}

static void check_shape(const struct s2_config *cfg)
{
	struct s2_format fmt;

	set_context("granule %u, IPA %u, PA %u, features %#x", cfg->granule_shift, cfg->ipa_bits,
		    cfg->pa_bits, (unsigned int)cfg->features);
	require_status(s2_format_init(&fmt, cfg), S2_OK);
	for_each_leaf(&fmt, check_leaf_of_shape);
	check_table(&fmt);
	check_bad_levels(&fmt);
	check_bad_addresses(&fmt);
	check_bad_tables(&fmt);
}

/* Whether a format has such addresses: 52 bits with 64K or LPA2, which is not for 64K. */
static bool is_a_shape(const struct s2_config *cfg)
{
	bool lpa2 = cfg->features & S2_FEAT_LPA2;

	if (cfg->ipa_bits > cfg->pa_bits || (lpa2 && cfg->granule_shift == S2_GRANULE_64K))
		return false;
	return cfg->pa_bits < 52 || lpa2 || cfg->granule_shift == S2_GRANULE_64K;
}

/* All that decides where a leaf may stand and where its address is: granule, LPA2, IPA and PA size. */
static void every_shape_holds_every_address_at_every_level(void **state)
{
	static const uint8_t pa_sizes[] = {32, 36, 40, 42, 44, 48, 52};
	unsigned int shapes = 0;

	(void)state;
	for (size_t n = 0; n < UINT64_C(6) * ARRAY_SIZE(pa_sizes) * 21; n++) {
		struct s2_config cfg = {
			.granule_shift = (uint8_t)(12 + n % 3 * 2),
			.features = n / 3 % 2 ? S2_FEAT_LPA2 : 0,
			.pa_bits = pa_sizes[n / 6 % ARRAY_SIZE(pa_sizes)],
			.ipa_bits = (uint8_t)(32 + n / 6 / ARRAY_SIZE(pa_sizes)),
			.vmid_bits = 8,
		};

		if (!is_a_shape(&cfg))
			continue;
		check_shape(&cfg);
		shapes++;
	}
	set_context("%s", "");
	/* 1 + 5 + 9 + 11 + 13 + 17 IPA sizes for those of 32 to 48 bits; 21 for 52. */
	assert_int_equal(shapes, 5 * (1 + 5 + 9 + 11 + 13 + 17) + 3 * 21);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_leaf_decodes_to_what_was_encoded),
		cmocka_unit_test(the_architecture_reads_every_leaf_as_it_was_meant),
		cmocka_unit_test(leaves_have_the_bits_worked_out_by_hand),
		cmocka_unit_test(device_and_non_cacheable_memory_have_their_bits),
		cmocka_unit_test(a_table_descriptor_points_to_its_table),
		cmocka_unit_test(a_leaf_at_a_level_without_blocks_is_refused),
		cmocka_unit_test(attributes_that_contradict_or_do_not_exist_are_refused),
		cmocka_unit_test(an_address_that_the_leaf_cannot_hold_is_refused),
		cmocka_unit_test(a_block_larger_than_the_physical_address_space_is_refused),
		cmocka_unit_test(refusals_come_in_the_documented_order),
		cmocka_unit_test(a_table_address_that_does_not_fit_is_refused),
		cmocka_unit_test(an_annotation_keeps_its_owner_and_payload_and_is_invalid),
		cmocka_unit_test(an_owner_or_payload_that_does_not_fit_is_refused),
		cmocka_unit_test(any_value_is_what_the_hardware_takes_it_for_or_corrupt),
		cmocka_unit_test(reserved_encodings_and_levels_are_corrupt),
		cmocka_unit_test(an_invalid_descriptor_has_no_attributes),
		cmocka_unit_test(without_a_format_a_descriptor_says_nothing),
		cmocka_unit_test(every_shape_holds_every_address_at_every_level),
	};

	return run_suite("descriptor", tests);
}
