/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Accesses to descriptors and words by atomic operations of the compiler: the part of a platform
 * header that is the same wherever the engine runs in a process.
 *
 * Who includes it says first what happens around each step: s2_host_before() and
 * s2_host_after(), which may be empty.  There is no `after` for words.
 */
#ifndef S2_HOST_ACCESS_H
#define S2_HOST_ACCESS_H

#include "host.h"

/* Descriptors */

static inline s2_desc s2p_load(const s2_desc *p)
{
	s2_host_before(S2_HOST_LOAD, p, 0, 0);
	s2_desc v = __atomic_load_n(p, __ATOMIC_ACQUIRE);

	s2_host_after(S2_HOST_LOAD, p, v, v, false);
	return v;
}

static inline void s2p_store(s2_desc *p, s2_desc v)
{
	s2_host_before(S2_HOST_STORE, p, 0, v);
	__atomic_store_n(p, v, __ATOMIC_RELAXED);
	s2_host_after(S2_HOST_STORE, p, 0, v, true);
}

static inline bool s2p_cas(s2_desc *p, s2_desc old, s2_desc v)
{
	s2_host_before(S2_HOST_CAS, p, old, v);
	s2_desc seen = old;
	bool ok =
		__atomic_compare_exchange_n(p, &seen, v, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);

	s2_host_after(S2_HOST_CAS, p, seen, v, ok);
	return ok;
}

static inline s2_desc s2p_swap(s2_desc *p, s2_desc v)
{
	s2_host_before(S2_HOST_SWAP, p, 0, v);
	s2_desc old = __atomic_exchange_n(p, v, __ATOMIC_ACQ_REL);

	s2_host_after(S2_HOST_SWAP, p, old, v, true);
	return old;
}

/* Words */

static inline uint64_t s2p_word_load_acquire(const uint64_t *p)
{
	s2_host_before(S2_HOST_WORD_LOAD, p, 0, 0);
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline void s2p_word_store_release(uint64_t *p, uint64_t v)
{
	s2_host_before(S2_HOST_WORD, p, 0, v);
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

static inline bool s2p_word_cas(uint64_t *p, uint64_t old, uint64_t v)
{
	s2_host_before(S2_HOST_WORD, p, old, v);
	return __atomic_compare_exchange_n(p, &old, v, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static inline uint64_t s2p_word_swap(uint64_t *p, uint64_t v)
{
	s2_host_before(S2_HOST_WORD, p, 0, v);
	return __atomic_exchange_n(p, v, __ATOMIC_ACQ_REL);
}

static inline uint64_t s2p_word_add(uint64_t *p, uint64_t v)
{
	s2_host_before(S2_HOST_WORD, p, 0, v);
	return __atomic_add_fetch(p, v, __ATOMIC_ACQ_REL);
}

#endif
