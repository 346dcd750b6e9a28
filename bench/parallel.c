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

/* What is known of one engine. */
struct record {
	bool wanted;
	double ns[ROUNDS_MAX];
	unsigned int n, clean;
	uint64_t retries;
};

/* Clean rounds take the place of others. */
static void note(struct record *record, const struct round *round, unsigned int rounds)
{
	record->retries += round->retries;
	if (round->clean && !record->clean++)
		record->n = 0;
	if (record->n < rounds && round->clean == !!record->clean)
		record->ns[record->n++] = round->ns;
	record->wanted = record->clean < rounds;
}

static void report(const struct job *job, const struct bench_engine *engine, struct record *record)
{
	if (!record->n)
		return;
	qsort(record->ns, record->n, sizeof(record->ns[0]), by_value);
	printf("parallel %s %s %.2f %.2f %llu %u\n", job->name, engine->name, record->ns[0],
	       record->ns[record->n / 2], (unsigned long long)record->retries, record->clean);
	fflush(stdout);
}

static bool wanted(const struct bench_engine *engine, const struct job *job)
{
	if (!engine || !bench_has(engine, &faults))
		return false;
	if (job->locked)
		return engine->lock;
	return !engine->needs_lock || job->threads == 1;
}

/* One after the other, and again those that have too few rounds yet. */
static void measure(const struct bench_engine *const *engines, struct bench_run *run,
		    const struct job *job, unsigned int rounds)
{
	struct record record[BENCH_ENGINES] = {0};

	for (unsigned int e = 0; e < BENCH_ENGINES; e++)
		record[e].wanted = wanted(engines[e], job);
	for (unsigned int i = 0; i < TRIES * rounds; i++) {
		for (unsigned int e = 0; e < BENCH_ENGINES; e++) {
			struct round round;

			if (!record[e].wanted)
				continue;
			if (once(engines[e], run, job, &round))
				note(&record[e], &round, rounds);
			else
				record[e].wanted = false;
		}
	}
	for (unsigned int e = 0; e < BENCH_ENGINES; e++)
		report(job, engines[e], &record[e]);
}

void bench_parallel(const struct bench_engine *const *engines,
		    const struct bench_geometry *geometry, unsigned int rounds, const char *match)
{
	struct bench_run run;

	if (!bench_run_plan(&run, &faults, geometry, false, false))
		return;
	for (unsigned int i = 0; i < JOBS; i++) {
		if (match && !strstr(jobs[i].name, match))
			continue;
		if (jobs[i].threads > bench_cpus())
			fprintf(stderr, "bench: %s: left out, as there is one CPU\n", jobs[i].name);
		else
			measure(engines, &run, &jobs[i], rounds);
	}
	bench_run_free(&run);
}
