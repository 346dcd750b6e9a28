/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Which memory a fault writes, for whoever watches each store.
 */
#ifndef BENCH_LINES_H
#define BENCH_LINES_H

#include "bench.h"

/*
 * Faults, one after the other, as two CPUs in turn.  A store to a byte of its own marks where
 * each begins and ends; what the marks are, and what memory is whose, is printed
 * (lines.awk reads both).
 */
void bench_lines(const struct bench_engine *const *engines, const struct bench_geometry *geometry);

#endif
