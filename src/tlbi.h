/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * TLBI operands, and the plan of one invalidation.
 *
 * A plan is made before a break and carried out after it, so that the window
 * holds barriers and TLBIs and no computation at all.
 */
#ifndef S2_TLBI_H
#define S2_TLBI_H

#include "op.h"

/* No level is known, or entries of several levels go. */
#define S2_NO_HINT 4u

/* Operand of TLBI IPAS2{L}E1{IS}: the entry for `ipa`, at level `hint` if the format has TTL. */
uint64_t s2_tlbi_ipa(const struct s2_format *fmt, uint64_t ipa, unsigned int hint);

/*
 * Operand of TLBI RIPAS2{L}E1IS: the largest range from `ipa` on that is not
 * longer than `pages` (>= 2) pages of the granule; how many it covers in
 * *covered.  Under LPA2 `ipa` must be a multiple of 64 KiB.
 */
uint64_t s2_tlbi_range(const struct s2_format *fmt, uint64_t ipa, uint64_t pages, unsigned int hint,
		       uint64_t *covered);

/* Under LPA2 a range starts at a multiple of 64 KiB, whatever the granule. */
static inline unsigned int s2_tlbi_base_shift(const struct s2_format *fmt)
{
	return fmt->features & S2_FEAT_LPA2 ? 16 : fmt->granule_shift;
}

/* BaseADDR of a range from `ipa` on. */
static inline uint64_t s2_tlbi_base(const struct s2_format *fmt, uint64_t ipa)
{
	return ipa >> s2_tlbi_base_shift(fmt) & ((UINT64_C(1) << 37) - 1);
}

#define S2_PLAN_MAX 16u /* from here on one TLBI of the whole VMID is cheaper */

struct s2_plan {
	uint64_t operand[S2_PLAN_MAX];
	uint32_t n; /* over S2_PLAN_MAX: the whole VMID */
	uint32_t ranged; /* bit i: operand i is a range */
	uint32_t last_level; /* bit i: leaves only, no table was unlinked */
};

/* What must go for entries that `run[0..n)` locked or are about to lock. */
void s2_plan_runs(struct s2_plan *plan, const struct s2_format *fmt, const struct s2_run *run,
		  uint32_t n);

/* The same for one entry, at `ipa` of `level`; `table`: it points to one, or is to. */
static inline void s2_plan_entry(struct s2_plan *plan, const struct s2_format *fmt, uint64_t ipa,
				 unsigned int level, bool table)
{
	struct s2_run run = {.ipa = ipa, .count = 1, .level = (uint8_t)level, .tables = true};

	if (table && !fmt->table_range[level]) {
		s2_plan_runs(plan, fmt, &run, 1);
		return;
	}
	plan->operand[0] = table ? fmt->table_range[level] | s2_tlbi_base(fmt, ipa)
				 : s2_tlbi_ipa(fmt, ipa, level);
	plan->n = 1;
	plan->ranged = table;
	plan->last_level = !table;
}

/* The same for all that a gather holds. */
void s2_plan_gather(struct s2_plan *plan, const struct s2_format *fmt, const struct s2_gather *g);

/* Carries it out: DSB, TLBI, DSB, and again for stage 1. */
void s2_invalidate(const struct s2_plan *plan);

/* The same with one operand: of `table`, a range that one is in; else of a page. */
static inline void s2_invalidate_one(uint64_t operand, bool table)
{
	s2p_dsb_ishst();
	if (table)
		s2p_tlbi_ripas2e1is(operand);
	else
		s2p_tlbi_ipas2le1is(operand);
	s2p_dsb_ish();
	s2p_tlbi_vmalle1is();
	s2p_dsb_ish();
}

/* This CPU's own entry for `ipa`, of any level: after a permission fault that was none. */
static inline void s2_invalidate_local(uint64_t ipa)
{
	s2p_dsb_nsh();
	s2p_tlbi_ipas2e1(ipa >> 12);
	s2p_dsb_nsh();
	s2p_tlbi_vmalle1();
	s2p_dsb_nsh();
}

/* Counts it, after the window. */
void s2_plan_count(const struct s2_plan *plan, struct s2_stats *stats);

#endif
