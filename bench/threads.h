/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Threads that begin at the same moment, each on a CPU of its own.
 */
#ifndef BENCH_THREADS_H
#define BENCH_THREADS_H

#include <time.h>

/* CPUs that this process may use. */
unsigned int bench_cpus(void);

/* Puts this thread onto the n-th of them. */
void bench_settle_on(unsigned int n);

/* So many threads will meet, and then each of them comes: it returns when all are there. */
void bench_expect(unsigned int threads);
void bench_meet(void);

/* ns */
double bench_clock(clockid_t clock);

#endif
