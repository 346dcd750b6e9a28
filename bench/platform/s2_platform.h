/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The platform that is measured: what the other engines get from their shims.
 *
 * An access is that of the host; a DSB is a locked instruction; a TLBI, and what is done to
 * caches, is counted; no lock and no list is behind any of it.  A table is looked for in
 * the pool as it would be in the memory of a hypervisor, by one comparison.
 */
#ifndef S2_PLATFORM_BENCH_H
#define S2_PLATFORM_BENCH_H

#include <sched.h>

#include "bench.h"
#include "host.h"

/* Nobody watches. */
static inline void s2_host_before(enum s2_host_op op, const void *p, uint64_t old, uint64_t value)
{
	(void)op, (void)p, (void)old, (void)value;
}

static inline void s2_host_after(enum s2_host_op op, const void *p, uint64_t old, uint64_t value,
				 bool stored)
{
	(void)op, (void)p, (void)old, (void)value, (void)stored;
}

#include "access.h"

/* Memory */

static inline s2_desc *s2p_table(uint64_t pa)
{
	uint64_t offset = pa - BENCH_POOL_PA;

	s2_desc *table;

	if (offset >= BENCH_POOL_SIZE)
		return 0;
	table = (s2_desc *)(void *)(bench_pool.base + offset);
	if (!table) /* the compiler cannot know that it is none */
		__builtin_unreachable();
	return table;
}

static inline uint64_t s2p_table_pa(const void *table)
{
	return bench_pa(table);
}

/* Barriers */

static inline void s2p_fence(void)
{
	bench_dsb();
}

static inline void s2p_dsb_ishst(void)
{
	bench_dsb();
}

static inline void s2p_dsb_ish(void)
{
	bench_dsb();
}

static inline void s2p_dsb_nsh(void)
{
	bench_dsb();
}

/* TLBIs: the caller runs with the guest's VMID, as in a VHE host that has loaded it */

static inline uint64_t s2p_vmid_enter(uint64_t vttbr)
{
	return vttbr;
}

static inline void s2p_vmid_leave(uint64_t token)
{
	(void)token;
}

static inline void s2p_tlbi_ipas2e1is(uint64_t operand)
{
	(void)operand;
	bench_tlbi();
}

static inline void s2p_tlbi_ipas2le1is(uint64_t operand)
{
	(void)operand;
	bench_tlbi();
}

static inline void s2p_tlbi_ripas2e1is(uint64_t operand)
{
	(void)operand;
	bench_tlbi();
}

static inline void s2p_tlbi_ripas2le1is(uint64_t operand)
{
	(void)operand;
	bench_tlbi();
}

/* The companion of those above: all engines do without counting it. */
static inline void s2p_tlbi_vmalle1is(void)
{
}

static inline void s2p_tlbi_vmalls12e1is(void)
{
	bench_tlbi();
}

static inline void s2p_tlbi_alle1is(void)
{
	bench_tlbi();
}

static inline void s2p_tlbi_ipas2e1(uint64_t operand)
{
	(void)operand;
	bench_tlbi();
}

static inline void s2p_tlbi_vmalle1(void)
{
}

/* Caches */

static inline void s2p_dcache_clean_inval(uint64_t pa, uint64_t size)
{
	(void)pa, (void)size;
	bench_counts.cache++;
}

static inline void s2p_icache_inval(uint64_t pa, uint64_t size)
{
	(void)pa, (void)size;
	bench_counts.cache++;
}

static inline void s2p_wait(const s2_desc *p, s2_desc seen)
{
	(void)p, (void)seen;
	sched_yield();
}

#endif
