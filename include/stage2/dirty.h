/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The dirty log: which pages has the guest written?
 *
 * It is kept in the entries themselves, one bit each, so that nothing has to be
 * allocated, and nothing can be lost between two places:
 *
 *	DBM S2AP[1]
 *	 0     0	read-only
 *	 0     1	writable, not logged
 *	 1     0	logged, clean: the first write sets S2AP[1]
 *	 1     1	logged, dirty
 *
 * Who sets it: the CPU that writes, if the format has S2_FEAT_HD, without a fault.
 * If it has not, the write takes a permission fault, and the handler calls
 * s2_touch() with S2_WRITE, or s2_map() with S2_LOG | S2_DIRTY.  Both ways are one
 * to all others, and may be mixed.
 *
 * A block is dirty as a whole.  For page by page split first (s2_split()), or split
 * on the fault: s2_map() of the page with S2_PAGES | S2_FAULT and S2_LOG | S2_DIRTY.
 * Pages mapped while a log is kept are logged if the caller maps them with S2_LOG.
 *
 * Any number of CPUs may call these, beside each other and beside all other
 * operations; what is said in stage2.h about them holds for these.
 */
#ifndef STAGE2_DIRTY_H
#define STAGE2_DIRTY_H

#include <stage2/stage2.h>

/*
 * From now on writes to what is writable in [ipa, ipa + size) are logged: clean, until
 * then.  What is logged already keeps its state.  A block that the range covers in
 * part is split.
 *
 * flags: S2_FAULT, S2_DEFER.  Statuses as s2_unmap().  A table page is needed only
 * to split a block.
 *
 * TLB: on return every write leaves its mark; with S2_DEFER, once s2_flush() has
 * returned.
 */
int s2_log_start(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		 uint32_t flags);

/*
 * Sets the bit in `map` of every page of [ipa, ipa + size) that is logged as dirty, and
 * makes it clean again, unless S2_KEEP.  Bits of other pages stay as they are.  Counts
 * the pages in cpu->found.
 *
 * flags: S2_FAULT, S2_DEFER, S2_KEEP.  Statuses as s2_unmap(), and S2_BAD_BITMAP
 * (the range is not inside of it; its address is no multiple of the granule; no words).
 *
 * TLB: on return (with S2_DEFER, once s2_flush() has returned) every later write leaves
 * its mark again: copy a page after that, and its contents are those of this round, or
 * newer and in the next one.  With S2_KEEP nothing is invalidated.
 */
int s2_log_collect(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		   struct s2_bitmap *map, uint32_t flags);

/*
 * Writes in [ipa, ipa + size) are no longer logged: what was logged is just writable.  Sets
 * the bits in `map`, unless it is NULL, of the pages that were dirty, and counts them in
 * cpu->found.  Blocks are formed again by s2_collapse().
 *
 * flags: S2_FAULT.  Statuses as s2_log_collect().  TLB: nothing is taken away, nothing is
 * invalidated; a CPU may take one more permission fault.
 */
int s2_log_stop(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		struct s2_bitmap *map, uint32_t flags);

#endif
