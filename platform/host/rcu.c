/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Polled grace periods on a liburcu that only has call_rcu().
 *
 * The polled interface came with liburcu 0.14, after what stable distributions
 * carry.  A callback that records that its grace period has ended, and queues
 * itself again if somebody asked meanwhile, is all that it takes.
 *
 * liburcu is not built for ThreadSanitizer, which therefore cannot see that a
 * read-side section ended before a grace period did.  `readers` tells it so: a
 * release by the reader who leaves, an acquire by whoever sees the end.
 */
#define _GNU_SOURCE
#include "rcu.h"

#include <stddef.h>
#include <time.h>

#if defined(__SANITIZE_THREAD__)
#define TELL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TELL_TSAN 1
#endif
#endif
#ifndef TELL_TSAN
#define TELL_TSAN 0
#endif

static void ended(struct rcu_head *node)
{
	struct s2_host_rcu *rcu =
		(struct s2_host_rcu *)((char *)node - offsetof(struct s2_host_rcu, node));

	pthread_mutex_lock(&rcu->lock);
	rcu->over = rcu->running;
	bool again = rcu->wanted > rcu->running;

	if (again) {
		rcu->running++;
		urcu_memb_call_rcu(&rcu->node, ended);
	}
	pthread_mutex_unlock(&rcu->lock);
}

/* One that is under way may have begun before the caller's stores: take the next. */
static uint64_t start(struct s2_grace *grace)
{
	struct s2_host_rcu *rcu = (struct s2_host_rcu *)grace;

	pthread_mutex_lock(&rcu->lock);
	uint64_t cookie = rcu->running + 1;

	rcu->wanted = cookie;
	if (rcu->over == rcu->running) {
		rcu->running = cookie;
		urcu_memb_call_rcu(&rcu->node, ended);
	}
	pthread_mutex_unlock(&rcu->lock);
	return cookie;
}

static bool done(struct s2_grace *grace, uint64_t cookie)
{
	struct s2_host_rcu *rcu = (struct s2_host_rcu *)grace;

	pthread_mutex_lock(&rcu->lock);
	bool over = rcu->over >= cookie;

	pthread_mutex_unlock(&rcu->lock);
	if (TELL_TSAN)
		(void)__atomic_load_n(&rcu->readers, __ATOMIC_ACQUIRE);
	return over;
}

int s2_host_rcu_init(struct s2_host_rcu *rcu)
{
	*rcu = (struct s2_host_rcu){.grace = {start, done}};
	return pthread_mutex_init(&rcu->lock, NULL);
}

void s2_host_rcu_exit(struct s2_host_rcu *rcu)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	bool idle = false;

	while (!idle) {
		pthread_mutex_lock(&rcu->lock);
		idle = rcu->over == rcu->wanted;
		pthread_mutex_unlock(&rcu->lock);
		if (!idle)
			nanosleep(&pause, NULL);
	}
	pthread_mutex_destroy(&rcu->lock);
}

void s2_host_rcu_enter(struct s2_host_rcu *rcu)
{
	(void)rcu;
	urcu_memb_read_lock();
}

void s2_host_rcu_leave(struct s2_host_rcu *rcu)
{
	if (TELL_TSAN)
		(void)__atomic_add_fetch(&rcu->readers, 1, __ATOMIC_RELEASE);
	urcu_memb_read_unlock();
}
