/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * stage2 play: a scenario on the machine model, step by step.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bad.h"
#include "command.h"
#include "frames.h"
#include "ready.h"
#include "settings.h"

enum { KEY_LIST = 0x300, KEY_HTML, KEY_SOURCE };

#define SCRIPT_MAX (UINT64_C(1) << 20)

struct arguments {
	struct settings settings;
	const char *script, *html;
	bool list, source;
};

static const struct argp_option options[] = {
	{"list", KEY_LIST, NULL, 0, "The ready scenarios, by name", 1},
	{"source", KEY_SOURCE, NULL, 0, "Print the script, and play nothing", 1},
	{"html", KEY_HTML, "FILE", 0, "Write a page in which to step through it, and print nothing",
	 1},
	{NULL},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		settings_init(state, settings_print);
		return 0;
	case KEY_LIST:
		a->list = true;
		return 0;
	case KEY_SOURCE:
		a->source = true;
		return 0;
	case KEY_HTML:
		a->html = arg;
		return 0;
	case ARGP_KEY_ARG:
		settings_only(&a->script, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "SCRIPT",
	.doc = "Plays a scenario on a model of the machine: what each step does to the tables, "
	       "what "
	       "CPUs may have cached, and which entries are broken.  SCRIPT is a file, or the name "
	       "of a ready scenario.",
	.children = settings_print,
};

/* --- scripts ------------------------------------------------------------------------ */

static const char *find_ready(const char *name)
{
	for (unsigned int i = 0; i < ready_count; i++) {
		if (!strcmp(name, ready[i].name))
			return ready[i].text;
	}
	return NULL;
}

static FILE *open_file(const char *name, const char *mode, const char *hint)
{
	FILE *file = fopen(name, mode);

	if (file)
		return file;
	bad(name, "%s%s", strerror(errno), hint);
}

static const char *read_script(const char *name)
{
	static char text[SCRIPT_MAX + 1];
	bool path = strchr(name, '/') || strchr(name, '.');
	FILE *from = open_file(name, "re",
			       path ? "" : "; stage2 play --list has the scenarios that are ready");
	size_t size = fread(text, 1, SCRIPT_MAX, from);

	if (ferror(from))
		bad(name, "%s", strerror(errno));
	if (size == SCRIPT_MAX)
		bad(name, "1M or more: no script");
	text[size] = '\0';
	if (strlen(text) != size)
		bad(name, "offset %zu: a NUL character: no script", strlen(text));
	(void)fclose(from);
	return text;
}

static json_t *list(void)
{
	static struct script script;
	json_t *array = json_array();

	for (unsigned int i = 0; i < ready_count; i++) {
		script_parse(&script, ready[i].name, ready[i].text);
		(void)json_array_append_new(array, json_pack("{s:s,s:s}", "name", ready[i].name,
							     "title", script.title));
	}
	return array;
}

static void print_list(bool as_json)
{
	json_t *array = list(), *one;
	size_t i;

	if (as_json) {
		json_print(array);
		return;
	}
	json_array_foreach(array, i, one)
	{
		(void)printf("%-24s %s\n", frames_text(one, "name"), frames_text(one, "title"));
	}
	json_decref(array);
}

/* --- what is printed ------------------------------------------------------------------ */

static void write_page(const json_t *played, const char *name)
{
	FILE *to = open_file(name, "we", "");
	bool failed;

	frames_page(played, to);
	failed = ferror(to);
	if (fclose(to) || failed)
		bad(name, "%s", strerror(errno));
}

static void print(json_t *played, const struct arguments *a)
{
	if (a->html)
		write_page(played, a->html);
	if (a->settings.json)
		json_print(json_incref(played));
	else if (!a->html)
		frames_print(played, a->settings.colour);
}

static int play(const struct arguments *a, const char *text)
{
	static struct script script;
	json_t *played;
	bool broken;

	script_parse(&script, a->script, text);
	played = frames_play(&script);
	print(played, a);
	broken = json_object_get(played, "violation");
	json_decref(played);
	return broken ? DIFFERENT : FINE;
}

int command_play(int argc, char **argv)
{
	struct arguments a = {.script = NULL};
	const char *text;

	settings_parse(&argp, argc, argv, &a);
	if (a.list) {
		print_list(a.settings.json);
		return FINE;
	}
	if (!a.script)
		bad("SCRIPT", "none is given; stage2 play --list has those that are ready");
	text = find_ready(a.script);
	if (!text)
		text = read_script(a.script);
	if (!a.source)
		return play(&a, text);
	(void)fputs(text, stdout);
	return FINE;
}
