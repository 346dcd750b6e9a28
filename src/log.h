/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What the other operations owe the dirty log.
 */
#ifndef S2_LOG_H
#define S2_LOG_H

#include "bitmap.h"
#include "walk.h"

/*
 * `had` stood for [ipa, end) until this CPU replaced it with `has`, by a compare-and-
 * swap: if that was dirty, and is no more, it is noted in op->map.
 */
static inline void s2_log_replaced(struct s2_op *op, s2_desc had, s2_desc has, uint64_t ipa,
				   uint64_t end)
{
	if (s2_is_valid(had) && s2_is_dirty(had) && !(s2_is_valid(has) && s2_is_dirty(has)))
		s2_bitmap_set(op, op->map, ipa, end);
}

/* Whether tables must not be cut off but for the last: cpu->log wants to know what is dirty in them. */
static inline bool s2_log_wants(const struct s2_op *op, unsigned int level)
{
	return op->cpu->log && level + 1 < S2_LAST_LEVEL;
}

/*
 * Reports what is dirty in the table at `pa`, whose entries are of `level` and begin with
 * `ipa`, to cpu->log.  It was cut off by this CPU and its invalidation has completed:
 * the hardware writes there no more.  Nothing unless it is a last-level table.
 */
void s2_log_harvest(struct s2_op *op, uint64_t pa, unsigned int level, uint64_t ipa);

#endif
