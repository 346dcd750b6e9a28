/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Table pages on their way between a cache and a tree.
 */
#ifndef S2_CACHE_H
#define S2_CACHE_H

#include <stage2/stage2.h>

/* Unchecked s2_cache_put().  Nothing of the page is read: to free many is to wait for none. */
static inline void s2_cache_push(struct s2_cache *cache, void *page)
{
	*(uint64_t *)page = (uintptr_t)cache->head;
	cache->head = page;
	cache->count++;
}

/* Unchecked s2_cache_take(). */
void *s2_cache_pop(struct s2_cache *cache);

/* Allows `n` pages of the cache to become tables of the tree: S2_NO_PAGE, S2_QUOTA. */
int s2_charge_tables(struct s2_tree *tree, const struct s2_cpu *cpu, unsigned int n);

/* Takes that back, once they are in the cache again. */
void s2_refund_tables(struct s2_tree *tree, struct s2_cpu *cpu, unsigned int n);

/*
 * Takes `n` pages for tables of the tree, all or none: S2_NO_PAGE, S2_QUOTA.
 * Their contents are undefined.
 */
int s2_take_tables(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t **table, unsigned int n);

/* Gives back `n` that nobody else has seen. */
void s2_return_tables(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t **table, unsigned int n);

#endif
