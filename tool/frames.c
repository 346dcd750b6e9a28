/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <stdio.h>
#include <string.h>

#include "bad.h"
#include "frames.h"

struct playing {
	const struct script *script;
	json_t *steps;
};

const char *frames_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		bad("output", "no memory");
}

/* An array, unless it is empty. */
static void put_list(json_t *object, const char *key, json_t *array)
{
	if (json_array_size(array))
		json_put(object, key, array);
	else
		json_decref(array);
}

static json_t *texts(const char *text, size_t size, unsigned int n)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < n; i++)
		append(array, json_string(text + i * size));
	return array;
}

static json_t *happened(const struct scene_frame *f)
{
	static const char *const names[] = {"break", "make", "install", "seal", "tlbi",
					    "dsb",   "call", "return",	"end"};
	json_t *array = json_array();

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (f->happened >> i & 1)
			append(array, json_string(names[i]));
	}
	return array;
}

static json_t *run(const struct scene_run *r)
{
	json_t *json = json_object();

	json_put(json, "first", json_integer(r->first));
	json_put(json, "last", json_integer(r->last));
	json_put(json, "state", json_string(r->state));
	if (*r->says)
		json_put(json, "says", json_string(r->says));
	if (r->window)
		json_put(json, "window", json_true());
	return json;
}

static json_t *table(const struct scene_table *t)
{
	json_t *json = json_object(), *entries = json_array();

	json_put(json, "level", json_integer(t->level));
	json_put(json, "page", json_integer(t->page));
	json_put(json, "ipa", json_hex(t->ipa));
	json_put(json, "linked", json_boolean(t->linked));
	for (unsigned int i = 0; i < t->runs; i++)
		append(entries, run(&t->run[i]));
	json_put(json, "entries", entries);
	if (t->more)
		json_put(json, "more", json_true());
	return json;
}

static json_t *tables(const struct scene_frame *f)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < f->tables; i++)
		append(array, table(&f->table[i]));
	return array;
}

/* "L3 rw- A+0x0 (stage 2, combined)", "L2 table, page 5". */
static json_t *held(const struct scene_cached *c)
{
	json_t *json = json_object();

	if (c->pointer)
		json_put(json, "says", json_sprintf("L%d table, %s", c->level, c->says));
	else
		json_put(json, "says",
			 json_sprintf("L%d %s (%s)", c->level, c->says,
				      !c->stage2     ? "stages 1 and 2 combined"
				      : !c->combined ? "stage 2"
						     : "stage 2, and combined with stage 1"));
	if (c->stale)
		json_put(json, "stale", json_true());
	return json;
}

/* Those of one CPU and page lie next to each other. */
static json_t *cache(const struct scene_frame *f, unsigned int from, unsigned int *next)
{
	static const char *const names[] = SCENE_WATCHED_NAMES;
	const struct scene_cached *first = &f->cached[from];
	json_t *json = json_object(), *holds = json_array();

	json_put(json, "page", json_string(names[first->watched]));
	json_put(json, "cpu",
		 first->cpu < 0 ? json_string("every CPU") : json_sprintf("CPU%d", first->cpu));
	for (*next = from; *next < f->caches && f->cached[*next].watched == first->watched &&
			   f->cached[*next].cpu == first->cpu;
	     ++*next)
		append(holds, held(&f->cached[*next]));
	json_put(json, "holds", holds);
	return json;
}

static json_t *caches(const struct scene_frame *f, const struct script *s)
{
	json_t *array = json_array();

	for (unsigned int i = 0, next; i < f->caches; i = next) {
		json_t *one = cache(f, i, &next);

		if (s->watch[f->cached[i].watched])
			append(array, one);
		else
			json_decref(one);
	}
	return array;
}

static json_t *in_flight(const struct scene_frame *f)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < SCENE_CPUS; i++) {
		if (f->in_flight[i])
			append(array,
			       json_sprintf("CPU%u has issued %u TLBI%s, which no DSB has "
					    "completed yet",
					    i, f->in_flight[i], f->in_flight[i] > 1 ? "s" : ""));
	}
	return array;
}

static void view(const struct scene_frame *f, void *arg)
{
	struct playing *p = arg;
	json_t *step = json_object();
	size_t n = json_array_size(p->steps);

	if (f->again)
		(void)json_array_remove(p->steps, --n);
	json_put(step, "step", json_integer((json_int_t)n));
	if (f->line)
		json_put(step, "line", json_integer(f->line));
	if (f->cpu >= 0)
		json_put(step, "cpu", json_integer(f->cpu));
	put_list(step, "happened", happened(f));
	put_list(step, "events", texts(f->event[0], SCENE_TEXT, f->events));
	if (f->note)
		json_put(step, "note", json_string(f->note));
	json_put(step, "tables", tables(f));
	put_list(step, "caches", caches(f, p->script));
	put_list(step, "windows", texts(f->window[0], SCENE_TEXT, f->windows));
	put_list(step, "missed", texts(f->missed[0], SCENE_TEXT, f->unseen));
	put_list(step, "in_flight", in_flight(f));
	if (f->violation)
		json_put(step, "violation", json_string(f->violation));
	append(p->steps, step);
}

json_t *frames_play(const struct script *s)
{
	struct playing p = {s, json_array()};
	struct scene_problem problem;
	json_t *json = json_object(), *last;
	bool fine;

	json_put(json, "name", json_string(s->name));
	json_put(json, "title", json_string(*s->title ? s->title : s->name));
	if (*s->about)
		json_put(json, "about", json_string(s->about));
	if (!scenario_play(&s->scenario, view, &p, &fine, &problem))
		script_bad(s, problem.line, "%s", problem.why);
	json_put(json, "memory",
		 json_pack("{s:o,s:o}", "A", json_hex(scenario_memory(MEMORY_A)), "B",
			   json_hex(scenario_memory(MEMORY_B))));
	last = json_array_get(p.steps, json_array_size(p.steps) - 1);
	json_put(json, "steps", p.steps);
	if (!fine)
		json_put(json, "violation", json_string(frames_text(last, "violation")));
	return json;
}
