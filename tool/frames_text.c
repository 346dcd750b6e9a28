/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A scenario for a terminal: each step with what happened; what the tables say and what may
 * be cached only where that is not what it was in the step before.
 */
#include <stdio.h>

#include "frames.h"

struct print {
	bool colour;
	const json_t *before; /* the step before */
};

static const char *code(const struct print *p, const char *escape)
{
	return p->colour ? escape : "";
}

#define BOLD "\033[1m"
#define RED "\033[31m"
#define YELLOW "\033[33m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"

static bool is_new(const struct print *p, const json_t *step, const char *key)
{
	const json_t *now = json_object_get(step, key);

	return now && !json_equal(now, json_object_get(p->before, key));
}

static void print_entry(const struct print *p, const json_t *entry)
{
	int first = (int)json_integer_value(json_object_get(entry, "first"));
	int last = (int)json_integer_value(json_object_get(entry, "last"));
	const char *says = frames_text(entry, "says");
	bool window = json_object_get(entry, "window");

	(void)printf("  [%d", first);
	if (last != first)
		(void)printf("..%d", last);
	(void)printf("] %s%s%s%s%s%s%s", window ? code(p, YELLOW) : "", frames_text(entry, "state"),
		     window ? code(p, PLAIN) : "", *says ? " (" : "", says, *says ? ")" : "",
		     window ? " <- window" : "");
}

static void print_table(const struct print *p, const json_t *table)
{
	const json_t *entries = json_object_get(table, "entries");
	bool linked = json_is_true(json_object_get(table, "linked"));
	json_t *entry;
	size_t i;

	(void)printf("      L%d page %-2d",
		     (int)json_integer_value(json_object_get(table, "level")),
		     (int)json_integer_value(json_object_get(table, "page")));
	if (!linked)
		(void)printf("  %sunlinked%s", code(p, YELLOW), code(p, PLAIN));
	json_array_foreach(entries, i, entry)
	{
		print_entry(p, entry);
	}
	(void)printf("%s\n", json_object_get(table, "more") ? "  ..." : "");
}

static void print_cache(const struct print *p, const json_t *cache)
{
	const json_t *holds = json_object_get(cache, "holds");
	json_t *held;
	size_t i;

	(void)printf("      %s, %s may hold:\n", frames_text(cache, "page"),
		     frames_text(cache, "cpu"));
	json_array_foreach(holds, i, held)
	{
		bool stale = json_object_get(held, "stale");

		(void)printf("        %s%s%s%s\n", stale ? code(p, RED) : "",
			     frames_text(held, "says"), stale ? "  <- stale" : "",
			     stale ? code(p, PLAIN) : "");
	}
}

/* Those tables or caches that are not as they were. */
static void print_changed(const struct print *p, const json_t *step, const char *key,
			  void (*print)(const struct print *p, const json_t *one))
{
	const json_t *now = json_object_get(step, key), *then = json_object_get(p->before, key);
	json_t *one, *other;
	size_t i, j;

	json_array_foreach(now, i, one)
	{
		bool was = false;

		json_array_foreach(then, j, other)
		{
			was |= json_equal(one, other);
		}
		if (!was)
			print(p, one);
	}
}

static void print_lines(const struct print *p, const json_t *step, const char *key,
			const char *head)
{
	const json_t *lines = json_object_get(step, key);
	json_t *line;
	size_t i;

	if (!is_new(p, step, key))
		return;
	json_array_foreach(lines, i, line)
	{
		(void)printf("      %s%s\n", head, json_string_value(line));
	}
}

static void print_events(const struct print *p, const json_t *step)
{
	const json_t *events = json_object_get(step, "events"), *cpu = json_object_get(step, "cpu");
	const char *note = frames_text(step, "note");
	json_t *event;
	size_t i;

	(void)printf("%s%3d  ", code(p, BOLD),
		     (int)json_integer_value(json_object_get(step, "step")));
	if (cpu)
		(void)printf("CPU%d: ", (int)json_integer_value(cpu));
	json_array_foreach(events, i, event)
	{
		(void)printf("%s%s", i ? "; " : "", json_string_value(event));
	}
	(void)printf("%s%s%s\n", *note ? "-- " : "", note, code(p, PLAIN));
}

static void print_step(const struct print *p, const json_t *step)
{
	const char *violation = frames_text(step, "violation");

	print_events(p, step);
	print_changed(p, step, "tables", print_table);
	print_changed(p, step, "caches", print_cache);
	print_lines(p, step, "missed", "");
	print_lines(p, step, "in_flight", "");
	print_lines(p, step, "windows", "window: ");
	if (*violation)
		(void)printf("%s     VIOLATION  %s%s\n", code(p, RED), violation, code(p, PLAIN));
}

void frames_print(const json_t *played, bool colour)
{
	struct print p = {.colour = colour};
	const json_t *memory = json_object_get(played, "memory");
	const char *about = frames_text(played, "about");
	json_t *step;
	size_t i;

	(void)printf("%s%s%s\n", code(&p, BOLD), frames_text(played, "title"), code(&p, PLAIN));
	if (*about)
		(void)printf("%s\n", about);
	(void)printf("%sA is the guest's memory, from %s on, B other memory, from %s on.%s\n\n",
		     code(&p, DIM), frames_text(memory, "A"), frames_text(memory, "B"),
		     code(&p, PLAIN));
	json_array_foreach(json_object_get(played, "steps"), i, step)
	{
		print_step(&p, step);
		p.before = step;
	}
}
