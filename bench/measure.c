/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Prepare, look, measure, look again.
 *
 * Both looks are at some tens of addresses over the whole range: an engine that did
 * nothing, or did it elsewhere, or had it done already, has no figure.
 */
#define _GNU_SOURCE
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "count.h"

/* No block of level 1 begins there. */
#define PA_BASE (UINT64_C(1) << 40)
#define PROBES 61u

static void shuffle(uint32_t *order, uint32_t n)
{
	uint64_t state = 88172645463325252u; /* any that is not zero: the same order each time */

	for (uint32_t i = n; i > 1; i--) {
		uint32_t other, last = order[i - 1];

		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		other = (uint32_t)(state % i);
		order[i - 1] = order[other];
		order[other] = last;
	}
}

static uint32_t *make_order(uint32_t n, bool random)
{
	uint32_t *order = malloc((size_t)n * sizeof(*order));

	if (!order) {
		fprintf(stderr, "bench: no memory\n");
		exit(1);
	}
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	if (random)
		shuffle(order, n);
	return order;
}

static enum bench_attr attr_of(const struct bench_case *what)
{
	if (what->start == BENCH_START_LOG)
		return BENCH_LOG;
	return what->start == BENCH_START_READ ? BENCH_READ : BENCH_RW;
}

static uint64_t unit_size(const struct bench_run *run)
{
	switch (run->what->unit[0]) {
	case 'p':
		return run->geometry->page;
	case 'c':
		return run->range.size;
	default:
		return run->geometry->block;
	}
}

bool bench_run_plan(struct bench_run *run, const struct bench_case *what,
		    const struct bench_geometry *geometry, bool quick, bool random)
{
	bool pages = what->start == BENCH_START_TABLES || what->start == BENCH_START_UNLINKED;
	uint64_t size = quick ? what->quick : what->size;
	uint64_t leaf = what->blocks && !pages ? geometry->block : geometry->page;

	*run = (struct bench_run){.what = what, .geometry = geometry};
	if (random && !what->random)
		return false;
	run->range = (struct bench_range){.ipa = BENCH_IPA,
					  .size = size > geometry->block ? size : geometry->block,
					  .pa = PA_BASE,
					  .leaf = leaf,
					  .attr = attr_of(what)};
	if (what->start != BENCH_START_TABLES)
		run->range.pa += geometry->group * leaf;
	run->step = what->blocks ? geometry->block : geometry->page;
	run->steps = (uint32_t)(run->range.size / run->step);
	run->units = run->range.size / unit_size(run);
	if (what->one_by_one)
		run->order = make_order(run->steps, random);
	return true;
}

void bench_run_free(struct bench_run *run)
{
	free((void *)(uintptr_t)run->order);
	run->order = NULL;
}

static bool can_start(const struct bench_engine *engine, enum bench_start start)
{
	switch (start) {
	case BENCH_START_EMPTY:
		return true;
	case BENCH_START_TABLES:
		return engine->page[BENCH_FAULT];
	case BENCH_START_OLD:
		return engine->range[BENCH_MAP] && engine->range[BENCH_AGE];
	case BENCH_START_UNLINKED:
		return engine->range[BENCH_MAP] && engine->range[BENCH_UNLINK];
	case BENCH_START_LOG:
		return engine->range[BENCH_MAP] && engine->page[BENCH_WRITE];
	default:
		return engine->range[BENCH_MAP];
	}
}

bool bench_has(const struct bench_engine *engine, const struct bench_case *what)
{
	if (!can_start(engine, what->start))
		return false;
	if (what->one_by_one)
		return engine->page[what->page];
	return engine->range[what->range];
}

static void fail(const struct bench_run *run, const char *when, int status)
{
	fprintf(stderr, "bench: case=%s-%s engine=%s: %s: %d\n", run->what->name,
		run->geometry->name, run->engine->name, when, status);
	exit(1);
}

static int in_order(const struct bench_run *run, enum bench_page_kind kind, uint64_t step,
		    uint64_t stride)
{
	int status = 0;

	for (uint64_t at = 0; at < run->range.size; at += step * stride)
		status |= run->engine->page[kind](run->tree, 0, run->range.ipa + at,
						  run->range.pa + at);
	return status;
}

static int start(const struct bench_run *run)
{
	const struct bench_engine *engine = run->engine;
	int status;

	if (run->what->start == BENCH_START_EMPTY)
		return 0;
	if (run->what->start == BENCH_START_TABLES)
		return in_order(run, BENCH_FAULT, run->geometry->page, 1);
	status = engine->range[BENCH_MAP](run->tree, 0, &run->range);
	if (run->what->start == BENCH_START_OLD)
		status |= engine->range[BENCH_AGE](run->tree, 0, &run->range);
	if (run->what->start == BENCH_START_UNLINKED)
		status |= engine->range[BENCH_UNLINK](run->tree, 0, &run->range);
	if (run->what->start == BENCH_START_LOG)
		status |= in_order(run, BENCH_WRITE, run->geometry->page, 1000 / run->what->dirty);
	return status;
}

void bench_prepare(const struct bench_run *run)
{
	int status = start(run);

	if (status)
		fail(run, "could not prepare", status);
	bench_verify(run, run->what->before, "is not what it is to begin with");
}

void bench_verify(const struct bench_run *run, int expected, const char *when)
{
	bench_page_op probe = run->engine->page[BENCH_PROBE];
	uint64_t pages = run->range.size / run->geometry->page;

	if (!probe || expected == BENCH_ALL)
		return;
	for (uint64_t i = 0; i <= PROBES; i++) {
		uint64_t at = (pages - 1) * i / PROBES * run->geometry->page;
		int found = probe(run->tree, 0, run->range.ipa + at, run->range.pa + at);

		if ((found ^ expected) & run->engine->tells)
			fail(run, when, found);
	}
}

static bool splits(const struct bench_case *what)
{
	return what->one_by_one ? what->page == BENCH_SPLIT : what->range == BENCH_SPLIT_ALL;
}

unsigned int bench_tables(const struct bench_run *run)
{
	uint64_t last = run->range.size / run->geometry->block;
	bool blocks = run->range.leaf == run->geometry->block && !splits(run->what);

	return (unsigned int)(last / (run->geometry->page / 8)) + (blocks ? 0 : last + 1) + 8;
}

bool bench_begin(struct bench_run *run, const struct bench_engine *engine)
{
	unsigned int flags = run->what->exclusive ? 0 : BENCH_SHARED;

	run->engine = engine;
	bench_pool_reset(run->geometry->page);
	run->tree = engine->create(run->geometry,
				   flags | (run->range.attr == BENCH_LOG ? BENCH_LOGGED : 0));
	return run->tree;
}

void bench_end(struct bench_run *run)
{
	run->engine->drop(run->tree);
	run->tree = NULL;
}

static int one_by_one(const struct bench_run *run)
{
	bench_page_op op = run->engine->page[run->what->page];
	uint64_t ipa = run->range.ipa, pa = run->range.pa, step = run->step;
	void *tree = run->tree;
	int status = 0;

	for (uint32_t i = 0; i < run->steps; i++) {
		uint64_t at = run->order[i] * step;

		status |= op(tree, 0, ipa + at, pa + at);
	}
	return status;
}

static int at_once(const struct bench_run *run)
{
	return run->engine->range[run->what->range](run->tree, 0, &run->range);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void work(const struct bench_run *run, const char *count, struct bench_result *result)
{
	uint64_t tables = run->engine->tables(run->tree, 0);
	double begin;
	int status;

	bench_counts = (struct bench_counts){0};
	begin = now();
	bench_count_start(count);
	status = run->what->one_by_one ? one_by_one(run) : at_once(run);
	bench_count_stop(count);
	result->ns = (now() - begin) / (double)run->units;
	result->tlbi = bench_counts.tlbi;
	result->tables = run->engine->tables(run->tree, 0) - tables;
	if (status)
		fail(run, "failed", status);
}

bool bench_measure(struct bench_run *run, const struct bench_engine *engine, const char *count,
		   struct bench_result *result)
{
	if (!bench_begin(run, engine))
		return false;
	engine->fill(run->tree, 0, bench_tables(run));
	bench_prepare(run);
	work(run, count, result);
	bench_verify(run, run->what->after, "did not do its work");
	engine->settle(run->tree, 0);
	bench_end(run);
	bench_stack_drop();
	return true;
}
