/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The one guest: its tables, and what its CPUs share.
 */
#ifndef HYPERVISOR_GUEST_H
#define HYPERVISOR_GUEST_H

#include <stage2/stage2.h>

#define MAX_VCPUS 8
#define GUEST_VMID 1

struct guest {
	struct s2_format format;
	struct s2_tree tree;
	struct s2_qsbr qsbr;
	struct s2_qsbr_slot slots[MAX_VCPUS]; /* one for each vCPU, by its index */
};
extern struct guest guest;

/* Empty tables of the format that the CPU has. */
void guest_init(void);

#endif
