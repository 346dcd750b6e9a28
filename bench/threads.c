/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What threads.h says.
 */
#define _GNU_SOURCE
#include "threads.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

static unsigned int waiting; /* threads that are not there yet */

static cpu_set_t allowed_cpus(void)
{
	cpu_set_t allowed;

	CPU_ZERO(&allowed);
	if (sched_getaffinity(getpid(), sizeof(allowed), &allowed))
		CPU_SET(0, &allowed);
	return allowed;
}

unsigned int bench_cpus(void)
{
	cpu_set_t allowed = allowed_cpus();

	return (unsigned int)CPU_COUNT(&allowed);
}

void bench_settle_on(unsigned int n)
{
	cpu_set_t one, allowed = allowed_cpus();

	CPU_ZERO(&one);
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && n-- == 0)
			CPU_SET(cpu, &one);
	(void)pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
}

void bench_expect(unsigned int threads)
{
	__atomic_store_n(&waiting, threads, __ATOMIC_RELEASE);
}

/* No sleep: who wakes up later than the other would be timed for it. */
void bench_meet(void)
{
	__atomic_sub_fetch(&waiting, 1, __ATOMIC_ACQ_REL);
	for (unsigned int turns = 1; __atomic_load_n(&waiting, __ATOMIC_ACQUIRE); turns++)
		if (turns % 4096 == 0)
			sched_yield();
}

double bench_clock(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}
