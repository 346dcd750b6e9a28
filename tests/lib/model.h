/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The reference model: a flat array of pages, and nothing that a tree has.
 *
 * Tests work in a few windows of the IPA space, in units of one entry of a
 * chosen level: with units of a page every page is told apart; with units of a
 * block the upper levels are reached without a million pages.  What a unit holds
 * is one word: where it is mapped to and how, whose annotation it has, or zero.
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include "world.h"

#define MODEL_WINDOWS 3

struct model {
	struct world *world;
	unsigned int unit_level;
	uint64_t unit; /* bytes */
	uint64_t units; /* of each window */
	struct {
		uint64_t ipa;
		uint64_t *page;
	} window[MODEL_WINDOWS];
};

#define MODEL_EMPTY UINT64_C(0)
#define MODEL_MAPPED (UINT64_C(1) << 63) /* with the attributes in 11:0 and the address above */
#define MODEL_OWNED UINT64_C(0x40) /* with the owner above bit 12 */
#define MODEL_DEFERRED UINT64_C(0x80) /* unmapped, but the flush is still owed */

/*
 * Windows of `blocks` entries of the level above unit_level: at the start of the
 * IPA space, across its middle (a boundary of every level), and at its end.
 */
void model_open(struct model *model, struct world *world, unsigned int unit_level,
		unsigned int blocks);
void model_close(struct model *model);

/* The unit that holds `ipa`, which lies in a window. */
uint64_t *model_at(const struct model *model, uint64_t ipa);

static inline bool model_is_mapped(uint64_t page)
{
	return page & MODEL_MAPPED;
}

static inline uint64_t model_pa(uint64_t page)
{
	return page & ~(MODEL_MAPPED | UINT64_C(0xfff));
}

static inline s2_attr model_attr(uint64_t page)
{
	return page & S2_ATTR_ALL;
}

/* What the operations do to it: a map keeps what is noted of the same memory.  [ipa, ipa + size) are whole units of one window. */
void model_map(struct model *model, uint64_t ipa, uint64_t size, uint64_t pa, s2_attr attr);
void model_unmap(struct model *model, uint64_t ipa, uint64_t size, bool deferred);
void model_flush(struct model *model);
void model_own(struct model *model, uint64_t ipa, uint32_t owner);
void model_touch(struct model *model, uint64_t ipa, uint64_t size);

/* What is logged there was written. */
void model_write(struct model *model, uint64_t ipa, uint64_t size);

/* Compares s2_lookup() and a walk by the architecture's rules with every unit of a window. */
void model_compare(const struct model *model, unsigned int window);

/* Compares s2_walk() over the whole IPA space: outside of the windows there is nothing. */
void model_compare_rest(const struct model *model);

/*
 * Compares s2_ranges() with `flags` and s2_count() with every unit of a window: the
 * ranges are all of it, each of one kind, and none could have been longer.
 */
void model_compare_ranges(const struct model *model, unsigned int window, uint32_t flags);

/* The whole tree passes s2_verify(), as a quiet one unless a flush is owed, and s2_count() finds its tables. */
void model_verify(const struct model *model);

/* Nothing that some CPU may have cached allows what the model does not. */
void model_compare_tlb(const struct model *model);

#endif
