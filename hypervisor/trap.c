/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * EL2's controls.  The guest owns its CPU, the interrupt controller and the
 * timer, so nearly all traps are off; what stays are SMC (the guest speaks to us
 * by HVC, not to the firmware), WFI (a waiting vCPU must be found outside of the
 * guest when the run ends), and stage 2.
 */
#include "features.h"
#include "guest.h"
#include "trap.h"

#define HCR_SWIO (UINT64_C(1) << 1)
#define HCR_TWI (UINT64_C(1) << 13)
#define HCR_TSC (UINT64_C(1) << 19)
#define HCR_RW (UINT64_C(1) << 31)
#define HCR_APK (UINT64_C(1) << 40)
#define HCR_API (UINT64_C(1) << 41)
#define HCR_ENSCXT (UINT64_C(1) << 53)
#define HCR_ATA (UINT64_C(1) << 56)

#define HCRX_MSCEN (UINT64_C(1) << 11)

#define CPTR_RES1 0x33ff /* TZ and TSM are RES1 where there is no SVE, no SME */
#define CPTR_TZ (1u << 8)
#define CPTR_TSM (1u << 12)

#define CNTHCTL_EL1PCTEN 0x1
#define CNTHCTL_EL1PCEN 0x2

#define ICC_SRE_ALL 0xf /* system registers, for EL1 as well */

#define ZCR_LEN_MAX 0xf
#define SMCR_LEN_MAX 0xf
#define SMCR_EZT0 (UINT64_C(1) << 30)
#define SMCR_FA64 (UINT64_C(1) << 31)

#define SCTLR_EL1_RES1 0x30d00800 /* MMU and caches off */

static uint64_t hcr(void)
{
	uint64_t value = guest.format.hcr | HCR_RW | HCR_TSC | HCR_TWI | HCR_SWIO;

	if (features.guest & CPU_PAUTH)
		value |= HCR_APK | HCR_API;
	if (features.guest & CPU_SCXT)
		value |= HCR_ENSCXT;
	if (features.guest & CPU_MTE)
		value |= HCR_ATA;
	return value;
}

/* FEAT_MOPS: without this its instructions are undefined in the guest. */
static void permit_memory_copy(void)
{
	if (features.guest & CPU_HCX)
		write_hcrx_el2(features.guest & CPU_MOPS ? HCRX_MSCEN : 0);
}

/* All vector lengths and all instructions that there are. */
static void permit_vectors(void)
{
	uint64_t cptr = CPTR_RES1;
	uint64_t smcr = SMCR_LEN_MAX;

	if (features.guest & CPU_SVE)
		cptr &= ~(uint64_t)CPTR_TZ;
	if (features.guest & CPU_SME)
		cptr &= ~(uint64_t)CPTR_TSM;
	if (features.guest & CPU_SME_FA64)
		smcr |= SMCR_FA64;
	if (features.guest & CPU_SME2)
		smcr |= SMCR_EZT0;
	write_cptr_el2(cptr);
	isb();
	if (features.guest & CPU_SVE)
		write_zcr_el2(ZCR_LEN_MAX);
	if (features.guest & CPU_SME)
		write_smcr_el2(smcr);
}

static void permit_counters(void)
{
	write_cnthctl_el2(CNTHCTL_EL1PCTEN | CNTHCTL_EL1PCEN);
	write_cntvoff_el2(0);
	/* MDCR_EL2.HPMN = PMCR_EL0.N: all event counters are the guest's. */
	write_mdcr_el2(features.guest & CPU_PMU ? read_pmcr_el0() >> 11 & 0x1f : 0);
}

static void permit_interrupts(void)
{
	write_icc_sre_el2(ICC_SRE_ALL);
	isb();
	write_ich_hcr_el2(0);
}

void trap_stage2_on(void)
{
	write_vtcr_el2(guest.format.vtcr);
	write_vttbr_el2(guest.tree->vttbr);
	write_hcr_el2(hcr());
	isb();
	/* This VMID has never been used here, but the TLB's contents at reset are UNKNOWN. */
	__asm__ volatile("tlbi vmalls12e1" ::: "memory");
	dsb_ish();
	isb();
}

void trap_init(void)
{
	trap_stage2_on();
	permit_vectors();
	permit_memory_copy();
	permit_counters();
	permit_interrupts();
	write_hstr_el2(0);
	write_vpidr_el2(read_midr_el1());
	write_vmpidr_el2(read_mpidr_el1());
	write_sctlr_el1(SCTLR_EL1_RES1);
}
