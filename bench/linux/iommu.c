/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The kernel's page tables of IOMMUs as an engine: stage 2, walked coherently.
 *
 * It maps and unmaps pieces of one size within one table a call; the loops around it are
 * those of its callers.  It never changes what is mapped: who maps a block over a table has
 * the pages taken out inside the call.
 */
#include <stdlib.h>

#include <linux/io-pgtable.h>

#include "frame.h"

extern struct io_pgtable_init_fns io_pgtable_arm_64_lpae_s2_init_fns;

struct tree {
	struct io_pgtable_cfg cfg;
	struct io_pgtable *pgt;
	bool destroyed;
};

static void *take(void *cookie, size_t size, gfp_t gfp)
{
	(void)cookie, (void)gfp;
	return size > bench_pool.granule || !bench_stack.pages ? bench_pool_take(size)
							       : bench_page_alloc();
}

static void give(void *cookie, void *pages, size_t size)
{
	(void)cookie, (void)size;
	bench_page_free(pages);
}

static void flush(void *cookie)
{
	(void)cookie;
	bench_dsb();
	bench_tlbi();
	bench_dsb();
}

static void flush_walk(unsigned long iova, size_t size, size_t granule, void *cookie)
{
	(void)iova, (void)size, (void)granule;
	flush(cookie);
}

static void add_page(struct iommu_iotlb_gather *gather, unsigned long iova, size_t granule,
		     void *cookie)
{
	(void)cookie;
	if (!gather)
		return;
	if (iova < gather->start)
		gather->start = iova;
	if (iova + granule > gather->end)
		gather->end = iova + granule;
}

static const struct iommu_flush_ops flush_ops = {flush, flush_walk, add_page};

static void *create(const struct bench_geometry *geometry, unsigned int flags)
{
	struct tree *t;

	if (!linux_has(geometry, flags))
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	bench_stack_fill(0);
	t->cfg = (struct io_pgtable_cfg){.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G,
					 .ias = geometry->ipa_bits,
					 .oas = 48,
					 .coherent_walk = true,
					 .tlb = &flush_ops,
					 .alloc = take,
					 .free = give};
	t->pgt = io_pgtable_arm_64_lpae_s2_init_fns.alloc(&t->cfg, t);
	if (!t->pgt) {
		free(t);
		return NULL;
	}
	t->pgt->fmt = ARM_64_LPAE_S2;
	t->pgt->cookie = t;
	t->pgt->cfg = t->cfg;
	return t;
}

static const uint64_t *root(void *tree)
{
	return bench_va(((const struct tree *)tree)->pgt->cfg.arm_lpae_s2_cfg.vttbr);
}

static void settle(void *tree, unsigned int cpu)
{
	(void)tree, (void)cpu;
}

static void drop(void *tree)
{
	struct tree *t = tree;

	bench_stack_fill(0);
	if (!t->destroyed)
		io_pgtable_arm_64_lpae_s2_init_fns.free(t->pgt);
	free(t);
}

static int map_pieces(struct tree *t, uint64_t ipa, uint64_t size, uint64_t pa, uint64_t leaf,
		      int prot)
{
	struct io_pgtable_ops *ops = &t->pgt->ops;
	uint64_t done = 0;

	while (done < size) {
		size_t mapped = 0;
		int status = ops->map_pages(ops, ipa + done, pa + done, leaf, (size - done) / leaf,
					    prot | IOMMU_CACHE, GFP_KERNEL, &mapped);

		if (status)
			return status;
		done += mapped;
	}
	return 0;
}

static int unmap_pieces(struct tree *t, uint64_t ipa, uint64_t size, uint64_t leaf)
{
	struct iommu_iotlb_gather gather = {.start = ~0ul};
	struct io_pgtable_ops *ops = &t->pgt->ops;
	uint64_t done = 0;

	while (done < size) {
		size_t piece =
			ops->unmap_pages(ops, ipa + done, leaf, (size - done) / leaf, &gather);

		if (!piece)
			return -EINVAL;
		done += piece;
	}
	if (gather.end)
		flush(t);
	return 0;
}

static int fault(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	(void)cpu;
	return map_pieces(tree, ipa, PAGE_SIZE, pa, PAGE_SIZE, IOMMU_READ | IOMMU_WRITE);
}

static int unmap_page(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	(void)cpu, (void)pa;
	return unmap_pieces(tree, ipa, PAGE_SIZE, PAGE_SIZE);
}

static int lookup(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;

	(void)cpu;
	return t->pgt->ops.iova_to_phys(&t->pgt->ops, ipa) != pa;
}

/* It tells no more than the address. */
static int probe(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	return lookup(tree, cpu, ipa, pa) ? 0 : BENCH_IS_MAPPED;
}

static int over(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	(void)cpu;
	return map_pieces(tree, ipa, SZ_2M, pa, SZ_2M, IOMMU_READ | IOMMU_WRITE);
}

static int map(void *tree, unsigned int cpu, const struct bench_range *range)
{
	int prot = range->attr == BENCH_READ ? IOMMU_READ : IOMMU_READ | IOMMU_WRITE;

	(void)cpu;
	return map_pieces(tree, range->ipa, range->size, range->pa, range->leaf, prot);
}

/* By the pages that it was mapped with. */
static int unmap(void *tree, unsigned int cpu, const struct bench_range *range)
{
	(void)cpu;
	return unmap_pieces(tree, range->ipa, range->size, range->leaf);
}

/* By the largest leaf that there could be: a caller who does not know what was mapped. */
static int cut(void *tree, unsigned int cpu, const struct bench_range *range)
{
	(void)cpu;
	return unmap_pieces(tree, range->ipa, range->size, SZ_1G);
}

static int destroy(void *tree, unsigned int cpu, const struct bench_range *range)
{
	struct tree *t = tree;

	(void)cpu, (void)range;
	io_pgtable_arm_64_lpae_s2_init_fns.free(t->pgt);
	t->destroyed = true;
	return 0;
}

const struct bench_engine bench_iommu_6_12 = {
	.name = "io-pgtable",
	.create = create,
	.fill = linux_fill,
	.tables = linux_tables,
	.root = root,
	.settle = settle,
	.drop = drop,
	.tells = BENCH_IS_MAPPED,
	.page = {[BENCH_FAULT] = fault,
		 [BENCH_UNMAP_PAGE] = unmap_page,
		 [BENCH_LOOKUP] = lookup,
		 [BENCH_OVER] = over,
		 [BENCH_PROBE] = probe},
	.range = {[BENCH_MAP] = map,
		  [BENCH_UNMAP] = unmap,
		  [BENCH_CUT] = cut,
		  [BENCH_DESTROY] = destroy},
};
