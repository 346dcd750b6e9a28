/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * From entries that change to TLBI instructions.
 *
 *   by IPA    63     48 47  44 43 40 39                           0
 *            |  RES0   | TTL  | RES0 |  IPA[51:12]                 |
 *   by range  63  48 47 46 45   44 43  39 38  37 36               0
 *            | RES0 |  TG | SCALE | NUM  |  TTL |  BaseADDR        |
 *	       covers (NUM + 1) << (5 * SCALE + 1) granules
 *
 * (Arm ARM, "TLBI IPAS2E1IS", "TLBI RIPAS2E1IS".)  A level hint is given for
 * leaves of one level only: for an unlinked table or a mixture a hint would
 * leave entries behind.  For the same reason the last-level forms are used for
 * leaves alone: they keep cached pointers to tables.
 */
#include "tlbi.h"

#define IPA_TTL_SHIFT 44
#define RANGE_TTL_SHIFT 37
#define RANGE_NUM_SHIFT 39
#define RANGE_SCALE_SHIFT 44
#define RANGE_TG_SHIFT 46
#define RANGE_NUM_MAX 31u
#define RANGE_SCALE_MAX 3u

/* TG and the granule half of TTL share one encoding: 1, 2, 3. */
static uint64_t granule_field(const struct s2_format *fmt)
{
	return (fmt->granule_shift - 10u) >> 1;
}

uint64_t s2_tlbi_ipa(const struct s2_format *fmt, uint64_t ipa, unsigned int hint)
{
	uint64_t operand = ipa >> 12 & ((UINT64_C(1) << 40) - 1);

	if (hint <= S2_LAST_LEVEL && fmt->features & S2_FEAT_TTL)
		operand |= (granule_field(fmt) << 2 | hint) << IPA_TTL_SHIFT;
	return operand;
}

/* A level-0 hint cannot be said: TTL 0 means none. */
uint64_t s2_tlbi_range(const struct s2_format *fmt, uint64_t ipa, uint64_t pages, unsigned int hint,
		       uint64_t *covered)
{
	unsigned int scale = RANGE_SCALE_MAX;
	uint64_t units, operand;

	while (scale && !(pages >> (5 * scale + 1)))
		scale--;
	units = pages >> (5 * scale + 1);
	if (units > RANGE_NUM_MAX + 1)
		units = RANGE_NUM_MAX + 1;

	operand = s2_tlbi_base(fmt, ipa);
	operand |= granule_field(fmt) << RANGE_TG_SHIFT;
	operand |= (uint64_t)scale << RANGE_SCALE_SHIFT;
	operand |= (units - 1) << RANGE_NUM_SHIFT;
	if (hint <= S2_LAST_LEVEL && fmt->features & S2_FEAT_TTL)
		operand |= (uint64_t)hint << RANGE_TTL_SHIFT;
	*covered = units << (5 * scale + 1);
	return operand;
}

static bool whole_vmid(const struct s2_plan *plan)
{
	return plan->n > S2_PLAN_MAX;
}

/* IPAs next to each other, and what they need in common. */
struct span {
	uint64_t ipa;
	uint64_t end;
	unsigned int hint; /* level of all its leaves, or S2_NO_HINT */
	bool tables;
};

static void plan_add(struct s2_plan *plan, uint64_t operand, bool ranged, bool tables)
{
	if (plan->n < S2_PLAN_MAX) {
		plan->operand[plan->n] = operand;
		plan->ranged |= (uint32_t)ranged << plan->n;
		plan->last_level |= (uint32_t)!tables << plan->n;
	}
	plan->n++;
}

/* A range whose base is not aligned to the hinted level's size need not be honoured. */
static unsigned int aligned_hint(const struct s2_format *fmt, uint64_t ipa, unsigned int hint)
{
	bool aligned = hint != S2_NO_HINT && !(ipa & (s2_level_size(fmt, hint) - 1));

	return aligned ? hint : S2_NO_HINT;
}

/*
 * Under LPA2 the base is widened downwards to 64 KiB: a few neighbours are
 * invalidated for nothing.  From high scale to low, so that it stays aligned.
 */
static void plan_span_ranged(struct s2_plan *plan, const struct s2_format *fmt,
			     const struct span *span)
{
	uint64_t ipa = span->ipa >> s2_tlbi_base_shift(fmt) << s2_tlbi_base_shift(fmt);
	uint64_t pages = (span->end - ipa) >> fmt->granule_shift;
	uint64_t covered;

	while (pages > 1 && plan->n <= S2_PLAN_MAX) {
		uint64_t operand = s2_tlbi_range(fmt, ipa, pages,
						 aligned_hint(fmt, ipa, span->hint), &covered);

		plan_add(plan, operand, true, span->tables);
		ipa += covered << fmt->granule_shift;
		pages -= covered;
	}
	if (pages)
		plan_add(plan, s2_tlbi_ipa(fmt, ipa, span->hint), false, span->tables);
}

/*
 * A single leaf is one TLBI by IPA; more than a few, or a table (which gives no
 * hint), are not worth it without ranges.
 */
static void plan_span(struct s2_plan *plan, const struct s2_format *fmt, const struct span *span)
{
	uint64_t step = span->hint == S2_NO_HINT ? 0 : s2_level_size(fmt, span->hint);
	bool one = step && span->end - span->ipa == step;

	if (fmt->features & S2_FEAT_TLBIRANGE && !one) {
		plan_span_ranged(plan, fmt, span);
		return;
	}
	if (!step || span->end - span->ipa > step * S2_PLAN_MAX) {
		plan->n = S2_PLAN_MAX + 1;
		return;
	}
	for (uint64_t ipa = span->ipa; ipa < span->end; ipa += step)
		plan_add(plan, s2_tlbi_ipa(fmt, ipa, span->hint), false, false);
}

static struct span span_of(const struct s2_format *fmt, const struct s2_run *run)
{
	uint64_t size = (uint64_t)run->count << s2_level_shift(fmt, run->level);

	return (struct span){.ipa = run->ipa,
			     .end = run->ipa + size,
			     .hint = run->tables ? S2_NO_HINT : run->level,
			     .tables = run->tables};
}

void s2_plan_runs(struct s2_plan *plan, const struct s2_format *fmt, const struct s2_run *run,
		  uint32_t n)
{
	struct span span;

	plan->n = plan->ranged = plan->last_level = 0;
	if (!n)
		return;
	span = span_of(fmt, &run[0]);
	for (uint32_t i = 1; i < n; i++) {
		struct span next = span_of(fmt, &run[i]);

		if (next.ipa == span.end && fmt->features & S2_FEAT_TLBIRANGE) {
			span.end = next.end;
			span.hint = next.hint == span.hint ? span.hint : S2_NO_HINT;
			span.tables |= next.tables;
		} else {
			plan_span(plan, fmt, &span);
			span = next;
		}
	}
	plan_span(plan, fmt, &span);
}

/* What was restricted may have holes: invalidating them as well is cheaper than one TLBI for each piece. */
void s2_plan_gather(struct s2_plan *plan, const struct s2_format *fmt, const struct s2_gather *g)
{
	struct span restricted = {
		.ipa = g->restricted, .end = g->restricted_end, .hint = g->restricted_level};

	s2_plan_runs(plan, fmt, g->run, g->runs);
	if (restricted.end && !whole_vmid(plan))
		plan_span(plan, fmt, &restricted);
}

static void issue(uint64_t operand, bool ranged, bool last_level)
{
	if (ranged && last_level)
		s2p_tlbi_ripas2le1is(operand);
	else if (ranged)
		s2p_tlbi_ripas2e1is(operand);
	else if (last_level)
		s2p_tlbi_ipas2le1is(operand);
	else
		s2p_tlbi_ipas2e1is(operand);
}

/*
 * The first DSB makes the invalid entries visible to every table walk; the TLBI
 * removes what was cached of them; the second DSB waits until that is so on all
 * CPUs.  Only then stage 1: a combined entry that went earlier could come back
 * from the stale stage-2 entry.
 */
void s2_invalidate(const struct s2_plan *plan)
{
	s2p_dsb_ishst();
	if (whole_vmid(plan)) {
		s2p_tlbi_vmalls12e1is();
	} else {
		for (uint32_t i = 0; i < plan->n; i++)
			issue(plan->operand[i], plan->ranged >> i & 1, plan->last_level >> i & 1);
		s2p_dsb_ish();
		s2p_tlbi_vmalle1is();
	}
	s2p_dsb_ish();
}

void s2_plan_count(const struct s2_plan *plan, struct s2_stats *stats)
{
	if (whole_vmid(plan)) {
		stats->tlbi_vmid++;
		return;
	}
	for (uint32_t i = 0; i < plan->n; i++) {
		if (plan->ranged >> i & 1)
			stats->tlbi_range++;
		else
			stats->tlbi_ipa++;
	}
	stats->tlbi_stage1++;
}
