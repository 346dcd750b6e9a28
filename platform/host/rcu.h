/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Grace periods by liburcu (the memb flavour), for threads on a host.
 *
 * A thread registers with urcu_memb_register_thread() and makes each call on a
 * shared tree between s2_host_rcu_enter() and s2_host_rcu_leave().
 */
#ifndef S2_HOST_RCU_H
#define S2_HOST_RCU_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <urcu/urcu-memb.h>

#include <stage2/grace.h>

/*
 * However many grace periods are asked for, one node is enough: while one is
 * under way, all that are asked for share the next.
 */
struct s2_host_rcu {
	struct s2_grace grace; /* first: what a tree's configuration points to */
	struct rcu_head node;
	pthread_mutex_t lock; /* of all below */
	uint64_t running; /* number of the grace period under way, or of the last one */
	uint64_t wanted; /* number of the last one asked for: running, or running + 1 */
	uint64_t over; /* number of the last one that ended: running - 1, or running */
	uint64_t readers; /* see rcu.c */
};

/* Returns 0, or an errno value of pthread_mutex_init(). */
int s2_host_rcu_init(struct s2_host_rcu *rcu);

/* Waits until no grace period is under way.  No tree uses *rcu any more. */
void s2_host_rcu_exit(struct s2_host_rcu *rcu);

void s2_host_rcu_enter(struct s2_host_rcu *rcu);
void s2_host_rcu_leave(struct s2_host_rcu *rcu);

#endif
