/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The flat array behind model.h, and how tables and TLBs are held against it.
 */
#include "model.h"

#include <stdlib.h>

#include <stage2/inspect.h>

#include "tlb.h"

#define LLU(x) ((unsigned long long)(x))

void model_open(struct model *model, struct world *world, unsigned int unit_level,
		unsigned int blocks)
{
	uint64_t block = arch_size(&world->regime, unit_level - 1);
	uint64_t end = BIT(world->fmt.ipa_bits);

	*model = (struct model){.world = world, .unit_level = unit_level};
	model->unit = arch_size(&world->regime, unit_level);
	model->units = blocks * block / model->unit;
	model->window[0].ipa = 0;
	model->window[1].ipa = end / 2 - block;
	model->window[2].ipa = end - blocks * block;
	assert_true(blocks * block <= model->window[1].ipa);
	for (unsigned int i = 0; i < MODEL_WINDOWS; i++) {
		model->window[i].page = calloc(model->units, sizeof(uint64_t));
		assert_non_null(model->window[i].page);
	}
}

void model_close(struct model *model)
{
	for (unsigned int i = 0; i < MODEL_WINDOWS; i++)
		free(model->window[i].page);
}

static int window_of(const struct model *model, uint64_t ipa)
{
	for (int i = 0; i < MODEL_WINDOWS; i++)
		if (ipa - model->window[i].ipa < model->units * model->unit)
			return i;
	return -1;
}

uint64_t *model_at(const struct model *model, uint64_t ipa)
{
	int window = window_of(model, ipa);

	require(window >= 0, "IPA %#llx is in no window", LLU(ipa));
	return &model->window[window].page[(ipa - model->window[window].ipa) / model->unit];
}

/* --- operations ------------------------------------------------------------- */

/* What was noted of the page stays, if it goes on mapping the same memory. */
static s2_attr noted(uint64_t page, uint64_t pa, s2_attr attr)
{
	if (!model_is_mapped(page) || model_pa(page) != pa)
		return attr;
	if (!(page & S2_OLD))
		attr &= ~S2_OLD;
	return attr & S2_LOG ? attr | (page & S2_DIRTY) : attr;
}

void model_map(struct model *model, uint64_t ipa, uint64_t size, uint64_t pa, s2_attr attr)
{
	for (uint64_t at = 0; at < size; at += model->unit) {
		uint64_t *page = model_at(model, ipa + at);

		*page = (pa + at) | MODEL_MAPPED | noted(*page, pa + at, attr);
	}
}

void model_unmap(struct model *model, uint64_t ipa, uint64_t size, bool deferred)
{
	for (uint64_t at = 0; at < size; at += model->unit) {
		uint64_t *page = model_at(model, ipa + at);

		*page = deferred && *page ? MODEL_DEFERRED : MODEL_EMPTY;
	}
}

void model_flush(struct model *model)
{
	for (unsigned int i = 0; i < MODEL_WINDOWS; i++)
		for (uint64_t n = 0; n < model->units; n++)
			if (model->window[i].page[n] == MODEL_DEFERRED)
				model->window[i].page[n] = MODEL_EMPTY;
}

void model_own(struct model *model, uint64_t ipa, uint32_t owner)
{
	*model_at(model, ipa) = MODEL_OWNED | (uint64_t)owner << 12;
}

void model_touch(struct model *model, uint64_t ipa, uint64_t size)
{
	for (uint64_t at = 0; at < size; at += model->unit)
		*model_at(model, ipa + at) &= ~(uint64_t)S2_OLD;
}

void model_write(struct model *model, uint64_t ipa, uint64_t size)
{
	for (uint64_t at = 0; at < size; at += model->unit) {
		uint64_t *page = model_at(model, ipa + at);

		if (model_is_mapped(*page) && *page & S2_LOG)
			*page |= S2_DIRTY;
	}
}

/* --- tables ----------------------------------------------------------------- */

static bool is_flush_owed(const struct model *model)
{
	for (unsigned int i = 0; i < WORLD_CPUS; i++)
		if (model->world->cpu[i].gather.runs)
			return true;
	return false;
}

/* The engine and the architecture read one entry alike. */
static void check_entry(const struct model *model, const struct s2_mapping *m, uint64_t ipa)
{
	struct arch_walk walk;
	s2_attr attr;

	arch_walk(&model->world->regime, ipa, &walk);
	require(walk.ipa == m->ipa && walk.size == m->size && walk.level == m->level &&
			walk.desc == m->desc,
		"IPA %#llx: lookup says %#llx at level %u, a walk %#llx at level %u", LLU(ipa),
		LLU(m->desc), m->level, LLU(walk.desc), walk.level);
	require((walk.kind == ARCH_LEAF) == (m->kind == S2_KIND_LEAF) &&
			walk.kind != ARCH_RESERVED && m->kind != S2_KIND_CORRUPT &&
			m->kind != S2_KIND_TABLE,
		"IPA %#llx: %#llx at level %u is of kind %d", LLU(ipa), LLU(m->desc), m->level,
		m->kind);
	if (walk.kind != ARCH_LEAF) {
		require(!m->pa && !m->attr, "IPA %#llx: attributes of no leaf", LLU(ipa));
		return;
	}
	require(arch_attr(&model->world->regime, walk.level, walk.desc, &attr),
		"IPA %#llx: %#llx has bits that no mapping has", LLU(ipa), LLU(walk.desc));
	require(walk.pa == m->pa && attr == m->attr && !(walk.desc & S2_DESC_SEAL),
		"IPA %#llx: %#llx read as PA %#llx, attributes %#x", LLU(ipa), LLU(walk.desc),
		LLU(m->pa), m->attr);
}

static uint64_t as_page(const struct model *model, const struct s2_mapping *m, uint64_t ipa)
{
	switch (m->kind) {
	case S2_KIND_LEAF:
		return (m->pa + (ipa - m->ipa)) | MODEL_MAPPED | m->attr;
	case S2_KIND_ANNOTATED:
		return MODEL_OWNED | (uint64_t)s2_desc_owner(m->desc) << 12;
	case S2_KIND_LOCKED:
		require(is_flush_owed(model), "IPA %#llx is locked by nobody", LLU(m->ipa));
		return MODEL_DEFERRED;
	default:
		return MODEL_EMPTY;
	}
}

/* A deferred unmap may have been flushed early, and locks holes between what it removes. */
static bool pages_agree(uint64_t expected, uint64_t found)
{
	bool gone = expected == MODEL_EMPTY || expected == MODEL_DEFERRED;

	return expected == found || (gone && (found == MODEL_EMPTY || found == MODEL_DEFERRED));
}

/* Compares [from, to) of what one entry covers; both in one unit or at units' boundaries. */
static void compare_entry(const struct model *model, const struct s2_mapping *m, uint64_t from,
			  uint64_t to)
{
	for (uint64_t ipa = from; ipa < to; ipa += model->unit - ipa % model->unit) {
		uint64_t found = as_page(model, m, ipa);
		uint64_t expected = *model_at(model, ipa);

		if (model_is_mapped(expected))
			expected += ipa % model->unit;
		require(pages_agree(expected, found),
			"IPA %#llx: found %#llx in %#llx at level %u, expected %#llx", LLU(ipa),
			LLU(found), LLU(m->desc), m->level, LLU(expected));
	}
}

void model_compare(const struct model *model, unsigned int window)
{
	uint64_t ipa = model->window[window].ipa;
	uint64_t end = ipa + model->units * model->unit;
	struct s2_mapping m;

	while (ipa < end) {
		require_status(s2_lookup(&model->world->tree, ipa, &m), S2_OK);
		require(m.ipa <= ipa && ipa - m.ipa < m.size, "IPA %#llx: entry of %#llx", LLU(ipa),
			LLU(m.ipa));
		check_entry(model, &m, ipa);
		uint64_t next = m.ipa + m.size;

		compare_entry(model, &m, ipa, next < end ? next : end);
		ipa = next;
	}
}

struct rest {
	const struct model *model;
	uint64_t next; /* where the entry after this one must begin */
};

static int visit_rest(const struct s2_mapping *m, void *arg)
{
	struct rest *rest = arg;

	require(m->ipa == rest->next, "the walk went from %#llx to %#llx", LLU(rest->next),
		LLU(m->ipa));
	rest->next = m->ipa + m->size;
	if (window_of(rest->model, m->ipa) >= 0)
		compare_entry(rest->model, m, m->ipa,
			      window_of(rest->model, rest->next - 1) >= 0 ? rest->next
									  : m->ipa + 1);
	else
		require(m->kind == S2_KIND_EMPTY, "IPA %#llx, in no window: %#llx", LLU(m->ipa),
			LLU(m->desc));
	return 0;
}

void model_compare_rest(const struct model *model)
{
	struct rest rest = {model, 0};
	uint64_t end = BIT(model->world->fmt.ipa_bits);

	require_status(s2_walk(&model->world->tree, 0, end, visit_rest, &rest), S2_OK);
	require(rest.next == end, "the walk ended at %#llx", LLU(rest.next));
}

/* --- ranges and numbers ------------------------------------------------------- */

struct tour {
	const struct model *model;
	uint64_t next; /* where the range after this one must begin */
	uint32_t flags;
	struct s2_range last;
};

static bool may_join(const struct tour *t, const struct s2_range *r)
{
	const struct s2_range *last = &t->last;
	s2_attr ignored =
		(t->flags & S2_MERGE_AGE ? S2_OLD : 0) | (t->flags & S2_MERGE_DIRTY ? S2_DIRTY : 0);
	struct s2_mapping before, after;

	if (!last->size || r->kind != last->kind)
		return false;
	if (r->kind == S2_KIND_ANNOTATED)
		return r->desc == last->desc;
	if (r->kind != S2_KIND_LEAF)
		return true;
	require_status(s2_lookup(&t->model->world->tree, r->ipa - 1, &before), S2_OK);
	require_status(s2_lookup(&t->model->world->tree, r->ipa, &after), S2_OK);
	return (before.level == after.level || t->flags & S2_MERGE_LEVELS) &&
	       r->pa == last->pa + last->size && !((before.attr ^ after.attr) & ~ignored);
}

/* One entry would say the same of all of it; where ages are merged, but for that. */
static void compare_range(const struct tour *t, const struct s2_range *r, uint64_t ipa)
{
	struct s2_mapping m = {
		.ipa = r->ipa, .size = r->size, .pa = r->pa, .attr = r->attr, .kind = r->kind};
	uint64_t expected = *model_at(t->model, ipa), found;

	m.desc = r->desc;
	found = as_page(t->model, &m, ipa);
	if (model_is_mapped(expected))
		expected += ipa % t->model->unit;
	if (model_is_mapped(expected) && t->flags & S2_MERGE_AGE)
		expected = (expected & ~(uint64_t)S2_OLD) | (found & S2_OLD);
	if (model_is_mapped(expected) && t->flags & S2_MERGE_DIRTY)
		expected = (expected & ~(uint64_t)S2_DIRTY) | (found & S2_DIRTY);
	require(pages_agree(expected, found), "IPA %#llx in a range: found %#llx, expected %#llx",
		LLU(ipa), LLU(found), LLU(expected));
}

static int visit_range(const struct s2_range *r, void *arg)
{
	struct tour *t = arg;
	const struct model *model = t->model;

	require(r->ipa == t->next && r->size, "ranges went from %#llx to %#llx+%#llx", LLU(t->next),
		LLU(r->ipa), LLU(r->size));
	require(!may_join(t, r), "IPA %#llx: a range that goes on", LLU(r->ipa));
	for (uint64_t ipa = r->ipa; ipa < r->ipa + r->size; ipa += model->unit - ipa % model->unit)
		compare_range(t, r, ipa);
	t->last = *r;
	t->next += r->size;
	return 0;
}

static uint64_t sum(const uint64_t *of_level)
{
	return of_level[0] + of_level[1] + of_level[2] + of_level[3];
}

static void compare_counts(const struct model *model, const uint64_t *page,
			   const struct s2_counts *c)
{
	uint64_t mapped = 0, writable = 0, logged = 0, dirty = 0, young = 0;

	for (uint64_t n = 0; n < model->units; n++) {
		uint64_t unit = model_is_mapped(page[n]) ? model->unit : 0;

		mapped += unit;
		writable += page[n] & S2_W ? unit : 0;
		logged += page[n] & S2_LOG ? unit : 0;
		dirty += page[n] & S2_DIRTY ? unit : 0;
		young += page[n] & S2_OLD ? 0 : unit;
	}
	require(sum(c->mapped) == mapped && c->writable == writable && c->young == young,
		"counted %#llx mapped, %#llx writable, %#llx young; expected %#llx, %#llx, %#llx",
		LLU(sum(c->mapped)), LLU(c->writable), LLU(c->young), LLU(mapped), LLU(writable),
		LLU(young));
	require(c->logged == logged && c->dirty == dirty && !c->corrupt,
		"counted %#llx logged, %#llx dirty, %llu corrupt; expected %#llx, %#llx",
		LLU(c->logged), LLU(c->dirty), LLU(c->corrupt), LLU(logged), LLU(dirty));
}

void model_compare_ranges(const struct model *model, unsigned int window, uint32_t flags)
{
	uint64_t ipa = model->window[window].ipa;
	struct s2_span span = {.ipa = ipa, .size = model->units * model->unit};
	struct s2_span slices = {.ipa = ipa, .size = span.size, .budget = 100};
	struct tour t = {.model = model, .next = ipa, .flags = flags};
	struct s2_counts counts = {.annotated = 0};
	int status = S2_MORE;

	require_status(s2_ranges(&model->world->tree, &span, flags, visit_range, &t), S2_OK);
	require(!span.size && t.next == ipa + model->units * model->unit, "ended at %#llx",
		LLU(t.next));
	while (status == S2_MORE)
		status = s2_count(&model->world->tree, &slices, &counts);
	require_status(status, S2_OK);
	compare_counts(model, model->window[window].page, &counts);
}

static void complain(const struct s2_violation *v, void *arg)
{
	(void)arg;
	require(v->rule == S2_RULE_EMPTY, "%s: IPA %#llx, level %u, %#llx", s2_rule_text(v->rule),
		LLU(v->ipa), v->level, LLU(v->desc));
}

void model_verify(const struct model *model)
{
	const struct s2_tree *tree = &model->world->tree;
	struct s2_verification v = {.complain = complain, .quiet = !is_flush_owed(model)};
	struct s2_span span = {.size = BIT(model->world->fmt.ipa_bits), .budget = 1000};
	struct s2_span whole = {.size = span.size};
	struct s2_counts counts = {.annotated = 0};
	int status = S2_MORE;

	while (status == S2_MORE)
		status = s2_verify(tree, &span, &v);
	require_status(status, S2_OK);
	require_status(s2_count(tree, &whole, &counts), S2_OK);
	require(sum(counts.tables) == v.tables + model->world->fmt.root_tables &&
			v.tables <= tree->tables,
		"%llu tables counted, %llu verified, %llu in the tree", LLU(sum(counts.tables)),
		LLU(v.tables), LLU(tree->tables));
}

/* --- TLBs ------------------------------------------------------------------- */

/* Whether a write by way of it leaves no mark. */
static bool writes_silently(uint64_t attr)
{
	return attr & S2_W && (!(attr & S2_LOG) || attr & S2_DIRTY);
}

static void check_cached(const struct tlb_leaf *leaf, void *arg)
{
	const struct model *model = arg;
	s2_attr perm = leaf->attr & S2_RWX;

	for (uint64_t at = 0; at < leaf->size; at += model->unit) {
		uint64_t page = *model_at(model, leaf->ipa + at);
		uint64_t pa = model_pa(page) + (leaf->ipa + at) % model->unit;

		if (page == MODEL_DEFERRED)
			continue;
		require(model_is_mapped(page) && pa == leaf->pa + at &&
				!((page ^ leaf->attr) & S2_MEM_MASK) && !(perm & ~page) &&
				(writes_silently(page) || !writes_silently(leaf->attr)),
			"IPA %#llx: a CPU may still use PA %#llx, attributes %#x; expected %#llx",
			LLU(leaf->ipa + at), LLU(leaf->pa + at), leaf->attr, LLU(page));
	}
}

void model_compare_tlb(const struct model *model)
{
	tlb_for_each(check_cached, (void *)(uintptr_t)model);
}
