/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What a compiler may call for an initialiser or an assignment of a structure,
 * also in a program that stands alone.
 */
#include <stddef.h>
#include <stdint.h>

typedef uint64_t __attribute__((may_alias)) word; /* of whatever object */

void *memset(void *to, int value, size_t size);
void *memcpy(void *restrict to, const void *restrict from, size_t size);

/* By words where it can: the engine has its own state zeroed on each fault. */
void *memset(void *to, int value, size_t size)
{
	word pattern = (unsigned char)value * UINT64_C(0x0101010101010101);
	unsigned char *at = to;

	for (; size && (uintptr_t)at % sizeof(word); size--)
		*at++ = (unsigned char)value;
	for (; size >= sizeof(word); size -= sizeof(word), at += sizeof(word))
		*(word *)(void *)at = pattern;
	for (; size; size--)
		*at++ = (unsigned char)value;
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	const unsigned char *source = from;

	for (unsigned char *at = to; size; size--)
		*at++ = *source++;
	return to;
}
