/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Beginning and end of a look at a span, where an entry's visitor sees tables as well.
 */
#ifndef S2_INSPECT_H
#define S2_INSPECT_H

#include <stage2/inspect.h>

#include "walk.h"

/* Sets up *op, or says what is wrong with the arguments. */
static inline int s2_span_begin(struct s2_op *op, const struct s2_tree *tree,
				const struct s2_span *span)
{
	int status;

	if (!tree || !tree->fmt || !span)
		return S2_INVALID;
	status = s2_check_range(tree->fmt, span->ipa, span->size);
	if (status)
		return status;
	s2_op_read(op, tree, span->ipa, span->size);
	if (span->budget)
		op->budget = span->budget;
	return S2_OK;
}

static inline void s2_span_end(const struct s2_op *op, struct s2_span *span)
{
	span->ipa = op->pos < op->end ? op->pos : op->end;
	span->size = op->end - span->ipa;
}

#endif
