/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The guest that most suites look at: pages of 4 KiB, 39 bits of IPA, a shared tree with
 * room in the caches; and what they do to it, which has to go well.
 */
#ifndef TESTS_SMALL_H
#define TESTS_SMALL_H

#include "world.h"

#define LLU(x) ((unsigned long long)(x))
#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define GB UINT64_C(0x40000000)

static const struct world_config shared = {
	.format = {12, 39, 40, 8, S2_FEAT_TTL | S2_FEAT_TLBIRANGE}, .shared = true};

/* Pages for the first CPU; the other one has enough for a call of its own. */
static inline void open_filled(struct world *w, const struct world_config *config, uint32_t pages)
{
	set_context("%s", "");
	world_open(w, config);
	world_fill(w, &w->cpu[0], pages);
	world_fill(w, &w->cpu[1], 8);
}

static inline void map_ok(struct world *w, uint64_t ipa, uint64_t size, uint64_t pa, s2_attr attr,
			  uint32_t flags)
{
	require_status(s2_map(&w->tree, &w->cpu[0], ipa, size, pa, attr, flags), S2_OK);
}

static inline struct s2_mapping look(const struct world *w, uint64_t ipa)
{
	struct s2_mapping m;

	require_status(s2_lookup(&w->tree, ipa, &m), S2_OK);
	return m;
}

/* The entry that decides about `ipa`. */
static inline s2_desc *entry_at(const struct world *w, uint64_t ipa)
{
	struct arch_walk walk;

	arch_walk(&w->regime, ipa, &walk);
	return (s2_desc *)(uintptr_t)walk.entry;
}

#endif
