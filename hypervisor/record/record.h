/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Two records of a run, kept in memory that the guest cannot see and written to files of
 * the machine that emulates the board when the run ends: what was done to tables, step by
 * step, and which calls of the library were made.  docs/trace.md has their formats.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdint.h>

#include <stage2/stage2.h>

/* MiB behind all other memory, for both; scripts/run-guest adds them to the board's. */
#define RECORD_MIB 512u

enum record_kind {
	RECORD_STORE,
	RECORD_RELEASE,
	RECORD_FILL,
	RECORD_ZERO,
	RECORD_DSB_ISHST,
	RECORD_DSB_ISH,
	RECORD_DSB_NSH,
	RECORD_ISB,
	RECORD_VTTBR,
	RECORD_ONLINE,
	RECORD_QUIESCENT,
	RECORD_OFFLINE,
	RECORD_FREE,
	RECORD_IPAS2E1IS,
	RECORD_IPAS2LE1IS,
	RECORD_RIPAS2E1IS,
	RECORD_RIPAS2LE1IS,
	RECORD_IPAS2E1,
	RECORD_VMALLE1IS,
	RECORD_VMALLS12E1IS,
	RECORD_VMALLE1,
	RECORD_ALLE1IS,
	RECORD_KINDS,
};

/* Around a step and its record. */
void record_lock(void);
void record_unlock(void);

/* Under the lock. */
void record_event(enum record_kind kind, uint64_t a);

/* A read-side section; a quiescent state is left out if nothing was stored since the last one. */
void record_section(enum record_kind kind);

/* A store to an entry; if that links a table, what is in the table comes before it. */
void record_store(enum record_kind kind, const uint64_t *entry, uint64_t old, uint64_t new);

/* VTTBR_EL2, if it is another one than when this CPU was last seen. */
void record_vttbr(void);

/* A page may be a table from now on. */
void record_page(const void *page);

/*
 * What a call has freed are tables no more.  It lies in the cache, which is the calling CPU's own,
 * above what was there `before`.
 */
void record_freed(const struct s2_cache *cache, const uint64_t *before);

/* One call of the library: its name, arguments, and what came of it. */
enum record_call {
	CALL_MAP,
	CALL_UNMAP,
	CALL_PROTECT,
	CALL_TOUCH,
	CALL_AGE,
	CALL_FLUSH,
	CALL_SPLIT,
	CALL_COLLAPSE,
	CALL_GROUP,
	CALL_LOG_START,
	CALL_LOG_COLLECT,
	CALL_LOG_STOP,
	CALLS,
};

#define CALL_ARGUMENTS 5u

struct call {
	enum record_call name;
	uint32_t vcpu;
	uint64_t start, end; /* ticks */
	uint64_t argument[CALL_ARGUMENTS];
};

void record_call(const struct call *c);

/* Both files. */
void record_write(void);

#endif
