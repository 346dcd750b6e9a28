/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What a call answers.
 *
 * Every function that can fail returns an int: S2_OK, or one of the negative
 * values below.  They have the values of Linux errno constants, so that a port
 * to a kernel can hand them on, and each is used for one reason only: a caller
 * can tell from the value alone what was wrong and whether to try again.
 */
#ifndef STAGE2_STATUS_H
#define STAGE2_STATUS_H

enum s2_status {
	S2_OK = 0,

	/* Not finished, not wrong: call again. */
	S2_RETRY = -11, /* a race was lost, nothing done beyond cpu->done (EAGAIN) */
	S2_MORE = -115, /* the budget is used up; go on at ipa + cpu->done (EINPROGRESS) */

	/* A resource of the caller's has run out; fill it and go on at ipa + cpu->done. */
	S2_NO_PAGE = -12, /* the page cache holds too few pages (ENOMEM) */
	S2_QUOTA = -122, /* the tree has as many tables as its quota allows (EDQUOT) */

	/* The tables are not in the state that the operation needs. */
	S2_OWNED = -13, /* an annotated entry is in the way (EACCES) */
	S2_NOT_MAPPED = -2, /* touch: nothing is mapped there (ENOENT) */
	S2_READ_ONLY = -30, /* touch: it may not be written (EROFS) */
	S2_NOT_UNIFORM = -18, /* collapse: the entries do not form a block (EXDEV) */
	S2_WRONG_OWNER =
		-130, /* transfer: the pages are not his who would give them (EOWNERDEAD) */
	S2_WRONG_STATE = -77, /* transfer: they are his, but shared, or not shared (EBADFD) */
	S2_NOT_EMPTY = -17, /* transfer: the other has something there already (EEXIST) */
	S2_NO_MATCH = -71, /* transfer: the other does not have what it is about (EPROTO) */
	S2_CORRUPT = -117, /* a descriptor that no engine writes: see cpu->corrupt (EUCLEAN) */

	/* Bad input: nothing was changed. */
	S2_INVALID = -22, /* null pointer, unknown flag, or an object never initialised (EINVAL) */
	S2_BAD_SIZE = -90, /* a size of zero, or none that the object could have (EMSGSIZE) */
	S2_MISALIGNED = -14, /* an address or size is not a multiple of what it must be (EFAULT) */
	S2_WRAPS = -75, /* address + size wraps around 2^64 (EOVERFLOW) */
	S2_IPA_RANGE = -34, /* beyond the IPA bits of the format (ERANGE) */
	S2_PA_RANGE = -33, /* beyond the PA bits of the format (EDOM) */
	S2_BAD_ATTR = -95, /* attributes that contradict each other or do not exist (EOPNOTSUPP) */
	S2_BAD_LEVEL = -44, /* the format has no such level, or no block there (ECHRNG) */
	S2_NO_OWNERS = -6, /* annotate: the tree was made without (ENXIO) */
	S2_BAD_OWNER = -87, /* an owner or payload beyond its bits (EUSERS) */
	S2_BAD_VMID = -49, /* beyond the VMID bits of the format (EUNATCH) */
	S2_NO_VMID = -28, /* too few VMIDs for so many CPUs (ENOSPC) */
	S2_BAD_CACHE = -74, /* the cache holds pages of another granule (EBADMSG) */
	S2_BAD_BITMAP = -7, /* the bitmap does not cover the range, or is misaligned (E2BIG) */
	S2_NO_GRACE = -1, /* a shared tree without a grace period (EPERM) */
	S2_BUSY = -16, /* an invalidation that this CPU deferred is not flushed (EBUSY) */

	/* Bad configuration of a format: each its own. */
	S2_BAD_GRANULE = -93, /* not 4K, 16K or 64K (EPROTONOSUPPORT) */
	S2_BAD_IPA_BITS =
		-36, /* not in 32..52, or more than granule and LPA2 allow (ENAMETOOLONG) */
	S2_BAD_PA_BITS =
		-91, /* not a size that VTCR_EL2.PS can say, or more than granule allows (EPROTOTYPE) */
	S2_IPA_OVER_PA = -40, /* more IPA bits than PA bits (ELOOP) */
	S2_BAD_VMID_BITS = -92, /* not 8 or 16 (ENOPROTOOPT) */
	S2_BAD_FEATURE = -38, /* an unknown feature bit, or one without what it needs (ENOSYS) */
	S2_BAD_LPA2 = -97, /* LPA2 with a 64K granule, which has no such format (EAFNOSUPPORT) */
};

#endif
