/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Reading: one address, or a range entry by entry.  Nothing is written and
 * nothing waited for; may run beside every other operation on the same tables.
 */
#include "straight.h"

static struct s2_mapping mapping_of(const struct s2_format *fmt, const struct s2_spot *at,
				    enum s2_kind kind)
{
	struct s2_mapping m = {.ipa = at->base,
			       .size = s2_level_size(fmt, at->level),
			       .desc = at->desc,
			       .level = at->level,
			       .kind = kind};

	if (kind == S2_KIND_LEAF) {
		m.pa = s2_desc_pa(fmt, at->desc);
		m.attr = s2_desc_attr(fmt, at->desc);
	}
	return m;
}

struct reader {
	struct s2_op op; /* first: read_visit() finds the rest behind it */
	s2_visitor *visit;
	void *arg;
	int verdict; /* what `visit` returned, any value: the walker's own steps are positive */
};

#define STOPPED (-1)

static int read_visit(struct s2_op *op, struct s2_spot *at)
{
	struct reader *reader = (struct reader *)op;
	enum s2_kind kind = s2_kind(op->fmt, at->level, at->desc);
	struct s2_mapping m;

	if (kind == S2_KIND_TABLE && s2p_table(s2_oa_decode(op->fmt, at->desc)))
		return S2_STEP_DOWN;
	if (kind == S2_KIND_TABLE)
		kind = S2_KIND_CORRUPT;
	m = mapping_of(op->fmt, at, kind);
	reader->verdict = reader->visit(&m, reader->arg);
	if (!reader->verdict && kind == S2_KIND_CORRUPT)
		reader->verdict = S2_CORRUPT;
	return reader->verdict ? STOPPED : s2_next(op, at);
}

S2_APART int read_range(const struct s2_tree *tree, uint64_t ipa, uint64_t size, s2_visitor *visit,
			void *arg, struct s2_place *from)
{
	struct reader reader = {.visit = visit, .arg = arg};

	s2_op_read(&reader.op, tree, ipa, size);
	reader.op.from = from;
	(void)s2_walk_range(&reader.op, read_visit);
	return reader.verdict;
}

static int copy(const struct s2_mapping *m, void *arg)
{
	*(struct s2_mapping *)arg = *m;
	return S2_OK;
}

S2_INLINE int lookup_page(const struct s2_tree *tree, uint64_t ipa, struct s2_mapping *m,
			  bool known)
{
	const struct s2_format *fmt = tree->fmt;
	uint64_t page = s2_straight_page(fmt, known);
	struct s2_place at, end;

	at = s2_straight(tree, ipa, known);
	if (!s2_place_has_page(fmt, &at)) {
		end = at;
		return read_range(tree, ipa & -page, page, copy, m, &end);
	}
	*m = (struct s2_mapping){
		.ipa = ipa & -page,
		.size = page,
		.pa = known ? at.desc & fmt->oa_low : s2_oa_decode(fmt, at.desc),
		.desc = at.desc,
		.attr = s2_leaf_attr(fmt, at.desc),
		.level = S2_LAST_LEVEL,
		.kind = S2_KIND_LEAF,
	};
	return S2_OK;
}

S2_APART int lookup_any(const struct s2_tree *tree, uint64_t ipa, struct s2_mapping *m)
{
	return lookup_page(tree, ipa, m, false);
}

int s2_lookup(const struct s2_tree *tree, uint64_t ipa, struct s2_mapping *m)
{
	if (!S2_USUAL(tree && tree->fmt && m))
		return S2_INVALID;
	if (!S2_USUAL(ipa < tree->fmt->ipa_end))
		return S2_IPA_RANGE;
	return tree->fmt->straight == S2_STRAIGHT_KNOWN ? lookup_page(tree, ipa, m, true)
							: lookup_any(tree, ipa, m);
}

int s2_walk(const struct s2_tree *tree, uint64_t ipa, uint64_t size, s2_visitor *visit, void *arg)
{
	int status;

	if (!tree || !tree->fmt || !visit)
		return S2_INVALID;
	status = s2_check_range(tree->fmt, ipa, size);
	return status ? status : read_range(tree, ipa, size, visit, arg, NULL);
}
