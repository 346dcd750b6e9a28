/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A scenario: a schedule that somebody wrote, in the world of world.h, shown step by step.
 *
 * CPUs make calls of the engine, or stores, barriers and TLBIs of their own, so that what is
 * wrong can be shown as well.  After each step that anybody could notice, a *frame* says what
 * happened, what the tables say, what CPUs may have cached, and which entries are broken.
 *
 * All of it is plain data: who asks need not be linked with the engine that the machine runs.
 */
#ifndef M_SCENARIO_H
#define M_SCENARIO_H

#include "world.h"

#define SCENE_ACTS 64u
#define SCENE_ORDERS 128u
#define SCENE_CPUS 2u
#define SCENE_TEXT 192u
#define SCENE_FIRST_PAGES 8u /* table pages in each CPU's cache */

/* What a CPU does: a call of the engine, or one instruction. */
enum act_kind { ACT_CALL, ACT_LOAD, ACT_STORE, ACT_CAS, ACT_DSB, ACT_TLBI, ACT_FREE };

/* What is stored: a number; a leaf; what was there at the beginning; what this CPU has read last. */
enum value_kind { VALUE_NUMBER, VALUE_LEAF, VALUE_WAS, VALUE_READ };

struct value {
	enum value_kind kind;
	uint64_t number;
	enum memory memory; /* of a leaf */
	s2_attr attr;
	uint64_t set, clear; /* bits, on top of that */
};

struct act {
	unsigned int line; /* of the script */
	unsigned int cpu;
	enum act_kind kind;
	char text[SCENE_TEXT]; /* as the script has it */
	struct operation op; /* of a call; `at` is also the place of an instruction */
	unsigned int level; /* of the entry that an instruction is about */
	struct value value;
	enum m_dsb dsb;
	struct m_tlbi tlbi; /* without operand: that is the place's */
};

/* What happens in a step, as bits: what a CPU may be run up to. */
#define SCENE_BREAK 0x1u
#define SCENE_MAKE 0x2u
#define SCENE_INSTALL 0x4u
#define SCENE_SEAL 0x8u
#define SCENE_TLBI 0x10u
#define SCENE_DSB 0x20u
#define SCENE_CALL 0x40u
#define SCENE_RETURN 0x80u
#define SCENE_END 0x100u
#define SCENE_ANY 0x1ffu
#define SCENE_WRITE 0x200u /* nothing that has happened: the next step is a write to a table */

/* What is done next: a CPU runs, the guest accesses a page, or something is said. */
enum order_kind { ORDER_RUN, ORDER_GUEST, ORDER_NOTE };

struct order {
	unsigned int line;
	enum order_kind kind;
	unsigned int cpu;
	unsigned int count; /* how often `until` */
	unsigned int until;
	unsigned int acts; /* that the script has up to here: no CPU goes further */
	unsigned int watched; /* the guest's page */
	bool write;
	char text[2 * SCENE_TEXT];
};

struct scenario {
	struct s2_config config;
	unsigned int cpus, pages;
	struct act before[SCENE_ACTS]; /* calls that prepare the tables */
	unsigned int befores;
	struct act act[SCENE_ACTS];
	unsigned int acts;
	struct order order[SCENE_ORDERS];
	unsigned int orders;
};

/* --- what is shown ------------------------------------------------------------------- */

#define SCENE_EVENTS 12u
#define SCENE_TABLES 16u
#define SCENE_RUNS 16u
#define SCENE_CACHED 96u
#define SCENE_WINDOWS 16u
#define SCENE_UNSEEN 16u

/* Entries next to each other that say the same. */
struct scene_run {
	unsigned int first, last;
	const char *state; /* "leaf", "table", "locked", ... */
	char says[48]; /* "rw- A+0x1000", "page 5" */
	bool window; /* broken, and nothing made there yet */
};

struct scene_table {
	unsigned int page; /* of the arena */
	unsigned int level; /* of its entries */
	uint64_t ipa; /* of the first of them */
	bool linked; /* the root leads to it; else it was cut off, and is not free yet */
	unsigned int runs;
	struct scene_run run[SCENE_RUNS];
	bool more; /* runs than there is room for */
};

/* What one CPU, or each, may have cached for a watched page. */
struct scene_cached {
	int cpu; /* -1: each */
	unsigned int watched;
	bool pointer;
	bool stage2, combined; /* of a leaf */
	bool stale; /* the tables do not say so, or no longer */
	int level;
	char says[48];
};

struct scene_frame {
	unsigned int line; /* of the script; 0 for none */
	int cpu; /* that took the step; -1: none */
	bool again; /* takes the place of the frame before: the same on the next entry */
	unsigned int happened; /* SCENE_* */
	unsigned int events;
	char event[SCENE_EVENTS][SCENE_TEXT];
	const char *note;
	unsigned int tables;
	struct scene_table table[SCENE_TABLES];
	unsigned int caches;
	struct scene_cached cached[SCENE_CACHED];
	unsigned int windows;
	char window[SCENE_WINDOWS][SCENE_TEXT];
	unsigned int unseen; /* stores that walks may miss */
	char missed[SCENE_UNSEEN][SCENE_TEXT];
	unsigned int in_flight[SCENE_CPUS]; /* TLBIs that no DSB has completed */
	const char *violation;
};

/* Why a scenario cannot be played, and where. */
struct scene_problem {
	unsigned int line;
	char why[SCENE_TEXT];
};

typedef void scene_viewer(const struct scene_frame *frame, void *arg);

/* IPAs of the watched pages, in the format of the scenario: page 0, page 1, the last one, ... */
#define SCENE_WATCHED_NAMES                                  \
	{                                                    \
		"page0", "page1", "last", "block1", "block2" \
	}

/*
 * Plays it, and shows each frame.  False if it cannot be: then *problem says why.  Otherwise
 * *fine says whether no rule was broken.
 */
bool scenario_play(const struct scenario *s, scene_viewer *view, void *arg, bool *fine,
		   struct scene_problem *problem);

/* Where the guest's memory is, and that other memory. */
uint64_t scenario_memory(enum memory memory);

#endif
