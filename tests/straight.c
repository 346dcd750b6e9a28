/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The straight path is no second engine: whatever a call finds, its steps and what comes of
 * them are those of the complete version.
 *
 * Every call is made twice, on tables made alike, and both are recorded: once as it is, once
 * with a format that says of itself that no straight path is compiled for it.
 */
#include "lib/suite.h"

#include <string.h>

#include "desc.h"
#include "lib/small.h"

#define STEPS 4096

struct step {
	struct s2_host_event event;
	uint64_t place; /* in the arena; or of a word, whatever it is */
};

struct record {
	struct step step[STEPS];
	size_t n;
	int status;
	struct s2_cpu cpu;
	struct s2_mapping left;
};

static struct record records[2], *recording;
static struct world world;

/* --- what is there ------------------------------------------------------------ */

static uint64_t page_size(void)
{
	return s2_level_size(&world.fmt, 3);
}

static uint64_t ipa(void)
{
	return s2_level_size(&world.fmt, 1) + 2 * page_size();
}

#define PA UINT64_C(0x40000000)

/* The entry of `level` for ipa(); what is above it are tables. */
static s2_desc *entry_of(unsigned int level)
{
	s2_desc *table = world.tree.root;
	unsigned int at = world.fmt.start_level;
	uint64_t mask = world.fmt.root_size / 8 - 1;

	for (;; at++, mask = (UINT64_C(1) << world.fmt.index_bits) - 1) {
		s2_desc *entry = &table[ipa() >> s2_level_shift(&world.fmt, at) & mask];

		if (at == level)
			return entry;
		table = (s2_desc *)(void *)(s2_host_arena.base +
					    (s2_desc_pa(&world.fmt, *entry) - s2_host_arena.pa));
	}
}

/* What the test wrote over, and where. */
static struct {
	s2_desc *entry;
	s2_desc had;
} spoilt;

static void spoil(unsigned int level, s2_desc set)
{
	spoilt.entry = entry_of(level);
	spoilt.had = *spoilt.entry;
	*spoilt.entry = set & 1 ? *spoilt.entry | set : set;
}

static void mapped(s2_attr attr)
{
	map_ok(&world, ipa(), page_size(), PA, attr, S2_PAGES);
}

static void nothing(void)
{
}

static void no_pages(void)
{
	world_fill(&world, &world.cpu[0], 0);
}

static void table(void)
{
	map_ok(&world, ipa() - page_size(), page_size(), PA, S2_RW, S2_PAGES);
}

static void read_only(void)
{
	mapped(S2_R);
}

static void writable(void)
{
	mapped(S2_RW);
}

static void old(void)
{
	mapped(S2_RW | S2_OLD);
}

static void no_access(void)
{
	mapped(S2_OLD);
}

static void executable(void)
{
	mapped(S2_RWX | S2_SW(5));
}

static void device(void)
{
	mapped(S2_RW | S2_DEVICE);
}

static void logged(void)
{
	mapped(S2_RW | S2_LOG | S2_OLD);
}

static void dirty(void)
{
	mapped(S2_RW | S2_LOG | S2_DIRTY);
}

static void other_memory(void)
{
	map_ok(&world, ipa(), page_size(), PA + page_size(), S2_RW, S2_PAGES);
}

static void block(void)
{
	uint64_t size = s2_level_size(&world.fmt, 2);

	map_ok(&world, ipa() & ~(size - 1), size, 0, S2_RW, 0);
}

static void group(void)
{
	uint64_t size = s2_level_group(&world.fmt, 3) * page_size();

	map_ok(&world, ipa() & ~(size - 1), size, PA, S2_R, S2_PAGES);
}

static void locked(void)
{
	table();
	spoil(3, 4);
}

static void sealed(void)
{
	read_only();
	spoil(3, S2_DESC_SEAL | 1);
}

static void sealed_table(void)
{
	read_only();
	spoil(2, S2_DESC_SEAL | 1);
}

static void locked_table(void)
{
	read_only();
	spoil(2, 4);
}

static void corrupt_page(void)
{
	table();
	spoil(3, 1);
}

static void corrupt_table(void)
{
	read_only();
	spoil(2, UINT64_C(1) << 59 | 1);
}

static void table_nowhere(void)
{
	read_only();
	spoil(2, 0);
	*spoilt.entry = 0x1000000000 | 3;
}

static void annotated(void)
{
	table();
	world_annotate(&world, ipa(), 3, 7);
}

static void restricting(void)
{
	read_only();
	world.tree.restricting = 1;
}

/* This CPU owes an invalidation. */
static void deferred(void)
{
	read_only();
	map_ok(&world, ipa() + page_size(), page_size(), PA, S2_RW, S2_PAGES);
	require_status(
		s2_unmap(&world.tree, &world.cpu[0], ipa() + page_size(), page_size(), S2_DEFER),
		S2_OK);
}

/* The compare-and-swap that comes next finds something else. */
static s2_desc raced;

static void race(void)
{
	table();
	raced = 4;
}

static void race_with_access(void)
{
	mapped(S2_R | S2_OLD);
	raced = S2_DESC_AF | 1;
}

static const struct scene {
	const char *name;
	void (*build)(void);
} scenes[] = {
	{"nothing", nothing},
	{"no pages", no_pages},
	{"table", table},
	{"read-only", read_only},
	{"writable", writable},
	{"old", old},
	{"no access", no_access},
	{"executable", executable},
	{"device", device},
	{"logged", logged},
	{"dirty", dirty},
	{"other memory", other_memory},
	{"block", block},
	{"group", group},
	{"locked", locked},
	{"sealed", sealed},
	{"sealed table", sealed_table},
	{"locked table", locked_table},
	{"corrupt page", corrupt_page},
	{"corrupt table", corrupt_table},
	{"table nowhere", table_nowhere},
	{"annotated", annotated},
	{"restricting", restricting},
	{"deferred", deferred},
	{"race", race},
	{"race with access", race_with_access},
};

/* --- what is called ------------------------------------------------------------ */

static const struct call {
	const char *name;
	enum verb { MAP, TOUCH, PROTECT } verb;
	s2_attr attr; /* or given */
	s2_attr take;
	uint32_t flags;
} calls[] = {
	{"map", MAP, S2_RW, 0, S2_FAULT},
	{"map read-only", MAP, S2_R, 0, S2_FAULT | S2_PAGES},
	{"map executable", MAP, S2_RWX, 0, S2_FAULT},
	{"map non-cacheable", MAP, S2_RW | S2_NORMAL_NC, 0, S2_FAULT},
	{"map old", MAP, S2_RW | S2_OLD | S2_SW(2), 0, S2_FAULT},
	{"map a hole", MAP, S2_RW, 0, S2_FAULT | S2_HOLES},
	{"map logged", MAP, S2_RW | S2_LOG, 0, S2_FAULT},
	{"map a contradiction", MAP, S2_RWX | S2_DEVICE, 0, S2_FAULT},
	{"touch", TOUCH, 0, 0, S2_FAULT},
	{"note a write", TOUCH, 0, 0, S2_FAULT | S2_WRITE},
	{"give W", PROTECT, S2_W, 0, S2_FAULT},
	{"give R and W", PROTECT, S2_RW, 0, S2_FAULT},
	{"give X", PROTECT, S2_X, 0, S2_FAULT},
	{"give nothing", PROTECT, 0, 0, S2_FAULT},
	{"take W", PROTECT, 0, S2_W, S2_FAULT},
	{"exchange", PROTECT, S2_R, S2_W, S2_FAULT},
};

static int make(const struct call *call)
{
	struct s2_cpu *cpu = &world.cpu[0];

	switch (call->verb) {
	case MAP:
		return s2_map(&world.tree, cpu, ipa(), page_size(), PA, call->attr, call->flags);
	case TOUCH:
		return s2_touch(&world.tree, cpu, ipa() + 5, call->flags);
	default:
		return s2_protect(&world.tree, cpu, ipa(), page_size(), call->take, call->attr,
				  call->flags);
	}
}

static uint64_t place_of(const void *p)
{
	uint64_t offset = (uintptr_t)p - (uintptr_t)s2_host_arena.base;

	return offset < s2_host_arena.size ? offset : (uintptr_t)p;
}

static void note(const struct s2_host_event *event)
{
	assert_true(recording->n < STEPS);
	recording->step[recording->n++] =
		(struct step){.event = *event, .place = place_of(event->p)};
}

static void note_and_race(const struct s2_host_event *event)
{
	note(event);
	if (event->op != S2_HOST_CAS || !raced)
		return;
	*(s2_desc *)(uintptr_t)event->p = raced & 1 ? event->old | raced : raced;
	raced = 0;
}

static void run(const struct world_config *config, const struct scene *scene,
		const struct call *call, bool straight, struct record *record)
{
	struct s2_cpu *cpu = &world.cpu[0];
	bool locks;

	open_filled(&world, config, 8);
	spoilt.entry = NULL;
	raced = 0;
	scene->build();
	locks = raced && !(raced & 1);
	memset(&cpu->stats, 0, sizeof(cpu->stats));
	cpu->done = cpu->found = 1;
	if (!straight)
		world.fmt.straight = S2_STRAIGHT_NEVER;
	recording = record;
	recording->n = 0;
	s2_host_trace = (struct s2_host_trace){.before = note_and_race, .after = note};
	record->status = make(call);
	s2_host_trace = (struct s2_host_trace){NULL, NULL};
	raced = 0;
	world.tree.restricting = 0;
	record->cpu = *cpu;
	require_status(s2_flush(&world.tree, cpu), S2_OK);
	if (spoilt.entry)
		*spoilt.entry = spoilt.had;
	if (locks && *entry_of(3) == 4)
		*entry_of(3) = 0;
	record->left = look(&world, ipa());
	world_close(&world);
	s2_host_close();
}

static bool same_step(const struct step *a, const struct step *b)
{
	return a->event.op == b->event.op && a->place == b->place && a->event.old == b->event.old &&
	       a->event.value == b->event.value && a->event.stored == b->event.stored;
}

static void require_same(const struct record *a, const struct record *b)
{
	require(a->status == b->status, "%s, not %s", status_name(a->status),
		status_name(b->status));
	for (size_t i = 0; i < a->n && i < b->n; i++)
		require(same_step(&a->step[i], &b->step[i]),
			"step %zu: %d of %#llx, not %d of %#llx", i, a->step[i].event.op,
			LLU(a->step[i].place), b->step[i].event.op, LLU(b->step[i].place));
	require(a->n == b->n, "%zu steps, not %zu", a->n, b->n);
	require(a->cpu.done == b->cpu.done && a->cpu.found == b->cpu.found, "done %llu, not %llu",
		LLU(a->cpu.done), LLU(b->cpu.done));
	require(!memcmp(&a->cpu.stats, &b->cpu.stats, sizeof(a->cpu.stats)), "counted otherwise");
	require(a->cpu.cache.count == b->cpu.cache.count, "pages left: %u, not %u",
		a->cpu.cache.count, b->cpu.cache.count);
	require(a->cpu.corrupt.ipa == b->cpu.corrupt.ipa &&
			a->cpu.corrupt.level == b->cpu.corrupt.level,
		"another entry is reported");
	require(!a->cpu.place.entry && !b->cpu.place.entry, "a place is left");
	require(a->left.desc == b->left.desc && a->left.level == b->left.level, "%#llx, not %#llx",
		LLU(a->left.desc), LLU(b->left.desc));
}

#define F (S2_FEAT_TTL | S2_FEAT_TLBIRANGE)

#define FORMAT(...)                                                                 \
	{                                                                           \
		.format = {__VA_ARGS__}, .shared = true, .arena = UINT64_C(4) << 20 \
	}

static const struct world_config three_levels[] = {
	FORMAT(12, 39, 40, 8, F),
	FORMAT(12, 39, 40, 8, F | S2_FEAT_FWB),
	FORMAT(12, 43, 48, 8, F | S2_FEAT_FWB | S2_FEAT_CONTIG),
	FORMAT(14, 47, 48, 8, F | S2_FEAT_FWB),
	FORMAT(16, 48, 48, 8, F),
	FORMAT(16, 52, 52, 8, F | S2_FEAT_FWB),
};

static void the_straight_path_makes_the_steps_of_the_complete_version(void **state)
{
	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(three_levels); f++)
		for (size_t s = 0; s < ARRAY_SIZE(scenes); s++)
			for (size_t c = 0; c < ARRAY_SIZE(calls); c++) {
				run(&three_levels[f], &scenes[s], &calls[c], false, &records[1]);
				run(&three_levels[f], &scenes[s], &calls[c], true, &records[0]);
				set_context("format %zu, %s, %s", f, scenes[s].name, calls[c].name);
				require_same(&records[0], &records[1]);
			}
}

/* What comes of a call does not depend on how far the page is from the root. */
static void a_fourth_level_changes_nothing(void **state)
{
	static const struct world_config four_levels[] = {
		FORMAT(12, 48, 48, 8, F | S2_FEAT_FWB),
		FORMAT(12, 52, 52, 8, F | S2_FEAT_FWB | S2_FEAT_LPA2),
	};

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(four_levels); f++)
		for (size_t s = 0; s < ARRAY_SIZE(scenes); s++)
			for (size_t c = 0; c < ARRAY_SIZE(calls); c++) {
				run(&three_levels[1], &scenes[s], &calls[c], true, &records[1]);
				run(&four_levels[f], &scenes[s], &calls[c], true, &records[0]);
				set_context("format %zu, %s, %s", f, scenes[s].name, calls[c].name);
				require(records[0].status == records[1].status, "%s, not %s",
					status_name(records[0].status),
					status_name(records[1].status));
				require(records[0].left.attr == records[1].left.attr &&
						records[0].left.pa == records[1].left.pa &&
						records[0].left.kind == records[1].left.kind,
					"%#llx, not as %#llx", LLU(records[0].left.desc),
					LLU(records[1].left.desc));
			}
}

/* One page, and all else as usual. */
static void a_cache_of_another_granule_is_refused(void **state)
{
	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(three_levels); f++)
		for (size_t c = 0; c < ARRAY_SIZE(calls); c++) {
			open_filled(&world, &three_levels[f], 8);
			table();
			world.cpu[0].cache.granule_shift ^= 2;
			set_context("format %zu, %s", f, calls[c].name);
			require_status(make(&calls[c]), S2_BAD_CACHE);
			require(!world.cpu[0].done, "%llu bytes done", LLU(world.cpu[0].done));
			world.cpu[0].cache.granule_shift ^= 2;
			require(look(&world, ipa()).kind == S2_KIND_EMPTY, "something is mapped");
			world_close(&world);
		}
}

static int keep(const struct s2_mapping *m, void *arg)
{
	*(struct s2_mapping *)arg = *m;
	return 0;
}

/* A walk never goes straight. */
static void a_lookup_finds_what_a_walk_finds(void **state)
{
	struct s2_mapping looked, walked;

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(three_levels); f++)
		for (size_t s = 0; s < ARRAY_SIZE(scenes); s++) {
			int status;

			open_filled(&world, &three_levels[f], 8);
			spoilt.entry = NULL;
			scenes[s].build();
			raced = 0;
			world.tree.restricting = 0;
			set_context("format %zu, %s", f, scenes[s].name);
			require_status(s2_flush(&world.tree, &world.cpu[0]), S2_OK);
			memset(&looked, 0xa5, sizeof(looked));
			status = s2_walk(&world.tree, ipa(), page_size(), keep, &walked);
			require_status(s2_lookup(&world.tree, ipa() + 9, &looked), status);
			require(looked.ipa == walked.ipa && looked.size == walked.size &&
					looked.pa == walked.pa && looked.desc == walked.desc &&
					looked.attr == walked.attr &&
					looked.level == walked.level && looked.kind == walked.kind,
				"%#llx, not %#llx", LLU(looked.desc), LLU(walked.desc));
			if (spoilt.entry)
				*spoilt.entry = spoilt.had;
			world_close(&world);
		}
}

/* All bits that attributes stand in, and those around them. */
static void attributes_are_what_the_decoder_says(void **state)
{
	struct s2_format fmt;

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(three_levels); f++) {
		set_context("format %zu", f);
		require_status(s2_format_init(&fmt, &three_levels[f].format), S2_OK);
		for (s2_desc low = 0; low < BIT(11); low += 2)
			for (s2_desc high = 0; high < BIT(13); high++) {
				s2_desc desc = high << 51 | low | S2_DESC_VALID;

				require(s2_leaf_attr(&fmt, desc) == s2_desc_attr(&fmt, desc),
					"%#llx: %#x, not %#x", LLU(desc), s2_leaf_attr(&fmt, desc),
					s2_desc_attr(&fmt, desc));
			}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_straight_path_makes_the_steps_of_the_complete_version),
		cmocka_unit_test(a_fourth_level_changes_nothing),
		cmocka_unit_test(a_cache_of_another_granule_is_refused),
		cmocka_unit_test(attributes_are_what_the_decoder_says),
		cmocka_unit_test(a_lookup_finds_what_a_walk_finds),
	};

	return run_suite("straight", tests);
}
