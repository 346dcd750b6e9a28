/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What an operation does when it meets another.
 *
 * Invariant: a CPU that waits holds no locked entry.  What it has gathered it
 * flushes first, so no two operations can wait for each other.  After a wait
 * the walk starts from the root: the entry may be in a table that is no longer
 * part of the tree, where a seal or a link stays for ever.
 */
#include "gather.h"
#include "walk.h"

int s2_contend(struct s2_op *op, const struct s2_spot *at)
{
	bool held = op->cpu->gather.tree;

	op->cpu->stats.retries++;
	s2_gather_flush(op);
	if (held)
		return S2_STEP_AGAIN;
	if (op->flags & S2_FAULT)
		return S2_RETRY;
	s2p_wait(at->entry, at->desc);
	return S2_STEP_AGAIN;
}

int s2_lost(struct s2_op *op)
{
	op->cpu->stats.retries++;
	return op->flags & S2_FAULT ? S2_RETRY : S2_STEP_AGAIN;
}

int s2_resume(struct s2_op *op, struct s2_spot *at)
{
	struct s2_place from = *op->from;
	unsigned int shift = s2_level_shift(op->fmt, from.level);
	unsigned int above = shift + op->fmt->index_bits;
	bool root = from.level == op->fmt->start_level;

	op->from->entry = NULL;
	at->entry = from.entry;
	at->desc = from.level < S2_LAST_LEVEL ? from.desc ^ 3 : from.desc;
	at->base = op->pos >> shift << shift;
	at->table_end = root ? op->fmt->ipa_end : ((op->pos >> above) + 1) << above;
	at->level = from.level;
	at->shift = shift;
	op->stored = from.outcome != S2_SEEN;
	if (from.outcome == S2_SEEN)
		return S2_STEP_SEEN;
	if (from.outcome == S2_LOST)
		return s2_walk_on(op, at, s2_lost(op));
	s2_gather_stale(op, at->level, at->base, s2_spot_end(op, at));
	return s2_walk_on(op, at, s2_next(op, at));
}

int s2_corrupt(struct s2_op *op, const struct s2_spot *at)
{
	if (op->corrupt)
		*op->corrupt =
			(struct s2_report){.ipa = at->base, .desc = at->desc, .level = at->level};
	return S2_CORRUPT;
}

/*
 * Bits that a table descriptor of the engine's never has are not followed anywhere.  A
 * sealed table is another operation at work, and only readers go through.
 */
int s2_odd_table(struct s2_op *op, const struct s2_spot *at, s2_desc odd)
{
	if (odd != S2_DESC_SEAL)
		return s2_corrupt(op, at);
	return op->cpu ? s2_contend(op, at) : S2_STEP_DOWN;
}
