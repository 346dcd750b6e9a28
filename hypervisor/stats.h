/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What happened: each vCPU counts for itself, and the end of the run adds up.
 */
#ifndef HYPERVISOR_STATS_H
#define HYPERVISOR_STATS_H

#include <stdbool.h>
#include <stdint.h>

enum fault_kind {
	FAULT_DATA,
	FAULT_INSTRUCTION,
	FAULT_STAGE1_WALK,
	FAULT_PERMISSION,
	FAULT_ACCESS_FLAG,
	FAULT_DEVICE,
	FAULT_KINDS
};

struct stats {
	uint64_t faults[FAULT_KINDS];
	uint64_t retries; /* faults that went back into the guest with nothing done */
	uint64_t exits;
	uint64_t waits;
	uint64_t calls;
	uint64_t longest; /* time in one fault, ticks of CNTPCT_EL0 */
	uint64_t peak; /* most tables seen in the tree */
	uint64_t unmaps; /* churn's */
	uint64_t maps;
	uint64_t moves;
	uint64_t protects;
	uint64_t ages;
	uint64_t young; /* pages that these found young */
	uint64_t conflicts; /* TLB conflict aborts */
	uint64_t touches; /* faults on what was mapped already, and only had to be marked */
};

static inline void stats_note_time(struct stats *s, uint64_t ticks)
{
	if (ticks > s->longest)
		s->longest = ticks;
}

static inline void stats_note_tables(struct stats *s, uint64_t tables)
{
	if (tables > s->peak)
		s->peak = tables;
}

/* How the run ended. */
struct outcome {
	bool guest_ok;
	uint64_t tables_live; /* table pages in use when the guest ended */
	uint64_t tables_leaked; /* not back after the tables were destroyed */
};

/* The summary; its last line is for programs to read. */
void stats_print(const struct outcome *outcome);

#endif
