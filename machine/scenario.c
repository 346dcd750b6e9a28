/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Playing a scenario: the fibers of world.c, with instructions of a script between the
 * calls, run in the order that the script says.
 *
 * A frame is one step that anybody could notice.  Steps that do the same to one entry after
 * the other, where no watched page is, share a frame: the later takes the earlier's place.
 */
#include "scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "look.h"
#include "memory.h"

#define STEPS_MAX 100000u

struct window {
	const uint64_t *p;
	unsigned int cpu, frame;
	uint64_t ipa, size;
};

static struct {
	const struct scenario *s;
	scene_viewer *view;
	void *arg;
	struct setting setting;
	struct scene_problem *problem;
	const struct act *now[SCENE_CPUS]; /* what a CPU is at */
	bool fresh[SCENE_CPUS]; /* it has not begun with that yet */
	struct call *call[SCENE_ACTS]; /* those of the acts that are calls */
	uint64_t *entry[SCENE_ACTS]; /* and the entries of those that are not */
	uint64_t was[SCENE_ACTS];
	uint64_t read[SCENE_CPUS];
	const struct order *guest;
	struct scene_frame frame;
	unsigned int frames, steps;
	struct window window[SCENE_WINDOWS];
	unsigned int windows;
	/* The event that the next frame may go on with. */
	struct m_event last;
	unsigned int run; /* entries of it so far; 0: nothing to go on with */
} scene;

/* --- frames --------------------------------------------------------------------------- */

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
	struct scene_frame *f = &scene.frame;
	va_list args;

	if (f->events == SCENE_EVENTS)
		return;
	va_start(args, format);
	(void)vsnprintf(f->event[f->events++], SCENE_TEXT, format, args);
	va_end(args);
}

static bool fail(unsigned int line, const char *why)
{
	if (!scene.problem->line) {
		scene.problem->line = line;
		(void)snprintf(scene.problem->why, sizeof(scene.problem->why), "%s", why);
	}
	return false;
}

static void begin_frame(unsigned int line, int cpu)
{
	scene.frame.line = line;
	scene.frame.cpu = cpu;
	scene.frame.again = false;
	scene.frame.happened = 0;
	scene.frame.events = 0;
	scene.frame.note = NULL;
}

static void describe_windows(struct scene_frame *f)
{
	f->windows = scene.windows;
	for (unsigned int i = 0; i < scene.windows; i++) {
		const struct window *w = &scene.window[i];
		char place[48];

		look_place(w->p, place, sizeof(place));
		(void)snprintf(f->window[i], SCENE_TEXT,
			       "%s is broken by CPU%u since step %u: accesses to 0x%llx..0x%llx "
			       "fault",
			       place, w->cpu, w->frame, (unsigned long long)w->ipa,
			       (unsigned long long)(w->ipa + w->size - 1));
	}
}

static bool is_window(const uint64_t *p)
{
	for (unsigned int i = 0; i < scene.windows; i++) {
		if (scene.window[i].p == p)
			return true;
	}
	return false;
}

static void say_freed(uint64_t pages)
{
	for (unsigned int i = 0; i < M_ARENA_PAGES; i++) {
		if (pages >> i & 1)
			say("page %u is free: the next table may be made of it", i);
	}
}

static void show_frame(void)
{
	struct scene_frame *f = &scene.frame;

	say_freed(look_tables(f, is_window));
	look_caches(f);
	describe_windows(f);
	f->violation = m_run_ok() ? NULL : m_run_violation();
	scene.frames += !f->again;
	scene.view(f, scene.arg);
}

/* --- windows --------------------------------------------------------------------------- */

static void close_window(const uint64_t *p)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < scene.windows; i++) {
		if (scene.window[i].p != p)
			scene.window[kept++] = scene.window[i];
	}
	scene.windows = kept;
}

/* In a table that the root leads to: elsewhere nobody looks in. */
static void open_window(const uint64_t *p, unsigned int cpu)
{
	struct look_entry e;

	if (scene.windows == SCENE_WINDOWS || !look_entry(p, &e))
		return;
	scene.frame.happened |= SCENE_BREAK;
	scene.window[scene.windows++] = (struct window){.p = p,
							.cpu = cpu,
							.frame = scene.frames,
							.ipa = e.ipa,
							.size = s2_level_size(&world.fmt, e.level)};
}

/* --- what happened ---------------------------------------------------------------------- */

static void follow_entry(const struct m_event *e)
{
	const uint64_t *p = (const uint64_t *)e->p;

	if (e->old & 1 && !(e->new & 1)) {
		open_window(p, (unsigned int)e->fiber);
	} else if (!(e->old & 1) && e->new & 1) {
		scene.frame.happened |= is_window(p) ? SCENE_MAKE : SCENE_INSTALL;
		close_window(p);
	} else if (!(e->old & 1)) {
		close_window(p);
	} else if (e->new & ~e->old & S2_DESC_SEAL) {
		scene.frame.happened |= SCENE_SEAL;
	}
}

static void say_entry(const struct m_event *e)
{
	char place[48], old[64], new[64];
	struct look_entry at;

	(void)look_entry((const uint64_t *)e->p, &at);
	look_place((const uint64_t *)e->p, place, sizeof(place));
	look_value(e->old, (int)at.level, old, sizeof(old));
	look_value(e->new, (int)at.level, new, sizeof(new));
	if (!strcmp(e->what, "cas fails"))
		say("cas %s to %s: fails, it is %s", place, new, old);
	else
		say("%s %s: %s -> %s", e->what, place, old, new);
}

static void say_tlbi(const struct m_event *e)
{
	scene.frame.happened |= SCENE_TLBI;
	if (!strncmp(e->what, "ipas2", 5))
		say("tlbi %s of 0x%llx is issued", e->what,
		    (unsigned long long)(e->new & 0xffffffffff) << 12);
	else if (*e->what == 'r')
		say("tlbi %s, operand 0x%llx, is issued", e->what, (unsigned long long)e->new);
	else
		say("tlbi %s is issued", e->what);
}

static void follow(const struct m_event *e)
{
	if (e->p) {
		say_entry(e);
		if (strcmp(e->what, "cas fails") != 0)
			follow_entry(e);
	} else if (!strncmp(e->what, "dsb", 3)) {
		scene.frame.happened |= SCENE_DSB;
		say("%s completes", e->what);
	} else {
		say_tlbi(e);
	}
}

/* The same on the next entry, and no walk for a watched page reads either. */
static bool goes_on(const struct m_event *e)
{
	const uint64_t *p = (const uint64_t *)e->p, *before = (const uint64_t *)scene.last.p;
	uint64_t leaf = ((UINT64_C(1) << 50) - 1) & ~UINT64_C(0xfff);

	return scene.run && p && before && p == before + 1 && e->fiber == scene.last.fiber &&
	       !m_mmu_may_read(p) && !m_mmu_may_read(before) &&
	       !((e->old ^ scene.last.old) & ~leaf) && !((e->new ^ scene.last.new) & ~leaf);
}

static void join(const struct m_event *e)
{
	struct scene_frame *f = &scene.frame;
	struct look_entry at;
	char old[64], new[64];

	(void)look_entry((const uint64_t *)e->p, &at);
	(void)snprintf(old, sizeof(old), "%s", m_word_for(e->old));
	(void)snprintf(new, sizeof(new), "%s", m_word_for(e->new));
	f->again = true;
	f->events = 0;
	say("%s L%u[%u..%u], one after the other: %s -> %s", e->what, at.level,
	    at.index - scene.run, at.index, old, new);
}

/* Whether this frame takes the place of the one before. */
static void compare(const struct m_event *e, unsigned int events)
{
	if (events == 1 && scene.frame.events == 1 && goes_on(e))
		join(e);
	scene.run =
		events == 1 && scene.frame.events == 1 ? scene.frame.again ? scene.run + 1 : 1 : 0;
	scene.last = *e;
}

/* What a call may answer to good input; NULL for all else. */
static const char *status_word(enum verb verb, int status)
{
	if (verb == RECLAIM && status == S2_RETRY)
		return "S2_RETRY: tables wait for the end of a grace period";
	switch (status) {
	case S2_OK:
		return "done";
	case S2_RETRY:
		return "S2_RETRY: somebody else is at work there, nothing is done";
	case S2_NOT_UNIFORM:
		return "S2_NOT_UNIFORM: the entries do not form a block";
	case S2_NO_PAGE:
		return "S2_NO_PAGE: no page is left for a table";
	case S2_NOT_MAPPED:
		return "S2_NOT_MAPPED: nothing is mapped there";
	case S2_READ_ONLY:
		return "S2_READ_ONLY: it may not be written";
	default:
		return NULL;
	}
}

static const char *refusal(int status)
{
	switch (status) {
	case S2_IPA_RANGE:
		return "the library refuses that: it is beyond the guest's addresses";
	case S2_PA_RANGE:
		return "the library refuses that: it is beyond the addresses of memory";
	case S2_BAD_LEVEL:
		return "the library refuses that: no block can be at that level";
	case S2_BAD_ATTR:
		return "the library refuses that: the attributes contradict each other";
	case S2_MISALIGNED:
		return "the library refuses that: the place is misaligned";
	default:
		return "the library refuses that";
	}
}

static void say_return(const struct act *a)
{
	const struct call *c = scene.call[a - scene.s->act];

	scene.frame.happened |= SCENE_RETURN;
	if (c->op->verb == LOOKUP && !c->status) {
		char value[64];

		look_value(c->seen.desc, (int)c->seen.level, value, sizeof(value));
		say("\"%s\" returns: it has seen %s", a->text, value);
	} else if (status_word(c->op->verb, c->status)) {
		say("\"%s\" returns: %s", a->text, status_word(c->op->verb, c->status));
	} else {
		(void)fail(a->line, refusal(c->status));
	}
}

/* --- CPUs ------------------------------------------------------------------------------------ */

static uint64_t value_of(const struct act *a)
{
	const struct value *v = &a->value;
	uint64_t value = v->number;

	if (v->kind == VALUE_WAS)
		value = scene.was[a - scene.s->act];
	else if (v->kind == VALUE_READ)
		value = scene.read[a->cpu];
	else if (v->kind == VALUE_LEAF)
		(void)s2_desc_leaf(&world.fmt, a->level,
				   world_pa(v->memory, world_ipa(a->op.at)) &
					   ~(s2_level_size(&world.fmt, a->level) - 1),
				   v->attr, &value);
	return (value | v->set) & ~v->clear;
}

static void load(const struct act *a, const uint64_t *p)
{
	char place[48], value[64];
	bool gone = m_is_free(m_table_pa(p));

	scene.read[a->cpu] = m_load(p);
	if (gone) {
		say("reads an entry of page %llu, which is free",
		    (unsigned long long)m_page_of(m_table_pa(p)));
		return;
	}
	look_place(p, place, sizeof(place));
	look_value(scene.read[a->cpu], (int)a->level, value, sizeof(value));
	say("reads %s: %s", place, value);
}

static void free_table(const struct act *a, uint64_t desc)
{
	uint64_t pa = s2_desc_pa(&world.fmt, desc);

	m_mark(M_STEP_READ);
	say("gives page %llu back", (unsigned long long)m_page_of(pa));
	(void)s2_cache_put(&world.cpu[a->cpu].cache, m_table(pa));
	m_look_at_caches();
}

static void issue(const struct act *a)
{
	struct m_tlbi t = a->tlbi;

	m_mark(M_STEP_READ);
	if (t.op == M_TLBI_IPAS2)
		t.operand = world_ipa(a->op.at) >> 12;
	m_tlbi(t);
}

static void instruct(const struct act *a)
{
	unsigned int i = (unsigned int)(a - scene.s->act);
	uint64_t *p = scene.entry[i];

	switch (a->kind) {
	case ACT_LOAD:
		load(a, p);
		break;
	case ACT_STORE:
		m_store(p, value_of(a));
		break;
	case ACT_CAS:
		(void)m_cas(p, scene.read[a->cpu], value_of(a));
		break;
	case ACT_DSB:
		m_dsb(a->dsb);
		break;
	case ACT_TLBI:
		issue(a);
		break;
	default:
		free_table(a, scene.was[i]);
	}
}

static void run_acts(void *arg)
{
	unsigned int cpu = (unsigned int)((struct s2_cpu *)arg - world.cpu);

	for (unsigned int i = 0; i < scene.s->acts && m_run_ok(); i++) {
		const struct act *a = &scene.s->act[i];

		if (a->cpu != cpu)
			continue;
		scene.now[cpu] = a;
		scene.fresh[cpu] = true;
		if (a->kind == ACT_CALL)
			world_call(scene.call[i]);
		else
			instruct(a);
	}
}

/* One step of a CPU; a frame, if anybody could notice it. */
static bool step(unsigned int cpu)
{
	struct m_step next = m_fiber_step(cpu);
	const struct act *a = scene.now[cpu];
	uint64_t before = m.events;

	begin_frame(a ? a->line : 0, (int)cpu);
	if (next.kind == M_STEP_CALL && a) {
		scene.frame.happened |= SCENE_CALL;
		say("\"%s\" begins", a->text);
	}
	scene.fresh[cpu] = false;
	m_fiber_run(cpu);
	for (uint64_t n = before; n < m.events; n++)
		follow(&m.history[n % M_HISTORY]);
	if (next.kind == M_STEP_RETURN && a)
		say_return(a);
	if (m_fiber_step(cpu).kind == M_STEP_NONE)
		scene.frame.happened |= SCENE_END;
	if (!scene.frame.events && m_run_ok())
		return false;
	compare(&m.history[(m.events - 1) % M_HISTORY], (unsigned int)(m.events - before));
	show_frame();
	return true;
}

/* Of the first `acts` of the script, this CPU has done its own. */
static bool is_over(unsigned int cpu, unsigned int acts)
{
	return m_fiber_step(cpu).kind == M_STEP_NONE || !m_run_ok() ||
	       (scene.fresh[cpu] && scene.now[cpu] >= &scene.s->act[acts]);
}

static void wait(unsigned int cpu)
{
	const struct act *a = scene.now[cpu];

	begin_frame(a ? a->line : 0, (int)cpu);
	say("waits for an entry that another CPU has locked or sealed");
	scene.run = 0;
	show_frame();
}

/* The next step is a store, or an exchange, in a table that the root leads to. */
static bool is_about_to_write(unsigned int cpu)
{
	struct m_step next = m_fiber_step(cpu);
	struct look_entry e;

	return next.kind == M_STEP_WRITE && look_entry((const uint64_t *)next.address, &e);
}

/* Runs a CPU until something has happened so many times, or it cannot go on. */
static void run_cpu(const struct order *o)
{
	unsigned int left = o->count;

	while (left && !is_over(o->cpu, o->acts)) {
		if (!m_fiber_ready(o->cpu)) {
			wait(o->cpu);
			return;
		}
		if (++scene.steps > STEPS_MAX) {
			m_violation("no end after %u steps", STEPS_MAX);
			return;
		}
		if (o->until == SCENE_WRITE && is_about_to_write(o->cpu))
			return;
		if (step(o->cpu))
			left -= !!(scene.frame.happened & o->until || o->until == SCENE_ANY);
	}
}

/* --- the guest ---------------------------------------------------------------------------------- */

static void access_by_hardware(void *arg)
{
	(void)arg;
	if (m_hardware_access(scene.guest->watched, scene.guest->write))
		world.hardware.started = world.hardware.ended = ++world.clock;
}

static bool allows(const struct m_decoded *d, bool write)
{
	return write ? d->write || (d->dbm && world.fmt.features & S2_FEAT_HD) : d->read;
}

/* One leaf that may be cached; false if it was said already. */
static void say_outcome(const struct m_cached *c, bool write, char *text, size_t size)
{
	char says[48];
	struct m_decoded d;
	size_t n = strlen(text);

	m_decode(c->value, c->level, &d);
	look_says(c->value, c->level, says, sizeof(says));
	if (strstr(text, says))
		return;
	(void)snprintf(text + n, size - n, "%s%s%s", n ? ", or " : "", says,
		       allows(&d, write) ? "" : " (a permission fault)");
}

static void say_outcomes(const struct order *o)
{
	static const char *const names[] = SCENE_WATCHED_NAMES;
	struct m_cached cached[M_CACHED_MAX];
	unsigned int n = m_mmu_cached(o->cpu, o->watched, cached);
	char text[SCENE_TEXT - 40] = "";

	for (unsigned int i = 0; i < n; i++) {
		if (!cached[i].pointer)
			say_outcome(&cached[i], o->write, text, sizeof(text));
	}
	if (!m_translate(world.config.watched[o->watched]).mapped) {
		n = (unsigned int)strlen(text);
		(void)snprintf(text + n, sizeof(text) - n, "%sa translation fault",
			       n ? ", or " : "");
	}
	say("the guest on CPU%u %s %s: %s", o->cpu, o->write ? "writes" : "reads",
	    names[o->watched], text);
}

static void access_by_guest(const struct order *o)
{
	uint64_t before = m.events;

	begin_frame(o->line, -1);
	say_outcomes(o);
	scene.guest = o;
	m_fiber_start(world.cpus, access_by_hardware, NULL);
	for (uint64_t n = before; n < m.events; n++)
		follow(&m.history[n % M_HISTORY]);
	scene.run = 0;
	show_frame();
}

/* --- the script ----------------------------------------------------------------------------------- */

static void build(void)
{
	for (unsigned int i = 0; i < scene.s->befores; i++) {
		const struct act *a = &scene.s->before[i];
		struct call c = {.op = &a->op};

		world_perform(&c);
		if (c.status)
			(void)fail(a->line, status_word(c.op->verb, c.status)
						    ? status_word(c.op->verb, c.status)
						    : refusal(c.status));
	}
}

/* The entry of a place in the tables as they are now; NULL if there is no such table. */
static uint64_t *find_entry(const struct act *a)
{
	uint64_t ipa = world_ipa(a->op.at);
	unsigned int level = world.fmt.start_level;
	uint64_t *table = world.tree.root;
	uint64_t mask = (UINT64_C(1) << world.fmt.index_bits) - 1;
	uint64_t *entry = &table[ipa >> s2_level_shift(&world.fmt, level)];

	if (a->level < level)
		return NULL;
	for (; level < a->level; level++) {
		if ((*entry & 3) != 3)
			return NULL;
		table = m_table(s2_desc_pa(&world.fmt, *entry));
		entry = &table[ipa >> s2_level_shift(&world.fmt, level + 1) & mask];
	}
	return entry;
}

static bool prepare_instruction(unsigned int i)
{
	const struct act *a = &scene.s->act[i];

	if (world_ipa(a->op.at) >> world.fmt.ipa_bits)
		return fail(a->line, "that is beyond the guest's addresses");
	if (a->kind == ACT_DSB || a->kind == ACT_TLBI)
		return true;
	scene.entry[i] = find_entry(a);
	if (!scene.entry[i])
		return fail(a->line, "no table has an entry of that level there");
	scene.was[i] = *scene.entry[i];
	if (a->kind == ACT_FREE && (scene.was[i] & 3) != 3)
		return fail(a->line, "that entry leads to no table");
	return true;
}

static bool load_calls(void)
{
	world.calls = 0;
	world.unjudged = false;
	for (unsigned int i = 0; i < scene.s->acts; i++) {
		const struct act *a = &scene.s->act[i];

		if (a->kind != ACT_CALL) {
			world.unjudged = true;
			continue;
		}
		if (world.calls == CALLS_MAX)
			return fail(a->line, "too many calls");
		scene.call[i] = &world.call[world.calls++];
		*scene.call[i] = (struct call){.op = &a->op, .cpu = a->cpu};
	}
	return true;
}

/* What the hardware notes, judge.c knows of one access to page 0. */
static bool load_guest(void)
{
	unsigned int accesses = 0;

	scene.setting.guest = QUIET;
	for (unsigned int i = 0; i < scene.s->orders; i++) {
		const struct order *o = &scene.s->order[i];

		if (o->kind != ORDER_GUEST || !(scene.s->config.features & S2_FEAT_HAF))
			continue;
		scene.setting.guest = o->write ? WRITES : READS;
		if (!world.unjudged && (o->watched || accesses++))
			return fail(o->line, "beside calls, hardware notes one access, to page0");
	}
	return true;
}

static bool set_up(const struct scenario *s)
{
	scene.setting = (struct setting){.name = "scenario",
					 .build = build,
					 .config = s->config,
					 .base = 1,
					 .pages = (uint8_t)s->pages,
					 .scope = SHAPE};
	world.cpus = s->cpus;
	world.scarce = true;
	if (!load_calls() || !load_guest())
		return false;
	m_shared_all();
	world_build(&scene.setting);
	if (scene.problem->line)
		return false;
	for (unsigned int i = 0; i < s->acts; i++) {
		if (s->act[i].kind != ACT_CALL && !prepare_instruction(i))
			return false;
	}
	return true;
}

static void start(void)
{
	world_restart();
	look_begin();
	begin_frame(0, -1);
	say("the beginning");
	show_frame();
	for (unsigned int cpu = 0; cpu < world.cpus; cpu++)
		m_fiber_start(cpu, run_acts, &world.cpu[cpu]);
}

static void obey(const struct order *o)
{
	if (o->kind == ORDER_RUN) {
		run_cpu(o);
		return;
	}
	if (o->kind == ORDER_GUEST) {
		access_by_guest(o);
		return;
	}
	begin_frame(o->line, -1);
	scene.frame.note = o->text;
	scene.run = 0;
	show_frame();
}

/* Whoever is left runs to his end. */
static void run_rest(void)
{
	bool ran;

	do {
		ran = false;
		for (unsigned int cpu = 0; cpu < world.cpus; cpu++) {
			struct order to_the_end = {
				.cpu = cpu, .acts = scene.s->acts, .count = 1, .until = SCENE_END};

			if (is_over(cpu, scene.s->acts) || !m_fiber_ready(cpu))
				continue;
			ran = true;
			run_cpu(&to_the_end);
		}
	} while (ran);
	for (unsigned int cpu = 0; cpu < world.cpus; cpu++) {
		if (!is_over(cpu, scene.s->acts))
			m_violation("deadlock: every CPU waits");
	}
}

/* Of what stores and TLBIs of a script mean nothing is known but this. */
static void find_stale(void)
{
	struct m_stale stale;

	for (unsigned int w = 0; w < world.config.watched_count; w++) {
		struct m_translation now = m_translate(world.config.watched[w]);

		if (m_cached_beyond(w, &now, 1, &stale))
			m_violation("rule 3: all is done, but IPA %llx is still cached otherwise "
				    "(%s)",
				    (unsigned long long)world.config.watched[w], stale.what);
	}
}

static void conclude(void)
{
	if (!m_run_ok())
		return;
	begin_frame(0, -1);
	if (world.unjudged)
		find_stale();
	else
		judge_end(NULL);
	scene.windows = 0;
	say(m_run_ok() ? "the end: no rule is broken" : "the end");
	show_frame();
}

bool scenario_play(const struct scenario *s, scene_viewer *view, void *arg, bool *fine,
		   struct scene_problem *problem)
{
	memset(&scene, 0, sizeof(scene));
	scene.s = s;
	scene.view = view;
	scene.arg = arg;
	scene.problem = problem;
	*problem = (struct scene_problem){.line = 0};
	if (!set_up(s))
		return false;
	start();
	for (unsigned int i = 0; i < s->orders && m_run_ok(); i++)
		obey(&s->order[i]);
	run_rest();
	conclude();
	*fine = m_run_ok();
	return !problem->line;
}
