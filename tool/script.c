/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "act.h"
#include "bad.h"
#include "features.h"
#include "line.h"
#include "script.h"

static const char *const watched[] = SCENE_WATCHED_NAMES;
#define WATCHED_NAMES (sizeof(watched) / sizeof(watched[0]))

void script_bad(const struct script *s, unsigned int line, const char *format, ...)
{
	char where[2 * SCENE_TEXT], why[2 * SCENE_TEXT];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	(void)snprintf(where, sizeof(where), "%s:%u", s->name, line);
	bad(where, "%s", why);
}

int script_watched(const char *word)
{
	for (unsigned int i = 0; i < WATCHED_NAMES; i++) {
		if (!strcmp(word, watched[i]))
			return (int)i;
	}
	return -1;
}

/* --- the world -------------------------------------------------------------------- */

/* Of a size at which page tables have all of levels 1 to 3, or 2 and 3. */
static void parse_granule(struct script *s, struct line *l)
{
	static const char *const names[] = {"4K", "16K", "64K", NULL};
	static const unsigned char ipa_bits[] = {39, 40, 48}, pa_bits[] = {40, 48, 48};
	unsigned int i = line_choice(l, "a granule", names);

	s->scenario.config.granule_shift = (uint8_t)(12 + 2 * i);
	s->scenario.config.ipa_bits = ipa_bits[i];
	s->scenario.config.pa_bits = pa_bits[i];
}

static void parse_features(struct script *s, struct line *l)
{
	const char *list = line_word(l, "a list of features, or none");
	struct s2_format fmt;

	s->scenario.config.features = 0;
	if (strcmp(list, "none") != 0 && features_find(list, &s->scenario.config.features))
		line_bad(l, "'%.60s' is no list of features", list);
	if (s->scenario.config.features & S2_FEAT_LPA2 || s2_format_init(&fmt, &s->scenario.config))
		line_bad(l, "no such format here: lpa2 is not played, hd needs haf");
}

static void parse_watch(struct script *s, struct line *l)
{
	memset(s->watch, 0, sizeof(s->watch));
	while (line_more(l))
		s->watch[line_choice(l, "a watched page",
				     (const char *const[]){"page0", "page1", "last", "block1",
							   "block2", NULL})] = true;
}

static void parse_title(struct script *s, struct line *l)
{
	(void)snprintf(s->title, sizeof(s->title), "%s", line_rest(l, "a title"));
}

static void parse_about(struct script *s, struct line *l)
{
	size_t n = strlen(s->about);

	(void)snprintf(s->about + n, sizeof(s->about) - n, "%s%s", n ? " " : "",
		       line_rest(l, "a text"));
}

static void parse_pages(struct script *s, struct line *l)
{
	s->scenario.pages = line_number(l, "a number of pages", SCENE_FIRST_PAGES);
}

/* --- what is done ------------------------------------------------------------------ */

static void parse_before(struct script *s, struct line *l)
{
	if (s->scenario.befores == SCENE_ACTS)
		line_bad(l, "more than %u calls", SCENE_ACTS);
	act_parse(&s->scenario.before[s->scenario.befores], l);
	if (s->scenario.before[s->scenario.befores++].kind != ACT_CALL)
		line_bad(l, "calls alone prepare the tables");
}

static unsigned int parse_cpu(struct script *s, struct line *l)
{
	unsigned int cpu = line_number(l, "a CPU", SCENE_CPUS - 1);

	if (cpu >= s->scenario.cpus)
		s->scenario.cpus = cpu + 1;
	return cpu;
}

static void parse_act(struct script *s, struct line *l)
{
	unsigned int cpu = parse_cpu(s, l);
	struct act *a = &s->scenario.act[s->scenario.acts];

	if (s->scenario.acts == SCENE_ACTS)
		line_bad(l, "more than %u of what CPUs do", SCENE_ACTS);
	act_parse(a, l);
	a->cpu = cpu;
	s->scenario.acts++;
}

static struct order *add_order(struct script *s, struct line *l, enum order_kind kind)
{
	struct order *o = &s->scenario.order[s->scenario.orders];

	if (s->scenario.orders == SCENE_ORDERS)
		line_bad(l, "more than %u of run, guest and note", SCENE_ORDERS);
	s->scenario.orders++;
	*o = (struct order){.line = l->number, .kind = kind, .acts = s->scenario.acts};
	return o;
}

static void parse_run(struct script *s, struct line *l)
{
	static const char *const names[] = {"break", "make",   "install", "seal",  "tlbi", "dsb",
					    "call",  "return", "end",	  "write", NULL};
	struct order *o = add_order(s, l, ORDER_RUN);

	o->cpu = parse_cpu(s, l);
	o->until = SCENE_END;
	o->count = 1;
	if (line_has(l, "to")) {
		o->until = 1u << line_choice(l, "what a CPU runs to", names);
	} else if (line_more(l)) {
		o->until = SCENE_ANY;
		o->count = line_number(l, "a number of steps", 10000);
	}
}

static void parse_guest(struct script *s, struct line *l)
{
	static const char *const names[] = {"read", "write", NULL};
	struct order *o = add_order(s, l, ORDER_GUEST);

	o->cpu = parse_cpu(s, l);
	o->write = line_choice(l, "an access", names);
	o->watched = line_choice(
		l, "a watched page",
		(const char *const[]){"page0", "page1", "last", "block1", "block2", NULL});
}

static void parse_note(struct script *s, struct line *l)
{
	struct order *o = add_order(s, l, ORDER_NOTE);

	(void)snprintf(o->text, sizeof(o->text), "%s", line_rest(l, "a text"));
}

/* --- lines -------------------------------------------------------------------------- */

static const struct {
	const char *word;
	void (*parse)(struct script *s, struct line *l);
	bool first; /* before all that has to do with the tables */
} statements[] = {
	{"title", parse_title, false},	  {"about", parse_about, false},
	{"granule", parse_granule, true}, {"features", parse_features, true},
	{"pages", parse_pages, true},	  {"watch", parse_watch, false},
	{"before", parse_before, false},  {"cpu", parse_act, false},
	{"run", parse_run, false},	  {"guest", parse_guest, false},
	{"note", parse_note, false},
};

#define STATEMENTS (sizeof(statements) / sizeof(statements[0]))

static void parse_line(struct script *s, struct line *l)
{
	const struct scenario *sc = &s->scenario;
	const char *word = line_word(l, "a statement");

	for (unsigned int i = 0; i < STATEMENTS; i++) {
		if (strcmp(statements[i].word, word) != 0)
			continue;
		if (statements[i].first && (sc->befores || sc->acts || sc->orders))
			line_bad(l, "'%s' comes before what is done", word);
		statements[i].parse(s, l);
		line_end(l);
		return;
	}
	line_bad(l,
		 "'%.40s' is no statement: title, about, granule, features, pages, watch, before, "
		 "cpu, run, guest, note",
		 word);
}

void script_parse(struct script *s, const char *name, const char *text)
{
	struct line l = {.script = s};

	*s = (struct script){.name = name, .watch = {true, true}};
	s->scenario = (struct scenario){.config = {.granule_shift = 12,
						   .ipa_bits = 39,
						   .pa_bits = 40,
						   .vmid_bits = 8,
						   .features = S2_FEAT_FWB},
					.cpus = 1,
					.pages = SCENE_FIRST_PAGES};
	while (*text) {
		size_t length = strcspn(text, "\n");

		l.number++;
		line_split(&l, text, length);
		if (l.words)
			parse_line(s, &l);
		text += length + (text[length] == '\n');
	}
	if (!s->scenario.acts && !s->scenario.orders)
		script_bad(s, l.number, "nothing is done: no cpu, run or guest in it");
}
