/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Which formats are tested: each granule, with and without addresses of 52 bits, with
 * every IPA size: so with every start level and every number of concatenated root tables.
 * PA sizes, features and VMID sizes go round.
 */
#include "walk.h"

#define LPA2 S2_FEAT_LPA2
#define HA S2_FEAT_HAF
#define HD (S2_FEAT_HAF | S2_FEAT_HD)
#define XNX S2_FEAT_XNX
#define FWB S2_FEAT_FWB
#define TLBI (S2_FEAT_TTL | S2_FEAT_TLBIRANGE)

#define IPA_LEAST 32u

static const struct {
	uint8_t granule_shift, ipa_most, pa_least, pa_most;
	uint32_t features;
} family[] = {
	{S2_GRANULE_4K, 48, 32, 48, 0},	 {S2_GRANULE_4K, 52, 32, 52, LPA2},
	{S2_GRANULE_16K, 48, 32, 48, 0}, {S2_GRANULE_16K, 52, 32, 52, LPA2},
	{S2_GRANULE_64K, 48, 32, 48, 0}, {S2_GRANULE_64K, 52, 52, 52, 0},
};

/* Seven, so that no size always meets the same ones. */
static const uint32_t variant[] = {
	0, FWB, HA, HD | XNX, XNX | FWB | TLBI, HD | FWB, S2_FEAT_CNP | S2_FEAT_CONTIG,
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The largest PA size, or the least that the IPA size allows. */
static uint8_t pa_bits(unsigned int f, uint8_t ipa_bits)
{
	static const uint8_t sizes[] = {32, 36, 40, 42, 44, 48, 52};
	unsigned int i = 0;

	if (ipa_bits % 2)
		return family[f].pa_most;
	while (sizes[i] < ipa_bits || sizes[i] < family[f].pa_least)
		i++;
	return sizes[i];
}

bool format_config(unsigned int number, struct s2_config *cfg)
{
	unsigned int f = 0, rest = number;

	while (f < COUNT(family) && rest > family[f].ipa_most - IPA_LEAST) {
		rest -= family[f].ipa_most - IPA_LEAST + 1;
		f++;
	}
	if (f == COUNT(family))
		return false;
	*cfg = (struct s2_config){.granule_shift = family[f].granule_shift,
				  .ipa_bits = (uint8_t)(IPA_LEAST + rest),
				  .vmid_bits = number % 2 ? 8 : 16,
				  .features =
					  family[f].features | variant[number % COUNT(variant)]};
	cfg->pa_bits = pa_bits(f, cfg->ipa_bits);
	return true;
}
