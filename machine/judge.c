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
#include "regime.h"
#include "world.h"

static bool writes(const struct operation *op)
{
	return op->verb == MAP || op->verb == UNMAP || op->verb == DEFERRED;
}

/* Whether the operation covers the page at all. */
static bool concerns(const struct operation *op, uint64_t page)
{
	return writes(op) && page - world_ipa(op->at) < world_size(op->size);
}

/* Whether it has (or may have had) its effect on the page. */
static bool took_effect(const struct call *c, uint64_t page)
{
	return concerns(c->op, page) && page - world_ipa(c->op->at) < c->done;
}

/*
 * MemAttr, and above it SH, where descriptors have that: Normal memory is Inner
 * Shareable (Arm ARM, "Stage 2 memory region type and cacheability attributes").
 */
static uint64_t memory_attributes(s2_attr attr)
{
	uint64_t normal = world.fmt.features & S2_FEAT_FWB ? 0x6 : 0xf;
	uint64_t shareable = world.fmt.features & S2_FEAT_LPA2 ? 0 : 0x30;

	if ((attr & S2_MEM_MASK) == S2_DEVICE)
		return 0x1;
	return shareable | ((attr & S2_MEM_MASK) == S2_NORMAL_NC ? 0x5 : normal);
}

/* What the operation makes of the page. */
static struct m_translation intended(const struct operation *op, uint64_t page)
{
	if (op->verb != MAP)
		return (struct m_translation){.mapped = false};
	return (struct m_translation){.mapped = true,
				      .pa = world_pa(op->memory, page),
				      .attributes = memory_attributes(op->attr),
				      .read = op->attr & S2_R,
				      .write = op->attr & S2_W,
				      .exec = op->attr & S2_X};
}

static bool overlaps(const struct call *a, const struct call *b)
{
	return (!a->ended || b->started < a->ended) && (!b->ended || a->started < b->ended) &&
	       a->started && b->started;
}

bool judge_has_rival(const struct call *c, uint64_t page)
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
	struct m_stale stale;

	for (unsigned int w = 0; w < WATCHED; w++) {
		struct m_translation t = intended(c->op, world.config.watched[w]);

		if (!took_effect(c, world.config.watched[w]) ||
		    judge_has_rival(c, world.config.watched[w]) || !m_cached_beyond(w, &t, &stale))
			continue;
		m_violation("rule 3: \"%s\" has returned, but IPA %llx is still cached (%s)",
			    c->op->name, (unsigned long long)world.config.watched[w], stale.what);
		m_blame(stale.entry, stale.fetched);
	}
}

static bool anybody_writes(void)
{
	for (unsigned int i = 0; i < world.calls; i++) {
		if (writes(world.call[i].op))
			return true;
	}
	return false;
}

static bool fits_verb(const struct call *c)
{
	switch (c->status) {
	case S2_OK:
		return true;
	case S2_RETRY:
		return c->op->flags & S2_FAULT || c->op->verb == RECLAIM;
	case S2_NOT_UNIFORM:
		return c->op->verb == COLLAPSE && (!c->uniform || anybody_writes());
	case S2_OWNED:
		return c->op->verb == MAP;
	case S2_IPA_RANGE:
		return (world_ipa(c->op->at) + world_size(c->op->size) - 1) >> world.fmt.ipa_bits;
	case S2_BAD_LEVEL:
		return c->op->verb == COLLAPSE && !s2_level_has_leaf(&world.fmt, c->op->level);
	case S2_NO_PAGE:
	case S2_QUOTA:
	case S2_MORE:
		return world.scarce;
	default:
		return false;
	}
}

static bool has_range(const struct operation *op)
{
	return writes(op) || op->verb == SPLIT || op->verb == COLLAPSE;
}

static void judge_status(const struct call *c)
{
	if (!c->status && has_range(c->op) && c->done != world_size(c->op->size))
		m_violation("contract 2: \"%s\" says that all is done, and that %llx bytes are",
			    c->op->name, (unsigned long long)c->done);
	if (c->op->flags & S2_FAULT && c->waits)
		m_violation("contract 6: \"%s\" waited in fault mode", c->op->name);
	if (!fits_verb(c))
		m_violation("\"%s\" says %d", c->op->name, c->status);
}

/* Nothing that was begun may be left: no lock, no seal.  Annotations may stay. */
static bool is_left_over(uint64_t entry)
{
	if (entry & 1)
		return entry & S2_DESC_SEAL;
	return entry && (entry & 0xe) != 2;
}

static unsigned int count_tables(const uint64_t *table, unsigned int entries, unsigned int level)
{
	struct m_decoded d;
	unsigned int n = 0;

	for (unsigned int i = 0; i < entries; i++) {
		if (is_left_over(table[i])) {
			m_violation("a level-%u entry is left as %016llx", level,
				    (unsigned long long)table[i]);
			m_blame(&table[i], 0);
		}
		if (level == S2_LAST_LEVEL || (table[i] & 3) != 3)
			continue;
		m_decode(table[i], (int)level, &d);
		if (d.type == M_TABLE)
			n += 1 + count_tables(m_table(d.address), 1u << world.fmt.index_bits,
					      level + 1);
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
	tables = count_tables(world.tree.root, world.fmt.root_tables << world.fmt.index_bits,
			      world.fmt.start_level);
	if (status || cached + tables != world.pages || world.tree.tables != tables)
		m_violation("contract 2: reclaim says %d; %u pages in caches, %u in the tree "
			    "(which counts %llu), of %u",
			    status, cached, tables, (unsigned long long)world.tree.tables,
			    world.pages);
}

/* Nothing but a write to page 0 may clear what the hardware has set there. */
static void judge_young(void)
{
	uint64_t ipa = world.config.watched[0];
	struct m_translation now = m_translate(ipa);
	bool written = false;

	for (unsigned int i = 0; i < world.calls; i++)
		written |= took_effect(&world.call[i], ipa);
	if (!written && !now.young)
		m_violation("rule 6: the access flag of IPA %llx is lost", (unsigned long long)ipa);
}

static void judge_page(unsigned int w)
{
	struct m_translation now = m_translate(world.config.watched[w]);
	unsigned long long ipa = world.config.watched[w];
	struct m_stale stale;

	if (!is_linearizable(w, &now))
		m_violation("rule 8: IPA %llx ends as %s%llx, which no order explains", ipa,
			    now.mapped ? "PA " : "empty, PA ", (unsigned long long)now.pa);
	if (m_cached_beyond(w, &now, &stale)) {
		m_violation("rule 3: IPA %llx is cached otherwise than it is mapped (%s)", ipa,
			    stale.what);
		m_blame(stale.entry, stale.fetched);
	}
}

/* --- what a lookup may see -------------------------------------------------------------- */

/* A write that another one has followed in real time before the lookup began. */
static bool is_overwritten(const struct call *write, const struct call *lookup, uint64_t page)
{
	for (unsigned int i = 0; i < world.calls; i++) {
		const struct call *other = &world.call[i];

		if (took_effect(other, page) && other->ended < lookup->started &&
		    (!write || other->started > write->ended))
			return true;
	}
	return false;
}

static struct m_translation seen_by(const struct call *lookup, uint64_t page)
{
	const struct s2_mapping *seen = &lookup->seen;
	struct m_translation t = {.mapped = false};

	if (seen->kind != S2_KIND_LEAF)
		return t;
	return (struct m_translation){.mapped = true,
				      .pa = seen->pa + (page - seen->ipa),
				      .attributes = memory_attributes(seen->attr),
				      .read = seen->attr & S2_R,
				      .write = seen->attr & S2_W,
				      .exec = seen->attr & S2_X};
}

static bool is_explained(const struct call *lookup, unsigned int w)
{
	uint64_t page = world.config.watched[w];
	struct m_translation seen = seen_by(lookup, page);

	if (!is_overwritten(NULL, lookup, page) && m_same_translation(&seen, &world.before[w]))
		return true;
	for (unsigned int i = 0; i < world.calls; i++) {
		const struct call *c = &world.call[i];
		struct m_translation t = intended(c->op, page);

		if (took_effect(c, page) && c->started < lookup->ended &&
		    !is_overwritten(c, lookup, page) && m_same_translation(&seen, &t))
			return true;
	}
	return false;
}

static bool has_company(const struct call *c)
{
	for (unsigned int i = 0; i < world.calls; i++) {
		if (&world.call[i] != c && overlaps(&world.call[i], c))
			return true;
	}
	return false;
}

static void judge_lookup(const struct call *c)
{
	for (unsigned int w = 0; w < WATCHED; w++) {
		if (world.config.watched[w] != world_ipa(c->op->at))
			continue;
		if (c->seen.kind == S2_KIND_LOCKED ? has_company(c) : is_explained(c, w))
			continue;
		m_violation("rule 8: \"%s\" saw %016llx, which no order explains", c->op->name,
			    (unsigned long long)c->seen.desc);
	}
}

void judge_end(void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < world.calls; i++) {
		judge_status(&world.call[i]);
		if (world.call[i].op->verb == LOOKUP)
			judge_lookup(&world.call[i]);
	}
	for (unsigned int w = 0; w < WATCHED; w++)
		judge_page(w);
	if (world.young)
		judge_young();
	judge_balance();
}
