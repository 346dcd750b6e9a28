/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Sweep: what was decided for one leaf goes for all that follow it and are like it.
 *
 *	table	| a | a | a | a | b | b | a | a | s | a |	a stays as it is, b becomes b'
 *		  visited	  visited	  visited
 *		       -------->      --> ----->       ->	in a loop each
 *
 * What an operation makes of a leaf follows from all that the leaf says but its address
 * (and, for most, its access flag).  So a visitor that has decided once says so here; an
 * entry that says the same of everything else is a leaf as well, as sound and as little
 * sealed as that one, and is not looked at any closer.  All others, locked, sealed,
 * one of another kind, corrupt, are left to the visitor.
 *
 * Each entry still changes by a compare-and-swap of its own against what was read of it.
 * What that owes to others is settled once for all of a run, before anything else is
 * done: nobody waits, and no call ends, in the middle of one.
 */
#ifndef S2_SWEEP_H
#define S2_SWEEP_H

#include <stddef.h>

#include "walk.h"

/* What a leaf owes, once it says what it shall say, to whoever relies on that. */
enum s2_owes {
	S2_OWES_NOTHING,
	S2_OWES_OTHERS, /* a flush if another CPU is not done with one (gather.h) */
	S2_OWES_FLUSH,
};

/* Leaves that say `had`, and become the same with `has`. */
struct s2_like {
	s2_desc had, has; /* of any one of them: they differ in the same bits */
	enum s2_owes owes;
	bool noted; /* in op->map */
};

/*
 * What an operation has decided so far; in op->sweep while it walks a range.  As long as one
 * kind alone is known, both are that one.
 */
struct s2_sweep {
	s2_desc ignored; /* what does not matter beside the address: nothing, or the access flag */
	s2_desc care; /* what does, in leaves of `level` */
	unsigned int level;
	struct s2_like like[2];
};

/* Level of nothing: the first leaf that is visited brings its own. */
#define S2_SWEEP(ignore)                                        \
	{                                                       \
		.ignored = (ignore), .level = S2_LAST_LEVEL + 1 \
	}

/*
 * The leaf that said `at->desc` says `has` now, all of it, and nothing but what is said here has
 * yet to be done for it: like[i] stands for those that are like it from now on.
 */
void s2_sweep_learn(struct s2_op *op, const struct s2_spot *at, unsigned int i, s2_desc has,
		    enum s2_owes owes, bool noted);

/* What is known of a leaf that says so; NULL: nothing. */
static inline const struct s2_like *s2_sweep_like(const struct s2_sweep *s, s2_desc desc)
{
	if (!((desc ^ s->like[1].had) & s->care))
		return &s->like[1];
	return !((desc ^ s->like[0].had) & s->care) ? &s->like[0] : NULL;
}

/* False if not even the first of them could be dealt with. */
bool s2_sweep_run(struct s2_op *op, struct s2_spot *at, const struct s2_like *like);

/*
 * Whether the leaf at `at` was dealt with, and those after it as long as they were like one that
 * is known, in this table and within the budget: up to op->pos.
 */
static inline bool s2_sweep(struct s2_op *op, struct s2_spot *at)
{
	const struct s2_sweep *s = op->sweep;
	const struct s2_like *like;

	if (s->level != at->level)
		return false;
	like = s2_sweep_like(s, at->desc);
	return like && s2_sweep_run(op, at, like);
}

#endif
