/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The small world in which clients are explored: one tree, a few CPUs with one
 * operation each, and what is remembered of a run in order to judge it.
 *
 *	G          G+4K         G+2M                 G+1G
 *	| page 0   | page 1 ... | next block ...     | next table
 */
#ifndef M_WORLD_H
#define M_WORLD_H

#include <stage2/stage2.h>

#include "machine.h"

#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)
#define PAGE (4 * KIB)
#define G (1 * GIB)
#define MEMORY_A (16 * GIB) /* where the tables say that G is, at first */
#define MEMORY_B (32 * GIB)
#define CPUS_MAX 3u
#define WATCHED 5u

enum verb { MAP, UNMAP, SPLIT, COLLAPSE, LOOKUP, DEFERRED };

struct operation {
	const char *name;
	enum verb verb;
	uint64_t ipa, size;
	uint64_t memory; /* MEMORY_*: of G */
	s2_attr attr;
	uint32_t flags;
	uint32_t level;
	bool unlinks; /* s2_reclaim() follows */
};

/* One operation as it went in one run. */
struct call {
	const struct operation *op;
	unsigned int cpu;
	int status;
	uint64_t done;
	uint64_t waits; /* how often it waited for another */
	uint64_t started, ended; /* moments of a run's clock; 0: not yet */
};

struct world {
	struct s2_format fmt;
	struct s2_tree tree, tree_then;
	struct s2_cpu cpu[CPUS_MAX], cpu_then[CPUS_MAX];
	struct s2_qsbr qsbr, qsbr_then;
	struct s2_qsbr_slot slot[CPUS_MAX];
	struct m_config config;
	struct m_translation before[WATCHED];
	struct call call[CPUS_MAX];
	unsigned int calls;
	bool hardware; /* one more fiber sets an access flag */
	bool young; /* it has, on page 0 */
	unsigned int pages; /* for tables, beside the root */
	uint64_t clock;
};

extern struct world world;

/* When an operation has returned: may anything that it took away still be used? */
void judge_return(const struct call *c);

/* When all have: is there an order that explains the outcome, and is every page accounted for? */
void judge_end(void *arg);

#endif
