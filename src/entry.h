/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * One live entry: the only code that writes a descriptor others can see, but for the
 * compare-and-swaps of a straight path (straight.h), and for the loops of sweep.c, which change
 * one leaf after the other as s2_entry_change() does.
 *
 *	empty ------------- s2_entry_install ----------> leaf, table
 *	leaf -------------- s2_entry_change -----------> leaf that allows more, or less
 *	leaf, table <------ seal, unseal --------------> the same, but nobody may change it
 *	leaf, table, ... -- s2_entry_break ------------> locked
 *	locked ------------ s2_entry_make -------------> leaf, table, empty
 *
 * Invariant: a locked entry is changed by the operation that locked it, or by
 * the one that unlinks the table in which it stands, which takes entry 0 for its
 * list (reclaim.c).  Therefore make is a compare-and-swap too, and one that fails
 * says: the table was cut away under us, what we did came before the cut.
 *
 * What pairs with what (s2p_cas() both acquires and releases; this is what for):
 *  - install and make release; they pair with the address dependency (or acquire)
 *    of s2p_load() in a walk: who finds a table finds its contents.  The same
 *    release orders the contents before the pointer for hardware table walks.
 *  - break acquires; it pairs with the release of the entry's previous owner, his
 *    install or make: what the new owner reads and writes comes after all that he did.
 *  - that a broken entry is invalid to walks before a TLBI, and the TLBI complete
 *    before make, is no matter of these but of the DSBs in s2_invalidate().
 */
#ifndef S2_ENTRY_H
#define S2_ENTRY_H

#include "op.h"

/* One entry as one visit of a walk saw it.  Every decision is on this snapshot. */
struct s2_spot {
	s2_desc *entry;
	s2_desc desc; /* read once */
	uint64_t base; /* first IPA that the entry covers */
	uint64_t table_end; /* first IPA beyond the table that holds it */
	unsigned int level;
	unsigned int shift; /* s2_level_shift() of it */
};

/*
 * False if somebody was faster.  With `desc` empty or annotated: nothing to break.
 * Release: the tables behind `new` before it; pairs with s2p_load() in a walk.
 */
static inline bool s2_entry_install(struct s2_op *op, const struct s2_spot *at, s2_desc new)
{
	op->stored = true;
	return s2p_cas(at->entry, at->desc, new);
}

/*
 * BBM does not ask for a break when only S2AP, DBM, XN, AF or software bits change; what
 * takes something away is to be flushed (gather.c).  Who reads the entry follows it nowhere.
 */
static inline bool s2_entry_change(struct s2_op *op, const struct s2_spot *at, s2_desc new)
{
	return s2_entry_install(op, at, new);
}

/*
 * Break.  A snapshot that is already locked must never come here: the compare-
 * and-swap from locked to locked would succeed.  Acquire: pairs with the release
 * of the install or make that wrote `at->desc`.
 */
static inline bool s2_entry_break(const struct s2_op *op, const struct s2_spot *at)
{
	return s2p_cas(at->entry, at->desc, s2_locked(op->fmt, at->level, at->desc));
}

/*
 * Make.  False: the table that holds the entry was cut away, and nothing was made.
 * Release, as install; after the last DSB of s2_invalidate().
 */
static inline bool s2_entry_make(struct s2_op *op, const struct s2_spot *at, s2_desc new)
{
	op->stored = true;
	return s2p_cas(at->entry, s2_locked(op->fmt, at->level, at->desc), new);
}

/*
 * Takes `seal` (S2_DESC_SEAL, and S2_DESC_NT where it came with that) off an entry that this
 * CPU has sealed; what the hardware sets in it meanwhile stays.  A link there: the table that
 * holds it was cut away.
 */
static inline void s2_entry_unseal(s2_desc *entry, s2_desc seal)
{
	s2_desc desc;

	do {
		desc = s2p_load(entry);
	} while (s2_is_sealed(desc) && !s2p_cas(entry, desc, desc & ~seal));
}

#endif
