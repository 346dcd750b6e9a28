/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Judging a run against a flat array of pages.
 *
 * What a call makes of a page is a function of what the page was.  An *order* is a
 * sequence of calls that agrees with real time: who had returned when another began
 * comes first.  Calls that have returned are in it, those under way may be.
 *
 *  - When a call returns, no CPU may use what none of the orders leads to.
 *  - At the end, each page is what some order makes of it, in which also every lookup
 *    saw the page, and every call found it dirty or not, as they say they did.
 *  - At the end, no CPU may use anything else, an access flag that the hardware
 *    has set is still set, and every table page is in the tree or in a cache.
 *
 * That no write is lost follows: until a call that cleans a page returns, its write
 * is in what the call reports, and from then on nobody has a translation left that
 * writes without a mark.
 */
#include <stdio.h>

#include "regime.h"
#include "world.h"

#define ENDS_MAX 64u

/* Who has a page, and who else may use it. */
enum place { HOST_HAS, HOST_SHARED, HOST_LENT, GUEST_HAS, GUEST_SHARED, HYP_HAS };

/* Whether it changes pages at all. */
static bool writes(const struct operation *op)
{
	switch (op->verb) {
	case SPLIT:
	case COLLAPSE:
	case CLEAN:
	case COMPACT:
	case LOOKUP:
	case WALK:
	case VERIFY:
	case RECLAIM:
	case AGE:
	case GROUP:
	case GUEST_LOOKUP:
		return false;
	default:
		return true;
	}
}

/* Whether the operation covers the page at all. */
static bool concerns(const struct operation *op, uint64_t page)
{
	return writes(op) && page - world_ipa(op->at) < world_size(op->size);
}

/* Whether it has (or may have had) its effect on the page. */
static bool took_effect(const struct call *c, uint64_t page)
{
	return concerns(c->op, page) &&
	       (c->op->verb == HARDWARE || page - world_ipa(c->op->at) < c->done);
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

static bool is_logged_clean(s2_attr attr)
{
	return attr & S2_LOG && !(attr & S2_DIRTY);
}

/* What is mapped with these attributes, as the hardware sees it. */
static struct m_translation mapped(uint64_t pa, s2_attr attr)
{
	return (struct m_translation){.mapped = true,
				      .pa = pa,
				      .attributes = memory_attributes(attr),
				      .read = attr & S2_R,
				      .write = attr & S2_W && !is_logged_clean(attr),
				      .exec = attr & S2_X,
				      .logged = attr & S2_LOG};
}

static struct m_translation after_map(const struct operation *op, uint64_t page,
				      const struct m_translation *was)
{
	struct m_translation t = mapped(world_pa(op->memory, page), op->attr);

	if (was->mapped && op->flags & S2_HOLES)
		return *was;
	if (was->mapped && was->pa == t.pa && was->logged && t.logged)
		t.write |= was->write;
	return t;
}

static struct m_translation after_protect(const struct operation *op, struct m_translation t)
{
	bool device = t.attributes == memory_attributes(S2_DEVICE);

	t.read = (t.read && !(op->attr & S2_R)) || op->give & S2_R;
	t.exec = (t.exec && !(op->attr & S2_X)) || (op->give & S2_X && !device);
	if (op->attr & S2_W)
		t.write = t.logged = false;
	else if (op->give & S2_W && !t.logged)
		t.write = true;
	return t;
}

/* Where a page is, and what the two trees say then: enum s2_page_state, of the guest's as bits. */
static const struct {
	unsigned char host, guest;
} places[] = {
#define NOT_HIS (1u << S2_PAGE_NONE | 1u << S2_PAGE_GONE)
	[HOST_HAS] = {S2_PAGE_OWNED, NOT_HIS},
	[HOST_SHARED] = {S2_PAGE_SHARED, 1u << S2_PAGE_BORROWED},
	[HOST_LENT] = {S2_PAGE_LENT, NOT_HIS},
	[GUEST_HAS] = {S2_PAGE_GONE, 1u << S2_PAGE_OWNED},
	[GUEST_SHARED] = {S2_PAGE_BORROWED, 1u << S2_PAGE_SHARED},
	[HYP_HAS] = {S2_PAGE_GONE, NOT_HIS},
};

/* What each transfer makes of what. */
static const struct {
	unsigned char from, to;
} transfers[] = {
	[S2_HOST_SHARES] = {HOST_HAS, HOST_SHARED},
	[S2_HOST_UNSHARES] = {HOST_SHARED, HOST_HAS},
	[S2_HOST_DONATES] = {HOST_HAS, GUEST_HAS},
	[S2_GUEST_SHARES] = {GUEST_HAS, GUEST_SHARED},
	[S2_GUEST_UNSHARES] = {GUEST_SHARED, GUEST_HAS},
	[S2_GUEST_DONATES] = {GUEST_HAS, HOST_HAS},
	[S2_HOST_LENDS] = {HOST_HAS, HOST_LENT},
	[S2_HOST_UNLENDS] = {HOST_LENT, HOST_HAS},
	[S2_HOST_YIELDS] = {HOST_HAS, HYP_HAS},
	[S2_HYP_DONATES] = {HYP_HAS, HOST_HAS},
};

static struct m_translation after_transfer(const struct operation *op, uint64_t page)
{
	if (places[transfers[op->level].to].host == S2_PAGE_GONE)
		return (struct m_translation){.mapped = false, .owned = true};
	return mapped(world_pa(op->memory, page), op->attr);
}

/* What the operation makes of the page. */
static struct m_translation after(const struct operation *op, uint64_t page, struct m_translation t)
{
	if (op->verb == MAP)
		return after_map(op, page, &t);
	if (op->verb == UNMAP || op->verb == DEFERRED)
		return (struct m_translation){.mapped = false};
	if (op->verb == TRANSFER)
		return after_transfer(op, page);
	if (op->verb == ANNOTATE)
		return (struct m_translation){.mapped = false, .owned = true};
	if (!t.mapped)
		return t;
	switch (op->verb) {
	case PROTECT:
	case PROTECT_DEFERRED:
		return after_protect(op, t);
	case TOUCH:
		t.write |= t.logged && op->flags & S2_WRITE;
		return t;
	case HARDWARE:
		t.write |= t.logged && world.setting->guest == WRITES;
		return t;
	case LOG_START:
		if (!t.logged && t.write) {
			t.logged = true;
			t.write = false;
		}
		return t;
	case LOG_COLLECT:
		t.write &= !t.logged || op->flags & S2_KEEP;
		return t;
	case LOG_STOP:
		t.write |= t.logged;
		t.logged = false;
		return t;
	default:
		return t;
	}
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

static struct m_translation seen_by(const struct call *lookup, uint64_t page)
{
	const struct s2_mapping *seen = &lookup->seen;

	if (seen->kind != S2_KIND_LEAF)
		return (struct m_translation){.mapped = false,
					      .owned = seen->kind == S2_KIND_ANNOTATED};
	return mapped(seen->pa + (page - seen->ipa), seen->attr);
}

/* Whether there were bits for the pages of its range. */
static bool knows_pages(const struct operation *op)
{
	return world_size(op->size) >> world.fmt.granule_shift <= CALL_PAGES;
}

/* --- orders ---------------------------------------------------------------------------- */

/* A search for orders, for one page: what they lead to, and whether the calls in them agree. */
struct orders {
	uint64_t page;
	const struct call *call[CALLS_MAX + 1]; /* those that matter to the page */
	unsigned int n;
	bool doubt; /* a block may be dirty because nobody looked */
	struct m_translation end[ENDS_MAX]; /* what orders lead to; each once */
	unsigned int ends;
};

/*
 * Whether the page may be dirty although nobody wrote to it: a block is dirty as a whole
 * by a write to any page of it, and who makes one of a table makes it dirty if any page was,
 * or hardware could.
 */
static bool may_dirty(const struct operation *op, uint64_t page)
{
	bool beside = page - world_ipa(op->at) >= world_size(op->size);

	if (op->verb == COLLAPSE || op->verb == COMPACT)
		return true;
	if (op->verb == MAP && op->attr & S2_LOG && !(op->flags & S2_PAGES))
		return true;
	return beside && (op->attr & S2_DIRTY || op->flags & S2_WRITE);
}

static bool is_doubtful(uint64_t page)
{
	if (world.setting->guest == WRITES && page != world.config.watched[0])
		return true;
	for (unsigned int i = 0; i < world.calls; i++) {
		if (may_dirty(world.call[i].op, page))
			return true;
	}
	return false;
}

static bool agrees(const struct orders *o, const struct m_translation *found,
		   const struct m_translation *t)
{
	struct m_translation same = *t;

	if (o->doubt && t->logged)
		same.write |= found->write;
	return m_same_translation(found, &same);
}

static bool is_dirty(const struct m_translation *t)
{
	return t->mapped && t->logged && t->write;
}

/* Whether the call owes a report of the page that it met as `t`. */
static bool owes(const struct call *c, uint64_t page, const struct m_translation *t)
{
	struct m_translation then = after(c->op, page, *t);

	return is_dirty(t) && (c->op->flags & S2_KEEP || !is_dirty(&then));
}

static bool has_reported(const struct call *c, uint64_t page)
{
	uint64_t bit = (page - world_ipa(c->op->at)) >> world.fmt.granule_shift;

	return concerns(c->op, page) && c->word[bit / 64] >> bit % 64 & 1;
}

static bool marks(const struct operation *op)
{
	return op->verb == TOUCH || op->attr & S2_DIRTY;
}

/*
 * Two calls that take one page away at once: one of them reports it.  And the mark of a
 * call in a table that is being cut off counts as never made: the guest has yet to write.
 */
static bool is_excused(const struct call *c, uint64_t page)
{
	for (unsigned int i = 0; i < world.calls; i++) {
		const struct call *other = &world.call[i];

		if (other != c && overlaps(c, other) && concerns(other->op, page) &&
		    (marks(other->op) || has_reported(c, page) ||
		     (knows_pages(other->op) && has_reported(other, page))))
			return true;
	}
	return false;
}

/* Where there are owners, nobody maps over an annotation by accident, also not by a block. */
static bool is_stopped(const struct call *c, const struct m_translation *t)
{
	return world.setting->scope >= OWNERS && t->owned && c->op->verb == MAP &&
	       !(c->op->flags & S2_TAKE);
}

/* Whether the call can have met the page as `t`, by what it says of it. */
static bool could_meet(const struct orders *o, const struct call *c, const struct m_translation *t)
{
	bool reported;

	if (c->op->verb == LOOKUP) {
		struct m_translation seen = seen_by(c, o->page);

		return c->seen.kind == S2_KIND_LOCKED || agrees(o, &seen, t);
	}
	if (is_stopped(c, t))
		return false;
	if (!c->ended || c->op->verb == HARDWARE || o->doubt || !knows_pages(c->op))
		return true;
	reported = has_reported(c, o->page);
	return reported == owes(c, o->page, t) || is_excused(c, o->page);
}

static void add_end(struct orders *o, const struct m_translation *t)
{
	for (unsigned int i = 0; i < o->ends; i++) {
		if (m_same_translation(&o->end[i], t))
			return;
	}
	if (o->ends < ENDS_MAX)
		o->end[o->ends++] = *t;
}

/* Whether `c` may come next when `used` have been: nobody left had returned before it began. */
static bool may_be_next(const struct orders *o, unsigned int used, const struct call *c)
{
	for (unsigned int i = 0; i < o->n; i++) {
		const struct call *other = o->call[i];

		if (!(used >> i & 1) && other->ended && other->ended < c->started)
			return false;
	}
	return true;
}

static bool is_complete(const struct orders *o, unsigned int used)
{
	for (unsigned int i = 0; i < o->n; i++) {
		if (!(used >> i & 1) && o->call[i]->ended)
			return false;
	}
	return true;
}

/* Depth is that of the calls of one program. */
static void extend(struct orders *o, unsigned int used, struct m_translation t)
{
	if (is_complete(o, used))
		add_end(o, &t);
	for (unsigned int i = 0; i < o->n; i++) {
		const struct call *c = o->call[i];

		if (!(used >> i & 1) && may_be_next(o, used, c) && could_meet(o, c, &t))
			extend(o, used | 1u << i, after(c->op, o->page, t));
	}
}

/* A call under way may have had its effect anywhere in its range. */
static bool matters(const struct call *c, uint64_t page)
{
	if (!c->started)
		return false;
	if (c->op->verb == LOOKUP)
		return c->ended && world_ipa(c->op->at) == page;
	return c->ended ? took_effect(c, page) : concerns(c->op, page);
}

/* A lookup is no fence (stage2.h): what it saw of calls under way is for the end to judge. */
static void find_orders(struct orders *o, unsigned int w, bool lookups)
{
	*o = (struct orders){.page = world.config.watched[w],
			     .doubt = is_doubtful(world.config.watched[w])};
	for (unsigned int i = 0; i < world.calls; i++) {
		if (matters(&world.call[i], o->page) &&
		    (lookups || world.call[i].op->verb != LOOKUP))
			o->call[o->n++] = &world.call[i];
	}
	if (matters(&world.hardware, o->page))
		o->call[o->n++] = &world.hardware;
	extend(o, 0, world.before[w]);
}

/* What is in doubt may be used as if it were dirty. */
static void allow_doubt(struct orders *o)
{
	for (unsigned int i = 0; i < o->ends && o->doubt; i++)
		o->end[i].write |= o->end[i].logged;
}

static void judge_cached(const char *when, unsigned int w, struct orders *o)
{
	struct m_stale stale;

	allow_doubt(o);
	if (!m_cached_beyond(w, o->end, o->ends, &stale))
		return;
	m_violation("rule 3: %s, but IPA %llx is still cached otherwise (%s)", when,
		    (unsigned long long)o->page, stale.what);
	m_blame(stale.entry, stale.fetched);
}

/* --- judging ------------------------------------------------------------------------ */

bool judge_wants_clean(const struct operation *op)
{
	return op->verb == CLEAN || op->flags & S2_CLEAN;
}

/*
 * What was mapped Write-Back when the call began, and nobody else has changed since: has
 * it been cleaned?  By an unmap, after the last moment at which the guest could write.
 */
static void judge_clean(const struct call *c)
{
	for (unsigned int w = 0; w < WATCHED; w++) {
		uint64_t ipa = world.config.watched[w];
		bool write_back = c->was[w].mapped && (c->was[w].attributes & 0xf) == 0xf;

		if (ipa - world_ipa(c->op->at) >= c->done || judge_has_rival(c, ipa) ||
		    !write_back || world.config.fwb ||
		    m_cleaned_since(c->was[w].pa, c->cleanings,
				    c->op->verb == CLEAN ? M_WATCHED : w))
			continue;
		m_violation("caches: \"%s\" has returned, and PA %llx, which IPA %llx mapped, was "
			    "not cleaned, or could be written later",
			    c->op->name, (unsigned long long)c->was[w].pa, (unsigned long long)ipa);
	}
}

static bool comes_back(void)
{
	for (unsigned int i = 0; i < world.calls; i++) {
		const struct operation *op = world.call[i].op;

		if (op->verb == TRANSFER && transfers[op->level].from >= GUEST_HAS)
			return true;
	}
	return false;
}

/* Who loses a page has lost it, on all CPUs, before the guest gets it. */
static void judge_guest(const struct call *c)
{
	const struct m_translation nothing = {.mapped = false};
	struct m_stale stale;

	if (c->seen.kind != S2_KIND_LEAF || s2_page_state(&c->seen, false) != S2_PAGE_OWNED ||
	    comes_back() || !m_cached_beyond(0, &nothing, 1, &stale))
		return;
	m_violation("ownership: the guest has page 0, and the host may use it (%s)", stale.what);
	m_blame(stale.entry, stale.fetched);
}

void judge_return(const struct call *c)
{
	char when[96];
	struct orders o;

	(void)snprintf(when, sizeof(when), "\"%s\" has returned", c->op->name);
	if (judge_wants_clean(c->op))
		judge_clean(c);
	if (c->op->verb == GUEST_LOOKUP)
		judge_guest(c);

	for (unsigned int w = 0; w < WATCHED; w++) {
		find_orders(&o, w, false);
		if (o.ends)
			judge_cached(when, w, &o);
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
	case S2_NOT_MAPPED:
		return c->op->verb == TOUCH && (anybody_writes() || !world.before[0].mapped);
	case S2_READ_ONLY:
		return c->op->verb == TOUCH && c->op->flags & S2_WRITE;
	case S2_WRONG_OWNER:
	case S2_WRONG_STATE:
	case S2_NO_MATCH:
		return c->op->verb == TRANSFER;
	case S2_OWNED:
		return c->op->verb == MAP && !(c->op->flags & S2_TAKE);
	case S2_IPA_RANGE:
		return (world_ipa(c->op->at) + world_size(c->op->size) - 1) >> world.fmt.ipa_bits;
	case S2_BAD_LEVEL:
		return (c->op->verb == COLLAPSE || c->op->verb == COMPACT) &&
		       !s2_level_has_leaf(&world.fmt, c->op->level);
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
	return op->verb != LOOKUP && op->verb != WALK && op->verb != VERIFY &&
	       op->verb != RECLAIM && op->verb != GUEST_LOOKUP;
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

/* Nobody is inside any more: all that was unlinked must come back.  The tables that are left. */
static unsigned int settle(struct s2_tree *tree)
{
	unsigned int tables;
	int status;

	do
		status = s2_reclaim(tree, &world.cpu[0]);
	while (status == S2_MORE);
	tables = count_tables(tree->root, world.fmt.root_tables << world.fmt.index_bits,
			      world.fmt.start_level);
	if (status || tree->tables != tables)
		m_violation("contract 2: reclaim says %d; %u pages are in a tree that counts %llu",
			    status, tables, (unsigned long long)tree->tables);
	return tables;
}

static void judge_balance(void)
{
	unsigned int cached = 0, tables = settle(&world.tree);

	if (world.setting->scope == TRANSFERS)
		tables += settle(&world.guest);
	for (unsigned int i = 0; i < CPUS_MAX; i++)
		cached += world.cpu[i].cache.count;
	if (cached + tables != world.pages)
		m_violation("contract 2: %u pages in caches, %u in trees, of %u", cached, tables,
			    world.pages);
}

/*
 * Transfers of one page are not made at once, so they are in the order of their program:
 * where the page is when all have returned.  One that is refused must have had a reason.
 */
static void follow_transfers(unsigned int *place, unsigned int n)
{
	for (unsigned int i = 0; i < world.calls; i++) {
		const struct call *c = &world.call[i];
		bool fits = true;

		if (c->op->verb != TRANSFER)
			continue;
		for (unsigned int w = 0; w < n; w++)
			fits &= !concerns(c->op, world.config.watched[w]) ||
				place[w] == transfers[c->op->level].from;
		for (unsigned int w = 0; w < n && fits; w++) {
			if (concerns(c->op, world.config.watched[w]))
				place[w] = transfers[c->op->level].to;
		}
		if (fits != !c->status)
			m_violation("ownership: \"%s\" says %d", c->op->name, c->status);
	}
}

/* Each page has one owner, and both trees agree on who that is. */
static void judge_owners(void)
{
	unsigned int place[WATCHED] = {HOST_HAS};

	follow_transfers(place, WATCHED);
	for (unsigned int w = 0; w < WATCHED; w++) {
		uint64_t ipa = world.config.watched[w];
		struct s2_mapping host, guest;
		enum s2_page_state his, other;

		(void)s2_lookup(&world.tree, ipa, &host);
		(void)s2_lookup(&world.guest, ipa, &guest);
		his = s2_page_state(&host, true);
		other = s2_page_state(&guest, false);
		if (his != places[place[w]].host || !(places[place[w]].guest >> other & 1))
			m_violation("ownership: of IPA %llx the host's tree says %d, the guest's "
				    "%d",
				    (unsigned long long)ipa, his, other);
	}
}

/* Nothing but a write to page 0, or an s2_age() that has seen it, may clear what the hardware has set there. */
static void judge_young(void)
{
	uint64_t ipa = world.config.watched[0];
	struct m_translation now = m_translate(ipa);
	bool written = false;

	for (unsigned int i = 0; i < world.calls; i++)
		written |= took_effect(&world.call[i], ipa) || world.call[i].op->verb == AGE;
	if (!written && !now.young)
		m_violation("rule 6: the access flag of IPA %llx is lost", (unsigned long long)ipa);
}

static void judge_page(unsigned int w)
{
	struct m_translation now = m_translate(world.config.watched[w]);
	struct orders o;

	find_orders(&o, w, true);
	for (unsigned int i = 0; i < o.ends; i++) {
		if (!agrees(&o, &now, &o.end[i]))
			continue;
		o.end[0] = now;
		o.ends = 1;
		judge_cached("all have returned", w, &o);
		return;
	}
	m_violation("rule 8: IPA %llx ends as %s%llx%s%s%s%s%s, which no order explains",
		    (unsigned long long)o.page, now.mapped ? "PA " : "empty, PA ",
		    (unsigned long long)now.pa, now.read ? " R" : "", now.write ? " W" : "",
		    now.exec ? " X" : "", now.logged ? " logged" : "",
		    o.ends ? "" : " (what calls say they met)");
}

static bool has_company(const struct call *c)
{
	for (unsigned int i = 0; i < world.calls; i++) {
		if (&world.call[i] != c && overlaps(&world.call[i], c))
			return true;
	}
	return false;
}

/* A lock or a link is another call's doing; all else is for the orders to explain. */
static void judge_lookup(const struct call *c)
{
	if (c->seen.kind == S2_KIND_LOCKED && !has_company(c))
		m_violation("rule 8: \"%s\" met %016llx, and nobody else was there", c->op->name,
			    (unsigned long long)c->seen.desc);
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
	if (world.hardware.started)
		judge_young();
	if (world.setting->scope == TRANSFERS)
		judge_owners();
	judge_balance();
}
