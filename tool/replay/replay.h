/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Replaying a workload: on the machine model, or on threads.  Both are the same engine on
 * another platform, and so are compiled apart from each other.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdbool.h>

#include <stage2/stage2.h>

#include "../workload.h"

#define REPLAY_SAMPLES 10u

struct replay {
	const struct workload *workload;
	struct s2_config config;
	uint64_t seed;
	bool loose; /* CPUs do not wait for what had ended before in the recording */
	bool twice; /* each call by two CPUs at once */
	unsigned int threads;
	unsigned int pages; /* that are watched on the machine, in all passes together */
	void (*progress)(unsigned int percent);
	/* What came of it. */
	struct s2_stats stats;
	uint64_t calls, retries;
	uint64_t tables, peak; /* in use at the end, before the tree is destroyed */
	uint64_t sample[REPLAY_SAMPLES]; /* tables, from time to time */
	uint64_t leaked;
	unsigned int passes, watched;
	uint64_t windows, window_steps,
		window_longest; /* steps of the CPU between break and make */
	uint64_t steps;
	char violation[400];
	unsigned long line; /* of the call that was under way */
	const char *problem; /* why it could not be replayed at all */
};

void replay_on_machine(struct replay *r);
void replay_on_threads(struct replay *r);

#endif
