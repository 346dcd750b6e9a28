/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Scripts of `stage2 play`: a line is a word and what it is about.
 *
 *	title TEXT, about TEXT		for the reader; about as often as need be
 *	granule 4K|16K|64K		what the world is, in any order and before all else
 *	features LIST
 *	pages N				table pages that each CPU has
 *	watch PAGE...			whose caches are shown
 *	before CALL			prepares the tables
 *	cpu N CALL|INSTRUCTION		is added to what CPU N does
 *	run N [COUNT | to WHAT]		CPU N goes on
 *	guest N read|write PAGE		the guest on CPU N accesses a watched page
 *	note TEXT			is shown here
 *
 * The manual page has all of it.
 */
#ifndef TOOL_SCRIPT_H
#define TOOL_SCRIPT_H

#include <stddef.h>

#include "scenario.h"

#define SCRIPT_ABOUT 1024u

struct script {
	const char *name; /* for errors */
	char title[2 * SCENE_TEXT];
	char about[SCRIPT_ABOUT];
	bool watch[M_WATCHED];
	struct scenario scenario;
};

/* Reads a script; bad() with its name and the line for what is none. */
void script_parse(struct script *s, const char *name, const char *text);

/* bad() about a line. */
_Noreturn void script_bad(const struct script *s, unsigned int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Number of a watched page, or -1. */
int script_watched(const char *word);

#endif
