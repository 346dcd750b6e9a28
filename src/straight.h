/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Straight: from the root to the entry of one page, with a geometry that the compiler knows.
 *
 *	root          table         table         table
 *	| table | --> | table | --> | table | --> | desc |	the place: level 3
 *	                   |
 *	                   +-- no plain table: the place is here, at level 1
 *
 * This is what a fault goes through, and nothing but the usual: arguments that a few
 * comparisons show to be good, tables without odd bits, an entry that changes by one
 * compare-and-swap.  The complete version (walk.h) does all else:
 *
 *	a call that is not usual	all of it: no argument is refused here
 *	a place that is not usual	goes on there (s2_resume()), with what was read there
 *	a compare-and-swap that failed	goes on as after any that failed
 *
 * Invariant: the loads, stores and barriers are those of the complete version, in its
 * order, and each entry is read once.  So to others there is one version.
 *
 * `known`, a constant, says that the format is 4K with three or four levels, and addresses
 * in one piece.  An operation is compiled with it, without a struct s2_op; and as a function
 * apart for any format.
 */
#ifndef S2_STRAIGHT_H
#define S2_STRAIGHT_H

#include "tlbi.h"
#include "walk.h"

#define S2_USUAL(condition) __builtin_expect(!!(condition), 1)
#define S2_APART static __attribute__((noinline))
#define S2_PLAIN (S2_DESC_VALID | S2_DESC_TABLE) /* of tables and pages */

S2_INLINE unsigned int s2_straight_shift(const struct s2_format *fmt, unsigned int level,
					 bool known)
{
	return known ? S2_GRANULE_4K + 9 * (S2_LAST_LEVEL - level) : s2_level_shift(fmt, level);
}

S2_INLINE uint64_t s2_straight_page(const struct s2_format *fmt, bool known)
{
	return UINT64_C(1) << s2_straight_shift(fmt, S2_LAST_LEVEL, known);
}

S2_INLINE void s2_place_read(struct s2_place *at, s2_desc *entry, unsigned int level)
{
	s2_desc desc = s2p_load(entry);

	at->entry = entry;
	at->desc = level < S2_LAST_LEVEL ? desc ^ S2_PLAIN : desc;
	at->level = level;
	at->outcome = S2_SEEN;
}

/* Into the table of `level` that *at points to: false if that is no plain one. */
S2_INLINE bool s2_place_down(const struct s2_format *fmt, struct s2_place *at, s2_desc no_table,
			     uint64_t ipa, unsigned int level, bool known)
{
	uint64_t entries = UINT64_C(1) << (known ? 9 : fmt->index_bits);
	s2_desc *table;

	if (!S2_USUAL(!(at->desc & no_table)))
		return false;
	table = s2p_table(known ? at->desc : s2_oa_decode(fmt, at->desc));
	if (!S2_USUAL(table))
		return false;
	table += ipa >> s2_straight_shift(fmt, level, known) & (entries - 1);
	s2_place_read(at, table, level);
	return true;
}

S2_INLINE struct s2_place s2_straight_from(const struct s2_tree *tree, uint64_t ipa,
					   unsigned int start, unsigned int last, bool known)
{
	const struct s2_format *fmt = tree->fmt;
	s2_desc no = fmt->no_table;
	struct s2_place at;

	s2_place_read(&at, &tree->root[ipa >> s2_straight_shift(fmt, start, known)], start);
	if ((start > 0 || s2_place_down(fmt, &at, no, ipa, 1, known)) &&
	    (start > 1 || s2_place_down(fmt, &at, no, ipa, 2, known)) && last > 2)
		(void)s2_place_down(fmt, &at, no, ipa, 3, known);
	return at;
}

/* As far as level `last`, 2 or 3. */
S2_INLINE struct s2_place s2_straight_to(const struct s2_tree *tree, uint64_t ipa,
					 unsigned int last, bool known)
{
	unsigned int start = tree->fmt->start_level;

	if (!known)
		return s2_straight_from(tree, ipa, start, last, false);
	return start ? s2_straight_from(tree, ipa, 1, last, true)
		     : s2_straight_from(tree, ipa, 0, last, true);
}

S2_INLINE struct s2_place s2_straight(const struct s2_tree *tree, uint64_t ipa, bool known)
{
	return s2_straight_to(tree, ipa, S2_LAST_LEVEL, known);
}

/* A page of which nothing is to be known but what it says: not sealed, and not one of a group. */
S2_INLINE bool s2_place_has_page(const struct s2_format *fmt, const struct s2_place *at)
{
	return S2_USUAL(at->level == S2_LAST_LEVEL && (at->desc & fmt->page_bits) == S2_PLAIN);
}

/* As s2_entry_install() and s2_entry_change(); what pairs with what: entry.h. */
S2_INLINE bool s2_place_change(const struct s2_place *at, s2_desc new)
{
	return S2_USUAL(s2p_cas(at->entry, at->desc, new));
}

/* The complete version that is called next begins here. */
S2_INLINE void s2_leave(struct s2_cpu *cpu, const struct s2_place *at, enum s2_outcome outcome)
{
	cpu->place = *at;
	cpu->place.outcome = outcome;
}

/* Whether an operation can go the straight path, as far as tree and CPU decide. */
S2_INLINE bool s2_is_usual(const struct s2_tree *tree, const struct s2_cpu *cpu, bool known)
{
	return S2_USUAL(tree && tree->fmt &&
			(known ? tree->fmt->straight == S2_STRAIGHT_KNOWN
			       : tree->fmt->straight != S2_STRAIGHT_NEVER) &&
			cpu && cpu->cache.granule_shift == s2_straight_shift(tree->fmt, 3, known) &&
			!cpu->gather.tree);
}

/* The end of an operation on one page: s2_op_finish() where there is no struct s2_op. */
S2_INLINE int s2_straight_finish(const struct s2_tree *tree, struct s2_cpu *cpu, bool stored,
				 bool known)
{
	if (stored)
		s2p_dsb_ishst();
	cpu->done = s2_straight_page(tree->fmt, known);
	cpu->found = 0;
	return S2_OK;
}

/* The same after a permission fault: heal() of op.c, and the end. */
S2_INLINE int s2_straight_heal(const struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa,
			       uint32_t flags, bool known)
{
	uint64_t token;

	(void)s2_straight_finish(tree, cpu, true, known);
	if (flags & S2_FAULT) {
		token = s2p_vmid_enter(tree->vttbr);
		s2_invalidate_local(ipa);
		cpu->stats.tlbi_local++;
		s2p_vmid_leave(token);
	}
	return S2_OK;
}

#endif
