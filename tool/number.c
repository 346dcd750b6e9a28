/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bad.h"
#include "number.h"

/* strtoull() takes signs, white space and octal numbers: none of them is meant. */
bool number_parse(const char *text, uint64_t *value)
{
	int base = text[0] == '0' && (text[1] | 0x20) == 'x' ? 16 : 10;
	const char *digits = base == 16 ? text + 2 : text;
	char *end;

	if (!isxdigit((unsigned char)*digits))
		return false;
	errno = 0;
	*value = strtoull(digits, &end, base);
	return !errno && !*end && end != digits;
}

uint64_t number(const char *what, const char *text, uint64_t max)
{
	uint64_t value;

	if (!number_parse(text, &value))
		bad(what,
		    "'%s' is no number of 64 bits: 0x and hexadecimal digits, or decimal ones",
		    text);
	if (value > max)
		bad(what, "%s is too large: at most %#" PRIx64, text, max);
	return value;
}

const char *size_text(uint64_t bytes)
{
	static char texts[8][24];
	static unsigned int next;
	char *text = texts[next++ % 8];
	const char *unit = " KMGTPE";

	while (bytes && !(bytes & 0x3ff) && unit[1]) {
		bytes >>= 10;
		unit++;
	}
	if (*unit == ' ')
		(void)snprintf(text, sizeof(texts[0]), "%" PRIu64 " bytes", bytes);
	else
		(void)snprintf(text, sizeof(texts[0]), "%" PRIu64 "%c", bytes, *unit);
	return text;
}
