/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * No engine: the least that any could do, in the harness of all others.
 *
 *	lookup	follow the pointers from the root to the last table
 *	fault	the same, and one compare-and-swap
 *	map	one plain store for each leaf
 *	nothing	what the harness itself costs for each page
 *	zero	one table page: what the pool does before, and nobody is charged for
 *
 * All tables are there from the beginning, as many levels as the geometry has.
 */
#include <stdlib.h>

#include "bench.h"

struct tree {
	uint64_t *root;
	uint64_t *scratch; /* a table of its own, to be filled and zeroed */
	unsigned int index_bits, shift; /* of an entry of the root */
	unsigned int granule_shift;
};

static unsigned int index_at(const struct tree *t, uint64_t ipa, unsigned int shift)
{
	unsigned int index = (unsigned int)(ipa >> shift);

	return shift == t->shift ? index : index & ((1u << t->index_bits) - 1);
}

/* As few levels as up to 16 tables in place of one root allow. */
static void *create(const struct bench_geometry *geometry, unsigned int flags)
{
	unsigned int bits = geometry->granule_shift - 3u;
	unsigned int shift = geometry->granule_shift;
	struct tree *t = calloc(1, sizeof(*t));

	(void)flags;
	while (shift + bits + 4 < geometry->ipa_bits)
		shift += bits;
	if (!t)
		return NULL;
	*t = (struct tree){.root = bench_pool_take(UINT64_C(8) << (geometry->ipa_bits - shift)),
			   .scratch = bench_pool_take(geometry->page),
			   .index_bits = bits,
			   .shift = shift,
			   .granule_shift = geometry->granule_shift};
	return t;
}

/* Called with as many pages as the harness thinks that it takes: for as much memory. */
static void fill(void *tree, unsigned int cpu, unsigned int pages)
{
	struct tree *t = tree;
	uint64_t covered = UINT64_C(1) << (t->granule_shift + t->index_bits);

	if (cpu)
		return;
	for (uint64_t ipa = BENCH_IPA; ipa < BENCH_IPA + pages * covered; ipa += covered) {
		uint64_t *table = t->root;

		for (unsigned int s = t->shift; s > t->granule_shift; s -= t->index_bits) {
			uint64_t *entry = &table[index_at(t, ipa, s)];

			if (!*entry)
				*entry = bench_pa(bench_pool_take(bench_pool.granule)) | 3;
			table = bench_va(*entry & ~UINT64_C(3));
		}
	}
}

/* With all but the address known to the compiler. */
static inline __attribute__((always_inline)) uint64_t *
follow(const struct tree *t, uint64_t ipa, unsigned int granule_shift, unsigned int levels)
{
	unsigned int bits = granule_shift - 3, shift = granule_shift + (levels - 1) * bits;
	uint64_t *entry = &t->root[ipa >> shift];

	while (shift > granule_shift) {
		uint64_t *table = bench_va(*entry & ~UINT64_C(3));

		shift -= bits;
		entry = &table[ipa >> shift & ((UINT64_C(1) << bits) - 1)];
	}
	return entry;
}

static inline uint64_t *last_entry(const struct tree *t, uint64_t ipa)
{
	switch (t->shift) {
	case 39:
		return follow(t, ipa, 12, 4);
	case 30:
		return follow(t, ipa, 12, 3);
	case 36:
		return follow(t, ipa, 14, 3);
	default:
		return follow(t, ipa, 16, 3);
	}
}

static uint64_t tables(void *tree, unsigned int cpu)
{
	(void)tree, (void)cpu;
	return 0;
}

static void settle(void *tree, unsigned int cpu)
{
	(void)tree, (void)cpu;
}

static int chase(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	(void)cpu, (void)pa;
	return __atomic_load_n(last_entry(tree, ipa), __ATOMIC_RELAXED) == 1;
}

static int chase_and_swap(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	uint64_t empty = 0;

	(void)cpu;
	return !__atomic_compare_exchange_n(last_entry(tree, ipa), &empty, pa | 3, false,
					    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static int nothing(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	(void)tree, (void)cpu, (void)ipa, (void)pa;
	return 0;
}

/* A table's worth at a time, and all of them to the same table: nothing but stores. */
static int store(void *tree, unsigned int cpu, const struct bench_range *range)
{
	uint64_t *table = ((struct tree *)tree)->scratch;
	uint64_t leaf = range->leaf, left = range->size / leaf, desc = range->pa | 3;

	(void)cpu;
	while (left) {
		uint64_t entries = bench_pool.granule / sizeof(uint64_t);

		entries = entries < left ? entries : left;
		for (uint64_t i = 0; i < entries; i++, desc += leaf)
			table[i] = desc;
		__asm__ volatile("" ::"r"(table) : "memory");
		left -= entries;
	}
	return 0;
}

static void zero_one(uint64_t *table, uint64_t entries)
{
	for (uint64_t i = 0; i < entries; i++)
		table[i] = 0;
	__asm__ volatile("" ::"r"(table) : "memory");
}

static int zero(void *tree, unsigned int cpu, const struct bench_range *range)
{
	const struct tree *t = tree;
	uint64_t covered = UINT64_C(1) << (t->granule_shift + t->index_bits);

	(void)cpu;
	for (uint64_t done = 0; done < range->size; done += covered)
		zero_one(t->scratch, UINT64_C(1) << t->index_bits);
	return 0;
}

const struct bench_engine bench_floor = {
	.name = "floor",
	.create = create,
	.fill = fill,
	.tables = tables,
	.settle = settle,
	.drop = free,
	.page = {[BENCH_FAULT] = chase_and_swap, [BENCH_LOOKUP] = chase, [BENCH_NOTHING] = nothing},
	.range = {[BENCH_MAP] = store, [BENCH_ZERO] = zero},
};
