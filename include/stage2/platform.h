/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What the engine stands on.
 *
 * Every access of the engine to a descriptor that others can see, every
 * barrier, TLBI and cache operation goes through the functions below, and the
 * engine calls nothing else.  An embedder supplies them as static inline
 * functions in a header of his own, named s2_platform.h and found through the
 * include path.  Two come with the library: platform/aarch64 (instructions, for
 * EL2) and platform/host (threads, for tests and benchmarks).
 *
 * Memory
 *   s2_desc *s2p_table(uint64_t pa)
 *	The table at physical address `pa`, or NULL if no table can be there:
 *	the engine then reports S2_CORRUPT and does not follow it.
 *   uint64_t s2p_table_pa(const void *table)
 *	The inverse, for a page that the caller gave to a cache or as a root.
 *
 * Descriptors, 8-byte aligned, each access single-copy atomic
 *   s2_desc s2p_load(const s2_desc *p)
 *	Later accesses through an address taken from the value are ordered
 *	after it: a plain LDR and its address dependency, or an acquire.
 *   void s2p_store(s2_desc *p, s2_desc v)
 *   bool s2p_cas(s2_desc *p, s2_desc old, s2_desc v)
 *	Compare and swap, acquire and release: all earlier stores, the contents
 *	of a new table among them, are visible before it, to CPUs and to their
 *	table walks (CASAL, or LDAXR and STLXR).  Never fails spuriously.
 *   s2_desc s2p_swap(s2_desc *p, s2_desc v)
 *	Acquire and release.
 *
 * Words that are not descriptors (epochs, counters, list heads)
 *   uint64_t s2p_word_load_acquire(const uint64_t *p)
 *   void s2p_word_store_release(uint64_t *p, uint64_t v)
 *   bool s2p_word_cas(uint64_t *p, uint64_t old, uint64_t v)	acquire and release
 *   uint64_t s2p_word_swap(uint64_t *p, uint64_t v)	acquire and release
 *   uint64_t s2p_word_add(uint64_t *p, uint64_t v)	acquire and release; the new value
 *   void s2p_fence(void)	all earlier accesses before all later ones (DMB ISH)
 *
 * Barriers
 *   void s2p_dsb_ishst(void)	DSB ISHST: earlier stores are visible to all table walks
 *   void s2p_dsb_ish(void)	DSB ISH: and earlier TLBIs are complete on all CPUs
 *   void s2p_dsb_nsh(void)	DSB NSH: earlier TLBIs of this CPU's own are complete here
 *
 * TLB maintenance for the VMID in use, operands as the architecture encodes them
 *   uint64_t s2p_vmid_enter(uint64_t vttbr)
 *	Makes the VMID of `vttbr` the one that the TLBIs below act on, if it is
 *	not already; what leave() needs to go back.  Called before a break, or
 *	before the flush of a deferred unmap; never between a break and its
 *	make.  (On EL2: VTTBR_EL2, DSB, ISB.  In a VHE host
 *	HCR_EL2.TGE as well.)
 *   void s2p_vmid_leave(uint64_t token)
 *   void s2p_tlbi_ipas2e1is(uint64_t operand)	stage 2 by IPA, any level
 *   void s2p_tlbi_ipas2le1is(uint64_t operand)	stage 2 by IPA, last level only
 *   void s2p_tlbi_ripas2e1is(uint64_t operand)	stage 2 by IPA range, any level
 *   void s2p_tlbi_ripas2le1is(uint64_t operand)	stage 2 by IPA range, last level only
 *   void s2p_tlbi_vmalle1is(void)	stage 1 (and combined) of the VMID
 *   void s2p_tlbi_vmalls12e1is(void)	stages 1 and 2 of the VMID
 *   void s2p_tlbi_alle1is(void)	stages 1 and 2 of all VMIDs; before a VMID changes hands (vmid.h)
 *   void s2p_tlbi_ipas2e1(uint64_t operand)	this CPU only
 *   void s2p_tlbi_vmalle1(void)	this CPU only
 *	The range forms are called only if the format has S2_FEAT_TLBIRANGE.
 *
 * Caches, only for formats without S2_FEAT_FWB, and X for all
 *   void s2p_dcache_clean_inval(uint64_t pa, uint64_t size)
 *	Cleans and invalidates to the point of coherency memory that is about
 *	to be mapped Normal Write-Back, so that a guest whose caches are off
 *	sees what was written.  Complete (DSB) on return.
 *   void s2p_icache_inval(uint64_t pa, uint64_t size)
 *	Invalidates what instruction caches may hold of memory that is about to
 *	become executable.  Complete on return.  Both may do more than asked
 *	for; an implementation bounds its time by doing all at once instead.
 *
 * Waiting
 *   void s2p_wait(const s2_desc *p, s2_desc seen)
 *	A hint that the caller will look again once *p is no longer `seen`, or
 *	anything else has changed: YIELD, WFE, a scheduler's yield.  May return
 *	at any time; must not sleep if the caller is not allowed to.
 */
#ifndef STAGE2_PLATFORM_H
#define STAGE2_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

#include <stage2/descriptor.h>

#include "s2_platform.h"

#endif
