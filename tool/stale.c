/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <stdlib.h>

#include "bad.h"
#include "stale.h"

#define STALES_MAX ((size_t)1 << 20)

static uint64_t bit(unsigned int cpu)
{
	return UINT64_C(1) << cpu;
}

void stales_init(struct stales *s, const struct trace *t)
{
	*s = (struct stales){.regime = &t->regime, .name = t->lines.name, .cpus = t->cpus};
}

void stales_close(struct stales *s)
{
	free(s->stale);
	*s = (struct stales){.count = 0};
}

static void make_room(struct stales *s)
{
	size_t room = s->room ? 2 * s->room : 64;
	void *stale = room > STALES_MAX ? NULL : realloc(s->stale, room * sizeof(*s->stale));

	if (!stale)
		bad(s->name, "too many translations that were never invalidated");
	s->stale = stale;
	s->room = room;
}

void stales_add(struct stales *s, const struct stale *what)
{
	struct stale *added;

	if (s->count == s->room)
		make_room(s);
	added = &s->stale[s->count++];
	*added = *what;
	added->writers = bit(what->cpu);
	added->stage2 = what->uncached ? 0 : s->cpus;
	added->stage1 = what->uncached || what->table ? 0 : s->cpus;
}

/* All observers agree on the order of stores to one location. */
void stales_store(struct stales *s, uint64_t entry, unsigned int cpu)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->stale[i].entry == entry)
			s->stale[i].writers |= bit(cpu);
	}
}

/* --- TLBIs ----------------------------------------------------------------------- */

/*
 * A block goes if any address in it is named; a range has to name all of it, since a TLB
 * may hold it in pieces.  Several ranges may, from its first address on.
 */
static bool covers_leaf(struct stale *what, const struct event *e, const struct tlbi_span *span)
{
	uint64_t last = what->ipa + what->size - 1;

	if (e->tlbi.operand == TLBI_IPA)
		return what->ipa <= span->last && span->first <= last;
	if (span->first > what->ipa + what->covered || span->last < what->ipa)
		return false;
	if (span->last >= last)
		return true;
	if (span->last - what->ipa + 1 > what->covered)
		what->covered = span->last - what->ipa + 1;
	return false;
}

static enum stale_near judge_leaf(struct stale *what, const struct event *e,
				  const struct tlbi_span *span)
{
	if (span->level >= 0 && span->level != what->level)
		return NEAR_LEVEL;
	return covers_leaf(what, e, span) ? NEAR_NONE : NEAR_ELSEWHERE;
}

/* A pointer goes if any address below it is named, as a walk of that could use it. */
static enum stale_near judge_table(const struct stale *what, const struct event *e,
				   const struct tlbi_span *span)
{
	if (what->ipa > span->last || span->first > what->ipa + what->size - 1)
		return NEAR_ELSEWHERE;
	if (e->tlbi.last_level)
		return NEAR_LAST_LEVEL;
	return span->level >= 0 ? NEAR_LEVEL : NEAR_NONE;
}

static enum stale_near judge_address(struct stale *what, const struct event *e,
				     const struct regime *r)
{
	struct tlbi_span span = tlbi_span(&e->tlbi, r, e->operand);

	if (!span.valid)
		return NEAR_INVALID;
	return what->table ? judge_table(what, e, &span) : judge_leaf(what, e, &span);
}

static enum stale_near judge(struct stale *what, const struct event *e, const struct regime *r,
			     uint64_t vmid)
{
	uint64_t reach = e->tlbi.broadcast ? UINT64_MAX : bit(e->cpu);

	if (!what->visible)
		return NEAR_BEFORE_DSB;
	if (!e->tlbi.all && vmid != what->vmid)
		return NEAR_VMID;
	if (!e->tlbi.stage2)
		return what->stage2 & reach ? NEAR_STAGE1 : NEAR_NONE;
	return e->tlbi.operand == TLBI_NOTHING ? NEAR_NONE : judge_address(what, e, r);
}

static void issue(struct stale *what, const struct event *e)
{
	uint64_t *two = e->tlbi.broadcast ? &what->issued2 : &what->local2;
	uint64_t *one = e->tlbi.broadcast ? &what->issued1 : &what->local1;

	if (e->tlbi.stage2) {
		*two |= bit(e->cpu);
		what->tlbi2 = e->line;
	}
	if (e->tlbi.stage1) {
		*one |= bit(e->cpu);
		what->tlbi1 = e->line;
	}
}

/* Of stage 1 there is nothing to say if one of stage 2 has failed before. */
static void remember(struct stale *what, enum stale_near near, unsigned long line)
{
	if (near == NEAR_NONE || (near == NEAR_STAGE1 && what->near != NEAR_NONE))
		return;
	what->near = near;
	what->near_line = line;
}

void stales_tlbi(struct stales *s, const struct event *e, uint64_t vmid)
{
	for (size_t i = 0; i < s->count; i++) {
		struct stale *what = &s->stale[i];
		enum stale_near near = judge(what, e, s->regime, vmid);

		if (near == NEAR_NONE)
			issue(what, e);
		if (near == NEAR_NONE && !e->tlbi.broadcast)
			near = NEAR_LOCAL;
		remember(what, near, e->line);
	}
}

/* --- DSBs ------------------------------------------------------------------------ */

/* Completes what this CPU has issued: for all, or for itself. */
static void complete(uint64_t *holders, uint64_t *issued, uint64_t *local, const struct event *e)
{
	if (*issued & bit(e->cpu) && e->barrier.others)
		*holders = 0;
	if (*local & bit(e->cpu))
		*holders &= ~bit(e->cpu);
	if (e->barrier.others)
		*issued &= ~bit(e->cpu);
	*local &= ~bit(e->cpu);
}

static void complete_tlbis(struct stale *what, const struct event *e)
{
	bool held = what->stage2;

	complete(&what->stage2, &what->issued2, &what->local2, e);
	complete(&what->stage1, &what->issued1, &what->local1, e);
	if (held && !what->stage2)
		what->dsb2 = e->line;
}

void stales_dsb(struct stales *s, const struct event *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		struct stale *what = &s->stale[i];

		if (e->barrier.loads)
			complete_tlbis(what, e);
		if (!what->visible && e->barrier.others && what->writers & bit(e->cpu))
			what->visible = e->line;
		if (!what->visible || what->stage2 || what->stage1)
			s->stale[kept++] = *what;
	}
	s->count = kept;
}

/* --- words ----------------------------------------------------------------------- */

const char *stale_missing(const struct stale *s)
{
	if (!s->visible)
		return "a DSB ISHST (or ISH) of the CPU that stored, before the TLBI";
	if (s->stage2 && !s->issued2)
		return "a TLBI of stage 2 that covers it, on all CPUs";
	if (s->stage2)
		return "a DSB ISH behind the TLBI of stage 2";
	if (!s->issued1)
		return "the companion: a TLBI VMALLE1IS behind that DSB, for what combines "
		       "stages 1 and 2";
	return "a DSB ISH behind the TLBI of stage 1";
}

const char *stale_near_text(const struct stale *s)
{
	static const char *const texts[] = {
		[NEAR_NONE] = NULL,
		[NEAR_BEFORE_DSB] = "the store was not yet visible to all table walks",
		[NEAR_ELSEWHERE] = "its operand names other addresses, or not all of them",
		[NEAR_LEVEL] = "its hint names one level, and that is not all that has to go",
		[NEAR_LAST_LEVEL] = "it is of the last level: pointers to tables stay",
		[NEAR_INVALID] = ("its operand need not be honoured: another granule, or a base "
				  "that is not aligned to the hint's level"),
		[NEAR_VMID] = "VTTBR_EL2 has another VMID",
		[NEAR_LOCAL] = "it is for one CPU alone",
		[NEAR_STAGE1] = "stage 2 was not gone yet, of which stage 1 can be combined again",
	};

	return texts[s->near];
}
