/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * All threads begin at the same moment, each on a CPU of its own; the time is that of the
 * one that ends last.  A round in which one of them had to give its CPU to somebody else says
 * nothing: such a round is not counted, unless there are no others.
 */
#include "parallel.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "measure.h"
#include "threads.h"

struct job {
	const char *name;
	unsigned int threads;
	bool interleaved;
	bool locked;
};

/* Two cache lines, as they are fetched: what one thread counts is nothing to the other. */
struct worker {
	_Alignas(128) const struct bench_run *run;
	const struct job *job;
	unsigned int cpu;
	double begin, end;
	double ran; /* of that, by the thread's own clock */
	uint64_t retries;
	int status;
	pthread_t thread;
};

static const struct job jobs[] = {
	{"parallel-1", 1, false, false},
	{"parallel-halves-2", 2, false, false},
	{"parallel-interleaved-2", 2, true, false},
	{"parallel-locked-1", 1, false, true},
	{"parallel-locked-halves-2", 2, false, true},
	{"parallel-locked-interleaved-2", 2, true, true},
};
/* So many times as many rounds are tried as are wanted. */
#define TRIES 20u
#define ROUNDS_MAX 16u
/* Of all the time that there was threads must have run so much. */
#define RAN 0.9
#define JOBS (sizeof(jobs) / sizeof(jobs[0]))

static const struct bench_case faults = {.name = "parallel",
					 .unit = "page",
					 .size = 128 * BENCH_MIB,
					 .quick = 128 * BENCH_MIB,
					 .one_by_one = true,
					 .page = BENCH_FAULT,
					 .after = BENCH_IS_MAPPED | BENCH_IS_WRITABLE |
						  BENCH_IS_YOUNG};

/* One page, until it is there. */
static void fault(struct worker *w, uint64_t at)
{
	const struct bench_run *run = w->run;
	const struct bench_engine *engine = run->engine;
	int status;

	do {
		if (w->job->locked)
			engine->lock(run->tree);
		status = engine->page[BENCH_FAULT](run->tree, w->cpu, run->range.ipa + at,
						   run->range.pa + at);
		if (w->job->locked)
			engine->unlock(run->tree);
		w->retries += status == BENCH_RETRY;
	} while (status == BENCH_RETRY);
	w->status |= status;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	uint32_t each = w->run->steps / w->job->threads;
	uint32_t first = w->job->interleaved ? w->cpu : w->cpu * each;
	uint32_t stride = w->job->interleaved ? w->job->threads : 1;

	w->run->engine->fill(w->run->tree, w->cpu, bench_tables(w->run));
	bench_settle_on(w->cpu);
	bench_meet();
	w->ran = -bench_clock(CLOCK_THREAD_CPUTIME_ID);
	w->begin = bench_clock(CLOCK_MONOTONIC);
	for (uint32_t i = 0; i < each; i++)
		fault(w, (first + (uint64_t)i * stride) * w->run->step);
	w->end = bench_clock(CLOCK_MONOTONIC);
	w->ran += bench_clock(CLOCK_THREAD_CPUTIME_ID);
	w->run->engine->settle(w->run->tree, w->cpu);
	bench_stack_drop();
	return NULL;
}

struct round {
	double ns; /* of a page */
	bool clean;
	uint64_t retries;
};

static struct round judge(const struct worker *worker, unsigned int threads, uint32_t pages)
{
	double begin = worker[0].begin, end = worker[0].end, ran = 0;
	struct round round = {0};

	for (unsigned int i = 0; i < threads; i++) {
		const struct worker *w = &worker[i];

		begin = w->begin < begin ? w->begin : begin;
		end = w->end > end ? w->end : end;
		ran += w->ran;
		round.retries += w->retries;
	}
	round.clean = ran > RAN * threads * (end - begin);
	round.ns = (end - begin) / (double)pages;
	return round;
}

/* False: there is no such tree. */
static bool once(const struct bench_engine *engine, struct bench_run *run, const struct job *job,
		 struct round *round)
{
	struct worker worker[BENCH_CPUS] = {0};
	int status = 0;

	if (!bench_begin(run, engine))
		return false;
	bench_expect(job->threads);
	for (unsigned int i = 0; i < job->threads; i++) {
		worker[i] = (struct worker){.run = run, .job = job, .cpu = i};
		if (pthread_create(&worker[i].thread, NULL, work, &worker[i]))
			exit(1);
	}
	for (unsigned int i = 0; i < job->threads; i++) {
		pthread_join(worker[i].thread, NULL);
		status |= worker[i].status;
	}
	bench_verify(run, status ? 0 : faults.after, "did not map all pages");
	bench_end(run);
	bench_stack_drop();
	*round = judge(worker, job->threads, run->steps);
	return true;
}

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* Clean rounds take the place of others. */
static void measure(const struct bench_engine *engine, struct bench_run *run, const struct job *job,
		    unsigned int rounds)
{
	unsigned int clean = 0, n = 0;
	double ns[ROUNDS_MAX] = {0};
	uint64_t retries = 0;

	for (unsigned int i = 0; i < TRIES * rounds && clean < rounds; i++) {
		struct round round;

		if (!once(engine, run, job, &round))
			return;
		retries += round.retries;
		if (round.clean && !clean++)
			n = 0;
		if (n < rounds && round.clean == !!clean)
			ns[n++] = round.ns;
	}
	qsort(ns, n, sizeof(ns[0]), by_value);
	printf("parallel %s %s %.2f %.2f %llu %u\n", job->name, engine->name, ns[0], ns[n / 2],
	       (unsigned long long)retries, clean);
	fflush(stdout);
}

static bool wanted(const struct bench_engine *engine, const struct job *job, const char *match)
{
	if (match && !strstr(job->name, match))
		return false;
	if (job->threads > bench_cpus()) {
		fprintf(stderr, "bench: %s, %s: left out, as there is one CPU\n", job->name,
			engine->name);
		return false;
	}
	if (job->locked)
		return engine->lock;
	return !engine->needs_lock || job->threads == 1;
}

void bench_parallel(const struct bench_engine *engine, const struct bench_geometry *geometry,
		    unsigned int rounds, const char *match)
{
	struct bench_run run;

	if (!bench_has(engine, &faults) || !bench_run_plan(&run, &faults, geometry, false, false))
		return;
	for (unsigned int i = 0; i < JOBS; i++)
		if (wanted(engine, &jobs[i], match))
			measure(engine, &run, &jobs[i], rounds);
	bench_run_free(&run);
}
