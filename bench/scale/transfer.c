/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What it costs this machine to move a cache line from one CPU to another: two threads hand a
 * word to each other, again and again.  Half of the shortest round trip.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#include "threads.h"

#define TRIPS UINT64_C(1000)
#define ROUNDS 2000u

static _Alignas(128) uint64_t ball;
static double least = 1e9;

/* One writes odd values, the other one even ones. */
static void play(uint64_t first)
{
	for (uint64_t turn = first; turn < 2 * TRIPS; turn += 2) {
		while (__atomic_load_n(&ball, __ATOMIC_ACQUIRE) != turn)
			;
		__atomic_store_n(&ball, turn + 1, __ATOMIC_RELEASE);
	}
}

static void *server(void *arg)
{
	(void)arg;
	bench_settle_on(0);
	bench_meet();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		double begin = bench_clock(CLOCK_MONOTONIC), took;

		play(0);
		while (__atomic_load_n(&ball, __ATOMIC_ACQUIRE) != 2 * TRIPS)
			;
		took = (bench_clock(CLOCK_MONOTONIC) - begin) / (2.0 * (double)TRIPS);
		least = took < least ? took : least;
		__atomic_store_n(&ball, 0, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void *receiver(void *arg)
{
	(void)arg;
	bench_settle_on(1);
	bench_meet();
	for (unsigned int i = 0; i < ROUNDS; i++)
		play(1);
	return NULL;
}

int main(void)
{
	pthread_t thread[2];

	if (bench_cpus() < 2) {
		fprintf(stderr, "transfer: left out, as there is one CPU\n");
		return 0;
	}
	bench_expect(2);
	if (pthread_create(&thread[0], NULL, server, NULL) ||
	    pthread_create(&thread[1], NULL, receiver, NULL))
		return 1;
	pthread_join(thread[0], NULL);
	pthread_join(thread[1], NULL);
	printf("transfer %.1f\n", least);
	return 0;
}
