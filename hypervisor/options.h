/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What the person who started the hypervisor wants: `name=number` words of the
 * command line.
 */
#ifndef HYPERVISOR_OPTIONS_H
#define HYPERVISOR_OPTIONS_H

#include <stdint.h>

/* How writes of the guest's are logged; scripts/run-guest knows the numbers. */
enum dirty_way {
	DIRTY_NONE,
	DIRTY_HW, /* by the CPU, in pages */
	DIRTY_WP, /* by write faults; blocks are split as they are written */
	DIRTY_SPLIT, /* by write faults; blocks are split before */
};

struct options {
	uint64_t mem; /* MiB of guest memory */
	uint64_t granule; /* KiB of a page of the guest's tables: 4, 16 or 64 */
	uint64_t churn; /* 1: change the tables under the running guest, at random */
	uint64_t seed; /* of churn's random numbers */
	uint64_t dirty; /* enum dirty_way: log the running guest's writes */
	uint64_t migrate; /* 1: and move the guest to other memory and tables */
	uint64_t split; /* 1: split all of the running guest's memory, collapse it, and again */
	uint64_t bbm; /* level of FEAT_BBM to use */
	uint64_t contig; /* 1: form contiguous groups */
	uint64_t worker; /* Aff0 of the CPU for dirty, migrate and split; 0: there is none */
};
extern struct options options;

/* Reads them, or says what is wrong with them and stops. */
void options_init(void);

#endif
