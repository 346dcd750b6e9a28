/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Faults for lackey, which writes down every load and store of a program: how many cache lines
 * does a fault write that another CPU may want?
 *
 * One thread plays two CPUs in turn, so that all can be told apart by address and time alone.
 * Its stack, and what the engine says is a CPU's own, is nobody else's.
 *
 *	halves		a table for each CPU, which is there: the steady state
 *	interleaved	one table, each CPU every other page
 *	tables-N	the first page of each of N tables
 */
#include "lines.h"

#include <stdio.h>

#include "measure.h"

#define STACK UINT64_C(65536)
#define JOBS_MAX 31u

struct job {
	const char *name;
	enum bench_page_kind kind;
	uint32_t tables; /* in the range */
	bool interleaved;
	bool first_pages; /* of each table, and no others */
};

static const struct job jobs[] = {
	{"halves", BENCH_FAULT, 2, false, false},    {"interleaved", BENCH_FAULT, 1, true, false},
	{"qsbr", BENCH_FAULT_QSBR, 2, false, false}, {"tables-8", BENCH_FAULT, 8, false, true},
	{"tables-16", BENCH_FAULT, 16, false, true},
};

static const struct bench_case faults = {
	.name = "lines",
	.unit = "page",
	.one_by_one = true,
	.after = BENCH_IS_MAPPED | BENCH_IS_WRITABLE | BENCH_IS_YOUNG,
};

/* Byte 0: the end of a fault; byte 2 * n + cpu: the begin of one of job n, from 1 on. */
static volatile unsigned char mark[2 * (JOBS_MAX + 1)];

static void print_range(const char *what, unsigned int n, uintptr_t begin, uint64_t bytes)
{
	uint64_t end = begin + bytes;

	printf("%s %u %016llx %016llx\n", what, n, (unsigned long long)begin,
	       (unsigned long long)end);
}

static void print_memory(const struct bench_run *run, unsigned int n)
{
	uint64_t bytes;

	print_range("own", n, (uintptr_t)&bytes - STACK, 2 * STACK);
	print_range("own", n, (uintptr_t)&bench_stack, sizeof(bench_stack));
	print_range("own", n, (uintptr_t)&bench_counts, sizeof(bench_counts));
	print_range("table", n, (uintptr_t)bench_pool.base, bench_pool.size);
	for (unsigned int cpu = 0; cpu < BENCH_CPUS && run->engine->own; cpu++) {
		const void *own = run->engine->own(run->tree, cpu, &bytes);

		print_range("own", n, (uintptr_t)own, bytes);
	}
}

static int fault(const struct bench_run *run, enum bench_page_kind kind, unsigned int cpu,
		 uint64_t at)
{
	const struct bench_engine *engine = run->engine;
	int status;

	if (engine->lock)
		engine->lock(run->tree);
	status = engine->page[kind](run->tree, cpu, run->range.ipa + at, run->range.pa + at);
	if (engine->unlock)
		engine->unlock(run->tree);
	return status;
}

static int marked(const struct bench_run *run, const struct job *job, unsigned int n,
		  unsigned int cpu, uint64_t at)
{
	int status;

	mark[2 * n + cpu] = 1;
	status = fault(run, job->kind, cpu, at);
	mark[0] = 1;
	return status;
}

/* Pages are mapped one by one, and the last of each table first, without a mark. */
static int map_all(const struct bench_run *run, const struct job *job, unsigned int n)
{
	uint64_t block = run->geometry->block, page = run->geometry->page;
	int status = 0;

	for (uint64_t t = 0; t < run->range.size; t += block)
		status |= fault(run, job->kind, 0, t + block - page);
	for (uint64_t at = 0; at < block - page; at += page) {
		unsigned int cpu = job->interleaved ? at / page % 2 : 0;

		status |= marked(run, job, n, cpu, at);
		if (!job->interleaved)
			status |= marked(run, job, n, 1, block + at);
	}
	return status;
}

static int map_first_pages(const struct bench_run *run, const struct job *job, unsigned int n)
{
	uint64_t block = run->geometry->block;
	int status = 0;

	for (uint64_t t = 0; t < run->range.size; t += block)
		status |= marked(run, job, n, 0, t);
	return status;
}

/* False: there is no such tree. */
static bool once(const struct bench_engine *engine, struct bench_run *run, const struct job *job,
		 unsigned int n)
{
	int status;

	if (!bench_begin(run, engine))
		return false;
	for (unsigned int cpu = 0; cpu < BENCH_CPUS; cpu++)
		engine->fill(run->tree, cpu, bench_tables(run));
	print_memory(run, n);
	if (job->first_pages)
		status = map_first_pages(run, job, n);
	else
		status = map_all(run, job, n);
	if (status || !job->first_pages)
		bench_verify(run, status ? 0 : faults.after, "did not map all pages");
	for (unsigned int cpu = 0; cpu < BENCH_CPUS; cpu++)
		engine->settle(run->tree, cpu);
	bench_end(run);
	bench_stack_drop();
	printf("job %u %s %s\n", n, job->name, engine->name);
	return true;
}

void bench_lines(const struct bench_engine *const *engines, const struct bench_geometry *geometry)
{
	unsigned int n = 1;

	print_range("mark", 0, (uintptr_t)mark, sizeof(mark));
	for (unsigned int e = 0; e < BENCH_ENGINES; e++) {
		for (unsigned int i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
			struct bench_case sized = faults;
			struct bench_run run;

			sized.quick = jobs[i].tables * geometry->block;
			sized.page = jobs[i].kind;
			if (!engines[e] || !bench_has(engines[e], &sized) || n > JOBS_MAX)
				continue;
			bench_run_plan(&run, &sized, geometry, true, false);
			n += once(engines[e], &run, &jobs[i], n);
			bench_run_free(&run);
		}
	}
}
