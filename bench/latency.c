/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * One thread faults page after page and takes the time of each; the other one works on
 * memory beside that.  Only what began while it worked counts.
 *
 *	| pages that are faulted in: 1 GiB | what the other thread changes: 64 GiB |
 */
#include "latency.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "threads.h"

#define FAULTS (BENCH_GIB >> 12)
#define OTHERS (64 * BENCH_GIB)
/* Others hold their lock for so much at a time. */
#define CHUNK BENCH_GIB

static const struct bench_case others[] = {
	{.name = "alone", .unit = "page", .after = BENCH_ALL},
	{.name = "unmap",
	 .unit = "page",
	 .before = BENCH_ALL,
	 .start = BENCH_START_PAGES,
	 .range = BENCH_UNMAP},
	{.name = "protect",
	 .unit = "page",
	 .before = BENCH_ALL,
	 .start = BENCH_START_PAGES,
	 .range = BENCH_PROTECT},
	{.name = "split",
	 .unit = "block",
	 .before = BENCH_ALL,
	 .start = BENCH_START_BLOCKS,
	 .blocks = true,
	 .one_by_one = true,
	 .page = BENCH_SPLIT},
	{.name = "collapse",
	 .unit = "table",
	 .before = BENCH_ALL,
	 .start = BENCH_START_TABLES,
	 .blocks = true,
	 .one_by_one = true,
	 .page = BENCH_COLLAPSE},
};
#define OTHER_CASES (sizeof(others) / sizeof(others[0]))

struct scene {
	struct bench_run run; /* of the other thread, as CPU 0 */
	uint64_t *ticks; /* of faults */
	uint64_t faults; /* so many have been timed */
	unsigned int working; /* the other thread is */
	int status;
};

/* The finest clock there is; how long a tick is, is measured. */
static uint64_t now(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t ticks;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#else
	return (uint64_t)bench_clock(CLOCK_MONOTONIC);
#endif
}

static double tick_ns(void)
{
	double begin = bench_clock(CLOCK_MONOTONIC), end = begin;
	uint64_t first = now();

	while (end - begin < 2e7)
		end = bench_clock(CLOCK_MONOTONIC);
	return (end - begin) / (double)(now() - first);
}

static int fault(const struct bench_run *run, uint64_t at)
{
	const struct bench_engine *engine = run->engine;
	bench_page_op op = engine->page[BENCH_FAULT_QSBR] ? engine->page[BENCH_FAULT_QSBR]
							  : engine->page[BENCH_FAULT];
	int status;

	do {
		if (engine->lock)
			engine->lock(run->tree);
		status = op(run->tree, 1, BENCH_IPA + at, run->range.pa + at);
		if (engine->lock)
			engine->unlock(run->tree);
	} while (status == BENCH_RETRY);
	return status;
}

static void *faults(void *arg)
{
	struct scene *s = arg;

	s->run.engine->fill(s->run.tree, 1, (unsigned int)(FAULTS / 512) + 8);
	bench_settle_on(1);
	/* It is no walker until it faults: nobody waits for it. */
	s->status |= fault(&s->run, 0);
	bench_meet();
	for (uint64_t i = 1; i < FAULTS && __atomic_load_n(&s->working, __ATOMIC_ACQUIRE); i++) {
		uint64_t begin = now();

		s->status |= fault(&s->run, i << 12);
		s->ticks[s->faults++] = now() - begin;
	}
	s->run.engine->settle(s->run.tree, 1);
	bench_stack_drop();
	return NULL;
}

/* `size` bytes from `at` on. */
static int change(const struct bench_run *run, uint64_t at, uint64_t size)
{
	const struct bench_engine *engine = run->engine;
	struct bench_range range = run->range;
	int status = 0;

	range.ipa += at;
	range.pa += at;
	range.size = size;
	if (!run->what->one_by_one)
		return engine->range[run->what->range](run->tree, 0, &range);
	for (uint64_t i = 0; i < size; i += run->step)
		status |= engine->page[run->what->page](run->tree, 0, range.ipa + i, range.pa + i);
	return status;
}

static int change_all(const struct bench_run *run)
{
	const struct bench_engine *engine = run->engine;
	uint64_t chunk = engine->lock_all ? CHUNK : run->range.size;
	int status = 0;

	for (uint64_t at = 0; at < run->range.size; at += chunk) {
		if (engine->lock_all)
			engine->lock_all(run->tree);
		status |= change(run, at, chunk);
		if (engine->lock_all)
			engine->unlock_all(run->tree);
	}
	return status;
}

static void *changes(void *arg)
{
	struct scene *s = arg;
	bool alone = s->run.what == &others[0];

	if (!alone) {
		s->run.engine->fill(s->run.tree, 0, bench_tables(&s->run));
		bench_prepare(&s->run);
		bench_settle_on(0);
	}
	bench_meet();
	if (alone)
		return NULL;
	if (change_all(&s->run))
		s->status = -1;
	__atomic_store_n(&s->working, 0, __ATOMIC_RELEASE);
	s->run.engine->settle(s->run.tree, 0);
	bench_stack_drop();
	return NULL;
}

/* False: there is no such tree. */
static bool once(const struct bench_engine *engine, struct scene *s)
{
	pthread_t thread[2];

	if (!bench_begin(&s->run, engine))
		return false;
	s->working = 1;
	bench_expect(2);
	if (pthread_create(&thread[0], NULL, changes, s) ||
	    pthread_create(&thread[1], NULL, faults, s))
		exit(1);
	pthread_join(thread[0], NULL);
	pthread_join(thread[1], NULL);
	if (s->status) {
		fprintf(stderr, "bench: latency beside %s: %s: %d\n", s->run.what->name,
			engine->name, s->status);
		exit(1);
	}
	bench_end(&s->run);
	bench_stack_drop();
	return true;
}

static int by_value(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

/* Of sorted ticks: so that only `more` are above. */
static double not_above(const struct scene *s, uint64_t more)
{
	return (double)s->ticks[s->faults - 1 - more];
}

static void report(struct scene *s, double ns)
{
	uint64_t n = s->faults;
	double sum = 0;

	for (uint64_t i = 0; i < n; i++)
		sum += (double)s->ticks[i];
	qsort(s->ticks, n, sizeof(*s->ticks), by_value);
	printf("latency latency-%s %s %.0f %.0f %.0f %.0f %.0f %llu\n", s->run.what->name,
	       s->run.engine->name, not_above(s, n / 2) * ns, not_above(s, n / 100) * ns,
	       not_above(s, n / 1000) * ns, sum / (double)n * ns, not_above(s, 0) * ns,
	       (unsigned long long)n);
	fflush(stdout);
}

static void measure(const struct bench_engine *engine, const struct bench_case *what,
		    const struct bench_geometry *geometry, unsigned int rounds)
{
	struct bench_case sized = *what;
	struct scene s = {.ticks = malloc(rounds * FAULTS * sizeof(*s.ticks))};
	unsigned int done = 0;

	sized.size = OTHERS;
	if (!s.ticks || !bench_run_plan(&s.run, &sized, geometry, false, false))
		exit(1);
	s.run.what = what;
	s.run.range.ipa += BENCH_GIB;
	s.run.range.pa += BENCH_GIB;
	while (done < rounds && once(engine, &s))
		done++;
	if (s.faults)
		report(&s, tick_ns());
	bench_run_free(&s.run);
	free(s.ticks);
}

void bench_latency(const struct bench_engine *engine, const struct bench_geometry *geometry,
		   unsigned int rounds, const char *match)
{
	char name[64];

	if (engine == &bench_floor)
		return;
	for (unsigned int i = 0; i < OTHER_CASES; i++) {
		snprintf(name, sizeof(name), "latency-%s", others[i].name);
		if (match && !strstr(name, match))
			continue;
		if (bench_cpus() < 2)
			fprintf(stderr, "bench: %s, %s: left out, as there is one CPU\n", name,
				engine->name);
		else if (i == 0 || bench_has(engine, &others[i]))
			measure(engine, &others[i], geometry, rounds);
	}
}
