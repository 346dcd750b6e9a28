/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Tables as a hypervisor would have the library make them, but denser: leaves of
 * every level at both ends of the space and at random, with any permissions, laid
 * over each other, cut, split and collapsed.
 */
#include <stddef.h>

#include <stage2/descriptor.h>

#include "../../platform/aarch64/s2_platform.h"
#include "walk.h"

#define MEMORY_SIZE UINT64_C(0x6000000)
#define MEMORY_ALIGN UINT64_C(0x100000) /* of the largest root: 16 tables of 64K */
#define TABLE_PAGES 1200u
#define STEPS 90u

extern uint8_t image_end[];

struct s2p_memory s2p_memory;

/* --- memory and chance ------------------------------------------------------------------ */

uint64_t *memory_at(uint64_t pa)
{
	return pa - s2p_memory.base < s2p_memory.size ? (uint64_t *)(uintptr_t)pa : NULL;
}

static uint64_t random_state;

void random_seed(uint64_t seed)
{
	random_state = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

/* xorshift64* (Vigna, 2016). */
uint64_t random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

uint64_t random_below(uint64_t n)
{
	return (random_next() >> 8) % n;
}

/* --- addresses -------------------------------------------------------------------------- */

static void note(struct subject *s, uint64_t ipa)
{
	if (s->addresses < ADDRESSES_MAX)
		s->address[s->addresses++] = ipa;
}

void subject_note(struct subject *s, uint64_t ipa, uint64_t size)
{
	note(s, ipa);
	note(s, ipa - 1);
	note(s, ipa + size - 1);
	note(s, ipa + size);
	note(s, ipa + random_below(size));
}

/* An address near one noted before, or anywhere in the space, aligned to an entry of `level`. */
static uint64_t pick_ipa(const struct subject *s, unsigned int level)
{
	uint64_t space = (UINT64_C(1) << s->fmt.ipa_bits) - 1;
	uint64_t ipa = random_next();

	if (s->addresses && random_below(2))
		ipa = s->address[random_below(s->addresses)];
	return ipa & space & ~(s2_level_size(&s->fmt, level) - 1);
}

static uint64_t pick_pa(const struct subject *s, uint64_t size)
{
	uint64_t space = (UINT64_C(1) << s->fmt.pa_bits) - 1;

	return random_next() & space & ~(size - 1);
}

/* Any combination that the format has. */
static bool is_good(const struct subject *s, s2_attr attr)
{
	s2_desc desc;

	return !s2_desc_leaf(&s->fmt, 3, 0, attr, &desc);
}

static s2_attr pick_attr(const struct subject *s)
{
	static const s2_attr memory[] = {S2_NORMAL, S2_NORMAL_NC, S2_DEVICE};
	s2_attr attr;

	do {
		attr = memory[random_below(3)] | S2_SW(random_below(8));
		attr |= (s2_attr)random_next() & (S2_RWX | S2_LOG | S2_DIRTY);
	} while (!is_good(s, attr));
	return random_below(8) ? attr : attr | S2_OLD;
}

/* --- operations --------------------------------------------------------------------------- */

bool subject_expect(struct subject *s, const char *call, int status)
{
	if (status && !s->failed) {
		s->failed = call;
		s->status = status;
	}
	return !status;
}

static void map_as(struct subject *s, uint64_t ipa, unsigned int level, uint64_t pa, s2_attr attr,
		   uint32_t flags)
{
	uint64_t size = s2_level_size(&s->fmt, level);

	subject_expect(s, "s2_map", s2_map(&s->tree, &s->cpu, ipa, size, pa, attr, flags));
	subject_note(s, ipa, size);
}

static void map(struct subject *s, uint64_t ipa, unsigned int level, uint64_t pa, uint32_t flags)
{
	map_as(s, ipa, level, pa, pick_attr(s), flags);
}

/* Whether a range of one entry of `level` lies within the space. */
static bool fits(const struct subject *s, unsigned int level)
{
	return s2_level_shift(&s->fmt, level) < s->fmt.ipa_bits;
}

static void map_somewhere(struct subject *s, unsigned int level)
{
	uint64_t pa = pick_pa(s, s2_level_size(&s->fmt, level));

	map(s, pick_ipa(s, level), level, pa, level >= 2 && !random_below(4) ? S2_PAGES : 0);
}

/* Where nothing else is likely to be: to be found as it was made. */
static void map_apart(struct subject *s, unsigned int level)
{
	uint64_t size = s2_level_size(&s->fmt, level);
	uint64_t space = (UINT64_C(1) << s->fmt.ipa_bits) - 1;

	map(s, random_next() & space & ~(size - 1), level, pick_pa(s, size), 0);
}

/* The first and the last of the space, onto the last and the first of memory. */
static void map_ends(struct subject *s, unsigned int level)
{
	uint64_t size = s2_level_size(&s->fmt, level);
	uint64_t last_ipa = (UINT64_C(1) << s->fmt.ipa_bits) - size;
	uint64_t last_pa = (UINT64_C(1) << s->fmt.pa_bits) - size;

	map(s, 0, level, last_pa, 0);
	map(s, last_ipa, level, 0, 0);
}

static void unmap_somewhere(struct subject *s)
{
	uint64_t granule = s2_level_size(&s->fmt, 3);
	uint64_t ipa = pick_ipa(s, 3);
	uint64_t room = ((UINT64_C(1) << s->fmt.ipa_bits) - ipa) / granule;
	uint64_t size = (1 + random_below(room < 600 ? room : 600)) * granule;

	subject_expect(s, "s2_unmap", s2_unmap(&s->tree, &s->cpu, ipa, size, 0));
	subject_note(s, ipa, size);
}

static void split_somewhere(struct subject *s)
{
	uint64_t ipa = pick_ipa(s, 3);
	uint64_t granule = s2_level_size(&s->fmt, 3);
	unsigned int level = 2 + (unsigned int)random_below(2);

	subject_expect(s, "s2_split", s2_split(&s->tree, &s->cpu, ipa, granule, level, 0));
	subject_note(s, ipa, granule);
}

static void collapse_somewhere(struct subject *s)
{
	uint64_t ipa = pick_ipa(s, 2);

	map(s, ipa, 2, pick_pa(s, s2_level_size(&s->fmt, 2)), S2_PAGES);
	subject_expect(s, "s2_collapse", s2_collapse(&s->tree, &s->cpu, ipa, 2, 0));
}

static void step(struct subject *s)
{
	unsigned int level = 1 + (unsigned int)random_below(3);

	switch (random_below(6)) {
	case 0:
		unmap_somewhere(s);
		break;
	case 1:
		split_somewhere(s);
		break;
	case 2:
		collapse_somewhere(s);
		break;
	default:
		map_somewhere(s, level < s->fmt.start_level || !fits(s, level) ? 3 : level);
	}
	subject_expect(s, "s2_reclaim", s2_reclaim(&s->tree, &s->cpu));
}

#define ACCESS (S2_RWX | S2_OLD | S2_LOG | S2_DIRTY)

/*
 * Every combination of what an access can be refused for, in pages that nothing is
 * laid over any more.  What was there goes first: it would keep its access flag.
 */
static void map_permissions(struct subject *s)
{
	uint64_t granule = s2_level_size(&s->fmt, 3);
	uint64_t space = (UINT64_C(1) << s->fmt.ipa_bits) - 1;

	for (s2_attr attr = 0; attr <= ACCESS; attr++) {
		uint64_t ipa = random_next() & space & ~(granule - 1);

		if (attr & ~ACCESS || !is_good(s, attr))
			continue;
		subject_expect(s, "s2_unmap", s2_unmap(&s->tree, &s->cpu, ipa, granule, 0));
		map_as(s, ipa, 3, pick_pa(s, granule), attr, 0);
	}
}

/* --- the whole ------------------------------------------------------------------------------ */

static void fill_cache(struct subject *s, uint64_t from)
{
	uint64_t size = UINT64_C(1) << s->fmt.granule_shift;
	uint64_t end = s2p_memory.base + s2p_memory.size;

	for (unsigned int n = 0; n < TABLE_PAGES && from + size <= end; n++, from += size)
		subject_expect(s, "s2_cache_put", s2_cache_put(&s->cpu.cache, memory_at(from)));
}

bool subject_init(struct subject *s, const struct s2_config *cfg, uint32_t vmid)
{
	struct s2_tree_config tree = {.fmt = &s->fmt, .vmid = vmid};

	s2p_memory.base = ((uintptr_t)image_end + MEMORY_ALIGN - 1) & ~(MEMORY_ALIGN - 1);
	s2p_memory.size = MEMORY_SIZE;
	s->addresses = 0;
	s->failed = NULL;
	tree.root = memory_at(s2p_memory.base);
	if (!subject_expect(s, "s2_format_init", s2_format_init(&s->fmt, cfg)) ||
	    !subject_expect(s, "s2_cpu_init", s2_cpu_init(&s->cpu, cfg->granule_shift)) ||
	    !subject_expect(s, "s2_init", s2_init(&s->tree, &tree)))
		return false;
	fill_cache(s, s2p_memory.base + s->fmt.root_size);
	if (!m_regime_decode(&s->regime, s->fmt.vtcr))
		subject_expect(s, "m_regime_decode", S2_INVALID);
	return !s->failed;
}

void subject_build(struct subject *s)
{
	for (unsigned int level = s->fmt.start_level; level <= 3; level++) {
		if (!fits(s, level))
			continue;
		map_ends(s, level);
		for (unsigned int n = 0; n < 3; n++)
			map_somewhere(s, level);
	}
	for (unsigned int n = 0; n < STEPS && !s->failed; n++)
		step(s);
	for (int level = 3; level >= s->fmt.start_level; level--) {
		if (!fits(s, (unsigned int)level) ||
		    !s2_level_has_leaf(&s->fmt, (unsigned int)level))
			continue;
		for (unsigned int n = 0; n < 3; n++)
			map_apart(s, (unsigned int)level);
	}
	map_permissions(s);
}
