/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The operand of a TLBI.
 */
#include <inttypes.h>

#include "bad.h"
#include "explain.h"
#include "number.h"
#include "tlbi.h"

static const unsigned int granules[] = {0, 12, 14, 16};

static unsigned int shift_of(unsigned int granule, unsigned int level)
{
	return granule + (3 - level) * (granule - 3);
}

/* Levels that a hint can name; those of LPA2 are reserved without it. */
static bool hint_exists(unsigned int granule, unsigned int level, bool lpa2)
{
	if (!level)
		return granule == 12 && lpa2;
	return level > 1 || granule != 14 || lpa2;
}

static void judge_hint(struct report *to, const struct regime *r, unsigned int granule,
		       unsigned int level, uint64_t ipa)
{
	if (granule != r->granule)
		report_odd(to, "the hint is for a granule of %s, but the translation has %s",
			   size_text(UINT64_C(1) << granule), size_text(UINT64_C(1) << r->granule));
	if (!hint_exists(granule, level, r->ds))
		report_odd(to, "no leaf can be at level %u here: the hint is reserved", level);
	else if (ipa & ((UINT64_C(1) << shift_of(granule, level)) - 1))
		report_note(to,
			    "the IPA is not the first of an entry of level %u, which does no harm",
			    level);
	report_note(to,
		    "only an entry of level %u has to go: wrong if the change was at another level "
		    "or unlinked a table",
		    level);
}

static void say_ipa(struct report *to, const struct regime *r, uint64_t operand)
{
	uint64_t ipa = bits(operand, 39, 0) << 12;
	unsigned int granule = granules[bits(operand, 47, 46)];
	unsigned int level = (unsigned int)bits(operand, 45, 44);

	report_member(to, "ipa", json_hex(ipa));
	report_field(to, 63, 63, "NS",
		     operand >> 63 ? "the non-secure IPA space, in secure state"
				   : "of no matter in non-secure state");
	if (granule)
		report_field(to, 47, 44, "TTL", "hint: granule %s, level %u",
			     size_text(UINT64_C(1) << granule), level);
	else
		report_field(to, 47, 44, "TTL", "no hint: entries of any level");
	report_field(to, 39, 0, "IPA", "%#" PRIx64, ipa);
	if (granule)
		judge_hint(to, r, granule, level, ipa);
	else if (level)
		report_odd(to, "TTL has a level but no granule: no hint");
	if (ipa >> r->ipa_bits)
		report_odd(to, "the IPA has more than %u bits", r->ipa_bits);
	report_res0(to, ~(bits(~UINT64_C(0), 62, 48) << 48 | bits(~UINT64_C(0), 43, 40) << 40));
}

static void judge_range(struct report *to, const struct regime *r, uint64_t base, uint64_t end)
{
	unsigned int granule = granules[bits(to->value, 47, 46)];
	unsigned int level = (unsigned int)bits(to->value, 38, 37);

	if (granule != r->granule)
		report_odd(to, "TG is not the granule of VTCR_EL2: nothing need be invalidated");
	if (level && !hint_exists(granule, level, r->ds))
		report_odd(to, "no leaf can be at level %u here: the hint is reserved", level);
	else if (level && base & ((UINT64_C(1) << shift_of(granule, level)) - 1))
		report_odd(to,
			   "the base is not aligned to an entry of level %u, as the hint asks: "
			   "nothing need be invalidated",
			   level);
	if ((end - 1) >> r->ipa_bits)
		report_odd(to, "the range goes beyond %u bits of IPA", r->ipa_bits);
	report_res0(to, ~(bits(~UINT64_C(0), 62, 48) << 48));
}

static void say_range(struct report *to, const struct regime *r, uint64_t operand)
{
	unsigned int granule = granules[bits(operand, 47, 46)];
	unsigned int scale = (unsigned int)bits(operand, 45, 44),
		     num = (unsigned int)bits(operand, 43, 39);
	uint64_t pages = (uint64_t)(num + 1) << (5 * scale + 1);
	uint64_t base = bits(operand, 36, 0) << (r->ds ? TLBI_LPA2_SHIFT : granule);

	if (!granule) {
		report_field(to, 47, 46, "TG", "reserved");
		report_odd(to, "TG is reserved: nothing need be invalidated");
		return;
	}
	report_member(to, "ipa", json_hex(base));
	report_member(to, "size", json_hex(pages << granule));
	report_field(to, 47, 46, "TG", "granule %s", size_text(UINT64_C(1) << granule));
	report_field(to, 45, 44, "SCALE", "in units of %u pages", 1u << (5 * scale + 1));
	report_field(to, 43, 39, "NUM", "%u of them: %" PRIu64 " pages", num + 1, pages);
	report_field(to, 38, 37, "TTL",
		     bits(operand, 38, 37) ? "hint: all entries are of level %u" : "no hint",
		     (unsigned int)bits(operand, 38, 37));
	report_field(to, 36, 0, "BaseADDR", "%#" PRIx64 " to %#" PRIx64 ", %s", base,
		     base + (pages << granule) - 1, size_text(pages << granule));
	judge_range(to, r, base, base + (pages << granule));
}

static void say_effect(struct report *to, const struct tlbi *t)
{
	if (t->last_level)
		report_note(to, "pointers to tables stay cached: wrong if a table was unlinked");
	if (t->operand != TLBI_NOTHING)
		report_note(to,
			    "what combines stages 1 and 2 stays: after a DSB, VMALLE1 of the same "
			    "reach has to follow");
	report_note(to, "done, with all it means, only after a DSB%s",
		    t->nxs ? " (nXS is enough)" : "");
	if (*t->reach == 't')
		report_note(to, "other CPUs keep what they have");
}

void explain_tlbi(const struct explain *e)
{
	uint64_t operand = e->words > 2 ? number("OPERAND", e->word[2], UINT64_MAX) : 0;
	struct report to;
	struct regime r;
	struct tlbi t;

	if (!tlbi_parse(&t, e->word[1]))
		bad(e->word[1], "no TLBI of stage 2 or of a VMID");
	if (t.operand != TLBI_NOTHING && e->words < 3)
		bad(e->word[1], "its operand is missing");
	if (t.operand == TLBI_NOTHING && e->words > 2)
		bad(e->word[2], "this TLBI has no operand");
	regime_of(&r, &e->settings);
	report_begin(&to, "tlbi", operand);
	report_title(&to, "TLBI %s: %s, on %s", e->word[1], t.what, t.reach);
	if (t.operand == TLBI_IPA)
		say_ipa(&to, &r, operand);
	else if (t.operand == TLBI_RANGE)
		say_range(&to, &r, operand);
	say_effect(&to, &t);
	report_end(&to, &e->settings);
}
