/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Pages that an operation found young or dirty, as bits of the caller's.
 */
#ifndef S2_BITMAP_H
#define S2_BITMAP_H

#include "op.h"

/* S2_BAD_BITMAP unless the range lies inside of `map`. */
int s2_check_bitmap(const struct s2_format *fmt, const struct s2_bitmap *map, uint64_t ipa,
		    uint64_t size);

/*
 * Sets the bits of the pages of [ipa, end), as far as `map` has them; none if it is NULL.
 * Counts all of them in cpu->found.  How many words they fill.
 */
uint64_t s2_bitmap_note(struct s2_op *op, struct s2_bitmap *map, uint64_t ipa, uint64_t end);

/* The same for pages that were not visited one by one: the words count against the budget. */
void s2_bitmap_set(struct s2_op *op, struct s2_bitmap *map, uint64_t ipa, uint64_t end);

#endif
