/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Whether the events of a trace keep to the architecture's rules.
 */
#ifndef TOOL_RULES_H
#define TOOL_RULES_H

#include "mirror.h"
#include "stale.h"
#include "trace.h"

enum rule {
	RULE_BREAK, /* a live entry changed without a break */
	RULE_MAKE, /* an entry made while TLBs may hold what was there */
	RULE_FREE, /* a table freed while it is linked, or walks may go through it */
	RULE_GRACE, /* a table freed while software may be in it */
	RULE_PUBLISH, /* a table linked before its contents are visible */
	RULE_VMID, /* a TLBI before VTTBR_EL2 has taken effect */
	RULE_INVALIDATE, /* something was taken away and never invalidated */
	RULES,
};

/* Its name; what the Arm ARM has it under, null for a rule of software's own. */
const char *rule_name(enum rule rule);
const char *rule_section(enum rule rule);

#define RULE_LINES 8u

/* One break of a rule: what happened, and the lines that led there. */
struct breach {
	enum rule rule;
	unsigned long line;
	char text[320];
	unsigned int lines;
	struct {
		unsigned long number;
		char text[200];
	} at[RULE_LINES];
	char missing[200];
};

struct rules_cpu {
	bool started; /* VTTBR_EL2 is known */
	uint64_t vttbr;
	unsigned int tree;
	unsigned long unsynced; /* line that changed VTTBR_EL2, without an ISB since; 0: none */
	unsigned long ordered; /* of the last barrier for stores */
	bool online;
};

#define RULES_TREES 64u

struct rules {
	struct trace *trace;
	struct mirror mirror;
	struct stales stales;
	struct rules_cpu cpu[TRACE_CPUS];
	uint64_t tree[RULES_TREES]; /* VTTBR_EL2 of each */
	unsigned int trees;
	unsigned long published; /* line of the last store that linked a table too early */
	unsigned long before; /* line of the store before this one to the same entry */
	void (*report)(const struct breach *b, void *arg);
	void *arg;
	uint64_t events, stores, barriers, tlbis, breaks, frees, breaches;
};

void rules_begin(struct rules *r, struct trace *t,
		 void (*report)(const struct breach *b, void *arg), void *arg);
void rules_take(struct rules *r, const struct event *e);

/* The trace is over: what is still not invalidated never was. */
void rules_end(struct rules *r);
void rules_close(struct rules *r);

#endif
