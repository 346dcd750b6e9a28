/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Numbers as people write them.
 */
#ifndef TOOL_NUMBER_H
#define TOOL_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* True for a whole number: 0x and hexadecimal digits, or decimal ones. */
bool number_parse(const char *text, uint64_t *value);

/* The same, 0..max, or bad() with the name of what it was to be. */
uint64_t number(const char *what, const char *text, uint64_t max);

/* "2M", "4K", "16 bytes": the largest unit that divides it.  A buffer of its own for eight calls. */
const char *size_text(uint64_t bytes);

/* Bits hi..lo of a value. */
static inline uint64_t bits(uint64_t value, unsigned int hi, unsigned int lo)
{
	return value << (63 - hi) >> (63 - hi + lo);
}

#endif
