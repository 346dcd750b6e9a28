/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Moves pages of the guest's to other memory and back, while the guest runs.
 *
 * This is what gives the guest's own checks their edge: the memory that a page
 * was moved away from is overwritten, so that a translation which outlived its
 * invalidation shows.
 */
#ifndef HYPERVISOR_MOVE_H
#define HYPERVISOR_MOVE_H

#include <stdint.h>

#include "memory.h"

struct vcpu;

#define RECENT_PAGES 32

struct moves {
	uint64_t away[SPARES_EACH]; /* IPA of the page in each spare page of this vCPU, or 0 */
	uint64_t recent[RECENT_PAGES]; /* where it faulted last, atomic */
	uint64_t faults; /* how often it noted that */
};

/* A page of guest RAM that the guest is about to use: likely to be in a TLB soon. */
void move_note(struct vcpu *v, uint64_t ipa);

/* Moves a page: one that is in use if possible, away or home. */
void move_page(struct vcpu *v);

#endif
