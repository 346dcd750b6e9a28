/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Setting the scene: memory, a tree, and what the input writes into it.
 */
#include "scene.h"

#include <string.h>

#define ARENA (UINT64_C(4) << 20)
#define STEPS_MAX 3000000u /* the longest that is right takes a tenth of it */

/* Invalid states, as stage2/descriptor.h draws them. */
#define LOCKED UINT64_C(0x4)
#define LINK UINT64_C(0x6)
#define HAS_TABLE UINT64_C(0x10)
#define STATE_MASK UINT64_C(0xd) /* of locked and link alike */

static struct scene *watched;

/* --- pages ------------------------------------------------------------------ */

s2_desc *scene_table(const struct scene *s, unsigned int page)
{
	return (s2_desc *)(void *)(s2_host_arena.base + s->fmt.root_size +
				   ((uint64_t)page << s->fmt.granule_shift));
}

bool scene_page(const struct scene *s, uint64_t pa, unsigned int *page)
{
	uint64_t offset = pa - s2_host_arena.pa - s->fmt.root_size;

	*page = (unsigned int)(offset >> s->fmt.granule_shift);
	return offset < (uint64_t)s->pages << s->fmt.granule_shift;
}

bool scene_is_cached(const struct scene *s, const void *page)
{
	const void *at = s->cpu.cache.head;

	for (uint32_t n = 0; n < s->cpu.cache.count && at; n++) {
		if (at == page)
			return true;
		at = *(void *const *)at;
	}
	return false;
}

void scene_balance(const struct scene *s)
{
	const void *at = s->cpu.cache.head;
	bool seen[SCENE_PAGES] = {false};
	unsigned int page;

	for (uint32_t n = 0; n < s->cpu.cache.count; n++) {
		must(at && scene_page(s, s2p_table_pa(at), &page) && at == scene_table(s, page),
		     "the cache holds %p", at);
		must(!seen[page], "page %u is in the cache twice", page);
		seen[page] = true;
		at = *(void *const *)at;
	}
	must(!at, "the cache goes on behind its end, at %p", at);
	must(s->tree.tables + s->cpu.cache.count + s->spares == s->pages,
	     "%llu in the tree, %u in the cache, %u spare, not %u", LLU(s->tree.tables),
	     s->cpu.cache.count, s->spares, s->pages);
}

void scene_fill(struct scene *s, uint32_t n)
{
	while (s->cpu.cache.count > n)
		s->spare[s->spares++] = s2_cache_take(&s->cpu.cache);
	while (s->cpu.cache.count < n && s->spares)
		must(!s2_cache_put(&s->cpu.cache, s->spare[--s->spares]), "a page refused");
}

static void open_tree(struct scene *s, struct input *in)
{
	uint8_t quota = (uint8_t)take(in, 1);
	const struct s2_tree_config config = {
		.fmt = &s->fmt,
		.root = s->root,
		.vmid = 1,
		.owned = quota & 8,
		.quota = quota < 0xc0 ? 0 : s->tables + (quota & 7),
	};

	must(!s2_init(&s->tree, &config), "no tree");
	must(!s2_cpu_init(&s->cpu, s->fmt.granule_shift), "no CPU");
	s->tree.tables = s->tables;
}

void scene_open(struct scene *s, struct input *in, const struct s2_format *fmt)
{
	uint8_t flags = (uint8_t)take(in, 1);
	uint64_t pa = flags & 2 ? BIT(fmt->pa_bits) - ARENA : ARENA;

	*s = (struct scene){.fmt = *fmt, .graph = flags & 1};
	must(m_regime_decode(&s->regime, fmt->vtcr), "%#llx", LLU(fmt->vtcr));
	must(!s2_host_open(pa, ARENA, fmt->granule_shift), "no arena");
	s->root = s2_host_alloc(fmt->root_size);
	s->tables = 1 + (unsigned int)take(in, 1) % SCENE_TABLES;
	s->pages = s->tables + (unsigned int)take(in, 1) % (SCENE_POOL + 1);
	open_tree(s, in);
	for (unsigned int i = 0; i < s->pages; i++) {
		void *page = s2_host_alloc(BIT(fmt->granule_shift));

		must(page == scene_table(s, i), "page %u is elsewhere", i);
		if (i < s->tables)
			memset(page, 0, BIT(fmt->granule_shift));
		else
			s->spare[s->spares++] = page;
	}
	scene_fill(s, SCENE_PAGES);
}

/* The pages need not be given back one by one: the next input begins anew. */
void scene_close(void)
{
	(void)s2_host_close();
}

/* --- what the engine does to them --------------------------------------------- */

/* Never behind the last page, and never into one that is free. */
static void check_access(const struct scene *s, const void *p)
{
	static const void *last_page, *last_head;
	uint64_t offset = (uint64_t)((uintptr_t)p - (uintptr_t)s2_host_arena.base);
	uint64_t size = s->fmt.root_size + ((uint64_t)s->pages << s->fmt.granule_shift);
	const void *page = s2_host_arena.base + (offset & ~(BIT(s->fmt.granule_shift) - 1));

	must(offset < size && !(offset & 7), "an access at %p", p);
	if (page == last_page && s->cpu.cache.head == last_head && s->steps > 1)
		return;
	must(!scene_is_cached(s, page), "an access to a table that is free, %p", p);
	last_page = page;
	last_head = s->cpu.cache.head;
}

static void on_step(const struct s2_host_event *event)
{
	struct scene *s = watched;

	must(++s->steps < STEPS_MAX, "no end");
	if (event->op <= S2_HOST_SWAP && event->p != NULL)
		check_access(s, event->p);
	s->waits += event->op == S2_HOST_WAIT;
}

void scene_begin(struct scene *s)
{
	watched = s;
	s->steps = s->waits = 0;
	s->unlinked = s->cpu.stats.tables_unlinked;
	s2_host_trace.before = on_step;
}

void scene_end(struct scene *s)
{
	s2_host_trace.before = NULL;
	scene_balance(s);
}

/* --- the hardware's walk ------------------------------------------------------ */

void scene_walk(const struct scene *s, uint64_t ipa, int stop, struct scene_walk *walk)
{
	const struct m_regime *r = &s->regime;
	s2_desc *table = s->root;

	walk->outside = false;
	for (walk->level = r->start;; walk->level++) {
		walk->entry = &table[m_regime_index(r, ipa, walk->level)];
		walk->found = m_regime_read(r, *walk->entry, walk->level);
		if (walk->found.type != M_TABLE || walk->level == stop)
			return;
		table = s2p_table(walk->found.address);
		if (!table) {
			walk->outside = true;
			return;
		}
	}
}

/* Two bits for each level: its first entries, or its last. */
uint64_t scene_ipa(const struct scene *s, struct input *in)
{
	uint8_t choice = (uint8_t)take(in, 1);
	uint64_t ipa = 0;

	for (int level = s->regime.start; level <= 3; level++, choice >>= 2) {
		uint64_t index = choice & 3;

		if (index == 3)
			index = BIT(s->regime.stride) - 1;
		ipa |= index << m_regime_shift(&s->regime, level);
	}
	return ipa & (BIT(s->regime.input) - 1);
}

/* --- what the input writes ---------------------------------------------------- */

/* The table that a value would lead to, were it found where a table can be. */
static uint64_t leads_to(const struct scene *s, s2_desc value)
{
	if ((value & 3) == 3)
		return s2_desc_pa(&s->fmt, value);
	if ((value & STATE_MASK) == LOCKED && value & HAS_TABLE)
		return value & (BIT(52) - BIT(12));
	return UINT64_MAX;
}

/*
 * The value, or zero if it would lead to a table that another entry leads to, or
 * that is not one that the input may link.  In a graph a block must not become a
 * table pointer when it is split and its parts are read one level higher: it
 * gets a memory type, which no pointer has.
 */
static s2_desc settle(struct scene *s, s2_desc was, s2_desc value)
{
	uint64_t pa = leads_to(s, value);
	uint64_t offset = pa - s2_host_arena.pa;
	unsigned int page;

	if (s->graph && (value & 3) == 1)
		value |= 0x1u << 2;
	if (offset >= s2_host_arena.size || pa == leads_to(s, was) ||
	    (s->graph && offset < s->fmt.root_size))
		return value;
	if (!scene_page(s, pa, &page) || page >= s->tables || (s->claimed[page] && !s->graph))
		return 0;
	s->claimed[page] = true;
	return value;
}

static s2_desc take_leaf(const struct scene *s, struct input *in, unsigned int level)
{
	uint64_t pa = take(in, 3) << s->fmt.granule_shift & (BIT(s->fmt.pa_bits) - 1);
	s2_attr attr = (s2_attr)take(in, 2) & S2_ATTR_ALL;
	s2_desc desc = 0;

	pa &= ~(s2_level_size(&s->fmt, level) - 1);
	if (s2_desc_leaf(&s->fmt, level, pa, attr, &desc))
		(void)s2_desc_leaf(&s->fmt, S2_LAST_LEVEL, pa, S2_RW, &desc);
	return desc;
}

static uint64_t take_table(const struct scene *s, struct input *in)
{
	return s2p_table_pa(scene_table(s, (unsigned int)take(in, 1) % s->tables));
}

/* What the engine writes, and what lies near it. */
static s2_desc take_state(const struct scene *s, struct input *in, uint8_t kind)
{
	s2_desc desc = 0;

	switch (kind) {
	case 0:
		(void)s2_desc_annotation(1 + (uint32_t)take(in, 1), take(in, 1), &desc);
		return desc;
	case 1:
		return LOCKED;
	case 2:
		return LOCKED | HAS_TABLE | take_table(s, in);
	case 3:
		return LOCKED | HAS_TABLE | take(in, 8) << 12;
	case 4:
		return LINK | HAS_TABLE | take_table(s, in) | (take(in, 1) & 7) << 5;
	case 5:
		return LINK;
	default:
		return take(in, 8);
	}
}

static s2_desc take_value(const struct scene *s, struct input *in, s2_desc was, unsigned int level)
{
	uint8_t kind = (uint8_t)take(in, 1) & 15;
	s2_desc desc = 0;

	switch (kind) {
	case 0:
	case 1:
		return take_leaf(s, in, level);
	case 2:
	case 3:
	case 4:
		(void)s2_desc_table(&s->fmt, take_table(s, in), &desc);
		return desc;
	case 5: /* mostly to where nothing is */
		(void)s2_desc_table(&s->fmt, take(in, 3) << s->fmt.granule_shift, &desc);
		return desc;
	case 6:
	case 7:
		return was ^ BIT(take(in, 1) & 63);
	case 8:
		return was | S2_DESC_SEAL;
	default:
		return take_state(s, in, kind - 9);
	}
}

/* A table as a collapse wants it, or nearly: leaves side by side, some of them sealed. */
static void fill_table(struct scene *s, struct input *in, s2_desc *table)
{
	unsigned int level = 1 + (unsigned int)take(in, 1) % 3;
	s2_desc leaf = take_leaf(s, in, level) | 0x1u << 2;
	uint8_t sealed = (uint8_t)take(in, 1);
	uint64_t pa = s2_desc_pa(&s->fmt, leaf);
	unsigned int entries = 1u << s->fmt.index_bits;
	s2_desc address, none;

	(void)s2_desc_table(&s->fmt, pa, &none);
	for (unsigned int i = 0; i < entries; i++, pa += s2_level_size(&s->fmt, level)) {
		if (s2_desc_table(&s->fmt, pa & (BIT(s->fmt.pa_bits) - 1), &address))
			return;
		table[i] = (leaf ^ none ^ address) | (i < sealed % 4 ? S2_DESC_SEAL : 0);
	}
}

/*
 * A table that nothing in the tree leads to yet, or NULL.  Never one that has been
 * unlinked: s2_reclaim() follows the link in its entry 0 without asking s2p_table().
 */
static s2_desc *take_loose_table(const struct scene *s, struct input *in)
{
	unsigned int page = (unsigned int)take(in, 1) % s->tables;

	return s->claimed[page] && !s->graph ? NULL : scene_table(s, page);
}

static void poke_loose(struct scene *s, struct input *in)
{
	s2_desc *table = take_loose_table(s, in);
	uint8_t index = (uint8_t)take(in, 1);
	unsigned int level = 1 + (index >> 2) % 3;
	s2_desc *entry;

	if (!table)
		return;
	if (index >= 0xf0) {
		fill_table(s, in, table);
		return;
	}
	entry = &table[(index & 3) == 3 ? BIT(s->regime.stride) - 1 : index & 3];
	*entry = settle(s, *entry, take_value(s, in, *entry, level));
}

/* The entry that a walk passes, so that what is corrupt is also met. */
static void poke_path(struct scene *s, struct input *in)
{
	uint64_t ipa = scene_ipa(s, in);
	struct scene_walk walk;
	const void *table;

	scene_walk(s, ipa, (int)take(in, 1) & 3, &walk);
	table = (void *)((uintptr_t)walk.entry & ~(BIT(s->fmt.granule_shift) - 1));
	if (scene_is_cached(s, table))
		return;
	*walk.entry =
		settle(s, *walk.entry, take_value(s, in, *walk.entry, (unsigned int)walk.level));
}

void scene_poke(struct scene *s, struct input *in)
{
	if (take(in, 1) & 1)
		poke_path(s, in);
	else
		poke_loose(s, in);
}
