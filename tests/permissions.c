/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What changes a leaf in place: permissions, access flags, the dirty log.
 *
 *	| page | page | page |	all of them stay valid at every moment
 *	   RW     R      RWD	only these bits change, and only where asked for
 *
 * That no entry is ever broken is the point of these operations, and that what was taken
 * can still not be used on return: each test that changes something looks at both.
 */
#include "lib/suite.h"

#include <string.h>

#include <stage2/dirty.h>
#include <stage2/inspect.h>

#include "lib/tlb.h"
#include "lib/world.h"

#define LLU(x) ((unsigned long long)(x))
#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define GB UINT64_C(0x40000000)
#define BASE GB
#define PA (3 * GB)
#define PAGES 16u
#define SIZE (PAGES * PAGE)
#define DIRTY (S2_RWX | S2_LOG | S2_DIRTY)
#define CLEAN (S2_RWX | S2_LOG)

#define RANGES (S2_FEAT_TTL | S2_FEAT_TLBIRANGE)

static const struct world_config shared = {.format = {12, 39, 40, 8, RANGES}, .shared = true};
static const struct world_config xnx = {.format = {12, 39, 40, 8, RANGES | S2_FEAT_XNX},
					.shared = true};
static const struct world_config hardware = {
	.format = {12, 39, 40, 8, RANGES | S2_FEAT_HAF | S2_FEAT_HD}, .shared = true};

/* --- the calls, alike ---------------------------------------------------------- */

enum verb { PROTECT, AGE, AGE_FLUSHED, START, COLLECT, KEEP, STOP, VERBS };

static const char *const names[VERBS] = {"protect", "age",  "age, invalidated", "log_start",
					 "collect", "keep", "log_stop"};

static int call(enum verb verb, struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa,
		uint64_t size, struct s2_bitmap *map, uint32_t flags)
{
	switch (verb) {
	case PROTECT:
		return s2_protect(tree, cpu, ipa, size, S2_W, 0, flags);
	case AGE:
		return s2_age(tree, cpu, ipa, size, map, flags | S2_CLEAR);
	case AGE_FLUSHED:
		return s2_age(tree, cpu, ipa, size, map, flags | S2_CLEAR | S2_INVALIDATE);
	case START:
		return s2_log_start(tree, cpu, ipa, size, flags);
	case COLLECT:
		return s2_log_collect(tree, cpu, ipa, size, map, flags);
	case KEEP:
		return s2_log_collect(tree, cpu, ipa, size, map, flags | S2_KEEP);
	default:
		return s2_log_stop(tree, cpu, ipa, size, map, flags);
	}
}

/* Attributes that leave the call something to do, and what it makes of them. */
static s2_attr before(enum verb verb)
{
	return verb == START ? S2_RWX : DIRTY;
}

static s2_attr after(enum verb verb)
{
	static const s2_attr attr[VERBS] = {S2_R | S2_X, DIRTY | S2_OLD, DIRTY | S2_OLD, CLEAN,
					    CLEAN,	 DIRTY,		 S2_RWX};

	return attr[verb];
}

static bool can_defer(enum verb verb)
{
	return verb != AGE && verb != STOP;
}

/* --- fixture ------------------------------------------------------------------- */

#define WORDS 16u

struct fixture {
	struct world w;
	uint64_t word[WORDS];
	struct s2_bitmap map;
};

static struct fixture *open_on(const struct world_config *config, uint32_t pages)
{
	static struct fixture f;

	memset(f.word, 0, sizeof(f.word));
	f.map = (struct s2_bitmap){BASE, (uint64_t)WORDS * 64, f.word};
	world_open(&f.w, config);
	world_fill(&f.w, &f.w.cpu[0], pages);
	set_context("%s", "");
	return &f;
}

static void map_as(struct fixture *f, uint64_t ipa, uint64_t size, s2_attr attr, uint32_t flags)
{
	require_status(s2_map(&f->w.tree, &f->w.cpu[0], ipa, size, PA + (ipa - BASE), attr, flags),
		       S2_OK);
}

/* Pages of which the call has something to change, listened to. */
static struct fixture *open_for(enum verb verb)
{
	struct fixture *f = open_on(&shared, 8);

	set_context("%s", names[verb]);
	tlb_open(&f->w);
	map_as(f, BASE, SIZE, before(verb), S2_PAGES);
	tlb_count_from_here();
	return f;
}

static void close_fixture(struct fixture *f)
{
	tlb_returned(false);
	tlb_close();
	f->w.cpu[0].log = NULL;
	f->w.cpu[0].budget = 0;
	require_status(s2_unmap(&f->w.tree, &f->w.cpu[0], 0, BIT(39), 0), S2_OK);
	world_quiesce(&f->w);
	world_close(&f->w);
}

static struct s2_mapping look(const struct fixture *f, uint64_t ipa)
{
	struct s2_mapping m;

	require_status(s2_lookup(&f->w.tree, ipa, &m), S2_OK);
	return m;
}

static s2_desc *entry_of(const struct fixture *f, uint64_t ipa)
{
	struct arch_walk walk;

	arch_walk(&f->w.regime, ipa, &walk);
	return (s2_desc *)(uintptr_t)walk.entry;
}

static void put(s2_desc *entry, s2_desc desc)
{
	__atomic_store_n(entry, desc, __ATOMIC_RELEASE);
}

static void require_attr(const struct fixture *f, uint64_t from, uint64_t to, s2_attr attr)
{
	for (uint64_t ipa = from; ipa < to; ipa += PAGE) {
		struct s2_mapping m = look(f, ipa);

		require(m.kind == S2_KIND_LEAF && m.attr == attr &&
				m.pa + (ipa - m.ipa) == PA + (ipa - BASE),
			"IPA %#llx: kind %d, PA %#llx, attributes %#x, not %#x", LLU(ipa), m.kind,
			LLU(m.pa), m.attr, attr);
	}
}

static void require_bits(const struct fixture *f, unsigned int first, unsigned int end)
{
	for (unsigned int i = 0; i < WORDS * 64; i++) {
		bool set = f->word[i / 64] >> (i % 64) & 1;

		require(set == (i >= first && i < end), "bit %u is %d", i, set);
	}
}

struct cached {
	uint64_t ipa;
	s2_attr any;
	unsigned int leaves;
};

static void add_cached(const struct tlb_leaf *leaf, void *arg)
{
	struct cached *cached = arg;

	if (cached->ipa - leaf->ipa >= leaf->size)
		return;
	cached->any |= leaf->attr;
	cached->leaves++;
}

static struct cached cached_at(uint64_t ipa)
{
	struct cached cached = {.ipa = ipa};

	tlb_for_each(add_cached, &cached);
	return cached;
}

static void require_no_break(void)
{
	require(tlb_counts().breaks == 0, "%llu breaks", LLU(tlb_counts().breaks));
}

/* --- bad input ----------------------------------------------------------------- */

static void require_refused(struct fixture *f, enum verb verb, uint64_t ipa, uint64_t size,
			    uint32_t flags, int expected)
{
	struct s2_cpu *cpu = &f->w.cpu[0];

	cpu->done = cpu->found = 1;
	require_status(call(verb, &f->w.tree, cpu, ipa, size, &f->map, flags), expected);
	require(cpu->done == 0 && cpu->found == 0, "done %llu, found %llu", LLU(cpu->done),
		LLU(cpu->found));
	require_attr(f, BASE, BASE + SIZE, before(verb));
	require_bits(f, 0, 0);
	require(tlb_counts().tlbis == 0, "a TLBI");
}

static void refuse_flags(struct fixture *f, enum verb verb)
{
	static const uint32_t never[] = {S2_PAGES, S2_WRITE, 0x80, BIT(31)};

	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		require_refused(f, verb, BASE, SIZE, never[i], S2_INVALID);
	if (verb != AGE && verb != AGE_FLUSHED) {
		require_refused(f, verb, BASE, SIZE, S2_CLEAR, S2_INVALID);
		require_refused(f, verb, BASE, SIZE, S2_INVALIDATE, S2_INVALID);
	}
	if (verb != COLLECT && verb != KEEP)
		require_refused(f, verb, BASE, SIZE, S2_KEEP, S2_INVALID);
	if (!can_defer(verb))
		require_refused(f, verb, BASE, SIZE, S2_DEFER, S2_INVALID);
}

static void refuse_ranges(struct fixture *f, enum verb verb)
{
	require_refused(f, verb, BASE, 0, 0, S2_BAD_SIZE);
	require_refused(f, verb, BASE + 1, PAGE, 0, S2_MISALIGNED);
	require_refused(f, verb, BASE, PAGE + 8, 0, S2_MISALIGNED);
	require_refused(f, verb, -2 * PAGE, 4 * PAGE, 0, S2_WRAPS);
	require_refused(f, verb, BIT(39) - PAGE, 2 * PAGE, 0, S2_IPA_RANGE);
	require_refused(f, verb, BIT(39), PAGE, 0, S2_IPA_RANGE);
}

static void refuse_objects(struct fixture *f, enum verb verb)
{
	struct s2_cpu *cpu = &f->w.cpu[0];
	struct s2_cpu other, none = {.budget = 0};
	struct s2_tree empty = {.fmt = NULL};

	require_status(s2_cpu_init(&other, 14), S2_OK);
	require_status(call(verb, NULL, cpu, BASE, SIZE, &f->map, 0), S2_INVALID);
	require_status(call(verb, &empty, cpu, BASE, SIZE, &f->map, 0), S2_INVALID);
	require_status(call(verb, &f->w.tree, NULL, BASE, SIZE, &f->map, 0), S2_INVALID);
	require_status(call(verb, &f->w.tree, &none, BASE, SIZE, &f->map, 0), S2_INVALID);
	require_status(call(verb, &f->w.tree, &other, BASE, SIZE, &f->map, 0), S2_BAD_CACHE);
	cpu->gather.tree = &empty;
	require_refused(f, verb, BASE, SIZE, 0, S2_BUSY);
	cpu->gather.tree = NULL;
}

static void refuse_bitmap(struct fixture *f, enum verb verb, struct s2_bitmap map)
{
	require_status(call(verb, &f->w.tree, &f->w.cpu[0], BASE, SIZE, &map, 0), S2_BAD_BITMAP);
	require(f->w.cpu[0].done == 0, "done");
}

static void refuse_bitmaps(struct fixture *f, enum verb verb)
{
	if (verb == PROTECT || verb == START)
		return;
	refuse_bitmap(f, verb, (struct s2_bitmap){BASE, 64, NULL});
	refuse_bitmap(f, verb, (struct s2_bitmap){BASE + 8, 64, f->word});
	refuse_bitmap(f, verb, (struct s2_bitmap){BASE - 8, 64, f->word});
	refuse_bitmap(f, verb, (struct s2_bitmap){BASE + PAGE, 64, f->word});
	refuse_bitmap(f, verb, (struct s2_bitmap){BASE, PAGES - 1, f->word});
	refuse_bitmap(f, verb, (struct s2_bitmap){BASE - PAGE, PAGES, f->word});
	refuse_bitmap(f, verb, (struct s2_bitmap){BASE - 64 * PAGE, 1, f->word});
	refuse_bitmap(f, verb, (struct s2_bitmap){0, 0, f->word});
	if (verb == COLLECT || verb == KEEP)
		require_status(call(verb, &f->w.tree, &f->w.cpu[0], BASE, SIZE, NULL, 0),
			       S2_INVALID);
	require_attr(f, BASE, BASE + SIZE, before(verb));
	require_bits(f, 0, 0);
}

static void bad_input_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	for (enum verb verb = 0; verb < VERBS; verb++) {
		struct fixture *f = open_for(verb);

		refuse_flags(f, verb);
		refuse_ranges(f, verb);
		refuse_objects(f, verb);
		refuse_bitmaps(f, verb);
		close_fixture(f);
	}
}

static void age_refuses_flags_without_those_they_belong_to(void **state)
{
	struct fixture *f = open_for(AGE);
	struct s2_cpu *cpu = &f->w.cpu[0];

	(void)state;
	require_status(s2_age(&f->w.tree, cpu, BASE, SIZE, NULL, S2_INVALIDATE), S2_INVALID);
	require_status(s2_age(&f->w.tree, cpu, BASE, SIZE, NULL, S2_DEFER), S2_INVALID);
	require_status(s2_age(&f->w.tree, cpu, BASE, SIZE, NULL, S2_DEFER | S2_INVALIDATE),
		       S2_INVALID);
	require_attr(f, BASE, BASE + SIZE, DIRTY);
	close_fixture(f);
}

static void protect_refuses_what_is_no_permission(void **state)
{
	static const s2_attr bad[][2] = {{S2_OLD, 0},	{0, S2_NORMAL_NC}, {0, S2_LOG},
					 {S2_DIRTY, 0}, {S2_R, S2_RW},	   {S2_SW(1), S2_SW(3)},
					 {S2_X_EL1, 0}, {0, S2_X_EL0},	   {BIT(31), 0}};
	struct fixture *f = open_for(PROTECT);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		require_status(
			s2_protect(&f->w.tree, &f->w.cpu[0], BASE, SIZE, bad[i][0], bad[i][1], 0),
			S2_BAD_ATTR);
	require_attr(f, BASE, BASE + SIZE, DIRTY);
	close_fixture(f);
}

static void protect_gives_no_execution_to_a_device(void **state)
{
	struct fixture *f = open_on(&shared, 8);
	struct s2_verification v = {.quiet = true};
	struct s2_span span = {.size = BIT(39)};

	(void)state;
	tlb_open(&f->w);
	map_as(f, BASE, PAGE, S2_RW | S2_DEVICE, 0);
	map_as(f, BASE + PAGE, PAGE, S2_RW, 0);
	require_status(s2_protect(&f->w.tree, &f->w.cpu[0], BASE, 2 * PAGE, S2_W, S2_X, 0), S2_OK);
	require_attr(f, BASE, BASE + PAGE, S2_R | S2_DEVICE);
	require_attr(f, BASE + PAGE, BASE + 2 * PAGE, S2_R | S2_X);
	require_status(s2_verify(&f->w.tree, &span, &v), S2_OK);
	close_fixture(f);
}

static void touch_refuses_bad_input(void **state)
{
	struct fixture *f = open_for(COLLECT);
	struct s2_cpu *cpu = &f->w.cpu[0], other;
	struct s2_tree empty = {.fmt = NULL};

	(void)state;
	require_status(s2_cpu_init(&other, 16), S2_OK);
	require_status(s2_touch(NULL, cpu, BASE, 0), S2_INVALID);
	require_status(s2_touch(&f->w.tree, NULL, BASE, 0), S2_INVALID);
	require_status(s2_touch(&f->w.tree, &other, BASE, 0), S2_BAD_CACHE);
	require_status(s2_touch(&f->w.tree, cpu, BASE, S2_DEFER), S2_INVALID);
	require_status(s2_touch(&f->w.tree, cpu, BASE, S2_KEEP), S2_INVALID);
	require_status(s2_touch(&f->w.tree, cpu, BIT(39), 0), S2_IPA_RANGE);
	require_status(s2_touch(&f->w.tree, cpu, UINT64_MAX, 0), S2_IPA_RANGE);
	cpu->gather.tree = &empty;
	require_status(s2_touch(&f->w.tree, cpu, BASE, 0), S2_BUSY);
	cpu->gather.tree = NULL;
	require(cpu->done == 0, "done");
	close_fixture(f);
}

/* --- what all of them do ------------------------------------------------------- */

static bool counts(enum verb verb)
{
	return verb != START;
}

static bool fills_map(enum verb verb)
{
	return verb != PROTECT && verb != START;
}

static void require_done(const struct fixture *f, enum verb verb, uint64_t done)
{
	const struct s2_cpu *cpu = &f->w.cpu[0];

	require(cpu->done == done, "done %#llx, not %#llx", LLU(cpu->done), LLU(done));
	require(cpu->found == (counts(verb) ? done / PAGE : 0), "found %llu", LLU(cpu->found));
}

static void the_range_changes_in_place_and_nothing_else(void **state)
{
	(void)state;
	for (enum verb verb = 0; verb < VERBS; verb++) {
		struct fixture *f = open_for(verb);
		uint64_t from = BASE + 3 * PAGE, size = 5 * PAGE;

		require_status(call(verb, &f->w.tree, &f->w.cpu[0], from, size, &f->map, 0), S2_OK);
		tlb_returned(false);
		require_no_break();
		require_done(f, verb, size);
		require_attr(f, BASE, from, before(verb));
		require_attr(f, from, from + size, after(verb));
		require_attr(f, from + size, BASE + SIZE, before(verb));
		require_bits(f, 3, fills_map(verb) ? 8 : 3);
		require(f->w.tree.restricting == 0, "still restricting");
		close_fixture(f);
	}
}

static bool flushes(enum verb verb)
{
	return verb == PROTECT || verb == AGE_FLUSHED || verb == START || verb == COLLECT;
}

/* What may be used of the pages changed: what they say now, and no more. */
static void require_taken(enum verb verb)
{
	struct cached cached = cached_at(BASE + PAGE);

	if (verb == PROTECT)
		require(!(cached.any & S2_W), "may still be written");
	if (verb == AGE_FLUSHED)
		require(!cached.leaves, "an old page is still cached");
	if (verb == START || verb == COLLECT)
		require(cached.any & S2_LOG && !(cached.any & S2_DIRTY) && cached.leaves == 1,
			"writes that leave no mark");
}

static void what_is_taken_cannot_be_used_on_return(void **state)
{
	(void)state;
	for (enum verb verb = 0; verb < VERBS; verb++) {
		struct fixture *f = open_for(verb);

		require_status(call(verb, &f->w.tree, &f->w.cpu[0], BASE, SIZE, &f->map, 0), S2_OK);
		require((tlb_counts().tlbis > 0) == flushes(verb), "%llu TLBIs",
			LLU(tlb_counts().tlbis));
		require_taken(verb);
		require(f->w.cpu[0].stats.restricts == (flushes(verb) ? PAGES : 0),
			"%llu restrictions", LLU(f->w.cpu[0].stats.restricts));
		close_fixture(f);
	}
}

static void what_is_deferred_is_flushed_once(void **state)
{
	(void)state;
	for (enum verb verb = 0; verb < VERBS; verb++) {
		if (!flushes(verb))
			continue;
		struct fixture *f = open_for(verb);
		struct s2_cpu *cpu = &f->w.cpu[0];

		for (uint64_t at = 0; at < SIZE; at += PAGE)
			require_status(
				call(verb, &f->w.tree, cpu, BASE + at, PAGE, &f->map, S2_DEFER),
				S2_OK);
		require(tlb_counts().tlbis == 0 && f->w.tree.restricting == 1, "not deferred");
		require_attr(f, BASE, BASE + SIZE, after(verb));
		require_status(s2_flush(&f->w.tree, cpu), S2_OK);
		/* One range of stage 2, and all of stage 1. */
		require(tlb_counts().tlbis == 2 && f->w.tree.restricting == 0, "%llu TLBIs",
			LLU(tlb_counts().tlbis));
		require_taken(verb);
		require_no_break();
		close_fixture(f);
	}
}

static void the_budget_ends_a_call_and_the_next_one_goes_on(void **state)
{
	(void)state;
	for (enum verb verb = 0; verb < VERBS; verb++) {
		struct fixture *f = open_for(verb);
		uint64_t done = 0, found = 0;
		unsigned int calls = 0;
		int status = S2_MORE;

		f->w.cpu[0].budget = 3;
		while (status == S2_MORE) {
			status = call(verb, &f->w.tree, &f->w.cpu[0], BASE + done, SIZE - done,
				      &f->map, 0);
			done += f->w.cpu[0].done;
			found += f->w.cpu[0].found;
			require_attr(f, BASE, BASE + done, after(verb));
			require_attr(f, BASE + done, BASE + SIZE, before(verb));
			calls++;
		}
		require_status(status, S2_OK);
		require(done == SIZE && calls == 6, "%u calls, done %#llx", calls, LLU(done));
		require(found == (counts(verb) ? PAGES : 0), "found %llu", LLU(found));
		require_bits(f, 0, fills_map(verb) ? PAGES : 0);
		close_fixture(f);
	}
}

static void holes_and_annotations_are_passed_over(void **state)
{
	(void)state;
	for (enum verb verb = 0; verb < VERBS; verb++) {
		struct fixture *f = open_for(verb);

		require_status(s2_unmap(&f->w.tree, &f->w.cpu[0], BASE + PAGE, 2 * PAGE, 0), S2_OK);
		world_annotate(&f->w, BASE + PAGE, 3, 7);
		require_status(call(verb, &f->w.tree, &f->w.cpu[0], BASE, 2 * GB, NULL, 0),
			       verb == COLLECT || verb == KEEP ? S2_INVALID : S2_OK);
		if (verb == COLLECT || verb == KEEP)
			require_status(
				call(verb, &f->w.tree, &f->w.cpu[0], BASE, BLOCK, &f->map, 0),
				S2_OK);
		require(look(f, BASE + PAGE).kind == S2_KIND_ANNOTATED, "the annotation");
		require(look(f, BASE + 2 * PAGE).kind == S2_KIND_EMPTY, "the hole");
		require_attr(f, BASE, BASE + PAGE, after(verb));
		require_attr(f, BASE + 3 * PAGE, BASE + SIZE, after(verb));
		require(f->w.cpu[0].found == (counts(verb) ? PAGES - 2 : 0), "found %llu",
			LLU(f->w.cpu[0].found));
		close_fixture(f);
	}
}

static void what_no_engine_writes_is_reported(void **state)
{
	(void)state;
	for (enum verb verb = 0; verb < VERBS; verb++) {
		struct fixture *f = open_for(verb);
		s2_desc *entry = entry_of(f, BASE + 4 * PAGE), was = *entry;
		const struct s2_report *report = &f->w.cpu[0].corrupt;

		put(entry, 1);
		require_status(call(verb, &f->w.tree, &f->w.cpu[0], BASE, SIZE, &f->map, 0),
			       S2_CORRUPT);
		require_done(f, verb, 4 * PAGE);
		require(report->ipa == BASE + 4 * PAGE && report->desc == 1 && report->level == 3,
			"the report");
		require_status(s2_touch(&f->w.tree, &f->w.cpu[0], BASE + 4 * PAGE, 0), S2_CORRUPT);
		put(entry, was);
		require_attr(f, BASE, BASE + 4 * PAGE, after(verb));
		require_attr(f, BASE + 4 * PAGE, BASE + SIZE, before(verb));
		close_fixture(f);
	}
}

static void follow(enum verb verb, s2_desc pointer)
{
	struct fixture *f = open_for(verb);
	const struct s2_report *report = &f->w.cpu[0].corrupt;
	s2_desc *entry, was;

	map_as(f, BASE + BLOCK, BLOCK, before(verb), 0);
	entry = entry_of(f, BASE + BLOCK);
	was = *entry;
	put(entry, pointer);
	require_status(
		call(verb, &f->w.tree, &f->w.cpu[0], BASE + BLOCK - PAGE, 3 * PAGE, &f->map, 0),
		S2_CORRUPT);
	require(f->w.cpu[0].done == PAGE, "done %#llx", LLU(f->w.cpu[0].done));
	require(report->ipa == BASE + BLOCK && report->desc == pointer && report->level == 2,
		"the report");
	require_status(s2_touch(&f->w.tree, &f->w.cpu[0], BASE + BLOCK, 0), S2_CORRUPT);
	put(entry, was);
	close_fixture(f);
}

static void a_pointer_that_leads_to_no_table_is_not_followed(void **state)
{
	(void)state;
	for (enum verb verb = 0; verb < VERBS; verb++) {
		follow(verb, PAGE | 3);
		follow(verb, BIT(59) | PAGE | 3);
	}
}

static void a_range_goes_on_in_the_next_table(void **state)
{
	(void)state;
	for (enum verb verb = 0; verb < VERBS; verb++) {
		struct fixture *f = open_for(verb);
		uint64_t from = BASE + BLOCK - 2 * PAGE;

		map_as(f, from, 5 * PAGE, before(verb), S2_PAGES);
		require_status(call(verb, &f->w.tree, &f->w.cpu[0], from, 5 * PAGE, &f->map, 0),
			       S2_OK);
		require_done(f, verb, 5 * PAGE);
		require_attr(f, from, from + 5 * PAGE, after(verb));
		require_bits(f, 510, fills_map(verb) ? 515 : 510);
		close_fixture(f);
	}
}

/* --- other CPUs at work -------------------------------------------------------- */

/* What happens to an entry when the engine comes to a step on it. */
static struct {
	enum s2_host_op on;
	s2_desc *entry;
	s2_desc becomes;
	unsigned int times;
} intruder;

static void intrude(const struct s2_host_event *event)
{
	if (intruder.times && event->op == intruder.on &&
	    (event->p == intruder.entry || event->op == S2_HOST_WAIT)) {
		intruder.times--;
		put(intruder.entry, intruder.becomes);
	}
}

static void intrude_on(enum s2_host_op on, s2_desc *entry, s2_desc becomes)
{
	intruder.on = on;
	intruder.entry = entry;
	intruder.becomes = becomes;
	intruder.times = 1;
	s2_host_trace = (struct s2_host_trace){intrude, NULL};
}

static bool minds_seals(enum verb verb)
{
	return verb != KEEP;
}

static void meet(enum verb verb, s2_desc met)
{
	struct fixture *f = open_for(verb);
	s2_desc *entry = entry_of(f, BASE + 4 * PAGE), was = *entry;

	tlb_close();
	put(entry, met ? met : was | S2_DESC_SEAL);
	require_status(call(verb, &f->w.tree, &f->w.cpu[0], BASE, SIZE, &f->map, S2_FAULT),
		       S2_RETRY);
	require_done(f, verb, 4 * PAGE);
	require_status(s2_touch(&f->w.tree, &f->w.cpu[0], BASE + 4 * PAGE, S2_FAULT), S2_RETRY);
	intrude_on(S2_HOST_WAIT, entry, was);
	require_status(
		call(verb, &f->w.tree, &f->w.cpu[0], BASE + 4 * PAGE, SIZE - 4 * PAGE, &f->map, 0),
		S2_OK);
	require(!intruder.times, "it did not wait");
	require_attr(f, BASE, BASE + SIZE, after(verb));
	close_fixture(f);
}

static void locked_and_sealed_entries_are_waited_for_or_answered(void **state)
{
	(void)state;
	for (enum verb verb = 0; verb < VERBS; verb++) {
		meet(verb, 4);
		if (minds_seals(verb))
			meet(verb, 0);
	}
}

/* The compare-and-swap finds that the guest, or another CPU, was faster. */
static void lose(enum verb verb, uint32_t flags)
{
	struct fixture *f = open_for(verb);
	s2_desc *entry = entry_of(f, BASE), was = *entry;

	tlb_close();
	intrude_on(S2_HOST_CAS, entry, was | BIT(55));
	require_status(call(verb, &f->w.tree, &f->w.cpu[0], BASE, PAGE, &f->map, flags),
		       flags ? S2_RETRY : S2_OK);
	require(f->w.cpu[0].stats.retries == 1, "%llu retries", LLU(f->w.cpu[0].stats.retries));
	require_attr(f, BASE, BASE + PAGE, (flags ? before(verb) : after(verb)) | S2_SW(1));
	require(f->w.tree.restricting == 0, "still restricting");
	close_fixture(f);
}

static void a_race_that_is_lost_is_run_again_or_answered(void **state)
{
	(void)state;
	for (enum verb verb = 0; verb < VERBS; verb++)
		for (uint32_t flags = 0; flags <= S2_FAULT && verb != KEEP; flags += S2_FAULT)
			lose(verb, flags);
}

static void lose_touch(uint32_t flags)
{
	struct fixture *f = open_on(&shared, 8);
	s2_desc *entry;

	map_as(f, BASE, SIZE, S2_RW | S2_OLD, 0);
	entry = entry_of(f, BASE);
	intrude_on(S2_HOST_CAS, entry, *entry | BIT(55));
	require_status(s2_touch(&f->w.tree, &f->w.cpu[0], BASE, flags), flags ? S2_RETRY : S2_OK);
	require_attr(f, BASE, BASE + PAGE, S2_RW | S2_SW(1) | (flags ? S2_OLD : 0));
	close_fixture(f);
}

static void touch_that_loses_a_race_tries_again_or_answers(void **state)
{
	(void)state;
	lose_touch(0);
	lose_touch(S2_FAULT);
}

/* Another CPU restricts the page in the middle of a call that found nothing to change. */
static void meet_change(enum s2_host_op on, uint64_t restricting, uint32_t flags)
{
	struct fixture *f = open_on(&shared, 8);
	s2_desc *entry;

	map_as(f, BASE, SIZE, S2_R, 0);
	entry = entry_of(f, BASE);
	intrude_on(on, entry, *entry | BIT(55));
	f->w.tree.restricting = restricting;
	require_status(s2_protect(&f->w.tree, &f->w.cpu[0], BASE, PAGE, S2_W, 0, flags),
		       flags ? S2_RETRY : S2_OK);
	require(!intruder.times, "there was no such step");
	require(f->w.tree.restricting == restricting, "the count");
	require_attr(f, BASE, BASE + PAGE, S2_R | S2_SW(1));
	f->w.tree.restricting = 0;
	close_fixture(f);
}

static void what_needs_no_change_is_read_again_before_it_is_relied_on(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags <= S2_FAULT; flags += S2_FAULT) {
		meet_change(S2_HOST_WORD_LOAD, 0, flags);
		meet_change(S2_HOST_CAS, 1, flags);
	}
}

static uint64_t tlbis_of(enum verb verb, struct fixture *f, struct s2_cpu *cpu)
{
	tlb_count_from_here();
	require_status(call(verb, &f->w.tree, cpu, BASE, SIZE, &f->map, 0), S2_OK);
	return tlb_counts().tlbis;
}

static void who_finds_anothers_restriction_flushes_it_unless_that_is_done(void **state)
{
	static const enum verb verbs[] = {PROTECT, START, COLLECT};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		struct fixture *f = open_for(verbs[i]);
		struct s2_cpu *other = &f->w.cpu[1];

		require_status(call(verbs[i], &f->w.tree, other, BASE, SIZE, &f->map, S2_DEFER),
			       S2_OK);
		require(tlbis_of(verbs[i], f, &f->w.cpu[0]) > 0, "relied on what is not flushed");
		require_taken(verbs[i]);
		require(f->w.cpu[0].stats.restricts == 0, "counted what another took");
		require_status(s2_flush(&f->w.tree, other), S2_OK);
		require(tlbis_of(verbs[i], f, &f->w.cpu[0]) == 0, "flushed what was flushed");
		require_no_break();
		close_fixture(f);
	}
}

/* The same for a map, over the page as it is, and over one with more to give. */
static void map_over_deferred(s2_attr attr)
{
	struct fixture *f = open_for(START);
	struct s2_cpu *other = &f->w.cpu[1];

	require_status(s2_protect(&f->w.tree, other, BASE, SIZE, S2_W, 0, S2_DEFER), S2_OK);
	map_as(f, BASE, SIZE, attr, S2_PAGES);
	require(!(cached_at(BASE).any & S2_W), "may still be written");
	require(tlb_counts().tlbis > 0, "no TLBI");
	require_status(s2_flush(&f->w.tree, other), S2_OK);
	require_no_break();
	close_fixture(f);
}

static void a_map_flushes_what_another_took_and_it_does_not_give_back(void **state)
{
	(void)state;
	map_over_deferred(S2_R | S2_X);
	map_over_deferred(S2_R | S2_X | S2_SW(2));
}

/* --- blocks -------------------------------------------------------------------- */

static bool needs_split(enum verb verb)
{
	return verb != AGE && verb != AGE_FLUSHED && verb != KEEP;
}

/* One block, of which the call changes some pages in the middle. */
static void carve(enum verb verb)
{
	struct fixture *f = open_on(&shared, 2);
	uint64_t from = BASE + 3 * PAGE, to = BASE + 10 * PAGE;

	set_context("%s", names[verb]);
	map_as(f, BASE, BLOCK, before(verb), 0);
	world_fill(&f->w, &f->w.cpu[0], 0);
	if (needs_split(verb)) {
		require_status(call(verb, &f->w.tree, &f->w.cpu[0], from, to - from, &f->map, 0),
			       S2_NO_PAGE);
		require(f->w.cpu[0].done == 0 && look(f, BASE).level == 2, "split without a page");
		world_fill(&f->w, &f->w.cpu[0], 1);
	}
	require_status(call(verb, &f->w.tree, &f->w.cpu[0], from, to - from, &f->map, 0), S2_OK);
	require_done(f, verb, to - from);
	require_attr(f, BASE, from, before(verb));
	require_attr(f, from, to, needs_split(verb) ? after(verb) : before(verb));
	require_attr(f, to, BASE + BLOCK, before(verb));
	require(look(f, BASE).level == (needs_split(verb) ? 3 : 2), "the wrong size");
	require_bits(f, 3, fills_map(verb) ? 10 : 3);
	close_fixture(f);
}

static void of_a_block_that_is_covered_in_part_the_rest_stays_as_it_is(void **state)
{
	(void)state;
	for (enum verb verb = 0; verb < VERBS; verb++)
		carve(verb);
}

static void a_block_that_is_covered_changes_as_one(void **state)
{
	(void)state;
	for (enum verb verb = 0; verb < VERBS; verb++) {
		struct fixture *f = open_on(&shared, 2);

		set_context("%s", names[verb]);
		tlb_open(&f->w);
		map_as(f, BASE, BLOCK, before(verb), 0);
		world_fill(&f->w, &f->w.cpu[0], 0);
		require_status(call(verb, &f->w.tree, &f->w.cpu[0], BASE, BLOCK, &f->map, 0),
			       S2_OK);
		require_no_break();
		require_done(f, verb, BLOCK);
		require(look(f, BASE).level == 2, "split");
		require_attr(f, BASE, BASE + BLOCK, after(verb));
		require_bits(f, 0, fills_map(verb) ? 512 : 0);
		close_fixture(f);
	}
}

static void one_flush_covers_pages_and_blocks(void **state)
{
	struct fixture *f = open_on(&shared, 8);

	(void)state;
	tlb_open(&f->w);
	map_as(f, BASE, BLOCK, S2_RW, S2_PAGES);
	map_as(f, BASE + BLOCK, BLOCK, S2_RW, 0);
	tlb_count_from_here();
	require_status(s2_protect(&f->w.tree, &f->w.cpu[0], BASE, 2 * BLOCK, S2_W, 0, 0), S2_OK);
	require(tlb_counts().tlbis == 2, "%llu TLBIs", LLU(tlb_counts().tlbis));
	require(!(cached_at(BASE + PAGE).any & S2_W), "a page may still be written");
	require(!(cached_at(BASE + BLOCK).any & S2_W), "a block may still be written");
	close_fixture(f);
}

/* --- permissions --------------------------------------------------------------- */

struct change {
	s2_attr was, take, give, is;
};

static void change(const struct world_config *config, const struct change *c)
{
	struct fixture *f = open_on(config, 8);

	set_context("%#x, take %#x, give %#x", c->was, c->take, c->give);
	tlb_open(&f->w);
	map_as(f, BASE, SIZE, c->was, 0);
	tlb_count_from_here();
	require_status(s2_protect(&f->w.tree, &f->w.cpu[0], BASE + PAGE, PAGE, c->take, c->give, 0),
		       S2_OK);
	tlb_returned(false);
	require_no_break();
	require_attr(f, BASE + PAGE, BASE + 2 * PAGE, c->is);
	require_attr(f, BASE, BASE + PAGE, c->was);
	require((tlb_counts().tlbis > 0) == !!(c->was & ~c->is & S2_RWX), "%llu TLBIs",
		LLU(tlb_counts().tlbis));
	require(!(cached_at(BASE + PAGE).any & S2_RWX & ~c->is), "%#x may still be used",
		cached_at(BASE + PAGE).any);
	close_fixture(f);
}

static void each_permission_is_taken_and_given_by_itself(void **state)
{
	static const struct change changes[] = {
		{S2_RWX, S2_R, 0, S2_W | S2_X},
		{S2_RWX, S2_W, 0, S2_R | S2_X},
		{S2_RWX, S2_X, 0, S2_RW},
		{S2_RWX, S2_RWX, 0, 0},
		{0, 0, S2_R, S2_R},
		{0, 0, S2_W, S2_W},
		{0, 0, S2_X, S2_X},
		{0, 0, S2_RWX, S2_RWX},
		{S2_RW, S2_W, S2_X, S2_R | S2_X},
		{S2_R, S2_W, S2_R, S2_R},
		{S2_RW | S2_SW(1), S2_SW(1), S2_SW(6), S2_RW | S2_SW(6)},
		{S2_RW | S2_SW(7), S2_SW(2), 0, S2_RW | S2_SW(5)},
		{S2_RW | S2_SW(5), S2_SW(2), S2_SW(1), S2_RW | S2_SW(5)},
		{CLEAN, S2_W, 0, S2_R | S2_X},
		{DIRTY, S2_W, 0, S2_R | S2_X},
		{CLEAN, 0, S2_W, CLEAN},
		{DIRTY, 0, S2_W, DIRTY},
		{S2_RW | S2_NORMAL_NC, S2_W, 0, S2_R | S2_NORMAL_NC},
		{S2_RW | S2_DEVICE, S2_R, 0, S2_W | S2_DEVICE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		change(&shared, &changes[i]);
}

static void execution_is_taken_and_given_for_each_level_with_xnx(void **state)
{
	static const s2_attr exec[] = {0, S2_X_EL1, S2_X_EL0, S2_X};

	(void)state;
	for (unsigned int was = 0; was < 4; was++)
		for (unsigned int take = 0; take < 4; take++)
			for (unsigned int give = 0; give < 4; give++) {
				struct change c = {S2_RW | exec[was], exec[take], exec[give], 0};

				c.is = (c.was & ~c.take) | c.give;
				if (!(take & give))
					change(&xnx, &c);
			}
}

static void who_only_gives_finds_what_was_old_old(void **state)
{
	struct fixture *f = open_on(&shared, 8);

	(void)state;
	map_as(f, BASE, SIZE, S2_R | S2_OLD, 0);
	require_status(s2_protect(&f->w.tree, &f->w.cpu[0], BASE, SIZE, 0, S2_W, 0), S2_OK);
	require_attr(f, BASE, BASE + SIZE, S2_RW | S2_OLD);
	close_fixture(f);
}

static void a_map_of_the_same_memory_changes_permissions_in_place(void **state)
{
	static const struct change changes[] = {
		{S2_RWX, 0, 0, S2_R},
		{S2_R, 0, 0, S2_RW},
		{S2_RW, 0, 0, S2_RWX},
		{S2_RW, 0, 0, CLEAN},
		{DIRTY, 0, 0, S2_RWX},
		{CLEAN, 0, 0, DIRTY},
		{CLEAN, 0, 0, S2_RWX},
		{CLEAN, 0, 0, S2_R},
		{S2_RW, 0, 0, S2_RW | S2_SW(3)},
		{S2_RW | S2_OLD, 0, 0, S2_RW},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct fixture *f = open_on(&shared, 8);

		set_context("from %#x to %#x", changes[i].was, changes[i].is);
		tlb_open(&f->w);
		map_as(f, BASE, SIZE, changes[i].was, 0);
		map_as(f, BASE, SIZE, changes[i].is, 0);
		require_no_break();
		require_attr(f, BASE, BASE + SIZE, changes[i].is);
		require(!(cached_at(BASE).any & S2_RWX & ~changes[i].is), "may still be used");
		close_fixture(f);
	}
}

static void what_a_page_has_noted_stays_when_it_is_mapped_again(void **state)
{
	struct fixture *f = open_on(&shared, 8);

	(void)state;
	tlb_open(&f->w);
	map_as(f, BASE, SIZE, DIRTY, 0);
	map_as(f, BASE, SIZE, CLEAN | S2_OLD, 0);
	require_attr(f, BASE, BASE + SIZE, DIRTY);
	map_as(f, BASE, SIZE, S2_RW | S2_OLD, 0);
	map_as(f, BASE, SIZE, S2_RW | S2_LOG, 0);
	require_attr(f, BASE, BASE + SIZE, S2_RW | S2_LOG);
	require_no_break();
	close_fixture(f);
}

/* --- touch --------------------------------------------------------------------- */

static void touch_marks_the_page_and_takes_no_table(void **state)
{
	static const struct {
		s2_attr was, is;
		uint32_t flags;
		int status;
	} cases[] = {
		{S2_RW | S2_OLD, S2_RW, 0, S2_OK},
		{S2_RW, S2_RW, 0, S2_OK},
		{S2_R | S2_OLD, S2_R, S2_FAULT, S2_OK},
		{S2_R | S2_OLD, S2_R | S2_OLD, S2_WRITE, S2_READ_ONLY},
		{S2_RW | S2_OLD, S2_RW, S2_WRITE, S2_OK},
		{CLEAN | S2_OLD, CLEAN, 0, S2_OK},
		{CLEAN | S2_OLD, DIRTY, S2_WRITE, S2_OK},
		{CLEAN, DIRTY, S2_WRITE | S2_FAULT, S2_OK},
		{DIRTY, DIRTY, S2_WRITE | S2_FAULT, S2_OK},
		{0, 0, S2_WRITE, S2_READ_ONLY},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture *f = open_on(&shared, 8);
		bool heals = (cases[i].flags & (S2_WRITE | S2_FAULT)) == (S2_WRITE | S2_FAULT);

		set_context("case %zu", i);
		tlb_open(&f->w);
		map_as(f, BASE, SIZE, cases[i].was, 0);
		world_fill(&f->w, &f->w.cpu[0], 0);
		tlb_count_from_here();
		require_status(
			s2_touch(&f->w.tree, &f->w.cpu[0], BASE + PAGE + 0x123, cases[i].flags),
			cases[i].status);
		tlb_returned(false);
		require_attr(f, BASE + PAGE, BASE + 2 * PAGE, cases[i].is);
		require_attr(f, BASE, BASE + PAGE, cases[i].was);
		require(f->w.cpu[0].done == (cases[i].status ? 0 : PAGE), "done");
		require(tlb_counts().tlbis == tlb_counts().local && !tlb_counts().local == !heals,
			"%llu TLBIs", LLU(tlb_counts().tlbis));
		close_fixture(f);
	}
}

static void touch_finds_nothing_in_a_hole_or_an_annotation(void **state)
{
	struct fixture *f = open_on(&shared, 8);

	(void)state;
	require_status(s2_touch(&f->w.tree, &f->w.cpu[0], BASE, 0), S2_NOT_MAPPED);
	map_as(f, BASE, PAGE, S2_RW, 0);
	world_annotate(&f->w, BASE + PAGE, 3, 1);
	require_status(s2_touch(&f->w.tree, &f->w.cpu[0], BASE + PAGE, S2_WRITE), S2_NOT_MAPPED);
	require_status(s2_touch(&f->w.tree, &f->w.cpu[0], BASE + 2 * PAGE, S2_FAULT),
		       S2_NOT_MAPPED);
	close_fixture(f);
}

/* --- age ----------------------------------------------------------------------- */

static void age_finds_and_counts_what_is_young(void **state)
{
	struct fixture *f = open_on(&shared, 8);
	struct s2_cpu *cpu = &f->w.cpu[0];

	(void)state;
	map_as(f, BASE, SIZE, S2_RW | S2_OLD, 0);
	require_status(s2_touch(&f->w.tree, cpu, BASE + 5 * PAGE, 0), S2_OK);
	require_status(s2_age(&f->w.tree, cpu, BASE, SIZE, &f->map, 0), S2_OK);
	require(cpu->found == 1, "found %llu", LLU(cpu->found));
	require_bits(f, 5, 6);
	require_status(s2_age(&f->w.tree, cpu, BASE, SIZE, NULL, S2_CLEAR), S2_OK);
	require(cpu->found == 1, "found %llu", LLU(cpu->found));
	require_status(s2_age(&f->w.tree, cpu, BASE, SIZE, NULL, S2_CLEAR), S2_OK);
	require(cpu->found == 0, "found %llu", LLU(cpu->found));
	require_attr(f, BASE, BASE + SIZE, S2_RW | S2_OLD);
	close_fixture(f);
}

static void what_is_old_already_may_be_cached_and_is_invalidated_too(void **state)
{
	struct fixture *f = open_for(AGE);
	struct s2_cpu *cpu = &f->w.cpu[0];

	(void)state;
	require_status(s2_age(&f->w.tree, cpu, BASE, SIZE, NULL, S2_CLEAR), S2_OK);
	require(tlb_counts().tlbis == 0 && cached_at(BASE).leaves == 1, "invalidated unasked");
	require_status(s2_age(&f->w.tree, cpu, BASE, SIZE, NULL, S2_CLEAR | S2_INVALIDATE), S2_OK);
	require(cached_at(BASE).leaves == 0 && cpu->found == 0, "still cached");
	require_no_break();
	close_fixture(f);
}

/* --- the dirty log ------------------------------------------------------------- */

/* What the hardware does at a write. */
static void guest_writes(struct fixture *f, uint64_t ipa)
{
	s2_desc *entry = entry_of(f, ipa);

	require(*entry & (S2_DESC_DBM | S2_DESC_WRITE), "the write faults");
	put(entry, *entry | S2_DESC_WRITE | S2_DESC_AF);
	tlb_stored(entry);
}

static void a_round_of_the_log_has_each_page_written_and_no_other(void **state)
{
	struct fixture *f = open_on(&hardware, 8);
	struct s2_cpu *cpu = &f->w.cpu[0];

	(void)state;
	tlb_open(&f->w);
	map_as(f, BASE, SIZE, S2_RW, 0);
	map_as(f, BASE + SIZE, PAGE, S2_R, 0);
	require_status(s2_log_start(&f->w.tree, cpu, BASE, SIZE + PAGE, 0), S2_OK);
	require_attr(f, BASE + SIZE, BASE + SIZE + PAGE, S2_R);
	guest_writes(f, BASE + 3 * PAGE);
	require_status(s2_log_start(&f->w.tree, cpu, BASE, SIZE, 0), S2_OK);
	require_status(s2_log_collect(&f->w.tree, cpu, BASE, SIZE, &f->map, S2_KEEP), S2_OK);
	require(cpu->found == 1, "found %llu", LLU(cpu->found));
	memset(f->word, 0, sizeof(f->word));
	require_status(s2_log_collect(&f->w.tree, cpu, BASE, SIZE, &f->map, 0), S2_OK);
	require(cpu->found == 1, "found %llu", LLU(cpu->found));
	require_bits(f, 3, 4);
	memset(f->word, 0, sizeof(f->word));
	require_status(s2_log_collect(&f->w.tree, cpu, BASE, SIZE, &f->map, 0), S2_OK);
	require_bits(f, 0, 0);
	guest_writes(f, BASE + 7 * PAGE);
	require_status(s2_log_stop(&f->w.tree, cpu, BASE, SIZE, &f->map, 0), S2_OK);
	require_bits(f, 7, 8);
	require_attr(f, BASE, BASE + SIZE, S2_RW);
	require_no_break();
	close_fixture(f);
}

static void log_stop_counts_without_a_bitmap_and_leaves_the_cpus_alone(void **state)
{
	struct fixture *f = open_for(STOP);

	(void)state;
	f->w.cpu[0].log = &f->map;
	require_status(s2_log_stop(&f->w.tree, &f->w.cpu[0], BASE, SIZE, NULL, 0), S2_OK);
	require(f->w.cpu[0].found == PAGES, "found %llu", LLU(f->w.cpu[0].found));
	require_bits(f, 0, 0);
	close_fixture(f);
}

static void what_is_not_logged_has_nothing_to_stop(void **state)
{
	struct fixture *f = open_for(START);

	(void)state;
	require_status(s2_log_stop(&f->w.tree, &f->w.cpu[0], BASE, SIZE, &f->map, 0), S2_OK);
	require(f->w.cpu[0].found == 0, "found %llu", LLU(f->w.cpu[0].found));
	require_attr(f, BASE, BASE + SIZE, S2_RWX);
	require_bits(f, 0, 0);
	close_fixture(f);
}

/* --- bitmaps ------------------------------------------------------------------- */

static void bits_are_set_across_words_and_others_stay(void **state)
{
	static const unsigned int range[][2] = {{0, 1},	   {63, 64}, {64, 65},	{60, 70}, {0, 64},
						{64, 128}, {1, 192}, {63, 129}, {0, 512}};
	struct fixture *f = open_on(&shared, 8);
	struct s2_cpu *cpu = &f->w.cpu[0];

	(void)state;
	map_as(f, BASE, BLOCK, DIRTY, 0);
	for (size_t i = 0; i < ARRAY_SIZE(range); i++) {
		uint64_t from = range[i][0], size = range[i][1] - from;

		memset(f->word, 0, sizeof(f->word));
		require_status(s2_log_collect(&f->w.tree, cpu, BASE + from * PAGE, size * PAGE,
					      &f->map, S2_KEEP),
			       S2_OK);
		require(cpu->found == size, "found %llu", LLU(cpu->found));
		require_bits(f, range[i][0], range[i][1]);
		/* What is set stays set. */
		require_status(s2_log_collect(&f->w.tree, cpu, BASE + from * PAGE, size * PAGE,
					      &f->map, S2_KEEP),
			       S2_OK);
		require_bits(f, range[i][0], range[i][1]);
	}
	close_fixture(f);
}

static void a_bit_that_another_cpu_sets_at_once_is_kept(void **state)
{
	struct fixture *f = open_on(&shared, 8);

	(void)state;
	map_as(f, BASE, PAGE, DIRTY, 0);
	intrude_on(S2_HOST_WORD, &f->word[0], BIT(1));
	require_status(s2_log_collect(&f->w.tree, &f->w.cpu[0], BASE, PAGE, &f->map, 0), S2_OK);
	require_bits(f, 0, 2);
	close_fixture(f);
}

/* --- what is taken away while it is dirty --------------------------------------- */

enum removal { UNMAPPED, DEFERRED, MAPPED_ELSEWHERE, MAPPED_UNLOGGED, PROTECTED, REMOVALS };

static int take_away(struct fixture *f, enum removal how, uint64_t size)
{
	struct s2_tree *tree = &f->w.tree;
	struct s2_cpu *cpu = &f->w.cpu[0];

	switch (how) {
	case UNMAPPED:
		return s2_unmap(tree, cpu, BASE, size, 0);
	case DEFERRED:
		require_status(s2_unmap(tree, cpu, BASE, size, S2_DEFER), S2_OK);
		return s2_flush(tree, cpu);
	case MAPPED_ELSEWHERE:
		return s2_map(tree, cpu, BASE, size, PA + size, S2_RW, 0);
	case MAPPED_UNLOGGED:
		return s2_map(tree, cpu, BASE, size, PA, S2_RWX, 0);
	default:
		return s2_protect(tree, cpu, BASE, size, S2_W, 0, 0);
	}
}

/* Pages 100 and up to 120 are dirty, in pages, in a block that they are, or below 1 GiB. */
static void report(enum removal how, uint64_t size)
{
	struct fixture *f = open_on(&shared, 10);

	set_context("removal %d of %#llx", how, LLU(size));
	tlb_open(&f->w);
	map_as(f, BASE, size, S2_RWX | S2_LOG, 0);
	map_as(f, BASE + 100 * PAGE, 20 * PAGE, DIRTY, S2_PAGES);
	f->w.cpu[0].log = &f->map;
	require_status(take_away(f, how, size), S2_OK);
	tlb_returned(false);
	require_bits(f, 100, 120);
	close_fixture(f);
}

static void what_was_dirty_is_reported_whoever_takes_it_away(void **state)
{
	static const uint64_t sizes[] = {300 * PAGE, BLOCK, 2 * BLOCK, GB};

	(void)state;
	for (enum removal how = 0; how < REMOVALS; how++)
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
			report(how, sizes[i]);
}

static void holes_in_a_table_that_is_cut_off_are_not_reported(void **state)
{
	struct fixture *f = open_on(&shared, 10);

	(void)state;
	map_as(f, BASE + 3 * PAGE, 5 * PAGE, DIRTY, 0);
	f->w.cpu[0].log = &f->map;
	require_status(s2_unmap(&f->w.tree, &f->w.cpu[0], BASE, BLOCK, 0), S2_OK);
	require_bits(f, 3, 8);
	close_fixture(f);
}

static void what_stays_dirty_is_not_reported(void **state)
{
	struct fixture *f = open_for(COLLECT);

	(void)state;
	f->w.cpu[0].log = &f->map;
	require_status(s2_protect(&f->w.tree, &f->w.cpu[0], BASE, SIZE, S2_R, S2_SW(1), 0), S2_OK);
	require_attr(f, BASE, BASE + SIZE, (DIRTY & ~S2_R) | S2_SW(1));
	map_as(f, BASE, SIZE, DIRTY, S2_PAGES);
	require_attr(f, BASE, BASE + SIZE, DIRTY);
	require_bits(f, 0, 0);
	close_fixture(f);
}

static void report_block(enum removal how, uint64_t size)
{
	struct fixture *f = open_on(&shared, 10);

	set_context("removal %d of %#llx of a block", how, LLU(size));
	map_as(f, BASE, BLOCK, DIRTY, 0);
	f->w.cpu[0].log = &f->map;
	require_status(take_away(f, how, size), S2_OK);
	require_bits(f, 0, (unsigned int)(size / PAGE));
	if (size < BLOCK)
		require_attr(f, BASE + size, BASE + BLOCK, DIRTY);
	close_fixture(f);
}

static void of_a_dirty_block_the_part_that_goes_is_reported(void **state)
{
	(void)state;
	for (enum removal how = 0; how < REMOVALS; how++) {
		report_block(how, BLOCK);
		report_block(how, 70 * PAGE);
	}
}

static struct fixture *around;

/* Once, between break and make: the table goes in which the entry stands. */
static void cut_around(const struct s2_host_event *event)
{
	if (event->op != S2_HOST_DSB_ISH)
		return;
	s2_host_trace.before = NULL;
	require_status(s2_unmap(&around->w.tree, &around->w.cpu[1], BASE, GB, 0), S2_OK);
}

/* Whoever cuts the table finds the lock there: that the page was dirty, nobody else can say. */
static void a_dirty_page_is_reported_although_its_table_goes_in_its_window(void **state)
{
	struct fixture *f = open_on(&shared, 10);

	(void)state;
	map_as(f, BASE, SIZE, DIRTY, 0);
	f->w.cpu[0].log = &f->map;
	around = f;
	s2_host_trace.before = cut_around;
	require_status(take_away(f, MAPPED_ELSEWHERE, PAGE), S2_OK);
	require(!s2_host_trace.before, "there was no window");
	require_bits(f, 0, 1);
	require(look(f, BASE).pa == PA + PAGE && look(f, BASE + PAGE).kind == S2_KIND_EMPTY,
		"not mapped anew");
	close_fixture(f);
}

static void what_lies_outside_of_the_cpus_bitmap_is_not_reported(void **state)
{
	static const struct {
		uint64_t ipa, bits;
		unsigned int first, end;
		bool words;
	} cases[] = {
		{BASE + 4 * PAGE, 4, 0, 4, true},
		{BASE + 12 * PAGE, 64, 0, 4, true},
		{BASE - 8 * PAGE, 64, 8, 24, true},
		{BASE - 8 * PAGE, 10, 8, 10, true},
		{BASE + SIZE, 64, 0, 0, true},
		{BASE - 64 * PAGE, 64, 0, 0, true},
		{BASE, 64, 0, 0, false},
		{BASE, 0, 0, 0, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture *f = open_on(&shared, 10);

		set_context("case %zu", i);
		map_as(f, BASE, SIZE, DIRTY, 0);
		f->map = (struct s2_bitmap){cases[i].ipa, cases[i].bits,
					    cases[i].words ? f->word : NULL};
		f->w.cpu[0].log = &f->map;
		require_status(s2_unmap(&f->w.tree, &f->w.cpu[0], BASE, SIZE, 0), S2_OK);
		require_bits(f, cases[i].first, cases[i].end);
		close_fixture(f);
	}
}

static void a_logged_block_over_a_table_is_dirty(void **state)
{
	struct fixture *f = open_on(&shared, 10);

	(void)state;
	tlb_open(&f->w);
	map_as(f, BASE, BLOCK, S2_RWX | S2_LOG, S2_PAGES);
	map_as(f, BASE, BLOCK, S2_RWX | S2_LOG | S2_OLD, 0);
	require_attr(f, BASE, BASE + BLOCK, DIRTY);
	close_fixture(f);
}

static void collapse(const struct world_config *config, s2_attr attr, bool write, s2_attr expected)
{
	struct fixture *f = open_on(config, 10);

	tlb_open(&f->w);
	map_as(f, BASE, BLOCK, attr, S2_PAGES);
	if (write)
		guest_writes(f, BASE + 77 * PAGE);
	require_status(s2_collapse(&f->w.tree, &f->w.cpu[0], BASE, 2, 0), S2_OK);
	require(look(f, BASE).level == 2, "not collapsed");
	require_attr(f, BASE, BASE + BLOCK, expected);
	close_fixture(f);
}

static void a_table_with_a_dirty_page_collapses_to_a_dirty_block(void **state)
{
	(void)state;
	collapse(&shared, CLEAN, false, CLEAN);
	collapse(&shared, CLEAN, true, DIRTY);
	collapse(&hardware, CLEAN, false, DIRTY);
	collapse(&hardware, S2_RW, false, S2_RW);
}

/* A table of blocks is not cut off where there is something to report, but it may collapse. */
static void a_table_of_blocks_collapses_without_a_report(void **state)
{
	struct fixture *f = open_on(&shared, 10);

	(void)state;
	map_as(f, BASE, GB, S2_RW, 0);
	require_status(s2_split(&f->w.tree, &f->w.cpu[0], BASE, GB, 2, 0), S2_OK);
	f->w.cpu[0].log = &f->map;
	require_status(s2_collapse(&f->w.tree, &f->w.cpu[0], BASE, 1, 0), S2_OK);
	require(look(f, BASE).level == 1, "not collapsed");
	require_bits(f, 0, 0);
	close_fixture(f);
}

/* More pieces than one invalidation of addresses is worth, and pages restricted beside them. */
static void a_flush_of_the_whole_vmid_covers_what_was_restricted(void **state)
{
	static const struct world_config no_ranges = {.format = {12, 39, 40, 8, 0}, .shared = true};
	struct fixture *f = open_on(&no_ranges, 10);
	struct s2_cpu *cpu = &f->w.cpu[0];

	(void)state;
	tlb_open(&f->w);
	map_as(f, BASE, BLOCK, S2_RW, S2_PAGES);
	require_status(s2_unmap(&f->w.tree, cpu, BASE, 100 * PAGE, S2_DEFER), S2_OK);
	require_status(s2_protect(&f->w.tree, cpu, BASE + 200 * PAGE, PAGE, S2_W, 0, S2_DEFER),
		       S2_OK);
	tlb_count_from_here();
	require_status(s2_flush(&f->w.tree, cpu), S2_OK);
	require(tlb_counts().whole == 1, "%llu TLBIs", LLU(tlb_counts().tlbis));
	require(!(cached_at(BASE + 200 * PAGE).any & S2_W), "may still be written");
	close_fixture(f);
}

/* --- many alike ------------------------------------------------------------------ */

/* More pages than are ever looked at together, and not a multiple of that. */
#define MANY 77u
#define LOCKED UINT64_C(4)

static const struct world_config alone = {.format = {12, 39, 40, 8, RANGES}};
static const struct world_config alone_with_dirt = {
	.format = {12, 39, 40, 8, RANGES | S2_FEAT_HAF | S2_FEAT_HD}};
static const struct world_config alone_with_flags = {
	.format = {12, 39, 40, 8, RANGES | S2_FEAT_HAF}};

/* What becomes of a page that may only be read. */
static s2_attr after_read_only(enum verb verb)
{
	return verb == AGE || verb == AGE_FLUSHED ? S2_R | S2_OLD : S2_R;
}

static void differ_in_one(const struct world_config *config, enum verb verb, unsigned int odd)
{
	struct fixture *f = open_on(config, 8);
	uint64_t at = BASE + odd * PAGE, end = BASE + MANY * PAGE, restricts;
	bool aged = verb == AGE || verb == AGE_FLUSHED;
	struct s2_cpu *cpu = &f->w.cpu[0];

	set_context("%s, %u is different", names[verb], odd);
	tlb_open(&f->w);
	map_as(f, BASE, MANY * PAGE, before(verb), S2_PAGES);
	map_as(f, at, PAGE, S2_R, 0);
	restricts = cpu->stats.restricts;
	tlb_count_from_here();
	require_status(call(verb, &f->w.tree, cpu, BASE, MANY * PAGE, &f->map, 0), S2_OK);
	tlb_returned(false);
	require_no_break();
	require_attr(f, BASE, at, after(verb));
	require_attr(f, at, at + PAGE, after_read_only(verb));
	require_attr(f, at + PAGE, end, after(verb));
	restricts = cpu->stats.restricts - restricts;
	require(restricts == (flushes(verb) ? MANY - !aged : 0), "%llu restrictions",
		LLU(restricts));
	require(cpu->found == (aged				    ? MANY
			       : fills_map(verb) || verb == PROTECT ? MANY - 1
								    : 0),
		"found %llu", LLU(cpu->found));
	require(verb != PROTECT || !(cached_at(end - PAGE).any & S2_W), "may still be written");
	close_fixture(f);
}

static void one_of_many_may_be_different(void **state)
{
	(void)state;
	for (enum verb verb = 0; verb < VERBS; verb++) {
		for (unsigned int odd = 0; odd < MANY; odd += 4) {
			differ_in_one(&shared, verb, odd);
			differ_in_one(&alone, verb, odd);
		}
		differ_in_one(&alone_with_flags, verb, 1);
	}
}

/* A plain store is one that what hardware notes, or another CPU changes, could be lost to. */
static unsigned int plain_stores(const struct world_config *config)
{
	struct fixture *f = open_on(config, 8);
	s2_desc *entry;

	map_as(f, BASE, MANY * PAGE, S2_RWX, S2_PAGES);
	entry = entry_of(f, BASE + 20 * PAGE);
	intrude_on(S2_HOST_STORE, entry, *entry);
	require_status(s2_protect(&f->w.tree, &f->w.cpu[0], BASE, MANY * PAGE, S2_W, 0, 0), S2_OK);
	close_fixture(f);
	return 1 - intruder.times;
}

static void who_is_not_alone_stores_nothing_plainly(void **state)
{
	(void)state;
	require(plain_stores(&alone) == 1, "the test does not see them");
	require(plain_stores(&shared) == 0, "on a tree that is shared");
	require(plain_stores(&alone_with_flags) == 0, "beside hardware that sets access flags");
	require(plain_stores(&alone_with_dirt) == 0, "beside hardware that notes writes");
}

static void collect_pattern(int how, unsigned int step)
{
	struct fixture *f = open_on(&shared, 10);
	unsigned int pages = 600, shift = 5;
	struct s2_cpu *cpu = &f->w.cpu[0];

	set_context("%d: every %u", how, step);
	map_as(f, BASE, pages * PAGE, CLEAN, S2_PAGES);
	for (unsigned int i = 0; i < pages; i += step)
		map_as(f, BASE + i * PAGE, PAGE, DIRTY, 0);
	f->map.ipa -= shift * PAGE;
	cpu->log = how == VERBS ? &f->map : NULL;
	if (how == VERBS)
		require_status(s2_unmap(&f->w.tree, cpu, BASE, pages * PAGE, 0), S2_OK);
	else
		require_status(
			call((enum verb)how, &f->w.tree, cpu, BASE, pages * PAGE, &f->map, 0),
			S2_OK);
	for (unsigned int i = 0; i < WORDS * 64; i++) {
		bool set = f->word[i / 64] >> (i % 64) & 1;
		bool dirty = i >= shift && i - shift < pages && (i - shift) % step == 0;

		require(set == dirty, "bit %u is %d", i, set);
	}
	require(cpu->found == (pages + step - 1) / step, "found %llu", LLU(cpu->found));
	close_fixture(f);
}

/* By a bitmap whose words begin elsewhere than those of a table's pages. */
static void dirty_pages_are_told_however_they_lie(void **state)
{
	static const unsigned int steps[] = {1, 2, 7, 8, 9, 15, 16, 17, 64, 65, 100};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		for (int how = COLLECT; how <= VERBS; how++)
			collect_pattern(how, steps[i]);
}

/* It is left for the next round of the same call, or for the next call. */
static void lose_in_a_run(enum verb verb, unsigned int page, uint32_t flags)
{
	struct fixture *f = open_for(verb);
	s2_desc *entry = entry_of(f, BASE + page * PAGE), was = *entry;
	uint64_t at = BASE + page * PAGE, done;

	set_context("%s of page %u", names[verb], page);
	tlb_close();
	intrude_on(S2_HOST_CAS, entry, was | BIT(55));
	require_status(call(verb, &f->w.tree, &f->w.cpu[0], BASE, SIZE, &f->map, flags),
		       flags && page == 1 ? S2_RETRY : S2_OK);
	require(!intruder.times, "there was no such step");
	done = f->w.cpu[0].done;
	require(done == (flags && page == 1 ? PAGE : SIZE), "done %#llx", LLU(done));
	require_attr(f, BASE, at, after(verb));
	require_attr(f, at, at + PAGE, (done == SIZE ? after(verb) : before(verb)) | S2_SW(1));
	require_attr(f, at + PAGE, BASE + SIZE, done == SIZE ? after(verb) : before(verb));
	require_bits(f, 0, fills_map(verb) ? (unsigned int)(done / PAGE) : 0);
	require(f->w.tree.restricting == 0, "still restricting");
	close_fixture(f);
}

static void a_race_that_is_lost_among_many_ends_the_run(void **state)
{
	(void)state;
	for (enum verb verb = 0; verb < VERBS; verb++) {
		for (uint32_t flags = 0; flags <= S2_FAULT && verb != KEEP; flags += S2_FAULT) {
			lose_in_a_run(verb, 1, flags);
			lose_in_a_run(verb, 5, flags);
		}
	}
}

static struct s2_tree *intruded;
static const s2_desc *watched;
static uint64_t counted;

static void intrude_and_watch(const struct s2_host_event *event)
{
	intrude(event);
	if (event->op == S2_HOST_CAS && event->p == watched)
		counted = intruded->restricting;
}

/* Counted anew: what came before was flushed when it had to wait. */
static void who_waited_goes_on_with_those_that_are_alike(void **state)
{
	(void)state;
	for (enum verb verb = 0; verb < VERBS; verb++) {
		struct fixture *f = open_for(verb);
		s2_desc *entry = entry_of(f, BASE + 4 * PAGE), was = *entry;

		tlb_close();
		put(entry, LOCKED);
		intrude_on(S2_HOST_WAIT, entry, was);
		intruded = &f->w.tree;
		watched = entry + 5;
		counted = 0;
		s2_host_trace = (struct s2_host_trace){intrude_and_watch, NULL};
		require_status(call(verb, &f->w.tree, &f->w.cpu[0], BASE, SIZE, &f->map, 0), S2_OK);
		require(!intruder.times, "it did not wait");
		require(counted == flushes(verb), "counted %llu times", LLU(counted));
		require_attr(f, BASE, BASE + SIZE, after(verb));
		require_bits(f, 0, fills_map(verb) ? PAGES : 0);
		require(f->w.tree.restricting == 0, "still restricting");
		close_fixture(f);
	}
}

/* Nothing is taken, but it may still be in use: on all of them. */
static void who_gives_to_many_flushes_what_another_took(void **state)
{
	struct fixture *f = open_for(PROTECT);
	struct s2_tree *tree = &f->w.tree;

	(void)state;
	require_status(s2_protect(tree, &f->w.cpu[1], BASE, SIZE, S2_W, 0, S2_DEFER), S2_OK);
	require_status(s2_protect(tree, &f->w.cpu[0], BASE, SIZE, 0, S2_SW(1), 0), S2_OK);
	for (uint64_t at = 0; at < SIZE; at += PAGE)
		require(!(cached_at(BASE + at).any & S2_W), "page %#llx may be written", LLU(at));
	require_status(s2_flush(tree, &f->w.cpu[1]), S2_OK);
	tlb_count_from_here();
	require_status(s2_protect(tree, &f->w.cpu[0], BASE, SIZE, 0, S2_SW(2), 0), S2_OK);
	require(tlb_counts().tlbis == 0, "flushed what was flushed");
	close_fixture(f);
}

/* Another CPU takes from a page while this one comes nearer, past those that need nothing. */
static void take_ahead(const struct s2_host_event *event)
{
	if (event->op != S2_HOST_LOAD || event->p != intruder.entry - 1 || !intruder.times)
		return;
	intruder.times--;
	intruded->restricting = 1;
	put(intruder.entry, intruder.becomes);
}

static void what_is_taken_while_a_run_is_read_is_not_relied_on(void **state)
{
	struct fixture *f = open_on(&shared, 8);
	s2_desc *entry;

	(void)state;
	map_as(f, BASE, SIZE, S2_R, S2_PAGES);
	map_as(f, BASE + 12 * PAGE, PAGE, S2_RW, 0);
	entry = entry_of(f, BASE + 12 * PAGE);
	intruded = &f->w.tree;
	intrude_on(S2_HOST_LOAD, entry, entry[-1] + PAGE);
	s2_host_trace = (struct s2_host_trace){take_ahead, NULL};
	memset(s2_host_tlbis, 0, sizeof(s2_host_tlbis));
	require_status(s2_protect(&f->w.tree, &f->w.cpu[0], BASE, SIZE, S2_W, 0, 0), S2_OK);
	require(!intruder.times, "there was no such step");
	require(s2_host_tlbis[S2_HOST_TLBI_VMALLE1IS - S2_HOST_TLBI_FIRST] == 1, "it is relied on");
	require(f->w.tree.restricting == 1, "the count");
	f->w.tree.restricting = 0;
	close_fixture(f);
}

static void blocks_that_are_alike_change_as_many_as_the_budget_allows(void **state)
{
	struct fixture *f = open_on(&shared, 8);
	uint64_t done = 4 * BLOCK, size = 5 * BLOCK + 8 * PAGE;
	struct s2_cpu *cpu = &f->w.cpu[0];

	(void)state;
	tlb_open(&f->w);
	map_as(f, BASE, 6 * BLOCK, S2_RWX, 0);
	cpu->budget = 4;
	require_status(s2_protect(&f->w.tree, cpu, BASE, size, S2_W, 0, 0), S2_MORE);
	require(cpu->done == done, "done %#llx", LLU(cpu->done));
	cpu->budget = 0;
	require_status(s2_protect(&f->w.tree, cpu, BASE + done, size - done, S2_W, 0, 0), S2_OK);
	require_attr(f, BASE, BASE + size, S2_R | S2_X);
	require_attr(f, BASE + size, BASE + 6 * BLOCK, S2_RWX);
	require(look(f, BASE + 4 * BLOCK).level == 2, "a block that was covered is split");
	map_as(f, BASE, 4 * BLOCK, DIRTY, 0);
	require_status(s2_log_stop(&f->w.tree, cpu, BASE, 4 * BLOCK, NULL, 0), S2_OK);
	require(cpu->found == 4 * BLOCK / PAGE, "found %llu", LLU(cpu->found));
	require_attr(f, BASE, BASE + 4 * BLOCK, S2_RWX);
	close_fixture(f);
}

/* A block that is like one before, and came in place of a table while half of that was done. */
static void a_block_that_is_met_in_the_middle_is_split(void **state)
{
	struct fixture *f = open_on(&shared, 10);
	uint64_t second = BASE + BLOCK, from = second + 4 * PAGE;
	s2_desc *upper, *entry, table;

	(void)state;
	map_as(f, BASE, BLOCK, S2_RWX, 0);
	map_as(f, from, PAGE, S2_RWX, 0);
	upper = entry_of(f, BASE) + 1;
	entry = entry_of(f, from);
	table = *upper;
	put(entry, LOCKED);
	intrude_on(S2_HOST_WAIT, upper, upper[-1] + BLOCK);
	require_status(s2_protect(&f->w.tree, &f->w.cpu[0], BASE, 2 * BLOCK, S2_W, 0, 0), S2_OK);
	require(!intruder.times, "it did not wait");
	require_attr(f, BASE, second, S2_R | S2_X);
	require_attr(f, second, from, S2_RWX);
	require_attr(f, from, second + BLOCK, S2_R | S2_X);
	require_status(s2_unmap(&f->w.tree, &f->w.cpu[0], second, BLOCK, 0), S2_OK);
	put(entry, 0);
	put(upper, table);
	close_fixture(f);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(bad_input_is_refused_and_changes_nothing),
	cmocka_unit_test(age_refuses_flags_without_those_they_belong_to),
	cmocka_unit_test(protect_refuses_what_is_no_permission),
	cmocka_unit_test(protect_gives_no_execution_to_a_device),
	cmocka_unit_test(touch_refuses_bad_input),
	cmocka_unit_test(the_range_changes_in_place_and_nothing_else),
	cmocka_unit_test(what_is_taken_cannot_be_used_on_return),
	cmocka_unit_test(what_is_deferred_is_flushed_once),
	cmocka_unit_test(the_budget_ends_a_call_and_the_next_one_goes_on),
	cmocka_unit_test(holes_and_annotations_are_passed_over),
	cmocka_unit_test(what_no_engine_writes_is_reported),
	cmocka_unit_test(a_pointer_that_leads_to_no_table_is_not_followed),
	cmocka_unit_test(a_range_goes_on_in_the_next_table),
	cmocka_unit_test(locked_and_sealed_entries_are_waited_for_or_answered),
	cmocka_unit_test(a_race_that_is_lost_is_run_again_or_answered),
	cmocka_unit_test(touch_that_loses_a_race_tries_again_or_answers),
	cmocka_unit_test(what_needs_no_change_is_read_again_before_it_is_relied_on),
	cmocka_unit_test(who_finds_anothers_restriction_flushes_it_unless_that_is_done),
	cmocka_unit_test(a_map_flushes_what_another_took_and_it_does_not_give_back),
	cmocka_unit_test(of_a_block_that_is_covered_in_part_the_rest_stays_as_it_is),
	cmocka_unit_test(a_block_that_is_covered_changes_as_one),
	cmocka_unit_test(one_flush_covers_pages_and_blocks),
	cmocka_unit_test(each_permission_is_taken_and_given_by_itself),
	cmocka_unit_test(execution_is_taken_and_given_for_each_level_with_xnx),
	cmocka_unit_test(who_only_gives_finds_what_was_old_old),
	cmocka_unit_test(a_map_of_the_same_memory_changes_permissions_in_place),
	cmocka_unit_test(what_a_page_has_noted_stays_when_it_is_mapped_again),
	cmocka_unit_test(touch_marks_the_page_and_takes_no_table),
	cmocka_unit_test(touch_finds_nothing_in_a_hole_or_an_annotation),
	cmocka_unit_test(age_finds_and_counts_what_is_young),
	cmocka_unit_test(what_is_old_already_may_be_cached_and_is_invalidated_too),
	cmocka_unit_test(a_round_of_the_log_has_each_page_written_and_no_other),
	cmocka_unit_test(log_stop_counts_without_a_bitmap_and_leaves_the_cpus_alone),
	cmocka_unit_test(what_is_not_logged_has_nothing_to_stop),
	cmocka_unit_test(bits_are_set_across_words_and_others_stay),
	cmocka_unit_test(a_bit_that_another_cpu_sets_at_once_is_kept),
	cmocka_unit_test(what_was_dirty_is_reported_whoever_takes_it_away),
	cmocka_unit_test(holes_in_a_table_that_is_cut_off_are_not_reported),
	cmocka_unit_test(what_stays_dirty_is_not_reported),
	cmocka_unit_test(of_a_dirty_block_the_part_that_goes_is_reported),
	cmocka_unit_test(a_dirty_page_is_reported_although_its_table_goes_in_its_window),
	cmocka_unit_test(what_lies_outside_of_the_cpus_bitmap_is_not_reported),
	cmocka_unit_test(a_logged_block_over_a_table_is_dirty),
	cmocka_unit_test(a_table_with_a_dirty_page_collapses_to_a_dirty_block),
	cmocka_unit_test(a_table_of_blocks_collapses_without_a_report),
	cmocka_unit_test(a_flush_of_the_whole_vmid_covers_what_was_restricted),
	cmocka_unit_test(one_of_many_may_be_different),
	cmocka_unit_test(who_is_not_alone_stores_nothing_plainly),
	cmocka_unit_test(dirty_pages_are_told_however_they_lie),
	cmocka_unit_test(a_race_that_is_lost_among_many_ends_the_run),
	cmocka_unit_test(who_waited_goes_on_with_those_that_are_alike),
	cmocka_unit_test(who_gives_to_many_flushes_what_another_took),
	cmocka_unit_test(what_is_taken_while_a_run_is_read_is_not_relied_on),
	cmocka_unit_test(blocks_that_are_alike_change_as_many_as_the_budget_allows),
	cmocka_unit_test(a_block_that_is_met_in_the_middle_is_split),
};

int main(void)
{
	return run_suite("permissions", tests);
}
