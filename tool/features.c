/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <stdio.h>
#include <string.h>

#include <stage2/format.h>

#include "bad.h"
#include "features.h"

static const struct {
	const char *name;
	const char *c;
	uint32_t bit;
} known[] = {
	{"lpa2", "S2_FEAT_LPA2", S2_FEAT_LPA2},
	{"fwb", "S2_FEAT_FWB", S2_FEAT_FWB},
	{"ttl", "S2_FEAT_TTL", S2_FEAT_TTL},
	{"tlbirange", "S2_FEAT_TLBIRANGE", S2_FEAT_TLBIRANGE},
	{"haf", "S2_FEAT_HAF", S2_FEAT_HAF},
	{"cnp", "S2_FEAT_CNP", S2_FEAT_CNP},
	{"hd", "S2_FEAT_HD", S2_FEAT_HD},
	{"xnx", "S2_FEAT_XNX", S2_FEAT_XNX},
	{"bbm1", "S2_FEAT_BBM1", S2_FEAT_BBM1},
	{"bbm2", "S2_FEAT_BBM2", S2_FEAT_BBM2},
	{"contig", "S2_FEAT_CONTIG", S2_FEAT_CONTIG},
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

static uint32_t one(const char *name, size_t length)
{
	for (size_t i = 0; i < KNOWN; i++) {
		if (strlen(known[i].name) == length && !strncmp(known[i].name, name, length))
			return known[i].bit;
	}
	return 0;
}

const char *features_find(const char *list, uint32_t *features)
{
	*features = 0;
	for (;;) {
		size_t length = strcspn(list, ",");
		uint32_t bit = one(list, length);

		if (!bit)
			return list;
		*features |= bit;
		if (!list[length])
			return NULL;
		list += length + 1;
	}
}

uint32_t features_parse(const char *list)
{
	uint32_t features;
	const char *unknown = features_find(list, &features);

	if (unknown)
		bad("--features",
		    "no feature '%.*s'; there are lpa2, fwb, ttl, tlbirange, haf, cnp, hd, xnx, "
		    "bbm1, bbm2, "
		    "contig",
		    (int)strcspn(unknown, ","), unknown);
	return features;
}

const char *features_c(uint32_t features)
{
	static char text[320];
	size_t n = 0;

	if (!features)
		return "0";
	for (size_t i = 0; i < KNOWN; i++) {
		if (features & known[i].bit)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? " | " : "",
					      known[i].c);
	}
	return text;
}
