/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * How long a single fault takes while another CPU changes a lot elsewhere in the same tree.
 */
#ifndef BENCH_LATENCY_H
#define BENCH_LATENCY_H

#include "cases.h"

/*
 * Prints percentiles of the time of a fault, with the lock of the engine's callers if they have
 * one: alone, and while another thread is busy with one thing or the other.
 */
void bench_latency(const struct bench_engine *engine, const struct bench_geometry *geometry,
		   unsigned int rounds, const char *match);

#endif
