/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Churn: changes the tables under the running guest, at random.  None of it may
 * be noticed.
 */
#ifndef HYPERVISOR_CHURN_H
#define HYPERVISOR_CHURN_H

#include <stdint.h>

#include "move.h"

struct vcpu;

struct churn {
	uint64_t random; /* xorshift state, never 0 */
	uint64_t next; /* not before this time, ticks of CNTPCT_EL0 */
	struct moves moves;
};

/* Seeds it from the options and the vCPU's index. */
void churn_init(struct churn *c, uint32_t index);

/* A random number from 0 to limit - 1. */
uint64_t churn_random(struct churn *c, uint64_t limit);

/* One change, if it is time and the options ask for churn; at each exit. */
void churn_step(struct vcpu *v);

#endif
