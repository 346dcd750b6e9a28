/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A table without entries goes.
 */
#ifndef S2_PRUNE_H
#define S2_PRUNE_H

#include "walk.h"

/*
 * The entry at `at`, which points to a table, becomes empty if the table is: a step, or
 * S2_RETRY.  S2_NOT_UNIFORM: it is not, or another operation is at work in the table.
 */
int s2_prune_table(struct s2_op *op, const struct s2_spot *at);

#endif
