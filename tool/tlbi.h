/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * TLBI instructions that have to do with stage 2, by name.
 */
#ifndef TOOL_TLBI_H
#define TOOL_TLBI_H

#include <stdbool.h>
#include <stdint.h>

enum tlbi_operand {
	TLBI_NOTHING,
	TLBI_IPA,
	TLBI_RANGE,
};

struct tlbi {
	enum tlbi_operand operand;
	bool last_level;
	bool nxs; /* FEAT_XS */
	bool stage1, stage2; /* what of the VMID, or by address */
	bool all; /* of every VMID */
	bool broadcast; /* to other CPUs */
	const char *reach; /* of shareability */
	const char *what; /* is invalidated */
};

/* False if there is no such instruction, or none that is of stage 2 or of a VMID. */
bool tlbi_parse(struct tlbi *t, const char *op);

/*
 * Operands (Arm ARM, "TLBI IPAS2E1", "TLBI RIPAS2E1"):
 *
 *	by IPA		TTL 47:44, IPA[51:12] 39:0
 *	by range	TG 47:46, SCALE 45:44, NUM 43:39, TTL 38:37, BaseADDR 36:0
 */
#define TLBI_TTL_SHIFT 44
#define TLBI_TG_SHIFT 46
#define TLBI_SCALE_SHIFT 44
#define TLBI_NUM_SHIFT 39
#define TLBI_RANGE_TTL_SHIFT 37
#define TLBI_BASE_BITS 37
#define TLBI_LPA2_SHIFT 16 /* BaseADDR is in units of 64 KiB */

/* The addresses that an operand names, and the level that it gives a hint of, or -1. */
struct tlbi_span {
	uint64_t first, last;
	int level;
	bool valid; /* that need be invalidated at all */
};

struct regime;

/* Decodes an operand; without FEAT_TTL its hint is RES0. */
struct tlbi_span tlbi_span(const struct tlbi *t, const struct regime *r, uint64_t operand);

#endif
