/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Taking away what is mapped: shared by s2_unmap() and s2_annotate(), which differ in what
 * is left there (op->made).
 */
#ifndef S2_UNMAP_H
#define S2_UNMAP_H

#include "walk.h"

/* Locks the entry at `at` until the flush, which makes it op->made. */
int s2_cut(struct s2_op *op, const struct s2_spot *at);

/* The same with a leaf or an annotation, which is split if it is covered in part; with a table. */
int s2_cut_leaf(struct s2_op *op, const struct s2_spot *at);
int s2_cut_table(struct s2_op *op, const struct s2_spot *at);

/* The highest level below the entry at which the hole, or the first part of it, can be cut. */
unsigned int s2_hole_level(const struct s2_op *op, const struct s2_spot *at);

#endif
