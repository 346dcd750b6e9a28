/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Steps of a trial that change leaves in place: permissions, ages, the dirty log, groups.
 *
 *	array	| R W old | R W log | R W log dirty |	a function of one page, each of them
 *
 * What a leaf is one of (a block, a group) matters to age alone, which a block has one of.
 */
#include "trial.h"

#include <stage2/dirty.h>

#define CLEAN_MAX BIT(28) /* that are cleaned in one step, in pieces of 64 KiB */

/* The call, and if it was deferred, the flush: from then on nothing is in flight. */
static void run_in_place(struct trial *t, const struct call *call)
{
	struct s2_cpu *cpu = trial_cpu(t);
	int status;

	/* Each entry of the range is visited, and all is looked at after each call: not too many. */
	cpu->budget += cpu->budget ? (uint32_t)(call->range.size / t->model.unit / 16) : 0;
	t->in_flight = call->flags & S2_DEFER;
	status = trial_run(t, call);
	require(status == S2_OK || (status == S2_QUOTA && t->profile->quota), "%s",
		status_name(status));
	if (!t->in_flight)
		return;
	require_status(s2_flush(&t->world.tree, cpu), S2_OK);
	t->in_flight = false;
	trial_check(t);
}

static uint32_t draw_defer(struct trial *t)
{
	return trial_draw(t, 4) ? 0 : S2_DEFER;
}

/* Calls `change` with each page of a part that is mapped; what it returns is the page. */
typedef uint64_t changer(const struct call *call, uint64_t page);

static void apply_change(struct trial *t, const struct call *call, struct range part,
			 changer *change)
{
	for (uint64_t at = 0; at < part.size; at += t->model.unit) {
		uint64_t *page = model_at(&t->model, part.ipa + at), was = *page;

		if (!model_is_mapped(was))
			continue;
		*page = change(call, was);
		trial_replaced(t, part.ipa + at, was);
	}
}

/* The map that a call shall fill; NULL if there are too many pages for one. */
static struct s2_bitmap *take_map(struct trial *t)
{
	t->reports = t->log.word;
	return t->reports ? &t->log : NULL;
}

/* A call that counts what it finds has found what was owed, be there a map or not. */
static void check_found(const struct trial *t)
{
	require(t->found == t->owed_pages, "found %llu pages, not %llu", LLU(t->found),
		LLU(t->owed_pages));
}

/* --- protect -------------------------------------------------------------------- */

static int run_protect(struct trial *t, const struct call *call, struct range rest)
{
	return s2_protect(&t->world.tree, trial_cpu(t), rest.ipa, rest.size, call->attr, call->give,
			  call->flags);
}

/* A device is never executable. */
static uint64_t protect(const struct call *call, uint64_t page)
{
	bool device = (page & S2_MEM_MASK) == S2_DEVICE;

	page = (page & ~(uint64_t)call->attr) | (device ? call->give & ~S2_X : call->give);
	return call->attr & S2_W ? page & ~(uint64_t)(S2_LOG | S2_DIRTY) : page;
}

static void apply_protect(struct trial *t, const struct call *call, struct range part)
{
	apply_change(t, call, part, protect);
}

static s2_attr draw_permissions(struct trial *t)
{
	s2_attr attr = (s2_attr)trial_draw(t, S2_ATTR_ALL + 1) & (S2_RW | S2_SW_MASK);

	if (t->world.fmt.features & S2_FEAT_XNX)
		return attr | ((s2_attr)trial_draw(t, S2_ATTR_ALL + 1) & S2_X);
	return attr | (trial_draw(t, 2) ? S2_X : 0);
}

/* Mostly taken from the range, often a single one. */
void trial_protect(struct trial *t)
{
	struct call call = {.name = "protect", .run = run_protect, .apply = apply_protect};

	call.range = trial_draw_range(t);
	call.attr = trial_draw(t, 2) ? S2_W : draw_permissions(t);
	call.give = draw_permissions(t) & ~call.attr;
	if (trial_draw(t, 2))
		call.give = 0;
	call.flags = trial_draw_flags(t) | draw_defer(t);
	trial_begin(t, &call);
	trial_provide(t, trial_draw_resources(t));
	run_in_place(t, &call);
}

/* --- touch ------------------------------------------------------------------------ */

static int expected_touch(uint64_t page, uint32_t flags)
{
	if (!model_is_mapped(page))
		return S2_NOT_MAPPED;
	return flags & S2_WRITE && !(page & S2_W) ? S2_READ_ONLY : S2_OK;
}

void trial_touch_in(struct trial *t, struct range range)
{
	struct call call = {.name = "touch", .range = {range.ipa, t->model.unit}};
	struct s2_cpu *cpu = trial_cpu(t);
	struct arch_walk walk;
	uint64_t page;
	int status;

	call.range.ipa += trial_draw(t, range.size / t->model.unit) * t->model.unit;
	page = *model_at(&t->model, call.range.ipa);
	call.flags = trial_draw_flags(t) | (trial_draw(t, 3) ? S2_WRITE : 0);
	trial_begin(t, &call);
	arch_walk(&t->world.regime, call.range.ipa, &walk);
	if (walk.size < t->model.unit)
		return;
	status = s2_touch(&t->world.tree, cpu,
			  call.range.ipa + trial_draw(t, BIT(t->world.fmt.granule_shift)),
			  call.flags);
	require_status(status, expected_touch(page, call.flags));
	if (status == S2_OK) {
		model_touch(&t->model, walk.ipa, walk.size);
		if (call.flags & S2_WRITE)
			model_write(&t->model, walk.ipa, walk.size);
	}
	trial_check(t);
}

void trial_touch(struct trial *t)
{
	trial_touch_in(t, trial_draw_range(t));
}

/* --- age ---------------------------------------------------------------------------- */

static int run_age(struct trial *t, const struct call *call, struct range rest)
{
	return s2_age(&t->world.tree, trial_cpu(t), rest.ipa, rest.size,
		      t->reports ? &t->log : NULL, call->flags);
}

/* What has one age, in units: a leaf, or a contiguous group.  False if nothing is mapped there. */
static bool find_aged(const struct trial *t, uint64_t ipa, struct range *aged)
{
	struct arch_walk walk;
	uint64_t size;

	arch_walk(&t->world.regime, ipa, &walk);
	size = walk.size;
	if (walk.kind == ARCH_LEAF && walk.desc & S2_DESC_CONTIG)
		size *= arch_group(&t->world.regime, walk.level);
	if (size < t->model.unit)
		size = t->model.unit;
	*aged = (struct range){ipa & ~(size - 1), size};
	return walk.kind == ARCH_LEAF;
}

static bool is_young(const struct trial *t, const struct range *aged)
{
	for (uint64_t at = 0; at < aged->size; at += t->model.unit)
		if (!(*model_at(&t->model, aged->ipa + at) & S2_OLD))
			return true;
	return false;
}

/* A whole one is cleared, if asked for; of any, the part that was asked for is owed. */
static uint64_t age_one(struct trial *t, const struct call *call, const struct range *aged)
{
	uint64_t from = aged->ipa > call->range.ipa ? aged->ipa : call->range.ipa;
	uint64_t end = aged->ipa + aged->size, stop = call->range.ipa + call->range.size;
	bool whole = aged->ipa >= call->range.ipa && end <= stop;
	bool young = is_young(t, aged);

	stop = end < stop ? end : stop;
	for (uint64_t ipa = from; young && ipa < stop; ipa += t->model.unit)
		trial_owe(t, ipa);
	for (uint64_t ipa = from; whole && call->flags & S2_CLEAR && ipa < stop;
	     ipa += t->model.unit)
		*model_at(&t->model, ipa) |= S2_OLD;
	return stop;
}

static void apply_age(struct trial *t, const struct call *call, struct range part)
{
	uint64_t ipa = part.ipa;

	while (ipa < part.ipa + part.size) {
		struct range aged;

		if (find_aged(t, ipa, &aged))
			ipa = age_one(t, call, &aged);
		else
			ipa += t->model.unit;
	}
}

struct aging {
	const struct trial *t;
	struct range range;
};

/* Of what was cleared and invalidated nothing is cached that lets an access pass without a mark. */
static void check_forgotten(const struct tlb_leaf *leaf, void *arg)
{
	const struct aging *aging = arg;
	uint64_t first = aging->range.ipa, end = first + aging->range.size;
	struct range aged;

	if (leaf->ipa + leaf->size <= first || leaf->ipa >= end || leaf->attr & S2_OLD)
		return;
	require(!find_aged(aging->t, leaf->ipa, &aged) || aged.ipa < first ||
			aged.ipa + aged.size > end,
		"IPA %#llx was made old, and is cached", LLU(leaf->ipa));
}

void trial_age(struct trial *t)
{
	struct call call = {.name = "age", .run = run_age, .apply = apply_age};

	call.range = trial_draw_range(t);
	call.flags = trial_draw_flags(t) | (trial_draw(t, 3) ? S2_CLEAR : 0);
	if (call.flags & S2_CLEAR && trial_draw(t, 2))
		call.flags |= S2_INVALIDATE | draw_defer(t);
	trial_begin(t, &call);
	trial_provide(t, trial_draw_resources(t));
	(void)take_map(t);
	run_in_place(t, &call);
	check_found(t);
	if (call.flags & S2_INVALIDATE)
		tlb_for_each(check_forgotten, &(struct aging){t, call.range});
}

/* --- the dirty log --------------------------------------------------------------------- */

static int run_log_start(struct trial *t, const struct call *call, struct range rest)
{
	return s2_log_start(&t->world.tree, trial_cpu(t), rest.ipa, rest.size, call->flags);
}

static uint64_t start(const struct call *call, uint64_t page)
{
	(void)call;
	return page & S2_W ? page | S2_LOG : page;
}

static void apply_log_start(struct trial *t, const struct call *call, struct range part)
{
	apply_change(t, call, part, start);
}

void trial_log_start(struct trial *t)
{
	struct call call = {.name = "log_start", .run = run_log_start, .apply = apply_log_start};

	call.range = trial_draw_range(t);
	call.flags = trial_draw_flags(t) | draw_defer(t);
	trial_begin(t, &call);
	trial_provide(t, trial_draw_resources(t));
	run_in_place(t, &call);
}

static int run_log_collect(struct trial *t, const struct call *call, struct range rest)
{
	return s2_log_collect(&t->world.tree, trial_cpu(t), rest.ipa, rest.size, &t->log,
			      call->flags);
}

static uint64_t collect(const struct call *call, uint64_t page)
{
	(void)call;
	return page & ~(uint64_t)S2_DIRTY;
}

static void apply_log_collect(struct trial *t, const struct call *call, struct range part)
{
	if (!(call->flags & S2_KEEP)) {
		apply_change(t, call, part, collect);
		return;
	}
	for (uint64_t at = 0; at < part.size; at += t->model.unit)
		if (trial_is_dirty(*model_at(&t->model, part.ipa + at)))
			trial_owe(t, part.ipa + at);
}

void trial_log_collect(struct trial *t)
{
	struct call call = {
		.name = "log_collect", .run = run_log_collect, .apply = apply_log_collect};

	if (!t->log.word)
		return;
	call.range = trial_draw_range(t);
	call.flags = trial_draw_flags(t) | (trial_draw(t, 3) ? 0 : S2_KEEP) | draw_defer(t);
	trial_begin(t, &call);
	trial_provide(t, trial_draw_resources(t));
	(void)take_map(t);
	run_in_place(t, &call);
	check_found(t);
}

static int run_log_stop(struct trial *t, const struct call *call, struct range rest)
{
	return s2_log_stop(&t->world.tree, trial_cpu(t), rest.ipa, rest.size,
			   t->reports ? &t->log : NULL, call->flags);
}

static uint64_t stop(const struct call *call, uint64_t page)
{
	(void)call;
	return page & ~(uint64_t)(S2_LOG | S2_DIRTY);
}

static void apply_log_stop(struct trial *t, const struct call *call, struct range part)
{
	apply_change(t, call, part, stop);
}

void trial_log_stop(struct trial *t)
{
	struct call call = {.name = "log_stop", .run = run_log_stop, .apply = apply_log_stop};

	call.range = trial_draw_range(t);
	call.flags = trial_draw_flags(t);
	trial_begin(t, &call);
	trial_provide(t, trial_draw_resources(t));
	(void)take_map(t);
	run_in_place(t, &call);
	check_found(t);
}

/* --- groups ------------------------------------------------------------------------------ */

static int run_group(struct trial *t, const struct call *call, struct range rest)
{
	(void)call;
	return s2_group(&t->world.tree, trial_cpu(t), rest.ipa, rest.size);
}

/* Whether what begins at `ipa`, aligned to a group, could be one. */
static bool can_group(const struct trial *t, uint64_t ipa, uint64_t size)
{
	uint64_t first = *model_at(&t->model, ipa);

	if (!model_is_mapped(first) || first & S2_LOG || model_pa(first) & (size - 1))
		return false;
	for (uint64_t at = t->model.unit; at < size; at += t->model.unit)
		if ((*model_at(&t->model, ipa + at) ^ (first + at)) & ~(uint64_t)S2_OLD)
			return false;
	return true;
}

static void check_groups(const struct trial *t, struct range range)
{
	unsigned int n = arch_group(&t->world.regime, t->model.unit_level);
	uint64_t size = n * t->model.unit;
	uint64_t ipa = (range.ipa + size - 1) & ~(size - 1);
	struct arch_walk walk;

	for (; n > 1 && ipa + size <= range.ipa + range.size; ipa += size) {
		arch_walk(&t->world.regime, ipa, &walk);
		require(walk.size != t->model.unit || !can_group(t, ipa, size) ||
				walk.desc & S2_DESC_CONTIG,
			"IPA %#llx: no group, of %#llx", LLU(ipa), LLU(walk.desc));
	}
}

void trial_group(struct trial *t)
{
	struct call call = {.name = "group", .run = run_group, .apply = trial_apply_nothing};
	uint32_t cached;

	call.range = trial_draw_range(t);
	trial_begin(t, &call);
	trial_provide(t, trial_draw_resources(t));
	cached = trial_cpu(t)->cache.count;
	run_in_place(t, &call);
	require(trial_cpu(t)->cache.count == cached, "it took a page");
	if (t->world.fmt.features & S2_FEAT_CONTIG)
		check_groups(t, call.range);
}

/* --- what changes nothing ------------------------------------------------------------------ */

static int run_clean(struct trial *t, const struct call *call, struct range rest)
{
	return s2_clean(&t->world.tree, trial_cpu(t), rest.ipa, rest.size, call->flags);
}

void trial_clean(struct trial *t)
{
	struct call call = {.name = "clean", .run = run_clean, .apply = trial_apply_nothing};
	uint32_t cached;

	call.range = trial_draw_range(t);
	if (call.range.size > CLEAN_MAX)
		call.range.size = t->model.unit;
	if (call.range.size > CLEAN_MAX)
		return;
	call.flags = trial_draw_flags(t);
	trial_begin(t, &call);
	trial_provide(t, PLENTY);
	tlb_count_from_here();
	cached = trial_cpu(t)->cache.count;
	run_in_place(t, &call);
	require(trial_cpu(t)->cache.count == cached && !tlb_counts().tlbis && !tlb_counts().breaks,
		"it took a page, or something away");
}

/* --- what is not an operation ------------------------------------------------------------- */

static void set_by_hardware(struct trial *t, const struct arch_walk *walk, s2_desc bits)
{
	__atomic_fetch_or((s2_desc *)(uintptr_t)walk->entry, bits, __ATOMIC_RELAXED);
	tlb_stored(walk->entry);
	model_touch(&t->model, walk->ipa, walk->size);
	if (bits & S2_DESC_WRITE)
		model_write(&t->model, walk->ipa, walk->size);
	trial_check(t);
}

void trial_access(struct trial *t)
{
	struct call call = {.name = "access", .range = trial_draw_range(t)};
	bool write = trial_draw(t, 2) && t->world.fmt.features & S2_FEAT_HD;
	struct arch_walk walk;

	trial_begin(t, &call);
	arch_walk(&t->world.regime, call.range.ipa, &walk);
	if (!(t->world.fmt.features & S2_FEAT_HAF) || walk.kind != ARCH_LEAF ||
	    walk.size < t->model.unit)
		return;
	write = write && walk.desc & S2_DESC_DBM;
	set_by_hardware(t, &walk, S2_DESC_AF | (write ? S2_DESC_WRITE : 0));
}
