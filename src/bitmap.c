/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Bitmaps of pages, set by several CPUs at once.
 *
 *	ipa	    + 64 pages	 + 128 pages
 *	| word[0]  | word[1]	| ...
 *	 ^ bit 0 of word[0] is the page at `ipa`
 *
 * Bits are only ever set here; the words are the caller's to clear.
 */
#include "bitmap.h"

#define WORD_BITS 64u

int s2_check_bitmap(const struct s2_format *fmt, const struct s2_bitmap *map, uint64_t ipa,
		    uint64_t size)
{
	uint64_t first = (ipa - map->ipa) >> fmt->granule_shift;

	if (!map->word || map->ipa & (s2_level_size(fmt, S2_LAST_LEVEL) - 1) || ipa < map->ipa)
		return S2_BAD_BITMAP;
	if (first > map->bits || size >> fmt->granule_shift > map->bits - first)
		return S2_BAD_BITMAP;
	return S2_OK;
}

/* A word that has them all is left alone: it may be in many CPUs' caches. */
static void set_in_word(uint64_t *word, uint64_t bits)
{
	uint64_t old;

	do {
		old = s2p_word_load_acquire(word);
		if ((old & bits) == bits)
			return;
	} while (!s2p_word_cas(word, old, old | bits));
}

static void set_range(const struct s2_bitmap *map, uint64_t first, uint64_t end)
{
	uint64_t from = UINT64_MAX << first % WORD_BITS, to = ~(UINT64_MAX << end % WORD_BITS);
	uint64_t *word = &map->word[first / WORD_BITS], *last = &map->word[end / WORD_BITS];

	if (word == last) {
		set_in_word(word, from & to);
		return;
	}
	set_in_word(word, from);
	while (++word < last)
		set_in_word(word, UINT64_MAX);
	if (to)
		set_in_word(last, to);
}

/* How many words' worth of bits that were. */
uint64_t s2_bitmap_note(struct s2_op *op, struct s2_bitmap *map, uint64_t ipa, uint64_t end)
{
	unsigned int shift = op->fmt->granule_shift;
	uint64_t first, last;

	op->cpu->found += (end - ipa) >> shift;
	if (!map || !map->word || end <= map->ipa)
		return 0;
	first = ipa > map->ipa ? (ipa - map->ipa) >> shift : 0;
	last = (end - map->ipa) >> shift;
	end = last < map->bits ? last : map->bits;
	if (first < end)
		set_range(map, first, end);
	return (last - first) / WORD_BITS;
}

void s2_bitmap_set(struct s2_op *op, struct s2_bitmap *map, uint64_t ipa, uint64_t end)
{
	s2_spend(op, s2_bitmap_note(op, map, ipa, end));
}
