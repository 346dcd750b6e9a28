/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The command: which subcommand is meant.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bad.h"
#include "command.h"
#include "settings.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{"stage2 explain", command_explain,
	 "a descriptor, a register, a TLBI or an abort in words"},
	{"stage2 encode", command_encode,
	 "the reverse: a descriptor, a register, an operand of a TLBI"},
	{"stage2 walk", command_walk, "the way of one IPA through tables in a memory image"},
	{"stage2 dump", command_dump, "what tables in a memory image map"},
	{"stage2 verify", command_verify, "whether tables in a memory image are sound"},
	{"stage2 check", command_check,
	 "whether a trace of stores, barriers and TLBIs keeps the rules"},
	{"stage2 replay", command_replay,
	 "a recorded workload once more, on the machine model or on threads"},
	{"stage2 format", command_format, "levels, sizes and registers of a translation"},
	{"stage2 play", command_play, "a scenario on a model of the machine, step by step"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))
#define PREFIX strlen("stage2 ")

struct arguments {
	struct settings settings;
	int at; /* the subcommand, in argv */
};

enum { KEY_VERSION = 0x300 };

static const struct argp_option options[] = {
	{"version", KEY_VERSION, NULL, 0, "Print the version", 21},
	{NULL},
};

/* All after the subcommand's name is left to it. */
static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		settings_init(state, settings_help);
		return 0;
	case ARGP_KEY_ARG:
		a->at = state->next - 1;
		state->next = state->argc;
		return 0;
	case KEY_VERSION:
		(void)puts("stage2 " VERSION);
		exit(FINE);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static char *list_commands(int key, const char *text, void *input)
{
	char *list = NULL;
	size_t size;
	FILE *to;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	to = open_memstream(&list, &size);
	if (!to)
		return (char *)text;
	(void)fprintf(to, "Commands:\n");
	for (size_t i = 0; i < COMMANDS; i++)
		(void)fprintf(to, "  %-10s %s\n", commands[i].name + PREFIX, commands[i].summary);
	(void)fprintf(to,
		      "\nstage2 COMMAND --help says more of each.  Exit status: 0 all is well, 1 a "
		      "rule is broken or nothing is mapped there, 2 usage or bad input.\n");
	(void)fclose(to);
	return list;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "COMMAND [ARGUMENT...]",
	.doc = "Looks into Arm stage-2 translation tables.\v ",
	.children = settings_help,
	.help_filter = list_commands,
};

int main(int argc, char **argv)
{
	struct arguments a = {.at = 0};

	argv[0] = "stage2";
	settings_parse(&argp, argc, argv, &a);
	if (!a.at)
		bad("COMMAND", "none is given; see stage2 --help");
	for (size_t i = 0; i < COMMANDS; i++) {
		if (!strcmp(argv[a.at], commands[i].name + PREFIX)) {
			argv[a.at] = (char *)commands[i].name;
			return commands[i].run(argc - a.at, argv + a.at);
		}
	}
	bad(argv[a.at], "no such command; see stage2 --help");
}
