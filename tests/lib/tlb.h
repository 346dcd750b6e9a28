/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A TLB that forgets nothing it is not told to forget.
 *
 * Everything that a table walk of any CPU could have fetched is taken for cached
 * (leaves, entries that combine both stages, pointers to tables) and stays so
 * until a TLBI that surely removes it has completed.  A store is old or new to
 * the walks until its DSB; a TLBI completes with the DSB ISH after it; stage 1
 * entries that are invalidated while their stage 2 is still cached come back.
 *
 * It listens to the trace of the calling thread (host.h), and fails the test
 * that runs when the engine
 *  - lets two translations of one address be cached that differ in size, address
 *    or memory type (break-before-make),
 *  - uses a table page again while something of it is cached,
 *  - issues a TLBI with reserved values, or for another VMID,
 *  - does anything but invalidate between the break of an entry and its make
 *    (where a break is the end of a mapping, nobody waits for a make),
 *  - returns with stores that no DSB has made visible.
 */
#ifndef TESTS_TLB_H
#define TESTS_TLB_H

#include "world.h"

/* Starts to listen, on tables that are empty. */
void tlb_open(struct world *world);
void tlb_close(void);

/*
 * An operation has returned: every store was made visible; every window is shut,
 * unless the flush of deferred unmaps is still owed.
 */
void tlb_returned(bool flush_owed);

/*
 * The listener itself, for a test that has hooks of its own; and whether it cares
 * what happens between break and make (not if the test runs another CPU there).
 */
extern const struct s2_host_trace tlb_listener;
void tlb_mind_windows(bool mind);

/* A store of the test's own (hardware's access flag, say) has changed *entry. */
void tlb_stored(const s2_desc *entry);

/* Nothing of the table page is cached: it may be used for something else. */
void tlb_must_forget(const void *page);

/* Calls `visit` for every leaf that some CPU may have cached. */
struct tlb_leaf {
	uint64_t ipa;
	uint64_t size;
	uint64_t pa;
	s2_attr attr;
};
void tlb_for_each(void (*visit)(const struct tlb_leaf *leaf, void *arg), void *arg);

/* Forgets the trace of one operation: the events below count from here. */
struct tlb_counts {
	uint64_t breaks; /* valid entries made invalid */
	uint64_t tlbis;
	uint64_t whole; /* TLBIs of the whole VMID, both stages */
	uint64_t local; /* on this CPU alone */
};
void tlb_count_from_here(void);
struct tlb_counts tlb_counts(void);

#endif
