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
 * when it has found one more.  Who goes through a table does, in the middle of it,
 * the same to hundreds of entries: who goes from one of those that are far from all that
 * is watched to the next, and reads the same words for each, takes one step.
 */
#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stage2/stage2.h>

#include "digest.h"
#include "fiber.h"

static _Alignas(1 << 20) unsigned char arena[M_ARENA_BYTES];
static unsigned char saved[M_ARENA_BYTES];
static size_t arena_used;

struct m_state m;

uint64_t *m_table(uint64_t pa)
{
	uint64_t offset = pa - M_ARENA_PA;

	if (offset >= arena_used || offset & ((UINT64_C(1) << m.page_shift) - 1))
		return NULL;
	return (uint64_t *)(void *)&arena[offset];
}

uint64_t m_table_pa(const void *table)
{
	return M_ARENA_PA + (uint64_t)((const unsigned char *)table - arena);
}

void m_memory_begin(unsigned int page_shift)
{
	memset(arena, 0, arena_used);
	m.page_shift = page_shift;
	arena_used = 0;
	m_caches_forget();
}

void *m_page(unsigned int index)
{
	size_t end = (size_t)(index + 1) << m.page_shift;

	if (index >= M_ARENA_PAGES)
		abort();
	if (arena_used < end)
		arena_used = end;
	return &arena[(size_t)index << m.page_shift];
}

size_t m_arena_used(void)
{
	return arena_used;
}

void m_memory_save(void)
{
	memcpy(saved, arena, arena_used);
	m_caches_save();
}

void m_memory_restore(void)
{
	memcpy(arena, saved, arena_used);
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

	m.blamable = !m.violation[0];
	if (!m.blamable)
		return;
	va_start(args, format);
	(void)vsnprintf(m.violation, sizeof(m.violation), format, args);
	va_end(args);
}

void m_blame(const uint64_t *entry, uint64_t fetched)
{
	if (!m.blamable)
		return;
	m.blamed = entry;
	m.fetched = fetched;
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

/* Entry %u of page %u, if it is one. */
static bool print_place(const void *p)
{
	size_t offset = (size_t)((const unsigned char *)p - arena);

	if ((const unsigned char *)p < arena || offset >= arena_used)
		return false;
	(void)printf(" page %2zu entry %4zu", offset >> m.page_shift,
		     (offset & (((size_t)1 << m.page_shift) - 1)) / sizeof(uint64_t));
	return true;
}

/* What a value is, in the words of descriptor.h.  The guest's memory is outside of the arena. */
const char *m_word_for(uint64_t desc)
{
	static const char *const invalid[] = {"?", "annotated", "locked", "link",
					      "?", "?",		"?",	  "?"};
	uint64_t address = (UINT64_C(1) << 48) - (UINT64_C(1) << m.page_shift);

	if (!desc)
		return "empty";
	if (!(desc & 1))
		return invalid[desc >> 1 & 7];
	if (desc & 2 && m_table(desc & address))
		return "table";
	return desc & S2_DESC_SEAL ? "sealed" : "leaf";
}

static void print_event(uint64_t number)
{
	const struct m_event *e = &m.history[number % M_HISTORY];

	(void)printf("  %5llu CPU%d %-11s", (unsigned long long)number, e->fiber, e->what);
	if (print_place(e->p))
		(void)printf(": %016llx -> %016llx  %s -> %s\n", (unsigned long long)e->old,
			     (unsigned long long)e->new, m_word_for(e->old), m_word_for(e->new));
	else
		(void)printf(" %016llx\n", (unsigned long long)e->new);
}

static uint64_t oldest_event(void)
{
	return m.events > M_HISTORY ? m.events - M_HISTORY : 0;
}

/* From the first change of the entry in this run to the last, and what was fetched when. */
static void print_blamed(void)
{
	(void)printf("  about");
	if (!print_place(m.blamed))
		(void)printf(" an entry outside of the arena");
	(void)printf(", in which:\n");
	for (uint64_t i = oldest_event(); i < m.events; i++) {
		if (m.history[i % M_HISTORY].p == m.blamed)
			print_event(i);
	}
	if (m.fetched)
		(void)printf(
			"  what a CPU may still hold of it could be fetched from step %llu on\n",
			(unsigned long long)m.fetched - 1);
}

void m_history_print(void)
{
	(void)printf("  all steps (those of CPU-1 prepared the run):\n");
	for (uint64_t i = oldest_event(); i < m.events; i++)
		print_event(i);
	if (m.blamed)
		print_blamed();
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

void m_shared_all(void)
{
	m.shared_all = true;
}

/* Notes who touches it; whether others were known to. */
static bool touch(const void *p, bool write)
{
	struct m_shared *s;
	bool was;

	if (m.shared_all)
		return true;
	s = shared_of(p);
	was = is_shared(s);
	if (write)
		s->writers |= 1u << m_fiber_current();
	else
		s->readers |= 1u << m_fiber_current();
	m.shared_grew |= !was && is_shared(s);
	return was;
}

static bool is_entry(const void *p)
{
	return (size_t)((const unsigned char *)p - arena) < arena_used;
}

/* The far entries of a table, as a place where no entry is. */
static const void *far_of(const uint64_t *p)
{
	size_t offset = (size_t)((const unsigned char *)p - arena);

	if (m.shared_all || !is_entry(p) || m_mmu_is_near(p))
		return NULL;
	return &arena[offset >> m.page_shift << m.page_shift] + 1;
}

/* The far entries of a table are a place of their own to stop at: others go there, or see it. */
static void share(const void *far)
{
	struct m_shared *s = shared_of(far);

	m.shared_grew |= !is_shared(s);
	s->writers = ~0u;
}

/* Which entries come next, and what is read in between, is not known yet. */
static void step_far(const void *far, bool write)
{
	bool stops = touch(far, write);

	if (stops && m.far[m_cpu()] != far)
		m_fiber_pause((struct m_step){.kind = M_STEP_FAR});
	m.far[m_cpu()] = far;
}

static void step_near(const uint64_t *p, bool write)
{
	const void *far = m.far[m_cpu()];
	bool stops = touch(p, write);

	/* One word that is read for each of the far entries. */
	if (far && !write && !is_entry(p)) {
		if (stops)
			share(far);
		return;
	}
	m.far[m_cpu()] = NULL;
	if (stops)
		m_fiber_pause((struct m_step){.kind = write ? M_STEP_WRITE : M_STEP_READ,
					      .address = (uintptr_t)p,
					      .apart = !is_entry(p) || !m_mmu_may_read(p)});
}

/*
 * A step on memory: lets others run first, if they could tell.  What it finds there is
 * noted for the digest of the fiber.
 */
static void step(const uint64_t *p, bool write)
{
	const void *far;

	if (m_fiber_current() < 0)
		return;
	far = far_of(p);
	if (far)
		step_far(far, write);
	else
		step_near(p, write);
	m_fiber_saw(m_cpu(), *p);
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

		if (head == m.head[i])
			continue;
		changed = true;
		m.head[i] = head;
		m_fiber_saw(i, (uintptr_t)head);
	}
	return changed;
}

/* A page that is met twice was freed twice: the list may have no end. */
static void find_free_in(const struct s2_cpu *cpu)
{
	const uint64_t *page = cpu->cache.head;

	for (; page; page = (const uint64_t *)(uintptr_t)*page) {
		uint64_t number = m_page_of(m_table_pa(page));

		if (m.free[number / 64] >> number % 64 & 1) {
			m_violation("contract 2: page %llu is twice in caches",
				    (unsigned long long)number);
			return;
		}
		m.free[number / 64] |= UINT64_C(1) << number % 64;
	}
}

static void find_free(void)
{
	memset(m.free, 0, sizeof(m.free));
	for (unsigned int i = 0; i < M_CPUS; i++) {
		if (m.cpu[i])
			find_free_in(m.cpu[i]);
	}
}

bool m_is_free(uint64_t pa)
{
	uint64_t page = m_page_of(pa);

	return page < M_ARENA_PAGES && m.free[page / 64] >> page % 64 & 1;
}

void m_look_at_caches(void)
{
	if (!caches_changed())
		return;
	find_free();
	m_mmu_check_free();
	m_mmu_forget();
}

static void check_alive(const uint64_t *p)
{
	m_look_at_caches();
	if (!m_is_free(m_table_pa(p)))
		return;
	m_violation("rule 1: CPU%d accesses an entry of a table that is free", m_fiber_current());
	m_blame(p, 0);
}

/* --- steps -------------------------------------------------------------------------- */

static void wrote(uint64_t *p, uint64_t old, uint64_t new)
{
	*p = new;
	/* Nothing changes, but it is this CPU's store now: its DSB makes visible what came before. */
	if (old == new) {
		m_mmu_store(p, old);
		return;
	}
	count_write();
	m.digest ^= m_mix_place(p, old) ^ m_mix_place(p, new);
	m_rules_write(p, old, new);
	m_mmu_store(p, old);
}

uint64_t m_load(const uint64_t *p)
{
	step(p, false);
	check_alive(p);
	m_rules_saw(p);
	return *p;
}

void m_store(uint64_t *p, uint64_t v)
{
	step(p, true);
	check_alive(p);
	remember("store", p, *p, v);
	m_rules_store(p, v);
	wrote(p, *p, v);
}

bool m_cas(uint64_t *p, uint64_t old, uint64_t v)
{
	step(p, true);
	check_alive(p);
	remember(*p == old ? "cas" : "cas fails", p, *p, v);
	m_rules_saw(p);
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
	m_rules_hardware(p, new & ~old);
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
	m_rules_saw(p);
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
	m.far[m_cpu()] = NULL;
	m_fiber_pause((struct m_step){.kind = m_mmu_owes_tlbi(kind) ? M_STEP_TLBI : M_STEP_DSB});
	remember(name[kind], NULL, 0, 0);
	m_mmu_dsb(kind);
}

static const char *tlbi_name(const struct m_tlbi *t)
{
	static const char *const name[][2][2] = {
		[M_TLBI_IPAS2] = {{"ipas2e1is", "ipas2e1"}, {"ipas2le1is", "ipas2le1"}},
		[M_TLBI_RIPAS2] = {{"ripas2e1is", "ripas2e1"}, {"ripas2le1is", "ripas2le1"}},
		[M_TLBI_VMALLE1] = {{"vmalle1is", "vmalle1"}, {"vmalle1is", "vmalle1"}},
		[M_TLBI_VMALLS12] = {{"vmalls12e1is", "vmalls12e1"},
				     {"vmalls12e1is", "vmalls12e1"}},
		[M_TLBI_ALLE1] = {{"alle1is", "alle1"}, {"alle1is", "alle1"}},
	};

	return name[t->op][t->last_level][t->local];
}

void m_tlbi(struct m_tlbi tlbi)
{
	remember(tlbi_name(&tlbi), NULL, 0, tlbi.operand);
	tlbi.vttbr = m.vttbr[m_cpu()];
	m_mmu_tlbi(tlbi);
}

uint64_t m_vttbr(uint64_t vttbr)
{
	uint64_t old = m.vttbr[m_cpu()];

	m.vttbr[m_cpu()] = vttbr;
	return old;
}

/*
 * What software writes without a step, to pages that are its own, follows from what it
 * has read in steps.
 */
uint64_t m_run_digest(void)
{
	m_look_at_caches();
	return m_mix(m_mix(m_mix_words(m.digest, m.free, sizeof(m.free)), m_mmu_digest()),
		     m_caches_digest());
}

uint64_t m_waits(unsigned int cpu)
{
	return m.waits[cpu];
}

void m_wait(void)
{
	m.waits[m_cpu()]++;
	m.far[m_cpu()] = NULL;
	m_fiber_pause((struct m_step){.kind = M_STEP_WAIT});
}

void m_mark(enum m_kind kind)
{
	m_fiber_pause((struct m_step){.kind = kind});
}

/* Arm ARM, "Concatenated translation tables": aligned to their size, and all of them there. */
static bool root_is_there(const struct m_regime *r, uint64_t root)
{
	unsigned int entries = r->input - m_regime_shift(r, r->start);
	unsigned int tables = entries > r->stride ? 1u << (entries - r->stride) : 1;
	uint64_t size = (uint64_t)tables << r->granule;

	return !(root & (size - 1)) && m_table(root) && m_table(root + size - (size / tables));
}

static const char *watched_problem(const struct m_config *cfg, const struct m_regime *r)
{
	if (!cfg->watched_count || cfg->watched_count > M_WATCHED)
		return "the number of watched pages";
	for (unsigned int i = 0; i < cfg->watched_count; i++) {
		if (cfg->watched[i] >> r->input ||
		    cfg->watched[i] & ((UINT64_C(1) << r->granule) - 1))
			return "a watched page is misaligned, or beyond the input size";
	}
	return NULL;
}

const char *m_config_problem(const struct m_config *cfg)
{
	struct m_regime r;

	if (!m_regime_decode(&r, cfg->vtcr))
		return "VTCR_EL2 has reserved or contradictory fields";
	if (r.granule != m.page_shift)
		return "the arena's pages are not of the granule of VTCR_EL2";
	if (!root_is_there(&r, m_regime_root(&r, cfg->vttbr)))
		return "VTTBR_EL2 does not point to tables of that number, aligned to their size";
	if (cfg->bbm > 2)
		return "FEAT_BBM has the levels 0, 1 and 2";
	if (cfg->data_count > M_DATA)
		return "the number of data pages";
	return watched_problem(cfg, &r);
}

void m_run_begin(const struct m_config *cfg)
{
	struct m_state *s = &m;
	const char *problem = m_config_problem(cfg);

	s->cfg = *cfg;
	s->violation[0] = '\0';
	s->blamed = NULL;
	s->fetched = 0;
	s->events = 0;
	s->version = 0;
	memset(s->writes, 0, sizeof(s->writes));
	memset(s->waits, 0, sizeof(s->waits));
	memset(s->far, 0, sizeof(s->far));
	for (unsigned int i = 0; i < M_CPUS; i++) {
		s->vttbr[i] = cfg->vttbr;
		s->cpu[i] = NULL;
		s->head[i] = NULL;
	}
	memset(s->free, 0, sizeof(s->free));
	s->digest = 0;
	m_fibers_forget();
	m_rules_begin();
	m_caches_begin();
	if (problem)
		m_violation("a machine that can't be: %s", problem);
	else
		m_mmu_begin();
}
