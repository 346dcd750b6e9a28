/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * KVM as it is in Linux 6.1: whoever changes a table holds a lock for himself alone, and
 * tables are freed where they are taken out.
 */
#ifndef BENCH_KVM_VERSION_H
#define BENCH_KVM_VERSION_H

#define KVM_ENGINE bench_kvm_6_1
#define KVM_NAME "kvm-6.1"
#define KVM_SHARES false
#define KVM_FREE_LATER

static inline int kvm_fault(struct kvm_pgtable *pgt, u64 ipa, u64 pa, void *cache)
{
	return kvm_pgtable_stage2_map(pgt, ipa, PAGE_SIZE, pa, KVM_PGTABLE_PROT_RW, cache);
}

static inline int kvm_map(struct kvm_pgtable *pgt, const struct bench_range *range,
			  enum kvm_pgtable_prot prot, void *cache)
{
	return kvm_pgtable_stage2_map(pgt, range->ipa, range->size, range->pa, prot, cache);
}

static inline int kvm_map_over(struct kvm_pgtable *pgt, u64 ipa, u64 size, u64 pa, void *cache)
{
	return kvm_pgtable_stage2_map(pgt, ipa, size, pa, KVM_PGTABLE_PROT_RW, cache);
}

static inline void kvm_age(struct kvm_pgtable *pgt, const struct bench_range *range)
{
	for (u64 at = 0; at < range->size; at += PAGE_SIZE)
		kvm_pgtable_stage2_mkold(pgt, range->ipa + at);
}

#define kvm_split NULL

static inline void kvm_free_unlinked(struct kvm_pgtable_mm_ops *ops, void *table, int level)
{
	(void)ops, (void)table, (void)level;
}

typedef u32 kvm_level;

#endif
