/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What is mapped, in ranges: neighbours that are the same, as s2_ranges() has them, but of
 * tables in an image.
 */
#ifndef TOOL_RANGES_H
#define TOOL_RANGES_H

#include "tables.h"

enum range_kind {
	RANGE_EMPTY,
	RANGE_LEAF,
	RANGE_LOCKED, /* by stage2 */
	RANGE_ANNOTATED, /* by stage2 */
	RANGE_INVALID, /* invalid, with something of another software's */
	RANGE_WRONG, /* reserved, or a table entry that cannot be followed */
};

struct range {
	enum range_kind kind;
	uint64_t ipa, size;
	uint64_t pa; /* of a leaf */
	uint64_t bytes[TABLES_DEPTH]; /* by level, from -1 on */
	uint64_t desc; /* of the first entry */
	uint64_t key; /* what all its leaves have in common, in their bits */
	bool old, dirty;
	int level; /* of the last entry */
};

/* What does not end a range. */
#define RANGES_LEVELS 1u
#define RANGES_AGE 2u
#define RANGES_DIRTY 4u
#define RANGES_ALL 7u

typedef void range_visitor(const struct range *range, const struct regime *r, void *arg);

void ranges_visit(struct tables *t, unsigned int merge, range_visitor *visit, void *arg);

#endif
