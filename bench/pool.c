/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The arena and the stacks of pool.h.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* More than any measurement takes or frees. */
#define STACK_PAGES 65536u

struct bench_pool bench_pool;
_Thread_local struct bench_stack bench_stack;
_Thread_local struct bench_counts bench_counts;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t taken; /* bytes from the start */

static void die(const char *why)
{
	fprintf(stderr, "bench: %s\n", why);
	exit(1);
}

static void *get_memory(uint64_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		die("no memory");
	return memory;
}

void bench_pool_open(void)
{
	uint64_t align = BENCH_MIB;
	unsigned char *raw = get_memory(BENCH_POOL_SIZE + align);

	bench_pool = (struct bench_pool){
		.base = raw + (-(uintptr_t)raw & (align - 1)),
		.pa = BENCH_POOL_PA,
		.size = BENCH_POOL_SIZE,
		.page = get_memory((BENCH_POOL_SIZE >> 12) * sizeof(struct bench_page)),
	};
}

void bench_pool_reset(uint64_t granule)
{
	memset(bench_pool.base, 0, taken);
	memset(bench_pool.page, 0, (taken >> 12) * sizeof(struct bench_page));
	bench_pool.granule = granule;
	taken = 0;
}

void *bench_pool_take(uint64_t size)
{
	void *memory;

	pthread_mutex_lock(&lock);
	taken = (taken + size - 1) & ~(size - 1);
	memory = bench_pool.base + taken;
	taken += size;
	if (taken > bench_pool.size)
		die("the pool has too few pages for this");
	pthread_mutex_unlock(&lock);
	*bench_references(memory) = 1;
	return memory;
}

void bench_stack_fill(unsigned int pages)
{
	if (!bench_stack.page) {
		bench_stack.page = get_memory(STACK_PAGES * sizeof(void *));
		bench_stack.freed = get_memory(STACK_PAGES * sizeof(void *));
	}
	if (bench_stack.pages + pages > STACK_PAGES)
		die("too many pages for one thread");
	for (unsigned int i = 0; i < pages; i++)
		bench_stack.page[bench_stack.pages++] = bench_pool_take(bench_pool.granule);
}

void bench_stack_drop(void)
{
	if (bench_stack.page) {
		munmap(bench_stack.page, STACK_PAGES * sizeof(void *));
		munmap(bench_stack.freed, STACK_PAGES * sizeof(void *));
	}
	bench_stack = (struct bench_stack){0};
}
