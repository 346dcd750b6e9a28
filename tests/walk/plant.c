/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Descriptors that are in no tables at rest: those of a break in progress, those
 * of an owner, and those that the architecture reserves or that name memory which
 * cannot be.  They are composed here bit by bit from the architecture, but for
 * the annotation, which the library makes for its user.  Each of them is there
 * alone, and taken out again: one in the root may hide half of the space.
 */
#include "walk.h"

#define VALID UINT64_C(1)
#define TYPE UINT64_C(2)
#define MAPPED (UINT64_C(1) << 10 | UINT64_C(3) << 6 | UINT64_C(1) << 2) /* AF, S2AP, MemAttr */

/* Who is shown each of them, and the tables it is planted in. */
struct garden {
	struct subject *s;
	plant_visitor *visit;
	void *arg;
};

/* The entry of `level` for an IPA anywhere; the library makes the tables down to it. */
static uint64_t *entry_anywhere(struct subject *s, int level, uint64_t *ipa)
{
	uint64_t space = (UINT64_C(1) << s->fmt.ipa_bits) - 1;
	uint64_t granule = s2_level_size(&s->fmt, 3);
	struct walk_end end;

	*ipa = random_next() & space & ~(granule - 1);
	subject_expect(s, "s2_map", s2_map(&s->tree, &s->cpu, *ipa, granule, 0, S2_RWX, S2_PAGES));
	end = machine_walk(s, *ipa, level);
	if (end.level == level && end.entry)
		return end.entry;
	subject_expect(s, "the machine's walk to a page just mapped", S2_INVALID);
	return NULL;
}

static void plant(const struct garden *g, int level, uint64_t desc)
{
	uint64_t size = s2_level_size(&g->s->fmt, (unsigned int)level);
	uint64_t ipa;
	uint64_t *entry = entry_anywhere(g->s, level, &ipa);
	uint64_t before;

	if (!entry)
		return;
	before = *entry;
	*entry = desc;
	g->s->addresses = 0;
	subject_note(g->s, ipa & ~(size - 1), size);
	subject_note(g->s, ipa, s2_level_size(&g->s->fmt, 3));
	g->visit(g->s, g->arg);
	*entry = before;
}

/* Invalid for the CPU whatever else they say. */
static void plant_invalid(const struct garden *g, int level)
{
	uint64_t table = (uintptr_t)g->s->tree.root;
	s2_desc annotation = 0;

	subject_expect(g->s, "s2_desc_annotation",
		       s2_desc_annotation(1 + (uint32_t)random_below(S2_OWNER_MAX),
					  random_next() & S2_PAYLOAD_MAX, &annotation));
	plant(g, level, annotation);
	plant(g, level, 0x4); /* locked */
	plant(g, level, 0x14 | table); /* locked, was a table */
	plant(g, level, 0x16 | table); /* a link */
	plant(g, level, MAPPED | TYPE | table); /* a page or a table, but for bit 0 */
}

/*
 * A block where none can be.  With 64K the CPU's own PA size, whatever the format
 * makes of it, says whether level 1 has blocks: so that nobody is asked.
 */
static void plant_reserved(const struct garden *g, int level)
{
	bool has_leaf = s2_level_has_leaf(&g->s->fmt, (unsigned int)level);

	if (level == 3 || (!has_leaf && g->s->fmt.granule_shift != S2_GRANULE_64K))
		plant(g, level, MAPPED | VALID);
}

/* Bits that are software's or nobody's; the engine seals entries with one of them. */
static void plant_ignored(const struct garden *g, int level)
{
	uint64_t type = level == 3 ? VALID | TYPE : VALID;

	if (s2_level_has_leaf(&g->s->fmt, (unsigned int)level)) {
		plant(g, level, MAPPED | type | S2_DESC_SEAL);
		plant(g, level, MAPPED | type | UINT64_C(0x1ff) << 55);
	}
}

/* Whatever a leaf may say of writes and of the access flag, with hardware that sets them or not. */
static void plant_noted(const struct garden *g, int level)
{
	uint64_t type = level == 3 ? VALID | TYPE : VALID;
	uint64_t memory = UINT64_C(1) << 2; /* MemAttr: Device-nGnRE */

	if (!s2_level_has_leaf(&g->s->fmt, (unsigned int)level))
		return;
	for (uint64_t n = 0; n < 16; n++)
		plant(g, level, type | memory | (n & 3) << 6 | (n >> 2 & 1) << 10 | (n >> 3) << 51);
}

/* XN[1:0]: told apart by FEAT_XNX alone, and the library does not set XN[0] without. */
static void plant_exec(const struct garden *g, int level)
{
	uint64_t type = level == 3 ? VALID | TYPE : VALID;

	if (!s2_level_has_leaf(&g->s->fmt, (unsigned int)level))
		return;
	for (uint64_t xn = 0; xn < 4; xn++) {
		if (xn & 1 && !(g->s->fmt.features & S2_FEAT_XNX))
			continue;
		plant(g, level, MAPPED | type | xn << 53);
	}
}

/* nT of a block (FEAT_BBM level 1): how it is cached, not what it means. */
static void plant_nt(const struct garden *g, int level)
{
	if (level == 3 || !s2_level_has_leaf(&g->s->fmt, (unsigned int)level))
		return;
	g->s->foreign = true;
	plant(g, level, MAPPED | VALID | UINT64_C(1) << 16);
	g->s->foreign = false;
}

/* --- contiguous groups ------------------------------------------------------------------ */

#define CONTIGUOUS (UINT64_C(1) << 52)
#define GROUP_MAX 128u

/* Writes a group from `first` on, after each other the leaves that follow `desc`. */
static void write_group(const struct garden *g, int level, uint64_t *first, uint64_t desc)
{
	unsigned int n = 1u << m_regime_group(&g->s->regime, level);

	for (unsigned int i = 0; i < n; i++)
		first[i] = m_regime_neighbour(&g->s->regime, desc, level, (int64_t)i);
}

/* Around both ends, and in each of some of its members. */
static void note_group(struct subject *s, uint64_t ipa, uint64_t size, unsigned int members)
{
	s->addresses = 0;
	subject_note(s, ipa, size * members);
	for (unsigned int i = 0; i < members; i += 1 + members / 8)
		subject_note(s, ipa + i * size, size);
}

static void plant_group(const struct garden *g, int level, uint64_t desc)
{
	unsigned int n = 1u << m_regime_group(&g->s->regime, level);
	uint64_t size = s2_level_size(&g->s->fmt, (unsigned int)level);
	uint64_t before[GROUP_MAX], ipa, *first;
	uint64_t *entry = entry_anywhere(g->s, level, &ipa);

	if (!entry)
		return;
	first = entry - (ipa / size & (n - 1));
	for (unsigned int i = 0; i < n; i++)
		before[i] = first[i];
	write_group(g, level, first, desc);
	note_group(g->s, ipa & ~(size * n - 1), size, n);
	g->visit(g->s, g->arg);
	for (unsigned int i = 0; i < n; i++)
		first[i] = before[i];
}

/*
 * A hint, which this CPU does not take: what is asked is whether it is right not to.
 * Each size of group, where the address spaces have room for one.
 */
static void plant_groups(const struct garden *g, int level)
{
	unsigned int bits = m_regime_group(&g->s->regime, level);
	unsigned int top = s2_level_shift(&g->s->fmt, (unsigned int)level) + bits;
	uint64_t type = level == 3 ? VALID | TYPE : VALID;

	if (!bits || !s2_level_has_leaf(&g->s->fmt, (unsigned int)level) ||
	    top > g->s->fmt.ipa_bits || top > g->s->fmt.pa_bits)
		return;
	g->s->foreign = true;
	plant_group(g, level, MAPPED | CONTIGUOUS | type);
	if (top < g->s->fmt.pa_bits)
		plant_group(g, level,
			    m_regime_neighbour(&g->s->regime, MAPPED | CONTIGUOUS | type, level,
					       (int64_t)1 << (g->s->fmt.pa_bits - top - 1 + bits)));
	g->s->foreign = false;
}

/* Addresses of one bit, that of the PA size or above, where the descriptor has a place for it. */
static void plant_beyond(const struct garden *g, int level)
{
	unsigned int in_place = g->s->regime.ds ? 50 : 48;
	bool leaf = s2_level_has_leaf(&g->s->fmt, (unsigned int)level);
	uint64_t type = level == 3 ? VALID | TYPE : VALID;

	for (unsigned int bit = g->s->fmt.pa_bits; bit < in_place; bit++) {
		if (leaf)
			plant(g, level, MAPPED | type | UINT64_C(1) << bit);
		if (level < 3)
			plant(g, level, VALID | TYPE | UINT64_C(1) << bit);
	}
	if (leaf && g->s->regime.ds && g->s->fmt.pa_bits < 52) {
		plant(g, level, MAPPED | type | UINT64_C(1) << 8); /* address bit 50 */
		plant(g, level, MAPPED | type | UINT64_C(1) << 9); /* 51 */
	}
}

void subject_plant(struct subject *s, plant_visitor *visit, void *arg)
{
	struct garden g = {s, visit, arg};

	for (int level = 3; level >= s->fmt.start_level && !s->failed; level--) {
		plant_invalid(&g, level);
		plant_reserved(&g, level);
		plant_ignored(&g, level);
		plant_noted(&g, level);
		plant_exec(&g, level);
		plant_nt(&g, level);
		plant_groups(&g, level);
		plant_beyond(&g, level);
	}
}
