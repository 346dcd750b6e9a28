/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Digests of states: 64 bits, of which the explorer believes that they differ if the
 * states do.  Some hundred thousand states of a client give a chance of a mistake of
 * one in a billion, in one client.
 */
#ifndef M_DIGEST_H
#define M_DIGEST_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t m_mix(uint64_t digest, uint64_t value)
{
	digest = (digest ^ value) * UINT64_C(0xff51afd7ed558ccd);
	digest = (digest ^ digest >> 32) * UINT64_C(0xc4ceb9fe1a85ec53);
	return digest ^ digest >> 29;
}

/* What is in a place: sets of these are told apart by their exclusive or. */
static inline uint64_t m_mix_place(const void *place, uint64_t value)
{
	return m_mix(m_mix(1, (uintptr_t)place), value);
}

/* `size` bytes, as so many words: what is left over is left out. */
static inline uint64_t m_mix_words(uint64_t digest, const void *object, size_t size)
{
	const uint64_t *word = (const uint64_t *)object;

	for (size_t i = 0; i < size / sizeof(*word); i++)
		digest = m_mix(digest, word[i]);
	return digest;
}

#endif
