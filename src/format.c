/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Geometry and register values, derived once from a configuration.
 */
#include <stage2/format.h>

#include "desc.h"
#include "tlbi.h"

#define BIT(n) (UINT64_C(1) << (n))

/* VTCR_EL2 fields (Arm ARM, "VTCR_EL2, Virtualization Translation Control Register"). */
#define VTCR_SL0_SHIFT 6
#define VTCR_IRGN0_WBWA BIT(8)
#define VTCR_ORGN0_WBWA BIT(10)
#define VTCR_SH0_INNER (BIT(12) | BIT(13))
#define VTCR_TG0_SHIFT 14
#define VTCR_PS_SHIFT 16
#define VTCR_VS_16BIT BIT(19)
#define VTCR_HA BIT(21)
#define VTCR_HD BIT(22)
#define VTCR_RES1 BIT(31)
#define VTCR_DS BIT(32)

#define HCR_VM BIT(0)
#define HCR_FWB BIT(46)

/* The walk starts at the lowest level that this many bits of concatenated tables allow. */
#define CONCATENATION_BITS 4

/* VTCR_EL2.PS for a number of PA bits, or -1. */
static int ps_field(unsigned int pa_bits)
{
	static const uint8_t bits[] = {32, 36, 40, 42, 44, 48, 52};

	for (unsigned int ps = 0; ps < sizeof(bits); ps++) {
		if (bits[ps] == pa_bits)
			return (int)ps;
	}
	return -1;
}

static bool is_granule(unsigned int shift)
{
	return shift == S2_GRANULE_4K || shift == S2_GRANULE_16K || shift == S2_GRANULE_64K;
}

/* Whether addresses of more than 48 bits have an encoding at all. */
static bool has_52_bits(const struct s2_config *cfg)
{
	return cfg->granule_shift == S2_GRANULE_64K || (cfg->features & S2_FEAT_LPA2);
}

static int check_sizes(const struct s2_config *cfg)
{
	unsigned int limit = has_52_bits(cfg) ? 52 : 48;

	if (ps_field(cfg->pa_bits) < 0 || cfg->pa_bits > limit)
		return S2_BAD_PA_BITS;
	if (cfg->ipa_bits < 32 || cfg->ipa_bits > limit)
		return S2_BAD_IPA_BITS;
	/* A stage-2 input larger than the PA size faults at level 0. */
	if (cfg->ipa_bits > cfg->pa_bits)
		return S2_IPA_OVER_PA;
	if (cfg->vmid_bits != 8 && cfg->vmid_bits != 16)
		return S2_BAD_VMID_BITS;
	return S2_OK;
}

static int check_config(const struct s2_config *cfg)
{
	if (!is_granule(cfg->granule_shift))
		return S2_BAD_GRANULE;
	if (cfg->features & ~S2_FEAT_ALL)
		return S2_BAD_FEATURE;
	/* Arm ARM, "VTCR_EL2.HD": has no effect unless HA is set. */
	if ((cfg->features & (S2_FEAT_HD | S2_FEAT_HAF)) == S2_FEAT_HD)
		return S2_BAD_FEATURE;
	if (cfg->granule_shift == S2_GRANULE_64K && (cfg->features & S2_FEAT_LPA2))
		return S2_BAD_LPA2;
	return check_sizes(cfg);
}

/* At least two levels, so that a block at level 2 need not be the root. */
static unsigned int start_level(const struct s2_format *fmt)
{
	unsigned int level = S2_LAST_LEVEL - 1;

	while (s2_level_shift(fmt, level) + fmt->index_bits + CONCATENATION_BITS < fmt->ipa_bits)
		level--;
	return level;
}

static uint32_t root_tables(const struct s2_format *fmt)
{
	unsigned int one_table = s2_level_shift(fmt, fmt->start_level) + fmt->index_bits;

	return fmt->ipa_bits > one_table ? UINT32_C(1) << (fmt->ipa_bits - one_table) : 1;
}

/*
 * Arm ARM, "Block descriptor and Page descriptor formats": level 2 always; level
 * 1 with 4K, with 16K only under LPA2, with 64K only for 52-bit PA; level 0 with
 * 4K only under LPA2.
 */
static uint8_t leaf_levels(const struct s2_format *fmt)
{
	bool lpa2 = fmt->features & S2_FEAT_LPA2;
	bool level1 = fmt->granule_shift == S2_GRANULE_4K || lpa2 || fmt->pa_bits == 52;
	bool level0 = fmt->granule_shift == S2_GRANULE_4K && lpa2;

	unsigned int levels = 1u << 3 | 1u << 2 | (level1 ? 1u << 1 : 0) | (level0 ? 1u : 0);

	return (uint8_t)(levels >> fmt->start_level << fmt->start_level);
}

/*
 * Arm ARM, "Contiguous bit": 16 entries with 4K; 128 pages or 32 blocks with 16K; 32 with
 * 64K.  A group is in one table: any but the root has enough entries.
 */
static uint8_t group_bits(const struct s2_format *fmt, unsigned int level)
{
	static const uint8_t bits_4k[] = {0, 4, 4, 4}, bits_16k[] = {0, 0, 5, 7},
			     bits_64k[] = {0, 0, 5, 5};
	const uint8_t *bits = fmt->granule_shift == S2_GRANULE_4K    ? bits_4k
			      : fmt->granule_shift == S2_GRANULE_16K ? bits_16k
								     : bits_64k;

	if (!(fmt->features & S2_FEAT_CONTIG) || !s2_level_has_leaf(fmt, level) ||
	    s2_level_shift(fmt, level) + bits[level] > fmt->ipa_bits)
		return 0;
	return bits[level];
}

/* Where a descriptor keeps an address: in place, and above 48 or 50 bits elsewhere. */
static void derive_address(struct s2_format *fmt)
{
	unsigned int in_place = fmt->features & S2_FEAT_LPA2 ? 50 : 48;
	unsigned int low_bits = fmt->pa_bits < in_place ? fmt->pa_bits : in_place;

	fmt->oa_low = BIT(low_bits) - BIT(fmt->granule_shift);
	fmt->oa_high = 0;
	fmt->oa_high_shift = 0;
	if (fmt->pa_bits <= in_place)
		return;
	fmt->oa_high = in_place == 50 ? BIT(9) | BIT(8) : BIT(16) - BIT(12);
	fmt->oa_high_shift = in_place == 50 ? 50 - 8 : 48 - 12;
}

/*
 * What the engine never sets in a leaf; nT among it, where a block has address bits to
 * spare (but with a seal, on its way to another size), XN[0] on CPUs without FEAT_XNX, and
 * Contiguous where there are no groups.
 */
static uint64_t no_leaf(const struct s2_format *fmt, unsigned int level)
{
	uint64_t bits = BIT(51) - BIT(12);
	uint64_t aligned = fmt->oa_low & ~(s2_level_size(fmt, level) - 1);

	if (!s2_level_has_leaf(fmt, level))
		return ~UINT64_C(0);
	/* OA[51:50], also where the PA size has no such bits. */
	if (fmt->features & S2_FEAT_LPA2)
		bits |= BIT(9) | BIT(8);
	if (!(fmt->features & S2_FEAT_XNX))
		bits |= S2_DESC_XN0;
	if (!fmt->group_bits[level])
		bits |= S2_DESC_CONTIG;
	return bits & ~(aligned | fmt->oa_high);
}

/* For the straight path. */
static void derive_masks(struct s2_format *fmt)
{
	bool known = fmt->granule_shift == S2_GRANULE_4K && fmt->start_level < 2 && !fmt->oa_high;

	fmt->straight = known ? S2_STRAIGHT_KNOWN : S2_STRAIGHT_ANY;
	fmt->no_table = ~(fmt->oa_low | fmt->oa_high);
	fmt->page_bits = fmt->no_leaf[S2_LAST_LEVEL] | 3 | S2_DESC_CONTIG | S2_DESC_SEAL;
	fmt->ipa_end = BIT(fmt->ipa_bits);
	fmt->no_ipa = ~(BIT(fmt->ipa_bits) - BIT(fmt->granule_shift));
	fmt->no_pa = ~(BIT(fmt->pa_bits) - BIT(fmt->granule_shift));
}

static void derive_attributes(struct s2_format *fmt)
{
	for (s2_attr attr = 0; attr < S2_LOG; attr++) {
		s2_desc leaf = s2_leaf_at_0(fmt, attr);

		if (leaf && !(attr & S2_X) && !s2_is_cleaned(fmt, attr))
			leaf |= S2_DESC_TABLE;
		fmt->leaf[attr] = leaf;
	}
	for (s2_desc low = 0; low < 512; low++)
		fmt->attr_low[low] = (uint8_t)(s2_desc_attr(fmt, low << 2 | 1) & ~S2_X);
	for (s2_desc high = 0; high < 128; high++)
		fmt->attr_high[high] = (uint16_t)(s2_desc_attr(fmt, high << 51 | 1) & ~S2_OLD);
}

/*
 * SL0 counts up from the lowest level that a granule can start at: with 4K that
 * is level 2, with 16K and 64K level 3.
 */
static uint64_t derive_vtcr(const struct s2_format *fmt)
{
	uint64_t sl0 = (fmt->granule_shift == S2_GRANULE_4K ? 2u : 3u) - fmt->start_level;
	uint64_t tg0 = fmt->granule_shift == S2_GRANULE_4K    ? 0
		       : fmt->granule_shift == S2_GRANULE_64K ? 1
							      : 2;
	uint64_t vtcr = VTCR_RES1 | VTCR_SH0_INNER | VTCR_ORGN0_WBWA | VTCR_IRGN0_WBWA;

	vtcr |= 64u - fmt->ipa_bits;
	vtcr |= sl0 << VTCR_SL0_SHIFT;
	vtcr |= tg0 << VTCR_TG0_SHIFT;
	vtcr |= (uint64_t)ps_field(fmt->pa_bits) << VTCR_PS_SHIFT;
	vtcr |= fmt->vmid_bits == 16 ? VTCR_VS_16BIT : 0;
	vtcr |= fmt->features & S2_FEAT_HAF ? VTCR_HA : 0;
	vtcr |= fmt->features & S2_FEAT_HD ? VTCR_HD : 0;
	vtcr |= fmt->features & S2_FEAT_LPA2 ? VTCR_DS : 0;
	return vtcr;
}

static uint64_t table_range(const struct s2_format *fmt, unsigned int level)
{
	uint64_t pages = UINT64_C(1) << fmt->index_bits * (S2_LAST_LEVEL - level), covered;
	uint64_t operand = s2_tlbi_range(fmt, 0, pages, S2_NO_HINT, &covered);

	return fmt->features & S2_FEAT_TLBIRANGE && covered == pages ? operand : 0;
}

int s2_format_init(struct s2_format *fmt, const struct s2_config *cfg)
{
	int status;

	if (!fmt || !cfg)
		return S2_INVALID;
	status = check_config(cfg);
	if (status)
		return status;

	fmt->granule_shift = cfg->granule_shift;
	fmt->ipa_bits = cfg->ipa_bits;
	fmt->pa_bits = cfg->pa_bits;
	fmt->vmid_bits = cfg->vmid_bits;
	fmt->features = cfg->features;
	fmt->index_bits = (uint8_t)(cfg->granule_shift - 3);
	fmt->start_level = (uint8_t)start_level(fmt);
	fmt->root_tables = root_tables(fmt);
	fmt->root_size = (uint64_t)fmt->root_tables << fmt->granule_shift;
	fmt->leaf_levels = leaf_levels(fmt);
	for (unsigned int level = 0; level <= S2_LAST_LEVEL; level++)
		fmt->group_bits[level] = group_bits(fmt, level);
	derive_address(fmt);
	for (unsigned int level = 0; level <= S2_LAST_LEVEL; level++)
		fmt->no_leaf[level] = no_leaf(fmt, level);
	derive_masks(fmt);
	derive_attributes(fmt);
	fmt->vtcr = derive_vtcr(fmt);
	fmt->hcr = HCR_VM | (fmt->features & S2_FEAT_FWB ? HCR_FWB : 0);
	for (unsigned int level = 0; level < S2_LAST_LEVEL; level++)
		fmt->table_range[level] = table_range(fmt, level);
	return S2_OK;
}

int s2_format_vttbr(const struct s2_format *fmt, uint64_t root_pa, uint32_t vmid, uint64_t *vttbr)
{
	if (!fmt || !vttbr)
		return S2_INVALID;
	if (root_pa & (fmt->root_size - 1))
		return S2_MISALIGNED;
	if (root_pa >> fmt->pa_bits)
		return S2_PA_RANGE;
	if (vmid >> fmt->vmid_bits)
		return S2_BAD_VMID;

	/* BADDR[51:48] stand in bits 5:2; below 52 bits they are zero. */
	*vttbr = (uint64_t)vmid << 48 | (root_pa & (BIT(48) - 1)) | root_pa >> 48 << 2;
	if (fmt->features & S2_FEAT_CNP)
		*vttbr |= BIT(0);
	return S2_OK;
}
