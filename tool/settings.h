/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Options that several commands have: how to print, and the shape of a translation.
 *
 * The input of a command's argp begins with a struct settings, and its parser calls
 * settings_init() for ARGP_KEY_INIT, which hands it down to the parsers of these options.
 */
#ifndef TOOL_SETTINGS_H
#define TOOL_SETTINGS_H

#include <argp.h>
#include <stdbool.h>

#include <stage2/format.h>

struct settings {
	bool json;
	bool colour;
	bool has_vtcr;
	uint64_t vtcr;
	struct s2_config config; /* 0 in a member: it was not given */
};

/* Children of a command's argp: --help alone; how to print; and a format; and --vtcr. */
extern const struct argp_child settings_help[];
extern const struct argp_child settings_print[];
extern const struct argp_child settings_format[];
extern const struct argp_child settings_registers[];

/* The last of them as one, to be a child beside others. */
extern const struct argp settings_registers_argp;

void settings_init(const struct argp_state *state, const struct argp_child *children);

/* argp_parse() with one line for each error, and --help. */
void settings_parse(const struct argp *argp, int argc, char **argv, void *input);

/* The format that was asked for, with what was left open filled in; bad() if there is no such. */
void settings_complete(struct s2_format *fmt, const struct settings *s);

/* Takes `arg` as the only argument that is no option; bad() if there was one before. */
void settings_only(const char **only, const char *arg);

#endif
