/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The platform of weak.cc: accesses and fences with the order that
 * stage2/platform.h promises and no more, on a simulated memory that makes as
 * little of it as C11 allows.  A DSB orders nothing here: it is there for table
 * walks, and software must not need it.
 */
#ifndef S2_PLATFORM_WEAK_H
#define S2_PLATFORM_WEAK_H

#ifdef __cplusplus
extern "C" {
#endif

s2_desc *s2p_table(uint64_t pa);
uint64_t s2p_table_pa(const void *table);

s2_desc s2p_load(const s2_desc *p);
void s2p_store(s2_desc *p, s2_desc v);
bool s2p_cas(s2_desc *p, s2_desc old, s2_desc v);
s2_desc s2p_swap(s2_desc *p, s2_desc v);

uint64_t s2p_word_load_acquire(const uint64_t *p);
void s2p_word_store_release(uint64_t *p, uint64_t v);
bool s2p_word_cas(uint64_t *p, uint64_t old, uint64_t v);
uint64_t s2p_word_swap(uint64_t *p, uint64_t v);
uint64_t s2p_word_add(uint64_t *p, uint64_t v);
void s2p_fence(void);

void s2p_wait(const s2_desc *p, s2_desc seen);
void s2p_tlbi_alle1is(void);

#ifdef __cplusplus
}
#endif

static inline void s2p_dsb_ishst(void)
{
}

static inline void s2p_dsb_ish(void)
{
}

static inline void s2p_dsb_nsh(void)
{
}

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
}

static inline void s2p_tlbi_ipas2le1is(uint64_t operand)
{
	(void)operand;
}

static inline void s2p_tlbi_ripas2e1is(uint64_t operand)
{
	(void)operand;
}

static inline void s2p_tlbi_ripas2le1is(uint64_t operand)
{
	(void)operand;
}

static inline void s2p_tlbi_vmalle1is(void)
{
}

static inline void s2p_tlbi_vmalls12e1is(void)
{
}

static inline void s2p_tlbi_ipas2e1(uint64_t operand)
{
	(void)operand;
}

static inline void s2p_tlbi_vmalle1(void)
{
}

static inline void s2p_dcache_clean_inval(uint64_t pa, uint64_t size)
{
	(void)pa, (void)size;
}

static inline void s2p_icache_inval(uint64_t pa, uint64_t size)
{
	(void)pa, (void)size;
}

#endif
