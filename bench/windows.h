/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * How many instructions an entry is invalid for, for whoever watches each of them.
 */
#ifndef BENCH_WINDOWS_H
#define BENCH_WINDOWS_H

#include "bench.h"

/*
 * One block mapped over a table, one split, one collapse: begin and end of each are marked by a
 * store to a byte of its own, and the address of the entry that changes is printed (windows.awk
 * reads both).
 */
void bench_windows(const struct bench_engine *const *engines,
		   const struct bench_geometry *geometry);

#endif
