/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * All of the guest's memory to pages, and to blocks again, round by round, while the guest
 * uses it: to the guest nothing happens.
 */
#ifndef HYPERVISOR_RESHAPE_H
#define HYPERVISOR_RESHAPE_H

struct vcpu;

/* The worker's job: until the guest has ended. */
void reshape_run(struct vcpu *w);

/* The line for programs to read. */
void reshape_print(void);

#endif
