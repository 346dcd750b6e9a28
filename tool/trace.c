/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "features.h"
#include "number.h"
#include "trace.h"

#define PA_MAX ((UINT64_C(1) << 52) - 1)

/* --- header ---------------------------------------------------------------------- */

/* The first words of a file say what it is. */
static void read_version(struct lines *l)
{
	if (!lines_next(l) || !lines_is(l, 0, "stage2-trace"))
		lines_bad(l, "no trace: its first line is not 'stage2-trace 1'");
	lines_expect(l, 2, 2);
	if (lines_number(l, 1, UINT64_MAX) != 1)
		lines_bad(l, "version %s of the format: only 1 is known", l->word[1]);
}

static void read_features(struct trace *t, uint32_t *features)
{
	lines_expect(&t->lines, 2, 2);
	if (features_find(t->lines.word[1], features))
		lines_bad(&t->lines, "'%.60s' is no list of features", t->lines.word[1]);
}

static void read_cpus(struct trace *t)
{
	uint64_t n = lines_number(&t->lines, 1, TRACE_CPUS);

	lines_expect(&t->lines, 2, 2);
	if (!n)
		lines_bad(&t->lines, "0 CPUs");
	t->cpus = n < TRACE_CPUS ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
}

/* VTCR_EL2 comes last: all that is said of CPUs is known then. */
void trace_begin(struct trace *t)
{
	uint32_t features = 0;
	const char *reason;

	t->cpus = UINT64_MAX;
	read_version(&t->lines);
	for (;;) {
		if (!lines_next(&t->lines))
			lines_bad(&t->lines, "no line 'vtcr VALUE'");
		if (lines_is(&t->lines, 0, "features"))
			read_features(t, &features);
		else if (lines_is(&t->lines, 0, "cpus"))
			read_cpus(t);
		else
			break;
	}
	if (!lines_is(&t->lines, 0, "vtcr"))
		lines_bad(&t->lines, "'%.40s': a line 'vtcr VALUE' has to come before all events",
			  t->lines.word[0]);
	lines_expect(&t->lines, 2, 2);
	reason = regime_decode(&t->regime, lines_number(&t->lines, 1, UINT64_MAX), features);
	if (reason)
		lines_bad(&t->lines, "%s", reason);
}

/* --- events ---------------------------------------------------------------------- */

static uint64_t entry_at(struct trace *t)
{
	uint64_t pa = lines_number(&t->lines, 2, PA_MAX);

	if (pa & 7)
		lines_bad(&t->lines, "an entry at %#" PRIx64 ", which is no multiple of 8", pa);
	return pa;
}

static uint64_t table_at(struct trace *t)
{
	uint64_t pa = lines_number(&t->lines, 2, PA_MAX);

	if (pa & ((UINT64_C(1) << t->regime.granule) - 1))
		lines_bad(&t->lines, "a table at %#" PRIx64 ", which is not aligned to the granule",
			  pa);
	return pa;
}

static void read_store(struct trace *t, struct event *e)
{
	lines_expect(&t->lines, 5, 5);
	e->pa = entry_at(t);
	e->old = lines_number(&t->lines, 3, UINT64_MAX);
	e->new = lines_number(&t->lines, 4, UINT64_MAX);
}

static void read_fill(struct trace *t, struct event *e)
{
	uint64_t page = (UINT64_C(1) << t->regime.granule) - 1;

	lines_expect(&t->lines, 4, 6);
	e->pa = entry_at(t);
	e->new = lines_number(&t->lines, 3, UINT64_MAX);
	e->count = t->lines.words > 4 ? lines_number(&t->lines, 4, page + 1) : 1;
	e->step = t->lines.words > 5 ? lines_number(&t->lines, 5, UINT64_MAX) : 0;
	if (!e->count || (e->pa & page) + 8 * e->count > page + 1)
		lines_bad(&t->lines, "no number of entries in one table: %" PRIu64, e->count);
}

static void read_table(struct trace *t, struct event *e)
{
	lines_expect(&t->lines, 3, 3);
	e->pa = table_at(t);
}

static void read_barrier(struct trace *t, struct event *e)
{
	static const struct {
		const char *name;
		struct barrier barrier;
	} known[] = {
		{"sy", {true, true}},	  {"st", {true, false}},     {"ish", {true, true}},
		{"ishst", {true, false}}, {"osh", {true, true}},     {"oshst", {true, false}},
		{"nsh", {false, true}},	  {"nshst", {false, false}},
	};

	lines_expect(&t->lines, 3, 3);
	e->name = t->lines.word[2];
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcasecmp(e->name, known[i].name)) {
			e->barrier = known[i].barrier;
			return;
		}
	}
	lines_bad(&t->lines, "'%.40s' is no kind of barrier that matters to table walks", e->name);
}

static void read_tlbi(struct trace *t, struct event *e)
{
	lines_expect(&t->lines, 3, 4);
	e->name = t->lines.word[2];
	if (!tlbi_parse(&e->tlbi, e->name))
		lines_bad(&t->lines, "'%.40s' is no TLBI of stage 2 or of a VMID", e->name);
	if (e->tlbi.operand == TLBI_NOTHING)
		lines_expect(&t->lines, 3, 3);
	else
		e->operand = lines_number(&t->lines, 3, UINT64_MAX);
}

static void read_vttbr(struct trace *t, struct event *e)
{
	uint64_t root;

	lines_expect(&t->lines, 3, 3);
	e->pa = lines_number(&t->lines, 2, UINT64_MAX);
	root = regime_root(&t->regime, e->pa);
	if (root & (regime_root_size(&t->regime) - 1))
		lines_bad(&t->lines, "the root at %#" PRIx64 " is not aligned to its %s", root,
			  size_text(regime_root_size(&t->regime)));
}

static void read_nothing(struct trace *t, struct event *e)
{
	(void)e;
	lines_expect(&t->lines, 2, 2);
}

static const struct {
	const char *name;
	enum event_kind kind;
	void (*read)(struct trace *t, struct event *e);
} events[] = {
	{"store", EVENT_STORE, read_store},
	{"release", EVENT_RELEASE, read_store},
	{"fill", EVENT_FILL, read_fill},
	{"zero", EVENT_ZERO, read_table},
	{"dmb", EVENT_DMB, read_barrier},
	{"dsb", EVENT_DSB, read_barrier},
	{"isb", EVENT_ISB, read_nothing},
	{"tlbi", EVENT_TLBI, read_tlbi},
	{"vttbr", EVENT_VTTBR, read_vttbr},
	{"online", EVENT_ONLINE, read_nothing},
	{"quiescent", EVENT_QUIESCENT, read_nothing},
	{"offline", EVENT_OFFLINE, read_nothing},
	{"free", EVENT_FREE, read_table},
};

static void read_event(struct trace *t, struct event *e)
{
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (lines_is(&t->lines, 1, events[i].name)) {
			e->kind = events[i].kind;
			events[i].read(t, e);
			return;
		}
	}
	lines_bad(&t->lines, "'%.40s' is no event", t->lines.words > 1 ? t->lines.word[1] : "");
}

bool trace_next(struct trace *t, struct event *e)
{
	if (!lines_next(&t->lines))
		lines_bad(&t->lines, "the last one, and it is not 'end': truncated");
	if (lines_is(&t->lines, 0, "end")) {
		lines_expect(&t->lines, 1, 1);
		if (lines_next(&t->lines))
			lines_bad(&t->lines, "something comes behind 'end'");
		return false;
	}
	*e = (struct event){.line = t->lines.number,
			    .cpu = (unsigned int)lines_number(&t->lines, 0, TRACE_CPUS - 1)};
	if (!(t->cpus >> e->cpu & 1))
		lines_bad(&t->lines, "CPU %u is none of those that 'cpus' counts", e->cpu);
	read_event(t, e);
	return true;
}
