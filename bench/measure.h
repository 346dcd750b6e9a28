/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * One measurement of one engine.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "cases.h"

struct bench_run {
	const struct bench_engine *engine;
	const struct bench_case *what;
	const struct bench_geometry *geometry;
	const uint32_t *order; /* of what is done one by one */
	uint32_t steps;
	uint64_t step; /* bytes between them */
	uint64_t units; /* that a figure is divided by */
	struct bench_range range;
	void *tree;
};

struct bench_result {
	double ns; /* of a unit; by this thread's own clock */
	uint64_t tlbi, tables; /* of all of it */
};

/* What all runs of a case on a geometry have in common.  False: no such case there. */
bool bench_run_plan(struct bench_run *run, const struct bench_case *what,
		    const struct bench_geometry *geometry, bool quick, bool random);
void bench_run_free(struct bench_run *run);

bool bench_has(const struct bench_engine *engine, const struct bench_case *what);

/*
 * False if the engine has no such tree.  Ends the program, with a message, if the engine does
 * not do what it is to do.  Under callgrind, and with `count`, the instructions are dumped
 * by the name `count`.
 */
bool bench_measure(struct bench_run *run, const struct bench_engine *engine, const char *count,
		   struct bench_result *result);

/* A tree that is ready, and the end of it; for measurements of another kind. */
bool bench_begin(struct bench_run *run, const struct bench_engine *engine);
void bench_end(struct bench_run *run);
/* What is there when the clock starts; ends the program if that fails. */
void bench_prepare(const struct bench_run *run);
/* Ends the program if BENCH_PROBE says anything but `expected` anywhere. */
void bench_verify(const struct bench_run *run, int expected, const char *when);
/* Pages for tables that all of the range can need. */
unsigned int bench_tables(const struct bench_run *run);

#endif
