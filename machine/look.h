/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Looking at the machine for a scenario: what is said of a frame, in words.
 *
 *	L2[0]		entry 0 of a table whose entries are of level 2
 *	A+0x1000	memory of the guest, B other memory: where world.h has them
 */
#ifndef M_LOOK_H
#define M_LOOK_H

#include "scenario.h"

/* Nothing is known of any page. */
void look_begin(void);

/*
 * The tables as they are now; entries that are `broken` by themselves.  Answers with a bit for
 * each page that was a table when last looked at, and is free now.
 */
uint64_t look_tables(struct scene_frame *f, bool (*broken)(const uint64_t *p));

/* What CPUs may have cached, and the stores that walks may have missed. */
void look_caches(struct scene_frame *f);

/* "L2[0]" of an entry, as far as it is known which table it is in. */
void look_place(const uint64_t *p, char *text, size_t size);

/*
 * Where an entry is, as far as its table is known; true if the root led to that when last looked
 * at.
 */
struct look_entry {
	unsigned int page, index, level;
	uint64_t ipa;
};
bool look_entry(const uint64_t *p, struct look_entry *e);

/* "table (page 5)", "leaf (rw- A+0x0)", "locked". */
void look_value(uint64_t desc, int level, char *text, size_t size);

/* What a leaf or a table says: "rw- A+0x0", "page 5". */
void look_says(uint64_t desc, int level, char *text, size_t size);

#endif
