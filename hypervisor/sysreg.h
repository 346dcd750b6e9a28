/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * System registers, one pair of functions each: read_NAME() and write_NAME().
 * Those that an assembler for Armv8.0 does not know are given by encoding.
 */
#ifndef HYPERVISOR_SYSREG_H
#define HYPERVISOR_SYSREG_H

#include <stdint.h>

#define SYSREG(name, encoding)                                                    \
	static inline uint64_t read_##name(void)                                  \
	{                                                                         \
		uint64_t value;                                                   \
                                                                                  \
		__asm__ volatile("mrs %0, " encoding : "=r"(value)::"memory");    \
		return value;                                                     \
	}                                                                         \
	static inline void write_##name(uint64_t value)                           \
	{                                                                         \
		__asm__ volatile("msr " encoding ", %0" ::"r"(value) : "memory"); \
	}

#define SYSREG_RO(name, encoding)                                              \
	static inline uint64_t read_##name(void)                               \
	{                                                                      \
		uint64_t value;                                                \
                                                                               \
		__asm__ volatile("mrs %0, " encoding : "=r"(value)::"memory"); \
		return value;                                                  \
	}

/* Identification */
SYSREG_RO(midr_el1, "midr_el1")
SYSREG_RO(mpidr_el1, "mpidr_el1")
SYSREG_RO(id_aa64pfr0_el1, "id_aa64pfr0_el1")
SYSREG_RO(id_aa64pfr1_el1, "id_aa64pfr1_el1")
SYSREG_RO(id_aa64smfr0_el1, "s3_0_c0_c4_5")
SYSREG_RO(id_aa64dfr0_el1, "id_aa64dfr0_el1")
SYSREG_RO(id_aa64isar0_el1, "id_aa64isar0_el1")
SYSREG_RO(id_aa64isar1_el1, "id_aa64isar1_el1")
SYSREG_RO(id_aa64isar2_el1, "s3_0_c0_c6_2")
SYSREG_RO(id_aa64mmfr0_el1, "id_aa64mmfr0_el1")
SYSREG_RO(id_aa64mmfr1_el1, "id_aa64mmfr1_el1")
SYSREG_RO(id_aa64mmfr2_el1, "s3_0_c0_c7_2")

/* What EL2 lets the guest do */
SYSREG(hcr_el2, "hcr_el2")
SYSREG(hcrx_el2, "s3_4_c1_c2_2")
SYSREG(hstr_el2, "hstr_el2")
SYSREG(cptr_el2, "cptr_el2")
SYSREG(mdcr_el2, "mdcr_el2")
SYSREG(cnthctl_el2, "cnthctl_el2")
SYSREG(cntvoff_el2, "cntvoff_el2")
SYSREG(vpidr_el2, "vpidr_el2")
SYSREG(vmpidr_el2, "vmpidr_el2")
SYSREG(icc_sre_el2, "s3_4_c12_c9_5")
SYSREG(ich_hcr_el2, "s3_4_c12_c11_0")
SYSREG(zcr_el2, "s3_4_c1_c2_0")
SYSREG(smcr_el2, "s3_4_c1_c2_6")
SYSREG_RO(pmcr_el0, "pmcr_el0")
SYSREG_RO(pmceid0_el0, "pmceid0_el0")
SYSREG(pmselr_el0, "pmselr_el0")
SYSREG(pmxevtyper_el0, "pmxevtyper_el0")
SYSREG(pmxevcntr_el0, "pmxevcntr_el0")
SYSREG(pmcntenset_el0, "pmcntenset_el0")

/* Stage 2 */
SYSREG(vtcr_el2, "vtcr_el2")
SYSREG(vttbr_el2, "vttbr_el2")

/* The guest's state where an exit or a start needs it */
SYSREG(sctlr_el1, "sctlr_el1")
SYSREG(par_el1, "par_el1")
SYSREG(elr_el2, "elr_el2")
SYSREG(spsr_el2, "spsr_el2")
SYSREG(tpidr_el2, "tpidr_el2")

/* Why we are here */
SYSREG_RO(esr_el2, "esr_el2")
SYSREG_RO(far_el2, "far_el2")
SYSREG_RO(hpfar_el2, "hpfar_el2")

#define ESR_EC(esr) ((unsigned int)((esr) >> 26 & 0x3f))
#define EC_WFX 0x01
#define EC_HVC 0x16
#define EC_SMC 0x17
#define EC_INSTRUCTION_ABORT 0x20
#define EC_DATA_ABORT 0x24

/* Time */
SYSREG_RO(cntpct_el0, "cntpct_el0")
SYSREG_RO(cntfrq_el0, "cntfrq_el0")

/* A field of an ID register: four bits from `shift`. */
static inline unsigned int id_field(uint64_t id, unsigned int shift)
{
	return id >> shift & 0xf;
}

static inline void isb(void)
{
	__asm__ volatile("isb" ::: "memory");
}

static inline void dsb_ish(void)
{
	__asm__ volatile("dsb ish" ::: "memory");
}

#endif
