/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What drivers/iommu/io-pgtable-arm.c needs beside kernel.h: an IOMMU that walks coherently,
 * and pages.
 */
#ifndef BENCH_SHIM_IOMMU_H
#define BENCH_SHIM_IOMMU_H

#include <stdlib.h>

#include "kernel.h"

typedef unsigned int gfp_t;
typedef u64 dma_addr_t;

#define GFP_KERNEL 0u
#define GFP_ATOMIC 0u
#define __GFP_HIGHMEM 0u
#define kmalloc(size, gfp) malloc(size)
#define kfree(p) free(p)

#define SZ_4K UINT64_C(0x1000)
#define SZ_16K UINT64_C(0x4000)
#define SZ_64K UINT64_C(0x10000)
#define SZ_2M UINT64_C(0x200000)
#define SZ_32M UINT64_C(0x2000000)
#define SZ_512M UINT64_C(0x20000000)
#define SZ_1G UINT64_C(0x40000000)

#define IOMMU_READ 1
#define IOMMU_WRITE 2
#define IOMMU_CACHE 4
#define IOMMU_NOEXEC 8
#define IOMMU_MMIO 16
#define IOMMU_PRIV 32
#define IOMMU_DIRTY_NO_CLEAR 1

struct device;

/* What was unmapped since the last invalidation: one range. */
struct iommu_iotlb_gather {
	unsigned long start, end;
	bool queued;
};
#define iommu_iotlb_gather_queued(gather) ((gather) && (gather)->queued)

struct iommu_dirty_bitmap;
#define iommu_dirty_bitmap_record(dirty, address, size) ((void)(dirty))
#define set_bit(bit, word) (void)__sync_fetch_and_or(word, 1ul << (bit))

/* Memory of tables: the pool's, always coherent */
#define __va(pa) bench_va(pa)
#define __pa(va) bench_pa(va)
#define virt_to_phys(va) bench_pa(va)
#define dev_to_node(device) 0
#define get_order(size) (ilog2(size) - PAGE_SHIFT)
#define DMA_TO_DEVICE 0
#define dma_map_single(device, pages, size, direction) virt_to_phys(pages)
#define dma_unmap_single(device, address, size, direction) ((void)(address))
#define dma_mapping_error(device, address) false
#define dma_sync_single_for_device(device, address, size, direction) ((void)(address))
#define iommu_alloc_pages_node(node, gfp, order) NULL
#define iommu_free_pages(pages, order) ((void)(pages))
#define dev_err(...) ((void)0)
#define pr_err(...) ((void)0)
#define pr_warn(...) ((void)0)

#endif
