/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What becomes of an unlinked table.
 */
#ifndef S2_RECLAIM_H
#define S2_RECLAIM_H

#include "op.h"

/*
 * Hands over the table at `pa`, whose entries are of `level`, to be torn down.
 * Its invalidation has completed.  On a shared tree it waits for a grace
 * period; on an exclusive one a last-level table is free right away.
 */
void s2_retire(struct s2_op *op, uint64_t pa, unsigned int level);

/*
 * Moves the table that `desc`, an entry of `level` that nobody can reach any
 * more, points to onto the list of those to be freed; nothing if it points to
 * none.  S2_CORRUPT if it cannot be followed.
 */
int s2_unlink_private(struct s2_tree *tree, struct s2_cpu *cpu, s2_desc desc, unsigned int level);

/* Frees up to *budget tables of that list.  S2_OK: all; S2_MORE; S2_CORRUPT. */
int s2_free_unlinked(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t *budget);

#endif
