/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Graft: finer tables are built where nobody can see them, then take the place
 * of one entry in a single step.
 *
 *	before:	| block                                            |
 *
 *	after:	| table |
 *		    +-> | block | block | table | block | ... |	  the rest of the block
 *					    +-> | page | NEW | NEW | page | ... |
 *
 * Whatever the entry said before, the grafted tables say again for all that the
 * operation does not change: so a block is split and never dropped, and a page
 * mapped (or unmapped) under it costs one break, not two.  Over an empty entry
 * there is nothing to break: one compare-and-swap publishes the tables.
 *
 * The tables are filled by plain stores; the release of the install or the make
 * orders them before the pointer, for walkers in software and in hardware.
 */
#include "graft.h"

#include "cache.h"
#include "group.h"
#include "log.h"
#include "replace.h"

struct graft {
	s2_desc *table[S2_FAULT_PAGES]; /* from the top one down */
	unsigned int n;
	uint64_t end; /* first IPA behind what the operation changed in them */
};

/* What an entry of `level` for `ipa` says if it says what `at` said. */
static s2_desc slice(const struct s2_op *op, const struct s2_spot *at, uint64_t ipa,
		     unsigned int level)
{
	uint64_t pa;

	if (!s2_is_valid(at->desc))
		return at->desc;
	pa = s2_oa_decode(op->fmt, at->desc) + (ipa - at->base);
	return (at->desc & ~(op->fmt->oa_low | op->fmt->oa_high)) | s2_leaf_type(level) |
	       s2_oa_encode(op->fmt, pa);
}

/* One table of entries of `level`, around `ipa`, all of them what `at` said. */
static void fill(const struct s2_op *op, const struct s2_spot *at, s2_desc *table, uint64_t ipa,
		 unsigned int level)
{
	unsigned int entries = 1u << op->fmt->index_bits;
	uint64_t size = s2_level_size(op->fmt, level);

	ipa &= ~((size << op->fmt->index_bits) - 1);
	for (unsigned int i = 0; i < entries; i++, ipa += size)
		table[i] = slice(op, at, ipa, level);
}

uint64_t s2_graft_end(const struct s2_op *op, unsigned int target)
{
	uint64_t table_size = s2_level_size(op->fmt, target) << op->fmt->index_bits;
	uint64_t table_end = (op->pos & ~(table_size - 1)) + table_size;

	if (table_end <= op->end)
		return table_end;
	return op->end & ~(s2_level_size(op->fmt, target) - 1);
}

/* What the operation wants from op->pos to `end`, in the table of `level` that holds both. */
static void overwrite(const struct s2_op *op, s2_desc *table, unsigned int level, uint64_t end)
{
	uint64_t size = s2_level_size(op->fmt, level);
	s2_desc *entry = &table[s2_index(op->fmt, op->pos, level)];

	for (uint64_t ipa = op->pos; ipa < end; ipa += size)
		*entry++ = s2_op_leaf(op, ipa, level);
}

static s2_desc table_desc(const struct s2_op *op, const s2_desc *table)
{
	return S2_DESC_VALID | S2_DESC_TABLE | s2_oa_encode(op->fmt, s2p_table_pa(table));
}

static int build(struct s2_op *op, const struct s2_spot *at, unsigned int target, struct graft *g)
{
	int status;

	g->n = target - at->level;
	status = s2_take_tables(op->tree, op->cpu, g->table, g->n);
	if (status)
		return status;
	for (unsigned int i = 0; i < g->n; i++) {
		unsigned int level = at->level + 1 + i;

		fill(op, at, g->table[i], op->pos, level);
		if (i)
			g->table[i - 1][s2_index(op->fmt, op->pos, level - 1)] =
				table_desc(op, g->table[i]);
	}
	return S2_OK;
}

/* A block gives way to a table: BBM, change of block size. */
static bool replace_block(struct s2_op *op, const struct s2_spot *at, s2_desc table)
{
	bool made = s2_replace(op, at, table);

	op->cpu->stats.splits += made;
	return made;
}

static int publish(struct s2_op *op, const struct s2_spot *at, struct graft *g)
{
	s2_desc table = table_desc(op, g->table[0]);
	bool made;

	for (unsigned int i = 0; i < g->n; i++)
		s2_group_fresh(op->fmt, g->table[i], at->level + 1 + i);
	made = s2_is_valid(at->desc) ? replace_block(op, at, table)
				     : s2_entry_install(op, at, table);
	if (!made) {
		s2_return_tables(op->tree, op->cpu, g->table, g->n);
		return s2_lost(op);
	}
	op->cpu->stats.tables_linked += g->n;
	s2_log_replaced(op, at->desc, op->attr_bits, op->pos, g->end);
	s2_spend(op, (g->end - op->pos) >> s2_level_shift(op->fmt, at->level + g->n));
	op->pos = g->end;
	return S2_STEP_AGAIN;
}

int s2_graft(struct s2_op *op, const struct s2_spot *at, unsigned int target)
{
	struct graft g;
	int status = build(op, at, target, &g);

	if (status)
		return status;
	g.end = s2_graft_end(op, target);
	overwrite(op, g.table[g.n - 1], target, g.end);
	return publish(op, at, &g);
}

int s2_graft_split(struct s2_op *op, const struct s2_spot *at)
{
	struct graft g;
	int status = build(op, at, at->level + 1, &g);

	if (status)
		return status;
	g.end = op->pos;
	return publish(op, at, &g);
}
