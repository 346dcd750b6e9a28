/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The reference translation: registers, descriptors, walks and TLBI operands.
 *
 * Wherever the architecture leaves the hardware a choice, the answer here is the
 * one that is worse for the software.
 */
#include "suite.h"
#include "arch.h"

#include "host.h"

/* --- registers -------------------------------------------------------------- */

static bool decode_granule(struct arch_regime *regime, uint64_t tg0)
{
	static const uint8_t shifts[] = {12, 16, 14};

	if (tg0 == 3)
		return false;
	regime->granule_shift = shifts[tg0];
	return true;
}

/* SL0 of the architecture's table "SL0 encodings", by granule; 9 where reserved. */
static bool decode_start(struct arch_regime *regime, uint64_t sl0)
{
	static const uint8_t level_4k[] = {2, 1, 0, 9};
	static const uint8_t level_16k[] = {3, 2, 1, 9};
	static const uint8_t level_16k_ds[] = {3, 2, 1, 0};
	static const uint8_t level_64k[] = {3, 2, 1, 9};
	const uint8_t *level = regime->granule_shift == 12   ? level_4k
			       : regime->granule_shift == 16 ? level_64k
			       : regime->ds		     ? level_16k_ds
							     : level_16k;

	regime->start_level = level[sl0];
	return regime->start_level <= 3;
}

static bool decode_pa_bits(struct arch_regime *regime, uint64_t ps)
{
	static const uint8_t sizes[] = {32, 36, 40, 42, 44, 48, 52};

	if (ps >= ARRAY_SIZE(sizes))
		return false;
	regime->pa_bits = sizes[ps];
	return regime->pa_bits <= 48 || regime->ds || regime->granule_shift == 16;
}

/* BADDR[51:48] are in bits 5:2, wherever output addresses have 52 bits. */
static uint64_t decode_root(const struct arch_regime *regime, uint64_t vttbr)
{
	if (regime->pa_bits == 52)
		return (vttbr & (BIT(48) - BIT(6))) | bits(vttbr, 5, 2) << 48;
	return vttbr & (BIT(48) - BIT(1));
}

bool arch_regime(struct arch_regime *regime, uint64_t vtcr, uint64_t vttbr, uint64_t hcr)
{
	regime->ds = bits(vtcr, 32, 32);
	regime->fwb = bits(hcr, 46, 46);
	regime->ipa_bits = 64 - (unsigned int)bits(vtcr, 5, 0);
	if (!decode_granule(regime, bits(vtcr, 15, 14)) ||
	    !decode_start(regime, bits(vtcr, 7, 6)) || !decode_pa_bits(regime, bits(vtcr, 18, 16)))
		return false;
	regime->root = decode_root(regime, vttbr);
	regime->vmid = (uint32_t)bits(vttbr, 63, 48);
	return bits(hcr, 0, 0) && bits(vtcr, 31, 31);
}

bool arch_regime_of(struct arch_regime *regime, const struct s2_format *fmt)
{
	return arch_regime(regime, fmt->vtcr, 0, fmt->hcr);
}

unsigned int arch_shift(const struct arch_regime *regime, unsigned int level)
{
	return regime->granule_shift + (3 - level) * (regime->granule_shift - 3);
}

uint64_t arch_size(const struct arch_regime *regime, unsigned int level)
{
	return BIT(arch_shift(regime, level));
}

/* --- descriptors ------------------------------------------------------------ */

static bool block_at(const struct arch_regime *regime, unsigned int level)
{
	switch (regime->granule_shift) {
	case 12:
		return level == 1 || level == 2 || (level == 0 && regime->ds);
	case 14:
		return level == 2 || (level == 1 && regime->ds);
	default:
		return level == 2 || (level == 1 && regime->pa_bits == 52);
	}
}

enum arch_kind arch_kind(const struct arch_regime *regime, unsigned int level, uint64_t desc)
{
	if (!(desc & 1))
		return ARCH_INVALID;
	if (desc & 2)
		return level == 3 ? ARCH_LEAF : ARCH_TABLE;
	return block_at(regime, level) ? ARCH_LEAF : ARCH_RESERVED;
}

/* Address bits of a descriptor, down to the granule. */
static uint64_t address(const struct arch_regime *regime, uint64_t desc)
{
	uint64_t page = BIT(regime->granule_shift);

	if (regime->ds)
		return (desc & (BIT(50) - page)) | bits(desc, 9, 8) << 50;
	if (regime->granule_shift == 16 && regime->pa_bits == 52)
		return (desc & (BIT(48) - page)) | bits(desc, 15, 12) << 48;
	return desc & (BIT(48) - page);
}

/* Arm ARM, "Contiguous bit". */
unsigned int arch_group(const struct arch_regime *regime, unsigned int level)
{
	switch (regime->granule_shift) {
	case 12:
		return level ? 16 : 1;
	case 14:
		return level == 3 ? 128 : level == 2 ? 32 : 1;
	default:
		return level >= 2 ? 32 : 1;
	}
}

uint64_t arch_neighbour(const struct arch_regime *regime, unsigned int level, uint64_t desc,
			int64_t distance)
{
	uint64_t pa =
		arch_output(regime, level, desc) + (uint64_t)distance * arch_size(regime, level);
	uint64_t size = arch_size(regime, level);

	if (regime->ds)
		return (desc & ~((BIT(50) - size) | BIT(9) | BIT(8))) | (pa & (BIT(50) - size)) |
		       bits(pa, 51, 50) << 8;
	if (regime->granule_shift == 16 && regime->pa_bits == 52)
		return (desc & ~((BIT(48) - size) | (BIT(16) - BIT(12)))) |
		       (pa & (BIT(48) - size)) | bits(pa, 51, 48) << 12;
	return (desc & ~(BIT(48) - size)) | (pa & (BIT(48) - size));
}

uint64_t arch_output(const struct arch_regime *regime, unsigned int level, uint64_t desc)
{
	uint64_t pa = address(regime, desc);

	if (arch_kind(regime, level, desc) == ARCH_LEAF)
		return pa & ~(arch_size(regime, level) - 1);
	return pa;
}

/* MemAttr[3:0]: with FEAT_S2FWB other values mean Normal than without. */
static bool decode_memory(const struct arch_regime *regime, uint64_t desc, s2_attr *attr)
{
	uint64_t memattr = bits(desc, 5, 2);

	if (memattr == 0x1)
		*attr |= S2_DEVICE;
	else if (memattr == 0x5)
		*attr |= S2_NORMAL_NC;
	else if (memattr != (regime->fwb ? 0x6 : 0xf))
		return false;
	/* Device and Non-cacheable memory is Outer Shareable whatever SH says. */
	return regime->ds || (*attr & S2_MEM_MASK) || bits(desc, 9, 8) == 3;
}

/* XN[1:0], with FEAT_XNX; without it XN[0] is clear, and the two rows left are the old ones. */
static const s2_attr exec_of[] = {S2_X_EL1 | S2_X_EL0, S2_X_EL0, 0, S2_X_EL1};

bool arch_attr(const struct arch_regime *regime, unsigned int level, uint64_t desc, s2_attr *attr)
{
	uint64_t pa = address(regime, desc);

	*attr = 0;
	if (!decode_memory(regime, desc, attr))
		return false;
	*attr |= desc & BIT(6) ? S2_R : 0;
	*attr |= desc & (BIT(7) | BIT(51)) ? S2_W : 0;
	*attr |= desc & BIT(51) ? S2_LOG : 0;
	*attr |= desc & BIT(51) && desc & BIT(7) ? S2_DIRTY : 0;
	*attr |= exec_of[bits(desc, 54, 53)];
	*attr |= desc & BIT(10) ? 0 : S2_OLD;
	*attr |= S2_SW(bits(desc, 57, 55));
	return !(desc & BIT(11)) && (!(desc & BIT(52)) || arch_group(regime, level) > 1) &&
	       !(pa >> regime->pa_bits) && !(pa & (arch_size(regime, level) - 1));
}

/* --- walks ------------------------------------------------------------------ */

static const uint64_t *table_at(uint64_t pa)
{
	uint64_t offset = pa - s2_host_arena.pa;

	require(offset < s2_host_arena.size && !(offset & (s2_host_arena.granule - 1)),
		"a table at %#llx, where there is none", (unsigned long long)pa);
	return (const uint64_t *)(const void *)(s2_host_arena.base + offset);
}

/* Concatenated tables lie next to each other: the first index is just a wider one. */
static uint64_t index_of(const struct arch_regime *regime, unsigned int level, uint64_t ipa)
{
	uint64_t index = ipa >> arch_shift(regime, level);

	return level == regime->start_level ? index : index & (BIT(regime->granule_shift - 3) - 1);
}

void arch_walk(const struct arch_regime *regime, uint64_t ipa, struct arch_walk *walk)
{
	uint64_t table = regime->root;

	*walk = (struct arch_walk){.kind = ARCH_INVALID, .level = regime->start_level};
	if (ipa >> regime->ipa_bits)
		return;
	for (;;) {
		walk->size = arch_size(regime, walk->level);
		walk->ipa = ipa & ~(walk->size - 1);
		/* A root of several tables begins in the arena page that it is aligned to. */
		uint64_t index = index_of(regime, walk->level, ipa);
		uint64_t page = index >> (regime->granule_shift - 3) << regime->granule_shift;

		walk->entry =
			table_at(table + page) + (index & (BIT(regime->granule_shift - 3) - 1));
		walk->desc = __atomic_load_n(walk->entry, __ATOMIC_ACQUIRE);
		walk->kind = arch_kind(regime, walk->level, walk->desc);
		if (walk->kind != ARCH_TABLE)
			break;
		table = arch_output(regime, walk->level, walk->desc);
		walk->level++;
	}
	if (walk->kind == ARCH_LEAF)
		walk->pa = arch_output(regime, walk->level, walk->desc);
}

/* --- TLBI operands ---------------------------------------------------------- */

/* TG of a TTL or range operand: 1 is 4K, 2 is 16K, 3 is 64K. */
static bool granule_matches(const struct arch_regime *regime, uint64_t tg)
{
	return tg && regime->granule_shift == 10 + 2 * tg;
}

static void cover(const struct arch_regime *regime, struct arch_tlbi *set, uint64_t first,
		  uint64_t size)
{
	uint64_t end = BIT(regime->ipa_bits);

	set->first = first;
	set->last = first >= end || size > end - first ? end - 1 : first + size - 1;
}

bool arch_tlbi_ipa(const struct arch_regime *regime, uint64_t operand, struct arch_tlbi *set)
{
	uint64_t ttl = bits(operand, 47, 44);

	cover(regime, set, bits(operand, 39, 0) << 12, BIT(regime->granule_shift));
	set->level = -1;
	if (bits(operand, 43, 40) || bits(operand, 63, 48) || set->first >> regime->ipa_bits ||
	    set->first & (BIT(regime->granule_shift) - 1))
		return false;
	if (!ttl)
		return true;
	set->level = (int)bits(ttl, 1, 0);
	return granule_matches(regime, ttl >> 2) &&
	       (set->level == 3 || block_at(regime, (unsigned int)set->level));
}

bool arch_tlbi_range(const struct arch_regime *regime, uint64_t operand, struct arch_tlbi *set)
{
	unsigned int shift = regime->ds ? 16 : regime->granule_shift;
	uint64_t ttl = bits(operand, 38, 37);
	uint64_t pages = (bits(operand, 43, 39) + 1) << (5 * bits(operand, 45, 44) + 1);

	cover(regime, set, bits(operand, 36, 0) << shift, pages << regime->granule_shift);
	set->level = ttl ? (int)ttl : -1;
	if (bits(operand, 63, 48) || !granule_matches(regime, bits(operand, 47, 46)) ||
	    set->first >> regime->ipa_bits)
		return false;
	return !ttl || (!(set->first & (arch_size(regime, (unsigned int)ttl) - 1)) &&
			(ttl == 3 || block_at(regime, (unsigned int)ttl)));
}
