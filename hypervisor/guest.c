/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Sets the guest's tables up: a format from the features found, a grace period
 * that asks each vCPU, and an empty tree that all of them share.
 */
#include "features.h"
#include "guest.h"
#include "options.h"
#include "pool.h"
#include "report.h"

struct guest guest;

void guest_format_init(void)
{
	must(s2_format_init(&guest.format, &features.tables), "s2_format_init");
}

static void tree_init(unsigned int which)
{
	struct s2_tree_config config = {
		.fmt = &guest.format,
		.root = pool_carve(guest.format.root_size, guest.format.root_size),
		.vmid = GUEST_VMID + which,
		.shared = true,
		.grace = &guest.qsbr.grace,
	};

	must(s2_init(&guest.trees[which], &config), "s2_init");
}

void guest_init(void)
{
	must(s2_qsbr_init(&guest.qsbr, guest.slots, MAX_CPUS), "s2_qsbr_init");
	tree_init(0);
	if (options.migrate)
		tree_init(1);
	guest.tree = &guest.trees[0];
}
