/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * One thread collapses table after table and says which it is at; the other one resolves faults
 * of pages in that table, at random, as fast as it can: pages that are there already (a fault that
 * came late), or pages whose access flag it sets.
 *
 * What becomes of it does not depend on who is faster: all tables are blocks in the end.
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
	_Alignas(128) double ns; /* of one collapse */
	int status;
	_Alignas(128) uint64_t others, retries;
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
	begin = bench_clock(CLOCK_MONOTONIC);
	for (uint32_t i = 0; i < run->steps; i++) {
		uint64_t at = i * run->step;

		__atomic_store_n(&s->at, i, __ATOMIC_RELAXED);
		s->status |= op(run->tree, 0, run->range.ipa + at, run->range.pa + at);
	}
	s->ns = (bench_clock(CLOCK_MONOTONIC) - begin) / run->steps;
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

static void measure(const struct bench_engine *engine, struct bench_run *run, const struct job *job,
		    unsigned int rounds)
{
	struct scene s = {.run = run, .job = job};
	double ns[ROUNDS_MAX] = {0};

	for (unsigned int i = 0; i < rounds; i++) {
		s.at = 0;
		if (!once(engine, run, &s))
			return;
		ns[i] = s.ns;
	}
	qsort(ns, rounds, sizeof(ns[0]), by_value);
	printf("contend %s-%s %s %.0f %.0f %.2f %.2f\n", job->name, run->geometry->name,
	       engine->name, ns[0], ns[rounds / 2], (double)s.others / rounds / run->steps,
	       s.others ? 100.0 * (double)s.retries / (double)s.others : 0);
	fflush(stdout);
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
