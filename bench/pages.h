/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * How many table pages must be at hand for a fault.
 */
#ifndef BENCH_PAGES_H
#define BENCH_PAGES_H

#include "bench.h"

/*
 * Prints the most table pages that one fault takes: in a tree without any table, and where a
 * block of each size has to make room for the page.
 */
void bench_pages(const struct bench_engine *engine, const struct bench_geometry *geometry);

#endif
