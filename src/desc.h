/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The parts of descriptor.c that a walk needs inline: address fields, the test
 * for a table, and the invalid states that only the engine writes.
 */
#ifndef S2_DESC_H
#define S2_DESC_H

#include <stage2/descriptor.h>

/* Invalid descriptors: bits 3:1 say what, bit 4 that bits 51:12 hold a table's address. */
#define S2_INVALID_KIND UINT64_C(0xe)
#define S2_INVALID_ANNOTATED UINT64_C(0x2)
#define S2_INVALID_LOCKED UINT64_C(0x4)
#define S2_INVALID_LINK UINT64_C(0x6)
#define S2_HAS_TABLE UINT64_C(0x10)
#define S2_LINK_LEVEL_SHIFT 5
#define S2_TABLE_PA (((UINT64_C(1) << 52) - 1) & ~UINT64_C(0xfff))

/* What may differ between leaves that map the same memory alike. */
#define S2_DESC_XN_MASK (S2_DESC_XN | S2_DESC_XN0)
#define S2_DESC_SW_SHIFT 55
#define S2_DESC_MEMATTR_SHIFT 2
#define S2_DESC_SW_MASK (UINT64_C(7) << S2_DESC_SW_SHIFT)
#define S2_DESC_PERM (S2_DESC_READ | S2_DESC_WRITE | S2_DESC_DBM | S2_DESC_XN_MASK)

/* fmt->straight: what straight.h is compiled for. */
enum {
	S2_STRAIGHT_ANY,
	S2_STRAIGHT_KNOWN, /* 4K with three or four levels, addresses in one piece */
	S2_STRAIGHT_NEVER, /* what a test says */
};

static inline uint64_t s2_oa_encode(const struct s2_format *fmt, uint64_t pa)
{
	return (pa & fmt->oa_low) | (pa >> fmt->oa_high_shift & fmt->oa_high);
}

static inline uint64_t s2_oa_decode(const struct s2_format *fmt, s2_desc desc)
{
	return (desc & fmt->oa_low) | (desc & fmt->oa_high) << fmt->oa_high_shift;
}

static inline bool s2_is_valid(s2_desc desc)
{
	return desc & S2_DESC_VALID;
}

/* Bits that a leaf of `level` has beside its attributes and its address. */
static inline s2_desc s2_leaf_type(unsigned int level)
{
	return level == S2_LAST_LEVEL ? S2_DESC_VALID | S2_DESC_TABLE : S2_DESC_VALID;
}

static inline bool s2_is_block(s2_desc desc)
{
	return (desc & 3) == S2_DESC_VALID;
}

/* Valid, and of table type where a table can be; says nothing of its address. */
static inline bool s2_is_table(unsigned int level, s2_desc desc)
{
	return level < S2_LAST_LEVEL && (desc & 3) == 3;
}

static inline bool s2_is_leaf(unsigned int level, s2_desc desc)
{
	return s2_is_valid(desc) && !s2_is_table(level, desc);
}

static inline bool s2_is_link(s2_desc desc)
{
	return (desc & (S2_DESC_VALID | S2_INVALID_KIND)) == S2_INVALID_LINK;
}

/* Locked by an operation, or the link of an unlinked table: nobody may build on it. */
static inline bool s2_is_locked(s2_desc desc)
{
	s2_desc kind = desc & (S2_DESC_VALID | S2_INVALID_KIND);

	return kind == S2_INVALID_LOCKED || kind == S2_INVALID_LINK;
}

/* A leaf whose writes are logged, and one that was written since. */
static inline bool s2_is_logged(s2_desc desc)
{
	return desc & S2_DESC_DBM;
}

static inline bool s2_is_dirty(s2_desc desc)
{
	return (desc & (S2_DESC_DBM | S2_DESC_WRITE)) == (S2_DESC_DBM | S2_DESC_WRITE);
}

/* A leaf that is one of a contiguous group. */
static inline bool s2_is_grouped(s2_desc desc)
{
	return (desc & (S2_DESC_VALID | S2_DESC_CONTIG)) == (S2_DESC_VALID | S2_DESC_CONTIG);
}

/* The leaf `desc` of `level`, `n` entries further. */
static inline s2_desc s2_leaf_after(const struct s2_format *fmt, unsigned int level, s2_desc desc,
				    unsigned int n)
{
	uint64_t pa = s2_oa_decode(fmt, desc) + ((uint64_t)n << s2_level_shift(fmt, level));

	return (desc & ~(fmt->oa_low | fmt->oa_high)) | s2_oa_encode(fmt, pa);
}

/*
 * What may be executed, as S2_X_EL1 and S2_X_EL0 (Arm ARM, "FEAT_XNX"): XN[1] forbids
 * it at EL0, and at EL1 as well unless XN[0] is set, which turns round what it says of EL1.
 */
static inline s2_attr s2_desc_exec(s2_desc desc)
{
	bool xn1 = desc & S2_DESC_XN, xn0 = desc & S2_DESC_XN0;

	return (xn1 ? 0 : S2_X_EL0) | (xn1 == xn0 ? S2_X_EL1 : 0);
}

static inline s2_desc s2_exec_desc(s2_attr attr)
{
	bool el1 = attr & S2_X_EL1, el0 = attr & S2_X_EL0;

	return (el0 ? 0 : S2_DESC_XN) | (el1 == el0 ? 0 : S2_DESC_XN0);
}

static inline bool s2_exec_is_sane(const struct s2_format *fmt, s2_attr attr)
{
	s2_attr exec = attr & S2_X;

	return !exec || exec == S2_X || fmt->features & S2_FEAT_XNX;
}

/* Whether memory is cleaned to the point of coherency before it is mapped so. */
static inline bool s2_is_cleaned(const struct s2_format *fmt, s2_attr attr)
{
	return !(fmt->features & S2_FEAT_FWB) && (attr & S2_MEM_MASK) == S2_NORMAL;
}

/* A leaf of memory that the guest may have in caches. */
static inline bool s2_is_write_back(const struct s2_format *fmt, s2_desc desc)
{
	return s2_is_valid(desc) && (s2_desc_attr(fmt, desc) & S2_MEM_MASK) == S2_NORMAL;
}

static inline bool s2_is_sealed(s2_desc desc)
{
	return s2_is_valid(desc) && (desc & S2_DESC_SEAL);
}

/* A block at 0 by its attributes, all of them below S2_LOG; 0 if they contradict each other. */
s2_desc s2_leaf_at_0(const struct s2_format *fmt, s2_attr attr);

/* The same with what S2_LOG and S2_DIRTY add to it. */
s2_desc s2_leaf_logged(s2_desc desc, s2_attr attr);

/* A block at 0 by its attributes; 0 if they contradict each other. */
static inline s2_desc s2_block(const struct s2_format *fmt, s2_attr attr)
{
	s2_desc desc = fmt->leaf[attr & (S2_LOG - 1)] & ~S2_DESC_TABLE;

	if (attr & ~(s2_attr)S2_ATTR_ALL || !desc)
		return 0;
	desc |= (s2_desc)(attr & S2_SW_MASK) << (S2_DESC_SW_SHIFT - 8);
	return attr & (S2_LOG | S2_DIRTY) ? s2_leaf_logged(desc, attr) : desc;
}

/* s2_desc_attr() of a valid descriptor. */
static inline s2_attr s2_leaf_attr(const struct s2_format *fmt, s2_desc desc)
{
	s2_attr attr =
		(s2_attr)fmt->attr_low[desc >> 2 & 0x1ff] | fmt->attr_high[desc >> 51 & 0x7f];

	return attr & S2_LOG && desc & S2_DESC_WRITE ? attr | S2_DIRTY : attr;
}

/* s2_desc_kind(), of a level that there is: what is met most often here, and the rest there. */
static inline enum s2_kind s2_kind(const struct s2_format *fmt, unsigned int level, s2_desc desc)
{
	if (s2_is_table(level, desc) && !(desc & ~(fmt->oa_low | fmt->oa_high | 3)))
		return S2_KIND_TABLE;
	if ((desc & 3) == s2_leaf_type(level) && !(desc & fmt->no_leaf[level]) &&
	    !(s2_is_grouped(desc) && s2_is_logged(desc)))
		return S2_KIND_LEAF;
	return desc ? s2_desc_kind(fmt, level, desc) : S2_KIND_EMPTY;
}

/* The locked state that replaces `desc`: it remembers the table, if there was one. */
static inline s2_desc s2_locked(const struct s2_format *fmt, unsigned int level, s2_desc desc)
{
	if (!s2_is_table(level, desc))
		return S2_INVALID_LOCKED;
	return S2_INVALID_LOCKED | S2_HAS_TABLE | s2_oa_decode(fmt, desc);
}

static inline s2_desc s2_link(uint64_t table_pa, unsigned int level)
{
	return S2_INVALID_LINK | S2_HAS_TABLE | table_pa | (s2_desc)level << S2_LINK_LEVEL_SHIFT;
}

static inline unsigned int s2_link_level(s2_desc link)
{
	return link >> S2_LINK_LEVEL_SHIFT & 3;
}

#endif
