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

/*
 * The same in two steps, for entries next to each other that must be flushed together:
 * room for the first of them, which may flush what is there, and the VMID; then each as
 * soon as it is locked.
 */
void s2_gather_prepare(struct s2_op *op, const struct s2_spot *at);
void s2_gather_add(struct s2_op *op, const struct s2_spot *at);

/* Whether the entry at `at` would join the run that was added to last. */
bool s2_gather_adjoins(const struct s2_op *op, const struct s2_spot *at);

/*
 * Replaces the leaf at `at` with `new`, which takes something away, or with itself if
 * that was another CPU's doing and may not be flushed yet.  It stays valid; what any
 * CPU may still use of it goes with the flush.  False if somebody was faster.
 */
bool s2_gather_restrict(struct s2_op *op, const struct s2_spot *at, s2_desc new);

/* The first half of that, before the first of several leaves that are changed otherwise. */
void s2_gather_count(struct s2_op *op);

/*
 * The second: leaves of `level` in [ipa, end) were stored by this CPU, and what they said
 * before has to be flushed.
 */
void s2_gather_stale(struct s2_op *op, unsigned int level, uint64_t ipa, uint64_t end);

/*
 * Whether what leaves do not allow is not in use any more, as far as it is for another CPU
 * to flush it.  All of them were read before, with acquire, or by a compare-and-swap.
 */
bool s2_gather_is_settled(const struct s2_op *op);

/*
 * Memory that the leaf at `at` maps for [ipa, end) is to be cleaned after the flush.  Room
 * is made, by a flush, before the leaf is broken: nothing may fail in between.
 */
void s2_gather_make_room(struct s2_op *op, const struct s2_spot *at, uint64_t ipa);
void s2_gather_clean(struct s2_op *op, const struct s2_spot *at, uint64_t ipa, uint64_t end);

/* One invalidation for all of them, then releases them, retires the tables, and cleans. */
void s2_gather_flush_all(struct s2_op *op);

/* The same, where there may be nothing to flush. */
static inline void s2_gather_flush(struct s2_op *op)
{
	if (op->cpu->gather.tree)
		s2_gather_flush_all(op);
}

#endif
