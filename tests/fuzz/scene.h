/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Tables that nobody sane has written, in the arena of platform/host.
 *
 *	root, the tree's		all other pages of one granule each
 *	| 1..16 tables |  | table | table | ... |  | in the cache, or spare | ...
 *			    linked to each other,
 *			    as the input says
 *
 * One CPU, a tree that is not shared, and every call has a budget: an entry that
 * corrupt tables show as locked would otherwise be waited for without end.
 */
#ifndef TESTS_FUZZ_SCENE_H
#define TESTS_FUZZ_SCENE_H

#include <stage2/platform.h>
#include <stage2/stage2.h>

#include "../../machine/regime.h"
#include "fuzz.h"

#define SCENE_TABLES 12u /* at most, that the input links */
#define SCENE_POOL 12u /* at most, for the engine to take */
#define SCENE_PAGES (SCENE_TABLES + SCENE_POOL)

struct scene {
	struct s2_format fmt;
	struct m_regime regime;
	struct s2_tree tree;
	struct s2_cpu cpu;
	s2_desc *root;
	/*
	 * Whether several entries may point to one table, or to one above.  Where
	 * they do, no table may be unlinked: the engine knows a table by the one
	 * entry that it cuts, and would free it once for each entry.  So there only
	 * operations run that leave all tables where they are; the others get a tree.
	 */
	bool graph;
	unsigned int tables; /* that the input links */
	unsigned int pages; /* those, and what the engine may take */
	bool claimed[SCENE_TABLES]; /* an entry points to it */
	void *spare[SCENE_PAGES]; /* neither in the tree nor in the cache */
	unsigned int spares;
	uint64_t steps; /* of the platform, since scene_begin() */
	uint64_t waits;
	uint64_t unlinked; /* tables until then */
};

void scene_open(struct scene *s, struct input *in, const struct s2_format *fmt);
void scene_close(void);

/* Between the two every step of the engine is looked at, and counted. */
void scene_begin(struct scene *s);
void scene_end(struct scene *s);

/* Every page is in the tree, in the cache or spare, and none is in the cache twice. */
void scene_balance(const struct scene *s);

/* Brings the number of pages in the cache to `n`, or as near as the spare ones allow. */
void scene_fill(struct scene *s, uint32_t n);

/* An address that often leads where others led; below the IPA size, aligned to a page. */
uint64_t scene_ipa(const struct scene *s, struct input *in);

/* Writes one entry, or fills a table, as the input says. */
void scene_poke(struct scene *s, struct input *in);

/* Number of a page in the arena behind the root; false if `pa` is none. */
bool scene_page(const struct scene *s, uint64_t pa, unsigned int *page);
s2_desc *scene_table(const struct scene *s, unsigned int page);

/* Whether the cache holds the page. */
bool scene_is_cached(const struct scene *s, const void *page);

/* Where the hardware's walk for `ipa` ends, or where it passes `stop`. */
struct scene_walk {
	s2_desc *entry;
	struct m_decoded found;
	int level;
	bool outside; /* at a pointer to where no memory is */
};

void scene_walk(const struct scene *s, uint64_t ipa, int stop, struct scene_walk *walk);

#endif
