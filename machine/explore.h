/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Exploring interleavings: every schedule of a small client, or as many as a
 * bound allows, each of them a run from the same beginning.
 */
#ifndef M_EXPLORE_H
#define M_EXPLORE_H

#include "machine.h"

#define M_DEPTH_MAX 32768u

/* What is explored. */
struct m_client {
	/* Memory and registers as they are at the beginning of every run; starts the fibers. */
	void (*begin)(void *arg);
	/* Looks at the end of a run that broke no rule so far; says m_violation(). */
	void (*end)(void *arg);
	/*
	 * A digest of all that what is still to come depends on, but for the fibers.  NULL:
	 * states are not told apart, and every schedule is run.
	 */
	uint64_t (*digest)(void *arg);
	void *arg;
	unsigned int fibers;
};

struct m_limits {
	uint64_t executions; /* of one client and round, at the most */
	unsigned int
		preemptions; /* at the most, in the rounds that follow if that was not enough */
};

struct m_outcome {
	uint64_t executions;
	bool exhaustive; /* every interleaving was run, up to commuting steps */
	unsigned int preemptions; /* if not: all those with so many were */
	bool violated;
	unsigned int schedule_length; /* of the violating run */
	unsigned char schedule[M_DEPTH_MAX];
};

void m_explore(const struct m_client *client, const struct m_limits *limits,
	       struct m_outcome *outcome);

/*
 * Runs one schedule, to its end or to the violation.  False if it is not a schedule
 * of this client: it lets a CPU run that can't.
 */
bool m_replay(const struct m_client *client, const unsigned char *schedule, unsigned int length);

#endif
