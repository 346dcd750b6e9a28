/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Caches of table pages, and the quota of a tree.
 *
 * A fault never allocates: what it may need was put into the cache before.  The
 * quota is counted where a table comes or goes, once for hundreds of mappings.
 */
#include "cache.h"

#include <stage2/platform.h>

void *s2_cache_pop(struct s2_cache *cache)
{
	uint64_t *page = cache->head;

	if (!page)
		return NULL;
	cache->head = (void *)(uintptr_t)*page;
	cache->count--;
	return page;
}

int s2_cache_init(struct s2_cache *cache, uint8_t granule_shift)
{
	if (!cache)
		return S2_INVALID;
	if (granule_shift != S2_GRANULE_4K && granule_shift != S2_GRANULE_16K &&
	    granule_shift != S2_GRANULE_64K)
		return S2_BAD_GRANULE;
	*cache = (struct s2_cache){.granule_shift = granule_shift};
	return S2_OK;
}

int s2_cache_put(struct s2_cache *cache, void *page)
{
	if (!cache || !page || !cache->granule_shift)
		return S2_INVALID;
	if ((uintptr_t)page & ((UINT64_C(1) << cache->granule_shift) - 1))
		return S2_MISALIGNED;
	s2_cache_push(cache, page);
	return S2_OK;
}

void *s2_cache_take(struct s2_cache *cache)
{
	return cache ? s2_cache_pop(cache) : NULL;
}

/* Exact under concurrency: a charge that would go over it is never made, not even for a moment. */
static bool charge(struct s2_tree *tree, unsigned int n)
{
	uint64_t tables;

	do {
		tables = s2p_word_load_acquire(&tree->tables);
		if (tree->quota && tables + n > tree->quota)
			return false;
	} while (!s2p_word_cas(&tree->tables, tables, tables + n));
	return true;
}

int s2_charge_tables(struct s2_tree *tree, const struct s2_cpu *cpu, unsigned int n)
{
	if (cpu->cache.count < n)
		return S2_NO_PAGE;
	return charge(tree, n) ? S2_OK : S2_QUOTA;
}

void s2_refund_tables(struct s2_tree *tree, struct s2_cpu *cpu, unsigned int n)
{
	s2p_word_add(&tree->tables, UINT64_C(0) - n);
	cpu->stats.pages_returned += n;
}

int s2_take_tables(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t **table, unsigned int n)
{
	int status = s2_charge_tables(tree, cpu, n);

	if (status)
		return status;
	for (unsigned int i = 0; i < n; i++)
		table[i] = s2_cache_pop(&cpu->cache);
	return S2_OK;
}

void s2_return_tables(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t **table, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		s2_cache_push(&cpu->cache, table[i]);
	s2_refund_tables(tree, cpu, n);
}
