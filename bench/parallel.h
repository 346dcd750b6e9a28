/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Faults of several CPUs at once.
 */
#ifndef BENCH_PARALLEL_H
#define BENCH_PARALLEL_H

#include "cases.h"

/*
 * Prints ns of a page, of all threads together, for one thread and for two: each in its half
 * of the range, and each every other page; and how often one had to try again.  Without a
 * lock if the engine can do without, and under the lock of its callers if they have one.
 * Engines take turns; those that are NULL are not there.
 */
void bench_parallel(const struct bench_engine *const *engines,
		    const struct bench_geometry *geometry, unsigned int rounds, const char *match);

#endif
