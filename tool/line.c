/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"

#define COUNT_MAX 4096u

void line_split(struct line *l, const char *begin, size_t length)
{
	const char *comment = memchr(begin, '#', length);
	char *rest = NULL;

	if (comment)
		length = (size_t)(comment - begin);
	if (length >= sizeof(l->text))
		line_bad(l, "a line longer than %zu characters", sizeof(l->text) - 1);
	if (memchr(begin, '\0', length))
		line_bad(l, "a NUL character");
	while (length && strchr(" \t\r", begin[length - 1]))
		length--;
	memcpy(l->text, begin, length);
	l->text[length] = '\0';
	memcpy(l->buffer, l->text, length + 1);
	l->words = l->next = 0;
	for (char *w = strtok_r(l->buffer, " \t\r", &rest); w; w = strtok_r(NULL, " \t\r", &rest)) {
		if (l->words < LINE_WORDS)
			l->word[l->words] = w;
		l->words++;
	}
}

bool line_more(const struct line *l)
{
	return l->next < l->words;
}

const char *line_word(struct line *l, const char *what)
{
	if (!line_more(l))
		line_bad(l, "%s is missing at the end of the line", what);
	if (l->next == LINE_WORDS)
		line_bad(l, "more than %u words", LINE_WORDS);
	return l->word[l->next++];
}

bool line_has(struct line *l, const char *word)
{
	if (!line_more(l) || l->next == LINE_WORDS || strcmp(l->word[l->next], word) != 0)
		return false;
	l->next++;
	return true;
}

void line_end(const struct line *l)
{
	if (line_more(l) && l->next < LINE_WORDS)
		line_bad(l, "'%s' is a word too many", l->word[l->next]);
	if (line_more(l))
		line_bad(l, "more than %u words", LINE_WORDS);
}

static unsigned int parse_count(const struct line *l, const char *word, const char *what,
				unsigned int max, const char **end)
{
	char *behind;
	unsigned long n = strtoul(word, &behind, 10);

	if (*word < '0' || *word > '9' || n > max)
		line_bad(l, "'%s' is not %s, 0..%u", word, what, max);
	*end = behind;
	return (unsigned int)n;
}

unsigned int line_number(struct line *l, const char *what, unsigned int max)
{
	const char *word = line_word(l, what), *end;
	unsigned int n = parse_count(l, word, what, max, &end);

	if (*end)
		line_bad(l, "'%s' is not %s, 0..%u", word, what, max);
	return n;
}

static size_t list(const char *const *names, char *text, size_t size)
{
	size_t n = 0;

	for (; *names && n < size; names++)
		n += (size_t)snprintf(text + n, size - n, "%s%s", n ? ", " : "", *names);
	return n;
}

unsigned int line_choice(struct line *l, const char *what, const char *const *names)
{
	const char *word = line_word(l, what);
	char known[2 * SCENE_TEXT];

	for (unsigned int i = 0; names[i]; i++) {
		if (!strcmp(names[i], word))
			return i;
	}
	(void)list(names, known, sizeof(known));
	line_bad(l, "'%.40s' is not %s: %s", word, what, known);
}

const char *line_rest(struct line *l, const char *what)
{
	const char *word = line_word(l, what);

	l->next = l->words;
	return l->text + (word - l->buffer);
}

/* --- places ----------------------------------------------------------------------- */

static const struct unit {
	const char *name;
	unsigned int level;
} units[] = {{"page", 3}, {"block", 2}, {"table", 1}};

static const struct unit *parse_unit(const struct line *l, const char *word, const char **at)
{
	for (unsigned int i = 0; i < 3; i++) {
		size_t length = strlen(units[i].name);

		if (!strncmp(*at, units[i].name, length)) {
			*at += length;
			return &units[i];
		}
	}
	line_bad(l, "'%s' is no place: page0, block1, table0, block0.page3, last, page0..3", word);
}

static struct extent extent(const struct unit *unit, int n)
{
	return (struct extent){.tables = (int16_t)(unit->level == 1 ? n : 0),
			       .blocks = (int16_t)(unit->level == 2 ? n : 0),
			       .pages = (int16_t)(unit->level == 3 ? n : 0)};
}

/* "..N", behind the first of them. */
static unsigned int parse_last(const struct line *l, const char **end, unsigned int first)
{
	unsigned int last;

	if (strncmp(*end, "..", 2) != 0)
		return first;
	last = parse_count(l, *end + 2, "the last one", COUNT_MAX, end);
	if (last < first)
		line_bad(l, "a range that ends before it begins");
	return last;
}

void line_place(struct line *l, struct operation *op, unsigned int *level)
{
	const char *word = line_word(l, "a place"), *at = word;
	const struct unit *unit;
	struct extent base = {0, 0, 0};
	unsigned int first, last;

	if (!strcmp(word, "last")) {
		op->at = (struct extent){0, 1, -1};
		op->size = (struct extent){0, 0, 1};
		*level = 3;
		return;
	}
	for (;; base.blocks = (int16_t)first) {
		unit = parse_unit(l, word, &at);
		first = parse_count(l, at, "a number of it", COUNT_MAX, &at);
		if (unit->level != 2 || base.blocks || strncmp(at, ".page", 5) != 0)
			break;
		at++;
	}
	last = parse_last(l, &at, first);
	if (*at)
		line_bad(l, "'%s' is no place: '%s' is too much", word, at);
	op->at = extent(unit, (int)first);
	op->at.blocks = (int16_t)(op->at.blocks + base.blocks);
	op->size = extent(unit, (int)(last - first + 1));
	*level = unit->level;
}
