/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Judging a run against a flat array of pages.
 *
 *  - When an operation returns and no other that changes the same page overlaps
 *    it, no CPU may use what the operation took away.
 *  - At the end, each page has the value of a last writer, one that no other
 *    writer follows in real time; pages that nobody writes have what they had.
 *  - At the end, no CPU may use anything else, an access flag that the hardware
 *    has set is still set, and every table page is in the tree or in a cache.
 */
#include <stdio.h>

#include "world.h"

static bool writes(const struct operation *op)
{
	return op->verb == MAP || op->verb == UNMAP || op->verb == DEFERRED;
}

/* Whether the operation covers the page at all. */
static bool concerns(const struct operation *op, uint64_t page)
{
	return writes(op) && page >= op->ipa && page - op->ipa < op->size;
}

/* Whether it has (or may have had) its effect on the page. */
static bool took_effect(const struct call *c, uint64_t page)
{
	return concerns(c->op, page) && page - c->op->ipa < c->done;
}

/* What the operation makes of the page. */
static struct m_translation intended(const struct operation *op, uint64_t page)
{
	if (op->verb != MAP)
		return (struct m_translation){.mapped = false};
	return (struct m_translation){.mapped = true,
				      .pa = op->memory + (page - G),
				      .attributes = 0x3f, /* Normal WB, Inner Shareable */
				      .read = op->attr & S2_R,
				      .write = op->attr & S2_W,
				      .exec = op->attr & S2_X};
}

static bool overlaps(const struct call *a, const struct call *b)
{
	return (!a->ended || b->started < a->ended) && (!b->ended || a->started < b->ended) &&
	       a->started && b->started;
}

static bool has_rival(const struct call *c, uint64_t page)
{
	for (unsigned int i = 0; i < world.calls; i++) {
		const struct call *other = &world.call[i];

		if (other != c && concerns(other->op, page) && overlaps(c, other))
			return true;
	}
	return false;
}

/* A writer after which no other wrote, in real time. */
static bool may_be_last(const struct call *c, uint64_t page)
{
	for (unsigned int i = 0; i < world.calls; i++) {
		const struct call *other = &world.call[i];

		if (took_effect(other, page) && other->started > c->ended)
			return false;
	}
	return true;
}

static bool is_linearizable(unsigned int w, const struct m_translation *now)
{
	bool written = false;

	for (unsigned int i = 0; i < world.calls; i++) {
		const struct call *c = &world.call[i];
		struct m_translation t = intended(c->op, world.config.watched[w]);

		if (!took_effect(c, world.config.watched[w]))
			continue;
		written = true;
		if (may_be_last(c, world.config.watched[w]) && m_same_translation(now, &t))
			return true;
	}
	return !written && m_same_translation(now, &world.before[w]);
}

/* --- judging ------------------------------------------------------------------------ */

void judge_return(const struct call *c)
{
	char what[128];

	for (unsigned int w = 0; w < WATCHED; w++) {
		struct m_translation t = intended(c->op, world.config.watched[w]);

		if (!took_effect(c, world.config.watched[w]) ||
		    has_rival(c, world.config.watched[w]))
			continue;
		if (m_cached_beyond(w, &t, what, sizeof(what)))
			m_violation(
				"rule 3: \"%s\" has returned, but IPA %llx is still cached (%s)",
				c->op->name, (unsigned long long)world.config.watched[w], what);
	}
}

static bool status_fits(const struct call *c)
{
	if (c->op->flags & S2_FAULT && c->waits) {
		m_violation("contract 6: \"%s\" waited in fault mode", c->op->name);
		return true;
	}
	switch (c->status) {
	case S2_OK:
		return true;
	case S2_RETRY:
		return c->op->flags & S2_FAULT;
	case S2_NOT_UNIFORM:
		return c->op->verb == COLLAPSE;
	default:
		return false;
	}
}

/* Also, nothing that was begun may be left: no lock, no seal. */
static unsigned int count_tables(const uint64_t *table, int level)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < 512; i++) {
		if ((table[i] & 1 && table[i] & S2_DESC_SEAL) || (table[i] && !(table[i] & 1)))
			m_violation("a level-%d entry is left as %016llx", level,
				    (unsigned long long)table[i]);
		if ((table[i] & 3) == 3 && level < 3)
			n += 1 + count_tables(m_table(table[i] & 0xfffffffff000), level + 1);
	}
	return n;
}

/* Nobody is inside any more: all that was unlinked must come back. */
static void judge_balance(void)
{
	unsigned int cached = 0, tables;
	int status;

	do
		status = s2_reclaim(&world.tree, &world.cpu[0]);
	while (status == S2_MORE);
	for (unsigned int i = 0; i < CPUS_MAX; i++)
		cached += world.cpu[i].cache.count;
	tables = count_tables(world.tree.root, world.fmt.start_level);
	if (status || cached + tables != world.pages || world.tree.tables != tables)
		m_violation("contract 2: reclaim says %d; %u pages in caches, %u in the tree "
			    "(which counts %llu), of %u",
			    status, cached, tables, (unsigned long long)world.tree.tables,
			    world.pages);
}

/* Nothing but a write to page 0 may clear what the hardware has set there. */
static void judge_young(void)
{
	struct m_translation now = m_translate(G);
	bool written = false;

	for (unsigned int i = 0; i < world.calls; i++)
		written |= took_effect(&world.call[i], G);
	if (!written && !now.young)
		m_violation("rule 6: the access flag of IPA %llx is lost", (unsigned long long)G);
}

static void judge_page(unsigned int w)
{
	struct m_translation now = m_translate(world.config.watched[w]);
	unsigned long long ipa = world.config.watched[w];
	char what[128];

	if (!is_linearizable(w, &now))
		m_violation("rule 8: IPA %llx ends as %s%llx, which no order explains", ipa,
			    now.mapped ? "PA " : "empty, PA ", (unsigned long long)now.pa);
	if (m_cached_beyond(w, &now, what, sizeof(what)))
		m_violation("rule 3: IPA %llx is cached otherwise than it is mapped (%s)", ipa,
			    what);
}

void judge_end(void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < world.calls; i++) {
		if (!status_fits(&world.call[i]))
			m_violation("\"%s\" says %d", world.call[i].op->name, world.call[i].status);
	}
	for (unsigned int w = 0; w < WATCHED; w++)
		judge_page(w);
	if (world.young)
		judge_young();
	judge_balance();
}
