/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Compact: over a range, tables that describe a block become it, and empty ones go; in those
 * that stay, leaves form contiguous groups.
 *
 *	level 1	| table                         | table
 *	           +-> | table | block | table |    ...
 *	                  1               2    3
 *
 * From the finest tables up: what was just formed, or emptied, may be what the table above
 * lacked.  A walk goes downwards, and forgets the way that it came: so it is done for the
 * entries of level 2 below one entry of level 1, then for that one, and if it was the last
 * below one of level 0, for that as well.
 *
 * What does not fit is left as it is.  May run beside every other operation on the same
 * tables.
 */
#include "collapse.h"
#include "gather.h"
#include "group.h"
#include "prune.h"

/* The lowest level at which an entry can point to a table. */
#define LAST_OF_TABLES (S2_LAST_LEVEL - 1)

struct press {
	struct s2_op op; /* first: compact_visit() finds the rest behind it */
	uint64_t end; /* of all: op->end is that of the piece in work */
	/* Level that a block may be formed at; below it blocks exist as well. */
	unsigned int highest;
};

/* The table stays: what is in it is looked at leaf by leaf, while the finest are dealt with. */
static int keep_table(struct s2_op *op, const struct s2_spot *at)
{
	if (op->top == LAST_OF_TABLES && op->fmt->group_bits[S2_LAST_LEVEL])
		return S2_STEP_DOWN;
	return s2_next(op, at);
}

/* A group may reach beyond the piece, as one of level 1 does. */
static int compact_leaf(struct s2_op *op, const struct s2_spot *at)
{
	const struct press *press = (const struct press *)op;

	if (op->top == LAST_OF_TABLES && op->fmt->group_bits[at->level] &&
	    op->pos == s2_group_base(op, at) && s2_group_end(op, at) <= press->end)
		return s2_group_form(op, at);
	return s2_next(op, at);
}

/* Entry 0 says which of the two it could be. */
static int compact_table(struct s2_op *op, const struct s2_spot *at)
{
	const struct press *press = (const struct press *)op;
	const s2_desc *table = s2p_table(s2_oa_decode(op->fmt, at->desc));
	s2_desc first;
	int step;

	if (!table)
		return s2_corrupt(op, at);
	if (s2_is_sealed(at->desc))
		return s2_contend(op, at);
	first = s2p_load(&table[0]);
	if (s2_is_locked(first) || s2_is_sealed(first))
		return s2_contend(op, at);
	step = S2_NOT_UNIFORM;
	if (!first)
		step = s2_prune_table(op, at);
	else if (s2_is_leaf(at->level + 1, first) && at->level >= press->highest)
		step = s2_collapse_table(op, at);
	return step == S2_NOT_UNIFORM ? keep_table(op, at) : step;
}

static int compact_visit(struct s2_op *op, struct s2_spot *at)
{
	switch (s2_kind(op->fmt, at->level, at->desc)) {
	case S2_KIND_TABLE:
		if (at->level < op->top)
			return S2_STEP_DOWN;
		s2_spend(op, 1u << op->fmt->index_bits);
		return compact_table(op, at);
	case S2_KIND_LEAF:
		return compact_leaf(op, at);
	case S2_KIND_LOCKED:
		return at->level > op->top ? s2_next(op, at) : s2_contend(op, at);
	case S2_KIND_CORRUPT:
		return s2_corrupt(op, at);
	default:
		return s2_next(op, at);
	}
}

/* The entries of `level` from op->pos up to `end`. */
static int compact_level(struct s2_op *op, unsigned int level, uint64_t end)
{
	op->top = level;
	op->end = end;
	return s2_walk_range(op, compact_visit);
}

/*
 * The entries above the one that ends at op->pos, as far as they end there, or with the
 * range, as well.  If one can't be finished, the call is not done with its last page: whoever
 * goes on from there comes by here again.
 */
static int compact_above(struct s2_op *op, uint64_t end)
{
	uint64_t done = op->pos < end ? op->pos : end;
	uint64_t granule = s2_level_size(op->fmt, S2_LAST_LEVEL);
	unsigned int level = LAST_OF_TABLES;

	while (level-- > op->fmt->start_level) {
		uint64_t size = s2_level_size(op->fmt, level);
		int status;

		if (done & (size - 1) && done < end)
			break;
		op->pos = (done - 1) & ~(size - 1);
		status = compact_level(op, level, op->pos + size);
		op->pos = status ? done - granule : done;
		if (status)
			return status;
	}
	op->pos = done;
	return S2_OK;
}

/* Where the entry of level 1 ends that holds op->pos, or the range. */
static uint64_t piece_end(const struct s2_op *op, uint64_t end)
{
	uint64_t size = s2_level_size(op->fmt, LAST_OF_TABLES - 1);
	uint64_t next = (op->pos | (size - 1)) + 1;

	return next < end ? next : end;
}

static int compact_range(struct s2_op *op, uint64_t end)
{
	int status = S2_OK;

	while (!status && op->pos < end) {
		status = compact_level(op, LAST_OF_TABLES, piece_end(op, end));
		if (!status)
			status = compact_above(op, end);
	}
	op->end = end;
	return status;
}

int s2_compact(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
	       uint32_t level, uint32_t flags)
{
	int status = s2_check_objects(tree, cpu);
	struct press press = {.end = ipa + size, .highest = level};

	if (!status && flags & ~S2_FAULT)
		status = S2_INVALID;
	if (!status && !s2_level_has_leaf(tree->fmt, level))
		status = S2_BAD_LEVEL;
	if (!status)
		status = s2_check_range(tree->fmt, ipa, size);
	if (status)
		return status;
	s2_op_begin(&press.op, tree, cpu, ipa, size, flags);
	s2_gather_flush(&press.op);
	return s2_op_finish(&press.op, ipa, compact_range(&press.op, ipa + size));
}
