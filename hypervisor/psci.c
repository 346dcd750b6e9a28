/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * PSCI 1.1 for the guest, on the firmware's own below.  How the guest ends is how
 * it tells whether it is content: SYSTEM_OFF is success, SYSTEM_RESET (which a
 * panic ends in) is not.  An unmodified kernel can say so, and no more is needed.
 */
#include <stdbool.h>

#include "psci.h"
#include "report.h"
#include "stop.h"
#include "vcpu.h"

#define PSCI_VERSION 0x84000000
#define PSCI_CPU_OFF 0x84000002
#define PSCI_CPU_ON 0xc4000003
#define PSCI_AFFINITY_INFO 0xc4000004
#define PSCI_MIGRATE_INFO_TYPE 0x84000006
#define PSCI_SYSTEM_OFF 0x84000008
#define PSCI_SYSTEM_RESET 0x84000009
#define PSCI_FEATURES 0x8400000a

#define PSCI_SUCCESS 0
#define PSCI_INVALID_PARAMETERS (-2)
#define PSCI_ALREADY_ON (-4)
#define PSCI_ON_PENDING (-5)

#define PSCI_1_1 0x00010001
#define PSCI_NO_MIGRATION 2

extern uint8_t boot_secondary[];

/* The firmware's PSCI (SMC Calling Convention: x0 to x17 are its to change). */
static int64_t firmware(uint64_t function, uint64_t a1, uint64_t a2, uint64_t a3)
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t x1 __asm__("x1") = a1;
	register uint64_t x2 __asm__("x2") = a2;
	register uint64_t x3 __asm__("x3") = a3;

	__asm__ volatile("dsb sy\n\tsmc #0"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"x4", "x5", "x6", "x7", "x8",
			   "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory");
	return (int64_t)x0;
}

static bool claim_start(struct vcpu *v, uint32_t *state)
{
	*state = VCPU_OFF;
	return __atomic_compare_exchange_n(&v->state, state, VCPU_STARTING, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

static int64_t start(struct vcpu *v, uint64_t mpidr)
{
	return firmware(PSCI_CPU_ON, mpidr, (uintptr_t)boot_secondary, (uintptr_t)v);
}

void psci_start(struct vcpu *v, uint64_t mpidr)
{
	if (start(v, mpidr) != PSCI_SUCCESS)
		die("the firmware does not start CPU %lx", mpidr);
}

_Noreturn void psci_off(struct vcpu *v)
{
	vcpu_set_state(v, VCPU_OFF);
	firmware(PSCI_CPU_OFF, 0, 0, 0);
	die("the firmware does not switch a CPU off");
}

static int64_t cpu_on(uint64_t mpidr, uint64_t entry, uint64_t context)
{
	struct vcpu *v = vcpu_claim(mpidr);
	uint32_t state;
	int64_t answer;

	if (!v)
		return PSCI_INVALID_PARAMETERS;
	if (!claim_start(v, &state))
		return state == VCPU_STARTING ? PSCI_ON_PENDING : PSCI_ALREADY_ON;
	v->entry = entry;
	v->context = context;
	answer = start(v, mpidr);
	if (answer != PSCI_SUCCESS)
		vcpu_set_state(v, VCPU_OFF);
	return answer;
}

/* Returns only if the firmware refuses. */
static int64_t cpu_off(struct vcpu *v)
{
	int64_t answer;

	must(s2_qsbr_offline(&guest.qsbr, v->index), "s2_qsbr_offline");
	vcpu_set_state(v, VCPU_OFF);
	answer = firmware(PSCI_CPU_OFF, 0, 0, 0);
	vcpu_set_state(v, VCPU_ON);
	must(s2_qsbr_online(&guest.qsbr, v->index), "s2_qsbr_online");
	return answer;
}

static int64_t features_of(uint32_t function)
{
	switch (function) {
	case PSCI_VERSION:
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON:
	case PSCI_AFFINITY_INFO:
	case PSCI_MIGRATE_INFO_TYPE:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_FEATURES:
		return PSCI_SUCCESS;
	default:
		return PSCI_NOT_SUPPORTED;
	}
}

int64_t psci_call(struct vcpu *v, const struct regs *regs)
{
	v->stats.calls++;
	switch ((uint32_t)regs->x[0]) {
	case PSCI_VERSION:
		return PSCI_1_1;
	case PSCI_FEATURES:
		return features_of((uint32_t)regs->x[1]);
	case PSCI_CPU_ON:
		return cpu_on(regs->x[1], regs->x[2], regs->x[3]);
	case PSCI_CPU_OFF:
		return cpu_off(v);
	case PSCI_AFFINITY_INFO:
		return firmware(PSCI_AFFINITY_INFO, regs->x[1], regs->x[2], 0);
	case PSCI_MIGRATE_INFO_TYPE:
		return PSCI_NO_MIGRATION;
	case PSCI_SYSTEM_OFF:
		stop_guest(v, true);
	case PSCI_SYSTEM_RESET:
		stop_guest(v, false);
	default:
		return PSCI_NOT_SUPPORTED;
	}
}
