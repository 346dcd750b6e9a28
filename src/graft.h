/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Tables built aside, to take the place of one entry.
 */
#ifndef S2_GRAFT_H
#define S2_GRAFT_H

#include "replace.h"

/* Whether a graft there changes nothing, op->pos included, and is followed by another look. */
static inline bool s2_splits_first(const struct s2_op *op, const struct s2_spot *at)
{
	return s2_is_valid(at->desc) && s2_has_bbm(op->fmt);
}

/* First IPA behind what one graft with leaves of `target` changes. */
uint64_t s2_graft_end(const struct s2_op *op, unsigned int target);

/*
 * Replaces the entry at `at` (empty, annotated, or a block) with tables down to
 * `target` (below at->level).  They say what the entry said, but for what the
 * operation wants from op->pos on, as far as the last of them reaches; op->pos
 * moves behind that.  Not so if s2_splits_first().  S2_STEP_AGAIN, or a status.
 */
int s2_graft(struct s2_op *op, const struct s2_spot *at, unsigned int target);

/* The same with one table and no change: the entry said again, one level finer. */
int s2_graft_split(struct s2_op *op, const struct s2_spot *at);

/*
 * The same for all of a block at once, down to `target` or as near to it as cache, quota
 * and budget allow, which is one level at least.  S2_STEP_NEXT, with op->pos behind the block,
 * if it was down to `target`: others may have changed the tables since, but that came after.
 */
int s2_graft_whole(struct s2_op *op, const struct s2_spot *at, unsigned int target);

#endif
