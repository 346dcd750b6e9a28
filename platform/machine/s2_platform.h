/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The platform of the machine: each function is one step that the model sees
 * and, where another CPU could tell the difference, a point at which another CPU
 * may run first.  The contract is in stage2/platform.h; what a step does to
 * memory and to what CPUs may have cached is in machine/machine.h.
 */
#ifndef S2_PLATFORM_H
#define S2_PLATFORM_H

#include "machine.h"

static inline s2_desc *s2p_table(uint64_t pa)
{
	return m_table(pa);
}

static inline uint64_t s2p_table_pa(const void *table)
{
	return m_table_pa(table);
}

static inline s2_desc s2p_load(const s2_desc *p)
{
	return m_load(p);
}

static inline void s2p_store(s2_desc *p, s2_desc v)
{
	m_store(p, v);
}

static inline bool s2p_cas(s2_desc *p, s2_desc old, s2_desc v)
{
	return m_cas(p, old, v);
}

static inline s2_desc s2p_swap(s2_desc *p, s2_desc v)
{
	return m_swap(p, v);
}

static inline uint64_t s2p_word_load_acquire(const uint64_t *p)
{
	m_word(p, false);
	return *p;
}

static inline void s2p_word_store_release(uint64_t *p, uint64_t v)
{
	m_word(p, true);
	*p = v;
}

static inline bool s2p_word_cas(uint64_t *p, uint64_t old, uint64_t v)
{
	m_word(p, true);
	if (*p != old)
		return false;
	*p = v;
	return true;
}

static inline uint64_t s2p_word_swap(uint64_t *p, uint64_t v)
{
	uint64_t old;

	m_word(p, true);
	old = *p;
	*p = v;
	return old;
}

static inline uint64_t s2p_word_add(uint64_t *p, uint64_t v)
{
	m_word(p, true);
	return *p += v;
}

/* Words are sequentially consistent in the machine: a fence has nothing left to order. */
static inline void s2p_fence(void)
{
}

static inline void s2p_dsb_ishst(void)
{
	m_dsb(M_DSB_ISHST);
}

static inline void s2p_dsb_ish(void)
{
	m_dsb(M_DSB_ISH);
}

static inline void s2p_dsb_nsh(void)
{
	m_dsb(M_DSB_NSH);
}

static inline uint64_t s2p_vmid_enter(uint64_t vttbr)
{
	return m_vttbr(vttbr);
}

static inline void s2p_vmid_leave(uint64_t token)
{
	(void)m_vttbr(token);
}

static inline void s2p_tlbi_ipas2e1is(uint64_t operand)
{
	m_tlbi((struct m_tlbi){.op = M_TLBI_IPAS2, .operand = operand});
}

static inline void s2p_tlbi_ipas2le1is(uint64_t operand)
{
	m_tlbi((struct m_tlbi){.op = M_TLBI_IPAS2, .operand = operand, .last_level = true});
}

static inline void s2p_tlbi_ripas2e1is(uint64_t operand)
{
	m_tlbi((struct m_tlbi){.op = M_TLBI_RIPAS2, .operand = operand});
}

static inline void s2p_tlbi_ripas2le1is(uint64_t operand)
{
	m_tlbi((struct m_tlbi){.op = M_TLBI_RIPAS2, .operand = operand, .last_level = true});
}

static inline void s2p_tlbi_vmalle1is(void)
{
	m_tlbi((struct m_tlbi){.op = M_TLBI_VMALLE1});
}

static inline void s2p_tlbi_vmalls12e1is(void)
{
	m_tlbi((struct m_tlbi){.op = M_TLBI_VMALLS12});
}

static inline void s2p_tlbi_alle1is(void)
{
	m_tlbi((struct m_tlbi){.op = M_TLBI_ALLE1});
}

static inline void s2p_tlbi_ipas2e1(uint64_t operand)
{
	m_tlbi((struct m_tlbi){.op = M_TLBI_IPAS2, .operand = operand, .local = true});
}

static inline void s2p_tlbi_vmalle1(void)
{
	m_tlbi((struct m_tlbi){.op = M_TLBI_VMALLE1, .local = true});
}

static inline void s2p_dcache_clean_inval(uint64_t pa, uint64_t size)
{
	m_maintain(M_DCACHE, pa, size);
}

static inline void s2p_icache_inval(uint64_t pa, uint64_t size)
{
	m_maintain(M_ICACHE, pa, size);
}

static inline void s2p_wait(const s2_desc *p, s2_desc seen)
{
	(void)p;
	(void)seen;
	m_wait();
}

#endif
