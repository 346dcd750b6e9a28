/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The rules, one event at a time.
 *
 * A store to a linked table is a change of a live entry.  What the entry held goes to the
 * list of what is stale (stale.h), and with a pointer to a table all that hangs below it;
 * what the entry holds from now on must not meet any of that.
 */
#include "rules.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "entry.h"
#include "number.h"

#define BIT(n) (UINT64_C(1) << (n))
#define S2AP (UINT64_C(3) << 6)
#define XN (UINT64_C(3) << 53)
#define VTCR_HA BIT(21)
#define ATTRIBUTES (UINT64_C(0xf) << 2 | UINT64_C(3) << 8) /* memory type, shareability */

/* What may change in a valid entry without a break: S2AP, AF, DBM, XN, software bits. */
#define MAY_CHANGE (S2AP | ENTRY_AF | ENTRY_DBM | XN | UINT64_C(0xf) << 55)

static const struct {
	const char *name, *section;
} names[RULES] = {
	[RULE_BREAK] = {"break-before-make",
			"Using break-before-make when updating translation table entries"},
	[RULE_MAKE] = {"make-after-invalidate",
		       "Using break-before-make when updating translation table entries; Ordering "
		       "and completion of TLB maintenance instructions"},
	[RULE_FREE] = {"free-after-invalidate",
		       "Ordering and completion of TLB maintenance instructions"},
	[RULE_GRACE] = {"free-after-grace-period", NULL},
	[RULE_PUBLISH] = {"contents-before-pointer",
			  "Ordering of memory accesses from translation table walks"},
	[RULE_VMID] = {"vmid-before-tlbi",
		       "Synchronization requirements for AArch64 System registers"},
	[RULE_INVALIDATE] = {"invalidate", "General TLB maintenance requirements"},
};

const char *rule_name(enum rule rule)
{
	return names[rule].name;
}

const char *rule_section(enum rule rule)
{
	return names[rule].section;
}

/* --- breaches -------------------------------------------------------------------- */

static struct breach breach(enum rule rule, const struct event *e, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static struct breach breach(enum rule rule, const struct event *e, const char *format, ...)
{
	struct breach b = {.rule = rule, .line = e->line};
	va_list args;

	va_start(args, format);
	(void)vsnprintf(b.text, sizeof(b.text), format, args);
	va_end(args);
	return b;
}

static void add_line(struct breach *b, unsigned long line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void add_line(struct breach *b, unsigned long line, const char *format, ...)
{
	va_list args;

	if (!line || b->lines == RULE_LINES)
		return;
	b->at[b->lines].number = line;
	va_start(args, format);
	(void)vsnprintf(b->at[b->lines].text, sizeof(b->at[0].text), format, args);
	va_end(args);
	b->lines++;
}

/* How far the invalidation of it has come. */
static void add_stale(struct breach *b, const struct stale *s)
{
	const char *near = stale_near_text(s);

	add_line(b, s->line, "CPU%u took it away: the entry at %#" PRIx64 " held %#" PRIx64 "%s",
		 s->cpu, s->entry, s->desc, s->below ? ", below what was changed" : "");
	add_line(b, s->visible, "the DSB that made the store visible to table walks");
	add_line(b, s->tlbi2, "the TLBI of stage 2");
	add_line(b, s->dsb2, "the DSB that completed it");
	if (s->tlbi1 != s->tlbi2)
		add_line(b, s->tlbi1, "the TLBI of stage 1");
	if (near)
		add_line(b, s->near_line, "a TLBI that does not count: %s", near);
	(void)snprintf(b->missing, sizeof(b->missing), "%s", stale_missing(s));
}

static void tell(struct rules *r, const struct breach *b)
{
	r->breaches++;
	r->report(b, r->arg);
}

static const char *place(const struct rules *r, const struct page *page, unsigned int index)
{
	static char text[96];
	uint64_t ipa = page_ipa(&r->mirror, page, index);

	(void)snprintf(text, sizeof(text),
		       "the entry at %#" PRIx64 " (level %d, IPA %#" PRIx64 ", %s)",
		       page->pa + 8 * (uint64_t)index, page->level, ipa,
		       size_text(regime_size(r->mirror.regime, page->level)));
	return text;
}

/* --- entries --------------------------------------------------------------------- */

static bool is_table(const struct rules *r, int level, uint64_t desc)
{
	return entry_kind(r->mirror.regime, level, desc) == ENTRY_TABLE;
}

/* A walk may go on from it, or cache it: a leaf without access flag only faults. */
static bool is_live(const struct rules *r, int level, uint64_t desc)
{
	enum entry_kind kind = entry_kind(r->mirror.regime, level, desc);

	if (kind == ENTRY_LEAF)
		return desc & ENTRY_AF || r->mirror.regime->vtcr & VTCR_HA;
	return kind == ENTRY_TABLE;
}

static bool in_tree(const struct page *page, unsigned int index)
{
	return page->state == PAGE_LINKED && index >= page->first && index < page->end;
}

static unsigned int bbm(const struct rules *r)
{
	uint32_t features = r->mirror.regime->features;

	return features & S2_FEAT_BBM2 ? 2 : !!(features & S2_FEAT_BBM1);
}

/* FEAT_BBM: the size may change without a break, at level 1 through a block with nT. */
static bool size_may_change(const struct rules *r, int level, uint64_t old, uint64_t new)
{
	uint64_t changed = (old ^ new) & ~MAY_CHANGE;
	bool from = is_table(r, level, old), to = is_table(r, level, new);

	if (from != to)
		return bbm(r) == 2 || (bbm(r) == 1 && (from ? new : old) & ENTRY_NT);
	if (from)
		return false;
	if (bbm(r) == 2 && !(changed & ~ENTRY_CONTIG))
		return true;
	return bbm(r) && !(changed & ~ENTRY_NT);
}

/* The new one allows less than the old one: who has cached that may go on using it. */
static bool restricts(uint64_t old, uint64_t new)
{
	return (old & S2AP & ~new) || (bits(new, 54, 53) != bits(old, 54, 53) && new &XN);
}

/* FEAT_BBM: of a block with nT no translation is cached. */
static bool is_uncached(const struct rules *r, int level, uint64_t desc)
{
	return bbm(r) && level < LAST_LEVEL && desc & ENTRY_NT;
}

/* --- what is taken away ---------------------------------------------------------- */

static struct stale stale_of(const struct rules *r, const struct page *page, unsigned int index,
			     const struct event *e, uint64_t desc)
{
	const struct regime *regime = r->mirror.regime;
	bool table = is_table(r, page->level, desc);

	return (struct stale){.ipa = page_ipa(&r->mirror, page, index),
			      .size = regime_size(regime, page->level),
			      .desc = desc,
			      .entry = page->pa + 8 * (uint64_t)index,
			      .level = page->level,
			      .table = table,
			      .table_pa = table ? entry_address(regime, page->level, desc) : 0,
			      .uncached = !table && is_uncached(r, page->level, desc),
			      .tree = page->tree,
			      .vmid = r->tree[page->tree] >> 48,
			      .cpu = e->cpu,
			      .line = e->line};
}

static uint64_t readers(const struct rules *r)
{
	uint64_t online = 0;

	for (unsigned int i = 0; i < TRACE_CPUS; i++)
		online |= (uint64_t)r->cpu[i].online << i;
	return online;
}

/* A table that is on its way from one state to another, and what hangs below it. */
struct descent {
	struct page *page[LAST_LEVEL + 2]; /* each hangs below the one before it */
	unsigned int index[LAST_LEVEL + 2];
	unsigned int depth;
};

static void go_down(struct descent *d, struct page *page)
{
	if (!page || d->depth == LAST_LEVEL + 2)
		return;
	d->page[d->depth] = page;
	d->index[d->depth++] = page->first;
}

/* The next entry in its order; null once all have been there. */
static struct page *next_entry(struct descent *d, unsigned int *index)
{
	while (d->depth) {
		struct page *page = d->page[d->depth - 1];

		*index = d->index[d->depth - 1]++;
		if (*index < page->end)
			return page;
		d->depth--;
	}
	return NULL;
}

static struct page *table_of(const struct rules *r, const struct stale *s, enum page_state state)
{
	struct page *page = s->table ? mirror_find(&r->mirror, s->table_pa) : NULL;

	return page && page->state == state ? page : NULL;
}

/* A table is cut off: all that is in it may be cached, and whoever is in it may stay. */
static void cut(struct rules *r, struct page *page, const struct event *e)
{
	struct descent d = {.depth = 0};
	unsigned int index;

	mirror_cut(&r->mirror, page, e->line, readers(r));
	go_down(&d, page);
	while ((page = next_entry(&d, &index))) {
		struct stale s;
		struct page *below;

		if (!is_live(r, page->level, page->desc[index]))
			continue;
		s = stale_of(r, page, index, e, page->desc[index]);
		s.below = true;
		stales_add(&r->stales, &s);
		below = table_of(r, &s, PAGE_LINKED);
		if (below)
			mirror_cut(&r->mirror, below, e->line, readers(r));
		go_down(&d, below);
	}
}

static void take_away(struct rules *r, const struct page *page, unsigned int index,
		      const struct event *e)
{
	struct stale s = stale_of(r, page, index, e, e->old);
	struct page *below = table_of(r, &s, PAGE_LINKED);

	stales_add(&r->stales, &s);
	if (below)
		cut(r, below, e);
}

/* --- what is made ---------------------------------------------------------------- */

static bool overlaps(const struct stale *s, uint64_t ipa, uint64_t size)
{
	return s->ipa < ipa + size && ipa < s->ipa + s->size;
}

/* Whether a cached translation and a new leaf may be used side by side. */
static bool coexist(const struct rules *r, const struct stale *s, int level, uint64_t ipa,
		    uint64_t desc)
{
	const struct regime *regime = r->mirror.regime;
	bool size = s->level == level && !((s->desc ^ desc) & ENTRY_CONTIG);

	if ((s->desc ^ desc) & ATTRIBUTES || entry_address(regime, s->level, s->desc) - s->ipa !=
						     entry_address(regime, level, desc) - ipa)
		return false;
	return size || bbm(r) == 2 || (bbm(r) == 1 && (s->desc | desc) & ENTRY_NT);
}

static bool meets(const struct rules *r, const struct stale *s, int level, uint64_t ipa,
		  uint64_t desc)
{
	if (s->reported)
		return false;
	if (is_table(r, level, desc))
		return s->table && s->level == level &&
		       s->table_pa != entry_address(r->mirror.regime, level, desc);
	if (s->table)
		return bbm(r) < 2 && !(bbm(r) == 1 && desc & ENTRY_NT);
	return !coexist(r, s, level, ipa, desc);
}

/* Of one change all that is stale is told once. */
static void forgive(struct rules *r, unsigned long line)
{
	for (size_t i = 0; i < r->stales.count; i++)
		r->stales.stale[i].reported |= r->stales.stale[i].line == line;
}

static void check_made(struct rules *r, const struct page *page, unsigned int index,
		       const struct event *e)
{
	uint64_t ipa = page_ipa(&r->mirror, page, index);
	uint64_t size = regime_size(r->mirror.regime, page->level), desc = page->desc[index];

	for (size_t i = 0; i < r->stales.count; i++) {
		const struct stale *s = &r->stales.stale[i];
		struct breach b;

		if (s->tree != page->tree || !overlaps(s, ipa, size) ||
		    !meets(r, s, page->level, ipa, desc))
			continue;
		b = breach(RULE_MAKE, e,
			   "CPU%u makes %s %#" PRIx64 ", and TLBs may hold what was there", e->cpu,
			   place(r, page, index), desc);
		add_stale(&b, s);
		forgive(r, s->line);
		tell(r, &b);
		return;
	}
}

/* Arm ARM: a walk that sees the pointer must see what was stored before it. */
static void check_published(struct rules *r, const struct page *page, const struct event *e)
{
	struct breach b;

	if (e->kind == EVENT_RELEASE || r->published == e->line || page->filler != e->cpu ||
	    page->filled <= r->cpu[e->cpu].ordered)
		return;
	b = breach(RULE_PUBLISH, e,
		   "CPU%u links the table at %#" PRIx64 " by a plain store, and walks may see what "
		   "was in it before",
		   e->cpu, page->pa);
	add_line(&b, page->filled, "the last store to the table");
	(void)snprintf(b.missing, sizeof(b.missing),
		       "a store with release, or a DMB ISHST between the two");
	r->published = e->line;
	tell(r, &b);
}

/* Who gives a table a new use, and how that is called. */
static void check_walks(struct rules *r, const struct page *page, const struct event *e,
			const char *use)
{
	for (size_t i = 0; i < r->stales.count; i++) {
		const struct stale *s = &r->stales.stale[i];
		struct breach b;

		if (!s->table || s->table_pa != page->pa || s->reported)
			continue;
		b = breach(RULE_FREE, e,
			   "CPU%u %s the table at %#" PRIx64 ", and walks may still go through it",
			   e->cpu, use, page->pa);
		add_stale(&b, s);
		forgive(r, s->line);
		tell(r, &b);
		return;
	}
}

static void check_readers(struct rules *r, const struct page *page, const struct event *e,
			  const char *use)
{
	uint64_t others = page->readers & ~BIT(e->cpu);
	struct breach b;

	if (!others)
		return;
	b = breach(RULE_GRACE, e,
		   "CPU%u %s the table at %#" PRIx64 ", and CPU%d has been inside of a read-side "
		   "section since before it was cut off",
		   e->cpu, use, page->pa, __builtin_ctzll(others));
	add_line(&b, page->cut, "it was cut off");
	(void)snprintf(b.missing, sizeof(b.missing), "a quiescent state of that CPU");
	tell(r, &b);
}

static void check_unused(struct rules *r, const struct page *page, const struct event *e,
			 const char *use)
{
	if (page->state != PAGE_CUT)
		return;
	check_walks(r, page, e, use);
	check_readers(r, page, e, use);
}

static void link_page(struct rules *r, struct page *page, const struct page *above,
		      unsigned int index, const struct event *e)
{
	check_published(r, page, e);
	check_unused(r, page, e, "uses");
	page->state = PAGE_LINKED;
	mirror_keep(&r->mirror, page);
	page->level = above->level + 1;
	page->tree = above->tree;
	page->first = 0;
	page->end = mirror_entries(&r->mirror);
	page->ipa = page_ipa(&r->mirror, above, index);
}

/* The table that an entry points to, unless a tree has it already. */
static struct page *table_at(struct rules *r, const struct page *page, unsigned int index)
{
	struct page *below;

	if (!is_table(r, page->level, page->desc[index]))
		return NULL;
	below = mirror_page(&r->mirror,
			    entry_address(r->mirror.regime, page->level, page->desc[index]));
	return below->state == PAGE_LINKED ? NULL : below;
}

/* An entry has become live, and with it all that hangs below it. */
static void made(struct rules *r, struct page *page, unsigned int index, const struct event *e)
{
	struct descent d = {.depth = 0};

	do {
		struct page *below;

		if (!is_live(r, page->level, page->desc[index]))
			continue;
		if (r->stales.count)
			check_made(r, page, index, e);
		below = table_at(r, page, index);
		if (below)
			link_page(r, below, page, index, e);
		go_down(&d, below);
	} while ((page = next_entry(&d, &index)));
}

/* --- stores ---------------------------------------------------------------------- */

static void report_change(struct rules *r, const struct page *page, unsigned int index,
			  const struct event *e)
{
	struct breach b = breach(RULE_BREAK, e,
				 "CPU%u changes %s from %#" PRIx64 " to %#" PRIx64
				 ", both valid, without a break",
				 e->cpu, place(r, page, index), e->old, e->new);

	add_line(&b, r->before, "what it held was stored");
	(void)snprintf(b.missing, sizeof(b.missing),
		       "an invalid entry, and DSB, TLBI, DSB, between the two");
	tell(r, &b);
}

/* From live to live: in place, by way of FEAT_BBM, or wrong. */
static void change(struct rules *r, struct page *page, unsigned int index, const struct event *e)
{
	bool moves = (e->old ^ e->new) & ~MAY_CHANGE;
	bool allowed = !moves || size_may_change(r, page->level, e->old, e->new);

	if (!allowed)
		report_change(r, page, index, e);
	if (moves || (!is_table(r, page->level, e->old) && restricts(e->old, e->new)))
		take_away(r, page, index, e);
	if (!allowed)
		forgive(r, e->line);
	if (moves)
		made(r, page, index, e);
}

static void store_live(struct rules *r, struct page *page, unsigned int index,
		       const struct event *e)
{
	bool was = is_live(r, page->level, e->old), is = is_live(r, page->level, e->new);

	stales_store(&r->stales, page->pa + 8 * (uint64_t)index, e->cpu);
	if (was && is)
		change(r, page, index, e);
	else if (was)
		take_away(r, page, index, e);
	else if (is)
		made(r, page, index, e);
	r->breaks += was && !is;
}

/* The hardware may have set access flags and dirty marks meanwhile. */
static bool agrees(const struct rules *r, uint64_t known, uint64_t old)
{
	uint64_t changed = known ^ old;

	if (r->mirror.regime->vtcr & VTCR_HA)
		changed &= ~ENTRY_AF;
	if (r->mirror.regime->hd && known & ENTRY_DBM)
		changed &= ~BIT(7);
	return !changed;
}

static void note(struct page *page, unsigned int index, uint64_t desc, const struct event *e)
{
	page->desc[index] = desc;
	page->line[index] = e->line;
	if (page->state != PAGE_PRIVATE)
		return;
	page->filled = e->line;
	page->filler = e->cpu;
}

static void take_store(struct rules *r, const struct event *e)
{
	struct page *page = mirror_page(&r->mirror, e->pa);
	unsigned int index = mirror_index(&r->mirror, e->pa);

	r->stores++;
	if (page->line[index] && page->state != PAGE_CUT && !agrees(r, page->desc[index], e->old))
		lines_bad(&r->trace->lines,
			  "the entry at %#" PRIx64 " is said to have held %#" PRIx64
			  ", but line %lu left %#" PRIx64 " there: a store is missing",
			  e->pa, e->old, page->line[index], page->desc[index]);
	r->before = page->line[index];
	note(page, index, e->new, e);
	if (in_tree(page, index))
		store_live(r, page, index, e);
}

/* Stores to a table that nobody can see yet; to one that is linked they are what they are. */
static void take_fill(struct rules *r, const struct event *e)
{
	struct page *page = mirror_page(&r->mirror, e->pa);
	unsigned int index = mirror_index(&r->mirror, e->pa);

	for (uint64_t i = 0; i < e->count; i++) {
		struct event store = *e;

		store.old = page->desc[index + i];
		r->before = page->line[index + i];
		store.new = e->new + i * e->step;
		note(page, index + (unsigned int)i, store.new, e);
		if (in_tree(page, index + (unsigned int)i))
			store_live(r, page, index + (unsigned int)i, &store);
	}
}

static void take_zero(struct rules *r, const struct event *e)
{
	struct event fill = *e;

	fill.new = fill.step = 0;
	fill.count = mirror_entries(&r->mirror);
	take_fill(r, &fill);
}

/* --- tables ---------------------------------------------------------------------- */

static void take_free(struct rules *r, const struct event *e)
{
	struct page *page = mirror_find(&r->mirror, e->pa);
	struct breach b;

	r->frees++;
	if (!page)
		return;
	if (page->state == PAGE_LINKED) {
		b = breach(RULE_FREE, e,
			   "CPU%u frees the table at %#" PRIx64 ", which is linked: IPA %#" PRIx64
			   ", entries of level %d",
			   e->cpu, e->pa, page->ipa, page->level);
		tell(r, &b);
	}
	check_unused(r, page, e, "frees");
	mirror_forget(&r->mirror, page);
}

/* --- registers ------------------------------------------------------------------- */

/* One page of a root, of which all entries are live from now on. */
static void link_root(struct rules *r, const struct event *e, uint64_t from, uint64_t end,
		      uint64_t root)
{
	const struct regime *regime = r->mirror.regime;
	struct page *page = mirror_page(&r->mirror, from);

	page->state = PAGE_LINKED;
	page->level = regime->start;
	page->tree = r->trees - 1;
	page->first = mirror_index(&r->mirror, from);
	page->end = page->first + (unsigned int)((end - from) / 8);
	page->ipa = (from - root) / 8 << regime_shift(regime, regime->start);
	for (unsigned int i = page->first; i < page->end; i++)
		made(r, page, i, e);
}

static void add_tree(struct rules *r, const struct event *e)
{
	const struct regime *regime = r->mirror.regime;
	uint64_t root = regime_root(regime, e->pa), end = root + regime_root_size(regime);
	uint64_t page = UINT64_C(1) << regime->granule;

	if (r->trees == RULES_TREES)
		lines_bad(&r->trace->lines, "more than %u values of VTTBR_EL2", RULES_TREES);
	r->tree[r->trees++] = e->pa;
	for (uint64_t at = root; at < end;) {
		uint64_t next = (at | (page - 1)) + 1;

		link_root(r, e, at, next < end ? next : end, root);
		at = next;
	}
}

static unsigned int tree_of(struct rules *r, const struct event *e)
{
	unsigned int i = 0;

	while (i < r->trees && r->tree[i] != e->pa)
		i++;
	if (i == r->trees)
		add_tree(r, e);
	return i;
}

static void take_vttbr(struct rules *r, const struct event *e)
{
	struct rules_cpu *cpu = &r->cpu[e->cpu];

	cpu->tree = tree_of(r, e);
	cpu->vttbr = e->pa;
	cpu->started = true;
	cpu->unsynced = e->line;
}

static void take_tlbi(struct rules *r, const struct event *e)
{
	struct rules_cpu *cpu = &r->cpu[e->cpu];

	r->tlbis++;
	if (!cpu->started && !e->tlbi.all)
		lines_bad(&r->trace->lines,
			  "a TLBI of CPU %u, whose VTTBR_EL2 is not known: no line '%u vttbr'",
			  e->cpu, e->cpu);
	if (cpu->unsynced && !e->tlbi.all) {
		struct breach b = breach(RULE_VMID, e,
					 "CPU%u executes a TLBI, and its VTTBR_EL2 may not have "
					 "taken effect",
					 e->cpu);

		add_line(&b, cpu->unsynced, "VTTBR_EL2 is written");
		(void)snprintf(b.missing, sizeof(b.missing), "an ISB between the two");
		tell(r, &b);
		cpu->unsynced = 0;
	}
	stales_tlbi(&r->stales, e, cpu->vttbr >> 48);
}

/* --- events ---------------------------------------------------------------------- */

static void take_barrier(struct rules *r, const struct event *e)
{
	r->barriers++;
	if (e->barrier.others)
		r->cpu[e->cpu].ordered = e->line;
	if (e->kind == EVENT_DSB)
		stales_dsb(&r->stales, e);
}

static void take_section(struct rules *r, const struct event *e)
{
	r->cpu[e->cpu].online = e->kind != EVENT_OFFLINE;
	if (e->kind != EVENT_ONLINE)
		mirror_leave(&r->mirror, e->cpu);
}

static void take_isb(struct rules *r, const struct event *e)
{
	r->cpu[e->cpu].unsynced = 0;
}

static void (*const takers[])(struct rules *, const struct event *) = {
	[EVENT_STORE] = take_store,	[EVENT_RELEASE] = take_store,
	[EVENT_FILL] = take_fill,	[EVENT_ZERO] = take_zero,
	[EVENT_DMB] = take_barrier,	[EVENT_DSB] = take_barrier,
	[EVENT_ISB] = take_isb,		[EVENT_TLBI] = take_tlbi,
	[EVENT_VTTBR] = take_vttbr,	[EVENT_ONLINE] = take_section,
	[EVENT_OFFLINE] = take_section, [EVENT_QUIESCENT] = take_section,
	[EVENT_FREE] = take_free,
};

void rules_begin(struct rules *r, struct trace *t,
		 void (*report)(const struct breach *b, void *arg), void *arg)
{
	memset(r, 0, sizeof(*r));
	r->trace = t;
	r->report = report;
	r->arg = arg;
	mirror_init(&r->mirror, &t->regime, t->lines.name);
	stales_init(&r->stales, t);
}

void rules_take(struct rules *r, const struct event *e)
{
	r->events++;
	takers[e->kind](r, e);
}

void rules_end(struct rules *r)
{
	for (size_t i = 0; i < r->stales.count; i++) {
		const struct stale *s = &r->stales.stale[i];
		struct event e = {.line = s->line};
		struct breach b;

		if (s->reported)
			continue;
		b = breach(RULE_INVALIDATE, &e,
			   "CPU%u takes away %s of IPA %#" PRIx64
			   ", level %d, %s, and up to the end "
			   "of the trace TLBs may hold it",
			   s->cpu, s->table ? "a table" : "a translation, or a permission,", s->ipa,
			   s->level, size_text(s->size));
		add_stale(&b, s);
		forgive(r, s->line);
		tell(r, &b);
	}
}

void rules_close(struct rules *r)
{
	mirror_close(&r->mirror);
	stales_close(&r->stales);
}
