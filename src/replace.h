/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A live entry gives way to another one.
 */
#ifndef S2_REPLACE_H
#define S2_REPLACE_H

#include "walk.h"

/*
 * Break, invalidate, make: the entry at `at`, a leaf or a table and neither locked
 * nor sealed, becomes `new`.  A table that it pointed to is retired.
 *
 * False: somebody was faster, or the table that holds the entry was cut away
 * meanwhile; `new` was not made, and what it leads to is still the caller's.
 */
bool s2_replace(struct s2_op *op, const struct s2_spot *at, s2_desc new);

#endif
