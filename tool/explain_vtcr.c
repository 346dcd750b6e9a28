/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * VTCR_EL2 and VTTBR_EL2.
 */
#include <inttypes.h>
#include <string.h>

#include "bad.h"
#include "explain.h"
#include "number.h"
#include "words.h"

/* Fields that just say yes, and the feature that has them. */
static const struct {
	unsigned int bit;
	const char *name;
	const char *says;
} flags[] = {
	{45, "HDBSS", "hardware lists what it notes as written (FEAT_HDBSS)"},
	{44, "HAFT", "hardware sets AF in table entries (FEAT_HAFT)"},
	{41, "TL0", "write permission of stage 1 checked: TopLevel0 (FEAT_THE)"},
	{40, "GCSH", "guarded control stacks checked at stage 2 (FEAT_GCS)"},
	{38, "D128", "descriptors of 128 bits: nothing else here applies (FEAT_D128)"},
	{37, "S2POE", "permission overlays (FEAT_S2POE)"},
	{36, "S2PIE", "permissions by index: S2AP and XN mean something else (FEAT_S2PIE)"},
	{35, "TL1", "write permission of stage 1 checked: TopLevel1 (FEAT_THE)"},
	{34, "AssuredOnly", "bit 58 of a leaf is AssuredOnly (FEAT_THE)"},
	{33, "SL2", "the walk starts at level -1 (FEAT_LPA2)"},
	{32, "DS", "descriptors of FEAT_LPA2: OA[51:50] in bits 9:8, SH of all memory is SH0"},
	{30, "NSA", "output of a secure stage 2 is non-secure"},
	{29, "NSW", "walks of a secure stage 2 are non-secure"},
	{28, "HWU62", "bit 62 of a leaf is used by the hardware (FEAT_HPDS2)"},
	{27, "HWU61", "bit 61 of a leaf is used by the hardware (FEAT_HPDS2)"},
	{26, "HWU60", "bit 60 of a leaf is used by the hardware (FEAT_HPDS2)"},
	{25, "HWU59", "bit 59 of a leaf is used by the hardware (FEAT_HPDS2)"},
	{22, "HD", "hardware notes writes in S2AP[1] where DBM is set (FEAT_HAFDBS)"},
	{21, "HA", "hardware sets the access flag (FEAT_HAFDBS)"},
};

#define KNOWN UINT64_C(0x0000337ffe6fffff)
#define RES1 (UINT64_C(1) << 31)

static void say_flags(struct report *to, uint64_t vtcr)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (vtcr >> flags[i].bit & 1)
			report_field(to, flags[i].bit, flags[i].bit, flags[i].name, "%s",
				     flags[i].says);
	}
}

static const char *walk_cache(uint64_t rgn)
{
	static const char *const says[] = {"Non-cacheable", "Write-Back Write-Allocate",
					   "Write-Through", "Write-Back no Write-Allocate"};

	return says[rgn];
}

static void say_sizes(struct report *to, const struct regime *r)
{
	static const char *const granules[] = {"4K", "64K", "16K", "reserved"};
	static const char *const sizes[] = {"32", "36", "40", "42",
					    "44", "48", "52", "reserved: no"};
	uint64_t vtcr = r->vtcr;

	report_field(to, 19, 19, "VS", "VMIDs of %d bits", vtcr >> 19 & 1 ? 16 : 8);
	report_field(to, 18, 16, "PS", "%s bits of output addresses", sizes[bits(vtcr, 18, 16)]);
	report_field(to, 15, 14, "TG0", "granule %s", granules[bits(vtcr, 15, 14)]);
	report_field(to, 13, 12, "SH0", "walks are %s", words_share(bits(vtcr, 13, 12)));
	report_field(to, 11, 10, "ORGN0", "walks are Outer %s", walk_cache(bits(vtcr, 11, 10)));
	report_field(to, 9, 8, "IRGN0", "walks are Inner %s", walk_cache(bits(vtcr, 9, 8)));
	report_field(to, 7, 6, "SL0",
		     r->root_tables ? "the walk starts at level %d" : "start level", r->start);
	report_field(to, 5, 0, "T0SZ", "%d bits of guest addresses", 64 - (int)bits(vtcr, 5, 0));
}

static void judge(struct report *to, const struct regime *r, uint64_t vtcr)
{
	if (!(vtcr & RES1))
		report_odd(to, "bit 31 is RES1 and should be 1");
	if (bits(vtcr, 22, 21) == 2)
		report_odd(to, "HD has no effect without HA");
	if (bits(vtcr, 13, 12) == 1)
		report_odd(to, "SH0 is reserved");
	if (!bits(vtcr, 13, 12) || !(bits(vtcr, 11, 10) & 1) || !(bits(vtcr, 9, 8) & 1))
		report_odd(to, "walks do not see what other CPUs have in their Write-Back caches: "
			       "tables must be cleaned to memory");
	if (bits(vtcr, 32, 32) && bits(vtcr, 15, 14) == 1)
		report_odd(to, "DS has no effect with a 64K granule");
	if (r->root_tables && r->ipa_bits > r->pa_bits)
		report_odd(to, "more IPA bits than PA bits: a translation fault at level 0");
	if (r->ipa_bits < 25)
		report_odd(to, "T0SZ over 39 needs FEAT_TTST");
	report_res0(to, KNOWN);
}

void explain_vtcr(const struct explain *e)
{
	uint64_t vtcr = number("vtcr", e->word[1], UINT64_MAX);
	struct report to;
	struct regime r;
	const char *reason;

	if (e->settings.has_vtcr)
		bad("--vtcr", "there is a value already");
	reason = regime_decode(&r, vtcr, e->settings.config.features);
	report_begin(&to, "vtcr", vtcr);
	report_title(&to, "VTCR_EL2: %s", reason ? "makes no sense" : regime_text(&r));
	say_flags(&to, vtcr);
	say_sizes(&to, &r);
	if (reason)
		report_odd(&to, "%s", reason);
	judge(&to, &r, vtcr);
	if (!reason)
		report_note(&to, "the root has %s and is aligned to that",
			    size_text(regime_root_size(&r)));
	report_end(&to, &e->settings);
}

static unsigned int vmid_bits(const struct regime *r)
{
	return r->vtcr >> 19 & 1 ? 16 : 8;
}

static void judge_vttbr(struct report *to, const struct regime *r, uint64_t vttbr)
{
	uint64_t root = regime_root(r, vttbr);

	if (root & (regime_root_size(r) - 1))
		report_odd(
			to,
			"the root is not aligned to its %s: address bits below that are reserved",
			size_text(regime_root_size(r)));
	if (root >> r->pa_bits)
		report_odd(to, "the root has more than %u bits: address size fault at level 0",
			   r->pa_bits);
	if (vmid_bits(r) == 8 && bits(vttbr, 63, 56))
		report_odd(to, "bits 63:56 are reserved with VMIDs of 8 bits");
	if (r->pa_bits == 52 && bits(vttbr, 1, 1))
		report_odd(to, "bit 1 is reserved");
}

void explain_vttbr(const struct explain *e)
{
	uint64_t vttbr = number("vttbr", e->word[1], UINT64_MAX);
	struct report to;
	struct regime r;

	regime_of(&r, &e->settings);
	report_begin(&to, "vttbr", vttbr);
	report_title(&to, "VTTBR_EL2: root at %#" PRIx64 ", VMID %u", regime_root(&r, vttbr),
		     (unsigned int)bits(vttbr, 63, 48));
	report_member(&to, "root", json_hex(regime_root(&r, vttbr)));
	report_member(&to, "vmid", json_integer((json_int_t)bits(vttbr, 63, 48)));
	report_field(&to, 63, 48, "VMID", "%u", (unsigned int)bits(vttbr, 63, 48));
	report_field(&to, 47, r.pa_bits == 52 ? 6 : 1, "BADDR", "root at %#" PRIx64,
		     regime_root(&r, vttbr));
	if (r.pa_bits == 52)
		report_field(&to, 5, 2, "BADDR high", "bits 51:48 of it");
	report_field(&to, 0, 0, "CnP",
		     vttbr & 1 ? "all CPUs of the domain use the same tables for this VMID" : "no");
	judge_vttbr(&to, &r, vttbr);
	report_note(&to, "for %s", regime_text(&r));
	report_end(&to, &e->settings);
}
