/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <inttypes.h>

#include "bad.h"
#include "number.h"
#include "tables.h"

enum { KEY_BASE = 0x400, KEY_VTTBR };

/* More tables than this on the way are the same ones again and again. */
#define VISITS_MIN (UINT64_C(1) << 20)

static const struct argp_option options[] = {
	{NULL, 0, NULL, 0, "The image:", 5},
	{"base", KEY_BASE, "ADDRESS", 0,
	 "Where a raw file begins in memory (0); without it, an ELF core says so itself", 5},
	{"vttbr", KEY_VTTBR, "VALUE", 0, "VTTBR_EL2", 5},
	{NULL},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct tables_arguments *a = state->input;

	switch (key) {
	case KEY_BASE:
		a->base = number("--base", arg, UINT64_MAX);
		a->has_base = true;
		return 0;
	case KEY_VTTBR:
		a->vttbr = number("--vttbr", arg, UINT64_MAX);
		a->has_vttbr = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {.options = options, .parser = parse};

const struct argp_child tables_children[] = {
	{&argp, 0, NULL, 0}, {&settings_registers_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};

static void take_word(struct tables_arguments *a, const char *arg)
{
	if (!a->image)
		a->image = arg;
	else if (a->wants_ipa && !a->ipa)
		a->ipa = arg;
	else
		bad(arg, "an argument too many");
}

error_t tables_parse(int key, char *arg, struct argp_state *state)
{
	if (key == ARGP_KEY_INIT)
		settings_init(state, tables_children);
	else if (key == ARGP_KEY_ARG)
		take_word(state->input, arg);
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

void tables_open(struct tables *t, const struct tables_arguments *a)
{
	uint64_t root;

	*t = (struct tables){.depth = 0};
	if (!a->image)
		bad("IMAGE", "none is given");
	if (!a->has_vttbr)
		bad("--vttbr", "missing: it says where the root is");
	regime_of(&t->regime, &a->settings);
	root = regime_root(&t->regime, a->vttbr);
	if (root & (regime_root_size(&t->regime) - 1))
		bad("--vttbr", "the root at %#" PRIx64 " is not aligned to its %s", root,
		    size_text(regime_root_size(&t->regime)));
	if (root >> t->regime.pa_bits)
		bad("--vttbr", "the root at %#" PRIx64 " has more than %u bits", root,
		    t->regime.pa_bits);
	image_open(&t->image, a->image, a->has_base, a->base);
	t->way[0] = root;
}

uint64_t tables_entry(struct tables *t, const struct spot *at, unsigned int index)
{
	uint64_t desc;

	if (!image_read(&t->image, at->table + 8 * (uint64_t)index, &desc))
		bad(t->image.name,
		    "entry %u of the table at %#" PRIx64 " (level %d, IPA %#" PRIx64
		    ") is outside the image",
		    index, at->table, at->level, at->ipa);
	return desc;
}

static uint64_t entries(const struct tables *t, int level)
{
	if (level == t->regime.start)
		return UINT64_C(1) << (t->regime.ipa_bits - regime_shift(&t->regime, level));
	return UINT64_C(1) << t->regime.stride;
}

static void look(struct tables *t, uint64_t ipa, struct spot *at)
{
	const struct regime *r = &t->regime;

	at->size = regime_size(r, at->level);
	at->ipa = ipa & ~(at->size - 1);
	at->index = (unsigned int)(ipa >> regime_shift(r, at->level) & (entries(t, at->level) - 1));
	at->at = at->table + 8 * (uint64_t)at->index;
	at->desc = tables_entry(t, at, at->index);
}

static void count_visit(struct tables *t)
{
	uint64_t most = t->image.size >> t->regime.granule;

	if (++t->visited > (most > VISITS_MIN ? most : VISITS_MIN))
		bad(t->image.name,
		    "more than %" PRIu64 " tables on the way: many entries lead to the same ones",
		    t->visited - 1);
}

void tables_begin(struct tables *t, uint64_t ipa, struct spot *at)
{
	*at = (struct spot){.table = t->way[0], .level = t->regime.start};
	t->depth = 1;
	look(t, ipa, at);
}

/* The root is as large as all of its concatenated tables. */
static bool is_on_the_way(const struct tables *t, uint64_t table)
{
	if (table - t->way[0] < regime_root_size(&t->regime))
		return true;
	for (unsigned int i = 1; i < t->depth; i++) {
		if (t->way[i] == table)
			return true;
	}
	return false;
}

void tables_down(struct tables *t, uint64_t ipa, struct spot *at)
{
	uint64_t table = entry_address(&t->regime, at->level, at->desc);

	if (is_on_the_way(t, table))
		bad(t->image.name,
		    "cyclic: the entry at %#" PRIx64 " (level %d, IPA %#" PRIx64 ", %#" PRIx64
		    ") leads back to the table at %#" PRIx64,
		    at->at, at->level, at->ipa, at->desc, table);
	count_visit(t);
	t->way[t->depth++] = table;
	at->table = table;
	at->level++;
	look(t, ipa, at);
}

bool tables_can_follow(const struct tables *t, const struct spot *at)
{
	return !(entry_address(&t->regime, at->level, at->desc) >> t->regime.pa_bits);
}

/* The next entry behind it, in its table or above: false if there is none. */
static bool next(struct tables *t, struct spot *at)
{
	uint64_t ipa = at->ipa + at->size;

	while (at->index + 1 == entries(t, at->level)) {
		if (at->level == t->regime.start)
			return false;
		at->level--;
		t->depth--;
		at->table = t->way[t->depth - 1];
		at->index = (unsigned int)((ipa - 1) >> regime_shift(&t->regime, at->level) &
					   (entries(t, at->level) - 1));
	}
	look(t, ipa, at);
	return true;
}

void tables_visit(struct tables *t, tables_visitor *visit, void *arg)
{
	struct spot at;
	bool more = true;

	t->visited = 0;
	tables_begin(t, 0, &at);
	while (more) {
		visit(t, &at, arg);
		if (entry_kind(&t->regime, at.level, at.desc) == ENTRY_TABLE &&
		    tables_can_follow(t, &at))
			tables_down(t, at.ipa, &at);
		else
			more = next(t, &at);
	}
}
