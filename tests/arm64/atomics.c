/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Each access and each fence of a platform as a function by itself, to be looked
 * at in what the compilers make of it: tests/threads-arm64 compares that with
 * what stage2/platform.h promises.  Never linked.
 */
#include <stage2/platform.h>

s2_desc load(const s2_desc *p);
void store(s2_desc *p, s2_desc v);
bool cas(s2_desc *p, s2_desc old, s2_desc v);
s2_desc swap(s2_desc *p, s2_desc v);
uint64_t word_load_acquire(const uint64_t *p);
void word_store_release(uint64_t *p, uint64_t v);
bool word_cas(uint64_t *p, uint64_t old, uint64_t v);
uint64_t word_swap(uint64_t *p, uint64_t v);
uint64_t word_add(uint64_t *p, uint64_t v);
void fence(void);

s2_desc load(const s2_desc *p)
{
	return s2p_load(p);
}

void store(s2_desc *p, s2_desc v)
{
	s2p_store(p, v);
}

bool cas(s2_desc *p, s2_desc old, s2_desc v)
{
	return s2p_cas(p, old, v);
}

s2_desc swap(s2_desc *p, s2_desc v)
{
	return s2p_swap(p, v);
}

uint64_t word_load_acquire(const uint64_t *p)
{
	return s2p_word_load_acquire(p);
}

void word_store_release(uint64_t *p, uint64_t v)
{
	s2p_word_store_release(p, v);
}

bool word_cas(uint64_t *p, uint64_t old, uint64_t v)
{
	return s2p_word_cas(p, old, v);
}

uint64_t word_swap(uint64_t *p, uint64_t v)
{
	return s2p_word_swap(p, v);
}

uint64_t word_add(uint64_t *p, uint64_t v)
{
	return s2p_word_add(p, v);
}

void fence(void)
{
	s2p_fence();
}
