/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Bad input does no harm: every public function, every status, nothing changed.
 *
 * "Nothing" is checked on the bytes: the whole arena, the tree, the cache, and
 * the number of TLBIs are the same after a refused call as before it.
 */
#include "lib/suite.h"

#include <stdlib.h>
#include <string.h>

#include "lib/formats.h"
#include "lib/world.h"

#define ARENA (UINT64_C(1) << 20)
#define GB UINT64_C(0x40000000)
#define MB2 UINT64_C(0x200000)
#define PAGE UINT64_C(0x1000)
#define IPA_END (UINT64_C(1) << 40)

static const struct world_config config = {
	.format = {12, 40, 44, 8, 0}, .shared = true, .arena = ARENA};

struct fixture {
	struct world world;
	struct s2_cpu other_granule;
	struct s2_cpu never_initialised;
	unsigned char arena[ARENA];
	struct s2_tree tree;
	uint32_t count;
	uint64_t tlbis;
};

static uint64_t tlbis(void)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < S2_HOST_TLBI_KINDS; i++)
		sum += s2_host_tlbis[i];
	return sum;
}

static void remember(struct fixture *f)
{
	memcpy(f->arena, s2_host_arena.base, ARENA);
	f->tree = f->world.tree;
	f->count = f->world.cpu[0].cache.count;
	f->tlbis = tlbis();
}

static void require_unchanged(const struct fixture *f)
{
	require(!memcmp(f->arena, s2_host_arena.base, ARENA), "a refused call wrote to memory");
	require(!memcmp(&f->tree, &f->world.tree, sizeof(f->tree)), "it wrote to the tree");
	require(f->world.cpu[0].cache.count == f->count, "it took a page");
	require(tlbis() == f->tlbis, "it invalidated something");
}

/* A refusal leaves cpu->done at zero, whatever it was. */
#define refuses(f, call, expected)                                                \
	do {                                                                      \
		(f)->world.cpu[0].done = 0x5a5a;                                  \
		require_status(call, expected);                                   \
		require_unchanged(f);                                             \
		require((f)->world.cpu[0].done == 0, "%s: done is not 0", #call); \
	} while (0)

/* For calls that never get to see the CPU. */
#define refuses_early(f, call, expected)        \
	do {                                    \
		require_status(call, expected); \
		require_unchanged(f);           \
	} while (0)

/* One block, and pages in the next. */
static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct world *w = &f->world;

	*state = f;
	world_open(w, &config);
	world_fill(w, &w->cpu[0], 20);
	require_status(s2_map(&w->tree, &w->cpu[0], GB, MB2, GB, S2_RWX, 0), S2_OK);
	require_status(s2_map(&w->tree, &w->cpu[0], GB + MB2, 8 * PAGE, PAGE, S2_RW, 0), S2_OK);
	require_status(s2_cpu_init(&f->other_granule, 14), S2_OK);
	remember(f);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	world_close(&f->world);
	free(f);
	return 0;
}

static void map_refuses_what_is_not_there(void **state)
{
	struct fixture *f = *state;
	struct s2_tree *tree = &f->world.tree, zero = {0};
	struct s2_cpu *cpu = &f->world.cpu[0];

	refuses(f, s2_map(NULL, cpu, GB, PAGE, 0, S2_RW, 0), S2_INVALID);
	refuses(f, s2_map(&zero, cpu, GB, PAGE, 0, S2_RW, 0), S2_INVALID);
	refuses_early(f, s2_map(tree, NULL, GB, PAGE, 0, S2_RW, 0), S2_INVALID);
	refuses_early(f, s2_map(tree, &f->never_initialised, GB, PAGE, 0, S2_RW, 0), S2_INVALID);
	refuses_early(f, s2_map(tree, &f->other_granule, GB, PAGE, 0, S2_RW, 0), S2_BAD_CACHE);
	for (unsigned int bit = 0; bit < 32; bit++)
		if (!(UINT32_C(1) << bit & (S2_FAULT | S2_PAGES | S2_TAKE | S2_HOLES)))
			refuses(f, s2_map(tree, cpu, GB, PAGE, 0, S2_RW, UINT32_C(1) << bit),
				S2_INVALID);
}

static void map_does_not_take_and_spare_what_is_there_at_once(void **state)
{
	struct fixture *f = *state;

	refuses(f, s2_map(&f->world.tree, &f->world.cpu[0], GB, PAGE, 0, S2_RW, S2_TAKE | S2_HOLES),
		S2_INVALID);
}

/* The tree has no owners: whatever else is wrong is said first. */
static void annotate_refuses_bad_input(void **state)
{
	struct fixture *f = *state;
	struct s2_tree *tree = &f->world.tree, zero = {0};
	struct s2_cpu *cpu = &f->world.cpu[0];
	uint64_t top = UINT64_MAX - PAGE + 1;

	refuses(f, s2_annotate(NULL, cpu, GB, PAGE, 1, 0, 0), S2_INVALID);
	refuses(f, s2_annotate(&zero, cpu, GB, PAGE, 1, 0, 0), S2_INVALID);
	refuses_early(f, s2_annotate(tree, NULL, GB, PAGE, 1, 0, 0), S2_INVALID);
	refuses_early(f, s2_annotate(tree, &f->other_granule, GB, PAGE, 1, 0, 0), S2_BAD_CACHE);
	for (unsigned int bit = 0; bit < 32; bit++)
		if (!(UINT32_C(1) << bit & (S2_FAULT | S2_DEFER)))
			refuses(f, s2_annotate(tree, cpu, GB, PAGE, 1, 0, UINT32_C(1) << bit),
				S2_INVALID);
	refuses(f, s2_annotate(tree, cpu, GB, 0, 1, 0, 0), S2_BAD_SIZE);
	refuses(f, s2_annotate(tree, cpu, GB + 8, PAGE, 1, 0, 0), S2_MISALIGNED);
	refuses(f, s2_annotate(tree, cpu, GB, PAGE + 8, 1, 0, S2_DEFER), S2_MISALIGNED);
	refuses(f, s2_annotate(tree, cpu, top, 2 * PAGE, 1, 0, 0), S2_WRAPS);
	refuses(f, s2_annotate(tree, cpu, IPA_END, PAGE, 1, 0, 0), S2_IPA_RANGE);
	refuses(f, s2_annotate(tree, cpu, GB, PAGE, 0, 0, 0), S2_BAD_OWNER);
	refuses(f, s2_annotate(tree, cpu, GB, PAGE, S2_OWNER_MAX + 1, 0, 0), S2_BAD_OWNER);
	refuses(f, s2_annotate(tree, cpu, GB, PAGE, 1, S2_PAYLOAD_MAX + 1, 0), S2_BAD_OWNER);
	refuses(f, s2_annotate(tree, cpu, GB, PAGE, 1, S2_PAYLOAD_MAX, 0), S2_NO_OWNERS);
}

static void map_refuses_bad_ranges(void **state)
{
	struct fixture *f = *state;
	struct s2_tree *tree = &f->world.tree;
	struct s2_cpu *cpu = &f->world.cpu[0];
	uint64_t top = UINT64_MAX - PAGE + 1;

	refuses(f, s2_map(tree, cpu, GB, 0, 0, S2_RW, 0), S2_BAD_SIZE);
	for (uint64_t low = 1; low < PAGE; low <<= 1) {
		refuses(f, s2_map(tree, cpu, GB + low, PAGE, 0, S2_RW, 0), S2_MISALIGNED);
		refuses(f, s2_map(tree, cpu, GB, PAGE + low, 0, S2_RW, 0), S2_MISALIGNED);
		refuses(f, s2_map(tree, cpu, GB, PAGE, low, S2_RW, 0), S2_MISALIGNED);
	}
	refuses(f, s2_map(tree, cpu, top, 2 * PAGE, 0, S2_RW, 0), S2_WRAPS);
	refuses(f, s2_map(tree, cpu, GB, top, 0, S2_RW, 0), S2_WRAPS);
	refuses(f, s2_map(tree, cpu, GB, 2 * PAGE, top, S2_RW, 0), S2_WRAPS);
	refuses(f, s2_map(tree, cpu, top, PAGE, 0, S2_RW, 0), S2_IPA_RANGE);
	refuses(f, s2_map(tree, cpu, IPA_END, PAGE, 0, S2_RW, 0), S2_IPA_RANGE);
	refuses(f, s2_map(tree, cpu, IPA_END - PAGE, 2 * PAGE, 0, S2_RW, 0), S2_IPA_RANGE);
	refuses(f, s2_map(tree, cpu, 0, IPA_END + PAGE, 0, S2_RW, 0), S2_IPA_RANGE);
}

/* One of them is a silent unmap in other engines. */
static void map_refuses_bad_physical_addresses_and_keeps_the_mapping(void **state)
{
	struct fixture *f = *state;
	struct s2_tree *tree = &f->world.tree;
	struct s2_cpu *cpu = &f->world.cpu[0];
	struct s2_mapping m;

	for (unsigned int bit = 44; bit < 64; bit++)
		refuses(f, s2_map(tree, cpu, GB, PAGE, BIT(bit), S2_RW, 0), S2_PA_RANGE);
	refuses(f, s2_map(tree, cpu, GB, 2 * PAGE, BIT(44) - PAGE, S2_RW, 0), S2_PA_RANGE);
	refuses(f, s2_map(tree, cpu, GB, PAGE, UINT64_MAX - PAGE + 1, S2_RW, 0), S2_PA_RANGE);
	require_status(s2_lookup(tree, GB, &m), S2_OK);
	require(m.kind == S2_KIND_LEAF && m.pa == GB && m.attr == S2_RWX, "the mapping changed");
}

static void map_refuses_bad_attributes(void **state)
{
	struct fixture *f = *state;
	struct s2_tree *tree = &f->world.tree;
	struct s2_cpu *cpu = &f->world.cpu[0];

	refuses(f, s2_map(tree, cpu, GB, PAGE, 0, S2_RW | S2_MEM_MASK, 0), S2_BAD_ATTR);
	refuses(f, s2_map(tree, cpu, GB, PAGE, 0, S2_RWX | S2_DEVICE, 0), S2_BAD_ATTR);
	refuses(f, s2_map(tree, cpu, GB, PAGE, 0, S2_X | S2_DEVICE, 0), S2_BAD_ATTR);
	for (unsigned int bit = 0; bit < 32; bit++)
		if (!(UINT32_C(1) << bit & S2_ATTR_ALL))
			refuses(f, s2_map(tree, cpu, GB, PAGE, 0, S2_RW | UINT32_C(1) << bit, 0),
				S2_BAD_ATTR);
}

static void map_cost_refuses_what_map_refuses(void **state)
{
	struct fixture *f = *state;
	struct s2_tree *tree = &f->world.tree, zero = {0};
	uint64_t top = UINT64_MAX - PAGE + 1, n = 77;

	refuses_early(f, s2_map_cost(NULL, GB, PAGE, 0, S2_RW, 0, &n), S2_INVALID);
	refuses_early(f, s2_map_cost(&zero, GB, PAGE, 0, S2_RW, 0, &n), S2_INVALID);
	refuses_early(f, s2_map_cost(tree, GB, PAGE, 0, S2_RW, 0, NULL), S2_INVALID);
	refuses_early(f, s2_map_cost(tree, GB, PAGE, 0, S2_RW, S2_DEFER, &n), S2_INVALID);
	refuses_early(f, s2_map_cost(tree, GB, 0, 0, S2_RW, 0, &n), S2_BAD_SIZE);
	refuses_early(f, s2_map_cost(tree, GB + 1, PAGE, 0, S2_RW, 0, &n), S2_MISALIGNED);
	refuses_early(f, s2_map_cost(tree, GB, PAGE, 1, S2_RW, 0, &n), S2_MISALIGNED);
	refuses_early(f, s2_map_cost(tree, GB, PAGE + 1, 0, S2_RW, 0, &n), S2_MISALIGNED);
	refuses_early(f, s2_map_cost(tree, top, 2 * PAGE, 0, S2_RW, 0, &n), S2_WRAPS);
	refuses_early(f, s2_map_cost(tree, IPA_END, PAGE, 0, S2_RW, 0, &n), S2_IPA_RANGE);
	refuses_early(f, s2_map_cost(tree, GB, PAGE, BIT(44), S2_RW, 0, &n), S2_PA_RANGE);
	refuses_early(f, s2_map_cost(tree, GB, PAGE, 0, S2_MEM_MASK, 0, &n), S2_BAD_ATTR);
	require(n == 77, "refused, but written to");
}

static void unmap_refuses_bad_input(void **state)
{
	struct fixture *f = *state;
	struct s2_tree *tree = &f->world.tree, zero = {0};
	struct s2_cpu *cpu = &f->world.cpu[0];
	uint64_t top = UINT64_MAX - PAGE + 1;

	refuses(f, s2_unmap(NULL, cpu, GB, PAGE, 0), S2_INVALID);
	refuses(f, s2_unmap(&zero, cpu, GB, PAGE, 0), S2_INVALID);
	refuses_early(f, s2_unmap(tree, NULL, GB, PAGE, 0), S2_INVALID);
	refuses(f, s2_unmap(tree, cpu, GB, PAGE, S2_PAGES), S2_INVALID);
	refuses(f, s2_unmap(tree, cpu, GB, PAGE, 0x80000000), S2_INVALID);
	refuses_early(f, s2_unmap(tree, &f->other_granule, GB, PAGE, 0), S2_BAD_CACHE);
	refuses(f, s2_unmap(tree, cpu, GB, 0, 0), S2_BAD_SIZE);
	refuses(f, s2_unmap(tree, cpu, GB + 8, PAGE, 0), S2_MISALIGNED);
	refuses(f, s2_unmap(tree, cpu, GB, PAGE + 8, 0), S2_MISALIGNED);
	refuses(f, s2_unmap(tree, cpu, GB, 1, S2_DEFER), S2_MISALIGNED);
	refuses(f, s2_unmap(tree, cpu, top, 2 * PAGE, 0), S2_WRAPS);
	refuses(f, s2_unmap(tree, cpu, GB, top, 0), S2_WRAPS);
	refuses(f, s2_unmap(tree, cpu, IPA_END, PAGE, 0), S2_IPA_RANGE);
	refuses(f, s2_unmap(tree, cpu, GB, IPA_END, 0), S2_IPA_RANGE);
}

static void split_refuses_bad_input(void **state)
{
	struct fixture *f = *state;
	struct s2_tree *tree = &f->world.tree, zero = {0};
	struct s2_cpu *cpu = &f->world.cpu[0];
	uint64_t top = UINT64_MAX - PAGE + 1;

	refuses(f, s2_split(NULL, cpu, GB, PAGE, 3, 0), S2_INVALID);
	refuses(f, s2_split(&zero, cpu, GB, PAGE, 3, 0), S2_INVALID);
	refuses_early(f, s2_split(tree, NULL, GB, PAGE, 3, 0), S2_INVALID);
	refuses(f, s2_split(tree, cpu, GB, PAGE, 3, S2_PAGES), S2_INVALID);
	refuses(f, s2_split(tree, cpu, GB, PAGE, 3, S2_DEFER), S2_INVALID);
	refuses_early(f, s2_split(tree, &f->other_granule, GB, PAGE, 3, 0), S2_BAD_CACHE);
	refuses(f, s2_split(tree, cpu, GB, PAGE, 4, 0), S2_BAD_LEVEL);
	refuses(f, s2_split(tree, cpu, GB, PAGE, UINT32_MAX, 0), S2_BAD_LEVEL);
	refuses(f, s2_split(tree, cpu, GB, 0, 3, 0), S2_BAD_SIZE);
	refuses(f, s2_split(tree, cpu, GB + 8, PAGE, 3, 0), S2_MISALIGNED);
	refuses(f, s2_split(tree, cpu, GB, PAGE + 8, 3, 0), S2_MISALIGNED);
	refuses(f, s2_split(tree, cpu, top, 2 * PAGE, 3, 0), S2_WRAPS);
	refuses(f, s2_split(tree, cpu, IPA_END - PAGE, 2 * PAGE, 3, 0), S2_IPA_RANGE);
}

static void collapse_refuses_bad_input(void **state)
{
	struct fixture *f = *state;
	struct s2_tree *tree = &f->world.tree, zero = {0};
	struct s2_cpu *cpu = &f->world.cpu[0];

	refuses(f, s2_collapse(NULL, cpu, GB, 2, 0), S2_INVALID);
	refuses(f, s2_collapse(&zero, cpu, GB, 2, 0), S2_INVALID);
	refuses_early(f, s2_collapse(tree, NULL, GB, 2, 0), S2_INVALID);
	refuses(f, s2_collapse(tree, cpu, GB, 2, S2_DEFER), S2_INVALID);
	refuses(f, s2_collapse(tree, cpu, GB, 2, S2_PAGES), S2_INVALID);
	refuses_early(f, s2_collapse(tree, &f->other_granule, GB, 2, 0), S2_BAD_CACHE);
	refuses(f, s2_collapse(tree, cpu, 0, 0, 0), S2_BAD_LEVEL);
	refuses(f, s2_collapse(tree, cpu, GB, 3, 0), S2_BAD_LEVEL);
	refuses(f, s2_collapse(tree, cpu, GB, 4, 0), S2_BAD_LEVEL);
	refuses(f, s2_collapse(tree, cpu, GB, UINT32_MAX, 0), S2_BAD_LEVEL);
	refuses(f, s2_collapse(tree, cpu, GB + PAGE, 2, 0), S2_MISALIGNED);
	refuses(f, s2_collapse(tree, cpu, GB + MB2, 1, 0), S2_MISALIGNED);
	refuses(f, s2_collapse(tree, cpu, IPA_END, 2, 0), S2_IPA_RANGE);
	refuses(f, s2_collapse(tree, cpu, GB + MB2, 2, 0), S2_NOT_UNIFORM);
}

/* An empty entry is no table, where the architecture has blocks; elsewhere it is not looked at. */
static void check_levels(const struct s2_format *fmt)
{
	struct world_config some = {.shared = true};
	struct world w;

	some.format = (struct s2_config){fmt->granule_shift, fmt->ipa_bits, fmt->pa_bits,
					 fmt->vmid_bits, fmt->features};
	world_open(&w, &some);
	for (unsigned int level = 0; level <= 4; level++) {
		bool block = level >= w.regime.start_level && level < 3 &&
			     arch_kind(&w.regime, level, 1) == ARCH_LEAF;

		set_context("granule %u, ipa %u, level %u", fmt->granule_shift, fmt->ipa_bits,
			    level);
		require_status(s2_collapse(&w.tree, &w.cpu[0], 0, level, 0),
			       block ? S2_NOT_UNIFORM : S2_BAD_LEVEL);
	}
	set_context("%s", "");
	world_close(&w);
}

static void collapse_refuses_every_level_that_has_no_blocks(void **state)
{
	(void)state;
	for_each_format(check_levels);
}

static void flush_reclaim_and_destroy_refuse_bad_input(void **state)
{
	struct fixture *f = *state;
	struct s2_tree *tree = &f->world.tree, zero = {0};
	struct s2_cpu *cpu = &f->world.cpu[0];

	refuses_early(f, s2_flush(NULL, cpu), S2_INVALID);
	refuses_early(f, s2_flush(&zero, cpu), S2_INVALID);
	refuses_early(f, s2_flush(tree, NULL), S2_INVALID);
	refuses_early(f, s2_flush(tree, &f->other_granule), S2_BAD_CACHE);
	refuses_early(f, s2_flush(tree, cpu), S2_OK);
	refuses_early(f, s2_reclaim(NULL, cpu), S2_INVALID);
	refuses_early(f, s2_reclaim(&zero, cpu), S2_INVALID);
	refuses_early(f, s2_reclaim(tree, NULL), S2_INVALID);
	refuses_early(f, s2_reclaim(tree, &f->other_granule), S2_BAD_CACHE);
	refuses_early(f, s2_reclaim(tree, cpu), S2_OK);
	refuses_early(f, s2_destroy(NULL, cpu), S2_INVALID);
	refuses_early(f, s2_destroy(&zero, cpu), S2_INVALID);
	refuses_early(f, s2_destroy(tree, NULL), S2_INVALID);
	refuses_early(f, s2_destroy(tree, &f->other_granule), S2_BAD_CACHE);
}

static int visit_none(const struct s2_mapping *m, void *arg)
{
	(void)m;
	(void)arg;
	fail_with("visited, but refused");
	return 0;
}

static void lookup_and_walk_refuse_bad_input(void **state)
{
	struct fixture *f = *state;
	struct s2_tree *tree = &f->world.tree, zero = {0};
	uint64_t top = UINT64_MAX - PAGE + 1;
	struct s2_mapping m;

	refuses_early(f, s2_lookup(NULL, GB, &m), S2_INVALID);
	refuses_early(f, s2_lookup(&zero, GB, &m), S2_INVALID);
	refuses_early(f, s2_lookup(tree, GB, NULL), S2_INVALID);
	refuses_early(f, s2_lookup(tree, IPA_END, &m), S2_IPA_RANGE);
	refuses_early(f, s2_lookup(tree, UINT64_MAX, &m), S2_IPA_RANGE);
	refuses_early(f, s2_lookup(tree, IPA_END - 1, &m), S2_OK);
	refuses_early(f, s2_walk(NULL, GB, PAGE, visit_none, NULL), S2_INVALID);
	refuses_early(f, s2_walk(&zero, GB, PAGE, visit_none, NULL), S2_INVALID);
	refuses_early(f, s2_walk(tree, GB, PAGE, NULL, NULL), S2_INVALID);
	refuses_early(f, s2_walk(tree, GB, 0, visit_none, NULL), S2_BAD_SIZE);
	refuses_early(f, s2_walk(tree, GB + 1, PAGE, visit_none, NULL), S2_MISALIGNED);
	refuses_early(f, s2_walk(tree, GB, PAGE - 1, visit_none, NULL), S2_MISALIGNED);
	refuses_early(f, s2_walk(tree, top, 2 * PAGE, visit_none, NULL), S2_WRAPS);
	refuses_early(f, s2_walk(tree, GB, IPA_END, visit_none, NULL), S2_IPA_RANGE);
}

/* Deferred on one tree, so no other tree may be worked on, and neither may be destroyed. */
static void a_cpu_that_owes_a_flush_is_busy_for_every_other_tree(void **state)
{
	struct fixture *f = *state;
	struct s2_cpu *cpu = &f->world.cpu[0];
	struct s2_tree other, *tree = &f->world.tree;
	struct s2_tree_config cfg = {
		.fmt = &f->world.fmt, .root = s2_host_alloc(f->world.fmt.root_size), .vmid = 9};

	require_status(s2_init(&other, &cfg), S2_OK);
	require_status(s2_unmap(tree, cpu, GB + MB2, PAGE, S2_DEFER), S2_OK);
	remember(f);
	refuses(f, s2_map(&other, cpu, GB, PAGE, 0, S2_RW, 0), S2_BUSY);
	refuses(f, s2_unmap(&other, cpu, GB, PAGE, 0), S2_BUSY);
	refuses(f, s2_split(&other, cpu, GB, PAGE, 3, 0), S2_BUSY);
	refuses(f, s2_collapse(&other, cpu, GB, 2, 0), S2_BUSY);
	refuses_early(f, s2_flush(&other, cpu), S2_BUSY);
	refuses_early(f, s2_destroy(tree, cpu), S2_BUSY);
	refuses_early(f, s2_destroy(&other, cpu), S2_BUSY);
	require_status(s2_flush(tree, cpu), S2_OK);
	require_status(s2_map(&other, cpu, GB, PAGE, 0, S2_RW, 0), S2_OK);
	require_status(s2_destroy(&other, cpu), S2_OK);
	s2_host_free(cfg.root, f->world.fmt.root_size);
}

static void init_refuses_bad_input(void **state)
{
	struct fixture *f = *state;
	struct world *w = &f->world;
	unsigned char *root = s2_host_alloc(2 * w->fmt.root_size);
	struct s2_tree_config good = {.fmt = &w->fmt, .root = root, .vmid = 255}, bad;
	struct s2_tree tree = {0};

	remember(f);
	refuses_early(f, s2_init(NULL, &good), S2_INVALID);
	refuses_early(f, s2_init(&tree, NULL), S2_INVALID);
	bad = good, bad.fmt = NULL;
	refuses_early(f, s2_init(&tree, &bad), S2_INVALID);
	bad = good, bad.root = NULL;
	refuses_early(f, s2_init(&tree, &bad), S2_INVALID);
	bad = good, bad.root = root + PAGE;
	refuses_early(f, s2_init(&tree, &bad), S2_MISALIGNED);
	bad = good, bad.vmid = 256;
	refuses_early(f, s2_init(&tree, &bad), S2_BAD_VMID);
	bad = good, bad.shared = true;
	refuses_early(f, s2_init(&tree, &bad), S2_NO_GRACE);
	require_status(s2_init(&tree, &good), S2_OK);
	s2_host_free(root, 2 * w->fmt.root_size);
}

/* Physical memory that this format cannot address. */
static void init_refuses_a_root_beyond_the_physical_address_space(void **state)
{
	const struct s2_config cfg = {12, 40, 40, 8, 0};
	struct s2_tree_config tree_cfg = {.vmid = 1};
	struct s2_format fmt;
	struct s2_tree tree;

	(void)state;
	s2_host_close();
	require_status(s2_format_init(&fmt, &cfg), S2_OK);
	require(s2_host_open(BIT(40), ARENA, 12) == 0, "no arena");
	tree_cfg.fmt = &fmt;
	tree_cfg.root = s2_host_alloc(fmt.root_size);
	require_status(s2_init(&tree, &tree_cfg), S2_PA_RANGE);
	s2_host_free(tree_cfg.root, fmt.root_size);
	require(s2_host_close() == 0, "pages left");
}

static void caches_refuse_bad_input(void **state)
{
	struct fixture *f = *state;
	struct s2_cache cache, zero = {0};
	unsigned char *page = s2_host_alloc(PAGE);
	struct s2_cpu cpu;

	(void)f;
	require_status(s2_cache_init(NULL, 12), S2_INVALID);
	require_status(s2_cpu_init(NULL, 12), S2_INVALID);
	for (unsigned int shift = 0; shift < 256; shift++) {
		bool exists = shift == 12 || shift == 14 || shift == 16;

		require_status(s2_cache_init(&cache, (uint8_t)shift),
			       exists ? S2_OK : S2_BAD_GRANULE);
		require_status(s2_cpu_init(&cpu, (uint8_t)shift), exists ? S2_OK : S2_BAD_GRANULE);
	}
	require_status(s2_cache_init(&cache, 12), S2_OK);
	require_status(s2_cache_put(NULL, page), S2_INVALID);
	require_status(s2_cache_put(&cache, NULL), S2_INVALID);
	require_status(s2_cache_put(&zero, page), S2_INVALID);
	require_status(s2_cache_put(&cache, page + 8), S2_MISALIGNED);
	require(s2_cache_take(&cache) == NULL, "a page out of an empty cache");
	require_status(s2_cache_put(&cache, page), S2_OK);
	require(cache.count == 1 && s2_cache_take(&cache) == page && cache.count == 0, "put, take");
	s2_host_free(page, PAGE);
}

#define with_tables(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_tables(map_refuses_what_is_not_there),
		with_tables(map_does_not_take_and_spare_what_is_there_at_once),
		with_tables(annotate_refuses_bad_input),
		with_tables(map_refuses_bad_ranges),
		with_tables(map_refuses_bad_physical_addresses_and_keeps_the_mapping),
		with_tables(map_refuses_bad_attributes),
		with_tables(map_cost_refuses_what_map_refuses),
		with_tables(unmap_refuses_bad_input),
		with_tables(split_refuses_bad_input),
		with_tables(collapse_refuses_bad_input),
		cmocka_unit_test(collapse_refuses_every_level_that_has_no_blocks),
		with_tables(flush_reclaim_and_destroy_refuse_bad_input),
		with_tables(lookup_and_walk_refuse_bad_input),
		with_tables(a_cpu_that_owes_a_flush_is_busy_for_every_other_tree),
		with_tables(init_refuses_bad_input),
		cmocka_unit_test(init_refuses_a_root_beyond_the_physical_address_space),
		with_tables(caches_refuse_bad_input),
	};

	return run_suite("input", tests);
}
