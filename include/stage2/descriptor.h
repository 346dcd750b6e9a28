/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * One 64-bit descriptor: what it says, and how to say it.
 *
 * Pure functions of a format and a value; nothing here reads memory.  What the
 * hardware sees of a stage-2 descriptor (Arm ARM, "Stage 2 attribute fields"):
 *
 *    63 59 58  55 54 53 52 51 50                            12 11 10 9 8 7  6 5     2 1 0
 *   |ign  | sw   | XN  |Ct|DBM| output address                |   |AF|SH |S2AP|MemAttr|t|V|
 *
 * DBM means: writes are logged here.  Then S2AP[1] is the log, whoever sets it: the
 * hardware where VTCR_EL2.HD is set, else the fault handler (s2_touch(), s2_map()).
 *
 * An entry whose bit 0 is clear is invalid and the hardware ignores all else,
 * so the engine keeps its own states there.  Their kind is in bits 3:1; bit 7
 * (S2AP[1], "writable") is clear in all of them, so that an atomic operation
 * that takes away write permission changes none:
 *
 *    kind 0   empty       the whole descriptor is zero
 *    kind 1   annotated   owner 63:52, payload 51:12
 *    kind 2   locked      a break is in progress; 51:12 hold the table that the
 *                         entry pointed to, if bit 4 is set
 *    kind 3   link        entry 0 of an unlinked table: if bit 4 is set, 51:12
 *                         hold the next unlinked table, 6:5 the level of its entries
 *
 * A walker that meets a locked entry or a link has met another operation: it
 * waits or retries, and never builds on it.
 */
#ifndef STAGE2_DESCRIPTOR_H
#define STAGE2_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include <stage2/format.h>

typedef uint64_t s2_desc;

#define S2_DESC_VALID (UINT64_C(1) << 0)
#define S2_DESC_TABLE (UINT64_C(1) << 1) /* table above level 3, page at level 3 */
#define S2_DESC_READ (UINT64_C(1) << 6) /* S2AP[0] */
#define S2_DESC_WRITE (UINT64_C(1) << 7) /* S2AP[1] */
#define S2_DESC_AF (UINT64_C(1) << 10)
#define S2_DESC_NT \
	(UINT64_C(1) << 16) /* of a block, FEAT_BBM level 1: must not be cached as it is */
#define S2_DESC_DBM (UINT64_C(1) << 51)
#define S2_DESC_CONTIG (UINT64_C(1) << 52) /* of a leaf: one of a group that may be cached as one */
#define S2_DESC_XN (UINT64_C(1) << 54) /* XN[1]: with XN[0] clear, no execution at EL1 nor EL0 */
#define S2_DESC_XN0 \
	(UINT64_C(1) << 53) /* XN[0], FEAT_XNX: what XN[1] says of EL1 is the other way round */
#define S2_DESC_SEAL (UINT64_C(1) << 58) /* the engine's own software bit */

/*
 * Attributes of a mapping, independent of any format.
 *
 * Permissions may be combined freely, none at all included.  Exactly one memory
 * type; a device is never executable (S2_BAD_ATTR).  S2_X_EL1 and S2_X_EL0 go
 * together unless the format has S2_FEAT_XNX (S2_BAD_ATTR).  S2_OLD leaves the access
 * flag clear: the first access faults, or is recorded by hardware.  S2_SW(0..7)
 * is kept in descriptor bits 57:55 and means what the caller wants it to.
 *
 * S2_LOG, only with S2_W: the first write to the page is noted (dirty.h).  S2_DIRTY,
 * only with S2_LOG: that is so already.  Else S2_BAD_ATTR.
 */
typedef uint32_t s2_attr;

#define S2_R 0x1u
#define S2_W 0x2u
#define S2_X_EL1 0x4u
#define S2_X_EL0 0x40u
#define S2_X (S2_X_EL1 | S2_X_EL0)
#define S2_RW (S2_R | S2_W)
#define S2_RWX (S2_R | S2_W | S2_X)
#define S2_OLD 0x8u
#define S2_NORMAL 0x00u /* Normal, Inner and Outer Write-Back Cacheable, Inner Shareable */
#define S2_NORMAL_NC 0x10u /* Normal Non-cacheable */
#define S2_DEVICE 0x20u /* Device-nGnRE */
#define S2_MEM_MASK 0x30u
#define S2_LOG 0x80u
#define S2_DIRTY 0x800u
#define S2_SW(n) ((s2_attr)(n) << 8)
#define S2_SW_MASK 0x700u
#define S2_ATTR_ALL (S2_RWX | S2_OLD | S2_MEM_MASK | S2_LOG | S2_DIRTY | S2_SW_MASK)

/* What one entry is. */
enum s2_kind {
	S2_KIND_EMPTY,
	S2_KIND_ANNOTATED,
	S2_KIND_LOCKED, /* locked, or a link: another operation is at work here */
	S2_KIND_TABLE,
	S2_KIND_LEAF, /* block, or page at level 3 */
	S2_KIND_CORRUPT, /* reserved encodings, and what the engine never writes */
};

/* Bits of an annotation. */
#define S2_OWNER_MAX 0xfffu
#define S2_PAYLOAD_MAX ((UINT64_C(1) << 40) - 1)

/*
 * A leaf at `level` with output address `pa`.
 * S2_INVALID (null), S2_BAD_LEVEL, S2_BAD_ATTR, S2_PA_RANGE (any byte of the
 * leaf beyond pa_bits), S2_MISALIGNED (to the level's size); *desc is then not
 * written.  Without S2_FEAT_FWB memory attributes combine with those of stage 1;
 * with it Normal is forced to Write-Back (FEAT_S2FWB, MemAttr[4:2] = 0b110).
 */
int s2_desc_leaf(const struct s2_format *fmt, unsigned int level, uint64_t pa, s2_attr attr,
		 s2_desc *desc);

/* A pointer to the table at `pa`.  S2_INVALID, S2_PA_RANGE, S2_MISALIGNED (to the granule). */
int s2_desc_table(const struct s2_format *fmt, uint64_t pa, s2_desc *desc);

/* An annotation: owner 1..S2_OWNER_MAX, payload 0..S2_PAYLOAD_MAX; else S2_BAD_OWNER. */
int s2_desc_annotation(uint32_t owner, uint64_t payload, s2_desc *desc);

/* What `desc` is at `level`; S2_KIND_CORRUPT too for a level that does not exist. */
enum s2_kind s2_desc_kind(const struct s2_format *fmt, unsigned int level, s2_desc desc);

/* Output address of a leaf, or address of the table that a table descriptor points to. */
uint64_t s2_desc_pa(const struct s2_format *fmt, s2_desc desc);

/* Attributes of a leaf: the inverse of s2_desc_leaf(). */
s2_attr s2_desc_attr(const struct s2_format *fmt, s2_desc desc);

/* Owner and payload of an annotation. */
static inline uint32_t s2_desc_owner(s2_desc desc)
{
	return (uint32_t)(desc >> 52);
}

static inline uint64_t s2_desc_payload(s2_desc desc)
{
	return desc >> 12 & S2_PAYLOAD_MAX;
}

#endif
