/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The dirty log of the running guest, and the copy of its memory that shows whether the
 * log tells everything.
 *
 * Each round collects the log and copies the pages in it, so that a page which no log
 * speaks of is the same as its copy.  That is looked at when the guest stands still,
 * word by word: one that differs was written, and is missing in the log.
 */
#ifndef HYPERVISOR_DIRTY_H
#define HYPERVISOR_DIRTY_H

#include <stdbool.h>
#include <stdint.h>

#include <stage2/stage2.h>

struct vcpu;

/* The log that is not collected yet: all CPUs share it. */
struct s2_bitmap *dirty_bitmap(void);

/* Whether pages are to be mapped so that writes to them are logged. */
bool dirty_is_logged(void);

/* The worker's job without a migration: rounds until the guest has ended. */
void dirty_run(struct vcpu *w);

/* Its parts.  Begins: all writes from its return on are logged. */
void dirty_start(struct vcpu *w);

/* No page is mapped so any more. */
void dirty_end(struct vcpu *w);

/* Copies all pages, or those in the log that was collected, which it empties; how many. */
uint64_t dirty_copy_all(struct vcpu *w);
uint64_t dirty_copy_collected(struct vcpu *w);

/* One round: collects, and copies what was written since the last one. */
uint64_t dirty_round(struct vcpu *w);

/* Pages that differ from their copies, and that the log has not.  The guest stands still. */
uint64_t dirty_count_missed(void);

/*
 * When the guest has ended, and no other CPU is in its tables: the last of the log, the
 * check, and blocks are formed again.
 */
void dirty_finish(struct vcpu *v);

/* What the options are called. */
const char *dirty_way_name(void);

/* The line for programs to read; whether there was a log, if one was asked for, and nothing missed. */
void dirty_print(void);
bool dirty_ok(void);

#endif
