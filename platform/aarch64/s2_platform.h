/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The platform of a hypervisor at EL2: every function is the instruction that
 * its name says, or a loop around it.  The contract is in stage2/platform.h.
 *
 * One thing is the embedder's to define: s2p_memory, the physical memory in
 * which tables may lie and guest memory can be cleaned, and how EL2 sees it.
 * TLBIs are written as SYS instructions, so that an assembler for Armv8.0
 * accepts those that came later; the engine uses them only where they exist.
 */
#ifndef S2_PLATFORM_H
#define S2_PLATFORM_H

#include <stddef.h>

struct s2p_memory {
	uint64_t base; /* first physical address */
	uint64_t size; /* bytes */
	uint64_t offset; /* EL2 virtual address minus physical address */
};
extern struct s2p_memory s2p_memory;

static inline s2_desc *s2p_table(uint64_t pa)
{
	if (pa - s2p_memory.base >= s2p_memory.size)
		return NULL;
	return (s2_desc *)(uintptr_t)(pa + s2p_memory.offset);
}

static inline uint64_t s2p_table_pa(const void *table)
{
	return (uint64_t)(uintptr_t)table - s2p_memory.offset;
}

/* A relaxed load: what follows through a pointer is ordered by its address dependency. */
static inline s2_desc s2p_load(const s2_desc *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline void s2p_store(s2_desc *p, s2_desc v)
{
	__atomic_store_n(p, v, __ATOMIC_RELAXED);
}

static inline bool s2p_cas(s2_desc *p, s2_desc old, s2_desc v)
{
	return __atomic_compare_exchange_n(p, &old, v, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static inline s2_desc s2p_swap(s2_desc *p, s2_desc v)
{
	return __atomic_exchange_n(p, v, __ATOMIC_ACQ_REL);
}

static inline uint64_t s2p_word_load_acquire(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline void s2p_word_store_release(uint64_t *p, uint64_t v)
{
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

static inline bool s2p_word_cas(uint64_t *p, uint64_t old, uint64_t v)
{
	return s2p_cas(p, old, v);
}

static inline uint64_t s2p_word_swap(uint64_t *p, uint64_t v)
{
	return s2p_swap(p, v);
}

static inline uint64_t s2p_word_add(uint64_t *p, uint64_t v)
{
	return __atomic_add_fetch(p, v, __ATOMIC_ACQ_REL);
}

static inline void s2p_fence(void)
{
	__asm__ volatile("dmb ish" ::: "memory");
}

static inline void s2p_dsb_ishst(void)
{
	__asm__ volatile("dsb ishst" ::: "memory");
}

static inline void s2p_dsb_ish(void)
{
	__asm__ volatile("dsb ish" ::: "memory");
}

static inline void s2p_dsb_nsh(void)
{
	__asm__ volatile("dsb nsh" ::: "memory");
}

static inline void s2p_isb(void)
{
	__asm__ volatile("isb" ::: "memory");
}

/*
 * TLBIs act on the VMID in VTTBR_EL2.  The DSB ends table walks that use the
 * register's old value; the ISB makes the new one the one that a TLBI sees.
 */
static inline uint64_t s2p_vttbr_write(uint64_t vttbr)
{
	uint64_t old;

	__asm__ volatile("mrs %0, vttbr_el2" : "=r"(old));
	if (old != vttbr) {
		s2p_dsb_ish();
		__asm__ volatile("msr vttbr_el2, %0" ::"r"(vttbr));
		s2p_isb();
	}
	return old;
}

static inline uint64_t s2p_vmid_enter(uint64_t vttbr)
{
	return s2p_vttbr_write(vttbr);
}

static inline void s2p_vmid_leave(uint64_t token)
{
	s2p_vttbr_write(token);
}

static inline void s2p_tlbi_ipas2e1is(uint64_t operand)
{
	__asm__ volatile("sys #4, c8, c0, #1, %0" ::"r"(operand) : "memory");
}

static inline void s2p_tlbi_ipas2le1is(uint64_t operand)
{
	__asm__ volatile("sys #4, c8, c0, #5, %0" ::"r"(operand) : "memory");
}

static inline void s2p_tlbi_ripas2e1is(uint64_t operand)
{
	__asm__ volatile("sys #4, c8, c0, #2, %0" ::"r"(operand) : "memory");
}

static inline void s2p_tlbi_ripas2le1is(uint64_t operand)
{
	__asm__ volatile("sys #4, c8, c0, #6, %0" ::"r"(operand) : "memory");
}

static inline void s2p_tlbi_vmalle1is(void)
{
	__asm__ volatile("sys #0, c8, c3, #0" ::: "memory");
}

static inline void s2p_tlbi_vmalls12e1is(void)
{
	__asm__ volatile("sys #4, c8, c3, #6" ::: "memory");
}

static inline uint64_t s2p_ctr(void)
{
	uint64_t ctr;

	__asm__ volatile("mrs %0, ctr_el0" : "=r"(ctr));
	return ctr;
}

/* A VPIPT instruction cache (CTR_EL0.L1Ip = 0b10) has lines of a VMID as a TLB has entries. */
static inline void s2p_tlbi_alle1is(void)
{
	__asm__ volatile("sys #4, c8, c3, #4" ::: "memory");
	if ((s2p_ctr() >> 14 & 3) == 2)
		__asm__ volatile("ic ialluis" ::: "memory");
}

static inline void s2p_tlbi_ipas2e1(uint64_t operand)
{
	__asm__ volatile("sys #4, c8, c4, #1, %0" ::"r"(operand) : "memory");
}

static inline void s2p_tlbi_vmalle1(void)
{
	__asm__ volatile("sys #0, c8, c7, #0" ::: "memory");
}

/* Memory outside of s2p_memory, a device's say, has no lines that EL2 could have written. */
static inline bool s2p_is_memory(uint64_t pa, uint64_t size)
{
	uint64_t at = pa - s2p_memory.base;

	return at < s2p_memory.size && size <= s2p_memory.size - at;
}

static inline void s2p_dcache_clean_inval(uint64_t pa, uint64_t size)
{
	uint64_t line = UINT64_C(4) << (s2p_ctr() >> 16 & 0xf); /* CTR_EL0.DminLine, in words */
	uint64_t va = pa + s2p_memory.offset;

	if (!s2p_is_memory(pa, size))
		return;
	for (uint64_t at = va & ~(line - 1); at < va + size; at += line)
		__asm__ volatile("dc civac, %0" ::"r"(at) : "memory");
	s2p_dsb_ish();
}

/* By line costs a broadcast each: over this many bytes all at once is cheaper. */
#define S2P_ICACHE_BY_LINE UINT64_C(65536)

/*
 * CTR_EL0.DIC says that instruction fetch needs no invalidation.  By address
 * only a physically tagged and indexed cache can be invalidated through another
 * address than the guest's (CTR_EL0.L1Ip = 0b11).
 */
static inline void s2p_icache_inval(uint64_t pa, uint64_t size)
{
	uint64_t ctr = s2p_ctr();
	uint64_t line = UINT64_C(4) << (ctr & 0xf); /* CTR_EL0.IminLine, in words */
	uint64_t va = pa + s2p_memory.offset;

	if (ctr >> 29 & 1 || !s2p_is_memory(pa, size))
		return;
	if (size > S2P_ICACHE_BY_LINE || (ctr >> 14 & 3) != 3) {
		__asm__ volatile("ic ialluis" ::: "memory");
	} else {
		for (uint64_t at = va & ~(line - 1); at < va + size; at += line)
			__asm__ volatile("ic ivau, %0" ::"r"(at) : "memory");
	}
	s2p_dsb_ish();
	s2p_isb();
}

static inline void s2p_wait(const s2_desc *p, s2_desc seen)
{
	(void)p;
	(void)seen;
	__asm__ volatile("yield" ::: "memory");
}

#endif
