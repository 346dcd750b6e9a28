/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * stage2 verify: what is wrong with tables in an image.
 *
 * By the architecture, whoever built them; with --own also by what this library would
 * have made of them.
 */
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>

#include <stage2/descriptor.h>

#include "bad.h"
#include "command.h"
#include "json.h"
#include "number.h"
#include "tables.h"
#include "words.h"

enum { KEY_OWN = 0x300 };

/* More are counted only. */
#define SHOWN 1000

struct arguments {
	struct tables_arguments tables;
	bool own;
};

struct check {
	bool own;
	json_t *json; /* null for a text */
	uint64_t *table; /* sorted once the first pass is done */
	size_t tables, room;
	void *seen; /* the same, as a tree */
	uint64_t leaves, broken;
};

static const struct argp_option options[] = {
	{"own", KEY_OWN, NULL, 0,
	 "stage2 built them: nothing is there that it never writes, or left over", 1},
	{NULL},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	if (key != KEY_OWN)
		return tables_parse(key, arg, state);
	a->own = true;
	return 0;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "IMAGE",
	.doc = "Checks the tables in a memory image.  Exit status 1: a rule is broken.",
	.children = tables_children,
};

static void complain(struct check *c, const struct spot *at, const char *rule)
{
	json_t *json;

	if (c->broken++ >= SHOWN)
		return;
	if (!c->json) {
		(void)printf("IPA %#" PRIx64 " level %d entry at %#" PRIx64 " %#" PRIx64 ": %s\n",
			     at->ipa, at->level, at->at, at->desc, rule);
		return;
	}
	json = json_object();
	json_put(json, "ipa", json_hex(at->ipa));
	json_put(json, "level", json_integer(at->level));
	json_put(json, "at", json_hex(at->at));
	json_put(json, "descriptor", json_hex(at->desc));
	json_put(json, "rule", json_string(rule));
	(void)json_array_append_new(c->json, json);
}

/* --- tables ---------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static void *allocate(void *memory, size_t size)
{
	memory = realloc(memory, size);
	if (!memory)
		bad("IMAGE", "no memory for its tables");
	return memory;
}

/* False if it has been there before. */
static bool remember(struct check *c, uint64_t table)
{
	uint64_t *key = allocate(NULL, sizeof(*key)), **found;

	*key = table;
	found = tsearch(key, &c->seen, compare);
	if (found && *found != key) {
		free(key);
		return false;
	}
	if (!found)
		bad("IMAGE", "no memory for its tables");
	if (c->tables == c->room) {
		c->room = c->room ? 2 * c->room : 64;
		c->table = allocate(c->table, c->room * sizeof(*c->table));
	}
	c->table[c->tables++] = table;
	return true;
}

static void check_table(struct check *c, const struct tables *t, const struct spot *at)
{
	if (!tables_can_follow(t, at))
		complain(c, at, "a table's address beyond the PA bits");
	else if (!remember(c, entry_address(&t->regime, at->level, at->desc)))
		complain(c, at, "a table that two entries lead to");
	if (entry_misplaced(&t->regime, at->level, at->desc))
		complain(c, at, "reserved bits in a table's address");
	if (bits(at->desc, 63, 59))
		complain(c, at, "attributes of stage 1 in a table entry");
}

/* --- leaves ---------------------------------------------------------------------- */

/* Of one group all entries say the same, but for their address, age and dirty state. */
static uint64_t in_common(const struct regime *r, uint64_t desc)
{
	uint64_t log = desc & ENTRY_DBM ? UINT64_C(1) << 7 : 0;

	return desc & ~(ENTRY_AF | log | bits(UINT64_MAX, entry_address_top(r), 12) << 12 |
			(r->ds ? UINT64_C(0x300) : 0));
}

static bool is_grouped(const struct regime *r, int level, uint64_t desc)
{
	return entry_kind(r, level, desc) == ENTRY_LEAF && desc & ENTRY_CONTIG;
}

/* What the first entry of a group says holds for all; so may a hole be in none. */
static void check_group(struct check *c, struct tables *t, const struct spot *at)
{
	const struct regime *r = &t->regime;
	unsigned int n = regime_group(r, at->level), rank = at->index & (n - 1);
	uint64_t first = rank ? tables_entry(t, at, at->index - rank) : at->desc;
	uint64_t address = entry_address(r, at->level, first);
	bool grouped = is_grouped(r, at->level, first);

	if (!grouped && !is_grouped(r, at->level, at->desc))
		return;
	if (!grouped || in_common(r, first) != in_common(r, at->desc) ||
	    address + rank * at->size != entry_address(r, at->level, at->desc))
		complain(c, at, "not what the first entry of its contiguous group says");
	else if (!rank && address & (n * at->size - 1))
		complain(c, at, "a contiguous group whose address is not aligned to its size");
}

static void check_leaf(struct check *c, struct tables *t, const struct spot *at)
{
	const struct regime *r = &t->regime;
	bool fwb = r->features & S2_FEAT_FWB;

	c->leaves++;
	if (entry_address(r, at->level, at->desc) >> r->pa_bits)
		complain(c, at, "an output address beyond the PA bits");
	if (entry_misplaced(r, at->level, at->desc))
		complain(c, at, "reserved bits in an output address");
	if (words_memory_is_reserved(at->desc, fwb))
		complain(c, at, "a reserved memory type");
	if (!r->ds && bits(at->desc, 9, 8) == 1)
		complain(c, at, "a reserved shareability");
	if (at->desc & ENTRY_CONTIG && regime_group(r, at->level) == 1)
		complain(c, at, "Contiguous at a level that has no groups");
}

/* --- this library's -------------------------------------------------------------- */

static void check_own(struct check *c, const struct regime *r, const struct spot *at)
{
	enum s2_kind kind = at->level < 0
				    ? S2_KIND_CORRUPT
				    : s2_desc_kind(&r->fmt, (unsigned int)at->level, at->desc);

	if (kind == S2_KIND_CORRUPT)
		complain(c, at, "a descriptor that stage2 never writes");
	if (kind == S2_KIND_LOCKED)
		complain(c, at, "a lock of stage2 left over");
	if (at->desc & 1 && at->desc & S2_DESC_SEAL)
		complain(c, at, "a seal of stage2 left over");
}

/* --- all ------------------------------------------------------------------------- */

static void check_entry(struct tables *t, const struct spot *at, void *arg)
{
	struct check *c = arg;

	switch (entry_kind(&t->regime, at->level, at->desc)) {
	case ENTRY_TABLE:
		check_table(c, t, at);
		break;
	case ENTRY_LEAF:
		check_leaf(c, t, at);
		break;
	case ENTRY_RESERVED:
		complain(c, at,
			 at->level == LAST_LEVEL ? "a page without its bit 1"
						 : "a block at a level that has none");
		break;
	default:
		break;
	}
	if (regime_group(&t->regime, at->level) > 1)
		check_group(c, t, at);
	if (c->own)
		check_own(c, &t->regime, at);
}

/* The first table at or behind an address. */
static uint64_t table_from(const struct check *c, uint64_t pa)
{
	size_t low = 0, high = c->tables;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (c->table[middle] < pa)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->tables ? c->table[low] : UINT64_MAX;
}

/* A second pass: what is mapped for the guest to write must be no table of its own. */
static void check_exposed(struct tables *t, const struct spot *at, void *arg)
{
	struct check *c = arg;
	uint64_t pa, table;

	if (entry_kind(&t->regime, at->level, at->desc) != ENTRY_LEAF ||
	    !(at->desc & (UINT64_C(1) << 7 | ENTRY_DBM)))
		return;
	pa = entry_address(&t->regime, at->level, at->desc);
	table = table_from(c, pa);
	if (table != UINT64_MAX && table - pa < at->size)
		complain(c, at, "the guest can write to one of these tables");
}

static int conclude(const struct check *c)
{
	json_t *json;

	if (!c->json) {
		if (c->broken > SHOWN)
			(void)printf("and %" PRIu64 " more\n", c->broken - SHOWN);
		(void)printf("verify: tables=%zu leaves=%" PRIu64 " broken=%" PRIu64 "\n",
			     c->tables, c->leaves, c->broken);
		return c->broken ? DIFFERENT : FINE;
	}
	json = json_object();
	json_put(json, "violations", c->json);
	json_put(json, "tables", json_integer((json_int_t)c->tables));
	json_put(json, "leaves", json_integer((json_int_t)c->leaves));
	json_put(json, "broken", json_integer((json_int_t)c->broken));
	json_print(json);
	return c->broken ? DIFFERENT : FINE;
}

int command_verify(int argc, char **argv)
{
	struct arguments a = {.own = false};
	struct check c = {.own = false};
	struct tables t;

	settings_parse(&argp, argc, argv, &a);
	tables_open(&t, &a.tables);
	if (a.own && !t.regime.has_fmt)
		bad("--own", "stage2 has no such format: %s", regime_text(&t.regime));
	c.own = a.own;
	c.json = a.tables.settings.json ? json_array() : NULL;
	for (unsigned int i = 0; i < t.regime.root_tables; i++)
		(void)remember(&c, t.way[0] + ((uint64_t)i << t.regime.granule));
	tables_visit(&t, check_entry, &c);
	qsort(c.table, c.tables, sizeof(*c.table), compare);
	tables_visit(&t, check_exposed, &c);
	return conclude(&c);
}
