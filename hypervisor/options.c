/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Parses the command line.  Whatever it does not understand stops the run: a
 * misspelt option that silently does nothing would make a test prove nothing.
 */
#include <stdbool.h>
#include <stddef.h>

#include "console.h"
#include "guest.h"
#include "memory.h"
#include "options.h"
#include "report.h"
#include "semihost.h"

struct options options = {.mem = 512, .granule = 4, .seed = 1};

static const struct option {
	const char *name;
	uint64_t *value;
	uint64_t min;
	uint64_t max;
} known[] = {
	{"mem", &options.mem, RAM_MIN_MIB, RAM_MAX_MIB},
	{"granule", &options.granule, 4, 64},
	{"churn", &options.churn, 0, 1},
	{"seed", &options.seed, 1, UINT32_MAX},
	{"dirty", &options.dirty, DIRTY_NONE, DIRTY_SPLIT},
	{"migrate", &options.migrate, 0, 1},
	{"split", &options.split, 0, 1},
	{"bbm", &options.bbm, 0, 2},
	{"contig", &options.contig, 0, 1},
	{"worker", &options.worker, 0, MAX_VCPUS},
};

/* If `word` starts with `name` and '=', what follows. */
static const char *value_of(const char *word, const char *name)
{
	while (*name && *word == *name) {
		word++;
		name++;
	}
	return !*name && *word == '=' ? word + 1 : NULL;
}

/* A decimal number up to a blank or the end; false if it is none, or above `max`. */
static bool number(const char *text, uint64_t max, uint64_t *value)
{
	const char *at = text;

	*value = 0;
	for (; *at >= '0' && *at <= '9' && *value <= max; at++)
		*value = *value * 10 + (uint64_t)(*at - '0');
	return at != text && (*at == ' ' || *at == '\0') && *value <= max;
}

static void set_option(const char *word)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct option *o = &known[i];
		const char *text = value_of(word, o->name);

		if (!text)
			continue;
		if (!number(text, o->max, o->value) || *o->value < o->min)
			die("option %s must be a number from %lu to %lu", o->name, o->min, o->max);
		return;
	}
	die("unknown option in the command line at: %s", word);
}

static void check_granule(void)
{
	if (options.granule != 4 && options.granule != 16 && options.granule != 64)
		die("option granule must be 4, 16 or 64, not %lu", options.granule);
}

/* One job at a time, and a CPU for it. */
static void check_work(void)
{
	if (options.migrate && !options.dirty)
		die("option migrate needs dirty: a way to log what the guest writes");
	if (options.split && options.dirty)
		die("options split and dirty exclude each other");
	if ((options.split || options.dirty) && !options.worker)
		die("options split and dirty need worker: a CPU that the guest does not have");
}

/* The word after this one; the first word of a command line is the program's name. */
static const char *next_word(const char *at)
{
	while (*at && *at != ' ')
		at++;
	while (*at == ' ')
		at++;
	return at;
}

void options_init(void)
{
	static char line[256];

	if (!semihost_command_line(line, sizeof(line)))
		die("no command line: QEMU needs -semihosting-config enable=on,arg=...");
	for (const char *word = next_word(line); *word; word = next_word(word))
		set_option(word);
	check_granule();
	check_work();
}
