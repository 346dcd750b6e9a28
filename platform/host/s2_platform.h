/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The platform for threads on a host: what tests and benchmarks stand on.
 *
 * A descriptor access is one atomic operation of the compiler, a barrier is a
 * fence, and a physical address is an offset into the arena of host.h.  There
 * is no MMU behind these tables, so a TLBI is only counted; compiled with
 * S2_HOST_TRACE, every step is also shown to a test that plays the MMU or the
 * other CPU.  Without it nothing of that is left in the code.
 */
#ifndef S2_PLATFORM_HOST_H
#define S2_PLATFORM_HOST_H

#include <sched.h>

#include "host.h"

static inline void s2_host_before(enum s2_host_op op, const void *p, uint64_t old, uint64_t value)
{
#ifdef S2_HOST_TRACE
	const struct s2_host_event event = {op, p, old, value, false};

	if (s2_host_trace.before)
		s2_host_trace.before(&event);
#else
	(void)op, (void)p, (void)old, (void)value;
#endif
}

static inline void s2_host_after(enum s2_host_op op, const void *p, uint64_t old, uint64_t value,
				 bool stored)
{
#ifdef S2_HOST_TRACE
	const struct s2_host_event event = {op, p, old, value, stored};

	if (s2_host_trace.after)
		s2_host_trace.after(&event);
#else
	(void)op, (void)p, (void)old, (void)value, (void)stored;
#endif
}

#include "access.h"

/* Memory */

static inline s2_desc *s2p_table(uint64_t pa)
{
	uint64_t offset = pa - s2_host_arena.pa;

	if (offset >= s2_host_arena.size || offset & (s2_host_arena.granule - 1))
		return NULL;
	return (s2_desc *)(void *)(s2_host_arena.base + offset);
}

static inline uint64_t s2p_table_pa(const void *table)
{
	return s2_host_arena.pa + (uint64_t)((const unsigned char *)table - s2_host_arena.base);
}

/* Barriers, TLBIs and cache operations: a fence or a count, and an event */

static inline void s2p_fence(void)
{
	s2_host_before(S2_HOST_FENCE, NULL, 0, 0);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline void s2_host_barrier(enum s2_host_op op)
{
	s2_host_before(op, NULL, 0, 0);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	s2_host_after(op, NULL, 0, 0, false);
}

static inline void s2p_dsb_ishst(void)
{
	s2_host_barrier(S2_HOST_DSB_ISHST);
}

static inline void s2p_dsb_ish(void)
{
	s2_host_barrier(S2_HOST_DSB_ISH);
}

static inline void s2p_dsb_nsh(void)
{
	s2_host_barrier(S2_HOST_DSB_NSH);
}

static inline uint64_t s2p_vmid_enter(uint64_t vttbr)
{
	uint64_t token = s2_host_vttbr;

	s2_host_before(S2_HOST_VMID_ENTER, NULL, token, vttbr);
	s2_host_vttbr = vttbr;
	s2_host_after(S2_HOST_VMID_ENTER, NULL, token, vttbr, false);
	return token;
}

static inline void s2p_vmid_leave(uint64_t token)
{
	s2_host_before(S2_HOST_VMID_LEAVE, NULL, s2_host_vttbr, token);
	s2_host_vttbr = token;
	s2_host_after(S2_HOST_VMID_LEAVE, NULL, token, token, false);
}

static inline void s2_host_count_tlbi(enum s2_host_op op, uint64_t operand)
{
	s2_host_before(op, NULL, 0, operand);
	s2_host_tlbis[op - S2_HOST_TLBI_FIRST]++;
	s2_host_after(op, NULL, 0, operand, false);
}

static inline void s2p_tlbi_ipas2e1is(uint64_t operand)
{
	s2_host_count_tlbi(S2_HOST_TLBI_IPAS2E1IS, operand);
}

static inline void s2p_tlbi_ipas2le1is(uint64_t operand)
{
	s2_host_count_tlbi(S2_HOST_TLBI_IPAS2LE1IS, operand);
}

static inline void s2p_tlbi_ripas2e1is(uint64_t operand)
{
	s2_host_count_tlbi(S2_HOST_TLBI_RIPAS2E1IS, operand);
}

static inline void s2p_tlbi_ripas2le1is(uint64_t operand)
{
	s2_host_count_tlbi(S2_HOST_TLBI_RIPAS2LE1IS, operand);
}

static inline void s2p_tlbi_vmalle1is(void)
{
	s2_host_count_tlbi(S2_HOST_TLBI_VMALLE1IS, 0);
}

static inline void s2p_tlbi_vmalls12e1is(void)
{
	s2_host_count_tlbi(S2_HOST_TLBI_VMALLS12E1IS, 0);
}

static inline void s2p_tlbi_alle1is(void)
{
	s2_host_count_tlbi(S2_HOST_TLBI_ALLE1IS, 0);
}

static inline void s2p_tlbi_ipas2e1(uint64_t operand)
{
	s2_host_count_tlbi(S2_HOST_TLBI_IPAS2E1, operand);
}

static inline void s2p_tlbi_vmalle1(void)
{
	s2_host_count_tlbi(S2_HOST_TLBI_VMALLE1, 0);
}

static inline void s2p_dcache_clean_inval(uint64_t pa, uint64_t size)
{
	s2_host_before(S2_HOST_DCACHE, NULL, pa, size);
	s2_host_after(S2_HOST_DCACHE, NULL, pa, size, false);
}

static inline void s2p_icache_inval(uint64_t pa, uint64_t size)
{
	s2_host_before(S2_HOST_ICACHE, NULL, pa, size);
	s2_host_after(S2_HOST_ICACHE, NULL, pa, size, false);
}

static inline void s2p_wait(const s2_desc *p, s2_desc seen)
{
	s2_host_before(S2_HOST_WAIT, p, seen, 0);
	sched_yield();
}

#endif
