/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * ID registers, read into the two things that are decided by them: the format of
 * the tables, and what EL2 has to switch on for the guest.  Field positions are
 * those of the Arm ARM's register descriptions.
 */
#include <stdbool.h>
#include <stddef.h>

#include "console.h"
#include "features.h"
#include "options.h"
#include "report.h"
#include "sysreg.h"

#define IPA_BITS 40 /* of the guest, where the CPU has so many */

struct features features;

/* What ID_AA64MMFR0_EL1 says of each granule: two fields, and the encoding of the first. */
static const struct granule {
	uint8_t shift;
	uint8_t tgran_2; /* position of TGranN_2, about stage 2; 0 there: as TGranN says */
	uint8_t tgran; /* position of TGranN */
	uint8_t none; /* TGranN without the granule */
	uint8_t lpa2; /* TGranN with FEAT_LPA2: this or more */
} granules[] = {
	{S2_GRANULE_4K, 40, 28, 0xf, 1},
	{S2_GRANULE_16K, 32, 20, 0, 2},
	{S2_GRANULE_64K, 36, 24, 0xf, UINT8_MAX},
};

/* TGranN_2's own encoding. */
#define STAGE2_NONE 1
#define STAGE2_PLAIN 2
#define STAGE2_LPA2 3

static unsigned int stage2_support(uint64_t mmfr0, const struct granule *g)
{
	unsigned int stage2 = id_field(mmfr0, g->tgran_2);
	unsigned int stage1 = id_field(mmfr0, g->tgran);

	if (stage2)
		return stage2;
	if (stage1 == g->none)
		return STAGE2_NONE;
	return stage1 >= g->lpa2 ? STAGE2_LPA2 : STAGE2_PLAIN;
}

/* The one that the options ask for, which let no other through than these. */
static const struct granule *wanted_granule(void)
{
	const struct granule *g = granules;

	while (UINT64_C(1) << g->shift != options.granule * 1024)
		g++;
	return g;
}

static uint32_t found_features(void)
{
	uint64_t mmfr1 = read_id_aa64mmfr1_el1();
	uint64_t mmfr2 = read_id_aa64mmfr2_el1();
	uint32_t found = 0;

	if (id_field(mmfr1, 0) >= 1) /* HAFDBS */
		found |= S2_FEAT_HAF;
	if (id_field(mmfr1, 0) >= 2)
		found |= S2_FEAT_HD;
	if (id_field(mmfr1, 28)) /* XNX */
		found |= S2_FEAT_XNX;
	if (id_field(mmfr2, 0)) /* CnP */
		found |= S2_FEAT_CNP;
	if (id_field(mmfr2, 40)) /* FWB */
		found |= S2_FEAT_FWB;
	if (id_field(mmfr2, 48)) /* TTL */
		found |= S2_FEAT_TTL;
	if (id_field(read_id_aa64isar0_el1(), 56) >= 2) /* TLB: range */
		found |= S2_FEAT_TLBIRANGE;
	return found;
}

/* The level that the options ask for, where the CPU has as much. */
static uint32_t block_size_feature(void)
{
	static const uint32_t levels[] = {0, S2_FEAT_BBM1, S2_FEAT_BBM2};
	uint64_t mmfr2 = read_id_aa64mmfr2_el1();

	if (id_field(mmfr2, 52) < options.bbm) /* BBM */
		die("this CPU has no FEAT_BBM of level %lu; ID_AA64MMFR2_EL1 %lx", options.bbm,
		    mmfr2);
	return levels[options.bbm];
}

/* Of these, what is used: a log that the CPU keeps, or groups, only if that was asked for. */
static uint32_t table_features(void)
{
	uint32_t found =
		found_features() | block_size_feature() | (options.contig ? S2_FEAT_CONTIG : 0);

	if (options.dirty == DIRTY_HW && !(found & S2_FEAT_HD))
		die("this CPU does not note writes itself (FEAT_HAFDBS); ID_AA64MMFR1_EL1 %lx",
		    read_id_aa64mmfr1_el1());
	return options.dirty == DIRTY_HW ? found : found & ~S2_FEAT_HD;
}

/* PARange, but no more than what the format can say. */
static uint8_t pa_bits(uint64_t mmfr0, bool has_52_bits)
{
	static const uint8_t bits[] = {32, 36, 40, 42, 44, 48, 52};
	unsigned int range = id_field(mmfr0, 0);
	unsigned int most = has_52_bits ? 6 : 5;

	return bits[range < most ? range : most];
}

static struct s2_config table_config(void)
{
	uint64_t mmfr0 = read_id_aa64mmfr0_el1();
	const struct granule *g = wanted_granule();
	unsigned int support = stage2_support(mmfr0, g);
	bool lpa2 = support >= STAGE2_LPA2 && g->shift != S2_GRANULE_64K;
	uint8_t pa = pa_bits(mmfr0, lpa2 || g->shift == S2_GRANULE_64K);

	if (support == STAGE2_NONE)
		die("this CPU has no %lu KiB granule for stage 2; ID_AA64MMFR0_EL1 %lx",
		    options.granule, mmfr0);
	return (struct s2_config){
		.granule_shift = g->shift,
		.ipa_bits = pa < IPA_BITS ? pa : IPA_BITS,
		.pa_bits = pa,
		.vmid_bits = id_field(read_id_aa64mmfr1_el1(), 4) == 2 ? 16 : 8,
		.features = table_features() | (lpa2 ? S2_FEAT_LPA2 : 0),
	};
}

static bool has_pauth(void)
{
	uint64_t isar1 = read_id_aa64isar1_el1();
	uint64_t isar2 = read_id_aa64isar2_el1();

	return id_field(isar1, 4) || id_field(isar1, 8) || /* APA, API */
	       id_field(isar1, 24) || id_field(isar1, 28) || /* GPA, GPI */
	       id_field(isar2, 8) || id_field(isar2, 12); /* GPA3, APA3 */
}

static uint32_t sme_features(uint64_t pfr1)
{
	uint64_t smfr0 = read_id_aa64smfr0_el1();
	uint32_t found = CPU_SME;

	if (!id_field(pfr1, 24)) /* SME */
		return 0;
	if (smfr0 >> 63)
		found |= CPU_SME_FA64;
	if (id_field(smfr0, 56)) /* SMEver */
		found |= CPU_SME2;
	return found;
}

static uint32_t guest_features(void)
{
	uint64_t pfr0 = read_id_aa64pfr0_el1();
	uint64_t pfr1 = read_id_aa64pfr1_el1();
	unsigned int pmu = id_field(read_id_aa64dfr0_el1(), 8);
	uint32_t found = sme_features(pfr1);

	if (has_pauth())
		found |= CPU_PAUTH;
	if (id_field(pfr0, 24)) /* GIC */
		found |= CPU_GICV3;
	if (id_field(pfr0, 32)) /* SVE */
		found |= CPU_SVE;
	if (id_field(pfr0, 56) >= 2 || id_field(pfr1, 32) >= 2) /* CSV2, CSV2_frac */
		found |= CPU_SCXT;
	if (id_field(read_id_aa64mmfr1_el1(), 40)) /* HCX */
		found |= CPU_HCX;
	if (id_field(read_id_aa64isar2_el1(), 16)) /* MOPS */
		found |= CPU_MOPS;
	if (id_field(pfr1, 8) >= 2) /* MTE */
		found |= CPU_MTE;
	if (pmu && pmu != 0xf)
		found |= CPU_PMU;
	return found;
}

static struct features features_read(void)
{
	return (struct features){.tables = table_config(), .guest = guest_features()};
}

void features_init(void)
{
	features = features_read();
	if (!(features.guest & CPU_GICV3))
		die("the CPU has no GICv3 interface: QEMU needs -M virt,gic-version=3");
}

void features_check(void)
{
	struct features here = features_read();

	if (here.guest != features.guest || here.tables.features != features.tables.features ||
	    here.tables.pa_bits != features.tables.pa_bits ||
	    here.tables.vmid_bits != features.tables.vmid_bits)
		die("the CPUs differ in what they can do; MPIDR_EL1 %lx", read_mpidr_el1());
}

static void print_names(uint32_t set, const char *const names[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (set >> i & 1)
			say(" %s", names[i]);
	}
}

void features_print(void)
{
	static const char *const tables[] = {"LPA2", "FWB", "TTL", "TLBIRANGE", "HAF",
					     "CnP",  "HD",  "XNX", "BBM1",	"BBM2"};
	static const char *const guest[] = {"PAuth", "SVE", "SME",   "FA64", "SME2", "SCXT",
					    "MTE2",  "PMU", "GICv3", "HCX",  "MOPS"};

	say("stage2: %luK granule, IPA %u bits, PA %u bits, VMID %u bits; CPU has", options.granule,
	    features.tables.ipa_bits, features.tables.pa_bits, features.tables.vmid_bits);
	print_names(features.tables.features, tables, sizeof(tables) / sizeof(tables[0]));
	print_names(features.guest, guest, sizeof(guest) / sizeof(guest[0]));
	say("\n");
}
