/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What the person who started the hypervisor wants: `name=number` words of the
 * command line.
 */
#ifndef HYPERVISOR_OPTIONS_H
#define HYPERVISOR_OPTIONS_H

#include <stdint.h>

struct options {
	uint64_t mem; /* MiB of guest memory */
	uint64_t granule; /* KiB of a page of the guest's tables: 4, 16 or 64 */
	uint64_t churn; /* 1: change the tables under the running guest, at random */
	uint64_t seed; /* of churn's random numbers */
};
extern struct options options;

/* Reads them, or says what is wrong with them and stops. */
void options_init(void);

#endif
