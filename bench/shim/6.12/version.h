/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * KVM as it is in Linux 6.12: faults map beside each other under a lock that is held for
 * reading, tables are freed later, blocks can be split.
 */
#ifndef BENCH_KVM_VERSION_H
#define BENCH_KVM_VERSION_H

#define KVM_ENGINE bench_kvm_6_12
#define KVM_NAME "kvm-6.12"
#define KVM_SHARES true
#define KVM_FREE_LATER .free_unlinked_table = free_later,

static inline int kvm_fault(struct kvm_pgtable *pgt, u64 ipa, u64 pa, void *cache)
{
	return kvm_pgtable_stage2_map(pgt, ipa, PAGE_SIZE, pa, KVM_PGTABLE_PROT_RW, cache,
				      KVM_PGTABLE_WALK_HANDLE_FAULT | KVM_PGTABLE_WALK_SHARED);
}

static inline int kvm_map(struct kvm_pgtable *pgt, const struct bench_range *range,
			  enum kvm_pgtable_prot prot, void *cache)
{
	return kvm_pgtable_stage2_map(pgt, range->ipa, range->size, range->pa, prot, cache, 0);
}

/* By a fault that finds that it may map a block. */
static inline int kvm_map_over(struct kvm_pgtable *pgt, u64 ipa, u64 size, u64 pa, void *cache)
{
	return kvm_pgtable_stage2_map(pgt, ipa, size, pa, KVM_PGTABLE_PROT_RW, cache,
				      KVM_PGTABLE_WALK_HANDLE_FAULT | KVM_PGTABLE_WALK_SHARED);
}

static inline void kvm_age(struct kvm_pgtable *pgt, const struct bench_range *range)
{
	kvm_pgtable_stage2_test_clear_young(pgt, range->ipa, range->size, true);
}

static inline int kvm_split(struct kvm_s2_mmu *mmu, u64 ipa, u64 size)
{
	return kvm_pgtable_stage2_split(mmu->pgt, ipa, size, &mmu->split_page_cache);
}

static inline void kvm_free_unlinked(struct kvm_pgtable_mm_ops *ops, void *table, int level)
{
	kvm_pgtable_stage2_free_unlinked(ops, table, (s8)level);
}

typedef s8 kvm_level;

#endif
