/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <errno.h>
#include <inttypes.h>
#include <lzma.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bad.h"
#include "lines.h"
#include "number.h"

/* A compressed file that grows beyond this is not a trace. */
#define SIZE_MAX_TEXT ((size_t)1 << 32)

static const unsigned char xz_magic[] = {0xfd, '7', 'z', 'X', 'Z', 0};

struct buffer {
	unsigned char *bytes;
	size_t size, room;
};

/* Room for more, and for a zero. */
static void make_room(struct buffer *b, const char *name)
{
	size_t room = b->room ? 2 * b->room : 65536;
	void *bytes = room > SIZE_MAX_TEXT ? NULL : realloc(b->bytes, room);

	if (!bytes)
		bad(name, "too large");
	b->bytes = bytes;
	b->room = room;
}

static void read_all(struct buffer *b, FILE *file, const char *name)
{
	do {
		if (b->room - b->size < 2)
			make_room(b, name);
		b->size += fread(b->bytes + b->size, 1, b->room - b->size - 1, file);
	} while (!feof(file) && !ferror(file));
	if (ferror(file))
		bad(name, "%s", strerror(errno));
}

static const char *xz_error(lzma_ret status)
{
	return status == LZMA_BUF_ERROR ? "compressed by xz, and truncated"
					: "compressed by xz, and damaged";
}

static void expand_into(struct buffer *to, lzma_stream *xz, const char *name)
{
	lzma_ret status;

	do {
		if (to->room - to->size < 2)
			make_room(to, name);
		xz->next_out = to->bytes + to->size;
		xz->avail_out = to->room - to->size - 1;
		status = lzma_code(xz, LZMA_FINISH);
		to->size = to->room - 1 - xz->avail_out;
	} while (status == LZMA_OK);
	if (status != LZMA_STREAM_END)
		bad(name, "%s", xz_error(status));
}

static void expand(struct buffer *b, const char *name)
{
	struct buffer to = {.bytes = NULL};
	lzma_stream xz = LZMA_STREAM_INIT;

	if (b->size < sizeof(xz_magic) || memcmp(b->bytes, xz_magic, sizeof(xz_magic)) != 0)
		return;
	if (lzma_stream_decoder(&xz, UINT64_MAX, LZMA_CONCATENATED) != LZMA_OK)
		bad(name, "no memory");
	xz.next_in = b->bytes;
	xz.avail_in = b->size;
	expand_into(&to, &xz, name);
	lzma_end(&xz);
	free(b->bytes);
	*b = to;
}

static FILE *open_file(const char *name)
{
	FILE *file = strcmp(name, "-") != 0 ? fopen(name, "rbe") : stdin;

	if (!file)
		bad(name, "%s", strerror(errno));
	return file;
}

void lines_open(struct lines *l, const char *name)
{
	FILE *file = open_file(name);
	struct buffer b = {.bytes = NULL};

	read_all(&b, file, name);
	if (file != stdin)
		(void)fclose(file);
	expand(&b, name);
	b.bytes[b.size] = '\0';
	*l = (struct lines){.name = name, .text = (char *)b.bytes, .size = b.size};
}

void lines_close(struct lines *l)
{
	free(l->text);
	l->text = NULL;
}

void lines_bad(const struct lines *l, const char *format, ...)
{
	char why[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	bad(l->name, "line %lu: %s", l->number, why);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void split(struct lines *l, char *line)
{
	l->words = 0;
	for (;;) {
		while (is_blank(*line))
			*line++ = '\0';
		if (!*line || *line == '#')
			return;
		if (l->words == LINE_WORDS)
			lines_bad(l, "more than %d words", LINE_WORDS);
		l->word[l->words++] = line;
		while (*line && !is_blank(*line))
			line++;
	}
}

bool lines_next(struct lines *l)
{
	while (l->at < l->size) {
		char *line = l->text + l->at;
		char *end = memchr(line, '\n', l->size - l->at);

		l->number++;
		if (!end)
			end = l->text + l->size;
		if (memchr(line, '\0', (size_t)(end - line)))
			lines_bad(l, "a byte that is 0: no text");
		*end = '\0';
		l->at = (size_t)(end - l->text) + 1;
		split(l, line);
		if (l->words)
			return true;
	}
	return false;
}

bool lines_is(const struct lines *l, unsigned int word, const char *text)
{
	return word < l->words && !strcmp(l->word[word], text);
}

uint64_t lines_number(const struct lines *l, unsigned int word, uint64_t max)
{
	uint64_t value;

	if (word >= l->words)
		lines_bad(l, "a number is missing at its end");
	if (!number_parse(l->word[word], &value))
		lines_bad(l, "'%.40s' is no number", l->word[word]);
	if (value > max)
		lines_bad(l, "%s is too large: at most %#" PRIx64, l->word[word], max);
	return value;
}

void lines_expect(const struct lines *l, unsigned int least, unsigned int most)
{
	if (l->words < least)
		lines_bad(l, "%u words, and %u are needed", l->words, least);
	if (l->words > most)
		lines_bad(l, "'%.40s' is too much", l->word[most]);
}
