/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * stage2 explain: one value of each kind, in words.
 */
#ifndef TOOL_EXPLAIN_H
#define TOOL_EXPLAIN_H

#include "regime.h"
#include "report.h"

#define NO_LEVEL_GIVEN (-2)
#define EXPLAIN_WORDS 3

struct explain {
	struct settings settings;
	const char *word[EXPLAIN_WORDS]; /* arguments that are no options */
	unsigned int words;
	int level; /* NO_LEVEL_GIVEN: none is given */
	bool has_hpfar, has_far;
	uint64_t hpfar, far;
};

void explain_descriptor(const struct explain *e);
void explain_vtcr(const struct explain *e);
void explain_vttbr(const struct explain *e);
void explain_tlbi(const struct explain *e);
void explain_esr(const struct explain *e);

/* What is in one entry, into a report that has begun: used by a walk too. */
void explain_entry(struct report *to, const struct regime *r, int level, uint64_t desc);

#endif
