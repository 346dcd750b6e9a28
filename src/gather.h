/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What one operation owes the TLB, and what it has unlinked.
 */
#ifndef S2_GATHER_H
#define S2_GATHER_H

#include "entry.h"

/*
 * Breaks the entry at `at` and remembers it: it stays locked until the flush.
 * False if somebody was faster.
 */
bool s2_gather_break(struct s2_op *op, const struct s2_spot *at);

/* Whether the entry at `at` would join the run that was added to last. */
bool s2_gather_adjoins(const struct s2_op *op, const struct s2_spot *at);

/* One invalidation for all of them, then releases them and retires the tables. */
void s2_gather_flush(struct s2_op *op);

#endif
