/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The arena behind host.h: one mapping, one byte of state for each page.
 *
 * Allocation is not what anybody measures here (an engine that is handed its
 * pages never waits for it), so one lock and a linear search are enough; being
 * told at once about a double free is worth more.
 */
#define _GNU_SOURCE
#include "host.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct s2_host_arena s2_host_arena;
_Thread_local uint64_t s2_host_tlbis[S2_HOST_TLBI_KINDS];
_Thread_local uint64_t s2_host_vttbr;
_Thread_local struct s2_host_trace s2_host_trace;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char *taken; /* of each page of the arena */
static size_t next_page; /* where the next search begins */
static uint64_t used;

static void poison(void *page, uint64_t size)
{
	uint64_t *word = page;

	for (uint64_t i = 0; i < size / sizeof(*word); i++)
		word[i] = S2_HOST_POISON;
}

static unsigned char *map_aligned(uint64_t size)
{
	unsigned char *raw = mmap(NULL, size + S2_HOST_ALIGN, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint64_t head = -(uintptr_t)raw & (S2_HOST_ALIGN - 1);

	if (raw == MAP_FAILED)
		return NULL;
	if (head)
		munmap(raw, head);
	munmap(raw + head + size, S2_HOST_ALIGN - head);
	return raw + head;
}

int s2_host_open(uint64_t pa, uint64_t size, unsigned int granule_shift)
{
	if (s2_host_arena.size)
		return EBUSY;
	if (!size || (size | pa) & (S2_HOST_ALIGN - 1) || granule_shift < 12 || granule_shift > 16)
		return EINVAL;
	unsigned char *base = map_aligned(size);

	taken = calloc(size >> granule_shift, 1);
	if (!base || !taken) {
		free(taken);
		if (base)
			munmap(base, size);
		return ENOMEM;
	}
	s2_host_arena = (struct s2_host_arena){base, pa, size, UINT64_C(1) << granule_shift};
	next_page = 0;
	used = 0;
	return 0;
}

uint64_t s2_host_close(void)
{
	uint64_t left = used;

	if (s2_host_arena.size)
		munmap(s2_host_arena.base, s2_host_arena.size);
	free(taken);
	taken = NULL;
	used = 0;
	s2_host_arena = (struct s2_host_arena){0};
	return left;
}

static bool run_is(size_t page, size_t count, unsigned char state)
{
	for (size_t i = 0; i < count; i++)
		if (taken[page + i] != state)
			return false;
	return true;
}

/* The first free run of `count` pages, aligned to that, in [from, to); `to` if there is none. */
static size_t find_run(size_t from, size_t to, size_t count)
{
	size_t page = (from + count - 1) / count * count;

	while (page + count <= to) {
		if (run_is(page, count, 0))
			return page;
		page += count;
	}
	return to;
}

static void *take_run(size_t count)
{
	size_t pages = s2_host_arena.size / s2_host_arena.granule;
	size_t page = find_run(next_page, pages, count);

	if (page == pages)
		page = find_run(0, pages, count);
	if (page == pages)
		return NULL;
	memset(taken + page, 1, count);
	next_page = page + count;
	used += count * s2_host_arena.granule;
	return s2_host_arena.base + page * s2_host_arena.granule;
}

void *s2_host_alloc(uint64_t size)
{
	if (size < s2_host_arena.granule || size > S2_HOST_ALIGN || size & (size - 1))
		return NULL;
	pthread_mutex_lock(&lock);
	void *page = s2_host_arena.size ? take_run(size / s2_host_arena.granule) : NULL;

	pthread_mutex_unlock(&lock);
	if (page)
		poison(page, size);
	return page;
}

/* Whether [offset, offset + size) are whole pages of the arena, all of them allocated. */
static bool is_taken(uint64_t offset, uint64_t size)
{
	uint64_t granule = s2_host_arena.granule;

	if (offset >= s2_host_arena.size || size > s2_host_arena.size - offset || !size ||
	    (offset | size) & (granule - 1))
		return false;
	return run_is(offset / granule, size / granule, 1);
}

void s2_host_free(void *page, uint64_t size)
{
	uint64_t offset = (uint64_t)((uintptr_t)page - (uintptr_t)s2_host_arena.base);

	pthread_mutex_lock(&lock);
	if (!is_taken(offset, size)) {
		fprintf(stderr, "s2_host_free: %p, %#llx bytes: not allocated\n", page,
			(unsigned long long)size);
		abort();
	}
	poison(page, size);
	memset(taken + offset / s2_host_arena.granule, 0, size / s2_host_arena.granule);
	used -= size;
	pthread_mutex_unlock(&lock);
}

uint64_t s2_host_used(void)
{
	pthread_mutex_lock(&lock);
	uint64_t now = used;

	pthread_mutex_unlock(&lock);
	return now;
}
