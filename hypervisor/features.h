/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What the CPUs can do: read from their ID registers, never assumed.
 */
#ifndef HYPERVISOR_FEATURES_H
#define HYPERVISOR_FEATURES_H

#include <stdint.h>

#include <stage2/format.h>

/* Features of the guest's that EL2 has to permit. */
#define CPU_PAUTH (1u << 0)
#define CPU_SVE (1u << 1)
#define CPU_SME (1u << 2)
#define CPU_SME_FA64 (1u << 3)
#define CPU_SME2 (1u << 4)
#define CPU_SCXT (1u << 5)
#define CPU_MTE (1u << 6)
#define CPU_PMU (1u << 7)
#define CPU_GICV3 (1u << 8)
#define CPU_HCX (1u << 9)
#define CPU_MOPS (1u << 10)

struct features {
	struct s2_config tables; /* the format that suits the CPU */
	uint32_t guest; /* CPU_* */
};
extern struct features features;

/* Finds those of the first CPU; stops the run if it lacks what this hypervisor needs. */
void features_init(void);

/* Stops the run if this CPU's differ from the first one's: they share the tables. */
void features_check(void);

/* One line that says what was found. */
void features_print(void);

#endif
