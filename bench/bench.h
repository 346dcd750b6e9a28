/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What an engine must offer to be measured, and what it may stand on.
 *
 * An engine is a table of functions, NULL where it has none: the harness prepares a
 * tree, calls one of them over and over, and looks whether the tree then says what it
 * should.  All engines take their table pages from one pool, which hands them out
 * zeroed, and count TLBIs and cache maintenance in the same counters, so that a
 * difference between two of them is a difference between their code.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "pool.h"

#define BENCH_MIB (UINT64_C(1) << 20)
#define BENCH_GIB (UINT64_C(1) << 30)
#define BENCH_CPUS 2u
/* Where everything is measured: in the first part of no table, so that all levels count. */
#define BENCH_IPA (64 * BENCH_GIB)

/* The shape of a tree, by the name that it has in the names of cases. */
struct bench_geometry {
	const char *name;
	uint8_t granule_shift;
	uint8_t ipa_bits;
	bool lpa2;
	uint8_t group; /* leaves of a contiguous group; 1: there are none */
	uint64_t page, block; /* bytes of a leaf at levels 3 and 2 */
};

/* What a tree is to be made for. */
#define BENCH_SHARED 0x1u /* more than one CPU at once */
#define BENCH_LOGGED 0x2u /* hardware notes what is written */

/* What BENCH_PROBE finds; none of them in a hole. */
#define BENCH_IS_MAPPED 0x1 /* to `pa` */
#define BENCH_IS_WRITABLE 0x2
#define BENCH_IS_YOUNG 0x4
#define BENCH_IS_BLOCK 0x8
#define BENCH_IS_KNOWN 0xf

enum bench_attr { BENCH_RW, BENCH_READ, BENCH_LOG };

/*
 * `pa` is aligned to a leaf, or to a group of them, and to nothing larger unless there shall be
 * larger leaves.
 */
struct bench_range {
	uint64_t ipa, size, pa;
	uint64_t leaf; /* bytes of each leaf */
	enum bench_attr attr;
};

/*
 * What is done for one page, block or table after the other: 0, or what was wrong.
 * BENCH_RETRY: another CPU was faster, nothing is done.
 */
#define BENCH_RETRY 1
typedef int (*bench_page_op)(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa);
typedef int (*bench_range_op)(void *tree, unsigned int cpu, const struct bench_range *range);

enum bench_page_kind {
	BENCH_FAULT, /* map the page, beside others who do the same */
	BENCH_FAULT_QSBR, /* and the section around it that grace periods wait for */
	BENCH_RELAX, /* let what may be read be written too */
	BENCH_TOUCH, /* set the access flag */
	BENCH_WRITE, /* note a write, as hardware would */
	BENCH_UNMAP_PAGE, /* take it away */
	BENCH_LOOKUP, /* is `pa` what is there? */
	BENCH_OVER, /* map a block over the table; its teardown is left for later if possible */
	BENCH_COLLAPSE, /* replace the table by the block that says the same */
	BENCH_SPLIT, /* replace the block by a table that says the same */
	BENCH_SLICE, /* free one table of those that were cut off */
	BENCH_PROBE, /* what is there: BENCH_IS_... */
	BENCH_NOTHING, /* what the harness itself costs */
	BENCH_PAGE_KINDS
};

enum bench_range_kind {
	BENCH_MAP,
	BENCH_UNMAP, /* by the leaves that were mapped; tables are freed */
	BENCH_CUT, /* the same by the largest pieces that the engine's callers would use */
	BENCH_UNLINK, /* the same, and what was cut off is left for BENCH_SLICE */
	BENCH_PROTECT, /* let nothing of it be written */
	BENCH_AGE, /* clear all access flags */
	BENCH_SPLIT_ALL, /* make pages of its blocks, in one call */
	BENCH_LOG_START, /* from here on: which pages are written? */
	BENCH_COLLECT, /* which pages were written? and again from here on */
	BENCH_DESTROY, /* the tree */
	BENCH_ZERO, /* a table page: what the pool does for engines that want them zeroed */
	BENCH_RANGE_KINDS
};

struct bench_engine {
	const char *name;
	/* NULL if the engine has no such tree. */
	void *(*create)(const struct bench_geometry *geometry, unsigned int flags);
	/* Called on the thread that is to be `cpu`: gives it table pages. */
	void (*fill)(void *tree, unsigned int cpu, unsigned int pages);
	/* Pages that have become tables so far. */
	uint64_t (*tables)(void *tree, unsigned int cpu);
	/* NULL, or the first table; what it leads to is in the pool. */
	const uint64_t *(*root)(void *tree);
	/* NULL, or memory that is the CPU's own: no other CPU ever looks at it. */
	const void *(*own)(void *tree, unsigned int cpu, uint64_t *bytes);
	/* After what is measured: what was left for later. */
	void (*settle)(void *tree, unsigned int cpu);
	/* NULL, or the lock that the engine's callers hold around a fault. */
	void (*lock)(void *tree);
	void (*unlock)(void *tree);
	bool needs_lock; /* it is wrong without */
	/* NULL, or the lock that they hold around everything else, for 1 GiB at a time. */
	void (*lock_all)(void *tree);
	void (*unlock_all)(void *tree);
	int tells; /* BENCH_IS_...: what its probe knows */
	void (*drop)(void *tree);
	bench_page_op page[BENCH_PAGE_KINDS];
	bench_range_op range[BENCH_RANGE_KINDS];
};

/* Those that could be built; the harness looks which. */
#define BENCH_ENGINES 5u
extern const struct bench_engine bench_floor;
extern const struct bench_engine bench_stage2;
extern const struct bench_engine bench_kvm_6_12 __attribute__((weak));
extern const struct bench_engine bench_kvm_6_1 __attribute__((weak));
extern const struct bench_engine bench_iommu_6_12 __attribute__((weak));

/* What this thread has done. */
struct bench_counts {
	uint64_t tlbi;
	uint64_t cache; /* calls of cache maintenance */
};
extern _Thread_local struct bench_counts bench_counts;

/* A DSB costs about what a locked instruction costs, where there is no DSB. */
static inline void bench_dsb(void)
{
#if defined(__x86_64__)
	__asm__ volatile("lock; orl $0, (%%rsp)" ::: "memory", "cc");
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

static inline void bench_tlbi(void)
{
	bench_counts.tlbi++;
}

#endif
