/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What two files of a kernel need of the rest of it, in user space.
 *
 * Written from the names that those files use and what the names mean; nothing of it is the
 * kernel's text.  Where a kernel decides by patching its own code, the answer is a constant
 * here, and the one that costs least: FWB and TLB ranges are there, LPA2 is not.  The shims
 * cost what the instructions would: a DSB is a locked instruction, a TLBI is counted, an RCU
 * read lock is a barrier to the compiler, a reference to a page is a locked instruction.
 *
 * Included before anything else (-include); the headers that those files name are empty.
 */
#ifndef BENCH_SHIM_KERNEL_H
#define BENCH_SHIM_KERNEL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int64_t s64;
typedef u64 phys_addr_t;
typedef u64 kvm_pfn_t;

/* Language */
#define unlikely(x) __builtin_expect(!!(x), 0)
#define likely(x) __builtin_expect(!!(x), 1)
#define __rcu
#define __init
#define IS_ENABLED(option) 0
#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))
#define min(a, b) ((a) < (b) ? (a) : (b))
#define min_t(type, a, b) ((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))

/* Bits */
#define BIT(n) (UINT64_C(1) << (n))
#define GENMASK(high, low) ((~UINT64_C(0) << (low)) & (~UINT64_C(0) >> (63 - (high))))
#define GENMASK_ULL(high, low) GENMASK(high, low)
#define BENCH_LOW_BIT(mask) ((mask) & -(mask))
#define FIELD_GET(mask, v) (((v) & (mask)) / BENCH_LOW_BIT((u64)(mask)))
#define FIELD_PREP(mask, v) (((u64)(v)*BENCH_LOW_BIT((u64)(mask))) & (mask))
#define ALIGN_DOWN(x, a) ((x) & ~((u64)(a)-1))
#define IS_ALIGNED(x, a) (!((x) & ((u64)(a)-1)))
#define ilog2(n) (63 - __builtin_clzll(n))
#define __ffs(x) ((unsigned long)__builtin_ctzll(x))
#define __fls(x) ((unsigned long)(63 - __builtin_clzll(x)))

/* Pages */
#define PAGE_SHIFT 12
#define PAGE_SIZE (UINT64_C(1) << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PAGE_ALIGN(x) ALIGN_DOWN((x) + PAGE_SIZE - 1, PAGE_SIZE)
#define PTRS_PER_PTE (1 << (PAGE_SHIFT - 3))
#define __phys_to_pfn(pa) ((pa) >> PAGE_SHIFT)
#define CONFIG_ARM64_4K_PAGES 1
#define ARM64_HW_PGTABLE_LEVELS(bits) (((bits)-4) / (PAGE_SHIFT - 3))
#define ARM64_HW_PGTABLE_LEVEL_SHIFT(level) ((PAGE_SHIFT - 3) * (4 - (level)) + 3)

/* Memory accesses */
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define barrier() __asm__ volatile("" ::: "memory")
#define smp_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define cmpxchg(p, old, v) __sync_val_compare_and_swap(p, old, v)
#define cmpxchg64_relaxed(p, old, v) cmpxchg(p, old, v)
#define rcu_dereference_check(p, locked) READ_ONCE(p)
#define rcu_read_lock() barrier()
#define rcu_read_unlock() barrier()
#define rcu_read_lock_held() 1
#define dsb(kind) bench_dsb()
#define wmb() bench_dsb()
#define dma_wmb() barrier()
#define isb() barrier()

/* Complaints: none is expected, and none may pass unseen */
void bench_shim_warn(const char *what);
#define WARN_ON(condition)                           \
	({                                           \
		bool warn_ = !!(condition);          \
		if (unlikely(warn_))                 \
			bench_shim_warn(#condition); \
		unlikely(warn_);                     \
	})
#define WARN_ON_ONCE(condition) WARN_ON(condition)
#define VM_BUG_ON(condition) ((void)sizeof(condition))
#define IS_ERR(p) ((uintptr_t)(p) >= (uintptr_t)-4095)
#define ERR_PTR(error) ((void *)(intptr_t)(error))
#define PTR_ERR(p) ((int)(intptr_t)(p))

#endif
