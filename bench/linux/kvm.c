/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * KVM's stage-2 code as an engine, in the version whose headers are in the include path.
 *
 * It is called as KVM calls it: faults and what goes with them as from a fault handler, all
 * else as under the lock held for writing.  That lock is taken only where several threads are
 * measured.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <asm/kvm_pgtable.h>

static void free_later(void *table, s8 level) __attribute__((unused));

#include "frame.h"
#include "version.h"

struct unlinked {
	void *table;
	int level;
};

#define UNLINKED 1024u

/* Who can't have it at once queues up, and whoever is first in the queue waits for the rest. */
struct rwlock {
	uint32_t holders; /* readers count in steps of READER */
	uint32_t next, serving; /* the queue: numbers that are drawn, and called */
};
#define WRITES 1u
#define WANTS_TO_WRITE 2u
#define READER 4u

struct tree {
	struct kvm_pgtable pgt;
	struct kvm_s2_mmu mmu;
	struct kvm_arch arch;
	_Alignas(64) struct rwlock lock;
};

/* Tables whose freeing a grace period would begin with. */
static struct unlinked unlinked[UNLINKED];
static unsigned int unlinked_count;

static void free_later(void *table, s8 level)
{
	unlinked[unlinked_count++ % UNLINKED] = (struct unlinked){table, level};
}

static void *take_page(void *cache)
{
	(void)cache;
	return bench_page_alloc();
}

static void *take_root(size_t size)
{
	return bench_pool_take(size);
}

static void free_root(void *root, size_t size)
{
	(void)root, (void)size;
}

static void get_page(void *p)
{
	__atomic_add_fetch(bench_references(p), 1, __ATOMIC_RELAXED);
}

static void put_page(void *p)
{
	if (!__atomic_sub_fetch(bench_references(p), 1, __ATOMIC_ACQ_REL))
		bench_page_free(p);
}

static int page_count(void *p)
{
	return (int)__atomic_load_n(bench_references(p), __ATOMIC_RELAXED);
}

static void *to_virt(phys_addr_t pa)
{
	return bench_va(pa);
}

static phys_addr_t to_phys(void *p)
{
	return bench_pa(p);
}

/* With FWB there is nothing to clean. */
static void clean(void *p, size_t size)
{
	(void)p, (void)size;
}

static void invalidate_icache(void *p, size_t size)
{
	(void)p, (void)size;
	bench_counts.cache++;
}

static struct kvm_pgtable_mm_ops ops = {
	.zalloc_page = take_page,
	.zalloc_pages_exact = take_root,
	.free_pages_exact = free_root,
	KVM_FREE_LATER.get_page = get_page,
	.put_page = put_page,
	.page_count = page_count,
	.phys_to_virt = to_virt,
	.virt_to_phys = to_phys,
	.dcache_clean_inval_poc = clean,
	.icache_inval_pou = invalidate_icache,
};

static void *create(const struct bench_geometry *geometry, unsigned int flags)
{
	struct tree *t;

	if (!linux_has(geometry, flags))
		return NULL;
	t = aligned_alloc(64, (sizeof(*t) + 63) & ~(size_t)63);
	if (!t)
		return NULL;
	memset(t, 0, sizeof(*t));
	t->mmu.vtcr = kvm_get_vtcr(ID_AA64MMFR0_EL1_PARANGE_48, 0, geometry->ipa_bits);
	t->arch.vtcr = t->mmu.vtcr;
	t->mmu.arch = &t->arch;
	t->mmu.pgt = &t->pgt;
	t->mmu.split_page_cache.nobjs = 1;
	unlinked_count = 0;
	if (!kvm_pgtable_stage2_init(&t->pgt, &t->mmu, &ops))
		return t;
	free(t);
	return NULL;
}

static const uint64_t *root(void *tree)
{
	return (const uint64_t *)(const void *)((struct tree *)tree)->pgt.pgd;
}

static void settle(void *tree, unsigned int cpu)
{
	(void)tree, (void)cpu;
	while (unlinked_count) {
		struct unlinked *u = &unlinked[--unlinked_count];

		kvm_free_unlinked(&ops, u->table, u->level);
	}
}

/* The pool takes its pages back by itself. */
static void drop(void *tree)
{
	free(tree);
}

static int outcome(int status)
{
	return status == -EAGAIN ? BENCH_RETRY : status;
}

static int fault(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;

	(void)cpu;
	return outcome(kvm_fault(&t->pgt, ipa, pa, &t->mmu));
}

static int relax(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;

	(void)cpu, (void)pa;
	return kvm_pgtable_stage2_relax_perms(&t->pgt, ipa, KVM_PGTABLE_PROT_RW);
}

static int touch(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;

	(void)cpu, (void)pa;
	return !kvm_pgtable_stage2_mkyoung(&t->pgt, ipa);
}

static int unmap_page(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;

	(void)cpu, (void)pa;
	return kvm_pgtable_stage2_unmap(&t->pgt, ipa, PAGE_SIZE);
}

static int lookup(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;
	kvm_pte_t pte;
	kvm_level level;

	(void)cpu;
	return kvm_pgtable_get_leaf(&t->pgt, ipa, &pte, &level) || kvm_pte_to_phys(pte) != pa;
}

static int probe(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;
	kvm_level level;
	kvm_pte_t pte;
	u64 offset;

	(void)cpu;
	if (kvm_pgtable_get_leaf(&t->pgt, ipa, &pte, &level) || !kvm_pte_valid(pte))
		return 0;
	offset = ipa & (kvm_granule_size(level) - 1);
	if (kvm_pte_to_phys(pte) + offset != pa)
		return 0;
	return BENCH_IS_MAPPED | (pte & BIT(7) ? BENCH_IS_WRITABLE : 0) |
	       (pte & BIT(10) ? BENCH_IS_YOUNG : 0) | (level < 3 ? BENCH_IS_BLOCK : 0);
}

static int over(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;

	(void)cpu;
	return kvm_map_over(&t->pgt, ipa, kvm_granule_size(2), pa, &t->mmu);
}

/* Not there in all versions: then the function is not used. */
static int __attribute__((unused)) split(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	int (*function)(struct kvm_s2_mmu *, u64, u64) = kvm_split;
	struct tree *t = tree;

	(void)cpu, (void)pa;
	return function(&t->mmu, ipa, kvm_granule_size(2));
}

static int __attribute__((unused))
split_all(void *tree, unsigned int cpu, const struct bench_range *range)
{
	int (*function)(struct kvm_s2_mmu *, u64, u64) = kvm_split;
	struct tree *t = tree;

	(void)cpu;
	return function(&t->mmu, range->ipa, range->size);
}

static int map(void *tree, unsigned int cpu, const struct bench_range *range)
{
	struct tree *t = tree;
	enum kvm_pgtable_prot prot =
		range->attr == BENCH_READ ? KVM_PGTABLE_PROT_R : KVM_PGTABLE_PROT_RW;

	(void)cpu;
	return kvm_map(&t->pgt, range, prot, &t->mmu);
}

static int unmap(void *tree, unsigned int cpu, const struct bench_range *range)
{
	struct tree *t = tree;

	(void)cpu;
	return kvm_pgtable_stage2_unmap(&t->pgt, range->ipa, range->size);
}

/* The invalidation is the caller's. */
static int protect(void *tree, unsigned int cpu, const struct bench_range *range)
{
	struct tree *t = tree;
	int status = kvm_pgtable_stage2_wrprotect(&t->pgt, range->ipa, range->size);

	(void)cpu;
	__kvm_tlb_flush_vmid(&t->mmu);
	return status;
}

static int age(void *tree, unsigned int cpu, const struct bench_range *range)
{
	struct tree *t = tree;

	(void)cpu;
	kvm_age(&t->pgt, range);
	return 0;
}

static int destroy(void *tree, unsigned int cpu, const struct bench_range *range)
{
	struct tree *t = tree;

	(void)cpu, (void)range;
	kvm_pgtable_stage2_destroy(&t->pgt);
	return 0;
}

static uint32_t read_word(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* A turn in which nothing else can be done. */
static void wait_a_moment(unsigned int *turns)
{
	if (++*turns % 256 == 0)
		sched_yield();
}

static void queue_up(struct rwlock *lock)
{
	uint32_t number = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
	unsigned int turns = 0;

	while (read_word(&lock->serving) != number)
		wait_a_moment(&turns);
}

static void call_next(struct rwlock *lock)
{
	__atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
}

/* One addition to a word that all share, if nobody writes. */
static void lock_read(void *tree)
{
	struct rwlock *lock = &((struct tree *)tree)->lock;
	unsigned int turns = 0;

	if (!(__atomic_add_fetch(&lock->holders, READER, __ATOMIC_ACQUIRE) % READER))
		return;
	__atomic_sub_fetch(&lock->holders, READER, __ATOMIC_RELAXED);
	queue_up(lock);
	__atomic_add_fetch(&lock->holders, READER, __ATOMIC_ACQUIRE);
	while (read_word(&lock->holders) & WRITES)
		wait_a_moment(&turns);
	call_next(lock);
}

static void unlock_read(void *tree)
{
	struct rwlock *lock = &((struct tree *)tree)->lock;

	__atomic_sub_fetch(&lock->holders, READER, __ATOMIC_RELEASE);
}

static bool swap_holders(struct rwlock *lock, uint32_t old, uint32_t new)
{
	return __atomic_compare_exchange_n(&lock->holders, &old, new, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static void lock_write(void *tree)
{
	struct rwlock *lock = &((struct tree *)tree)->lock;
	unsigned int turns = 0;

	if (swap_holders(lock, 0, WRITES))
		return;
	queue_up(lock);
	__atomic_or_fetch(&lock->holders, WANTS_TO_WRITE, __ATOMIC_RELAXED);
	while (!swap_holders(lock, WANTS_TO_WRITE, WRITES))
		while (read_word(&lock->holders) != WANTS_TO_WRITE)
			wait_a_moment(&turns);
	call_next(lock);
}

static void unlock_write(void *tree)
{
	struct rwlock *lock = &((struct tree *)tree)->lock;

	__atomic_and_fetch(&lock->holders, ~WRITES, __ATOMIC_RELEASE);
}

const struct bench_engine KVM_ENGINE = {
	.name = KVM_NAME,
	.create = create,
	.fill = linux_fill,
	.tables = linux_tables,
	.root = root,
	.settle = settle,
	.lock = KVM_SHARES ? lock_read : lock_write,
	.unlock = KVM_SHARES ? unlock_read : unlock_write,
	.needs_lock = !KVM_SHARES,
	.lock_all = lock_write,
	.unlock_all = unlock_write,
	.drop = drop,
	.tells = BENCH_IS_KNOWN,
	.page = {[BENCH_FAULT] = fault,
		 [BENCH_RELAX] = relax,
		 [BENCH_TOUCH] = touch,
		 [BENCH_UNMAP_PAGE] = unmap_page,
		 [BENCH_LOOKUP] = lookup,
		 [BENCH_OVER] = over,
		 [BENCH_SPLIT] = KVM_SHARES ? split : NULL,
		 [BENCH_PROBE] = probe},
	.range = {[BENCH_MAP] = map,
		  [BENCH_UNMAP] = unmap,
		  [BENCH_CUT] = unmap,
		  [BENCH_PROTECT] = protect,
		  [BENCH_AGE] = age,
		  [BENCH_SPLIT_ALL] = KVM_SHARES ? split_all : NULL,
		  [BENCH_DESTROY] = destroy},
};
