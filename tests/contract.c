/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What the headers promise beside the mapping itself: sizes of blocks, order of
 * visits, counts, costs and quotas, sentence by sentence.
 */
#include "lib/suite.h"

#include <string.h>

#include "lib/formats.h"
#include "lib/small.h"
#include "lib/tlb.h"

/* --- map -------------------------------------------------------------------- */

static void map_uses_blocks_wherever_both_addresses_and_the_size_allow(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 20);
	map_ok(&w, GB - BLOCK - PAGE, 2 * GB + 2 * BLOCK, 3 * GB - BLOCK - PAGE, S2_RW, 0);
	assert_int_equal(look(&w, GB - BLOCK - PAGE).level, 3);
	assert_int_equal(look(&w, GB - BLOCK).level, 2);
	assert_int_equal(look(&w, GB).level, 1);
	assert_int_equal(look(&w, 2 * GB).level, 1);
	assert_int_equal(look(&w, 3 * GB).level, 3);
	assert_int_equal(look(&w, 3 * GB + BLOCK - 2 * PAGE).level, 3);
	assert_int_equal(look(&w, 3 * GB + BLOCK - PAGE).kind, S2_KIND_EMPTY);
	map_ok(&w, 4 * GB, GB, GB + BLOCK, S2_RW, 0);
	assert_int_equal(look(&w, 4 * GB).level, 2);
	map_ok(&w, 5 * GB, BLOCK, PAGE, S2_RW, 0);
	assert_int_equal(look(&w, 5 * GB).level, 3);
	map_ok(&w, 6 * GB, BLOCK, GB, S2_RW, S2_PAGES);
	assert_int_equal(look(&w, 6 * GB).level, 3);
	world_close(&w);
}

/* Bits 48 and up, or 50 and up, of an address stand elsewhere in a descriptor: a range of memory goes across. */
static void memory_goes_on_where_an_address_leaves_its_low_bits(void **state)
{
	static const struct {
		struct s2_config format;
		unsigned int in_place;
	} wide[] = {{{16, 48, 52, 16, S2_FEAT_FWB}, 48},
		    {{12, 48, 52, 16, S2_FEAT_FWB | S2_FEAT_LPA2}, 50},
		    {{14, 48, 52, 16, S2_FEAT_FWB | S2_FEAT_LPA2}, 50}};

	(void)state;
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(wide); i++) {
		const struct world_config config = {.format = wide[i / 2].format, .shared = true};
		uint64_t edge = BIT(wide[i / 2].in_place), ipa = 3 * BIT(36), size;
		struct world w;

		open_filled(&w, &config, 8);
		size = s2_level_size(&w.fmt, i % 2 ? 3 : 2);
		map_ok(&w, ipa, 4 * size, edge - size, S2_RW, 0);
		for (unsigned int n = 0; n < 4; n++) {
			struct s2_mapping m = look(&w, ipa + n * size);

			require(m.kind == S2_KIND_LEAF && m.pa == edge - size + n * size &&
					m.size == size,
				"leaf %u: PA %#llx", n, LLU(m.pa));
		}
		world_close(&w);
	}
}

static void what_is_mapped_already_costs_nothing_also_in_a_larger_block(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 2);
	map_ok(&w, GB, GB, GB, S2_RW, 0);
	world_fill(&w, &w.cpu[0], 0);
	map_ok(&w, GB + BLOCK, BLOCK, GB + BLOCK, S2_RW, 0);
	map_ok(&w, GB + PAGE, 7 * PAGE, GB + PAGE, S2_RW, S2_PAGES);
	assert_int_equal(look(&w, GB).level, 1);
	world_close(&w);
}

static void check_fault_pages(const struct s2_format *fmt)
{
	struct world_config config = {.shared = true};
	uint64_t page = BIT(fmt->granule_shift);
	struct world w;

	config.format = (struct s2_config){fmt->granule_shift, fmt->ipa_bits, fmt->pa_bits,
					   fmt->vmid_bits, fmt->features};
	open_filled(&w, &config, S2_FAULT_PAGES);
	map_ok(&w, BIT(fmt->ipa_bits) - page, page, 0, S2_RW, S2_FAULT);
	world_close(&w);
}

static void a_fault_never_needs_more_than_s2_fault_pages(void **state)
{
	(void)state;
	for_each_format(check_fault_pages);
}

/* --- large blocks ------------------------------------------------------------ */

/* One block, and a range of pages in it that an operation has changed. */
struct carving {
	struct world w;
	uint64_t base, size; /* of the block, which is mapped to PA 0 */
	uint64_t from, to;
	bool gone; /* the range is unmapped; else mapped to PA + shift */
	uint64_t shift;
	s2_attr attr; /* of the range; S2_RW of the rest */
};

static void require_carved(const struct carving *c, uint64_t ipa, uint64_t pa, s2_attr attr,
			   bool mapped)
{
	bool in = ipa >= c->from && ipa < c->to;

	require(mapped == !(in && c->gone) &&
			(!mapped || (pa == ipa - c->base + (in ? c->shift : 0) &&
				     (attr & S2_RWX) == (in ? c->attr : S2_RW))),
		"%#llx..%#llx of a block at %#llx: IPA %#llx is %smapped to %#llx, %#x",
		LLU(c->from), LLU(c->to), LLU(c->base), LLU(ipa), mapped ? "" : "un", LLU(pa),
		attr);
}

/* An entry lies before, in, or behind the range: its ends tell for all of it. */
static int visit_carved(const struct s2_mapping *m, void *arg)
{
	const struct carving *c = arg;
	uint64_t last = m->size - BIT(c->w.fmt.granule_shift);

	require_carved(c, m->ipa, m->pa, m->attr, m->kind == S2_KIND_LEAF);
	require_carved(c, m->ipa + last, m->pa + last, m->attr, m->kind == S2_KIND_LEAF);
	return 0;
}

/* What is cached must be there too; entries with fewer permissions may be. */
static void visit_cached(const struct tlb_leaf *leaf, void *arg)
{
	struct carving *c = arg;
	uint64_t last = leaf->size - BIT(c->w.fmt.granule_shift);
	bool in = leaf->ipa >= c->from && leaf->ipa < c->to;

	require_carved(c, leaf->ipa, leaf->pa, in ? c->attr : leaf->attr, true);
	require_carved(c, leaf->ipa + last, leaf->pa + last, in ? c->attr : leaf->attr, true);
	require(!(leaf->attr & ~(in ? c->attr : S2_RW)), "IPA %#llx: attributes %#x are cached",
		LLU(leaf->ipa), leaf->attr);
}

static void carve(struct carving *c, unsigned int how)
{
	struct s2_cpu *cpu = &c->w.cpu[0];
	uint64_t pa = c->from - c->base, size = c->to - c->from;
	bool few = size >> c->w.fmt.granule_shift <= 4096;

	c->gone = how == 0;
	c->attr = how == 2 ? S2_R : S2_RW;
	/* By a page, so that no block fits, if there are not too many of them. */
	c->shift = how == 1 ? c->size : how == 3 && few ? BIT(c->w.fmt.granule_shift) : 0;
	if (c->gone)
		require_status(s2_unmap(&c->w.tree, cpu, c->from, size, 0), S2_OK);
	else
		map_ok(&c->w, c->from, size, pa + c->shift, c->attr, 0);
	require_status(s2_walk(&c->w.tree, c->base, c->size, visit_carved, c), S2_OK);
	tlb_returned(false);
	tlb_for_each(visit_cached, c);
	world_balance(&c->w);
}

static void open_carving(struct carving *c, const struct world_config *config, struct rng *rng)
{
	unsigned int level = 0;

	open_filled(&c->w, config, 100);
	while (!s2_level_has_leaf(&c->w.fmt, level) || level < c->w.fmt.start_level)
		level++;
	uint64_t page = BIT(c->w.fmt.granule_shift), second = s2_level_size(&c->w.fmt, level + 1);

	c->size = s2_level_size(&c->w.fmt, level);
	c->base = c->size;
	/* Short enough for the arena, and as often as not at a boundary of the next level. */
	uint64_t most = level < 2 ? 3 * second : c->size;

	c->from = c->base + random_below(rng, (c->size - most) / page + 1) * page;
	if (random_one_in(rng, 2))
		c->from -= c->from % second;
	c->to = c->from + (1 + random_below(rng, most / page)) * page;
	if (random_one_in(rng, 3) && c->to - c->to % second > c->from)
		c->to -= c->to % second;
	tlb_open(&c->w);
	map_ok(&c->w, c->base, c->size, 0, S2_RW, 0);
}

static void check_carving(const struct s2_format *fmt)
{
	struct world_config config = {.shared = true, .arena = UINT64_C(128) << 20};
	struct rng rng = {random_seed(0x6361727665)};
	static struct carving c;

	config.format = (struct s2_config){fmt->granule_shift, fmt->ipa_bits, fmt->pa_bits,
					   fmt->vmid_bits, fmt->features};
	for (unsigned int n = 0; n < 40; n++) {
		set_context("granule %u, ipa %u, features %#x, seed %#llx", fmt->granule_shift,
			    fmt->ipa_bits, (unsigned int)fmt->features, LLU(rng.state));
		open_carving(&c, &config, &rng);
		carve(&c, n % 4);
		tlb_close();
		world_close(&c.w);
	}
}

static void what_lies_beside_a_range_in_the_largest_block_keeps_its_mapping(void **state)
{
	(void)state;
	for_each_format(check_carving);
	set_context("%s", "");
}

/* --- deferring --------------------------------------------------------------- */

static void defer_page(struct world *w, unsigned int page)
{
	require_status(s2_unmap(&w->tree, &w->cpu[0], GB + page * PAGE, PAGE, S2_DEFER), S2_OK);
	tlb_returned(true);
}

static void require_kinds(const struct world *w, unsigned int from, unsigned int to,
			  enum s2_kind kind)
{
	for (unsigned int page = from; page <= to; page += 2)
		require(look(w, GB + page * PAGE).kind == kind, "page %u: kind %d", page,
			look(w, GB + page * PAGE).kind);
}

/* Eight pieces apart from each other are held, and grow; who adds a ninth pays for them. */
static void what_is_deferred_stays_locked_until_a_piece_too_many_flushes_it(void **state)
{
	const struct s2_stats *stats;
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	stats = &w.cpu[0].stats;
	tlb_open(&w);
	map_ok(&w, GB, BLOCK, GB, S2_RW, S2_PAGES);
	for (unsigned int page = 0; page <= 14; page += 2)
		defer_page(&w, page);
	defer_page(&w, 15);
	require_kinds(&w, 0, 14, S2_KIND_LOCKED);
	require(stats->breaks == 9 && stats->tlbi_stage1 == 0, "flushed early");
	defer_page(&w, 30);
	require_kinds(&w, 0, 14, S2_KIND_EMPTY);
	require_kinds(&w, 15, 15, S2_KIND_EMPTY);
	require_kinds(&w, 30, 30, S2_KIND_LOCKED);
	require(stats->breaks == 10 && stats->tlbi_stage1 == 1, "%llu invalidations",
		LLU(stats->tlbi_stage1));
	require_status(s2_flush(&w.tree, &w.cpu[0]), S2_OK);
	tlb_returned(false);
	require_kinds(&w, 30, 30, S2_KIND_EMPTY);
	require_kinds(&w, 1, 13, S2_KIND_LEAF);
	require(stats->tlbi_stage1 == 2, "%llu invalidations", LLU(stats->tlbi_stage1));
	tlb_close();
	world_close(&w);
}

/* --- owners ------------------------------------------------------------------ */

static const struct world_config owned = {
	.format = {12, 39, 40, 8, S2_FEAT_TTL | S2_FEAT_TLBIRANGE}, .shared = true, .owned = true};

static void annotate_ok(struct world *w, uint64_t ipa, uint64_t size, uint32_t owner,
			uint32_t flags)
{
	require_status(
		s2_annotate(&w->tree, &w->cpu[0], ipa, size, owner, owner * UINT64_C(3), flags),
		S2_OK);
}

static void require_owner(const struct world *w, uint64_t ipa, uint32_t owner, unsigned int level)
{
	struct s2_mapping m = look(w, ipa);

	require(m.kind == S2_KIND_ANNOTATED && s2_desc_owner(m.desc) == owner &&
			s2_desc_payload(m.desc) == owner * UINT64_C(3) && m.level == level,
		"IPA %#llx: %#llx at level %u", LLU(ipa), LLU(m.desc), m.level);
}

static void an_annotation_stands_as_high_as_its_range_covers(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &owned, 20);
	tlb_open(&w);
	annotate_ok(&w, 0, 2 * GB, 7, 0);
	require_owner(&w, GB + PAGE, 7, 1);
	require(!w.tree.tables && !w.cpu[0].stats.breaks, "tables for annotations");
	annotate_ok(&w, 3 * BLOCK + PAGE, PAGE, 8, 0);
	require_owner(&w, 3 * BLOCK + PAGE, 8, 3);
	require_owner(&w, 3 * BLOCK, 7, 3);
	require_owner(&w, 0, 7, 2);
	require(!w.cpu[0].stats.breaks, "something was broken");
	tlb_close();
	world_close(&w);
}

static void ownership_is_taken_only_on_purpose_and_survives_what_is_neutral(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &owned, 20);
	tlb_open(&w);
	annotate_ok(&w, 0, 2 * GB, 7, 0);
	require_status(s2_map(&w.tree, &w.cpu[0], BLOCK, PAGE, BLOCK, S2_RW, 0), S2_OWNED);
	require_status(s2_map(&w.tree, &w.cpu[0], BLOCK, PAGE, BLOCK, S2_RW, S2_HOLES), S2_OWNED);
	map_ok(&w, BLOCK, PAGE, BLOCK, S2_RW, S2_TAKE);
	require(look(&w, BLOCK).kind == S2_KIND_LEAF, "not taken");
	require_owner(&w, BLOCK + PAGE, 7, 3);
	require_status(s2_split(&w.tree, &w.cpu[0], 0, 2 * GB, 3, 0), S2_OK);
	require_owner(&w, GB, 7, 1);
	require_status(s2_collapse(&w.tree, &w.cpu[0], BLOCK, 2, 0), S2_NOT_UNIFORM);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, PAGE, 0), S2_OK);
	require(look(&w, GB).kind == S2_KIND_EMPTY, "unmapped, and still somebody's");
	require_owner(&w, GB + PAGE, 7, 3);
	tlb_close();
	world_close(&w);
}

static void a_block_does_not_overrule_an_annotation_in_a_table(void **state)
{
	struct world w;
	uint64_t pages = 9;

	(void)state;
	open_filled(&w, &owned, 20);
	tlb_open(&w);
	annotate_ok(&w, GB + 5 * PAGE, PAGE, 7, 0);
	require_status(s2_map(&w.tree, &w.cpu[0], GB, BLOCK, GB, S2_RW, 0), S2_OWNED);
	require(w.cpu[0].done == 5 * PAGE, "done %#llx", LLU(w.cpu[0].done));
	require_status(s2_map_cost(&w.tree, GB, BLOCK, GB, S2_RW, 0, &pages), S2_OWNED);
	require_owner(&w, GB + 5 * PAGE, 7, 3);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB + 5 * PAGE, PAGE, 0), S2_OK);
	map_ok(&w, GB, BLOCK, GB, S2_RW, 0);
	require(look(&w, GB).level == 3, "a block");
	require_status(s2_collapse(&w.tree, &w.cpu[0], GB, 2, 0), S2_OK);
	annotate_ok(&w, GB + 5 * PAGE, PAGE, 7, 0);
	require_status(s2_map_cost(&w.tree, GB, BLOCK, GB, S2_RW, S2_TAKE, &pages), S2_OK);
	require(pages == 0, "%llu pages", LLU(pages));
	map_ok(&w, GB, BLOCK, GB, S2_RW, S2_TAKE);
	require(look(&w, GB + 5 * PAGE).level == 2, "no block");
	tlb_close();
	world_close(&w);
}

static void a_page_that_is_taken_from_a_large_annotation_costs_the_tables_below_it(void **state)
{
	struct world w;
	uint64_t pages = 9;

	(void)state;
	open_filled(&w, &owned, 20);
	annotate_ok(&w, GB, GB, 7, 0);
	require_status(s2_map_cost(&w.tree, GB, PAGE, GB, S2_RW, 0, &pages), S2_OWNED);
	require(pages == 9, "%llu pages", LLU(pages));
	require_status(s2_map_cost(&w.tree, GB, PAGE, GB, S2_RW, S2_TAKE, &pages), S2_OK);
	require(pages == 2, "%llu pages", LLU(pages));
	world_fill(&w, &w.cpu[0], 1);
	require_status(s2_map(&w.tree, &w.cpu[0], GB, PAGE, GB, S2_RW, S2_TAKE), S2_NO_PAGE);
	world_fill(&w, &w.cpu[0], 2);
	map_ok(&w, GB, PAGE, GB, S2_RW, S2_TAKE);
	require(look(&w, GB).level == 3, "level %u", look(&w, GB).level);
	require_owner(&w, GB + PAGE, 7, 3);
	require_owner(&w, GB + BLOCK, 7, 2);
	world_close(&w);
}

/* What is unmapped and what is given away lie side by side, and are flushed together. */
static void deferred_annotations_and_unmaps_keep_apart(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &owned, 20);
	tlb_open(&w);
	map_ok(&w, GB, 6 * PAGE, GB, S2_RW, 0);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, PAGE, S2_DEFER), S2_OK);
	annotate_ok(&w, GB + PAGE, 2 * PAGE, 7, S2_DEFER);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB + 3 * PAGE, PAGE, S2_DEFER), S2_OK);
	/* A hole at the end of a run becomes what the run becomes. */
	annotate_ok(&w, GB + 5 * PAGE, 2 * PAGE, 8, S2_DEFER);
	tlb_returned(true);
	for (unsigned int page = 0; page <= 6; page += 1 + (page == 3))
		require(look(&w, GB + page * PAGE).kind == S2_KIND_LOCKED, "page %u", page);
	require_status(s2_flush(&w.tree, &w.cpu[0]), S2_OK);
	tlb_returned(false);
	require(look(&w, GB).kind == S2_KIND_EMPTY && look(&w, GB + 3 * PAGE).kind == S2_KIND_EMPTY,
		"unmapped, and not empty");
	require_owner(&w, GB + PAGE, 7, 3);
	require_owner(&w, GB + 2 * PAGE, 7, 3);
	require_owner(&w, GB + 5 * PAGE, 8, 3);
	require_owner(&w, GB + 6 * PAGE, 8, 3);
	require(look(&w, GB + 4 * PAGE).kind == S2_KIND_LEAF, "the page between");
	tlb_close();
	world_close(&w);
}

static void an_entry_that_another_cpu_has_locked_is_not_annotated(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &owned, 20);
	map_ok(&w, GB, 4 * PAGE, GB, S2_RW, 0);
	require_status(s2_unmap(&w.tree, &w.cpu[1], GB + PAGE, PAGE, S2_DEFER), S2_OK);
	require_status(s2_annotate(&w.tree, &w.cpu[0], GB, 4 * PAGE, 7, 21, S2_FAULT), S2_RETRY);
	require(w.cpu[0].done == PAGE, "done %#llx", LLU(w.cpu[0].done));
	require(look(&w, GB + PAGE).kind == S2_KIND_LOCKED, "the lock is gone");
	require(look(&w, GB + 2 * PAGE).kind == S2_KIND_LEAF, "annotated beyond the lock");
	require_owner(&w, GB, 7, 3);
	require_status(s2_flush(&w.tree, &w.cpu[1]), S2_OK);
	annotate_ok(&w, GB, 4 * PAGE, 7, S2_FAULT);
	world_close(&w);
}

static void holes_are_filled_and_what_is_mapped_stays(void **state)
{
	struct world w;
	uint64_t pages = 9;

	(void)state;
	open_filled(&w, &shared, 20);
	tlb_open(&w);
	map_ok(&w, GB + PAGE, PAGE, 7 * PAGE, S2_R | S2_SW(3), 0);
	require_status(s2_map_cost(&w.tree, GB, 2 * BLOCK, GB, S2_RWX, S2_HOLES, &pages), S2_OK);
	require(pages == 0, "%llu pages", LLU(pages));
	map_ok(&w, GB, 2 * BLOCK, GB, S2_RWX, S2_HOLES);
	struct s2_mapping m = look(&w, GB + PAGE);

	require(m.pa == 7 * PAGE && m.attr == (S2_R | S2_SW(3)), "%#llx", LLU(m.desc));
	require(look(&w, GB).pa == GB && look(&w, GB + 2 * PAGE).pa == GB + 2 * PAGE, "no holes");
	require(look(&w, GB + BLOCK).level == 2, "no block");
	require(w.cpu[0].stats.breaks == 0, "%llu breaks", LLU(w.cpu[0].stats.breaks));
	tlb_close();
	world_close(&w);
}

/* --- reading ---------------------------------------------------------------- */

static void lookup_takes_any_byte_address_and_tells_how_far_its_answer_goes(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB + PAGE, PAGE, 7 * PAGE, (S2_R | S2_X | S2_SW(2)), 0);
	map_ok(&w, GB + BLOCK, BLOCK, 3 * BLOCK, S2_RW | S2_DEVICE, 0);
	struct s2_mapping page = look(&w, GB + PAGE + 0xabc), block = look(&w, GB + 2 * BLOCK - 1);
	struct s2_mapping hole = look(&w, GB + 1), far = look(&w, 2 * GB + 5);

	require(page.ipa == GB + PAGE && page.size == PAGE && page.pa == 7 * PAGE &&
			page.attr == (S2_R | S2_X | S2_SW(2)) && page.level == 3 &&
			page.kind == S2_KIND_LEAF,
		"a page: %#llx", LLU(page.desc));
	require(block.ipa == GB + BLOCK && block.size == BLOCK && block.pa == 3 * BLOCK &&
			block.attr == (S2_RW | S2_DEVICE) && block.level == 2,
		"a block: %#llx", LLU(block.desc));
	require(hole.ipa == GB && hole.size == PAGE && hole.kind == S2_KIND_EMPTY && !hole.pa &&
			!hole.attr && !hole.desc,
		"a hole of a page: %#llx", LLU(hole.size));
	require(far.ipa == 2 * GB && far.size == GB && far.kind == S2_KIND_EMPTY,
		"a hole of 1 GiB: %#llx", LLU(far.size));
	world_close(&w);
}

struct seen {
	struct world *world;
	unsigned int count;
	uint64_t next;
};

static int in_order(const struct s2_mapping *m, void *arg)
{
	struct seen *seen = arg;

	require(m->ipa == seen->next, "IPA %#llx after %#llx", LLU(m->ipa), LLU(seen->next));
	seen->next = m->ipa + m->size;
	seen->count++;
	return 0;
}

static void walk_visits_every_entry_once_in_order_holes_included(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 8);
	map_ok(&w, GB + 5 * PAGE, PAGE, 0, S2_RW, 0);
	map_ok(&w, GB + BLOCK, BLOCK, 0, S2_RW, 0);
	struct seen seen = {.world = &w};

	require_status(s2_walk(&w.tree, 0, BIT(39), in_order, &seen), S2_OK);
	require(seen.next == BIT(39) && seen.count == 511 + 511 + 512, "%u visits", seen.count);
	seen = (struct seen){.world = &w, .next = GB + BLOCK};
	require_status(s2_walk(&w.tree, GB + BLOCK + PAGE, PAGE, in_order, &seen), S2_OK);
	require(seen.count == 1, "%u visits for a page in a block", seen.count);
	world_close(&w);
}

/* "On a shared tree `visit` may call any operation." */
static int unmap_it(const struct s2_mapping *m, void *arg)
{
	struct seen *seen = arg;

	seen->count += m->kind == S2_KIND_LEAF;
	return m->kind != S2_KIND_LEAF
		       ? 0
		       : s2_unmap(&seen->world->tree, &seen->world->cpu[0], m->ipa, m->size, 0);
}

static void visit_may_change_a_shared_tree(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 20);
	map_ok(&w, GB, 4 * BLOCK, GB, S2_RW, 0);
	map_ok(&w, GB + BLOCK, BLOCK, GB, S2_RW, S2_PAGES);
	struct seen seen = {.world = &w};

	require_status(s2_walk(&w.tree, 0, BIT(39), unmap_it, &seen), S2_OK);
	require(seen.count == 3 + 512, "%u leaves", seen.count);
	seen = (struct seen){.world = &w};
	require_status(s2_walk(&w.tree, 0, BIT(39), unmap_it, &seen), S2_OK);
	require(seen.count == 0, "%u leaves are left", seen.count);
	world_close(&w);
}

/* --- costs, quotas, counters ------------------------------------------------ */

static void require_cost(struct world *w, uint64_t ipa, uint64_t size, uint64_t pa, uint32_t flags,
			 uint64_t expected)
{
	uint64_t pages = UINT64_MAX;

	require_status(s2_map_cost(&w->tree, ipa, size, pa, S2_RW, flags, &pages), S2_OK);
	require(pages == expected, "%#llx+%#llx to %#llx: %llu pages, not %llu", LLU(ipa),
		LLU(size), LLU(pa), LLU(pages), LLU(expected));
}

static void map_cost_counts_what_map_would_take(void **state)
{
	struct world w;

	(void)state;
	open_filled(&w, &shared, 20);
	require_cost(&w, 0, PAGE, 0, 0, 2);
	require_cost(&w, 0, BLOCK, 0, 0, 1);
	require_cost(&w, 0, BLOCK, 0, S2_PAGES, 2);
	require_cost(&w, 0, GB, 0, 0, 0);
	require_cost(&w, 0, GB, BLOCK, 0, 1);
	require_cost(&w, 0, GB, PAGE, 0, 513);
	require_cost(&w, 0, 8 * GB, 0, S2_PAGES, UINT64_C(8) * 513);
	require_cost(&w, GB - PAGE, 2 * PAGE, GB - PAGE, 0, 4);
	require_cost(&w, GB - BLOCK - PAGE, GB + 2 * BLOCK + 2 * PAGE, GB - BLOCK - PAGE, 0, 4);
	map_ok(&w, 0, GB, 0, S2_RW, 0);
	require_cost(&w, BLOCK, 5 * PAGE, BLOCK, 0, 0);
	require_cost(&w, BLOCK, PAGE, 0, 0, 2);
	require_cost(&w, 0, GB, GB, 0, 0);
	map_ok(&w, 0, PAGE, PAGE, S2_RW, 0);
	require_cost(&w, PAGE, PAGE, 0, 0, 0);
	require_cost(&w, 5 * BLOCK, PAGE, 0, 0, 1);
	world_close(&w);
}

/* Tables that wait to be reclaimed are still the tree's. */
static void the_quota_is_never_exceeded_and_counts_tables_until_they_are_freed(void **state)
{
	const struct world_config config = {
		.format = {12, 39, 40, 8, 0}, .shared = true, .quota = 3};
	struct world w;

	(void)state;
	open_filled(&w, &config, 20);
	map_ok(&w, GB, PAGE, 0, S2_RW, 0);
	map_ok(&w, GB + BLOCK, PAGE, 0, S2_RW, 0);
	require_status(s2_map(&w.tree, &w.cpu[0], GB + 2 * BLOCK, PAGE, 0, S2_RW, 0), S2_QUOTA);
	require(w.tree.tables == 3 && w.cpu[0].cache.count == 17, "%llu tables",
		LLU(w.tree.tables));
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, BLOCK, 0), S2_OK);
	require_status(s2_map(&w.tree, &w.cpu[0], GB + 2 * BLOCK, PAGE, 0, S2_RW, 0), S2_QUOTA);
	world_quiesce(&w);
	map_ok(&w, GB + 2 * BLOCK, PAGE, 0, S2_RW, 0);
	world_close(&w);
}

static uint64_t tlbis(enum s2_host_op op)
{
	return s2_host_tlbis[op - S2_HOST_TLBI_FIRST];
}

static void busy_life(struct world *w)
{
	struct s2_cpu *cpu = &w->cpu[0];

	map_ok(w, GB, 4 * BLOCK, GB, S2_RW, 0);
	map_ok(w, GB + BLOCK, BLOCK, GB, S2_RW, S2_PAGES);
	require_status(s2_split(&w->tree, cpu, GB, BLOCK, 3, 0), S2_OK);
	require_status(s2_collapse(&w->tree, cpu, GB, 2, 0), S2_OK);
	map_ok(w, GB + 3 * BLOCK, PAGE, 0, S2_R, S2_FAULT);
	map_ok(w, GB + 3 * BLOCK, PAGE, 0, S2_RW, S2_FAULT);
	require_status(s2_unmap(&w->tree, cpu, GB + PAGE, 2 * BLOCK, 0), S2_OK);
	require_status(s2_unmap(&w->tree, cpu, 0, 4 * GB, 0), S2_OK);
	world_quiesce(w);
}

static void the_counters_count_what_happened(void **state)
{
	struct s2_stats *stats;
	struct world w;

	(void)state;
	memset(s2_host_tlbis, 0, sizeof(s2_host_tlbis));
	open_filled(&w, &shared, 20);
	busy_life(&w);
	stats = &w.cpu[0].stats;
	assert_int_equal(stats->tlbi_ipa,
			 tlbis(S2_HOST_TLBI_IPAS2E1IS) + tlbis(S2_HOST_TLBI_IPAS2LE1IS));
	assert_int_equal(stats->tlbi_range,
			 tlbis(S2_HOST_TLBI_RIPAS2E1IS) + tlbis(S2_HOST_TLBI_RIPAS2LE1IS));
	assert_int_equal(stats->tlbi_vmid, tlbis(S2_HOST_TLBI_VMALLS12E1IS));
	assert_int_equal(stats->tlbi_stage1, tlbis(S2_HOST_TLBI_VMALLE1IS));
	assert_int_equal(stats->tlbi_local, tlbis(S2_HOST_TLBI_IPAS2E1));
	assert_int_equal(stats->tables_linked - stats->tables_freed, w.tree.tables);
	assert_int_equal(stats->collapses, 1);
	assert_int_equal(stats->splits, 5);
	assert_int_equal(stats->retries, 0);
	assert_int_equal(stats->pages_returned, 0);
	require(stats->breaks >= 8, "%llu breaks", LLU(stats->breaks));
	world_close(&w);
}

static void a_cache_is_a_stack_of_pages(void **state)
{
	struct s2_cache *cache;
	void *page[5];
	struct world w;

	(void)state;
	open_filled(&w, &shared, 0);
	cache = &w.cpu[0].cache;
	for (size_t i = 0; i < ARRAY_SIZE(page); i++) {
		page[i] = s2_host_alloc(PAGE);
		require_status(s2_cache_put(cache, page[i]), S2_OK);
	}
	for (size_t i = ARRAY_SIZE(page); i--;)
		require(s2_cache_take(cache) == page[i] && cache->count == i, "page %zu", i);
	require(!s2_cache_take(cache) && !s2_cache_take(NULL), "a page out of nowhere");
	for (size_t i = 0; i < ARRAY_SIZE(page); i++)
		s2_host_free(page[i], PAGE);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_uses_blocks_wherever_both_addresses_and_the_size_allow),
		cmocka_unit_test(memory_goes_on_where_an_address_leaves_its_low_bits),
		cmocka_unit_test(what_is_mapped_already_costs_nothing_also_in_a_larger_block),
		cmocka_unit_test(a_fault_never_needs_more_than_s2_fault_pages),
		cmocka_unit_test(what_lies_beside_a_range_in_the_largest_block_keeps_its_mapping),
		cmocka_unit_test(what_is_deferred_stays_locked_until_a_piece_too_many_flushes_it),
		cmocka_unit_test(an_annotation_stands_as_high_as_its_range_covers),
		cmocka_unit_test(ownership_is_taken_only_on_purpose_and_survives_what_is_neutral),
		cmocka_unit_test(a_block_does_not_overrule_an_annotation_in_a_table),
		cmocka_unit_test(
			a_page_that_is_taken_from_a_large_annotation_costs_the_tables_below_it),
		cmocka_unit_test(deferred_annotations_and_unmaps_keep_apart),
		cmocka_unit_test(an_entry_that_another_cpu_has_locked_is_not_annotated),
		cmocka_unit_test(holes_are_filled_and_what_is_mapped_stays),
		cmocka_unit_test(lookup_takes_any_byte_address_and_tells_how_far_its_answer_goes),
		cmocka_unit_test(walk_visits_every_entry_once_in_order_holes_included),
		cmocka_unit_test(visit_may_change_a_shared_tree),
		cmocka_unit_test(map_cost_counts_what_map_would_take),
		cmocka_unit_test(
			the_quota_is_never_exceeded_and_counts_tables_until_they_are_freed),
		cmocka_unit_test(the_counters_count_what_happened),
		cmocka_unit_test(a_cache_is_a_stack_of_pages),
	};

	return run_suite("contract", tests);
}
