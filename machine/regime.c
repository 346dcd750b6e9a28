/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The walk of the architecture (Arm ARM, "The VMSAv8-64 translation table
 * format", pseudocode S2Walk), without memory: what each value means.
 */
#include "regime.h"

static uint64_t field(uint64_t value, unsigned int high, unsigned int low)
{
	return value >> low & ((UINT64_C(2) << (high - low)) - 1);
}

static unsigned int granule_of(uint64_t tg0)
{
	static const unsigned int granule[] = {12, 16, 14, 0};

	return granule[tg0];
}

/* SL0 names the level of the first look-up, differently for each granule. */
static int start_of(unsigned int granule, uint64_t sl0)
{
	static const int start_4k[] = {2, 1, 0, 3};
	static const int start_other[] = {3, 2, 1, 0};

	return granule == 12 ? start_4k[sl0] : start_other[sl0];
}

/* Arm ARM, "Concatenated translation tables": up to 16 tables at the first level. */
static bool root_fits(const struct m_regime *r)
{
	unsigned int shift = m_regime_shift(r, r->start);

	return r->input > shift && r->input <= shift + r->stride + 4;
}

/* 52-bit addresses need a format that has room for them: else 48 bits are all that PS can mean. */
static unsigned int output_of(const struct m_regime *r, uint64_t ps)
{
	static const unsigned int size[] = {32, 36, 40, 42, 44, 48, 52, 0};

	return size[ps] == 52 && r->granule != 16 && !r->ds ? 48 : size[ps];
}

/* DS is RES0 with 64K; a walk from level 0 needs it with 16K.  SL2, level -1, is not modelled. */
static bool ds_fits(const struct m_regime *r, uint64_t vtcr)
{
	if (field(vtcr, 33, 33) || (r->ds && r->granule == 16))
		return false;
	return r->ds || r->granule != 14 || r->start > 0;
}

bool m_regime_decode(struct m_regime *r, uint64_t vtcr)
{
	r->granule = granule_of(field(vtcr, 15, 14));
	if (!r->granule)
		return false;
	r->stride = r->granule - 3;
	r->input = 64 - (unsigned int)field(vtcr, 5, 0);
	r->start = start_of(r->granule, field(vtcr, 7, 6));
	r->ds = field(vtcr, 32, 32);
	r->output = output_of(r, field(vtcr, 18, 16));
	r->ha = field(vtcr, 21, 21);
	r->hd = field(vtcr, 22, 22);
	return r->output && r->input <= r->output && root_fits(r) && ds_fits(r, vtcr) &&
	       (r->ha || !r->hd);
}

unsigned int m_regime_shift(const struct m_regime *r, int level)
{
	return r->granule + (unsigned int)(3 - level) * r->stride;
}

uint64_t m_regime_index(const struct m_regime *r, uint64_t ipa, int level)
{
	uint64_t index = ipa >> m_regime_shift(r, level);

	return level == r->start ? index : index & ((UINT64_C(1) << r->stride) - 1);
}

/* Arm ARM, "Contiguous bit": 16 entries with 4K; 128 pages or 32 blocks with 16K; 32 with 64K. */
unsigned int m_regime_group(const struct m_regime *r, int level)
{
	if (r->granule == 12)
		return level >= 1 ? 4 : 0;
	if (r->granule == 14)
		return level == 3 ? 7 : level == 2 ? 5 : 0;
	return level >= 2 ? 5 : 0;
}

static uint64_t address_of(const struct m_regime *r, uint64_t desc, unsigned int low)
{
	if (r->ds)
		return field(desc, 49, low) << low | field(desc, 9, 8) << 50;
	if (r->granule == 16 && r->output == 52)
		return field(desc, 47, low) << low | field(desc, 15, 12) << 48;
	return field(desc, 47, low) << low;
}

/* Where a block may be: Arm ARM, "Block descriptor formats". */
static bool block_allowed(const struct m_regime *r, int level)
{
	if (level == 2)
		return true;
	if (level == 1)
		return r->granule == 12 || r->ds || (r->granule == 16 && r->output == 52);
	return level == 0 && r->granule == 12 && r->ds;
}

struct m_decoded m_regime_read(const struct m_regime *r, uint64_t desc, int level)
{
	struct m_decoded d = {.type = M_FAULT};
	bool type = desc >> 1 & 1;

	if (!(desc & 1) || (level == 3 && !type) ||
	    (level < 3 && !type && !block_allowed(r, level)))
		return d;
	d.type = level < 3 && type ? M_TABLE : M_LEAF;
	d.address = address_of(r, desc, d.type == M_TABLE ? r->granule : m_regime_shift(r, level));
	if (d.address >> r->output)
		return (struct m_decoded){.type = M_FAULT};
	d.attributes = field(desc, 5, 2) | (r->ds ? 0 : field(desc, 9, 8) << 4);
	d.read = desc >> 6 & 1;
	d.write = desc >> 7 & 1;
	d.exec = !(desc >> 54 & 1);
	d.af = desc >> 10 & 1;
	d.dbm = desc >> 51 & 1;
	d.contiguous = d.type == M_LEAF && desc >> 52 & 1;
	return d;
}

uint64_t m_regime_neighbour(const struct m_regime *r, uint64_t desc, int level, int64_t distance)
{
	uint64_t address = address_of(r, desc, m_regime_shift(r, level));
	uint64_t high = r->ds ? UINT64_C(3) << 8 : UINT64_C(0xf) << 12;
	uint64_t low =
		(UINT64_C(1) << (r->ds ? 50 : 48)) - (UINT64_C(1) << m_regime_shift(r, level));

	address += (uint64_t)distance << m_regime_shift(r, level);
	desc = (desc & ~low) | (address & low);
	if (r->ds)
		return (desc & ~high) | (address >> 50 << 8 & high);
	return r->granule == 16 && r->output == 52 ? (desc & ~high) | (address >> 48 << 12 & high)
						   : desc;
}

/* BADDR[51:48] stand in bits 5:2 where addresses have 52 bits. */
uint64_t m_regime_root(const struct m_regime *r, uint64_t vttbr)
{
	if (r->output == 52)
		return field(vttbr, 47, 6) << 6 | field(vttbr, 5, 2) << 48;
	return field(vttbr, 47, 1) << 1;
}
