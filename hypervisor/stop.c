/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Stops the guest, and asks for every table page back.
 *
 * s2_destroy() wants the tables for itself, so that all vCPUs have to leave the
 * guest.  A kernel that powers off has them waiting for interrupts, and a WFI
 * brings them here; the worker looks at the end of each round.
 */
#include "dirty.h"
#include "halt.h"
#include "migrate.h"
#include "pool.h"
#include "report.h"
#include "semihost.h"
#include "stop.h"
#include "vcpu.h"
#include "worker.h"

static uint32_t stopping;

bool stop_requested(void)
{
	return __atomic_load_n(&stopping, __ATOMIC_SEQ_CST);
}

static void destroy(struct vcpu *v)
{
	int status;

	do {
		status = s2_destroy(guest.tree, &v->s2);
	} while (status == S2_MORE);
	must(status, "s2_destroy");
}

static void collect_pages(void)
{
	for (struct vcpu *v = vcpus; v < vcpus + MAX_CPUS; v++)
		pool_drain(&v->s2.cache, 0);
}

_Noreturn void stop_guest(struct vcpu *v, bool guest_ok)
{
	struct outcome outcome = {.guest_ok = guest_ok, .tables_live = guest.tree->tables};

	if (__atomic_exchange_n(&stopping, 1, __ATOMIC_SEQ_CST)) {
		must(s2_qsbr_offline(&guest.qsbr, v->index), "s2_qsbr_offline");
		vcpu_park(v);
	}
	worker_finish(v);
	halt_others(v, true);
	dirty_finish(v);
	destroy(v);
	collect_pages();
	outcome.tables_leaked = pool_outstanding();
	stats_print(&outcome);
	guest_ok = guest_ok && !outcome.tables_leaked && dirty_ok() && migrate_ok();
	semihost_exit(guest_ok ? 0 : EXIT_GUEST_FAILED);
}
