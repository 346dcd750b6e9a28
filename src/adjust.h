/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Adjust: each leaf in a range gets other permissions, in place.
 *
 *	leaf | R W X |	 rule	 | R - X |	one compare-and-swap, no break
 *
 * What an operation wants of a leaf is a rule: a function from what the leaf says to
 * what it shall say, of S2AP, DBM, XN and software bits alone.  It is handed in as a
 * constant, like a visitor (walk.h).  It looks neither at the address nor at the access
 * flag: so it is asked once for all leaves that follow and differ in nothing else (sweep.h).
 *
 *	the rule changes		what is done				flushed
 *	nothing				nothing, if it is settled (gather.h)	-
 *	nothing, not settled		change the leaf to itself		yes
 *	takes something			change it				yes
 *	only gives			change it				-
 *	something, of a block that	graft: split it, and look again
 *	the range covers in part
 *	something, of one of a group	dissolve the group, and look again
 *
 * May run beside every other operation on the same tables.
 */
#ifndef S2_ADJUST_H
#define S2_ADJUST_H

#include "gather.h"
#include "graft.h"
#include "group.h"
#include "log.h"
#include "sweep.h"

typedef s2_desc s2_rule(const struct s2_op *op, s2_desc desc);

/* Whether something may be executed by `have` that may not by `want`. */
static inline bool s2_runs_more(s2_desc want, s2_desc have)
{
	return (have ^ want) & S2_DESC_XN_MASK && s2_desc_exec(have) & ~s2_desc_exec(want);
}

/*
 * Whether `want` forbids what `have` allowed, to the hardware: S2AP, execution, or to set
 * S2AP[1] by itself.
 */
static inline bool s2_takes(s2_desc have, s2_desc want)
{
	s2_desc gone = have & ~want;

	if (gone & (S2_DESC_READ | S2_DESC_WRITE) || s2_runs_more(want, have))
		return true;
	return gone & S2_DESC_DBM && !(want & S2_DESC_WRITE);
}

/*
 * The leaf at `at` is as it shall be.  If another CPU made it so, and may not have flushed
 * what it said before, this one does.  The snapshot is read again: with acquire, which
 * pairs with the release of the change (gather.c).
 */
static inline int s2_adjust_same(struct s2_op *op, const struct s2_spot *at)
{
	if (s2p_word_load_acquire(at->entry) != at->desc)
		return s2_lost(op);
	if (!s2_gather_is_settled(op) && !s2_gather_restrict(op, at, at->desc))
		return s2_lost(op);
	return s2_next(op, at);
}

/*
 * All of the leaf becomes `want`, which differs in permissions and software bits alone.
 * What may be executed from now on is not in instruction caches before.
 *
 * What another CPU has just taken away, and this one does not give back, may be in use
 * until it is flushed: then that is done here as well.  The compare-and-swap acquires: it
 * pairs with the release of that change (gather.c).
 */
static inline int s2_adjust_leaf(struct s2_op *op, const struct s2_spot *at, s2_desc want)
{
	bool changed;

	if (s2_runs_more(at->desc, want))
		s2p_icache_inval(s2_oa_decode(op->fmt, at->desc),
				 s2_level_size(op->fmt, at->level));
	changed = s2_takes(at->desc, want) ? s2_gather_restrict(op, at, want)
					   : s2_entry_change(op, at, want);
	if (!changed)
		return s2_lost(op);
	if (!s2_gather_is_settled(op))
		s2_gather_stale(op, at->level, at->base, s2_spot_end(op, at));
	s2_log_replaced(op, at->desc, want, at->base, s2_spot_end(op, at));
	return s2_next(op, at);
}

/* The leaf at `at` shall say `want`, and does not. */
static inline int s2_adjust_other(struct s2_op *op, const struct s2_spot *at, s2_desc want)
{
	if (s2_is_grouped(at->desc))
		return s2_group_dissolve(op, at);
	return s2_covered(op, at) ? s2_adjust_leaf(op, at, want) : s2_graft_split(op, at);
}

/* The leaf at `at` was made `want`: so will be those that are like it. */
static inline void s2_adjust_learn(struct s2_op *op, const struct s2_spot *at, s2_desc want)
{
	enum s2_owes owes = s2_takes(at->desc, want) ? S2_OWES_FLUSH : S2_OWES_OTHERS;
	bool noted = s2_is_dirty(at->desc) && !s2_is_dirty(want);

	/* What becomes executable has more to be done for it. */
	if (!s2_runs_more(at->desc, want))
		s2_sweep_learn(op, at, want != at->desc, want, owes, noted);
}

S2_INLINE int s2_adjust_visit(struct s2_op *op, struct s2_spot *at, s2_rule *rule)
{
	s2_desc want;
	int step;

	if (s2_is_table(at->level, at->desc))
		return S2_STEP_DOWN;
	if (s2_sweep(op, at))
		return S2_STEP_NEXT;
	switch (s2_kind(op->fmt, at->level, at->desc)) {
	case S2_KIND_LEAF:
		break;
	case S2_KIND_LOCKED:
		return s2_contend(op, at);
	case S2_KIND_CORRUPT:
		return s2_corrupt(op, at);
	default:
		return s2_next(op, at);
	}
	if (s2_is_sealed(at->desc))
		return s2_contend(op, at);
	want = rule(op, at->desc);
	step = want == at->desc ? s2_adjust_same(op, at) : s2_adjust_other(op, at, want);
	if (step == S2_STEP_NEXT)
		s2_adjust_learn(op, at, want);
	return step;
}

#endif
