/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * One line of a script, word by word.
 */
#ifndef TOOL_LINE_H
#define TOOL_LINE_H

#include "script.h"

#define LINE_WORDS 16u

struct line {
	const struct script *script;
	unsigned int number;
	char text[2 * SCENE_TEXT]; /* without the comment */
	char buffer[2 * SCENE_TEXT]; /* that the words are in */
	char *word[LINE_WORDS + 1];
	unsigned int words, next;
};

/* Takes a line apart. */
void line_split(struct line *l, const char *begin, size_t length);

/* bad() about this line. */
#define line_bad(l, ...) script_bad((l)->script, (l)->number, __VA_ARGS__)

/* The next word; bad if there is none. */
const char *line_word(struct line *l, const char *what);

/* The same if it is this one. */
bool line_has(struct line *l, const char *word);

/* Whether there is one. */
bool line_more(const struct line *l);

/* Bad if there is one. */
void line_end(const struct line *l);

/* A number 0..max. */
unsigned int line_number(struct line *l, const char *what, unsigned int max);

/* The number of one of the names, a NULL behind them. */
unsigned int line_choice(struct line *l, const char *what, const char *const *names);

/* All that follows, as it stands. */
const char *line_rest(struct line *l, const char *what);

/*
 * Where: page0, block1, table0, block0.page3, last; ranges page0..3.  *level is that of an
 * entry that covers one of them.
 */
void line_place(struct line *l, struct operation *op, unsigned int *level);

#endif
