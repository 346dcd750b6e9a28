/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * stage2 walk: the way of one IPA through tables in an image, step by step.
 */
#include <inttypes.h>
#include <stdio.h>

#include "bad.h"
#include "command.h"
#include "explain.h"
#include "number.h"
#include "tables.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
	return tables_parse(key, arg, state);
}

static const struct argp argp = {
	.parser = parse,
	.args_doc = "IMAGE IPA",
	.doc = "Walks the tables in a memory image for one IPA.  Exit status 1: the walk ends in a "
	       "fault.",
	.children = tables_children,
};

struct walk {
	const struct settings *settings;
	json_t *steps;
};

static void print_step(const struct spot *at, const struct report *entry)
{
	const json_t *odd = json_object_get(entry->json, "odd");
	size_t i;
	json_t *line;

	(void)printf("level %-2d  entry %-5u at %#-14" PRIx64 " %#" PRIx64 ": %s\n", at->level,
		     at->index, at->at, at->desc,
		     json_string_value(json_object_get(entry->json, "title")));
	json_array_foreach(odd, i, line)
	{
		(void)printf("          odd: %s\n", json_string_value(line));
	}
}

static void step(const struct walk *w, const struct tables *t, const struct spot *at)
{
	struct report entry;

	report_begin(&entry, "descriptor", at->desc);
	explain_entry(&entry, &t->regime, at->level, at->desc);
	report_member(&entry, "table", json_hex(at->table));
	report_member(&entry, "index", json_integer(at->index));
	report_close(&entry);
	if (!w->settings->json)
		print_step(at, &entry);
	if (json_array_append_new(w->steps, entry.json))
		bad("output", "no memory");
}

/* Null if the walk can go on from this entry, or has come to its end there. */
static const char *fault(const struct tables *t, const struct spot *at)
{
	switch (entry_kind(&t->regime, at->level, at->desc)) {
	case ENTRY_INVALID:
	case ENTRY_RESERVED:
		return "translation fault";
	default:
		return tables_can_follow(t, at) ? NULL : "address size fault";
	}
}

static int conclude(const struct walk *w, const char *fault, int level, uint64_t pa)
{
	json_t *all = json_object();

	json_put(all, "steps", w->steps);
	if (fault)
		json_put(all, "fault", json_sprintf("%s, level %d", fault, level));
	else
		json_put(all, "pa", json_hex(pa));
	if (w->settings->json)
		json_print(all);
	else if (fault)
		(void)printf("%s, level %d\n", fault, level);
	else
		(void)printf("PA %#" PRIx64 "\n", pa);
	return fault ? DIFFERENT : FINE;
}

static int walk(const struct walk *w, struct tables *t, uint64_t ipa)
{
	const struct regime *r = &t->regime;
	struct spot at;
	const char *why;

	if (ipa >> r->ipa_bits)
		return conclude(w, "the IPA has too many bits: translation fault", r->start, 0);
	tables_begin(t, ipa, &at);
	for (;;) {
		step(w, t, &at);
		why = fault(t, &at);
		if (why || entry_kind(r, at.level, at.desc) == ENTRY_LEAF)
			break;
		tables_down(t, ipa, &at);
	}
	return conclude(w, why, at.level,
			entry_address(r, at.level, at.desc) | (ipa & (at.size - 1)));
}

int command_walk(int argc, char **argv)
{
	struct tables_arguments a = {.wants_ipa = true};
	struct walk w = {.settings = &a.settings, .steps = json_array()};
	struct tables t;
	uint64_t ipa;

	settings_parse(&argp, argc, argv, &a);
	if (a.image && !a.ipa)
		bad("IPA", "none is given");
	ipa = a.ipa ? number("IPA", a.ipa, UINT64_MAX) : 0;
	tables_open(&t, &a);
	if (!a.settings.json)
		(void)printf("IPA %#" PRIx64 ": %s, at %#" PRIx64 "\n", ipa, regime_text(&t.regime),
			     t.way[0]);
	return walk(&w, &t, ipa);
}
