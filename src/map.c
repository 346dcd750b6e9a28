/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Map: the fault path, and everything that is mapped over something else.
 *
 *	what is there		what is done				window
 *	empty entry		install the leaf			none
 *	empty, higher up	graft tables with the leaves in them	none
 *	the same leaf		nothing					none
 *	other permissions	one compare-and-swap; adjust.h		none
 *	another leaf		break, invalidate, make			yes
 *	a table, for a block	break, invalidate, make; then retire	yes
 *	the same, with owners	down into it: leaves of its level	none
 *	an annotation		nothing: S2_OWNED; or as empty		none
 *	a block, for a page	graft: break, invalidate, make		yes
 *	the same, FEAT_BBM	graft what the block says; look again	none
 *
 * May run beside every other operation on the same tables.  Between break and
 * make there is the invalidation and nothing else; what a replaced table held is
 * torn down afterwards.
 */
#include "adjust.h"
#include "group.h"
#include "map.h"
#include "reclaim.h"
#include "replace.h"
#include "straight.h"

/* Before the entry can be used: see stage2/platform.h, "Caches". */
static void maintain(uint64_t pa, uint64_t size, bool clean, bool fetch)
{
	if (clean)
		s2p_dcache_clean_inval(pa, size);
	if (fetch)
		s2p_icache_inval(pa, size);
}

static void prepare(const struct s2_op *op, uint64_t size)
{
	maintain(op->pos + op->delta, size, op->clean, op->fetch);
}

static int map_empty(struct s2_op *op, const struct s2_spot *at)
{
	prepare(op, s2_level_size(op->fmt, at->level));
	if (!s2_entry_install(op, at, s2_op_leaf(op, op->pos, at->level)))
		return s2_lost(op);
	return s2_next(op, at);
}

static int map_graft(struct s2_op *op, const struct s2_spot *at)
{
	unsigned int target = s2_target_level(op);

	if (!s2_splits_first(op, at))
		prepare(op, s2_graft_end(op, target) - op->pos);
	return s2_graft(op, at, target);
}

/*
 * A block that takes the place of a table is young, and dirty if it is logged: nobody
 * looks for what is noted in what it replaces.
 */
static s2_desc leaf_for_table(const struct s2_op *op, const struct s2_spot *at)
{
	s2_desc leaf = s2_op_leaf(op, at->base, at->level) | S2_DESC_AF;

	return leaf | (s2_is_logged(leaf) ? S2_DESC_WRITE : 0);
}

/* Over a live leaf or table.  BBM: change of output address, of memory type, of block size. */
static int map_over(struct s2_op *op, const struct s2_spot *at)
{
	bool table = s2_is_table(at->level, at->desc);
	s2_desc new = table ? leaf_for_table(op, at) : s2_wanted(op, at);

	prepare(op, s2_level_size(op->fmt, at->level));
	if (!s2_replace(op, at, new))
		return s2_lost(op);
	if (!table)
		s2_log_replaced(op, at->desc, new, at->base, s2_spot_end(op, at));
	return s2_next(op, at);
}

/* Whether the two map the same memory, and differ in what may change without a break. */
static bool same_memory(s2_desc have, s2_desc want)
{
	return !((have ^ want) & ~(S2_DESC_PERM | S2_DESC_AF | S2_DESC_SW_MASK));
}

/* BBM: not needed. */
static int map_permissions(struct s2_op *op, const struct s2_spot *at, s2_desc want)
{
	int step = s2_adjust_leaf(op, at, want);

	if (step != S2_STEP_NEXT)
		return step;
	op->stale = op->flags & S2_FAULT;
	return step;
}

static int map_same(struct s2_op *op, const struct s2_spot *at)
{
	op->stale = op->flags & S2_FAULT;
	return s2_adjust_same(op, at);
}

/* A block that maps the same memory keeps what is noted in it for the part that changes. */
static int map_under(struct s2_op *op, const struct s2_spot *at)
{
	s2_desc bits = op->attr_bits;
	int step;

	op->attr_bits |= s2_kept(op, at);
	step = map_graft(op, at);
	op->attr_bits = bits;
	return step;
}

static int map_leaf(struct s2_op *op, const struct s2_spot *at, bool above)
{
	s2_desc want = s2_wanted(op, at);

	if (s2_is_sealed(at->desc))
		return s2_contend(op, at);
	if (op->flags & S2_HOLES || s2_maps_same(op, at))
		return map_same(op, at);
	if (s2_is_grouped(at->desc) && (above || (at->desc ^ want) & ~S2_DESC_AF))
		return s2_group_dissolve(op, at);
	if (above)
		return map_under(op, at);
	return same_memory(at->desc, want) ? map_permissions(op, at, want) : map_over(op, at);
}

static int map_table(struct s2_op *op, const struct s2_spot *at)
{
	if (!s2p_table(s2_oa_decode(op->fmt, at->desc)))
		return s2_corrupt(op, at);
	if (s2_is_sealed(at->desc))
		return s2_contend(op, at);
	if (s2_keeps_table(op) || s2_log_wants(op, at->level))
		return S2_STEP_DOWN;
	return map_over(op, at);
}

/* Empty, or annotated and to be taken. */
static int map_invalid(struct s2_op *op, const struct s2_spot *at, bool above)
{
	return above ? map_graft(op, at) : map_empty(op, at);
}

static int map_visit(struct s2_op *op, struct s2_spot *at)
{
	bool above = s2_is_above_target(op, at);

	if (!at->desc)
		return map_invalid(op, at, above);
	if (above && s2_is_table(at->level, at->desc))
		return S2_STEP_DOWN;

	switch (s2_kind(op->fmt, at->level, at->desc)) {
	case S2_KIND_LEAF:
		return map_leaf(op, at, above);
	case S2_KIND_TABLE:
		return map_table(op, at);
	case S2_KIND_LOCKED:
		return s2_contend(op, at);
	case S2_KIND_ANNOTATED:
		return op->flags & S2_TAKE ? map_invalid(op, at, above) : S2_OWNED;
	default:
		return s2_corrupt(op, at);
	}
}

static int check_pa(const struct s2_format *fmt, uint64_t size, uint64_t pa)
{
	if (pa & ((UINT64_C(1) << fmt->granule_shift) - 1))
		return S2_MISALIGNED;
	if (pa + size - 1 < pa)
		return S2_WRAPS;
	return (pa + size - 1) >> fmt->pa_bits ? S2_PA_RANGE : S2_OK;
}

int s2_check_map(const struct s2_format *fmt, uint64_t ipa, uint64_t size, uint64_t pa,
		 s2_attr attr, uint32_t flags, s2_desc *page)
{
	int status;

	if (flags & ~(S2_FAULT | S2_PAGES | S2_TAKE | S2_HOLES))
		return S2_INVALID;
	if (flags & S2_TAKE && flags & S2_HOLES)
		return S2_INVALID;
	status = s2_check_range(fmt, ipa, size);
	if (!status)
		status = check_pa(fmt, size, pa);
	*page = s2_block(fmt, attr);
	return status || *page ? status : S2_BAD_ATTR;
}

S2_APART int map(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size, uint64_t pa,
		 s2_attr attr, uint32_t flags)
{
	int status = s2_check_objects(tree, cpu);
	s2_desc page = 0;
	struct s2_op op;

	if (!status)
		status = s2_check_map(tree->fmt, ipa, size, pa, attr, flags, &page);
	if (status)
		return status;
	s2_op_begin(&op, tree, cpu, ipa, size, flags);
	s2_op_want(&op, pa, attr, page);
	s2_gather_flush(&op);
	return s2_op_finish(&op, ipa, s2_walk_range(&op, map_visit));
}

/* `page` tells all that was asked for. */
S2_APART int map_from(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint32_t flags,
		      s2_desc page)
{
	return map(tree, cpu, ipa, s2_level_size(tree->fmt, S2_LAST_LEVEL),
		   s2_desc_pa(tree->fmt, page), s2_leaf_attr(tree->fmt, page), flags);
}

S2_INLINE bool is_page(const struct s2_tree *tree, const struct s2_cpu *cpu, uint64_t ipa,
		       uint64_t size, uint64_t pa, s2_attr attr, uint32_t flags, bool known)
{
	return (!known || size == s2_straight_page(NULL, true)) && s2_is_usual(tree, cpu, known) &&
	       size == s2_straight_page(tree->fmt, known) && !(ipa & tree->fmt->no_ipa) &&
	       !(pa & tree->fmt->no_pa) && attr < S2_LOG &&
	       !(flags & ~(S2_FAULT | S2_PAGES | S2_HOLES));
}

/* Into nothing. */
S2_INLINE int map_page(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, s2_desc page,
		       uint32_t flags, bool known)
{
	const struct s2_format *fmt = tree->fmt;
	struct s2_place at = s2_straight(tree, ipa, known);

	if (!S2_USUAL(at.level == S2_LAST_LEVEL && !at.desc)) {
		s2_leave(cpu, &at, S2_SEEN);
		return map_from(tree, cpu, ipa, flags, page);
	}
	if (!known)
		maintain(s2_desc_pa(fmt, page), s2_straight_page(fmt, false),
			 s2_is_cleaned(fmt, s2_leaf_attr(fmt, page)), s2_desc_exec(page));
	if (!s2_place_change(&at, page)) {
		s2_leave(cpu, &at, S2_LOST);
		return map_from(tree, cpu, ipa, flags, page);
	}
	return s2_straight_finish(tree, cpu, true, known);
}

/* Also where caches are looked after: that takes longer than any way through the tables. */
S2_APART int map_any(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		     uint64_t pa, s2_attr attr, uint32_t flags)
{
	if (!is_page(tree, cpu, ipa, size, pa, attr, flags, false) || !tree->fmt->leaf[attr])
		return map(tree, cpu, ipa, size, pa, attr, flags);
	return map_page(tree, cpu, ipa,
			tree->fmt->leaf[attr] | S2_DESC_TABLE | s2_oa_encode(tree->fmt, pa), flags,
			false);
}

/* Whether a block is asked for that may take the place of a table, with nothing unusual. */
static inline bool is_block(const struct s2_tree *tree, const struct s2_cpu *cpu, uint64_t ipa,
			    uint64_t size, uint64_t pa, s2_attr attr, uint32_t flags)
{
	uint64_t page = s2_straight_page(NULL, true);
	uint64_t block = UINT64_C(1) << s2_straight_shift(NULL, 2, true);

	return size == block && !((ipa | pa) & (block - 1)) && !(flags & ~S2_FAULT) &&
	       is_page(tree, cpu, ipa, page, pa, attr, flags, true) && !tree->owned && !cpu->log &&
	       tree->fmt->leaf[attr] & S2_DESC_TABLE && tree->fmt->table_range[2];
}

/* s2_replace() of `table` at `at`, and what comes after it.  False: somebody was faster. */
S2_INLINE bool replace_table(struct s2_tree *tree, struct s2_cpu *cpu, const struct s2_place *at,
			     s2_desc *table, s2_desc new, uint64_t operand)
{
	s2_desc locked = S2_INVALID_LOCKED | S2_HAS_TABLE | at->desc;
	uint64_t token = s2p_vmid_enter(tree->vttbr);
	bool made = false;

	if (S2_USUAL(s2p_cas(at->entry, at->desc ^ S2_PLAIN, locked))) {
		s2_invalidate_one(operand, true);
		made = s2p_cas(at->entry, locked, new);

		cpu->stats.breaks++;
		cpu->stats.tlbi_range++;
		cpu->stats.tlbi_stage1++;
	}
	if (S2_USUAL(made)) {
		(void)s2_retire_table(tree, cpu, table, S2_LAST_LEVEL);
		s2p_dsb_ishst();
	}
	s2p_vmid_leave(token);
	return made;
}

/* Over a full table, on a format that is known. */
S2_APART int map_block(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		       uint64_t pa, s2_attr attr, uint32_t flags)
{
	s2_desc block, *table = NULL;
	struct s2_place at;
	uint64_t operand;

	if (!S2_USUAL(is_block(tree, cpu, ipa, size, pa, attr, flags)))
		return map_any(tree, cpu, ipa, size, pa, attr, flags);
	block = (tree->fmt->leaf[attr] ^ S2_DESC_TABLE) | S2_DESC_AF | pa;
	operand = tree->fmt->table_range[2] | s2_tlbi_base(tree->fmt, ipa);
	at = s2_straight_to(tree, ipa, 2, true);
	if (S2_USUAL(at.level == 2 && !(at.desc & tree->fmt->no_table)))
		table = s2p_table(at.desc);
	if (!S2_USUAL(table && replace_table(tree, cpu, &at, table, block, operand))) {
		s2_leave(cpu, &at, table ? S2_LOST : S2_SEEN);
		return map(tree, cpu, ipa, size, pa, attr, flags);
	}
	cpu->done = size;
	cpu->found = 0;
	return S2_OK;
}

int s2_map(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size, uint64_t pa,
	   s2_attr attr, uint32_t flags)
{
	if (!S2_USUAL(is_page(tree, cpu, ipa, size, pa, attr, flags, true) &&
		      tree->fmt->leaf[attr] & S2_DESC_TABLE))
		return map_block(tree, cpu, ipa, size, pa, attr, flags);
	return map_page(tree, cpu, ipa, tree->fmt->leaf[attr] | pa, flags, true);
}
