/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The machine itself: is it blind, or does it cry wolf?
 *
 * What the explorer says of the engine is worth what the machine notices.  So it
 * is played scripts of stores, barriers and TLBIs here, without the engine: those
 * that the architecture allows, and each of them with one mistake in it.  All
 * encodings are worked out from the Arm ARM once more.
 */
#include "lib/suite.h"

#include <string.h>

#include <stage2/stage2.h>

#include "../machine/machine.h"
#include "../machine/regime.h"

#define LLU(x) ((unsigned long long)(x))

/* --- shapes of tables ------------------------------------------------------------- */

struct shape {
	const char *name;
	unsigned int granule, input, output; /* log2 */
	int start; /* level of the root */
	unsigned int roots;
	bool ds;
	uint64_t vtcr;
};

#define T0SZ(n) UINT64_C(n)
#define SL0(n) (UINT64_C(n) << 6)
#define TG0_4K 0u
#define TG0_64K (UINT64_C(1) << 14)
#define TG0_16K (UINT64_C(2) << 14)
#define PS(n) (UINT64_C(n) << 16)
#define HA BIT(21)
#define HD BIT(22)
#define DS BIT(32)
#define SL2 BIT(33)

static const struct shape shapes[] = {
	{"4K", 12, 40, 40, 1, 2, false, T0SZ(24) | SL0(1) | TG0_4K | PS(2)},
	{"16K", 14, 42, 42, 1, 1, false, T0SZ(22) | SL0(2) | TG0_16K | PS(3)},
	{"64K", 16, 48, 48, 1, 1, false, T0SZ(16) | SL0(2) | TG0_64K | PS(5)},
	{"4K LPA2", 12, 50, 52, 0, 4, true, T0SZ(14) | SL0(2) | TG0_4K | PS(6) | DS},
	{"16K LPA2", 14, 50, 52, 0, 1, true, T0SZ(14) | SL0(3) | TG0_16K | PS(6) | DS},
	{"64K LPA", 16, 52, 52, 1, 1, false, T0SZ(12) | SL0(2) | TG0_64K | PS(6)},
};

#define VALID BIT(0)
#define TYPE BIT(1)
#define MEMATTR UINT64_C(0x3c)
#define READ BIT(6)
#define WRITE BIT(7)
#define AF BIT(10)
#define NT BIT(16)
#define DBM BIT(51)
#define CONTIGUOUS BIT(52)
#define XN BIT(54)

#define LOCKED UINT64_C(0x4)
#define LINK UINT64_C(0x6)
#define ANNOTATED UINT64_C(0x2)

#define VMID(n) (UINT64_C(n) << 48)
#define OURS (VMID(5) | M_ARENA_PA)
#define THEIRS (VMID(6) | M_ARENA_PA)

/* The guest's memory before the change, and another one. */
enum memory { OLD = 5, NEW = 9 };

/* --- a scene: what is there before a script -------------------------------------------- */

static struct {
	const struct shape *shape;
	struct m_config cfg;
	unsigned int pages; /* of the arena that are in use */
	uint64_t *table[4]; /* by level: those on the way to `ipa` */
	int level; /* of the entries that a script changes */
	uint64_t *entry; /* the first of them */
	unsigned int entries;
	uint64_t ipa; /* of the first */
	uint64_t make; /* what the first shall become */
	struct s2_cpu owner; /* of free pages */
	unsigned int cpu; /* that acts */
} scene;

static unsigned int shift_of(int level)
{
	return scene.shape->granule + (unsigned int)(3 - level) * (scene.shape->granule - 3);
}

static uint64_t size_of(int level)
{
	return BIT(shift_of(level));
}

static unsigned int index_of(uint64_t ipa, int level)
{
	uint64_t index = ipa >> shift_of(level);
	uint64_t root = (uint64_t)scene.shape->roots << (scene.shape->granule - 3);

	return (unsigned int)(index & (level == scene.shape->start ? root - 1
								   : size_of(2) / size_of(3) - 1));
}

/* Where an address stands in a descriptor. */
static uint64_t address_bits(uint64_t pa)
{
	if (scene.shape->ds)
		return (pa & (BIT(50) - 1)) | pa >> 50 << 8;
	if (scene.shape->output == 52)
		return (pa & (BIT(48) - 1)) | pa >> 48 << 12;
	return pa;
}

/* Memory is as large as what an entry of level 1 covers, and has the highest address bit set. */
static uint64_t pa_of(enum memory memory, uint64_t ipa)
{
	return BIT(scene.shape->output - 1) | (uint64_t)memory << shift_of(1) |
	       (ipa & (size_of(1) - 1));
}

/* Normal Write-Back, Inner Shareable where a descriptor says so, all permissions. */
static uint64_t leaf(int level, enum memory memory, uint64_t ipa)
{
	uint64_t shareable = scene.shape->ds ? 0 : UINT64_C(3) << 8;
	uint64_t pa = pa_of(memory, ipa & ~(size_of(level) - 1));

	return address_bits(pa) | VALID | (level == 3 ? TYPE : 0) | MEMATTR | READ | WRITE | AF |
	       shareable;
}

static uint64_t table_at(const uint64_t *table)
{
	return m_table_pa(table) | VALID | TYPE;
}

static uint64_t *take_page(void)
{
	return m_page(scene.pages++);
}

/* Not at the start of anything: an index at each level, one in the last table of the root. */
static uint64_t base_ipa(void)
{
	return BIT(scene.shape->input - 1) | UINT64_C(3) << shift_of(1) |
	       UINT64_C(32) << shift_of(2) | UINT64_C(128) << shift_of(3);
}

static void build_path(uint64_t ipa)
{
	uint64_t *table = m_page(0);

	for (unsigned int i = 0; i < scene.shape->roots; i++)
		(void)take_page();
	scene.table[scene.shape->start] = table;
	for (int level = scene.shape->start + 1; level <= 3; level++) {
		scene.table[level] = take_page();
		table[index_of(ipa, level - 1)] = table_at(scene.table[level]);
		table = scene.table[level];
	}
}

static void fill_last_table(void)
{
	uint64_t block = base_ipa() & ~(size_of(2) - 1);

	for (uint64_t at = 0; at < size_of(2); at += size_of(3))
		scene.table[3][at / size_of(3)] = leaf(3, OLD, block + at);
}

/* What a script changes: `entries` from the one for `ipa` on. */
static void change(int level, uint64_t ipa, unsigned int entries)
{
	uint64_t size = entries * size_of(level);

	scene.level = level;
	scene.ipa = ipa & ~(size - 1);
	scene.entries = entries;
	scene.entry = &scene.table[level][index_of(scene.ipa, level)];
	scene.cfg.watched[0] = scene.ipa;
	scene.cfg.watched[1] = scene.ipa + size_of(3);
	scene.cfg.watched[2] = scene.ipa + size - size_of(3);
	scene.cfg.watched_count = 3;
}

static void begin_scene(const struct shape *shape)
{
	memset(&scene, 0, sizeof(scene));
	set_context("%s", shape->name);
	scene.shape = shape;
	scene.cfg = (struct m_config){.vtcr = shape->vtcr, .vttbr = OURS, .ttl = true};
	m_memory_begin(shape->granule);
	build_path(base_ipa());
	fill_last_table();
}

static void page_scene(void)
{
	change(3, base_ipa(), 1);
	scene.make = leaf(3, NEW, scene.ipa);
}

static void block_scene(void)
{
	change(2, base_ipa(), 1);
	*scene.entry = leaf(2, OLD, scene.ipa);
	scene.make = leaf(2, NEW, scene.ipa);
}

static void collapse_scene(void)
{
	change(2, base_ipa(), 1);
	scene.make = leaf(2, OLD, scene.ipa);
}

static void split_scene(void)
{
	change(2, base_ipa(), 1);
	scene.make = *scene.entry;
	*scene.entry = leaf(2, OLD, scene.ipa);
}

static void moving_collapse_scene(void)
{
	collapse_scene();
	scene.make = leaf(2, NEW, scene.ipa);
}

static void retyping_collapse_scene(void)
{
	collapse_scene();
	scene.make ^= BIT(5);
}

/* Arm ARM, "Contiguous bit": entries of a group. */
static unsigned int group_size(unsigned int granule, int level)
{
	if (granule == 12)
		return 16;
	return granule == 14 && level == 3 ? 128 : 32;
}

static void group_scene(int level)
{
	change(level, base_ipa(), group_size(scene.shape->granule, level));
	scene.cfg.contiguous = true;
	for (unsigned int i = 0; i < scene.entries; i++)
		scene.entry[i] = leaf(level, OLD, scene.ipa + i * size_of(level)) | CONTIGUOUS;
	scene.make = leaf(level, NEW, scene.ipa) | CONTIGUOUS;
}

static void page_group_scene(void)
{
	group_scene(3);
}

static void block_group_scene(void)
{
	group_scene(2);
}

/* --- scripts -------------------------------------------------------------------------------- */

enum op {
	END,
	BREAK, /* all entries of the scene become invalid */
	BREAK_CAS,
	BREAK_SWAP,
	BREAK_AGAIN, /* with another invalid value */
	BREAK_ONE,
	MAKE,
	MAKE_ONE,
	MAKE_FAULT, /* without access flag */
	MAKE_NT,
	SET_NT,
	SPLIT_GROUP, /* the first member leaves a group */
	RESTRICT, /* the leaf that the first entry is, or leads to */
	RELAX,
	FREE, /* the last table */
	ISHST,
	ISH,
	NSH,
	IPA, /* by IPA, one for each entry of the scene */
	IPA_LAST,
	IPA_LOCAL,
	IPA_ONE,
	IPA_ELSEWHERE,
	IPA_HINT2,
	IPA_HINT3,
	IPA_TG, /* with a hint for another granule */
	RANGE,
	RANGE_LAST,
	RANGE_LOCAL,
	RANGE_SHORT,
	RANGE_LATE,
	RANGE_LATE_HINT2,
	RANGE_HINT2,
	RANGE_HINT3,
	RANGE_TG,
	S1,
	S1_LOCAL,
	S12,
	ALL,
	S12_LOCAL,
	FOREIGN, /* another guest's VMID */
	HOME,
	CPU0, /* acts from here on */
	CPU1,
};

/* Which addresses an operand names: those of the scene, or others. */
enum reach { EACH, ONE, ELSEWHERE, SHORT, LATE };

static const struct tlbi {
	enum m_tlbi_op op;
	enum reach reach;
	unsigned int hint; /* a level, 0: none */
	bool tg; /* of another granule */
	bool last_level, local;
} tlbis[] = {
	[IPA] = {.op = M_TLBI_IPAS2},
	[IPA_LAST] = {.op = M_TLBI_IPAS2, .last_level = true},
	[IPA_LOCAL] = {.op = M_TLBI_IPAS2, .local = true},
	[IPA_ONE] = {.op = M_TLBI_IPAS2, .reach = ONE},
	[IPA_ELSEWHERE] = {.op = M_TLBI_IPAS2, .reach = ELSEWHERE},
	[IPA_HINT2] = {.op = M_TLBI_IPAS2, .hint = 2},
	[IPA_HINT3] = {.op = M_TLBI_IPAS2, .hint = 3},
	[IPA_TG] = {.op = M_TLBI_IPAS2, .hint = 3, .tg = true},
	[RANGE] = {.op = M_TLBI_RIPAS2},
	[RANGE_LAST] = {.op = M_TLBI_RIPAS2, .last_level = true},
	[RANGE_LOCAL] = {.op = M_TLBI_RIPAS2, .local = true},
	[RANGE_SHORT] = {.op = M_TLBI_RIPAS2, .reach = SHORT},
	[RANGE_LATE] = {.op = M_TLBI_RIPAS2, .reach = LATE},
	[RANGE_LATE_HINT2] = {.op = M_TLBI_RIPAS2, .reach = LATE, .hint = 2},
	[RANGE_HINT2] = {.op = M_TLBI_RIPAS2, .hint = 2},
	[RANGE_HINT3] = {.op = M_TLBI_RIPAS2, .hint = 3},
	[RANGE_TG] = {.op = M_TLBI_RIPAS2, .tg = true},
	[S1] = {.op = M_TLBI_VMALLE1},
	[S1_LOCAL] = {.op = M_TLBI_VMALLE1, .local = true},
	[S12] = {.op = M_TLBI_VMALLS12},
	[S12_LOCAL] = {.op = M_TLBI_VMALLS12, .local = true},
	[ALL] = {.op = M_TLBI_ALLE1},
};

/* TTL and TG: 1, 2, 3 for 4K, 16K, 64K. */
static uint64_t granule_field(bool wrong)
{
	uint64_t field = (scene.shape->granule - 10) / 2;

	return wrong ? field % 3 + 1 : field;
}

static void issue(const struct tlbi *t, uint64_t operand)
{
	m_tlbi((struct m_tlbi){
		.op = t->op, .operand = operand, .last_level = t->last_level, .local = t->local});
}

/* Fewer at once than the machine keeps in flight. */
#define AT_ONCE 32u

static void issue_by_ipa(const struct tlbi *t)
{
	uint64_t ttl = t->hint ? granule_field(t->tg) << 2 | t->hint : 0;
	unsigned int n = t->reach == EACH ? scene.entries : 1;
	uint64_t ipa = scene.ipa + (t->reach == ELSEWHERE ? size_of(scene.level) : 0);

	for (unsigned int i = 0; i < n; i++) {
		if (i && i % AT_ONCE == 0)
			m_dsb(M_DSB_ISH);
		issue(t, ttl << 44 | (ipa + i * size_of(scene.level)) >> 12);
	}
}

/* NUM and SCALE for so many pages. */
static uint64_t extent_field(uint64_t pages)
{
	for (uint64_t scale = 0; scale < 4; scale++) {
		uint64_t units = pages >> (5 * scale + 1);

		if (units >= 1 && units <= 32)
			return scale << 44 | (units - 1) << 39;
	}
	fail_with("no range has %llu pages", LLU(pages));
	return 0;
}

/* BaseADDR counts granules, with LPA2's descriptors 64 KiB. */
static uint64_t range_operand(uint64_t ipa, uint64_t pages)
{
	unsigned int unit = scene.shape->ds ? 16 : scene.shape->granule;

	assert_true(!(ipa & (BIT(unit) - 1)));
	return ipa >> unit | extent_field(pages);
}

/* A range that ends right before the scene; one that begins later; and the scene itself. */
static void issue_by_range(const struct tlbi *t)
{
	uint64_t some = BIT(17) >> scene.shape->granule;
	uint64_t pages = scene.entries * size_of(scene.level) >> scene.shape->granule;
	uint64_t operand = granule_field(t->tg) << 46 | (uint64_t)t->hint << 37;

	if (t->reach == SHORT)
		operand |= range_operand(scene.ipa - BIT(17), some);
	else if (t->reach == LATE)
		operand |= range_operand(scene.ipa + BIT(17), some);
	else
		operand |= range_operand(scene.ipa, pages < 2 ? 2 : pages);
	issue(t, operand);
}

static void play_tlbi(const struct tlbi *t)
{
	if (t->op == M_TLBI_IPAS2)
		issue_by_ipa(t);
	else if (t->op == M_TLBI_RIPAS2)
		issue_by_range(t);
	else
		issue(t, 0);
}

static void look_at_caches(void)
{
	static uint64_t word;

	m_word(&word, false);
}

static void give(uint64_t *page)
{
	*page = (uintptr_t)scene.owner.cache.head;
	scene.owner.cache.head = page;
	look_at_caches();
}

static uint64_t *first_leaf(void)
{
	return scene.level == 2 && *scene.entry & TYPE ? &scene.table[3][0] : scene.entry;
}

static void break_one(enum op op, unsigned int i)
{
	uint64_t *p = &scene.entry[i];

	if (op == BREAK_CAS)
		assert_true(m_cas(p, *p, 0));
	else if (op == BREAK_SWAP)
		(void)m_swap(p, 0);
	else
		m_store(p, op == BREAK_AGAIN ? ANNOTATED : 0);
}

static void make_one(unsigned int i)
{
	uint64_t own = leaf(scene.level, NEW, scene.ipa + i * size_of(scene.level));

	m_store(&scene.entry[i], i ? own | CONTIGUOUS : scene.make);
}

static void play_store(enum op op)
{
	switch (op) {
	case BREAK_ONE:
		break_one(op, 0);
		break;
	case MAKE:
		for (unsigned int i = 0; i < scene.entries; i++)
			make_one(i);
		break;
	case MAKE_ONE:
		make_one(0);
		break;
	case MAKE_FAULT:
		m_store(scene.entry, scene.make & ~AF);
		break;
	case MAKE_NT:
		m_store(scene.entry, scene.make | NT);
		break;
	case SET_NT:
		m_store(scene.entry, *scene.entry | NT);
		break;
	case SPLIT_GROUP:
		m_store(scene.entry, *scene.entry & ~CONTIGUOUS);
		break;
	case RESTRICT:
		m_store(first_leaf(), *first_leaf() & ~WRITE);
		break;
	case RELAX:
		m_store(first_leaf(), *first_leaf() | WRITE);
		break;
	default:
		for (unsigned int i = 0; i < scene.entries; i++)
			break_one(op, i);
	}
}

static void play_op(enum op op)
{
	if (op < FREE)
		play_store(op);
	else if (op == FREE)
		give(scene.table[3]);
	else if (op < IPA)
		m_dsb(op == ISHST ? M_DSB_ISHST : op == ISH ? M_DSB_ISH : M_DSB_NSH);
	else if (op <= S12_LOCAL)
		play_tlbi(&tlbis[op]);
	else
		(void)m_vttbr(op == HOME ? OURS : THEIRS);
}

static void play_in_fiber(void *op)
{
	play_op(*(enum op *)op);
}

static void run_fiber(unsigned int cpu, void (*body)(void *), void *arg)
{
	m_fiber_start(cpu, body, arg);
	while (m_fiber_step(cpu).kind != M_STEP_NONE)
		m_fiber_run(cpu);
}

static void play(const enum op *ops)
{
	for (; *ops != END; ops++) {
		enum op op = *ops;

		if (op == CPU0 || op == CPU1)
			scene.cpu = op == CPU1;
		else if (scene.cpu)
			run_fiber(scene.cpu, play_in_fiber, &op);
		else
			play_op(op);
	}
}

/* --- what the machine makes of it --------------------------------------------------------------- */

#define FINE "fine"
#define STALE "stale"

/* Whether a CPU may still use what the tables no longer say. */
static bool stale(void)
{
	struct m_stale s;

	for (unsigned int w = 0; w < scene.cfg.watched_count; w++) {
		struct m_translation t = m_translate(scene.cfg.watched[w]);

		if (m_cached_beyond(w, &t, 1, &s))
			return true;
	}
	return false;
}

static const char *verdict(void)
{
	if (!m_run_ok())
		return m_run_violation();
	return stale() ? STALE : FINE;
}

/* The verdict begins with `expected`. */
#define expect(expected)                                                                         \
	do {                                                                                     \
		const char *verdict_ = verdict();                                                \
		require(!strncmp(verdict_, expected, strlen(expected)), "%s, not: %s", verdict_, \
			expected);                                                               \
	} while (0)

struct script {
	const char *name;
	const char *expected;
	enum op op[16];
	unsigned int bbm;
	bool no_ttl;
	uint64_t vtcr; /* added */
	uint64_t clear; /* in the entry, before */
};

/* A script as it is; with something else than usual; with two such things. */
#define SCRIPT(title, verdict, ...)                                           \
	{                                                                     \
		.name = (title), .expected = (verdict), .op = { __VA_ARGS__ } \
	}
#define WITH(setting, title, verdict, ...)                                           \
	{                                                                            \
		.name = (title), .expected = (verdict), .op = {__VA_ARGS__}, setting \
	}
#define WITH2(setting, another, title, verdict, ...)                                          \
	{                                                                                     \
		.name = (title), .expected = (verdict), .op = {__VA_ARGS__}, setting, another \
	}

static void start(void)
{
	m_run_begin(&scene.cfg);
	m_run_owns(0, &scene.owner);
}

static void run_script(const struct shape *shape, void (*build)(void), const struct script *s)
{
	begin_scene(shape);
	set_context("%s, %s", shape->name, s->name);
	build();
	scene.cfg.bbm = s->bbm;
	scene.cfg.ttl = !s->no_ttl;
	scene.cfg.vtcr |= s->vtcr;
	*scene.entry &= ~s->clear;
	start();
	require(m_run_ok(), "at the beginning: %s", m_run_violation());
	play(s->op);
	expect(s->expected);
}

static void run_scripts(void (*build)(void), const struct script *script, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		for (size_t k = 0; k < n; k++)
			run_script(&shapes[i], build, &script[k]);
}

/* --- break-before-make ------------------------------------------------------------------------- */

static const struct script good_breaks[] = {
	SCRIPT("by IPA", FINE, BREAK, ISHST, IPA, ISH, S1, ISH, MAKE),
	SCRIPT("break by CAS", FINE, BREAK_CAS, ISHST, IPA, ISH, S1, ISH, MAKE),
	SCRIPT("break by SWP", FINE, BREAK_SWAP, ISHST, IPA, ISH, S1, ISH, MAKE),
	SCRIPT("DSB ISH first", FINE, BREAK, ISH, IPA, ISH, S1, ISH, MAKE),
	SCRIPT("the last level of a page", FINE, BREAK, ISHST, IPA_LAST, ISH, S1, ISH, MAKE),
	SCRIPT("the right hint", FINE, BREAK, ISHST, IPA_HINT3, ISH, S1, ISH, MAKE),
	SCRIPT("by range", FINE, BREAK, ISHST, RANGE, ISH, S1, ISH, MAKE),
	SCRIPT("last level, by range", FINE, BREAK, ISHST, RANGE_LAST, ISH, S1, ISH, MAKE),
	SCRIPT("range with the right hint", FINE, BREAK, ISHST, RANGE_HINT3, ISH, S1, ISH, MAKE),
	SCRIPT("the whole VMID", FINE, BREAK, ISHST, S12, ISH, MAKE),
	SCRIPT("all VMIDs", FINE, BREAK, ISHST, ALL, ISH, MAKE),
	SCRIPT("all VMIDs, from another", FINE, BREAK, ISHST, FOREIGN, ALL, HOME, ISH, MAKE),
	WITH(.no_ttl = true, "no FEAT_TTL", FINE, BREAK, ISHST, IPA_HINT3, ISH, S1, ISH, MAKE),
	WITH(.no_ttl = true, "RES0 hint", FINE, BREAK, ISHST, IPA_HINT2, ISH, S1, ISH, MAKE),
	SCRIPT("VMID left before DSB", FINE, BREAK, ISHST, S12, FOREIGN, ISH, MAKE),
	SCRIPT("VMID entered", FINE, FOREIGN, BREAK, ISHST, HOME, IPA, ISH, S1, ISH, MAKE),
	SCRIPT("all by CPU1", FINE, CPU1, BREAK, ISHST, IPA, ISH, S1, ISH, MAKE),
	SCRIPT("nothing but the break", STALE, BREAK, ISHST),
	SCRIPT("nothing is made", FINE, BREAK, ISHST, IPA, ISH, S1, ISH),
};

static void a_whole_break_sequence_is_accepted(void **state)
{
	(void)state;
	run_scripts(page_scene, good_breaks, ARRAY_SIZE(good_breaks));
}

static const struct script bad_breaks[] = {
	SCRIPT("no break", "rule 3", MAKE),
	SCRIPT("TLBI instead of break", "rule 3", IPA, ISH, S1, ISH, MAKE),
	SCRIPT("no first DSB", "rule 2", BREAK, IPA, ISH, S1, ISH, MAKE),
	SCRIPT("DSB NSH first", "rule 2", BREAK, NSH, IPA, ISH, S1, ISH, MAKE),
	SCRIPT("no TLBI", "rule 2", BREAK, ISHST, ISH, MAKE),
	SCRIPT("no stage-2 TLBI", "rule 2", BREAK, ISHST, S1, ISH, MAKE),
	SCRIPT("no DSB before stage 1", "rule 2", BREAK, ISHST, IPA, S1, ISH, MAKE),
	SCRIPT("ISHST before stage 1", "rule 2", BREAK, ISHST, IPA, ISHST, S1, ISH, MAKE),
	SCRIPT("no stage-1 TLBI", "rule 2", BREAK, ISHST, IPA, ISH, MAKE),
	SCRIPT("stage 1 first", "rule 2", BREAK, ISHST, S1, ISH, IPA, ISH, MAKE),
	SCRIPT("no last DSB", "rule 2", BREAK, ISHST, IPA, ISH, S1, MAKE),
	SCRIPT("no last DSB after S12", "rule 2", BREAK, ISHST, S12, MAKE),
	SCRIPT("DSB ISHST last", "rule 2", BREAK, ISHST, IPA, ISH, S1, ISHST, MAKE),
	SCRIPT("DSB NSH last", "rule 2", BREAK, ISHST, IPA, ISH, S1, NSH, MAKE),
	SCRIPT("local stage 2", "rule 2", BREAK, ISHST, IPA_LOCAL, ISH, S1, ISH, MAKE),
	SCRIPT("local range", "rule 2", BREAK, ISHST, RANGE_LOCAL, ISH, S1, ISH, MAKE),
	SCRIPT("local stage 1", "rule 2", BREAK, ISHST, IPA, ISH, S1_LOCAL, ISH, MAKE),
	SCRIPT("local S12", "rule 2", BREAK, ISHST, S12_LOCAL, ISH, MAKE),
	SCRIPT("VMID of both", "rule 2", BREAK, ISHST, FOREIGN, IPA, ISH, S1, ISH, MAKE),
	SCRIPT("VMID of S12", "rule 2", BREAK, ISHST, FOREIGN, S12, HOME, ISH, MAKE),
	SCRIPT("VMID of stage 1", "rule 2", BREAK, ISHST, IPA, ISH, FOREIGN, S1, ISH, MAKE),
	SCRIPT("another page", "rule 2", BREAK, ISHST, IPA_ELSEWHERE, ISH, S1, ISH, MAKE),
	SCRIPT("wrong hint", "rule 2", BREAK, ISHST, IPA_HINT2, ISH, S1, ISH, MAKE),
	SCRIPT("granule of the hint", "rule 2", BREAK, ISHST, IPA_TG, ISH, S1, ISH, MAKE),
	SCRIPT("range ends before", "rule 2", BREAK, ISHST, RANGE_SHORT, ISH, S1, ISH, MAKE),
	SCRIPT("range begins after", "rule 2", BREAK, ISHST, RANGE_LATE, ISH, S1, ISH, MAKE),
	SCRIPT("wrong hint of range", "rule 2", BREAK, ISHST, RANGE_HINT2, ISH, S1, ISH, MAKE),
	SCRIPT("granule of range", "rule 2", BREAK, ISHST, RANGE_TG, ISH, S1, ISH, MAKE),
	WITH(.no_ttl = true, "granule, no TTL", "rule 2", BREAK, ISHST, RANGE_TG, ISH, S1, ISH,
	     MAKE),
};

static void each_mistake_in_a_break_sequence_is_noticed(void **state)
{
	(void)state;
	run_scripts(page_scene, bad_breaks, ARRAY_SIZE(bad_breaks));
}

static const struct script blocks[] = {
	SCRIPT("by IPA", FINE, BREAK, ISHST, IPA, ISH, S1, ISH, MAKE),
	SCRIPT("the right hint", FINE, BREAK, ISHST, IPA_HINT2, ISH, S1, ISH, MAKE),
	SCRIPT("by range", FINE, BREAK, ISHST, RANGE, ISH, S1, ISH, MAKE),
	SCRIPT("range with the right hint", FINE, BREAK, ISHST, RANGE_HINT2, ISH, S1, ISH, MAKE),
	SCRIPT("wrong hint", "rule 2", BREAK, ISHST, IPA_HINT3, ISH, S1, ISH, MAKE),
	SCRIPT("wrong hint of range", "rule 2", BREAK, ISHST, RANGE_HINT3, ISH, S1, ISH, MAKE),
	SCRIPT("misaligned hint", "rule 2", BREAK, ISHST, RANGE_LATE_HINT2, ISH, S1, ISH, MAKE),
	SCRIPT("the next block", "rule 2", BREAK, ISHST, IPA_ELSEWHERE, ISH, S1, ISH, MAKE),
	WITH(.bbm = 1, "no break at level 1", "rule 3", MAKE),
	WITH(.bbm = 2, "no break at level 2", "rule 3", MAKE),
};

static void a_block_is_broken_as_a_page_is(void **state)
{
	(void)state;
	run_scripts(block_scene, blocks, ARRAY_SIZE(blocks));
}

/* "Old or new": a store is seen by all walks after a DSB of its own CPU, or of a later writer. */
static const struct script two_cpus[] = {
	SCRIPT("DSB of another", "rule 2", CPU1, BREAK, CPU0, ISHST, IPA, ISH, S1, ISH, MAKE),
	SCRIPT("own DSB", FINE, CPU1, BREAK, ISHST, CPU0, IPA, ISH, S1, ISH, MAKE),
	SCRIPT("overtaken", FINE, CPU1, BREAK, CPU0, BREAK_AGAIN, ISHST, IPA, ISH, S1, ISH, MAKE),
	SCRIPT("overtaken, no DSB", "rule 2", CPU1, BREAK, CPU0, BREAK_AGAIN, IPA, ISH, S1, ISH,
	       MAKE),
	SCRIPT("overtaken later", FINE, BREAK, CPU1, BREAK_AGAIN, CPU0, ISHST, S12, ISH, MAKE),
	WITH(.clear = WRITE, "too early to overtake", "rule 2", RELAX, CPU1, BREAK, CPU0, ISHST,
	     S12, ISH, MAKE),
	SCRIPT("DSB for stage 2", "rule 2", BREAK, ISHST, IPA, CPU1, ISH, CPU0, S1, ISH, MAKE),
	SCRIPT("DSB for stage 1", "rule 2", BREAK, ISHST, IPA, ISH, S1, CPU1, ISH, CPU0, MAKE),
	SCRIPT("made by another", FINE, BREAK, ISHST, IPA, ISH, S1, ISH, CPU1, MAKE),
	SCRIPT("VMID of another", FINE, CPU1, FOREIGN, CPU0, BREAK, ISHST, IPA, ISH, S1, ISH, MAKE),
};

static void a_store_is_old_or_new_until_a_dsb_of_its_cpu(void **state)
{
	(void)state;
	run_scripts(page_scene, two_cpus, ARRAY_SIZE(two_cpus));
}

/* A base in pages is right for descriptors without LPA2 alone. */
static void the_base_of_a_range_is_in_64_kib_with_lpa2(void **state)
{
	const struct tlbi range = {.op = M_TLBI_RIPAS2};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		begin_scene(&shapes[i]);
		page_scene();
		start();
		play((const enum op[]){BREAK, ISHST, END});
		issue(&range, granule_field(false) << 46 | scene.ipa >> shapes[i].granule);
		play((const enum op[]){ISH, S1, ISH, MAKE, END});
		expect(shapes[i].ds ? "rule 2" : FINE);
	}
}

/* --- changes of size ----------------------------------------------------------------------------- */

static const struct script collapses[] = {
	SCRIPT("by range", FINE, BREAK, ISHST, RANGE, ISH, S1, ISH, MAKE, FREE),
	SCRIPT("the whole VMID", FINE, BREAK, ISHST, S12, ISH, MAKE, FREE),
	SCRIPT("by one IPA", "rule 2", BREAK, ISHST, IPA, ISH, S1, ISH, MAKE),
	SCRIPT("by one IPA, nothing made", STALE, BREAK, ISHST, IPA, ISH, S1, ISH, FREE),
	SCRIPT("last level, make", "rule 2", BREAK, ISHST, RANGE_LAST, ISH, S1, ISH, MAKE),
	SCRIPT("last level, free", "rule 4", BREAK, ISHST, RANGE_LAST, ISH, S1, ISH, FREE),
	SCRIPT("hint, make", "rule 2", BREAK, ISHST, RANGE_HINT3, ISH, S1, ISH, MAKE),
	SCRIPT("hint, free", "rule 4", BREAK, ISHST, RANGE_HINT3, ISH, S1, ISH, FREE),
	SCRIPT("hint of the table", "rule 4", BREAK, ISHST, RANGE_HINT2, ISH, S1, ISH, FREE),
	WITH(.no_ttl = true, "hint, no TTL", FINE, BREAK, ISHST, RANGE_HINT3, ISH, S1, ISH, FREE),
	SCRIPT("direct, level 0", "rule 3", MAKE),
	WITH(.bbm = 1, "direct, level 1", "rule 3", MAKE),
	WITH(.bbm = 2, "direct, level 2", FINE, MAKE),
	WITH(.bbm = 2, "level 2, free", "rule 4", MAKE, ISHST, FREE),
	WITH(.bbm = 2, "level 2, TLBI, free", FINE, MAKE, ISHST, RANGE, ISH, S1, ISH, FREE),
	WITH(.bbm = 2, "level 2, restricted", STALE, MAKE, RESTRICT, ISHST, RANGE_HINT2, ISH, S1,
	     ISH),
	WITH(.bbm = 2, "level 2, right TLBI", FINE, MAKE, RESTRICT, ISHST, RANGE, ISH, S1, ISH),
	SCRIPT("nT, level 0", "rule 3", MAKE_NT),
	WITH(.bbm = 1, "nT, level 1", FINE, MAKE_NT, ISHST, RANGE, ISH, S1, ISH, MAKE, FREE),
	WITH(.bbm = 2, "nT, level 2", FINE, MAKE_NT, ISHST, RANGE, ISH, S1, ISH, MAKE, FREE),
	WITH(.bbm = 1, "nT, no DSB", "rule 2", MAKE_NT, RANGE, ISH, S1, ISH, MAKE),
	WITH(.bbm = 1, "nT, no TLBI", "rule 2", MAKE_NT, ISHST, MAKE),
	WITH(.bbm = 1, "nT, no stage 1", "rule 2", MAKE_NT, ISHST, RANGE, ISH, MAKE),
	WITH(.bbm = 1, "nT, not freed yet", "rule 4", MAKE_NT, ISHST, FREE),
};

static const struct script splits[] = {
	SCRIPT("by IPA", FINE, BREAK, ISHST, IPA, ISH, S1, ISH, MAKE),
	SCRIPT("the right hint", FINE, BREAK, ISHST, IPA_HINT2, ISH, S1, ISH, MAKE),
	SCRIPT("the new leaves' hint", "rule 2", BREAK, ISHST, IPA_HINT3, ISH, S1, ISH, MAKE),
	SCRIPT("last level", FINE, BREAK, ISHST, IPA_LAST, ISH, S1, ISH, MAKE),
	SCRIPT("by range", FINE, BREAK, ISHST, RANGE, ISH, S1, ISH, MAKE),
	SCRIPT("direct, level 0", "rule 3", MAKE),
	WITH(.bbm = 1, "direct, level 1", "rule 3", MAKE),
	WITH(.bbm = 2, "direct, level 2", FINE, MAKE),
	WITH(.bbm = 2, "level 2, restricted", STALE, MAKE, RESTRICT, ISHST, IPA_HINT3, ISH, S1,
	     ISH),
	WITH(.bbm = 2, "level 2, right TLBI", FINE, MAKE, RESTRICT, ISHST, IPA, ISH, S1, ISH),
	SCRIPT("nT, level 0", "rule 3", SET_NT),
	WITH(.bbm = 1, "nT, level 1", FINE, SET_NT, ISHST, RANGE, ISH, S1, ISH, MAKE),
	WITH(.bbm = 1, "nT, no DSB", "rule 2", SET_NT, RANGE, ISH, S1, ISH, MAKE),
	WITH(.bbm = 1, "nT, no TLBI", "rule 2", SET_NT, ISHST, MAKE),
	WITH(.bbm = 1, "nT is left as it is", FINE, SET_NT, ISHST),
};

static void a_table_becomes_a_block_as_bbm_allows(void **state)
{
	(void)state;
	run_scripts(collapse_scene, collapses, ARRAY_SIZE(collapses));
}

static void a_block_becomes_a_table_as_bbm_allows(void **state)
{
	(void)state;
	run_scripts(split_scene, splits, ARRAY_SIZE(splits));
}

static const struct script more_than_size[] = {
	SCRIPT("broken", FINE, BREAK, ISHST, RANGE, ISH, S1, ISH, MAKE, FREE),
	WITH(.bbm = 2, "direct, level 2", "rule 2", MAKE),
	WITH(.bbm = 1, "nT, level 1", "rule 2", MAKE_NT),
	WITH(.bbm = 2, "nT, level 2", "rule 2", MAKE_NT),
};

static void no_level_of_bbm_lets_address_or_memory_type_change(void **state)
{
	(void)state;
	run_scripts(moving_collapse_scene, more_than_size, ARRAY_SIZE(more_than_size));
	run_scripts(retyping_collapse_scene, more_than_size, ARRAY_SIZE(more_than_size));
}

static void a_conflict_abort_is_possible_only_where_sizes_have_met(void **state)
{
	static const struct script direct = WITH(.bbm = 2, "direct", FINE, MAKE);
	static const struct script broken =
		WITH(.bbm = 2, "broken", FINE, BREAK, ISHST, RANGE, ISH, S1, ISH, MAKE);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		run_script(&shapes[i], split_scene, &direct);
		assert_true(m_may_conflict());
		run_script(&shapes[i], collapse_scene, &direct);
		assert_true(m_may_conflict());
		run_script(&shapes[i], split_scene, &broken);
		assert_false(m_may_conflict());
		run_script(&shapes[i], collapse_scene, &broken);
		assert_false(m_may_conflict());
	}
}

/* --- contiguous groups ------------------------------------------------------------------------------ */

static const struct script groups[] = {
	SCRIPT("by range", FINE, BREAK, ISHST, RANGE, ISH, S1, ISH, MAKE),
	SCRIPT("by IPA", FINE, BREAK, ISHST, IPA, ISH, S1, ISH, MAKE),
	SCRIPT("the whole VMID", FINE, BREAK, ISHST, S12, ISH, MAKE),
	SCRIPT("no break", "rule 3", MAKE),
	SCRIPT("TLBI of one", "rule 2", BREAK, ISHST, IPA_ONE, ISH, S1, ISH, MAKE),
	SCRIPT("TLBI of one, nothing made", STALE, BREAK, ISHST, IPA_ONE, ISH, S1, ISH),
	SCRIPT("no first DSB", "rule 2", BREAK, RANGE, ISH, S1, ISH, MAKE),
	SCRIPT("break of one", STALE, BREAK_ONE, ISHST, RANGE, ISH, S1, ISH),
	SCRIPT("one is changed", "rule 2", BREAK_ONE, ISHST, RANGE, ISH, S1, ISH, MAKE_ONE),
	SCRIPT("one is restricted", STALE, RESTRICT, ISHST, RANGE, ISH, S1, ISH),
	SCRIPT("one leaves, level 0", "rule 3", SPLIT_GROUP),
	WITH(.bbm = 2, "one leaves, level 2", FINE, SPLIT_GROUP),
	SCRIPT("one leaves after a break", "rule 2", BREAK_ONE, ISHST, S12, ISH, MAKE_ONE,
	       SPLIT_GROUP),
};

static void a_group_is_changed_as_one(void **state)
{
	(void)state;
	run_scripts(page_group_scene, groups, ARRAY_SIZE(groups));
	run_scripts(block_group_scene, groups, ARRAY_SIZE(groups));
}

/* Changes one member before anything is cached; the rest of the group says otherwise. */
static void begin_with_an_odd_member(const struct shape *shape, int level, uint64_t change_bits,
				     unsigned int bbm)
{
	begin_scene(shape);
	set_context("%s, level %d, %llx", shape->name, level, LLU(change_bits));
	group_scene(level);
	scene.cfg.bbm = bbm;
	scene.entry[scene.entries / 2] ^= change_bits;
	start();
}

static void a_group_that_is_not_one_is_noticed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		for (int level = 2; level <= 3; level++) {
			uint64_t next = UINT64_C(1)
					<< (shapes[i].granule +
					    (unsigned int)(3 - level) * (shapes[i].granule - 3));

			begin_with_an_odd_member(&shapes[i], level, 0, 0);
			expect(FINE);
			begin_with_an_odd_member(&shapes[i], level, next, 2);
			expect("rule 2");
			begin_with_an_odd_member(&shapes[i], level, BIT(5), 2);
			expect("rule 2");
		}
}

/* Seen where the odd member is: its neighbours say that it is one of them. */
static void a_group_with_a_mixed_contiguous_bit_is_noticed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		for (unsigned int bbm = 0; bbm <= 2; bbm += 2) {
			begin_scene(&shapes[i]);
			group_scene(3);
			scene.cfg.bbm = bbm;
			scene.entry[1] &= ~CONTIGUOUS;
			start();
			expect(bbm ? FINE : "rule 2");
			assert_true(m_may_conflict());
		}
}

/* Blocks with nT are not cached, from whichever member they are read; without FEAT_BBM there is no nT. */
static void a_member_with_nt_is_not_cached(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		for (unsigned int bbm = 0; bbm <= 2; bbm++) {
			begin_scene(&shapes[i]);
			group_scene(2);
			scene.cfg.bbm = bbm;
			for (unsigned int k = 0; k < scene.entries; k++)
				scene.entry[k] |= NT;
			start();
			play((const enum op[]){BREAK, ISHST, END});
			expect(bbm ? FINE : STALE);
		}
}

/* --- permissions and the access flag ------------------------------------------------------------------ */

static const struct {
	unsigned int bit;
	const char *expected; /* if it is inverted in a live entry, and nothing else done */
} changes[] = {
	{2, "rule 3"},	{3, "rule 3"}, {4, "rule 3"},  {5, "rule 3"}, {6, STALE},
	{7, STALE},	{8, "rule 3"}, {9, "rule 3"},  {10, FINE},    {20, "rule 3"},
	{46, "rule 3"}, {51, FINE},    {52, "rule 3"}, {53, FINE},    {54, STALE},
	{55, FINE},	{56, FINE},    {57, FINE},     {58, FINE},
};

static void invert(const struct shape *shape, unsigned int bit, const char *expected)
{
	begin_scene(shape);
	set_context("%s, bit %u", shape->name, bit);
	page_scene();
	start();
	m_store(scene.entry, *scene.entry ^ BIT(bit));
	expect(expected);
}

static void only_permissions_flags_and_software_bits_change_without_a_break(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		for (size_t k = 0; k < ARRAY_SIZE(changes); k++)
			invert(&shapes[i], changes[k].bit, changes[k].expected);
}

static const struct script permissions[] = {
	SCRIPT("restricted", STALE, RESTRICT),
	SCRIPT("restricted, visible", STALE, RESTRICT, ISHST),
	SCRIPT("stage 2 only", STALE, RESTRICT, ISHST, IPA, ISH),
	SCRIPT("stage 1 only", STALE, RESTRICT, ISHST, S1, ISH),
	SCRIPT("no DSB before", STALE, RESTRICT, IPA, ISH, S1, ISH),
	SCRIPT("no DSB after", STALE, RESTRICT, ISHST, IPA, ISH, S1),
	SCRIPT("restricted and invalidated", FINE, RESTRICT, ISHST, IPA, ISH, S1, ISH),
	WITH(.clear = WRITE, "relaxed", FINE, RELAX),
	WITH(.clear = WRITE, "relaxed and restricted", STALE, RELAX, RESTRICT, ISHST),
	WITH(.clear = AF, "no flag, not cached", FINE, BREAK, MAKE),
	WITH(.clear = AF, "no flag, no break", FINE, MAKE),
	SCRIPT("no flag as a break", FINE, MAKE_FAULT, ISHST, IPA, ISH, S1, ISH, MAKE),
	SCRIPT("no flag, no TLBI", "rule 2", MAKE_FAULT, ISHST, MAKE),
	SCRIPT("no flag, nothing else", STALE, MAKE_FAULT, ISHST),
	WITH(.vtcr = HA, "no flag as a break, HA", "rule 3", MAKE_FAULT),
	WITH2(.clear = AF, .vtcr = HA, "no flag, no break, HA", "rule 3", MAKE),
	WITH2(.clear = AF, .vtcr = HA, "no flag, HA", "rule 2", BREAK, ISHST, MAKE),
	WITH2(.clear = AF, .vtcr = HA, "no flag, HA, sequence", FINE, BREAK, ISHST, IPA, ISH, S1,
	      ISH, MAKE),
};

static void a_restriction_needs_a_tlbi_and_a_relaxation_does_not(void **state)
{
	(void)state;
	run_scripts(page_scene, permissions, ARRAY_SIZE(permissions));
}

/* It cures the CPU that issued it, and no other. */
static void a_local_tlbi_cures_its_own_cpu(void **state)
{
	static const struct {
		enum op op[8];
		const char *left;
	} local[] = {
		{{RESTRICT, ISHST, IPA_LOCAL, NSH, S1_LOCAL, NSH}, "CPU1"},
		{{RESTRICT, ISHST, IPA_LOCAL, ISH, S1_LOCAL, ISH}, "CPU1"},
		{{RESTRICT, ISHST, S12_LOCAL, NSH}, "CPU1"},
		{{RESTRICT, ISHST, IPA_LOCAL, NSH, S1_LOCAL, ISHST}, "CPU0"},
		{{RESTRICT, ISHST, IPA_LOCAL, NSH}, "CPU0, combined"},
		{{RESTRICT, ISHST, S1_LOCAL, NSH}, "CPU0, stage 2"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(local); i++) {
		struct m_translation t;
		struct m_stale s;

		begin_scene(&shapes[0]);
		page_scene();
		start();
		play(local[i].op);
		t = m_translate(scene.ipa);
		assert_true(m_cached_beyond(0, &t, 1, &s));
		require(!strncmp(s.what, local[i].left, strlen(local[i].left)), "%zu: %s", i,
			s.what);
	}
}

/* --- what hardware writes ------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint64_t vtcr, clear, set;
	bool write;
	uint64_t becomes; /* bits that the access sets */
} accesses[] = {
	{"no HA", 0, AF, 0, false, 0},
	{"no HA, a write", 0, AF | WRITE, DBM, true, 0},
	{"HA", HA, AF, 0, false, AF},
	{"HA, nothing to set", HA, 0, 0, false, 0},
	{"HA, a write", HA, WRITE, DBM, true, 0},
	{"HD, a read", HA | HD, WRITE, DBM, false, 0},
	{"HD, no DBM", HA | HD, WRITE, 0, true, 0},
	{"HD", HA | HD, WRITE, DBM, true, WRITE},
	{"HD, writable", HA | HD, 0, DBM, true, 0},
	{"HD, both", HA | HD, AF | WRITE, DBM, true, AF | WRITE},
};

static void hardware_access(const struct shape *shape, void (*build)(void), size_t k)
{
	uint64_t before;

	begin_scene(shape);
	set_context("%s, %s", shape->name, accesses[k].name);
	build();
	scene.cfg.vtcr |= accesses[k].vtcr;
	*scene.entry = (*scene.entry & ~accesses[k].clear) | accesses[k].set;
	before = *scene.entry;
	start();
	require(m_hardware_access(0, accesses[k].write) == !!accesses[k].becomes,
		"not as expected");
	require(*scene.entry == (before | accesses[k].becomes), "%llx became %llx", LLU(before),
		LLU(*scene.entry));
	assert_false(m_hardware_access(0, accesses[k].write));
	expect(FINE);
}

static void hardware_sets_what_vtcr_lets_it_set(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		for (size_t k = 0; k < ARRAY_SIZE(accesses); k++) {
			hardware_access(&shapes[i], page_scene, k);
			hardware_access(&shapes[i], block_scene, k);
		}
}

/* A write that the hardware notes in the entry, and that nobody has read there yet. */
static void write_and_replace(const struct shape *shape)
{
	begin_scene(shape);
	page_scene();
	scene.cfg.vtcr |= HA | HD;
	*scene.entry = (*scene.entry & ~WRITE) | DBM;
	start();
	assert_true(m_hardware_access(0, true));
}

static void a_store_over_what_the_hardware_has_noted_is_noticed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		write_and_replace(&shapes[i]);
		m_store(scene.entry, *scene.entry & ~WRITE);
		expect("rule 6");
		write_and_replace(&shapes[i]);
		m_store(scene.entry, *scene.entry | BIT(55));
		expect(FINE);
		write_and_replace(&shapes[i]);
		m_store(scene.entry, 0);
		expect("rule 6");
		write_and_replace(&shapes[i]);
		(void)m_load(scene.entry);
		m_store(scene.entry, *scene.entry & ~WRITE);
		assert_true(m_run_ok());
		write_and_replace(&shapes[i]);
		assert_false(m_cas(scene.entry, *scene.entry & ~WRITE, 0));
		m_store(scene.entry, 0);
		assert_true(m_run_ok());
		write_and_replace(&shapes[i]);
		(void)m_swap(scene.entry, 0);
		m_store(scene.entry, 0);
		assert_true(m_run_ok());
	}
}

/* The access flag in a table that `ops` have unlinked: may hardware still set it? */
static bool written_after(const struct shape *shape, const enum op *ops)
{
	begin_scene(shape);
	collapse_scene();
	scene.cfg.vtcr |= HA;
	scene.table[3][0] &= ~AF;
	start();
	play(ops);
	require(m_run_ok(), "%s", m_run_violation());
	return m_hardware_access(0, false);
}

/* The hardware notes an access in a table, which `ops` cut off; then its owner stores there. */
static void store_after(const struct shape *shape, const enum op *ops)
{
	begin_scene(shape);
	collapse_scene();
	scene.cfg.vtcr |= HA;
	scene.table[3][0] &= ~AF;
	start();
	assert_true(m_hardware_access(0, false));
	play(ops);
	m_store(&scene.table[3][0], 0);
}

static void what_was_noted_in_a_table_that_was_cut_off_may_go(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		store_after(&shapes[i], (const enum op[]){BREAK, ISHST, RANGE, END});
		expect("rule 6");
		store_after(&shapes[i], (const enum op[]){BREAK, ISHST, RANGE, ISH, END});
		assert_true(m_run_ok());
	}
}

static void hardware_writes_to_an_unlinked_table_until_the_tlbi_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct shape *s = &shapes[i];

		assert_true(written_after(s, (const enum op[]){END}));
		assert_true(written_after(s, (const enum op[]){BREAK, ISHST, END}));
		assert_true(written_after(s, (const enum op[]){BREAK, ISHST, RANGE, END}));
		assert_true(written_after(s, (const enum op[]){BREAK, ISHST, RANGE, ISHST, END}));
		assert_true(
			written_after(s, (const enum op[]){BREAK, ISHST, RANGE_LAST, ISH, END}));
		assert_true(written_after(s, (const enum op[]){BREAK, RANGE, ISH, END}));
		assert_false(written_after(s, (const enum op[]){BREAK, ISHST, RANGE, ISH, END}));
		assert_false(written_after(s, (const enum op[]){BREAK, ISHST, S12, ISH, END}));
	}
}

/* --- free pages ------------------------------------------------------------------------------------------- */

static const struct script frees[] = {
	SCRIPT("reachable", "rule 4", FREE),
	SCRIPT("only unlinked", "rule 4", BREAK, ISHST, FREE),
	SCRIPT("TLBI in flight", "rule 4", BREAK, ISHST, RANGE, FREE),
	SCRIPT("unlinked and invalidated", FINE, BREAK, ISHST, RANGE, ISH, S1, ISH, FREE),
	SCRIPT("linked again", "rule 1", BREAK, ISHST, S12, ISH, FREE, MAKE),
};

static void relinking_scene(void)
{
	collapse_scene();
	scene.make = *scene.entry;
}

static void a_table_is_free_when_no_walk_can_reach_it(void **state)
{
	(void)state;
	run_scripts(relinking_scene, frees, ARRAY_SIZE(frees));
}

static void begin_with_a_free_page(uint64_t *page[])
{
	begin_scene(&shapes[0]);
	page_scene();
	*page = take_page();
	start();
	give(*page);
	expect(FINE);
}

static void software_that_touches_a_free_page_is_noticed(void **state)
{
	uint64_t *page;

	(void)state;
	begin_with_a_free_page(&page);
	(void)m_load(&page[7]);
	expect("rule 1");
	begin_with_a_free_page(&page);
	m_store(&page[7], 0);
	expect("rule 1");
	begin_with_a_free_page(&page);
	assert_true(m_cas(&page[7], 0, 2));
	expect("rule 1");
	begin_with_a_free_page(&page);
	(void)m_swap(&page[7], 0);
	expect("rule 1");
}

static void a_page_that_was_taken_out_again_is_not_free(void **state)
{
	uint64_t *page;

	(void)state;
	begin_with_a_free_page(&page);
	scene.owner.cache.head = NULL;
	(void)m_load(&page[7]);
	m_store(&page[7], 0);
	expect(FINE);
}

/* Each page of a longer list is free, and a list may be another CPU's. */
static void every_page_in_a_cache_is_free(void **state)
{
	static struct s2_cpu other;
	uint64_t *page;

	(void)state;
	begin_with_a_free_page(&page);
	give(take_page());
	(void)m_load(&page[7]);
	expect("rule 1");
	begin_with_a_free_page(&page);
	other.cache.head = page;
	scene.owner.cache.head = NULL;
	m_run_owns(2, &other);
	(void)m_load(&page[7]);
	expect("rule 1");
}

static void a_pointer_to_where_no_table_is_is_noticed(void **state)
{
	static const uint64_t astray[] = {0, 0x1000, M_ARENA_PA - 0x10000, M_ARENA_PA + 0x1000000};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		for (size_t k = 0; k < ARRAY_SIZE(astray); k++) {
			begin_scene(&shapes[i]);
			collapse_scene();
			*scene.entry = 0;
			start();
			expect(FINE);
			m_store(scene.entry, astray[k] | VALID | TYPE);
			expect("rule 1");
		}
}

/* A page that was free holds whatever it held: a walk through the new pointer sees what was filled in last. */
static void a_page_is_used_again_without_its_past(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		begin_scene(&shapes[i]);
		relinking_scene();
		start();
		play((const enum op[]){BREAK, ISHST, S12, ISH, END});
		m_store(&scene.table[3][0], 0);
		play((const enum op[]){FREE, END});
		scene.owner.cache.head = NULL;
		look_at_caches();
		scene.table[3][0] = leaf(3, NEW, scene.ipa);
		play((const enum op[]){MAKE, ISHST, END});
		expect(FINE);
	}
}

/* --- locks ------------------------------------------------------------------------------------------------------ */

static void lock_first(void *entry)
{
	m_store(entry, LOCKED);
}

/* CPU 1 locks entry `index` of a table that nothing leads to. */
static uint64_t *locked_by_another(unsigned int index, uint64_t locked)
{
	uint64_t *table;

	begin_scene(&shapes[0]);
	page_scene();
	table = take_page();
	start();
	run_fiber(1, lock_first, &table[index]);
	table[index] = locked;
	return &table[index];
}

static void a_locked_entry_is_its_owners(void **state)
{
	(void)state;
	m_store(locked_by_another(9, LOCKED), 0);
	expect("rule 5");
	assert_true(m_cas(locked_by_another(9, LOCKED), LOCKED, ANNOTATED));
	expect("rule 5");
	(void)m_swap(locked_by_another(9, LOCKED), BIT(12) | LOCKED);
	expect("rule 5");
	m_store(locked_by_another(9, BIT(4) | BIT(31) | LOCKED), 0);
	expect("rule 5");
	assert_false(m_cas(locked_by_another(9, LOCKED), 0, ANNOTATED));
	expect(FINE);
}

static void the_owner_releases_what_he_has_locked(void **state)
{
	uint64_t *entry = locked_by_another(9, LOCKED);

	(void)state;
	play((const enum op[]){CPU1, ISHST, END});
	scene.entry = entry;
	scene.make = ANNOTATED;
	play((const enum op[]){CPU1, MAKE, END});
	expect(FINE);
	m_store(entry, LOCKED);
	m_store(entry, 0);
	expect(FINE);
}

/* The list of unlinked tables goes through entry 0, whoever has locked it. */
static void the_unlinker_may_overrule_the_lock_of_entry_0(void **state)
{
	(void)state;
	m_store(locked_by_another(0, LOCKED), LINK);
	expect(FINE);
	m_store(locked_by_another(0, LOCKED), BIT(31) | BIT(4) | LINK);
	expect(FINE);
	m_store(locked_by_another(0, LOCKED), ANNOTATED);
	expect("rule 5");
	m_store(locked_by_another(1, LOCKED), LINK);
	expect("rule 5");
}

static void maintain_both(void *size)
{
	m_maintain(M_DCACHE, 0, *(uint64_t *)size);
	m_maintain(M_ICACHE, 0, *(uint64_t *)size);
}

static void nothing_slow_is_done_while_an_entry_is_locked(void **state)
{
	uint64_t size = 4096;

	(void)state;
	(void)locked_by_another(9, LOCKED);
	maintain_both(&size);
	expect(FINE);
	run_fiber(1, maintain_both, &size);
	expect("contract 3");
	m_store(locked_by_another(0, LOCKED), LINK);
	run_fiber(1, maintain_both, &size);
	expect(FINE);
}

/* --- cache maintenance ------------------------------------------------------------------------------------------- */

enum care { NO_CARE, CLEANED, FETCHABLE, BOTH, ONE_BYTE_SHORT, ONE_BYTE_LATE, DIRTY_AGAIN };

/* So much is done for a page before it is mapped. */
static void take_care(enum care care, uint64_t pa)
{
	uint64_t size = size_of(3);

	if (care == ONE_BYTE_SHORT || care == ONE_BYTE_LATE) {
		m_maintain(M_DCACHE, pa + (care == ONE_BYTE_LATE), size - 1);
		m_maintain(M_ICACHE, pa, size);
	}
	if (care == CLEANED || care == BOTH || care == DIRTY_AGAIN)
		m_maintain(M_DCACHE, pa - size, 3 * size);
	if (care == FETCHABLE || care == BOTH || care == DIRTY_AGAIN)
		m_maintain(M_ICACHE, pa, size);
	if (care == DIRTY_AGAIN)
		m_host_writes(pa);
}

static const struct {
	const char *name;
	enum care care;
	bool fwb;
	uint64_t set, clear;
	const char *expected;
} maintenance[] = {
	{"nothing done", NO_CARE, false, 0, 0, "caches: IPA"},
	{"not executable", NO_CARE, false, XN, 0, "caches: IPA"},
	{"both", BOTH, false, 0, 0, FINE},
	{"cleaned, executable", CLEANED, false, 0, 0, "caches: IPA"},
	{"cleaned, not executable", CLEANED, false, XN, 0, FINE},
	{"not cleaned", FETCHABLE, false, 0, 0, "caches: IPA"},
	{"FWB", FETCHABLE, true, 0, 0, FINE},
	{"FWB, not executable", NO_CARE, true, XN, 0, FINE},
	{"FWB, executable", NO_CARE, true, 0, 0, "caches: IPA"},
	{"a device", NO_CARE, false, XN, MEMATTR & ~BIT(2), FINE},
	{"one byte short", ONE_BYTE_SHORT, false, XN, 0, "caches: IPA"},
	{"one byte late", ONE_BYTE_LATE, false, XN, 0, "caches: IPA"},
	{"dirty again", DIRTY_AGAIN, false, XN, 0, "caches: IPA"},
	{"written again, executable", DIRTY_AGAIN, true, 0, 0, "caches: IPA"},
	{"no access flag", NO_CARE, false, 0, AF, FINE},
};

static void map_with_care(const struct shape *shape, size_t i)
{
	begin_scene(shape);
	set_context("%s, %s", shape->name, maintenance[i].name);
	page_scene();
	*scene.entry = 0;
	scene.cfg.fwb = maintenance[i].fwb;
	scene.cfg.data[0] = pa_of(NEW, scene.ipa) + 4 * size_of(3);
	scene.cfg.data[1] = pa_of(NEW, scene.ipa);
	scene.cfg.data_count = 2;
	start();
	take_care(maintenance[i].care, scene.cfg.data[1]);
	expect(FINE);
	m_store(scene.entry, (scene.make & ~maintenance[i].clear) | maintenance[i].set);
	expect(maintenance[i].expected);
}

static void a_page_is_reached_after_its_cache_maintenance(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		for (size_t k = 0; k < ARRAY_SIZE(maintenance); k++)
			map_with_care(&shapes[i], k);
}

/* A block is watched by its pages; what was saved with memory counts in the next run. */
static void what_was_cleaned_is_saved_with_memory(void **state)
{
	(void)state;
	for (unsigned int save = 0; save < 2; save++) {
		begin_scene(&shapes[0]);
		block_scene();
		*scene.entry = 0;
		scene.cfg.data[0] = pa_of(NEW, scene.cfg.watched[2]);
		scene.cfg.data_count = 1;
		start();
		take_care(BOTH, scene.cfg.data[0]);
		if (save)
			m_memory_save();
		start();
		m_store(scene.entry, scene.make);
		expect(save ? FINE : "caches: IPA");
	}
}

/* --- configurations ------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint64_t vtcr;
	bool good;
} registers[] = {
	{"4K, 34 bits at level 2", T0SZ(30) | SL0(0) | PS(2), true},
	{"4K, 35 bits at level 2", T0SZ(29) | SL0(0) | PS(2), false},
	{"4K, 30 bits at level 1", T0SZ(34) | SL0(1) | PS(2), false},
	{"4K, 31 bits at level 1", T0SZ(33) | SL0(1) | PS(2), true},
	{"4K, 43 bits at level 1", T0SZ(21) | SL0(1) | PS(4), true},
	{"4K, 44 bits at level 1", T0SZ(20) | SL0(1) | PS(4), false},
	{"4K, 44 bits at level 0", T0SZ(20) | SL0(2) | PS(4), true},
	{"4K, IPA over PA", T0SZ(21) | SL0(1) | PS(2), false},
	{"4K, 48 bits", T0SZ(16) | SL0(2) | PS(5), true},
	{"4K, 48 bits, PS 52", T0SZ(16) | SL0(2) | PS(6), true},
	{"4K, 52 bits without DS", T0SZ(12) | SL0(2) | PS(6), false},
	{"4K, 52 bits", T0SZ(12) | SL0(2) | PS(6) | DS, true},
	{"4K, level -1", T0SZ(12) | SL0(0) | PS(6) | DS | SL2, false},
	{"4K, SL2 with SL0", T0SZ(14) | SL0(2) | PS(6) | DS | SL2, false},
	{"reserved TG0", T0SZ(24) | SL0(1) | UINT64_C(3) << 14 | PS(2), false},
	{"reserved PS", T0SZ(24) | SL0(1) | PS(7), false},
	{"HD without HA", T0SZ(24) | SL0(1) | PS(2) | HD, false},
	{"HA", T0SZ(24) | SL0(1) | PS(2) | HA, true},
	{"HA and HD", T0SZ(24) | SL0(1) | PS(2) | HA | HD, true},
	{"16K, 40 bits", T0SZ(24) | SL0(1) | TG0_16K | PS(2), true},
	{"16K, 41 bits at level 2", T0SZ(23) | SL0(1) | TG0_16K | PS(3), false},
	{"16K, 36 bits at level 1", T0SZ(28) | SL0(2) | TG0_16K | PS(2), false},
	{"16K, 48 bits", T0SZ(16) | SL0(2) | TG0_16K | PS(5), true},
	{"16K, level 0 without DS", T0SZ(16) | SL0(3) | TG0_16K | PS(5), false},
	{"16K, level 0", T0SZ(16) | SL0(3) | TG0_16K | PS(6) | DS, true},
	{"16K, 51 bits", T0SZ(13) | SL0(2) | TG0_16K | PS(6) | DS, true},
	{"16K, 49 bits without DS", T0SZ(15) | SL0(2) | TG0_16K | PS(6), false},
	{"64K, 46 bits", T0SZ(18) | SL0(1) | TG0_64K | PS(5), true},
	{"64K, 47 bits at level 2", T0SZ(17) | SL0(1) | TG0_64K | PS(5), false},
	{"64K, 42 bits at level 1", T0SZ(22) | SL0(2) | TG0_64K | PS(5), false},
	{"64K, level 0", T0SZ(12) | SL0(3) | TG0_64K | PS(6), false},
	{"64K, 52 bits", T0SZ(12) | SL0(2) | TG0_64K | PS(6), true},
	{"64K with DS", T0SZ(12) | SL0(2) | TG0_64K | PS(6) | DS, false},
};

static unsigned int granule_of(uint64_t vtcr)
{
	return (vtcr & (UINT64_C(3) << 14)) == TG0_16K	 ? 14
	       : (vtcr & (UINT64_C(3) << 14)) == TG0_64K ? 16
							 : 12;
}

static void registers_that_make_no_sense_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
		struct m_config cfg = {
			.vtcr = registers[i].vtcr, .vttbr = OURS, .watched_count = 1};
		const char *problem;

		set_context("%s", registers[i].name);
		m_memory_begin(granule_of(cfg.vtcr));
		(void)m_page(15);
		problem = m_config_problem(&cfg);
		require(!problem == registers[i].good, "%s", problem ? problem : "accepted");
	}
}

/* A configuration that was good before `spoil`. */
#define refuses(spoil)                                                    \
	do {                                                              \
		begin_scene(&shapes[0]);                                  \
		page_scene();                                             \
		assert_null(m_config_problem(&scene.cfg));                \
		spoil;                                                    \
		require(m_config_problem(&scene.cfg), "accepts " #spoil); \
		start();                                                  \
		expect("a machine that can't be");                        \
	} while (0)

static void a_run_of_a_machine_that_can_not_be_is_over_at_once(void **state)
{
	(void)state;
	refuses(scene.cfg.vttbr = VMID(5));
	refuses(scene.cfg.vttbr = VMID(5) | (M_ARENA_PA - 0x1000));
	refuses(scene.cfg.vttbr = VMID(5) | (M_ARENA_PA + 0x100000));
	refuses(scene.cfg.vttbr = OURS | 0x800);
	refuses(scene.cfg.vttbr = OURS + 0x1000);
	refuses(scene.cfg.watched[1] += 0x800);
	refuses(scene.cfg.watched[1] = BIT(40));
	refuses(scene.cfg.watched_count = 0);
	refuses(scene.cfg.watched_count = M_WATCHED + 1);
	refuses(scene.cfg.data_count = M_DATA + 1);
	refuses(scene.cfg.bbm = 3);
	refuses(scene.cfg.vtcr = shapes[1].vtcr);
	refuses(scene.cfg.vtcr |= HD);
}

static void good_configurations_are_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		for (unsigned int bbm = 0; bbm <= 2; bbm++) {
			begin_scene(&shapes[i]);
			page_scene();
			scene.cfg.bbm = bbm;
			scene.cfg.watched[1] = BIT(shapes[i].input) - size_of(3);
			scene.cfg.watched_count = M_WATCHED;
			scene.cfg.data_count = M_DATA;
			scene.cfg.vttbr |= 1; /* CnP */
			start();
			expect(FINE);
		}
}

/* --- the walk -------------------------------------------------------------------------------------------------------- */

static void a_walk_finds_what_the_tables_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct m_translation t;

		begin_scene(&shapes[i]);
		page_scene();
		start();
		t = m_translate(scene.ipa);
		assert_true(t.mapped && t.read && t.write && t.exec && t.young);
		assert_int_equal(t.pa, pa_of(OLD, scene.ipa));
		begin_scene(&shapes[i]);
		block_scene();
		*scene.entry = (*scene.entry & ~(READ | AF)) | XN;
		start();
		t = m_translate(scene.ipa + size_of(3));
		assert_true(t.mapped && !t.read && t.write && !t.exec && !t.young);
		assert_int_equal(t.pa, pa_of(OLD, scene.ipa) + size_of(3));
		assert_false(m_translate(scene.ipa + size_of(2)).mapped);
	}
}

/* Arm ARM, "Block descriptor formats": levels, by shape. */
static const struct {
	unsigned int shape;
	bool block[4];
} block_levels[] = {
	{0, {false, true, true, false}},  {1, {false, false, true, false}},
	{2, {false, false, true, false}}, {3, {true, true, true, false}},
	{4, {false, true, true, false}},  {5, {false, true, true, false}},
};

static void a_block_is_one_where_the_granule_has_blocks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(block_levels); i++)
		for (int level = 0; level <= 3; level++) {
			struct m_regime r;
			bool block;

			assert_true(m_regime_decode(&r, shapes[block_levels[i].shape].vtcr));
			block = m_regime_read(&r, VALID | AF, level).type == M_LEAF;
			set_context("%s, level %d", shapes[block_levels[i].shape].name, level);
			assert_int_equal(block, block_levels[i].block[level]);
			assert_int_equal(m_regime_read(&r, VALID | TYPE, level).type,
					 level < 3 ? M_TABLE : M_LEAF);
			assert_int_equal(m_regime_read(&r, TYPE | AF, level).type, M_FAULT);
		}
}

static void groups_are_as_large_as_the_granule_has_them(void **state)
{
	static const unsigned int log2_of[][4] = {{0, 4, 4, 4}, {0, 0, 5, 7}, {0, 0, 5, 5}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		for (int level = 0; level <= 3; level++) {
			struct m_regime r;

			assert_true(m_regime_decode(&r, shapes[i].vtcr));
			assert_int_equal(m_regime_group(&r, level), log2_of[i % 3][level]);
		}
}

/* A neighbour differs in its address alone, to whichever side and over whichever bit. */
static void a_neighbour_differs_in_its_address_alone(void **state)
{
	static const int64_t distances[] = {1, -1, 15, -15, 31, -31, 127, -127};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		for (int level = 2; level <= 3; level++)
			for (size_t k = 0; k < ARRAY_SIZE(distances); k++) {
				uint64_t bits = XN | DBM | CONTIGUOUS | (level < 3 ? NT : 0);
				uint64_t here, there;
				struct m_regime r;

				begin_scene(&shapes[i]);
				here = pa_of(OLD, 0);
				there = here + (uint64_t)distances[k] * size_of(level);
				assert_true(m_regime_decode(&r, shapes[i].vtcr));
				assert_int_equal(m_regime_neighbour(&r,
								    address_bits(here) | bits | 3,
								    level, distances[k]),
						 address_bits(there) | bits | 3);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_break_sequence_is_accepted),
		cmocka_unit_test(each_mistake_in_a_break_sequence_is_noticed),
		cmocka_unit_test(a_block_is_broken_as_a_page_is),
		cmocka_unit_test(a_store_is_old_or_new_until_a_dsb_of_its_cpu),
		cmocka_unit_test(the_base_of_a_range_is_in_64_kib_with_lpa2),
		cmocka_unit_test(a_table_becomes_a_block_as_bbm_allows),
		cmocka_unit_test(a_block_becomes_a_table_as_bbm_allows),
		cmocka_unit_test(no_level_of_bbm_lets_address_or_memory_type_change),
		cmocka_unit_test(a_conflict_abort_is_possible_only_where_sizes_have_met),
		cmocka_unit_test(a_group_is_changed_as_one),
		cmocka_unit_test(a_group_that_is_not_one_is_noticed),
		cmocka_unit_test(a_group_with_a_mixed_contiguous_bit_is_noticed),
		cmocka_unit_test(a_member_with_nt_is_not_cached),
		cmocka_unit_test(only_permissions_flags_and_software_bits_change_without_a_break),
		cmocka_unit_test(a_restriction_needs_a_tlbi_and_a_relaxation_does_not),
		cmocka_unit_test(a_local_tlbi_cures_its_own_cpu),
		cmocka_unit_test(hardware_sets_what_vtcr_lets_it_set),
		cmocka_unit_test(a_store_over_what_the_hardware_has_noted_is_noticed),
		cmocka_unit_test(what_was_noted_in_a_table_that_was_cut_off_may_go),
		cmocka_unit_test(hardware_writes_to_an_unlinked_table_until_the_tlbi_is_complete),
		cmocka_unit_test(a_table_is_free_when_no_walk_can_reach_it),
		cmocka_unit_test(software_that_touches_a_free_page_is_noticed),
		cmocka_unit_test(a_page_that_was_taken_out_again_is_not_free),
		cmocka_unit_test(every_page_in_a_cache_is_free),
		cmocka_unit_test(a_pointer_to_where_no_table_is_is_noticed),
		cmocka_unit_test(a_page_is_used_again_without_its_past),
		cmocka_unit_test(a_locked_entry_is_its_owners),
		cmocka_unit_test(the_owner_releases_what_he_has_locked),
		cmocka_unit_test(the_unlinker_may_overrule_the_lock_of_entry_0),
		cmocka_unit_test(nothing_slow_is_done_while_an_entry_is_locked),
		cmocka_unit_test(a_page_is_reached_after_its_cache_maintenance),
		cmocka_unit_test(what_was_cleaned_is_saved_with_memory),
		cmocka_unit_test(registers_that_make_no_sense_are_refused),
		cmocka_unit_test(a_run_of_a_machine_that_can_not_be_is_over_at_once),
		cmocka_unit_test(good_configurations_are_accepted),
		cmocka_unit_test(a_walk_finds_what_the_tables_say),
		cmocka_unit_test(a_block_is_one_where_the_granule_has_blocks),
		cmocka_unit_test(groups_are_as_large_as_the_granule_has_them),
		cmocka_unit_test(a_neighbour_differs_in_its_address_alone),
	};

	return run_suite("machine", tests);
}
