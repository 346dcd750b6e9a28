/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What there is to see of the machine at one moment.
 */
#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "look.h"

/* Which table a page is, as long as it is one. */
struct known {
	bool known, linked;
	unsigned int level;
	uint64_t ipa;
};

static struct known known[M_ARENA_PAGES];
static bool (*is_broken)(const uint64_t *p);

void look_begin(void)
{
	memset(known, 0, sizeof(known));
}

/* --- words --------------------------------------------------------------------------- */

uint64_t scenario_memory(enum memory memory)
{
	return world_pa(memory, world_ipa((struct extent){0, 0, 0}));
}

static void say_address(uint64_t pa, char *text, size_t size)
{
	static const char *const name[] = {"A", "B", "C"};
	uint64_t room = world_size((struct extent){.tables = 1});

	for (unsigned int memory = 0; memory < 3; memory++) {
		uint64_t offset = pa - scenario_memory((enum memory)memory);

		if (offset < room) {
			(void)snprintf(text, size, "%s+0x%llx", name[memory],
				       (unsigned long long)offset);
			return;
		}
	}
	(void)snprintf(text, size, "PA 0x%llx", (unsigned long long)pa);
}

static void say_leaf(const struct m_decoded *d, char *text, size_t size)
{
	char address[32];

	say_address(d->address, address, sizeof(address));
	(void)snprintf(text, size, "%c%c%c %s%s%s%s", d->read ? 'r' : '-', d->write ? 'w' : '-',
		       d->exec ? 'x' : '-', address, d->af ? "" : ", old",
		       !d->dbm	  ? ""
		       : d->write ? ", dirty"
				  : ", clean",
		       d->contiguous ? ", group" : "");
}

void look_says(uint64_t desc, int level, char *text, size_t size)
{
	struct m_decoded d;

	*text = '\0';
	m_decode(desc, level, &d);
	if (d.type == M_LEAF)
		say_leaf(&d, text, size);
	else if (d.type == M_TABLE)
		(void)snprintf(text, size, "page %llu", (unsigned long long)m_page_of(d.address));
	else if ((desc & 0xf) == 4 && desc & 0x10)
		(void)snprintf(text, size, "was page %llu",
			       (unsigned long long)m_page_of(desc & ((UINT64_C(1) << 52) - 4096)));
}

/* At the last level a table's bits are a page's: the level decides, not the address. */
static const char *state_of(uint64_t desc, int level)
{
	struct m_decoded d;

	m_decode(desc, level, &d);
	if (d.type == M_TABLE)
		return "table";
	if (d.type == M_LEAF)
		return desc & S2_DESC_SEAL ? "sealed" : level == 3 ? "page" : "block";
	return desc & 1 ? "reserved" : m_word_for(desc);
}

void look_value(uint64_t desc, int level, char *text, size_t size)
{
	char says[48];

	look_says(desc, level, says, sizeof(says));
	(void)snprintf(text, size, *says ? "%s (%s)" : "%s", state_of(desc, level), says);
}

bool look_entry(const uint64_t *p, struct look_entry *e)
{
	uint64_t offset = m_table_pa(p) - M_ARENA_PA;
	unsigned int bits = m.page_shift - 3;

	*e = (struct look_entry){.page = (unsigned int)(offset >> m.page_shift),
				 .level = S2_LAST_LEVEL};
	if (e->page >= M_ARENA_PAGES || !known[e->page].known)
		return false;
	e->index = (unsigned int)(offset / M_ENTRY_BYTES) & ((1u << bits) - 1);
	e->level = known[e->page].level;
	e->ipa = known[e->page].ipa + e->index * s2_level_size(&world.fmt, e->level);
	return known[e->page].linked;
}

void look_place(const uint64_t *p, char *text, size_t size)
{
	struct look_entry e;
	bool linked = look_entry(p, &e);

	if (e.page < M_ARENA_PAGES && known[e.page].known)
		(void)snprintf(text, size, linked ? "L%u[%u]" : "L%u[%u] of page %u, unlinked",
			       e.level, e.index, e.page);
	else
		(void)snprintf(text, size, "page %u", e.page);
}

/* --- tables -------------------------------------------------------------------------- */

static bool is_table(uint64_t desc, unsigned int level)
{
	return (desc & 3) == 3 && level < S2_LAST_LEVEL;
}

/* Whether the next entry says of its addresses what this one says of its own. */
static bool goes_on(const uint64_t *table, unsigned int i, unsigned int level)
{
	uint64_t a = table[i], b = table[i + 1];

	if (is_broken(&table[i]) || is_broken(&table[i + 1]) || is_table(a, level))
		return false;
	return a & 1 ? b - a == s2_level_size(&world.fmt, level) : a == b;
}

static void add_run(struct scene_table *t, const uint64_t *table, unsigned int first,
		    unsigned int last)
{
	struct scene_run *r = &t->run[t->runs];
	int level = (int)t->level;

	if (t->runs == SCENE_RUNS) {
		t->more = true;
		return;
	}
	*r = (struct scene_run){.first = first,
				.last = last,
				.state = state_of(table[first], level),
				.window = is_broken(&table[first])};
	look_says(table[first], level, r->says, sizeof(r->says));
	t->runs++;
}

/* Empty entries are left out, but for a table that has no others. */
static void add_runs(struct scene_table *t, const uint64_t *table, unsigned int entries)
{
	for (unsigned int i = 0, last; i < entries; i = last + 1) {
		for (last = i; last + 1 < entries && goes_on(table, last, t->level);)
			last++;
		if (table[i] || is_broken(&table[i]) || (!i && last == entries - 1))
			add_run(t, table, i, last);
	}
}

static void add_table(struct scene_frame *f, const struct known *k, unsigned int page,
		      unsigned int tables)
{
	struct scene_table *t = &f->table[f->tables];
	const uint64_t *table = m_table(M_ARENA_PA + ((uint64_t)page << m.page_shift));

	if (f->tables == SCENE_TABLES)
		return;
	*t = (struct scene_table){
		.page = page, .level = k->level, .ipa = k->ipa, .linked = k->linked};
	add_runs(t, table, tables << world.fmt.index_bits);
	f->tables++;
}

static void learn(unsigned int page, unsigned int level, uint64_t ipa)
{
	if (page < M_ARENA_PAGES)
		known[page] = (struct known){true, true, level, ipa};
}

/* Those that the table leads to come behind it. */
static void learn_children(const struct known *k, const uint64_t *table, unsigned int entries)
{
	uint64_t size = s2_level_size(&world.fmt, k->level);
	struct m_decoded d;

	for (unsigned int i = 0; i < entries; i++) {
		if (!is_table(table[i], k->level))
			continue;
		m_decode(table[i], (int)k->level, &d);
		if (m_table(d.address))
			learn((unsigned int)m_page_of(d.address), k->level + 1, k->ipa + i * size);
	}
}

/* Level by level: what a level leads to is known before the next one is looked at. */
static void learn_tables(void)
{
	unsigned int level = world.fmt.start_level, roots = world.fmt.root_tables;
	uint64_t span = s2_level_size(&world.fmt, level) << world.fmt.index_bits;

	for (unsigned int i = 0; i < M_ARENA_PAGES; i++)
		known[i].linked = false;
	for (unsigned int i = 0; i < roots; i++)
		learn(i, level, i * span);
	for (; level < S2_LAST_LEVEL; level++) {
		for (unsigned int i = 0; i < M_ARENA_PAGES; i++) {
			if (known[i].linked && known[i].level == level)
				learn_children(&known[i],
					       m_table(M_ARENA_PA + ((uint64_t)i << m.page_shift)),
					       1u << world.fmt.index_bits);
		}
	}
}

uint64_t look_tables(struct scene_frame *f, bool (*broken)(const uint64_t *p))
{
	unsigned int roots = world.fmt.root_tables;
	uint64_t freed = 0;

	is_broken = broken;
	learn_tables();
	f->tables = 0;
	add_table(f, &known[0], 0, roots);
	for (unsigned int level = world.fmt.start_level + 1; level <= S2_LAST_LEVEL; level++) {
		for (unsigned int i = roots; i < M_ARENA_PAGES; i++) {
			if (known[i].linked && known[i].level == level)
				add_table(f, &known[i], i, 1);
		}
	}
	for (unsigned int i = roots; i < M_ARENA_PAGES; i++) {
		if (m_is_free(M_ARENA_PA + ((uint64_t)i << m.page_shift))) {
			freed |= (uint64_t)known[i].known << i;
			known[i].known = false;
		} else if (known[i].known && !known[i].linked) {
			add_table(f, &known[i], i, 1);
		}
	}
	return freed;
}

/* --- caches --------------------------------------------------------------------------- */

/* The pointer leads to a table that the root no longer leads to. */
static bool is_cut_off(uint64_t pa)
{
	uint64_t page = m_page_of(pa);

	return page >= M_ARENA_PAGES || !known[page].linked;
}

/* A combined entry is said with the leaf that it was made of, if that is there. */
static bool joins(struct scene_frame *f, unsigned int from, const struct scene_cached *c)
{
	for (unsigned int i = from; i < f->caches; i++) {
		struct scene_cached *other = &f->cached[i];

		if (other->pointer || c->pointer || other->level != c->level ||
		    strcmp(other->says, c->says) != 0)
			continue;
		other->stage2 |= c->stage2;
		other->combined |= c->combined;
		return true;
	}
	return false;
}

static void add_cached(struct scene_frame *f, unsigned int from, const struct m_cached *cached,
		       int cpu, unsigned int w)
{
	struct scene_cached c = {.cpu = cpu,
				 .watched = w,
				 .pointer = cached->pointer,
				 .stage2 = !cached->pointer && !cached->combined,
				 .combined = cached->combined,
				 .level = cached->level};

	c.stale = cached->pointer ? is_cut_off(cached->value) : m_mmu_is_stale(w, cached);
	if (cached->pointer)
		(void)snprintf(c.says, sizeof(c.says), "page %llu",
			       (unsigned long long)m_page_of(cached->value));
	else
		look_says(cached->value, cached->level, c.says, sizeof(c.says));
	if (!joins(f, from, &c) && f->caches < SCENE_CACHED)
		f->cached[f->caches++] = c;
}

static void look_cache(struct scene_frame *f, int cpu)
{
	struct m_cached cached[M_CACHED_MAX];

	for (unsigned int w = 0; w < world.config.watched_count; w++) {
		unsigned int n = m_mmu_cached(cpu < 0 ? 0 : (unsigned int)cpu, w, cached);
		unsigned int from = f->caches;

		for (unsigned int i = 0; i < n; i++)
			add_cached(f, from, &cached[i], cpu, w);
	}
}

static void look_unseen(struct scene_frame *f)
{
	const uint64_t *p;
	uint64_t old;

	f->unseen = 0;
	for (unsigned int i = 0; f->unseen < SCENE_UNSEEN; i++) {
		char place[48], value[64];
		struct look_entry e;

		p = m_mmu_unseen(i, &old);
		if (!p)
			return;
		(void)look_entry(p, &e);
		look_place(p, place, sizeof(place));
		look_value(old, (int)e.level, value, sizeof(value));
		(void)snprintf(f->missed[f->unseen++], sizeof(f->missed[0]),
			       "%s may still be seen as %s", place, value);
	}
}

void look_caches(struct scene_frame *f)
{
	f->caches = 0;
	if (m_mmu_alike())
		look_cache(f, -1);
	for (unsigned int cpu = 0; cpu < world.cpus && !m_mmu_alike(); cpu++)
		look_cache(f, (int)cpu);
	look_unseen(f);
	for (unsigned int cpu = 0; cpu < SCENE_CPUS; cpu++)
		f->in_flight[cpu] = m_mmu_in_flight(cpu);
}
