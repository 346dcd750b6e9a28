/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Tables as a trace tells of them: what is in each, and where in which tree it hangs.
 *
 *	private ---- an entry of a tree points to it ----> linked
 *	linked ----- that entry no longer does ----------> cut
 *	any -------- it is freed ------------------------> unknown
 */
#ifndef TOOL_MIRROR_H
#define TOOL_MIRROR_H

#include "regime.h"

enum page_state {
	PAGE_PRIVATE,
	PAGE_LINKED,
	PAGE_CUT,
};

struct page {
	struct page *next; /* of those with the same hash */
	uint64_t pa;
	enum page_state state;
	int level; /* of its entries, once it is linked */
	uint64_t ipa; /* of entry `first` */
	unsigned int first, end; /* a root may be less than a page */
	unsigned int tree;
	unsigned long filled; /* line of the last store while it was private */
	unsigned int filler; /* and the CPU */
	unsigned long cut; /* line */
	uint64_t readers; /* CPUs that were inside of a read-side section then, and still are */
	uint64_t *desc;
	unsigned long *line; /* of the last store to each entry; 0: nothing is known of it */
};

#define MIRROR_BUCKETS 4096u

struct mirror {
	const struct regime *regime;
	const char *name; /* of the file, for bad() */
	struct page *bucket[MIRROR_BUCKETS];
	size_t bytes;
	unsigned int waiting; /* pages that have readers */
};

void mirror_init(struct mirror *m, const struct regime *r, const char *name);
void mirror_close(struct mirror *m);

/* The page that an address is in; null if nothing is known of it. */
struct page *mirror_find(const struct mirror *m, uint64_t pa);

/* The same, private and unknown if it is new. */
struct page *mirror_page(struct mirror *m, uint64_t pa);

void mirror_forget(struct mirror *m, struct page *page);

/* The page was cut from its tree: who is inside of a section now may still be in it. */
void mirror_cut(struct mirror *m, struct page *page, unsigned long line, uint64_t readers);

/* It is in a tree again: nobody waits for its readers. */
void mirror_keep(struct mirror *m, struct page *page);

/* A CPU has left its read-side section. */
void mirror_leave(struct mirror *m, unsigned int cpu);

static inline unsigned int mirror_index(const struct mirror *m, uint64_t pa)
{
	return (unsigned int)(pa & ((UINT64_C(1) << m->regime->granule) - 1)) / 8;
}

static inline unsigned int mirror_entries(const struct mirror *m)
{
	return 1u << (m->regime->granule - 3);
}

/* First IPA of an entry of a linked page. */
static inline uint64_t page_ipa(const struct mirror *m, const struct page *page, unsigned int index)
{
	return page->ipa +
	       ((uint64_t)(index - page->first) << regime_shift(m->regime, page->level));
}

#endif
