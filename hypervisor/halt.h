/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * All vCPUs out of the guest, for a while or for good.
 *
 * One that does not come by itself is fetched with the library's own promise: when
 * unmap returns, no CPU can use what was mapped, and the next instruction that it
 * fetches is a fault.  No interrupt is needed, and the guest keeps all of them.
 */
#ifndef HYPERVISOR_HALT_H
#define HYPERVISOR_HALT_H

#include <stdbool.h>

struct vcpu;

/*
 * On return no vCPU but `self` is in the guest, or goes there before it has found that
 * halt_wait() and stop_requested() allow it; so the caller has seen to one of these
 * before.  `patient`: unmaps only if they do not come by themselves.
 */
void halt_others(struct vcpu *self, bool patient);

/* No vCPU is in the guest from the one to the other.  Unmaps all of the guest's memory. */
void halt_pause(struct vcpu *self);
void halt_resume(void);

/* On the vCPU's own CPU, outside of read-side sections: waits while the guest is paused. */
void halt_wait(struct vcpu *v);

#endif
