/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Table pages for all CPUs: the memory between the hypervisor's image and guest
 * RAM, in pages of the tables' granule.  CPUs take from it to top up the caches
 * that they hand to the engine, and give back what reclaim made too much.  It
 * counts, so that the end of a run can tell whether every page has come back.
 */
#ifndef HYPERVISOR_POOL_H
#define HYPERVISOR_POOL_H

#include <stdint.h>

#include <stage2/stage2.h>

/* The pool owns [start, end), and has pages of `granule_shift`. */
void pool_init(uint64_t start, uint64_t end, uint8_t granule_shift);

/*
 * Memory for other use, before the first page is taken; never given back, nor
 * counted.  `size` and `align` are multiples of a page, `align` a power of two.
 */
void *pool_carve(uint64_t size, uint64_t align);

/* Fills `cache` to at least `pages`; stops the run if the pool is empty. */
void pool_fill(struct s2_cache *cache, uint32_t pages);

/* Takes back what `cache` has above `keep`. */
void pool_drain(struct s2_cache *cache, uint32_t keep);

/* Pages that were taken and are not back. */
uint64_t pool_outstanding(void);

#endif
