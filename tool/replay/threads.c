/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A workload on threads: as fast as it goes, each CPU's calls in their order.
 *
 * Where there are more threads than CPUs were recorded, each block's calls keep their order
 * instead, and nothing is deferred.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "perform.h"

#define ARENA_BYTES (UINT64_C(1) << 30)
#define LEAST_PAGES 8u
#define FILLED_PAGES 64u

struct worker {
	pthread_t thread;
	struct s2_cpu cpu;
	unsigned int index;
	uint64_t calls, retries, peak;
};

static struct {
	struct replay *r;
	struct s2_format fmt;
	struct s2_tree tree;
	struct s2_qsbr qsbr;
	struct s2_qsbr_slot slot[WORKLOAD_CPUS];
	struct worker worker[WORKLOAD_CPUS];
	bool by_block; /* and not by CPU */
	uint64_t page; /* bytes */
	unsigned long stopped; /* line of a call that cannot be made, atomic; 0: none */
} run;

/* --- one thread ------------------------------------------------------------------ */

static bool is_stopped(void)
{
	return __atomic_load_n(&run.stopped, __ATOMIC_RELAXED);
}

static void stop(const struct work *c)
{
	__atomic_store_n(&run.stopped, c->line, __ATOMIC_RELAXED);
}

static bool fill(struct worker *w, uint64_t pages)
{
	while (w->cpu.cache.count < pages) {
		void *page = s2_host_alloc(run.page);

		if (!page)
			return false;
		(void)s2_cache_put(&w->cpu.cache, page);
	}
	return true;
}

static void drain(struct worker *w, uint64_t keep)
{
	while (w->cpu.cache.count > keep)
		s2_host_free(s2_cache_take(&w->cpu.cache), run.page);
}

static unsigned int worker_of(const struct work *c)
{
	uint64_t block = c->ipa >> s2_level_shift(&run.fmt, S2_LAST_LEVEL - 1);

	return (unsigned int)((run.by_block ? block : c->cpu) % run.r->threads);
}

/* What another thread flushes, or nobody, cannot be deferred. */
static struct work adjusted(const struct work *c)
{
	struct work own = *c;

	if (run.by_block)
		own.flags &= ~S2_DEFER;
	return own;
}

static bool goes_on(struct worker *w, const struct work *c, int status)
{
	if (status == S2_RETRY && comes_again(&run.tree, c)) {
		w->retries++;
		(void)sched_yield();
		return true;
	}
	if (status == S2_NO_PAGE && !fill(w, w->cpu.cache.count + FILLED_PAGES))
		stop(c);
	return (status == S2_MORE || status == S2_NO_PAGE) && !is_stopped();
}

static void make(struct worker *w, const struct work *c)
{
	uint64_t done = 0;
	int status;

	do {
		(void)fill(w, LEAST_PAGES);
		(void)s2_qsbr_online(&run.qsbr, w->index);
		w->cpu.done = 0;
		status = perform(&run.tree, &w->cpu, c, done);
		done += w->cpu.done;
		if (!(c->flags & S2_DEFER))
			(void)s2_qsbr_offline(&run.qsbr, w->index);
	} while (goes_on(w, c, status) && (!c->size || done < c->size));
	if (!is_an_answer(c, status) && status != S2_MORE)
		stop(c);
}

/* The first thread looks at the tables from time to time. */
static void note(struct worker *w, size_t call)
{
	uint64_t tables = __atomic_load_n(&run.tree.tables, __ATOMIC_RELAXED);

	w->calls++;
	if (tables > w->peak)
		w->peak = tables;
	if (!w->index)
		run.r->sample[call * REPLAY_SAMPLES / run.r->workload->count] = tables;
}

static void *run_worker(void *arg)
{
	const struct workload *workload = run.r->workload;
	struct worker *w = arg;

	for (size_t i = 0; i < workload->count && !is_stopped(); i++) {
		struct work c = adjusted(&workload->work[i]);

		if (worker_of(&c) != w->index || (run.by_block && c.kind == WORK_FLUSH))
			continue;
		make(w, &c);
		note(w, i);
		if (!(w->calls % CALLS_BETWEEN_RECLAIMS)) {
			(void)s2_reclaim(&run.tree, &w->cpu);
			drain(w, FILLED_PAGES);
		}
	}
	return NULL;
}

/* --- all ------------------------------------------------------------------------- */

/* Tables are where no memory of the recording is likely to be. */
static const char *build(void)
{
	struct s2_tree_config tree = {
		.fmt = &run.fmt, .vmid = 1, .shared = true, .grace = &run.qsbr.grace};

	if (s2_format_init(&run.fmt, &run.r->config))
		return "no format for it";
	if (s2_host_open(UINT64_C(1) << (run.fmt.pa_bits - 1), ARENA_BYTES, run.fmt.granule_shift))
		return "no memory for its tables";
	run.page = s2_level_size(&run.fmt, S2_LAST_LEVEL);
	run.by_block = run.r->threads > run.r->workload->cpus;
	tree.root = s2_host_alloc(run.fmt.root_size > run.page ? run.fmt.root_size : run.page);
	(void)s2_qsbr_init(&run.qsbr, run.slot, WORKLOAD_CPUS);
	return !tree.root || s2_init(&run.tree, &tree) ? "no tree can be made for it" : NULL;
}

static bool start(void)
{
	for (unsigned int i = 0; i < run.r->threads; i++) {
		struct worker *w = &run.worker[i];

		w->index = i;
		(void)s2_cpu_init(&w->cpu, run.fmt.granule_shift);
		w->cpu.budget = BUDGET;
		if (pthread_create(&w->thread, NULL, run_worker, w))
			return false;
	}
	return true;
}

static void add_stats(struct s2_stats *sum, const struct s2_stats *one)
{
	uint64_t *to = (uint64_t *)(void *)sum;
	const uint64_t *from = (const uint64_t *)(const void *)one;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

static void collect(struct worker *w)
{
	struct replay *r = run.r;

	(void)pthread_join(w->thread, NULL);
	add_stats(&r->stats, &w->cpu.stats);
	r->calls += w->calls;
	r->retries += w->retries;
	if (w->peak > r->peak)
		r->peak = w->peak;
}

static void settle(void)
{
	struct s2_cpu *cpu = &run.worker[0].cpu;
	int status;

	do
		status = s2_reclaim(&run.tree, cpu);
	while (status == S2_MORE);
	run.r->tables = run.tree.tables;
	do
		status = s2_destroy(&run.tree, cpu);
	while (status == S2_MORE);
	for (unsigned int i = 0; i < run.r->threads; i++)
		drain(&run.worker[i], 0);
	s2_host_free(run.tree.root, run.fmt.root_size > run.page ? run.fmt.root_size : run.page);
	run.r->leaked = s2_host_close() / run.page;
	if (run.r->leaked || status)
		(void)snprintf(run.r->violation, sizeof(run.r->violation),
			       "contract 2: s2_destroy() says %d, and %llu pages are lost", status,
			       (unsigned long long)run.r->leaked);
}

void replay_on_threads(struct replay *r)
{
	run.r = r;
	r->problem = build();
	if (r->problem)
		return;
	if (!start()) {
		r->problem = "no threads";
		return;
	}
	for (unsigned int i = 0; i < r->threads; i++)
		collect(&run.worker[i]);
	r->line = run.stopped;
	if (r->line)
		r->problem = "the library does not take this call, or has no pages for it";
	else
		settle();
}
