/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A stack of pages that came back, and behind it the memory that was never used.
 * The lock is around this alone; most faults find their CPU's cache full enough
 * and never come here.
 */
#include <stdbool.h>

#include "pool.h"
#include "report.h"

static struct {
	bool locked;
	struct s2_cache back; /* pages that were given back */
	uint64_t next; /* first page never given out */
	uint64_t end;
	uint64_t page; /* bytes of each */
	uint64_t outstanding;
} pool;

static void pool_lock(void)
{
	while (__atomic_test_and_set(&pool.locked, __ATOMIC_ACQUIRE))
		__asm__ volatile("yield");
}

static void pool_unlock(void)
{
	__atomic_clear(&pool.locked, __ATOMIC_RELEASE);
}

void pool_init(uint64_t start, uint64_t end, uint8_t granule_shift)
{
	pool.page = UINT64_C(1) << granule_shift;
	pool.next = (start + pool.page - 1) & ~(pool.page - 1);
	pool.end = end & ~(pool.page - 1);
	must(s2_cache_init(&pool.back, granule_shift), "s2_cache_init");
}

/* From the end, which is aligned to more than the start is. */
void *pool_carve(uint64_t size, uint64_t align)
{
	pool.end = (pool.end - size) & ~(align - 1);
	return (void *)(uintptr_t)pool.end;
}

static void *pool_take(void)
{
	void *page = s2_cache_take(&pool.back);

	if (!page) {
		if (pool.next == pool.end)
			die("all memory for table pages is used up");
		page = (void *)(uintptr_t)pool.next;
		pool.next += pool.page;
	}
	pool.outstanding++;
	return page;
}

void pool_fill(struct s2_cache *cache, uint32_t pages)
{
	if (cache->count >= pages)
		return;
	pool_lock();
	while (cache->count < pages)
		must(s2_cache_put(cache, pool_take()), "s2_cache_put");
	pool_unlock();
}

void pool_drain(struct s2_cache *cache, uint32_t keep)
{
	if (cache->count <= keep)
		return;
	pool_lock();
	while (cache->count > keep) {
		must(s2_cache_put(&pool.back, s2_cache_take(cache)), "s2_cache_put");
		pool.outstanding--;
	}
	pool_unlock();
}

uint64_t pool_outstanding(void)
{
	return pool.outstanding;
}
