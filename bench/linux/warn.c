/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What a kernel would warn of: the shims, or the adapter, are wrong then.
 */
#include <stdio.h>
#include <stdlib.h>

void bench_shim_warn(const char *what);

void bench_shim_warn(const char *what)
{
	fprintf(stderr, "bench: a kernel's code warns: %s\n", what);
	exit(1);
}
