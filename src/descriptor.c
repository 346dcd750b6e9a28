/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Encoding and decoding of one descriptor, and nothing else.
 */
#include <stage2/descriptor.h>

#include "desc.h"

#define SH_INNER (UINT64_C(3) << 8)

/*
 * MemAttr by memory type.  Without FEAT_S2FWB it combines with stage 1, the
 * stronger type winning; with it Normal forces Write-Back.
 */
static uint64_t memattr(const struct s2_format *fmt, s2_attr attr)
{
	switch (attr & S2_MEM_MASK) {
	case S2_NORMAL:
		return fmt->features & S2_FEAT_FWB ? 0x6 : 0xf;
	case S2_NORMAL_NC:
		return 0x5;
	default:
		return 0x1;
	}
}

/* SH is in the descriptor only without LPA2, which uses its bits for OA[51:50]. */
static uint64_t shareability(const struct s2_format *fmt, s2_attr attr)
{
	if (fmt->features & S2_FEAT_LPA2 || (attr & S2_MEM_MASK) == S2_DEVICE)
		return 0;
	return SH_INNER;
}

/* An instruction fetch may be speculative; a device must not be read so. */
s2_desc s2_leaf_at_0(const struct s2_format *fmt, s2_attr attr)
{
	s2_attr type = attr & S2_MEM_MASK;
	s2_desc desc = S2_DESC_VALID;

	if (type == S2_MEM_MASK || !s2_exec_is_sane(fmt, attr) ||
	    (type == S2_DEVICE && attr & S2_X))
		return 0;
	desc |= memattr(fmt, attr) << S2_DESC_MEMATTR_SHIFT | shareability(fmt, attr);
	desc |= attr & S2_R ? S2_DESC_READ : 0;
	desc |= attr & S2_W ? S2_DESC_WRITE : 0;
	return desc | s2_exec_desc(attr) | (attr & S2_OLD ? 0 : S2_DESC_AF);
}

/* A log is of writes, and what is dirty is logged: S2AP[1] comes with the first write. */
s2_desc s2_leaf_logged(s2_desc desc, s2_attr attr)
{
	if (!(attr & S2_W) || !(attr & S2_LOG))
		return 0;
	return (attr & S2_DIRTY ? desc : desc & ~(s2_desc)S2_DESC_WRITE) | S2_DESC_DBM;
}

int s2_desc_leaf(const struct s2_format *fmt, unsigned int level, uint64_t pa, s2_attr attr,
		 s2_desc *desc)
{
	s2_desc leaf;

	if (!fmt || !desc)
		return S2_INVALID;
	if (!s2_level_has_leaf(fmt, level))
		return S2_BAD_LEVEL;
	leaf = s2_block(fmt, attr);
	if (!leaf)
		return S2_BAD_ATTR;
	if (pa >> fmt->pa_bits)
		return S2_PA_RANGE;
	if (pa & (s2_level_size(fmt, level) - 1))
		return S2_MISALIGNED;
	*desc = leaf | s2_leaf_type(level) | s2_oa_encode(fmt, pa);
	return S2_OK;
}

int s2_desc_table(const struct s2_format *fmt, uint64_t pa, s2_desc *desc)
{
	if (!fmt || !desc)
		return S2_INVALID;
	if (pa >> fmt->pa_bits)
		return S2_PA_RANGE;
	if (pa & ((UINT64_C(1) << fmt->granule_shift) - 1))
		return S2_MISALIGNED;
	*desc = S2_DESC_VALID | S2_DESC_TABLE | s2_oa_encode(fmt, pa);
	return S2_OK;
}

int s2_desc_annotation(uint32_t owner, uint64_t payload, s2_desc *desc)
{
	if (!desc)
		return S2_INVALID;
	if (!owner || owner > S2_OWNER_MAX || payload > S2_PAYLOAD_MAX)
		return S2_BAD_OWNER;
	*desc = S2_INVALID_ANNOTATED | (s2_desc)owner << 52 | payload << 12;
	return S2_OK;
}

static enum s2_kind kind_of_invalid(unsigned int level, s2_desc desc)
{
	s2_desc flags = S2_HAS_TABLE | S2_TABLE_PA;

	if (!desc)
		return S2_KIND_EMPTY;
	switch (desc & S2_INVALID_KIND) {
	case S2_INVALID_ANNOTATED:
		return s2_desc_owner(desc) && !(desc & 0xff0) ? S2_KIND_ANNOTATED : S2_KIND_CORRUPT;
	case S2_INVALID_LOCKED:
		/* Below the last level there are no tables. */
		flags = level < S2_LAST_LEVEL ? flags : 0;
		return desc & ~(flags | S2_INVALID_KIND) ? S2_KIND_CORRUPT : S2_KIND_LOCKED;
	case S2_INVALID_LINK:
		flags |= UINT64_C(3) << S2_LINK_LEVEL_SHIFT;
		return desc & ~(flags | S2_INVALID_KIND) ? S2_KIND_CORRUPT : S2_KIND_LOCKED;
	default:
		return S2_KIND_CORRUPT;
	}
}

static bool is_changing_size(const struct s2_format *fmt, s2_desc desc)
{
	s2_desc both = S2_DESC_NT | S2_DESC_SEAL;

	return (desc & both) == both && s2_is_block(desc) && fmt->features & S2_FEAT_BBM1;
}

static enum s2_kind kind_of_leaf(const struct s2_format *fmt, unsigned int level, s2_desc desc)
{
	if (!s2_level_has_leaf(fmt, level) || (desc & 3) != s2_leaf_type(level))
		return S2_KIND_CORRUPT;
	/* The log is of pages, and a group may be noted as one: see group.h. */
	if (s2_is_grouped(desc) && s2_is_logged(desc))
		return S2_KIND_CORRUPT;
	if (is_changing_size(fmt, desc))
		desc &= ~S2_DESC_NT;
	return desc & fmt->no_leaf[level] ? S2_KIND_CORRUPT : S2_KIND_LEAF;
}

enum s2_kind s2_desc_kind(const struct s2_format *fmt, unsigned int level, s2_desc desc)
{
	if (!fmt || level > S2_LAST_LEVEL)
		return S2_KIND_CORRUPT;
	if (!s2_is_valid(desc))
		return kind_of_invalid(level, desc);
	if (!s2_is_table(level, desc))
		return kind_of_leaf(fmt, level, desc);
	desc &= ~(fmt->oa_low | fmt->oa_high | S2_DESC_SEAL | 3);
	return desc ? S2_KIND_CORRUPT : S2_KIND_TABLE;
}

uint64_t s2_desc_pa(const struct s2_format *fmt, s2_desc desc)
{
	if (!fmt)
		return 0;
	return s2_oa_decode(fmt, s2_is_block(desc) ? desc & ~S2_DESC_NT : desc);
}

static s2_attr memory_type(s2_desc desc)
{
	switch (desc >> S2_DESC_MEMATTR_SHIFT & 0xf) {
	case 0x1:
		return S2_DEVICE;
	case 0x5:
		return S2_NORMAL_NC;
	default:
		return S2_NORMAL;
	}
}

s2_attr s2_desc_attr(const struct s2_format *fmt, s2_desc desc)
{
	s2_attr attr = memory_type(desc);

	if (!fmt || !s2_is_valid(desc))
		return 0;
	attr |= desc & S2_DESC_READ ? S2_R : 0;
	attr |= desc & (S2_DESC_WRITE | S2_DESC_DBM) ? S2_W : 0;
	attr |= s2_is_logged(desc) ? S2_LOG : 0;
	attr |= s2_is_dirty(desc) ? S2_DIRTY : 0;
	attr |= s2_desc_exec(desc);
	attr |= desc & S2_DESC_AF ? 0 : S2_OLD;
	return attr | (s2_attr)(desc >> S2_DESC_SW_SHIFT & 7) << 8;
}
