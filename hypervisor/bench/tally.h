/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * How often each number was seen: the median and other ranks of very many numbers,
 * exactly.
 */
#ifndef HYPERVISOR_BENCH_TALLY_H
#define HYPERVISOR_BENCH_TALLY_H

#include <stdint.h>

#define TALLY_LIMIT 65536 /* from here on they are told apart no more */

struct tally {
	uint64_t total; /* how many */
	uint64_t sum;
	uint32_t min;
	uint32_t max;
	uint32_t seen[TALLY_LIMIT + 1];
};

void tally_add(struct tally *t, uint32_t number);

/* The smallest number that `percent` of them do not exceed; stops the run if it is not known. */
uint32_t tally_rank(const struct tally *t, unsigned int percent);

#endif
