/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * stage2: the operations.
 *
 * Three objects, all of them the caller's memory:
 *
 *   struct s2_format	the shape, derived once (format.h), constant, shared
 *   struct s2_tree	one guest's translation tables
 *   struct s2_cpu	what one calling CPU brings along: its table pages, its
 *			budget, its deferred invalidations, its counters
 *
 * What may run beside what: everything beside everything, on the same tables,
 * without a lock around it, but for s2_init() and s2_destroy(), which need the
 * tree to themselves, and trees that are not `shared`, whose caller serialises
 * all calls.  Two calls never use the same struct s2_cpu at the same time.  On a
 * shared tree every call is made inside a read-side section of its grace period
 * (grace.h).  No call sleeps, allocates, or calls back, but s2_walk().
 *
 * Per page of the granule, the outcome of concurrent calls is as if they had run
 * one after another in some order that agrees with real time.  A range call is
 * not atomic as a whole.  s2_lookup() and s2_walk() are not fences: they may see
 * a change whose TLB invalidation has yet to complete.
 *
 * How far: every call that takes a range leaves in cpu->done how many bytes from
 * the start of it are in the state asked for.  That is all of it after S2_OK;
 * after anything else nothing beyond ipa + cpu->done has been changed, and no
 * table page is lost.  Bad input is refused before anything is changed, and
 * leaves cpu->done at 0.
 *
 * Waiting: an entry that another CPU is just changing is *locked*.  A call with
 * S2_FAULT never waits for it: it answers S2_RETRY, and the vCPU that took the
 * fault goes back into the guest and faults again if it must; so it does when another
 * CPU was faster with the same entry, but for a table, under which it goes on.  A call
 * without S2_FAULT waits, and tries again until its range is done.
 */
#ifndef STAGE2_STAGE2_H
#define STAGE2_STAGE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <stage2/descriptor.h>
#include <stage2/format.h>
#include <stage2/grace.h>
#include <stage2/status.h>

/* --- table pages ------------------------------------------------------------ */

/*
 * Pages for tables, a stack threaded through the pages themselves.  The contents
 * of a page in a cache mean nothing, before and after: the engine initialises a
 * table before it can be seen.  Used by one CPU at a time.
 */
struct s2_cache {
	void *head; /* the first word of each page points to the next one */
	uint32_t count;
	uint8_t granule_shift; /* of every page in it */
};

/* An empty cache.  S2_INVALID, S2_BAD_GRANULE. */
int s2_cache_init(struct s2_cache *cache, uint8_t granule_shift);

/*
 * Gives a page of one granule to the cache.  S2_INVALID (null), S2_MISALIGNED
 * (to the granule).  The page must be memory that s2p_table() and s2p_table_pa()
 * know, and nobody else's until s2_cache_take() returns it.
 */
int s2_cache_put(struct s2_cache *cache, void *page);

/* Takes a page out, NULL if there is none.  Its contents are undefined. */
void *s2_cache_take(struct s2_cache *cache);

/* Pages that one call in fault mode for one page can need at most: a table for each level. */
#define S2_FAULT_PAGES 3u

/* --- one calling CPU -------------------------------------------------------- */

/* A bit for each page of the granule.  Bits are set atomically: CPUs may share one. */
struct s2_bitmap {
	uint64_t ipa; /* of bit 0; a multiple of the granule */
	uint64_t bits;
	uint64_t *word; /* bit n is bit n % 64 of word[n / 64] */
};

/* Entries next to each other in one table that this CPU has locked and not yet released. */
struct s2_run {
	s2_desc *first;
	uint64_t ipa; /* of the first entry */
	uint32_t count; /* >= 1; every one of them is locked by this CPU */
	uint8_t level;
	bool tables; /* one of them pointed to a table */
	s2_desc made; /* what they become when they are released: empty, or an annotation */
};

/*
 * What one operation owes the TLB, and what it has unlinked.  There is no other
 * record of an unlinked table than the locked entry that used to point to it,
 * and only the flush releases that entry: so nothing can be freed before it.
 */
#define S2_GATHER_RUNS 8u /* a range cuts a tree in at most 7: two edges a level, and a middle */
#define S2_GATHER_PIECES 16u /* of memory that is cleaned after the flush */
struct s2_gather {
	struct s2_tree *tree; /* whose entries these are; NULL if there is nothing to flush */
	uint32_t runs;
	struct s2_run run[S2_GATHER_RUNS];
	/* Leaves that were restricted in place are within these addresses; none if end is 0. */
	uint64_t restricted, restricted_end;
	uint8_t restricted_level; /* of all of them, or 4 */
	bool counted; /* in tree->restricting */
	uint8_t pieces;
	struct {
		uint64_t pa, size;
	} piece[S2_GATHER_PIECES]; /* that nothing maps any more, to be cleaned after the flush */
};

/* Counted by each CPU for itself; plain words that only it writes. */
struct s2_stats {
	uint64_t retries; /* lost races and entries found locked or sealed */
	uint64_t breaks; /* live entries made invalid */
	uint64_t splits; /* blocks replaced by tables */
	uint64_t collapses; /* tables replaced by a block, neutrally */
	uint64_t groups_formed; /* contiguous groups, of leaves that were there */
	uint64_t groups_dissolved; /* and taken apart, because one of them was to change */
	uint64_t prunes; /* empty tables taken out */
	uint64_t restricts; /* leaves that allow less than before, without a break */
	uint64_t tables_linked; /* table pages that became part of a tree */
	uint64_t tables_unlinked; /* tables cut off, with all below them counted once */
	uint64_t tables_freed; /* table pages that came back through s2_reclaim() */
	uint64_t pages_returned; /* taken for a table and given back, after a lost race */
	uint64_t tlbi_ipa; /* TLBI by IPA, one entry each */
	uint64_t tlbi_range; /* TLBI by IPA range */
	uint64_t tlbi_vmid; /* TLBI of both stages of the VMID */
	uint64_t tlbi_stage1; /* the stage-1 companions of the first two */
	uint64_t tlbi_local; /* on this CPU alone */
};

/*
 * The descriptor that stopped an operation with S2_CORRUPT.  What one descriptor
 * tells is found; that two entries lead to one table is not, and such a table is
 * freed once for each.
 */
struct s2_report {
	uint64_t ipa; /* first address that the entry covers; 0 if its table was cut off before */
	s2_desc desc;
	uint32_t level;
};

/* Private: the entry at which the short version of a call leaves the rest to the complete one. */
struct s2_place {
	s2_desc *entry; /* NULL: there is none */
	s2_desc desc; /* above the last level with the bits of a table the other way round */
	uint32_t level; /* of the entry */
	uint32_t outcome; /* nothing done, a race lost, or changed with a flush owed */
};

struct s2_cpu {
	struct s2_cache cache; /* filled by the caller; lost races and s2_reclaim() refill it */
	/*
	 * Entries that one call may visit before it answers S2_MORE; 0 for no
	 * limit.  A call may go over it by the entries of one table.
	 */
	uint32_t budget;
	uint64_t done; /* bytes finished by the last call */
	uint64_t found; /* pages that the last s2_age() or s2_log_*() found young, or dirty */
	/*
	 * Where s2_map(), s2_unmap() and s2_protect() report pages that were dirty
	 * (S2_LOG) when they took them away; NULL, or pages outside of it: not reported.
	 */
	struct s2_bitmap *log;
	struct s2_report corrupt; /* valid after S2_CORRUPT */
	struct s2_stats stats;
	struct s2_place place; /* private; set inside of calls only */
	struct s2_gather gather; /* private */
};

/* S2_INVALID, S2_BAD_GRANULE.  Everything empty and zero, no budget. */
int s2_cpu_init(struct s2_cpu *cpu, uint8_t granule_shift);

/* --- a tree ----------------------------------------------------------------- */

struct s2_tree_config {
	const struct s2_format *fmt; /* outlives the tree */
	void *root; /* fmt->root_size bytes, aligned to that, of memory that s2p_table() knows */
	uint32_t vmid; /* the guest's alone, as long as the tree lives */
	bool shared; /* several CPUs at once */
	bool owned; /* it is to have annotations: s2_annotate() */
	struct s2_grace *grace; /* outlives the tree; required if shared, unused if not */
	uint64_t quota; /* table pages that the tree may have beside the root; 0: no limit */
};

/* Private, but for reading. */
struct s2_tree {
	const struct s2_format *fmt;
	s2_desc *root;
	bool owned; /* s2_map() replaces no table by a block, as there may be annotations in it */
	uint64_t vttbr;
	struct s2_grace *grace; /* NULL: exclusive, unlinked tables are freed at once */
	uint64_t quota;
	/* Written when a table comes or goes, never on the way through: a line of its own. */
	_Alignas(64)
		uint64_t tables; /* table pages in use beside the root, unlinked ones included */
	uint64_t unlinked; /* a link: tables whose grace period has not begun */
	uint64_t reclaiming; /* 1 while a CPU is inside s2_reclaim(); guards the next two */
	uint64_t waiting; /* a link: tables whose grace period is `cookie` */
	uint64_t cookie; /* 0: the grace period of `waiting` is over */
	/* Gathers with restrictions that are not flushed yet; a line of its own, as it is read by many. */
	_Alignas(64) uint64_t restricting;
};

/*
 * Makes an empty tree: zeroes the root, and makes that visible to table walks.
 *
 * S2_INVALID (null), S2_MISALIGNED or S2_PA_RANGE (root), S2_BAD_VMID,
 * S2_NO_GRACE (shared without one).  Leaves the TLB alone: a VMID that was in
 * use before must have been invalidated by whoever used it.
 */
int s2_init(struct s2_tree *tree, const struct s2_tree_config *cfg);

/*
 * Takes the tree apart: invalidates its VMID, frees every table into cpu->cache.
 * S2_MORE when the budget is used up (call again), S2_OK when nothing is left
 * but the root, which is zero and the caller's again.  S2_INVALID,
 * S2_BAD_CACHE, S2_BUSY (this CPU has not flushed); S2_CORRUPT (the tables below
 * the descriptor reported, one in each call, are not freed; call again to go on).
 *
 * The caller owes: no vCPU runs on the tree, no other call is under way, and
 * none is made but this one.  No grace period is waited for.
 */
int s2_destroy(struct s2_tree *tree, struct s2_cpu *cpu);

/* --- operations ------------------------------------------------------------- */

/* Flags of operations.  Any other bit: S2_INVALID. */
#define S2_FAULT 0x1u /* never wait: answer S2_RETRY */
#define S2_DEFER 0x2u /* leave the invalidation to s2_flush() */
#define S2_PAGES 0x4u /* map: pages only, no blocks */
#define S2_WRITE 0x8u /* touch: for a write */
#define S2_CLEAR 0x10u /* age: clear the access flags that are set */
#define S2_INVALIDATE 0x20u /* age: and invalidate, so that the next access is seen */
#define S2_KEEP 0x40u /* log_collect: only look */
#define S2_CLEAN 0x80u /* unmap: and clean what was mapped there */
#define S2_TAKE 0x100u /* map: over annotations too */
#define S2_HOLES 0x200u /* map: only where nothing is mapped */

/* Bytes of memory that are cleaned for one unit of the budget, at most. */
#define S2_CLEAN_PIECE UINT64_C(0x10000)

/*
 * Maps [ipa, ipa + size) to [pa, pa + size) with `attr`, over whatever is there.
 *
 * Blocks are used wherever both addresses and the size allow, unless S2_PAGES.
 * What was mapped there before is replaced; what lies beside it in the same
 * block keeps its mapping, its attributes and its access flag.  Mapping what is
 * mapped already is success, also when a larger block provides it.  A change
 * of permissions alone never makes the entry invalid; everything else over
 * a live entry is done by break-before-make, one entry at a time, with the new
 * entry in place right after the invalidation.  A set access flag stays set,
 * also if S2_OLD asks otherwise, and a page that is logged (S2_LOG) before and after
 * stays dirty; a block that takes the place of a table is accessed and, if logged, dirty.
 * What was dirty and is logged no more, or other memory now, is reported to cpu->log.
 *
 * With S2_FEAT_CONTIG, new tables have contiguous groups wherever that is possible.  Before
 * one leaf of a group changes, all of the group is broken and made again without the
 * bit: guest accesses to it fault, and retry, in that moment.  Where one of them was
 * accessed, all are then.
 *
 * Memory that becomes S2_NORMAL is cleaned to the point of coherency first, unless
 * the format has S2_FEAT_FWB; S2_X invalidates instruction caches.  Of S2_NORMAL_NC
 * and S2_DEVICE memory the caller knows whether caches may hold any of it.
 *
 * S2_HOLES leaves what is mapped as it is, whatever it is, and calls that done: for a
 * fault handler that may come late, when the page has been mapped on purpose meanwhile.
 *
 * An annotation stops it (S2_OWNED): ownership is not taken by mapping.  With S2_TAKE it
 * is mapped over, whose ever it is; the caller has asked before.  What an annotation of
 * a larger range says of the rest of it stays.  On a tree that has annotations a table
 * never gives way to a block, but with S2_TAKE: a range that covers the table is mapped
 * in it, by leaves of its own level, and s2_collapse() makes blocks of them.
 *
 * flags: S2_FAULT, S2_PAGES, S2_TAKE, S2_HOLES (the last two exclude each other).
 * S2_OK; S2_RETRY (S2_FAULT only); S2_MORE; S2_NO_PAGE; S2_QUOTA; S2_OWNED; S2_CORRUPT; bad input:
 * S2_INVALID, S2_BAD_SIZE, S2_MISALIGNED (ipa, pa or size to the granule),
 * S2_WRAPS, S2_IPA_RANGE, S2_PA_RANGE, S2_BAD_ATTR, S2_BAD_CACHE, S2_BUSY.
 *
 * TLB: on return no CPU can use what was there before, if it allowed anything
 * that the new mapping does not.  A CPU that faulted for a permission that the
 * entry now has may still hold the old entry: with S2_FAULT the calling CPU's
 * own is invalidated; others fault once and find out.  The new mapping is
 * visible to table walks on return; the caller executes a context
 * synchronization event (ERET) before the guest relies on it.
 */
int s2_map(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size, uint64_t pa,
	   s2_attr attr, uint32_t flags);

/*
 * Table pages that s2_map() with the same arguments would take from an empty-
 * handed cache, as the tables are now: fill cpu->cache with so many and the call
 * cannot run out, as long as nobody else changes the range.  Counts in *pages.
 * A read-side operation; the same bad input as s2_map(), S2_OWNED and S2_CORRUPT.
 * Ignores the quota.
 */
int s2_map_cost(const struct s2_tree *tree, uint64_t ipa, uint64_t size, uint64_t pa, s2_attr attr,
		uint32_t flags, uint64_t *pages);

/*
 * Makes [ipa, ipa + size) empty: mappings and annotations alike.
 *
 * Whole tables in the range are cut off at the highest entry that it covers and
 * are torn down later by s2_reclaim(): the cost grows with the entries cut.  A
 * block that the range covers in part is split; the rest of it stays mapped.
 * Emptied tables that the range covers only in part stay, for later mappings.
 * A contiguous group that it covers in part is dissolved first, as by s2_map().
 * With cpu->log, which then stays until the flush, tables above the last level are not
 * cut off: every page that was dirty (S2_LOG) is reported.
 *
 * With S2_CLEAN all memory that this call takes away, and that was mapped S2_NORMAL, is
 * cleaned and invalidated to the point of coherency, after the invalidation: then nobody
 * can write to it through this tree, and the entries are free for others again.  What
 * another call took away is for that one to clean.  Nothing is cut off then: the tables
 * stay, empty, until an unmap without it, and the cost grows with the pages.  The budget
 * counts pieces of S2_CLEAN_PIECE bytes as well, but a block goes in one: split it before,
 * if that is too long.  With S2_FEAT_FWB the flag changes nothing.
 *
 * flags: S2_FAULT, S2_DEFER, S2_CLEAN.  Statuses as s2_map(), but for those about pa,
 * attributes and ownership.  A table page is needed only to split a block.
 *
 * TLB: when it returns, no CPU can use what was mapped there, also if it was
 * another call that removed it.  With S2_DEFER this holds only once s2_flush()
 * has returned; until then the entries stay locked, faults on them answer
 * S2_RETRY, and the caller must stay in his read-side section.  Only so much can be
 * deferred (S2_GATHER_RUNS pieces): what is beyond is invalidated and released early,
 * and so is all of it when the call meets another operation.  On a tree that is not
 * shared, no other struct s2_cpu may be used until the flush.  S2_CLEAN is then the
 * flush's as well.
 */
int s2_unmap(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size, uint32_t flags);

/*
 * Makes [ipa, ipa + size) invalid and annotated: it says now whose the range is.  `owner` is
 * 1..S2_OWNER_MAX and `payload` 0..S2_PAYLOAD_MAX; both are the caller's to choose, and
 * s2_lookup() and s2_walk() give them back.  What was mapped there is taken away as by
 * s2_unmap(), and is not empty in between; another annotation is replaced.
 *
 * It stands in the highest entries that the range covers, each with the same payload.
 * s2_split() leaves annotations alone, s2_collapse() tables that have one; s2_protect(), s2_age()
 * and the dirty log pass over them; s2_touch() finds nothing mapped.  A part of a larger one
 * that is mapped (S2_TAKE), unmapped or annotated anew leaves the rest as it was.  s2_unmap()
 * is how they go.
 *
 * flags: S2_FAULT, S2_DEFER.  Statuses as s2_unmap(), and S2_BAD_OWNER; S2_NO_OWNERS (the
 * tree was not made for it).  A table page is needed only where an entry is covered in part.
 *
 * TLB: as s2_unmap(): on return no CPU can use what was mapped there.  Over entries that are
 * invalid there is nothing to invalidate.
 */
int s2_annotate(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		uint32_t owner, uint64_t payload, uint32_t flags);

/*
 * Takes the permissions `take` from what is mapped in [ipa, ipa + size), and gives it
 * those in `give`: of S2_RWX and S2_SW_MASK, each bit in one of the two at most.  Never
 * makes an entry invalid: the guest goes on with what it keeps.  Holes and annotations
 * are passed over.  A block that the range covers in part is split; access flags, memory
 * types and what is mapped stay as they are.  S2_X is not given to a device.  A logged page
 * (S2_LOG) that may no longer be written is no longer logged: cpu->log learns whether it was dirty.
 *
 * flags: S2_FAULT, S2_DEFER.  Statuses as s2_unmap(), and S2_BAD_ATTR (other bits, or
 * one in both; one of S2_X_EL1 and S2_X_EL0 without S2_FEAT_XNX).
 *
 * TLB: on return no CPU can use a permission that was taken, also if it was another call
 * that took it.  With S2_DEFER this holds once s2_flush() has returned.  What was given:
 * as s2_map().
 */
int s2_protect(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size, s2_attr take,
	       s2_attr give, uint32_t flags);

/*
 * The short way to resolve a fault on the page at `ipa` (any byte address) that is
 * mapped already: sets its access flag, and with S2_WRITE marks it dirty if it is
 * logged and clean.
 *
 * flags: S2_FAULT, S2_WRITE.
 * S2_OK; S2_NOT_MAPPED (a hole, or an annotation); S2_READ_ONLY (with S2_WRITE); S2_RETRY
 * (S2_FAULT only); S2_MORE (the budget went in waiting); S2_CORRUPT; bad input: S2_INVALID, S2_IPA_RANGE, S2_BAD_CACHE, S2_BUSY.
 * Takes no table page.
 *
 * TLB: an entry without access flag is not cached; after S2_WRITE the calling CPU's own
 * entry is invalidated with S2_FAULT, others fault once more and find out.
 */
int s2_touch(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint32_t flags);

/*
 * Which pages in [ipa, ipa + size) were accessed: their bits are set in `young`, unless
 * it is NULL; bits of other pages stay as they are.  Counts them in cpu->found.  With
 * S2_CLEAR they are old afterwards.  A block is one entry: what the range covers only a
 * part of is looked at for that part, and not cleared.  So is a contiguous group, of which
 * an access to any page may be noted in any other; if another call takes it apart at the
 * same time, pages of it may stay young.
 *
 * flags: S2_FAULT, S2_CLEAR, S2_INVALIDATE (with S2_CLEAR; else S2_INVALID), S2_DEFER (with
 * S2_INVALIDATE; else S2_INVALID).  Statuses as s2_unmap(), without those about pages;
 * S2_BAD_BITMAP as s2_log_collect().
 *
 * TLB: nothing is invalidated unless asked for, and an access by way of an entry that is
 * still cached then leaves no mark.
 */
int s2_age(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
	   struct s2_bitmap *young, uint32_t flags);

/*
 * Completes what S2_DEFER left open on this CPU: one invalidation for all, then
 * releases the entries.  Every s2_map(), s2_unmap() without S2_DEFER, s2_split()
 * and s2_collapse() on this CPU does so as well.  S2_OK, also if there is nothing;
 * S2_INVALID; S2_BAD_CACHE; S2_BUSY if it was deferred on another tree; S2_CORRUPT
 * (all is flushed, and a table that was cut off cannot be followed).
 */
int s2_flush(struct s2_tree *tree, struct s2_cpu *cpu);

/*
 * Splits what is mapped in [ipa, ipa + size) until no block in it is above
 * `level`: the mapping stays as it is, attributes and access flag included.
 * Blocks that the range touches only in part are split as well.
 *
 * A block that the range covers is split over all levels at once, one invalidation for all, if
 * cpu->cache has the pages for all of its tables and the quota and the budget (an entry of them
 * counts like one visited) allow it; else by fewer levels at a time.  What is split already is
 * not looked at below the tables whose entries are of `level`.
 *
 * flags: S2_FAULT.  Statuses as s2_unmap(), and S2_BAD_LEVEL.  s2_split_cost() tells the pages.
 * Guest accesses to a block fault (and retry) between break and make; with S2_FEAT_BBM1 or
 * S2_FEAT_BBM2 there is no such moment, here and in s2_collapse(), and a part of a block that
 * s2_map(), s2_unmap() or others change is split off first without one for the rest.
 */
int s2_split(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size, uint32_t level,
	     uint32_t flags);

/*
 * Table pages that s2_split() with the same arguments would take, as the tables are now.
 * Counts in *pages.  A read-side operation; the same bad input as s2_split(), S2_CORRUPT.
 * Ignores the quota.
 */
int s2_split_cost(const struct s2_tree *tree, uint64_t ipa, uint64_t size, uint32_t level,
		  uint64_t *pages);

/*
 * Replaces the table below the entry of `level` that covers `ipa` with a block,
 * if its entries already map what the block would: neutral to the guest but for
 * the moment between break and make.  The entries must be leaves with adjoining
 * addresses and equal attributes; access flags may differ, and the block has it
 * set if any of them had, or if hardware may set it.
 *
 * flags: S2_FAULT.
 * S2_OK (collapsed, or a block already); S2_NOT_UNIFORM (nothing changed);
 * S2_RETRY (S2_FAULT only); S2_MORE (the budget went in waiting); S2_CORRUPT;
 * bad input: S2_INVALID, S2_BAD_LEVEL, S2_MISALIGNED (ipa to the level's size), S2_IPA_RANGE, S2_BAD_CACHE, S2_BUSY.
 *
 * TLB: on return no CPU can use the old table or entries.  The table waits for
 * s2_reclaim().
 */
int s2_collapse(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint32_t level,
		uint32_t flags);

/*
 * Cleans and invalidates to the point of coherency, in data caches, all memory that
 * [ipa, ipa + size) maps S2_NORMAL, whatever its permissions: of a block only the part
 * that the range covers.  For a guest that has switched its caches off, or memory that is
 * read by a device that does not look into caches.  Devices, S2_NORMAL_NC, holes and
 * annotations are passed over.  With S2_FEAT_FWB there is nothing to do: nothing is
 * visited, all of the range is done.  Instruction caches are s2_map()'s matter: cleaning
 * changes no memory.
 *
 * Caches are cleaned line by line (the architecture has no operation that cleans all of
 * them for all CPUs), so cpu->budget bounds bytes as well: it counts entries, and in a
 * block pieces of S2_CLEAN_PIECE bytes, where S2_MORE may come between any two.
 *
 * flags: S2_FAULT.
 * S2_OK; S2_RETRY (S2_FAULT only); S2_MORE; S2_CORRUPT; bad input as s2_unmap().  Takes no
 * table page, and writes no entry.
 *
 * What was mapped all the time has been cleaned at some moment of the call; what is written
 * meanwhile may be in caches again.  The memory stays the tree owner's until the
 * call returns: if another call unmaps it meanwhile, wait for this one (a grace period
 * does) before it is taken out of reach of s2p_dcache_clean_inval().
 */
int s2_clean(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size, uint32_t flags);

/*
 * Makes contiguous groups (S2_FEAT_CONTIG) of what is mapped in [ipa, ipa + size): neutral
 * to the guest, but for the moment between break and make, in which all of a group faults
 * (there is none with S2_FEAT_BBM2).
 * A group is formed where the range covers all of it, and its leaves are of one level, with
 * adjoining addresses and equal attributes; access flags may differ, and all are set if
 * one was.  Leaves that are logged (S2_LOG), or that another call is just changing, are passed
 * over.  New tables have their groups from the beginning; this is for what was mapped page
 * by page.  Any call that changes one of a group alone dissolves it, in the same way.
 *
 * S2_OK, also if there was nothing to form; S2_MORE; S2_CORRUPT; bad input: S2_INVALID,
 * S2_BAD_SIZE, S2_MISALIGNED, S2_WRAPS, S2_IPA_RANGE, S2_BAD_CACHE, S2_BUSY.  Never waits,
 * takes no table page.
 *
 * TLB: on return no CPU uses the leaves one by one.
 */
int s2_group(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size);

/*
 * Makes [ipa, ipa + size) take as few tables as it can: wherever the entries of a table
 * describe a block, as for s2_collapse(), it becomes that block, from level 2 up to `level`;
 * and tables without entries, at any level, are taken out.  With S2_FEAT_CONTIG, leaves that the
 * range covers form groups as for s2_group(), where they become no block of level 2.  The
 * mapping stays as it is.  What does not fit is left, and is no error; so is what becomes empty
 * or uniform while the call is at work.  Tables and blocks that the range touches only in part
 * are included.
 *
 * `level`: where blocks may be formed at the most; 3 for none.
 * flags: S2_FAULT.  Statuses as s2_unmap(), without S2_NO_PAGE and S2_QUOTA, and S2_BAD_LEVEL
 * (none, or one without blocks).  With S2_MORE or S2_RETRY a page may be left to be done again,
 * so that the tables above it are not forgotten.
 *
 * A fault into a table that is just taken out answers S2_RETRY, and is never lost.  TLB: as
 * s2_collapse(); the tables wait for s2_reclaim().
 */
int s2_compact(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
	       uint32_t level, uint32_t flags);

/*
 * What the handler of a TLB conflict abort (ESR_ELx.xFSC 0b110000) calls: invalidates the VMID,
 * both stages, on all CPUs.  With S2_FEAT_BBM2 such an abort may come whenever a block and the
 * table that says the same are both cached, until the call that changes the size returns;
 * return to the guest afterwards, which repeats its access.  Two in a row at one address, with
 * no call under way, are a fault of the tables or of somebody who shares the VMID.
 *
 * S2_OK; S2_INVALID, S2_BAD_CACHE, S2_BUSY (this CPU has deferred on another tree).  What it has
 * deferred on this one stays so.
 */
int s2_conflict(struct s2_tree *tree, struct s2_cpu *cpu);

/*
 * Frees unlinked tables whose grace period has ended into cpu->cache, cpu->budget
 * tables at most.  S2_OK: none are left; S2_MORE: the budget is used up;
 * S2_RETRY: those that are left must wait for a grace period that has begun, or
 * another CPU is in here; S2_INVALID, S2_BAD_CACHE; S2_BUSY (this CPU has deferred
 * on another tree); S2_CORRUPT (a descriptor in an unlinked table cannot be
 * followed: reported, one in each call, and what is below it not freed).
 *
 * Also makes grace periods begin: call it from time to time (once for every few
 * exits, or from a timer), inside or outside of a read-side section.
 */
int s2_reclaim(struct s2_tree *tree, struct s2_cpu *cpu);

/* --- reading ---------------------------------------------------------------- */

/* What one entry says about a range. */
struct s2_mapping {
	uint64_t ipa; /* first address that the entry covers */
	uint64_t size; /* how many bytes it covers */
	uint64_t pa; /* of ipa, if a leaf; 0 if not */
	s2_desc desc; /* as found */
	s2_attr attr; /* of a leaf; 0 if not */
	uint32_t level;
	enum s2_kind kind; /* any but S2_KIND_TABLE */
};

/*
 * The lowest entry that covers `ipa` (any byte address).  S2_OK whatever the
 * entry is, S2_INVALID, S2_IPA_RANGE, S2_CORRUPT (*m describes the culprit).
 */
int s2_lookup(const struct s2_tree *tree, uint64_t ipa, struct s2_mapping *m);

/* Returns 0 to go on; anything else ends the walk, which returns it. */
typedef int s2_visitor(const struct s2_mapping *m, void *arg);

/*
 * Calls `visit` for each entry that is not a table, in ascending order, from the
 * one that covers `ipa` to the one that covers ipa + size - 1, holes included.
 * Entries are as they were when read: no snapshot of the range.  S2_OK,
 * S2_CORRUPT (after `visit` has seen the culprit), bad input as s2_unmap(); or
 * what `visit` returned.  On a shared tree `visit` may call any operation, with
 * the read-side section held; on an exclusive one it may only read.
 */
int s2_walk(const struct s2_tree *tree, uint64_t ipa, uint64_t size, s2_visitor *visit, void *arg);

#endif
