/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What arch/arm64/kvm/hyp/pgtable.c needs beside kernel.h: a CPU, its registers, and the
 * calls that invalidate TLBs, as a VHE host makes them.
 */
#ifndef BENCH_SHIM_KVM_H
#define BENCH_SHIM_KVM_H

#include "kernel.h"

/* The CPU */
#define ARM64_HAS_STAGE2_FWB 1
#define ARM64_KVM_HVHE 0
#define ARM64_WORKAROUND_AMPERE_AC03_CPU_38 0
#define cpus_have_final_cap(cap) (cap)
#define cpus_have_const_cap(cap) (cap)
#define system_supports_lpa2() false
#define system_supports_tlb_range() true
#define system_supports_bti_kernel() false
#define ID_AA64MMFR0_EL1_PARANGE_SHIFT 0
#define ID_AA64MMFR0_EL1_PARANGE_48 5
#define ID_AA64MMFR0_EL1_PARANGE_52 6
#define ID_AA64MMFR0_EL1_PARANGE_MAX ID_AA64MMFR0_EL1_PARANGE_48
#define cpuid_feature_extract_unsigned_field(value, shift) ((value) >> (shift)&15)
#define id_aa64mmfr0_parange_to_phys_shift(parange) ((parange) == 5 ? 48 : 52)
#define get_vmid_bits(mmfr1) 16

/* VTCR_EL2: only what is read back from it */
#define VTCR_EL2_FLAGS UINT64_C(0)
#define VTCR_EL2_PS_SHIFT 16
#define VTCR_EL2_T0SZ(bits) (UINT64_C(64) - (bits))
#define VTCR_EL2_IPA(vtcr) (64 - ((vtcr)&63))
#define VTCR_EL2_TGRAN_SL0_BASE UINT64_C(2)
#define VTCR_EL2_SL0_MASK (UINT64_C(3) << 6)
#define VTCR_EL2_LVLS_TO_SL0(levels) ((VTCR_EL2_TGRAN_SL0_BASE - (4 - (u64)(levels))) << 6)
#define VTCR_EL2_DS (UINT64_C(1) << 32)
#define VTCR_EL2_VS_8BIT UINT64_C(0)
#define VTCR_EL2_VS_16BIT (UINT64_C(1) << 19)

/* Memory types, by their encodings with FWB */
#define MT_NORMAL 0
#define MT_DEVICE_nGnRE 4
#define BENCH_S2_NORMAL UINT64_C(6)
#define BENCH_S2_NORMAL_NC UINT64_C(5)
#define BENCH_S2_DEVICE_nGnRE UINT64_C(1)
#define PAGE_S2_MEMATTR(type, fwb) ((fwb) ? BENCH_S2_##type << 2 : 0)

/* Structures that the code looks into */
struct kvm_mmu_memory_cache {
	int nobjs;
};
struct kvm_arch {
	u64 vtcr;
};
struct kvm_s2_mmu {
	u64 vtcr; /* 6.12 */
	struct kvm_arch *arch; /* 6.1 */
	struct kvm_pgtable *pgt;
	struct kvm_mmu_memory_cache split_page_cache;
};

/* TLBs.  Stage 1 comes after each stage 2, with a DSB, and is not counted. */
#define TLBI_TTL_UNKNOWN 127
#define MAX_TLBI_RANGE_PAGES (UINT64_C(1) << 21)
#define __TLBI_VADDR(address, asid) (address)
#define __tlbi_level(operation, address, level) bench_tlbi()
#define __tlbi_sync_s1ish_hyp() bench_dsb()
#define kvm_call_hyp(function, ...) function(__VA_ARGS__)

static inline void __kvm_tlb_flush_vmid_ipa(struct kvm_s2_mmu *mmu, phys_addr_t ipa, int level)
{
	(void)mmu, (void)ipa, (void)level;
	bench_dsb();
	bench_tlbi();
	bench_dsb();
	bench_dsb();
}

static inline void __kvm_tlb_flush_vmid_ipa_nsh(struct kvm_s2_mmu *mmu, phys_addr_t ipa, int level)
{
	__kvm_tlb_flush_vmid_ipa(mmu, ipa, level);
}

static inline void __kvm_tlb_flush_vmid_range(struct kvm_s2_mmu *mmu, phys_addr_t ipa, u64 pages)
{
	(void)pages;
	__kvm_tlb_flush_vmid_ipa(mmu, ipa, 0);
}

static inline void __kvm_tlb_flush_vmid(struct kvm_s2_mmu *mmu)
{
	(void)mmu;
	bench_dsb();
	bench_tlbi();
	bench_dsb();
}

#endif
