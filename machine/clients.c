/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The tables of what is explored: operations, what they find, and how they are
 * put together.
 *
 *  - one operation alone, and two after one another, on a tree that is not shared:
 *    there, an unlinked table is free as soon as the operation says so, and no
 *    grace period hides it
 *  - any two at once
 *  - chosen programs of three calls, or three CPUs
 *
 * s2_reclaim() follows each operation that unlinks tables.
 */
#include "clients.h"

#include <stdio.h>
#include <stdlib.h>

/* --- operations --------------------------------------------------------------------- */

enum {
	FAULT_0,
	FAULT_1,
	RELAX_0,
	RESTRICT_0,
	REMAP_0,
	MAP_BLOCK,
	FAULT_BLOCK,
	REMAP_BLOCK,
	MAP_TABLE,
	UNMAP_0,
	UNMAP_1,
	UNMAP_BLOCK,
	UNMAP_EDGES,
	UNMAP_TABLE,
	UNMAP_DEFERRED,
	SPLIT_0,
	COLLAPSE_2,
	FAULT_COLLAPSE,
	COLLAPSE_1,
	LOOKUP_0,
	UNMAP_3,
	UNMAP_LAST,
	EXEC_0,
	MAP_4,
	WALK_3,
	RECLAIM_NOW,
	VERIFY_3,
	CLEAN_0,
	UNMAP_CLEAN,
	SPLIT_WHOLE,
	COMPACT_ALL,
	FAULT_COMPACT,
	COMPACT_TABLE,
	SHAPES, /* all above are tried where shapes are; this one is none */
	PROTECT_0 = SHAPES,
	PROTECT_3,
	PROTECT_BLOCK,
	FAULT_PROTECT,
	GIVE_0,
	PROTECT_LATER,
	TOUCH_0,
	WRITE_0,
	AGE_0,
	AGE_BLOCK,
	START_BLOCK,
	START_0,
	COLLECT_3,
	COLLECT_BLOCK,
	STOP_BLOCK,
	FAULT_LOG,
	TRADE_3,
	UNMAP_GROUP,
	REMAP_1,
	PROTECT_1,
	TOUCH_1,
	AGE_GROUP,
	FORM,
	ANNOTATE_0,
	ANNOTATE_3,
	ANNOTATE_BLOCK,
	TAKE_0,
	TAKE_BLOCK,
	FAULT_HOLE,
	FAULT_HOST,
	SHARE_0,
	UNSHARE_0,
	DONATE_0,
	GUEST_SHARE_0,
	GUEST_DONATE_0,
	LEND_1,
	YIELD_1,
	HYP_DONATE_1,
	DONATE_1,
	LOOKUP_GUEST,
	OPERATIONS
};

/* clang-format off */
#define AT_BASE   {0, 0, 0}
#define PAGES(n)  {0, 0, n}
#define BLOCKS(n) {0, n, 0}
#define TABLE     {1, 0, 0}

/* name, verb, where, how much, of which memory, attributes, flags, level, whether s2_reclaim() follows, what protect gives */
const struct operation operations[OPERATIONS] = {
	[FAULT_0] = {"fault page0", MAP, AT_BASE, PAGES(1), MEMORY_A, S2_RW, S2_FAULT | S2_PAGES, 0, false, 0},
	[FAULT_1] = {"fault page1", MAP, PAGES(1), PAGES(1), MEMORY_A, S2_RW, S2_FAULT | S2_PAGES, 0, false, 0},
	[RELAX_0] = {"relax page0", MAP, AT_BASE, PAGES(1), MEMORY_A, S2_RWX, S2_FAULT | S2_PAGES, 0, false, 0},
	[RESTRICT_0] = {"restrict page0", MAP, AT_BASE, PAGES(1), MEMORY_A, S2_R, 0, 0, false, 0},
	[REMAP_0] = {"remap page0", MAP, AT_BASE, PAGES(1), MEMORY_B, S2_RW, 0, 0, false, 0},
	[MAP_BLOCK] = {"map block", MAP, AT_BASE, BLOCKS(1), MEMORY_A, S2_RW, 0, 0, true, 0},
	[FAULT_BLOCK] = {"fault block", MAP, AT_BASE, BLOCKS(1), MEMORY_A, S2_RW, S2_FAULT, 0, true, 0},
	[REMAP_BLOCK] = {"remap block", MAP, AT_BASE, BLOCKS(1), MEMORY_B, S2_RW, 0, 0, true, 0},
	[MAP_TABLE] = {"map L1", MAP, AT_BASE, TABLE, MEMORY_A, S2_RW, 0, 0, true, 0},
	[UNMAP_0] = {"unmap page0", UNMAP, AT_BASE, PAGES(1), 0, 0, 0, 0, false, 0},
	[UNMAP_1] = {"unmap page1", UNMAP, PAGES(1), PAGES(1), 0, 0, 0, 0, false, 0},
	[UNMAP_BLOCK] = {"unmap block", UNMAP, AT_BASE, BLOCKS(1), 0, 0, 0, 0, true, 0},
	[UNMAP_EDGES] = {"unmap page1..block2", UNMAP, PAGES(1), BLOCKS(2), 0, 0, 0, 0, true, 0},
	[UNMAP_TABLE] = {"unmap L1", UNMAP, AT_BASE, TABLE, 0, 0, 0, 0, true, 0},
	[UNMAP_DEFERRED] = {"unmap, deferred", DEFERRED, AT_BASE, PAGES(2), 0, 0, 0, 0, false, 0},
	[SPLIT_0] = {"split", SPLIT, AT_BASE, PAGES(1), 0, 0, 0, 3, false, 0},
	[COLLAPSE_2] = {"collapse L2", COLLAPSE, AT_BASE, BLOCKS(1), 0, 0, 0, 2, true, 0},
	[FAULT_COLLAPSE] = {"fault collapse", COLLAPSE, AT_BASE, BLOCKS(1), 0, 0, S2_FAULT, 2, true, 0},
	[COLLAPSE_1] = {"collapse L1", COLLAPSE, AT_BASE, TABLE, 0, 0, 0, 1, true, 0},
	[LOOKUP_0] = {"lookup", LOOKUP, AT_BASE, PAGES(1), 0, 0, 0, 0, false, 0},
	[UNMAP_3] = {"unmap page0..2", UNMAP, AT_BASE, PAGES(3), 0, 0, 0, 0, false, 0},
	[UNMAP_LAST] = {"unmap last page", UNMAP, {0, 1, -1}, PAGES(1), 0, 0, 0, 0, false, 0},
	[EXEC_0] = {"map page0 to run", MAP, AT_BASE, PAGES(1), MEMORY_B, S2_R | S2_X, 0, 0, false, 0},
	[MAP_4] = {"map last 2, next 2", MAP, {0, 1, -2}, PAGES(4), MEMORY_A, S2_RW, 0, 0, false, 0},
	[WALK_3] = {"walk page0..2", WALK, AT_BASE, PAGES(3), 0, 0, 0, 0, false, 0},
	[RECLAIM_NOW] = {"reclaim", RECLAIM, AT_BASE, PAGES(1), 0, 0, 0, 0, false, 0},
	[VERIFY_3] = {"verify page0..2", VERIFY, AT_BASE, PAGES(3), 0, 0, 0, 0, false, 0},
	[SPLIT_WHOLE] = {"split block", SPLIT, AT_BASE, BLOCKS(1), 0, 0, 0, 3, false, 0},
	[COMPACT_ALL] = {"compact", COMPACT, AT_BASE, BLOCKS(1), 0, 0, 0, 2, true, 0},
	[FAULT_COMPACT] = {"fault compact", COMPACT, AT_BASE, BLOCKS(1), 0, 0, S2_FAULT, 2, true, 0},
	[COMPACT_TABLE] = {"compact L1", COMPACT, AT_BASE, TABLE, 0, 0, 0, 2, true, 0},
	[PROTECT_0] = {"protect page0", PROTECT, AT_BASE, PAGES(1), 0, S2_W, 0, 0, false, 0},
	[PROTECT_3] = {"protect page0..2", PROTECT, AT_BASE, PAGES(3), 0, S2_W, 0, 0, false, 0},
	[PROTECT_BLOCK] = {"protect block", PROTECT, AT_BASE, BLOCKS(1), 0, S2_W, 0, 0, false, 0},
	[FAULT_PROTECT] = {"fault protect page0", PROTECT, AT_BASE, PAGES(1), 0, S2_W, S2_FAULT, 0, false, 0},
	[GIVE_0] = {"give page0", PROTECT, AT_BASE, PAGES(1), 0, S2_R, 0, 0, false, S2_W | S2_X},
	[PROTECT_LATER] = {"protect page0..1, deferred", PROTECT_DEFERRED, AT_BASE, PAGES(2), 0, S2_W, 0, 0, false, 0},
	[TOUCH_0] = {"touch page0", TOUCH, AT_BASE, PAGES(1), 0, 0, S2_FAULT, 0, false, 0},
	[WRITE_0] = {"touch page0 to write", TOUCH, AT_BASE, PAGES(1), 0, 0, S2_FAULT | S2_WRITE, 0, false, 0},
	[AGE_0] = {"age page0", AGE, AT_BASE, PAGES(1), 0, 0, S2_CLEAR, 0, false, 0},
	[AGE_BLOCK] = {"age block", AGE, AT_BASE, BLOCKS(1), 0, 0, S2_CLEAR | S2_INVALIDATE, 0, false, 0},
	[START_BLOCK] = {"start log", LOG_START, AT_BASE, BLOCKS(1), 0, 0, 0, 0, false, 0},
	[START_0] = {"start log of page0", LOG_START, AT_BASE, PAGES(1), 0, 0, 0, 0, false, 0},
	[COLLECT_3] = {"collect page0..2", LOG_COLLECT, AT_BASE, PAGES(3), 0, 0, 0, 0, false, 0},
	[COLLECT_BLOCK] = {"collect block", LOG_COLLECT, AT_BASE, BLOCKS(1), 0, 0, 0, 0, false, 0},
	[STOP_BLOCK] = {"stop log", LOG_STOP, AT_BASE, BLOCKS(1), 0, 0, 0, 0, false, 0},
	[FAULT_LOG] = {"fault page0 dirty", MAP, AT_BASE, PAGES(1), MEMORY_A, S2_RW | S2_LOG | S2_DIRTY, S2_FAULT | S2_PAGES, 0, false, 0},
	[TRADE_3] = {"protect page0..2, give X", PROTECT, AT_BASE, PAGES(3), 0, S2_W, 0, 0, false, S2_X},
	[UNMAP_GROUP] = {"unmap group", UNMAP, AT_BASE, PAGES(16), 0, 0, 0, 0, false, 0},
	[REMAP_1] = {"remap page1", MAP, PAGES(1), PAGES(1), MEMORY_B, S2_RW, 0, 0, false, 0},
	[PROTECT_1] = {"restrict page1", MAP, PAGES(1), PAGES(1), MEMORY_A, S2_R, 0, 0, false, 0},
	[TOUCH_1] = {"touch page1", TOUCH, PAGES(1), PAGES(1), 0, 0, S2_FAULT, 0, false, 0},
	[AGE_GROUP] = {"age group", AGE, AT_BASE, PAGES(16), 0, 0, S2_CLEAR | S2_INVALIDATE, 0, false, 0},
	[FORM] = {"form groups", GROUP, AT_BASE, BLOCKS(1), 0, 0, 0, 0, false, 0},
	[CLEAN_0] = {"clean page0", CLEAN, AT_BASE, PAGES(1), 0, 0, 0, 0, false, 0},
	[UNMAP_CLEAN] = {"unmap page0..1, clean", UNMAP, AT_BASE, PAGES(2), 0, 0, S2_CLEAN, 0, false, 0},
	[ANNOTATE_0] = {"annotate page0", ANNOTATE, AT_BASE, PAGES(1), 0, 0, 0, 0, false, 0},
	[ANNOTATE_3] = {"annotate page0..2", ANNOTATE, AT_BASE, PAGES(3), 0, 0, 0, 0, false, 0},
	[ANNOTATE_BLOCK] = {"annotate block", ANNOTATE, AT_BASE, BLOCKS(1), 0, 0, 0, 0, true, 0},
	[TAKE_0] = {"take page0", MAP, AT_BASE, PAGES(1), MEMORY_A, S2_RW, S2_TAKE, 0, false, 0},
	[TAKE_BLOCK] = {"take block", MAP, AT_BASE, BLOCKS(1), MEMORY_A, S2_RW, S2_TAKE, 0, true, 0},
	[FAULT_HOLE] = {"fault hole0..1", MAP, AT_BASE, PAGES(2), MEMORY_B, S2_RW, S2_FAULT | S2_HOLES, 0, false, 0},
	[FAULT_HOST] = {"fault host0..1", MAP, AT_BASE, PAGES(2), MEMORY_A, S2_RW, S2_FAULT | S2_HOLES, 0, false, 0},
	[SHARE_0] = {"host shares page0", TRANSFER, AT_BASE, PAGES(1), MEMORY_A, S2_RW, 0, S2_HOST_SHARES, false, 0},
	[UNSHARE_0] = {"host unshares page0", TRANSFER, AT_BASE, PAGES(1), MEMORY_A, S2_RW, 0, S2_HOST_UNSHARES, false, 0},
	[DONATE_0] = {"host donates page0", TRANSFER, AT_BASE, PAGES(1), MEMORY_A, S2_RW, 0, S2_HOST_DONATES, false, 0},
	[GUEST_SHARE_0] = {"guest shares page0", TRANSFER, AT_BASE, PAGES(1), MEMORY_A, S2_RW, 0, S2_GUEST_SHARES, false, 0},
	[GUEST_DONATE_0] = {"guest donates page0", TRANSFER, AT_BASE, PAGES(1), MEMORY_A, S2_RW, 0, S2_GUEST_DONATES, false, 0},
	[LEND_1] = {"host lends page1", TRANSFER, PAGES(1), PAGES(1), MEMORY_A, S2_RW, 0, S2_HOST_LENDS, false, 0},
	[YIELD_1] = {"host yields page1", TRANSFER, PAGES(1), PAGES(1), MEMORY_A, S2_RW, 0, S2_HOST_YIELDS, false, 0},
	[HYP_DONATE_1] = {"hyp donates page1", TRANSFER, PAGES(1), PAGES(1), MEMORY_A, S2_RW, 0, S2_HYP_DONATES, false, 0},
	[DONATE_1] = {"host donates page1..2", TRANSFER, PAGES(1), PAGES(2), MEMORY_A, S2_RW, 0, S2_HOST_DONATES, false, 0},
	[LOOKUP_GUEST] = {"lookup, guest", GUEST_LOOKUP, AT_BASE, PAGES(1), 0, 0, 0, 0, false, 0},
};
/* clang-format on */
const unsigned int operation_count = OPERATIONS;

/* Those tried in the settings that differ by granule or feature alone, and three at once. */
static const unsigned char core[] = {FAULT_0,  FAULT_1,	    REMAP_0,	MAP_BLOCK,
				     UNMAP_0,  UNMAP_EDGES, SPLIT_0,	COLLAPSE_2,
				     LOOKUP_0, UNMAP_3,	    COMPACT_ALL};
#define CORE (sizeof(core) / sizeof(core[0]))

/* What changes sizes, or meets what does; of a call and its twin in fault mode, one. */
static const unsigned char sizes[] = {
	FAULT_0,     FAULT_1,	 RELAX_0,     RESTRICT_0,     REMAP_0,	   MAP_BLOCK,
	REMAP_BLOCK, UNMAP_0,	 UNMAP_EDGES, UNMAP_BLOCK,    UNMAP_TABLE, SPLIT_0,
	SPLIT_WHOLE, COLLAPSE_2, COMPACT_ALL, FAULT_COLLAPSE, LOOKUP_0,	   MAP_4};
#define SIZES_N (sizeof(sizes) / sizeof(sizes[0]))

/* What changes permissions and marks in place, and the commonest that it can meet. */
static const unsigned char changes[] = {
	FAULT_0,       FAULT_1,	      RELAX_0,	     RESTRICT_0,  REMAP_0,	 MAP_BLOCK,
	UNMAP_0,       UNMAP_BLOCK,   SPLIT_0,	     COLLAPSE_2,  LOOKUP_0,	 PROTECT_0,
	PROTECT_3,     PROTECT_BLOCK, FAULT_PROTECT, GIVE_0,	  PROTECT_LATER, TOUCH_0,
	WRITE_0,       AGE_0,	      AGE_BLOCK,     START_BLOCK, START_0,	 COLLECT_3,
	COLLECT_BLOCK, STOP_BLOCK,    FAULT_LOG,     VERIFY_3,	  TRADE_3};
#define CHANGES_N (sizeof(changes) / sizeof(changes[0]))

/* Those tried where there are contiguous groups: a group is a long way, step by step. */
static const unsigned char grouped[] = {FAULT_1,     RESTRICT_0,  UNMAP_0,   UNMAP_GROUP, REMAP_1,
					PROTECT_1,   UNMAP_BLOCK, SPLIT_0,   TOUCH_1,	  AGE_GROUP,
					FORM,	     COLLAPSE_2,  MAP_BLOCK, PROTECT_3,	  START_0,
					UNMAP_CLEAN, COMPACT_ALL};
#define GROUPED_N (sizeof(grouped) / sizeof(grouped[0]))
/* What gives and takes pages, and the commonest that it can meet. */
static const unsigned char owners[] = {
	FAULT_0,     FAULT_1,	     REMAP_0,	 MAP_BLOCK,  UNMAP_0,	UNMAP_BLOCK,
	UNMAP_EDGES, SPLIT_0,	     COLLAPSE_2, FAULT_HOLE, LOOKUP_0,	PROTECT_0,
	ANNOTATE_0,  ANNOTATE_BLOCK, ANNOTATE_3, TAKE_0,     TAKE_BLOCK};
#define OWNERS_N (sizeof(owners) / sizeof(owners[0]))

/* The log where what is logged changes its size without a break. */
static const unsigned char logged[] = {FAULT_LOG, SPLIT_0,   COLLAPSE_2,    UNMAP_0, MAP_BLOCK,
				       START_0,	  COLLECT_3, COLLECT_BLOCK, WRITE_0, PROTECT_0};
#define LOGGED_N (sizeof(logged) / sizeof(logged[0]))

/* Pages that change hands, and what runs beside that without a lock. */
static const unsigned char handed[] = {
	SHARE_0,      UNSHARE_0, DONATE_0,   GUEST_SHARE_0, GUEST_DONATE_0, LEND_1,	 YIELD_1,
	HYP_DONATE_1, DONATE_1,	 FAULT_HOST, SPLIT_0,	    LOOKUP_0,	    LOOKUP_GUEST};
#define TRANSFERS_N (sizeof(handed) / sizeof(handed[0]))

/* --- settings ------------------------------------------------------------------------- */

static void map(struct extent at, struct extent size, s2_attr attr, uint32_t flags)
{
	uint64_t ipa = world_ipa(at);

	require_ok(s2_map(&world.tree, &world.cpu[0], ipa, world_size(size),
			  world_pa(MEMORY_A, ipa), attr, flags));
}

#define E(...) ((struct extent){__VA_ARGS__})

static void build_nothing(void)
{
}

static void build_page1(void)
{
	map(E(0, 0, 1), E(0, 0, 1), S2_RW, 0);
}

static void build_pages(void)
{
	map(E(0, 0, 0), E(0, 1, 0), S2_RW, S2_PAGES);
}

static void build_blocks(void)
{
	map(E(0, 0, 0), E(0, 2, 0), S2_RW, 0);
}

static void build_empty_table(void)
{
	map(E(0, 0, 1), E(0, 0, 1), S2_RW, 0);
	require_ok(s2_unmap(&world.tree, &world.cpu[0], world_ipa(E(0, 0, 1)),
			    world_size(E(0, 0, 1)), 0));
}

static void build_pages_0_and_2(void)
{
	map(E(0, 0, 0), E(0, 0, 1), S2_RW, 0);
	map(E(0, 0, 2), E(0, 0, 1), S2_RW, 0);
}

static void build_two_tables(void)
{
	map(E(0, 0, 0), E(0, 0, 1), S2_RW, 0);
	map(E(0, 1, 0), E(0, 0, 1), S2_RW, 0);
}

static void build_large_block(void)
{
	map(E(0, 0, 0), E(1, 0, 0), S2_RW, 0);
}

static void build_table_of_blocks(void)
{
	build_large_block();
	require_ok(s2_split(&world.tree, &world.cpu[0], world_ipa(E(0, 0, 0)),
			    world_size(E(0, 0, 1)), 2, 0));
}

static void build_old_pages(void)
{
	map(E(0, 0, 0), E(0, 1, 0), S2_RW | S2_OLD, S2_PAGES);
}

static void build_group_of_pages(void)
{
	map(E(0, 0, 0), E(0, 0, 16), S2_RW, S2_PAGES);
}

static void build_old_group(void)
{
	map(E(0, 0, 0), E(0, 0, 16), S2_RW | S2_OLD, S2_PAGES);
}

/* Page by page: nothing is grouped yet, in a table that holds no more. */
static void build_loose_pages(void)
{
	for (int16_t i = 0; i < 16; i++)
		map(E(0, 0, i), E(0, 0, 1), S2_RW, 0);
}

static void build_old_loose_pages(void)
{
	for (int16_t i = 0; i < 16; i++)
		map(E(0, 0, i), E(0, 0, 1), i == 1 ? S2_RW : S2_RW | S2_OLD, 0);
}

static void build_old_block(void)
{
	map(E(0, 0, 0), E(0, 1, 0), S2_RW | S2_OLD, 0);
}

static void build_logged_pages(void)
{
	map(E(0, 0, 0), E(0, 1, 0), S2_RW | S2_LOG, S2_PAGES);
}

static void build_logged_block(void)
{
	map(E(0, 0, 0), E(0, 1, 0), S2_RW | S2_LOG, 0);
}

/* The entry in the last table for a page: what no operation of the engine writes can be put there. */
static uint64_t *last_entry(uint64_t ipa)
{
	unsigned int index = (1u << world.fmt.index_bits) - 1;
	uint64_t *table = world.tree.root;
	unsigned int level = world.fmt.start_level;
	uint64_t *entry = &table[ipa >> s2_level_shift(&world.fmt, level)];

	for (level++; level <= S2_LAST_LEVEL; level++) {
		table = m_table(s2_desc_pa(&world.fmt, *entry));
		entry = &table[ipa >> s2_level_shift(&world.fmt, level) & index];
	}
	return entry;
}

static void build_annotated(void)
{
	build_pages_0_and_2();
	require_ok(s2_desc_annotation(1, 0, last_entry(world_ipa(E(0, 0, 1)))));
}

static void annotate(struct extent at, struct extent size)
{
	require_ok(
		s2_annotate(&world.tree, &world.cpu[0], world_ipa(at), world_size(size), 1, 0, 0));
}

static void build_owned_page(void)
{
	build_pages_0_and_2();
	annotate(E(0, 0, 1), E(0, 0, 1));
}

static void build_owned_block(void)
{
	annotate(E(0, 0, 0), E(0, 1, 0));
}

#define RANGE (S2_FEAT_TTL | S2_FEAT_TLBIRANGE)
#define GROUPS (RANGE | S2_FEAT_CONTIG)
/* clang-format off */
#define FORMAT(granule, ipa, pa, f) \
	{.granule_shift = (granule), .ipa_bits = (ipa), .pa_bits = (pa), .vmid_bits = 8, .features = (f)}
/* clang-format on */
#define PLAIN_4K(f) FORMAT(S2_GRANULE_4K, 39, 40, f)
#define OF_16K FORMAT(S2_GRANULE_16K, 40, 48, RANGE)
#define OF_64K FORMAT(S2_GRANULE_64K, 48, 48, RANGE)
#define LPA2 FORMAT(S2_GRANULE_4K, 52, 52, RANGE | S2_FEAT_LPA2)
#define LPA2_16K FORMAT(S2_GRANULE_16K, 52, 52, RANGE | S2_FEAT_LPA2)

#define HD (RANGE | S2_FEAT_HAF | S2_FEAT_HD)

/* name, what is there, format, base, pages for each CPU, the guest, scope */
const struct setting settings[] = {
	{"empty", build_nothing, PLAIN_4K(RANGE), 1, 6, QUIET, SHAPE},
	{"page1 mapped", build_page1, PLAIN_4K(RANGE), 1, 6, QUIET, SHAPE},
	{"full table", build_pages, PLAIN_4K(RANGE), 1, 6, QUIET, SHAPE},
	{"blocks", build_blocks, PLAIN_4K(RANGE), 1, 6, QUIET, SHAPE},
	{"two tables", build_two_tables, PLAIN_4K(RANGE), 1, 6, QUIET, SHAPE},
	{"pages 0 and 2", build_pages_0_and_2, PLAIN_4K(RANGE), 1, 6, QUIET, SHAPE},
	{"L1 block", build_large_block, PLAIN_4K(RANGE), 1, 6, QUIET, SHAPE},
	{"table of blocks", build_table_of_blocks, PLAIN_4K(RANGE), 1, 6, QUIET, SHAPE},
	{"annotated", build_annotated, PLAIN_4K(RANGE), 1, 6, QUIET, SHAPE},
	{"full table, Armv8.0", build_pages, PLAIN_4K(0), 1, 6, QUIET, SHAPE},
	{"blocks, Armv8.0", build_blocks, PLAIN_4K(0), 1, 6, QUIET, SHAPE},
	{"full table, HA", build_old_pages, PLAIN_4K(RANGE | S2_FEAT_HAF), 1, 6, READS, SHAPE},
	{"block, HA", build_old_block, PLAIN_4K(RANGE | S2_FEAT_HAF), 1, 6, READS, SHAPE},
	{"full table, changes", build_pages, PLAIN_4K(RANGE), 1, 6, QUIET, CHANGES},
	{"block, changes", build_old_block, PLAIN_4K(0), 1, 6, QUIET, CHANGES},
	{"full table, HA, changes", build_old_pages, PLAIN_4K(RANGE | S2_FEAT_HAF), 1, 6, READS,
	 CHANGES},
	{"logged pages", build_logged_pages, PLAIN_4K(RANGE), 1, 6, QUIET, CHANGES},
	{"logged block", build_logged_block, PLAIN_4K(0), 1, 6, QUIET, CHANGES},
	{"logged pages, HD", build_logged_pages, PLAIN_4K(HD), 1, 6, WRITES, CHANGES},
	{"logged block, HD", build_logged_block, PLAIN_4K(HD), 1, 6, WRITES, CHANGES},
	{"logged block, HD, BBM1", build_logged_block, PLAIN_4K(HD | S2_FEAT_BBM1), 1, 6, WRITES,
	 LOGGED},
	{"logged block, HD, BBM2", build_logged_block, PLAIN_4K(HD | S2_FEAT_BBM2), 1, 6, WRITES,
	 LOGGED},
	{"logged pages, HD, BBM1", build_logged_pages, PLAIN_4K(HD | S2_FEAT_BBM1), 1, 6, WRITES,
	 LOGGED},
	{"logged pages, HD, BBM2", build_logged_pages, PLAIN_4K(HD | S2_FEAT_BBM2), 1, 6, WRITES,
	 LOGGED},
	{"owners, empty", build_nothing, PLAIN_4K(RANGE), 1, 6, QUIET, OWNERS},
	{"owners, full table", build_pages, PLAIN_4K(RANGE), 1, 6, QUIET, OWNERS},
	{"owners, blocks", build_blocks, PLAIN_4K(0), 1, 6, QUIET, OWNERS},
	{"owners, page1 owned", build_owned_page, PLAIN_4K(RANGE), 1, 6, QUIET, OWNERS},
	{"owners, block owned", build_owned_block, PLAIN_4K(RANGE), 1, 6, QUIET, OWNERS},
	/* The host's tree is an identity map: the base is where MEMORY_A begins. */
	{"transfers, empty", build_nothing, PLAIN_4K(RANGE), 16, 6, QUIET, TRANSFERS},
	{"transfers, full table", build_pages, PLAIN_4K(RANGE), 16, 6, QUIET, TRANSFERS},
	{"transfers, blocks", build_blocks, PLAIN_4K(0), 16, 6, QUIET, TRANSFERS},
	{"blocks, FWB", build_blocks, PLAIN_4K(RANGE | S2_FEAT_FWB), 1, 6, QUIET, FEW},
	{"pages, 40 bits", build_two_tables, FORMAT(S2_GRANULE_4K, 40, 40, RANGE), 512, 6, QUIET,
	 FEW},
	{"block, 34 bits", build_blocks, FORMAT(S2_GRANULE_4K, 34, 40, RANGE), 1, 6, QUIET, FEW},
	{"pages, LPA2", build_two_tables, LPA2, 513, 6, QUIET, FEW},
	{"blocks, LPA2", build_blocks, LPA2, 513, 6, QUIET, FEW},
	{"pages, 16K", build_two_tables, OF_16K, 1, 6, QUIET, FEW},
	{"blocks, 16K", build_blocks, OF_16K, 1, 6, QUIET, FEW},
	{"full table, 16K", build_pages, OF_16K, 1, 6, QUIET, FEW},
	{"pages, 16K LPA2", build_two_tables, LPA2_16K, 1, 6, QUIET, FEW},
	{"group of pages", build_group_of_pages, PLAIN_4K(GROUPS), 1, 6, QUIET, GROUPED},
	{"pages for a group", build_loose_pages, PLAIN_4K(GROUPS), 1, 6, QUIET, GROUPED},
	{"full table, groups", build_pages, PLAIN_4K(GROUPS), 1, 6, QUIET, GROUPED},
	{"groups of blocks", build_table_of_blocks, PLAIN_4K(GROUPS), 1, 6, QUIET, GROUPED},
	{"group of pages, HA", build_old_group, PLAIN_4K(GROUPS | S2_FEAT_HAF), 1, 6, READS,
	 GROUPED},
	{"pages for a group, HA", build_old_loose_pages, PLAIN_4K(GROUPS | S2_FEAT_HAF), 1, 6,
	 READS, GROUPED},
	{"group of pages, BBM2", build_old_group, PLAIN_4K(GROUPS | S2_FEAT_BBM2 | S2_FEAT_HAF), 1,
	 6, READS, GROUPED},
	{"pages for a group, BBM2", build_loose_pages, PLAIN_4K(GROUPS | S2_FEAT_BBM2), 1, 6, QUIET,
	 GROUPED},
	{"full table, 16K groups", build_pages, FORMAT(S2_GRANULE_16K, 40, 48, GROUPS), 1, 6, QUIET,
	 FEW},
	{"group of pages, 64K", build_group_of_pages, FORMAT(S2_GRANULE_64K, 48, 48, GROUPS), 1, 3,
	 QUIET, FEW},
	{"pages, 64K", build_two_tables, OF_64K, 1, 6, QUIET, FEW},
	{"blocks, 64K", build_blocks, OF_64K, 1, 6, QUIET, FEW},
	{"empty table", build_empty_table, PLAIN_4K(RANGE), 1, 6, QUIET, SHAPE},
	{"blocks, BBM1", build_blocks, PLAIN_4K(RANGE | S2_FEAT_BBM1), 1, 6, QUIET, SHAPE},
	{"full table, BBM1", build_pages, PLAIN_4K(RANGE | S2_FEAT_BBM1), 1, 6, QUIET, SHAPE},
	{"blocks, BBM2", build_blocks, PLAIN_4K(RANGE | S2_FEAT_BBM2), 1, 6, QUIET, SHAPE},
	{"full table, BBM2", build_pages, PLAIN_4K(RANGE | S2_FEAT_BBM2), 1, 6, QUIET, SHAPE},
	{"L1 block, BBM2", build_large_block, PLAIN_4K(S2_FEAT_BBM2), 1, 6, QUIET, FEW},
	{"L1 block, BBM1", build_large_block, PLAIN_4K(S2_FEAT_BBM1), 1, 6, QUIET, FEW},
	{"block, BBM1, HA", build_old_block, PLAIN_4K(RANGE | S2_FEAT_HAF | S2_FEAT_BBM1), 1, 6,
	 READS, SIZES},
	{"full table, BBM1, HA", build_old_pages, PLAIN_4K(RANGE | S2_FEAT_HAF | S2_FEAT_BBM1), 1,
	 6, READS, FEW},
	{"block, BBM2, HA", build_old_block, PLAIN_4K(RANGE | S2_FEAT_HAF | S2_FEAT_BBM2), 1, 6,
	 READS, SIZES},
	{"full table, BBM2, HA", build_old_pages, PLAIN_4K(RANGE | S2_FEAT_HAF | S2_FEAT_BBM2), 1,
	 6, READS, FEW},
	{"blocks, BBM2, 16K", build_blocks, FORMAT(S2_GRANULE_16K, 40, 48, RANGE | S2_FEAT_BBM2), 1,
	 6, QUIET, FEW},
	{"blocks, BBM1, 16K", build_blocks, FORMAT(S2_GRANULE_16K, 40, 48, RANGE | S2_FEAT_BBM1), 1,
	 6, QUIET, FEW},
};
const unsigned int setting_count = sizeof(settings) / sizeof(settings[0]);

/* --- programs ---------------------------------------------------------------------------- */

/* Three CPUs: chosen for what each does to the other two. */
static const unsigned char triples[][3] = {
	{FAULT_0, UNMAP_0, COLLAPSE_2},
	{FAULT_0, UNMAP_0, UNMAP_BLOCK},
	{FAULT_0, FAULT_0, UNMAP_0},
	{FAULT_1, UNMAP_0, COLLAPSE_2},
	{FAULT_0, UNMAP_BLOCK, COLLAPSE_2},
	{FAULT_0, UNMAP_TABLE, COLLAPSE_2},
	{MAP_BLOCK, UNMAP_0, COLLAPSE_2},
	{MAP_BLOCK, SPLIT_0, UNMAP_0},
	{FAULT_0, UNMAP_DEFERRED, UNMAP_0},
	{REMAP_BLOCK, SPLIT_0, COLLAPSE_2},
	{FAULT_1, UNMAP_BLOCK, UNMAP_DEFERRED},
	{RELAX_0, RESTRICT_0, COLLAPSE_2},
	{FAULT_0, REMAP_0, UNMAP_0},
	{COLLAPSE_2, FAULT_COLLAPSE, UNMAP_0},
	{UNMAP_3, FAULT_1, UNMAP_1},
	{UNMAP_BLOCK, FAULT_0, RECLAIM_NOW},
	{UNMAP_TABLE, UNMAP_BLOCK, FAULT_0},
	{MAP_4, UNMAP_EDGES, FAULT_1},
	{UNMAP_TABLE, COLLAPSE_2, VERIFY_3},
	{CLEAN_0, SPLIT_0, COLLAPSE_2},
	{UNMAP_CLEAN, FAULT_1, COLLAPSE_2},
	{UNMAP_CLEAN, UNMAP_BLOCK, FAULT_0},
	{FAULT_0, UNMAP_0, COMPACT_ALL},
	{FAULT_1, COMPACT_ALL, COMPACT_TABLE},
	{COMPACT_ALL, FAULT_0, UNMAP_BLOCK},
	{COMPACT_ALL, SPLIT_WHOLE, UNMAP_0},
	{SPLIT_WHOLE, COLLAPSE_2, REMAP_BLOCK},
};

static const unsigned char triples_of_owners[][3] = {
	{ANNOTATE_0, FAULT_HOLE, TAKE_0},     {ANNOTATE_BLOCK, FAULT_0, COLLAPSE_2},
	{ANNOTATE_3, FAULT_1, UNMAP_0},	      {ANNOTATE_0, MAP_BLOCK, SPLIT_0},
	{ANNOTATE_BLOCK, TAKE_0, FAULT_HOLE},
};

/* Two CPUs, one of which makes two calls: the first two here. */
static const unsigned char sequences[][3] = {
	{UNMAP_0, FAULT_0, COLLAPSE_2},
	{UNMAP_0, FAULT_0, FAULT_0},
	{FAULT_0, UNMAP_0, REMAP_0},
	{UNMAP_BLOCK, FAULT_0, FAULT_1},
	{UNMAP_BLOCK, FAULT_0, UNMAP_0},
	{COLLAPSE_2, SPLIT_0, FAULT_0},
	{SPLIT_0, COLLAPSE_2, UNMAP_1},
	{COLLAPSE_2, UNMAP_0, SPLIT_0},
	{MAP_BLOCK, UNMAP_0, FAULT_1},
	{UNMAP_DEFERRED, FAULT_0, FAULT_1},
	{RESTRICT_0, RELAX_0, FAULT_0},
	{UNMAP_BLOCK, RECLAIM_NOW, FAULT_0},
	{UNMAP_BLOCK, RECLAIM_NOW, LOOKUP_0},
	{UNMAP_BLOCK, RECLAIM_NOW, WALK_3},
	{UNMAP_TABLE, RECLAIM_NOW, RECLAIM_NOW},
	{UNMAP_BLOCK, EXEC_0, LOOKUP_0},
	{LOOKUP_0, LOOKUP_0, REMAP_0},
	{UNMAP_CLEAN, FAULT_0, CLEAN_0},
	{UNMAP_0, COMPACT_ALL, FAULT_1},
	{COMPACT_TABLE, FAULT_0, FAULT_1},
	{COMPACT_ALL, RECLAIM_NOW, FAULT_0},
	{SPLIT_WHOLE, COLLAPSE_2, FAULT_0},
};

static const unsigned char triples_of_changes[][3] = {
	{PROTECT_0, PROTECT_3, FAULT_0},      {PROTECT_0, PROTECT_BLOCK, RESTRICT_0},
	{PROTECT_LATER, PROTECT_0, RELAX_0},  {PROTECT_0, COLLAPSE_2, WRITE_0},
	{COLLECT_3, COLLECT_BLOCK, WRITE_0},  {COLLECT_3, COLLAPSE_2, WRITE_0},
	{COLLECT_3, SPLIT_0, FAULT_LOG},      {COLLECT_3, UNMAP_0, WRITE_0},
	{START_BLOCK, COLLECT_3, STOP_BLOCK}, {START_BLOCK, START_0, WRITE_0},
	{COLLECT_BLOCK, MAP_BLOCK, WRITE_0},  {RESTRICT_0, RESTRICT_0, GIVE_0},
};

static const unsigned char sequences_of_changes[][3] = {
	{START_BLOCK, COLLECT_3, WRITE_0},
	{COLLECT_3, COLLECT_3, WRITE_0},
	{COLLECT_BLOCK, COLLECT_BLOCK, COLLECT_3},
	{WRITE_0, COLLECT_3, COLLECT_BLOCK},
	{PROTECT_0, GIVE_0, PROTECT_3},
	{GIVE_0, PROTECT_0, RESTRICT_0},
	{UNMAP_0, FAULT_LOG, COLLECT_3},
	{SPLIT_0, COLLECT_3, WRITE_0},
};

static const unsigned char triples_of_transfers[][3] = {
	{DONATE_0, DONATE_1, FAULT_HOST},   {DONATE_0, FAULT_HOST, LOOKUP_GUEST},
	{SHARE_0, LEND_1, SPLIT_0},	    {DONATE_0, YIELD_1, FAULT_HOST},
	{DONATE_0, FAULT_HOST, FAULT_HOST},
};

static const unsigned char sequences_of_transfers[][3] = {
	{DONATE_0, GUEST_DONATE_0, FAULT_HOST}, {SHARE_0, UNSHARE_0, DONATE_1},
	{YIELD_1, HYP_DONATE_1, FAULT_HOST},	{DONATE_0, GUEST_SHARE_0, FAULT_HOST},
	{SHARE_0, UNSHARE_0, FAULT_HOST},
};

struct list {
	struct client *client;
	unsigned int n;
};

static void add(struct list *l, const struct setting *s, unsigned int steps,
		const struct m_step_of *step)
{
	struct client *c = &l->client[l->n++];

	if (l->n > CLIENTS_MAX)
		abort();
	*c = (struct client){.setting = s, .steps = steps};
	for (unsigned int i = 0; i < steps; i++)
		c->step[i] = step[i];
}

/* The operations that are tried in a setting: the first ones, or a list. */
static unsigned int op_of(const struct setting *s, unsigned int i)
{
	static const unsigned char *const list[] = {
		[SIZES] = sizes,     [FEW] = core,	[CHANGES] = changes, [LOGGED] = logged,
		[GROUPED] = grouped, [OWNERS] = owners, [TRANSFERS] = handed};

	return s->scope == SHAPE ? i : list[s->scope][i];
}

static unsigned int ops_of(const struct setting *s)
{
	static const unsigned int n[] = {
		[SHAPE] = SHAPES,      [SIZES] = SIZES_N,	 [FEW] = CORE,
		[CHANGES] = CHANGES_N, [LOGGED] = LOGGED_N,	 [GROUPED] = GROUPED_N,
		[OWNERS] = OWNERS_N,   [TRANSFERS] = TRANSFERS_N};

	return n[s->scope];
}

static void add_singles(struct list *l, const struct setting *s)
{
	for (unsigned int a = 0; a < ops_of(s); a++) {
		struct m_step_of alone[] = {{0, (unsigned char)op_of(s, a)}};

		add(l, s, 1, alone);
	}
}

/* Two transfers of one page are not made at once: their caller owes that. */
static bool may_race(unsigned int a, unsigned int b)
{
	const struct operation *first = &operations[a], *second = &operations[b];

	if (first->verb != TRANSFER || second->verb != TRANSFER)
		return true;
	return first->at.pages + first->size.pages <= second->at.pages ||
	       second->at.pages + second->size.pages <= first->at.pages;
}

static void add_pairs(struct list *l, const struct setting *s)
{
	for (unsigned int a = 0; a < ops_of(s); a++) {
		for (unsigned int b = 0; b < ops_of(s); b++) {
			struct m_step_of both[] = {{0, (unsigned char)op_of(s, a)},
						   {0, (unsigned char)op_of(s, b)}};

			add(l, s, 2, both);
			both[1].cpu = 1;
			if (a <= b && may_race(op_of(s, a), op_of(s, b)))
				add(l, s, 2, both);
		}
	}
}

static void add_three(struct list *l, const struct setting *s, const unsigned char *op,
		      bool sequence)
{
	struct m_step_of step[3];

	for (unsigned int i = 0; i < 3; i++)
		step[i] = (struct m_step_of){(unsigned char)(sequence ? i / 2 : i), op[i]};
	add(l, s, 3, step);
}

/* The same where there are groups. */
static const unsigned char group_triples[][3] = {
	{UNMAP_0, REMAP_1, FORM},     {FORM, FORM, UNMAP_0},	      {FORM, COLLAPSE_2, UNMAP_0},
	{UNMAP_GROUP, FAULT_1, FORM}, {AGE_GROUP, TOUCH_1, UNMAP_0},  {UNMAP_BLOCK, REMAP_1, FORM},
	{RESTRICT_0, REMAP_1, FORM},  {AGE_GROUP, FORM, UNMAP_GROUP},
};

static const unsigned char group_sequences[][3] = {
	{UNMAP_0, FAULT_0, FORM},	 {REMAP_1, FORM, UNMAP_0},	 {FORM, UNMAP_0, REMAP_1},
	{UNMAP_GROUP, FAULT_1, UNMAP_0}, {SPLIT_0, COLLAPSE_2, UNMAP_0},
};

static void add_all_three(struct list *l, const struct setting *s, const unsigned char (*op)[3],
			  unsigned int n, bool sequence)
{
	for (unsigned int i = 0; i < n; i++)
		add_three(l, s, op[i], sequence);
}

#define COUNT(a) ((unsigned int)(sizeof(a) / sizeof((a)[0])))

static void add_chosen(struct list *l, const struct setting *s)
{
	if (s->scope <= SIZES) {
		add_all_three(l, s, triples, COUNT(triples), false);
		add_all_three(l, s, sequences, COUNT(sequences), true);
	} else if (s->scope == GROUPED) {
		add_all_three(l, s, group_triples, COUNT(group_triples), false);
		add_all_three(l, s, group_sequences, COUNT(group_sequences), true);
	} else if (s->scope == CHANGES) {
		add_all_three(l, s, triples_of_changes, COUNT(triples_of_changes), false);
		add_all_three(l, s, sequences_of_changes, COUNT(sequences_of_changes), true);
	} else if (s->scope == OWNERS) {
		add_all_three(l, s, triples_of_owners, COUNT(triples_of_owners), false);
	} else if (s->scope == TRANSFERS) {
		add_all_three(l, s, triples_of_transfers, COUNT(triples_of_transfers), false);
		add_all_three(l, s, sequences_of_transfers, COUNT(sequences_of_transfers), true);
	}
}

static void add_triples(struct list *l, const struct setting *s)
{
	if (s->scope != SHAPE)
		return;
	for (unsigned int a = 0; a < CORE; a++) {
		for (unsigned int b = a; b < CORE; b++) {
			for (unsigned int c = b; c < CORE; c++) {
				unsigned char op[] = {core[a], core[b], core[c]};

				add_three(l, s, op, false);
			}
		}
	}
}

unsigned int clients_list(struct client *client, enum breadth breadth)
{
	struct list l = {client, 0};

	for (unsigned int i = 0; i < setting_count; i++) {
		add_singles(&l, &settings[i]);
		add_pairs(&l, &settings[i]);
		if (breadth >= CHOSEN)
			add_chosen(&l, &settings[i]);
		if (breadth >= TRIPLES)
			add_triples(&l, &settings[i]);
	}
	return l.n;
}

void client_load(const struct client *client)
{
	world.calls = client->steps;
	world.cpus = 1;
	world.scarce = false;
	for (unsigned int i = 0; i < client->steps; i++) {
		world.call[i] = (struct call){.op = &operations[client->step[i].op],
					      .cpu = client->step[i].cpu};
		if (client->step[i].cpu >= world.cpus)
			world.cpus = client->step[i].cpu + 1u;
	}
}

/* "setting: a; b | c": CPU0 calls a and then b while CPU1 calls c. */
void client_name(const struct client *client, char *name, size_t size)
{
	int used = snprintf(name, size, "%s: ", client->setting->name);

	for (unsigned int i = 0; i < client->steps; i++) {
		bool same = i && client->step[i].cpu == client->step[i - 1].cpu;
		const char *between = !i ? "" : same ? "; " : " | ";

		used += snprintf(name + used, size - (size_t)used, "%s%s", between,
				 operations[client->step[i].op].name);
	}
}
