/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Threads that work on the same tables at once, with everything that there is.
 *
 * The IPA space is dealt out in units, to each thread in turn: pages, runs of
 * pages, blocks, runs that lie across blocks.  A thread knows exactly what its
 * own units hold, since an operation never loses the effect of another on a
 * disjoint range; but the tables and blocks they stand in are everybody's, and
 * all threads split, collapse, compact, group, cut and reclaim them under each other's
 * hands.  Every so many units belong to nobody: what they hold must be what somebody has
 * written.
 *
 * A thread is its units' guest as well: it writes to pages and accesses them, by faults, and
 * remembers which.  What it wrote to a logged page is reported to it, sooner or later, or
 * still to be found in the tables when all have ended.
 *
 * Pages that come back are poisoned before they are used again.  S2_SECONDS says
 * how long each test runs.
 */
#define _GNU_SOURCE
#include "lib/suite.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stage2/dirty.h>
#include <stage2/inspect.h>
#include <stage2/stage2.h>
#include <stage2/vmid.h>

#include "host.h"
#include "rcu.h"

#define LLU(x) ((unsigned long long)(x))

#define THREADS 4
#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define GB UINT64_C(0x40000000)
#define ARENA (UINT64_C(64) << 20)
#define MAPPED BIT(63)

/* Units of one size; where they begin is a multiple of nothing but a page. */
struct region {
	uint64_t base;
	uint64_t unit; /* bytes */
	unsigned int units;
};

static const struct region regions[] = {
	{1 * GB, PAGE, 1024},
	{2 * GB - BLOCK, 64 * PAGE, 40},
	{3 * GB - 2 * BLOCK, BLOCK, 16},
	{4 * GB + 5 * PAGE, 700 * PAGE, 12},
};

#define UNITS_MAX 1024
#define PAGES_MAX 8400 /* of a region */
#define WORDS(n) (((n) + 63) / 64)
#define UNIT_WORDS WORDS(700) /* of one unit's pages */

/* A kind of CPU, and who ends read-side sections. */
struct kind {
	const char *name;
	uint32_t features;
	bool use_rcu;
};

#define RANGE (S2_FEAT_TTL | S2_FEAT_TLBIRANGE)

static struct kind kinds[] = {
	{"with_qsbr", RANGE, false},
	{"with_liburcu", RANGE, true},
	{"with_groups", RANGE | S2_FEAT_CONTIG, false},
	{"with_BBM1", RANGE | S2_FEAT_BBM1 | S2_FEAT_HAF | S2_FEAT_HD, false},
	{"with_BBM2_and_groups", RANGE | S2_FEAT_BBM2 | S2_FEAT_CONTIG, true},
};

struct shared {
	struct s2_format fmt;
	struct s2_tree tree;
	struct s2_qsbr qsbr;
	struct s2_qsbr_slot slot[THREADS];
	struct s2_host_rcu rcu;
	bool use_rcu;
	bool stop;
	uint64_t failures;
};

struct worker {
	struct shared *s;
	unsigned int id;
	struct rng rng;
	struct s2_cpu cpu;
	uint64_t own[ARRAY_SIZE(regions)][UNITS_MAX]; /* of its units: address, attributes, or 0 */
	/* By page: written while it was logged, and accessed, and not reported since. */
	uint64_t written[ARRAY_SIZE(regions)][WORDS(PAGES_MAX)];
	uint64_t accessed[ARRAY_SIZE(regions)][WORDS(PAGES_MAX)];
	uint64_t word[UNIT_WORDS]; /* of `map` */
	struct s2_bitmap map; /* what calls on one unit report */
	uint64_t operations;
};

/* cmocka's own way out is closed to any thread but the first. */
#define complain(w, ...)                                                    \
	do {                                                                \
		flockfile(stdout);                                          \
		printf("# thread %u: ", (w)->id);                           \
		printf(__VA_ARGS__);                                        \
		printf("\n");                                               \
		funlockfile(stdout);                                        \
		__atomic_add_fetch(&(w)->s->failures, 1, __ATOMIC_RELAXED); \
		__atomic_store_n(&(w)->s->stop, true, __ATOMIC_RELAXED);    \
	} while (0)

static bool stopping(const struct shared *s)
{
	return __atomic_load_n(&s->stop, __ATOMIC_RELAXED);
}

/* What was begun is finished, unless something is wrong. */
static bool failing(const struct shared *s)
{
	return __atomic_load_n(&s->failures, __ATOMIC_RELAXED);
}

static uint64_t draw(struct worker *w, uint64_t n)
{
	return random_below(&w->rng, n);
}

/* --- grace periods ---------------------------------------------------------- */

static void enter(struct worker *w)
{
	if (w->s->use_rcu)
		s2_host_rcu_enter(&w->s->rcu);
	else
		s2_qsbr_online(&w->s->qsbr, w->id);
}

static void leave(struct worker *w)
{
	if (w->s->use_rcu)
		s2_host_rcu_leave(&w->s->rcu);
	else
		s2_qsbr_offline(&w->s->qsbr, w->id);
}

static void pass(struct worker *w)
{
	if (w->s->use_rcu) {
		leave(w);
		enter(w);
	} else {
		s2_qsbr_quiescent(&w->s->qsbr, w->id);
	}
}

/* --- table pages ------------------------------------------------------------ */

static void fill(struct worker *w, uint32_t pages)
{
	while (w->cpu.cache.count > pages)
		s2_host_free(s2_cache_take(&w->cpu.cache), PAGE);
	while (w->cpu.cache.count < pages) {
		void *page = s2_host_alloc(PAGE);

		if (!page) {
			complain(w, "the arena is used up");
			return;
		}
		(void)s2_cache_put(&w->cpu.cache, page);
	}
}

/* --- operations on one range, until it is done ------------------------------ */

struct job {
	uint64_t ipa, size, pa;
	s2_attr attr;
	s2_attr give;
	uint32_t flags;
};

static int call_map(struct worker *w, const struct job *job, uint64_t done)
{
	return s2_map(&w->s->tree, &w->cpu, job->ipa + done, job->size - done, job->pa + done,
		      job->attr, job->flags);
}

static int call_unmap(struct worker *w, const struct job *job, uint64_t done)
{
	return s2_unmap(&w->s->tree, &w->cpu, job->ipa + done, job->size - done, job->flags);
}

static int call_split(struct worker *w, const struct job *job, uint64_t done)
{
	return s2_split(&w->s->tree, &w->cpu, job->ipa + done, job->size - done, 3, job->flags);
}

static int call_compact(struct worker *w, const struct job *job, uint64_t done)
{
	return s2_compact(&w->s->tree, &w->cpu, job->ipa + done, job->size - done, 2, job->flags);
}

static int call_group(struct worker *w, const struct job *job, uint64_t done)
{
	return s2_group(&w->s->tree, &w->cpu, job->ipa + done, job->size - done);
}

static int call_protect(struct worker *w, const struct job *job, uint64_t done)
{
	return s2_protect(&w->s->tree, &w->cpu, job->ipa + done, job->size - done, job->attr,
			  job->give, job->flags);
}

static int call_touch(struct worker *w, const struct job *job, uint64_t done)
{
	return s2_touch(&w->s->tree, &w->cpu, job->ipa + done, job->flags);
}

static int call_age(struct worker *w, const struct job *job, uint64_t done)
{
	return s2_age(&w->s->tree, &w->cpu, job->ipa + done, job->size - done, &w->map, job->flags);
}

static int call_log_start(struct worker *w, const struct job *job, uint64_t done)
{
	return s2_log_start(&w->s->tree, &w->cpu, job->ipa + done, job->size - done, job->flags);
}

static int call_log_collect(struct worker *w, const struct job *job, uint64_t done)
{
	return s2_log_collect(&w->s->tree, &w->cpu, job->ipa + done, job->size - done, &w->map,
			      job->flags);
}

static int call_log_stop(struct worker *w, const struct job *job, uint64_t done)
{
	return s2_log_stop(&w->s->tree, &w->cpu, job->ipa + done, job->size - done, &w->map,
			   job->flags);
}

typedef int caller(struct worker *w, const struct job *job, uint64_t done);

/* A deferred range stays locked, so its read-side section lasts until the flush. */
static void until_done(struct worker *w, caller *call, const struct job *job)
{
	uint64_t done = 0;
	int status;

	do {
		status = call(w, job, done);
		done += w->cpu.done;
		if (status == S2_NO_PAGE)
			fill(w, 8);
		else if (status != S2_OK && status != S2_RETRY && status != S2_MORE)
			complain(w, "IPA %#llx+%#llx: %s (%#llx, level %u)", LLU(job->ipa),
				 LLU(job->size), status_name(status), LLU(w->cpu.corrupt.desc),
				 w->cpu.corrupt.level);
		if (!(job->flags & S2_DEFER))
			pass(w);
	} while (status != S2_OK && !failing(w->s));
	if (done != job->size && !failing(w->s))
		complain(w, "S2_OK, but done %#llx of %#llx", LLU(done), LLU(job->size));
}

/* --- what a unit holds ------------------------------------------------------ */

struct look {
	uint64_t ipa; /* of the unit */
	uint64_t expected;
	bool locked; /* somebody was at work in there: look again */
	bool differs;
	struct s2_mapping found;
};

/* What is noted in a page may be noted in a block or a group, by others' pages: it is no matter of one unit. */
static s2_attr lasting(s2_attr attr)
{
	return attr & ~(S2_OLD | (attr & S2_LOG ? S2_DIRTY : 0));
}

static int look_at(const struct s2_mapping *m, void *arg)
{
	struct look *look = arg;
	uint64_t at = m->ipa > look->ipa ? m->ipa : look->ipa;
	uint64_t found = 0;

	look->locked |= m->kind == S2_KIND_LOCKED;
	if (m->kind == S2_KIND_LEAF)
		found = (m->pa + (at - m->ipa) - (at - look->ipa)) | lasting(m->attr) | MAPPED;
	if (found == look->expected && m->kind != S2_KIND_CORRUPT)
		return 0;
	look->differs = true;
	look->found = *m;
	return 1;
}

static void check_unit(struct worker *w, unsigned int r, unsigned int u)
{
	const struct region *region = &regions[r];
	struct look look;

	do {
		look = (struct look){.ipa = region->base + u * region->unit,
				     .expected = w->own[r][u]};
		(void)s2_walk(&w->s->tree, look.ipa, region->unit, look_at, &look);
		pass(w);
	} while (look.locked && !failing(w->s));
	if (look.differs && !failing(w->s))
		complain(w, "IPA %#llx: %#llx at level %u, expected %#llx", LLU(look.found.ipa),
			 LLU(look.found.desc), look.found.level, LLU(look.expected));
}

/* --- what a thread does ----------------------------------------------------- */

struct place {
	unsigned int r, u;
	uint64_t ipa, size;
};

/* A unit of this thread's own; of nobody's, with id == THREADS. */
static struct place draw_place(struct worker *w, unsigned int id)
{
	struct place p = {.r = (unsigned int)draw(w, ARRAY_SIZE(regions))};
	const struct region *region = &regions[p.r];

	do {
		p.u = (unsigned int)draw(w, region->units);
	} while (p.u % (THREADS + 1) != id);
	p.ipa = region->base + p.u * region->unit;
	p.size = region->unit;
	return p;
}

/* --- reports ------------------------------------------------------------------ */

static bool bit_of(const uint64_t *word, uint64_t n)
{
	return word[n / 64] >> n % 64 & 1;
}

static void set_bit(uint64_t *word, uint64_t n)
{
	word[n / 64] |= BIT(n % 64);
}

static void clear_bit(uint64_t *word, uint64_t n)
{
	word[n / 64] &= ~BIT(n % 64);
}

/* The unit's first page in the region, and how many it has. */
static uint64_t first_page(const struct place *p)
{
	return p->u * (p->size / PAGE);
}

static void begin_report(struct worker *w, const struct place *p)
{
	memset(w->word, 0, sizeof(w->word));
	w->map = (struct s2_bitmap){p->ipa, p->size / PAGE, w->word};
}

/* What was written there and remembered has been reported, or is dirty still if the page is logged. */
static void end_report(struct worker *w, const struct place *p, bool logged)
{
	uint64_t *written = w->written[p->r], first = first_page(p);

	for (uint64_t n = 0; n < p->size / PAGE && !failing(w->s); n++) {
		if (!bit_of(written, first + n))
			continue;
		if (bit_of(w->word, n))
			clear_bit(written, first + n);
		else if (!logged)
			complain(w, "IPA %#llx was written, and is not reported",
				 LLU(p->ipa + n * PAGE));
	}
}

/* A call that may take away what is dirty in the unit, and reports it. */
static void until_reported(struct worker *w, caller *call, const struct job *job,
			   const struct place *p, bool logged)
{
	begin_report(w, p);
	w->cpu.log = &w->map;
	until_done(w, call, job);
	w->cpu.log = NULL;
	end_report(w, p, logged);
}

static void set_own(struct worker *w, const struct place *p, uint64_t value)
{
	w->own[p->r][p->u] = value;
}

static s2_attr own_attr(const struct worker *w, const struct place *p)
{
	return (s2_attr)w->own[p->r][p->u] & S2_ATTR_ALL;
}

static void forget(uint64_t *pages, const struct place *p)
{
	for (uint64_t n = 0; n < p->size / PAGE; n++)
		clear_bit(pages, first_page(p) + n);
}

/* --- what a thread does to its units -------------------------------------------- */

/* Mostly the same for all, so that tables become uniform and blocks can be. */
static struct job draw_mapping(struct worker *w, const struct place *p)
{
	static const s2_attr attrs[] = {S2_RW,
					S2_R,
					S2_RWX | S2_SW(1),
					S2_RW | S2_NORMAL_NC,
					S2_RWX | S2_LOG,
					S2_RW | S2_LOG | S2_DIRTY,
					S2_RWX | S2_OLD};
	struct job job = {.ipa = p->ipa, .size = p->size, .pa = p->ipa, .attr = S2_RWX};

	if (draw(w, 4) == 0)
		job.pa += 16 * GB * (w->id + 1);
	if (draw(w, 4) == 0)
		job.attr = attrs[draw(w, ARRAY_SIZE(attrs))];
	job.flags = draw(w, 2) ? S2_FAULT : 0;
	job.flags |= draw(w, 8) ? 0 : S2_PAGES;
	return job;
}

static void map_unit(struct worker *w, const struct place *p, const struct job *job)
{
	bool same = (w->own[p->r][p->u] & ~(MAPPED | S2_ATTR_ALL)) == job->pa;

	until_reported(w, call_map, job, p, job->attr & S2_LOG);
	if (!same)
		forget(w->accessed[p->r], p);
	set_own(w, p, job->pa | lasting(job->attr) | MAPPED);
}

static void do_map(struct worker *w)
{
	struct place p = draw_place(w, w->id);
	struct job job = draw_mapping(w, &p);

	map_unit(w, &p, &job);
	check_unit(w, p.r, p.u);
}

/* All of its units of a region as all threads have them. */
static void do_repair(struct worker *w)
{
	unsigned int r = (unsigned int)draw(w, ARRAY_SIZE(regions));
	const struct region *region = &regions[r];

	for (unsigned int u = w->id; u < region->units && !stopping(w->s); u += THREADS + 1) {
		struct place p = {r, u, region->base + u * region->unit, region->unit};
		struct job job = {.ipa = p.ipa, .size = p.size, .pa = p.ipa, .attr = S2_RWX};

		map_unit(w, &p, &job);
	}
}

static void do_unmap(struct worker *w)
{
	struct place p = draw_place(w, w->id);
	struct job job = {.ipa = p.ipa, .size = p.size, .flags = draw(w, 2) ? S2_FAULT : 0};

	until_reported(w, call_unmap, &job, &p, false);
	forget(w->accessed[p.r], &p);
	set_own(w, &p, 0);
	check_unit(w, p.r, p.u);
}

static void do_deferred(struct worker *w)
{
	for (uint64_t n = 1 + draw(w, 6); n; n--) {
		struct place p = draw_place(w, w->id);
		struct job job = {.ipa = p.ipa, .size = p.size, .flags = S2_DEFER};

		until_done(w, call_unmap, &job);
		forget(w->written[p.r], &p);
		forget(w->accessed[p.r], &p);
		set_own(w, &p, 0);
	}
	if (s2_flush(&w->s->tree, &w->cpu) != S2_OK)
		complain(w, "not flushed");
	pass(w);
}

static void do_check(struct worker *w)
{
	for (unsigned int n = 0; n < 8; n++) {
		struct place p = draw_place(w, w->id);

		check_unit(w, p.r, p.u);
	}
}

static void do_protect(struct worker *w)
{
	static const s2_attr pairs[][2] = {{S2_W, 0},	 {0, S2_RW},	{S2_X, S2_W},
					   {S2_W, S2_X}, {S2_SW(7), 0}, {0, S2_X}};
	struct place p = draw_place(w, w->id);
	const s2_attr *pair = pairs[draw(w, ARRAY_SIZE(pairs))];
	struct job job = {.ipa = p.ipa, .size = p.size, .attr = pair[0], .give = pair[1]};
	uint64_t own = w->own[p.r][p.u];

	job.flags = draw(w, 2) ? S2_FAULT : 0;
	until_reported(w, call_protect, &job, &p, !(job.attr & S2_W));
	if (own)
		own = (own & ~(uint64_t)job.attr) | job.give;
	set_own(w, &p, job.attr & S2_W ? own & ~(uint64_t)S2_LOG : own);
	check_unit(w, p.r, p.u);
}

/* The guest accesses a page of its own, and faults, until it can. */
static void do_access(struct worker *w)
{
	struct place p = draw_place(w, w->id);
	uint64_t page = draw(w, p.size / PAGE);
	uint32_t flags = S2_FAULT | (draw(w, 2) ? S2_WRITE : 0);
	struct job job = {.ipa = p.ipa + page * PAGE, .size = PAGE, .flags = flags};

	if (!w->own[p.r][p.u] || (flags & S2_WRITE && !(own_attr(w, &p) & S2_W)))
		return;
	until_done(w, call_touch, &job);
	set_bit(w->accessed[p.r], first_page(&p) + page);
	if (flags & S2_WRITE && own_attr(w, &p) & S2_LOG)
		set_bit(w->written[p.r], first_page(&p) + page);
}

static void do_log(struct worker *w)
{
	struct place p = draw_place(w, w->id);
	struct job job = {.ipa = p.ipa, .size = p.size, .flags = draw(w, 2) ? S2_FAULT : 0};
	uint64_t own = w->own[p.r][p.u];

	switch (draw(w, 4)) {
	case 0:
		until_done(w, call_log_start, &job);
		set_own(w, &p, own & S2_W ? own | S2_LOG : own);
		break;
	case 1:
		begin_report(w, &p);
		until_done(w, call_log_stop, &job);
		end_report(w, &p, false);
		set_own(w, &p, own & ~(uint64_t)S2_LOG);
		break;
	default:
		begin_report(w, &p);
		until_done(w, call_log_collect, &job);
		end_report(w, &p, false);
	}
	check_unit(w, p.r, p.u);
}

static bool is_old(struct worker *w, uint64_t ipa)
{
	struct s2_mapping m;

	do {
		(void)s2_lookup(&w->s->tree, ipa, &m);
		pass(w);
	} while (m.kind == S2_KIND_LOCKED && !failing(w->s));
	return m.kind == S2_KIND_LEAF && m.attr & S2_OLD;
}

/* An access was reported, or is still to be: where a group is just taken apart. */
static void do_age(struct worker *w)
{
	struct place p = draw_place(w, w->id);
	struct job job = {.ipa = p.ipa, .size = p.size, .flags = draw(w, 2) ? S2_FAULT : 0};
	uint64_t *accessed = w->accessed[p.r], first = first_page(&p);

	job.flags |= draw(w, 2) ? S2_CLEAR : S2_CLEAR | S2_INVALIDATE;
	begin_report(w, &p);
	until_done(w, call_age, &job);
	for (uint64_t n = 0; n < p.size / PAGE && !failing(w->s); n++) {
		uint64_t ipa = p.ipa + n * PAGE;

		if (!bit_of(accessed, first + n))
			continue;
		if (bit_of(w->word, n))
			clear_bit(accessed, first + n);
		else if (is_old(w, ipa))
			complain(w, "IPA %#llx was accessed, and is not young", LLU(ipa));
	}
}

/* Whose it is does not matter: the mapping stays what it is. */
static void do_split(struct worker *w)
{
	struct place p = draw_place(w, (unsigned int)draw(w, THREADS + 1));
	struct job job = {.ipa = p.ipa, .size = p.size, .flags = draw(w, 2) ? S2_FAULT : 0};

	until_done(w, call_split, &job);
}

static void do_collapse(struct worker *w)
{
	struct place p = draw_place(w, (unsigned int)draw(w, THREADS + 1));
	int status = s2_collapse(&w->s->tree, &w->cpu, p.ipa & ~(BLOCK - 1), 2,
				 draw(w, 2) ? S2_FAULT : 0);

	if (status != S2_OK && status != S2_NOT_UNIFORM && status != S2_RETRY && status != S2_MORE)
		complain(w, "collapse: %s", status_name(status));
	pass(w);
}

static void do_compact(struct worker *w)
{
	struct place p = draw_place(w, (unsigned int)draw(w, THREADS + 1));
	struct job job = {.ipa = p.ipa, .size = p.size, .flags = draw(w, 2) ? S2_FAULT : 0};

	until_done(w, call_compact, &job);
}

/* Groups lie across units: all that a table maps. */
static void do_group(struct worker *w)
{
	struct place p = draw_place(w, (unsigned int)draw(w, THREADS + 1));
	struct job job = {.ipa = p.ipa & ~(BLOCK - 1), .size = BLOCK};

	until_done(w, call_group, &job);
}

static void do_reclaim(struct worker *w)
{
	w->cpu.budget = (uint32_t)draw(w, 8);
	int status = s2_reclaim(&w->s->tree, &w->cpu);

	w->cpu.budget = draw(w, 4) ? 0 : 1 + (uint32_t)draw(w, 100);
	if (status != S2_OK && status != S2_MORE && status != S2_RETRY)
		complain(w, "reclaim: %s", status_name(status));
	fill(w, 8);
	pass(w);
}

/* What nobody owns is one of the mappings that somebody makes, or none. */
static void check_contended(struct worker *w, const struct place *p)
{
	struct s2_mapping m;
	int status = s2_lookup(&w->s->tree, p->ipa, &m);
	uint64_t pa = m.pa + (p->ipa - m.ipa);

	if (status != S2_OK || m.kind == S2_KIND_CORRUPT || m.kind == S2_KIND_ANNOTATED)
		complain(w, "IPA %#llx: %#llx", LLU(p->ipa), LLU(m.desc));
	if (m.kind == S2_KIND_LEAF &&
	    ((pa - p->ipa) % (16 * GB) || (pa - p->ipa) / (16 * GB) > THREADS))
		complain(w, "IPA %#llx: PA %#llx, which nobody has written", LLU(p->ipa), LLU(pa));
	pass(w);
}

static void do_contended(struct worker *w)
{
	static caller *const others[] = {call_unmap,	   call_unmap,	   call_protect,
					 call_log_start,   call_log_start, call_log_collect,
					 call_log_collect, call_log_stop,  call_age};
	struct place p = draw_place(w, THREADS);
	struct job job = draw_mapping(w, &p);

	begin_report(w, &p);
	if (draw(w, 3)) {
		until_done(w, call_map, &job);
	} else {
		job = (struct job){
			.ipa = p.ipa, .size = p.size, .attr = S2_W, .flags = job.flags & S2_FAULT};
		until_done(w, others[draw(w, ARRAY_SIZE(others))], &job);
	}
	check_contended(w, &p);
}

static void complain_of(const struct s2_violation *v, void *arg)
{
	struct worker *w = arg;

	if (v->rule != S2_RULE_EMPTY)
		complain(w, "IPA %#llx: %s, %#llx at level %u", LLU(v->ipa), s2_rule_text(v->rule),
			 LLU(v->desc), v->level);
}

/* Beside the others' changes the tree is sound at any time. */
static void do_verify(struct worker *w)
{
	struct place p = draw_place(w, (unsigned int)draw(w, THREADS + 1));
	struct s2_verification v = {.complain = complain_of, .arg = w};
	struct s2_counts counts = {.annotated = 0};
	struct s2_span span = {.ipa = p.ipa, .size = p.size}, again = span;

	if (s2_verify(&w->s->tree, &span, &v) != S2_OK || s2_count(&w->s->tree, &again, &counts))
		complain(w, "IPA %#llx: not sound", LLU(p.ipa));
	pass(w);
}

static void *work(void *arg)
{
	static void (*const deeds[])(struct worker *) = {
		do_map,	     do_map,	  do_map,	do_map,	    do_unmap,
		do_unmap,    do_deferred, do_contended, do_check,   do_contended,
		do_collapse, do_collapse, do_split,	do_reclaim, do_check,
		do_verify,   do_protect,  do_access,	do_access,  do_access,
		do_log,	     do_log,	  do_age,	do_compact, do_group,
	};
	struct worker *w = arg;

	if (w->s->use_rcu)
		urcu_memb_register_thread();
	enter(w);
	fill(w, 8);
	while (!stopping(w->s)) {
		if (draw(w, 40) == 0)
			do_repair(w);
		else
			deeds[draw(w, ARRAY_SIZE(deeds))](w);
		w->operations++;
	}
	leave(w);
	if (w->s->use_rcu)
		urcu_memb_unregister_thread();
	return NULL;
}

/* --- a run ------------------------------------------------------------------ */

static void open_shared(struct shared *s, const struct kind *kind)
{
	const struct s2_config format = {12, 39, 48, 8, kind->features};
	struct s2_tree_config tree = {.fmt = &s->fmt, .vmid = 3, .shared = true};

	memset(s, 0, sizeof(*s));
	s->use_rcu = kind->use_rcu;
	s2_host_close();
	require(s2_host_open(BIT(47), ARENA, 12) == 0, "no arena");
	require_status(s2_format_init(&s->fmt, &format), S2_OK);
	require_status(s2_qsbr_init(&s->qsbr, s->slot, THREADS), S2_OK);
	require(s2_host_rcu_init(&s->rcu) == 0, "no mutex");
	tree.root = s2_host_alloc(s->fmt.root_size);
	tree.grace = kind->use_rcu ? &s->rcu.grace : &s->qsbr.grace;
	require_status(s2_init(&s->tree, &tree), S2_OK);
}

static void finish_reclaim(struct shared *s, struct s2_cpu *cpu)
{
	int status = S2_RETRY;

	for (unsigned int n = 0; status == S2_RETRY && n < 2000; n++) {
		status = s2_reclaim(&s->tree, cpu);
		usleep(1000);
	}
	require_status(status, S2_OK);
}

/* All threads are gone. */
static void verify_quiet(struct worker *w)
{
	struct s2_verification v = {.complain = complain_of, .arg = w, .quiet = true};
	struct s2_span span = {.size = BIT(39)};

	require_status(s2_verify(&w->s->tree, &span, &v), S2_OK);
}

static void check_written(struct worker *w, unsigned int r)
{
	struct s2_mapping m;

	for (uint64_t page = 0; page < PAGES_MAX; page++) {
		if (!bit_of(w->written[r], page))
			continue;
		require_status(s2_lookup(&w->s->tree, regions[r].base + page * PAGE, &m), S2_OK);
		require(m.kind == S2_KIND_LEAF && m.attr & S2_DIRTY,
			"IPA %#llx was written: %#llx at level %u", LLU(m.ipa), LLU(m.desc),
			m.level);
	}
}

/* All that threads have left behind is there. */
static void check_worker(struct worker *w)
{
	enter(w);
	for (unsigned int r = 0; r < ARRAY_SIZE(regions); r++) {
		for (unsigned int u = w->id; u < regions[r].units; u += THREADS + 1)
			check_unit(w, r, u);
		check_written(w, r);
	}
	leave(w);
	require(w->s->failures == 0, "%llu complaints", LLU(w->s->failures));
}

static void close_shared(struct shared *s, struct worker *w)
{
	struct s2_cpu *cpu = &w[0].cpu;

	cpu->budget = 0;
	fill(&w[0], 200);
	for (unsigned int i = 0; i < THREADS; i++)
		check_worker(&w[i]);
	verify_quiet(&w[0]);
	enter(&w[0]);
	require_status(s2_unmap(&s->tree, cpu, 0, BIT(39), 0), S2_OK);
	leave(&w[0]);
	finish_reclaim(s, cpu);
	require(s->tree.tables == 0, "%llu tables in an empty tree", LLU(s->tree.tables));
	require_status(s2_destroy(&s->tree, cpu), S2_OK);
	for (unsigned int i = 0; i < THREADS; i++)
		fill(&w[i], 0);
	s2_host_free(s->tree.root, s->fmt.root_size);
	s2_host_rcu_exit(&s->rcu);
	require(s2_host_close() == 0, "pages left behind");
}

static void run_threads(struct shared *s, struct worker *w)
{
	pthread_t thread[THREADS];

	for (unsigned int i = 0; i < THREADS; i++) {
		w[i].s = s;
		w[i].id = i;
		w[i].rng.state = random_seed(0x74687265) + i;
		require_status(s2_cpu_init(&w[i].cpu, 12), S2_OK);
		require(pthread_create(&thread[i], NULL, work, &w[i]) == 0, "no thread");
	}
	for (unsigned int n = 0; n < 4 * setting("S2_SECONDS", 5) && !stopping(s); n++)
		usleep(100000);
	__atomic_store_n(&s->stop, true, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < THREADS; i++)
		require(pthread_join(thread[i], NULL) == 0, "not joined");
}

static void print_what_happened(const struct worker *w, bool groups)
{
	struct s2_stats sum = {0};
	uint64_t operations = 0;

	for (unsigned int i = 0; i < THREADS; i++) {
		operations += w[i].operations;
		sum.retries += w[i].cpu.stats.retries;
		sum.splits += w[i].cpu.stats.splits;
		sum.collapses += w[i].cpu.stats.collapses;
		sum.pages_returned += w[i].cpu.stats.pages_returned;
		sum.tables_freed += w[i].cpu.stats.tables_freed;
		sum.groups_formed += w[i].cpu.stats.groups_formed;
		sum.groups_dissolved += w[i].cpu.stats.groups_dissolved;
	}
	printf("# %llu operations, %llu retries, %llu splits, %llu collapses, %llu groups, %llu "
	       "pages given "
	       "back, %llu tables freed\n",
	       LLU(operations), LLU(sum.retries), LLU(sum.splits), LLU(sum.collapses),
	       LLU(sum.groups_formed), LLU(sum.pages_returned), LLU(sum.tables_freed));
	require(sum.collapses && sum.splits && sum.tables_freed, "nothing came of it");
	require(sum.groups_formed && sum.groups_dissolved ? groups : !groups, "groups: %llu, %llu",
		LLU(sum.groups_formed), LLU(sum.groups_dissolved));
}

static void threads_keep_out_of_each_others_pages(void **state)
{
	const struct kind *kind = *state;
	struct shared *s = aligned_alloc(64, (sizeof(*s) + 63) & ~(size_t)63);
	struct worker *w = calloc(THREADS, sizeof(*w));

	require(s && w, "no memory");
	open_shared(s, kind);
	run_threads(s, w);
	require(s->failures == 0, "%llu complaints", LLU(s->failures));
	print_what_happened(w, kind->features & S2_FEAT_CONTIG);
	close_shared(s, w);
	free(s);
	free(w);
}

/* --- VMIDs -------------------------------------------------------------------- */

#define VMID_GUESTS 40

/*
 * Threads enter guests, of which there are more than VMIDs.  Who is inside with a VMID
 * is counted for each of them: guest and number of CPUs in one word.  While a thread
 * is inside the tree's VMID stays what it was.
 */
struct vmid_run {
	struct s2_format fmt;
	struct s2_vmids vmids;
	struct s2_vmid_slot slot[THREADS];
	uint64_t bitmap[S2_VMID_WORDS(8)];
	struct s2_tree tree[VMID_GUESTS];
	struct s2_vmid guest[VMID_GUESTS];
	uint64_t inside[256]; /* guest << 32 | CPUs */
	uint64_t failures;
	bool stop;
};

struct vmid_worker {
	struct vmid_run *run;
	uint32_t id;
	struct rng rng;
	uint64_t enters;
};

static void vmid_complain(struct vmid_run *r, const char *what, uint32_t id, uint64_t guest)
{
	printf("# thread %u, guest %llu: %s\n", id, LLU(guest), what);
	__atomic_add_fetch(&r->failures, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&r->stop, true, __ATOMIC_RELAXED);
}

/* Counts one more inside; false if another guest is. */
static bool count_in(uint64_t *inside, uint64_t guest)
{
	uint64_t old = __atomic_load_n(inside, __ATOMIC_RELAXED);
	uint64_t new;

	do {
		if ((uint32_t)old && old >> 32 != guest)
			return false;
		new = (guest << 32 | (uint32_t)old) + 1;
	} while (!__atomic_compare_exchange_n(inside, &old, new, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return true;
}

/* Relaxed, so that the test gives the library no order that it does not have by itself. */
static void stay_inside(struct vmid_worker *w, uint32_t guest)
{
	struct vmid_run *r = w->run;
	uint64_t vttbr = r->tree[guest].vttbr;
	uint64_t *inside = &r->inside[vttbr >> 48];

	if (!count_in(inside, guest)) {
		vmid_complain(r, "another guest is inside with its VMID", w->id, guest);
		return;
	}
	for (uint64_t n = random_below(&w->rng, 4); n; n--)
		sched_yield();
	if (r->tree[guest].vttbr != vttbr)
		vmid_complain(r, "its VMID changed while it was in use", w->id, guest);
	__atomic_sub_fetch(inside, 1, __ATOMIC_RELAXED);
}

static void *enter_guests(void *arg)
{
	struct vmid_worker *w = arg;
	struct vmid_run *r = w->run;

	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		uint32_t guest = (uint32_t)random_below(&w->rng, VMID_GUESTS);

		if (s2_vmid_enter(&r->vmids, w->id, &r->guest[guest]) != S2_OK)
			vmid_complain(r, "refused", w->id, guest);
		stay_inside(w, guest);
		if (random_one_in(&w->rng, 16))
			(void)s2_vmid_leave(&r->vmids, w->id);
		w->enters++;
	}
	return NULL;
}

static void open_vmid_run(struct vmid_run *r, uint32_t vmids)
{
	const struct s2_config format = {12, 39, 48, 8, 0};
	const struct s2_vmids_config cfg = {.bitmap = r->bitmap,
					    .slot = r->slot,
					    .cpus = THREADS,
					    .first = 256 - vmids,
					    .bits = 8};

	memset(r, 0, sizeof(*r));
	require_status(s2_format_init(&r->fmt, &format), S2_OK);
	require_status(s2_vmids_init(&r->vmids, &cfg), S2_OK);
	for (uint32_t i = 0; i < VMID_GUESTS; i++) {
		r->tree[i].fmt = &r->fmt;
		require_status(s2_vmid_init(&r->guest[i], &r->vmids, &r->tree[i]), S2_OK);
	}
}

static void run_vmids(struct vmid_run *r, uint32_t vmids)
{
	struct vmid_worker w[THREADS];
	pthread_t thread[THREADS];
	uint64_t enters = 0;

	open_vmid_run(r, vmids);
	for (uint32_t i = 0; i < THREADS; i++) {
		w[i] = (struct vmid_worker){.run = r, .id = i};
		w[i].rng.state = random_seed(0x766d6964) + i;
		require(pthread_create(&thread[i], NULL, enter_guests, &w[i]) == 0, "no thread");
	}
	for (unsigned int n = 0; n < 3 * setting("S2_SECONDS", 5); n++)
		usleep(100000);
	__atomic_store_n(&r->stop, true, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < THREADS; i++) {
		require(pthread_join(thread[i], NULL) == 0, "not joined");
		enters += w[i].enters;
	}
	printf("# %u VMIDs: %llu enters, %llu generations\n", vmids, LLU(enters),
	       LLU(r->vmids.generation / 256));
	require(r->failures == 0, "%llu complaints", LLU(r->failures));
	require(r->vmids.generation > 256 && !r->vmids.lock, "nothing came of it");
}

static void threads_never_share_a_vmid_between_guests(void **state)
{
	struct vmid_run *r = aligned_alloc(64, (sizeof(*r) + 63) & ~(size_t)63);

	(void)state;
	require(r, "no memory");
	run_vmids(r, THREADS + 1);
	run_vmids(r, 20);
	free(r);
}

int main(void)
{
	static char names[ARRAY_SIZE(kinds)][80];
	struct CMUnitTest tests[ARRAY_SIZE(kinds) + 1] = {
		cmocka_unit_test(threads_never_share_a_vmid_between_guests)};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(names[i], sizeof(names[i]), "threads_keep_out_of_each_others_pages_%s",
			 kinds[i].name);
		tests[i + 1] = (struct CMUnitTest){names[i], threads_keep_out_of_each_others_pages,
						   NULL, NULL, &kinds[i]};
	}
	return run_suite("threads", tests);
}
