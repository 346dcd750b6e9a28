/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What the engine does while an entry is invalid for the guest: for each operation that
 * breaks one, every step from the break to the make, by the trace of the host's platform.
 *
 *	valid --> invalid	the window opens: the guest faults if it looks in
 *	invalid --> anything	it closes
 *
 * The program fails if there is anything but barriers and TLBIs between the last break and the
 * first make, or a window where there shall be none.  A group of contiguous entries is broken
 * entry by entry: each is read before.  Steps are what goes through the platform; what is
 * done with registers and private memory between two of them is not seen.
 *
 * Watched are the entries of the table in which the change is: in one that was cut off, an
 * entry becomes a link, and no guest sees it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stage2/stage2.h>

#include "host.h"

#define KIB UINT64_C(1024)
#define MIB (KIB * KIB)
#define GIB (KIB * MIB)
#define IPA (4 * GIB)
#define PA (8 * GIB)
#define ARENA_PA (64 * GIB)
#define PAGES 600u
#define GROUP 16u /* pages of a contiguous group */
#define GROUP_SIZE (64 * KIB)

static struct s2_format fmt;
static struct s2_tree tree;
static struct s2_cpu cpu;
static struct s2_qsbr qsbr;
static struct s2_qsbr_slot slot;

/* --- the watch --------------------------------------------------------------- */

static struct {
	uintptr_t table; /* whose entries are watched, by its number */
	unsigned int open; /* entries that are broken now */
	bool making; /* of those that were, one is made already */
	unsigned int windows, entries;
	unsigned int steps; /* from the last break to the first make */
	char between[128]; /* the same in words */
	unsigned int loads; /* from the first break to the last make */
	bool bad; /* there was something else */
} watch;

static void note(const char *word)
{
	size_t used = strlen(watch.between);

	if (watch.making)
		return;
	watch.steps++;
	snprintf(watch.between + used, sizeof(watch.between) - used, "%s%s", used ? "+" : "", word);
}

static void on_break(void)
{
	watch.windows += !watch.open++;
	watch.entries++;
	watch.making = false;
	watch.steps = 0;
	watch.between[0] = '\0';
}

static void on_make(void)
{
	watch.open--;
	watch.making = true;
}

static void on_store(const struct s2_host_event *event)
{
	bool watched = (uintptr_t)event->p / (4 * KIB) == watch.table;

	if (watched && event->old & 1 && !(event->value & 1))
		on_break();
	else if (watched && watch.open && !(event->old & 1))
		on_make();
	else if (watch.open)
		watch.bad = true;
}

static void on_step(const struct s2_host_event *event)
{
	if (event->op >= S2_HOST_DSB_ISHST && event->op <= S2_HOST_DSB_NSH)
		note("DSB");
	else if (event->op >= S2_HOST_TLBI_FIRST && event->op < S2_HOST_DCACHE)
		note("TLBI");
	else if (event->op == S2_HOST_LOAD && (uintptr_t)event->p / (4 * KIB) == watch.table)
		watch.loads++;
	else
		watch.bad = true;
}

static void after(const struct s2_host_event *event)
{
	if (event->stored)
		on_store(event);
	else if (watch.open)
		on_step(event);
}

/* What has no `after`. */
static void before(const struct s2_host_event *event)
{
	if (watch.open && (event->op == S2_HOST_WORD_LOAD || event->op == S2_HOST_WORD ||
			   event->op == S2_HOST_FENCE || event->op == S2_HOST_WAIT))
		watch.bad = true;
}

/* --- what is done ------------------------------------------------------------ */

static int map_pages(uint64_t size)
{
	return s2_map(&tree, &cpu, IPA, size, PA, S2_RW, S2_PAGES);
}

static int start_pages(void)
{
	return map_pages(2 * MIB);
}

static int start_tables(void)
{
	return map_pages(8 * MIB);
}

static int start_block(void)
{
	return s2_map(&tree, &cpu, IPA, 2 * MIB, PA, S2_RW, 0);
}

static int start_gib(void)
{
	return s2_map(&tree, &cpu, IPA, GIB, PA, S2_RW, 0);
}

/* One by one, so that they form no group by themselves. */
static int start_faults(void)
{
	int status = 0;

	for (uint64_t at = 0; at < GROUP_SIZE; at += 4 * KIB)
		status |= s2_map(&tree, &cpu, IPA + at, 4 * KIB, PA + at, S2_RW, S2_FAULT);
	return status;
}

static int do_over(void)
{
	return s2_map(&tree, &cpu, IPA, 2 * MIB, PA + GIB, S2_RW, 0);
}

static int do_over_page(void)
{
	return s2_map(&tree, &cpu, IPA, 4 * KIB, PA + GIB, S2_RW, 0);
}

static int do_split(void)
{
	return s2_split(&tree, &cpu, IPA, 2 * MIB, 3, 0);
}

static int do_split_gib(void)
{
	return s2_split(&tree, &cpu, IPA, GIB, 3, 0);
}

static int do_collapse(void)
{
	return s2_collapse(&tree, &cpu, IPA, 2, 0);
}

static int do_compact(void)
{
	return s2_compact(&tree, &cpu, IPA, 8 * MIB, 2, 0);
}

static int do_group(void)
{
	return s2_group(&tree, &cpu, IPA, GROUP_SIZE);
}

static int do_dissolve(void)
{
	return s2_protect(&tree, &cpu, IPA, 4 * KIB, S2_W, 0, 0);
}

struct scene {
	const char *name;
	uint32_t features;
	int (*start)(void);
	int (*act)(void);
	size_t counter; /* of struct s2_stats: what was done is counted there */
	unsigned int level; /* of the entries that change */
	unsigned int windows;
	unsigned int entries; /* of each */
};

#define COUNTER(name) offsetof(struct s2_stats, name)

static const struct scene scenes[] = {
	{"over", 0, start_pages, do_over, COUNTER(breaks), 2, 1, 1},
	{"over-page", 0, start_pages, do_over_page, COUNTER(breaks), 3, 1, 1},
	{"under", 0, start_block, do_over_page, COUNTER(splits), 2, 1, 1},
	{"split", 0, start_block, do_split, COUNTER(splits), 2, 1, 1},
	{"split-1G", 0, start_gib, do_split_gib, COUNTER(splits), 1, 1, 1},
	{"collapse", 0, start_pages, do_collapse, COUNTER(collapses), 2, 1, 1},
	{"compact", 0, start_tables, do_compact, COUNTER(collapses), 2, 4, 1},
	{"group", S2_FEAT_CONTIG, start_faults, do_group, COUNTER(groups_formed), 3, 1, GROUP},
	{"dissolve", S2_FEAT_CONTIG, start_pages, do_dissolve, COUNTER(groups_dissolved), 3, 1,
	 GROUP},
	{"split-bbm1", S2_FEAT_BBM1, start_block, do_split, COUNTER(splits), 2, 0, 0},
	{"split-bbm2", S2_FEAT_BBM2, start_block, do_split, COUNTER(splits), 2, 0, 0},
	{"collapse-bbm1", S2_FEAT_BBM1, start_pages, do_collapse, COUNTER(collapses), 2, 0, 0},
	{"collapse-bbm2", S2_FEAT_BBM2, start_pages, do_collapse, COUNTER(collapses), 2, 0, 0},
	{"compact-bbm2", S2_FEAT_BBM2, start_tables, do_compact, COUNTER(collapses), 2, 0, 0},
	{"group-bbm2", S2_FEAT_CONTIG | S2_FEAT_BBM2, start_faults, do_group,
	 COUNTER(groups_formed), 3, 0, 0},
	{"dissolve-bbm2", S2_FEAT_CONTIG | S2_FEAT_BBM2, start_pages, do_dissolve,
	 COUNTER(groups_dissolved), 3, 0, 0},
};

/* A shared tree, as its protocol is the longer one. */
static int make_tree(uint32_t features)
{
	const struct s2_config config = {.granule_shift = 12,
					 .ipa_bits = 48,
					 .pa_bits = 48,
					 .vmid_bits = 16,
					 .features = features | S2_FEAT_TTL | S2_FEAT_TLBIRANGE};
	struct s2_tree_config tree_config = {
		.fmt = &fmt, .vmid = 1, .shared = true, .grace = &qsbr.grace};
	int status = s2_host_open(ARENA_PA, 4 * MIB, 12) || s2_format_init(&fmt, &config);

	tree_config.root = s2_host_alloc(fmt.root_size);
	status |= s2_qsbr_init(&qsbr, &slot, 1) || s2_init(&tree, &tree_config) ||
		  s2_cpu_init(&cpu, 12) || s2_qsbr_online(&qsbr, 0);
	for (unsigned int i = 0; i < PAGES; i++)
		status |= s2_cache_put(&cpu.cache, s2_host_alloc(4 * KIB));
	return status;
}

/* The number of the table of `level` that has IPA in it. */
static uintptr_t table_at(unsigned int level)
{
	const uint64_t *table = tree.root;

	for (unsigned int at = fmt.start_level; at < level; at++) {
		uint64_t entry = table[IPA >> (39 - 9 * at) & 511];

		table = (const void *)(s2_host_arena.base + (entry & 0xfffffffff000) - ARENA_PA);
	}
	return (uintptr_t)table / (4 * KIB);
}

static uint64_t count_of(const struct scene *s)
{
	return *(const uint64_t *)(const void *)((const char *)&cpu.stats + s->counter);
}

/* Barriers around TLBIs, and nothing else. */
static bool is_invalidation(const char *steps)
{
	return !strncmp(steps, "DSB+TLBI+", 9) && !strcmp(steps + strlen(steps) - 8, "TLBI+DSB");
}

static bool as_it_shall_be(const struct scene *s)
{
	if (watch.windows != s->windows || watch.open || watch.bad)
		return false;
	if (watch.entries != s->windows * s->entries)
		return false;
	if (watch.loads >= (s->entries ? s->entries : 1))
		return false;
	return !s->windows || is_invalidation(watch.between);
}

/* One operation on a fresh tree.  False: it is not as it shall be. */
static bool play(const struct scene *s)
{
	uint64_t before_it;
	int status;

	memset(&watch, 0, sizeof(watch));
	status = make_tree(s->features) || s->start();
	before_it = count_of(s);
	watch.table = table_at(s->level);
	s2_host_trace.before = before;
	s2_host_trace.after = after;
	status |= s->act();
	s2_host_trace = (struct s2_host_trace){0};
	if (status || count_of(s) == before_it) {
		fprintf(stderr, "window: %s: not done, %d\n", s->name, status);
		return false;
	}
	printf("bench: case=window-%s engine=stage2 instr=- ns=- unit=window windows=%u entries=%u "
	       "steps=%u between=%s loads=%u\n",
	       s->name, watch.windows, watch.entries, watch.steps,
	       watch.windows ? watch.between : "-", watch.loads);
	(void)s2_host_close();
	return as_it_shall_be(s);
}

int main(void)
{
	int bad = 0;

	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		if (play(&scenes[i]))
			continue;
		fprintf(stderr, "window: %s: not as it shall be\n", scenes[i].name);
		bad = 1;
	}
	return bad;
}
