/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * stage2 check: whether a low-level trace keeps to the rules.
 */
#include <inttypes.h>
#include <stdio.h>

#include "bad.h"
#include "command.h"
#include "json.h"
#include "rules.h"
#include "settings.h"

/* More are counted only. */
#define SHOWN 1000

struct arguments {
	struct settings settings;
	const char *name;
};

struct listing {
	json_t *json; /* null for a text */
	uint64_t count;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		settings_init(state, settings_print);
		return 0;
	case ARGP_KEY_ARG:
		settings_only(&a->name, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse,
	.args_doc = "TRACE",
	.doc = "Checks a low-level trace, whoever recorded it: descriptor stores, barriers, TLBIs, "
	       "frees.  Exit status 1: a rule is broken; each breach names the lines that led to "
	       "it.",
	.children = settings_print,
};

static void print_breach(const struct breach *b)
{
	(void)printf("line %lu: %s: %s\n", b->line, rule_name(b->rule), b->text);
	for (unsigned int i = 0; i < b->lines; i++)
		(void)printf("  line %lu: %s\n", b->at[i].number, b->at[i].text);
	if (*b->missing)
		(void)printf("  missing: %s\n", b->missing);
	if (rule_section(b->rule))
		(void)printf("  Arm ARM: %s\n", rule_section(b->rule));
}

static json_t *lines_json(const struct breach *b)
{
	json_t *lines = json_array();

	for (unsigned int i = 0; i < b->lines; i++) {
		json_t *line = json_object();

		json_put(line, "line", json_integer((json_int_t)b->at[i].number));
		json_put(line, "says", json_string(b->at[i].text));
		(void)json_array_append_new(lines, line);
	}
	return lines;
}

static json_t *breach_json(const struct breach *b)
{
	const char *section = rule_section(b->rule);
	json_t *json = json_object();

	json_put(json, "line", json_integer((json_int_t)b->line));
	json_put(json, "rule", json_string(rule_name(b->rule)));
	json_put(json, "text", json_string(b->text));
	json_put(json, "lines", lines_json(b));
	json_put(json, "missing", json_string(b->missing));
	json_put(json, "section", section ? json_string(section) : json_null());
	return json;
}

static void take_breach(const struct breach *b, void *arg)
{
	struct listing *l = arg;

	if (l->count++ >= SHOWN)
		return;
	if (!l->json)
		print_breach(b);
	else if (json_array_append_new(l->json, breach_json(b)))
		bad("output", "no memory");
}

static void print_summary(const struct rules *r)
{
	(void)printf("check: events=%" PRIu64 " stores=%" PRIu64 " barriers=%" PRIu64
		     " tlbis=%" PRIu64 " breaks=%" PRIu64 " frees=%" PRIu64 " violations=%" PRIu64
		     "\n",
		     r->events, r->stores, r->barriers, r->tlbis, r->breaks, r->frees, r->breaches);
}

static void summary_json(const struct rules *r, json_t *breaches)
{
	json_t *json = json_object();

	json_put(json, "violations", breaches);
	json_put(json, "events", json_integer((json_int_t)r->events));
	json_put(json, "stores", json_integer((json_int_t)r->stores));
	json_put(json, "barriers", json_integer((json_int_t)r->barriers));
	json_put(json, "tlbis", json_integer((json_int_t)r->tlbis));
	json_put(json, "breaks", json_integer((json_int_t)r->breaks));
	json_put(json, "frees", json_integer((json_int_t)r->frees));
	json_put(json, "broken", json_integer((json_int_t)r->breaches));
	json_print(json);
}

static void check(struct rules *r, struct trace *t, struct listing *l)
{
	struct event e;

	trace_begin(t);
	rules_begin(r, t, take_breach, l);
	while (trace_next(t, &e))
		rules_take(r, &e);
	rules_end(r);
}

int command_check(int argc, char **argv)
{
	static struct rules r;
	struct arguments a = {.name = NULL};
	struct listing l = {.json = NULL};
	struct trace t;

	settings_parse(&argp, argc, argv, &a);
	if (!a.name)
		bad("TRACE", "none is given");
	l.json = a.settings.json ? json_array() : NULL;
	lines_open(&t.lines, a.name);
	check(&r, &t, &l);
	if (l.json)
		summary_json(&r, l.json);
	else
		print_summary(&r);
	rules_close(&r);
	lines_close(&t.lines);
	return r.breaches ? DIFFERENT : FINE;
}
