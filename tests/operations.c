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

#include <stdlib.h>
#include <string.h>

#include <stage2/inspect.h>

#include "lib/model.h"
#include "lib/tlb.h"
#include "lib/world.h"

#define LLU(x) ((unsigned long long)(x))

struct profile {
	const char *name;
	struct s2_config format;
	unsigned int unit_level;
	unsigned int blocks; /* of each window */
	unsigned int steps;
	bool shared;
	uint64_t quota;
	bool owned;
};

struct trial {
	const struct profile *profile;
	struct world world;
	struct model model;
	struct rng rng;
	uint64_t seed;
	unsigned int step;
	unsigned int window; /* that this step works in */
	uint64_t *entry_size; /* of each unit of the window, when the last map began */
};

static struct s2_cpu *cpu_of(struct trial *t)
{
	return &t->world.cpu[0];
}

static uint64_t draw(struct trial *t, uint64_t n)
{
	return random_below(&t->rng, n);
}

/* --- what is checked after every call --------------------------------------- */

static void check_cache(const struct s2_cache *cache)
{
	uint32_t count = 0;

	for (void *page = cache->head; page; page = *(void **)page) {
		tlb_must_forget(page);
		count++;
	}
	require(count == cache->count, "%u pages in the cache, but it says %u", count,
		cache->count);
}

static void check_all(struct trial *t)
{
	tlb_returned(cpu_of(t)->gather.runs);
	check_cache(&cpu_of(t)->cache);
	world_balance(&t->world);
	model_compare_tlb(&t->model);
	model_compare(&t->model, t->window);
}

/* --- what is drawn ---------------------------------------------------------- */

struct range {
	uint64_t ipa;
	uint64_t size;
};

/* Sizes that matter: a unit, a few, a whole entry of an upper level, one unit more or less. */
static uint64_t draw_units(struct trial *t)
{
	uint64_t block = arch_size(&t->world.regime, t->model.unit_level - 1) / t->model.unit;

	switch (draw(t, 6)) {
	case 0:
		return 1;
	case 1:
		return 1 + draw(t, 20);
	case 2:
		return block;
	case 3:
		return block - 1 + draw(t, 3);
	case 4:
		return 1 + draw(t, t->model.units);
	default:
		return 1 + draw(t, 64);
	}
}

static struct range draw_range(struct trial *t)
{
	uint64_t block = arch_size(&t->world.regime, t->model.unit_level - 1) / t->model.unit;
	uint64_t units = draw_units(t);
	uint64_t first;

	if (units > t->model.units)
		units = t->model.units;
	first = draw(t, t->model.units - units + 1);
	if (draw(t, 3))
		first -= first % block;
	else if (draw(t, 4) == 0 && first >= first % block + 1)
		first -= first % block ? first % block - 1 : 0;
	if (first + units > t->model.units)
		first = t->model.units - units;
	return (struct range){t->model.window[t->window].ipa + first * t->model.unit,
			      units * t->model.unit};
}

/* A mapping of the whole window, one of a few; sometimes shifted, so that no block fits. */
static uint64_t draw_pa(struct trial *t, uint64_t ipa)
{
	uint64_t block = arch_size(&t->world.regime, t->model.unit_level - 1);
	uint64_t span = (t->profile->blocks + 1) * block;
	uint64_t base = draw(t, 2) * span;

	if (draw(t, 4) == 0)
		base = BIT(t->world.fmt.pa_bits) - 2 * span;
	if (draw(t, 5) == 0)
		base += (1 + draw(t, 3)) * t->model.unit;
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
	};

	return draw(t, 3) ? common[draw(t, ARRAY_SIZE(common))] : rare[draw(t, ARRAY_SIZE(rare))];
}

/* --- one call, again and again until its range is done ---------------------- */

enum resources {
	PLENTY,
	SCARCE, /* the cache runs out */
	BUDGET, /* a few entries a call */
	EXACT, /* what s2_map_cost() says */
};

struct call {
	const char *name;
	struct range range;
	uint64_t pa;
	s2_attr attr;
	uint32_t level;
	uint32_t flags;
	int (*run)(struct trial *t, const struct call *call, struct range rest);
	void (*apply)(struct trial *t, const struct call *call, struct range part);
};

#define ENOUGH 1100u
#define PAGES_MAX 10000 /* that a map by pages alone writes */

static void provide(struct trial *t, enum resources resources)
{
	struct s2_cpu *cpu = cpu_of(t);

	cpu->budget = resources == BUDGET ? 1 + (uint32_t)draw(t, 40) : 0;
	world_fill(&t->world, cpu, resources == SCARCE ? (uint32_t)draw(t, 3) : ENOUGH);
}

/* In units: what is done ends at one, or the call is not over yet. */
static bool may_compare(const struct trial *t, uint64_t done)
{
	return done % t->model.unit == 0;
}

static void settle(struct trial *t, const struct call *call, struct range *rest, int status)
{
	struct s2_cpu *cpu = cpu_of(t);
	uint64_t total = rest->ipa + cpu->done - call->range.ipa;

	require(cpu->done <= rest->size && cpu->done % BIT(t->world.fmt.granule_shift) == 0,
		"done %#llx of %#llx", LLU(cpu->done), LLU(rest->size));
	require(status != S2_OK || cpu->done == rest->size, "S2_OK, but done %#llx of %#llx",
		LLU(cpu->done), LLU(rest->size));
	require(status != S2_NO_PAGE || cpu->cache.count < S2_FAULT_PAGES,
		"S2_NO_PAGE with %u pages left", cpu->cache.count);
	rest->ipa += cpu->done;
	rest->size -= cpu->done;
	if (may_compare(t, total)) {
		call->apply(t, call, (struct range){call->range.ipa, total});
		check_all(t);
	}
}

/* The status that ended it.  A call that is told to go on must come to an end. */
static int run_call(struct trial *t, const struct call *call)
{
	struct range rest = call->range;
	unsigned int stuck = 0;
	int status;

	do {
		uint64_t from = rest.ipa;

		status = call->run(t, call, rest);
		settle(t, call, &rest, status);
		stuck = rest.ipa > from ? 0 : stuck + 1;
		require(stuck < 20, "%s: 20 calls, and no progress", status_name(status));
		if (status == S2_NO_PAGE)
			world_fill(&t->world, cpu_of(t), 1 + (uint32_t)draw(t, 3));
	} while (status == S2_MORE || status == S2_NO_PAGE);
	return status;
}

static enum resources draw_resources(struct trial *t)
{
	return draw(t, 2) ? PLENTY : draw(t, 2) ? SCARCE : BUDGET;
}

static void describe(struct trial *t, const struct call *call)
{
	set_context("S2_SEED=%#llx, granule %u, ipa %u, pa %u, features %#x; step %u: %s "
		    "%#llx+%#llx pa %#llx attr %#x level %u flags %#x",
		    LLU(t->seed), t->world.fmt.granule_shift, t->world.fmt.ipa_bits,
		    t->world.fmt.pa_bits, (unsigned int)t->world.fmt.features, t->step, call->name,
		    LLU(call->range.ipa), LLU(call->range.size), LLU(call->pa), call->attr,
		    call->level, call->flags);
}

/* --- map -------------------------------------------------------------------- */

static int run_map(struct trial *t, const struct call *call, struct range rest)
{
	return s2_map(&t->world.tree, cpu_of(t), rest.ipa, rest.size,
		      call->pa + (rest.ipa - call->range.ipa), call->attr, call->flags);
}

static uint64_t *entry_size_at(struct trial *t, uint64_t ipa)
{
	return &t->entry_size[(ipa - t->model.window[t->window].ipa) / t->model.unit];
}

static void note_entry_sizes(struct trial *t, struct range range)
{
	struct arch_walk walk;

	for (uint64_t ipa = range.ipa; ipa < range.ipa + range.size; ipa += t->model.unit) {
		arch_walk(&t->world.regime, ipa, &walk);
		*entry_size_at(t, ipa) = walk.size;
	}
}

/*
 * A block has one access flag: set, if that of any page in it was to stay set, or
 * if it took the place of a table.
 */
static void share_access_flags(struct trial *t, struct range part)
{
	struct arch_walk walk;

	for (uint64_t ipa = part.ipa; ipa < part.ipa + part.size; ipa += t->model.unit) {
		bool young = !(*model_at(&t->model, ipa) & S2_OLD);

		arch_walk(&t->world.regime, ipa, &walk);
		if ((young && walk.size > t->model.unit) || *entry_size_at(t, ipa) < walk.size)
			model_touch(&t->model, walk.ipa, walk.size);
	}
}

static void map_holes(struct trial *t, const struct call *call, struct range part)
{
	for (uint64_t at = 0; at < part.size; at += t->model.unit)
		if (*model_at(&t->model, part.ipa + at) == MODEL_EMPTY)
			model_map(&t->model, part.ipa + at, t->model.unit, call->pa + at,
				  call->attr);
}

static void apply_map(struct trial *t, const struct call *call, struct range part)
{
	if (call->flags & S2_HOLES)
		map_holes(t, call, part);
	else
		model_map(&t->model, part.ipa, part.size, call->pa, call->attr);
	if (call->attr & S2_OLD)
		share_access_flags(t, part);
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
	cpu_of(t)->budget = 0;
	world_fill(&t->world, cpu_of(t), (uint32_t)pages);
}

/* An exclusive tree frees what was unlinked at once, into the same cache. */
static void check_exact(struct trial *t, int status, bool owned)
{
	require(status != S2_NO_PAGE || owned, "the cost was too low");
	if (status == S2_OK && t->profile->shared)
		require(cpu_of(t)->cache.count == 0, "the cost was %u too high",
			cpu_of(t)->cache.count);
}

static void do_map(struct trial *t)
{
	struct call call = {.name = "map", .run = run_map, .apply = apply_map};
	enum resources resources = draw(t, 4) ? draw_resources(t) : EXACT;
	uint64_t owned;

	call.range = draw_range(t);
	call.pa = draw_pa(t, call.range.ipa);
	call.attr = draw_attr(t);
	call.flags = (uint32_t)(draw(t, 4) ? 0 : S2_FAULT);
	if (draw(t, 4) == 0 && call.range.size >> t->world.fmt.granule_shift <= PAGES_MAX)
		call.flags |= S2_PAGES;
	if (draw(t, 5) == 0)
		call.flags |= S2_HOLES;
	else if (t->profile->owned && draw(t, 3) == 0)
		call.flags |= S2_TAKE;
	owned = call.flags & S2_TAKE ? call.range.ipa + call.range.size
				     : first_owned(t, call.range);
	if (owned < call.range.ipa + call.range.size && !t->profile->owned)
		make_short(t, &call, owned);
	describe(t, &call);
	note_entry_sizes(t, call.range);
	if (resources == EXACT)
		fill_exactly(t, &call);
	else
		provide(t, resources);
	int status = resources == EXACT ? run_map(t, &call, call.range) : run_call(t, &call);

	if (resources == EXACT) {
		struct range rest = call.range;

		check_exact(t, status, owned < call.range.ipa + call.range.size);
		settle(t, &call, &rest, status);
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
	return s2_unmap(&t->world.tree, cpu_of(t), rest.ipa, rest.size, call->flags);
}

static void apply_unmap(struct trial *t, const struct call *call, struct range part)
{
	model_unmap(&t->model, part.ipa, part.size, call->flags & S2_DEFER);
}

static void unmap_once(struct trial *t, uint32_t flags)
{
	struct call call = {.name = "unmap", .run = run_unmap, .apply = apply_unmap};

	call.range = draw_range(t);
	call.flags = flags | (uint32_t)(draw(t, 4) ? 0 : S2_FAULT);
	call.flags |= (uint32_t)(draw(t, 4) ? 0 : S2_CLEAN);
	describe(t, &call);
	provide(t, draw_resources(t));
	int status = run_call(t, &call);

	require(status == S2_OK || (status == S2_QUOTA && t->profile->quota), "unmap: %s",
		status_name(status));
}

static void do_unmap(struct trial *t)
{
	unmap_once(t, 0);
}

static void do_flush(struct trial *t)
{
	require_status(s2_flush(&t->world.tree, cpu_of(t)), S2_OK);
}

/* --- split and collapse ----------------------------------------------------- */

static int run_split(struct trial *t, const struct call *call, struct range rest)
{
	return s2_split(&t->world.tree, cpu_of(t), rest.ipa, rest.size, call->level, call->flags);
}

static void apply_nothing(struct trial *t, const struct call *call, struct range part)
{
	(void)t;
	(void)call;
	(void)part;
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
	struct call call = {.name = "split", .run = run_split, .apply = apply_nothing};
	unsigned int top = t->world.fmt.start_level;

	call.range = draw_range(t);
	call.level = top + (uint32_t)draw(t, 4 - top);
	/* Down to pages only where they are the unit, or there would be a million. */
	if (t->model.unit_level < 3 && call.level > t->model.unit_level)
		call.level = t->model.unit_level;
	call.flags = (uint32_t)(draw(t, 4) ? 0 : S2_FAULT);
	describe(t, &call);
	provide(t, draw_resources(t));
	int status = run_call(t, &call);

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
	bool young;
	s2_attr attr;
};

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
	for (uint64_t at = 0; at < size && !u.block_already; at += step) {
		arch_walk(&t->world.regime, ipa + at, &walk);
		u.uniform &= walk.kind == ARCH_LEAF && walk.level == level + 1 &&
			     walk.pa == first.pa + at &&
			     arch_attr(&t->world.regime, walk.level, walk.desc, &attr) &&
			     !((attr ^ u.attr) & ~S2_OLD);
		u.young |= u.uniform && !(attr & S2_OLD);
		if (!u.uniform)
			break;
	}
	return u;
}

static unsigned int draw_block_level(struct trial *t)
{
	unsigned int level = t->model.unit_level - 1;

	if (t->model.unit_level < 3 && draw(t, 2))
		level++;
	return level;
}

static void collapse_at(struct trial *t, uint64_t ipa, unsigned int level)
{
	struct uniformity u = examine(t, ipa, level);
	bool young = u.young || t->world.fmt.features & S2_FEAT_HAF;

	provide(t, SCARCE);
	int status = s2_collapse(&t->world.tree, cpu_of(t), ipa, level, draw(t, 4) ? 0 : S2_FAULT);

	require_status(status, u.block_already || u.uniform ? S2_OK : S2_NOT_UNIFORM);
	if (status == S2_OK && !u.block_already && young)
		model_touch(&t->model, ipa, arch_size(&t->world.regime, level));
	check_all(t);
	if (status == S2_OK)
		require(examine(t, ipa, level).block_already, "collapsed, but not a block");
}

static void do_collapse(struct trial *t)
{
	unsigned int level = draw_block_level(t);
	struct call call = {.name = "collapse", .range = draw_range(t), .level = level};

	call.range.ipa &= ~(arch_size(&t->world.regime, level) - 1);
	describe(t, &call);
	if (s2_level_has_leaf(&t->world.fmt, level) && level >= t->world.fmt.start_level)
		collapse_at(t, call.range.ipa, level);
}

static int run_compact(struct trial *t, const struct call *call, struct range rest)
{
	return s2_compact(&t->world.tree, cpu_of(t), rest.ipa, rest.size, call->level, call->flags);
}

/* What hardware can note in a table, a block formed of it has noted. */
static void note_formed(struct trial *t, struct range range, unsigned int level)
{
	uint64_t size = arch_size(&t->world.regime, level);
	uint64_t last = range.ipa + range.size - 1;

	for (uint64_t ipa = range.ipa & ~(size - 1); ipa <= last; ipa += size) {
		struct uniformity u = examine(t, ipa, level);

		if (!u.block_already && u.uniform &&
		    (u.young || t->world.fmt.features & S2_FEAT_HAF))
			model_touch(&t->model, ipa, size);
	}
}

/* One level at a time, so that what will be formed can be told before. */
static void do_compact(struct trial *t)
{
	struct call call = {.name = "compact", .run = run_compact, .apply = apply_nothing};
	unsigned int level = draw_block_level(t);
	uint32_t cached;
	int status;

	if (!s2_level_has_leaf(&t->world.fmt, level) || level < t->world.fmt.start_level)
		return;
	call.range = draw_range(t);
	call.level = draw(t, 4) ? level : 3;
	call.flags = (uint32_t)(draw(t, 4) ? 0 : S2_FAULT);
	/* Blocks of level 2 may be formed first, and of them one of level 1. */
	if (level < 2 && call.level < 3)
		call.level = 2;
	describe(t, &call);
	provide(t, SCARCE);
	cpu_of(t)->budget = draw(t, 4) ? 0 : 1 + (uint32_t)draw(t, 3000);
	if (call.level < 3)
		note_formed(t, call.range, call.level);
	cached = cpu_of(t)->cache.count;
	status = run_call(t, &call);
	require_status(status, S2_OK);
	require(cpu_of(t)->cache.count >= cached, "it took a page");
}

/* A split has as many pages as s2_split_cost() says, and needs no more. */
static void do_split_exactly(struct trial *t)
{
	struct call call = {.name = "split, exactly", .run = run_split, .apply = apply_nothing};
	unsigned int top = t->world.fmt.start_level;
	uint64_t pages;

	if (t->profile->quota)
		return;
	call.range = draw_range(t);
	call.level = top + (uint32_t)draw(t, 4 - top);
	if (t->model.unit_level < 3 && call.level > t->model.unit_level)
		call.level = t->model.unit_level;
	describe(t, &call);
	require_status(
		s2_split_cost(&t->world.tree, call.range.ipa, call.range.size, call.level, &pages),
		S2_OK);
	world_fill(&t->world, cpu_of(t), (uint32_t)pages);
	cpu_of(t)->budget = 0;
	require_status(run_call(t, &call), S2_OK);
	require(!cpu_of(t)->cache.count, "the cost was %u too high", cpu_of(t)->cache.count);
}

/* Something that can be collapsed: a block, split. */
static void do_split_and_collapse(struct trial *t)
{
	unsigned int level = t->model.unit_level - 1;
	struct call call = {.name = "block", .run = run_map, .apply = apply_map};

	if (!s2_level_has_leaf(&t->world.fmt, level) || t->profile->quota)
		return;
	call.range = draw_range(t);
	call.range.size = arch_size(&t->world.regime, level);
	call.range.ipa &= ~(call.range.size - 1);
	call.pa = call.range.ipa - t->model.window[t->window].ipa;
	call.attr = draw_attr(t);
	describe(t, &call);
	if (first_owned(t, call.range) < call.range.ipa + call.range.size)
		return;
	provide(t, PLENTY);
	note_entry_sizes(t, call.range);
	require_status(run_call(t, &call), S2_OK);
	call.run = run_split;
	call.apply = apply_nothing;
	call.level = t->model.unit_level;
	note_entry_sizes(t, call.range);
	require_status(run_call(t, &call), S2_OK);
	collapse_at(t, call.range.ipa, level);
}

/* --- deferred unmaps -------------------------------------------------------- */

/* Any operation of this CPU completes what it has deferred; so does s2_flush(). */
static void do_deferred(struct trial *t)
{
	static void (*const completes[])(struct trial *) = {do_map, do_unmap, do_split, do_flush,
							    do_flush};

	for (uint64_t n = 1 + draw(t, 12); n; n--)
		unmap_once(t, S2_DEFER);
	model_flush(&t->model);
	completes[draw(t, ARRAY_SIZE(completes))](t);
	require(cpu_of(t)->gather.runs == 0, "flushed, and still %u runs", cpu_of(t)->gather.runs);
	check_all(t);
}

/* --- what is not an operation ----------------------------------------------- */

/* The hardware sets an access flag, where it is allowed to. */
static void do_access(struct trial *t)
{
	struct call call = {.name = "access", .range = draw_range(t)};
	struct arch_walk walk;

	describe(t, &call);
	arch_walk(&t->world.regime, call.range.ipa, &walk);
	if (!(t->world.fmt.features & S2_FEAT_HAF) || walk.kind != ARCH_LEAF ||
	    walk.size < t->model.unit)
		return;
	__atomic_fetch_or((s2_desc *)(uintptr_t)walk.entry, S2_DESC_AF, __ATOMIC_RELAXED);
	tlb_stored(walk.entry);
	model_touch(&t->model, walk.ipa, walk.size);
	check_all(t);
}

/* By the hand of the test, in a tree that was not made for it: what is there is respected. */
static void annotate_unit(struct trial *t, uint64_t ipa, uint32_t owner)
{
	struct arch_walk walk;

	arch_walk(&t->world.regime, ipa, &walk);
	if (walk.desc || walk.level != t->model.unit_level || draw(t, 3))
		return;
	world_annotate(&t->world, ipa, walk.level, owner);
	model_own(&t->model, ipa, owner);
	check_all(t);
}

static int run_annotate(struct trial *t, const struct call *call, struct range rest)
{
	return s2_annotate(&t->world.tree, cpu_of(t), rest.ipa, rest.size, call->level, call->pa,
			   call->flags);
}

static void apply_annotate(struct trial *t, const struct call *call, struct range part)
{
	for (uint64_t at = 0; at < part.size; at += t->model.unit)
		model_own(&t->model, part.ipa + at, call->level);
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

	call.range = draw_range(t);
	call.level = 1 + (uint32_t)draw(t, draw(t, 2) ? 3 : S2_OWNER_MAX);
	call.pa = draw(t, 2) ? 0 : draw(t, S2_PAYLOAD_MAX + 1);
	call.flags = (uint32_t)(draw(t, 4) ? 0 : S2_FAULT);
	describe(t, &call);
	if (!t->profile->owned) {
		annotate_unit(t, call.range.ipa, call.level);
		return;
	}
	provide(t, draw_resources(t));
	status = run_call(t, &call);
	if (status == S2_QUOTA && t->profile->quota)
		return;
	require_status(status, S2_OK);
	require_status(
		s2_walk(&t->world.tree, call.range.ipa, call.range.size, visit_payload, &call.pa),
		S2_OK);
}

static void do_reclaim(struct trial *t)
{
	struct call call = {.name = "reclaim", .range = draw_range(t)};
	struct s2_cpu *cpu = cpu_of(t);
	uint32_t before = cpu->cache.count;

	describe(t, &call);
	for (unsigned int i = 0; t->profile->shared && i < WORLD_CPUS; i++)
		if (draw(t, 2))
			require_status(s2_qsbr_quiescent(&t->world.qsbr, i), S2_OK);
	cpu->budget = (uint32_t)draw(t, 4);
	int status = s2_reclaim(&t->world.tree, cpu);

	require(status == S2_OK || (status == S2_MORE && cpu->budget) ||
			(status == S2_RETRY && t->profile->shared),
		"reclaim: %s", status_name(status));
	require(!cpu->budget || cpu->cache.count - before <= cpu->budget,
		"%u tables freed with a budget of %u", cpu->cache.count - before, cpu->budget);
	check_all(t);
}

/* --- a trial ---------------------------------------------------------------- */

static void one_step(struct trial *t)
{
	static void (*const actions[])(struct trial *) = {
		do_map,	     do_map,	 do_map,	   do_map,
		do_map,	     do_map,	 do_unmap,	   do_unmap,
		do_split,    do_split,	 do_collapse,	   do_split_and_collapse,
		do_deferred, do_access,	 do_annotate,	   do_reclaim,
		do_compact,  do_compact, do_split_exactly,
	};

	t->window = (unsigned int)draw(t, MODEL_WINDOWS);
	actions[draw(t, ARRAY_SIZE(actions))](t);
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
	struct s2_cpu *cpu = cpu_of(t);
	int status;

	model_compare_rest(&t->model);
	tlb_close();
	if (draw(t, 2)) {
		cpu->budget = 0;
		world_fill(&t->world, cpu, ENOUGH);
		require_status(s2_unmap(&t->world.tree, cpu, 0, BIT(t->world.fmt.ipa_bits), 0),
			       S2_OK);
		world_quiesce(&t->world);
		require(t->world.tree.tables == 0, "%llu tables in an empty tree",
			LLU(t->world.tree.tables));
	}
	do {
		cpu->budget = 1 + (uint32_t)draw(t, 20);
		status = s2_destroy(&t->world.tree, cpu);
		world_balance(&t->world);
	} while (status == S2_MORE);
	require_status(status, S2_OK);
	free(t->entry_size);
	model_close(&t->model);
	world_close(&t->world);
}

/* Room for all windows in pages of the last level, twice, and for what waits to be reclaimed. */
static uint64_t arena_for(const struct profile *profile)
{
	return UINT64_C(64) << (20 + 2 * (profile->format.granule_shift == 16));
}

static void agree_with_a_flat_array(void **state)
{
	const struct profile *profile = *state;
	struct trial t = {.profile = profile};
	struct world_config config = {.format = profile->format,
				      .shared = profile->shared,
				      .owned = profile->owned,
				      .quota = profile->quota,
				      .arena = arena_for(profile)};

	t.seed = random_seed(0x7e57 + profile->format.ipa_bits + 256 * profile->format.features);
	t.rng.state = t.seed;
	set_context("S2_SEED=%#llx, opening", LLU(t.seed));
	world_open(&t.world, &config);
	model_open(&t.model, &t.world, profile->unit_level, profile->blocks);
	t.entry_size = calloc(t.model.units, sizeof(uint64_t));
	require(t.entry_size, "no memory");
	tlb_open(&t.world);
	/* Fewer where each of them is slower than usual. */
	unsigned int steps = profile->steps * setting("S2_PERCENT", 100) / 100;

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
#define BBM1 S2_FEAT_BBM1
#define BBM2 S2_FEAT_BBM2

/* granule, IPA bits, PA bits, VMID bits, features; unit, blocks, steps, shared, quota, owners */
static struct profile profiles[] = {
	{"4K, 4 root tables at level 2", {12, 32, 40, 8, 0}, 3, 3, 2000, true, 0, false},
	{"4K, 4 root tables at level 2, exclusive",
	 {12, 32, 40, 8, 0},
	 3,
	 3,
	 2000,
	 false,
	 0,
	 false},
	{"4K, 2 root tables at level 1", {12, 40, 40, 16, TTL}, 3, 3, 2000, true, 0, false},
	{"4K, level 1, FWB", {12, 39, 48, 16, TLBI | FWB}, 3, 3, 2000, true, 0, false},
	{"4K, 16 root tables, exclusive", {12, 43, 44, 16, RANGE}, 3, 3, 2000, false, 0, false},
	{"4K, level 0, HAF", {12, 48, 48, 16, TLBI | HAF}, 3, 3, 2000, true, 0, false},
	{"4K, LPA2, 52 bits", {12, 52, 52, 16, LPA2 | TLBI}, 3, 3, 2000, true, 0, false},
	{"4K, LPA2, HAF, exclusive",
	 {12, 44, 48, 16, LPA2 | RANGE | HAF},
	 3,
	 3,
	 2000,
	 false,
	 0,
	 false},
	{"4K blocks, level 1", {12, 36, 40, 16, 0}, 2, 3, 1000, true, 0, false},
	{"4K blocks, HAF", {12, 40, 40, 8, TTL | HAF}, 2, 3, 1000, true, 0, false},
	{"4K blocks, level 0, FWB", {12, 48, 48, 16, TLBI | FWB}, 2, 3, 1000, true, 0, false},
	{"4K blocks, level 0, exclusive", {12, 48, 48, 16, TLBI}, 2, 3, 1000, false, 0, false},
	{"4K blocks, LPA2, 52 bits",
	 {12, 52, 52, 16, LPA2 | TLBI | FWB},
	 2,
	 3,
	 1000,
	 true,
	 0,
	 false},
	{"4K blocks to 512G, LPA2",
	 {12, 46, 48, 16, LPA2 | TLBI | HAF},
	 1,
	 3,
	 1000,
	 true,
	 0,
	 false},
	{"16K, level 2", {14, 36, 40, 8, 0}, 3, 2, 500, true, 0, false},
	{"16K, 16 root tables, FWB", {14, 40, 48, 16, TLBI | FWB}, 3, 2, 500, true, 0, false},
	{"16K, 2 root tables, exclusive", {14, 48, 48, 16, TTL}, 3, 2, 500, false, 0, false},
	{"16K, LPA2, level 0, HAF", {14, 52, 52, 16, LPA2 | TLBI | HAF}, 3, 2, 500, true, 0, false},
	{"16K blocks, level 1", {14, 42, 48, 16, TLBI}, 2, 2, 400, true, 0, false},
	{"16K blocks to 64G, LPA2", {14, 47, 52, 16, LPA2 | TLBI | FWB}, 2, 2, 400, true, 0, false},
	{"16K blocks, LPA2, exclusive", {14, 51, 52, 16, LPA2}, 2, 2, 400, false, 0, false},
	{"64K, level 2", {16, 40, 42, 8, 0}, 3, 1, 150, true, 0, false},
	{"64K, 16 root tables, FWB", {16, 46, 48, 16, TLBI | FWB}, 3, 1, 150, true, 0, false},
	{"64K, 52 bits, HAF, exclusive", {16, 52, 52, 16, TLBI | HAF}, 3, 1, 150, false, 0, false},
	{"64K blocks, level 1", {16, 48, 48, 16, TTL}, 2, 1, 200, true, 0, false},
	{"64K blocks to 4T, 52 bits", {16, 52, 52, 16, TLBI | FWB}, 2, 1, 200, true, 0, false},
	{"4K, owners", {12, 39, 48, 16, TLBI}, 3, 3, 2000, true, 0, true},
	{"4K, contiguous, owners",
	 {12, 39, 48, 16, TLBI | S2_FEAT_CONTIG},
	 3,
	 3,
	 2000,
	 true,
	 0,
	 true},
	{"4K, owners, exclusive", {12, 40, 40, 8, HAF}, 3, 3, 2000, false, 0, true},
	{"4K blocks, level 0, owners", {12, 48, 48, 16, TLBI | FWB}, 2, 3, 1000, true, 0, true},
	{"4K, a quota of 6 tables, owners", {12, 39, 48, 16, 0}, 3, 3, 2000, true, 6, true},
	{"16K, LPA2, owners", {14, 52, 52, 16, LPA2 | TLBI}, 3, 2, 500, true, 0, true},
	{"16K blocks to 64G, LPA2, owners", {14, 47, 52, 16, LPA2}, 2, 2, 400, true, 0, true},
	{"64K, 52 bits, owners", {16, 52, 52, 16, TLBI}, 3, 1, 150, true, 0, true},
	{"64K blocks to 4T, owners", {16, 52, 52, 16, TLBI}, 2, 1, 200, false, 0, true},
	{"4K, BBM1", {12, 39, 48, 16, TLBI | BBM1}, 3, 3, 1000, true, 0, false},
	{"4K, BBM2", {12, 39, 48, 16, TLBI | BBM2}, 3, 3, 1000, true, 0, false},
	{"4K, BBM1, HAF, exclusive", {12, 39, 48, 16, HAF | BBM1}, 3, 3, 1000, false, 0, false},
	{"4K, BBM2, HAF, exclusive", {12, 39, 48, 16, HAF | BBM2}, 3, 3, 1000, false, 0, false},
	{"4K blocks, BBM1, level 0", {12, 48, 48, 16, TLBI | BBM1}, 2, 3, 1000, true, 0, false},
	{"4K blocks, BBM2, LPA2", {12, 52, 52, 16, LPA2 | TLBI | BBM2}, 2, 3, 1000, true, 0, false},
	{"16K blocks, BBM1, LPA2", {14, 47, 52, 16, LPA2 | TLBI | BBM1}, 2, 2, 400, true, 0, false},
	{"64K blocks to 4T, BBM2", {16, 52, 52, 16, TLBI | BBM2}, 2, 1, 200, true, 0, false},
	{"64K, BBM1", {16, 40, 42, 8, BBM1}, 3, 1, 150, true, 0, false},
	{"4K, a quota of 4 tables", {12, 32, 40, 8, 0}, 3, 3, 2000, true, 4, false},
	{"4K, a quota of 6 tables", {12, 39, 48, 16, TLBI | FWB}, 3, 3, 2000, true, 6, false},
	{"4K, a quota of 9 tables, exclusive", {12, 48, 48, 16, HAF}, 3, 3, 2000, false, 9, false},
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
