/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What becomes of an unlinked table.
 */
#ifndef S2_RECLAIM_H
#define S2_RECLAIM_H

#include "op.h"

/*
 * Hands over the table at `pa`, whose entries are of `level`, to be torn down.
 * Its invalidation has completed.  On a shared tree it waits for a grace
 * period; on an exclusive one a last-level table is free right away.
 */
void s2_retire(struct s2_op *op, uint64_t pa, unsigned int level);

/* Whether an entry of `level` points to a table, or was locked by who cuts that off. */
static inline bool s2_leads_down(unsigned int level, s2_desc desc)
{
	return s2_is_table(level, desc) || s2_is_link(desc) ||
	       (s2_is_locked(desc) && desc & S2_HAS_TABLE);
}

/*
 * Puts the table onto the list of those that are unlinked.  What its entry 0 held is gone.
 * Release orders the link in entry 0 before the head that leads to it; acquire takes over
 * the links of those who pushed before.
 */
static inline void s2_push_unlinked(struct s2_tree *tree, s2_desc *table, unsigned int level)
{
	s2_desc link = s2_link(s2p_table_pa(table), level);
	uint64_t head;

	do {
		head = s2p_word_load_acquire(&tree->unlinked);
		s2p_store(&table[0], head ? head : S2_INVALID_LINK);
	} while (!s2p_word_cas(&tree->unlinked, head, link));
}

/* A table that nobody else can reach goes to the cache. */
void s2_free_table(struct s2_tree *tree, struct s2_cpu *cpu, s2_desc *table);

/* The same with one above the last level, and the tables that entries 0 led to.  False: as below. */
bool s2_retire_tree(struct s2_tree *tree, struct s2_cpu *cpu, s2_desc *table, unsigned int level);

/*
 * s2_retire() without an op.  False: there is a table that cannot be followed, and is
 * reported.  In entry 0 of a last-level table there is nothing that anybody needs.
 */
static inline bool s2_retire_table(struct s2_tree *tree, struct s2_cpu *cpu, s2_desc *table,
				   unsigned int level)
{
	cpu->stats.tables_unlinked++;
	if (level < S2_LAST_LEVEL)
		return s2_retire_tree(tree, cpu, table, level);
	if (tree->grace)
		s2_push_unlinked(tree, table, level);
	else
		s2_free_table(tree, cpu, table);
	return true;
}

/*
 * Moves the table that `desc`, an entry of `level` that nobody can reach any
 * more, points to onto the list of those to be freed; nothing if it points to
 * none.  S2_CORRUPT if it cannot be followed.
 */
int s2_unlink_private(struct s2_tree *tree, struct s2_cpu *cpu, s2_desc desc, unsigned int level);

/* Frees up to *budget tables of that list.  S2_OK: all; S2_MORE; S2_CORRUPT. */
int s2_free_unlinked(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t *budget);

#endif
