/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Stops the guest, and asks for every table page back.
 *
 * s2_destroy() wants the tables for itself, so that all vCPUs have to leave the
 * guest.  A kernel that powers off has them waiting for interrupts, and a WFI
 * brings them here.  One that does not come by itself is fetched with the
 * library's own promise: when unmap returns, no CPU can use what was mapped,
 * and the next instruction that it fetches is a fault.
 */
#include "memory.h"
#include "pool.h"
#include "report.h"
#include "semihost.h"
#include "stop.h"
#include "vcpu.h"

#define PATIENCE_MS 200

static uint32_t stopping;

bool stop_requested(void)
{
	return __atomic_load_n(&stopping, __ATOMIC_SEQ_CST);
}

/* A vCPU that waits at EL2 asks stop_requested() before it goes anywhere. */
static bool is_stopped(const struct vcpu *v)
{
	uint32_t state = vcpu_state(v);

	return state == VCPU_OFF || state == VCPU_WAITING || state == VCPU_PARKED;
}

static bool others_stopped(const struct vcpu *self)
{
	for (const struct vcpu *v = vcpus; v < vcpus + MAX_VCPUS; v++) {
		if (v != self && !is_stopped(v))
			return false;
	}
	return true;
}

/* One that is in a WFE is woken; one that waits for a grace period must not wait for us. */
static bool others_come(const struct vcpu *self)
{
	uint64_t end = read_cntpct_el0() + read_cntfrq_el0() * PATIENCE_MS / 1000;

	while (!others_stopped(self) && read_cntpct_el0() < end) {
		must(s2_qsbr_quiescent(&guest.qsbr, self->index), "s2_qsbr_quiescent");
		__asm__ volatile("sev\n\tyield");
	}
	return others_stopped(self);
}

static void unmap_all(struct vcpu *v)
{
	uint64_t end = UINT64_C(1) << guest.format.ipa_bits;
	int status = S2_MORE;

	for (uint64_t ipa = 0; status == S2_MORE; ipa += v->s2.done)
		status = s2_unmap(&guest.tree, &v->s2, ipa, end - ipa, 0);
	must(status, "s2_unmap");
}

/* Again and again: a fault that was under way may still have mapped a page. */
static void stop_others(struct vcpu *v)
{
	while (!others_come(v))
		unmap_all(v);
}

static void destroy(struct vcpu *v)
{
	int status;

	do {
		status = s2_destroy(&guest.tree, &v->s2);
	} while (status == S2_MORE);
	must(status, "s2_destroy");
}

static void collect_pages(void)
{
	for (struct vcpu *v = vcpus; v < vcpus + MAX_VCPUS; v++)
		pool_drain(&v->s2.cache, 0);
}

_Noreturn void stop_guest(struct vcpu *v, bool guest_ok)
{
	struct outcome outcome = {.guest_ok = guest_ok, .tables_live = guest.tree.tables};

	if (__atomic_exchange_n(&stopping, 1, __ATOMIC_SEQ_CST))
		vcpu_park(v);
	stop_others(v);
	destroy(v);
	collect_pages();
	outcome.tables_leaked = pool_outstanding();
	stats_print(&outcome);
	semihost_exit(guest_ok && !outcome.tables_leaked ? 0 : EXIT_GUEST_FAILED);
}
