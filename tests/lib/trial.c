/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What all steps of a trial share: drawing, calling until it is done, checking.
 */
#include "trial.h"

#include <stdlib.h>
#include <string.h>

#define LOG_BITS BIT(20)

static unsigned int unit_pages_shift(const struct trial *t)
{
	return arch_shift(&t->world.regime, t->model.unit_level) - t->world.fmt.granule_shift;
}

static void *array(const struct trial *t, size_t size)
{
	void *p = calloc(t->model.units, size);

	require(p, "no memory");
	return p;
}

/* Room for all windows in pages of the last level, twice, and for what waits to be reclaimed. */
static uint64_t arena_for(const struct profile *profile)
{
	return UINT64_C(64) << (20 + 2 * (profile->format.granule_shift == 16));
}

void trial_open(struct trial *t, const struct profile *profile, uint64_t seed)
{
	struct world_config config = {.format = profile->format,
				      .shared = profile->shared,
				      .owned = profile->owned,
				      .quota = profile->quota,
				      .arena = arena_for(profile)};

	*t = (struct trial){.profile = profile, .seed = seed, .rng.state = seed};
	set_context("S2_SEED=%#llx, opening", LLU(seed));
	world_open(&t->world, &config);
	model_open(&t->model, &t->world, profile->unit_level, profile->blocks);
	t->entry_size = array(t, sizeof(*t->entry_size));
	t->was = array(t, sizeof(*t->was));
	t->grouped = array(t, sizeof(*t->grouped));
	t->owed = array(t, sizeof(*t->owed));
	t->log.bits = t->model.units << unit_pages_shift(t);
	if (t->log.bits <= LOG_BITS)
		t->log.word = calloc(t->log.bits / 64 + 1, sizeof(uint64_t));
	tlb_open(&t->world);
}

void trial_close(struct trial *t)
{
	free(t->log.word);
	free(t->owed);
	free(t->grouped);
	free(t->was);
	free(t->entry_size);
	model_close(&t->model);
	world_close(&t->world);
}

uint64_t trial_unit(const struct trial *t, uint64_t ipa)
{
	return (ipa - t->model.window[t->window].ipa) / t->model.unit;
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

void trial_check(struct trial *t)
{
	tlb_returned(trial_cpu(t)->gather.runs || t->in_flight);
	check_cache(&trial_cpu(t)->cache);
	world_balance(&t->world);
	if (!t->in_flight)
		model_compare_tlb(&t->model);
	model_compare(&t->model, t->window);
}

/* --- what is drawn ---------------------------------------------------------- */

/* Sizes that matter: a unit, a few, a whole entry of an upper level, one unit more or less. */
static uint64_t draw_units(struct trial *t)
{
	uint64_t block = arch_size(&t->world.regime, t->model.unit_level - 1) / t->model.unit;

	switch (trial_draw(t, 6)) {
	case 0:
		return 1;
	case 1:
		return 1 + trial_draw(t, 20);
	case 2:
		return block;
	case 3:
		return block - 1 + trial_draw(t, 3);
	case 4:
		return 1 + trial_draw(t, t->model.units);
	default:
		return 1 + trial_draw(t, 64);
	}
}

struct range trial_draw_range(struct trial *t)
{
	uint64_t block = arch_size(&t->world.regime, t->model.unit_level - 1) / t->model.unit;
	uint64_t units = draw_units(t);
	uint64_t first;

	if (units > t->model.units)
		units = t->model.units;
	first = trial_draw(t, t->model.units - units + 1);
	if (trial_draw(t, 3))
		first -= first % block;
	else if (trial_draw(t, 4) == 0 && first >= first % block + 1)
		first -= first % block ? first % block - 1 : 0;
	if (first + units > t->model.units)
		first = t->model.units - units;
	return (struct range){t->model.window[t->window].ipa + first * t->model.unit,
			      units * t->model.unit};
}

enum resources trial_draw_resources(struct trial *t)
{
	return trial_draw(t, 2) ? PLENTY : trial_draw(t, 2) ? SCARCE : BUDGET;
}

uint32_t trial_draw_flags(struct trial *t)
{
	return trial_draw(t, 4) ? 0 : S2_FAULT;
}

/* --- reports ------------------------------------------------------------------ */

static void begin_report(struct trial *t)
{
	if (t->deferring)
		return;
	memset(t->owed, 0, t->model.units * sizeof(*t->owed));
	if (t->reports)
		memset(t->log.word, 0, t->log.bits / 64 * sizeof(uint64_t));
	t->log.ipa = t->model.window[t->window].ipa;
	t->owed_pages = t->found = 0;
	t->reports = false;
	trial_cpu(t)->log = NULL;
}

void trial_owe(struct trial *t, uint64_t ipa)
{
	t->owed[trial_unit(t, ipa)] = true;
	t->owed_pages += BIT(unit_pages_shift(t));
}

void trial_replaced(struct trial *t, uint64_t ipa, uint64_t was)
{
	if (trial_is_dirty(was) && !trial_is_dirty(*model_at(&t->model, ipa)))
		trial_owe(t, ipa);
}

static bool is_reported(const struct trial *t, uint64_t page)
{
	return t->log.word[page / 64] >> page % 64 & 1;
}

void trial_end(struct trial *t)
{
	unsigned int shift = unit_pages_shift(t);

	if (t->deferring)
		return;
	trial_cpu(t)->log = NULL;
	for (uint64_t page = 0; t->reports && page < t->log.bits; page++)
		require(is_reported(t, page) == t->owed[page >> shift],
			"IPA %#llx: %s, and it was %s",
			LLU(t->log.ipa + (page << t->world.fmt.granule_shift)),
			is_reported(t, page) ? "reported" : "not reported",
			t->owed[page >> shift] ? "owed" : "not owed");
}

/* --- access flags of groups ------------------------------------------------------ */

static bool has_groups(const struct trial *t)
{
	return t->world.fmt.features & S2_FEAT_CONTIG;
}

static void note_window(struct trial *t)
{
	uint64_t ipa = t->model.window[t->window].ipa;
	struct arch_walk walk;

	memcpy(t->was, t->model.window[t->window].page, t->model.units * sizeof(*t->was));
	for (uint64_t u = 0; u < t->model.units; u++, ipa += t->model.unit) {
		arch_walk(&t->world.regime, ipa, &walk);
		t->entry_size[u] = walk.size;
		t->grouped[u] = walk.kind == ARCH_LEAF && walk.desc & S2_DESC_CONTIG;
	}
}

static bool was_young(const struct trial *t, uint64_t first, uint64_t n)
{
	for (uint64_t u = first; u < first + n; u++)
		if (model_is_mapped(t->was[u]) && !(t->was[u] & S2_OLD))
			return true;
	return false;
}

/*
 * An access to one of a group may be noted in any other: where a group was, or is, all may
 * have become young if one was.
 */
static void accept_ages(struct trial *t)
{
	uint64_t base = t->model.window[t->window].ipa;
	uint64_t n = arch_group(&t->world.regime, t->model.unit_level);
	struct arch_walk walk;

	for (uint64_t u = 0; u < t->model.units; u++) {
		uint64_t *page = &t->model.window[t->window].page[u];

		if (!model_is_mapped(*page) || !(*page & S2_OLD))
			continue;
		arch_walk(&t->world.regime, base + u * t->model.unit, &walk);
		if (walk.kind == ARCH_LEAF && walk.size == t->model.unit &&
		    walk.desc & S2_DESC_AF && (t->grouped[u] || walk.desc & S2_DESC_CONTIG) &&
		    was_young(t, u - u % n, n))
			*page &= ~(uint64_t)S2_OLD;
	}
}

/* --- one call, again and again until its range is done ---------------------- */

void trial_begin(struct trial *t, const struct call *call)
{
	set_context("S2_SEED=%#llx, granule %u, ipa %u, pa %u, features %#x; step %u: %s "
		    "%#llx+%#llx pa %#llx attr %#x give %#x level %u flags %#x",
		    LLU(t->seed), t->world.fmt.granule_shift, t->world.fmt.ipa_bits,
		    t->world.fmt.pa_bits, (unsigned int)t->world.fmt.features, t->step, call->name,
		    LLU(call->range.ipa), LLU(call->range.size), LLU(call->pa), call->attr,
		    call->give, call->level, call->flags);
	begin_report(t);
	note_window(t);
	t->applied = call->range.ipa;
}

void trial_provide(struct trial *t, enum resources resources)
{
	struct s2_cpu *cpu = trial_cpu(t);

	cpu->budget = resources == BUDGET ? 1 + (uint32_t)trial_draw(t, 40) : 0;
	world_fill(&t->world, cpu, resources == SCARCE ? (uint32_t)trial_draw(t, 3) : TRIAL_PAGES);
	if (t->deferring || !t->log.word || trial_draw(t, 2))
		return;
	t->reports = true;
	cpu->log = &t->log;
}

void trial_settle(struct trial *t, const struct call *call, struct range *rest, int status)
{
	struct s2_cpu *cpu = trial_cpu(t);
	struct range part = {t->applied, rest->ipa + cpu->done - t->applied};

	require(cpu->done <= rest->size && cpu->done % BIT(t->world.fmt.granule_shift) == 0,
		"done %#llx of %#llx", LLU(cpu->done), LLU(rest->size));
	require(status != S2_OK || cpu->done == rest->size, "S2_OK, but done %#llx of %#llx",
		LLU(cpu->done), LLU(rest->size));
	require(status != S2_NO_PAGE || cpu->cache.count < S2_FAULT_PAGES,
		"S2_NO_PAGE with %u pages left", cpu->cache.count);
	t->found += cpu->found;
	rest->ipa += cpu->done;
	rest->size -= cpu->done;
	/* In units: what is done ends at one, or the call is not over yet. */
	if (rest->ipa % t->model.unit)
		return;
	call->apply(t, call, part);
	t->applied = rest->ipa;
	if (has_groups(t))
		accept_ages(t);
	trial_check(t);
}

int trial_run(struct trial *t, const struct call *call)
{
	struct range rest = call->range;
	unsigned int stuck = 0;
	int status;

	do {
		uint64_t from = rest.ipa;

		status = call->run(t, call, rest);
		trial_settle(t, call, &rest, status);
		stuck = rest.ipa > from ? 0 : stuck + 1;
		require(stuck < 20, "%s: 20 calls, and no progress", status_name(status));
		if (status == S2_NO_PAGE)
			world_fill(&t->world, trial_cpu(t), 1 + (uint32_t)trial_draw(t, 3));
	} while (status == S2_MORE || status == S2_NO_PAGE);
	trial_end(t);
	return status;
}

void trial_apply_nothing(struct trial *t, const struct call *call, struct range part)
{
	(void)t;
	(void)call;
	(void)part;
}
