/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Is a tree what the engine would have made of it?
 *
 * What one entry may be is known in one place, s2_desc_kind(); and what a leaf may say,
 * in another, s2_desc_leaf(): a leaf is sound if its attributes, decoded and encoded
 * again, give its bits.  Here is what is beyond one entry: pointers that lead nowhere,
 * or back; what was left over; the number of tables.
 *
 *	root  | way[0] |			the entries that led here: a table
 *	          +--> | way[1] |		that one of them points to again
 *	                   +--> | at |		is its own descendant
 *
 * The walk follows no pointer that would make a cycle, and a walk has as many steps
 * down as there are levels: it ends whatever the tables say.
 */
#include "group.h"
#include "inspect.h"

/* Where a descriptor has an address, or would have one: cleared, only the rest is judged. */
#define ADDRESS_BITS ((UINT64_C(1) << 51) - (UINT64_C(1) << 12))
#define LPA2_ADDRESS_BITS (UINT64_C(3) << 8)
#define TABLE_ADDRESS_BITS (ADDRESS_BITS | UINT64_C(1) << 51)
#define MEMATTR_BITS (UINT64_C(0xf) << 2)
#define SH_BITS (UINT64_C(3) << 8)

struct check {
	struct s2_op op; /* first: verify_visit() finds the rest behind it */
	struct s2_verification *v;
	s2_desc way[S2_LEVELS]; /* the table entries that the walk has come by */
};

/* As wide as the longest, so that there is no pointer in it to relocate. */
static const char texts[][56] = {
	[S2_RULE_ENCODING] = "a descriptor that no engine writes",
	[S2_RULE_LEVEL] = "a block at a level that has none",
	[S2_RULE_ADDRESS] = "an address that is misaligned or out of range",
	[S2_RULE_POINTER] = "a pointer to where no table can be",
	[S2_RULE_MEMORY] = "a memory type or shareability that no engine writes",
	[S2_RULE_ATTR] = "attributes that contradict each other",
	[S2_RULE_CYCLE] = "a table that leads back to one above it",
	[S2_RULE_LOCK] = "a lock left over",
	[S2_RULE_LINK] = "an unlinked table that can be reached",
	[S2_RULE_SEAL] = "a seal left over",
	[S2_RULE_SHARED] = "a table that two entries lead to",
	[S2_RULE_TABLES] = "not as many tables as the tree counts",
	[S2_RULE_GROUP] = "not what its contiguous group must be",
	[S2_RULE_FLIGHT] = "a restriction or a reclaim that never ended",
	[S2_RULE_EMPTY] = "an empty table",
};

const char *s2_rule_text(enum s2_rule rule)
{
	return (unsigned int)rule <= S2_RULE_EMPTY ? texts[rule] : "no rule";
}

static void complain(struct s2_verification *v, enum s2_rule rule, uint64_t ipa, s2_desc desc,
		     uint32_t level)
{
	const struct s2_violation violation = {
		.rule = rule, .ipa = ipa, .desc = desc, .level = level};

	v->violations += rule != S2_RULE_EMPTY;
	if (v->complain)
		v->complain(&violation, v->arg);
}

static void blame(const struct check *c, const struct s2_spot *at, enum s2_rule rule)
{
	complain(c->v, rule, at->base, at->desc, at->level);
}

/* --- tables without entries ----------------------------------------------------- */

/*
 * Bit n of `hollow`: the table of level n in which the walk is was entered at its start,
 * and has had only empty entries since.  Never set for the root.
 */
static void enter_hollow(struct s2_verification *v, unsigned int level)
{
	v->hollow = (v->hollow & ~(1u << (level - 1))) | 1u << level;
}

static int go_on(struct check *c, const struct s2_spot *at)
{
	struct s2_op *op = &c->op;
	unsigned int above = at->level - 1;

	(void)s2_next(op, at);
	if (at->desc)
		c->v->hollow &= ~(1u << at->level);
	else if (op->pos == at->table_end && c->v->hollow >> at->level & 1)
		complain(c->v, S2_RULE_EMPTY, op->pos - s2_level_size(op->fmt, above),
			 c->way[above], above);
	return S2_STEP_NEXT;
}

static int pass_over(struct check *c, const struct s2_spot *at, enum s2_rule rule)
{
	blame(c, at, rule);
	return go_on(c, at);
}

/* --- one entry ------------------------------------------------------------------- */

/* Why s2_desc_kind() has no word for it: its address, if without that it has one. */
static enum s2_rule why_corrupt(const struct s2_format *fmt, unsigned int level, s2_desc desc)
{
	uint64_t leaf = ADDRESS_BITS | (fmt->features & S2_FEAT_LPA2 ? LPA2_ADDRESS_BITS : 0);
	uint64_t address = s2_is_table(level, desc) ? TABLE_ADDRESS_BITS : leaf;

	if (!s2_is_valid(desc))
		return S2_RULE_ENCODING;
	if (!s2_is_table(level, desc) && !s2_level_has_leaf(fmt, level))
		return S2_RULE_LEVEL;
	if (s2_desc_kind(fmt, level, desc & ~address) != S2_KIND_CORRUPT)
		return S2_RULE_ADDRESS;
	return S2_RULE_ENCODING;
}

static void check_leaf(const struct check *c, const struct s2_spot *at)
{
	const struct s2_format *fmt = c->op.fmt;
	s2_desc memory = MEMATTR_BITS | (fmt->features & S2_FEAT_LPA2 ? 0 : SH_BITS);
	s2_desc again;

	if (s2_desc_leaf(fmt, at->level, 0, s2_desc_attr(fmt, at->desc), &again))
		blame(c, at, S2_RULE_ATTR);
	else if ((at->desc ^ again) & memory)
		blame(c, at, S2_RULE_MEMORY);
	if (c->v->quiet && s2_is_sealed(at->desc))
		blame(c, at, S2_RULE_SEAL);
}

/* Also while others are at work it is one of theirs: then the table it remembers is one. */
static void check_locked(const struct check *c, const struct s2_spot *at)
{
	if (at->desc & S2_HAS_TABLE && !s2p_table(at->desc & S2_TABLE_PA))
		blame(c, at, S2_RULE_POINTER);
	if (c->v->quiet)
		blame(c, at, s2_is_link(at->desc) ? S2_RULE_LINK : S2_RULE_LOCK);
}

/* Entry 0 says whether there is a group, and what each of its leaves must be. */
static void check_group(const struct check *c, const struct s2_spot *at)
{
	const struct s2_format *fmt = c->op.fmt;
	struct s2_spot first;
	unsigned int i;

	if (!c->v->quiet || !fmt->group_bits[at->level])
		return;
	first = s2_group_spot(&c->op, at, 0);
	first.desc = s2p_load(first.entry);
	if (!s2_is_grouped(first.desc) && !s2_is_grouped(at->desc))
		return;
	i = (unsigned int)((at->base - first.base) >> s2_level_shift(fmt, at->level));
	if (!s2_group_begins(fmt, &first) || !s2_group_fits(fmt, &first, i, at->desc))
		blame(c, at, S2_RULE_GROUP);
}

/* --- tables ---------------------------------------------------------------------- */

static bool leads_back(const struct check *c, const struct s2_spot *at)
{
	const struct s2_tree *tree = c->op.tree;
	uint64_t pa = s2_oa_decode(c->op.fmt, at->desc);

	for (unsigned int level = c->op.fmt->start_level; level < at->level; level++)
		if (c->way[level] == at->desc)
			return true;
	return pa - s2p_table_pa(tree->root) < c->op.fmt->root_size;
}

static bool is_seen(const struct check *c, const struct s2_spot *at)
{
	const struct s2_bitmap *seen = c->v->seen;
	uint64_t page, bit;
	bool before;

	if (!seen)
		return false;
	page = (s2_oa_decode(c->op.fmt, at->desc) - seen->ipa) >> c->op.fmt->granule_shift;
	if (page >= seen->bits)
		return false;
	bit = UINT64_C(1) << (page & 63);
	before = seen->word[page >> 6] & bit;
	seen->word[page >> 6] |= bit;
	return before;
}

/* At its first address: each table once, however often the walk comes by. */
static int enter(struct check *c, const struct s2_spot *at)
{
	struct s2_verification *v = c->v;

	if (is_seen(c, at))
		return pass_over(c, at, S2_RULE_SHARED);
	if (v->quiet && v->tables >= s2p_word_load_acquire(&c->op.tree->tables)) {
		blame(c, at, S2_RULE_TABLES);
		return S2_CORRUPT;
	}
	v->tables++;
	enter_hollow(v, at->level + 1);
	return S2_STEP_DOWN;
}

static int verify_table(struct check *c, const struct s2_spot *at)
{
	if (!s2p_table(s2_oa_decode(c->op.fmt, at->desc)))
		return pass_over(c, at, S2_RULE_POINTER);
	if (leads_back(c, at))
		return pass_over(c, at, S2_RULE_CYCLE);
	c->way[at->level] = at->desc;
	return c->op.pos == at->base ? enter(c, at) : S2_STEP_DOWN;
}

static int verify_visit(struct s2_op *op, struct s2_spot *at)
{
	struct check *c = (struct check *)op;
	enum s2_kind kind = s2_kind(op->fmt, at->level, at->desc);

	check_group(c, at);
	if (kind == S2_KIND_TABLE)
		return verify_table(c, at);
	if (kind == S2_KIND_CORRUPT)
		return pass_over(c, at, why_corrupt(op->fmt, at->level, at->desc));
	if (kind == S2_KIND_LEAF)
		check_leaf(c, at);
	if (kind == S2_KIND_LOCKED)
		check_locked(c, at);
	return go_on(c, at);
}

/* --- the tree as a whole ----------------------------------------------------------- */

static void check_whole(const struct s2_tree *tree, struct s2_verification *v)
{
	uint64_t waiting =
		s2p_word_load_acquire(&tree->unlinked) | s2p_word_load_acquire(&tree->waiting);

	if (!waiting && v->tables < s2p_word_load_acquire(&tree->tables))
		complain(v, S2_RULE_TABLES, 0, 0, tree->fmt->start_level);
	if (s2p_word_load_acquire(&tree->restricting) | s2p_word_load_acquire(&tree->reclaiming))
		complain(v, S2_RULE_FLIGHT, 0, 0, tree->fmt->start_level);
}

static int check_seen(const struct s2_format *fmt, const struct s2_verification *v)
{
	const struct s2_bitmap *seen = v->seen;

	if (!seen)
		return S2_OK;
	if (!v->quiet)
		return S2_INVALID;
	if (!seen->word || seen->ipa & ((UINT64_C(1) << fmt->granule_shift) - 1))
		return S2_BAD_BITMAP;
	return S2_OK;
}

/* Behind a gap nothing is known of the table around, nor, from then on, of the whole. */
static void go_on_at(struct s2_verification *v, uint64_t ipa)
{
	if (v->next == ipa)
		return;
	v->hollow = 0;
	v->gap = true;
}

int s2_verify(const struct s2_tree *tree, struct s2_span *span, struct s2_verification *v)
{
	struct check c = {.v = v};
	int status = v ? s2_span_begin(&c.op, tree, span) : S2_INVALID;

	if (!status)
		status = check_seen(tree->fmt, v);
	if (status)
		return status;
	go_on_at(v, span->ipa);
	status = s2_walk_range(&c.op, verify_visit);
	s2_span_end(&c.op, span);
	v->next = span->ipa;
	if (status == S2_MORE)
		return status;
	if (v->quiet && !v->gap && v->next == UINT64_C(1) << tree->fmt->ipa_bits)
		check_whole(tree, v);
	return v->violations ? S2_CORRUPT : S2_OK;
}
