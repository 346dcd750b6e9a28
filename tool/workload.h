/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A recorded workload: which calls of the library the CPUs of a hypervisor made, and when.
 * docs/trace.md has the format.
 */
#ifndef TOOL_WORKLOAD_H
#define TOOL_WORKLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "lines.h"
#include "regime.h"

enum work_kind {
	WORK_MAP,
	WORK_UNMAP,
	WORK_PROTECT,
	WORK_TOUCH,
	WORK_AGE,
	WORK_FLUSH,
	WORK_SPLIT,
	WORK_COLLAPSE,
	WORK_GROUP,
	WORK_LOG_START,
	WORK_LOG_COLLECT,
	WORK_LOG_STOP,
	WORK_KINDS,
};

/* One call; what it has no use for is 0. */
struct work {
	unsigned long line;
	uint64_t start, end; /* ticks from the beginning */
	uint64_t ipa, size, pa;
	uint32_t attr; /* protect: what it takes */
	uint32_t flags, level;
	uint8_t kind; /* enum work_kind */
	uint8_t cpu; /* counted from 0, without gaps */
};

#define WORKLOAD_CPUS 64u

struct workload {
	const char *name;
	struct regime regime; /* that it was recorded with */
	uint64_t frequency; /* ticks in a second */
	struct work *work; /* by start */
	size_t count, room;
	unsigned int cpus;
	unsigned int number[WORKLOAD_CPUS]; /* of each in the file, and one */
	uint64_t calls[WORK_KINDS];
};

/* Reads a file; bad() if it is none. */
void workload_open(struct workload *w, const char *name);
void workload_read(struct workload *w, struct lines *l);
void workload_close(struct workload *w);

const char *work_name(enum work_kind kind);

/* For another granule: pages that were named in part are named as a whole. */
void workload_align(struct workload *w, unsigned int granule_shift);

#endif
