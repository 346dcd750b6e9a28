/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <inttypes.h>
#include <stdlib.h>

#include "bad.h"
#include "features.h"
#include "number.h"
#include "workload.h"

#define PA_MAX ((UINT64_C(1) << 52) - 1)

/* --- one call -------------------------------------------------------------------- */

/* Where the words of each call are: after CPU, start, time and name. */
enum field { IPA, SIZE, PA, ATTR, FLAGS, LEVEL, END };

static const struct {
	const char *name;
	enum field field[6];
} calls[WORK_KINDS] = {
	[WORK_MAP] = {"map", {IPA, SIZE, PA, ATTR, FLAGS, END}},
	[WORK_UNMAP] = {"unmap", {IPA, SIZE, FLAGS, END}},
	[WORK_PROTECT] = {"protect", {IPA, SIZE, ATTR, FLAGS, END}},
	[WORK_TOUCH] = {"touch", {IPA, FLAGS, END}},
	[WORK_AGE] = {"age", {IPA, SIZE, FLAGS, END}},
	[WORK_FLUSH] = {"flush", {END}},
	[WORK_SPLIT] = {"split", {IPA, SIZE, LEVEL, FLAGS, END}},
	[WORK_COLLAPSE] = {"collapse", {IPA, LEVEL, FLAGS, END}},
	[WORK_GROUP] = {"group", {IPA, SIZE, END}},
	[WORK_LOG_START] = {"log-start", {IPA, SIZE, FLAGS, END}},
	[WORK_LOG_COLLECT] = {"log-collect", {IPA, SIZE, FLAGS, END}},
	[WORK_LOG_STOP] = {"log-stop", {IPA, SIZE, FLAGS, END}},
};

const char *work_name(enum work_kind kind)
{
	return calls[kind].name;
}

static uint64_t page_address(const struct lines *l, unsigned int word, const struct regime *r)
{
	uint64_t address = lines_number(l, word, PA_MAX);

	if (address & ((UINT64_C(1) << r->granule) - 1))
		lines_bad(l, "%s is no multiple of a page", l->word[word]);
	return address;
}

static void read_field(const struct lines *l, unsigned int word, enum field field,
		       const struct regime *r, struct work *c)
{
	switch (field) {
	case IPA:
		c->ipa = page_address(l, word, r);
		break;
	case SIZE:
		c->size = page_address(l, word, r);
		break;
	case PA:
		c->pa = page_address(l, word, r);
		break;
	case ATTR:
		c->attr = (uint32_t)lines_number(l, word, UINT32_MAX);
		break;
	case FLAGS:
		c->flags = (uint32_t)lines_number(l, word, UINT32_MAX);
		break;
	default:
		c->level = (uint32_t)lines_number(l, word, LAST_LEVEL);
		break;
	}
}

static void check_range(const struct lines *l, const struct regime *r, const struct work *c)
{
	uint64_t end = UINT64_C(1) << r->ipa_bits;

	if (c->ipa >= end || c->size > end - c->ipa)
		lines_bad(l, "a range of IPAs that does not fit into %u bits", r->ipa_bits);
}

static enum work_kind kind_of(const struct lines *l)
{
	for (unsigned int i = 0; i < WORK_KINDS; i++) {
		if (lines_is(l, 3, calls[i].name))
			return (enum work_kind)i;
	}
	lines_bad(l, "'%.40s' is no call", l->words > 3 ? l->word[3] : "");
}

static void read_call(const struct lines *l, const struct regime *r, struct work *c)
{
	unsigned int word = 4;
	uint64_t time;

	c->line = l->number;
	c->kind = (uint8_t)kind_of(l);
	c->start = lines_number(l, 1, INT64_MAX);
	time = lines_number(l, 2, INT64_MAX);
	c->end = c->start + time;
	for (const enum field *f = calls[c->kind].field; *f != END; f++)
		read_field(l, word++, *f, r, c);
	lines_expect(l, word, word);
	check_range(l, r, c);
}

/* --- the file -------------------------------------------------------------------- */

static void read_header(struct workload *w, struct lines *l)
{
	uint32_t features = 0;
	const char *reason;

	if (!lines_next(l) || !lines_is(l, 0, "stage2-workload"))
		lines_bad(l, "no workload: its first line is not 'stage2-workload 1'");
	lines_expect(l, 2, 2);
	if (lines_number(l, 1, UINT64_MAX) != 1)
		lines_bad(l, "version %s of the format: only 1 is known", l->word[1]);
	if (lines_next(l) && lines_is(l, 0, "features")) {
		lines_expect(l, 2, 2);
		if (features_find(l->word[1], &features))
			lines_bad(l, "'%.60s' is no list of features", l->word[1]);
		(void)lines_next(l);
	}
	if (!lines_is(l, 0, "vtcr"))
		lines_bad(l, "a line 'vtcr VALUE' has to come before all calls");
	reason = regime_decode(&w->regime, lines_number(l, 1, UINT64_MAX), features);
	if (reason)
		lines_bad(l, "%s", reason);
	if (!lines_next(l) || !lines_is(l, 0, "frequency"))
		lines_bad(l, "a line 'frequency HZ' has to come before all calls");
	w->frequency = lines_number(l, 1, INT64_MAX);
	if (!w->frequency)
		lines_bad(l, "a frequency of 0");
}

static struct work *add(struct workload *w)
{
	size_t room = w->room ? 2 * w->room : 4096;
	void *work;

	if (w->count < w->room)
		return &w->work[w->count++];
	work = realloc(w->work, room * sizeof(*w->work));
	if (!work)
		bad(w->name, "no memory for its calls");
	w->work = work;
	w->room = room;
	return &w->work[w->count++];
}

/* CPUs are numbered as they come. */
static uint8_t cpu_of(struct workload *w, const struct lines *l)
{
	unsigned int number = (unsigned int)lines_number(l, 0, WORKLOAD_CPUS - 1);
	unsigned int i = 0;

	while (i < w->cpus && w->number[i] != number)
		i++;
	if (i == w->cpus)
		w->number[w->cpus++] = number;
	return (uint8_t)i;
}

static int by_start(const void *a, const void *b)
{
	const struct work *left = a, *right = b;

	if (left->start != right->start)
		return left->start < right->start ? -1 : 1;
	return left->line < right->line ? -1 : left->line > right->line;
}

static void read_calls(struct workload *w, struct lines *l)
{
	while (lines_next(l)) {
		struct work *c;

		if (lines_is(l, 0, "end")) {
			lines_expect(l, 1, 1);
			if (lines_next(l))
				lines_bad(l, "something comes behind 'end'");
			return;
		}
		c = add(w);
		*c = (struct work){.cpu = cpu_of(w, l)};
		read_call(l, &w->regime, c);
		w->calls[c->kind]++;
	}
	lines_bad(l, "the last one, and it is not 'end': truncated");
}

void workload_read(struct workload *w, struct lines *l)
{
	read_header(w, l);
	read_calls(w, l);
	if (!w->count)
		bad(w->name, "a workload without any call");
	qsort(w->work, w->count, sizeof(*w->work), by_start);
}

void workload_open(struct workload *w, const char *name)
{
	struct lines l;

	*w = (struct workload){.name = name};
	lines_open(&l, name);
	workload_read(w, &l);
	lines_close(&l);
}

void workload_close(struct workload *w)
{
	free(w->work);
	w->work = NULL;
}

void workload_align(struct workload *w, unsigned int granule_shift)
{
	uint64_t page = UINT64_C(1) << granule_shift;

	for (size_t i = 0; i < w->count; i++) {
		struct work *c = &w->work[i];
		uint64_t end = (c->ipa + c->size + page - 1) & ~(page - 1);

		c->ipa &= ~(page - 1);
		c->pa &= ~(page - 1);
		c->size = c->size ? end - c->ipa : 0;
	}
}
