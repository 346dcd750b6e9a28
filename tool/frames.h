/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A scenario as it was played, as JSON: whatever is printed is made of that, so that a text
 * and a page say the same.
 *
 *	{"name", "title", "about", "memory": {"A", "B"}, "steps": [...], "violation"}
 *
 * and a step:
 *
 *	{"step", "line", "cpu", "happened": [...], "events": [...], "note",
 *	 "tables": [{"name", "level", "page", "ipa", "linked",
 *		     "entries": [{"first", "last", "state", "says", "window"}]}],
 *	 "caches": [{"page", "cpu", "holds": [{"says", "stale"}]}],
 *	 "windows": [...], "missed": [...], "in_flight": [...], "violation"}
 *
 * What is null or empty is left out.
 */
#ifndef TOOL_FRAMES_H
#define TOOL_FRAMES_H

#include "json.h"
#include "script.h"

/* Plays it; bad() if it cannot be. */
json_t *frames_play(const struct script *s);

/* For people. */
void frames_print(const json_t *played, bool colour);

/* A page of its own. */
void frames_page(const json_t *played, FILE *to);

/* Members that may not be there: NULL, an empty text. */
const char *frames_text(const json_t *object, const char *key);

#endif
