/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A live entry gives way to another one.
 */
#ifndef S2_REPLACE_H
#define S2_REPLACE_H

#include "walk.h"

/*
 * Break, invalidate, make: the entry at `at`, a leaf or a table and neither locked
 * nor sealed, becomes `new`.  A table that it pointed to is retired.
 *
 * False: somebody was faster, or the table that holds the entry was cut away
 * meanwhile; `new` was not made, and what it leads to is still the caller's.
 */
bool s2_replace(struct s2_op *op, const struct s2_spot *at, s2_desc new);

/* Whether sizes may change without a break. */
static inline bool s2_has_bbm(const struct s2_format *fmt)
{
	return fmt->features & (S2_FEAT_BBM1 | S2_FEAT_BBM2);
}

/* What a block has while its size changes: nobody builds on it, and with level 1 no TLB holds it. */
static inline s2_desc s2_size_seal(const struct s2_format *fmt)
{
	return fmt->features & S2_FEAT_BBM2 ? S2_DESC_SEAL : S2_DESC_SEAL | S2_DESC_NT;
}

/*
 * FEAT_BBM: the entry at `at` becomes `sealed`, which has s2_size_seal() and says the same in
 * another size; then what any CPU holds of the old one goes.  The caller takes off the seal.
 * False: somebody was faster.
 */
bool s2_resize(struct s2_op *op, const struct s2_spot *at, s2_desc sealed);

#endif
