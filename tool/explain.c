/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * stage2 explain: which kind of value is meant.
 */
#include <string.h>

#include "bad.h"
#include "command.h"
#include "explain.h"
#include "number.h"

enum { KEY_LEVEL = 0x300, KEY_HPFAR, KEY_FAR };

static const struct argp_option options[] = {
	{"level", KEY_LEVEL, "N", 0, "Of a descriptor: the level of its table, -1..3", 1},
	{"hpfar", KEY_HPFAR, "VALUE", 0, "Of an abort: HPFAR_EL2", 1},
	{"far", KEY_FAR, "VALUE", 0, "Of an abort: FAR_EL2", 1},
	{NULL},
};

static const struct {
	const char *name;
	unsigned int words;
	void (*run)(const struct explain *e);
} kinds[] = {
	{"vtcr", 2, explain_vtcr},
	{"vttbr", 2, explain_vttbr},
	{"tlbi", 3, explain_tlbi},
	{"esr", 2, explain_esr},
};

static int level_of(const char *arg)
{
	if (!strcmp(arg, "-1"))
		return -1;
	return (int)number("--level", arg, LAST_LEVEL);
}

static void take_word(struct explain *e, const char *arg)
{
	if (e->words == EXPLAIN_WORDS)
		bad(arg, "an argument too many");
	e->word[e->words++] = arg;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct explain *e = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		settings_init(state, settings_registers);
		return 0;
	case KEY_LEVEL:
		e->level = level_of(arg);
		return 0;
	case KEY_HPFAR:
		e->hpfar = number("--hpfar", arg, UINT64_MAX);
		e->has_hpfar = true;
		return 0;
	case KEY_FAR:
		e->far = number("--far", arg, UINT64_MAX);
		e->has_far = true;
		return 0;
	case ARGP_KEY_ARG:
		take_word(e, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "DESCRIPTOR\nvtcr VALUE\nvttbr VALUE\ntlbi OP [OPERAND]\nesr VALUE",
	.doc = "Says what a stage-2 descriptor, a register or the operand of a TLBI means, field "
	       "by "
	       "field, and what is odd about it.",
	.children = settings_registers,
};

static void check_words(const struct explain *e, unsigned int most)
{
	unsigned int least = most == 3 ? 2 : most;

	if (e->words > most)
		bad(e->word[most], "an argument too many");
	if (e->words < least)
		bad(e->word[0], "its value is missing");
}

static void explain_one(const struct explain *e)
{
	uint64_t ignored;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(e->word[0], kinds[i].name)) {
			check_words(e, kinds[i].words);
			kinds[i].run(e);
			return;
		}
	}
	if (!number_parse(e->word[0], &ignored))
		bad(e->word[0], "neither a descriptor nor vtcr, vttbr, tlbi or esr");
	check_words(e, 1);
	explain_descriptor(e);
}

int command_explain(int argc, char **argv)
{
	struct explain e = {.level = NO_LEVEL_GIVEN};

	settings_parse(&argp, argc, argv, &e);
	if (!e.words)
		bad("DESCRIPTOR", "none is given; see stage2 explain --help");
	explain_one(&e);
	return FINE;
}
