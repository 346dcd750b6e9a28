/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * PSCI (Arm DEN 0022), the guest's way to switch CPUs and the whole system.
 */
#ifndef HYPERVISOR_PSCI_H
#define HYPERVISOR_PSCI_H

#include <stdint.h>

struct regs;
struct vcpu;

#define PSCI_NOT_SUPPORTED (-1)

/* Answers the HVC of which the guest's registers tell; what goes into x0. */
int64_t psci_call(struct vcpu *v, const struct regs *regs);

/* Switches the CPU of `mpidr` on, as `v`; and off, on itself. */
void psci_start(struct vcpu *v, uint64_t mpidr);
_Noreturn void psci_off(struct vcpu *v);

#endif
