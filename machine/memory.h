/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The state of the machine, shared by memory, MMU and rules.
 */
#ifndef M_MEMORY_H
#define M_MEMORY_H

#include "machine.h"
#include "regime.h"

#define M_HISTORY 8192u /* steps kept; older ones are overwritten */
#define M_SHARED_BITS 15
#define M_PAGE_SHIFT_MAX 16u
#define M_ENTRY_BYTES 8u
#define M_FREE_WORDS ((M_ARENA_PAGES + 63) / 64)
#define M_ARENA_BYTES ((size_t)M_ARENA_PAGES << M_PAGE_SHIFT_MAX)

struct m_event {
	const char *what;
	int fiber;
	const void *p;
	uint64_t old, new;
};

struct m_shared {
	const void *p;
	unsigned int readers, writers; /* a bit for each fiber */
};

struct m_state {
	struct m_config cfg;
	unsigned int page_shift; /* of table pages */
	char violation[320];
	bool blamable; /* what is said now is about the violation that is kept */
	const uint64_t *blamed; /* the entry that the violation is about, if it is about one */
	uint64_t fetched; /* events before somebody fetched what he should not have; 0: unknown */
	struct m_event history[M_HISTORY];
	uint64_t events;
	uint64_t version; /* counts writes */
	uint64_t writes[M_CPUS]; /* those of each CPU */
	uint64_t waits[M_CPUS];
	const void *far[M_CPUS]; /* the far entries that a CPU is at */
	uint64_t vttbr[M_CPUS]; /* VTTBR_EL2 of each CPU */
	const struct s2_cpu *cpu[M_CPUS];
	const void *head[M_CPUS]; /* of its cache, when last looked at */
	uint64_t free[M_FREE_WORDS]; /* a bit for each page of the arena */
	uint64_t digest; /* of what entries say, and of who has locked which */
	struct m_shared shared[1u << M_SHARED_BITS];
	unsigned int shared_count;
	bool shared_grew, shared_all;
};

extern struct m_state m;

/* The CPU that acts; CPU 0 outside of fibers. */
static inline unsigned int m_cpu(void)
{
	int fiber = m_fiber_current();

	return fiber < 0 ? 0 : (unsigned int)fiber;
}

/* Which page of the arena. */
static inline uint64_t m_page_of(uint64_t pa)
{
	return (pa - M_ARENA_PA) >> m.page_shift;
}

/* Bytes of the arena, from its first page to the last one in use. */
size_t m_arena_used(void);

bool m_is_free(uint64_t pa);
bool m_hardware_cas(uint64_t *p, uint64_t old, uint64_t new);
void m_look_at_caches(void);

/* mmu.c */
void m_mmu_begin(void);
void m_mmu_store(const uint64_t *p, uint64_t old);
void m_mmu_tlbi(struct m_tlbi tlbi);
void m_mmu_dsb(enum m_dsb kind);
bool m_mmu_owes_tlbi(enum m_dsb kind);
void m_mmu_check_free(void);
uint64_t m_mmu_digest(void);
bool m_mmu_may_read(const uint64_t *p);
bool m_mmu_is_near(const uint64_t *p);
/* Whether a walk for a watched page comes to the entry, by what the tables say or said. */
bool m_mmu_is_reached(const uint64_t *p);
void m_mmu_forget(void);

/*
 * For those who look on.  What a CPU may have cached for a watched page, M_CACHED_MAX at the
 * most; whether that is the same for all CPUs; whether a translation allows what the tables do
 * not; a store that walks may have missed yet, by number, and what was there before; how many
 * TLBIs a CPU has issued that no DSB of its has completed.
 */
#define M_CACHED_MAX 48u
struct m_cached {
	bool pointer, combined; /* neither: a leaf of stage 2 */
	int level; /* of the entry that said so */
	uint64_t value; /* address of the table, or the leaf's descriptor */
};

unsigned int m_mmu_cached(unsigned int cpu, unsigned int w, struct m_cached *cached);
bool m_mmu_alike(void);
bool m_mmu_is_stale(unsigned int w, const struct m_cached *cached);
const uint64_t *m_mmu_unseen(unsigned int i, uint64_t *old);
unsigned int m_mmu_in_flight(unsigned int cpu);

/* memory.c: "table", "locked", ... */
const char *m_word_for(uint64_t desc);

/* caches.c */
void m_caches_forget(void);
void m_caches_begin(void);
void m_caches_save(void);
uint64_t m_caches_digest(void);
void m_caches_check(uint64_t ipa, const struct m_decoded *leaf, uint64_t pa);

/* rules.c */
void m_rules_begin(void);
void m_rules_write(const uint64_t *p, uint64_t old, uint64_t new);
void m_rules_maintain(void);
void m_rules_hardware(const uint64_t *p, uint64_t bits); /* has been set by the hardware */
void m_rules_saw(const uint64_t *p); /* by software, all that is there */
void m_rules_store(const uint64_t *p, uint64_t new); /* not an exchange */

#endif
