/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <string.h>
#include <strings.h>

#include "tlbi.h"

static const struct {
	const char *name;
	enum tlbi_operand operand;
	bool last_level;
	const char *what;
} bases[] = {
	{"RIPAS2LE1", TLBI_RANGE, true, "leaves of stage 2, by a range of IPAs"},
	{"RIPAS2E1", TLBI_RANGE, false, "stage 2, by a range of IPAs"},
	{"IPAS2LE1", TLBI_IPA, true, "leaves of stage 2, by IPA"},
	{"IPAS2E1", TLBI_IPA, false, "stage 2, by IPA"},
	{"VMALLS12E1", TLBI_NOTHING, false, "stages 1 and 2 of the VMID"},
	{"VMALLE1", TLBI_NOTHING, false, "stage 1, and what combines it with stage 2, of the VMID"},
	{"ALLE1", TLBI_NOTHING, false, "stages 1 and 2 of every VMID"},
};

/* What is behind the name: IS, OS or nothing, and NXS. */
static bool parse_suffix(struct tlbi *t, const char *suffix)
{
	t->reach = "this CPU alone";
	if (!strncasecmp(suffix, "IS", 2)) {
		t->reach = "all CPUs of the Inner Shareable domain";
		suffix += 2;
	} else if (!strncasecmp(suffix, "OS", 2)) {
		t->reach = "all CPUs of the Outer Shareable domain";
		suffix += 2;
	}
	t->nxs = !strcasecmp(suffix, "NXS");
	return t->nxs || !*suffix;
}

bool tlbi_parse(struct tlbi *t, const char *op)
{
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		size_t length = strlen(bases[i].name);

		if (strncasecmp(op, bases[i].name, length) != 0)
			continue;
		t->operand = bases[i].operand;
		t->last_level = bases[i].last_level;
		t->what = bases[i].what;
		return parse_suffix(t, op + length);
	}
	return false;
}
