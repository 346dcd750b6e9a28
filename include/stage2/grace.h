/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Grace periods: when has every software walker left that could still hold a
 * pointer into an unlinked table?
 *
 * The TLB invalidation ends what the hardware may hold; a grace period ends
 * what software may hold.  A table is freed after both.  The engine never
 * waits for a grace period, it asks: start() when tables were unlinked, done()
 * whenever s2_reclaim() is called.  This is the shape of Linux's polled RCU
 * (start_poll_synchronize_rcu, poll_state_synchronize_rcu), and any other
 * scheme fits: see platform/host for liburcu.
 *
 * A *read-side section* is what the grace period waits for.  Every operation
 * on a shared tree must be inside one, from its call to its return; a caller
 * who defers (S2_DEFER) stays inside until he has flushed.
 */
#ifndef STAGE2_GRACE_H
#define STAGE2_GRACE_H

#include <stdbool.h>
#include <stdint.h>

#include <stage2/status.h>

struct s2_grace {
	/*
	 * Begins a grace period; its cookie, never 0.  Orders all earlier stores of
	 * the caller before it.  May be called by several CPUs at once.
	 */
	uint64_t (*start)(struct s2_grace *grace);
	/*
	 * Whether the grace period `cookie` is over: all read-side sections that
	 * were open when start() returned have ended.  Never waits.
	 */
	bool (*done)(struct s2_grace *grace, uint64_t cookie);
};

/*
 * QSBR, freestanding: for EL2, where there is no RCU.
 *
 * A CPU is inside a read-side section from s2_qsbr_online() to
 * s2_qsbr_offline(), interrupted by each s2_qsbr_quiescent().  A hypervisor
 * calls online() when it is entered from the guest and offline() right before
 * it returns there: a vCPU that runs for an hour, or sleeps, holds nothing up.
 * The cost is one store and one barrier at each end, on a cache line that only
 * this CPU writes.
 *
 * Limits: the number of slots that the caller provides; the epoch is 64 bits
 * wide and does not wrap in practice (584 years at 1 GHz).
 */
struct s2_qsbr_slot {
	_Alignas(64) uint64_t seen; /* 0: offline; else the epoch of the last quiescent state */
};

struct s2_qsbr {
	struct s2_grace grace; /* first: what a tree's configuration points to */
	_Alignas(64) uint64_t epoch; /* >= 1, only grows; >= every slot's seen */
	struct s2_qsbr_slot *slot;
	uint32_t slots;
};

/*
 * Initialises `q` with `slots` (>= 1) slots, all offline.  The slots live as
 * long as q.  S2_INVALID (null), S2_BAD_SIZE (no slots).
 */
int s2_qsbr_init(struct s2_qsbr *q, struct s2_qsbr_slot *slot, uint32_t slots);

/* A slot number beyond q->slots: S2_INVALID, nothing done.  One CPU to a slot at a time. */
int s2_qsbr_online(struct s2_qsbr *q, uint32_t slot);
int s2_qsbr_offline(struct s2_qsbr *q, uint32_t slot);
/* Both in one, for a CPU that stays online: it holds no pointer into any table now. */
int s2_qsbr_quiescent(struct s2_qsbr *q, uint32_t slot);

#endif
