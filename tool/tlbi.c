/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <string.h>
#include <strings.h>

#include "number.h"
#include "regime.h"
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
	t->broadcast = false;
	if (!strncasecmp(suffix, "IS", 2)) {
		t->reach = "all CPUs of the Inner Shareable domain";
		t->broadcast = true;
		suffix += 2;
	} else if (!strncasecmp(suffix, "OS", 2)) {
		t->reach = "all CPUs of the Outer Shareable domain";
		t->broadcast = true;
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
		t->all = !strncmp(bases[i].name, "ALL", 3);
		t->stage1 = bases[i].operand == TLBI_NOTHING;
		t->stage2 = strcmp(bases[i].name, "VMALLE1") != 0;
		return parse_suffix(t, op + length);
	}
	return false;
}

static const unsigned int granules[] = {0, 12, 14, 16};

/* Level 0 has no leaves without LPA2: no hint then. */
static struct tlbi_span ipa_span(const struct regime *r, uint64_t operand)
{
	struct tlbi_span span = {.level = -1, .valid = true};
	unsigned int ttl = (unsigned int)bits(operand, 47, 44);

	span.first = bits(operand, 39, 0) << 12;
	span.last = span.first + (UINT64_C(1) << r->granule) - 1;
	if (r->features & S2_FEAT_TTL && ttl >> 2 && (ttl & 3 || r->ds)) {
		span.level = (int)(ttl & 3);
		span.valid = granules[ttl >> 2] == r->granule;
	}
	return span;
}

static struct tlbi_span range_span(const struct regime *r, uint64_t operand)
{
	uint64_t pages = (bits(operand, 43, 39) + 1) << (5 * bits(operand, 45, 44) + 1);
	unsigned int level = (unsigned int)bits(operand, 38, 37);
	struct tlbi_span span = {.level = -1};

	span.first = bits(operand, 36, 0) << (r->ds ? TLBI_LPA2_SHIFT : r->granule);
	span.last = span.first + (pages << r->granule) - 1;
	span.valid = granules[bits(operand, 47, 46)] == r->granule;
	if (r->features & S2_FEAT_TTL && level)
		span.level = (int)level;
	if (span.level >= 0 && span.first & (regime_size(r, span.level) - 1))
		span.valid = false;
	return span;
}

struct tlbi_span tlbi_span(const struct tlbi *t, const struct regime *r, uint64_t operand)
{
	return t->operand == TLBI_RANGE ? range_span(r, operand) : ipa_span(r, operand);
}
