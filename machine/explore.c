/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Depth first over schedules, with sleep sets: two schedules that differ only in
 * the order of steps that commute are run once.
 *
 * At each point of a run some fibers are enabled.  Whoever has been tried there
 * falls asleep for the others that are tried after it, and stays so until a step
 * is taken that does not commute with its own: until then, running it would only
 * repeat what was seen.  A run in which all enabled fibers sleep is cut short.
 *
 * And a state that was met before is not gone on from: what follows depends on the
 * state, not on the way to it.  Unless it was left unfinished because of those that
 * slept then.
 *
 * If a client has too many schedules, further rounds look at all those with no
 * preemption, one, two and so on, without sleep sets (which assume that nothing
 * is left out).  Most faults need few.
 */
#include "explore.h"

#include <string.h>

#include "digest.h"
#include "states.h"

struct point {
	struct m_step step[M_FIBERS]; /* pending at this point */
	unsigned char enabled, asleep, tried; /* a bit for each fiber */
	unsigned char done; /* those that were run from this state on another way to it */
	unsigned char chosen;
	unsigned char preemptions; /* up to here */
};

static struct point path[M_DEPTH_MAX];

struct search {
	const struct m_client *client;
	unsigned int depth; /* of the current run */
	unsigned int keep; /* points whose choice is fixed for this run */
	int bound; /* preemptions allowed; -1: any number, with sleep sets */
};

static bool is_memory(enum m_kind kind)
{
	return kind == M_STEP_READ || kind == M_STEP_WRITE;
}

static bool is_barrier(enum m_kind kind)
{
	return kind == M_STEP_DSB || kind == M_STEP_TLBI;
}

static bool memory_commutes(struct m_step a, struct m_step b)
{
	return a.address != b.address || (a.kind == M_STEP_READ && b.kind == M_STEP_READ);
}

/*
 * The hardware's write is a store, which no DSB of another's completes, and a moment of
 * which linearizability speaks.
 */
static bool hardware_commutes(struct m_step with)
{
	return with.kind == M_STEP_DSB || (is_memory(with.kind) && with.apart);
}

/*
 * A TLBI that completes takes away what was fetched before and lets it be fetched
 * again: it commutes with no store and no other barrier.  A call and a return
 * are ordered in real time, which linearizability speaks of.
 */
static bool commutes(struct m_step a, struct m_step b)
{
	if (a.kind == M_STEP_HARDWARE || b.kind == M_STEP_HARDWARE)
		return hardware_commutes(a.kind == M_STEP_HARDWARE ? b : a);
	if (a.kind >= M_STEP_HARDWARE || b.kind >= M_STEP_HARDWARE)
		return false;
	if (is_memory(a.kind) && is_memory(b.kind))
		return memory_commutes(a, b);
	if (is_barrier(a.kind) && is_barrier(b.kind))
		return a.kind == M_STEP_DSB && b.kind == M_STEP_DSB;
	if (a.kind == M_STEP_TLBI || b.kind == M_STEP_TLBI)
		return a.kind != M_STEP_WRITE && b.kind != M_STEP_WRITE;
	return !((a.kind == M_STEP_CALL && b.kind == M_STEP_RETURN) ||
		 (a.kind == M_STEP_RETURN && b.kind == M_STEP_CALL));
}

static unsigned char asleep_at(const struct point *before)
{
	unsigned char candidates = (unsigned char)(before->asleep | before->tried);
	unsigned char asleep = 0;

	for (unsigned int f = 0; f < M_FIBERS; f++) {
		if (candidates >> f & 1 && f != before->chosen &&
		    commutes(before->step[f], before->step[before->chosen]))
			asleep |= (unsigned char)(1u << f);
	}
	return asleep;
}

static void look(const struct search *s, struct point *p)
{
	p->enabled = 0;
	for (unsigned int f = 0; f < s->client->fibers; f++) {
		p->step[f] = m_fiber_step(f);
		p->enabled |= (unsigned char)(m_fiber_ready(f) << f);
	}
}

static bool all_ended(const struct search *s)
{
	for (unsigned int f = 0; f < s->client->fibers; f++) {
		if (m_fiber_step(f).kind != M_STEP_NONE)
			return false;
	}
	return true;
}

/* Whether taking `f` at this point takes the CPU away from a fiber that could go on. */
static bool preempts(unsigned int depth, unsigned int f)
{
	unsigned char last;

	if (!depth)
		return false;
	last = path[depth - 1].chosen;
	return last != f && path[depth].enabled >> last & 1 &&
	       path[depth].step[last].kind != M_STEP_WAIT;
}

static bool allowed(const struct search *s, unsigned int depth, unsigned int f)
{
	const struct point *p = &path[depth];

	if (!(p->enabled >> f & 1) || (p->tried | p->asleep | p->done) >> f & 1)
		return false;
	return s->bound < 0 || !preempts(depth, f) || p->preemptions < s->bound;
}

/* The fiber to run at a new point: the one that ran last, if it may. */
static int choose(const struct search *s, unsigned int depth)
{
	unsigned int first = depth ? path[depth - 1].chosen : 0;

	for (unsigned int i = 0; i < M_FIBERS; i++) {
		unsigned int f = (first + i) % M_FIBERS;

		if (allowed(s, depth, f))
			return (int)f;
	}
	return -1;
}

static unsigned char preemptions_at(unsigned int depth)
{
	const struct point *before;

	if (!depth)
		return 0;
	before = &path[depth - 1];
	return (unsigned char)(before->preemptions + preempts(depth - 1, before->chosen));
}

static uint64_t digest(const struct search *s)
{
	uint64_t digest = s->client->digest(s->client->arg);

	for (unsigned int f = 0; f < s->client->fibers; f++)
		digest = m_mix(digest, m_fiber_digest(f));
	return digest;
}

/*
 * Met before, with others asleep (Godefroid, "Partial-Order Methods", 5.2): what slept
 * then and does not now is left to be run.
 */
static bool is_left_awake(struct point *p, unsigned char *slept)
{
	unsigned char left = *slept & (unsigned char)~p->asleep;

	p->done = (unsigned char)~left;
	p->asleep &= *slept;
	*slept = p->asleep;
	return left;
}

/* Met before, with so many preemptions by then: this way there is room for more of them. */
static bool has_more_room(const struct point *p, unsigned char *preemptions)
{
	if (p->preemptions >= *preemptions)
		return false;
	*preemptions = p->preemptions;
	return true;
}

/* Whether anything can come of going on from this state, which may have been met before. */
static bool is_worth_it(const struct search *s, struct point *p)
{
	unsigned char last = s->depth && s->bound >= 0 ? path[s->depth - 1].chosen : M_FIBERS;
	unsigned char *note;
	bool met;

	p->done = 0;
	if (!s->client->digest)
		return true;
	note = m_states_note(m_mix(digest(s), last), &met);
	if (met)
		return s->bound < 0 ? is_left_awake(p, note) : has_more_room(p, note);
	if (note)
		*note = s->bound < 0 ? p->asleep : p->preemptions;
	return true;
}

/* Opens a point that this run is the first to reach.  False: nothing new from here. */
static bool open_point(const struct search *s)
{
	struct point *p = &path[s->depth];
	int f;

	p->tried = 0;
	p->asleep = s->depth && s->bound < 0 ? asleep_at(&path[s->depth - 1]) : 0;
	p->preemptions = preemptions_at(s->depth);
	if (!is_worth_it(s, p))
		return false;
	f = choose(s, s->depth);
	p->chosen = (unsigned char)(f < 0 ? 0 : f);
	return f >= 0;
}

/* One run.  Up to s->keep the choices are given; from there on they are made. */
static void run(struct search *s)
{
	s->client->begin(s->client->arg);
	for (s->depth = 0; m_run_ok(); s->depth++) {
		struct point *p = &path[s->depth];

		if (all_ended(s)) {
			s->client->end(s->client->arg);
			return;
		}
		if (s->depth == M_DEPTH_MAX - 1) {
			m_violation("no end after %u steps", M_DEPTH_MAX);
			return;
		}
		look(s, p);
		if (!p->enabled) {
			m_violation("deadlock: every CPU waits");
			return;
		}
		if (s->depth >= s->keep && !open_point(s))
			return;
		m_fiber_run(p->chosen);
	}
}

/* Moves on to the next schedule; false if that was the last. */
static bool next_schedule(struct search *s)
{
	for (unsigned int d = s->depth; d-- > 0;) {
		struct point *p = &path[d];
		int f;

		p->tried |= (unsigned char)(1u << p->chosen);
		f = choose(s, d);
		if (f >= 0) {
			p->chosen = (unsigned char)f;
			s->keep = d + 1;
			return true;
		}
	}
	return false;
}

static void record_violation(const struct search *s, struct m_outcome *outcome)
{
	outcome->violated = true;
	outcome->schedule_length = s->depth;
	for (unsigned int d = 0; d < s->depth; d++)
		outcome->schedule[d] = path[d].chosen;
}

/* True if it came to an end before the limit. */
static bool search(struct search *s, uint64_t limit, struct m_outcome *outcome)
{
	bool more = true;

	m_states_forget();
	for (s->keep = 0; more && limit; limit--) {
		run(s);
		outcome->executions++;
		if (m_shared_grew()) {
			s->keep = 0;
			m_states_forget();
		} else if (!m_run_ok()) {
			record_violation(s, outcome);
			return true;
		} else {
			more = next_schedule(s);
		}
	}
	return !more;
}

void m_explore(const struct m_client *client, const struct m_limits *limits,
	       struct m_outcome *outcome)
{
	struct search s = {.client = client, .bound = -1};

	*outcome = (struct m_outcome){.executions = 0};
	m_shared_reset();
	outcome->exhaustive = search(&s, limits->executions, outcome);
	if (outcome->violated || outcome->exhaustive)
		return;
	for (s.bound = 0; s.bound <= (int)limits->preemptions && !outcome->violated; s.bound++) {
		if (!search(&s, limits->executions, outcome))
			return;
		outcome->preemptions = (unsigned int)s.bound;
	}
}

/*
 * The addresses that several CPUs touch are known from the search that found the
 * schedule; who replays one that he was given finds them first: then the same
 * schedule means the same steps.
 */
bool m_replay(const struct m_client *client, const unsigned char *schedule, unsigned int length)
{
	struct search s = {.client = client};

	client->begin(client->arg);
	for (unsigned int d = 0; d < length && m_run_ok(); d++) {
		if (schedule[d] >= client->fibers || !m_fiber_ready(schedule[d]))
			return false;
		m_fiber_run(schedule[d]);
	}
	if (m_run_ok() && all_ended(&s))
		client->end(client->arg);
	return true;
}
