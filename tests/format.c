/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The shape of a translation, over every configuration that can be asked for.
 *
 * What is expected is written down from the architecture, as tables of the
 * start level and the root for each size, and as the fields of the registers;
 * none of it is computed the way an implementation would compute it.
 */
#include "lib/suite.h"

#include <string.h>

#include <stage2/format.h>

/* Start level and number of root tables for 32..52 IPA bits. */
struct shape {
	uint8_t level;
	uint8_t tables;
};

static const struct shape shapes_4k[] = {
	/* 32 */ {2, 4}, {2, 8}, {2, 16}, {1, 1},  {1, 1},  {1, 1}, {1, 1}, {1, 1},
	/* 40 */ {1, 2}, {1, 4}, {1, 8},  {1, 16}, {0, 1},  {0, 1}, {0, 1}, {0, 1},
	/* 48 */ {0, 1}, {0, 2}, {0, 4},  {0, 8},  {0, 16},
};

static const struct shape shapes_16k[] = {
	/* 32 */ {2, 1},  {2, 1}, {2, 1}, {2, 1},  {2, 1}, {2, 2}, {2, 4}, {2, 8},
	/* 40 */ {2, 16}, {1, 1}, {1, 1}, {1, 1},  {1, 1}, {1, 1}, {1, 1}, {1, 1},
	/* 48 */ {1, 2},  {1, 4}, {1, 8}, {1, 16}, {0, 1},
};

static const struct shape shapes_64k[] = {
	/* 32 */ {2, 1}, {2, 1}, {2, 1}, {2, 1}, {2, 1}, {2, 1}, {2, 1},  {2, 1},
	/* 40 */ {2, 1}, {2, 1}, {2, 1}, {2, 2}, {2, 4}, {2, 8}, {2, 16}, {1, 1},
	/* 48 */ {1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1},
};

static struct shape shape_of(const struct s2_config *cfg)
{
	const struct shape *shapes = cfg->granule_shift == 12	? shapes_4k
				     : cfg->granule_shift == 14 ? shapes_16k
								: shapes_64k;

	return shapes[cfg->ipa_bits - 32];
}

/* VTCR_EL2.PS for a number of PA bits, -1 if there is none. */
static int ps_of(unsigned int pa_bits)
{
	static const uint8_t sizes[] = {32, 36, 40, 42, 44, 48, 52};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (sizes[i] == pa_bits)
			return (int)i;
	return -1;
}

static bool has_52_bits(const struct s2_config *cfg)
{
	return cfg->granule_shift == 16 || cfg->features & S2_FEAT_LPA2;
}

static int expected_status(const struct s2_config *cfg)
{
	if (cfg->granule_shift != 12 && cfg->granule_shift != 14 && cfg->granule_shift != 16)
		return S2_BAD_GRANULE;
	if (cfg->features > 0x7ff || (cfg->features & S2_FEAT_HD && !(cfg->features & S2_FEAT_HAF)))
		return S2_BAD_FEATURE;
	if (cfg->granule_shift == 16 && cfg->features & S2_FEAT_LPA2)
		return S2_BAD_LPA2;
	if (ps_of(cfg->pa_bits) < 0 || (cfg->pa_bits == 52 && !has_52_bits(cfg)))
		return S2_BAD_PA_BITS;
	if (cfg->ipa_bits < 32 || cfg->ipa_bits > (has_52_bits(cfg) ? 52 : 48))
		return S2_BAD_IPA_BITS;
	if (cfg->ipa_bits > cfg->pa_bits)
		return S2_IPA_OVER_PA;
	if (cfg->vmid_bits != 8 && cfg->vmid_bits != 16)
		return S2_BAD_VMID_BITS;
	return S2_OK;
}

/* Calls `check` for every configuration that is worth a thought, good or bad. */
static void for_each_config(void (*check)(const struct s2_config *cfg))
{
	static const uint8_t granules[] = {0, 11, 12, 13, 14, 15, 16, 17, 255};
	static const uint8_t vmids[] = {0, 7, 8, 9, 15, 16, 17, 255};

	for (uint64_t n = 0; n < ARRAY_SIZE(granules) * 65 * 65 * 65 * ARRAY_SIZE(vmids); n++) {
		uint64_t rest = n;
		struct s2_config cfg;

		cfg.vmid_bits = vmids[rest % ARRAY_SIZE(vmids)];
		rest /= ARRAY_SIZE(vmids);
		/* 65 and 16 have no common factor: the upper ones meet all of the lower. */
		cfg.features = (uint32_t)(rest % 65 | (rest & 0xf) << 6);
		rest /= 65;
		cfg.pa_bits = (uint8_t)(rest % 65);
		rest /= 65;
		cfg.ipa_bits = (uint8_t)(rest % 65);
		cfg.granule_shift = granules[rest / 65];
		check(&cfg);
	}
}

/* The same, for those that are accepted, with the format derived. */
static void (*check_format)(const struct s2_config *cfg, const struct s2_format *fmt);

static void derive_and_check(const struct s2_config *cfg)
{
	struct s2_format fmt;

	if (expected_status(cfg) != S2_OK)
		return;
	require_status(s2_format_init(&fmt, cfg), S2_OK);
	check_format(cfg, &fmt);
}

static void for_each_format(void (*check)(const struct s2_config *, const struct s2_format *))
{
	check_format = check;
	for_each_config(derive_and_check);
}

#define CONFIG "granule %u, ipa %u, pa %u, vmid %u, features %#x"
#define CONFIG_ARGS(c) \
	(c)->granule_shift, (c)->ipa_bits, (c)->pa_bits, (c)->vmid_bits, (unsigned int)(c)->features

static void check_status(const struct s2_config *cfg)
{
	struct s2_format fmt, before;

	memset(&fmt, 0x5a, sizeof(fmt));
	before = fmt;
	int status = s2_format_init(&fmt, cfg);

	require(status == expected_status(cfg), CONFIG ": %s, not %s", CONFIG_ARGS(cfg),
		status_name(status), status_name(expected_status(cfg)));
	if (status)
		require(!memcmp(&fmt, &before, sizeof(fmt)), CONFIG ": refused, but written to",
			CONFIG_ARGS(cfg));
}

static void every_bad_configuration_has_its_status_and_writes_nothing(void **state)
{
	(void)state;
	for_each_config(check_status);
}

static void a_null_pointer_is_invalid(void **state)
{
	const struct s2_config cfg = {12, 40, 40, 8, 0};
	struct s2_format fmt;
	uint64_t vttbr;

	(void)state;
	require_status(s2_format_init(NULL, &cfg), S2_INVALID);
	require_status(s2_format_init(&fmt, NULL), S2_INVALID);
	require_status(s2_format_init(NULL, NULL), S2_INVALID);
	require_status(s2_format_init(&fmt, &cfg), S2_OK);
	require_status(s2_format_vttbr(NULL, 0, 0, &vttbr), S2_INVALID);
	require_status(s2_format_vttbr(&fmt, 0, 0, NULL), S2_INVALID);
}

static void unknown_feature_bits_are_refused(void **state)
{
	struct s2_config cfg = {12, 40, 40, 8, 0};
	struct s2_format fmt;

	(void)state;
	for (unsigned int bit = 11; bit < 32; bit++) {
		cfg.features = UINT32_C(1) << bit;
		require_status(s2_format_init(&fmt, &cfg), S2_BAD_FEATURE);
	}
}

static void check_root(const struct s2_config *cfg, const struct s2_format *fmt)
{
	struct shape shape = shape_of(cfg);

	require(fmt->start_level == shape.level, CONFIG ": start level %u", CONFIG_ARGS(cfg),
		fmt->start_level);
	require(fmt->root_tables == shape.tables, CONFIG ": %u root tables", CONFIG_ARGS(cfg),
		(unsigned int)fmt->root_tables);
	require(fmt->root_size == (uint64_t)shape.tables << cfg->granule_shift,
		CONFIG ": root size %#llx", CONFIG_ARGS(cfg), (unsigned long long)fmt->root_size);
}

static void the_walk_is_the_shortest_that_16_root_tables_allow(void **state)
{
	(void)state;
	for_each_format(check_root);
}

static void check_copies(const struct s2_config *cfg, const struct s2_format *fmt)
{
	require(fmt->granule_shift == cfg->granule_shift && fmt->ipa_bits == cfg->ipa_bits &&
			fmt->pa_bits == cfg->pa_bits && fmt->vmid_bits == cfg->vmid_bits &&
			fmt->features == cfg->features && fmt->index_bits == cfg->granule_shift - 3,
		CONFIG ": not what was configured", CONFIG_ARGS(cfg));
}

static void the_format_says_what_was_configured(void **state)
{
	(void)state;
	for_each_format(check_copies);
}

/* Levels where a block or page may stand, as a mask, if the walk began at level 0. */
static unsigned int leaf_levels_of(const struct s2_config *cfg)
{
	bool ds = cfg->features & S2_FEAT_LPA2;

	if (cfg->granule_shift == 12)
		return ds ? 0xf : 0xe;
	if (cfg->granule_shift == 14)
		return ds ? 0xe : 0xc;
	return cfg->pa_bits == 52 ? 0xe : 0xc;
}

static void check_leaf_levels(const struct s2_config *cfg, const struct s2_format *fmt)
{
	unsigned int expected = leaf_levels_of(cfg) >> fmt->start_level << fmt->start_level;

	for (unsigned int level = 0; level < 40; level++) {
		bool allowed = level <= 3 && expected >> level & 1;

		require(s2_level_has_leaf(fmt, level) == allowed, CONFIG ": a leaf at level %u: %s",
			CONFIG_ARGS(cfg), level, allowed ? "refused" : "allowed");
	}
}

static void blocks_stand_where_the_granule_has_them(void **state)
{
	(void)state;
	for_each_format(check_leaf_levels);
}

/* Arm ARM, "Contiguous bit": by granule and level. */
static unsigned int group_of(const struct s2_config *cfg, unsigned int level)
{
	switch (cfg->granule_shift) {
	case 12:
		return level ? 16 : 1;
	case 14:
		return level == 3 ? 128 : level == 2 ? 32 : 1;
	default:
		return level > 1 ? 32 : 1;
	}
}

static void check_groups(const struct s2_config *cfg, const struct s2_format *fmt)
{
	for (unsigned int level = 0; level <= 3; level++) {
		unsigned int expected = group_of(cfg, level);

		if (!(cfg->features & S2_FEAT_CONTIG) || !s2_level_has_leaf(fmt, level) ||
		    expected > BIT(fmt->ipa_bits) >> s2_level_shift(fmt, level))
			expected = 1;
		require(s2_level_group(fmt, level) == expected, CONFIG ": groups of %u at level %u",
			CONFIG_ARGS(cfg), s2_level_group(fmt, level), level);
	}
}

static void contiguous_groups_are_as_large_as_the_granule_has_them(void **state)
{
	struct s2_config cfg = {16, 32, 40, 8, S2_FEAT_CONTIG};
	struct s2_format fmt;

	(void)state;
	for_each_format(check_groups);
	/* The root has 8 entries: no group that is larger than the IPA space. */
	require_status(s2_format_init(&fmt, &cfg), S2_OK);
	assert_int_equal(s2_level_group(&fmt, 2), 1);
	assert_int_equal(s2_level_group(&fmt, 3), 32);
}

static void check_sizes(const struct s2_config *cfg, const struct s2_format *fmt)
{
	static const uint8_t shift_4k[] = {39, 30, 21, 12};
	static const uint8_t shift_16k[] = {47, 36, 25, 14};
	static const uint8_t shift_64k[] = {55, 42, 29, 16};
	const uint8_t *shift = cfg->granule_shift == 12	  ? shift_4k
			       : cfg->granule_shift == 14 ? shift_16k
							  : shift_64k;

	for (unsigned int level = 0; level <= 3; level++)
		require(s2_level_shift(fmt, level) == shift[level] &&
				s2_level_size(fmt, level) == BIT(shift[level]),
			CONFIG ": size of level %u", CONFIG_ARGS(cfg), level);
}

static void an_entry_covers_what_the_granule_says(void **state)
{
	(void)state;
	for_each_format(check_sizes);
}

/* VTCR_EL2.SL0 as the architecture encodes it, by granule and start level. */
static uint64_t sl0_of(const struct s2_config *cfg)
{
	static const uint8_t sl0_4k[] = {2, 1, 0};
	static const uint8_t sl0_16k[] = {3, 2, 1};
	static const uint8_t sl0_64k[] = {9, 2, 1};
	const uint8_t *sl0 = cfg->granule_shift == 12	? sl0_4k
			     : cfg->granule_shift == 14 ? sl0_16k
							: sl0_64k;

	return sl0[shape_of(cfg).level];
}

static uint64_t tg0_of(const struct s2_config *cfg)
{
	return cfg->granule_shift == 12 ? 0 : cfg->granule_shift == 14 ? 2 : 1;
}

static void check_vtcr(const struct s2_config *cfg, const struct s2_format *fmt)
{
	uint64_t vtcr = fmt->vtcr;

	require(bits(vtcr, 5, 0) == 64u - cfg->ipa_bits, CONFIG ": T0SZ", CONFIG_ARGS(cfg));
	require(bits(vtcr, 7, 6) == sl0_of(cfg), CONFIG ": SL0", CONFIG_ARGS(cfg));
	require(bits(vtcr, 9, 8) == 1, CONFIG ": IRGN0", CONFIG_ARGS(cfg));
	require(bits(vtcr, 11, 10) == 1, CONFIG ": ORGN0", CONFIG_ARGS(cfg));
	require(bits(vtcr, 13, 12) == 3, CONFIG ": SH0", CONFIG_ARGS(cfg));
	require(bits(vtcr, 15, 14) == tg0_of(cfg), CONFIG ": TG0", CONFIG_ARGS(cfg));
	require(bits(vtcr, 18, 16) == (uint64_t)ps_of(cfg->pa_bits), CONFIG ": PS",
		CONFIG_ARGS(cfg));
	require(bits(vtcr, 19, 19) == (cfg->vmid_bits == 16), CONFIG ": VS", CONFIG_ARGS(cfg));
	require(bits(vtcr, 21, 21) == !!(cfg->features & S2_FEAT_HAF), CONFIG ": HA",
		CONFIG_ARGS(cfg));
	require(bits(vtcr, 22, 22) == !!(cfg->features & S2_FEAT_HD), CONFIG ": HD",
		CONFIG_ARGS(cfg));
	require(bits(vtcr, 31, 31) == 1, CONFIG ": RES1", CONFIG_ARGS(cfg));
	require(bits(vtcr, 32, 32) == !!(cfg->features & S2_FEAT_LPA2), CONFIG ": DS",
		CONFIG_ARGS(cfg));
	require(!bits(vtcr, 20, 20) && !bits(vtcr, 30, 23) && !bits(vtcr, 63, 33),
		CONFIG ": VTCR_EL2 %#llx has other bits set", CONFIG_ARGS(cfg),
		(unsigned long long)vtcr);
}

static void vtcr_says_the_same_to_the_hardware(void **state)
{
	(void)state;
	for_each_format(check_vtcr);
}

static void check_hcr(const struct s2_config *cfg, const struct s2_format *fmt)
{
	uint64_t expected = BIT(0) | (cfg->features & S2_FEAT_FWB ? BIT(46) : 0);

	require(fmt->hcr == expected, CONFIG ": HCR_EL2 %#llx", CONFIG_ARGS(cfg),
		(unsigned long long)fmt->hcr);
}

static void hcr_enables_stage_2_and_forced_write_back(void **state)
{
	(void)state;
	for_each_format(check_hcr);
}

/* The root address that the hardware takes from VTTBR_EL2. */
static uint64_t baddr_of(const struct s2_format *fmt, uint64_t vttbr)
{
	if (fmt->pa_bits == 52)
		return (vttbr & UINT64_C(0xffffffffffc0)) | bits(vttbr, 5, 2) << 48;
	return vttbr & UINT64_C(0xfffffffffffe);
}

static void check_one_vttbr(const struct s2_config *cfg, const struct s2_format *fmt, uint64_t root,
			    uint32_t vmid)
{
	uint64_t vttbr;

	require_status(s2_format_vttbr(fmt, root, vmid, &vttbr), S2_OK);
	require(baddr_of(fmt, vttbr) == root, CONFIG ": root %#llx in VTTBR_EL2 %#llx",
		CONFIG_ARGS(cfg), (unsigned long long)root, (unsigned long long)vttbr);
	require(bits(vttbr, 63, 48) == vmid, CONFIG ": VMID %u", CONFIG_ARGS(cfg),
		(unsigned int)vmid);
	require(bits(vttbr, 0, 0) == !!(cfg->features & S2_FEAT_CNP), CONFIG ": CnP",
		CONFIG_ARGS(cfg));
}

static void check_vttbr(const struct s2_config *cfg, const struct s2_format *fmt)
{
	uint32_t vmids[] = {0, 1, (1u << cfg->vmid_bits) - 1};

	if (fmt->features & (S2_FEAT_FWB | S2_FEAT_TTL | S2_FEAT_TLBIRANGE))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(vmids); i++) {
		check_one_vttbr(cfg, fmt, 0, vmids[i]);
		for (uint64_t root = fmt->root_size; root < BIT(fmt->pa_bits); root <<= 1)
			check_one_vttbr(cfg, fmt, root, vmids[i]);
		check_one_vttbr(cfg, fmt, BIT(fmt->pa_bits) - fmt->root_size, vmids[i]);
	}
}

static void vttbr_holds_any_root_and_vmid(void **state)
{
	(void)state;
	for_each_format(check_vttbr);
}

static void refuses_vttbr(const struct s2_format *fmt, uint64_t root, uint32_t vmid, int expected)
{
	uint64_t vttbr = 0x5a5a;

	require_status(s2_format_vttbr(fmt, root, vmid, &vttbr), expected);
	require(vttbr == 0x5a5a, "refused, but written to");
}

static void check_bad_vttbr(const struct s2_config *cfg, const struct s2_format *fmt)
{
	(void)cfg;
	if (fmt->features & ~S2_FEAT_LPA2)
		return;
	for (uint64_t low = 1; low < fmt->root_size; low <<= 1)
		refuses_vttbr(fmt, fmt->root_size + low, 1, S2_MISALIGNED);
	for (unsigned int bit = fmt->pa_bits; bit < 64; bit++)
		refuses_vttbr(fmt, BIT(bit), 1, S2_PA_RANGE);
	refuses_vttbr(fmt, fmt->root_size, 1u << fmt->vmid_bits, S2_BAD_VMID);
	refuses_vttbr(fmt, fmt->root_size, UINT32_MAX, S2_BAD_VMID);
}

static void a_root_or_vmid_that_vttbr_cannot_hold_is_refused(void **state)
{
	(void)state;
	for_each_format(check_bad_vttbr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bad_configuration_has_its_status_and_writes_nothing),
		cmocka_unit_test(a_null_pointer_is_invalid),
		cmocka_unit_test(unknown_feature_bits_are_refused),
		cmocka_unit_test(the_format_says_what_was_configured),
		cmocka_unit_test(the_walk_is_the_shortest_that_16_root_tables_allow),
		cmocka_unit_test(blocks_stand_where_the_granule_has_them),
		cmocka_unit_test(contiguous_groups_are_as_large_as_the_granule_has_them),
		cmocka_unit_test(an_entry_covers_what_the_granule_says),
		cmocka_unit_test(vtcr_says_the_same_to_the_hardware),
		cmocka_unit_test(hcr_enables_stage_2_and_forced_write_back),
		cmocka_unit_test(vttbr_holds_any_root_and_vmid),
		cmocka_unit_test(a_root_or_vmid_that_vttbr_cannot_hold_is_refused),
	};

	return run_suite("format", tests);
}
