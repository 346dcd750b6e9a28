/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A collapse of a table that another CPU is using.
 */
#ifndef BENCH_CONTEND_H
#define BENCH_CONTEND_H

#include "bench.h"

/*
 * Prints ns of a neutral collapse, alone and while another thread resolves faults in the table
 * that is just being collapsed; how many the other thread did meanwhile, and how many of those
 * had to be done again.
 */
void bench_contend(const struct bench_engine *engine, const struct bench_geometry *geometry,
		   unsigned int rounds, const char *match);

#endif
