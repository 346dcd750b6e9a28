/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 *	new tables over the copy	nobody uses them yet
 *	log				whatever is written from now on is copied later
 *	copy all, then rounds		until few pages are left, or no fewer than before
 *	pause				one unmap: it fetches the vCPUs, and is the log's last word
 *	copy what is left
 *	compare, poison			which a migration need not do, but this one proves itself
 *	switch, resume
 *	destroy the old tables
 *
 * The devices are the guest's own all the time; nothing but memory has to move.
 */
#include "block.h"
#include "console.h"
#include "dirty.h"
#include "halt.h"
#include "memory.h"
#include "migrate.h"
#include "options.h"
#include "report.h"
#include "stop.h"
#include "vcpu.h"

#define ROUNDS_MAX 10
#define FEW_PAGES 64 /* that the guest may wait for */
#define BAR_WIDTH 40 /* of all pages */

static struct {
	uint64_t pages[ROUNDS_MAX + 1]; /* in each round; the first one is all of them */
	uint64_t ends[ROUNDS_MAX + 1]; /* when it did, ticks of CNTPCT_EL0 */
	uint64_t start;
	uint64_t rounds;
	uint64_t copied;
	uint64_t missed;
	uint64_t downtime; /* ticks of CNTPCT_EL0, which are the guest's */
	bool in_time; /* the guest was still at work */
} result;

static void map_copy(struct vcpu *w)
{
	uint64_t done = 0;
	int status;

	do {
		vcpu_fill_cache(w);
		status = s2_map(&guest.trees[1], &w->s2, RAM_IPA + done, memory_ram_size() - done,
				memory_copy(RAM_IPA) + done, S2_NORMAL | S2_RWX, 0);
		done += w->s2.done;
	} while (status == S2_MORE || status == S2_NO_PAGE);
	must(status, "s2_map");
}

static void note_round(uint64_t pages)
{
	result.ends[result.rounds] = read_cntpct_el0();
	result.pages[result.rounds++] = pages;
	result.copied += pages;
}

/* Whether another round will leave less to do while the guest stands still. */
static bool pays_off(void)
{
	uint64_t pages = result.pages[result.rounds - 1];
	uint64_t before = result.pages[result.rounds - 2];

	return pages > FEW_PAGES && pages < before / 8 * 7;
}

/* The guest runs all the time. */
static void precopy(struct vcpu *w)
{
	dirty_start(w);
	note_round(dirty_copy_all(w));
	do {
		note_round(dirty_round(w));
	} while (pays_off() && result.rounds < ROUNDS_MAX);
}

static void poison_all(void)
{
	for (uint64_t at = 0; at < memory_ram_size(); at += guest_page_size())
		memory_poison_page(memory_home(RAM_IPA + at));
}

static void switch_over(struct vcpu *w)
{
	memory_switch();
	block_count_all();
	guest.tree = &guest.trees[1];
	dirty_end(w);
	halt_resume();
}

/* No vCPU enters the guest with them any more: each looks before it does. */
static void destroy_old(struct vcpu *w)
{
	int status;

	do {
		status = s2_destroy(&guest.trees[0], &w->s2);
	} while (status == S2_MORE);
	must(status, "s2_destroy");
}

/* The time that the check takes is not the migration's. */
static uint64_t check(void)
{
	uint64_t start = read_cntpct_el0();

	result.missed = dirty_count_missed();
	poison_all();
	return read_cntpct_el0() - start;
}

void migrate_run(struct vcpu *w)
{
	uint64_t start;

	map_copy(w);
	result.start = read_cntpct_el0();
	precopy(w);
	result.in_time = !stop_requested();
	start = read_cntpct_el0();
	halt_pause(w);
	note_round(dirty_copy_collected(w));
	start += check();
	switch_over(w);
	result.downtime = read_cntpct_el0() - start;
	destroy_old(w);
}

static void print_bar(uint64_t pages)
{
	uint64_t full = (pages * BAR_WIDTH + result.pages[0] - 1) / result.pages[0];

	say("|");
	for (uint64_t i = 0; i < BAR_WIDTH; i++)
		say(i < full ? "#" : " ");
	say("|");
}

static void print_rounds(void)
{
	uint64_t before = result.start;
	uint64_t again = 0;

	for (uint64_t i = 0; i < result.rounds; i++) {
		again += i ? result.pages[i] : 0;
		say("stage2: migration: round %s%lu ", i < 9 ? " " : "", i + 1);
		print_bar(result.pages[i]);
		say(" %lu pages in %lu ms, %lu recopied so far\n", result.pages[i],
		    (result.ends[i] - before) * 1000 / read_cntfrq_el0(), again);
		before = result.ends[i];
	}
}

void migrate_print(bool guest_ok)
{
	if (!options.migrate)
		return;
	print_rounds();
	say("stage2: migration: the guest stood still in the last one, for %lu ticks of its "
	    "counter, %lu us\n",
	    result.downtime, result.downtime * 1000000 / read_cntfrq_el0());
	say("stage2-migration: recopied=%lu downtime=%lu\n", result.copied - result.pages[0],
	    result.downtime);
	say("migrate: way=%s rounds=%lu copied=%lu missed=%lu guest=%s\n", dirty_way_name(),
	    result.rounds, result.copied, result.missed,
	    !result.in_time ? "early"
	    : guest_ok	    ? "ok"
			    : "failed");
}

bool migrate_ok(void)
{
	return !options.migrate || (result.in_time && !result.missed);
}
