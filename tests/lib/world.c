/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Set-up and tear-down that all tests of operations share.
 */
#include "world.h"

#include <string.h>

#define ARENA (UINT64_C(64) << 20)
#define VMID 5

/* The arena of the last test is as good as a new one, if nothing was left in it. */
static void open_arena(struct world *world, uint64_t size)
{
	uint64_t pa = BIT(world->fmt.pa_bits) - size;

	s2_host_trace = (struct s2_host_trace){NULL, NULL};
	if (s2_host_used() || s2_host_arena.pa != pa || s2_host_arena.size != size ||
	    s2_host_arena.granule != BIT(world->fmt.granule_shift)) {
		s2_host_close();
		require(s2_host_open(pa, size, world->fmt.granule_shift) == 0, "no arena");
	}
	world->root = s2_host_alloc(world->fmt.root_size);
	assert_non_null(world->root);
}

static void open_tree(struct world *world, const struct world_config *config)
{
	const struct s2_tree_config tree = {
		.fmt = &world->fmt,
		.root = world->root,
		.vmid = VMID,
		.shared = config->shared,
		.owned = config->owned,
		.grace = config->shared ? &world->qsbr.grace : NULL,
		.quota = config->quota,
	};

	require_status(s2_qsbr_init(&world->qsbr, world->slot, WORLD_CPUS), S2_OK);
	require_status(s2_init(&world->tree, &tree), S2_OK);
}

void world_open(struct world *world, const struct world_config *config)
{
	memset(world, 0, sizeof(*world));
	require_status(s2_format_init(&world->fmt, &config->format), S2_OK);
	open_arena(world, config->arena ? config->arena : ARENA);
	open_tree(world, config);
	for (unsigned int i = 0; i < WORLD_CPUS; i++) {
		require_status(s2_cpu_init(&world->cpu[i], world->fmt.granule_shift), S2_OK);
		if (config->shared)
			require_status(s2_qsbr_online(&world->qsbr, i), S2_OK);
	}
	require(arch_regime(&world->regime, world->fmt.vtcr, world->tree.vttbr, world->fmt.hcr),
		"registers with reserved values");
}

void world_close(struct world *world)
{
	require_status(s2_destroy(&world->tree, &world->cpu[0]), S2_OK);
	require(world->tree.tables == 0, "%llu tables left",
		(unsigned long long)world->tree.tables);
	world_balance(world);
	for (unsigned int i = 0; i < WORLD_CPUS; i++)
		world_fill(world, &world->cpu[i], 0);
	for (uint64_t i = 0; i < world->fmt.root_size / sizeof(uint64_t); i++)
		require(((uint64_t *)world->root)[i] == 0, "the root is not zero");
	s2_host_free(world->root, world->fmt.root_size);
	require(s2_host_used() == 0, "pages left behind");
}

void world_fill(struct world *world, struct s2_cpu *cpu, uint32_t pages)
{
	uint64_t granule = BIT(world->fmt.granule_shift);

	while (cpu->cache.count > pages)
		s2_host_free(s2_cache_take(&cpu->cache), granule);
	while (cpu->cache.count < pages) {
		void *page = s2_host_alloc(granule);

		require(page, "the arena is too small for this test");
		require_status(s2_cache_put(&cpu->cache, page), S2_OK);
	}
}

void world_balance(const struct world *world)
{
	uint64_t pages = world->tree.tables;

	for (unsigned int i = 0; i < WORLD_CPUS; i++)
		pages += world->cpu[i].cache.count;
	uint64_t expected = world->fmt.root_size + (pages << world->fmt.granule_shift);

	require(s2_host_used() == expected, "%#llx bytes allocated, %#llx accounted for",
		(unsigned long long)s2_host_used(), (unsigned long long)expected);
}

void world_quiesce(struct world *world)
{
	struct s2_cpu *cpu = &world->cpu[0];
	uint32_t budget = cpu->budget;
	int status = S2_RETRY;

	cpu->budget = 0;
	for (unsigned int n = 0; status == S2_RETRY && n < 4; n++) {
		for (unsigned int i = 0; world->tree.grace && i < WORLD_CPUS; i++)
			require_status(s2_qsbr_quiescent(&world->qsbr, i), S2_OK);
		status = s2_reclaim(&world->tree, cpu);
	}
	require(status == S2_OK, "s2_reclaim: %s", status_name(status));
	cpu->budget = budget;
}

void world_annotate(const struct world *world, uint64_t ipa, unsigned int level, uint32_t owner)
{
	struct arch_walk walk;
	s2_desc desc;

	arch_walk(&world->regime, ipa, &walk);
	require(walk.kind == ARCH_INVALID && walk.desc == 0 && walk.level == level,
		"no empty entry of level %u to annotate", level);
	require_status(s2_desc_annotation(owner, ipa >> world->fmt.granule_shift & 0xff, &desc),
		       S2_OK);
	__atomic_store_n((s2_desc *)(uintptr_t)walk.entry, desc, __ATOMIC_RELEASE);
}
