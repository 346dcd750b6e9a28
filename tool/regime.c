/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <stdio.h>

#include "bad.h"
#include "number.h"
#include "regime.h"

#define NO_LEVEL 9

static const uint8_t pa_sizes[] = {32, 36, 40, 42, 44, 48, 52};

/* Arm ARM, "VTCR_EL2.SL0": by TG0 and SL0.  The last of 16K is there with DS only. */
static int start_level(const struct regime *r, unsigned int sl0)
{
	static const int8_t of_4k[] = {2, 1, 0, 3}, of_16k[] = {3, 2, 1, 0},
			    of_64k[] = {3, 2, 1, NO_LEVEL};

	if (r->granule == 12)
		return of_4k[sl0];
	if (r->granule == 14)
		return sl0 == 3 && !r->ds ? NO_LEVEL : of_16k[sl0];
	return of_64k[sl0];
}

static bool decode_granule(struct regime *r)
{
	static const uint8_t shifts[] = {12, 16, 14, 0};

	r->granule = shifts[bits(r->vtcr, 15, 14)];
	r->stride = r->granule - 3;
	return r->granule;
}

static unsigned int most_bits(const struct regime *r)
{
	return r->ds || r->granule == 16 ? 52 : 48;
}

static const char *decode_sizes(struct regime *r)
{
	uint64_t ps = bits(r->vtcr, 18, 16), t0sz = bits(r->vtcr, 5, 0);

	if (ps >= sizeof(pa_sizes))
		return "PS is reserved";
	r->pa_bits = pa_sizes[ps];
	if (r->pa_bits > most_bits(r))
		r->pa_bits = 48;
	r->ipa_bits = 64 - (unsigned int)t0sz;
	return r->ipa_bits > most_bits(r) ? "T0SZ is too small for this granule" : NULL;
}

/* Arm ARM, AArch64.S2InconsistentSL(): what at least two entries and at most 16 tables resolve. */
static const char *decode_start(struct regime *r)
{
	bool sl2 = r->vtcr >> 33 & 1 && r->ds && r->granule == 12;
	unsigned int sl0 = (unsigned int)bits(r->vtcr, 7, 6), least;

	if (sl2 && sl0)
		return "SL2 with SL0 is reserved";
	r->start = sl2 ? -1 : start_level(r, sl0);
	if (r->start == NO_LEVEL)
		return "SL0 is reserved for this granule";
	least = r->granule + (unsigned int)(LAST_LEVEL - r->start) * r->stride + 1;
	if (r->ipa_bits < least || r->ipa_bits > least + r->stride - 1 + 4)
		return "T0SZ does not fit the start level in SL0";
	least += r->stride - 1;
	r->root_tables = r->ipa_bits > least ? 1u << (r->ipa_bits - least) : 1;
	return NULL;
}

/* The library's format for the same, to ask it what it makes of an entry. */
static void find_format(struct regime *r)
{
	struct s2_config config = {
		.granule_shift = (uint8_t)r->granule,
		.ipa_bits = (uint8_t)r->ipa_bits,
		.pa_bits = (uint8_t)r->pa_bits,
		.vmid_bits = r->vtcr >> 19 & 1 ? 16 : 8,
		.features = r->features,
	};

	if (!(config.features & S2_FEAT_HAF))
		config.features &= ~S2_FEAT_HD;
	r->has_fmt = !s2_format_init(&r->fmt, &config);
}

const char *regime_decode(struct regime *r, uint64_t vtcr, uint32_t features)
{
	const char *reason;

	*r = (struct regime){.vtcr = vtcr, .features = features};
	if (!decode_granule(r))
		return "TG0 is reserved";
	r->ds = vtcr >> 32 & 1 && r->granule != 16;
	r->hd = vtcr >> 22 & vtcr >> 21 & 1;
	r->features &= ~S2_FEAT_LPA2;
	r->features |= r->ds ? S2_FEAT_LPA2 : 0;
	reason = decode_sizes(r);
	if (!reason)
		reason = decode_start(r);
	if (!reason)
		find_format(r);
	return reason;
}

void regime_of(struct regime *r, const struct settings *s)
{
	const struct s2_config *config = &s->config;
	struct s2_format fmt;
	const char *reason;

	if (!s->has_vtcr) {
		settings_complete(&fmt, s);
		(void)regime_decode(r, fmt.vtcr, fmt.features | S2_FEAT_CONTIG);
		return;
	}
	if (config->granule_shift || config->ipa_bits || config->pa_bits || config->vmid_bits ||
	    config->features & S2_FEAT_LPA2)
		bad("--vtcr", "granule, sizes and LPA2 are in it: it excludes options for them");
	reason = regime_decode(r, s->vtcr, config->features | S2_FEAT_CONTIG);
	if (reason)
		bad("--vtcr", "%s", reason);
}

uint64_t regime_root_size(const struct regime *r)
{
	unsigned int below = regime_shift(r, r->start);
	uint64_t size = UINT64_C(8) << (r->ipa_bits - below);

	/* Arm ARM, "VTTBR_EL2.BADDR": bits 5:0 are not of the address if it has 52 bits. */
	return r->pa_bits == 52 && size < 64 ? 64 : size;
}

/* Arm ARM, "VTTBR_EL2.BADDR": bits 51:48 of it are in 5:2 where addresses have 52 bits. */
uint64_t regime_root(const struct regime *r, uint64_t vttbr)
{
	if (r->pa_bits == 52)
		return bits(vttbr, 47, 6) << 6 | bits(vttbr, 5, 2) << 48;
	return bits(vttbr, 47, 1) << 1;
}

unsigned int regime_shift(const struct regime *r, int level)
{
	return r->granule + (unsigned int)(LAST_LEVEL - level) * r->stride;
}

uint64_t regime_size(const struct regime *r, int level)
{
	return UINT64_C(1) << regime_shift(r, level);
}

bool regime_has_leaf(const struct regime *r, int level)
{
	if (level >= 2)
		return true;
	if (level == 1)
		return r->granule == 12 || r->ds || (r->granule == 16 && r->pa_bits == 52);
	return !level && r->granule == 12 && r->ds;
}

unsigned int regime_group(const struct regime *r, int level)
{
	if (level < 1 || !regime_has_leaf(r, level))
		return 1;
	if (r->granule == 12)
		return 16;
	if (level == 1)
		return 1;
	return r->granule == 14 && level == LAST_LEVEL ? 128 : 32;
}

const char *regime_text(const struct regime *r)
{
	static char text[160];

	(void)snprintf(text, sizeof(text),
		       "%s granule, %u IPA bits, %u PA bits%s; walks from level %d, %u table%s",
		       size_text(UINT64_C(1) << r->granule), r->ipa_bits, r->pa_bits,
		       r->ds ? ", LPA2" : "", r->start, r->root_tables,
		       r->root_tables > 1 ? "s" : "");
	return text;
}
