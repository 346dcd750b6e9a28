/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A text file line by line, each line word by word; compressed by xz or not.
 *
 * Blank lines and what follows a # are passed over.  What is wrong with a line is bad
 * input: FILE: line N: why.
 */
#ifndef TOOL_LINES_H
#define TOOL_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_WORDS 16

struct lines {
	const char *name;
	char *text; /* all of it, with a zero behind it; words are cut out of it in place */
	size_t size, at;
	unsigned long number; /* of the line */
	const char *word[LINE_WORDS];
	unsigned int words; /* at least one */
};

/* Reads the file; "-" is standard input; bad() if that is not possible. */
void lines_open(struct lines *l, const char *name);
void lines_close(struct lines *l);

/* The next line that has words; false at the end. */
bool lines_next(struct lines *l);

/* FILE: line N: why. */
_Noreturn void lines_bad(const struct lines *l, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Whether a word of the line is this one. */
bool lines_is(const struct lines *l, unsigned int word, const char *text);

/* A word as a number up to `max`. */
uint64_t lines_number(const struct lines *l, unsigned int word, uint64_t max);

/* Bad unless the line has so many words. */
void lines_expect(const struct lines *l, unsigned int least, unsigned int most);

#endif
