/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Keeping the records.
 *
 * The engine fills a table by plain stores as long as nobody else can see it: so what is
 * in one is recorded when an entry that leads to it is.  Which pages can be tables is
 * known from the caches that they come from.
 */
#include "record.h"

#include <stdbool.h>
#include <stddef.h>

#include <stage2/descriptor.h>
#include <stage2/platform.h>

#include "../console.h"
#include "../guest.h"
#include "../memory.h"
#include "../report.h"
#include "../vcpu.h"
#include "text.h"

#define TABLE (S2_DESC_VALID | S2_DESC_TABLE)
#define PAGE_SHIFT 12u
#define PAGES ((RAM_PA - BOARD_RAM_PA) >> PAGE_SHIFT)
#define WAITING_MAX 1024u

struct event {
	uint64_t a, b, c;
	uint32_t count;
	uint8_t kind, cpu;
};

#define EVENTS_MAX ((RECORD_MIB - RECORD_MIB / 8) * MIB / sizeof(struct event))
#define CALLS_MAX (RECORD_MIB / 8 * MIB / sizeof(struct call))

static struct {
	bool locked;
	uint64_t events, calls; /* that there were */
	uint64_t stores; /* of these */
	uint64_t section[MAX_CPUS]; /* how many there were when each CPU was last quiescent */
	uint64_t vttbr[MAX_CPUS]; /* of each CPU when it was last seen */
	uint64_t tables[PAGES / 64]; /* a bit for each page that can be one */
	uint64_t linked[PAGES / 64]; /* and whose contents are recorded */
} record;

void record_lock(void)
{
	while (__atomic_test_and_set(&record.locked, __ATOMIC_ACQUIRE))
		__asm__ volatile("yield");
}

void record_unlock(void)
{
	__atomic_clear(&record.locked, __ATOMIC_RELEASE);
}

/* --- memory ---------------------------------------------------------------------- */

static struct event *events(void)
{
	return (struct event *)(uintptr_t)(s2p_memory.base + s2p_memory.size);
}

static struct call *calls(void)
{
	return (struct call *)(events() + EVENTS_MAX);
}

static struct event *next_event(enum record_kind kind)
{
	static struct event lost;
	struct event *e = record.events < EVENTS_MAX ? &events()[record.events] : &lost;

	record.events++;
	*e = (struct event){.kind = (uint8_t)kind, .cpu = (uint8_t)vcpu_this()->index};
	return e;
}

/* --- tables ---------------------------------------------------------------------- */

static uint64_t page_number(uint64_t pa)
{
	return (pa - BOARD_RAM_PA) >> PAGE_SHIFT;
}

static bool is_set(const uint64_t *bits, uint64_t pa)
{
	uint64_t page = page_number(pa);

	return page < PAGES && bits[page / 64] >> page % 64 & 1;
}

static void set(uint64_t *bits, uint64_t pa)
{
	bits[page_number(pa) / 64] |= UINT64_C(1) << page_number(pa) % 64;
}

static void clear(uint64_t *bits, uint64_t pa)
{
	bits[page_number(pa) / 64] &= ~(UINT64_C(1) << page_number(pa) % 64);
}

static uint64_t table_in(uint64_t desc)
{
	return desc & ((UINT64_C(1) << 48) - guest_page_size());
}

/* A table whose contents are not recorded yet. */
static bool leads_to_new(uint64_t desc)
{
	return (desc & TABLE) == TABLE && is_set(record.tables, table_in(desc)) &&
	       !is_set(record.linked, table_in(desc));
}

/* Entries from `i` on that go up by the same step. */
static uint32_t length_of_run(const uint64_t *table, uint32_t i, uint32_t entries)
{
	uint32_t n = 1;

	if (i + 1 == entries || !table[i + 1])
		return 1;
	while (i + n < entries && table[i + n] - table[i + n - 1] == table[i + 1] - table[i])
		n++;
	return n;
}

static void record_run(const uint64_t *entry, uint32_t n)
{
	struct event *e = next_event(RECORD_FILL);

	e->a = (uintptr_t)entry;
	e->b = *entry;
	e->c = n > 1 ? entry[1] - entry[0] : 0;
	e->count = n;
}

static void record_contents(const uint64_t *table)
{
	uint32_t entries = (uint32_t)(guest_page_size() / sizeof(*table)), n;

	next_event(RECORD_ZERO)->a = (uintptr_t)table;
	for (uint32_t i = 0; i < entries; i += n) {
		n = table[i] ? length_of_run(table, i, entries) : 1;
		if (table[i])
			record_run(&table[i], n);
	}
}

/* A table, and those that hang below it. */
static void record_tables(uint64_t desc)
{
	static uint64_t waiting[WAITING_MAX];
	uint32_t n = 0;

	waiting[n++] = table_in(desc);
	while (n) {
		const uint64_t *table = (const uint64_t *)(uintptr_t)waiting[--n];

		set(record.linked, (uintptr_t)table);
		record_contents(table);
		for (uint64_t i = 0; i < guest_page_size() / sizeof(*table); i++) {
			if (!leads_to_new(table[i]))
				continue;
			if (n < WAITING_MAX)
				waiting[n++] = table_in(table[i]);
			else
				die("too many tables for the record");
		}
	}
}

void record_store(enum record_kind kind, const uint64_t *entry, uint64_t old, uint64_t new)
{
	struct event *e;

	if (leads_to_new(new))
		record_tables(new);
	record.stores++;
	e = next_event(kind);
	e->a = (uintptr_t)entry;
	e->b = old;
	e->c = new;
}

void record_page(const void *page)
{
	set(record.tables, (uintptr_t)page);
}

void record_freed(const struct s2_cache *cache, const uint64_t *before)
{
	record_lock();
	for (const uint64_t *page = cache->head; page != before;
	     page = (const uint64_t *)(uintptr_t)*page) {
		clear(record.linked, (uintptr_t)page);
		next_event(RECORD_FREE)->a = (uintptr_t)page;
	}
	record_unlock();
}

/* --- the rest -------------------------------------------------------------------- */

/* Whoever wrote it has synchronised it: the platform, or the way into the guest. */
void record_vttbr(void)
{
	uint64_t *known = &record.vttbr[vcpu_this()->index], now = read_vttbr_el2();

	if (now == *known)
		return;
	*known = now;
	next_event(RECORD_VTTBR)->a = now;
	next_event(RECORD_ISB);
}

static bool is_tlbi(enum record_kind kind)
{
	return kind >= RECORD_IPAS2E1IS;
}

void record_event(enum record_kind kind, uint64_t a)
{
	if (is_tlbi(kind))
		record_vttbr();
	next_event(kind)->a = a;
}

/* Who waits for others says so again and again, and no table was cut off meanwhile. */
void record_section(enum record_kind kind)
{
	uint64_t *stores = &record.section[vcpu_this()->index];

	if (kind == RECORD_QUIESCENT && *stores == record.stores)
		return;
	*stores = record.stores;
	next_event(kind);
}

void record_call(const struct call *c)
{
	record_lock();
	if (record.calls == CALLS_MAX)
		die("the record of calls is full");
	calls()[record.calls++] = *c;
	record_unlock();
}

/* --- as text ---------------------------------------------------------------------- */

static const struct {
	const char *text;
	uint32_t numbers;
} kinds[RECORD_KINDS] = {
	[RECORD_STORE] = {"store", 3},
	[RECORD_RELEASE] = {"release", 3},
	[RECORD_FILL] = {"fill", 2},
	[RECORD_ZERO] = {"zero", 1},
	[RECORD_DSB_ISHST] = {"dsb ishst", 0},
	[RECORD_DSB_ISH] = {"dsb ish", 0},
	[RECORD_DSB_NSH] = {"dsb nsh", 0},
	[RECORD_ISB] = {"isb", 0},
	[RECORD_VTTBR] = {"vttbr", 1},
	[RECORD_ONLINE] = {"online", 0},
	[RECORD_QUIESCENT] = {"quiescent", 0},
	[RECORD_OFFLINE] = {"offline", 0},
	[RECORD_FREE] = {"free", 1},
	[RECORD_IPAS2E1IS] = {"tlbi IPAS2E1IS", 1},
	[RECORD_IPAS2LE1IS] = {"tlbi IPAS2LE1IS", 1},
	[RECORD_RIPAS2E1IS] = {"tlbi RIPAS2E1IS", 1},
	[RECORD_RIPAS2LE1IS] = {"tlbi RIPAS2LE1IS", 1},
	[RECORD_IPAS2E1] = {"tlbi IPAS2E1", 1},
	[RECORD_VMALLE1IS] = {"tlbi VMALLE1IS", 0},
	[RECORD_VMALLS12E1IS] = {"tlbi VMALLS12E1IS", 0},
	[RECORD_VMALLE1] = {"tlbi VMALLE1", 0},
	[RECORD_ALLE1IS] = {"tlbi ALLE1IS", 0},
};

static const char *const call_names[CALLS] = {
	[CALL_MAP] = "map",
	[CALL_UNMAP] = "unmap",
	[CALL_PROTECT] = "protect",
	[CALL_TOUCH] = "touch",
	[CALL_AGE] = "age",
	[CALL_FLUSH] = "flush",
	[CALL_SPLIT] = "split",
	[CALL_COLLAPSE] = "collapse",
	[CALL_GROUP] = "group",
	[CALL_LOG_START] = "log-start",
	[CALL_LOG_COLLECT] = "log-collect",
	[CALL_LOG_STOP] = "log-stop",
};

/* By name, as the command `stage2` knows them. */
static void write_features(struct text *t)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} known[] = {
		{S2_FEAT_LPA2, "lpa2"},	    {S2_FEAT_FWB, "fwb"},
		{S2_FEAT_TTL, "ttl"},	    {S2_FEAT_HAF, "haf"},
		{S2_FEAT_HD, "hd"},	    {S2_FEAT_TLBIRANGE, "tlbirange"},
		{S2_FEAT_CNP, "cnp"},	    {S2_FEAT_XNX, "xnx"},
		{S2_FEAT_BBM1, "bbm1"},	    {S2_FEAT_BBM2, "bbm2"},
		{S2_FEAT_CONTIG, "contig"},
	};
	const char *before = "features ";

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!(guest.format.features & known[i].bit))
			continue;
		text_put(t, before);
		text_put(t, known[i].name);
		before = ",";
	}
	if (*before == ',')
		text_put(t, "\n");
}

static void write_event(struct text *t, const struct event *e)
{
	const uint64_t number[] = {e->a, e->b, e->c};

	text_decimal(t, e->cpu);
	text_put(t, " ");
	text_put(t, kinds[e->kind].text);
	for (uint32_t i = 0; i < 3 && i < kinds[e->kind].numbers; i++)
		text_hex(t, number[i]);
	if (e->count > 1) {
		text_put(t, " ");
		text_decimal(t, e->count);
		text_hex(t, e->c);
	}
	text_put(t, "\n");
}

static void write_trace(void)
{
	static struct text t;

	text_open(&t, "stage2.trace");
	text_put(&t, "stage2-trace 1\n");
	write_features(&t);
	text_put(&t, "vtcr");
	text_hex(&t, guest.format.vtcr);
	text_put(&t, "\n");
	for (uint64_t i = 0; i < record.events; i++)
		write_event(&t, &events()[i]);
	text_put(&t, "end\n");
	text_close(&t);
}

static void write_call(struct text *t, const struct call *c)
{
	static const uint8_t arguments[CALLS] = {
		[CALL_MAP] = 5,	  [CALL_UNMAP] = 3,	[CALL_PROTECT] = 4,	[CALL_TOUCH] = 2,
		[CALL_AGE] = 3,	  [CALL_FLUSH] = 0,	[CALL_SPLIT] = 4,	[CALL_COLLAPSE] = 3,
		[CALL_GROUP] = 2, [CALL_LOG_START] = 3, [CALL_LOG_COLLECT] = 3, [CALL_LOG_STOP] = 3,
	};

	text_decimal(t, c->vcpu);
	text_put(t, " ");
	text_decimal(t, c->start - calls()[0].start);
	text_put(t, " ");
	text_decimal(t, c->end - c->start);
	text_put(t, " ");
	text_put(t, call_names[c->name]);
	for (uint32_t i = 0; i < arguments[c->name]; i++)
		text_hex(t, c->argument[i]);
	text_put(t, "\n");
}

static void write_workload(void)
{
	static struct text t;

	text_open(&t, "stage2.workload");
	text_put(&t, "stage2-workload 1\n");
	write_features(&t);
	text_put(&t, "vtcr");
	text_hex(&t, guest.format.vtcr);
	text_put(&t, "\nfrequency ");
	text_decimal(&t, read_cntfrq_el0());
	text_put(&t, "\n");
	for (uint64_t i = 0; i < record.calls; i++)
		write_call(&t, &calls()[i]);
	text_put(&t, "end\n");
	text_close(&t);
}

void record_write(void)
{
	if (record.events > EVENTS_MAX)
		say("stage2: %lu steps are too many for a trace: the calls alone are recorded\n",
		    record.events);
	else
		write_trace();
	write_workload();
}
