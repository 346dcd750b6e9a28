/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Data and instruction caches, as far as the guest could tell.
 *
 * A guest whose caches are off reads memory itself: what the host wrote there must
 * have been cleaned to the point of coherency before the page can be reached,
 * unless FEAT_S2FWB makes such accesses cacheable.  And what instruction caches
 * hold of a page from before must be gone before the page can be executed.
 *
 * Looked at for a few pages of memory, at the moment when a walk could first fetch
 * a leaf that maps one of them.
 *
 * When each of them was cleaned last is remembered for those who asked for it, in two
 * ways: at all, and when nobody could write to it any more by way of some IPA.
 */
#include <string.h>

#include "digest.h"
#include "memory.h"

#define NORMAL_WB 0xfu /* MemAttr[3:0] */

static struct {
	unsigned int clean, fetchable; /* a bit for each page of m.cfg.data */
	unsigned int clean_then, fetchable_then;
	uint64_t moments; /* of cleaning, up to now */
	uint64_t cleaned[M_DATA]; /* when; 0: never */
	uint64_t cleaned_after[M_DATA][M_WATCHED]; /* the same, when no CPU could use that IPA */
	uint64_t digest; /* of these three */
} caches;

static int index_of(uint64_t pa)
{
	for (unsigned int i = 0; i < m.cfg.data_count; i++) {
		if (m.cfg.data[i] == pa)
			return (int)i;
	}
	return -1;
}

static void note_cleaning(unsigned int i)
{
	const struct m_translation nothing = {.mapped = false};
	struct m_stale stale;

	caches.cleaned[i] = ++caches.moments;
	for (unsigned int w = 0; w < m.cfg.watched_count; w++) {
		if (!m_cached_beyond(w, &nothing, 1, &stale))
			caches.cleaned_after[i][w] = caches.moments;
	}
	caches.digest = m_mix_words(m_mix(caches.digest, i), caches.cleaned_after[i],
				    sizeof(caches.cleaned_after[i]));
}

/* Contract 3: nothing of this inside a window. */
void m_maintain(enum m_cache cache, uint64_t pa, uint64_t size)
{
	unsigned int *done = cache == M_DCACHE ? &caches.clean : &caches.fetchable;
	uint64_t page = UINT64_C(1) << m.page_shift;

	m_rules_maintain();
	for (unsigned int i = 0; i < m.cfg.data_count; i++) {
		if (m.cfg.data[i] < pa || m.cfg.data[i] - pa + page > size)
			continue;
		*done |= 1u << i;
		if (cache == M_DCACHE)
			note_cleaning(i);
	}
}

uint64_t m_cleanings(void)
{
	return caches.moments;
}

bool m_cleaned_since(uint64_t pa, uint64_t moment, unsigned int w)
{
	int i = index_of(pa);

	if (i < 0)
		return false;
	return (w < M_WATCHED ? caches.cleaned_after[i][w] : caches.cleaned[i]) > moment;
}

void m_host_writes(uint64_t pa)
{
	int i = index_of(pa);

	if (i < 0)
		return;
	caches.clean &= ~(1u << i);
	caches.fetchable &= ~(1u << i);
}

void m_caches_check(uint64_t ipa, const struct m_decoded *leaf, uint64_t pa)
{
	int i = index_of(pa);

	if (i < 0)
		return;
	if (!m.cfg.fwb && (leaf->attributes & 0xf) == NORMAL_WB && !(caches.clean >> i & 1))
		m_violation("caches: IPA %llx can be reached, and PA %llx was not cleaned",
			    (unsigned long long)ipa, (unsigned long long)pa);
	if (leaf->exec && !(caches.fetchable >> i & 1))
		m_violation("caches: IPA %llx can be executed, and instruction caches may hold "
			    "what was at PA %llx before",
			    (unsigned long long)ipa, (unsigned long long)pa);
}

uint64_t m_caches_digest(void)
{
	return m_mix(m_mix(caches.digest, caches.clean), caches.fetchable);
}

void m_caches_save(void)
{
	caches.clean_then = caches.clean;
	caches.fetchable_then = caches.fetchable;
}

void m_caches_forget(void)
{
	caches.clean_then = 0;
	caches.fetchable_then = 0;
}

void m_caches_begin(void)
{
	caches.clean = caches.clean_then;
	caches.fetchable = caches.fetchable_then;
	caches.moments = 0;
	caches.digest = 0;
	memset(caches.cleaned, 0, sizeof(caches.cleaned));
	memset(caches.cleaned_after, 0, sizeof(caches.cleaned_after));
}
