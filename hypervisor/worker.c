/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Switched on late, so that there is something to do, and that the guest's boot has the
 * machine for itself.
 */
#include "dirty.h"
#include "memory.h"
#include "migrate.h"
#include "options.h"
#include "psci.h"
#include "report.h"
#include "reshape.h"
#include "stop.h"
#include "trap.h"
#include "worker.h"

#define ROUNDS_PER_SECOND 10 /* at most, where nothing else says when to stop */

static bool claimed; /* by whoever switches it on, or sees to it that nobody does */
static bool finished; /* its job */

static bool claim(void)
{
	return !__atomic_exchange_n(&claimed, true, __ATOMIC_SEQ_CST);
}

/* A page faults once, unless there is churn. */
static bool guest_is_busy(void)
{
	uint64_t faults = 0;

	for (const struct vcpu *v = vcpus; v < vcpus + MAX_VCPUS; v++)
		faults += __atomic_load_n(&v->stats.faults[FAULT_DATA], __ATOMIC_RELAXED);
	return faults >= memory_ram_size() / guest_page_size() / 4;
}

void worker_poll(struct vcpu *v)
{
	if (!options.worker || v->stats.exits % 64 || !guest_is_busy() || !claim())
		return;
	psci_start(worker(), options.worker);
}

bool worker_rests(struct vcpu *w)
{
	uint64_t end = read_cntpct_el0() + read_cntfrq_el0() / ROUNDS_PER_SECOND;

	while (!stop_requested() && read_cntpct_el0() < end) {
		must(s2_qsbr_quiescent(&guest.qsbr, w->index), "s2_qsbr_quiescent");
		__asm__ volatile("yield");
	}
	return !stop_requested();
}

_Noreturn void worker_main(struct vcpu *w)
{
	trap_stage2_on(); /* for what a TLBI asks these registers */
	must(s2_qsbr_online(&guest.qsbr, w->index), "s2_qsbr_online");
	if (options.split)
		reshape_run(w);
	else if (options.migrate)
		migrate_run(w);
	else
		dirty_run(w);
	must(s2_qsbr_offline(&guest.qsbr, w->index), "s2_qsbr_offline");
	__atomic_store_n(&finished, true, __ATOMIC_SEQ_CST);
	psci_off(w);
}

void worker_finish(struct vcpu *v)
{
	if (!options.worker || claim())
		return;
	/* Out of the guest like any other, and of the read-side section: it may wait for both. */
	must(s2_qsbr_offline(&guest.qsbr, v->index), "s2_qsbr_offline");
	vcpu_set_state(v, VCPU_PAUSED);
	while (!__atomic_load_n(&finished, __ATOMIC_SEQ_CST))
		__asm__ volatile("yield");
	vcpu_set_state(v, VCPU_ON);
	must(s2_qsbr_online(&guest.qsbr, v->index), "s2_qsbr_online");
}
