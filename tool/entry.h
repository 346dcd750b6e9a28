/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * One entry as the hardware reads it.
 */
#ifndef TOOL_ENTRY_H
#define TOOL_ENTRY_H

#include "regime.h"

enum entry_kind {
	ENTRY_INVALID,
	ENTRY_TABLE,
	ENTRY_LEAF,
	ENTRY_RESERVED, /* bit 0 is set, but nothing of that kind can be there: it faults */
};

enum entry_kind entry_kind(const struct regime *r, int level, uint64_t desc);

/* "block" or "page", "table", ... */
const char *entry_kind_text(const struct regime *r, int level, uint64_t desc);

/* The address in a leaf or a table entry, aligned to what it is the address of. */
uint64_t entry_address(const struct regime *r, int level, uint64_t desc);

/* Bits of a leaf or a table entry that should be 0, as far as the address goes. */
uint64_t entry_misplaced(const struct regime *r, int level, uint64_t desc);

/* Highest and lowest bit of the address that is in its place. */
unsigned int entry_address_top(const struct regime *r);
unsigned int entry_address_bottom(const struct regime *r, int level, uint64_t desc);

#define ENTRY_AF (UINT64_C(1) << 10)
#define ENTRY_NT (UINT64_C(1) << 16)
#define ENTRY_DBM (UINT64_C(1) << 51)
#define ENTRY_CONTIG (UINT64_C(1) << 52)

#endif
