/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What is measured: from which state, how often, what must have come of it.
 */
#ifndef BENCH_CASES_H
#define BENCH_CASES_H

#include "bench.h"

/* What is there when the clock starts. */
enum bench_start {
	BENCH_START_EMPTY,
	BENCH_START_PAGES, /* mapped as pages */
	BENCH_START_BLOCKS,
	BENCH_START_READ, /* as pages, read-only */
	BENCH_START_OLD, /* as pages, without access flags */
	BENCH_START_TABLES, /* as pages, where a block could be */
	BENCH_START_UNLINKED, /* nothing any more, but tables to be freed */
	BENCH_START_LOG, /* as pages, logged; so many of a thousand are dirty */
};

#define BENCH_ALL (-1)

struct bench_case {
	const char *name;
	const char *unit; /* what a figure is divided by: page, block, table, call */
	uint64_t size, quick; /* bytes, with and without patience; one block at least */
	enum bench_start start;
	bool one_by_one; /* by `page`, else all at once by `range` */
	enum bench_page_kind page;
	enum bench_range_kind range;
	bool blocks; /* one after the other are blocks, or tables; else pages */
	bool random; /* in this order too */
	bool exclusive; /* the tree is not shared */
	bool grows; /* measured by size too */
	unsigned int dirty; /* of a thousand pages */
	int before, after; /* what BENCH_PROBE must say; BENCH_ALL: not looked at */
};

extern const struct bench_case bench_cases[];
extern const unsigned int bench_case_count;

extern const struct bench_geometry bench_geometries[];
extern const unsigned int bench_geometry_count;

#endif
