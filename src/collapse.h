/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * One table becomes a block.
 */
#ifndef S2_COLLAPSE_H
#define S2_COLLAPSE_H

#include "walk.h"

/*
 * The table that the entry at `at` points to gives way to the block that it describes.
 * S2_NOT_UNIFORM if it describes none, a step, or another status.
 */
int s2_collapse_table(struct s2_op *op, const struct s2_spot *at);

#endif
