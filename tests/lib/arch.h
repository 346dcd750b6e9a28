/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Stage-2 translation as the architecture describes it: the tests' reference.
 *
 * Written from the Arm ARM and from nothing of the engine.  It knows what the
 * hardware knows, which is two registers and memory: a struct s2_format that
 * were wrong would not make it agree.
 */
#ifndef TESTS_ARCH_H
#define TESTS_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#include <stage2/descriptor.h>
#include <stage2/format.h>

/* What VTCR_EL2, VTTBR_EL2 and HCR_EL2 say. */
struct arch_regime {
	unsigned int granule_shift;
	unsigned int ipa_bits;
	unsigned int pa_bits;
	unsigned int start_level;
	bool ds; /* VTCR_EL2.DS: FEAT_LPA2's format */
	bool fwb;
	uint64_t root;
	uint32_t vmid;
};

/* False if the registers have a value that is reserved. */
bool arch_regime(struct arch_regime *regime, uint64_t vtcr, uint64_t vttbr, uint64_t hcr);

/* The regime of a format, with a root at 0 and VMID 0. */
bool arch_regime_of(struct arch_regime *regime, const struct s2_format *fmt);

/* IPA bits below an entry of `level`; bytes that it covers. */
unsigned int arch_shift(const struct arch_regime *regime, unsigned int level);
uint64_t arch_size(const struct arch_regime *regime, unsigned int level);

enum arch_kind {
	ARCH_INVALID,
	ARCH_TABLE,
	ARCH_LEAF,
	ARCH_RESERVED, /* faults as an invalid one does, but nobody should write it */
};

enum arch_kind arch_kind(const struct arch_regime *regime, unsigned int level, uint64_t desc);

/* Output address of a leaf of `level`, or the next table's. */
uint64_t arch_output(const struct arch_regime *regime, unsigned int level, uint64_t desc);

/*
 * The attributes of a leaf, in the words of descriptor.h.  False if the leaf has
 * an encoding that descriptor.h has no word for: another memory type or
 * shareability, Contiguous where there are no groups, nT, or an output address that
 * is not aligned or too large.
 */
bool arch_attr(const struct arch_regime *regime, unsigned int level, uint64_t desc, s2_attr *attr);

/* Entries of a contiguous group; 1 where there are none. */
unsigned int arch_group(const struct arch_regime *regime, unsigned int level);

/* What the leaf `desc` says of an entry `distance` further, if it is one of a group with it. */
uint64_t arch_neighbour(const struct arch_regime *regime, unsigned int level, uint64_t desc,
			int64_t distance);

/* Where a walk for one IPA ends. */
struct arch_walk {
	enum arch_kind kind; /* ARCH_INVALID too for an address beyond the IPA bits */
	unsigned int level;
	uint64_t desc;
	const uint64_t *entry;
	uint64_t ipa; /* first address that the entry covers */
	uint64_t size;
	uint64_t pa; /* of that address, if a leaf */
};

/* Walks tables in the arena.  Fails the test if they lead out of it. */
void arch_walk(const struct arch_regime *regime, uint64_t ipa, struct arch_walk *walk);

/* The set of addresses that a TLBI by IPA surely invalidates. */
struct arch_tlbi {
	uint64_t first;
	uint64_t last; /* inclusive */
	int level; /* leaves of this level only; -1: of any, and tables on the way too */
};

/* False if the operand has a reserved value, or is of another granule than the regime. */
bool arch_tlbi_ipa(const struct arch_regime *regime, uint64_t operand, struct arch_tlbi *set);
bool arch_tlbi_range(const struct arch_regime *regime, uint64_t operand, struct arch_tlbi *set);

#endif
