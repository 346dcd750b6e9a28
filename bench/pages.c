/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The most that one fault takes from the cache of table pages: counted, not computed.
 */
#include "pages.h"

#include <stdio.h>
#include <stdlib.h>

#include "measure.h"

#define AT_HAND 16u

static const struct bench_case fault = {
	.name = "pages-fault",
	.unit = "page",
	.one_by_one = true,
	.page = BENCH_FAULT,
	.after = BENCH_IS_MAPPED | BENCH_IS_WRITABLE | BENCH_IS_YOUNG,
};

/* The page at the first address of the range, after a leaf of `size` bytes was mapped there. */
static uint64_t taken_by(struct bench_run *run, uint64_t size)
{
	const struct bench_engine *engine = run->engine;
	struct bench_range leaf = run->range;
	uint64_t before;
	int status = 0;

	leaf.pa = 64 * BENCH_GIB; /* aligned to every block */
	leaf.size = leaf.leaf = size;
	if (size)
		status = engine->range[BENCH_MAP](run->tree, 0, &leaf);
	before = engine->tables(run->tree, 0);
	status |= engine->page[BENCH_FAULT](run->tree, 0, run->range.ipa, run->range.pa);
	run->range.size = run->geometry->page;
	bench_verify(run, status ? 0 : fault.after, "did not map the page");
	return engine->tables(run->tree, 0) - before;
}

/* False: there is no such tree. */
static bool once(const struct bench_engine *engine, struct bench_run *run, uint64_t size,
		 uint64_t *most)
{
	uint64_t taken;

	if (!bench_begin(run, engine))
		return false;
	engine->fill(run->tree, 0, AT_HAND);
	taken = taken_by(run, size);
	*most = taken > *most ? taken : *most;
	engine->settle(run->tree, 0);
	bench_end(run);
	bench_stack_drop();
	return true;
}

void bench_pages(const struct bench_engine *engine, const struct bench_geometry *geometry)
{
	/* No block, and one of each size; or none, for an engine that changes nothing that is mapped. */
	uint64_t sizes[] = {0, geometry->block, geometry->page == 4096 ? BENCH_GIB : 0};
	unsigned int n = engine->range[BENCH_PROTECT] ? sizeof(sizes) / sizeof(sizes[0]) : 1;
	struct bench_run run;
	uint64_t most = 0;
	bool have = true;

	if (!bench_has(engine, &fault) || !engine->range[BENCH_MAP])
		return;
	bench_run_plan(&run, &fault, geometry, true, false);
	for (unsigned int i = 0; have && i < n; i++)
		have = once(engine, &run, sizes[i], &most);
	bench_run_free(&run);
	if (have)
		printf("pages %s-%s %s %llu\n", fault.name, geometry->name, engine->name,
		       (unsigned long long)most);
	fflush(stdout);
}
