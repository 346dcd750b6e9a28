/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Memory, and each step that the engine takes on it.
 *
 * Memory itself is sequentially consistent: what software sees of software is
 * tested on real threads, and by mutants that weaken one access.  What the model
 * adds is the other observer, the table walk, to which a store is "old or new"
 * until the storing CPU's DSB.
 *
 * A step is a point of scheduling only if another CPU touches the same memory in
 * some run: the explorer finds these addresses as it goes, and starts again
 * when it has found one more.
 */
#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stage2/stage2.h>

#include "fiber.h"

#define PAGE_SIZE (1u << M_PAGE_SHIFT)
#define PAGE_WORDS (PAGE_SIZE / 8)

static _Alignas(1 << 20) uint64_t arena[M_ARENA_PAGES][PAGE_WORDS];
static uint64_t saved[M_ARENA_PAGES][PAGE_WORDS];

struct m_state m;

uint64_t *m_table(uint64_t pa)
{
	uint64_t offset = pa - M_ARENA_PA;

	if (offset >= sizeof(arena) || offset & (PAGE_SIZE - 1))
		return NULL;
	return arena[offset >> M_PAGE_SHIFT];
}

uint64_t m_table_pa(const void *table)
{
	return M_ARENA_PA + (uint64_t)((const unsigned char *)table - (unsigned char *)arena);
}

void *m_page(unsigned int index)
{
	return arena[index];
}

void m_memory_save(void)
{
	memcpy(saved, arena, sizeof(arena));
}

void m_memory_restore(void)
{
	memcpy(arena, saved, sizeof(arena));
}

uint64_t m_version(unsigned int fiber)
{
	return m.version - m.writes[fiber];
}

static void count_write(void)
{
	m.version++;
	m.writes[m_cpu()]++;
}

/* --- violations and history --------------------------------------------------- */

void m_violation(const char *format, ...)
{
	va_list args;

	if (m.violation[0])
		return;
	va_start(args, format);
	(void)vsnprintf(m.violation, sizeof(m.violation), format, args);
	va_end(args);
}

bool m_run_ok(void)
{
	return !m.violation[0];
}

const char *m_run_violation(void)
{
	return m.violation;
}

static void remember(const char *what, const void *p, uint64_t old, uint64_t new)
{
	struct m_event *e = &m.history[m.events++ % M_HISTORY];

	*e = (struct m_event){
		.what = what, .fiber = m_fiber_current(), .p = p, .old = old, .new = new};
}

static void print_event(const struct m_event *e)
{
	bool in_arena = (const unsigned char *)e->p >= (unsigned char *)arena &&
			(const unsigned char *)e->p < (unsigned char *)arena + sizeof(arena);

	(void)printf("    CPU%d %-9s", e->fiber, e->what);
	if (in_arena) {
		uint64_t offset = (uint64_t)((const unsigned char *)e->p - (unsigned char *)arena);

		(void)printf(" page %2u entry %3u: %016llx -> %016llx\n",
			     (unsigned int)(offset >> M_PAGE_SHIFT),
			     (unsigned int)(offset >> 3 & (PAGE_WORDS - 1)),
			     (unsigned long long)e->old, (unsigned long long)e->new);
	} else {
		(void)printf(" %016llx\n", (unsigned long long)e->new);
	}
}

void m_history_print(void)
{
	uint64_t first = m.events > M_HISTORY ? m.events - M_HISTORY : 0;

	for (uint64_t i = first; i < m.events; i++)
		print_event(&m.history[i % M_HISTORY]);
}

/* --- what several CPUs touch ---------------------------------------------------- */

static struct m_shared *shared_of(const void *p)
{
	size_t i = ((uintptr_t)p >> 3) * 0x9e3779b97f4a7c15u >> (64 - M_SHARED_BITS);

	while (m.shared[i].p && m.shared[i].p != p)
		i = (i + 1) & ((1u << M_SHARED_BITS) - 1);
	if (!m.shared[i].p && ++m.shared_count == 1u << M_SHARED_BITS)
		abort();
	m.shared[i].p = p;
	return &m.shared[i];
}

/* Several CPUs touch it, one of them to write. */
static bool is_shared(const struct m_shared *s)
{
	unsigned int all = s->readers | s->writers;

	return s->writers && all & (all - 1);
}

void m_shared_reset(void)
{
	memset(m.shared, 0, sizeof(m.shared));
	m.shared_count = 0;
	m.shared_grew = false;
}

bool m_shared_grew(void)
{
	bool grew = m.shared_grew;

	m.shared_grew = false;
	return grew;
}

/* Notes who touches it; whether others were known to. */
static bool touch(const void *p, bool write)
{
	struct m_shared *s = shared_of(p);
	bool was = is_shared(s);

	if (write)
		s->writers |= 1u << m_fiber_current();
	else
		s->readers |= 1u << m_fiber_current();
	m.shared_grew |= !was && is_shared(s);
	return was;
}

/* A step on memory: lets others run first, if they could tell. */
static void step(const void *p, bool write)
{
	if (m_fiber_current() >= 0 && touch(p, write))
		m_fiber_pause((struct m_step){.kind = write ? M_STEP_WRITE : M_STEP_READ,
					      .address = (uintptr_t)p});
}

/* --- free pages ------------------------------------------------------------------ */

void m_run_owns(unsigned int fiber, const struct s2_cpu *cpu)
{
	m.cpu[fiber] = cpu;
}

static bool caches_changed(void)
{
	bool changed = false;

	for (unsigned int i = 0; i < M_CPUS; i++) {
		const void *head = m.cpu[i] ? m.cpu[i]->cache.head : NULL;

		changed |= head != m.head[i];
		m.head[i] = head;
	}
	return changed;
}

/* Which pages are free: one bit each. */
static void find_free(void)
{
	m.free = 0;
	for (unsigned int i = 0; i < M_CPUS; i++) {
		const uint64_t *page = m.cpu[i] ? m.cpu[i]->cache.head : NULL;

		for (; page; page = (const uint64_t *)(uintptr_t)*page)
			m.free |= UINT64_C(1) << ((m_table_pa(page) - M_ARENA_PA) >> M_PAGE_SHIFT);
	}
}

bool m_is_free(uint64_t pa)
{
	uint64_t page = (pa - M_ARENA_PA) >> M_PAGE_SHIFT;

	return page < M_ARENA_PAGES && m.free >> page & 1;
}

void m_look_at_caches(void)
{
	if (!caches_changed())
		return;
	find_free();
	m_mmu_check_free();
	m_mmu_forget(m.free);
}

static void check_alive(const void *p)
{
	m_look_at_caches();
	if (m_is_free(m_table_pa(p)))
		m_violation("rule 1: CPU%d accesses an entry of a table that is free",
			    m_fiber_current());
}

/* --- steps -------------------------------------------------------------------------- */

static void wrote(uint64_t *p, uint64_t old, uint64_t new)
{
	*p = new;
	if (old == new)
		return;
	count_write();
	m_rules_write(p, old, new);
	m_mmu_store(p, old);
}

uint64_t m_load(const uint64_t *p)
{
	step(p, false);
	check_alive(p);
	return *p;
}

void m_store(uint64_t *p, uint64_t v)
{
	step(p, true);
	check_alive(p);
	remember("store", p, *p, v);
	wrote(p, *p, v);
}

bool m_cas(uint64_t *p, uint64_t old, uint64_t v)
{
	step(p, true);
	check_alive(p);
	remember(*p == old ? "cas" : "cas fails", p, *p, v);
	if (*p != old)
		return false;
	wrote(p, old, v);
	return true;
}

/* Not a step of its own: the fiber that plays the hardware has taken one. */
bool m_hardware_cas(uint64_t *p, uint64_t old, uint64_t new)
{
	(void)touch(p, true);
	remember("hardware", p, old, new);
	wrote(p, old, new);
	return true;
}

uint64_t m_swap(uint64_t *p, uint64_t v)
{
	uint64_t old;

	step(p, true);
	check_alive(p);
	old = *p;
	remember("swap", p, old, v);
	wrote(p, old, v);
	return old;
}

void m_word(const uint64_t *p, bool write)
{
	m_look_at_caches();
	step(p, write);
	if (write)
		count_write();
}

void m_dsb(enum m_dsb kind)
{
	static const char *const name[] = {"dsb ishst", "dsb ish", "dsb nsh"};

	m_look_at_caches();
	m_fiber_pause((struct m_step){.kind = m_mmu_owes_tlbi(kind) ? M_STEP_TLBI : M_STEP_DSB});
	remember(name[kind], NULL, 0, 0);
	m_mmu_dsb(kind);
}

void m_tlbi(struct m_tlbi tlbi)
{
	static const char *const name[] = {"ipas2", "ripas2", "vmalle1", "vmalls12"};

	remember(name[tlbi.op], NULL, 0, tlbi.operand);
	tlbi.vttbr = m.vttbr[m_cpu()];
	m_mmu_tlbi(tlbi);
}

uint64_t m_vttbr(uint64_t vttbr)
{
	uint64_t old = m.vttbr[m_cpu()];

	m.vttbr[m_cpu()] = vttbr;
	return old;
}

/* Contract 3: memory is cleaned before the break. */
void m_clean(uint64_t pa, uint64_t size)
{
	(void)pa;
	(void)size;
	m_rules_clean();
}

uint64_t m_waits(unsigned int cpu)
{
	return m.waits[cpu];
}

void m_wait(void)
{
	m.waits[m_cpu()]++;
	m_fiber_pause((struct m_step){.kind = M_STEP_WAIT});
}

void m_mark(enum m_kind kind)
{
	m_fiber_pause((struct m_step){.kind = kind});
}

void m_run_begin(const struct m_config *cfg)
{
	struct m_state *s = &m;

	s->cfg = *cfg;
	s->violation[0] = '\0';
	s->events = 0;
	s->version = 0;
	memset(s->writes, 0, sizeof(s->writes));
	memset(s->waits, 0, sizeof(s->waits));
	for (unsigned int i = 0; i < M_CPUS; i++) {
		s->vttbr[i] = cfg->vttbr;
		s->cpu[i] = NULL;
		s->head[i] = NULL;
	}
	s->free = 0;
	m_fibers_forget();
	m_rules_begin();
	m_mmu_begin();
}
