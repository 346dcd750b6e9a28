/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A workload on the machine model: each CPU of the recording is a fiber, and at each step
 * of the engine's another one may run.
 *
 * A call begins once all those have returned that had returned in the recording, so what
 * ran side by side there does here, in an order that the seed decides.  The machine
 * watches a few pages at a time: the workload is replayed for each few of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "memory.h"
#include "perform.h"

#define LANES 3u /* the last TLB of the machine's is a bystander's */
#define WINDOWS_MAX 256u
#define LEAST_PAGES 8u

/* The machine tells tables from memory by their addresses: the guest's is moved away from them. */
#define MEMORY_OFFSET (UINT64_C(1) << 32)

struct lane {
	struct s2_cpu cpu;
	size_t *call; /* its calls, as indices */
	size_t count, at;
	bool online;
	uint64_t steps;
};

struct window {
	const void *entry;
	unsigned int lane;
	uint64_t began; /* by the lane's steps */
};

/* A page that is worth watching. */
struct candidate {
	uint64_t block, hash, ipa, pa;
	bool changes; /* more than faults happen to its block */
};

static struct {
	struct replay *r;
	struct s2_format fmt;
	struct s2_tree tree;
	struct s2_qsbr qsbr;
	struct s2_qsbr_slot slot[LANES];
	struct lane lane[LANES];
	unsigned int lanes;
	struct m_config config;
	uint64_t random, seen; /* events of the machine's */
	uint64_t done; /* calls of this pass */
	struct window window[WINDOWS_MAX];
	unsigned int windows;
	struct candidate *candidate;
	size_t candidates;
} run;

static const struct work *call_of(const struct lane *lane)
{
	return &run.r->workload->work[lane->call[lane->at]];
}

static bool is_first_pass(void)
{
	return !run.r->passes;
}

/* --- pages ----------------------------------------------------------------------- */

static void move_pages(struct s2_cache *from, struct s2_cache *to, uint64_t n)
{
	while (n-- && from->count)
		(void)s2_cache_put(to, s2_cache_take(from));
}

static struct lane *richest_but(const struct lane *poor)
{
	struct lane *rich = NULL;

	for (struct lane *l = run.lane; l < run.lane + run.lanes; l++) {
		if (l != poor && (!rich || l->cpu.cache.count > rich->cpu.cache.count))
			rich = l;
	}
	return rich;
}

/* True if there are more than before. */
static bool fill(struct lane *lane, uint64_t least)
{
	struct lane *rich = richest_but(lane);
	uint64_t before = lane->cpu.cache.count;

	if (before < least && rich)
		move_pages(&rich->cpu.cache, &lane->cpu.cache, (rich->cpu.cache.count + 1) / 2);
	return lane->cpu.cache.count > before;
}

static void reclaim(struct lane *lane)
{
	(void)s2_reclaim(&run.tree, &lane->cpu);
}

/* --- calls ----------------------------------------------------------------------- */

static void stop(const struct work *c, const char *why)
{
	run.r->problem = why;
	run.r->line = c->line;
	m_violation("stopped");
}

static void leave(struct lane *lane)
{
	(void)s2_qsbr_offline(&run.qsbr, (uint32_t)(lane - run.lane));
	lane->online = false;
}

static void enter(struct lane *lane)
{
	(void)s2_qsbr_online(&run.qsbr, (uint32_t)(lane - run.lane));
	lane->online = true;
}

/* Once more, if that makes sense: with more pages, or when something has changed. */
static bool goes_on(struct lane *lane, const struct work *c, int status)
{
	if (status == S2_RETRY && comes_again(&run.tree, c)) {
		run.r->retries += is_first_pass();
		m_wait();
		return true;
	}
	if (status == S2_NO_PAGE && !fill(lane, UINT64_MAX)) {
		reclaim(lane);
		if (!fill(lane, UINT64_MAX) && !lane->cpu.cache.count)
			stop(c, "it needs more table pages than the machine has");
	}
	return (status == S2_MORE || status == S2_NO_PAGE) && m_run_ok();
}

static void make(struct lane *lane, const struct work *c)
{
	uint64_t done = 0;
	int status;

	do {
		if (!lane->online)
			enter(lane);
		(void)fill(lane, LEAST_PAGES);
		lane->cpu.done = 0;
		status = perform(&run.tree, &lane->cpu, c, done);
		done += lane->cpu.done;
		if (!(c->flags & S2_DEFER))
			leave(lane);
	} while (goes_on(lane, c, status) && (!c->size || done < c->size));
	if (status == S2_CORRUPT)
		m_violation("the engine says that tables are corrupt");
	else if (!is_an_answer(c, status) && status != S2_MORE && status != S2_NO_PAGE)
		stop(c, "the library does not take this call");
}

static bool anybody_inside(void)
{
	for (unsigned int i = 0; i < run.lanes; i++) {
		if (run.lane[i].online)
			return true;
	}
	return false;
}

/* Contract 4: gone means gone. */
static void judge(void)
{
	if (anybody_inside())
		return;
	for (unsigned int w = 0; w < run.config.watched_count; w++) {
		struct m_translation t = m_translate(run.config.watched[w]);
		struct m_stale stale;

		if (m_cached_beyond(w, &t, 1, &stale))
			m_violation("contract 4: all calls have returned, and for IPA %llx may be "
				    "used: %s",
				    (unsigned long long)run.config.watched[w], stale.what);
	}
}

static void note(void)
{
	struct replay *r = run.r;
	size_t count = r->workload->count << r->twice;

	run.done++;
	if (!is_first_pass())
		return;
	r->calls++;
	if (run.tree.tables > r->peak)
		r->peak = run.tree.tables;
	r->sample[(run.done * REPLAY_SAMPLES - 1) / count] = run.tree.tables;
}

static void run_lane(void *arg)
{
	struct lane *lane = arg;

	for (lane->at = 0; lane->at < lane->count && m_run_ok(); lane->at++) {
		m_mark(M_STEP_CALL);
		make(lane, call_of(lane));
		judge();
		note();
		if (!(lane->at % CALLS_BETWEEN_RECLAIMS))
			reclaim(lane);
	}
}

/* --- windows --------------------------------------------------------------------- */

#define STATE_MASK UINT64_C(0xf)
#define STATE_LOCKED UINT64_C(0x4)

static bool is_locked(uint64_t desc)
{
	return (desc & STATE_MASK) == STATE_LOCKED;
}

/* A lock that was left in a table that was cut off ends no window. */
static void forget_window(const struct m_event *e)
{
	for (unsigned int i = 0; i < run.windows; i++) {
		if (run.window[i].entry == e->p)
			run.window[i] = run.window[--run.windows];
	}
}

static void open_window(const struct m_event *e, unsigned int lane)
{
	forget_window(e);
	if (run.windows < WINDOWS_MAX)
		run.window[run.windows++] = (struct window){e->p, lane, run.lane[lane].steps};
}

static void close_window(const struct m_event *e, unsigned int lane)
{
	for (unsigned int i = 0; i < run.windows; i++) {
		uint64_t steps = run.lane[lane].steps - run.window[i].began;

		if (run.window[i].entry != e->p || run.window[i].lane != lane)
			continue;
		run.window[i] = run.window[--run.windows];
		if (!is_first_pass())
			return;
		run.r->windows++;
		run.r->window_steps += steps;
		if (steps > run.r->window_longest)
			run.r->window_longest = steps;
		return;
	}
}

/* What a CPU has just done: one step or more, the last ones of the machine's history. */
static void look_at_steps(unsigned int lane)
{
	for (; run.seen < m.events; run.seen++) {
		const struct m_event *e = &m.history[run.seen % M_HISTORY];

		run.lane[lane].steps++;
		if (e->old & 1 && is_locked(e->new))
			open_window(e, lane);
		else if (is_locked(e->old) && !is_locked(e->new))
			close_window(e, lane);
	}
}

/* --- scheduling ------------------------------------------------------------------ */

static uint64_t draw(uint64_t limit)
{
	run.random ^= run.random << 13;
	run.random ^= run.random >> 7;
	run.random ^= run.random << 17;
	return run.random % limit;
}

/* All that had ended before it began has ended here. */
static bool may_begin(const struct lane *lane)
{
	uint64_t start = call_of(lane)->start;

	if (run.r->loose)
		return true;
	for (const struct lane *l = run.lane; l < run.lane + run.lanes; l++) {
		if (l != lane && l->at < l->count && call_of(l)->end < start)
			return false;
	}
	return true;
}

static bool may_run(unsigned int i)
{
	if (m_fiber_step(i).kind == M_STEP_CALL)
		return may_begin(&run.lane[i]);
	return m_fiber_ready(i);
}

static bool step(void)
{
	unsigned int able[LANES], n = 0, ended = 0, lane;

	for (unsigned int i = 0; i < run.lanes; i++) {
		if (m_fiber_step(i).kind == M_STEP_NONE)
			ended++;
		else if (may_run(i))
			able[n++] = i;
	}
	if (!n && ended < run.lanes)
		m_violation("contract 6: all CPUs wait for each other");
	if (!n)
		return false;
	lane = able[n > 1 ? draw(n) : 0];
	m_fiber_run(lane);
	look_at_steps(lane);
	return m_run_ok();
}

/* --- one pass -------------------------------------------------------------------- */

static unsigned int lane_of(unsigned int n)
{
	return run.lanes > 1 ? n % run.lanes : 0;
}

static void build_pages(void)
{
	unsigned int page = run.fmt.root_tables;

	for (unsigned int i = 0; i < run.lanes; i++) {
		(void)s2_cpu_init(&run.lane[i].cpu, run.fmt.granule_shift);
		run.lane[i].cpu.budget = BUDGET;
	}
	for (; page < M_ARENA_PAGES; page++)
		(void)s2_cache_put(&run.lane[lane_of(page)].cpu.cache, m_page(page));
}

static int build_tree(void)
{
	struct s2_tree_config tree = {.fmt = &run.fmt,
				      .root = m_page(0),
				      .vmid = 1,
				      .shared = true,
				      .grace = &run.qsbr.grace};

	(void)m_page(run.fmt.root_tables - 1);
	(void)s2_qsbr_init(&run.qsbr, run.slot, LANES);
	return s2_init(&run.tree, &tree);
}

static void configure(size_t first)
{
	uint32_t features = run.fmt.features;
	struct m_config *cfg = &run.config;

	*cfg = (struct m_config){.vtcr = run.fmt.vtcr,
				 .vttbr = run.tree.vttbr,
				 .ttl = features & S2_FEAT_TTL,
				 .fwb = features & S2_FEAT_FWB,
				 .contiguous = features & S2_FEAT_CONTIG,
				 .bbm = features & S2_FEAT_BBM2 ? 2 : !!(features & S2_FEAT_BBM1)};
	for (size_t i = first; i < run.candidates && cfg->watched_count < M_WATCHED; i++) {
		cfg->watched[cfg->watched_count++] = run.candidate[i].ipa;
		cfg->data[cfg->data_count++] = run.candidate[i].pa;
	}
}

static void add_stats(struct s2_stats *sum, const struct s2_stats *one)
{
	uint64_t *to = (uint64_t *)(void *)sum;
	const uint64_t *from = (const uint64_t *)(const void *)one;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

/* Nobody is inside any more: all that was unlinked comes back, and then all of the tree. */
static void settle(void)
{
	struct lane *lane = &run.lane[0];
	uint64_t pages = 0;
	int status;

	do
		status = s2_reclaim(&run.tree, &lane->cpu);
	while (status == S2_MORE);
	run.r->tables = run.tree.tables;
	do
		status = s2_destroy(&run.tree, &lane->cpu);
	while (status == S2_MORE);
	for (unsigned int i = 0; i < run.lanes; i++)
		pages += run.lane[i].cpu.cache.count;
	run.r->leaked = M_ARENA_PAGES - run.fmt.root_tables - pages;
	if (status || run.r->leaked)
		m_violation("contract 2: s2_destroy() says %d, and %llu pages are lost", status,
			    (unsigned long long)run.r->leaked);
}

/* Which call a violation is about: the one whose CPU was running. */
static void conclude(unsigned int lane)
{
	const struct lane *l = &run.lane[lane];

	if (m_run_ok() || run.r->problem)
		return;
	(void)snprintf(run.r->violation, sizeof(run.r->violation), "%s", m_run_violation());
	run.r->line = l->at < l->count ? call_of(l)->line : 0;
}

static unsigned int last_lane(void)
{
	int fiber = m.events ? m.history[(m.events - 1) % M_HISTORY].fiber : 0;

	return fiber < 0 ? 0 : (unsigned int)fiber;
}

static void report_progress(size_t first)
{
	size_t count = run.r->workload->count << run.r->twice;
	uint64_t all = run.candidates * count;

	if (run.r->progress)
		run.r->progress((unsigned int)((first * count + run.done * M_WATCHED) * 100 / all));
}

static void run_pass(size_t first)
{
	m_memory_begin(run.fmt.granule_shift);
	run.seen = run.done = run.windows = 0;
	run.random = run.r->seed * UINT64_C(0x9e3779b97f4a7c15) + first + 1;
	if (build_tree()) {
		run.r->problem = "no tree can be made for it";
		return;
	}
	build_pages();
	configure(first);
	m_run_begin(&run.config);
	for (unsigned int i = 0; i < run.lanes; i++) {
		m_run_owns(i, &run.lane[i].cpu);
		run.lane[i].steps = 0;
		run.lane[i].online = false;
		m_fiber_start(i, run_lane, &run.lane[i]);
	}
	while (step()) {
		if (!(run.seen % 65536))
			report_progress(first);
	}
	if (m_run_ok())
		settle();
	conclude(last_lane());
	for (unsigned int i = 0; i < run.lanes && is_first_pass(); i++)
		add_stats(&run.r->stats, &run.lane[i].cpu.stats);
	run.r->steps += m.events;
	run.r->watched += run.config.watched_count;
	run.r->passes++;
}

/* --- what to watch --------------------------------------------------------------- */

static int by_block(const void *a, const void *b)
{
	const struct candidate *l = a, *r = b;

	if (l->block != r->block)
		return l->block < r->block ? -1 : 1;
	return (l->hash > r->hash) - (l->hash < r->hash);
}

/* Those of blocks that change first; in any order. */
static int by_worth(const void *a, const void *b)
{
	const struct candidate *l = a, *r = b;

	if (l->changes != r->changes)
		return l->changes ? -1 : 1;
	return (l->hash > r->hash) - (l->hash < r->hash);
}

/* A page of each block, of those that were mapped there. */
static void keep_one_of_each(void)
{
	size_t kept = 0;

	qsort(run.candidate, run.candidates, sizeof(*run.candidate), by_block);
	for (size_t i = 0; i < run.candidates; i++) {
		if (!kept || run.candidate[i].block != run.candidate[kept - 1].block)
			run.candidate[kept++] = run.candidate[i];
	}
	run.candidates = kept;
}

static void mark_changes(const struct work *c, unsigned int shift)
{
	uint64_t last = (c->ipa + (c->size ? c->size - 1 : 0)) >> shift;

	for (size_t i = 0; i < run.candidates; i++)
		run.candidate[i].changes |=
			run.candidate[i].block >= c->ipa >> shift && run.candidate[i].block <= last;
}

static void find_candidates(void)
{
	const struct workload *w = run.r->workload;
	unsigned int shift = s2_level_shift(&run.fmt, S2_LAST_LEVEL - 1);

	for (size_t i = 0; i < w->count; i++) {
		const struct work *c = &w->work[i];

		if (c->kind == WORK_MAP && c->size)
			run.candidate[run.candidates++] =
				(struct candidate){.block = c->ipa >> shift,
						   .hash = m_mix(run.r->seed, c->ipa),
						   .ipa = c->ipa,
						   .pa = c->pa};
	}
	keep_one_of_each();
	for (size_t i = 0; i < w->count; i++) {
		if (w->work[i].kind != WORK_MAP && w->work[i].kind != WORK_TOUCH &&
		    w->work[i].kind != WORK_FLUSH)
			mark_changes(&w->work[i], shift);
	}
	qsort(run.candidate, run.candidates, sizeof(*run.candidate), by_worth);
	if (run.candidates > run.r->pages)
		run.candidates = run.r->pages;
}

/* --- all ------------------------------------------------------------------------- */

static void give(unsigned int lane, size_t call)
{
	run.lane[lane].call[run.lane[lane].count++] = call;
}

static bool build_lanes(void)
{
	const struct workload *w = run.r->workload;
	unsigned int wanted = w->cpus > 1 || !run.r->twice ? w->cpus : 2;

	run.lanes = wanted < LANES ? wanted : LANES;
	run.candidate = calloc(w->count, sizeof(*run.candidate));
	for (unsigned int i = 0; i < run.lanes; i++) {
		run.lane[i].call = calloc(w->count, sizeof(size_t));
		if (!run.lane[i].call)
			return false;
	}
	for (size_t i = 0; i < w->count; i++) {
		give(lane_of(w->work[i].cpu), i);
		if (run.r->twice)
			give(lane_of(w->work[i].cpu + 1u), i);
	}
	return run.candidate;
}

static void move_memory(struct workload *w)
{
	for (size_t i = 0; i < w->count; i++)
		w->work[i].pa += MEMORY_OFFSET;
}

void replay_on_machine(struct replay *r)
{
	run.r = r;
	if (s2_format_init(&run.fmt, &r->config) || !build_lanes()) {
		r->problem = "no format, or no memory, for it";
		return;
	}
	move_memory((struct workload *)r->workload);
	m_shared_all();
	find_candidates();
	for (size_t i = 0; i < run.candidates && !r->problem && !r->violation[0]; i += M_WATCHED)
		run_pass(i);
	free(run.candidate);
	for (unsigned int i = 0; i < run.lanes; i++)
		free(run.lane[i].call);
}
