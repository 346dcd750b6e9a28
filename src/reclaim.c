/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Tearing down unlinked subtrees, in slices, after their grace period.
 *
 *	unlinked ----> [0] --link--> [0] --link--> [0]		grace period not begun
 *	waiting  ----> [0] --link--> [0]			begun, or over
 *	                |
 *	                +-- children hang where they always hung
 *
 * A freestanding library has no struct page, so the list runs through entry 0
 * of the tables themselves.  Walkers that came before the cut may still be
 * inside: a link reads as locked, and they retry from the root.  What entry 0
 * held is not lost.  If it was a table, that table is unlinked as well, so it
 * goes onto the list by itself; the same holds if another operation has locked
 * it while it cuts that table off, since that operation is inside a read-side
 * section until its own invalidation is complete, and the grace period waits
 * for it.  In a last-level table it was no table: there the link is stored over whatever
 * it was, and whoever has it locked finds the link.
 *
 * What hangs below a table is freed before it: tables of the last level where they hang,
 * and others by way of the list, in front of it.  It may take several slices; meanwhile
 *
 *	waiting  ----> [0] --link, BEGUN--> [0|n] --link--> [0]
 *	                                      |
 *	                                      +-- entry n is next, those before it are done
 *
 * Invariant: a table on `unlinked` has had its TLB invalidation; one on `waiting`
 * with cookie 0 has had its grace period too.  Only the latter is ever freed.
 *
 * What pairs with what:
 *  - s2_retire_tree()'s swap of entry 0 acquires; it pairs with the release of the
 *    install that put a table there: that table is followed at once.
 *  - s2_push_unlinked() releases the link in entry 0; it pairs with the acquire of the swap in
 *    begin_grace_period(), through the loads of all who pushed in between.
 *  - start() and done() order everything else: all that was done in a table, by
 *    whoever left his read-side section since, comes before its plain loads and
 *    stores here (qsbr.c).  So those of teardown need no order of their own.
 *  - `reclaiming` is a lock: acquired by compare-and-swap, released by a store.  It
 *    guards `waiting` and `cookie`, and hands on what done() has seen.
 */
#include "reclaim.h"

#include "cache.h"

/* In a link on `waiting`: of the table that it leads to, entry 1 says which entry is next. */
#define BEGUN UINT64_C(0x80)

/*
 * The table that an entry of `level`, which leads down, points to, or that the operation
 * which has locked it is about to cut off; NULL if it cannot be followed.  A link is of
 * another list: nothing that is unlinked is unlinked again.
 */
static s2_desc *follow(const struct s2_format *fmt, unsigned int level, s2_desc desc)
{
	enum s2_kind kind = s2_kind(fmt, level, desc);

	if (kind == S2_KIND_TABLE)
		return s2p_table(s2_oa_decode(fmt, desc));
	if (kind == S2_KIND_LOCKED && !s2_is_link(desc))
		return s2p_table(desc & S2_TABLE_PA);
	return NULL;
}

static void report(struct s2_cpu *cpu, s2_desc desc, unsigned int level)
{
	cpu->corrupt = (struct s2_report){.desc = desc, .level = level};
}

void s2_free_table(struct s2_tree *tree, struct s2_cpu *cpu, s2_desc *table)
{
	s2_cache_push(&cpu->cache, table);
	s2p_word_add(&tree->tables, UINT64_MAX);
	cpu->stats.tables_freed++;
}

bool s2_retire_tree(struct s2_tree *tree, struct s2_cpu *cpu, s2_desc *table, unsigned int level)
{
	while (level < S2_LAST_LEVEL) {
		s2_desc displaced = s2p_swap(&table[0], S2_INVALID_LINK);

		s2_push_unlinked(tree, table, level);
		if (!s2_leads_down(level, displaced))
			return true;
		table = follow(tree->fmt, level, displaced);
		if (!table) {
			report(cpu, displaced, level);
			return false;
		}
		level++;
	}
	s2_push_unlinked(tree, table, level);
	return true;
}

void s2_retire(struct s2_op *op, uint64_t pa, unsigned int level)
{
	s2_desc *table = level <= S2_LAST_LEVEL ? s2p_table(pa) : NULL;

	if (!table)
		report(op->cpu, S2_INVALID_LOCKED | S2_HAS_TABLE | pa, level - 1);
	op->lost |= !table || !s2_retire_table(op->tree, op->cpu, table, level);
}

int s2_unlink_private(struct s2_tree *tree, struct s2_cpu *cpu, s2_desc desc, unsigned int level)
{
	while (s2_leads_down(level, desc)) {
		s2_desc *table = follow(tree->fmt, level, desc);

		if (!table) {
			report(cpu, desc, level);
			return S2_CORRUPT;
		}
		desc = table[0];
		table[0] = tree->waiting ? tree->waiting : S2_INVALID_LINK;
		tree->waiting = s2_link(s2p_table_pa(table), ++level);
	}
	return S2_OK;
}

/* `link` is from entry 0 of a table of `level`.  One that leads nowhere ends the list. */
static int go_on_from(struct s2_tree *tree, struct s2_cpu *cpu, s2_desc link, unsigned int level)
{
	tree->waiting = 0;
	if (link == S2_INVALID_LINK)
		return S2_OK;
	if (s2_is_link(link) && s2p_table(link & S2_TABLE_PA)) {
		tree->waiting = link;
		return S2_OK;
	}
	report(cpu, link, level);
	return S2_CORRUPT;
}

/*
 * Frees the tables of the last level that entries of `table`, from `i` on, point to.  They
 * are not read, and each is written once: all else is in registers.  Returns the first
 * entry that it leaves: the budget is used up, or what hangs there belongs on the list.
 */
static unsigned int free_leaves(const struct s2_format *fmt, struct s2_cpu *cpu,
				const s2_desc *table, unsigned int level, unsigned int i,
				uint64_t *budget)
{
	const unsigned int entries = 1u << fmt->index_bits, shift = fmt->oa_high_shift;
	const s2_desc low = fmt->oa_low, high = fmt->oa_high, plain = low | high;
	struct s2_cache cache = cpu->cache;
	uint32_t room = level + 1 < S2_LAST_LEVEL ? 0 : *budget < entries ? *budget : entries;
	const uint32_t full = cache.count + room;

	for (; i < entries; i++) {
		s2_desc desc = table[i], *child;

		if (!desc)
			continue;
		if ((desc ^ 3) & ~plain) {
			if (s2_leads_down(level, desc))
				break;
			continue;
		}
		child = s2p_table((desc & low) | (desc & high) << shift);
		if (cache.count == full || !child)
			break;
		s2_cache_push(&cache, child);
	}
	*budget -= cache.count - cpu->cache.count;
	cpu->cache = cache;
	return i;
}

/*
 * What hangs below the first table, and it, as far as the budget goes, which is not 0.  It
 * has to wait if that ends, with entry `i` next; or for what hangs there and belongs on the
 * list, in front of it.  Entry 1 is done either way.
 */
static int free_first(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t *budget)
{
	unsigned int level = s2_link_level(tree->waiting), end = 1u << tree->fmt->index_bits;
	s2_desc *table = s2p_table(tree->waiting & S2_TABLE_PA), desc;
	unsigned int i = tree->waiting & BEGUN ? (unsigned int)table[1] : 1;
	int status;

	if (level < S2_LAST_LEVEL)
		i = free_leaves(tree->fmt, cpu, table, level, i, budget);
	if (level < S2_LAST_LEVEL && (i < end || !*budget)) {
		desc = *budget ? table[i++] : 0;
		table[1] = i;
		tree->waiting |= BEGUN;
		return *budget ? s2_unlink_private(tree, cpu, desc, level) : S2_MORE;
	}
	status = go_on_from(tree, cpu, table[0], level);
	s2_cache_push(&cpu->cache, table);
	--*budget;
	return status;
}

/* The tree's count is everybody's: it is written once. */
int s2_free_unlinked(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t *budget)
{
	uint64_t before = *budget, freed;
	int status = S2_OK;

	while (tree->waiting && !status)
		status = *budget ? free_first(tree, cpu, budget) : S2_MORE;
	freed = before - *budget;
	if (freed)
		s2p_word_add(&tree->tables, UINT64_C(0) - freed);
	cpu->stats.tables_freed += freed;
	return status;
}

/*
 * Takes all that is unlinked so far; what comes later waits for a later grace
 * period.  Acquire pairs with s2_push_unlinked(): the links, and the cuts that came before
 * them, which start() then orders before its epoch.
 */
static bool begin_grace_period(struct s2_tree *tree)
{
	tree->waiting = s2p_word_swap(&tree->unlinked, 0);
	if (!tree->waiting)
		return false;
	tree->cookie = tree->grace ? tree->grace->start(tree->grace) : 0;
	return true;
}

static bool grace_period_over(struct s2_tree *tree)
{
	if (tree->cookie && tree->grace->done(tree->grace, tree->cookie))
		tree->cookie = 0;
	return !tree->cookie;
}

static int reclaim(struct s2_tree *tree, struct s2_cpu *cpu)
{
	uint64_t budget = cpu->budget ? cpu->budget : UINT64_MAX;

	while (tree->waiting || begin_grace_period(tree)) {
		int status;

		if (!grace_period_over(tree))
			return S2_RETRY;
		status = s2_free_unlinked(tree, cpu, &budget);
		if (status)
			return status;
	}
	return S2_OK;
}

int s2_reclaim(struct s2_tree *tree, struct s2_cpu *cpu)
{
	int status = s2_check_objects(tree, cpu);

	if (status)
		return status;
	if (!s2p_word_cas(&tree->reclaiming, 0, 1))
		return S2_RETRY;
	status = reclaim(tree, cpu);
	s2p_word_store_release(&tree->reclaiming, 0);
	return status;
}
