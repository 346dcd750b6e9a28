/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The shape of a stage-2 translation, derived once.
 *
 * From the few facts that a hypervisor chooses (granule, sizes) and finds in
 * its ID registers (features) everything else follows: where a walk starts,
 * how many tables the root concatenates, at which levels a block may stand,
 * which bits of a descriptor hold an address, and the register values that tell
 * the hardware the same.  No operation derives any of it again, and none asks
 * an #ifdef: three granules live in one binary.
 *
 *   IPA  51                                                           0
 *        | root index | index | index | offset in a page of the granule |
 *          start_level  +1      3        granule_shift bits
 */
#ifndef STAGE2_FORMAT_H
#define STAGE2_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include <stage2/status.h>

/* The granule, by the number of bits of an offset within one page. */
enum s2_granule {
	S2_GRANULE_4K = 12,
	S2_GRANULE_16K = 14,
	S2_GRANULE_64K = 16,
};

/* Level of the last table: its entries are pages. */
#define S2_LAST_LEVEL 3u

/* Features of the CPUs that walk the tables: set what *all* of them have. */
#define S2_FEAT_LPA2 (1u << 0) /* FEAT_LPA2: VTCR_EL2.DS, 52-bit addresses with 4K and 16K */
#define S2_FEAT_FWB (1u << 1) /* FEAT_S2FWB: stage 2 forces cacheability; needs HCR_EL2.FWB */
#define S2_FEAT_TTL (1u << 2) /* FEAT_TTL: level hints in TLBI by address */
#define S2_FEAT_TLBIRANGE (1u << 3) /* FEAT_TLBIRANGE: TLBI by range */
#define S2_FEAT_HAF (1u << 4) /* FEAT_HAFDBS: hardware sets the access flag (VTCR_EL2.HA) */
#define S2_FEAT_CNP (1u << 5) /* FEAT_TTCNP: VTTBR_EL2.CnP, all CPUs use the same tables */
#define S2_FEAT_HD (1u << 6) /* FEAT_HAFDBS: and notes writes (VTCR_EL2.HD); needs S2_FEAT_HAF */
#define S2_FEAT_XNX (1u << 7) /* FEAT_XNX: execution at EL1 and at EL0 are told apart */
#define S2_FEAT_BBM1 (1u << 8) /* FEAT_BBM level 1: block sizes change by way of nT */
#define S2_FEAT_BBM2 (1u << 9) /* FEAT_BBM level 2: block sizes and groups change without a break */
#define S2_FEAT_CONTIG (1u << 10) /* no feature but a choice: the Contiguous bit is used */
#define S2_FEAT_ALL 0x7ffu

/* What the hypervisor decides and discovers.  52 PA bits with 64K mean FEAT_LPA. */
struct s2_config {
	uint8_t granule_shift; /* enum s2_granule */
	uint8_t ipa_bits; /* 32..48; to 52 with LPA2, or with 64K and pa_bits 52 */
	uint8_t pa_bits; /* 32, 36, 40, 42, 44, 48, 52: what ID_AA64MMFR0_EL1.PARange allows */
	uint8_t vmid_bits; /* 8 or 16 */
	uint32_t features; /* S2_FEAT_* */
};

/*
 * All that follows.  Written by s2_format_init() alone and constant from then
 * on; any number of trees and CPUs may share one.
 */
struct s2_format {
	uint8_t granule_shift;
	uint8_t ipa_bits;
	uint8_t pa_bits; /* >= ipa_bits */
	uint8_t vmid_bits;
	uint8_t start_level; /* 0..2: a walk visits at least two levels */
	uint8_t index_bits; /* of a table: granule_shift - 3 */
	uint8_t leaf_levels; /* bit n: a leaf may stand at level n; bit 3 is always set */
	uint8_t oa_high_shift; /* right shift that brings the high address bits to oa_high */
	uint8_t straight; /* private: whether a fault is compiled for it */
	uint8_t group_bits[4]; /* log2 of the leaves of a contiguous group, by level; 0: none */
	uint32_t features;
	uint32_t root_tables; /* 1..16 concatenated tables */
	uint64_t root_size; /* bytes: root_tables << granule_shift; the root's alignment as well */
	uint64_t vtcr; /* VTCR_EL2 */
	uint64_t hcr; /* bits of HCR_EL2 that the tables rely on: VM, and FWB if configured */
	/* TLBI by range of what a table in an entry of a level maps, at IPA 0; 0 if one will not do. */
	uint64_t table_range[3];
	uint64_t oa_low; /* bits of a descriptor that are the same bits of the address */
	uint64_t oa_high; /* bits that hold address bits 51:48 or 51:50, 0 if there are none */
	uint64_t no_leaf[4]; /* bits that no leaf of a level has; all, if there are no leaves */
	uint64_t no_table; /* bits that no table descriptor has, beside valid and type */
	uint64_t page_bits; /* of which a page has valid and type alone, if it is plain */
	uint64_t ipa_end; /* 1 << ipa_bits */
	uint64_t no_ipa; /* bits that the IPA of a page never has */
	uint64_t no_pa; /* and its PA */
	/*
	 * By attributes below S2_LOG a page at PA 0, or a block if caches are to be maintained
	 * before it can be used; 0 if they contradict each other.
	 */
	uint64_t leaf[128];
	uint8_t attr_low[512]; /* attributes of a leaf, but for S2_DIRTY, by bits 10:2 of it */
	uint16_t attr_high[128]; /* and by bits 57:51 */
};

/*
 * Derives *fmt from *cfg.
 *
 * S2_OK, or the first that applies of S2_INVALID (null), S2_BAD_GRANULE,
 * S2_BAD_FEATURE, S2_BAD_LPA2, S2_BAD_PA_BITS, S2_BAD_IPA_BITS, S2_IPA_OVER_PA,
 * S2_BAD_VMID_BITS; *fmt is then not written.  52 PA bits need a 64K granule or
 * LPA2; more than 48 IPA bits need 52 PA bits (by S2_IPA_OVER_PA).
 *
 * The start level is the lowest (the shortest walk) that at most 16
 * concatenated tables allow, and never level 3 (Arm ARM, "Concatenated
 * translation tables").
 */
int s2_format_init(struct s2_format *fmt, const struct s2_config *cfg);

/*
 * VTTBR_EL2 for tables whose root is at `root_pa`.  S2_MISALIGNED unless it is
 * a multiple of root_size, S2_PA_RANGE, S2_BAD_VMID, S2_INVALID; *vttbr is
 * then not written.
 */
int s2_format_vttbr(const struct s2_format *fmt, uint64_t root_pa, uint32_t vmid, uint64_t *vttbr);

/* Number of IPA bits below an entry of `level` (0..3): what the entry covers is 1 << this. */
static inline unsigned int s2_level_shift(const struct s2_format *fmt, unsigned int level)
{
	return fmt->granule_shift + (S2_LAST_LEVEL - level) * fmt->index_bits;
}

/* Bytes that one entry of `level` (0..3) covers. */
static inline uint64_t s2_level_size(const struct s2_format *fmt, unsigned int level)
{
	return UINT64_C(1) << s2_level_shift(fmt, level);
}

/* Whether a block (a page, at level 3) may stand at `level`; false for levels that do not exist. */
static inline bool s2_level_has_leaf(const struct s2_format *fmt, unsigned int level)
{
	return level <= S2_LAST_LEVEL && (fmt->leaf_levels >> level & 1);
}

/* Leaves of a contiguous group at `level` (0..3); 1 where there are no groups. */
static inline unsigned int s2_level_group(const struct s2_format *fmt, unsigned int level)
{
	return 1u << fmt->group_bits[level];
}

#endif
