/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The small world in which the engine is tried: one tree, a few CPUs with a short
 * program each, and what is remembered of a run in order to judge it.
 *
 *	base       +1 page  ...  -1 page | +1 block | +2 blocks ... | +1 table
 *	|          |             |       |          |               |
 *	watched    watched       watched watched    watched
 *
 * Places and sizes are counted in what entries of levels 3, 2 and 1 cover, so that
 * an operation means the same for every granule.
 */
#ifndef M_WORLD_H
#define M_WORLD_H

#include <stage2/dirty.h>
#include <stage2/ownership.h>

#include "machine.h"

#define CPUS_MAX 3u
#define CALLS_MAX 12u
#define WATCHED 5u
#define CALL_WORDS 8u /* of a bitmap */
#define CALL_PAGES UINT64_C(512)

enum verb {
	MAP,
	UNMAP,
	SPLIT,
	COLLAPSE,
	LOOKUP,
	WALK,
	VERIFY,
	DEFERRED,
	RECLAIM,
	COMPACT,
	PROTECT,
	PROTECT_DEFERRED,
	TOUCH,
	AGE,
	LOG_START,
	LOG_COLLECT,
	LOG_STOP,
	GROUP,
	CLEAN,
	ANNOTATE,
	TRANSFER, /* between the host, whose the watched tree is, and the guest or the hypervisor */
	GUEST_LOOKUP, /* in the guest's tree */
	HARDWARE, /* the guest's own access: not a call, but judged like one */
};

/*
 * Which operations are tried in pairs: of shape, of those what changes sizes, the commonest,
 * of permissions, of the log where sizes change, of groups, of owners, transfers.
 */
enum scope { SHAPE, SIZES, FEW, CHANGES, LOGGED, GROUPED, OWNERS, TRANSFERS };

enum guest { QUIET, READS, WRITES };

/* So many tables (of level-2 entries), blocks and pages. */
struct extent {
	int16_t tables, blocks, pages;
};

/* The guest's memory at the base: what it had; another one; one in which no block can be. */
enum memory { MEMORY_A, MEMORY_B, MEMORY_ODD };

struct operation {
	const char *name;
	enum verb verb;
	struct extent at, size;
	enum memory memory;
	s2_attr attr;
	uint32_t flags;
	uint32_t level; /* of a transfer: which, enum s2_transfer */
	bool unlinks; /* s2_reclaim() follows */
	s2_attr give; /* protect; `attr` is what it takes */
};

/* What is there before, and on which kind of CPU. */
struct setting {
	const char *name;
	void (*build)(void);
	struct s2_config config;
	uint16_t base; /* of the world, in tables */
	uint8_t pages; /* in each CPU's cache */
	enum guest guest; /* accesses page 0 once, at any time, and hardware notes it */
	enum scope scope;
};

/* One operation as it went in one run. */
struct call {
	const struct operation *op;
	unsigned int cpu;
	int status;
	uint64_t done;
	uint64_t waits; /* how often it waited for another */
	uint64_t started, ended; /* moments of a run's clock; 0: not yet */
	struct s2_mapping seen; /* by a lookup */
	uint64_t word[CALL_WORDS]; /* pages that were found dirty, from the range's first on */
	struct m_translation was[WATCHED]; /* when it began, of one that cleans */
	uint64_t cleanings; /* m_cleanings() then */
	bool uniform; /* what a collapse is about could be a block when the run begins */
};

struct world {
	const struct setting *setting;
	struct s2_format fmt;
	struct s2_tree tree, tree_then;
	struct s2_tree guest, guest_then; /* where there are transfers */
	struct s2_cpu cpu[CPUS_MAX], cpu_then[CPUS_MAX];
	struct s2_qsbr qsbr, qsbr_then;
	struct s2_qsbr_slot slot[CPUS_MAX];
	struct m_config config;
	struct m_translation before[WATCHED];
	struct call call[CALLS_MAX]; /* those of one CPU in its order */
	struct call hardware; /* what the guest's access changed; never started if nothing */
	unsigned int calls;
	unsigned int cpus; /* 1: the tree is not shared */
	bool unjudged; /* not calls alone change the tables: they do not explain the outcome */
	bool scarce; /* operations may run out of table pages, or of their budget */
	unsigned int pages; /* for tables, beside the root */
	uint64_t clock;
};

extern struct world world;

/* Bytes, and addresses: IPA, and PA of the guest's memory there. */
uint64_t world_size(struct extent e);
uint64_t world_ipa(struct extent e);
uint64_t world_pa(enum memory memory, uint64_t ipa);

/* Makes one call, and notes in it what came of it. */
void world_perform(struct call *c);

/* What every run starts from: world.calls, world.cpus and the program are set. */
void world_build(const struct setting *setting);

/* One call of a program, as a fiber makes it: with its moments, and judged. */
void world_call(struct call *c);

/* All as it was when the world had been built, and no fiber yet. */
void world_restart(void);

/* Starts one run: a fiber for each CPU, and one for the hardware if the setting has it. */
void world_begin(void *arg);

/* A digest of the run at this moment, but for its fibers. */
uint64_t world_digest(void *arg);

/* How many fibers that are. */
unsigned int world_fibers(void);

/* For the functions that build: ends the program if it is not S2_OK. */
void require_ok(int status);

/* --- judging --- */

/* When an operation has returned: may anything that it took away still be used? */
void judge_return(const struct call *c);

/* When all have: is there an order that explains the outcome, and is every page accounted for? */
void judge_end(void *arg);

/* Whether memory must have been cleaned when it returns. */
bool judge_wants_clean(const struct operation *op);

/* Whether another call that changes the same page overlaps this one in time. */
bool judge_has_rival(const struct call *c, uint64_t page);

#endif
