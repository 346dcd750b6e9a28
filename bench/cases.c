/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The list of cases, and the shapes of trees that each is measured on.
 */
#include "cases.h"

#define PAGE (BENCH_IS_MAPPED | BENCH_IS_WRITABLE | BENCH_IS_YOUNG)
#define READ_ONLY (BENCH_IS_MAPPED | BENCH_IS_YOUNG)
#define OLD (BENCH_IS_MAPPED | BENCH_IS_WRITABLE)
#define BLOCK (PAGE | BENCH_IS_BLOCK)

#define ONE_BY_ONE(kind) .one_by_one = true, .page = (kind)
#define SOME .size = BENCH_GIB, .quick = 64 * BENCH_MIB
#define GIB_AT_ONCE .size = BENCH_GIB, .quick = BENCH_GIB
#define TABLES .size = BENCH_GIB, .quick = 64 * BENCH_MIB, .blocks = true

const struct bench_case bench_cases[] = {
	{"loop", "page", SOME, ONE_BY_ONE(BENCH_NOTHING), .random = true, .after = BENCH_ALL},
	{"zero", "table", GIB_AT_ONCE, .range = BENCH_ZERO, .after = BENCH_ALL},
	{"fault", "page", SOME, ONE_BY_ONE(BENCH_FAULT), .random = true, .after = PAGE},
	{"fault-qsbr", "page", SOME, ONE_BY_ONE(BENCH_FAULT_QSBR), .after = PAGE},
	{.grows = true,
	 .name = "map-pages",
	 .unit = "page",
	 GIB_AT_ONCE,
	 .range = BENCH_MAP,
	 .after = PAGE},
	{.grows = true,
	 .name = "map-blocks",
	 .unit = "block",
	 .size = 64 * BENCH_GIB,
	 .quick = 64 * BENCH_GIB,
	 .range = BENCH_MAP,
	 .blocks = true,
	 .after = BLOCK},
	{.grows = true,
	 .name = "unmap",
	 .unit = "call",
	 GIB_AT_ONCE,
	 .start = BENCH_START_PAGES,
	 .range = BENCH_UNMAP,
	 .before = PAGE},
	{"unmap-cut", "call", GIB_AT_ONCE, .start = BENCH_START_PAGES, .range = BENCH_CUT,
	 .before = PAGE},
	{"unmap-log-1", "page", GIB_AT_ONCE, .start = BENCH_START_LOG, .range = BENCH_UNMAP,
	 .dirty = 1, .before = BENCH_ALL},
	{"unmap-log-1000", "page", GIB_AT_ONCE, .start = BENCH_START_LOG, .range = BENCH_UNMAP,
	 .dirty = 1000, .before = PAGE},
	{"slice", "table", GIB_AT_ONCE, .start = BENCH_START_UNLINKED, ONE_BY_ONE(BENCH_SLICE),
	 .blocks = true},
	{.grows = true,
	 .name = "destroy",
	 .unit = "page",
	 GIB_AT_ONCE,
	 .start = BENCH_START_PAGES,
	 .range = BENCH_DESTROY,
	 .before = PAGE,
	 .after = BENCH_ALL},
	{.grows = true,
	 .name = "protect",
	 .unit = "page",
	 GIB_AT_ONCE,
	 .start = BENCH_START_PAGES,
	 .range = BENCH_PROTECT,
	 .before = PAGE,
	 .after = READ_ONLY},
	{"protect-exclusive", "page", GIB_AT_ONCE, .start = BENCH_START_PAGES,
	 .range = BENCH_PROTECT, .exclusive = true, .before = PAGE, .after = READ_ONLY},
	{"age", "page", GIB_AT_ONCE, .start = BENCH_START_PAGES, .range = BENCH_AGE, .before = PAGE,
	 .after = OLD},
	{"relax", "page", SOME, .start = BENCH_START_READ, ONE_BY_ONE(BENCH_RELAX), .random = true,
	 .before = READ_ONLY, .after = PAGE},
	{"touch", "page", SOME, .start = BENCH_START_OLD, ONE_BY_ONE(BENCH_TOUCH), .random = true,
	 .before = OLD, .after = PAGE},
	{"lookup", "page", SOME, .start = BENCH_START_PAGES, ONE_BY_ONE(BENCH_LOOKUP),
	 .random = true, .before = PAGE, .after = PAGE},
	{"over", "table", TABLES, .start = BENCH_START_TABLES, ONE_BY_ONE(BENCH_OVER),
	 .before = PAGE, .after = BLOCK},
	{"collapse", "table", TABLES, .start = BENCH_START_TABLES, ONE_BY_ONE(BENCH_COLLAPSE),
	 .before = PAGE, .after = BLOCK},
	{"split", "block", TABLES, .start = BENCH_START_BLOCKS, ONE_BY_ONE(BENCH_SPLIT),
	 .before = BLOCK, .after = PAGE},
	{"collect-1", "page", GIB_AT_ONCE, .start = BENCH_START_LOG, .range = BENCH_COLLECT,
	 .dirty = 1, .before = BENCH_ALL, .after = BENCH_ALL},
	{"collect-100", "page", GIB_AT_ONCE, .start = BENCH_START_LOG, .range = BENCH_COLLECT,
	 .dirty = 100, .before = BENCH_ALL, .after = BENCH_ALL},
	{"collect-1000", "page", GIB_AT_ONCE, .start = BENCH_START_LOG, .range = BENCH_COLLECT,
	 .dirty = 1000, .before = PAGE, .after = BENCH_ALL},
};
const unsigned int bench_case_count = sizeof(bench_cases) / sizeof(bench_cases[0]);

/* The first one is what a quick run is about. */
const struct bench_geometry bench_geometries[] = {
	{"4k-l4", 12, 48, false, 1u << 12, 1u << 21},  {"4k-l3", 12, 39, false, 1u << 12, 1u << 21},
	{"4k-lpa2", 12, 52, true, 1u << 12, 1u << 21}, {"16k", 14, 47, false, 1u << 14, 1u << 25},
	{"64k", 16, 48, false, 1u << 16, 1u << 29},
};
const unsigned int bench_geometry_count = sizeof(bench_geometries) / sizeof(bench_geometries[0]);
