/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Live migration within the machine: to other memory and other tables, while the guest
 * runs.  Pre-copy: all pages are copied, then those that were written meanwhile, round
 * by round, and the last of them while the guest stands still.
 */
#ifndef HYPERVISOR_MIGRATE_H
#define HYPERVISOR_MIGRATE_H

#include <stdbool.h>

struct vcpu;

/* The worker's job. */
void migrate_run(struct vcpu *w);

/* The rounds for people, and the lines for programs to read; whether the guest was migrated in time, with all of its memory. */
void migrate_print(bool guest_ok);
bool migrate_ok(void);

#endif
