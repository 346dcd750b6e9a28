/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What the adapters of a kernel's engines have in common: which trees they have, and their
 * table pages, which are on the stack of the thread that calls.
 */
#ifndef BENCH_LINUX_FRAME_H
#define BENCH_LINUX_FRAME_H

#include "bench.h"

/* A kernel is built for one granule; none keeps a log in its entries, or makes groups of them. */
static inline bool linux_has(const struct bench_geometry *geometry, unsigned int flags)
{
	return geometry->granule_shift == PAGE_SHIFT && !geometry->lpa2 && geometry->group == 1 &&
	       !(flags & BENCH_LOGGED);
}

static inline void linux_fill(void *tree, unsigned int cpu, unsigned int pages)
{
	(void)tree, (void)cpu;
	bench_stack_fill(pages);
}

static inline uint64_t linux_tables(void *tree, unsigned int cpu)
{
	(void)tree, (void)cpu;
	return bench_stack.taken;
}

#endif
