/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * An executable model of a few Arm CPUs that share memory and may have cached
 * whatever the architecture lets them cache.
 *
 * The machine runs the engine's own sources.  CPUs are fibers: each call of the
 * platform is a step, and between two steps another CPU may run.  It is *adversarial*:
 * instead of guessing when a TLB fetches or evicts something it keeps, for each
 * CPU, the largest set of what could be cached by now (evicting never helps an
 * attacker), so the hardware needs no branching:
 *
 *	pointer	 a table that a walk may go on from, by IPA and level
 *	leaf	 a stage-2 translation
 *	combined a translation of stages 1 and 2 together, made of a leaf
 *
 * A store is visible to table walks "old or new" until its CPU's next DSB.  A TLBI
 * takes effect at its CPU's next DSB, and removes what its operand surely matches,
 * decoded here from the architecture and not from the engine's encoder.  After
 * every step the sets grow by all that a walk could fetch now.
 *
 * The sets are kept for a few *watched* pages only: a walk for one address never
 * depends on another's, so what is said of those is exact.
 *
 * A broken rule ends the run with a report: the rule, the steps that led there,
 * and the schedule that replays it.
 */
#ifndef S2_MACHINE_H
#define S2_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define M_ARENA_PA UINT64_C(0x80000000)
#ifndef M_ARENA_PAGES
#define M_ARENA_PAGES 48u /* table pages of one granule; the root takes the first ones */
#endif
#define M_FIBERS 4 /* CPUs that run the engine, and the hardware's own writes */
#define M_CPUS 4 /* those CPUs' TLBs; the last is a bystander's that only runs the guest */
#define M_WATCHED 8
#define M_DATA 16

enum m_dsb { M_DSB_ISHST, M_DSB_ISH, M_DSB_NSH };
enum m_cache { M_DCACHE, M_ICACHE };
enum m_tlbi_op { M_TLBI_IPAS2, M_TLBI_RIPAS2, M_TLBI_VMALLE1, M_TLBI_VMALLS12, M_TLBI_ALLE1 };

struct m_tlbi {
	enum m_tlbi_op op;
	uint64_t operand;
	bool last_level;
	bool local;
	uint64_t vttbr; /* of the CPU when it was issued */
};

/* --- the platform's side ---------------------------------------------------- */

uint64_t *m_table(uint64_t pa);
uint64_t m_table_pa(const void *table);
uint64_t m_load(const uint64_t *p);
void m_store(uint64_t *p, uint64_t v);
bool m_cas(uint64_t *p, uint64_t old, uint64_t v);
uint64_t m_swap(uint64_t *p, uint64_t v);
void m_word(const uint64_t *p, bool write);
void m_dsb(enum m_dsb kind);
void m_tlbi(struct m_tlbi tlbi);
uint64_t m_vttbr(uint64_t vttbr);
void m_maintain(enum m_cache cache, uint64_t pa, uint64_t size);
void m_wait(void);

/* --- the harness's side ------------------------------------------------------- */

struct s2_cpu;

/* Registers and features that all CPUs of a run share. */
struct m_config {
	uint64_t vtcr;
	uint64_t vttbr; /* of the guest whose tables these are */
	bool ttl; /* FEAT_TTL: the hint of a TLBI is honoured; without it, the field is RES0 */
	bool fwb; /* FEAT_S2FWB: a guest whose caches are off still sees what caches hold */
	bool contiguous; /* there are contiguous groups: a page's neighbours are looked at too */
	unsigned int bbm; /* level of FEAT_BBM, 0..2 */
	uint64_t watched[M_WATCHED]; /* IPAs */
	unsigned int watched_count;
	uint64_t data[M_DATA]; /* pages of the guest's memory whose cache maintenance is watched */
	unsigned int data_count;
};

/* Why the machine can't be so, or NULL. */
const char *m_config_problem(const struct m_config *cfg);

/* The kinds of steps, as far as it matters which of them commute. */
enum m_kind {
	M_STEP_NONE, /* no step is pending: the fiber has ended */
	M_STEP_CALL, /* an operation begins */
	M_STEP_RETURN, /* or ends */
	M_STEP_READ, /* of a descriptor or word that others write */
	M_STEP_WRITE,
	M_STEP_DSB, /* completes stores only */
	M_STEP_TLBI, /* a DSB that completes TLBIs */
	M_STEP_HARDWARE, /* an entry is written by a walk, somewhere */
	M_STEP_FAR, /* a way through entries that look the same */
	M_STEP_WAIT, /* look again once something has changed */
};

struct m_step {
	enum m_kind kind;
	uintptr_t address; /* of reads and writes */
	bool apart; /* there is no entry there that a walk for a watched page reads */
};

/*
 * Starts a run: memory as it is, nothing cached but what can be fetched from it.
 * With a configuration that makes no sense the run is over at once, by a violation.
 */
void m_run_begin(const struct m_config *cfg);

/* The caches of table pages that CPUs own: a page in one is free. */
void m_run_owns(unsigned int fiber, const struct s2_cpu *cpu);

/* Looks at every rule that holds at every step; false after a violation. */
bool m_run_ok(void);

/*
 * A digest of memory and of what CPUs may have cached: of all that steps still to come, and
 * the rules, can depend on.
 */
uint64_t m_run_digest(void);

/* How often a CPU has waited in this run. */
uint64_t m_waits(unsigned int cpu);

/* The first violation of this run, as text. */
const char *m_run_violation(void);

/* Says that a rule was broken; the first one is kept. */
void m_violation(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Which entry the report that was just made is about, and when a CPU fetched what it still holds. */
void m_blame(const uint64_t *entry, uint64_t fetched);

/* What one page is translated to. */
struct m_translation {
	bool mapped;
	bool owned; /* not mapped, and software says whose it is */
	uint64_t pa;
	uint64_t attributes; /* memory type and shareability */
	bool read, write, exec;
	bool logged; /* DBM: then `write` is what was written */
	bool young; /* the access flag is set */
};

/* What the tables say for `ipa` now: the walk of the architecture. */
struct m_translation m_translate(uint64_t ipa);

bool m_same_translation(const struct m_translation *a, const struct m_translation *b);

/* A translation that a CPU may still use. */
struct m_stale {
	char what[96];
	const uint64_t *entry; /* that said so */
	uint64_t fetched; /* for m_blame() */
};

/* Whether a CPU may use, for watched page `w`, a translation that allows what none of `t[0..n)` does. */
bool m_cached_beyond(unsigned int w, const struct m_translation *t, unsigned int n,
		     struct m_stale *stale);

/* Entry `i` of a table, decoded; for those who count tables. */
struct m_decoded;
void m_decode(uint64_t desc, int level, struct m_decoded *d);

/*
 * The hardware's own write: the bystander's guest reads (or writes to) watched page
 * `w` through one entry that a walk of it may be at.  Sets the access flag with
 * VTCR_EL2.HA, and makes the entry writable with HD where DBM allows it.  True if
 * that changed an entry.
 */
bool m_hardware_access(unsigned int w, bool write);

/* Whether the two sizes of a translation that FEAT_BBM level 2 lets coexist have met in this run. */
bool m_may_conflict(void);

/* Somebody outside of the guest writes to a page of its memory: the cached copy is the newer one. */
void m_host_writes(uint64_t pa);

/*
 * Moments of cleaning, counted; and whether the page of memory at `pa` has been cleaned
 * after `moment`, at a time when no CPU could use a translation of watched page `w` (any
 * time, if `w` is none).
 */
uint64_t m_cleanings(void);
bool m_cleaned_since(uint64_t pa, uint64_t moment, unsigned int w);

/* Memory: the arena, empty, of pages of 1 << `page_shift` bytes; and a copy to go back to. */
void m_memory_begin(unsigned int page_shift);
void *m_page(unsigned int index);
void m_memory_save(void);
void m_memory_restore(void);

/* The steps of the run up to now, and what became of the entry that is to blame. */
void m_history_print(void);

/* --- fibers ------------------------------------------------------------------ */

/* Runs `body(arg)` as CPU `fiber` up to its first step. */
void m_fiber_start(unsigned int fiber, void (*body)(void *), void *arg);

/* Takes the pending step of a fiber and runs it to the next one. */
void m_fiber_run(unsigned int fiber);

/* The pending step; M_STEP_NONE once the fiber has ended. */
struct m_step m_fiber_step(unsigned int fiber);

/* What the code of a fiber has read: all that it does follows from that. */
void m_fiber_saw(unsigned int fiber, uint64_t value);

/* A digest of where a fiber is, and of what it will do if it reads the same. */
uint64_t m_fiber_digest(unsigned int fiber);

/* Whether a fiber that waits has something new to look at. */
bool m_fiber_ready(unsigned int fiber);

/* Called by the harness's code inside a fiber: a step without an effect on memory. */
void m_mark(enum m_kind kind);

/* The fiber that runs, -1 outside of all. */
int m_fiber_current(void);

/*
 * A step on memory that no other CPU touches is no point of scheduling.  Which
 * memory that is, is found out while runs go on: forgets it; true if more was
 * found since; or has every step be one.
 */
void m_shared_reset(void);
bool m_shared_grew(void);
void m_shared_all(void);

#endif
