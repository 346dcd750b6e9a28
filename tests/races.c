/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * One CPU in the middle of another's operation, at every step of it.
 *
 * An operation of CPU A is stopped before each of its accesses to memory, each
 * barrier and each TLBI in turn, and CPU B does a whole operation of its own on
 * the same tables (in fault mode, since it cannot wait for A).  That is every
 * interleaving with one preemption, deterministic and on one thread.
 *
 * Whatever happens: per page the outcome is that of A before B or of B before A,
 * a call that was answered S2_RETRY did nothing beyond cpu->done, no CPU can use
 * what is gone, no page is lost, and nobody follows a table that was freed: B
 * poisons at once all that it gets back.
 */
#include "lib/suite.h"

#include <string.h>

#include <stage2/dirty.h>

#include "lib/tlb.h"
#include "lib/world.h"

#define LLU(x) ((unsigned long long)(x))

#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define BASE UINT64_C(0x3fe00000) /* the first block ends where the second level-1 entry begins */
#define SIZE (2 * BLOCK)
#define PAGES (SIZE / PAGE)
#define F UINT64_C(0x40000000) /* where BASE is mapped to, mostly */
#define G UINT64_C(0x80000000)
#define H (UINT64_C(0xc0000000) - BLOCK) /* puts the second block where 1 GiB can begin */
#define GB UINT64_C(0x40000000)

/* --- operations ------------------------------------------------------------- */

enum verb {
	MAP,
	UNMAP,
	DEFERRED,
	SPLIT,
	COLLAPSE,
	RECLAIM,
	DENY,
	ALLOW,
	AGE,
	START,
	COLLECT,
	STOP,
	WRITE,
	COMPACT,
	TAKE, /* this and what follows: in scenes with owners alone */
	ANNOTATE,
};

struct action {
	const char *name;
	enum verb verb;
	uint64_t at, size; /* from BASE on */
	uint64_t pa; /* of BASE */
	s2_attr attr;
};

static const struct action actions[] = {
	{"map page 3", MAP, 3 * PAGE, PAGE, F, S2_RWX},
	{"map page 3 read-only", MAP, 3 * PAGE, PAGE, F, S2_R},
	{"map page 3 elsewhere", MAP, 3 * PAGE, PAGE, G, S2_RWX},
	{"map page 0 elsewhere", MAP, 0, PAGE, G, S2_RWX},
	{"map page 5", MAP, 5 * PAGE, PAGE, F, S2_RWX},
	{"map a block", MAP, 0, BLOCK, F, S2_RWX},
	{"map a block elsewhere", MAP, 0, BLOCK, G, S2_RW},
	{"map all", MAP, 0, SIZE, F, S2_RWX},
	{"map across the boundary", MAP, BLOCK - 4 * PAGE, 8 * PAGE, G, S2_RW},
	{"unmap page 3", UNMAP, 3 * PAGE, PAGE, 0, 0},
	{"unmap page 0", UNMAP, 0, PAGE, 0, 0},
	{"unmap a block", UNMAP, 0, BLOCK, 0, 0},
	{"unmap across the boundary", UNMAP, BLOCK - 4 * PAGE, 8 * PAGE, 0, 0},
	{"unmap all", UNMAP, 0, SIZE, 0, 0},
	{"unmap the second block", UNMAP, BLOCK, BLOCK, 0, 0},
	{"unmap 1 GiB", UNMAP, BLOCK, GB, 0, 0},
	{"map 1 GiB", MAP, BLOCK, GB, H, S2_RWX},
	{"unmap page 3, deferred", DEFERRED, 3 * PAGE, PAGE, 0, 0},
	{"unmap a block, deferred", DEFERRED, 0, BLOCK, 0, 0},
	{"split", SPLIT, 0, BLOCK, 0, 0},
	{"split all", SPLIT, 0, SIZE, 0, 0},
	{"collapse", COLLAPSE, 0, BLOCK, 0, 0},
	{"collapse blocks", COLLAPSE, BLOCK, GB, 0, 0},
	{"compact", COMPACT, 0, SIZE, 0, 0},
	{"reclaim", RECLAIM, 0, 0, 0, 0},
	{"take W of all", DENY, 0, SIZE, 0, S2_W},
	{"take W of page 3", DENY, 3 * PAGE, PAGE, 0, S2_W},
	{"give W to page 3", ALLOW, 3 * PAGE, PAGE, 0, S2_W},
	{"age a block", AGE, 0, BLOCK, 0, 0},
	{"log four pages", START, 2 * PAGE, 4 * PAGE, 0, 0},
	{"collect", COLLECT, 0, BLOCK, 0, 0},
	{"log no more", STOP, 0, BLOCK, 0, 0},
	{"write to page 3", WRITE, 3 * PAGE, PAGE, 0, 0},
	/* In scenes with owners alone. */
	{"take page 3", TAKE, 3 * PAGE, PAGE, F, S2_RWX},
	{"take a block", TAKE, 0, BLOCK, F, S2_RWX},
	{"annotate page 3", ANNOTATE, 3 * PAGE, PAGE, 0, 0},
	{"annotate page 0", ANNOTATE, 0, PAGE, 0, 0},
	{"annotate a block", ANNOTATE, 0, BLOCK, 0, 0},
	{"annotate across the boundary", ANNOTATE, BLOCK - 4 * PAGE, 8 * PAGE, 0, 0},
};

struct outcome {
	int status;
	uint64_t done;
};

static int unmap_deferred(struct s2_tree *tree, struct s2_cpu *cpu, const struct action *a,
			  uint32_t flags)
{
	int status = s2_unmap(tree, cpu, BASE + a->at, a->size, flags | S2_DEFER);
	uint64_t done = cpu->done;

	require_status(s2_flush(tree, cpu), S2_OK);
	cpu->done = done;
	return status;
}

/* What changes leaves in place. */
static int adjust(struct s2_tree *tree, struct s2_cpu *cpu, const struct action *a, uint32_t flags)
{
	static uint64_t words[PAGES / 64];
	struct s2_bitmap map = {BASE, PAGES, words};

	switch (a->verb) {
	case DENY:
		return s2_protect(tree, cpu, BASE + a->at, a->size, a->attr, 0, flags);
	case ALLOW:
		return s2_protect(tree, cpu, BASE + a->at, a->size, 0, a->attr, flags);
	case AGE:
		return s2_age(tree, cpu, BASE + a->at, a->size, &map,
			      flags | S2_CLEAR | S2_INVALIDATE);
	case START:
		return s2_log_start(tree, cpu, BASE + a->at, a->size, flags);
	case COLLECT:
		return s2_log_collect(tree, cpu, BASE + a->at, a->size, &map, flags);
	case STOP:
		return s2_log_stop(tree, cpu, BASE + a->at, a->size, &map, flags);
	default:
		return s2_touch(tree, cpu, BASE + a->at, flags | S2_WRITE);
	}
}

static int perform(struct s2_tree *tree, struct s2_cpu *cpu, const struct action *a, uint32_t flags)
{
	switch (a->verb) {
	case MAP:
		return s2_map(tree, cpu, BASE + a->at, a->size, a->pa + a->at, a->attr, flags);
	case UNMAP:
		return s2_unmap(tree, cpu, BASE + a->at, a->size, flags);
	case DEFERRED:
		return unmap_deferred(tree, cpu, a, flags);
	case TAKE:
		return s2_map(tree, cpu, BASE + a->at, a->size, a->pa + a->at, a->attr,
			      flags | S2_TAKE);
	case ANNOTATE:
		return s2_annotate(tree, cpu, BASE + a->at, a->size, 1, 0, flags);
	case SPLIT:
		return s2_split(tree, cpu, BASE + a->at, a->size, 3, flags);
	case COLLAPSE:
		return s2_collapse(tree, cpu, BASE + a->at, a->size == GB ? 1 : 2, flags);
	case COMPACT:
		return s2_compact(tree, cpu, BASE + a->at, a->size, 1, flags);
	case RECLAIM:
		cpu->done = 0;
		return s2_reclaim(tree, cpu);
	default:
		return adjust(tree, cpu, a, flags);
	}
}

/* --- scenes ----------------------------------------------------------------- */

struct step {
	uint64_t at, size, pa;
	s2_attr attr;
	uint32_t flags;
	uint32_t level; /* to split it to, or 0 */
};

struct scene {
	const char *name;
	struct step step[3];
	bool owned; /* and then page 5 is annotated */
	uint32_t bbm; /* S2_FEAT_BBM1 or S2_FEAT_BBM2 */
};

static const struct scene scenes[] = {
	{"nothing", {{0}}, false, 0},
	{"eight pages", {{0, 8 * PAGE, F, S2_RWX, 0, 0}}, false, 0},
	{"eight pages read-only", {{0, 8 * PAGE, F, S2_R, 0, 0}}, false, 0},
	{"a block", {{0, BLOCK, F, S2_RWX, 0, 0}}, false, 0},
	{"a uniform table", {{0, BLOCK, F, S2_RWX, S2_PAGES, 0}}, false, 0},
	{"a table with one page elsewhere",
	 {{0, BLOCK, F, S2_RWX, S2_PAGES, 0}, {3 * PAGE, PAGE, G, S2_RW, 0, 0}},
	 false,
	 0},
	{"a uniform table of blocks", {{BLOCK, GB, H, S2_RWX, 0, 2}}, false, 0},
	{"blocks, of which one is different",
	 {{BLOCK, GB, H, S2_RWX, 0, 2}, {GB - BLOCK, BLOCK, H, S2_R, 0, 0}},
	 false,
	 0},
	{"a table and an owner", {{0, BLOCK, F, S2_RWX, S2_PAGES, 0}}, true, 0},
	{"eight pages and an owner", {{0, 8 * PAGE, F, S2_RWX, 0, 0}}, true, 0},
	{"eight dirty pages", {{0, 8 * PAGE, F, S2_RWX | S2_LOG | S2_DIRTY, 0, 0}}, false, 0},
	{"a dirty block", {{0, BLOCK, F, S2_RWX | S2_LOG | S2_DIRTY, 0, 0}}, false, 0},
	{"a block and a table",
	 {{0, BLOCK, F, S2_RWX, 0, 0}, {BLOCK, BLOCK, F, S2_RWX, S2_PAGES, 0}},
	 false,
	 0},
	{"a block, BBM1", {{0, BLOCK, F, S2_RWX, 0, 0}}, false, S2_FEAT_BBM1},
	{"a block, BBM2", {{0, BLOCK, F, S2_RWX, 0, 0}}, false, S2_FEAT_BBM2},
	{"a uniform table, BBM1", {{0, BLOCK, F, S2_RWX, S2_PAGES, 0}}, false, S2_FEAT_BBM1},
	{"a uniform table, BBM2", {{0, BLOCK, F, S2_RWX, S2_PAGES, 0}}, false, S2_FEAT_BBM2},
	{"a 1 GiB block, BBM1", {{BLOCK, GB, H, S2_RWX, 0, 0}}, false, S2_FEAT_BBM1},
	{"a 1 GiB block, BBM2", {{BLOCK, GB, H, S2_RWX, 0, 0}}, false, S2_FEAT_BBM2},
};

/* The reference: one word for each page, zero or address and attributes. */
struct pages {
	uint64_t page[PAGES];
};

#define MAPPED BIT(63)
#define OWNED 0x1 /* the whole word: nobody can use it */

/* What is noted for a block is noted for all of its pages: that depends on who forms it, and when. */
#define NOTED ((uint64_t)(S2_OLD | S2_DIRTY))

/* What an action leaves of one mapped page, but for what is noted there. */
static uint64_t adjusted(const struct action *a, uint64_t page)
{
	switch (a->verb) {
	case DENY:
		return page & ~(uint64_t)(a->attr | S2_LOG);
	case ALLOW:
		return page | a->attr;
	case START:
		return page & S2_W ? page | S2_LOG : page;
	case STOP:
		return page & ~(uint64_t)S2_LOG;
	default:
		return page;
	}
}

static void apply(struct pages *pages, const struct action *a, uint64_t done)
{
	for (uint64_t at = a->at; at < a->at + done && at < SIZE; at += PAGE) {
		uint64_t *page = &pages->page[at / PAGE];

		if (a->verb == MAP || a->verb == TAKE)
			*page = (a->pa + at) | a->attr | MAPPED;
		else if (a->verb == UNMAP || a->verb == DEFERRED)
			*page = 0;
		else if (a->verb == ANNOTATE)
			*page = OWNED;
		else if (*page & MAPPED)
			*page = adjusted(a, *page);
	}
}

static void read_mapping(struct pages *pages, const struct s2_mapping *m)
{
	for (uint64_t at = 0; at < m->size && m->ipa + at < BASE + SIZE; at += PAGE) {
		uint64_t ipa = m->ipa + at;

		if (ipa < BASE)
			continue;
		if (m->kind == S2_KIND_LEAF)
			pages->page[(ipa - BASE) / PAGE] = (m->pa + at) | m->attr | MAPPED;
		if (m->kind == S2_KIND_ANNOTATED)
			pages->page[(ipa - BASE) / PAGE] = OWNED;
	}
}

static int visit_mapping(const struct s2_mapping *m, void *arg)
{
	require(m->kind <= S2_KIND_ANNOTATED || m->kind == S2_KIND_LEAF, "IPA %#llx: %#llx is left",
		LLU(m->ipa), LLU(m->desc));
	require(!(m->desc & S2_DESC_SEAL), "IPA %#llx is still sealed", LLU(m->ipa));
	read_mapping(arg, m);
	return 0;
}

static void read_all(const struct world *world, struct pages *pages)
{
	memset(pages, 0, sizeof(*pages));
	require_status(s2_walk(&world->tree, BASE, SIZE, visit_mapping, pages), S2_OK);
}

static const struct world_config config = {
	.format = {12, 39, 40, 8, S2_FEAT_TTL | S2_FEAT_TLBIRANGE},
	.shared = true,
	.arena = UINT64_C(1) << 20,
};

static void open_scene(struct world *world, const struct scene *scene)
{
	struct world_config with = config;

	with.owned = scene->owned;
	with.format.features |= scene->bbm;
	world_open(world, &with);
	tlb_open(world);
	for (size_t i = 0; i < ARRAY_SIZE(scene->step) && scene->step[i].size; i++) {
		const struct step *s = &scene->step[i];

		world_fill(world, &world->cpu[0], 20);
		require_status(s2_map(&world->tree, &world->cpu[0], BASE + s->at, s->size,
				      s->pa + s->at, s->attr, s->flags),
			       S2_OK);
		if (s->level)
			require_status(s2_split(&world->tree, &world->cpu[0], BASE + s->at, s->size,
						s->level, 0),
				       S2_OK);
	}
	if (scene->owned)
		require_status(
			s2_annotate(&world->tree, &world->cpu[0], BASE + 5 * PAGE, PAGE, 1, 0, 0),
			S2_OK);
	for (unsigned int i = 0; i < WORLD_CPUS; i++)
		world_fill(world, &world->cpu[i], 12);
}

static void close_scene(struct world *world)
{
	tlb_close();
	require_status(s2_unmap(&world->tree, &world->cpu[0], 0, BIT(39), 0), S2_OK);
	world_quiesce(world);
	require(world->tree.tables == 0, "%llu tables in an empty tree", LLU(world->tree.tables));
	world_close(world);
}

/* --- the race --------------------------------------------------------------- */

static struct {
	struct world *world;
	const struct action *first; /* of B, and neutral; or NULL */
	const struct action *b;
	unsigned int step; /* of A, so far */
	unsigned int stop; /* B runs before this one */
	bool inside; /* B is running */
	struct outcome of_a, outcome; /* the second: of B */
} race;

static bool is_logged(uint64_t ipa)
{
	struct s2_mapping m;

	require_status(s2_lookup(&race.world->tree, ipa, &m), S2_OK);
	return m.attr & S2_LOG;
}

static void check_taken(const struct tlb_leaf *leaf, void *arg)
{
	const struct action *b = arg;
	uint64_t ipa = leaf->ipa < BASE + b->at ? BASE + b->at : leaf->ipa;
	s2_attr write = leaf->attr & (S2_W | S2_LOG | S2_DIRTY);

	if (ipa - leaf->ipa >= leaf->size || ipa - (BASE + b->at) >= b->size)
		return;
	require(b->verb != AGE, "IPA %#llx is old and may still be used", LLU(ipa));
	require(b->verb != DENY || !write, "IPA %#llx may still be written", LLU(ipa));
	require(b->verb != START || write != S2_W, "IPA %#llx: writes are not logged", LLU(ipa));
	require(b->verb != COLLECT || !(write & S2_DIRTY) || !is_logged(ipa),
		"IPA %#llx: writes leave no mark", LLU(ipa));
}

/* B has returned: what was taken, by A too, cannot be used, wherever A stands. */
static void check_b(void)
{
	const struct action *b = race.b;

	if (race.outcome.status == S2_OK)
		tlb_for_each(check_taken, (void *)(uintptr_t)b);
}

/* What B got back is poisoned, so that whoever still reads it is found out. */
static void run_b(void)
{
	struct s2_cpu *cpu = &race.world->cpu[1];

	race.inside = true;
	if (race.first)
		(void)perform(&race.world->tree, cpu, race.first, S2_FAULT);
	race.outcome.status =
		perform(&race.world->tree, cpu, race.b, race.b->verb == RECLAIM ? 0 : S2_FAULT);
	race.outcome.done = cpu->done;
	check_b();
	require_status(s2_qsbr_quiescent(&race.world->qsbr, 1), S2_OK);
	if (race.b->verb == RECLAIM) {
		(void)s2_reclaim(&race.world->tree, cpu);
		world_fill(race.world, cpu, 0);
	}
	race.inside = false;
}

static void before(const struct s2_host_event *event)
{
	if (!race.inside && race.step++ == race.stop)
		run_b();
	tlb_listener.before(event);
}

static struct outcome run_a(struct world *world, const struct action *a, uint32_t flags)
{
	struct outcome outcome;

	s2_host_trace.before = before;
	tlb_mind_windows(race.stop == UINT32_MAX);
	outcome.status = perform(&world->tree, &world->cpu[0], a, a->verb == RECLAIM ? 0 : flags);
	outcome.done = world->cpu[0].done;
	s2_host_trace = tlb_listener;
	return outcome;
}

static void check_status(const struct action *action, const struct outcome *o, bool fault,
			 bool owned)
{
	bool whole = o->done == action->size;

	if (action->verb == RECLAIM)
		return;
	if (action->verb == WRITE && (o->status == S2_NOT_MAPPED || o->status == S2_READ_ONLY))
		return;
	if (action->verb == COLLAPSE && (o->status == S2_NOT_UNIFORM || o->status == S2_OK))
		return;
	if (action->verb == MAP && o->status == S2_OWNED && owned && !whole)
		return;
	require((o->status == S2_OK && whole) || (o->status == S2_RETRY && fault),
		"%s: %s, done %#llx", action->name, status_name(o->status), LLU(o->done));
}

/* A page that is logged and clean is not written without a mark. */
static bool leaves_no_mark(const struct tlb_leaf *leaf, uint64_t page)
{
	if (!(page & S2_LOG) || page & S2_DIRTY || !(leaf->attr & S2_W))
		return false;
	return !(leaf->attr & S2_LOG) || leaf->attr & S2_DIRTY;
}

static void check_cached(const struct tlb_leaf *leaf, void *arg)
{
	const struct pages *now = arg;

	for (uint64_t at = 0; at < leaf->size && leaf->ipa + at - BASE < SIZE; at += PAGE) {
		uint64_t page = now->page[(leaf->ipa + at - BASE) / PAGE];

		require(page & MAPPED && (page & ~(MAPPED | UINT64_C(0xfff))) == leaf->pa + at &&
				!(leaf->attr & S2_RWX & ~page) && !leaves_no_mark(leaf, page),
			"IPA %#llx: a CPU may still use PA %#llx, attributes %#x; there is %#llx",
			LLU(leaf->ipa + at), LLU(leaf->pa + at), leaf->attr, LLU(page));
	}
}

static void check_outcome(struct world *world, const struct pages *start, const struct action *a,
			  const struct outcome *oa)
{
	struct pages now, ab = *start, ba = *start;

	apply(&ab, a, oa->done);
	apply(&ab, race.b, race.outcome.done);
	apply(&ba, race.b, race.outcome.done);
	apply(&ba, a, oa->done);
	read_all(world, &now);
	for (unsigned int i = 0; i < PAGES; i++)
		require(!((now.page[i] ^ ab.page[i]) & ~NOTED) ||
				!((now.page[i] ^ ba.page[i]) & ~NOTED),
			"page %u: %#llx; A first: %#llx, B first: %#llx", i, LLU(now.page[i]),
			LLU(ab.page[i]), LLU(ba.page[i]));
	tlb_returned(false);
	tlb_for_each(check_cached, &now);
	world_balance(world);
}

/* One run; how many steps A took. */
static unsigned int run_race(const struct scene *scene, const struct action *a,
			     const struct action *b, uint32_t flags, unsigned int stop)
{
	struct world world;
	struct pages start;

	open_scene(&world, scene);
	read_all(&world, &start);
	race.world = &world;
	race.b = b;
	race.step = 0;
	race.stop = stop;
	race.outcome = (struct outcome){S2_OK, 0};
	set_context("%s: %s%s, at step %u: %s%s%s", scene->name, a->name, flags ? " (fault)" : "",
		    stop, race.first ? race.first->name : "", race.first ? " and " : "", b->name);
	struct outcome oa = run_a(&world, a, flags);
	unsigned int steps = race.step;

	race.of_a = oa;
	check_status(a, &oa, flags, scene->owned);
	if (race.step > stop)
		check_status(b, &race.outcome, true, scene->owned);
	check_outcome(&world, &start, a, &oa);
	close_scene(&world);
	return steps;
}

/* Every step of a short operation; of a long one both ends, and some in between. */
static unsigned int next_stop(unsigned int stop, unsigned int steps)
{
	bool middle = stop >= 24 && stop + 24 < steps;
	unsigned int stride = (steps - 48) / 8;

	return middle && stride > 1 ? stop + stride : stop + 1;
}

/* S2_PERCENT of the races, evenly, where each of them is slower than usual. */
static bool wanted(void)
{
	static unsigned int sum;

	sum += setting("S2_PERCENT", 100);
	if (sum < 100)
		return false;
	sum -= 100;
	return true;
}

static bool is_for(const struct scene *scene, const struct action *a)
{
	return scene->owned || a->verb < TAKE;
}

static void race_all(const struct scene *scene, const struct action *a, uint32_t flags,
		     unsigned int steps)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		for (unsigned int stop = 0; stop < steps; stop = next_stop(stop, steps))
			if (is_for(scene, &actions[i]) && wanted())
				run_race(scene, a, &actions[i], flags, stop);
}

/* Who seals a table meets others who do so as well, and who change it then. */
static void race_twice(const struct scene *scene, const struct action *a, uint32_t flags)
{
	unsigned int steps = run_race(scene, a, a, flags, UINT32_MAX);

	race_all(scene, a, flags, steps);
	if (a->verb != COLLAPSE)
		return;
	race.first = a;
	race_all(scene, a, flags, steps);
	race.first = NULL;
}

static void race_in_scene(void **state)
{
	const struct scene *scene = *state;

	race.first = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (!is_for(scene, &actions[i]))
			continue;
		race_twice(scene, &actions[i], 0);
		if (actions[i].verb != RECLAIM)
			race_twice(scene, &actions[i], S2_FAULT);
	}
}

/* --- a table that goes while a table below it is collapsed ---------------------- */

static const struct action collapse_second = {
	"collapse the second block", COLLAPSE, BLOCK, BLOCK, 0, 0};
static const struct action cut_above = {"unmap 1 GiB", UNMAP, BLOCK, GB, 0, 0};
static const struct scene second_table = {
	"a table", {{BLOCK, BLOCK, F, S2_RWX, S2_PAGES, 0}}, false, 0};

/* The entry that is collapsed is entry 0, which whoever cuts the table takes for his list. */
static void the_table_around_a_collapse_is_cut_away_at_every_step(void **state)
{
	(void)state;
	race.first = NULL;
	for (uint32_t flags = 0; flags <= S2_FAULT; flags += S2_FAULT) {
		unsigned int steps =
			run_race(&second_table, &collapse_second, &cut_above, flags, UINT32_MAX);

		for (unsigned int stop = 0; stop < steps; stop = next_stop(stop, steps))
			run_race(&second_table, &collapse_second, &cut_above, flags, stop);
	}
}

static void cut_in_the_window(const struct s2_host_event *event)
{
	if (!race.inside && event->op == S2_HOST_DSB_ISH && race.step++ == 0)
		run_b();
	tlb_listener.before(event);
}

/* Nothing is made, nothing counted as collapsed, and the table belongs to who cut above it. */
static void cut_in_window(uint32_t flags, int expected)
{
	const struct s2_stats *stats;
	struct world world;

	open_scene(&world, &second_table);
	stats = &world.cpu[0].stats;
	race.world = &world;
	race.b = &cut_above;
	race.step = 0;
	tlb_mind_windows(false);
	s2_host_trace.before = cut_in_the_window;
	require_status(perform(&world.tree, &world.cpu[0], &collapse_second, flags), expected);
	s2_host_trace = tlb_listener;
	require_status(race.outcome.status, S2_OK);
	require(stats->breaks == 1 && stats->collapses == 0 && stats->tables_unlinked == 0,
		"%llu breaks, %llu collapses", LLU(stats->breaks), LLU(stats->collapses));
	require(world.cpu[1].stats.tables_unlinked == 1, "%llu tables cut",
		LLU(world.cpu[1].stats.tables_unlinked));
	world_balance(&world);
	close_scene(&world);
}

static void a_collapse_whose_entry_is_cut_away_in_its_window_makes_nothing(void **state)
{
	(void)state;
	race.first = NULL;
	set_context("%s", "");
	cut_in_window(0, S2_NOT_UNIFORM);
	cut_in_window(S2_FAULT, S2_RETRY);
}

/* --- two that collapse one table -------------------------------------------------- */

static const struct action collapse_first = {"collapse the first block", COLLAPSE, 0, BLOCK, 0, 0};
static const struct scene uniform_table = {
	"a uniform table", {{0, BLOCK, F, S2_RWX, S2_PAGES, 0}}, false, 0};

/* The table is uniform throughout: neither may be told otherwise by the other's work on it. */
static void two_collapses_of_a_uniform_table_never_find_it_different(void **state)
{
	(void)state;
	race.first = NULL;
	for (uint32_t flags = 0; flags <= S2_FAULT; flags += S2_FAULT) {
		unsigned int steps = run_race(&uniform_table, &collapse_first, &collapse_first,
					      flags, UINT32_MAX);

		for (unsigned int stop = 0; stop < steps; stop++) {
			run_race(&uniform_table, &collapse_first, &collapse_first, flags, stop);
			require(race.of_a.status != S2_NOT_UNIFORM, "the first");
			require(race.outcome.status != S2_NOT_UNIFORM, "the second");
		}
	}
}

int main(void)
{
	static char names[ARRAY_SIZE(scenes)][120];
	struct CMUnitTest tests[ARRAY_SIZE(scenes) + 3] = {
		[ARRAY_SIZE(scenes)] =
			cmocka_unit_test(the_table_around_a_collapse_is_cut_away_at_every_step),
		cmocka_unit_test(a_collapse_whose_entry_is_cut_away_in_its_window_makes_nothing),
		cmocka_unit_test(two_collapses_of_a_uniform_table_never_find_it_different),
	};

	for (size_t i = 0; i < ARRAY_SIZE(scenes); i++) {
		snprintf(names[i], sizeof(names[i]),
			 "any_operation_at_any_step_of_any_other: over %s", scenes[i].name);
		tests[i] = (struct CMUnitTest){names[i], race_in_scene, NULL, NULL,
					       (void *)(uintptr_t)&scenes[i]};
	}
	return run_suite("races", tests);
}
