/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The orderly end of a run.
 */
#ifndef HYPERVISOR_STOP_H
#define HYPERVISOR_STOP_H

#include <stdbool.h>

struct vcpu;

/* Whether the guest has ended: nobody may enter it any more. */
bool stop_requested(void);

/* Stops all vCPUs, destroys the tables, prints the summary and ends the run. */
_Noreturn void stop_guest(struct vcpu *v, bool guest_ok);

#endif
