/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What each CPU may have cached: the largest set that the architecture allows.
 *
 * For one watched page and one CPU the set holds pointers to tables (walk caches),
 * stage-2 leaves, and combined leaves.  It grows by closure: from every pointer in
 * it, through every value that a walk may still see, to the next.  It shrinks only
 * when a TLBI has completed, by what its operand surely removes, and then grows
 * again from what is left.
 *
 * All CPUs have cached the same until a TLBI of one CPU alone: up to then one set
 * stands for all of them.
 */
#include <stdio.h>
#include <string.h>

#include "digest.h"
#include "memory.h"

#define SET_MAX M_CACHED_MAX
#define PENDING_MAX 512u
#define TLBI_MAX 64u
#define ENTRIES_MAX (1u << (M_PAGE_SHIFT_MAX - 3))
#define NEAR 2 /* entries beside a watched page's own */

enum item_kind { POINTER, LEAF, COMBINED };

struct item {
	enum item_kind kind;
	int level; /* of the entry that said so; a pointer's table has entries of level + 1 */
	uint64_t value; /* address of the table, or the leaf's descriptor */
	const uint64_t *entry; /* where it was fetched */
	uint64_t since; /* events before that */
};

struct set {
	struct item item[SET_MAX];
	unsigned int n;
};

/* A store that walks may not have seen yet. */
struct pending {
	const uint64_t *p;
	uint64_t old;
	unsigned int cpu;
};

static struct {
	struct m_regime regime;
	struct set set[M_CPUS][M_WATCHED];
	unsigned int sets; /* 1: the first is every CPU's; else M_CPUS */
	struct pending pending[PENDING_MAX];
	unsigned int pendings;
	struct m_tlbi tlbi[M_CPUS][TLBI_MAX];
	unsigned int tlbis[M_CPUS];
	bool may_conflict;
	uint64_t digest; /* of the sets */
	uint64_t index[M_WATCHED][4]; /* of the entry for a page, by level */
	/* By index in a table of any level: walks for watched pages may read it; it is near one. */
	bool read[ENTRIES_MAX], near[ENTRIES_MAX];
} mmu;

static bool is_leaf_item(const struct item *i)
{
	return i->kind != POINTER;
}

static uint64_t size_of(const struct item *i)
{
	return UINT64_C(1) << m_regime_shift(&mmu.regime, i->level);
}

static uint64_t pa_of(const struct item *i, const struct m_decoded *d, unsigned int w)
{
	return d->address + (m.cfg.watched[w] & (size_of(i) - 1));
}

/* --- rule 2: no two translations of one address that may not coexist ---------------- */

static bool same_memory(const struct item *a, const struct item *b, unsigned int w)
{
	struct m_decoded da = m_regime_read(&mmu.regime, a->value, a->level);
	struct m_decoded db = m_regime_read(&mmu.regime, b->value, b->level);

	return pa_of(a, &da, w) == pa_of(b, &db, w) && da.attributes == db.attributes;
}

static bool same_size(const struct item *a, const struct item *b)
{
	struct m_decoded da = m_regime_read(&mmu.regime, a->value, a->level);
	struct m_decoded db = m_regime_read(&mmu.regime, b->value, b->level);

	return a->level == b->level && da.contiguous == db.contiguous;
}

/* FEAT_BBM level 2: a difference of size alone may at worst raise a conflict abort. */
static bool may_coexist(const struct item *a, const struct item *b, unsigned int w)
{
	bool size = same_size(a, b);

	if (!same_memory(a, b, w))
		return false;
	mmu.may_conflict |= !size;
	return size || m.cfg.bbm == 2;
}

static void report_conflict(unsigned int cpu, unsigned int w, const struct item *held,
			    const struct item *added)
{
	m_violation("rule 2: CPU%u may hold two translations of IPA %llx: level %d "
		    "%016llx and level %d %016llx",
		    cpu, (unsigned long long)m.cfg.watched[w], held->level,
		    (unsigned long long)held->value, added->level,
		    (unsigned long long)added->value);
	m_blame(held->entry, held->since + 1);
}

static void check_conflict(const struct set *s, const struct item *added, unsigned int cpu,
			   unsigned int w)
{
	for (unsigned int i = 0; i < s->n; i++) {
		const struct item *item = &s->item[i];

		if (is_leaf_item(item) && !may_coexist(item, added, w))
			report_conflict(cpu, w, item, added);
	}
}

bool m_may_conflict(void)
{
	return mmu.may_conflict;
}

/* --- growing ------------------------------------------------------------------------- */

static void check_item(unsigned int cpu, unsigned int w, const struct item *added)
{
	struct m_decoded d = m_regime_read(&mmu.regime, added->value, added->level);

	if (added->kind == POINTER && m_is_free(added->value)) {
		m_violation("rule 1: a walk for IPA %llx goes through a table that is free",
			    (unsigned long long)m.cfg.watched[w]);
		m_blame(added->entry, 0);
	}
	if (!is_leaf_item(added))
		return;
	check_conflict(&mmu.set[cpu][w], added, cpu, w);
	m_caches_check(m.cfg.watched[w], &d, pa_of(added, &d, w));
}

/* An item that comes, or goes: when it was fetched is for reports alone. */
static void toggle(const struct set *s, const struct item *i)
{
	mmu.digest ^= m_mix(m_mix_place(s, i->value), (uint64_t)i->level << 2 | i->kind);
}

static bool add(unsigned int cpu, unsigned int w, struct item added)
{
	struct set *s = &mmu.set[cpu][w];

	for (unsigned int i = 0; i < s->n; i++) {
		if (s->item[i].kind == added.kind && s->item[i].level == added.level &&
		    s->item[i].value == added.value)
			return false;
	}
	if (s->n == SET_MAX) {
		m_violation("the machine's set of cached entries is full");
		return false;
	}
	added.since = m.events;
	check_item(cpu, w, &added);
	s->item[s->n++] = added;
	toggle(s, &added);
	return true;
}

/* FEAT_BBM level 1: what a block with nT says is not cached. */
static bool has_nt(uint64_t value, int level)
{
	return m.cfg.bbm && level < 3 && value >> 16 & 1;
}

/* It is used all the same: whatever is cached may differ from it in size alone. */
static void check_nt(unsigned int cpu, unsigned int w, const struct item *block)
{
	const struct set *s = &mmu.set[cpu][w];

	for (unsigned int i = 0; i < s->n; i++) {
		if (is_leaf_item(&s->item[i]) && !same_memory(&s->item[i], block, w))
			report_conflict(cpu, w, &s->item[i], block);
	}
}

static bool grow_leaf(unsigned int cpu, unsigned int w, struct item leaf)
{
	bool grew;

	if (has_nt(leaf.value, leaf.level)) {
		check_nt(cpu, w, &leaf);
		return false;
	}
	grew = add(cpu, w, leaf);
	leaf.kind = COMBINED;
	return add(cpu, w, leaf) || grew;
}

/*
 * One value that a walk may see in an entry of `level`, which stands `distance`
 * entries behind the page's own: then only what a contiguous group says counts.
 */
static bool grow_value(unsigned int cpu, unsigned int w, const uint64_t *entry, uint64_t value,
		       int level, int64_t distance)
{
	struct m_decoded d = m_regime_read(&mmu.regime, value, level);

	if (distance && !d.contiguous)
		return false;
	if (distance)
		value = m_regime_neighbour(&mmu.regime, value, level, -distance);
	if (d.type == M_TABLE)
		return add(cpu, w, (struct item){POINTER, level, d.address, entry, 0});
	if (d.type == M_LEAF && (d.af || mmu.regime.ha))
		return grow_leaf(cpu, w, (struct item){LEAF, level, value, entry, 0});
	return false;
}

static bool grow_entry(unsigned int cpu, unsigned int w, const uint64_t *entry, int level,
		       int64_t distance)
{
	bool grew = grow_value(cpu, w, entry, *entry, level, distance);

	for (unsigned int i = 0; i < mmu.pendings; i++) {
		if (mmu.pending[i].p == entry)
			grew |= grow_value(cpu, w, entry, mmu.pending[i].old, level, distance);
	}
	return grew;
}

/* A group may be cached as one, from whichever of its members was walked to. */
static bool grow_group(unsigned int cpu, unsigned int w, const uint64_t *entry, int level)
{
	int64_t entries = INT64_C(1) << m_regime_group(&mmu.regime, level);
	int64_t own = (int64_t)mmu.index[w][level] & (entries - 1);
	bool grew = false;

	for (int64_t i = 0; i < entries; i++)
		grew |= grow_entry(cpu, w, entry + (i - own), level, i - own);
	return grew;
}

/* The entry for a watched page in the table at `pa`, whose entries are of `level`. */
static const uint64_t *entry_in(uint64_t pa, unsigned int w, int level)
{
	const uint64_t *table = m_table(pa);

	if (table)
		return &table[mmu.index[w][level]];
	m_violation("rule 1: a walk for IPA %llx goes to %llx, where no table is",
		    (unsigned long long)m.cfg.watched[w], (unsigned long long)pa);
	return NULL;
}

static bool grow_from(unsigned int cpu, unsigned int w, uint64_t pa, int level)
{
	const uint64_t *entry = entry_in(pa, w, level);

	if (!entry)
		return false;
	return m.cfg.contiguous ? grow_group(cpu, w, entry, level)
				: grow_entry(cpu, w, entry, level, 0);
}

static uint64_t root(void)
{
	return m_regime_root(&mmu.regime, m.cfg.vttbr);
}

/* A combined entry can be made of a cached leaf at any time. */
static bool combine(unsigned int cpu, unsigned int w)
{
	struct set *s = &mmu.set[cpu][w];
	bool grew = false;

	for (unsigned int i = 0; i < s->n; i++) {
		struct item combined = s->item[i];

		if (combined.kind != LEAF)
			continue;
		combined.kind = COMBINED;
		grew |= add(cpu, w, combined);
	}
	return grew;
}

static void grow(unsigned int cpu, unsigned int w)
{
	struct set *s = &mmu.set[cpu][w];
	bool grew;

	do {
		grew = grow_from(cpu, w, root(), mmu.regime.start);
		for (unsigned int i = 0; i < s->n; i++) {
			if (s->item[i].kind == POINTER)
				grew |= grow_from(cpu, w, s->item[i].value, s->item[i].level + 1);
		}
		grew |= combine(cpu, w);
	} while (grew && m_run_ok());
}

static void grow_all(void)
{
	for (unsigned int cpu = 0; cpu < mmu.sets; cpu++) {
		for (unsigned int w = 0; w < m.cfg.watched_count; w++)
			grow(cpu, w);
	}
}

/*
 * One entry has another value now, in a table at `pa` that walks for `w` may be at.  The set
 * had grown to its full size before: only what that value says can be new.
 */
static bool grow_changed(unsigned int cpu, unsigned int w, const uint64_t *changed, uint64_t pa,
			 int level)
{
	const uint64_t *entry = entry_in(pa, w, level);
	int64_t entries = INT64_C(1) << (m.cfg.contiguous ? m_regime_group(&mmu.regime, level) : 0);
	int64_t own = (int64_t)mmu.index[w][level] & (entries - 1);
	int64_t distance = entry ? changed - entry : entries;

	if (distance < -own || distance >= entries - own)
		return false;
	return grow_value(cpu, w, changed, *changed, level, distance);
}

static void grow_by(unsigned int cpu, unsigned int w, const uint64_t *changed)
{
	struct set *s = &mmu.set[cpu][w];
	bool grew = grow_changed(cpu, w, changed, root(), mmu.regime.start);

	for (unsigned int i = 0; i < s->n && !grew; i++) {
		if (s->item[i].kind == POINTER)
			grew = grow_changed(cpu, w, changed, s->item[i].value,
					    s->item[i].level + 1);
	}
	if (grew)
		grow(cpu, w);
}

static size_t index_of(const uint64_t *p)
{
	uint64_t offset = m_table_pa(p) - M_ARENA_PA;

	return (offset & ((UINT64_C(1) << mmu.regime.granule) - 1)) / M_ENTRY_BYTES;
}

/* Whether two entries of `level`, by their offsets, are one, or in one contiguous group. */
static bool are_looked_at_together(uint64_t a, uint64_t b, int level)
{
	unsigned int group = m.cfg.contiguous ? m_regime_group(&mmu.regime, level) : 0;

	return a >> (3 + group) == b >> (3 + group);
}

/* Whether a walk for watched page `w` could read this entry: its index alone can tell. */
static bool may_read(const uint64_t *p, unsigned int w)
{
	uint64_t offset = m_table_pa(p) - M_ARENA_PA;
	uint64_t root_offset = root() - M_ARENA_PA;
	const uint64_t *index = mmu.index[w];
	int start = mmu.regime.start;

	if (are_looked_at_together(offset, root_offset + 8 * index[start], start))
		return true;
	for (int level = start + 1; level <= 3; level++) {
		if (are_looked_at_together(offset & ((8u << mmu.regime.stride) - 1),
					   8 * index[level], level))
			return true;
	}
	return false;
}

/*
 * The same value in the same place by the same CPU: the later one can be seen for
 * as long as the earlier one could, and longer.
 */
static void forget_pending(const struct pending *like)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < mmu.pendings; i++) {
		const struct pending *p = &mmu.pending[i];

		if (p->p != like->p || p->old != like->old || p->cpu != like->cpu)
			mmu.pending[kept++] = *p;
	}
	mmu.pendings = kept;
}

static void add_pending(const uint64_t *p, uint64_t old)
{
	struct pending added = {p, old, m_cpu()};

	forget_pending(&added);
	if (mmu.pendings == PENDING_MAX)
		m_violation("the machine's list of pending stores is full");
	else
		mmu.pending[mmu.pendings++] = added;
}

/* The sets of other pages are as large as they can be already. */
void m_mmu_store(const uint64_t *p, uint64_t old)
{
	bool is_pending = false;

	if (!m_mmu_may_read(p))
		return;
	for (unsigned int w = 0; w < m.cfg.watched_count; w++) {
		if (!may_read(p, w))
			continue;
		if (!is_pending)
			add_pending(p, old);
		is_pending = true;
		for (unsigned int cpu = 0; cpu < mmu.sets; cpu++)
			grow_by(cpu, w, p);
	}
}

/* --- shrinking ------------------------------------------------------------------------- */

/* What a TLBI by address covers, and the hint it gives. */
struct operand {
	uint64_t first, last; /* IPAs */
	int level; /* -1: no hint */
	bool valid; /* it invalidates anything at all */
};

static const unsigned int granule_of_field[] = {0, 12, 14, 16};

/* Arm ARM, "TLBI IPAS2E1IS": IPA[51:12] in 39:0, TTL in 47:44. */
static struct operand decode_ipa(uint64_t operand)
{
	struct operand o = {.level = -1, .valid = true};
	unsigned int ttl = operand >> 44 & 0xf;

	o.first = (operand & 0xffffffffff) << 12;
	o.last = o.first + (UINT64_C(1) << mmu.regime.granule) - 1;
	/* Level 0 has no leaves without LPA2: no hint then. */
	if (m.cfg.ttl && ttl >> 2 && (ttl & 3 || mmu.regime.ds)) {
		o.level = (int)(ttl & 3);
		o.valid = granule_of_field[ttl >> 2] == mmu.regime.granule;
	}
	return o;
}

/* Arm ARM, "TLBI RIPAS2E1IS": BaseADDR 36:0, TTL 38:37, NUM 43:39, SCALE 45:44, TG 47:46. */
static struct operand decode_range(uint64_t operand)
{
	struct operand o = {.level = -1};
	unsigned int shift = mmu.regime.ds ? 16 : mmu.regime.granule;
	uint64_t pages = ((operand >> 39 & 31) + 1) << (5 * (operand >> 44 & 3) + 1);

	o.first = (operand & ((UINT64_C(1) << 37) - 1)) << shift;
	o.last = o.first + (pages << mmu.regime.granule) - 1;
	o.valid = granule_of_field[operand >> 46 & 3] == mmu.regime.granule;
	if (m.cfg.ttl && operand >> 37 & 3)
		o.level = (int)(operand >> 37 & 3);
	if (o.level >= 0 && o.first & ((UINT64_C(1) << m_regime_shift(&mmu.regime, o.level)) - 1))
		o.valid = false;
	return o;
}

/* Whether what an item translates meets the range that an operand names. */
static bool meets(const struct item *i, unsigned int w, const struct operand *o)
{
	uint64_t first = m.cfg.watched[w] & ~(size_of(i) - 1);

	return first <= o->last && o->first <= first + size_of(i) - 1;
}

/*
 * By address: a leaf goes if any address that it translates is named.  For a walk
 * of the watched page to be cured, however, its own address must be: a TLB may
 * hold a block in pieces.  Pointers go unless only the last level is asked for,
 * or a hint names another level than that of the leaf.
 */
static bool removes_address(const struct m_tlbi *t, const struct item *i, unsigned int w)
{
	struct operand o =
		t->op == M_TLBI_IPAS2 ? decode_ipa(t->operand) : decode_range(t->operand);
	uint64_t page = m.cfg.watched[w];

	if (!o.valid || i->kind == COMBINED || !meets(i, w, &o))
		return false;
	if (i->kind == POINTER)
		return !t->last_level && o.level < 0;
	if (o.level >= 0)
		return o.level == i->level;
	return t->op == M_TLBI_IPAS2 || (o.first <= page && page <= o.last);
}

static bool removes(const struct m_tlbi *t, const struct item *i, unsigned int w)
{
	if (t->op == M_TLBI_ALLE1)
		return true;
	if (t->vttbr >> 48 != m.cfg.vttbr >> 48)
		return false;
	if (t->op == M_TLBI_VMALLS12)
		return true;
	if (t->op == M_TLBI_VMALLE1)
		return i->kind == COMBINED;
	return removes_address(t, i, w);
}

/* True if something went. */
static bool shrink(const struct m_tlbi *t, unsigned int cpu, unsigned int w)
{
	struct set *s = &mmu.set[cpu][w];
	unsigned int kept = 0, before = s->n;

	for (unsigned int i = 0; i < s->n; i++) {
		if (removes(t, &s->item[i], w))
			toggle(s, &s->item[i]);
		else
			s->item[kept++] = s->item[i];
	}
	s->n = kept;
	return kept < before;
}

/* From now on CPUs may have cached different things. */
static void tell_apart(void)
{
	for (unsigned int cpu = 1; cpu < M_CPUS && mmu.sets == 1; cpu++) {
		memcpy(mmu.set[cpu], mmu.set[0], sizeof(mmu.set[0]));
		for (unsigned int w = 0; w < m.cfg.watched_count; w++) {
			for (unsigned int i = 0; i < mmu.set[cpu][w].n; i++)
				toggle(&mmu.set[cpu][w], &mmu.set[cpu][w].item[i]);
		}
	}
	mmu.sets = M_CPUS;
}

static void apply(const struct m_tlbi *t, unsigned int issuer)
{
	if (t->local)
		tell_apart();
	for (unsigned int cpu = 0; cpu < mmu.sets; cpu++) {
		if (t->local && cpu != issuer)
			continue;
		for (unsigned int w = 0; w < m.cfg.watched_count; w++) {
			if (shrink(t, cpu, w))
				grow(cpu, w);
		}
	}
}

void m_mmu_tlbi(struct m_tlbi tlbi)
{
	unsigned int cpu = m_cpu();

	if (mmu.tlbis[cpu] < TLBI_MAX)
		mmu.tlbi[cpu][mmu.tlbis[cpu]++] = tlbi;
	else
		m_violation("the machine's list of TLBIs in flight is full");
}

/* A DSB completes a broadcast TLBI if it is not limited to stores, or to this CPU. */
static bool completes(enum m_dsb kind, const struct m_tlbi *t)
{
	return kind == M_DSB_ISH || (kind == M_DSB_NSH && t->local);
}

bool m_mmu_owes_tlbi(enum m_dsb kind)
{
	unsigned int cpu = m_cpu();

	for (unsigned int i = 0; i < mmu.tlbis[cpu]; i++) {
		if (completes(kind, &mmu.tlbi[cpu][i]))
			return true;
	}
	return false;
}

/* Between two TLBIs without a DSB there is no order: the worst is stage 1 before stage 2. */
static void complete_tlbis(enum m_dsb kind, bool stage1)
{
	unsigned int cpu = m_cpu();
	unsigned int kept = 0;

	for (unsigned int i = 0; i < mmu.tlbis[cpu]; i++) {
		struct m_tlbi t = mmu.tlbi[cpu][i];

		if (completes(kind, &t) && (t.op == M_TLBI_VMALLE1) == stage1)
			apply(&t, cpu);
		else
			mmu.tlbi[cpu][kept++] = t;
	}
	mmu.tlbis[cpu] = kept;
}

/* Whether this CPU has stored there at or after the store `i`. */
static bool overtaken(unsigned int i)
{
	for (unsigned int later = i; later < mmu.pendings; later++) {
		if (mmu.pending[later].p == mmu.pending[i].p && mmu.pending[later].cpu == m_cpu())
			return true;
	}
	return false;
}

/*
 * This CPU's stores are visible to all walks now, and so is whatever came before
 * them in the same entry, by whomever: all observers agree on the order of stores
 * to one location.
 */
static void complete_stores(void)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < mmu.pendings; i++) {
		if (!overtaken(i))
			mmu.pending[kept++] = mmu.pending[i];
	}
	mmu.pendings = kept;
}

/*
 * TLBIs first: a store that was not visible when the TLBI was issued may be
 * missed by the walk that refills right after it.
 */
void m_mmu_dsb(enum m_dsb kind)
{
	complete_tlbis(kind, true);
	complete_tlbis(kind, false);
	if (kind != M_DSB_NSH)
		complete_stores();
}

/*
 * A page that is free will be filled anew and published with release: no walk can
 * see through the new pointer what was stored before that.
 */
void m_mmu_forget(void)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < mmu.pendings; i++) {
		if (!m_is_free(m_table_pa(mmu.pending[i].p)))
			mmu.pending[kept++] = mmu.pending[i];
	}
	mmu.pendings = kept;
}

/* How many stores to the same entry came before. */
static unsigned int rank_of(unsigned int i)
{
	unsigned int rank = 0;

	for (unsigned int before = 0; before < i; before++)
		rank += mmu.pending[before].p == mmu.pending[i].p;
	return rank;
}

/* TLBIs in flight follow from what their CPU has read. */
uint64_t m_mmu_digest(void)
{
	uint64_t digest = mmu.digest ^ mmu.may_conflict;

	for (unsigned int i = 0; i < mmu.pendings; i++) {
		const struct pending *p = &mmu.pending[i];

		digest ^= m_mix(m_mix_place(p->p, p->old), (uint64_t)rank_of(i) << 8 | p->cpu);
	}
	return digest;
}

/* --- questions ------------------------------------------------------------------------- */

static void report_freed(unsigned int cpu, unsigned int w, const struct item *i)
{
	m_violation("rule 4: a table was freed that CPU%u may still walk for IPA %llx", cpu,
		    (unsigned long long)m.cfg.watched[w]);
	m_blame(i->entry, i->since + 1);
}

void m_mmu_check_free(void)
{
	for (unsigned int cpu = 0; cpu < mmu.sets; cpu++) {
		for (unsigned int w = 0; w < m.cfg.watched_count; w++) {
			const struct set *s = &mmu.set[cpu][w];

			for (unsigned int i = 0; i < s->n; i++) {
				if (s->item[i].kind == POINTER && m_is_free(s->item[i].value))
					report_freed(cpu, w, &s->item[i]);
			}
		}
	}
}

static struct m_translation translation(uint64_t ipa, uint64_t desc, int level)
{
	struct m_decoded d = m_regime_read(&mmu.regime, desc, level);
	uint64_t offset = ipa & ((UINT64_C(1) << m_regime_shift(&mmu.regime, level)) - 1);

	if (d.type != M_LEAF)
		return (struct m_translation){.mapped = false, .owned = (desc & 0xf) == 2};
	return (struct m_translation){.mapped = true,
				      .pa = d.address + offset,
				      .attributes = d.attributes,
				      .read = d.read,
				      .write = d.write,
				      .exec = d.exec,
				      .logged = d.dbm,
				      .young = d.af};
}

struct m_translation m_translate(uint64_t ipa)
{
	uint64_t pa = root();

	for (int level = mmu.regime.start;; level++) {
		const uint64_t *table = m_table(pa);
		uint64_t desc = table ? table[m_regime_index(&mmu.regime, ipa, level)] : 0;
		struct m_decoded d = m_regime_read(&mmu.regime, desc, level);

		if (d.type != M_TABLE)
			return translation(ipa, desc, level);
		pa = d.address;
	}
}

bool m_same_translation(const struct m_translation *a, const struct m_translation *b)
{
	if (!a->mapped || !b->mapped)
		return a->mapped == b->mapped && a->owned == b->owned;
	return a->pa == b->pa && a->attributes == b->attributes && a->read == b->read &&
	       a->write == b->write && a->exec == b->exec && a->logged == b->logged;
}

/* A cached translation may allow less than it should, but nothing else. */
static bool within(const struct m_translation *cached, const struct m_translation *t)
{
	return t->mapped && t->pa == cached->pa && t->attributes == cached->attributes &&
	       t->read >= cached->read && t->write >= cached->write && t->exec >= cached->exec;
}

static bool within_any(const struct m_translation *cached, const struct m_translation *t,
		       unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (within(cached, &t[i]))
			return true;
	}
	return false;
}

bool m_cached_beyond(unsigned int w, const struct m_translation *t, unsigned int n,
		     struct m_stale *stale)
{
	for (unsigned int cpu = 0; cpu < mmu.sets; cpu++) {
		const struct set *s = &mmu.set[cpu][w];

		for (unsigned int i = 0; i < s->n; i++) {
			const struct item *item = &s->item[i];
			struct m_translation cached =
				translation(m.cfg.watched[w], item->value, item->level);

			if (!is_leaf_item(item) || within_any(&cached, t, n))
				continue;
			(void)snprintf(stale->what, sizeof(stale->what),
				       "CPU%u, %s, level %d, %016llx", cpu,
				       item->kind == LEAF ? "stage 2" : "combined", item->level,
				       (unsigned long long)item->value);
			stale->entry = item->entry;
			stale->fetched = item->since + 1;
			return true;
		}
	}
	return false;
}

void m_decode(uint64_t desc, int level, struct m_decoded *d)
{
	*d = m_regime_read(&mmu.regime, desc, level);
}

unsigned int m_mmu_cached(unsigned int cpu, unsigned int w, struct m_cached *cached)
{
	const struct set *s = &mmu.set[mmu.sets == 1 ? 0 : cpu][w];

	for (unsigned int i = 0; i < s->n; i++) {
		const struct item *item = &s->item[i];

		cached[i] = (struct m_cached){.pointer = item->kind == POINTER,
					      .combined = item->kind == COMBINED,
					      .level = item->level,
					      .value = item->value};
	}
	return s->n;
}

bool m_mmu_alike(void)
{
	return mmu.sets == 1;
}

bool m_mmu_is_stale(unsigned int w, const struct m_cached *cached)
{
	uint64_t ipa = m.cfg.watched[w];
	struct m_translation now = m_translate(ipa);
	struct m_translation then = translation(ipa, cached->value, cached->level);

	return !within(&then, &now);
}

const uint64_t *m_mmu_unseen(unsigned int i, uint64_t *old)
{
	if (i >= mmu.pendings)
		return NULL;
	*old = mmu.pending[i].old;
	return mmu.pending[i].p;
}

unsigned int m_mmu_in_flight(unsigned int cpu)
{
	return mmu.tlbis[cpu];
}

static bool accessed_in(uint64_t pa, unsigned int w, int level, bool write)
{
	uint64_t *entry = (uint64_t *)(uintptr_t)entry_in(pa, w, level);
	struct m_decoded d;
	uint64_t set;

	if (!entry)
		return false;
	d = m_regime_read(&mmu.regime, *entry, level);
	set = d.af ? 0 : UINT64_C(1) << 10;
	if (d.type != M_LEAF || !mmu.regime.ha)
		return false;
	if (write && mmu.regime.hd && d.dbm && !d.write)
		set |= UINT64_C(1) << 7;
	return set && m_hardware_cas(entry, *entry, *entry | set);
}

/* An unlinked table may still be in a walk cache: the hardware may write there too. */
bool m_hardware_access(unsigned int w, bool write)
{
	const struct set *s = &mmu.set[mmu.sets - 1][w];

	if (accessed_in(root(), w, mmu.regime.start, write))
		return true;
	for (unsigned int i = 0; i < s->n; i++) {
		if (s->item[i].kind == POINTER &&
		    accessed_in(s->item[i].value, w, s->item[i].level + 1, write))
			return true;
	}
	return false;
}

bool m_mmu_may_read(const uint64_t *p)
{
	return mmu.read[index_of(p)];
}

static bool reaches(const struct set *s, unsigned int w, const uint64_t *p)
{
	if (entry_in(root(), w, mmu.regime.start) == p)
		return true;
	for (unsigned int i = 0; i < s->n; i++) {
		const struct item *item = &s->item[i];

		if (item->kind == POINTER && entry_in(item->value, w, item->level + 1) == p)
			return true;
	}
	return false;
}

bool m_mmu_is_reached(const uint64_t *p)
{
	for (unsigned int cpu = 0; cpu < mmu.sets; cpu++) {
		for (unsigned int w = 0; w < m.cfg.watched_count; w++) {
			if (reaches(&mmu.set[cpu][w], w, p))
				return true;
		}
	}
	return false;
}

bool m_mmu_is_near(const uint64_t *p)
{
	return mmu.near[index_of(p)];
}

static void find_indices(void)
{
	for (unsigned int w = 0; w < m.cfg.watched_count; w++) {
		for (int level = mmu.regime.start; level <= 3; level++)
			mmu.index[w][level] = m_regime_index(&mmu.regime, m.cfg.watched[w], level);
	}
}

static void find_near(unsigned int w, int level)
{
	uint64_t entries = UINT64_C(1) << mmu.regime.stride, own = mmu.index[w][level];
	uint64_t group = UINT64_C(1) << (m.cfg.contiguous ? m_regime_group(&mmu.regime, level) : 0);

	for (uint64_t i = own - NEAR; i != own + NEAR + 1; i++)
		mmu.near[i & (entries - 1)] = true;
	for (uint64_t i = 0; i < group; i++)
		mmu.read[((own & ~(group - 1)) + i) & (entries - 1)] = true;
}

static void find_entries(void)
{
	memset(mmu.read, 0, (size_t)1 << mmu.regime.stride);
	memset(mmu.near, 0, (size_t)1 << mmu.regime.stride);
	for (unsigned int w = 0; w < m.cfg.watched_count; w++) {
		for (int level = mmu.regime.start; level <= 3; level++)
			find_near(w, level);
	}
}

void m_mmu_begin(void)
{
	memset(mmu.tlbis, 0, sizeof(mmu.tlbis));
	mmu.pendings = 0;
	mmu.may_conflict = false;
	mmu.digest = 0;
	mmu.sets = 1;
	for (unsigned int w = 0; w < M_WATCHED; w++)
		mmu.set[0][w].n = 0;
	(void)m_regime_decode(&mmu.regime, m.cfg.vtcr);
	find_indices();
	find_entries();
	grow_all();
}
