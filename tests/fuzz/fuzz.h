/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What fuzz targets share: an input that is read field by field, and a check
 * that ends the process, which is how libFuzzer learns of a failure.
 *
 * Reading beyond the end of an input gives zeros, so every input means something
 * and a short one is a simple case.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n) (UINT64_C(1) << (n))
#define LLU(x) ((unsigned long long)(x))

struct input {
	const uint8_t *p;
	size_t left;
};

/* The next `bytes` bytes (at most 8) as a number, little-endian. */
static inline uint64_t take(struct input *in, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes && in->left; i++, in->left--)
		value |= (uint64_t)*in->p++ << (8 * i);
	return value;
}

/* One of the `n` values, or any byte: most configurations shall be good ones, and not all. */
static inline uint8_t take_of(struct input *in, const uint8_t *values, size_t n)
{
	uint8_t choice = (uint8_t)take(in, 1);

	return choice < 0xf0 ? values[choice % n] : (uint8_t)take(in, 1);
}

/* A failure is a message and a dead process. */
#define must(condition, ...)                                                            \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
			fprintf(stderr, __VA_ARGS__);                                   \
			fprintf(stderr, "\n");                                          \
			abort();                                                        \
		}                                                                       \
	} while (0)

#endif
