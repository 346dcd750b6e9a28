/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A translation as VTCR_EL2 describes it, whoever has set that up: more than the library
 * would ever choose.
 */
#ifndef TOOL_REGIME_H
#define TOOL_REGIME_H

#include "settings.h"

#define LAST_LEVEL 3

struct regime {
	uint64_t vtcr;
	unsigned int granule; /* log2 */
	unsigned int stride; /* IPA bits that one level resolves */
	unsigned int ipa_bits;
	unsigned int pa_bits;
	int start; /* -1..3 */
	unsigned int root_tables; /* concatenated */
	bool ds; /* descriptors of FEAT_LPA2 */
	bool hd; /* hardware notes writes */
	uint32_t features; /* S2_FEAT_*: those that are no matter of VTCR_EL2 */
	bool has_fmt; /* whether the library has a format for it: */
	struct s2_format fmt;
};

/* Null, or why VTCR_EL2 makes no sense. */
const char *regime_decode(struct regime *r, uint64_t vtcr, uint32_t features);

/* What options ask for; bad() if that cannot be. */
void regime_of(struct regime *r, const struct settings *s);

/* Bytes of the root, to which it is aligned. */
uint64_t regime_root_size(const struct regime *r);

/* The address in VTTBR_EL2. */
uint64_t regime_root(const struct regime *r, uint64_t vttbr);

/* IPA bits below an entry of a level, and bytes that it covers. */
unsigned int regime_shift(const struct regime *r, int level);
uint64_t regime_size(const struct regime *r, int level);

/* Whether a block (a page, at level 3) may be there. */
bool regime_has_leaf(const struct regime *r, int level);

/* Entries of a contiguous group; 1 where there are none. */
unsigned int regime_group(const struct regime *r, int level);

/* "4K granule, 40 IPA bits, ...".  One buffer. */
const char *regime_text(const struct regime *r);

#endif
