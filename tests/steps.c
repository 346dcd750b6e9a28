/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A straight path takes the steps of the complete version: to others there is one.
 *
 * Each call is made twice, on worlds that are alike, and once with a format that says that no
 * straight path is for it.  Steps, results and counters must be the same: with
 * whatever is at the entry, and if another CPU gets in between.
 */
#include "lib/suite.h"

#include <string.h>

#include <stage2/platform.h>

#include "desc.h"
#include "lib/world.h"

#define LLU(x) ((unsigned long long)(x))
#define STEPS 20000

/* --- what there is to do -------------------------------------------------------- */

enum call { OVER, UNMAP_PAGE };

struct plan {
	const char *name;
	enum call call;
	void (*prepare)(struct world *w);
	bool fault;
	unsigned int lost; /* the compare-and-swap on the entry that fails; 0: none */
	bool owned; /* the tree may have annotations */
	bool odd; /* memory that is aligned to a page only */
	bool log; /* what was dirty is to be reported */
	uint32_t flags;
	s2_attr attr; /* beside S2_RW */
};

/* Where everything is: in the first entry of no table. */
static uint64_t place(const struct world *w)
{
	uint64_t ipa = 3 * s2_level_size(&w->fmt, 2);

	return w->fmt.start_level < 2 ? ipa + s2_level_size(&w->fmt, 1) : ipa;
}

static void map(struct world *w, uint64_t ipa, unsigned int level, uint32_t flags)
{
	uint64_t size = s2_level_size(&w->fmt, level);

	require_status(s2_map(&w->tree, &w->cpu[1], ipa & ~(size - 1), size, size, S2_RW, flags),
		       S2_OK);
}

/* Of `level`, or of the level at which there is no table to go on in. */
static s2_desc *entry(const struct world *w, unsigned int level)
{
	s2_desc *at = NULL, *table = w->root;

	for (unsigned int l = w->fmt.start_level;; l++) {
		uint64_t index = place(w) >> s2_level_shift(&w->fmt, l);

		at = table + (l > w->fmt.start_level ? index % BIT(w->fmt.index_bits) : index);
		table = s2_is_table(l, *at) ? s2p_table(s2_oa_decode(&w->fmt, *at)) : NULL;
		if (l == level || !table)
			return at;
	}
}

/* Something else next to where it is: so the tables down to `level` are there. */
static s2_desc *entry_beside(struct world *w, unsigned int level)
{
	map(w, place(w) + s2_level_size(&w->fmt, level), level, 0);
	return entry(w, level);
}

static void nothing(struct world *w)
{
	(void)w;
}

static void full_table(struct world *w)
{
	map(w, place(w), 2, S2_PAGES);
}

static void one_page(struct world *w)
{
	map(w, place(w), 3, 0);
}

static void page_beside(struct world *w)
{
	(void)entry_beside(w, 3);
}

static void block(struct world *w)
{
	map(w, place(w), 2, 0);
}

static void block_beside(struct world *w)
{
	(void)entry_beside(w, 2);
}

static void large_block(struct world *w)
{
	if (s2_level_has_leaf(&w->fmt, 1) && w->fmt.start_level < 2)
		map(w, place(w), 1, 0);
}

static void lock_above(struct world *w)
{
	*entry_beside(w, 2) = S2_INVALID_LOCKED;
}

static void lock(struct world *w)
{
	*entry_beside(w, 3) = S2_INVALID_LOCKED;
}

static void annotation(struct world *w)
{
	require_status(s2_desc_annotation(5, 7, entry_beside(w, 2)), S2_OK);
}

static void pointer_astray(struct world *w)
{
	*entry_beside(w, 2) = 0x1000000 | 3;
}

static void odd_table(struct world *w)
{
	full_table(w);
	*entry(w, 2) |= BIT(60);
}

static void sealed_page(struct world *w)
{
	one_page(w);
	*entry(w, 3) |= S2_DESC_SEAL;
}

static void old_page(struct world *w)
{
	one_page(w);
	*entry(w, 3) &= ~S2_DESC_AF;
}

static void dirty_page(struct world *w)
{
	one_page(w);
	*entry(w, 3) |= S2_DESC_DBM;
}

static const struct plan plans[] = {
	{"a block over a full table", OVER, full_table, .fault = false},
	{"a block over a full table, in a fault", OVER, full_table, .fault = true},
	{"a block over a table with a page", OVER, page_beside, .fault = false},
	{"a block over a table that another changes before the break", OVER, full_table,
	 .fault = true, .lost = 1},
	{"a block over a table that is cut away around it", OVER, full_table, .fault = true,
	 .lost = 2},
	{"a block into nothing", OVER, block_beside, .fault = false},
	{"a block into nothing, higher up", OVER, nothing, .fault = false},
	{"a block over itself", OVER, block, .fault = false},
	{"a block over a large one", OVER, large_block, .fault = false},
	{"a block over a lock", OVER, lock_above, .fault = true},
	{"a block over an annotation", OVER, annotation, .fault = false},
	{"a block over a pointer astray", OVER, pointer_astray, .fault = false},
	{"a block over a table with odd bits", OVER, odd_table, .fault = false},
	{"a block over a table that may have owners", OVER, full_table, .owned = true},
	{"pages over a table", OVER, full_table, .odd = true},
	{"an old block over a table", OVER, full_table, .attr = S2_OLD},
	{"a block over a table, with a log", OVER, full_table, .log = true},
	{"a block over a table, owners and all", OVER, full_table, .flags = S2_TAKE},
	{"a block over a table that stays", OVER, full_table, .flags = S2_HOLES},
	{"unmap a dirty page, with a log", UNMAP_PAGE, dirty_page, .log = true},
	{"unmap a page, and clean", UNMAP_PAGE, one_page, .flags = S2_CLEAN},
	{"unmap a page, and flush later", UNMAP_PAGE, one_page, .flags = S2_DEFER},
	{"unmap a page", UNMAP_PAGE, one_page, .fault = false},
	{"unmap a page, in a fault", UNMAP_PAGE, one_page, .fault = true},
	{"unmap a page of a full table", UNMAP_PAGE, full_table, .fault = false},
	{"unmap a page that another changes before the break", UNMAP_PAGE, one_page, .fault = true,
	 .lost = 1},
	{"unmap a page that is cut away around it", UNMAP_PAGE, one_page, .fault = true, .lost = 2},
	{"unmap nothing", UNMAP_PAGE, page_beside, .fault = false},
	{"unmap nothing, higher up", UNMAP_PAGE, nothing, .fault = false},
	{"unmap a page of a block", UNMAP_PAGE, block, .fault = false},
	{"unmap a page of a large block", UNMAP_PAGE, large_block, .fault = false},
	{"unmap a sealed page", UNMAP_PAGE, sealed_page, .fault = true},
	{"unmap an old page", UNMAP_PAGE, old_page, .fault = false},
	{"unmap a dirty page", UNMAP_PAGE, dirty_page, .fault = false},
	{"unmap at a lock", UNMAP_PAGE, lock, .fault = true},
	{"unmap below a lock", UNMAP_PAGE, lock_above, .fault = true},
	{"unmap a page of an annotation", UNMAP_PAGE, annotation, .fault = false},
	{"unmap behind a pointer astray", UNMAP_PAGE, pointer_astray, .fault = false},
};

/* --- what happens ---------------------------------------------------------------- */

struct record {
	struct s2_host_event event[STEPS];
	size_t n;
	int status;
	uint64_t done, found;
	struct s2_stats stats;
};

static struct {
	const struct world *world;
	const struct plan *plan;
	struct record *record;
	s2_desc *entry;
	unsigned int swaps; /* compare-and-swaps on the entry so far */
} run;

static bool in_arena(uint64_t pa)
{
	return pa - s2_host_arena.pa < s2_host_arena.size;
}

/* Tables are not where they were the last time. */
static uint64_t without_place(uint64_t value)
{
	const struct s2_format *fmt = &run.world->fmt;

	if (in_arena(s2_oa_decode(fmt, value)))
		return value & ~(fmt->oa_low | fmt->oa_high);
	return in_arena(value & S2_TABLE_PA) ? value & ~S2_TABLE_PA : value;
}

/* Who has lost a race may leave the VMID before it is lost, and has stored enough for a DSB. */
static bool is_left_out(const struct s2_host_event *event)
{
	return run.plan->lost && run.swaps >= run.plan->lost &&
	       (event->op == S2_HOST_DSB_ISHST || event->op == S2_HOST_VMID_ENTER ||
		event->op == S2_HOST_VMID_LEAVE);
}

static void record_step(const struct s2_host_event *event)
{
	uint64_t offset = (uintptr_t)event->p - (uintptr_t)s2_host_arena.base;
	uint64_t field = (uintptr_t)event->p - (uintptr_t)&run.world->tree;
	struct s2_host_event *e = &run.record->event[run.record->n];

	if (is_left_out(event))
		return;
	assert_true(++run.record->n < STEPS);
	*e = *event;
	e->p = NULL;
	if (offset < s2_host_arena.size)
		e->p = (void *)(uintptr_t)(1 + offset % BIT(run.world->fmt.granule_shift));
	else if (field < sizeof(struct s2_tree))
		e->p = (void *)(uintptr_t)(BIT(20) + field);
	e->old = without_place(event->old);
	e->value = without_place(event->value);
}

/* Words have no `after`. */
static void before_step(const struct s2_host_event *event)
{
	if (event->op == S2_HOST_CAS && event->p == run.entry && ++run.swaps == run.plan->lost)
		*run.entry = run.swaps == 1 ? *run.entry ^ S2_DESC_AF : S2_INVALID_LINK;
	record_step(event);
}

static int call(struct world *w, const struct plan *plan)
{
	uint64_t page = s2_level_size(&w->fmt, 3), size = s2_level_size(&w->fmt, 2);
	uint32_t flags = plan->flags | (plan->fault ? S2_FAULT : 0);

	if (plan->call == OVER)
		return s2_map(&w->tree, &w->cpu[0], place(w), size,
			      8 * size + (plan->odd ? page : 0), S2_RW | plan->attr, flags);
	return s2_unmap(&w->tree, &w->cpu[0], place(w), page, flags);
}

/* Of larger tables there would be too many steps to be kept. */
static bool each_page(const struct plan *plan)
{
	return plan->owned || plan->odd || plan->log || plan->flags & S2_HOLES;
}

/* The world is not closed: what was put there by hand cannot be taken apart. */
static void play(const struct world_config *config, const struct plan *plan, bool straight,
		 struct record *record)
{
	struct s2_bitmap dirty = {.bits = 64, .word = &(uint64_t){0}};
	struct world_config owned = *config;
	struct world w;

	owned.owned = plan->owned;
	world_open(&w, &owned);
	dirty.ipa = place(&w);
	world_fill(&w, &w.cpu[0], 20);
	world_fill(&w, &w.cpu[1], 20);
	plan->prepare(&w);
	w.cpu[0].log = plan->log ? &dirty : NULL;
	if (!straight)
		w.fmt.straight = S2_STRAIGHT_NEVER;
	memset(record, 0, sizeof(*record));
	run.world = &w;
	run.plan = plan;
	run.record = record;
	run.entry = entry(&w, plan->call == OVER ? 2 : 3);
	run.swaps = 0;
	s2_host_trace = (struct s2_host_trace){.before = before_step, .after = record_step};
	record->status = call(&w, plan);
	s2_host_trace = (struct s2_host_trace){NULL, NULL};
	record->done = w.cpu[0].done;
	record->found = w.cpu[0].found;
	record->stats = w.cpu[0].stats;
}

static void require_same_step(const struct s2_host_event *a, const struct s2_host_event *b,
			      size_t i)
{
	require(a->op == b->op && a->p == b->p && a->stored == b->stored,
		"step %zu is %d at %p, not %d at %p", i, a->op, a->p, b->op, b->p);
	require(a->old == b->old && a->value == b->value,
		"step %zu: %#llx to %#llx, not %#llx to %#llx", i, LLU(a->old), LLU(a->value),
		LLU(b->old), LLU(b->value));
}

static void compare(const struct world_config *config, const struct plan *plan)
{
	static struct record a, b;

	set_context("%s; granule %u, ipa %u, features %#x", plan->name,
		    config->format.granule_shift, config->format.ipa_bits,
		    (unsigned int)config->format.features);
	play(config, plan, true, &a);
	play(config, plan, false, &b);
	for (size_t i = 0; i < a.n && i < b.n; i++)
		require_same_step(&a.event[i], &b.event[i], i);
	require(a.n == b.n, "%zu steps, not %zu", a.n, b.n);
	require(a.status == b.status, "%s, not %s", status_name(a.status), status_name(b.status));
	require(a.done == b.done && a.found == b.found, "%llu done, %llu found", LLU(a.done),
		LLU(a.found));
	require(!memcmp(&a.stats, &b.stats, sizeof(a.stats)), "other counters");
	set_context("%s", "");
}

#define FEATURES (S2_FEAT_FWB | S2_FEAT_TTL | S2_FEAT_TLBIRANGE)

static const struct s2_config formats[] = {
	{12, 48, 48, 16, FEATURES},
	{12, 39, 40, 16, FEATURES},
	{12, 52, 52, 16, FEATURES | S2_FEAT_LPA2},
	{14, 47, 48, 16, FEATURES},
	{16, 48, 52, 16, FEATURES},
	{12, 48, 48, 16, 0},
};

static void a_straight_path_takes_the_steps_of_the_complete_version(void **state)
{
	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(formats); f++)
		for (unsigned int shared = 0; shared < 2; shared++)
			for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
				const struct world_config config = {
					.format = formats[f], .shared = shared, .arena = BIT(26)};

				if (formats[f].granule_shift == 12 || !each_page(&plans[i]))
					compare(&config, &plans[i]);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_straight_path_takes_the_steps_of_the_complete_version),
	};

	return run_suite("steps", tests);
}
