/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Which formats are tested: each granule with every start level it has, roots
 * concatenated and not, sizes at both ends of what one start level covers,
 * addresses in every place a descriptor can keep them.
 */
#include "walk.h"

#define FWB S2_FEAT_FWB
#define LPA2 S2_FEAT_LPA2
#define HAF S2_FEAT_HAF
#define TLBI (S2_FEAT_TTL | S2_FEAT_TLBIRANGE)

static const struct s2_config formats[] = {
	{12, 32, 32, 8, 0},
	{12, 34, 36, 8, FWB},
	{12, 35, 40, 16, TLBI},
	{12, 39, 48, 16, FWB},
	{12, 40, 40, 16, FWB | TLBI | S2_FEAT_CNP},
	{12, 40, 48, 16, HAF},
	{12, 43, 44, 16, FWB},
	{12, 44, 44, 8, 0},
	{12, 48, 48, 16, FWB | TLBI},
	{12, 36, 42, 16, LPA2},
	{12, 42, 52, 16, LPA2 | FWB},
	{12, 48, 48, 16, LPA2 | FWB},
	{12, 49, 52, 16, LPA2},
	{12, 52, 52, 16, LPA2 | FWB | TLBI},
	{12, 52, 52, 16, LPA2 | HAF | S2_FEAT_CNP},
	{14, 32, 36, 8, FWB},
	{14, 36, 42, 16, 0},
	{14, 40, 40, 16, FWB},
	{14, 41, 44, 16, TLBI},
	{14, 47, 48, 16, FWB},
	{14, 48, 48, 16, FWB | TLBI},
	{14, 40, 48, 16, LPA2},
	{14, 48, 52, 16, LPA2 | FWB},
	{14, 51, 52, 16, LPA2 | TLBI},
	{14, 52, 52, 16, LPA2 | FWB},
	{16, 32, 40, 8, 0},
	{16, 42, 42, 16, FWB},
	{16, 44, 44, 16, TLBI},
	{16, 46, 48, 16, FWB},
	{16, 47, 48, 16, 0},
	{16, 48, 52, 16, FWB},
	{16, 50, 52, 16, HAF},
	{16, 52, 52, 16, FWB | TLBI},
};

bool format_config(unsigned int number, struct s2_config *cfg)
{
	if (number >= sizeof(formats) / sizeof(formats[0]))
		return false;
	*cfg = formats[number];
	return true;
}
