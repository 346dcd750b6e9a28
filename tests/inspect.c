/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Looking at tables, sentence by sentence of inspect.h: ranges and what ends them,
 * numbers, lines of text, and each rule of the check, on tables broken by hand.
 */
#include "lib/suite.h"

#include <string.h>

#include <stage2/inspect.h>
#include <stage2/platform.h>

#include "lib/world.h"

#define LLU(x) ((unsigned long long)(x))
#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define GB UINT64_C(0x40000000)
#define IPA_END BIT(39)
#define ARENA (UINT64_C(1) << 20)

static const struct world_config plain = {
	.format = {12, 39, 40, 8, 0}, .shared = true, .arena = ARENA};

static void open_filled(struct world *w)
{
	set_context("%s", "");
	world_open(w, &plain);
	world_fill(w, &w->cpu[0], 30);
}

static void map_ok(struct world *w, uint64_t ipa, uint64_t size, uint64_t pa, s2_attr attr)
{
	require_status(s2_map(&w->tree, &w->cpu[0], ipa, size, pa, attr, 0), S2_OK);
}

static s2_desc *entry_of(const struct world *w, uint64_t ipa)
{
	struct arch_walk walk;

	arch_walk(&w->regime, ipa, &walk);
	return (s2_desc *)(uintptr_t)walk.entry;
}

static s2_desc *table_entry(const struct world *w, uint64_t ipa, unsigned int level)
{
	s2_desc *entry = &w->tree.root[ipa >> 30];

	for (unsigned int at = 1; at < level; at++)
		entry = s2p_table(s2_desc_pa(&w->fmt, *entry)) + (ipa >> (21 - 9 * (at - 1)) & 511);
	return entry;
}

static s2_desc table_at(const struct world *w, const s2_desc *entry)
{
	uint64_t pa = s2p_table_pa((const void *)((uintptr_t)entry & ~(uintptr_t)0xfff));
	s2_desc desc;

	require_status(s2_desc_table(&w->fmt, pa, &desc), S2_OK);
	return desc;
}

/* --- ranges ------------------------------------------------------------------- */

#define RANGES_MAX 32u

struct ranges {
	struct s2_range r[RANGES_MAX];
	unsigned int n, stop_at; /* 0: never */
};

static int collect(const struct s2_range *r, void *arg)
{
	struct ranges *all = arg;

	require(all->n < RANGES_MAX, "more than %u ranges", RANGES_MAX);
	all->r[all->n++] = *r;
	return all->n == all->stop_at ? 77 : 0;
}

static int ranges_of(const struct world *w, struct s2_span *span, uint32_t flags,
		     struct ranges *all)
{
	return s2_ranges(&w->tree, span, flags, collect, all);
}

static void require_range(const struct s2_range *r, uint64_t ipa, uint64_t size, uint64_t pa,
			  s2_attr attr, enum s2_kind kind)
{
	uint64_t bytes = 0;

	for (unsigned int level = 0; level < S2_LEVELS; level++)
		bytes += r->bytes[level];
	require(r->ipa == ipa && r->size == size && r->pa == pa && r->attr == attr &&
			r->kind == kind && bytes == size,
		"%#llx+%#llx PA %#llx attr %#x kind %d, %#llx bytes", LLU(r->ipa), LLU(r->size),
		LLU(r->pa), r->attr, r->kind, LLU(bytes));
}

static void equal_neighbours_are_one_range(void **state)
{
	struct s2_span span = {.ipa = 0, .size = IPA_END};
	struct ranges all = {.n = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	map_ok(&w, GB, 2 * BLOCK + 3 * PAGE, 2 * GB, S2_RW);
	require_status(ranges_of(&w, &span, 0, &all), S2_OK);
	assert_int_equal(span.size, 0);
	assert_int_equal(span.ipa, IPA_END);
	assert_int_equal(all.n, 4);
	require_range(&all.r[0], 0, GB, 0, 0, S2_KIND_EMPTY);
	require_range(&all.r[1], GB, 2 * BLOCK, 2 * GB, S2_RW, S2_KIND_LEAF);
	require_range(&all.r[2], GB + 2 * BLOCK, 3 * PAGE, 2 * GB + 2 * BLOCK, S2_RW, S2_KIND_LEAF);
	require_range(&all.r[3], GB + 2 * BLOCK + 3 * PAGE, IPA_END - GB - 2 * BLOCK - 3 * PAGE, 0,
		      0, S2_KIND_EMPTY);
	world_close(&w);
}

static void levels_are_merged_if_asked_for(void **state)
{
	struct s2_span span = {.ipa = GB - PAGE, .size = 2 * BLOCK + 4 * PAGE};
	struct ranges all = {.n = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	map_ok(&w, GB, 2 * BLOCK + 3 * PAGE, 2 * GB, S2_RW);
	require_status(ranges_of(&w, &span, S2_MERGE_LEVELS, &all), S2_OK);
	assert_int_equal(all.n, 2);
	require_range(&all.r[0], GB - PAGE, PAGE, 0, 0, S2_KIND_EMPTY);
	require_range(&all.r[1], GB, 2 * BLOCK + 3 * PAGE, 2 * GB, S2_RW, S2_KIND_LEAF);
	assert_int_equal(all.r[1].bytes[2], 2 * BLOCK);
	assert_int_equal(all.r[1].bytes[3], 3 * PAGE);
	world_close(&w);
}

static void ranges_are_cut_to_the_span(void **state)
{
	struct s2_span span = {.ipa = GB + 3 * PAGE, .size = 5 * PAGE};
	struct ranges all = {.n = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	map_ok(&w, GB, BLOCK, 2 * GB, S2_RW);
	require_status(ranges_of(&w, &span, 0, &all), S2_OK);
	assert_int_equal(all.n, 1);
	require_range(&all.r[0], GB + 3 * PAGE, 5 * PAGE, 2 * GB + 3 * PAGE, S2_RW, S2_KIND_LEAF);
	world_close(&w);
}

/* Each page beside one that differs from it in one way. */
static void everything_else_ends_a_range(void **state)
{
	static const struct {
		uint64_t pa;
		s2_attr attr;
	} page[] = {{2 * GB, S2_RW},
		    {2 * GB + 2 * PAGE, S2_RW},
		    {2 * GB + 3 * PAGE, S2_R},
		    {2 * GB + 4 * PAGE, S2_R | S2_X},
		    {2 * GB + 5 * PAGE, S2_R | S2_NORMAL_NC},
		    {2 * GB + 6 * PAGE, S2_R | S2_NORMAL_NC | S2_SW(1)}};
	struct s2_span span = {.ipa = GB, .size = ARRAY_SIZE(page) * PAGE};
	struct ranges all = {.n = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	for (unsigned int i = 0; i < ARRAY_SIZE(page); i++)
		map_ok(&w, GB + i * PAGE, PAGE, page[i].pa, page[i].attr);
	require_status(ranges_of(&w, &span, S2_MERGE_ALL, &all), S2_OK);
	assert_int_equal(all.n, ARRAY_SIZE(page));
	for (unsigned int i = 0; i < all.n; i++)
		require_range(&all.r[i], GB + i * PAGE, PAGE, page[i].pa, page[i].attr,
			      S2_KIND_LEAF);
	world_close(&w);
}

#define LOGGED (S2_RW | S2_LOG)

static void map_states(struct world *w)
{
	map_ok(w, GB, PAGE, 2 * GB, LOGGED | S2_OLD);
	map_ok(w, GB + PAGE, PAGE, 2 * GB + PAGE, LOGGED);
	map_ok(w, GB + 2 * PAGE, PAGE, 2 * GB + 2 * PAGE, LOGGED | S2_DIRTY);
	map_ok(w, GB + 3 * PAGE, PAGE, 2 * GB + 3 * PAGE, LOGGED | S2_OLD);
}

static void age_and_dirty_state_are_merged_if_asked_for(void **state)
{
	static const struct {
		uint32_t flags;
		unsigned int n;
		s2_attr first;
	} want[] = {{0, 4, LOGGED | S2_OLD},
		    {S2_MERGE_AGE, 3, LOGGED},
		    {S2_MERGE_DIRTY, 3, LOGGED | S2_OLD},
		    {S2_MERGE_AGE | S2_MERGE_DIRTY, 1, LOGGED | S2_DIRTY}};
	struct world w;

	(void)state;
	open_filled(&w);
	map_states(&w);
	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++) {
		struct s2_span span = {.ipa = GB, .size = 4 * PAGE};
		struct ranges all = {.n = 0};

		require_status(ranges_of(&w, &span, want[i].flags, &all), S2_OK);
		assert_int_equal(all.n, want[i].n);
		assert_int_equal(all.r[0].attr, want[i].first);
	}
	world_close(&w);
}

static void annotations_are_told_apart_by_owner_and_payload(void **state)
{
	struct s2_span span = {.ipa = GB, .size = 5 * PAGE};
	struct ranges all = {.n = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	map_ok(&w, GB + 4 * PAGE, PAGE, 2 * GB, S2_RW);
	for (unsigned int i = 0; i < 4; i++)
		require_status(
			s2_desc_annotation(i < 3 ? 1 : 2, i / 2, entry_of(&w, GB + i * PAGE)),
			S2_OK);
	require_status(ranges_of(&w, &span, 0, &all), S2_OK);
	assert_int_equal(all.n, 4);
	require_range(&all.r[0], GB, 2 * PAGE, 0, 0, S2_KIND_ANNOTATED);
	require_range(&all.r[1], GB + 2 * PAGE, PAGE, 0, 0, S2_KIND_ANNOTATED);
	require_range(&all.r[2], GB + 3 * PAGE, PAGE, 0, 0, S2_KIND_ANNOTATED);
	assert_int_equal(s2_desc_owner(all.r[2].desc), 2);
	world_close(&w);
}

static void a_corrupt_entry_ends_the_call_and_the_next_goes_on_behind_it(void **state)
{
	struct s2_span span = {.ipa = GB, .size = 4 * PAGE};
	struct ranges all = {.n = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	map_ok(&w, GB, 4 * PAGE, 2 * GB, S2_RW);
	*entry_of(&w, GB + PAGE) = 0x8;
	*entry_of(&w, GB + 2 * PAGE) = 0x8;
	require_status(ranges_of(&w, &span, 0, &all), S2_CORRUPT);
	assert_int_equal(all.n, 2);
	require_range(&all.r[1], GB + PAGE, PAGE, 0, 0, S2_KIND_CORRUPT);
	assert_int_equal(all.r[1].desc, 0x8);
	assert_int_equal(span.ipa, GB + 2 * PAGE);
	require_status(ranges_of(&w, &span, 0, &all), S2_CORRUPT);
	require_status(ranges_of(&w, &span, 0, &all), S2_OK);
	assert_int_equal(all.n, 4);
	require_range(&all.r[3], GB + 3 * PAGE, PAGE, 2 * GB + 3 * PAGE, S2_RW, S2_KIND_LEAF);
	span = (struct s2_span){.ipa = GB, .size = 4 * PAGE, .budget = 2};
	require_status(ranges_of(&w, &span, 0, &all), S2_CORRUPT);
	assert_int_equal(span.ipa, GB + 2 * PAGE);
	world_close(&w);
}

static void a_budget_cuts_ranges_short(void **state)
{
	struct s2_span span = {.ipa = GB, .size = 7 * PAGE, .budget = 3};
	struct ranges all = {.n = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	map_ok(&w, GB, 7 * PAGE, 2 * GB, S2_RW);
	require_status(ranges_of(&w, &span, 0, &all), S2_MORE);
	assert_int_equal(span.ipa, GB + 3 * PAGE);
	assert_int_equal(span.size, 4 * PAGE);
	require_status(ranges_of(&w, &span, 0, &all), S2_MORE);
	require_status(ranges_of(&w, &span, 0, &all), S2_OK);
	assert_int_equal(all.n, 3);
	require_range(&all.r[2], GB + 6 * PAGE, PAGE, 2 * GB + 6 * PAGE, S2_RW, S2_KIND_LEAF);
	span = (struct s2_span){.ipa = GB, .size = 3 * PAGE, .budget = 3};
	require_status(ranges_of(&w, &span, 0, &all), S2_OK);
	world_close(&w);
}

static void a_visitor_may_end_the_call(void **state)
{
	struct s2_span span = {.ipa = 0, .size = IPA_END};
	struct ranges all = {.stop_at = 2};
	struct world w;

	(void)state;
	open_filled(&w);
	map_ok(&w, GB, PAGE, 2 * GB, S2_RW);
	assert_int_equal(ranges_of(&w, &span, 0, &all), 77);
	assert_int_equal(all.n, 2);
	assert_int_equal(span.ipa, GB + PAGE);
	all.stop_at = 3;
	assert_int_equal(ranges_of(&w, &span, 0, &all), 77);
	assert_int_equal(span.size, 0);
	world_close(&w);
}

/* --- numbers ------------------------------------------------------------------ */

static void map_sample(struct world *w)
{
	map_states(w);
	map_ok(w, GB + 4 * PAGE, PAGE, 2 * GB, S2_R);
	map_ok(w, GB + BLOCK, 2 * BLOCK, 4 * GB, S2_RW);
	map_ok(w, 2 * GB, GB, 5 * GB, S2_R | S2_X);
	require_status(s2_desc_annotation(1, 0, entry_of(w, GB + 5 * PAGE)), S2_OK);
}

static void require_sample(const struct s2_counts *c, uint64_t of_gb)
{
	assert_int_equal(c->mapped[1], of_gb);
	assert_int_equal(c->mapped[2], 2 * BLOCK);
	assert_int_equal(c->mapped[3], 5 * PAGE);
	assert_int_equal(c->leaves[1], 1);
	assert_int_equal(c->leaves[2], 2);
	assert_int_equal(c->leaves[3], 5);
	assert_int_equal(c->tables[1], 1);
	assert_int_equal(c->tables[2], 1);
	assert_int_equal(c->tables[3], 1);
	assert_int_equal(c->annotated, 1);
	assert_int_equal(c->writable, 4 * PAGE + 2 * BLOCK);
	assert_int_equal(c->logged, 4 * PAGE);
	assert_int_equal(c->dirty, PAGE);
	assert_int_equal(c->young, 3 * PAGE + 2 * BLOCK + of_gb);
	assert_int_equal(c->locked + c->corrupt, 0);
}

static void everything_is_counted(void **state)
{
	struct s2_span span = {.ipa = 0, .size = IPA_END};
	struct s2_counts counts = {.annotated = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	map_sample(&w);
	require_status(s2_count(&w.tree, &span, &counts), S2_OK);
	require_sample(&counts, GB);
	assert_int_equal(span.size, 0);
	world_close(&w);
}

static void counts_of_spans_side_by_side_add_up(void **state)
{
	static const uint64_t cut[] = {0, GB, GB + 3 * PAGE, GB + BLOCK + PAGE, 2 * GB + BLOCK};
	struct s2_counts counts = {.annotated = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	map_sample(&w);
	for (unsigned int i = 0; i < ARRAY_SIZE(cut); i++) {
		uint64_t end = i + 1 < ARRAY_SIZE(cut) ? cut[i + 1] : 2 * GB + 2 * BLOCK;
		struct s2_span span = {.ipa = cut[i], .size = end - cut[i], .budget = 2};
		int status = S2_MORE;

		while (status == S2_MORE)
			status = s2_count(&w.tree, &span, &counts);
		require_status(status, S2_OK);
		assert_int_equal(span.ipa, end);
	}
	require_sample(&counts, 2 * BLOCK);
	world_close(&w);
}

static void what_is_locked_or_corrupt_is_counted_as_that(void **state)
{
	struct s2_span span = {.ipa = GB, .size = GB};
	struct s2_counts counts = {.annotated = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	map_ok(&w, GB, 4 * PAGE, 2 * GB, S2_RW);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, PAGE, S2_DEFER), S2_OK);
	*entry_of(&w, GB + 2 * PAGE) = 0x8;
	*entry_of(&w, GB + 2 * BLOCK) = 0x0000001000000003;
	require_status(s2_count(&w.tree, &span, &counts), S2_CORRUPT);
	assert_int_equal(span.ipa, GB + 3 * PAGE);
	require_status(s2_count(&w.tree, &span, &counts), S2_CORRUPT);
	assert_int_equal(span.ipa, GB + 3 * BLOCK);
	require_status(s2_count(&w.tree, &span, &counts), S2_OK);
	assert_int_equal(counts.locked, 1);
	assert_int_equal(counts.corrupt, 2);
	assert_int_equal(counts.mapped[3], 2 * PAGE);
	*table_entry(&w, GB + 2 * BLOCK, 2) = 0;
	require_status(s2_flush(&w.tree, &w.cpu[0]), S2_OK);
	world_close(&w);
}

/* --- a text ------------------------------------------------------------------- */

struct text {
	char text[4096];
	size_t n, longest;
};

static void append(const char *line, void *arg)
{
	struct text *t = arg;
	size_t n = strlen(line);

	require(n && n < S2_DUMP_LINE && line[n - 1] == '\n', "a line of %zu characters", n);
	require(t->n + n < sizeof(t->text), "too much text");
	memcpy(t->text + t->n, line, n + 1);
	t->n += n;
	t->longest = n > t->longest ? n : t->longest;
}

static void require_text(const struct text *t, const char *expected)
{
	require(!strcmp(t->text, expected), "dumped:\n%s", t->text);
}

static void a_line_for_each_range(void **state)
{
	struct s2_span span = {.ipa = GB, .size = 2 * GB};
	struct text t = {.n = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	map_sample(&w);
	require_status(s2_desc_annotation(4095, 0x1f, entry_of(&w, GB + 6 * PAGE)), S2_OK);
	map_ok(&w, GB + 7 * PAGE, PAGE, 0, S2_W | S2_NORMAL_NC | S2_SW(7));
	map_ok(&w, GB + 8 * PAGE, PAGE, 0, S2_R | S2_DEVICE);
	require_status(s2_dump(&w.tree, &span, S2_MERGE_LEVELS, append, &t), S2_OK);
	require_text(&t, "0000040000000-0000040000fff pa 0000080000000 rw- normal L3=4K old log\n"
			 "0000040001000-0000040001fff pa 0000080001000 rw- normal L3=4K log\n"
			 "0000040002000-0000040002fff pa 0000080002000 rw- normal L3=4K dirty\n"
			 "0000040003000-0000040003fff pa 0000080003000 rw- normal L3=4K old log\n"
			 "0000040004000-0000040004fff pa 0000080000000 r-- normal L3=4K\n"
			 "0000040005000-0000040005fff owner 1 payload 0x0\n"
			 "0000040006000-0000040006fff owner 4095 payload 0x1f\n"
			 "0000040007000-0000040007fff pa 0000000000000 -w- nc L3=4K sw=7\n"
			 "0000040008000-0000040008fff pa 0000000000000 r-- device L3=4K\n"
			 "0000040009000-00000401fffff empty\n"
			 "0000040200000-00000405fffff pa 0000100000000 rw- normal L2=4M\n"
			 "0000040600000-000007fffffff empty\n"
			 "0000080000000-00000bfffffff pa 0000140000000 r-x normal L1=1G\n");
	world_close(&w);
}

static void locks_and_corrupt_entries_have_lines(void **state)
{
	struct s2_span span = {.ipa = GB, .size = 3 * PAGE};
	struct text t = {.n = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	map_ok(&w, GB, 3 * PAGE, GB, S2_R);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, PAGE, S2_DEFER), S2_OK);
	*entry_of(&w, GB + PAGE) = 0xabcdef1234567008;
	require_status(s2_dump(&w.tree, &span, 0, append, &t), S2_CORRUPT);
	require_status(s2_dump(&w.tree, &span, 0, append, &t), S2_OK);
	require_text(&t, "0000040000000-0000040000fff locked\n"
			 "0000040001000-0000040001fff corrupt abcdef1234567008 level 3\n"
			 "0000040002000-0000040002fff pa 0000040002000 r-- normal L3=4K\n");
	require_status(s2_flush(&w.tree, &w.cpu[0]), S2_OK);
	world_close(&w);
}

/* All levels in one range, all words, the largest addresses. */
static void the_longest_line_fits(void **state)
{
	const struct world_config config = {.format = {12, 52, 52, 16, S2_FEAT_LPA2 | S2_FEAT_XNX},
					    .arena = ARENA};
	const uint64_t half = BIT(51) - PAGE, level0 = BIT(39);
	const s2_attr attr = S2_RW | S2_X_EL1 | S2_NORMAL | S2_OLD | S2_LOG | S2_DIRTY | S2_SW(5);
	struct s2_span span = {.ipa = half, .size = PAGE + level0 + GB + BLOCK + 3 * PAGE};
	struct text t = {.n = 0};
	struct world w;

	(void)state;
	set_context("%s", "");
	world_open(&w, &config);
	world_fill(&w, &w.cpu[0], 30);
	map_ok(&w, half, span.size, half, attr);
	require_status(s2_dump(&w.tree, &span, S2_MERGE_LEVELS, append, &t), S2_OK);
	require_text(&t, "7fffffffff000-8008040202fff pa 7fffffffff000 rwx/el1 normal "
			 "L0=512G L1=1G L2=2M L3=16K old dirty sw=5\n");
	span = (struct s2_span){.ipa = half, .size = PAGE};
	map_ok(&w, half, PAGE, 0, S2_R | S2_X_EL0);
	require_status(s2_dump(&w.tree, &span, 0, append, &t), S2_OK);
	require(strstr(t.text, " r-x/el0 normal L3=4K\n"), "dumped:\n%s", t.text);
	span = (struct s2_span){.ipa = BIT(50), .size = BIT(50)};
	map_ok(&w, BIT(50), BIT(50), 0, S2_R);
	require_status(s2_dump(&w.tree, &span, 0, append, &t), S2_OK);
	require(strstr(t.text, " r-- normal L0=1024T\n"), "dumped:\n%s", t.text);
	world_close(&w);
}

/* --- a check ------------------------------------------------------------------ */

struct complaints {
	struct s2_violation one[8];
	unsigned int n;
};

static void note(const struct s2_violation *violation, void *arg)
{
	struct complaints *all = arg;

	if (all->n < ARRAY_SIZE(all->one))
		all->one[all->n] = *violation;
	all->n++;
}

static int verify(const struct world *w, bool quiet, struct complaints *all)
{
	struct s2_verification v = {.complain = note, .arg = all, .quiet = quiet};
	struct s2_span span = {.ipa = 0, .size = IPA_END};
	int status = s2_verify(&w->tree, &span, &v);

	require(status != S2_OK || !span.size, "%#llx bytes left", LLU(span.size));
	require((status == S2_CORRUPT) == !!v.violations, "%s, %llu violations",
		status_name(status), LLU(v.violations));
	return status;
}

static void require_violation(const struct s2_violation *found, enum s2_rule rule, uint64_t ipa,
			      uint32_t level, s2_desc desc)
{
	require(found->rule == rule && found->ipa == ipa && found->level == level &&
			found->desc == desc,
		"%s: IPA %#llx, level %u, %#llx", s2_rule_text(found->rule), LLU(found->ipa),
		found->level, LLU(found->desc));
}

static void a_sound_tree_has_no_violation(void **state)
{
	struct complaints all = {.n = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	require_status(verify(&w, true, &all), S2_OK);
	map_sample(&w);
	require_status(verify(&w, true, &all), S2_OK);
	require_status(verify(&w, false, &all), S2_OK);
	assert_int_equal(all.n, 0);
	world_close(&w);
}

static const struct culprit {
	enum s2_rule rule;
	uint32_t level;
	s2_desc desc;
	bool quiet_only;
} culprits[] = {
	{S2_RULE_ENCODING, 3, 0x8, false},
	{S2_RULE_ENCODING, 3, 0x00400000400007fd, false},
	{S2_RULE_ENCODING, 3, 0x0020000040000fff, false},
	{S2_RULE_ENCODING, 3, 0x1000, false},
	{S2_RULE_ENCODING, 2, 0x1000000000000003, false},
	{S2_RULE_ADDRESS, 2, 0x0000800000000003, false},
	{S2_RULE_ADDRESS, 2, 0x00400000406017fd, false},
	{S2_RULE_ADDRESS, 3, 0x00400f00400007ff, false},
	{S2_RULE_POINTER, 2, 0x0000001000000003, false},
	{S2_RULE_POINTER, 2, 0x0000001000000014, false},
	{S2_RULE_MEMORY, 3, 0x00400000400007eb, false},
	{S2_RULE_MEMORY, 3, 0x00400000400005ff, false},
	{S2_RULE_ATTR, 3, 0x00000000400004c7, false},
	{S2_RULE_LOCK, 3, 0x4, true},
	{S2_RULE_LINK, 3, 0x6, true},
	{S2_RULE_SEAL, 3, 0x04400000400007ff, true},
};

/* A page beside it, so that the table is there and is not empty. */
static void check_culprit(const struct culprit *culprit)
{
	uint64_t ipa = culprit->level == 3 ? GB + PAGE : GB + BLOCK;
	struct complaints all = {.n = 0};
	struct world w;
	s2_desc *entry;

	open_filled(&w);
	map_ok(&w, GB, PAGE, GB, S2_RW);
	entry = entry_of(&w, ipa);
	*entry = culprit->desc;
	require_status(verify(&w, false, &all), culprit->quiet_only ? S2_OK : S2_CORRUPT);
	assert_int_equal(all.n, !culprit->quiet_only);
	all.n = 0;
	require_status(verify(&w, true, &all), S2_CORRUPT);
	set_context("%s", s2_rule_text(culprit->rule));
	assert_int_equal(all.n, 1 + (culprit->desc == 0x0000001000000014));
	require_violation(&all.one[0], culprit->rule, ipa, culprit->level, culprit->desc);
	*entry = 0;
	world_close(&w);
}

static void each_violation_of_one_entry_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(culprits); i++)
		check_culprit(&culprits[i]);
}

/* One level up there is no block without LPA2, and under it another place for the address. */
static void what_a_level_and_a_format_can_be_is_known(void **state)
{
	struct world_config config = {
		.format = {12, 48, 48, 16, 0}, .shared = true, .arena = ARENA};
	static const struct {
		uint32_t features;
		s2_desc desc;
		enum s2_rule rule;
	} want[] = {{0, 0x00400000000007fd, S2_RULE_LEVEL},
		    {S2_FEAT_LPA2, 0x00400000000006fd, S2_RULE_ADDRESS},
		    {S2_FEAT_LPA2, 0x00400000000004f9, S2_RULE_MEMORY}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++) {
		struct complaints all = {.n = 0};
		struct s2_verification v = {.complain = note, .arg = &all};
		struct s2_span span = {.ipa = 0, .size = BIT(48)};
		struct world w;

		set_context("row %u", i);
		config.format.features = want[i].features;
		world_open(&w, &config);
		w.tree.root[0] = want[i].desc;
		require_status(s2_verify(&w.tree, &span, &v), S2_CORRUPT);
		assert_int_equal(all.n, 1);
		require_violation(&all.one[0], want[i].rule, 0, 0, want[i].desc);
		w.tree.root[0] = 0;
		world_close(&w);
	}
}

static void two_violations_of_one_entry_are_both_named(void **state)
{
	struct complaints all = {.n = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	map_ok(&w, GB, PAGE, GB, S2_RW);
	*entry_of(&w, GB + PAGE) = 0x04400000400007eb;
	require_status(verify(&w, true, &all), S2_CORRUPT);
	assert_int_equal(all.n, 2);
	assert_int_equal(all.one[0].rule, S2_RULE_MEMORY);
	assert_int_equal(all.one[1].rule, S2_RULE_SEAL);
	world_close(&w);
}

static void a_table_that_leads_back_is_not_followed(void **state)
{
	struct complaints all = {.n = 0};
	s2_desc *entry[3];
	struct world w;

	(void)state;
	open_filled(&w);
	map_ok(&w, GB, PAGE, GB, S2_RW);
	entry[0] = table_entry(&w, GB + BLOCK, 2);
	entry[1] = table_entry(&w, GB + 2 * BLOCK, 2);
	entry[2] = table_entry(&w, 2 * GB, 1);
	*entry[0] = table_at(&w, entry[0]);
	*entry[1] = table_at(&w, w.tree.root);
	*entry[2] = table_at(&w, w.tree.root);
	require_status(verify(&w, false, &all), S2_CORRUPT);
	assert_int_equal(all.n, 3);
	require_violation(&all.one[0], S2_RULE_CYCLE, GB + BLOCK, 2, *entry[0]);
	require_violation(&all.one[1], S2_RULE_CYCLE, GB + 2 * BLOCK, 2, *entry[1]);
	require_violation(&all.one[2], S2_RULE_CYCLE, 2 * GB, 1, *entry[2]);
	for (unsigned int i = 0; i < 3; i++)
		*entry[i] = 0;
	world_close(&w);
}

/* Two tables of pages; the second entry is made to lead to the first one. */
static s2_desc open_shared_table(struct world *w, s2_desc **entry)
{
	s2_desc was;

	open_filled(w);
	map_ok(w, GB, PAGE, GB, S2_RW);
	map_ok(w, GB + BLOCK, PAGE, GB, S2_RW);
	*entry = table_entry(w, GB + BLOCK, 2);
	was = **entry;
	**entry = *table_entry(w, GB, 2);
	return was;
}

static void one_table_too_many_ends_the_check(void **state)
{
	struct s2_verification v = {.quiet = true};
	struct s2_span span = {.ipa = 0, .size = IPA_END};
	struct complaints all = {.n = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	map_ok(&w, GB, PAGE, GB, S2_RW);
	*table_entry(&w, GB + BLOCK, 2) = *table_entry(&w, GB, 2);
	v.complain = note;
	v.arg = &all;
	require_status(s2_verify(&w.tree, &span, &v), S2_CORRUPT);
	assert_int_equal(all.n, 1);
	require_violation(&all.one[0], S2_RULE_TABLES, GB + BLOCK, 2, *table_entry(&w, GB, 2));
	assert_int_equal(span.ipa, GB + BLOCK);
	require_status(verify(&w, false, &all), S2_OK);
	*table_entry(&w, GB + BLOCK, 2) = 0;
	world_close(&w);
}

static void a_shared_table_is_found_with_a_bit_for_each_page(void **state)
{
	uint64_t word[ARENA / PAGE / 64] = {0};
	struct s2_bitmap seen = {.word = word, .bits = ARENA / PAGE};
	struct complaints all = {.n = 0};
	struct s2_verification v = {.complain = note, .arg = &all, .quiet = true, .seen = &seen};
	struct s2_span span = {.ipa = 0, .size = IPA_END, .budget = 7};
	int status = S2_MORE;
	s2_desc *entry, was;
	struct world w;

	(void)state;
	was = open_shared_table(&w, &entry);
	require_status(verify(&w, true, &all), S2_OK);
	seen.ipa = s2_host_arena.pa;
	while (status == S2_MORE)
		status = s2_verify(&w.tree, &span, &v);
	require_status(status, S2_CORRUPT);
	assert_int_equal(all.n, 2);
	require_violation(&all.one[0], S2_RULE_SHARED, GB + BLOCK, 2, *entry);
	assert_int_equal(all.one[1].rule, S2_RULE_TABLES);
	*entry = was;
	world_close(&w);
}

static void pages_without_a_bit_are_not_looked_for(void **state)
{
	uint64_t word = 0;
	struct s2_bitmap seen = {.word = &word, .bits = 1};
	struct s2_verification v = {.quiet = true, .seen = &seen};
	struct s2_span span = {.ipa = 0, .size = IPA_END};
	s2_desc *entry, was;
	struct world w;

	(void)state;
	was = open_shared_table(&w, &entry);
	seen.ipa = s2_host_arena.pa;
	require_status(s2_verify(&w.tree, &span, &v), S2_OK);
	*entry = was;
	world_close(&w);
}

static void missing_tables_are_found(void **state)
{
	struct complaints all = {.n = 0};
	s2_desc *entry, was;
	struct world w;

	(void)state;
	open_filled(&w);
	map_ok(&w, GB, PAGE, GB, S2_RW);
	map_ok(&w, GB + BLOCK, PAGE, GB, S2_RW);
	entry = table_entry(&w, GB + BLOCK, 2);
	was = *entry;
	*entry = 0;
	require_status(verify(&w, true, &all), S2_CORRUPT);
	assert_int_equal(all.n, 1);
	require_violation(&all.one[0], S2_RULE_TABLES, 0, 1, 0);
	require_status(verify(&w, false, &all), S2_OK);
	*entry = was;
	world_close(&w);
}

/* They are the tree's until s2_reclaim() has freed them. */
static void unlinked_tables_are_not_missing(void **state)
{
	struct complaints all = {.n = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	map_ok(&w, GB, PAGE, GB, S2_RW);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, GB, 0), S2_OK);
	require_status(verify(&w, true, &all), S2_OK);
	require_status(s2_reclaim(&w.tree, &w.cpu[0]), S2_RETRY);
	require_status(verify(&w, true, &all), S2_OK);
	world_close(&w);
}

static void what_never_ended_is_found(void **state)
{
	struct complaints all = {.n = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	w.tree.restricting = 1;
	require_status(verify(&w, true, &all), S2_CORRUPT);
	require_violation(&all.one[0], S2_RULE_FLIGHT, 0, 1, 0);
	require_status(verify(&w, false, &all), S2_OK);
	w.tree.restricting = 0;
	w.tree.reclaiming = 1;
	require_status(verify(&w, true, &all), S2_CORRUPT);
	assert_int_equal(all.n, 2);
	w.tree.reclaiming = 0;
	world_close(&w);
}

/* An empty table and one with a page; the upper one has tables, and so is not empty. */
static void empty_tables_are_named_and_no_violation(void **state)
{
	struct complaints all = {.n = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	map_ok(&w, GB, PAGE, GB, S2_RW);
	map_ok(&w, GB + BLOCK, PAGE, GB, S2_RW);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, PAGE, 0), S2_OK);
	require_status(verify(&w, true, &all), S2_OK);
	assert_int_equal(all.n, 1);
	require_violation(&all.one[0], S2_RULE_EMPTY, GB, 2, *table_entry(&w, GB, 2));
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB + BLOCK, PAGE, 0), S2_OK);
	all.n = 0;
	require_status(verify(&w, false, &all), S2_OK);
	assert_int_equal(all.n, 2);
	world_close(&w);
}

/* A budget that ends inside of the table does not make it forget; a gap does. */
static void an_empty_table_is_known_across_calls(void **state)
{
	struct complaints all = {.n = 0};
	struct s2_verification v = {.complain = note, .arg = &all, .quiet = true};
	struct s2_span span = {.ipa = GB, .size = BLOCK, .budget = 100};
	int status = S2_MORE;
	struct world w;

	(void)state;
	open_filled(&w);
	map_ok(&w, GB, PAGE, GB, S2_RW);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, PAGE, 0), S2_OK);
	while (status == S2_MORE)
		status = s2_verify(&w.tree, &span, &v);
	require_status(status, S2_OK);
	assert_int_equal(all.n, 1);
	v = (struct s2_verification){.complain = note, .arg = &all, .quiet = true};
	span = (struct s2_span){.ipa = GB, .size = PAGE};
	require_status(s2_verify(&w.tree, &span, &v), S2_OK);
	span = (struct s2_span){.ipa = GB + 2 * PAGE, .size = BLOCK - 2 * PAGE};
	require_status(s2_verify(&w.tree, &span, &v), S2_OK);
	assert_int_equal(all.n, 1);
	world_close(&w);
}

/* What remembers a table may be met at any time. */
static void a_lock_is_no_violation_while_somebody_is_at_work(void **state)
{
	struct complaints all = {.n = 0};
	struct world w;

	(void)state;
	open_filled(&w);
	map_ok(&w, GB, PAGE, GB, S2_RW);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, GB, S2_DEFER), S2_OK);
	require_status(verify(&w, false, &all), S2_OK);
	require_status(verify(&w, true, &all), S2_CORRUPT);
	assert_int_equal(all.one[0].rule, S2_RULE_LOCK);
	require_status(s2_flush(&w.tree, &w.cpu[0]), S2_OK);
	world_close(&w);
}

static void violations_are_counted_for_nobody_to_see(void **state)
{
	struct s2_verification v = {.quiet = false};
	struct s2_span span = {.ipa = GB, .size = 2 * PAGE};
	struct world w;

	(void)state;
	open_filled(&w);
	map_ok(&w, GB, PAGE, GB, S2_RW);
	*entry_of(&w, GB) = 0x8;
	require_status(s2_verify(&w.tree, &span, &v), S2_CORRUPT);
	assert_int_equal(v.violations, 1);
	assert_int_equal(span.size, 0);
	*entry_of(&w, GB) = 0;
	world_close(&w);
}

/* Each rule its own words. */
static void every_rule_has_a_text(void **state)
{
	(void)state;
	for (unsigned int i = 0; i <= S2_RULE_EMPTY; i++)
		for (unsigned int j = 0; j < i; j++)
			require(strcmp(s2_rule_text((enum s2_rule)i),
				       s2_rule_text((enum s2_rule)j)),
				"rules %u and %u", i, j);
	assert_string_equal(s2_rule_text((enum s2_rule)99), "no rule");
}

/* --- bad input ------------------------------------------------------------------ */

typedef int looker(const struct s2_tree *tree, struct s2_span *span);

static int never(const struct s2_range *r, void *arg)
{
	(void)r;
	(void)arg;
	fail_with("visited");
	return 0;
}

static void never_print(const char *line, void *arg)
{
	(void)arg;
	fail_with("printed %s", line);
}

static int look_ranges(const struct s2_tree *tree, struct s2_span *span)
{
	return s2_ranges(tree, span, 0, never, NULL);
}

static int look_dump(const struct s2_tree *tree, struct s2_span *span)
{
	return s2_dump(tree, span, 0, never_print, NULL);
}

static int look_count(const struct s2_tree *tree, struct s2_span *span)
{
	static const struct s2_counts zero;
	struct s2_counts counts = {.annotated = 0};
	int status = s2_count(tree, span, &counts);

	require(!memcmp(&counts, &zero, sizeof(zero)), "counted");
	return status;
}

static int look_verify(const struct s2_tree *tree, struct s2_span *span)
{
	struct s2_verification v = {.quiet = true};

	return s2_verify(tree, span, &v);
}

static void bad_input_is_refused(void **state)
{
	static looker *const lookers[] = {look_ranges, look_dump, look_count, look_verify};
	static const struct {
		struct s2_span span;
		int status;
	} bad[] = {{{0, 0, 1}, S2_BAD_SIZE},
		   {{GB, 1, 0}, S2_MISALIGNED},
		   {{GB + 8, PAGE, 0}, S2_MISALIGNED},
		   {{UINT64_MAX & ~(PAGE - 1), 2 * PAGE, 0}, S2_WRAPS},
		   {{IPA_END - PAGE, 2 * PAGE, 0}, S2_IPA_RANGE}};
	struct s2_tree none = {.fmt = NULL};
	struct world w;

	(void)state;
	open_filled(&w);
	for (unsigned int i = 0; i < ARRAY_SIZE(lookers); i++) {
		struct s2_span span = {.ipa = 0, .size = PAGE};

		require_status(lookers[i](NULL, &span), S2_INVALID);
		require_status(lookers[i](&none, &span), S2_INVALID);
		require_status(lookers[i](&w.tree, NULL), S2_INVALID);
		for (unsigned int n = 0; n < ARRAY_SIZE(bad); n++) {
			span = bad[n].span;
			require_status(lookers[i](&w.tree, &span), bad[n].status);
			require(!memcmp(&span, &bad[n].span, sizeof(span)), "the span has moved");
		}
	}
	world_close(&w);
}

static void bad_arguments_are_refused(void **state)
{
	uint64_t word = 0;
	struct s2_bitmap seen = {.ipa = PAGE, .word = &word, .bits = 64};
	struct s2_verification v = {.seen = &seen};
	struct s2_span span = {.ipa = 0, .size = PAGE};
	struct world w;

	(void)state;
	open_filled(&w);
	require_status(s2_ranges(&w.tree, &span, 0, NULL, NULL), S2_INVALID);
	require_status(s2_ranges(&w.tree, &span, 8, never, NULL), S2_INVALID);
	require_status(s2_dump(&w.tree, &span, 0, NULL, NULL), S2_INVALID);
	require_status(s2_dump(&w.tree, &span, 8, never_print, NULL), S2_INVALID);
	require_status(s2_count(&w.tree, &span, NULL), S2_INVALID);
	require_status(s2_verify(&w.tree, &span, NULL), S2_INVALID);
	require_status(s2_verify(&w.tree, &span, &v), S2_INVALID);
	v.quiet = true;
	seen.ipa = PAGE / 2;
	require_status(s2_verify(&w.tree, &span, &v), S2_BAD_BITMAP);
	seen = (struct s2_bitmap){.ipa = PAGE};
	require_status(s2_verify(&w.tree, &span, &v), S2_BAD_BITMAP);
	assert_int_equal(span.size, PAGE);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_neighbours_are_one_range),
		cmocka_unit_test(levels_are_merged_if_asked_for),
		cmocka_unit_test(ranges_are_cut_to_the_span),
		cmocka_unit_test(everything_else_ends_a_range),
		cmocka_unit_test(age_and_dirty_state_are_merged_if_asked_for),
		cmocka_unit_test(annotations_are_told_apart_by_owner_and_payload),
		cmocka_unit_test(a_corrupt_entry_ends_the_call_and_the_next_goes_on_behind_it),
		cmocka_unit_test(a_budget_cuts_ranges_short),
		cmocka_unit_test(a_visitor_may_end_the_call),
		cmocka_unit_test(everything_is_counted),
		cmocka_unit_test(counts_of_spans_side_by_side_add_up),
		cmocka_unit_test(what_is_locked_or_corrupt_is_counted_as_that),
		cmocka_unit_test(a_line_for_each_range),
		cmocka_unit_test(locks_and_corrupt_entries_have_lines),
		cmocka_unit_test(the_longest_line_fits),
		cmocka_unit_test(a_sound_tree_has_no_violation),
		cmocka_unit_test(each_violation_of_one_entry_is_named),
		cmocka_unit_test(what_a_level_and_a_format_can_be_is_known),
		cmocka_unit_test(two_violations_of_one_entry_are_both_named),
		cmocka_unit_test(a_table_that_leads_back_is_not_followed),
		cmocka_unit_test(one_table_too_many_ends_the_check),
		cmocka_unit_test(a_shared_table_is_found_with_a_bit_for_each_page),
		cmocka_unit_test(pages_without_a_bit_are_not_looked_for),
		cmocka_unit_test(missing_tables_are_found),
		cmocka_unit_test(unlinked_tables_are_not_missing),
		cmocka_unit_test(what_never_ended_is_found),
		cmocka_unit_test(empty_tables_are_named_and_no_violation),
		cmocka_unit_test(an_empty_table_is_known_across_calls),
		cmocka_unit_test(a_lock_is_no_violation_while_somebody_is_at_work),
		cmocka_unit_test(violations_are_counted_for_nobody_to_see),
		cmocka_unit_test(every_rule_has_a_text),
		cmocka_unit_test(bad_input_is_refused),
		cmocka_unit_test(bad_arguments_are_refused),
	};

	return run_suite("inspect", tests);
}
