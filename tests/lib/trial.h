/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A trial: random calls on one tree, held against a flat array of pages.
 *
 * One step is one call of the engine, again and again until its range is done, with
 * whatever resources a caller may have.  After every one of them, finished or not,
 * the tables say what the array says, no CPU can use anything else, and every page is
 * accounted for.
 *
 * What a call reports (pages that were dirty, or young) is held against what the array
 * says it owes: all of them, and no others.
 */
#ifndef TESTS_TRIAL_H
#define TESTS_TRIAL_H

#include "model.h"
#include "tlb.h"

#define LLU(x) ((unsigned long long)(x))

struct profile {
	const char *name;
	struct s2_config format;
	unsigned int unit_level;
	unsigned int blocks; /* of each window */
	unsigned int steps;
	bool shared;
	uint64_t quota;
	bool owned;
};

struct trial {
	const struct profile *profile;
	struct world world;
	struct model model;
	struct rng rng;
	uint64_t seed;
	unsigned int step;
	unsigned int window; /* that this step works in */

	/* Of each unit of the window, when the call under way began. */
	uint64_t *entry_size;
	uint64_t *was;
	bool *grouped;
	uint64_t applied; /* to the array, up to here */

	/* What it reports. */
	struct s2_bitmap
		log; /* a bit for each page of the window; no words if that were too many */
	bool *owed; /* by unit: a bit for each of its pages must be set, and no other */
	uint64_t owed_pages, found; /* in all, by what is owed, and by what calls say */
	bool reports; /* bits are set at all */
	bool deferring; /* several calls, one report */
	bool in_flight; /* what was taken may still be in use */
};

struct range {
	uint64_t ipa;
	uint64_t size;
};

/* The run makes one call for what is left; apply does the same to the array, for what has been done since. */
struct call {
	const char *name;
	struct range range;
	uint64_t pa;
	s2_attr attr;
	s2_attr give;
	uint32_t level;
	uint32_t flags;
	int (*run)(struct trial *t, const struct call *call, struct range rest);
	void (*apply)(struct trial *t, const struct call *call, struct range part);
};

enum resources {
	PLENTY,
	SCARCE, /* the cache runs out */
	BUDGET, /* a few entries a call */
	EXACT, /* what s2_map_cost() says */
};

#define TRIAL_PAGES 1100u /* enough for any call */

void trial_open(struct trial *t, const struct profile *profile, uint64_t seed);
void trial_close(struct trial *t);

static inline struct s2_cpu *trial_cpu(struct trial *t)
{
	return &t->world.cpu[0];
}

static inline uint64_t trial_draw(struct trial *t, uint64_t n)
{
	return random_below(&t->rng, n);
}

struct range trial_draw_range(struct trial *t);
enum resources trial_draw_resources(struct trial *t);

/* S2_FAULT, once in four. */
uint32_t trial_draw_flags(struct trial *t);

/* Before a call: says what it is, should it fail, and notes what the window holds. */
void trial_begin(struct trial *t, const struct call *call);

/* Budget, pages, and whether dirty pages are reported. */
void trial_provide(struct trial *t, enum resources resources);

/* One call has returned: takes what it has done off `rest`, does it to the array, and checks all. */
void trial_settle(struct trial *t, const struct call *call, struct range *rest, int status);

/* After the last one: what was reported is what was owed. */
void trial_end(struct trial *t);

/* Calls until it ends; the last status.  A call that is told to go on must come to an end. */
int trial_run(struct trial *t, const struct call *call);

void trial_check(struct trial *t);

/* For `apply`: the page at `ipa` was this, and is what the array says now: is a report owed? */
void trial_replaced(struct trial *t, uint64_t ipa, uint64_t was);
void trial_owe(struct trial *t, uint64_t ipa);

/* The unit's place in the arrays above. */
uint64_t trial_unit(const struct trial *t, uint64_t ipa);

static inline bool trial_is_dirty(uint64_t page)
{
	return model_is_mapped(page) && page & S2_DIRTY;
}

/* For `apply` of a call that changes nothing. */
void trial_apply_nothing(struct trial *t, const struct call *call, struct range part);

/* --- steps of marks: what changes leaves in place (marks.c) --- */

void trial_protect(struct trial *t);
void trial_touch(struct trial *t);
void trial_touch_in(struct trial *t, struct range range);
void trial_age(struct trial *t);
void trial_log_start(struct trial *t);
void trial_log_collect(struct trial *t);
void trial_log_stop(struct trial *t);
void trial_group(struct trial *t);
void trial_clean(struct trial *t);

/* The hardware sets an access flag, or notes a write, where it is allowed to. */
void trial_access(struct trial *t);

#endif
