/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * One thread collapses table after table and says which it is at; the other one resolves faults
 * of pages in that table, at random, as fast as it can: pages that are there already (a fault that
 * came late), or pages whose access flag it sets.
 *
 * What becomes of it does not depend on who is faster: all tables are blocks in the end.  A round
 * in which one of them had no CPU says nothing: it is not counted, unless there are no others.
 */
#include "contend.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "threads.h"

#define ROUNDS_MAX 16u
#define NOT_YET UINT32_MAX
/* So many times as many rounds are tried as are wanted. */
#define TRIES 20u
/* Of all the time that there was threads must have run so much. */
#define RAN 0.9

struct job {
	const char *name;
	bool alone;
	enum bench_page_kind other;
	bool old; /* the pages have no access flag to begin with */
};

static const struct job jobs[] = {
	{"collapse-alone", true, BENCH_FAULT, false},
	{"collapse-beside-fault", false, BENCH_FAULT, false},
	{"collapse-beside-touch", false, BENCH_TOUCH, true},
};

static const struct bench_case collapse = {
	.name = "collapse-contended",
	.unit = "table",
	.size = 256 * BENCH_MIB,
	.quick = 256 * BENCH_MIB,
	.start = BENCH_START_TABLES,
	.blocks = true,
	.one_by_one = true,
	.page = BENCH_COLLAPSE,
	.before = BENCH_IS_MAPPED | BENCH_IS_WRITABLE | BENCH_IS_YOUNG,
	.after = BENCH_IS_MAPPED | BENCH_IS_WRITABLE | BENCH_IS_YOUNG | BENCH_IS_BLOCK,
};

/* What both threads share is what they are about, and nothing that either counts. */
struct scene {
	const struct bench_run *run;
	const struct job *job;
	_Alignas(128) uint32_t at; /* the table; beyond the last one: it is over */
	_Alignas(128) double ns; /* of all collapses */
	double ran; /* of that, by the thread's own clock */
	int status;
	_Alignas(128) uint64_t others, retries;
	double other_ran;
	int other_status;
};

static void *collapses(void *arg)
{
	struct scene *s = arg;
	const struct bench_run *run = s->run;
	bench_page_op op = run->engine->page[BENCH_COLLAPSE];
	double begin;

	bench_settle_on(0);
	bench_meet();
	s->ran = -bench_clock(CLOCK_THREAD_CPUTIME_ID);
	begin = bench_clock(CLOCK_MONOTONIC);
	for (uint32_t i = 0; i < run->steps; i++) {
		uint64_t at = i * run->step;

		__atomic_store_n(&s->at, i, __ATOMIC_RELAXED);
		s->status |= op(run->tree, 0, run->range.ipa + at, run->range.pa + at);
	}
	s->ns = bench_clock(CLOCK_MONOTONIC) - begin;
	s->ran += bench_clock(CLOCK_THREAD_CPUTIME_ID);
	__atomic_store_n(&s->at, run->steps, __ATOMIC_RELEASE);
	return NULL;
}

/* As the adapter says it of a fault, or the engine of all else. */
static bool is_retry(int status)
{
	return status == BENCH_RETRY || status == -EAGAIN;
}

static void *others(void *arg)
{
	struct scene *s = arg;
	const struct bench_run *run = s->run;
	bench_page_op op = run->engine->page[s->job->other];
	uint64_t pages = run->step / run->geometry->page, random = 88172645463325252u;
	uint32_t table;

	run->engine->fill(run->tree, 1, 8);
	bench_settle_on(1);
	bench_meet();
	while (__atomic_load_n(&s->at, __ATOMIC_ACQUIRE) == NOT_YET)
		;
	s->other_ran = -bench_clock(CLOCK_THREAD_CPUTIME_ID);
	while ((table = __atomic_load_n(&s->at, __ATOMIC_ACQUIRE)) < run->steps) {
		uint64_t at = table * run->step + random % pages * run->geometry->page;
		int status = op(run->tree, 1, run->range.ipa + at, run->range.pa + at);

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		s->others++;
		s->retries += is_retry(status);
		s->other_status |= is_retry(status) ? 0 : status;
	}
	s->other_ran += bench_clock(CLOCK_THREAD_CPUTIME_ID);
	run->engine->settle(run->tree, 1);
	bench_stack_drop();
	return NULL;
}

static void prepare(struct bench_run *run, const struct job *job)
{
	run->engine->fill(run->tree, 0, bench_tables(run));
	bench_prepare(run);
	if (job->old && run->engine->range[BENCH_AGE](run->tree, 0, &run->range))
		exit(1);
}

/* False: there is no such tree. */
static bool once(const struct bench_engine *engine, struct bench_run *run, struct scene *s)
{
	unsigned int threads = s->job->alone ? 1 : 2;
	pthread_t thread[2];

	if (!bench_begin(run, engine))
		return false;
	prepare(run, s->job);
	bench_expect(threads);
	for (unsigned int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, i ? others : collapses, s))
			exit(1);
	for (unsigned int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	bench_verify(run, s->status || s->other_status ? 0 : collapse.after,
		     "did not collapse all tables");
	engine->settle(run->tree, 0);
	bench_end(run);
	bench_stack_drop();
	return true;
}

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* What is known of one job: of clean rounds, if there are any. */
struct record {
	double ns[ROUNDS_MAX];
	unsigned int n, clean;
	uint64_t others, retries;
};

/* Whether nobody had to give his CPU to somebody else. */
static bool is_clean(const struct scene *s)
{
	return s->ran > RAN * s->ns && (s->job->alone || s->other_ran > RAN * s->ns);
}

static void note(struct record *record, const struct scene *s, unsigned int rounds)
{
	if (is_clean(s) && !record->clean++)
		record->n = record->others = record->retries = 0;
	if (record->n == rounds || is_clean(s) != !!record->clean)
		return;
	record->ns[record->n++] = s->ns / s->run->steps;
	record->others += s->others;
	record->retries += s->retries;
}

static void report(const struct bench_run *run, const struct job *job, struct record *record)
{
	double others = (double)record->others;

	qsort(record->ns, record->n, sizeof(record->ns[0]), by_value);
	printf("contend %s-%s %s %.0f %.0f %.2f %.2f %u\n", job->name, run->geometry->name,
	       run->engine->name, record->ns[0], record->ns[record->n / 2],
	       others / record->n / run->steps,
	       others > 0 ? 100 * (double)record->retries / others : 0, record->clean);
	fflush(stdout);
}

static void measure(const struct bench_engine *engine, struct bench_run *run, const struct job *job,
		    unsigned int rounds)
{
	struct record record = {0};

	for (unsigned int i = 0; i < TRIES * rounds && record.clean < rounds; i++) {
		struct scene s = {.run = run, .job = job, .at = NOT_YET};

		if (!once(engine, run, &s))
			return;
		note(&record, &s, rounds);
	}
	if (record.n)
		report(run, job, &record);
}

void bench_contend(const struct bench_engine *engine, const struct bench_geometry *geometry,
		   unsigned int rounds, const char *match)
{
	struct bench_run run;

	if (!bench_has(engine, &collapse) ||
	    !bench_run_plan(&run, &collapse, geometry, false, false))
		return;
	for (unsigned int i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		if (match && !strstr(jobs[i].name, match))
			continue;
		if (!jobs[i].alone && bench_cpus() < 2)
			fprintf(stderr, "bench: %s: left out, as there is one CPU\n", jobs[i].name);
		else
			measure(engine, &run, &jobs[i], rounds);
	}
	bench_run_free(&run);
}
