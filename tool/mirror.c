/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <inttypes.h>
#include <stdlib.h>

#include "bad.h"
#include "mirror.h"

/* Tables of more than 256 MiB have gone wrong before. */
#define BYTES_MAX ((size_t)1 << 29)

void mirror_init(struct mirror *m, const struct regime *r, const char *name)
{
	*m = (struct mirror){.regime = r, .name = name};
}

static struct page **bucket_of(struct mirror *m, uint64_t pa)
{
	return &m->bucket[(pa >> m->regime->granule) % MIRROR_BUCKETS];
}

static uint64_t page_of(const struct mirror *m, uint64_t pa)
{
	return pa >> m->regime->granule << m->regime->granule;
}

struct page *mirror_find(const struct mirror *m, uint64_t pa)
{
	struct page *page = *bucket_of((struct mirror *)m, pa);

	while (page && page->pa != page_of(m, pa))
		page = page->next;
	return page;
}

static size_t page_bytes(const struct mirror *m)
{
	return mirror_entries(m) * (sizeof(uint64_t) + sizeof(unsigned long));
}

static struct page *allocate(struct mirror *m)
{
	struct page *page;

	m->bytes += page_bytes(m);
	page = m->bytes <= BYTES_MAX ? calloc(1, sizeof(*page) + page_bytes(m)) : NULL;
	if (page) {
		page->desc = (uint64_t *)(page + 1);
		page->line = (unsigned long *)(page->desc + mirror_entries(m));
		return page;
	}
	bad(m->name, "too many tables");
}

struct page *mirror_page(struct mirror *m, uint64_t pa)
{
	struct page *page = mirror_find(m, pa), **bucket = bucket_of(m, pa);

	if (page)
		return page;
	page = allocate(m);
	page->pa = page_of(m, pa);
	page->end = mirror_entries(m);
	page->next = *bucket;
	*bucket = page;
	return page;
}

void mirror_forget(struct mirror *m, struct page *page)
{
	struct page **at = bucket_of(m, page->pa);

	while (*at != page)
		at = &(*at)->next;
	*at = page->next;
	mirror_keep(m, page);
	m->bytes -= page_bytes(m);
	free(page);
}

void mirror_cut(struct mirror *m, struct page *page, unsigned long line, uint64_t readers)
{
	mirror_keep(m, page);
	page->state = PAGE_CUT;
	page->cut = line;
	page->readers = readers;
	m->waiting += readers != 0;
}

void mirror_keep(struct mirror *m, struct page *page)
{
	m->waiting -= page->readers != 0;
	page->readers = 0;
}

static void leave_page(struct mirror *m, struct page *page, uint64_t cpu)
{
	if (!(page->readers & cpu))
		return;
	page->readers &= ~cpu;
	m->waiting -= !page->readers;
}

void mirror_leave(struct mirror *m, unsigned int cpu)
{
	for (unsigned int i = 0; i < MIRROR_BUCKETS && m->waiting; i++) {
		for (struct page *page = m->bucket[i]; page; page = page->next)
			leave_page(m, page, UINT64_C(1) << cpu);
	}
}

void mirror_close(struct mirror *m)
{
	for (unsigned int i = 0; i < MIRROR_BUCKETS; i++) {
		for (struct page *page = m->bucket[i], *next; page; page = next) {
			next = page->next;
			free(page);
		}
		m->bucket[i] = NULL;
	}
}
