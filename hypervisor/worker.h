/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The worker: a CPU that the guest does not have, and on which the hypervisor does what
 * takes long, beside all vCPUs: logs and copies memory, or splits and collapses it.
 *
 * It is one more struct vcpu, for its stack and what it brings to the engine, but never
 * enters the guest.
 */
#ifndef HYPERVISOR_WORKER_H
#define HYPERVISOR_WORKER_H

#include <stdbool.h>

#include "guest.h"
#include "vcpu.h"

static inline struct vcpu *worker(void)
{
	return &vcpus[MAX_VCPUS];
}

/* Switches it on once the guest uses a quarter of its memory, if there is work; at each exit. */
void worker_poll(struct vcpu *v);

/* Called on its own CPU: does what the options ask for, and switches the CPU off. */
_Noreturn void worker_main(struct vcpu *w);

/*
 * On its own CPU, between two rounds: lets the guest get on for a while, in a quiescent
 * state.  Whether there is another round: not once the guest has ended.
 */
bool worker_rests(struct vcpu *w);

/* Waits until its job is done, and nobody will give it one.  The guest has been told to stop. */
void worker_finish(struct vcpu *v);

#endif
