/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Stage-2 aborts: the guest looked where nothing is mapped yet.
 */
#ifndef HYPERVISOR_FAULT_H
#define HYPERVISOR_FAULT_H

#include <stdbool.h>
#include <stdint.h>

struct regs;
struct vcpu;

/* Makes the access possible, or reports it and ends the run. */
void fault_handle(struct vcpu *v, const struct regs *regs, uint64_t esr, bool instruction);

#endif
