/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include "entry.h"
#include "number.h"

#define BIT(n) (UINT64_C(1) << (n))

enum entry_kind entry_kind(const struct regime *r, int level, uint64_t desc)
{
	if (!(desc & 1))
		return ENTRY_INVALID;
	if (desc & 2)
		return level == LAST_LEVEL ? ENTRY_LEAF : ENTRY_TABLE;
	return level != LAST_LEVEL && regime_has_leaf(r, level) ? ENTRY_LEAF : ENTRY_RESERVED;
}

const char *entry_kind_text(const struct regime *r, int level, uint64_t desc)
{
	switch (entry_kind(r, level, desc)) {
	case ENTRY_TABLE:
		return "table";
	case ENTRY_LEAF:
		return level == LAST_LEVEL ? "page" : "block";
	case ENTRY_RESERVED:
		return "reserved";
	default:
		return "invalid";
	}
}

/* With 64K and 52 bits, address bits 51:48 are where a page has 15:12. */
static bool high_in_15_12(const struct regime *r)
{
	return r->granule == 16 && r->pa_bits == 52;
}

unsigned int entry_address_top(const struct regime *r)
{
	return r->ds ? 49 : 47;
}

unsigned int entry_address_bottom(const struct regime *r, int level, uint64_t desc)
{
	return entry_kind(r, level, desc) == ENTRY_LEAF ? regime_shift(r, level) : r->granule;
}

uint64_t entry_address(const struct regime *r, int level, uint64_t desc)
{
	unsigned int bottom = entry_address_bottom(r, level, desc);
	uint64_t address = bits(desc, entry_address_top(r), bottom) << bottom;

	if (r->ds)
		address |= bits(desc, 9, 8) << 50;
	if (high_in_15_12(r))
		address |= bits(desc, 15, 12) << 48;
	return address;
}

uint64_t entry_misplaced(const struct regime *r, int level, uint64_t desc)
{
	unsigned int bottom = entry_address_bottom(r, level, desc);
	bool block = entry_kind(r, level, desc) == ENTRY_LEAF && level != LAST_LEVEL;
	uint64_t allowed = block ? ENTRY_NT : 0;

	if (high_in_15_12(r))
		allowed |= BIT(16) - BIT(12);
	return desc & ((BIT(51) - BIT(entry_address_top(r) + 1)) | (BIT(bottom) - BIT(12))) &
	       ~allowed;
}
