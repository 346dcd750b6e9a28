/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The program that measures.
 *
 *	bench time [-q] [-m TEXT]	ns, and what was counted, one line for each case and engine
 *	bench count [-q] [-m TEXT]	run by callgrind: which dump is which
 *	bench lines|windows		run by lackey: where a fault, or a change, begins and ends
 *
 * Engines take turns: one measures after the other, and then all of them again, so that
 * what else goes on in the machine hits all of them alike.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contend.h"
#include "latency.h"
#include "lines.h"
#include "measure.h"
#include "pages.h"
#include "parallel.h"
#include "windows.h"

#define ROUNDS 15u
#define QUICK_ROUNDS 3u
#define LATENCY_ROUNDS 4u
#define NAME 96u
/* Leaves in a range. */
#define COUNTED (UINT64_C(1) << 21)

struct options {
	bool count;
	bool lines, windows;
	bool quick;
	const char *match;
};

static const struct bench_engine *const engines[BENCH_ENGINES] = {
	&bench_stage2, &bench_kvm_6_12, &bench_kvm_6_1, &bench_iommu_6_12, &bench_floor};

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* Every engine that has it once. */
static void count_all(struct bench_run *run, const char *name)
{
	for (unsigned int e = 0; e < BENCH_ENGINES; e++) {
		struct bench_result result;
		char label[2 * NAME];

		if (!engines[e] || !bench_has(engines[e], run->what))
			continue;
		snprintf(label, sizeof(label), "%s %s", name, engines[e]->name);
		if (bench_measure(run, engines[e], label, &result))
			printf("count %s %llu\n", label, (unsigned long long)run->units);
	}
}

static void time_all(struct bench_run *run, const char *name, unsigned int rounds)
{
	static double ns[BENCH_ENGINES][ROUNDS];
	struct bench_result result[BENCH_ENGINES];
	bool have[BENCH_ENGINES] = {false};

	for (unsigned int round = 0; round < rounds; round++) {
		for (unsigned int e = 0; e < BENCH_ENGINES; e++) {
			if (!engines[e] || !bench_has(engines[e], run->what))
				continue;
			have[e] = bench_measure(run, engines[e], NULL, &result[e]);
			ns[e][round] = result[e].ns;
		}
	}
	for (unsigned int e = 0; e < BENCH_ENGINES; e++) {
		if (!have[e])
			continue;
		qsort(ns[e], rounds, sizeof(ns[e][0]), by_value);
		printf("time %s %s %s %.2f %.2f %llu %llu\n", name, engines[e]->name,
		       run->what->unit, ns[e][0], ns[e][rounds / 2],
		       (unsigned long long)result[e].tlbi, (unsigned long long)result[e].tables);
	}
}

/* Instructions do not depend on how much there is of the same: then quick is enough. */
static void one_case(const struct options *options, const struct bench_case *what,
		     const struct bench_geometry *geometry, bool random)
{
	struct bench_run run;
	char name[NAME];

	snprintf(name, sizeof(name), "%s%s-%s", what->name, random ? "-random" : "",
		 geometry->name);
	if (options->match && !strstr(name, options->match))
		return;
	if (!bench_run_plan(&run, what, geometry, options->quick || options->count, random))
		return;
	if (options->count)
		count_all(&run, name);
	else
		time_all(&run, name, options->quick ? QUICK_ROUNDS : ROUNDS);
	bench_run_free(&run);
	fflush(stdout);
}

static void all_cases(const struct options *options)
{
	unsigned int geometries = options->quick ? 1 : bench_geometry_count;

	for (unsigned int g = 0; g < geometries; g++)
		for (unsigned int i = 0; i < 2 * bench_case_count; i++)
			one_case(options, &bench_cases[i / 2], &bench_geometries[g], i % 2);
}

/* Of the tables for more pages than so many there is no memory. */
static bool makes_pages(const struct bench_case *what)
{
	return !what->blocks || what->range == BENCH_SPLIT_ALL;
}

/* One call for a range of this size; instructions only where that takes seconds, not minutes. */
static void growth_of(const struct options *options, const struct bench_case *what, uint64_t size)
{
	struct bench_case sized = *what;
	struct bench_run run;
	char name[NAME];

	sized.unit = "call";
	sized.size = size;
	snprintf(name, sizeof(name), "growth-%s-%lluM", what->name,
		 (unsigned long long)(size / BENCH_MIB));
	if (options->match && !strstr(name, options->match))
		return;
	if (!bench_run_plan(&run, &sized, &bench_geometries[0], false, false))
		return;
	if (!options->count)
		time_all(&run, name, QUICK_ROUNDS);
	else if (size / (makes_pages(what) ? run.geometry->page : run.geometry->block) <= COUNTED)
		count_all(&run, name);
	bench_run_free(&run);
}

/* From one block to `last` bytes. */
static void growth(const struct options *options, const struct bench_case *what, uint64_t last)
{
	for (uint64_t size = 2 * BENCH_MIB; size < last; size *= 8)
		growth_of(options, what, size);
	growth_of(options, what, last);
}

static void all_growth(const struct options *options)
{
	for (unsigned int i = 0; i < bench_case_count; i++)
		if (bench_cases[i].grows)
			growth(options, &bench_cases[i],
			       makes_pages(&bench_cases[i]) ? 64 * BENCH_GIB : 1024 * BENCH_GIB);
}

static void all_latencies(const struct options *options)
{
	for (unsigned int e = 0; e < BENCH_ENGINES; e++)
		if (engines[e])
			bench_latency(engines[e], &bench_geometries[0], LATENCY_ROUNDS,
				      options->match);
}

/* Alone and beside another thread. */
static void all_collapses(const struct options *options)
{
	for (unsigned int e = 0; e < BENCH_ENGINES; e++)
		if (engines[e])
			bench_contend(engines[e], &bench_geometries[0],
				      options->quick ? QUICK_ROUNDS : ROUNDS, options->match);
}

static void all_pages(const struct options *options)
{
	if (options->match && !strstr("pages-fault", options->match))
		return;
	for (unsigned int g = 0; g < bench_geometry_count; g++)
		for (unsigned int e = 0; e < BENCH_ENGINES; e++)
			if (engines[e] && engines[e] != &bench_floor)
				bench_pages(engines[e], &bench_geometries[g]);
}

/* What has a clock of its own, or none. */
static void time_others(const struct options *options)
{
	bench_parallel(engines, &bench_geometries[0], options->quick ? QUICK_ROUNDS : ROUNDS,
		       options->match);
	all_collapses(options);
	all_pages(options);
	if (!options->quick)
		all_latencies(options);
}

static void usage(void)
{
	fprintf(stderr, "usage: bench time|count [-q] [-m TEXT]\n"
			"       bench lines|windows\n"
			"  -q       sooner, and less exact\n"
			"  -m TEXT  only cases whose name has TEXT in it\n");
	exit(2);
}

static struct options read_options(int argc, char **argv)
{
	struct options options = {0};

	options.count = argc > 1 && !strcmp(argv[1], "count");
	options.lines = argc == 2 && !strcmp(argv[1], "lines");
	options.windows = argc == 2 && !strcmp(argv[1], "windows");
	if (options.lines || options.windows)
		return options;
	if (argc < 2 || (!options.count && strcmp(argv[1], "time") != 0))
		usage();
	for (int i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "-q"))
			options.quick = true;
		else if (!strcmp(argv[i], "-m") && i + 1 < argc)
			options.match = argv[++i];
		else
			usage();
	}
	return options;
}

int main(int argc, char **argv)
{
	struct options options = read_options(argc, argv);

	bench_pool_open();
	if (options.lines)
		bench_lines(engines, &bench_geometries[0]);
	if (options.windows)
		bench_windows(engines, &bench_geometries[0]);
	if (options.lines || options.windows)
		return 0;
	all_cases(&options);
	if (!options.count)
		time_others(&options);
	if (!options.quick)
		all_growth(&options);
	return 0;
}
