/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The tables of a guest with 12 TiB of memory, by the library itself: s2_map_cost() of all of
 * it, for each granule and size of leaf.  A contiguous group takes as many entries as its
 * leaves do, so it has no row of its own.
 */
#include <stdio.h>

#include <stage2/stage2.h>

#include "host.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define TIB (UINT64_C(1) << 40)
#define GUEST (12 * TIB)
#define IPA (1 * GIB) /* where RAM begins on many boards */
#define PA (16 * TIB)
#define ARENA_PA (1 * GIB)

struct shape {
	uint8_t granule_shift;
	uint64_t leaf;
	uint32_t flags;
	uint64_t offset; /* of the memory, so that no larger leaf fits */
};

static const struct shape shapes[] = {
	{12, 4096, S2_PAGES, 0},  {12, 2 * MIB, 0, 2 * MIB}, {12, GIB, 0, 0},
	{14, 16384, S2_PAGES, 0}, {14, 32 * MIB, 0, 0},	     {16, 65536, S2_PAGES, 0},
	{16, 512 * MIB, 0, 0},
};

/* 0: it cannot be made. */
static uint64_t tables_of(const struct shape *shape, uint64_t *root)
{
	const struct s2_config config = {.granule_shift = shape->granule_shift,
					 .ipa_bits = shape->granule_shift == 14 ? 47 : 48,
					 .pa_bits = 48,
					 .vmid_bits = 16};
	static struct s2_format fmt;
	static struct s2_tree tree;
	struct s2_tree_config tree_config = {.fmt = &fmt, .vmid = 1};
	uint64_t pages = 0;

	if (s2_host_open(ARENA_PA, MIB, shape->granule_shift) || s2_format_init(&fmt, &config))
		return 0;
	*root = fmt.root_size;
	tree_config.root = s2_host_alloc(fmt.root_size);
	if (s2_init(&tree, &tree_config) ||
	    s2_map_cost(&tree, IPA, GUEST, PA + shape->offset, S2_RWX, shape->flags, &pages))
		pages = 0;
	(void)s2_host_close();
	return pages;
}

int main(void)
{
	for (unsigned int i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		const struct shape *shape = &shapes[i];
		uint64_t root = 0, tables = tables_of(shape, &root);
		uint64_t bytes = (tables << shape->granule_shift) + root;

		if (!tables)
			return 1;
		printf("bench: case=guest-12T engine=stage2 instr=- ns=- unit=guest granule=%uK "
		       "leaf=%lluK "
		       "leaves=%llu tables=%llu bytes=%llu percent=%.6f\n",
		       1u << (shape->granule_shift - 10), (unsigned long long)shape->leaf / 1024,
		       (unsigned long long)(GUEST / shape->leaf), (unsigned long long)tables,
		       (unsigned long long)bytes, 100.0 * (double)bytes / (double)GUEST);
	}
	return 0;
}
