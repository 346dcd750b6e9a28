/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A guest's tables for a test: arena, format, grace period, tree and two CPUs.
 *
 * The arena lies at the top of the physical address space, so that every address
 * bit that the format has is in use.  Everything that is allocated is either in
 * the tree or in a cache of one of the CPUs, and world_balance() counts it.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <stage2/stage2.h>

#include "host.h"
#include "arch.h"
#include "suite.h"

#define WORLD_CPUS 2

struct world_config {
	struct s2_config format;
	bool shared;
	bool owned;
	uint64_t quota;
	uint64_t arena; /* bytes; 0: as much as most tests need */
};

struct world {
	struct s2_format fmt;
	struct arch_regime regime;
	struct s2_qsbr qsbr;
	struct s2_qsbr_slot slot[WORLD_CPUS];
	struct s2_tree tree;
	void *root;
	struct s2_cpu cpu[WORLD_CPUS];
};

void world_open(struct world *world, const struct world_config *config);

/* Destroys the tree and fails the test if a page is missing or was left behind. */
void world_close(struct world *world);

/* Brings the number of pages in cpu->cache to exactly `pages`. */
void world_fill(struct world *world, struct s2_cpu *cpu, uint32_t pages);

/* Every page allocated is the root's, in use by the tree, or in a cache. */
void world_balance(const struct world *world);

/* Ends all read-side sections, and reclaims until nothing is left. */
void world_quiesce(struct world *world);

/* Writes an annotation over the empty entry of the last level that covers `ipa`. */
void world_annotate(const struct world *world, uint64_t ipa, unsigned int level, uint32_t owner);

#endif
