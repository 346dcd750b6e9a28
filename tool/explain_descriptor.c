/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A descriptor: as the hardware reads it, whoever wrote it, and what of it is this library's.
 *
 * Arm ARM, "VMSAv8-64 translation table format descriptors", stage 2.
 */
#include <inttypes.h>

#include <stage2/descriptor.h>

#include "entry.h"
#include "explain.h"
#include "number.h"
#include "words.h"

#define KVM_LOCKED (UINT64_C(1) << 10)

/* The value, its level, and where to say what. */
struct look {
	struct report *to;
	const struct regime *r;
	int level;
	uint64_t desc;
};

static bool has(const struct look *l, uint32_t feature)
{
	return l->r->features & feature;
}

static enum s2_kind kind_of(const struct look *l)
{
	if (!l->r->has_fmt || l->level < 0)
		return S2_KIND_CORRUPT;
	return s2_desc_kind(&l->r->fmt, (unsigned int)l->level, l->desc);
}

/* --- invalid entries ------------------------------------------------------------- */

static void say_locked(const struct look *l)
{
	bool link = bits(l->desc, 3, 1) == 3;
	bool table = l->desc & 1 << 4;

	report_title(l->to, "invalid at level %d: of stage2, %s", l->level,
		     link ? "the link of an unlinked table" : "locked, a break is in progress");
	report_field(l->to, 3, 1, "kind", link ? "link" : "locked");
	report_field(l->to, 4, 4, "has table", table ? "bits 51:12 hold a table" : "no table");
	if (link)
		report_field(l->to, 6, 5, "level", "of the next unlinked table's entries");
	if (table)
		report_field(l->to, 51, 12, "table", "%s at %#" PRIx64,
			     link ? "the next unlinked table is" : "the entry pointed to the one",
			     bits(l->desc, 51, 12) << 12);
	report_note(l->to, "who meets it waits or retries; left over when nobody is at work, it is "
			   "a bug: see stage2 verify");
}

static void say_annotated(const struct look *l)
{
	report_title(l->to,
		     "invalid at level %d: of stage2, annotated: owner %u, payload %#" PRIx64,
		     l->level, s2_desc_owner(l->desc), s2_desc_payload(l->desc));
	report_field(l->to, 63, 52, "owner", "%u", s2_desc_owner(l->desc));
	report_field(l->to, 51, 12, "payload", "whatever the owner put there");
	report_field(l->to, 3, 1, "kind", "annotated");
}

static void say_invalid(const struct look *l)
{
	switch (kind_of(l)) {
	case S2_KIND_EMPTY:
		report_title(l->to, "invalid at level %d: empty", l->level);
		break;
	case S2_KIND_ANNOTATED:
		say_annotated(l);
		break;
	case S2_KIND_LOCKED:
		say_locked(l);
		break;
	default:
		report_title(l->to, "invalid at level %d: %s", l->level,
			     l->desc ? "software's own, but not of stage2" : "empty");
		if (l->desc == KVM_LOCKED)
			report_note(l->to, "KVM writes this while an entry is broken");
	}
	report_field(l->to, 0, 0, "valid", "no: an access faults, and the rest is software's");
}

/* --- tables ---------------------------------------------------------------------- */

static void say_address(const struct look *l, const char *name)
{
	unsigned int top = entry_address_top(l->r);
	unsigned int bottom = entry_address_bottom(l->r, l->level, l->desc);

	report_field(l->to, top, bottom, name, "%#" PRIx64, entry_address(l->r, l->level, l->desc));
	if (l->r->ds)
		report_field(l->to, 9, 8, "address high", "bits 51:50 of it");
	else if (l->r->granule == 16 && l->r->pa_bits == 52)
		report_field(l->to, 15, 12, "address high", "bits 51:48 of it");
}

static void judge_address(const struct look *l)
{
	uint64_t misplaced = entry_misplaced(l->r, l->level, l->desc);
	uint64_t address = entry_address(l->r, l->level, l->desc);

	if (misplaced)
		report_odd(l->to,
			   "bits %#" PRIx64 " are reserved in an address of this size and "
			   "should be 0",
			   misplaced);
	if (l->r->pa_bits < 64 && address >> l->r->pa_bits)
		report_odd(l->to, "the address has more than %u bits: address size fault",
			   l->r->pa_bits);
}

static void say_table(const struct look *l)
{
	uint64_t ignored = bits(l->desc, 58, 51) << 51 |
			   (bits(l->desc, 11, 2) << 2 & ~(l->r->ds ? UINT64_C(0x300) : 0));

	report_title(l->to, "table at level %d: entries of level %d are at %#" PRIx64, l->level,
		     l->level + 1, entry_address(l->r, l->level, l->desc));
	say_address(l, "next table");
	report_field(l->to, 1, 1, "type", "table");
	report_field(l->to, 0, 0, "valid", "yes");
	judge_address(l);
	if (bits(l->desc, 63, 59))
		report_odd(l->to,
			   "bits 63:59 are attributes of stage-1 tables: reserved at stage 2");
	if (kind_of(l) == S2_KIND_TABLE && l->desc & S2_DESC_SEAL)
		report_note(l->to,
			    "bit 58 is the seal of stage2: an operation is about to replace it");
	else if (ignored)
		report_odd(l->to,
			   "bits %#" PRIx64 " are set, which the hardware ignores in a table "
			   "entry",
			   ignored);
}

/* --- leaves ---------------------------------------------------------------------- */

static void say_upper(const struct look *l)
{
	if (bits(l->desc, 63, 63))
		report_field(l->to, 63, 63, "ignored", "AMEC in a realm's tables (FEAT_MEC)");
	if (bits(l->desc, 62, 59))
		report_field(l->to, 62, 59, "PBHA",
			     "for the memory system (FEAT_HPDS2), else ignored");
	report_field(l->to, 58, 55, "software", "ignored by the hardware%s",
		     kind_of(l) == S2_KIND_LEAF && l->desc & S2_DESC_SEAL
			     ? "; bit 58 is the seal of stage2"
			     : "");
	report_field(l->to, 54, has(l, S2_FEAT_XNX) ? 53 : 54, "XN", "%s",
		     words_execute(l->desc, has(l, S2_FEAT_XNX)));
	report_field(l->to, 52, 52, "Contiguous",
		     l->desc & ENTRY_CONTIG ? "one of %u that may be cached as one, %s in all"
					    : "no",
		     regime_group(l->r, l->level),
		     size_text(regime_group(l->r, l->level) * regime_size(l->r, l->level)));
	report_field(l->to, 51, 51, "DBM",
		     l->desc & ENTRY_DBM ? "writes are noted in S2AP[1]" : "no");
}

static void say_nt(const struct look *l)
{
	if (l->level < LAST_LEVEL && l->desc & ENTRY_NT)
		report_field(l->to, 16, 16, "nT", "must not be cached as it is (FEAT_BBM level 1)");
	if (bits(l->desc, 11, 11))
		report_field(l->to, 11, 11, "FnXS",
			     "TLBI and DSB with nXS need not wait (FEAT_XS)");
}

static void say_lower(const struct look *l)
{
	say_nt(l);
	report_field(l->to, 10, 10, "AF", l->desc & ENTRY_AF ? "accessed" : "not accessed yet");
	if (!l->r->ds)
		report_field(l->to, 9, 8, "SH", "%s%s", words_share(bits(l->desc, 9, 8)),
			     words_memory_is_device(l->desc)
				     ? ", but what is a device is Outer Shareable"
				     : "");
	report_field(l->to, 7, 6, "S2AP", "%s", words_access(l->desc));
	report_field(l->to, 5, 2, "MemAttr", "%s%s", words_memory(l->desc, has(l, S2_FEAT_FWB)),
		     has(l, S2_FEAT_FWB) ? "" : "; stage 1 may restrict it");
	report_field(l->to, 1, 1, "type", "%s", entry_kind_text(l->r, l->level, l->desc));
	report_field(l->to, 0, 0, "valid", "yes");
}

static void judge_access(const struct look *l)
{
	uint64_t s2ap = bits(l->desc, 7, 6);

	if (!(l->desc & ENTRY_AF))
		report_odd(l->to,
			   "AF is clear: the first access faults, unless VTCR_EL2.HA is set");
	if (!s2ap && !(l->desc & ENTRY_DBM))
		report_odd(l->to, "mapped, but neither readable nor writable: permission faults");
	if (s2ap == 2)
		report_odd(l->to, "write only: a read of it faults");
	if (l->desc & ENTRY_DBM && !(s2ap & 2))
		report_note(l->to, "logged and clean: %s",
			    l->r->hd ? "hardware sets S2AP[1] with the first write"
				     : "the first write faults, since VTCR_EL2.HD is not set");
	if (l->desc & ENTRY_DBM && s2ap & 2)
		report_note(l->to, "logged and dirty: it was written to");
	if (!has(l, S2_FEAT_XNX) && bits(l->desc, 53, 53))
		report_odd(l->to, "bit 53 is reserved without FEAT_XNX");
}

static bool is_executable(const struct look *l)
{
	return bits(l->desc, 54, 53) != 2;
}

static void judge_memory(const struct look *l)
{
	uint64_t sh = bits(l->desc, 9, 8);
	bool device = words_memory_is_device(l->desc);

	if (words_memory_is_reserved(l->desc, has(l, S2_FEAT_FWB)))
		report_odd(l->to, "MemAttr is reserved: the memory type is UNPREDICTABLE");
	if (device && is_executable(l))
		report_odd(l->to,
			   "executable device memory: the CPU may fetch from it speculatively");
	if (!l->r->ds && sh == 1)
		report_odd(l->to, "SH is reserved");
	if (!l->r->ds && !device && !sh)
		report_odd(l->to, "Normal but Non-shareable: other CPUs may see other data in it");
}

static void judge_size(const struct look *l)
{
	if (l->desc & ENTRY_CONTIG && regime_group(l->r, l->level) == 1)
		report_odd(l->to, "Contiguous, but no group can be at this level");
	if (l->level < LAST_LEVEL && l->desc & ENTRY_NT)
		report_odd(l->to,
			   "nT is set: the block is about to change its size, or was left so");
	if (bits(l->desc, 62, 59))
		report_odd(l->to,
			   "bits 62:59 are set: PBHA, used only where VTCR_EL2.HWU59..62 say so");
	if (bits(l->desc, 63, 63))
		report_odd(l->to, "bit 63 is set, which the hardware ignores outside realms");
}

static void say_leaf(const struct look *l)
{
	report_title(l->to, "%s of %s at level %d, address %#" PRIx64 ": %s, %s, %s",
		     entry_kind_text(l->r, l->level, l->desc),
		     size_text(regime_size(l->r, l->level)), l->level,
		     entry_address(l->r, l->level, l->desc), words_access(l->desc),
		     words_execute(l->desc, has(l, S2_FEAT_XNX)),
		     words_memory(l->desc, has(l, S2_FEAT_FWB)));
	say_upper(l);
	say_address(l, "address");
	say_lower(l);
	judge_address(l);
	judge_access(l);
	judge_memory(l);
	judge_size(l);
	if (kind_of(l) == S2_KIND_CORRUPT && l->r->has_fmt)
		report_note(l->to, "stage2 never writes this, but another hypervisor may");
}

static void say_reserved(const struct look *l)
{
	report_title(l->to, "reserved at level %d: translation fault", l->level);
	report_field(l->to, 1, 1, "type", "%s",
		     l->level == LAST_LEVEL ? "0, but a page has 1" : "block");
	report_field(l->to, 0, 0, "valid", "yes");
	if (l->level == LAST_LEVEL)
		report_odd(l->to, "a valid entry of level 3 has bit 1 set: the hardware faults");
	else
		report_odd(l->to,
			   "no block can be at level %d with this granule: the hardware faults",
			   l->level);
}

void explain_entry(struct report *to, const struct regime *r, int level, uint64_t desc)
{
	const struct look l = {.to = to, .r = r, .level = level, .desc = desc};

	report_member(to, "level", json_integer(level));
	report_member(to, "kind", json_string(entry_kind_text(r, level, desc)));
	switch (entry_kind(r, level, desc)) {
	case ENTRY_INVALID:
		say_invalid(&l);
		break;
	case ENTRY_TABLE:
		say_table(&l);
		report_member(to, "address", json_hex(entry_address(r, level, desc)));
		break;
	case ENTRY_LEAF:
		say_leaf(&l);
		report_member(to, "address", json_hex(entry_address(r, level, desc)));
		report_member(to, "size", json_hex(regime_size(r, level)));
		break;
	default:
		say_reserved(&l);
	}
}

/* A block says that it is none of level 3; a page and a table look alike. */
static int likely_level(uint64_t desc)
{
	return (desc & 3) == 1 ? 2 : LAST_LEVEL;
}

void explain_descriptor(const struct explain *e)
{
	uint64_t desc = number("DESCRIPTOR", e->word[0], UINT64_MAX);
	bool given = e->level != NO_LEVEL_GIVEN;
	struct report to;
	struct regime r;

	regime_of(&r, &e->settings);
	report_begin(&to, "descriptor", desc);
	explain_entry(&to, &r, given ? e->level : likely_level(desc), desc);
	if (!given && desc & 1)
		report_note(&to, "taken for one of level %d: --level says otherwise",
			    likely_level(desc));
	report_end(&to, &e->settings);
}
