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
	s2_desc *table
		[S2_FAULT_PAGES]; /* from the top one down, around op->pos; if `whole`: the top one */
	unsigned int n; /* of tables */
	unsigned int level; /* of the entries of the finest ones */
	bool whole; /* there are tables down to `level` for all that the entry covered */
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

/*
 * `n` entries: leaves of adjoining memory from `desc` on, or all of them `desc`.  An address counts
 * up in place, but for what is above its low bits.
 */
static void put(const struct s2_format *fmt, s2_desc *entry, uint64_t n, s2_desc desc,
		unsigned int level)
{
	uint64_t size = s2_is_valid(desc) ? s2_level_size(fmt, level) : 0;
	uint64_t room = (fmt->oa_low - (desc & fmt->oa_low) + size) >> s2_level_shift(fmt, level);

	uint64_t in_place = size && room < n ? room : n;

	for (uint64_t i = 0; i < in_place; i++)
		entry[i] = desc + i * size;
	for (uint64_t i = in_place; i < n; i++)
		entry[i] = s2_leaf_after(fmt, level, desc, (unsigned int)i);
}

/* One table of entries of `level`, around `ipa`, all of them what `at` said. */
static void fill(const struct s2_op *op, const struct s2_spot *at, s2_desc *table, uint64_t ipa,
		 unsigned int level)
{
	uint64_t size = s2_level_size(op->fmt, level) << op->fmt->index_bits;

	put(op->fmt, table, UINT64_C(1) << op->fmt->index_bits,
	    slice(op, at, ipa & ~(size - 1), level), level);
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
	put(op->fmt, &table[s2_index(op->fmt, op->pos, level)],
	    (end - op->pos) >> s2_level_shift(op->fmt, level), s2_op_leaf(op, op->pos, level),
	    level);
}

static s2_desc table_desc(const struct s2_op *op, const s2_desc *table)
{
	return S2_DESC_VALID | S2_DESC_TABLE | s2_oa_encode(op->fmt, s2p_table_pa(table));
}

static int build(struct s2_op *op, const struct s2_spot *at, unsigned int target, struct graft *g)
{
	int status;

	*g = (struct graft){.n = target - at->level, .level = target, .end = op->pos};
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

/* The entry of `level` for `ipa` in tables that nobody else sees; there are tables down to there. */
static s2_desc *private_entry(const struct s2_op *op, const struct s2_spot *at,
			      const struct graft *g, uint64_t ipa, unsigned int level)
{
	s2_desc *table = g->table[0];

	for (unsigned int i = at->level + 1; i < level; i++)
		table = s2p_table(s2_oa_decode(op->fmt, table[s2_index(op->fmt, ipa, i)]));
	return &table[s2_index(op->fmt, ipa, level)];
}

/* Tables for everything, level by level; each is found again by way of those above it. */
static int build_whole(struct s2_op *op, const struct s2_spot *at, struct graft *g)
{
	int status = s2_charge_tables(op->tree, op->cpu, g->n);

	if (status)
		return status;
	g->table[0] = s2_cache_pop(&op->cpu->cache);
	fill(op, at, g->table[0], at->base, at->level + 1);
	for (unsigned int level = at->level + 1; level < g->level; level++) {
		uint64_t size = s2_level_size(op->fmt, level);

		for (uint64_t ipa = at->base; ipa < s2_spot_end(op, at); ipa += size) {
			s2_desc *table = s2_cache_pop(&op->cpu->cache);

			fill(op, at, table, ipa, level + 1);
			s2_group_fresh(op->fmt, table, level + 1);
			*private_entry(op, at, g, ipa, level) = table_desc(op, table);
		}
	}
	return S2_OK;
}

/* From the finest up, so that none is looked for in one that is back in the cache. */
static void give_back_whole(struct s2_op *op, const struct s2_spot *at, const struct graft *g)
{
	for (unsigned int level = g->level - 1; level > at->level; level--) {
		uint64_t size = s2_level_size(op->fmt, level);

		for (uint64_t ipa = at->base; ipa < s2_spot_end(op, at); ipa += size) {
			s2_desc table = *private_entry(op, at, g, ipa, level);

			s2_cache_push(&op->cpu->cache, s2p_table(s2_oa_decode(op->fmt, table)));
		}
	}
	s2_cache_push(&op->cpu->cache, g->table[0]);
	s2_refund_tables(op->tree, op->cpu, g->n);
}

/* What the hardware has noted in the block holds for all that takes its place. */
static void carry(const struct s2_op *op, const struct s2_spot *at, const struct graft *g,
		  s2_desc noted)
{
	uint64_t ipa = at->base;

	while (noted && ipa < s2_spot_end(op, at)) {
		unsigned int level = at->level + 1;
		s2_desc *entry = private_entry(op, at, g, ipa, level);

		while (s2_is_table(level, *entry))
			entry = private_entry(op, at, g, ipa, ++level);
		*entry |= noted;
		ipa += s2_level_size(op->fmt, level);
	}
}

/*
 * FEAT_BBM level 1: while the block has nT no TLB holds it, and hardware may still note
 * something in it: the access flag and S2AP[1], so this comes to an end.  A link: the
 * table around it was cut away, and ours has not been seen by anybody.
 *
 * Until the DSB a walk may still find the block, and use it, though no TLB holds it: whoever
 * changed a page in the table before that would be contradicted.  So the table is sealed too.
 */
static bool split_by_nt(struct s2_op *op, const struct s2_spot *at, const struct graft *g)
{
	s2_desc seal = s2_size_seal(op->fmt), said = at->desc, now;
	s2_desc table = table_desc(op, g->table[0]) | S2_DESC_SEAL;

	if (!s2_resize(op, at, said | seal))
		return false;
	do {
		now = s2p_load(at->entry);
		if (!s2_is_sealed(now))
			return false;
		carry(op, at, g, now & ~seal & ~said);
		said = now & ~seal;
	} while (!s2p_cas(at->entry, now, table));
	s2p_dsb_ishst();
	s2_entry_unseal(at->entry, S2_DESC_SEAL);
	return true;
}

/* FEAT_BBM level 2.  Once they are seen the tables are part of the tree, or of what was cut from it. */
static bool split_sealed(struct s2_op *op, const struct s2_spot *at, const struct graft *g)
{
	s2_desc seal = s2_size_seal(op->fmt);

	if (!s2_resize(op, at, table_desc(op, g->table[0]) | seal))
		return false;
	s2_entry_unseal(at->entry, seal);
	return true;
}

/* A block gives way to a table: BBM, change of block size. */
static bool replace_block(struct s2_op *op, const struct s2_spot *at, const struct graft *g)
{
	bool made;

	if (op->fmt->features & S2_FEAT_BBM2)
		made = split_sealed(op, at, g);
	else if (op->fmt->features & S2_FEAT_BBM1)
		made = split_by_nt(op, at, g);
	else
		made = s2_replace(op, at, table_desc(op, g->table[0]));
	op->cpu->stats.splits += made;
	return made;
}

static void give_back(struct s2_op *op, const struct s2_spot *at, struct graft *g)
{
	if (g->whole)
		give_back_whole(op, at, g);
	else
		s2_return_tables(op->tree, op->cpu, g->table, g->n);
}

static int publish(struct s2_op *op, const struct s2_spot *at, struct graft *g)
{
	bool made;

	for (unsigned int i = 0; !g->whole && i < g->n; i++)
		s2_group_fresh(op->fmt, g->table[i], at->level + 1 + i);
	made = s2_is_valid(at->desc) ? replace_block(op, at, g)
				     : s2_entry_install(op, at, table_desc(op, g->table[0]));
	if (!made) {
		give_back(op, at, g);
		return s2_lost(op);
	}
	op->cpu->stats.tables_linked += g->n;
	s2_log_replaced(op, at->desc, op->attr_bits, op->pos, g->end);
	s2_spend(op, (g->end - op->pos) >> s2_level_shift(op->fmt, g->level));
	op->pos = g->end;
	return S2_STEP_AGAIN;
}

/* A change of a part of a block is not one of size alone: with FEAT_BBM the two come one by one. */
int s2_graft(struct s2_op *op, const struct s2_spot *at, unsigned int target)
{
	struct graft g;
	int status = build(op, at, target, &g);

	if (status)
		return status;
	if (!s2_splits_first(op, at)) {
		g.end = s2_graft_end(op, target);
		overwrite(op, g.table[g.n - 1], target, g.end);
	}
	return publish(op, at, &g);
}

int s2_graft_split(struct s2_op *op, const struct s2_spot *at)
{
	struct graft g;
	int status = build(op, at, at->level + 1, &g);

	return status ? status : publish(op, at, &g);
}

/* Entries of the tables count like entries visited. */
static bool affords(const struct s2_op *op, const struct graft *g)
{
	return g->n <= op->cpu->cache.count && (uint64_t)g->n << op->fmt->index_bits <= op->budget;
}

int s2_graft_whole(struct s2_op *op, const struct s2_spot *at, unsigned int target)
{
	struct graft g = {.n = 1, .level = at->level + 1, .whole = true, .end = op->pos};
	int status;

	while (g.level < target) {
		g.n = (g.n << op->fmt->index_bits) + 1;
		g.level++;
	}
	while (g.level > at->level + 1) {
		status = affords(op, &g) ? build_whole(op, at, &g) : S2_NO_PAGE;
		if (!status) {
			s2_spend(op, (uint64_t)g.n << op->fmt->index_bits);
			return publish(op, at, &g);
		}
		g.n >>= op->fmt->index_bits;
		g.level--;
	}
	return s2_graft_split(op, at);
}
