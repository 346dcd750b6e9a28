/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Tables found corrupt stop the operation with a report, never with a wild pointer.
 *
 * Each descriptor that no engine writes is put where an empty entry was; every
 * operation must name it, change nothing, and leave all that lies beside it as it
 * is; and taking the tree apart must still free every page that is really there.
 */
#include "lib/suite.h"

#include <stdlib.h>
#include <string.h>

#include "lib/world.h"

#define LLU(x) ((unsigned long long)(x))
#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define GB UINT64_C(0x40000000)
#define ARENA (UINT64_C(1) << 20)

struct culprit {
	const char *name;
	uint32_t level;
	s2_desc desc;
};

static const struct culprit culprits[] = {
	{"a reserved type at level 3", 3, 0x00400000400007fd},
	{"a page with the Contiguous bit", 3, 0x00500000400007ff},
	{"a page with XN[0]", 3, 0x00600000400007ff},
	{"a page beyond the PA bits", 3, 0x00400f00400007ff},
	{"an invalid entry of kind 4", 3, 0x8},
	{"an invalid entry of kind 7", 3, 0xe},
	{"an invalid entry of no kind", 3, 0x1000},
	{"an annotation that is writable", 3, 0x0010000000000082},
	{"an annotation of nobody", 3, 0x0000000000001002},
	{"a locked entry with other bits", 3, 0x8000000000000004},
	{"a locked page that pointed to a table", 3, 0x0000000040000014},
	{"a block with nT", 2, 0x00400000406107fd},
	{"a block that is not aligned", 2, 0x00400000406017fd},
	{"a table outside of memory", 2, 0x0000001000000003},
	{"a table beyond the PA bits", 2, 0x0000800000000003},
	{"a table with attributes", 2, 0x1000000000000003},
	{"a table outside of memory, higher up", 1, 0x0000001000000003},
	{"a block beyond the PA bits, higher up", 1, 0x00400f00c00007fd},
};

struct scene {
	const struct culprit *culprit;
	struct world world;
	uint64_t ipa; /* of the culprit's entry */
	uint64_t size;
	s2_desc *entry;
	unsigned char arena[ARENA];
};

static void remember(struct scene *s)
{
	memcpy(s->arena, s2_host_arena.base, ARENA);
}

static void require_unchanged(const struct scene *s)
{
	require(!memcmp(s->arena, s2_host_arena.base, ARENA), "something was changed");
}

/* A page, a block, and the culprit behind them in the table of its level. */
static struct scene *open_scene(const struct culprit *culprit)
{
	const struct world_config config = {
		.format = {12, 39, 40, 8, 0}, .shared = true, .arena = ARENA};
	struct scene *s = calloc(1, sizeof(*s));
	struct world *w = &s->world;
	struct arch_walk walk;

	set_context("%s", culprit->name);
	world_open(w, &config);
	world_fill(w, &w->cpu[0], 20);
	require_status(s2_map(&w->tree, &w->cpu[0], GB, PAGE, GB, S2_RW, 0), S2_OK);
	require_status(s2_map(&w->tree, &w->cpu[0], GB + BLOCK, BLOCK, GB, S2_RW, 0), S2_OK);
	s->culprit = culprit;
	s->ipa = culprit->level == 3 ? GB + PAGE : culprit->level == 2 ? GB + 2 * BLOCK : 2 * GB;
	arch_walk(&w->regime, s->ipa, &walk);
	require(walk.level == culprit->level && !walk.desc, "no place to put it");
	s->size = walk.size;
	s->entry = (s2_desc *)(uintptr_t)walk.entry;
	*s->entry = culprit->desc;
	remember(s);
	return s;
}

/* However often it reports, it comes to an end, and all pages are there. */
static void close_scene(struct scene *s)
{
	struct world *w = &s->world;
	int status = S2_CORRUPT;

	for (unsigned int n = 0; status == S2_CORRUPT && n < 4; n++)
		status = s2_destroy(&w->tree, &w->cpu[0]);
	require_status(status, S2_OK);
	world_close(w);
	free(s);
}

static void check_report(const struct scene *s, const char *what, int status)
{
	const struct s2_report *report = &s->world.cpu[0].corrupt;

	require(status == S2_CORRUPT, "%s: %s", what, status_name(status));
	require(report->ipa == s->ipa && report->desc == s->culprit->desc &&
			report->level == s->culprit->level,
		"%s: reports IPA %#llx, %#llx, level %u", what, LLU(report->ipa), LLU(report->desc),
		report->level);
	require(s->world.cpu[0].done == 0, "%s: done %#llx", what, LLU(s->world.cpu[0].done));
	require_unchanged(s);
}

static void for_each_culprit(void (*check)(struct scene *s))
{
	for (size_t i = 0; i < ARRAY_SIZE(culprits); i++) {
		struct scene *s = open_scene(&culprits[i]);

		check(s);
		close_scene(s);
	}
}

static void check_lookup(struct scene *s)
{
	struct s2_mapping m;

	require_status(s2_lookup(&s->world.tree, s->ipa + 8, &m), S2_CORRUPT);
	require(m.kind == S2_KIND_CORRUPT && m.ipa == s->ipa && m.size == s->size &&
			m.desc == s->culprit->desc && m.level == s->culprit->level,
		"%#llx at IPA %#llx, level %u, kind %d", LLU(m.desc), LLU(m.ipa), m.level, m.kind);
	require_unchanged(s);
}

static void lookup_describes_it(void **state)
{
	(void)state;
	for_each_culprit(check_lookup);
}

static int keep_last(const struct s2_mapping *m, void *arg)
{
	*(struct s2_mapping *)arg = *m;
	return 0;
}

static void check_walk(struct scene *s)
{
	struct s2_mapping last = {0};

	require_status(s2_walk(&s->world.tree, 0, 4 * GB, keep_last, &last), S2_CORRUPT);
	require(last.kind == S2_KIND_CORRUPT && last.ipa == s->ipa, "the last visit was %#llx",
		LLU(last.ipa));
	require_unchanged(s);
}

static void walk_ends_with_it(void **state)
{
	(void)state;
	for_each_culprit(check_walk);
}

static void check_map(struct scene *s)
{
	struct s2_tree *tree = &s->world.tree;
	struct s2_cpu *cpu = &s->world.cpu[0];
	uint64_t pages;

	check_report(s, "map page", s2_map(tree, cpu, s->ipa, PAGE, GB, S2_RW, 0));
	check_report(s, "map, fault", s2_map(tree, cpu, s->ipa, PAGE, GB, S2_RW, S2_FAULT));
	check_report(s, "map entry", s2_map(tree, cpu, s->ipa, s->size, 2 * GB, S2_RW, 0));
	check_report(s, "map two", s2_map(tree, cpu, s->ipa, 2 * PAGE, PAGE, S2_RW, 0));
	require_status(s2_map_cost(tree, s->ipa, PAGE, GB, S2_RW, 0, &pages), S2_CORRUPT);
	require_unchanged(s);
}

static void map_reports_it(void **state)
{
	(void)state;
	for_each_culprit(check_map);
}

static void check_unmap(struct scene *s)
{
	struct s2_tree *tree = &s->world.tree;
	struct s2_cpu *cpu = &s->world.cpu[0];

	check_report(s, "unmap page", s2_unmap(tree, cpu, s->ipa, PAGE, 0));
	check_report(s, "unmap entry", s2_unmap(tree, cpu, s->ipa, s->size, 0));
	check_report(s, "unmap, deferred", s2_unmap(tree, cpu, s->ipa, s->size, S2_DEFER));
	require_status(s2_flush(tree, cpu), S2_OK);
}

static void unmap_reports_it(void **state)
{
	(void)state;
	for_each_culprit(check_unmap);
}

static void check_annotate(struct scene *s)
{
	struct s2_tree *tree = &s->world.tree;
	struct s2_cpu *cpu = &s->world.cpu[0];

	tree->owned = true;
	check_report(s, "annotate page", s2_annotate(tree, cpu, s->ipa, PAGE, 5, 0, 0));
	check_report(s, "annotate entry", s2_annotate(tree, cpu, s->ipa, s->size, 5, 0, 0));
	check_report(s, "annotate, deferred", s2_annotate(tree, cpu, s->ipa, PAGE, 5, 0, S2_DEFER));
	require_status(s2_flush(tree, cpu), S2_OK);
	tree->owned = false;
}

static void annotate_reports_it(void **state)
{
	(void)state;
	for_each_culprit(check_annotate);
}

static void check_split(struct scene *s)
{
	struct s2_tree *tree = &s->world.tree;
	struct s2_cpu *cpu = &s->world.cpu[0];
	uint64_t pages;

	/* A table of pages is passed over: what is in it is not looked at. */
	if (s->culprit->level == 3) {
		require_status(s2_split(tree, cpu, s->ipa, PAGE, 3, 0), S2_OK);
		require_status(s2_split_cost(tree, s->ipa, PAGE, 3, &pages), S2_OK);
		require_unchanged(s);
		return;
	}
	check_report(s, "split", s2_split(tree, cpu, s->ipa, PAGE, 3, 0));
	require_status(s2_split_cost(tree, s->ipa, PAGE, 3, &pages), S2_CORRUPT);
	require_unchanged(s);
}

static void split_reports_it(void **state)
{
	(void)state;
	for_each_culprit(check_split);
}

static void check_collapse(struct scene *s)
{
	if (s->culprit->level < 3)
		check_report(s, "collapse",
			     s2_collapse(&s->world.tree, &s->world.cpu[0], s->ipa,
					 s->culprit->level, 0));
}

static void collapse_reports_it(void **state)
{
	(void)state;
	for_each_culprit(check_collapse);
}

/* What lies before it is done, and counted. */
static void check_prefix(struct scene *s)
{
	struct s2_cpu *cpu = &s->world.cpu[0];
	struct s2_mapping m;

	if (s->culprit->level != 3)
		return;
	require_status(s2_map(&s->world.tree, cpu, GB, 3 * PAGE, 0, S2_RW, 0), S2_CORRUPT);
	require(cpu->done == PAGE && cpu->corrupt.ipa == s->ipa, "done %#llx", LLU(cpu->done));
	require_status(s2_lookup(&s->world.tree, GB, &m), S2_OK);
	require(m.pa == 0 && m.attr == S2_RW, "the page before it: PA %#llx", LLU(m.pa));
	require(*s->entry == s->culprit->desc, "it is gone");
}

static void what_lies_before_it_is_done(void **state)
{
	(void)state;
	for_each_culprit(check_prefix);
}

/* Cut off with the table above it: only the tearing down gets to see it. */
static void check_cut(struct scene *s)
{
	struct world *w = &s->world;
	struct s2_cpu *cpu = &w->cpu[0];
	bool pointer = (s->culprit->desc & 3) == 3 && s->culprit->level < 3;
	unsigned int reports = 0;
	int status = S2_RETRY;

	if (s->culprit->level == 1)
		return;
	require_status(s2_unmap(&w->tree, cpu, GB, GB, 0), S2_OK);
	for (unsigned int n = 0; status != S2_OK && n < 8; n++) {
		for (unsigned int i = 0; i < WORLD_CPUS; i++)
			require_status(s2_qsbr_quiescent(&w->qsbr, i), S2_OK);
		status = s2_reclaim(&w->tree, cpu);
		reports += status == S2_CORRUPT;
		require(status != S2_CORRUPT || cpu->corrupt.desc == s->culprit->desc,
			"reports %#llx", LLU(cpu->corrupt.desc));
	}
	require_status(status, S2_OK);
	require(reports == pointer, "%u reports", reports);
	require(w->tree.tables == 0, "%llu tables left", LLU(w->tree.tables));
}

static void reclaim_reports_a_pointer_that_it_cannot_follow_and_frees_the_rest(void **state)
{
	(void)state;
	for_each_culprit(check_cut);
}

static void check_destroy(struct scene *s)
{
	struct world *w = &s->world;
	bool pointer = (s->culprit->desc & 3) == 3 && s->culprit->level < 3;
	int status = s2_destroy(&w->tree, &w->cpu[0]);

	require_status(status, pointer ? S2_CORRUPT : S2_OK);
	require(!pointer || w->cpu[0].corrupt.desc == s->culprit->desc, "reports %#llx",
		LLU(w->cpu[0].corrupt.desc));
	world_balance(w);
}

static void destroy_reports_a_pointer_that_it_cannot_follow_and_frees_the_rest(void **state)
{
	(void)state;
	for_each_culprit(check_destroy);
}

/*
 * In entry 0 of a table that is cut off: what the list of unlinked tables is
 * about to overwrite.  Whoever cuts reports it, when all else is done.
 */
static void open_first(struct world *w, const struct culprit *culprit)
{
	const struct world_config config = {
		.format = {12, 39, 40, 8, 0}, .shared = true, .arena = ARENA};
	struct arch_walk walk;

	set_context("%s, in entry 0", culprit->name);
	world_open(w, &config);
	world_fill(w, &w->cpu[0], 20);
	for (unsigned int n = 1; n <= 2; n++)
		require_status(
			s2_map(&w->tree, &w->cpu[0], n * GB + BLOCK, BLOCK, n * GB, S2_RW, 0),
			S2_OK);
	arch_walk(&w->regime, GB, &walk);
	require(walk.level == culprit->level && !walk.desc, "no place to put it");
	*(s2_desc *)(uintptr_t)walk.entry = culprit->desc;
}

static void require_first_reported(const struct world *w, const struct culprit *culprit)
{
	const struct s2_report *report = &w->cpu[0].corrupt;

	require(report->desc == culprit->desc && report->level == culprit->level,
		"reports %#llx, level %u", LLU(report->desc), report->level);
}

static void require_all_freed(struct world *w, uint64_t tables)
{
	world_quiesce(w);
	require(w->tree.tables == tables, "%llu tables left", LLU(w->tree.tables));
	world_close(w);
}

static void require_kind(const struct world *w, uint64_t ipa, enum s2_kind kind, uint64_t size)
{
	struct s2_mapping m;

	require_status(s2_lookup(&w->tree, ipa, &m), S2_OK);
	require(m.kind == kind && m.size == size, "IPA %#llx: %#llx at level %u", LLU(ipa),
		LLU(m.desc), m.level);
}

static void unmap_first(const struct culprit *culprit)
{
	struct world w;

	open_first(&w, culprit);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, GB, 0), S2_CORRUPT);
	require_first_reported(&w, culprit);
	require(w.cpu[0].done == GB, "done %#llx", LLU(w.cpu[0].done));
	require_kind(&w, GB, S2_KIND_EMPTY, GB);
	require_all_freed(&w, 1);
}

static void map_over_first(const struct culprit *culprit)
{
	struct world w;

	open_first(&w, culprit);
	require_status(s2_map(&w.tree, &w.cpu[0], GB, GB, 4 * GB, S2_RW, 0), S2_CORRUPT);
	require_first_reported(&w, culprit);
	require(w.cpu[0].done == GB, "done %#llx", LLU(w.cpu[0].done));
	require_kind(&w, GB, S2_KIND_LEAF, GB);
	require_all_freed(&w, 1);
}

/* More is to be done, but what was lost comes first. */
static void unmap_first_in_slices(const struct culprit *culprit)
{
	struct world w;

	open_first(&w, culprit);
	w.cpu[0].budget = 1;
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, 2 * GB, 0), S2_CORRUPT);
	require_first_reported(&w, culprit);
	require(w.cpu[0].done == GB, "done %#llx", LLU(w.cpu[0].done));
	require_status(s2_unmap(&w.tree, &w.cpu[0], 2 * GB, GB, 0), S2_OK);
	require_all_freed(&w, 0);
}

/* The table of the next GiB is as it should be: what its entry 0 held is nobody's business. */
static void unmap_first_and_another(const struct culprit *culprit)
{
	struct world w;

	open_first(&w, culprit);
	require_status(s2_map(&w.tree, &w.cpu[0], 2 * GB, BLOCK, 4 * GB, S2_RW, 0), S2_OK);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, 2 * GB, 0), S2_CORRUPT);
	require_first_reported(&w, culprit);
	require_all_freed(&w, 0);
}

static void for_each_pointer(void (*check)(const struct culprit *culprit))
{
	for (size_t i = 0; i < ARRAY_SIZE(culprits); i++)
		if (culprits[i].level == 2 && (culprits[i].desc & 3) == 3)
			check(&culprits[i]);
}

static void who_cuts_a_table_reports_what_entry_0_of_it_cannot_lead_to(void **state)
{
	(void)state;
	for_each_pointer(unmap_first);
	for_each_pointer(map_over_first);
	for_each_pointer(unmap_first_in_slices);
	for_each_pointer(unmap_first_and_another);
}

/* A link says that its table waits to be freed: to follow it would be to free what waits behind it twice. */
static void who_cuts_a_table_does_not_follow_a_link_in_it(void **state)
{
	struct culprit culprit = {"a link", 2, 0};

	(void)state;
	culprit.desc = s2_host_arena.pa | 0x56;
	unmap_first(&culprit);
	map_over_first(&culprit);
}

/* What is not our lock any more is not ours to change. */
static void flush_leaves_alone_what_is_not_a_lock(void **state)
{
	const struct world_config config = {
		.format = {12, 39, 40, 8, 0}, .shared = true, .arena = ARENA};
	const s2_desc leaf = 0x00400000400007ff;
	struct arch_walk walk;
	struct world w;

	(void)state;
	set_context("%s", "");
	world_open(&w, &config);
	world_fill(&w, &w.cpu[0], 20);
	require_status(s2_map(&w.tree, &w.cpu[0], GB, PAGE, GB, S2_RW, 0), S2_OK);
	arch_walk(&w.regime, GB, &walk);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, PAGE, S2_DEFER), S2_OK);
	*(s2_desc *)(uintptr_t)walk.entry = leaf;
	require_status(s2_flush(&w.tree, &w.cpu[0]), S2_OK);
	require(*(s2_desc *)(uintptr_t)walk.entry == leaf, "it was changed");
	world_close(&w);
}

/* The engine's own lock, which somebody has written over before it is released. */
static void flush_reports(const char *what, unsigned int level, s2_desc lock)
{
	const struct world_config config = {
		.format = {12, 39, 40, 8, 0}, .shared = true, .arena = ARENA};
	struct culprit culprit = {what, level, lock};
	struct arch_walk walk;
	struct world w;

	set_context("%s", what);
	world_open(&w, &config);
	world_fill(&w, &w.cpu[0], 20);
	require_status(s2_map(&w.tree, &w.cpu[0], GB, PAGE, GB, S2_RW, 0), S2_OK);
	if (level == 2)
		require_status(s2_map(&w.tree, &w.cpu[0], GB, BLOCK, GB, S2_RW, 0), S2_OK);
	arch_walk(&w.regime, GB, &walk);
	require(walk.level == level, "a lock at level %u", walk.level);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, PAGE << (level == 2 ? 9 : 0), S2_DEFER),
		       S2_OK);
	*(s2_desc *)(uintptr_t)walk.entry = lock;
	require_status(s2_flush(&w.tree, &w.cpu[0]), S2_CORRUPT);
	require_first_reported(&w, &culprit);
	require_status(s2_map(&w.tree, &w.cpu[0], 2 * GB, PAGE, GB, S2_RW, 0), S2_OK);
	world_close(&w);
}

static void flush_does_not_follow_a_lock_that_was_written_over(void **state)
{
	(void)state;
	flush_reports("a table outside of memory", 2, 0x1000000014);
	flush_reports("a table below a page", 3, s2_host_arena.pa | 0x14);
}

/* Entry 0 of the last table that was unlinked leads to the one before it, until somebody writes there. */
static void reclaim_meets(const char *what, s2_desc link)
{
	const struct world_config config = {
		.format = {12, 39, 40, 8, 0}, .shared = true, .arena = ARENA};
	struct culprit culprit = {what, 2, link};
	struct arch_walk walk[2];
	struct world w;
	int status = S2_RETRY;

	set_context("%s", what);
	world_open(&w, &config);
	world_fill(&w, &w.cpu[0], 20);
	for (unsigned int n = 0; n < 2; n++) {
		require_status(s2_map(&w.tree, &w.cpu[0], n * GB, BLOCK, GB, S2_RW, 0), S2_OK);
		arch_walk(&w.regime, n * GB, &walk[n]);
		require_status(s2_unmap(&w.tree, &w.cpu[0], n * GB, GB, 0), S2_OK);
	}
	*(s2_desc *)(uintptr_t)walk[1].entry = link;
	for (unsigned int n = 0; status == S2_RETRY && n < 4; n++) {
		for (unsigned int i = 0; i < WORLD_CPUS; i++)
			require_status(s2_qsbr_quiescent(&w.qsbr, i), S2_OK);
		status = s2_reclaim(&w.tree, &w.cpu[0]);
	}
	require_status(status, S2_CORRUPT);
	require_first_reported(&w, &culprit);
	require_status(s2_reclaim(&w.tree, &w.cpu[0]), S2_OK);
	/* The other one is lost; the test knows where it is. */
	require(w.tree.tables-- == 1, "%llu tables left", LLU(w.tree.tables));
	require_status(s2_cache_put(&w.cpu[0].cache, (void *)(uintptr_t)walk[0].entry), S2_OK);
	world_close(&w);
}

static void reclaim_does_not_follow_a_link_that_was_written_over(void **state)
{
	(void)state;
	reclaim_meets("a link to outside of memory", 0x1000000056);
	reclaim_meets("a leaf in place of the link", 0x00400000400007fd);
	reclaim_meets("nothing in place of the link", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lookup_describes_it),
		cmocka_unit_test(walk_ends_with_it),
		cmocka_unit_test(map_reports_it),
		cmocka_unit_test(unmap_reports_it),
		cmocka_unit_test(annotate_reports_it),
		cmocka_unit_test(split_reports_it),
		cmocka_unit_test(collapse_reports_it),
		cmocka_unit_test(what_lies_before_it_is_done),
		cmocka_unit_test(
			reclaim_reports_a_pointer_that_it_cannot_follow_and_frees_the_rest),
		cmocka_unit_test(
			destroy_reports_a_pointer_that_it_cannot_follow_and_frees_the_rest),
		cmocka_unit_test(who_cuts_a_table_reports_what_entry_0_of_it_cannot_lead_to),
		cmocka_unit_test(who_cuts_a_table_does_not_follow_a_link_in_it),
		cmocka_unit_test(flush_does_not_follow_a_lock_that_was_written_over),
		cmocka_unit_test(flush_leaves_alone_what_is_not_a_lock),
		cmocka_unit_test(reclaim_does_not_follow_a_link_that_was_written_over),
	};

	return run_suite("corrupt", tests);
}
