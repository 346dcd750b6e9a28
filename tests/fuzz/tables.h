/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The two halves of the target `descriptor`: pure functions in descriptor.c, and
 * operations on tables that nobody sane has written in tables.c.
 */
#ifndef TESTS_FUZZ_TABLES_H
#define TESTS_FUZZ_TABLES_H

#include <stage2/format.h>

#include "fuzz.h"

/* Builds tables for `fmt` as the input says, and runs operations on them. */
void fuzz_tables(struct input *in, const struct s2_format *fmt);

#endif
