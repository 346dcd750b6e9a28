/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A vCPU, which is a physical CPU: it never moves, and nothing else runs there.
 */
#ifndef HYPERVISOR_VCPU_H
#define HYPERVISOR_VCPU_H

#include <stddef.h>
#include <stdint.h>

#include <stage2/stage2.h>

#include "asm.h"
#include "churn.h"
#include "guest.h"
#include "stats.h"
#include "sysreg.h"

/* The guest's general registers, as vectors.S saves them. */
struct regs {
	uint64_t x[31];
	uint64_t unused;
};
_Static_assert(sizeof(struct regs) == REGS_SIZE, "vectors.S saves so many");

enum vcpu_state {
	VCPU_OFF,
	VCPU_STARTING, /* CPU_ON was called, the CPU is on its way */
	VCPU_ON, /* in the guest, or in the hypervisor for a moment */
	VCPU_WAITING, /* at EL2 until there is an interrupt for the guest */
	VCPU_PAUSED, /* at EL2 until halt_resume() */
	VCPU_PARKED, /* at EL2 for good */
};

#define VCPU_CLAIMED (UINT64_C(1) << 63) /* with an affinity: even 0.0.0.0 is somebody's */

struct vcpu {
	_Alignas(16) uint8_t stack[STACK_SIZE]; /* EL2's; first, see boot.S */
	uint32_t index;
	uint32_t state; /* enum vcpu_state, atomic */
	uint64_t affinity; /* of MPIDR_EL1, with VCPU_CLAIMED; 0: nobody's yet, atomic */
	uint64_t entry; /* where it starts, and with what in x0 */
	uint64_t context;
	struct s2_cpu s2;
	struct stats stats;
	struct churn churn;
};
_Static_assert(offsetof(struct vcpu, stack) == 0, "boot.S adds STACK_SIZE to the address");

extern struct vcpu vcpus[MAX_CPUS]; /* the last one is the worker, see worker.h */

/* The vCPU of the calling CPU. */
static inline struct vcpu *vcpu_this(void)
{
	return (struct vcpu *)(uintptr_t)read_tpidr_el2();
}

static inline uint32_t vcpu_state(const struct vcpu *v)
{
	return __atomic_load_n(&v->state, __ATOMIC_SEQ_CST);
}

static inline void vcpu_set_state(struct vcpu *v, enum vcpu_state state)
{
	__atomic_store_n(&v->state, state, __ATOMIC_SEQ_CST);
}

/* Prepares all of them; all are off. */
void vcpu_init(void);

/* The vCPU with this MPIDR_EL1, new if need be; NULL if there are too many. */
struct vcpu *vcpu_claim(uint64_t mpidr);

/* On the vCPU's own CPU: into the guest, where v->entry and v->context say. */
_Noreturn void vcpu_start(struct vcpu *v);

/* On the vCPU's own CPU: never into the guest again. */
_Noreturn void vcpu_park(struct vcpu *v);

/* Whoever is in the hypervisor now has left it on return; but for the caller, who holds nothing. */
void vcpu_wait_for_grace(struct vcpu *v);

/* Has the cache of table pages ready for any one call of the engine's. */
void vcpu_fill_cache(struct vcpu *v);

#endif
