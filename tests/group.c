/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Contiguous groups: where they are formed, what dissolves them, what of them is kept.
 *
 * The TLB of these tests holds what one entry of a group says for all of it, and in
 * pieces: whatever changes one entry alone, or invalidates less than the group, is seen.
 */
#include "lib/suite.h"

#include <stage2/dirty.h>
#include <stage2/inspect.h>

#include "lib/tlb.h"
#include "lib/world.h"

#define LLU(x) ((unsigned long long)(x))
#define TLBI (S2_FEAT_TTL | S2_FEAT_TLBIRANGE)
#define RACES_MAX 400u

/* One format; `level` is that of the groups that are looked at, level + 1 that of their parts. */
struct shape {
	struct s2_config format;
	unsigned int level;
};

static const struct shape shapes[] = {
	{{12, 39, 40, 8, S2_FEAT_CONTIG | TLBI}, 3},
	{{12, 40, 40, 8, S2_FEAT_CONTIG}, 3},
	{{12, 39, 40, 8, S2_FEAT_CONTIG}, 2},
	{{14, 40, 48, 16, S2_FEAT_CONTIG | TLBI}, 3},
	{{14, 48, 48, 16, S2_FEAT_CONTIG}, 3},
	{{16, 46, 48, 16, S2_FEAT_CONTIG}, 3},
	{{16, 52, 52, 16, S2_FEAT_CONTIG | TLBI}, 3},
	{{14, 47, 48, 16, S2_FEAT_CONTIG}, 2},
	{{12, 52, 52, 16, S2_FEAT_CONTIG | S2_FEAT_LPA2 | TLBI}, 3},
	{{12, 39, 40, 8, S2_FEAT_CONTIG | S2_FEAT_BBM2 | TLBI}, 3},
	{{12, 39, 40, 8, S2_FEAT_CONTIG | S2_FEAT_BBM2}, 2},
	{{16, 46, 48, 16, S2_FEAT_CONTIG | S2_FEAT_BBM2 | S2_FEAT_HAF}, 3},
};

struct scene {
	struct world w;
	unsigned int level, n;
	uint64_t leaf, group; /* bytes */
	uint64_t table; /* first IPA of its table */
	uint64_t base, pa; /* of the group; it is the second one there */
};

static struct s2_cpu *cpu(struct scene *s)
{
	return &s->w.cpu[0];
}

static void open_scene(struct scene *s, const struct shape *shape)
{
	struct world_config config = {.format = shape->format, .shared = true};

	set_context("granule %u, IPA bits %u, level %u", shape->format.granule_shift,
		    shape->format.ipa_bits, shape->level);
	world_open(&s->w, &config);
	world_fill(&s->w, cpu(s), 20);
	tlb_open(&s->w);
	s->level = shape->level;
	s->n = arch_group(&s->w.regime, s->level);
	s->leaf = arch_size(&s->w.regime, s->level);
	s->group = s->n * s->leaf;
	s->table = arch_size(&s->w.regime, s->level - 1);
	s->base = s->table + s->group;
	s->pa = 16 * s->group;
}

static void close_scene(struct scene *s)
{
	tlb_returned(false);
	tlb_close();
	world_quiesce(&s->w);
	world_close(&s->w);
}

static uint32_t map_flags(const struct scene *s)
{
	return s->level == S2_LAST_LEVEL ? S2_PAGES : 0;
}

static void map_some(struct scene *s, unsigned int first, unsigned int count, s2_attr attr)
{
	uint64_t at = first * s->leaf;

	require_status(s2_map(&s->w.tree, cpu(s), s->base + at, count * s->leaf, s->pa + at, attr,
			      map_flags(s)),
		       S2_OK);
	tlb_returned(false);
}

/* One by one, into a table that is there. */
static void map_loose(struct scene *s, s2_attr attr)
{
	for (unsigned int i = 0; i < s->n; i++)
		map_some(s, i, 1, attr);
}

static s2_desc *entry_of(struct scene *s, unsigned int i)
{
	struct arch_walk walk;

	arch_walk(&s->w.regime, s->base + i * s->leaf, &walk);
	require(walk.level == s->level, "entry %u is of level %u", i, walk.level);
	return (s2_desc *)(uintptr_t)walk.entry;
}

static s2_desc desc_of(struct scene *s, unsigned int i)
{
	return *entry_of(s, i);
}

/* How many of the group have the bit. */
static unsigned int grouped(struct scene *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < s->n; i++)
		n += desc_of(s, i) & 1 && desc_of(s, i) & S2_DESC_CONTIG;
	return n;
}

static unsigned int young(struct scene *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < s->n; i++)
		n += desc_of(s, i) & 1 && desc_of(s, i) & S2_DESC_AF;
	return n;
}

static void require_mapped(struct scene *s, unsigned int i, uint64_t pa, s2_attr attr)
{
	struct s2_mapping m;

	require_status(s2_lookup(&s->w.tree, s->base + i * s->leaf, &m), S2_OK);
	require(m.kind == S2_KIND_LEAF && m.pa == pa && !((m.attr ^ attr) & ~S2_OLD),
		"entry %u: %#llx", i, LLU(m.desc));
}

static int form(struct scene *s)
{
	int status = s2_group(&s->w.tree, cpu(s), s->base, s->group);

	tlb_returned(false);
	return status;
}

/* Hardware, or another CPU, has noted an access in one of them. */
static void note_access(struct scene *s, unsigned int i)
{
	__atomic_fetch_or(entry_of(s, i), S2_DESC_AF, __ATOMIC_RELAXED);
	tlb_stored(entry_of(s, i));
}

static void for_each_shape(void (*check)(struct scene *s))
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct scene s;

		open_scene(&s, &shapes[i]);
		check(&s);
		close_scene(&s);
	}
}

/* --- formed ------------------------------------------------------------------ */

static void check_fresh(struct scene *s)
{
	map_some(s, 0, s->n, S2_RW);
	assert_int_equal(grouped(s), s->n);
	assert_int_equal(cpu(s)->stats.groups_formed, 0);
}

static void a_fresh_table_has_its_groups_at_once(void **state)
{
	(void)state;
	for_each_shape(check_fresh);
}

static void check_fresh_part(struct scene *s)
{
	map_some(s, 1, s->n - 1, S2_RW);
	assert_int_equal(grouped(s), 0);
}

static void a_part_of_a_group_is_none(void **state)
{
	(void)state;
	for_each_shape(check_fresh_part);
}

static void check_shifted(struct scene *s)
{
	s->pa += s->leaf;
	map_some(s, 0, s->n, S2_RW);
	assert_int_equal(grouped(s), 0);
	require_status(form(s), S2_OK);
	assert_int_equal(grouped(s), 0);
}

static void memory_that_is_not_aligned_to_a_group_is_none(void **state)
{
	(void)state;
	for_each_shape(check_shifted);
}

static void check_logged(struct scene *s)
{
	map_some(s, 0, s->n, S2_RW | S2_LOG);
	assert_int_equal(grouped(s), 0);
	require_status(form(s), S2_OK);
	assert_int_equal(grouped(s), 0);
}

static void logged_pages_are_never_grouped(void **state)
{
	(void)state;
	for_each_shape(check_logged);
}

static void check_form(struct scene *s)
{
	map_loose(s, S2_RW);
	assert_int_equal(grouped(s), 0);
	require_status(form(s), S2_OK);
	assert_int_equal(grouped(s), s->n);
	assert_int_equal(cpu(s)->stats.groups_formed, 1);
	assert_int_equal(cpu(s)->done, s->group);
	for (unsigned int i = 0; i < s->n; i++)
		require_mapped(s, i, s->pa + i * s->leaf, S2_RW);
	require_status(form(s), S2_OK);
	assert_int_equal(cpu(s)->stats.groups_formed, 1);
}

static void what_was_mapped_one_by_one_is_formed_later(void **state)
{
	(void)state;
	for_each_shape(check_form);
}

static void check_odd_one(struct scene *s)
{
	unsigned int odd[] = {0, 1, s->n - 1};

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		map_loose(s, S2_RW);
		map_some(s, odd[i], 1, S2_R);
		require_status(form(s), S2_OK);
		assert_int_equal(grouped(s), 0);
		require_status(s2_unmap(&s->w.tree, cpu(s), s->base + odd[i] * s->leaf, s->leaf, 0),
			       S2_OK);
		require_status(form(s), S2_OK);
		assert_int_equal(grouped(s), 0);
	}
}

static void one_that_differs_or_is_missing_keeps_a_group_from_being_formed(void **state)
{
	(void)state;
	for_each_shape(check_odd_one);
}

static void check_part(struct scene *s)
{
	map_loose(s, S2_RW);
	require_status(s2_group(&s->w.tree, cpu(s), s->base + s->leaf, s->group - s->leaf), S2_OK);
	require_status(s2_group(&s->w.tree, cpu(s), s->base, s->group - s->leaf), S2_OK);
	assert_int_equal(grouped(s), 0);
}

static void a_group_is_formed_only_within_the_range(void **state)
{
	(void)state;
	for_each_shape(check_part);
}

static void check_form_access(struct scene *s)
{
	map_loose(s, S2_RW | S2_OLD);
	note_access(s, s->n - 1);
	require_status(form(s), S2_OK);
	assert_int_equal(grouped(s), s->n);
	assert_int_equal(young(s), s->n);
}

static void a_group_is_young_if_one_of_its_leaves_was(void **state)
{
	(void)state;
	for_each_shape(check_form_access);
}

/* With any budget it comes to its end. */
static void compact_all(struct scene *s, uint32_t budget)
{
	uint64_t done = 0;
	int status = S2_MORE;

	for (unsigned int calls = 0; status == S2_MORE; calls++) {
		require(calls < 3 * s->n, "%u calls, %#llx done", calls, LLU(done));
		cpu(s)->budget = budget;
		status = s2_compact(&s->w.tree, cpu(s), s->base + done, s->group - done,
				    S2_LAST_LEVEL, 0);
		done += cpu(s)->done;
		tlb_returned(false);
	}
	cpu(s)->budget = 0;
	require_status(status, S2_OK);
	assert_int_equal(done, s->group);
}

static void check_compact(struct scene *s)
{
	for (uint32_t budget = 0; budget < 3; budget++) {
		map_loose(s, S2_RW);
		require_status(s2_compact(&s->w.tree, cpu(s), s->base, s->group - s->leaf,
					  S2_LAST_LEVEL, 0),
			       S2_OK);
		assert_int_equal(grouped(s), 0);
		compact_all(s, budget);
		assert_int_equal(grouped(s), s->n);
		assert_int_equal(cpu(s)->stats.groups_formed, budget + 1);
		map_some(s, 1, 1, S2_R);
	}
}

static void compact_forms_groups_of_what_becomes_no_block(void **state)
{
	(void)state;
	for_each_shape(check_compact);
}

/* What another CPU has locked is passed over: nothing there can be formed now. */
static void check_compact_beside(struct scene *s)
{
	if (s->level != S2_LAST_LEVEL)
		return;
	map_loose(s, S2_RW);
	map_some(s, s->n + 1, 1, S2_RW);
	require_status(s2_unmap(&s->w.tree, &s->w.cpu[1], s->base + (s->n + 1) * s->leaf, s->leaf,
				S2_DEFER),
		       S2_OK);
	require_status(
		s2_compact(&s->w.tree, cpu(s), s->base, 2 * s->group, S2_LAST_LEVEL, S2_FAULT),
		S2_OK);
	assert_int_equal(grouped(s), s->n);
	require_status(s2_flush(&s->w.tree, &s->w.cpu[1]), S2_OK);
}

static void compact_passes_locked_pages_over(void **state)
{
	(void)state;
	for_each_shape(check_compact_beside);
}

/* 16K has contiguous groups of pages, and of blocks of 32 MiB, but not of 64 GiB. */
static void compact_leaves_blocks_of_a_level_without_groups(void **state)
{
	static const struct shape lpa2 = {{14, 47, 48, 16, S2_FEAT_CONTIG | S2_FEAT_LPA2}, 3};
	struct s2_mapping m;
	struct scene s;

	(void)state;
	open_scene(&s, &lpa2);
	require_status(s2_map(&s.w.tree, cpu(&s), BIT(36), BIT(36), BIT(36), S2_RW, 0), S2_OK);
	require_status(s2_compact(&s.w.tree, cpu(&s), 0, BIT(38), S2_LAST_LEVEL, 0), S2_OK);
	require_status(s2_lookup(&s.w.tree, BIT(36), &m), S2_OK);
	require(m.level == 1 && !(m.desc & S2_DESC_CONTIG), "%#llx", LLU(m.desc));
	close_scene(&s);
}

static void where_there_are_no_groups_none_is_formed(void **state)
{
	static const struct shape none = {{12, 39, 40, 8, TLBI}, 3};
	struct scene s;

	(void)state;
	open_scene(&s, &none);
	s.n = 16;
	s.group = s.n * s.leaf;
	s.pa = 16 * s.group;
	map_some(&s, 0, s.n, S2_RW);
	tlb_count_from_here();
	require_status(form(&s), S2_OK);
	assert_int_equal(cpu(&s)->done, s.group);
	assert_int_equal(grouped(&s), 0);
	assert_int_equal(cpu(&s)->stats.groups_formed + tlb_counts().tlbis, 0);
	close_scene(&s);
}

/* --- dissolved --------------------------------------------------------------- */

enum change { REMAP, RESTRICT, UNMAP, PROTECT, LOG, CHANGES };

static int change(struct scene *s, unsigned int i, enum change how)
{
	uint64_t ipa = s->base + i * s->leaf, pa = s->pa + i * s->leaf;

	switch (how) {
	case REMAP:
		return s2_map(&s->w.tree, cpu(s), ipa, s->leaf, pa + 8 * s->group, S2_RW,
			      map_flags(s));
	case RESTRICT:
		return s2_map(&s->w.tree, cpu(s), ipa, s->leaf, pa, S2_R, map_flags(s));
	case UNMAP:
		return s2_unmap(&s->w.tree, cpu(s), ipa, s->leaf, 0);
	case PROTECT:
		return s2_protect(&s->w.tree, cpu(s), ipa, s->leaf, S2_W, 0, 0);
	default:
		return s2_log_start(&s->w.tree, cpu(s), ipa, s->leaf, 0);
	}
}

static void require_changed(struct scene *s, unsigned int i, enum change how)
{
	uint64_t pa = s->pa + i * s->leaf;

	if (how == UNMAP)
		assert_int_equal(desc_of(s, i), 0);
	else
		require_mapped(s, i, how == REMAP ? pa + 8 * s->group : pa,
			       how == REMAP ? S2_RW
			       : how == LOG ? S2_RW | S2_LOG
					    : S2_R);
}

static void check_change(struct scene *s)
{
	for (enum change how = REMAP; how < CHANGES; how++) {
		unsigned int at[] = {0, 1, s->n - 1};

		for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
			require_status(s2_unmap(&s->w.tree, cpu(s), s->base, s->group, 0), S2_OK);
			map_loose(s, S2_RW | S2_OLD);
			note_access(s, s->n / 2);
			require_status(form(s), S2_OK);
			require_status(change(s, at[i], how), S2_OK);
			tlb_returned(false);
			assert_int_equal(grouped(s), 0);
			require_changed(s, at[i], how);
			for (unsigned int j = 0; j < s->n; j++)
				if (j != at[i])
					require_mapped(s, j, s->pa + j * s->leaf, S2_RW);
			require(young(s) >= s->n - 1, "access flags are lost");
		}
	}
}

static void what_changes_one_leaf_dissolves_the_group_and_keeps_the_rest(void **state)
{
	(void)state;
	for_each_shape(check_change);
}

static void check_access(struct scene *s)
{
	map_some(s, 0, s->n, S2_RW | S2_OLD);
	assert_int_equal(grouped(s), s->n);
	require_status(s2_touch(&s->w.tree, cpu(s), s->base + s->leaf, 0), S2_OK);
	map_some(s, 2, 1, S2_RW);
	assert_int_equal(young(s), 2);
	map_some(s, 1, 2, S2_RW);
	assert_int_equal(grouped(s), s->n);
	assert_int_equal(cpu(s)->stats.breaks, 0);
	require_status(change(s, 0, PROTECT), S2_OK);
	assert_int_equal(young(s), s->n);
}

static void an_access_is_noted_in_one_leaf_and_goes_for_all(void **state)
{
	(void)state;
	for_each_shape(check_access);
}

static void check_split(struct scene *s)
{
	if (s->level == S2_LAST_LEVEL)
		return;
	map_some(s, 0, s->n, S2_RW);
	require_status(s2_split(&s->w.tree, cpu(s), s->base + s->leaf, 0x10000, s->level + 1, 0),
		       S2_OK);
	tlb_returned(false);
	struct s2_mapping m;

	require_status(s2_lookup(&s->w.tree, s->base + s->leaf, &m), S2_OK);
	assert_int_equal(m.level, s->level + 1);
	assert_true(m.desc & S2_DESC_CONTIG);
	require_status(s2_lookup(&s->w.tree, s->base, &m), S2_OK);
	assert_int_equal(m.level, s->level);
	assert_false(m.desc & S2_DESC_CONTIG);
	/* A page under a block of a group. */
	require_status(
		s2_map(&s->w.tree, cpu(s), s->base, 0x10000, s->pa + s->group, S2_RW, S2_PAGES),
		S2_OK);
	tlb_returned(false);
}

static void a_block_leaves_its_group_before_it_is_split(void **state)
{
	(void)state;
	for_each_shape(check_split);
}

/* FEAT_BBM: first comes a table that says the same, and it has groups of its own. */
static void check_map_under(struct scene *s)
{
	bool first_the_same = s->w.fmt.features & S2_FEAT_BBM2;

	if (s->level == S2_LAST_LEVEL)
		return;
	map_some(s, 0, s->n, S2_RW);
	require_status(
		s2_map(&s->w.tree, cpu(s), s->base, 0x10000, s->pa + s->group, S2_RW, S2_PAGES),
		S2_OK);
	tlb_returned(false);
	require_status(s2_unmap(&s->w.tree, cpu(s), s->base + s->leaf, 0x10000, 0), S2_OK);
	tlb_returned(false);
	assert_int_equal(cpu(s)->stats.groups_dissolved, 1 + first_the_same);
}

static void a_page_under_a_block_of_a_group_dissolves_it(void **state)
{
	(void)state;
	for_each_shape(check_map_under);
}

/* --- unmap ---------------------------------------------------------------------- */

static void check_unmap(struct scene *s)
{
	map_some(s, 0, s->n, S2_RW);
	require_status(s2_unmap(&s->w.tree, cpu(s), s->base, s->group, 0), S2_OK);
	tlb_returned(false);
	assert_int_equal(cpu(s)->stats.groups_dissolved, 0);
	assert_int_equal(cpu(s)->stats.breaks, s->n);
	for (unsigned int i = 0; i < s->n; i++)
		assert_int_equal(desc_of(s, i), 0);
}

static void a_group_that_the_range_covers_goes_in_one_piece(void **state)
{
	(void)state;
	for_each_shape(check_unmap);
}

/* Whatever budget, and however full the gather is: all of a group, or nothing. */
static void check_unmap_budget(struct scene *s)
{
	map_some(s, 0, s->n, S2_RW);
	cpu(s)->budget = 1;
	require_status(s2_unmap(&s->w.tree, cpu(s), s->base, s->group, 0), S2_OK);
	cpu(s)->budget = 0;
	assert_int_equal(cpu(s)->done, s->group);
	tlb_returned(false);
}

static void a_budget_does_not_end_within_a_group(void **state)
{
	(void)state;
	for_each_shape(check_unmap_budget);
}

static void check_full_gather(struct scene *s)
{
	if (s->level != S2_LAST_LEVEL)
		return;
	map_some(s, 0, s->n, S2_RW);
	for (uint64_t i = 0; i < S2_GATHER_RUNS; i++)
		require_status(s2_map(&s->w.tree, cpu(s), s->base - s->group + 2 * i * s->leaf,
				      s->leaf, 0, S2_RW, S2_PAGES),
			       S2_OK);
	for (uint64_t i = 0; i < S2_GATHER_RUNS; i++)
		require_status(s2_unmap(&s->w.tree, cpu(s), s->base - s->group + 2 * i * s->leaf,
					s->leaf, S2_DEFER),
			       S2_OK);
	require_status(s2_unmap(&s->w.tree, cpu(s), s->base, s->group, S2_DEFER), S2_OK);
	assert_int_equal(cpu(s)->gather.runs, 1);
	require_status(s2_flush(&s->w.tree, cpu(s)), S2_OK);
	tlb_returned(false);
	assert_int_equal(desc_of(s, s->n - 1), 0);
}

static void a_gather_that_is_full_is_flushed_before_a_group_not_in_it(void **state)
{
	(void)state;
	for_each_shape(check_full_gather);
}

/* --- age --------------------------------------------------------------------------- */

static uint64_t age(struct scene *s, unsigned int first, unsigned int count, uint32_t flags)
{
	require_status(
		s2_age(&s->w.tree, cpu(s), s->base + first * s->leaf, count * s->leaf, NULL, flags),
		S2_OK);
	tlb_returned(false);
	return cpu(s)->found / (s->leaf >> s->w.fmt.granule_shift);
}

static void check_age(struct scene *s)
{
	map_some(s, 0, s->n, S2_RW | S2_OLD);
	assert_int_equal(age(s, 0, s->n, 0), 0);
	note_access(s, s->n - 1);
	assert_int_equal(age(s, 0, s->n, 0), s->n);
	assert_int_equal(age(s, 1, 2, S2_CLEAR), 2);
	assert_int_equal(young(s), 1);
	assert_int_equal(age(s, 0, s->n, S2_CLEAR | S2_INVALIDATE), s->n);
	assert_int_equal(young(s), 0);
	assert_int_equal(age(s, 0, s->n, S2_CLEAR | S2_INVALIDATE), 0);
	assert_int_equal(grouped(s), s->n);
}

static void a_group_is_young_as_a_whole_and_cleared_as_a_whole(void **state)
{
	(void)state;
	for_each_shape(check_age);
}

/* What is noted in one says nothing of the next; one that the range covers in part is not cleared. */
static void check_age_of_two(struct scene *s)
{
	map_some(s, 0, 2 * s->n, S2_RW | S2_OLD);
	note_access(s, s->n);
	assert_int_equal(age(s, 0, 2 * s->n, 0), s->n);
	assert_int_equal(age(s, 1, 2 * s->n - 2, S2_CLEAR), s->n - 1);
	assert_int_equal(age(s, 0, 2 * s->n, S2_CLEAR), s->n);
	assert_int_equal(age(s, 0, 2 * s->n, 0), 0);
	note_access(s, s->n - 1);
	assert_int_equal(age(s, 0, 2 * s->n - 1, S2_CLEAR), s->n);
	assert_int_equal(age(s, 0, 2 * s->n, 0), 0);
}

static void one_group_that_is_young_does_not_make_its_neighbour_young(void **state)
{
	(void)state;
	for_each_shape(check_age_of_two);
}

/* --- what others have locked or sealed ------------------------------------------------ */

static int fault_change(struct scene *s)
{
	return s2_map(&s->w.tree, cpu(s), s->base + s->leaf, s->leaf, s->pa, S2_R,
		      S2_FAULT | map_flags(s));
}

static void check_contended(struct scene *s)
{
	s2_desc was, held[2];

	map_some(s, 0, s->n, S2_RW);
	tlb_close();
	was = desc_of(s, 0);
	held[0] = 4;
	held[1] = was | S2_DESC_SEAL;
	for (unsigned int i = 0; i < 2; i++) {
		*entry_of(s, 0) = held[i];
		require_status(fault_change(s), S2_RETRY);
		require_status(s2_unmap(&s->w.tree, cpu(s), s->base + s->leaf, s->leaf, S2_FAULT),
			       S2_RETRY);
		require_status(s2_unmap(&s->w.tree, cpu(s), s->base, s->group, S2_FAULT), S2_RETRY);
		require_status(
			s2_age(&s->w.tree, cpu(s), s->base, s->group, NULL, S2_CLEAR | S2_FAULT),
			S2_RETRY);
		require_status(form(s), S2_OK);
		assert_int_equal(desc_of(s, 0), held[i]);
		assert_int_equal(desc_of(s, 1) & S2_DESC_CONTIG, S2_DESC_CONTIG);
	}
	*entry_of(s, 0) = was;
}

static void a_group_whose_entry_0_another_holds_is_left_alone(void **state)
{
	(void)state;
	for_each_shape(check_contended);
}

/* --- corrupt ---------------------------------------------------------------------------- */

/* How many leaves are none of the group that they should be in; `ipa`: the last of them. */
static unsigned int misfits;
static uint64_t misfit_ipa;

static void note_misfit(const struct s2_violation *violation, void *arg)
{
	(void)arg;
	misfits += violation->rule == S2_RULE_GROUP;
	misfit_ipa = violation->ipa;
}

static unsigned int verify(struct scene *s, bool quiet)
{
	struct s2_verification v = {.complain = note_misfit, .quiet = quiet};
	struct s2_span span = {.ipa = s->base, .size = s->group};

	misfits = 0;
	(void)s2_verify(&s->w.tree, &span, &v);
	return misfits;
}

/* Entry 0 is what the others are measured by. */
static void check_verdict(struct scene *s, unsigned int i)
{
	assert_int_equal(verify(s, false), 0);
	if (i) {
		assert_int_equal(verify(s, true), 1);
		assert_int_equal(misfit_ipa, s->base + i * s->leaf);
	} else {
		require(verify(s, true) >= s->n - 1, "%u misfits", misfits);
	}
}

static void check_corrupt_entry(struct scene *s, unsigned int i, s2_desc desc, unsigned int named)
{
	s2_desc was = desc_of(s, i);

	*entry_of(s, i) = desc;
	require_status(fault_change(s), S2_CORRUPT);
	require(cpu(s)->corrupt.ipa == s->base + named * s->leaf, "IPA %#llx is named",
		LLU(cpu(s)->corrupt.ipa));
	if (desc & 1 && desc & S2_DESC_CONTIG)
		require_status(s2_unmap(&s->w.tree, cpu(s), s->base, s->group, S2_FAULT),
			       S2_CORRUPT);
	assert_int_equal(desc_of(s, i), desc);
	check_verdict(s, i);
	*entry_of(s, i) = was;
	assert_int_equal(grouped(s), s->n);
	assert_int_equal(verify(s, true), 0);
}

static const s2_desc *untouched;

static void require_untouched(const struct s2_host_event *event)
{
	require(event->op != S2_HOST_CAS || event->p != untouched, "entry 0 is changed");
}

/* The table of another block.  Who collapses it would take a lock for a cut. */
static void check_table_in_group(struct scene *s)
{
	uint64_t ipa = s->base + s->group;
	s2_desc *entry = entry_of(s, 0), was = *entry;

	if (s->level == S2_LAST_LEVEL)
		return;
	require_status(
		s2_map(&s->w.tree, cpu(s), ipa, BIT(s->w.fmt.granule_shift), ipa, S2_RW, S2_PAGES),
		S2_OK);
	*entry = entry[s->n];
	untouched = entry;
	s2_host_trace.before = require_untouched;
	require_status(fault_change(s), S2_CORRUPT);
	s2_host_trace.before = NULL;
	assert_int_equal(cpu(s)->corrupt.ipa, s->base + s->leaf);
	assert_int_equal(*entry, entry[s->n]);
	*entry = was;
	assert_int_equal(grouped(s), s->n);
}

static void check_corrupt(struct scene *s)
{
	map_some(s, 0, s->n, S2_RW);
	tlb_close();
	*entry_of(s, s->n / 2) &= ~S2_DESC_AF; /* is nobody's fault */
	check_corrupt_entry(s, s->n - 1, 0, s->n - 1);
	check_corrupt_entry(s, s->n - 1, desc_of(s, s->n - 1) & ~S2_DESC_CONTIG, s->n - 1);
	check_corrupt_entry(s, 2, desc_of(s, 2) & ~S2_DESC_READ, 2);
	check_corrupt_entry(s, 0, desc_of(s, 0) & ~S2_DESC_CONTIG, 1);
	check_corrupt_entry(s, 0, 0, 1);
	check_corrupt_entry(s, 0, desc_of(s, 1), 0);
	check_corrupt_entry(s, 0, desc_of(s, 0) | S2_DESC_DBM, 0);
	check_table_in_group(s);
}

static struct {
	s2_desc *entry;
	unsigned int waits;
} sealed;

static void unseal_on_wait(const struct s2_host_event *event)
{
	if (event->op != S2_HOST_WAIT)
		return;
	sealed.waits++;
	__atomic_fetch_and(sealed.entry, ~S2_DESC_SEAL, __ATOMIC_RELAXED);
}

/* With FEAT_BBM a table is sealed while another CPU invalidates: nobody here waits for it. */
static void a_table_that_another_holds_is_passed_over(void **state)
{
	static const struct shape bbm2 = {{12, 39, 40, 8, S2_FEAT_CONTIG | S2_FEAT_BBM2}, 3};
	struct arch_walk walk;
	struct scene s;

	(void)state;
	open_scene(&s, &bbm2);
	require_status(s2_map(&s.w.tree, cpu(&s), s.base - s.group, BIT(21), BIT(30), S2_RW, 0),
		       S2_OK);
	arch_walk(&s.w.regime, s.base, &walk);
	map_loose(&s, S2_RWX);
	sealed.entry = (s2_desc *)(uintptr_t)walk.entry;
	sealed.waits = 0;
	__atomic_fetch_or(sealed.entry, S2_DESC_SEAL, __ATOMIC_RELAXED);
	s2_host_trace.before = unseal_on_wait;
	require_status(s2_group(&s.w.tree, cpu(&s), s.base, s.group), S2_OK);
	s2_host_trace = tlb_listener;
	require(!sealed.waits && cpu(&s)->done == s.group, "waited %u times, done %#llx",
		sealed.waits, LLU(cpu(&s)->done));
	require(grouped(&s) == 0, "%u in a group", grouped(&s));
	__atomic_fetch_and(sealed.entry, ~S2_DESC_SEAL, __ATOMIC_RELAXED);
	require_status(s2_group(&s.w.tree, cpu(&s), s.base, s.group), S2_OK);
	require(grouped(&s) == s.n, "%u in a group", grouped(&s));
	close_scene(&s);
}

static void a_group_that_is_none_is_reported_and_left(void **state)
{
	(void)state;
	for_each_shape(check_corrupt);
}

/* What lies before it is done. */
static void check_form_corrupt(struct scene *s)
{
	s2_desc *entry, was;

	map_loose(s, S2_RW);
	map_some(s, s->n + 1, 1, S2_RW);
	tlb_close();
	entry = entry_of(s, s->n);
	was = *entry;
	*entry = 0x8;
	require_status(s2_group(&s->w.tree, cpu(s), s->base, 2 * s->group), S2_CORRUPT);
	require(cpu(s)->done == s->group && cpu(s)->corrupt.desc == 0x8 &&
			cpu(s)->corrupt.ipa == s->base + s->group,
		"done %#llx, %#llx is named", LLU(cpu(s)->done), LLU(cpu(s)->corrupt.ipa));
	assert_int_equal(grouped(s), s->n);
	assert_int_equal(*entry, 0x8);
	*entry = was;
}

static void what_forms_groups_stops_at_what_no_engine_writes(void **state)
{
	(void)state;
	for_each_shape(check_form_corrupt);
}

static void the_bit_is_corrupt_where_there_are_no_groups(void **state)
{
	static const struct s2_config none = {12, 39, 40, 8, 0},
				      some = {12, 48, 48, 8, S2_FEAT_CONTIG};
	struct s2_format fmt;
	s2_desc desc;

	(void)state;
	require_status(s2_format_init(&fmt, &none), S2_OK);
	require_status(s2_desc_leaf(&fmt, 3, 0, S2_RW, &desc), S2_OK);
	assert_int_equal(s2_desc_kind(&fmt, 3, desc | S2_DESC_CONTIG), S2_KIND_CORRUPT);
	require_status(s2_format_init(&fmt, &some), S2_OK);
	assert_int_equal(s2_desc_kind(&fmt, 3, desc | S2_DESC_CONTIG), S2_KIND_LEAF);
	assert_int_equal(s2_desc_kind(&fmt, 3, desc | S2_DESC_CONTIG | S2_DESC_DBM),
			 S2_KIND_CORRUPT);
	assert_int_equal(s2_desc_kind(&fmt, 2, (desc & ~2u) | S2_DESC_CONTIG), S2_KIND_LEAF);
	assert_int_equal(s2_desc_attr(&fmt, desc | S2_DESC_CONTIG), S2_RW);
}

static void bad_input_is_refused(void **state)
{
	struct scene s;
	uint64_t page;

	(void)state;
	open_scene(&s, &shapes[0]);
	page = s.leaf;
	require_status(s2_group(NULL, cpu(&s), 0, page), S2_INVALID);
	require_status(s2_group(&s.w.tree, NULL, 0, page), S2_INVALID);
	require_status(s2_group(&s.w.tree, cpu(&s), 0, 0), S2_BAD_SIZE);
	require_status(s2_group(&s.w.tree, cpu(&s), 1, page), S2_MISALIGNED);
	require_status(s2_group(&s.w.tree, cpu(&s), 0 - page, 2 * page), S2_WRAPS);
	require_status(s2_group(&s.w.tree, cpu(&s), BIT(39), page), S2_IPA_RANGE);
	require_status(s2_group(&s.w.tree, cpu(&s), 0, BIT(39)), S2_OK);
	close_scene(&s);
}

/* --- at one step on one entry ----------------------------------------------------------- */

static struct {
	struct scene *s;
	const s2_desc *entry;
	enum s2_host_op on;
	unsigned int nth;
	void (*act)(struct scene *s);
} moment;

static void moment_before(const struct s2_host_event *event)
{
	if (moment.nth && event->op == moment.on && event->p == moment.entry && !--moment.nth)
		moment.act(moment.s);
	tlb_listener.before(event);
}

/* Before the nth such step on entry `i`. */
static void arrange(struct scene *s, enum s2_host_op on, unsigned int i, unsigned int nth,
		    void (*act)(struct scene *s))
{
	moment.s = s;
	moment.entry = entry_of(s, i);
	moment.on = on;
	moment.nth = nth;
	moment.act = act;
	s2_host_trace = (struct s2_host_trace){moment_before, tlb_listener.after};
}

static void require_happened(void)
{
	s2_host_trace = tlb_listener;
	require(!moment.nth, "it did not happen");
}

static void note_the_middle(struct scene *s)
{
	note_access(s, s->n / 2);
}

/* Between the look at an entry and the exchange that would find it old. */
static void check_age_and_access(struct scene *s)
{
	map_some(s, 0, s->n, S2_RW | S2_OLD);
	arrange(s, S2_HOST_CAS, s->n / 2, 1, note_the_middle);
	assert_int_equal(age(s, 0, s->n, S2_CLEAR | S2_INVALIDATE), s->n);
	require_happened();
	assert_int_equal(young(s), 0);
	assert_int_equal(age(s, 0, s->n, 0), 0);
}

static void an_access_at_any_moment_is_found_now_or_later(void **state)
{
	(void)state;
	for_each_shape(check_age_and_access);
}

static void seal_all(struct scene *s)
{
	for (unsigned int i = 0; i < s->n; i++)
		*entry_of(s, i) |= S2_DESC_SEAL;
}

/* Who seals the table has begun since entry 0 was looked at: what is noted is said, and stays. */
static void check_age_and_seal(struct scene *s)
{
	map_some(s, 0, s->n, S2_RW);
	tlb_close();
	arrange(s, S2_HOST_LOAD, 0, 2, seal_all);
	require_status(s2_age(&s->w.tree, cpu(s), s->base, s->group, NULL, S2_CLEAR), S2_OK);
	require_happened();
	s2_host_trace = (struct s2_host_trace){NULL, NULL};
	assert_int_equal(cpu(s)->found, s->group >> s->w.fmt.granule_shift);
	assert_int_equal(young(s), s->n);
	for (unsigned int i = 0; i < s->n; i++)
		*entry_of(s, i) &= ~S2_DESC_SEAL;
}

static void age_changes_nothing_that_another_has_sealed_meanwhile(void **state)
{
	(void)state;
	for_each_shape(check_age_and_seal);
}

static void note_the_first(struct scene *s)
{
	note_access(s, 0);
}

/* Takes the group apart, and then hardware notes an access in entry 0, before that is exchanged. */
static void dissolve_and_note(struct scene *s)
{
	require_status(s2_protect(&s->w.tree, &s->w.cpu[1], s->base + 2 * s->leaf, s->leaf, S2_W, 0,
				  S2_FAULT),
		       S2_OK);
	arrange(s, S2_HOST_CAS, 0, 1, note_the_first);
}

/* What was one of a group when it was read is none when its entry 0 is. */
static void check_dissolved_meanwhile(struct scene *s)
{
	for (uint32_t flags = 0; flags <= S2_FAULT; flags += S2_FAULT) {
		require_status(s2_unmap(&s->w.tree, cpu(s), s->base, s->group, 0), S2_OK);
		map_loose(s, S2_RW | S2_OLD);
		require_status(form(s), S2_OK);
		tlb_mind_windows(false);
		arrange(s, S2_HOST_LOAD, 0, 1, dissolve_and_note);
		require_status(
			s2_protect(&s->w.tree, cpu(s), s->base + s->leaf, s->leaf, S2_W, 0, flags),
			flags ? S2_RETRY : S2_OK);
		require_happened();
		require_mapped(s, 0, s->pa, S2_RW);
		require_mapped(s, 1, s->pa + s->leaf, flags ? S2_RW : S2_R);
		require_mapped(s, 2, s->pa + 2 * s->leaf, S2_R);
		assert_int_equal(young(s), 1);
		assert_int_equal(grouped(s), 0);
	}
}

static void a_group_that_is_taken_apart_meanwhile_is_no_corrupt_one(void **state)
{
	(void)state;
	for_each_shape(check_dissolved_meanwhile);
}

/* --- one preemption at every step ------------------------------------------------------- */

static struct {
	struct scene *s;
	unsigned int left; /* steps until the other CPU has its turn */
	void (*other)(struct scene *s);
	bool busy;
	bool noted; /* an access, in one of a group: it goes for all */
} race;

static void race_before(const struct s2_host_event *event)
{
	if (!race.busy && race.left && !--race.left) {
		race.busy = true;
		race.other(race.s);
		race.busy = false;
	}
	tlb_listener.before(event);
}

static void race_after(const struct s2_host_event *event)
{
	tlb_listener.after(event);
}

static void require_fine(int status)
{
	require(status == S2_OK || status == S2_RETRY, "%s", status_name(status));
}

static void other_notes(struct scene *s)
{
	unsigned int i = s->n / 2;

	race.noted = desc_of(s, i) & 1 && desc_of(s, i) & S2_DESC_CONTIG;
	if (desc_of(s, i) & 1)
		note_access(s, i);
}

static void other_maps(struct scene *s)
{
	require_fine(s2_map(&s->w.tree, &s->w.cpu[1], s->base + s->leaf, s->leaf, s->pa + s->leaf,
			    S2_RW, S2_FAULT | map_flags(s)));
}

static void other_unmaps(struct scene *s)
{
	require_fine(s2_unmap(&s->w.tree, &s->w.cpu[1], s->base + (s->n - 1) * s->leaf, s->leaf,
			      S2_FAULT));
}

static void other_unmaps_all(struct scene *s)
{
	require_fine(s2_unmap(&s->w.tree, &s->w.cpu[1], s->base, s->group, S2_FAULT));
}

static void other_cuts(struct scene *s)
{
	require_fine(s2_unmap(&s->w.tree, &s->w.cpu[1], s->table,
			      arch_size(&s->w.regime, s->level - 1), S2_FAULT));
}

static void other_forms(struct scene *s)
{
	require_fine(s2_group(&s->w.tree, &s->w.cpu[1], s->base, s->group));
}

static void (*const others[])(struct scene *) = {other_notes,	   other_maps, other_unmaps,
						 other_unmaps_all, other_cuts, other_forms};

static int do_form(struct scene *s)
{
	return s2_group(&s->w.tree, cpu(s), s->base, s->group);
}

static int do_change(struct scene *s)
{
	return s2_protect(&s->w.tree, cpu(s), s->base + s->leaf, s->leaf, S2_W, 0, S2_FAULT);
}

static int do_unmap(struct scene *s)
{
	return s2_unmap(&s->w.tree, cpu(s), s->base, s->group, S2_FAULT);
}

static int do_age(struct scene *s)
{
	return s2_age(&s->w.tree, cpu(s), s->base, s->group, NULL, S2_CLEAR | S2_FAULT);
}

static int (*const doings[])(struct scene *) = {do_form, do_change, do_unmap, do_age};

/* All of the group have the bit, or none; nothing is left locked or sealed. */
static void require_whole(struct scene *s)
{
	struct arch_walk walk;
	unsigned int n = 0;

	for (unsigned int i = 0; i < s->n; i++) {
		arch_walk(&s->w.regime, s->base + i * s->leaf, &walk);
		require(walk.desc & 1 ? !(walk.desc & S2_DESC_SEAL) : !walk.desc,
			"entry %u is left as %#llx", i, LLU(walk.desc));
		n += walk.desc & 1 && walk.desc & S2_DESC_CONTIG;
	}
	require(n == 0 || n == s->n, "%u of a group", n);
}

/* The group whose entry 0 is the table's: who cuts the table off takes it for his list. */
static void take_the_first(struct scene *s)
{
	s->base = s->table;
}

/* False: the operation was over before the other had its turn. */
static bool race_once(uint32_t bbm, bool first, unsigned int doing, unsigned int other,
		      unsigned int step)
{
	const struct shape shape = {{12, 39, 40, 8, S2_FEAT_CONTIG | TLBI | S2_FEAT_HAF | bbm}, 3};
	struct scene s;
	int status;

	open_scene(&s, &shape);
	if (first)
		take_the_first(&s);
	set_context("%s group, doing %u, other %u, step %u", first ? "first" : "second", doing,
		    other, step);
	world_fill(&s.w, &s.w.cpu[1], 6);
	if (doings[doing] == do_form)
		map_loose(&s, S2_RW | S2_OLD);
	else
		map_some(&s, 0, s.n, S2_RW | S2_OLD);
	race.s = &s;
	race.left = step;
	race.other = others[other];
	race.noted = false;
	tlb_mind_windows(false);
	s2_host_trace = (struct s2_host_trace){race_before, race_after};
	status = doings[doing](&s);
	s2_host_trace = tlb_listener;
	require_fine(status);
	require_whole(&s);
	if (race.noted && doings[doing] == do_change)
		assert_int_equal(young(&s), s.n);
	bool over = race.left;

	race.left = 0;
	close_scene(&s);
	return !over;
}

static void race_at_every_step(uint32_t bbm, bool first)
{
	for (unsigned int doing = 0; doing < ARRAY_SIZE(doings); doing++)
		for (unsigned int other = 0; other < ARRAY_SIZE(others); other++)
			for (unsigned int step = 1; race_once(bbm, first, doing, other, step);
			     step++)
				require(step < RACES_MAX, "an operation without an end");
}

static void one_preemption_at_every_step(void **state)
{
	(void)state;
	race_at_every_step(0, false);
	race_at_every_step(0, true);
	race_at_every_step(S2_FEAT_BBM2, false);
	race_at_every_step(S2_FEAT_BBM2, true);
}

/* At every step the guest can use all of the group. */
static void look_at_all(const struct s2_host_event *event)
{
	for (unsigned int i = 0; i < race.s->n; i++)
		require(desc_of(race.s, i) & 1, "entry %u is %#llx", i, LLU(desc_of(race.s, i)));
	tlb_listener.before(event);
}

static void check_no_window(struct scene *s)
{
	if (!(s->w.fmt.features & S2_FEAT_BBM2))
		return;
	map_loose(s, S2_RW);
	race.s = s;
	s2_host_trace.before = look_at_all;
	require_status(do_form(s), S2_OK);
	assert_int_equal(grouped(s), s->n);
	require_status(do_change(s), S2_OK);
	assert_int_equal(grouped(s), 0);
	s2_host_trace = tlb_listener;
	assert_int_equal(cpu(s)->stats.breaks, 0);
}

static void with_bbm_2_a_group_comes_and_goes_without_a_window(void **state)
{
	(void)state;
	for_each_shape(check_no_window);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fresh_table_has_its_groups_at_once),
		cmocka_unit_test(a_part_of_a_group_is_none),
		cmocka_unit_test(memory_that_is_not_aligned_to_a_group_is_none),
		cmocka_unit_test(logged_pages_are_never_grouped),
		cmocka_unit_test(what_was_mapped_one_by_one_is_formed_later),
		cmocka_unit_test(one_that_differs_or_is_missing_keeps_a_group_from_being_formed),
		cmocka_unit_test(a_group_is_formed_only_within_the_range),
		cmocka_unit_test(a_group_is_young_if_one_of_its_leaves_was),
		cmocka_unit_test(compact_forms_groups_of_what_becomes_no_block),
		cmocka_unit_test(compact_passes_locked_pages_over),
		cmocka_unit_test(compact_leaves_blocks_of_a_level_without_groups),
		cmocka_unit_test(where_there_are_no_groups_none_is_formed),
		cmocka_unit_test(what_changes_one_leaf_dissolves_the_group_and_keeps_the_rest),
		cmocka_unit_test(an_access_is_noted_in_one_leaf_and_goes_for_all),
		cmocka_unit_test(a_block_leaves_its_group_before_it_is_split),
		cmocka_unit_test(a_page_under_a_block_of_a_group_dissolves_it),
		cmocka_unit_test(a_group_that_the_range_covers_goes_in_one_piece),
		cmocka_unit_test(a_budget_does_not_end_within_a_group),
		cmocka_unit_test(a_gather_that_is_full_is_flushed_before_a_group_not_in_it),
		cmocka_unit_test(a_group_is_young_as_a_whole_and_cleared_as_a_whole),
		cmocka_unit_test(one_group_that_is_young_does_not_make_its_neighbour_young),
		cmocka_unit_test(a_group_whose_entry_0_another_holds_is_left_alone),
		cmocka_unit_test(a_table_that_another_holds_is_passed_over),
		cmocka_unit_test(a_group_that_is_none_is_reported_and_left),
		cmocka_unit_test(what_forms_groups_stops_at_what_no_engine_writes),
		cmocka_unit_test(the_bit_is_corrupt_where_there_are_no_groups),
		cmocka_unit_test(bad_input_is_refused),
		cmocka_unit_test(with_bbm_2_a_group_comes_and_goes_without_a_window),
		cmocka_unit_test(an_access_at_any_moment_is_found_now_or_later),
		cmocka_unit_test(age_changes_nothing_that_another_has_sealed_meanwhile),
		cmocka_unit_test(a_group_that_is_taken_apart_meanwhile_is_no_corrupt_one),
		cmocka_unit_test(one_preemption_at_every_step),
	};

	return run_suite("group", tests);
}
