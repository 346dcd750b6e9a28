/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The dirty log: three rules for one bit.
 *
 *			DBM S2AP[1]		DBM S2AP[1]
 *	start		 0    1		->	 1    0		flushed: the next write is seen
 *	collect		 1    1		->	 1    0		noted, and flushed
 *	stop		 1    any	->	 0    1		noted if it was 1
 *
 * A bit is noted after the compare-and-swap that takes it away: what the hardware sets
 * later is there for the next round, what it set before is in the value exchanged.
 * Between the exchange and the end of the flush a CPU may write by way of what it has
 * cached, and leave no mark: that is why a page is copied after the flush.
 */
#include <stage2/dirty.h>

#include "adjust.h"

static inline s2_desc start_rule(const struct s2_op *op, s2_desc desc)
{
	(void)op;
	if (s2_is_logged(desc) || !(desc & S2_DESC_WRITE))
		return desc;
	return (desc | S2_DESC_DBM) & ~S2_DESC_WRITE;
}

static inline s2_desc collect_rule(const struct s2_op *op, s2_desc desc)
{
	(void)op;
	return s2_is_dirty(desc) ? desc & ~S2_DESC_WRITE : desc;
}

static inline s2_desc stop_rule(const struct s2_op *op, s2_desc desc)
{
	(void)op;
	return s2_is_logged(desc) ? (desc & ~S2_DESC_DBM) | S2_DESC_WRITE : desc;
}

static int start_visit(struct s2_op *op, struct s2_spot *at)
{
	return s2_adjust_visit(op, at, start_rule);
}

static int collect_visit(struct s2_op *op, struct s2_spot *at)
{
	return s2_adjust_visit(op, at, collect_rule);
}

static int stop_visit(struct s2_op *op, struct s2_spot *at)
{
	return s2_adjust_visit(op, at, stop_rule);
}

/* What a reader may note without changing anything: the part of the leaf that was asked for. */
static int look_visit(struct s2_op *op, struct s2_spot *at)
{
	uint64_t end = s2_spot_end(op, at) < op->end ? s2_spot_end(op, at) : op->end;
	bool dirty = s2_is_dirty(at->desc);

	if (s2_is_table(at->level, at->desc))
		return S2_STEP_DOWN;
	if (s2_sweep(op, at))
		return S2_STEP_NEXT;
	switch (s2_kind(op->fmt, at->level, at->desc)) {
	case S2_KIND_LEAF:
		s2_log_replaced(op, at->desc, 0, op->pos, end);
		s2_sweep_learn(op, at, dirty, at->desc, S2_OWES_NOTHING, dirty);
		return s2_next(op, at);
	case S2_KIND_CORRUPT:
		return s2_corrupt(op, at);
	case S2_KIND_LOCKED:
		return s2_contend(op, at);
	default:
		return s2_next(op, at);
	}
}

/* What all of them do, once their arguments are checked. */
S2_INLINE int walk(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		   struct s2_bitmap *map, uint32_t flags, s2_visit *visit)
{
	struct s2_sweep sweep = S2_SWEEP(S2_DESC_AF);
	struct s2_op op;

	s2_op_begin(&op, tree, cpu, ipa, size, flags);
	op.sweep = &sweep;
	op.map = map;
	return s2_op_finish(&op, ipa, s2_walk_leaves(&op, visit));
}

static int check(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		 const struct s2_bitmap *map, uint32_t bad_flags)
{
	int status = s2_check_objects(tree, cpu);

	if (!status && bad_flags)
		status = S2_INVALID;
	if (!status)
		status = s2_check_range(tree->fmt, ipa, size);
	if (!status && map)
		status = s2_check_bitmap(tree->fmt, map, ipa, size);
	return status;
}

int s2_log_start(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		 uint32_t flags)
{
	int status = check(tree, cpu, ipa, size, NULL, flags & ~(S2_FAULT | S2_DEFER));

	return status ? status : walk(tree, cpu, ipa, size, cpu->log, flags, start_visit);
}

int s2_log_collect(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		   struct s2_bitmap *map, uint32_t flags)
{
	uint32_t bad = flags & ~(S2_FAULT | S2_DEFER | S2_KEEP);
	int status = check(tree, cpu, ipa, size, map, bad);

	if (status || !map)
		return status ? status : S2_INVALID;
	if (flags & S2_KEEP)
		return walk(tree, cpu, ipa, size, map, flags, look_visit);
	return walk(tree, cpu, ipa, size, map, flags, collect_visit);
}

int s2_log_stop(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		struct s2_bitmap *map, uint32_t flags)
{
	int status = check(tree, cpu, ipa, size, map, flags & ~S2_FAULT);

	return status ? status : walk(tree, cpu, ipa, size, map, flags, stop_visit);
}

/* Entries of a table that are looked at together. */
#define BATCH 16u
#define DIRTY (S2_DESC_VALID | S2_DESC_DBM | S2_DESC_WRITE)

/* Up to which entry all are dirty, or none is, as long as that goes for whole batches. */
S2_INLINE const s2_desc *alike(const s2_desc *entry, const s2_desc *end, bool dirty)
{
	for (end -= (end - entry) % (long)BATCH; entry < end; entry += BATCH) {
		s2_desc sum = dirty ? DIRTY : 0;

#pragma GCC unroll 16
		for (unsigned int i = 0; i < BATCH; i++) {
			s2_desc desc = s2p_load(&entry[i]);

			sum = dirty ? sum & desc : sum | desc;
		}
		if (((sum & DIRTY) == DIRTY) != dirty)
			break;
	}
	return entry;
}

static bool entry_is_dirty(const s2_desc *entry)
{
	return (s2p_load(entry) & DIRTY) == DIRTY;
}

void s2_log_harvest(struct s2_op *op, uint64_t pa, unsigned int level, uint64_t ipa)
{
	const s2_desc *entry = level == S2_LAST_LEVEL ? s2p_table(pa) : NULL, *end, *next;
	uint64_t from;

	if (!op->cpu->log || !entry)
		return;
	for (end = entry + (1u << op->fmt->index_bits); entry < end; entry = next) {
		bool dirty = entry_is_dirty(entry);

		next = dirty ? alike(entry, end, true) : alike(entry, end, false);
		while (next < end && entry_is_dirty(next) == dirty)
			next++;
		from = ipa;
		ipa += (uint64_t)(next - entry) << s2_level_shift(op->fmt, S2_LAST_LEVEL);
		if (dirty)
			(void)s2_bitmap_note(op, op->cpu->log, from, ipa);
	}
}
