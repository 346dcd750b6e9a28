/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The memory for tables, the same for all engines: an arena that is zeroed before each
 * measurement, and for each thread a stack of pages taken from it beforehand, so that
 * neither zeroing nor an allocator is measured.  A page that is freed during a
 * measurement is not used again in it: it would have to be zeroed.
 */
#ifndef BENCH_POOL_H
#define BENCH_POOL_H

#include <stdint.h>

struct bench_pool {
	unsigned char *base;
	uint64_t pa; /* of base; a constant to engines, like the linear map of a kernel */
	uint64_t size;
	uint64_t granule;
	struct bench_page *page; /* what engines may note beside each 4 KiB of it */
};

/* As a kernel has it for each page, a cache line. */
struct bench_page {
	_Alignas(64) uint32_t references;
};
extern struct bench_pool bench_pool;

#define BENCH_POOL_PA (UINT64_C(1) << 30)
#define BENCH_POOL_SIZE (UINT64_C(1) << 28)

/* Aborts, with a message, if there is no memory. */
void bench_pool_open(void);
/* All pages are free and zero, and `granule` bytes large. */
void bench_pool_reset(uint64_t granule);
/* `size` bytes, a power of two, aligned to that; any thread.  Aborts if there are none left. */
void *bench_pool_take(uint64_t size);

/* Pages of this thread. */
struct bench_stack {
	void **page;
	unsigned int pages;
	void **freed;
	unsigned int frees;
	uint64_t taken; /* so many until now */
};
extern _Thread_local struct bench_stack bench_stack;

void bench_stack_fill(unsigned int pages);
void bench_stack_drop(void);

static inline void *bench_page_alloc(void)
{
	if (!bench_stack.pages)
		return 0;
	bench_stack.taken++;
	return bench_stack.page[--bench_stack.pages];
}

static inline void bench_page_free(void *page)
{
	bench_stack.freed[bench_stack.frees++] = page;
}

static inline void *bench_va(uint64_t pa)
{
	return bench_pool.base + (pa - BENCH_POOL_PA);
}

static inline uint64_t bench_pa(const void *va)
{
	return BENCH_POOL_PA + (uint64_t)((const unsigned char *)va - bench_pool.base);
}

static inline uint32_t *bench_references(const void *va)
{
	return &bench_pool.page[((const unsigned char *)va - bench_pool.base) >> 12].references;
}

#endif
