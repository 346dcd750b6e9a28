/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bad.h"
#include "features.h"
#include "number.h"
#include "settings.h"
#include "status.h"

enum { KEY_HELP = 0x100, KEY_JSON, KEY_COLOUR };
enum { KEY_GRANULE = 0x200, KEY_IPA, KEY_PA, KEY_VMID, KEY_LPA2, KEY_FEATURES, KEY_VTCR };

static const struct argp_option common_options[] = {
	{"json", KEY_JSON, NULL, 0, "Print JSON", 20},
	{"color", KEY_COLOUR, "WHEN", 0, "always, never, or auto: on a terminal (auto)", 20},
	{NULL},
};

static const struct argp_option help_options[] = {
	{"help", KEY_HELP, NULL, 0, "Print this", 21},
	{NULL},
};

static const struct argp_option format_options[] = {
	{NULL, 0, NULL, 0, "The shape of the translation:", 10},
	{"granule", KEY_GRANULE, "SIZE", 0, "4K, 16K or 64K (4K)", 10},
	{"ipa-bits", KEY_IPA, "N", 0, "Bits of the guest's addresses, 32..52 (40)", 10},
	{"pa-bits", KEY_PA, "N", 0,
	 "Bits of output addresses: 32, 36, 40, 42, 44, 48, 52 (48, with LPA2 52)", 10},
	{"vmid-bits", KEY_VMID, "N", 0, "8 or 16 (8)", 10},
	{"lpa2", KEY_LPA2, NULL, 0, "Descriptors of FEAT_LPA2 (VTCR_EL2.DS)", 10},
	{"features", KEY_FEATURES, "LIST", 0,
	 "What the CPUs have: lpa2, fwb, ttl, tlbirange, haf, hd, cnp, xnx, bbm1, bbm2; and "
	 "contig, to use the Contiguous bit",
	 10},
	{NULL},
};

static const struct argp_option registers_options[] = {
	{"vtcr", KEY_VTCR, "VALUE", 0, "Granule, sizes and LPA2 from VTCR_EL2 instead", 10},
	{NULL},
};

static bool colour(const char *when)
{
	if (!strcmp(when, "auto"))
		return isatty(STDOUT_FILENO);
	if (strcmp(when, "always") != 0 && strcmp(when, "never") != 0)
		bad("--color", "'%s' is neither always, never nor auto", when);
	return *when == 'a';
}

static _Noreturn void help(const struct argp_state *state)
{
	argp_help(state->root_argp, stdout, ARGP_HELP_LONG | ARGP_HELP_USAGE | ARGP_HELP_DOC,
		  state->name);
	exit(FINE);
}

static error_t parse_help(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key == KEY_HELP)
		help(state);
	if (key == ARGP_KEY_ERROR)
		bad(state->argv[state->next - 1], "no such option, or not complete; see %s --help",
		    state->name);
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_common(int key, char *arg, struct argp_state *state)
{
	struct settings *s = state->input;

	switch (key) {
	case KEY_JSON:
		s->json = true;
		return 0;
	case KEY_COLOUR:
		s->colour = colour(arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static uint8_t granule(const char *arg)
{
	static const char *const names[] = {"4K", "16K", "64K"};

	for (uint8_t i = 0; i < 3; i++) {
		if (!strcasecmp(arg, names[i]))
			return (uint8_t)(12 + 2 * i);
	}
	bad("--granule", "'%s' is neither 4K, 16K nor 64K", arg);
}

/* 0 says that a number was not given, and is none that could be. */
static uint8_t bit_count(const char *what, const char *arg)
{
	uint64_t n = number(what, arg, 64);

	if (!n)
		bad(what, "0 is too small");
	return (uint8_t)n;
}

static error_t parse_format(int key, char *arg, struct argp_state *state)
{
	struct settings *s = state->input;

	switch (key) {
	case KEY_GRANULE:
		s->config.granule_shift = granule(arg);
		return 0;
	case KEY_IPA:
		s->config.ipa_bits = bit_count("--ipa-bits", arg);
		return 0;
	case KEY_PA:
		s->config.pa_bits = bit_count("--pa-bits", arg);
		return 0;
	case KEY_VMID:
		s->config.vmid_bits = bit_count("--vmid-bits", arg);
		return 0;
	case KEY_LPA2:
		s->config.features |= S2_FEAT_LPA2;
		return 0;
	case KEY_FEATURES:
		s->config.features |= features_parse(arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_registers(int key, char *arg, struct argp_state *state)
{
	struct settings *s = state->input;

	if (key != KEY_VTCR)
		return ARGP_ERR_UNKNOWN;
	s->vtcr = number("--vtcr", arg, UINT64_MAX);
	s->has_vtcr = true;
	return 0;
}

static const struct argp help_argp = {.options = help_options, .parser = parse_help};
static const struct argp common_argp = {.options = common_options, .parser = parse_common};
static const struct argp format_argp = {.options = format_options, .parser = parse_format};
static const struct argp registers_argp = {.options = registers_options, .parser = parse_registers};

const struct argp_child settings_help[] = {{&help_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp_child settings_print[] = {
	{&help_argp, 0, NULL, 0}, {&common_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
const struct argp_child settings_format[] = {{&help_argp, 0, NULL, 0},
					     {&common_argp, 0, NULL, 0},
					     {&format_argp, 0, NULL, 0},
					     {NULL, 0, NULL, 0}};
const struct argp_child settings_registers[] = {{&help_argp, 0, NULL, 0},
						{&common_argp, 0, NULL, 0},
						{&format_argp, 0, NULL, 0},
						{&registers_argp, 0, NULL, 0},
						{NULL, 0, NULL, 0}};

static error_t parse_registers_all(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	settings_init(state, settings_registers);
	return 0;
}

const struct argp settings_registers_argp = {.parser = parse_registers_all,
					     .children = settings_registers};

void settings_init(const struct argp_state *state, const struct argp_child *children)
{
	struct settings *s = state->input;

	s->colour = isatty(STDOUT_FILENO);
	for (unsigned int i = 0; children[i].argp; i++)
		state->child_inputs[i] = s;
}

/*
 * argp's own errors take two lines, and ARGP_NO_ERRS takes its --help away with them: so
 * the children above have one of their own, and an answer to ARGP_KEY_ERROR.
 */
void settings_parse(const struct argp *argp, int argc, char **argv, void *input)
{
	error_t error = argp_parse(argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP | ARGP_IN_ORDER,
				   NULL, input);

	if (error)
		bad(argv[0], "%s", strerror(error));
}

void settings_complete(struct s2_format *fmt, const struct settings *s)
{
	struct s2_config config = s->config;
	int status;

	if (!config.granule_shift)
		config.granule_shift = S2_GRANULE_4K;
	if (!config.ipa_bits)
		config.ipa_bits = 40;
	if (!config.pa_bits)
		config.pa_bits = config.features & S2_FEAT_LPA2 ? 52 : 48;
	if (!config.vmid_bits)
		config.vmid_bits = 8;
	status = s2_format_init(fmt, &config);
	if (status)
		bad(status_option(status), "%s", status_text(status));
}

void settings_only(const char **only, const char *arg)
{
	if (*only)
		bad(arg, "an argument too many");
	*only = arg;
}
