/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The may-cache set behind tlb.h, indexed by where a descriptor was fetched from.
 *
 * For each slot of the arena there is at most one value in `shadow`, and the few
 * slots of which several values are cached at once (before and after a change of
 * permissions) have the others in `extra`.  Evicting an entry never helps those
 * who look for a mistake, so nothing is ever evicted.
 */
#include "tlb.h"

#include <stdlib.h>
#include <string.h>

#define LLU(x) ((unsigned long long)(x))

/* State of a cached value, in bits that the hardware ignores. */
#define STAGE2 BIT(63) /* fetched by stage 2 */
#define COMBINED BIT(62) /* in an entry that combines both stages */
#define LEAVING2 BIT(61) /* a TLBI for it has been issued, and no DSB yet */
#define LEAVING1 BIT(60)
#define STATE (STAGE2 | COMBINED | LEAVING2 | LEAVING1)
#define IGNORED (UINT64_C(0x1ff) << 55)

/* A table page that the hardware knows of: where its entries are in the IPA space. */
struct table {
	bool used; /* ever, since the listener was opened */
	bool reachable;
	uint8_t level;
	uint32_t cached; /* values in shadow and extra that were fetched from it */
	uint64_t ipa;
};

struct extra {
	size_t slot;
	uint64_t value;
};

struct store {
	size_t slot;
	uint64_t old, new;
};

/* What a slot is, beyond its value: between break and make or not, and who disturbed it there. */
enum window {
	NO_WINDOW,
	CALM,
	DISTURBED, /* and more: by step n - DISTURBED */
};

#define MANY 65536

static struct {
	struct world *world;
	size_t slots, entries; /* of the arena; of a table in it */
	struct table *table;
	uint32_t *active; /* pages with something reachable or cached */
	uint32_t actives;
	uint64_t *shadow;
	uint8_t *more; /* the slot has, or had, a value in extra as well */
	struct extra extra[MANY];
	size_t extras;
	size_t *leaving; /* slots with a value that a TLBI removes at the next DSB */
	size_t leavings;
	size_t *orphan; /* slots with a value that stage 1 has and stage 2 no more */
	size_t orphans;
	struct store pending[MANY]; /* stores without a DSB */
	size_t pendings;
	uint64_t before; /* what the store under way is about to overwrite */
	uint8_t *window; /* enum window, of each slot */
	size_t windows; /* that are open */
	size_t calm[MANY]; /* slots that are CALM */
	size_t calms;
	bool careless; /* of what happens in them */
	struct tlb_counts counts;
} tlb;

static size_t entries(void)
{
	return s2_host_arena.granule / sizeof(uint64_t);
}

static size_t slot_of(const void *p)
{
	return (size_t)((const uint64_t *)p - (const uint64_t *)(void *)s2_host_arena.base);
}

static uint64_t memory(size_t slot)
{
	return __atomic_load_n((uint64_t *)(void *)s2_host_arena.base + slot, __ATOMIC_RELAXED);
}

static struct table *table_of(size_t slot)
{
	return &tlb.table[slot / entries()];
}

static uint64_t slot_ipa(size_t slot)
{
	const struct table *table = table_of(slot);

	return table->ipa + slot % entries() * arch_size(&tlb.world->regime, table->level);
}

static uint64_t slot_size(size_t slot)
{
	return arch_size(&tlb.world->regime, table_of(slot)->level);
}

static enum arch_kind kind_at(size_t slot, uint64_t desc)
{
	return arch_kind(&tlb.world->regime, table_of(slot)->level, desc);
}

/* --- the set ---------------------------------------------------------------- */

/* Calls `visit` with each cached value of one slot; it may change the state bits. */
typedef void value_visitor(size_t slot, uint64_t *value, void *arg);

static void for_each_value(size_t slot, value_visitor *visit, void *arg)
{
	if (tlb.shadow[slot])
		visit(slot, &tlb.shadow[slot], arg);
	for (size_t i = 0; i < tlb.extras && tlb.more[slot]; i++)
		if (tlb.extra[i].slot == slot && tlb.extra[i].value)
			visit(slot, &tlb.extra[i].value, arg);
}

/* The same for all values that overlap [first, last]. */
static void for_each_overlap(uint64_t first, uint64_t last, value_visitor *visit, void *arg)
{
	for (uint32_t i = 0; i < tlb.actives; i++) {
		size_t slot = tlb.active[i] * entries(), end = slot + entries();
		uint64_t size = slot_size(slot), ipa = slot_ipa(slot);

		if (!table_of(slot)->cached || ipa > last || ipa + size * entries() <= first)
			continue;
		if (first > ipa)
			slot += (first - ipa) / size;
		for (; slot < end && slot_ipa(slot) <= last; slot++)
			if (tlb.shadow[slot])
				for_each_value(slot, visit, arg);
	}
}

static void drop_unreachable(void)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < tlb.actives; i++) {
		const struct table *table = &tlb.table[tlb.active[i]];

		if (table->reachable || table->cached)
			tlb.active[left++] = tlb.active[i];
	}
	tlb.actives = left;
}

static void pack_extras(void)
{
	size_t left = 0;

	for (size_t i = 0; i < tlb.extras; i++)
		if (tlb.extra[i].value)
			tlb.extra[left++] = tlb.extra[i];
	tlb.extras = left;
}

/* `shadow` is what says that there is anything: an extra value moves up if it is empty. */
static void refill_shadow(size_t slot)
{
	for (size_t i = 0; i < tlb.extras && tlb.more[slot] && !tlb.shadow[slot]; i++)
		if (tlb.extra[i].slot == slot) {
			tlb.shadow[slot] = tlb.extra[i].value;
			tlb.extra[i].value = 0;
		}
}

static void insert(size_t slot, uint64_t value)
{
	table_of(slot)->cached++;
	if (!tlb.shadow[slot]) {
		tlb.shadow[slot] = value;
		return;
	}
	assert_true(tlb.extras < MANY);
	tlb.more[slot] = 1;
	tlb.extra[tlb.extras++] = (struct extra){slot, value};
}

struct match {
	uint64_t desc;
	uint64_t *found;
};

static void match_value(size_t slot, uint64_t *value, void *arg)
{
	struct match *match = arg;

	(void)slot;
	if (!((*value ^ match->desc) & ~IGNORED))
		match->found = value;
}

/* --- fetching --------------------------------------------------------------- */

struct newcomer {
	size_t slot;
	uint64_t desc;
};

/*
 * A leaf with Contiguous may be cached for all of its group: as if each entry of the group
 * said what this one does.  Calls `visit` with all of them, the one in question included.
 */
typedef bool said_visitor(size_t slot, uint64_t desc, const void *arg);

static bool any_said(size_t slot, uint64_t desc, said_visitor *visit, const void *arg)
{
	unsigned int level = table_of(slot)->level;
	size_t n = kind_at(slot, desc) == ARCH_LEAF && desc & S2_DESC_CONTIG
			   ? arch_group(&tlb.world->regime, level)
			   : 1;
	size_t first = slot - slot % n;
	bool any = false;

	for (size_t i = first; i < first + n; i++)
		any |= visit(i,
			     i == slot ? desc
				       : arch_neighbour(&tlb.world->regime, level, desc,
							(int64_t)i - (int64_t)slot),
			     arg);
	return any;
}

struct said {
	size_t slot;
	uint64_t value;
};

static bool says(size_t slot, uint64_t desc, const void *arg)
{
	const struct said *said = arg;

	return slot == said->slot && !((desc ^ said->value) & ~IGNORED);
}

/* Whether an entry with `desc` in `from` may be cached as `value` in `slot`. */
static bool may_be_cached_as(size_t from, uint64_t desc, size_t slot, uint64_t value)
{
	struct said said = {slot, value};

	return table_of(from) == table_of(slot) && any_said(from, desc, says, &said);
}

/* Memory type, shareability and address: what two entries for one IPA must agree in. */
static uint64_t sameness(size_t slot, uint64_t desc)
{
	uint64_t sh = tlb.world->regime.ds ? 0 : UINT64_C(0x300);

	return arch_output(&tlb.world->regime, table_of(slot)->level, desc) |
	       (desc & (UINT64_C(0x3c) | sh | S2_DESC_CONTIG));
}

/*
 * Arm ARM, "FEAT_BBM": at level 2 two sizes may be cached together if they say the same of each
 * address that both translate.
 */
static bool differ_in_size_alone(size_t a, uint64_t in_a, size_t b, uint64_t in_b)
{
	uint64_t sh = tlb.world->regime.ds ? 0 : UINT64_C(0x300);
	uint64_t offset_a = arch_output(&tlb.world->regime, table_of(a)->level, in_a) - slot_ipa(a);
	uint64_t offset_b = arch_output(&tlb.world->regime, table_of(b)->level, in_b) - slot_ipa(b);

	return tlb.world->fmt.features & S2_FEAT_BBM2 && offset_a == offset_b &&
	       !((in_a ^ in_b) & (UINT64_C(0x3c) | sh));
}

static void check_conflict(size_t slot, uint64_t *value, void *arg)
{
	const struct newcomer *new = arg;

	if (kind_at(slot, *value) != ARCH_LEAF)
		return;
	require((table_of(slot)->level == table_of(new->slot)->level &&
		 sameness(slot, *value) == sameness(new->slot, new->desc)) ||
			differ_in_size_alone(slot, *value, new->slot, new->desc),
		"TLB conflict at IPA %#llx: %#llx (level %u) is still cached when %#llx (level %u) "
		"appears",
		LLU(slot_ipa(new->slot)), LLU(*value & ~IGNORED), table_of(slot)->level,
		LLU(new->desc), table_of(new->slot)->level);
}

/* Without hardware management of the flag, an entry with AF clear faults and is not cached. */
static bool is_cacheable(size_t slot, uint64_t desc)
{
	/* FEAT_BBM level 1: what a block with nT says is used, and not cached. */
	if (tlb.world->fmt.features & S2_FEAT_BBM1 && table_of(slot)->level < 3 &&
	    desc & S2_DESC_NT)
		return false;
	return desc & S2_DESC_AF || tlb.world->fmt.features & S2_FEAT_HAF;
}

static void fetch_table(uint64_t pa, uint64_t ipa, unsigned int level);

static bool fetch_value(size_t slot, uint64_t desc, const void *arg)
{
	struct newcomer new = {slot, desc & ~IGNORED};
	struct match match = {new.desc, NULL};
	enum arch_kind kind = kind_at(slot, desc);
	uint64_t ipa = slot_ipa(slot);

	(void)arg;
	for_each_value(slot, match_value, &match);
	if (kind == ARCH_LEAF && !match.found)
		for_each_overlap(ipa, ipa + slot_size(slot) - 1, check_conflict, &new);
	if (match.found)
		*match.found = new.desc | STAGE2 | COMBINED;
	else
		insert(slot, new.desc | STAGE2 | COMBINED);
	if (kind == ARCH_TABLE && !match.found)
		fetch_table(arch_output(&tlb.world->regime, table_of(slot)->level, desc), ipa,
			    table_of(slot)->level + 1u);
	return true;
}

static void fetch(size_t slot, uint64_t desc)
{
	enum arch_kind kind = kind_at(slot, desc);

	if (kind == ARCH_TABLE || (kind == ARCH_LEAF && is_cacheable(slot, desc)))
		(void)any_said(slot, desc, fetch_value, NULL);
}

static void fetch_table(uint64_t pa, uint64_t ipa, unsigned int level)
{
	size_t page = (pa - s2_host_arena.pa) / s2_host_arena.granule;
	struct table *table = &tlb.table[page];

	require(pa - s2_host_arena.pa < s2_host_arena.size, "a table at %#llx", LLU(pa));
	require(!table->reachable && !table->cached,
		"the table page at %#llx is used again while something of it is cached", LLU(pa));
	*table = (struct table){true, true, (uint8_t)level, 0, ipa};
	tlb.active[tlb.actives++] = (uint32_t)page;
	for (size_t i = 0; i < entries(); i++)
		fetch(page * entries() + i, memory(page * entries() + i));
}

/* --- windows ---------------------------------------------------------------- */

static void open_window(size_t slot)
{
	assert_true(tlb.calms < MANY);
	tlb.windows++;
	tlb.window[slot] = CALM;
	tlb.calm[tlb.calms++] = slot;
}

static void shut_window(size_t slot)
{
	tlb.windows -= tlb.window[slot] != NO_WINDOW;
	for (size_t i = 0; i < tlb.calms && tlb.window[slot] == CALM; i++)
		if (tlb.calm[i] == slot) {
			tlb.calm[i] = tlb.calm[--tlb.calms];
			break;
		}
	tlb.window[slot] = NO_WINDOW;
}

/* All of a contiguous group are locked, and made, together: a step on one is one of the window. */
static bool share_a_window(size_t a, size_t b)
{
	size_t n = 1;

	if (a != SIZE_MAX && tlb.world->fmt.features & S2_FEAT_CONTIG)
		n = arch_group(&tlb.world->regime, table_of(b)->level);
	return a / n == b / n;
}

/* A step that belongs into no window but that of `except`. */
static void disturb_windows(enum s2_host_op by, size_t except)
{
	size_t left = 0;

	if (tlb.careless)
		return;
	for (size_t i = 0; i < tlb.calms; i++)
		if (share_a_window(except, tlb.calm[i]))
			tlb.calm[left++] = tlb.calm[i];
		else
			tlb.window[tlb.calm[i]] = (uint8_t)(DISTURBED + by);
	tlb.calms = left;
}

/* --- stores ----------------------------------------------------------------- */

static bool locked(uint64_t desc)
{
	return bits(desc, 3, 0) == 4;
}

static bool is_pending(size_t slot, uint64_t desc)
{
	for (size_t i = 0; i < tlb.pendings; i++)
		if (may_be_cached_as(tlb.pending[i].slot, tlb.pending[i].old, slot, desc))
			return true;
	return false;
}

static void store(size_t slot, uint64_t old, uint64_t new)
{
	if (!table_of(slot)->reachable)
		return;
	assert_true(tlb.pendings < MANY);
	if ((old | new) & 1 && (old ^ new) & ~IGNORED)
		tlb.pending[tlb.pendings++] = (struct store){slot, old, new};
	require(!(new & 1) || tlb.window[slot] < DISTURBED,
		"IPA %#llx: step %d between break and make", LLU(slot_ipa(slot)),
		tlb.window[slot] - DISTURBED);
	shut_window(slot);
	if (new & 1)
		fetch(slot, new);
	tlb.counts.breaks += old & 1 && !(new & 1);
	if (old & 1 && locked(new))
		open_window(slot);
}

/* --- invalidation ----------------------------------------------------------- */

struct removal {
	int level;
	bool last_level;
};

static void leave(size_t slot, uint64_t *value, uint64_t how)
{
	if (is_pending(slot, *value))
		return;
	*value |= how;
	assert_true(tlb.leavings < s2_host_arena.size / sizeof(uint64_t));
	tlb.leaving[tlb.leavings++] = slot;
}

static void leave_stage2(size_t slot, uint64_t *value, void *arg)
{
	const struct removal *removal = arg;
	bool leaf = kind_at(slot, *value) == ARCH_LEAF;

	if (removal->level >= 0 && (!leaf || table_of(slot)->level != removal->level))
		return;
	if (!removal->last_level || leaf)
		leave(slot, value, LEAVING2);
}

static void leave_stage1(size_t slot, uint64_t *value, void *arg)
{
	(void)arg;
	if (!(*value & STAGE2))
		leave(slot, value, LEAVING1);
}

static void leave_both(size_t slot, uint64_t *value, void *arg)
{
	(void)arg;
	leave(slot, value, LEAVING2 | LEAVING1);
}

/* A table that was cut away takes along the locks that are in it. */
static void forget_table(size_t slot, uint64_t desc)
{
	uint64_t pa = arch_output(&tlb.world->regime, table_of(slot)->level, desc);
	size_t page = (pa - s2_host_arena.pa) / s2_host_arena.granule;

	tlb.table[page].reachable = false;
	for (size_t i = page * entries(); i < (page + 1) * entries(); i++)
		shut_window(i);
}

/* What memory still says is fetched again at once. */
static bool is_current(size_t slot, uint64_t value)
{
	size_t n = value & S2_DESC_CONTIG && kind_at(slot, value) == ARCH_LEAF
			   ? arch_group(&tlb.world->regime, table_of(slot)->level)
			   : 1;
	size_t first = slot - slot % n;

	for (size_t i = first; i < first + n && table_of(slot)->reachable; i++)
		if (memory(i) & 1 && may_be_cached_as(i, memory(i), slot, value))
			return true;
	return false;
}

static void complete(size_t slot, uint64_t *value, void *arg)
{
	uint64_t leaving = *value & (LEAVING2 | LEAVING1);

	(void)arg;
	*value &= ~leaving;
	if (leaving && is_current(slot, *value)) {
		*value |= STAGE2 | COMBINED;
		return;
	}
	*value &= ~(leaving & LEAVING2 ? STAGE2 : 0);
	*value &= ~(leaving & LEAVING1 ? COMBINED : 0);
	if (*value & STAGE2)
		return;
	/* A pointer to a table is of stage 2 alone. */
	if (kind_at(slot, *value) == ARCH_TABLE) {
		forget_table(slot, *value);
		*value = 0;
	}
	if (*value & COMBINED) {
		tlb.orphan[tlb.orphans++] = slot;
		return;
	}
	*value = 0;
	table_of(slot)->cached--;
}

/* From the root down: what hangs below a pointer that goes is not fetched again. */
static void complete_all(void)
{
	if (!tlb.leavings)
		return;
	for (unsigned int level = 0; level <= 3; level++)
		for (size_t i = 0; i < tlb.leavings; i++)
			if (table_of(tlb.leaving[i])->level == level)
				for_each_value(tlb.leaving[i], complete, NULL);
	for (size_t i = 0; i < tlb.leavings && tlb.extras; i++)
		refill_shadow(tlb.leaving[i]);
	tlb.leavings = 0;
	pack_extras();
	drop_unreachable();
}

/* Stage 1 refills from a stage-2 entry that is still there: only orphans go. */
static void invalidate_stage1(void)
{
	size_t orphans = tlb.orphans;

	tlb.orphans = 0;
	for (size_t i = 0; i < orphans; i++)
		for_each_value(tlb.orphan[i], leave_stage1, NULL);
}

static void invalidate(const struct s2_host_event *event)
{
	const struct arch_regime *regime = &tlb.world->regime;
	bool range = event->op == S2_HOST_TLBI_RIPAS2E1IS || event->op == S2_HOST_TLBI_RIPAS2LE1IS;
	struct removal removal;
	struct arch_tlbi set;

	require(range ? arch_tlbi_range(regime, event->value, &set)
		      : arch_tlbi_ipa(regime, event->value, &set),
		"TLBI operand %#llx: reserved bits or values", LLU(event->value));
	removal.level = set.level;
	removal.last_level =
		event->op == S2_HOST_TLBI_IPAS2LE1IS || event->op == S2_HOST_TLBI_RIPAS2LE1IS;
	for_each_overlap(set.first, set.last, leave_stage2, &removal);
}

static void tlbi(const struct s2_host_event *event)
{
	require(s2_host_vttbr >> 48 == tlb.world->regime.vmid, "a TLBI for VMID %llu",
		LLU(s2_host_vttbr >> 48));
	tlb.counts.tlbis++;
	switch (event->op) {
	case S2_HOST_TLBI_VMALLS12E1IS:
		tlb.counts.whole++;
		for_each_overlap(0, UINT64_MAX, leave_both, NULL);
		break;
	case S2_HOST_TLBI_VMALLE1IS:
		invalidate_stage1();
		break;
	case S2_HOST_TLBI_IPAS2E1:
	case S2_HOST_TLBI_VMALLE1:
		tlb.counts.local++;
		break;
	default:
		invalidate(event);
	}
}

/* --- the trace -------------------------------------------------------------- */

static bool is_tlbi(enum s2_host_op op)
{
	return op >= S2_HOST_TLBI_FIRST && op < S2_HOST_TLBI_FIRST + S2_HOST_TLBI_KINDS;
}

static bool is_store(enum s2_host_op op)
{
	return op == S2_HOST_STORE || op == S2_HOST_CAS || op == S2_HOST_SWAP;
}

static void before(const struct s2_host_event *event)
{
	size_t slot = SIZE_MAX;

	if (is_store(event->op)) {
		slot = slot_of(event->p);
		tlb.before = memory(slot);
	} else if (event->op == S2_HOST_LOAD && tlb.world->fmt.features & S2_FEAT_CONTIG) {
		slot = slot_of(event->p);
	}
	if (!is_tlbi(event->op) && event->op != S2_HOST_DSB_ISH && event->op != S2_HOST_DSB_ISHST)
		disturb_windows(event->op, slot);
}

static void after(const struct s2_host_event *event)
{
	if (is_tlbi(event->op)) {
		tlbi(event);
	} else if (event->stored) {
		store(slot_of(event->p), tlb.before, event->value);
	} else if (event->op == S2_HOST_DSB_ISH || event->op == S2_HOST_DSB_ISHST) {
		tlb.pendings = 0;
		if (event->op == S2_HOST_DSB_ISH)
			complete_all();
	}
}

const struct s2_host_trace tlb_listener = {before, after};

/* --- what the tests call ---------------------------------------------------- */

static void *renew(void *old, size_t count, size_t size)
{
	free(old);
	void *new = calloc(count, size);

	assert_non_null(new);
	return new;
}

static void renew_all(size_t slots)
{
	tlb.slots = slots;
	tlb.table = renew(tlb.table, slots / entries(), sizeof(*tlb.table));
	tlb.active = renew(tlb.active, slots / entries(), sizeof(*tlb.active));
	tlb.shadow = renew(tlb.shadow, slots, sizeof(*tlb.shadow));
	tlb.leaving = renew(tlb.leaving, slots, sizeof(*tlb.leaving));
	tlb.orphan = renew(tlb.orphan, slots, sizeof(*tlb.orphan));
	tlb.more = renew(tlb.more, slots, sizeof(*tlb.more));
	tlb.window = renew(tlb.window, slots, sizeof(*tlb.window));
}

/* Most arenas are far larger than what a test uses of them. */
static void clear_used(void)
{
	for (size_t page = 0; page < tlb.slots / entries(); page++) {
		if (!tlb.table[page].used)
			continue;
		memset(tlb.shadow + page * entries(), 0, entries() * sizeof(*tlb.shadow));
		memset(tlb.more + page * entries(), 0, entries() * sizeof(*tlb.more));
		memset(tlb.window + page * entries(), 0, entries() * sizeof(*tlb.window));
		tlb.table[page] = (struct table){.used = false};
	}
}

void tlb_open(struct world *world)
{
	uint64_t span = arch_size(&world->regime, world->fmt.start_level) * entries();
	size_t slots = s2_host_arena.size / sizeof(uint64_t);

	if (slots == tlb.slots && entries() == tlb.entries)
		clear_used();
	else
		renew_all(slots);
	tlb.entries = entries();
	tlb.world = world;
	tlb.extras = tlb.pendings = tlb.leavings = tlb.orphans = 0;
	tlb.actives = 0;
	tlb.windows = tlb.calms = 0;
	tlb.careless = false;
	for (uint32_t i = 0; i < world->fmt.root_tables; i++)
		fetch_table(world->regime.root + i * s2_host_arena.granule, i * span,
			    world->regime.start_level);
	s2_host_trace = tlb_listener;
}

void tlb_close(void)
{
	s2_host_trace = (struct s2_host_trace){NULL, NULL};
}

void tlb_mind_windows(bool mind)
{
	tlb.careless = !mind;
}

void tlb_returned(bool flush_owed)
{
	if (flush_owed)
		return;
	require(!tlb.pendings,
		"returned with a store to IPA %#llx (%#llx, was %#llx) that no DSB made visible",
		LLU(slot_ipa(tlb.pending[0].slot)), LLU(tlb.pending[0].new),
		LLU(tlb.pending[0].old));
	for (size_t i = 0; tlb.windows && i < s2_host_arena.size / sizeof(uint64_t); i++)
		require(!tlb.window[i], "returned with IPA %#llx between break and make",
			LLU(slot_ipa(i)));
}

void tlb_stored(const s2_desc *entry)
{
	if (table_of(slot_of(entry))->reachable)
		fetch(slot_of(entry), memory(slot_of(entry)));
}

void tlb_must_forget(const void *page)
{
	const struct table *table = table_of(slot_of(page));

	require(!table->reachable && !table->cached,
		"a table page was freed while something of it is cached (IPA %#llx)",
		LLU(table->ipa));
}

struct visit {
	void (*visit)(const struct tlb_leaf *leaf, void *arg);
	void *arg;
};

static void visit_leaf(size_t slot, uint64_t *value, void *arg)
{
	const struct visit *visit = arg;
	unsigned int level = table_of(slot)->level;
	struct tlb_leaf leaf = {.ipa = slot_ipa(slot), .size = slot_size(slot)};
	uint64_t desc = *value & ~IGNORED;

	if (kind_at(slot, desc) != ARCH_LEAF)
		return;
	leaf.pa = arch_output(&tlb.world->regime, level, desc);
	require(arch_attr(&tlb.world->regime, level, desc, &leaf.attr), "%#llx at level %u",
		LLU(desc), level);
	visit->visit(&leaf, visit->arg);
}

void tlb_for_each(void (*visit)(const struct tlb_leaf *leaf, void *arg), void *arg)
{
	struct visit pass = {visit, arg};

	for_each_overlap(0, UINT64_MAX, visit_leaf, &pass);
}

void tlb_count_from_here(void)
{
	tlb.counts = (struct tlb_counts){0};
}

struct tlb_counts tlb_counts(void)
{
	return tlb.counts;
}
