/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Prune: a table that has become empty is taken out.
 *
 * A fault may install into it at any moment, and must not be lost: its caller has been
 * told that the page is mapped.  Therefore every entry is locked before the table is cut
 * off:
 *
 *	1  look: is all of it empty?			|   |   |   |   |
 *	2  lock each entry, in ascending order		| L | L | L | L |
 *	   One that is not empty any more: take our locks off, leave.
 *	3  break the entry above, invalidate, make it empty
 *	4  retire the table; its locks stay, and send late walkers back to the root
 *
 * Invariant: who has locked entry 0 of a table in which all was empty is its only pruner,
 * and nobody installs where a lock is: when the last is set the table is empty, and stays so.
 *
 * A pruner waits for nobody while it holds locks: it leaves.  May run beside every other
 * operation on the same tables.
 */
#include "prune.h"

#include "replace.h"

static bool all_empty(const s2_desc *table, unsigned int entries)
{
	for (unsigned int i = 0; i < entries; i++) {
		if (s2p_load(&table[i]))
			return false;
	}
	return true;
}

/*
 * Takes the locks off entries [0, n), ours; that of entry 0 last, as with seals.  One that
 * fails, on entry 0: the table was cut away, and has a link there.
 */
static void unlock(s2_desc *table, unsigned int n)
{
	while (n--)
		(void)s2p_cas(&table[n], S2_INVALID_LOCKED, 0);
}

static bool lock(s2_desc *table, unsigned int entries)
{
	for (unsigned int i = 0; i < entries; i++) {
		if (!s2p_cas(&table[i], 0, S2_INVALID_LOCKED)) {
			unlock(table, i);
			return false;
		}
	}
	return true;
}

/* If the break fails, the table was cut away by another operation: the locks stay, as in step 4. */
int s2_prune_table(struct s2_op *op, const struct s2_spot *at)
{
	unsigned int entries = 1u << op->fmt->index_bits;
	s2_desc *table = s2p_table(s2_oa_decode(op->fmt, at->desc));

	if (!all_empty(table, entries) || !lock(table, entries))
		return S2_NOT_UNIFORM;
	if (!s2_replace(op, at, 0))
		return s2_lost(op);
	op->cpu->stats.prunes++;
	return s2_next(op, at);
}
