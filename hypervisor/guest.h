/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The one guest: its tables, and what its CPUs share.
 */
#ifndef HYPERVISOR_GUEST_H
#define HYPERVISOR_GUEST_H

#include <stage2/stage2.h>

#define MAX_VCPUS 8
#define MAX_CPUS (MAX_VCPUS + 1) /* and the worker's (worker.h) */
#define GUEST_VMID 1 /* of the first tree; that of the second follows */
#define BLOCK_LEVEL (S2_LAST_LEVEL - 1) /* where full tables become blocks */

struct guest {
	struct s2_format format;
	struct s2_tree trees[2]; /* a migration goes from the first to the second */
	struct s2_tree *tree; /* in use; changes only while no vCPU is in the guest */
	struct s2_qsbr qsbr;
	struct s2_qsbr_slot slots[MAX_CPUS]; /* one for each vCPU and the worker, by its index */
};
extern struct guest guest;

/* The format that the CPU and the options ask for: what all memory is measured in. */
void guest_format_init(void);

/* Empty tables; the second ones only if they will be needed. */
void guest_init(void);

/* Bytes of a page of the granule, of a contiguous group of them, and of a block at BLOCK_LEVEL. */
static inline uint64_t guest_page_size(void)
{
	return s2_level_size(&guest.format, S2_LAST_LEVEL);
}

static inline uint64_t guest_group_size(void)
{
	return guest_page_size() * s2_level_group(&guest.format, S2_LAST_LEVEL);
}

static inline uint64_t guest_block_size(void)
{
	return s2_level_size(&guest.format, BLOCK_LEVEL);
}

#endif
