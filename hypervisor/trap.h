/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What the guest may do by itself, and what comes to EL2.
 */
#ifndef HYPERVISOR_TRAP_H
#define HYPERVISOR_TRAP_H

#include "sysreg.h"

/* Sets this CPU's EL2 up: stage 2 on, everything that the CPU has permitted. */
void trap_init(void);

/* The guest's tables, as they are now, into this CPU's registers; its TLB forgets that VMID. */
void trap_stage2_on(void);

/* Past the instruction that trapped. */
static inline void trap_skip(void)
{
	write_elr_el2(read_elr_el2() + 4);
}

#endif
