/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Random operations against a flat array of pages, with a TLB that never forgets.
 *
 * For each format, thousands of operations with whatever resources a caller may
 * have: a full cache, an empty one, exactly the pages that s2_map_cost() asked
 * for, a budget of a few entries, a quota.  After every call, finished or not,
 * the tables must say what the array says, no CPU may be able to use anything
 * else, and every page must be accounted for.
 *
 * A failure prints its seed; S2_SEED=... repeats it.
 */
#include "lib/suite.h"

#include <stage2/inspect.h>

#include "lib/trial.h"

/* --- what is drawn ---------------------------------------------------------- */

/* A mapping of the whole window, one of a few; sometimes shifted, so that no block fits. */
static uint64_t draw_pa(struct trial *t, uint64_t ipa)
{
	uint64_t block = arch_size(&t->world.regime, t->model.unit_level - 1);
	uint64_t span = (t->profile->blocks + 1) * block;
	uint64_t base = trial_draw(t, 2) * span;

	if (trial_draw(t, 4) == 0)
		base = BIT(t->world.fmt.pa_bits) - 2 * span;
	if (trial_draw(t, 5) == 0)
		base += (1 + trial_draw(t, 3)) * t->model.unit;
	return base + (ipa - t->model.window[t->window].ipa);
}

static s2_attr draw_attr(struct trial *t)
{
	static const s2_attr common[] = {S2_RWX, S2_RW, S2_R, S2_R | S2_X};
	static const s2_attr rare[] = {
		S2_RW | S2_OLD,
		S2_RWX | S2_OLD,
		S2_RWX | S2_SW(1),
		S2_RW | S2_SW(7),
		S2_RW | S2_DEVICE,
		S2_R | S2_DEVICE,
		S2_RW | S2_NORMAL_NC,
		S2_RWX | S2_NORMAL_NC,
		S2_W,
		S2_X,
		0,
		S2_OLD,
		S2_RW | S2_LOG,
		S2_RWX | S2_LOG | S2_DIRTY,
		S2_RW | S2_LOG | S2_OLD,
		S2_W | S2_LOG | S2_DIRTY,
	};

	return trial_draw(t, 3) ? common[trial_draw(t, ARRAY_SIZE(common))]
				: rare[trial_draw(t, ARRAY_SIZE(rare))];
}

#define PAGES_MAX 10000 /* that a map by pages alone writes */

/* --- map -------------------------------------------------------------------- */

static int run_map(struct trial *t, const struct call *call, struct range rest)
{
	return s2_map(&t->world.tree, trial_cpu(t), rest.ipa, rest.size,
		      call->pa + (rest.ipa - call->range.ipa), call->attr, call->flags);
}

/*
 * A block has one access flag: set, if that of any page in it was to stay set, or
 * if it took the place of a table.  Then it is dirty, too, if it is logged.
 */
static void share_marks(struct trial *t, struct range part)
{
	struct arch_walk walk;

	for (uint64_t ipa = part.ipa; ipa < part.ipa + part.size; ipa += t->model.unit) {
		bool young = !(*model_at(&t->model, ipa) & S2_OLD);
		bool formed;

		arch_walk(&t->world.regime, ipa, &walk);
		formed = t->entry_size[trial_unit(t, ipa)] < walk.size;
		if ((young && walk.size > t->model.unit) || formed)
			model_touch(&t->model, walk.ipa, walk.size);
		if (formed)
			model_write(&t->model, walk.ipa, walk.size);
	}
}

/* Of a unit, unless holes alone are mapped, and it is none. */
static void map_unit(struct trial *t, const struct call *call, uint64_t ipa)
{
	bool hole = *model_at(&t->model, ipa) == MODEL_EMPTY;

	if (hole || !(call->flags & S2_HOLES))
		model_map(&t->model, ipa, t->model.unit, call->pa + (ipa - call->range.ipa),
			  call->attr);
}

static void apply_map(struct trial *t, const struct call *call, struct range part)
{
	uint64_t end = part.ipa + part.size;

	for (uint64_t ipa = part.ipa; ipa < end; ipa += t->model.unit)
		map_unit(t, call, ipa);
	if (call->attr & (S2_OLD | S2_LOG))
		share_marks(t, part);
	for (uint64_t ipa = part.ipa; ipa < end; ipa += t->model.unit)
		trial_replaced(t, ipa, t->was[trial_unit(t, ipa)]);
}

/* The first annotated unit of a range that stops a map; its end if there is none. */
static uint64_t first_owned(struct trial *t, struct range range)
{
	for (uint64_t ipa = range.ipa; ipa < range.ipa + range.size; ipa += t->model.unit)
		if (*model_at(&t->model, ipa) & MODEL_OWNED &&
		    !model_is_mapped(*model_at(&t->model, ipa)))
			return ipa;
	return range.ipa + range.size;
}

/*
 * In a tree that was made without owners a table that gives way to a block is not searched
 * for annotations: a map that shall stop at one must be too short for such a block.
 */
static void make_short(struct trial *t, struct call *call, uint64_t owned)
{
	uint64_t before = owned - call->range.ipa;
	uint64_t skip = before > 2 * t->model.unit ? before - 2 * t->model.unit : 0;

	call->range.ipa += skip;
	call->range.size = owned + t->model.unit - call->range.ipa;
	call->pa += skip;
}

static void fill_exactly(struct trial *t, const struct call *call)
{
	bool owned = first_owned(t, call->range) < call->range.ipa + call->range.size;
	uint64_t pages = 0;
	int status = s2_map_cost(&t->world.tree, call->range.ipa, call->range.size, call->pa,
				 call->attr, call->flags, &pages);

	require(status == S2_OK || (status == S2_OWNED && owned), "cost: %s", status_name(status));
	world_fill(&t->world, trial_cpu(t), (uint32_t)pages);
}

/* An exclusive tree frees what was unlinked at once, into the same cache. */
static void check_exact(struct trial *t, int status, bool owned)
{
	require(status != S2_NO_PAGE || owned, "the cost was too low");
	if (status == S2_OK && t->profile->shared)
		require(trial_cpu(t)->cache.count == 0, "the cost was %u too high",
			trial_cpu(t)->cache.count);
}

static void do_map(struct trial *t)
{
	struct call call = {.name = "map", .run = run_map, .apply = apply_map};
	enum resources resources = trial_draw(t, 4) ? trial_draw_resources(t) : EXACT;
	uint64_t owned;

	call.range = trial_draw_range(t);
	call.pa = draw_pa(t, call.range.ipa);
	call.attr = draw_attr(t);
	call.flags = trial_draw_flags(t);
	if (trial_draw(t, 4) == 0 && call.range.size >> t->world.fmt.granule_shift <= PAGES_MAX)
		call.flags |= S2_PAGES;
	if (trial_draw(t, 5) == 0)
		call.flags |= S2_HOLES;
	else if (t->profile->owned && trial_draw(t, 3) == 0)
		call.flags |= S2_TAKE;
	owned = call.flags & S2_TAKE ? call.range.ipa + call.range.size
				     : first_owned(t, call.range);
	if (owned < call.range.ipa + call.range.size && !t->profile->owned)
		make_short(t, &call, owned);
	trial_begin(t, &call);
	trial_provide(t, resources);
	if (resources == EXACT)
		fill_exactly(t, &call);
	int status = resources == EXACT ? run_map(t, &call, call.range) : trial_run(t, &call);

	if (resources == EXACT) {
		struct range rest = call.range;

		check_exact(t, status, owned < call.range.ipa + call.range.size);
		trial_settle(t, &call, &rest, status);
		trial_end(t);
		if (status == S2_NO_PAGE)
			return;
	}
	if (status == S2_QUOTA && t->profile->quota)
		return;
	require_status(status, owned < call.range.ipa + call.range.size ? S2_OWNED : S2_OK);
	if (status == S2_OWNED)
		require(*model_at(&t->model, owned) & MODEL_OWNED, "ownership was taken");
}

/* --- unmap, at once and deferred -------------------------------------------- */

static int run_unmap(struct trial *t, const struct call *call, struct range rest)
{
	return s2_unmap(&t->world.tree, trial_cpu(t), rest.ipa, rest.size, call->flags);
}

static void apply_unmap(struct trial *t, const struct call *call, struct range part)
{
	model_unmap(&t->model, part.ipa, part.size, call->flags & S2_DEFER);
	for (uint64_t ipa = part.ipa; ipa < part.ipa + part.size; ipa += t->model.unit)
		trial_replaced(t, ipa, t->was[trial_unit(t, ipa)]);
}

static void unmap_once(struct trial *t, uint32_t flags)
{
	struct call call = {.name = "unmap", .run = run_unmap, .apply = apply_unmap};

	call.range = trial_draw_range(t);
	call.flags = flags | trial_draw_flags(t);
	call.flags |= (uint32_t)(trial_draw(t, 4) ? 0 : S2_CLEAN);
	trial_begin(t, &call);
	trial_provide(t, trial_draw_resources(t));
	int status = trial_run(t, &call);

	require(status == S2_OK || (status == S2_QUOTA && t->profile->quota), "unmap: %s",
		status_name(status));
}

static void do_unmap(struct trial *t)
{
	unmap_once(t, 0);
}

static void do_flush(struct trial *t)
{
	require_status(s2_flush(&t->world.tree, trial_cpu(t)), S2_OK);
}

/* --- split and collapse ----------------------------------------------------- */

static int run_split(struct trial *t, const struct call *call, struct range rest)
{
	return s2_split(&t->world.tree, trial_cpu(t), rest.ipa, rest.size, call->level,
			call->flags);
}

static int visit_split(const struct s2_mapping *m, void *arg)
{
	const uint32_t *level = arg;

	require(m->kind != S2_KIND_LEAF || m->level >= *level,
		"IPA %#llx is still a block of level %u", LLU(m->ipa), m->level);
	return 0;
}

static void do_split(struct trial *t)
{
	struct call call = {.name = "split", .run = run_split, .apply = trial_apply_nothing};
	unsigned int top = t->world.fmt.start_level;

	call.range = trial_draw_range(t);
	call.level = top + (uint32_t)trial_draw(t, 4 - top);
	/* Down to pages only where they are the unit, or there would be a million. */
	if (t->model.unit_level < 3 && call.level > t->model.unit_level)
		call.level = t->model.unit_level;
	call.flags = trial_draw_flags(t);
	trial_begin(t, &call);
	trial_provide(t, trial_draw_resources(t));
	int status = trial_run(t, &call);

	if (status == S2_QUOTA && t->profile->quota)
		return;
	require_status(status, S2_OK);
	require_status(
		s2_walk(&t->world.tree, call.range.ipa, call.range.size, visit_split, &call.level),
		S2_OK);
}

/* What the table below an entry says to somebody who asks whether it is a block. */
struct uniformity {
	bool block_already;
	bool uniform;
	s2_attr attr; /* of the first, and dirty if one is, old if all are */
};

/* What pages of one block may differ in. */
static bool fits(s2_attr first, s2_attr attr)
{
	return !((first ^ attr) & ~(S2_OLD | (first & S2_LOG ? S2_DIRTY : 0)));
}

static struct uniformity examine(struct trial *t, uint64_t ipa, unsigned int level)
{
	uint64_t size = arch_size(&t->world.regime, level);
	uint64_t step = arch_size(&t->world.regime, level + 1);
	struct uniformity u = {.uniform = true};
	struct arch_walk first, walk;
	s2_attr attr;

	arch_walk(&t->world.regime, ipa, &first);
	u.block_already = first.kind == ARCH_LEAF && first.level <= level;
	(void)arch_attr(&t->world.regime, first.level, first.desc, &u.attr);
	u.uniform = first.pa % size == 0;
	for (uint64_t at = 0; at < size && u.uniform && !u.block_already; at += step) {
		arch_walk(&t->world.regime, ipa + at, &walk);
		u.uniform = walk.kind == ARCH_LEAF && walk.level == level + 1 &&
			    walk.pa == first.pa + at &&
			    arch_attr(&t->world.regime, walk.level, walk.desc, &attr) &&
			    fits(u.attr, attr);
		if (u.uniform)
			u.attr = (u.attr | (attr & S2_DIRTY)) & ~(~attr & S2_OLD);
	}
	return u;
}

/* What hardware can note in a table, a block formed of it has noted. */
static void note_block(struct trial *t, const struct uniformity *u, uint64_t ipa,
		       unsigned int level)
{
	uint64_t size = arch_size(&t->world.regime, level);
	uint32_t features = t->world.fmt.features;

	if (!(u->attr & S2_OLD) || features & S2_FEAT_HAF)
		model_touch(&t->model, ipa, size);
	if (u->attr & S2_DIRTY || features & S2_FEAT_HD)
		model_write(&t->model, ipa, size);
}

static unsigned int draw_block_level(struct trial *t)
{
	unsigned int level = t->model.unit_level - 1;

	if (t->model.unit_level < 3 && trial_draw(t, 2))
		level++;
	return level;
}

static void collapse_at(struct trial *t, uint64_t ipa, unsigned int level)
{
	struct uniformity u = examine(t, ipa, level);

	trial_provide(t, SCARCE);
	int status = s2_collapse(&t->world.tree, trial_cpu(t), ipa, level,
				 trial_draw(t, 4) ? 0 : S2_FAULT);

	require_status(status, u.block_already || u.uniform ? S2_OK : S2_NOT_UNIFORM);
	if (status == S2_OK && !u.block_already)
		note_block(t, &u, ipa, level);
	trial_end(t);
	trial_check(t);
	if (status == S2_OK)
		require(examine(t, ipa, level).block_already, "collapsed, but not a block");
}

static void do_collapse(struct trial *t)
{
	unsigned int level = draw_block_level(t);
	struct call call = {.name = "collapse", .range = trial_draw_range(t), .level = level};

	call.range.ipa &= ~(arch_size(&t->world.regime, level) - 1);
	trial_begin(t, &call);
	if (s2_level_has_leaf(&t->world.fmt, level) && level >= t->world.fmt.start_level)
		collapse_at(t, call.range.ipa, level);
}

static int run_compact(struct trial *t, const struct call *call, struct range rest)
{
	return s2_compact(&t->world.tree, trial_cpu(t), rest.ipa, rest.size, call->level,
			  call->flags);
}

static void note_formed(struct trial *t, struct range range, unsigned int level)
{
	uint64_t size = arch_size(&t->world.regime, level);
	uint64_t last = range.ipa + range.size - 1;

	for (uint64_t ipa = range.ipa & ~(size - 1); ipa <= last; ipa += size) {
		struct uniformity u = examine(t, ipa, level);

		if (!u.block_already && u.uniform)
			note_block(t, &u, ipa, level);
	}
}

/* One level at a time, so that what will be formed can be told before. */
static void do_compact(struct trial *t)
{
	struct call call = {.name = "compact", .run = run_compact, .apply = trial_apply_nothing};
	unsigned int level = draw_block_level(t);
	uint32_t cached;
	int status;

	if (!s2_level_has_leaf(&t->world.fmt, level) || level < t->world.fmt.start_level)
		return;
	call.range = trial_draw_range(t);
	call.level = trial_draw(t, 4) ? level : 3;
	call.flags = trial_draw_flags(t);
	/* Blocks of level 2 may be formed first, and of them one of level 1. */
	if (level < 2 && call.level < 3)
		call.level = 2;
	trial_begin(t, &call);
	trial_provide(t, SCARCE);
	trial_cpu(t)->budget = trial_draw(t, 4) ? 0 : 1 + (uint32_t)trial_draw(t, 3000);
	if (call.level < 3)
		note_formed(t, call.range, call.level);
	cached = trial_cpu(t)->cache.count;
	status = trial_run(t, &call);
	require_status(status, S2_OK);
	require(trial_cpu(t)->cache.count >= cached, "it took a page");
}

/* A split has as many pages as s2_split_cost() says, and needs no more. */
static void do_split_exactly(struct trial *t)
{
	struct call call = {
		.name = "split, exactly", .run = run_split, .apply = trial_apply_nothing};
	unsigned int top = t->world.fmt.start_level;
	uint64_t pages;

	if (t->profile->quota)
		return;
	call.range = trial_draw_range(t);
	call.level = top + (uint32_t)trial_draw(t, 4 - top);
	if (t->model.unit_level < 3 && call.level > t->model.unit_level)
		call.level = t->model.unit_level;
	trial_begin(t, &call);
	require_status(
		s2_split_cost(&t->world.tree, call.range.ipa, call.range.size, call.level, &pages),
		S2_OK);
	world_fill(&t->world, trial_cpu(t), (uint32_t)pages);
	trial_cpu(t)->budget = 0;
	require_status(trial_run(t, &call), S2_OK);
	require(!trial_cpu(t)->cache.count, "the cost was %u too high", trial_cpu(t)->cache.count);
}

/* Something that can be collapsed: a block, split, some pages of which note something since. */
static void do_split_and_collapse(struct trial *t)
{
	unsigned int level = t->model.unit_level - 1;
	struct call call = {.name = "block", .run = run_map, .apply = apply_map};

	if (!s2_level_has_leaf(&t->world.fmt, level) || t->profile->quota)
		return;
	call.range = trial_draw_range(t);
	call.range.size = arch_size(&t->world.regime, level);
	call.range.ipa &= ~(call.range.size - 1);
	call.pa = call.range.ipa - t->model.window[t->window].ipa;
	call.attr = draw_attr(t);
	trial_begin(t, &call);
	if (first_owned(t, call.range) < call.range.ipa + call.range.size)
		return;
	trial_provide(t, PLENTY);
	require_status(trial_run(t, &call), S2_OK);
	call.run = run_split;
	call.apply = trial_apply_nothing;
	call.level = t->model.unit_level;
	trial_begin(t, &call);
	require_status(trial_run(t, &call), S2_OK);
	for (uint64_t n = trial_draw(t, 4); n; n--)
		trial_touch_in(t, call.range);
	collapse_at(t, call.range.ipa, level);
}

/* --- deferred unmaps -------------------------------------------------------- */

/* Any operation of this CPU completes what it has deferred; so does s2_flush(). */
static void do_deferred(struct trial *t)
{
	static void (*const completes[])(struct trial *) = {do_map, do_unmap, do_split, do_flush,
							    do_flush};
	struct call call = {.name = "deferred"};

	trial_begin(t, &call);
	trial_provide(t, PLENTY);
	t->deferring = true;
	for (uint64_t n = 1 + trial_draw(t, 12); n; n--)
		unmap_once(t, S2_DEFER);
	model_flush(&t->model);
	completes[trial_draw(t, ARRAY_SIZE(completes))](t);
	t->deferring = false;
	trial_end(t);
	require(trial_cpu(t)->gather.runs == 0, "flushed, and still %u runs",
		trial_cpu(t)->gather.runs);
	trial_check(t);
}

/* --- what is not an operation ----------------------------------------------- */

/* By the hand of the test, in a tree that was not made for it: what is there is respected. */
static void annotate_unit(struct trial *t, uint64_t ipa, uint32_t owner)
{
	struct arch_walk walk;

	arch_walk(&t->world.regime, ipa, &walk);
	if (walk.desc || walk.level != t->model.unit_level || trial_draw(t, 3))
		return;
	world_annotate(&t->world, ipa, walk.level, owner);
	model_own(&t->model, ipa, owner);
	trial_check(t);
}

static int run_annotate(struct trial *t, const struct call *call, struct range rest)
{
	return s2_annotate(&t->world.tree, trial_cpu(t), rest.ipa, rest.size, call->level, call->pa,
			   call->flags);
}

static void apply_annotate(struct trial *t, const struct call *call, struct range part)
{
	for (uint64_t ipa = part.ipa; ipa < part.ipa + part.size; ipa += t->model.unit) {
		model_own(&t->model, ipa, call->level);
		trial_replaced(t, ipa, t->was[trial_unit(t, ipa)]);
	}
}

static int visit_payload(const struct s2_mapping *m, void *arg)
{
	require(m->kind == S2_KIND_ANNOTATED && s2_desc_payload(m->desc) == *(uint64_t *)arg,
		"IPA %#llx: %#llx", LLU(m->ipa), LLU(m->desc));
	return 0;
}

/* The call's level is the owner, its address the payload. */
static void do_annotate(struct trial *t)
{
	struct call call = {.name = "annotate", .run = run_annotate, .apply = apply_annotate};
	int status;

	call.range = trial_draw_range(t);
	call.level = 1 + (uint32_t)trial_draw(t, trial_draw(t, 2) ? 3 : S2_OWNER_MAX);
	call.pa = trial_draw(t, 2) ? 0 : trial_draw(t, S2_PAYLOAD_MAX + 1);
	call.flags = trial_draw_flags(t);
	trial_begin(t, &call);
	if (!t->profile->owned) {
		annotate_unit(t, call.range.ipa, call.level);
		return;
	}
	trial_provide(t, trial_draw_resources(t));
	status = trial_run(t, &call);
	if (status == S2_QUOTA && t->profile->quota)
		return;
	require_status(status, S2_OK);
	require_status(
		s2_walk(&t->world.tree, call.range.ipa, call.range.size, visit_payload, &call.pa),
		S2_OK);
}

static void do_reclaim(struct trial *t)
{
	struct call call = {.name = "reclaim", .range = trial_draw_range(t)};
	struct s2_cpu *cpu = trial_cpu(t);
	uint32_t before = cpu->cache.count;

	trial_begin(t, &call);
	for (unsigned int i = 0; t->profile->shared && i < WORLD_CPUS; i++)
		if (trial_draw(t, 2))
			require_status(s2_qsbr_quiescent(&t->world.qsbr, i), S2_OK);
	cpu->budget = (uint32_t)trial_draw(t, 4);
	int status = s2_reclaim(&t->world.tree, cpu);

	require(status == S2_OK || (status == S2_MORE && cpu->budget) ||
			(status == S2_RETRY && t->profile->shared),
		"reclaim: %s", status_name(status));
	require(!cpu->budget || cpu->cache.count - before <= cpu->budget,
		"%u tables freed with a budget of %u", cpu->cache.count - before, cpu->budget);
	trial_check(t);
}

/* --- a trial ---------------------------------------------------------------- */

static void one_step(struct trial *t)
{
	static void (*const actions[])(struct trial *) = {
		do_map,
		do_map,
		do_map,
		do_map,
		do_map,
		do_map,
		do_unmap,
		do_unmap,
		do_split,
		do_split,
		do_collapse,
		do_split_and_collapse,
		do_deferred,
		trial_access,
		do_annotate,
		do_reclaim,
		do_compact,
		do_compact,
		do_split_exactly,
		trial_protect,
		trial_protect,
		trial_touch,
		trial_touch,
		trial_age,
		trial_age,
		trial_log_start,
		trial_log_collect,
		trial_log_collect,
		trial_log_stop,
		trial_group,
		trial_clean,
		trial_access,
	};

	t->window = (unsigned int)trial_draw(t, MODEL_WINDOWS);
	actions[trial_draw(t, ARRAY_SIZE(actions))](t);
	if (t->step % 64 == 0)
		for (unsigned int i = 0; i < MODEL_WINDOWS; i++)
			model_compare(&t->model, i);
	if (t->step % 16 == 0)
		model_compare_ranges(&t->model, t->window, (t->step / 16) & S2_MERGE_ALL);
	if (t->step % 128 == 0)
		model_verify(&t->model);
}

/* All of it is taken apart by s2_destroy() in slices, or was unmapped and reclaimed before. */
static void end_trial(struct trial *t)
{
	struct s2_cpu *cpu = trial_cpu(t);
	int status;

	model_compare_rest(&t->model);
	tlb_close();
	if (trial_draw(t, 2)) {
		cpu->budget = 0;
		cpu->log = NULL;
		world_fill(&t->world, cpu, TRIAL_PAGES);
		require_status(s2_unmap(&t->world.tree, cpu, 0, BIT(t->world.fmt.ipa_bits), 0),
			       S2_OK);
		world_quiesce(&t->world);
		require(t->world.tree.tables == 0, "%llu tables in an empty tree",
			LLU(t->world.tree.tables));
	}
	do {
		cpu->budget = 1 + (uint32_t)trial_draw(t, 20);
		status = s2_destroy(&t->world.tree, cpu);
		world_balance(&t->world);
	} while (status == S2_MORE);
	require_status(status, S2_OK);
	trial_close(t);
}

static void agree_with_a_flat_array(void **state)
{
	const struct profile *profile = *state;
	/* Fewer where each of them is slower than usual. */
	unsigned int steps = profile->steps * setting("S2_PERCENT", 100) / 100;
	struct trial t;

	trial_open(&t, profile,
		   random_seed(0x7e57 + profile->format.ipa_bits + 256 * profile->format.features));
	for (t.step = 0; t.step < steps; t.step++)
		one_step(&t);
	end_trial(&t);
}

#define LPA2 S2_FEAT_LPA2
#define FWB S2_FEAT_FWB
#define TTL S2_FEAT_TTL
#define RANGE S2_FEAT_TLBIRANGE
#define TLBI (TTL | RANGE)
#define HAF S2_FEAT_HAF
#define HD (S2_FEAT_HAF | S2_FEAT_HD)
#define XNX S2_FEAT_XNX
#define BBM1 S2_FEAT_BBM1
#define BBM2 S2_FEAT_BBM2
#define CONTIG S2_FEAT_CONTIG

/* granule, IPA bits, PA bits, VMID bits, features; unit, blocks, steps, shared, quota, owners */
static struct profile profiles[] = {
	{"4K, 4 root tables at level 2", {12, 32, 40, 8, 0}, 3, 3, 1300, true, 0, false},
	{"4K, 4 root tables at level 2, exclusive",
	 {12, 32, 40, 8, 0},
	 3,
	 3,
	 1300,
	 false,
	 0,
	 false},
	{"4K, 2 root tables at level 1", {12, 40, 40, 16, TTL}, 3, 3, 1300, true, 0, false},
	{"4K, level 1, FWB", {12, 39, 48, 16, TLBI | FWB}, 3, 3, 1300, true, 0, false},
	{"4K, 16 root tables, exclusive", {12, 43, 44, 16, RANGE}, 3, 3, 1300, false, 0, false},
	{"4K, level 0, HAF", {12, 48, 48, 16, TLBI | HAF}, 3, 3, 1300, true, 0, false},
	{"4K, LPA2, 52 bits", {12, 52, 52, 16, LPA2 | TLBI}, 3, 3, 1300, true, 0, false},
	{"4K, LPA2, HAF, exclusive",
	 {12, 44, 48, 16, LPA2 | RANGE | HAF},
	 3,
	 3,
	 1300,
	 false,
	 0,
	 false},
	{"4K blocks, level 1", {12, 36, 40, 16, 0}, 2, 3, 700, true, 0, false},
	{"4K blocks, HAF", {12, 40, 40, 8, TTL | HAF}, 2, 3, 700, true, 0, false},
	{"4K blocks, level 0, FWB", {12, 48, 48, 16, TLBI | FWB}, 2, 3, 700, true, 0, false},
	{"4K blocks, level 0, exclusive", {12, 48, 48, 16, TLBI}, 2, 3, 700, false, 0, false},
	{"4K blocks, LPA2, 52 bits",
	 {12, 52, 52, 16, LPA2 | TLBI | FWB},
	 2,
	 3,
	 700,
	 true,
	 0,
	 false},
	{"4K blocks to 512G, LPA2", {12, 46, 48, 16, LPA2 | TLBI | HAF}, 1, 3, 700, true, 0, false},
	{"16K, level 2", {14, 36, 40, 8, 0}, 3, 2, 350, true, 0, false},
	{"16K, 16 root tables, FWB", {14, 40, 48, 16, TLBI | FWB}, 3, 2, 350, true, 0, false},
	{"16K, 2 root tables, exclusive", {14, 48, 48, 16, TTL}, 3, 2, 350, false, 0, false},
	{"16K, LPA2, level 0, HAF", {14, 52, 52, 16, LPA2 | TLBI | HAF}, 3, 2, 350, true, 0, false},
	{"16K blocks, level 1", {14, 42, 48, 16, TLBI}, 2, 2, 300, true, 0, false},
	{"16K blocks to 64G, LPA2", {14, 47, 52, 16, LPA2 | TLBI | FWB}, 2, 2, 300, true, 0, false},
	{"16K blocks, LPA2, exclusive", {14, 51, 52, 16, LPA2}, 2, 2, 300, false, 0, false},
	{"64K, level 2", {16, 40, 42, 8, 0}, 3, 1, 80, true, 0, false},
	{"64K, 16 root tables, FWB", {16, 46, 48, 16, TLBI | FWB}, 3, 1, 80, true, 0, false},
	{"64K, 52 bits, HAF, exclusive", {16, 52, 52, 16, TLBI | HAF}, 3, 1, 80, false, 0, false},
	{"64K blocks, level 1", {16, 48, 48, 16, TTL}, 2, 1, 120, true, 0, false},
	{"64K blocks to 4T, 52 bits", {16, 52, 52, 16, TLBI | FWB}, 2, 1, 120, true, 0, false},
	{"4K, owners", {12, 39, 48, 16, TLBI}, 3, 3, 1300, true, 0, true},
	{"4K, contiguous, owners",
	 {12, 39, 48, 16, TLBI | S2_FEAT_CONTIG},
	 3,
	 3,
	 1300,
	 true,
	 0,
	 true},
	{"4K, owners, exclusive", {12, 40, 40, 8, HAF}, 3, 3, 1300, false, 0, true},
	{"4K blocks, level 0, owners", {12, 48, 48, 16, TLBI | FWB}, 2, 3, 700, true, 0, true},
	{"4K, a quota of 6 tables, owners", {12, 39, 48, 16, 0}, 3, 3, 1300, true, 6, true},
	{"16K, LPA2, owners", {14, 52, 52, 16, LPA2 | TLBI}, 3, 2, 350, true, 0, true},
	{"16K blocks to 64G, LPA2, owners", {14, 47, 52, 16, LPA2}, 2, 2, 300, true, 0, true},
	{"64K, 52 bits, owners", {16, 52, 52, 16, TLBI}, 3, 1, 80, true, 0, true},
	{"64K blocks to 4T, owners", {16, 52, 52, 16, TLBI}, 2, 1, 120, false, 0, true},
	{"4K, HD", {12, 39, 48, 16, TLBI | HD}, 3, 3, 1000, true, 0, false},
	{"4K, HD, XNX, exclusive", {12, 40, 40, 8, HD | XNX}, 3, 3, 1000, false, 0, false},
	{"4K, BBM1, HD", {12, 39, 48, 16, TLBI | HD | BBM1}, 3, 3, 1000, true, 0, false},
	{"4K, BBM2, HD, XNX", {12, 39, 48, 16, HD | XNX | BBM2}, 3, 3, 1000, true, 0, false},
	{"4K blocks, HD, BBM1, LPA2",
	 {12, 52, 52, 16, LPA2 | TLBI | HD | BBM1},
	 2,
	 3,
	 500,
	 true,
	 0,
	 false},
	{"16K, HD", {14, 47, 52, 16, LPA2 | TLBI | HD}, 3, 2, 250, true, 0, false},
	{"64K, HD, BBM2", {16, 52, 52, 16, TLBI | HD | BBM2}, 3, 1, 75, true, 0, false},
	{"4K, contiguous", {12, 39, 48, 16, TLBI | CONTIG}, 3, 3, 1000, true, 0, false},
	{"4K, contiguous, HD, exclusive",
	 {12, 40, 40, 8, HD | CONTIG},
	 3,
	 3,
	 1000,
	 false,
	 0,
	 false},
	{"4K, contiguous, BBM1, HAF",
	 {12, 39, 48, 16, TLBI | HAF | BBM1 | CONTIG},
	 3,
	 3,
	 1000,
	 true,
	 0,
	 false},
	{"4K, contiguous, BBM2",
	 {12, 39, 48, 16, TLBI | BBM2 | CONTIG},
	 3,
	 3,
	 1000,
	 true,
	 0,
	 false},
	{"4K, contiguous, BBM2, HD, exclusive",
	 {12, 39, 48, 16, HD | BBM2 | CONTIG},
	 3,
	 3,
	 1000,
	 false,
	 0,
	 false},
	{"4K blocks, contiguous, HAF", {12, 48, 48, 16, HAF | CONTIG}, 2, 3, 500, true, 0, false},
	{"16K, contiguous, BBM2, HD",
	 {14, 47, 52, 16, LPA2 | TLBI | HD | BBM2 | CONTIG},
	 3,
	 2,
	 250,
	 true,
	 0,
	 false},
	{"64K blocks, contiguous, BBM2",
	 {16, 52, 52, 16, TLBI | BBM2 | CONTIG},
	 2,
	 1,
	 100,
	 true,
	 0,
	 false},
	{"4K, BBM1", {12, 39, 48, 16, TLBI | BBM1}, 3, 3, 1000, true, 0, false},
	{"4K, BBM2", {12, 39, 48, 16, TLBI | BBM2}, 3, 3, 1000, true, 0, false},
	{"4K, BBM1, HAF, exclusive", {12, 39, 48, 16, HAF | BBM1}, 3, 3, 1000, false, 0, false},
	{"4K, BBM2, HAF, exclusive", {12, 39, 48, 16, HAF | BBM2}, 3, 3, 1000, false, 0, false},
	{"4K blocks, BBM1, level 0", {12, 48, 48, 16, TLBI | BBM1}, 2, 3, 700, true, 0, false},
	{"4K blocks, BBM2, LPA2", {12, 52, 52, 16, LPA2 | TLBI | BBM2}, 2, 3, 700, true, 0, false},
	{"16K blocks, BBM1, LPA2", {14, 47, 52, 16, LPA2 | TLBI | BBM1}, 2, 2, 300, true, 0, false},
	{"64K blocks to 4T, BBM2", {16, 52, 52, 16, TLBI | BBM2}, 2, 1, 120, true, 0, false},
	{"64K, BBM1", {16, 40, 42, 8, BBM1}, 3, 1, 80, true, 0, false},
	{"4K, a quota of 4 tables", {12, 32, 40, 8, 0}, 3, 3, 1300, true, 4, false},
	{"4K, a quota of 6 tables", {12, 39, 48, 16, TLBI | FWB}, 3, 3, 1300, true, 6, false},
	{"4K, a quota of 9 tables, exclusive", {12, 48, 48, 16, HAF}, 3, 3, 1300, false, 9, false},
};

int main(void)
{
	static char names[ARRAY_SIZE(profiles)][120];
	struct CMUnitTest tests[ARRAY_SIZE(profiles)];

	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		snprintf(names[i], sizeof(names[i]),
			 "random_operations_agree_with_a_flat_array: %s", profiles[i].name);
		tests[i] = (struct CMUnitTest){names[i], agree_with_a_flat_array, NULL, NULL,
					       &profiles[i]};
	}
	return run_suite("operations", tests);
}
