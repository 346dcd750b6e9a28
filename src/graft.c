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
 * The tables are filled by plain stores, each entry once, with addresses that are counted up and
 * not encoded anew; the release of the install or the make orders them before the pointer, for
 * walkers in software and in hardware.
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
 * `n` pairs of entries, `step` from each to the next: a sum for the even ones and one for the odd
 * ones.  Out of line: a compiler that knows that one follows from the other makes a chain of them.
 */
__attribute__((noinline)) static void put_pairs(s2_desc *entry, uint64_t n, s2_desc even,
						s2_desc odd, uint64_t step)
{
#pragma GCC unroll 16
	for (; n; n--, entry += 2) {
		even += step;
		odd += step;
		entry[0] = even;
		entry[1] = odd;
	}
}

/* `n` entries, all of them `desc`. */
static void put_same(s2_desc *entry, uint64_t n, s2_desc desc)
{
#pragma GCC unroll 8
	for (uint64_t pairs = n / 2; pairs; pairs--, entry += 2) {
		entry[0] = desc;
		entry[1] = desc;
	}
	if (n & 1)
		entry[0] = desc;
}

/* `n` entries: `desc`, and each `size` more than the one before. */
static void count_up(s2_desc *entry, uint64_t n, s2_desc desc, uint64_t size)
{
	put_pairs(entry, n / 2, desc - 2 * size, desc - size, 2 * size);
	if (n & 1)
		entry[n - 1] = desc + (n - 1) * size;
}

/* The same of leaves: an address counts up in place, but for what is above its low bits. */
static void put_leaves(const struct s2_format *fmt, s2_desc *entry, uint64_t n, s2_desc desc,
		       unsigned int level)
{
	uint64_t size = s2_level_size(fmt, level);
	uint64_t room = (fmt->oa_low - (desc & fmt->oa_low) + size) >> s2_level_shift(fmt, level);

	if (room < n) {
		count_up(entry, room, desc, size);
		entry += room;
		n -= room;
		desc = s2_leaf_after(fmt, level, desc, (unsigned int)room);
	}
	count_up(entry, n, desc, size);
}

/* Entries [from, to) of a table, leaves from `desc` on, become groups where there can be any. */
static void mark_groups(const struct s2_format *fmt, s2_desc *table, uint64_t from, uint64_t to,
			s2_desc desc, unsigned int level)
{
	uint64_t inside = s2_level_group(fmt, level) - 1;
	uint64_t frame = s2_oa_decode(fmt, desc) >> s2_level_shift(fmt, level);

	if ((from ^ frame) & inside || s2_is_logged(desc))
		return;
	for (uint64_t i = (from + inside) & ~inside; i < (to & ~inside); i++)
		table[i] |= S2_DESC_CONTIG;
}

/* Entries [from, to) of a table of `level`: leaves from `desc` on; or `desc`, if it is none. */
static void put(const struct s2_format *fmt, s2_desc *table, uint64_t from, uint64_t to,
		s2_desc desc, unsigned int level)
{
	if (!s2_is_valid(desc)) {
		put_same(&table[from], to - from, desc);
		return;
	}
	put_leaves(fmt, &table[from], to - from, desc, level);
	if (fmt->group_bits[level])
		mark_groups(fmt, table, from, to, desc, level);
}

/* All of a table of `level` that begins with `base`: what `at` said. */
static void fill(const struct s2_op *op, const struct s2_spot *at, s2_desc *table, uint64_t base,
		 unsigned int level)
{
	put(op->fmt, table, 0, UINT64_C(1) << op->fmt->index_bits, slice(op, at, base, level),
	    level);
}

uint64_t s2_graft_end(const struct s2_op *op, unsigned int target)
{
	uint64_t table_size = s2_level_size(op->fmt, target) << op->fmt->index_bits;
	uint64_t table_end = (op->pos & ~(table_size - 1)) + table_size;

	if (table_end <= op->end)
		return table_end;
	return op->end & ~(s2_level_size(op->fmt, target) - 1);
}

static s2_desc table_desc(const struct s2_op *op, const s2_desc *table)
{
	return S2_DESC_VALID | S2_DESC_TABLE | s2_oa_encode(op->fmt, s2p_table_pa(table));
}

/* What `at` said, but for entries [from, to) of the table around op->pos. */
static void fill_around(const struct s2_op *op, const struct s2_spot *at, s2_desc *table,
			unsigned int level, uint64_t from, uint64_t to)
{
	unsigned int shift = s2_level_shift(op->fmt, level);
	uint64_t entries = UINT64_C(1) << op->fmt->index_bits;
	uint64_t base = op->pos & ~((entries << shift) - 1);

	if (from)
		put(op->fmt, table, 0, from, slice(op, at, base, level), level);
	if (to < entries)
		put(op->fmt, table, to, entries, slice(op, at, base + (to << shift), level), level);
}

/* The finest table: from op->pos to `end` what the operation wants. */
static void build_last(const struct s2_op *op, const struct s2_spot *at, s2_desc *table,
		       unsigned int level, uint64_t end)
{
	uint64_t from = s2_index(op->fmt, op->pos, level);
	uint64_t to = from + ((end - op->pos) >> s2_level_shift(op->fmt, level));

	if (from == to) {
		fill_around(op, at, table, level, 0, 0);
		return;
	}
	fill_around(op, at, table, level, from, to);
	put(op->fmt, table, from, to, s2_op_leaf(op, op->pos, level), level);
}

/* Down to `target`.  No entry is written twice. */
static int build(struct s2_op *op, const struct s2_spot *at, unsigned int target, uint64_t end,
		 struct graft *g)
{
	unsigned int last = target - at->level - 1;
	int status = s2_take_tables(op->tree, op->cpu, g->table, last + 1);

	if (status)
		return status;
	for (unsigned int i = 0; i < last; i++) {
		unsigned int index = s2_index(op->fmt, op->pos, at->level + 1 + i);

		fill_around(op, at, g->table[i], at->level + 1 + i, index, index + 1);
		g->table[i][index] = table_desc(op, g->table[i + 1]);
	}
	build_last(op, at, g->table[last], target, end);
	g->n = last + 1;
	g->whole = false;
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
	for (unsigned int level = at->level + 1; level < g->level; level++) {
		uint64_t size = s2_level_size(op->fmt, level);

		for (uint64_t ipa = at->base; ipa < s2_spot_end(op, at); ipa += size) {
			s2_desc *table = s2_cache_pop(&op->cpu->cache);

			if (level + 1 == g->level)
				fill(op, at, table, ipa, g->level);
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

/*
 * Somebody was faster.  Where there was nothing he has most likely brought the table that was
 * wanted: a fault goes on in it as well, as that is no waiting, and each time somebody got further.
 */
static int outrun(struct s2_op *op, const struct s2_spot *at)
{
	int step = s2_lost(op);

	return s2_is_valid(at->desc) ? step : S2_STEP_AGAIN;
}

/* 0, or what to do when somebody was faster. */
static int publish(struct s2_op *op, const struct s2_spot *at, struct graft *g)
{
	bool made = s2_is_valid(at->desc) ? replace_block(op, at, g)
					  : s2_entry_install(op, at, table_desc(op, g->table[0]));

	if (!made) {
		give_back(op, at, g);
		return outrun(op, at);
	}
	op->cpu->stats.tables_linked += g->n;
	return 0;
}

/* A change of a part of a block is not one of size alone: with FEAT_BBM the two come one by one. */
int s2_graft(struct s2_op *op, const struct s2_spot *at, unsigned int target)
{
	uint64_t end = s2_splits_first(op, at) ? op->pos : s2_graft_end(op, target);
	struct graft g;
	int status = build(op, at, target, end, &g);

	if (!status)
		status = publish(op, at, &g);
	if (status)
		return status;
	s2_log_replaced(op, at->desc, op->attr_bits, op->pos, end);
	s2_spend(op, (end - op->pos) >> s2_level_shift(op->fmt, target));
	op->pos = end;
	return S2_STEP_AGAIN;
}

static int split_once(struct s2_op *op, const struct s2_spot *at)
{
	struct graft g;
	int status = s2_take_tables(op->tree, op->cpu, g.table, 1);

	if (status)
		return status;
	g.n = 1;
	g.whole = false;
	fill(op, at, g.table[0], at->base, at->level + 1);
	return publish(op, at, &g);
}

int s2_graft_split(struct s2_op *op, const struct s2_spot *at)
{
	int status = split_once(op, at);

	return status ? status : S2_STEP_AGAIN;
}

/* Entries of the tables count like entries visited. */
static bool affords(const struct s2_op *op, const struct graft *g)
{
	return g->n <= op->cpu->cache.count && (uint64_t)g->n << op->fmt->index_bits <= op->budget;
}

/* Over as many levels as can be, down to `level` at most: which is the last of them. */
static int split_deep(struct s2_op *op, const struct s2_spot *at, unsigned int *level)
{
	struct graft g = {.n = 1, .level = at->level + 1, .whole = true};

	for (; g.level < *level; g.level++)
		g.n = (g.n << op->fmt->index_bits) + 1;
	for (; g.level > at->level + 1; g.level--) {
		*level = g.level;
		if (affords(op, &g) && !build_whole(op, at, &g)) {
			s2_spend(op, (uint64_t)g.n << op->fmt->index_bits);
			return publish(op, at, &g);
		}
		g.n >>= op->fmt->index_bits;
	}
	*level = g.level;
	return split_once(op, at);
}

int s2_graft_whole(struct s2_op *op, const struct s2_spot *at, unsigned int target)
{
	unsigned int level = target;
	int status = target == at->level + 1 ? split_once(op, at) : split_deep(op, at, &level);

	if (status)
		return status;
	return level == target ? s2_next(op, at) : S2_STEP_AGAIN;
}
