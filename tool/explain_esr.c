/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * ESR_EL2 of an abort from a guest: what happened, where, and why that usually is.
 */
#include <inttypes.h>

#include "bad.h"
#include "explain.h"
#include "number.h"

#define EC_INSTRUCTION 0x20
#define EC_DATA 0x24

#define BIT(value, n) ((value) >> (n)&1)

enum cause { TRANSLATION, ACCESS_FLAG, PERMISSION, ADDRESS_SIZE, CONFLICT, EXTERNAL, OTHER };

struct status {
	enum cause cause;
	int level; /* -2: there is none */
	const char *says;
};

/* Arm ARM, "ESR_EL2.DFSC": four levels from `first` on, and level -1 elsewhere. */
static const struct {
	unsigned int first;
	unsigned int minus_1;
	struct status status;
} by_level[] = {
	{0x00, 0x29, {ADDRESS_SIZE, 0, "address size fault"}},
	{0x04, 0x2b, {TRANSLATION, 0, "translation fault"}},
	{0x08, 0x40, {ACCESS_FLAG, 0, "access flag fault"}},
	{0x0c, 0x40, {PERMISSION, 0, "permission fault"}},
	{0x14, 0x13, {EXTERNAL, 0, "external abort on a table walk"}},
	{0x1c, 0x1b, {EXTERNAL, 0, "parity or ECC error on a table walk"}},
};

static const struct {
	unsigned int code;
	struct status status;
} alone[] = {
	{0x10, {EXTERNAL, -2, "external abort, not on a table walk"}},
	{0x11, {OTHER, -2, "tag check fault"}},
	{0x18, {EXTERNAL, -2, "parity or ECC error, not on a table walk"}},
	{0x21, {OTHER, -2, "alignment fault"}},
	{0x30, {CONFLICT, -2, "TLB conflict abort"}},
	{0x31, {OTHER, -2, "atomic update of a descriptor in memory that cannot do it"}},
	{0x34, {OTHER, -2, "lockdown (IMPLEMENTATION DEFINED)"}},
	{0x35, {OTHER, -2, "exclusive or atomic access to memory that cannot do it"}},
};

static struct status status_of(unsigned int code)
{
	struct status status = {OTHER, -2, "reserved fault status"};

	for (size_t i = 0; i < sizeof(by_level) / sizeof(by_level[0]); i++) {
		if (code - by_level[i].first < 4 || code == by_level[i].minus_1) {
			status = by_level[i].status;
			status.level = code == by_level[i].minus_1 ? -1 : (int)(code & 3);
		}
	}
	for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++) {
		if (code == alone[i].code)
			status = alone[i].status;
	}
	return status;
}

/* Bits that only a data abort has. */
static void say_data(struct report *to, uint64_t esr)
{
	static const char *const sizes[] = {"1 byte", "2 bytes", "4 bytes", "8 bytes"};

	report_field(to, 24, 24, "ISV",
		     BIT(esr, 24) ? "bits 23:14 describe the access" : "nothing in bits 23:14");
	if (BIT(esr, 24)) {
		report_field(to, 23, 22, "SAS", "%s", sizes[bits(esr, 23, 22)]);
		report_field(to, 21, 21, "SSE", BIT(esr, 21) ? "sign-extended" : "zero-extended");
		report_field(to, 20, 16, "SRT", "register %s%u", BIT(esr, 15) ? "X" : "W",
			     (unsigned int)bits(esr, 20, 16));
		report_field(to, 14, 14, "AR", BIT(esr, 14) ? "acquire or release" : "plain");
	}
	if (BIT(esr, 13))
		report_field(to, 13, 13, "VNCR", "an access by way of VNCR_EL2");
	report_field(to, 8, 8, "CM",
		     BIT(esr, 8) ? "cache maintenance or address translation" : "no");
	report_field(to, 6, 6, "WnR", BIT(esr, 6) ? "a write" : "a read");
}

static void say_common(struct report *to, uint64_t esr, const struct status *status)
{
	report_field(to, 10, 10, "FnV", BIT(esr, 10) ? "FAR_EL2 is not valid" : "FAR_EL2 is valid");
	report_field(to, 9, 9, "EA",
		     BIT(esr, 9) ? "external, of IMPLEMENTATION DEFINED kind" : "no");
	report_field(to, 7, 7, "S1PTW", BIT(esr, 7) ? "on a walk of the guest's own tables" : "no");
	if (status->level != -2)
		report_field(to, 5, 0, "xFSC", "%s, level %d", status->says, status->level);
	else
		report_field(to, 5, 0, "xFSC", "%s", status->says);
}

/* Arm ARM, "HPFAR_EL2": for a permission fault only on a walk of stage 1. */
static bool hpfar_is_valid(uint64_t esr, enum cause cause)
{
	return cause == TRANSLATION || cause == ACCESS_FLAG || cause == ADDRESS_SIZE ||
	       (cause == PERMISSION && BIT(esr, 7));
}

static void say_where(struct report *to, const struct explain *e, uint64_t esr, enum cause cause)
{
	uint64_t page = bits(e->hpfar, 43, 4) << 12;
	bool offset = e->has_far && !BIT(esr, 10) && !BIT(esr, 7);

	if (!e->has_hpfar)
		return;
	if (!hpfar_is_valid(esr, cause)) {
		report_odd(to,
			   "HPFAR_EL2 is UNKNOWN for such an abort: translate FAR_EL2 by stage 1 "
			   "(AT S1E1R) instead");
		return;
	}
	report_member(to, "ipa", json_hex(offset ? page | (e->far & 0xfff) : page));
	report_note(to, "HPFAR_EL2: IPA %#" PRIx64 "%s", offset ? page | (e->far & 0xfff) : page,
		    offset ? "" : ", and an offset in 4K that only FAR_EL2 has");
}

static void say_far(struct report *to, const struct explain *e, uint64_t esr)
{
	if (!e->has_far)
		return;
	report_member(to, "va", json_hex(e->far));
	if (BIT(esr, 10))
		report_odd(to, "FnV is set: FAR_EL2 is UNKNOWN");
	else
		report_note(to, "FAR_EL2: the guest's address is %#" PRIx64, e->far);
}

static const char *usual(enum cause cause, uint64_t esr, bool data)
{
	switch (cause) {
	case TRANSLATION:
		return "nothing is mapped there (level: where the walk ended): memory that was not "
		       "given yet, a "
		       "device to emulate, a window of break-before-make, or an IPA beyond the IPA "
		       "bits";
	case ACCESS_FLAG:
		return "the first access to a page whose AF is clear: set it, no TLBI is needed";
	case PERMISSION:
		if (!data)
			return "XN is set: memory that must not be executed, or a device";
		if (BIT(esr, 7) && BIT(esr, 6))
			return "the CPU was to update the guest's own tables, in memory that is "
			       "read only";
		return BIT(esr, 6)
			       ? "a write to read-only memory: a dirty log, copy on write, or a ROM"
			       : "a read of memory that may not be read";
	case ADDRESS_SIZE:
		return "a table, VTTBR_EL2 or a leaf has an address with more bits than "
		       "VTCR_EL2.PS, or that is "
		       "no IPA: a corrupt entry";
	case CONFLICT:
		return "two entries cached for one address: a size was changed without "
		       "break-before-make; "
		       "invalidate the VMID and retry";
	case EXTERNAL:
		return "the memory system refused: an output address where nothing is, or an "
		       "uncorrected error";
	default:
		return "no matter of stage-2 tables";
	}
}

void explain_esr(const struct explain *e)
{
	uint64_t esr = number("esr", e->word[1], UINT64_MAX), ec = bits(esr, 31, 26);
	struct status status = status_of((unsigned int)bits(esr, 5, 0));
	bool data = ec == EC_DATA;
	struct report to;

	if (ec != EC_DATA && ec != EC_INSTRUCTION)
		bad(e->word[1],
		    "EC %#" PRIx64 " is no abort from a guest: 0x20 (instruction) or 0x24 (data)",
		    ec);
	report_begin(&to, "esr", esr);
	report_title(&to, "ESR_EL2: %s abort from a guest, %s%s%s", data ? "data" : "instruction",
		     status.says,
		     data && BIT(esr, 6) ? ", of a write"
		     : data		 ? ", of a read"
					 : "",
		     BIT(esr, 7) ? ", on a walk of the guest's own tables" : "");
	report_member(&to, "level", json_integer(status.level));
	if (bits(esr, 55, 32))
		report_field(&to, 55, 32, "ISS2", "more of the access");
	report_field(&to, 31, 26, "EC", "%s abort from a lower exception level",
		     data ? "data" : "instruction");
	report_field(&to, 25, 25, "IL",
		     BIT(esr, 25) ? "an instruction of 4 bytes" : "an instruction of 2 bytes");
	if (data)
		say_data(&to, esr);
	say_common(&to, esr, &status);
	say_where(&to, e, esr, status.cause);
	say_far(&to, e, esr);
	report_note(&to, "usually: %s", usual(status.cause, esr, data));
	report_end(&to, &e->settings);
}
