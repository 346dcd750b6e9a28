/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A scenario as a page that needs nothing else: every step is in it, as text, and a script
 * shows one at a time.  Colours say nothing that a word does not say as well.
 */
#include <stdarg.h>
#include <stdio.h>

#include "frames.h"
#include "page.h"

struct page {
	FILE *to;
	const json_t *before; /* the step before */
};

static void put_text(const struct page *p, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			(void)fputs("&lt;", p->to);
		else if (*text == '>')
			(void)fputs("&gt;", p->to);
		else if (*text == '&')
			(void)fputs("&amp;", p->to);
		else if (*text == '"')
			(void)fputs("&quot;", p->to);
		else
			(void)fputc(*text, p->to);
	}
}

static void put(const struct page *p, const char *html)
{
	(void)fputs(html, p->to);
}

/* A text between two pieces of HTML, unless it is empty. */
static void put_between(const struct page *p, const char *head, const char *text, const char *tail)
{
	if (!*text)
		return;
	put(p, head);
	put_text(p, text);
	put(p, tail);
}

static int integer(const json_t *object, const char *key)
{
	return (int)json_integer_value(json_object_get(object, key));
}

/* --- tables ----------------------------------------------------------------------------- */

static void put_entry(const struct page *p, const json_t *entry)
{
	int first = integer(entry, "first"), last = integer(entry, "last");
	const char *state = frames_text(entry, "state");
	bool window = json_object_get(entry, "window");

	(void)fprintf(p->to, "<span class=\"entry %s%s\"><small>[%d", state,
		      window ? " window" : "", first);
	if (last != first)
		(void)fprintf(p->to, "..%d", last);
	(void)fprintf(p->to, "]</small> %s", state);
	put_between(p, " <small>", frames_text(entry, "says"), "</small>");
	put(p, window ? " <strong>window</strong></span>\n" : "</span>\n");
}

static bool was_there(const struct page *p, const char *key, const json_t *one)
{
	json_t *other;
	size_t i;

	json_array_foreach(json_object_get(p->before, key), i, other)
	{
		if (json_equal(one, other))
			return true;
	}
	return false;
}

static void put_table(const struct page *p, const json_t *table)
{
	bool linked = json_is_true(json_object_get(table, "linked"));
	bool changed = p->before && !was_there(p, "tables", table);
	json_t *entry;
	size_t i;

	(void)fprintf(p->to,
		      "<div class=\"table%s%s\"><span class=\"name\">Level %d, page %d%s</span>\n",
		      linked ? "" : " unlinked", changed ? " changed" : "", integer(table, "level"),
		      integer(table, "page"), linked ? "" : ", <strong>unlinked</strong>");
	json_array_foreach(json_object_get(table, "entries"), i, entry)
	{
		put_entry(p, entry);
	}
	put(p, json_object_get(table, "more") ? "<span>&hellip;</span></div>\n" : "</div>\n");
}

/* --- caches ------------------------------------------------------------------------------ */

static void put_cache(const struct page *p, const json_t *cache)
{
	json_t *held;
	size_t i;

	put_between(p, "<div class=\"cache\"><span>", frames_text(cache, "page"), ", ");
	put_between(p, "", frames_text(cache, "cpu"), " may hold:</span><ul>\n");
	json_array_foreach(json_object_get(cache, "holds"), i, held)
	{
		bool stale = json_object_get(held, "stale");

		put_between(p, stale ? "<li class=\"stale\">stale: " : "<li>",
			    frames_text(held, "says"), "</li>\n");
	}
	put(p, "</ul></div>\n");
}

/* --- steps --------------------------------------------------------------------------------- */

static void put_lines(const struct page *p, const json_t *step, const char *key, const char *head,
		      const char *tail)
{
	json_t *line;
	size_t i;

	json_array_foreach(json_object_get(step, key), i, line)
	{
		put_between(p, head, json_string_value(line), tail);
	}
}

static void put_list(const struct page *p, const json_t *step, const char *key, const char *title)
{
	if (!json_object_get(step, key))
		return;
	put_between(p, "<h3>", title, "</h3>\n<ul>\n");
	put_lines(p, step, key, "<li>", "</li>\n");
	put(p, "</ul>\n");
}

static void put_tables(const struct page *p, const json_t *step)
{
	json_t *one;
	size_t i;

	put(p, "<h3>Tables</h3>\n");
	json_array_foreach(json_object_get(step, "tables"), i, one)
	{
		put_table(p, one);
	}
}

static void put_caches(const struct page *p, const json_t *step)
{
	json_t *one;
	size_t i;

	put(p, "<h3>What may be cached</h3>\n");
	json_array_foreach(json_object_get(step, "caches"), i, one)
	{
		put_cache(p, one);
	}
	if (!json_object_get(step, "caches"))
		put(p, "<p class=\"quiet\">Nothing of the pages that are watched.</p>\n");
	put_list(p, step, "missed", "Stores that table walks may have missed");
	put_list(p, step, "in_flight", "TLBIs on their way");
}

static void put_step(const struct page *p, const json_t *step)
{
	const json_t *cpu = json_object_get(step, "cpu");
	int n = integer(step, "step");

	(void)fprintf(p->to, "<li class=\"step\" id=\"step-%d\"><h2>Step %d", n, n);
	if (cpu)
		(void)fprintf(p->to, ", CPU%d", (int)json_integer_value(cpu));
	put(p, "</h2>\n<ul class=\"events\">\n");
	put_lines(p, step, "events", "<li>", "</li>\n");
	put(p, "</ul>\n");
	put_between(p, "<p class=\"note\">", frames_text(step, "note"), "</p>\n");
	put_between(p, "<p class=\"violation\">A rule is broken. ", frames_text(step, "violation"),
		    "</p>\n");
	put_lines(p, step, "windows", "<p class=\"window\">Window: ", ".</p>\n");
	put_tables(p, step);
	put_caches(p, step);
	put(p, "</li>\n");
}

/* --- the page -------------------------------------------------------------------------------- */

static void put_head(const struct page *p, const json_t *played)
{
	put(p, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
	put_between(p, "<title>", frames_text(played, "title"), " - stage2 play</title>\n");
	put(p, "<style>\n");
	put(p, page_play_css);
	put(p, "</style>\n</head>\n<body>\n<header>\n");
	put_between(p, "<h1>", frames_text(played, "title"), "</h1>\n");
	put_between(p, "<p>", frames_text(played, "about"), "</p>\n");
}

static void put_verdict(const struct page *p, const json_t *played)
{
	const json_t *memory = json_object_get(played, "memory");
	const char *violation = frames_text(played, "violation");

	put(p, *violation ? "<p class=\"verdict broken\">A rule is broken: "
			  : "<p class=\"verdict\">No rule is broken.");
	put_text(p, violation);
	put_between(p, "</p>\n<p class=\"quiet\">A is the guest's memory, from ",
		    frames_text(memory, "A"), " on, B other memory, from ");
	put_between(
		p, "", frames_text(memory, "B"),
		" on. What may be cached is the largest set that the architecture allows.</p>\n");
	put(p, "</header>\n");
}

static void put_controls(const struct page *p)
{
	put(p, "<nav id=\"controls\" aria-label=\"Steps\" hidden>\n"
	       "<button type=\"button\" id=\"first\">First</button>\n"
	       "<button type=\"button\" id=\"back\">Back</button>\n"
	       "<button type=\"button\" id=\"forth\">Forth</button>\n"
	       "<button type=\"button\" id=\"last\">Last</button>\n"
	       "<span id=\"where\" role=\"status\"></span>\n"
	       "<label><input type=\"checkbox\" id=\"all\"> all steps</label>\n"
	       "<small>Keys: left, right, Home, End</small>\n</nav>\n");
}

void frames_page(const json_t *played, FILE *to)
{
	struct page p = {.to = to};
	json_t *step;
	size_t i;

	put_head(&p, played);
	put_verdict(&p, played);
	put_controls(&p);
	put(&p, "<main>\n<ol id=\"steps\">\n");
	json_array_foreach(json_object_get(played, "steps"), i, step)
	{
		put_step(&p, step);
		p.before = step;
	}
	put(&p, "</ol>\n</main>\n<script>\n");
	put(&p, page_play_js);
	put(&p, "</script>\n</body>\n</html>\n");
}
