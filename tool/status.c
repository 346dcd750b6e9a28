/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <stddef.h>

#include <stage2/status.h>

#include "status.h"

static const struct {
	int status;
	const char *option;
	const char *text;
} known[] = {
	{S2_BAD_GRANULE, "--granule", "not 4K, 16K or 64K"},
	{S2_BAD_IPA_BITS, "--ipa-bits",
	 "not in 32..52, or more than 48 without LPA2 and without a 64K granule"},
	{S2_BAD_PA_BITS, "--pa-bits",
	 "not one of 32, 36, 40, 42, 44, 48, 52, or 52 without LPA2 and without a 64K granule"},
	{S2_IPA_OVER_PA, "--ipa-bits", "more IPA bits than PA bits"},
	{S2_BAD_VMID_BITS, "--vmid-bits", "neither 8 nor 16"},
	{S2_BAD_FEATURE, "--features", "hd needs haf"},
	{S2_BAD_LPA2, "--lpa2", "a 64K granule has no descriptors of FEAT_LPA2"},
	{S2_MISALIGNED, "address", "not a multiple of the size that it must be aligned to"},
	{S2_PA_RANGE, "address", "beyond the PA bits of the format"},
	{S2_BAD_VMID, "--vmid", "beyond the VMID bits"},
	{S2_BAD_ATTR, "--attr",
	 "attributes that contradict each other: a device is not executable, log needs w, dirty "
	 "needs log, x at one exception level alone needs xnx"},
	{S2_BAD_LEVEL, "--level", "no block can be at this level of this format"},
	{S2_BAD_OWNER, "--owner", "not in 1..0xfff, or a payload of more than 40 bits"},
};

static size_t find(int status)
{
	size_t i = 0;

	while (i < sizeof(known) / sizeof(known[0]) - 1 && known[i].status != status)
		i++;
	return i;
}

const char *status_text(int status)
{
	return known[find(status)].text;
}

const char *status_option(int status)
{
	return known[find(status)].option;
}
