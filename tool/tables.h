/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Tables in an image, whoever built them: every entry is read with its bounds checked, and
 * no way leads in a circle.
 *
 * Tables that lead out of the image, or back to one that led to them, are bad input.
 */
#ifndef TOOL_TABLES_H
#define TOOL_TABLES_H

#include "entry.h"
#include "image.h"
#include "regime.h"

/* Options of the commands that read an image, and its name.  First in their input. */
struct tables_arguments {
	struct settings settings;
	const char *image;
	const char *ipa;
	bool wants_ipa;
	bool has_base, has_vttbr;
	uint64_t base, vttbr;
};

#define TABLES_DEPTH 5 /* levels -1..3 */

struct tables {
	struct image image;
	struct regime regime;
	uint64_t way[TABLES_DEPTH]; /* addresses of the tables from the root on */
	unsigned int depth; /* how many of them */
	uint64_t visited; /* tables */
};

/* One entry. */
struct spot {
	uint64_t ipa; /* the first that it covers */
	uint64_t size;
	uint64_t table; /* that it is in */
	uint64_t at; /* its own address */
	uint64_t desc;
	unsigned int index;
	int level;
};

extern const struct argp_child tables_children[];

/* For a command's parser: takes ARGP_KEY_INIT and the arguments that are no options. */
error_t tables_parse(int key, char *arg, struct argp_state *state);

/* Opens what the arguments name; bad() if that is not possible. */
void tables_open(struct tables *t, const struct tables_arguments *a);

/* The root's entry for an IPA; and from a table entry on the way down the next one. */
void tables_begin(struct tables *t, uint64_t ipa, struct spot *at);
void tables_down(struct tables *t, uint64_t ipa, struct spot *at);

/* Reads entry `index` of the table that `at` is in; for what is next to it. */
uint64_t tables_entry(struct tables *t, const struct spot *at, unsigned int index);

/* Whether a table entry's address can be an address at all. */
bool tables_can_follow(const struct tables *t, const struct spot *at);

/*
 * Calls `visit` for each entry of each table, in ascending order: for a table's before those
 * in the table.  It is not followed if tables_can_follow() says no.
 */
typedef void tables_visitor(struct tables *t, const struct spot *at, void *arg);
void tables_visit(struct tables *t, tables_visitor *visit, void *arg);

#endif
