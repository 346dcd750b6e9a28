/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The formats that a property is checked for when all of them are too many: each
 * granule, each place where an address can be, each memory attribute encoding,
 * a start level of each kind, one root table and many.
 */
#ifndef TESTS_FORMATS_H
#define TESTS_FORMATS_H

#include <stage2/format.h>

#include "suite.h"

#define FEAT_TLBI (S2_FEAT_TTL | S2_FEAT_TLBIRANGE)

static const struct s2_config formats[] = {
	{12, 32, 40, 8, 0},
	{12, 34, 48, 16, S2_FEAT_FWB},
	{12, 39, 40, 8, FEAT_TLBI},
	{12, 40, 40, 8, 0},
	{12, 40, 40, 8, S2_FEAT_XNX | S2_FEAT_HAF | S2_FEAT_HD},
	{12, 43, 44, 16, S2_FEAT_FWB | S2_FEAT_TTL},
	{12, 48, 48, 16, S2_FEAT_TLBIRANGE},
	{12, 48, 48, 16, S2_FEAT_LPA2 | FEAT_TLBI},
	{12, 52, 52, 16, S2_FEAT_LPA2 | S2_FEAT_FWB | FEAT_TLBI},
	{14, 36, 36, 8, 0},
	{14, 40, 48, 16, S2_FEAT_FWB | FEAT_TLBI},
	{14, 47, 48, 16, S2_FEAT_TTL},
	{14, 48, 48, 16, FEAT_TLBI},
	{14, 51, 52, 16, S2_FEAT_LPA2 | S2_FEAT_FWB | FEAT_TLBI},
	{14, 52, 52, 16, S2_FEAT_LPA2},
	{16, 40, 42, 8, 0},
	{16, 42, 48, 16, S2_FEAT_FWB | FEAT_TLBI},
	{16, 46, 48, 16, S2_FEAT_TLBIRANGE},
	{16, 48, 48, 16, FEAT_TLBI},
	{16, 52, 52, 16, S2_FEAT_FWB | FEAT_TLBI},
};

/* Calls `check` with each of them, derived. */
static inline void for_each_format(void (*check)(const struct s2_format *fmt))
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct s2_format fmt;

		require_status(s2_format_init(&fmt, &formats[i]), S2_OK);
		check(&fmt);
	}
}

#endif
