/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Protect: permissions and software bits of a range, taken and given, relative to what
 * each page has.
 */
#include "adjust.h"
#include "straight.h"

/*
 * Execution is two inverted bits that depend on each other: it goes through its attributes.
 * A device never gets it, whatever else is in the range.
 */
static s2_desc exec_after(const struct s2_op *op, s2_desc desc)
{
	bool device = (s2_desc_attr(op->fmt, desc) & S2_MEM_MASK) == S2_DEVICE;
	s2_attr exec = (s2_desc_exec(desc) & ~op->take) | (device ? 0 : op->give & S2_X);

	return (desc & ~S2_DESC_XN_MASK) | s2_exec_desc(exec);
}

/* Who may write to a logged page may already: giving it changes nothing. */
static inline s2_desc rule(const struct s2_op *op, s2_desc desc)
{
	desc = (desc & ~op->clear) | op->set;
	if (op->give & S2_W && !s2_is_logged(desc))
		desc |= S2_DESC_WRITE;
	return (op->take | op->give) & S2_X ? exec_after(op, desc) : desc;
}

static s2_desc sw_bits(s2_attr attr)
{
	return (s2_desc)(attr & S2_SW_MASK) >> 8 << S2_DESC_SW_SHIFT;
}

static void want(struct s2_op *op, s2_attr take, s2_attr give)
{
	op->take = take;
	op->give = give;
	op->clear = sw_bits(take) | (take & S2_R ? S2_DESC_READ : 0) |
		    (take & S2_W ? S2_DESC_WRITE | S2_DESC_DBM : 0);
	op->set = sw_bits(give) | (give & S2_R ? S2_DESC_READ : 0);
}

static int protect_visit(struct s2_op *op, struct s2_spot *at)
{
	return s2_adjust_visit(op, at, rule);
}

static int check_permissions(const struct s2_format *fmt, s2_attr take, s2_attr give)
{
	s2_attr all = S2_RWX | S2_SW_MASK;

	if ((take | give) & ~all || take & give)
		return S2_BAD_ATTR;
	return s2_exec_is_sane(fmt, take) && s2_exec_is_sane(fmt, give) ? S2_OK : S2_BAD_ATTR;
}

S2_APART int protect(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		     s2_attr take, s2_attr give, uint32_t flags)
{
	struct s2_sweep sweep = S2_SWEEP(S2_DESC_AF);
	int status = s2_check_objects(tree, cpu);
	struct s2_op op;

	if (!status && flags & ~(S2_FAULT | S2_DEFER))
		status = S2_INVALID;
	if (!status)
		status = s2_check_range(tree->fmt, ipa, size);
	if (!status)
		status = check_permissions(tree->fmt, take, give);
	if (status)
		return status;
	s2_op_begin(&op, tree, cpu, ipa, size, flags);
	op.sweep = &sweep;
	want(&op, take, give);
	op.stale = give & S2_RWX && flags & S2_FAULT;
	return s2_op_finish(&op, ipa, s2_walk_leaves(&op, protect_visit));
}

/* What a fault asks for that may do too little: to read one page, or write to it. */
S2_INLINE int give_page(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
			s2_attr take, s2_attr give, uint32_t flags, bool known)
{
	struct s2_place at;
	enum s2_outcome outcome = S2_SEEN;
	s2_desc given = (s2_desc)give << 6; /* S2AP stands in both alike */

	if (size != s2_straight_page(tree->fmt, known) || ipa & tree->fmt->no_ipa || take ||
	    give & ~S2_RW || flags & ~S2_FAULT)
		return protect(tree, cpu, ipa, size, take, give, flags);
	at = s2_straight(tree, ipa, known);
	if (s2_place_has_page(tree->fmt, &at) && !s2_is_logged(at.desc) && given & ~at.desc) {
		outcome = s2_place_change(&at, at.desc | given) ? S2_CHANGED : S2_LOST;
		if (S2_USUAL(outcome == S2_CHANGED && !s2p_word_load_acquire(&tree->restricting)))
			return s2_straight_heal(tree, cpu, ipa, flags, known);
	}
	s2_leave(cpu, &at, outcome);
	return protect(tree, cpu, ipa, size, take, give, flags);
}

S2_APART int give_any(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		      s2_attr take, s2_attr give, uint32_t flags)
{
	return s2_is_usual(tree, cpu, false)
		       ? give_page(tree, cpu, ipa, size, take, give, flags, false)
		       : protect(tree, cpu, ipa, size, take, give, flags);
}

int s2_protect(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size, s2_attr take,
	       s2_attr give, uint32_t flags)
{
	return s2_is_usual(tree, cpu, true)
		       ? give_page(tree, cpu, ipa, size, take, give, flags, true)
		       : give_any(tree, cpu, ipa, size, take, give, flags);
}
