/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A low-level trace: what CPUs did to descriptors, and which barriers and TLBIs they
 * executed, one event in a line.  docs/trace.md has the format.
 */
#ifndef TOOL_TRACE_H
#define TOOL_TRACE_H

#include "lines.h"
#include "regime.h"
#include "tlbi.h"

#define TRACE_CPUS 64u

enum event_kind {
	EVENT_STORE,
	EVENT_RELEASE, /* a store with release: STLR, CASAL, SWPAL */
	EVENT_FILL,
	EVENT_ZERO,
	EVENT_DMB,
	EVENT_DSB,
	EVENT_ISB,
	EVENT_TLBI,
	EVENT_VTTBR,
	EVENT_ONLINE,
	EVENT_QUIESCENT,
	EVENT_OFFLINE,
	EVENT_FREE,
};

/* How far a barrier goes. */
struct barrier {
	bool others; /* beyond this CPU */
	bool loads; /* not of stores alone: a DSB waits for TLBIs */
};

struct event {
	enum event_kind kind;
	unsigned int cpu;
	unsigned long line;
	uint64_t pa; /* of an entry or a table; the value of VTTBR_EL2 */
	uint64_t old, new;
	uint64_t count, step; /* of a fill: so many entries, and from one to the next */
	struct barrier barrier;
	struct tlbi tlbi;
	uint64_t operand;
	const char *name; /* of the barrier or the TLBI, as it was written */
};

struct trace {
	struct lines lines;
	struct regime regime;
	uint64_t cpus; /* a bit for each that may hold a translation */
};

/* Reads the header; `lines` are open. */
void trace_begin(struct trace *t);

/* The next event; false after the line that says that it is the end. */
bool trace_next(struct trace *t, struct event *e);

#endif
