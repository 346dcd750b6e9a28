/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Operations that break an entry, for lackey, which writes down every instruction, load and
 * store: the first store to the entry breaks it, the last one makes it.
 *
 * Unlike a trace of an engine's steps, this sees what the compiler put between them, and the
 * code of others as well.
 */
#include "windows.h"

#include <stdio.h>
#include <string.h>

#include "measure.h"

#define JOBS_MAX 63u

static const char *const names[] = {"over", "split", "collapse"};

/* Byte 0: the end; byte n: the begin of job n. */
static _Alignas(64) volatile unsigned char mark[JOBS_MAX + 1];

static const struct bench_case *find_case(const char *name)
{
	for (unsigned int i = 0; i < bench_case_count; i++)
		if (!strcmp(bench_cases[i].name, name))
			return &bench_cases[i];
	return NULL;
}

/* The entry of level 2 for the range: all engines have Arm's format. */
static const uint64_t *entry_of(const struct bench_run *run)
{
	const uint64_t *table = run->engine->root(run->tree);

	for (unsigned int shift = 39; shift > 21; shift -= 9)
		table = bench_va(table[run->range.ipa >> shift & 511] & UINT64_C(0xfffffffff000));
	return &table[run->range.ipa >> 21 & 511];
}

/* False: there is no such tree. */
static bool once(const struct bench_engine *engine, struct bench_run *run, unsigned int n)
{
	bench_page_op op = engine->page[run->what->page];
	int status;

	if (!bench_begin(run, engine))
		return false;
	engine->fill(run->tree, 0, bench_tables(run));
	bench_prepare(run);
	printf("job %u %s %s %016llx\n", n, run->what->name, engine->name,
	       (unsigned long long)(uintptr_t)entry_of(run));
	mark[n] = 1;
	status = op(run->tree, 0, run->range.ipa, run->range.pa);
	mark[0] = 1;
	bench_verify(run, status ? 0 : run->what->after, "did not do its work");
	engine->settle(run->tree, 0);
	bench_end(run);
	bench_stack_drop();
	return true;
}

void bench_windows(const struct bench_engine *const *engines, const struct bench_geometry *geometry)
{
	unsigned int n = 1;

	printf("mark %016llx\n", (unsigned long long)(uintptr_t)mark);
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct bench_case *what = find_case(names[i]);

		for (unsigned int e = 0; what && e < BENCH_ENGINES; e++) {
			struct bench_case one = *what;
			struct bench_run run;

			one.quick = geometry->block;
			if (!engines[e] || !engines[e]->root || !bench_has(engines[e], &one) ||
			    !bench_run_plan(&run, &one, geometry, true, false))
				continue;
			n += once(engines[e], &run, n);
			bench_run_free(&run);
		}
	}
}
