/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What was taken out of a live entry, and may still be cached: a translation, or a pointer
 * to a table.  Each goes through the same steps, on all CPUs:
 *
 *	store ---> DSB ---> TLBI of stage 2 ---> DSB ---> TLBI of stage 1 ---> DSB ---> gone
 *
 * (VMALLS12E1IS is both TLBIs in one; a pointer is in no translation of stage 1.)  A step
 * counts only after the one before it.
 */
#ifndef TOOL_STALE_H
#define TOOL_STALE_H

#include "trace.h"

/* Why a TLBI did not count. */
enum stale_near {
	NEAR_NONE,
	NEAR_BEFORE_DSB, /* the store was not visible to all table walks yet */
	NEAR_ELSEWHERE, /* its operand names other addresses, or not all */
	NEAR_LEVEL, /* its hint names another level, or any, and a table was unlinked */
	NEAR_LAST_LEVEL, /* it keeps pointers to tables */
	NEAR_INVALID, /* its operand need not be honoured */
	NEAR_VMID, /* it was for another VMID */
	NEAR_LOCAL, /* it was for one CPU alone */
	NEAR_STAGE1, /* it was of stage 1, when stage 2 was not gone yet */
};

struct stale {
	uint64_t ipa, size, desc;
	uint64_t entry; /* that held it */
	int level; /* of that entry */
	bool table; /* a pointer to a table, which is at */
	uint64_t table_pa;
	bool below; /* it was in a table that was cut off, or below that */
	bool uncached; /* no TLB holds it, but a walk that finds it uses it: a DSB is enough */
	bool reported;
	unsigned int tree, cpu;
	uint64_t vmid;
	unsigned long line; /* of the store */
	uint64_t
		writers; /* CPUs that have stored there since: a DSB of any makes all of it visible */
	unsigned long visible; /* line of that DSB */
	uint64_t stage2, stage1; /* CPUs that may hold it */
	uint64_t issued2, issued1; /* CPUs whose DSB completes a TLBI for all */
	uint64_t local2, local1; /* or for themselves */
	unsigned long tlbi2, dsb2, tlbi1; /* lines */
	uint64_t covered; /* bytes, by TLBIs of ranges */
	enum stale_near near;
	unsigned long near_line;
};

struct stales {
	const struct regime *regime;
	const char *name; /* of the file */
	uint64_t cpus;
	struct stale *stale;
	size_t count, room;
};

void stales_init(struct stales *s, const struct trace *t);
void stales_close(struct stales *s);

/* A new one; what is in it is right but for its steps. */
void stales_add(struct stales *s, const struct stale *what);

/* An entry was stored to once more. */
void stales_store(struct stales *s, uint64_t entry, unsigned int cpu);

void stales_tlbi(struct stales *s, const struct event *e, uint64_t vmid);
void stales_dsb(struct stales *s, const struct event *e);

/* What would have to come next, in words. */
const char *stale_missing(const struct stale *s);

/* Why the TLBI in near_line did not count, in words; null if there was none. */
const char *stale_near_text(const struct stale *s);

#endif
