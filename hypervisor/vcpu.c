/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Into the guest and out of it.  A read-side section of the tables' grace period
 * spans each exit: what the engine hands out here is not freed elsewhere, and a
 * vCPU that is in the guest, or waits, holds nothing up.
 */
#include <stdbool.h>

#include "dirty.h"
#include "fault.h"
#include "features.h"
#include "halt.h"
#include "pool.h"
#include "psci.h"
#include "report.h"
#include "stop.h"
#include "trap.h"
#include "vcpu.h"
#include "worker.h"

#define MPIDR_AFFINITY UINT64_C(0xff00ffffff)

#define SPSR_EL1H_MASKED 0x3c5 /* EL1 with its own stack, D A I F masked */

#define EXITS_BETWEEN_RECLAIMS 64
#define BUDGET 64 /* entries, or tables, in one call of the engine's */
#define CACHE_MAX 64 /* pages that a CPU keeps for itself */

struct vcpu vcpus[MAX_CPUS];

_Noreturn void vcpu_launch(const struct regs *regs);
void vcpu_exit(struct regs *regs);

void vcpu_init(void)
{
	for (uint32_t i = 0; i < MAX_CPUS; i++) {
		vcpus[i].index = i;
		must(s2_cpu_init(&vcpus[i].s2, guest.format.granule_shift), "s2_cpu_init");
		vcpus[i].s2.budget = BUDGET;
		vcpus[i].s2.log = dirty_bitmap();
		churn_init(&vcpus[i].churn, i);
	}
}

struct vcpu *vcpu_claim(uint64_t mpidr)
{
	uint64_t affinity = (mpidr & MPIDR_AFFINITY) | VCPU_CLAIMED;

	for (struct vcpu *v = vcpus; v < vcpus + MAX_VCPUS; v++) {
		uint64_t found = 0;

		if (__atomic_compare_exchange_n(&v->affinity, &found, affinity, false,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return v;
		if (found == affinity)
			return v;
	}
	return NULL;
}

/* Not into the guest while it is paused, nor ever once it has ended; and onto its tables as they are now. */
static void hold(struct vcpu *v)
{
	halt_wait(v);
	if (stop_requested())
		vcpu_park(v);
	if (read_vttbr_el2() != guest.tree->vttbr)
		trap_stage2_on();
}

_Noreturn void vcpu_start(struct vcpu *v)
{
	struct regs regs = {.x = {v->context}};

	trap_init();
	write_elr_el2(v->entry);
	write_spsr_el2(SPSR_EL1H_MASKED);
	vcpu_set_state(v, VCPU_ON);
	hold(v);
	vcpu_launch(&regs);
}

_Noreturn void vcpu_park(struct vcpu *v)
{
	vcpu_set_state(v, VCPU_PARKED);
	for (;;)
		__asm__ volatile("wfi");
}

void vcpu_wait_for_grace(struct vcpu *v)
{
	struct s2_grace *grace = &guest.qsbr.grace;
	uint64_t cookie = grace->start(grace);

	while (!grace->done(grace, cookie))
		must(s2_qsbr_quiescent(&guest.qsbr, v->index), "s2_qsbr_quiescent");
}

void vcpu_fill_cache(struct vcpu *v)
{
	pool_fill(&v->s2.cache, S2_FAULT_PAGES);
}

/*
 * The guest waits for an interrupt, and so do we: it is the guest's, and ends a
 * WFI here as it does there.
 */
static void vcpu_wait(struct vcpu *v)
{
	vcpu_set_state(v, VCPU_WAITING);
	if (!stop_requested())
		__asm__ volatile("dsb sy\n\twfi" ::: "memory");
	vcpu_set_state(v, VCPU_ON);
	trap_skip();
}

static void reclaim_now_and_then(struct vcpu *v)
{
	int status;

	if (v->stats.exits % EXITS_BETWEEN_RECLAIMS)
		return;
	status = s2_reclaim(guest.tree, &v->s2);
	if (status != S2_MORE && status != S2_RETRY)
		must(status, "s2_reclaim");
	pool_drain(&v->s2.cache, CACHE_MAX);
}

static void handle(struct vcpu *v, struct regs *regs, uint64_t esr)
{
	switch (ESR_EC(esr)) {
	case EC_WFX:
		v->stats.waits++;
		break;
	case EC_HVC:
		regs->x[0] = (uint64_t)psci_call(v, regs);
		break;
	case EC_SMC:
		regs->x[0] = (uint64_t)PSCI_NOT_SUPPORTED;
		trap_skip();
		break;
	case EC_INSTRUCTION_ABORT:
	case EC_DATA_ABORT:
		fault_handle(v, regs, esr, ESR_EC(esr) == EC_INSTRUCTION_ABORT);
		break;
	default:
		report_exit(v, regs, "an exit that this hypervisor does not know");
	}
}

/* Called by vectors.S; returns to the guest. */
void vcpu_exit(struct regs *regs)
{
	struct vcpu *v = vcpu_this();
	uint64_t esr = read_esr_el2();

	must(s2_qsbr_online(&guest.qsbr, v->index), "s2_qsbr_online");
	v->stats.exits++;
	handle(v, regs, esr);
	churn_step(v);
	reclaim_now_and_then(v);
	worker_poll(v);
	must(s2_qsbr_offline(&guest.qsbr, v->index), "s2_qsbr_offline");

	if (ESR_EC(esr) == EC_WFX)
		vcpu_wait(v);
	hold(v);
}
