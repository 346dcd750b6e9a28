/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Contiguous groups: formed, and dissolved before one of them changes.
 *
 *	group	   | C leaf | C leaf | C leaf | ... | C leaf |	a TLB may hold it as one entry
 *	lock	   |   L    |   L    |   L    | ... |   L    |	-->  ascending
 *	invalidate  DSB TLBI DSB				all of it: or it may be held in pieces
 *	make	   |  leaf  |  leaf  |  leaf  | ... |  leaf  |	<--  descending: entry 0 last
 *
 * With FEAT_BBM level 2 none of them is ever invalid:
 *
 *	seal	   |  S C   |  S C   |  S C   | ... |  S C   |	-->  then none changes but for us
 *	turn	   |   S    |   S    |   S    | ... |   S    |	-->  all say the same, with or without C
 *	invalidate  DSB TLBI DSB
 *	unseal	   |  leaf  |  leaf  |  leaf  | ... |  leaf  |	<--  entry 0 last
 *
 * What one entry of a group says may be cached for all of it.  So none can change alone,
 * not even to invalid: as long as a single one is left, the translation of all can be
 * fetched again.
 *
 * Invariants:
 *  - A leaf with Contiguous is one of a group, whose others are leaves with adjoining
 *    addresses and the same bits but for the access flag, or held (locked, or sealed) together
 *    with entry 0.
 *  - Entry 0 is the group's lock: held before any other, let go after all of them.  Who
 *    holds it as one of a group finds the others as they must be, and held by nobody; nobody
 *    but him changes them any more, except for access flags.  A sealer as well begins
 *    there and ends there (collapse.c).
 *  - Access flags are set and cleared in single entries, by hardware too.  An access may
 *    be noted in any entry of the group: it is young if any of them is.  So who dissolves or
 *    forms it sets the flag in all if it was set in one.
 *  - No logged page is in a group: the hardware could note a write in another's entry.
 *  - Contiguous is set in no entry before all of them are known to fit, and held.
 *
 * Nobody waits here with a lock held: behind entry 0 there is nothing to wait for.  A
 * compare-and-swap on another member fails for its access flag alone.
 *
 * What pairs with what: as for one entry (entry.h), which lock and make go through.
 */
#include "group.h"

#include "gather.h"
#include "tlbi.h"

#define GROUP_MAX 128u /* 16K pages */

struct group {
	struct s2_spot first; /* entry 0, as it was read */
	unsigned int n;
	uint64_t af[GROUP_MAX / 64]; /* bit i: entry i had its access flag set when it was locked */
	s2_desc any_af;
	bool swap; /* FEAT_BBM level 2: held by seals, not by locks */
};

/* The group that `at` is one of by its place; entry 0 is read. */
static void look(const struct s2_op *op, const struct s2_spot *at, struct group *g)
{
	*g = (struct group){.first = s2_group_spot(op, at, 0),
			    .n = s2_level_group(op->fmt, at->level),
			    .swap = op->fmt->features & S2_FEAT_BBM2};
	g->first.desc = s2p_load(g->first.entry);
}

/* Locked, it is also broken. */
static bool hold_entry(struct s2_op *op, const struct group *g, const struct s2_spot *at)
{
	return g->swap ? s2_entry_change(op, at, at->desc | S2_DESC_SEAL) : s2_entry_break(op, at);
}

static bool hold_one(struct s2_op *op, struct group *g, unsigned int i)
{
	struct s2_spot at = s2_group_spot(op, &g->first, i);

	do {
		at.desc = s2p_load(at.entry);
		if (!s2_group_fits(op->fmt, &g->first, i, at.desc))
			return false;
	} while (!hold_entry(op, g, &at));
	if (at.desc & S2_DESC_AF)
		g->af[i / 64] |= UINT64_C(1) << i % 64;
	g->any_af |= at.desc & S2_DESC_AF;
	return true;
}

/* How many are held, up to the first that does not fit. */
static unsigned int hold(struct s2_op *op, struct group *g)
{
	unsigned int i = 0;

	while (i < g->n && hold_one(op, g, i))
		i++;
	return i;
}

/*
 * Of a sealed entry, which is valid: the hardware sets its access flag meanwhile.  False, and
 * nothing is changed: the table was cut away, and has a link there.
 */
static bool change_sealed(struct s2_op *op, const struct s2_spot *at, s2_desc clear, s2_desc set)
{
	s2_desc desc;

	op->stored = true;
	do {
		desc = s2p_load(at->entry);
	} while (s2_is_sealed(desc) && !s2p_cas(at->entry, desc, (desc & ~clear) | set));
	return s2_is_sealed(desc);
}

/* What the hardware noted in a member of the group, it noted before this. */
static void turn(struct s2_op *op, struct group *g, s2_desc contiguous)
{
	for (unsigned int i = 0; i < g->n; i++) {
		struct s2_spot at = s2_group_spot(op, &g->first, i);

		(void)change_sealed(op, &at, S2_DESC_CONTIG, contiguous);
		g->any_af |= s2p_load(at.entry) & S2_DESC_AF;
	}
}

/* False: the table was cut away under us, with all that is in it. */
static bool make_one(struct s2_op *op, const struct group *g, unsigned int i, s2_desc bits)
{
	struct s2_spot at = s2_group_spot(op, &g->first, i);
	s2_desc desc = s2_leaf_after(op->fmt, at.level, g->first.desc, i);

	if (g->swap)
		return change_sealed(op, &at, S2_DESC_SEAL, bits);
	return s2_entry_make(op, &at, (desc & ~(S2_DESC_AF | S2_DESC_CONTIG)) | bits);
}

/* Entry 0 last.  What it says of the table goes for all. */
static bool make(struct s2_op *op, const struct group *g, s2_desc contiguous)
{
	bool made = false;

	for (unsigned int i = g->n; i--;)
		made = make_one(op, g, i, g->any_af | contiguous);
	return made;
}

/* The first `n` are what they were: nothing was invalidated, and nothing need be. */
static void put_back(struct s2_op *op, const struct group *g, unsigned int n)
{
	while (n--) {
		s2_desc af = g->af[n / 64] >> n % 64 & 1 ? S2_DESC_AF : 0;

		(void)make_one(op, g, n, af | (g->first.desc & S2_DESC_CONTIG));
	}
}

/* Hold, invalidate, make. */
static bool remake(struct s2_op *op, struct group *g, s2_desc contiguous, unsigned int *held)
{
	struct s2_run run = {.ipa = g->first.base, .count = g->n, .level = (uint8_t)g->first.level};
	struct s2_plan plan;
	bool made;

	s2_plan_runs(&plan, op->fmt, &run, 1);
	s2_op_enter_vmid(op);
	*held = hold(op, g);
	if (*held < g->n) {
		put_back(op, g, *held);
		return false;
	}
	if (g->swap)
		turn(op, g, contiguous);
	s2_invalidate(&plan);
	made = make(op, g, contiguous);

	s2_plan_count(&plan, &op->cpu->stats);
	op->cpu->stats.breaks += g->swap ? 0 : g->n;
	s2_spend(op, g->n - 1);
	return made;
}

/* Entry `i` of the held group did not fit: entry 0 was changed first, or the table is corrupt. */
static int misfit(struct s2_op *op, const struct group *g, unsigned int i)
{
	struct s2_spot at = s2_group_spot(op, &g->first, i);

	if (!i)
		return s2_lost(op);
	at.desc = s2p_load(at.entry);
	return s2_corrupt(op, &at);
}

/*
 * Entry 0 is a table.  Its group was taken apart before, entry 0 last: so whoever reads it
 * first finds no other in a group, as long as it stays a table.
 */
static int under_table(struct s2_op *op, const struct s2_spot *at, const struct s2_spot *first)
{
	bool table = s2p_word_load_acquire(first->entry) == first->desc;
	bool grouped = s2_is_grouped(s2p_word_load_acquire(at->entry));

	return table && grouped && s2p_load(first->entry) == first->desc ? s2_corrupt(op, at)
									 : s2_lost(op);
}

/*
 * Entry 0 says that there is no group, the one at `at` said that there is.  It may have
 * been dissolved since.  If it still says so while entry 0 is locked, the table is corrupt.
 */
static int no_group(struct s2_op *op, const struct s2_spot *at, const struct s2_spot *first)
{
	bool corrupt;

	/* A table is only ever locked to be cut away: a collapse of it relies on that. */
	if (s2_is_table(first->level, first->desc))
		return under_table(op, at, first);
	if (!s2_entry_break(op, first))
		return s2_lost(op);
	corrupt = s2_is_grouped(s2p_load(at->entry));
	(void)s2_entry_make(op, first, first->desc);
	return corrupt ? s2_corrupt(op, at) : s2_lost(op);
}

/* Reads entry 0: 0 if it is a group's, and nobody else's. */
static int enter(struct s2_op *op, const struct s2_spot *at, struct group *g)
{
	look(op, at, g);
	if (s2_is_locked(g->first.desc) || s2_is_sealed(g->first.desc))
		return s2_contend(op, &g->first);
	if (!s2_is_grouped(g->first.desc))
		return no_group(op, at, &g->first);
	if (s2_kind(op->fmt, g->first.level, g->first.desc) != S2_KIND_LEAF ||
	    !s2_group_begins(op->fmt, &g->first))
		return s2_corrupt(op, &g->first);
	return 0;
}

int s2_group_dissolve(struct s2_op *op, const struct s2_spot *at)
{
	struct group g;
	unsigned int held;
	int step = enter(op, at, &g);

	if (step)
		return step;
	if (!remake(op, &g, 0, &held))
		return held < g.n ? misfit(op, &g, held) : s2_lost(op);
	op->cpu->stats.groups_dissolved++;
	return S2_STEP_AGAIN;
}

int s2_group_unmap(struct s2_op *op, const struct s2_spot *at)
{
	struct group g;
	unsigned int held;
	int step;

	s2_gather_prepare(op, at);
	step = enter(op, at, &g);
	if (step)
		return step;
	g.swap = false; /* none of them stays */
	held = hold(op, &g);
	if (held < g.n) {
		put_back(op, &g, held);
		return misfit(op, &g, held);
	}
	for (unsigned int i = 0; i < g.n; i++) {
		struct s2_spot member = s2_group_spot(op, &g.first, i);

		s2_gather_add(op, &member);
	}
	s2_spend(op, g.n - 1);
	op->pos = s2_group_end(op, at);
	return S2_STEP_NEXT;
}

/* A look before any lock: most that do not fit show it. */
static bool can_form(const struct s2_op *op, const struct group *g)
{
	s2_desc first = g->first.desc;

	if (!s2_group_begins(op->fmt, &g->first) || s2_is_sealed(first) || s2_is_logged(first) ||
	    s2_is_grouped(first))
		return false;
	for (unsigned int i = 1; i < g->n; i++) {
		struct s2_spot at = s2_group_spot(op, &g->first, i);

		if (!s2_group_fits(op->fmt, &g->first, i, s2p_load(at.entry)))
			return false;
	}
	return true;
}

int s2_group_form(struct s2_op *op, const struct s2_spot *at)
{
	struct group g;
	unsigned int held;

	look(op, at, &g);
	if (can_form(op, &g) && remake(op, &g, S2_DESC_CONTIG, &held))
		op->cpu->stats.groups_formed++;
	op->pos = s2_group_end(op, at);
	return S2_STEP_NEXT;
}

static int group_visit(struct s2_op *op, struct s2_spot *at)
{
	switch (s2_kind(op->fmt, at->level, at->desc)) {
	case S2_KIND_TABLE:
		/* Another is just changing what it maps: it is not waited for. */
		return s2_is_sealed(at->desc) ? s2_next(op, at) : S2_STEP_DOWN;
	case S2_KIND_CORRUPT:
		return s2_corrupt(op, at);
	case S2_KIND_LEAF:
		if (op->fmt->group_bits[at->level] && s2_group_covered(op, at))
			return s2_group_form(op, at);
		return s2_next(op, at);
	default:
		return s2_next(op, at);
	}
}

int s2_group(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size)
{
	int status = s2_check_objects(tree, cpu);
	struct s2_op op;

	if (!status)
		status = s2_check_range(tree->fmt, ipa, size);
	if (status)
		return status;
	s2_op_begin(&op, tree, cpu, ipa, size, 0);
	s2_gather_flush(&op);
	return s2_op_finish(&op, ipa, s2_walk_range(&op, group_visit));
}
