/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Who has a page: the state machine of a protected hypervisor.
 *
 * A hypervisor that does not trust its host gives it a stage 2 of its own, an identity map,
 * and gives each guest one.  Every page of memory has one owner: the host, the hypervisor
 * or a guest.  It may be shared with one other, who borrows it.  This is written in the
 * tables, and nowhere else:
 *
 *	state		host's entry		guest's entry
 *	owned		empty, or a leaf	leaf			nobody else's
 *	shared		leaf, S2_SW(1)		leaf, S2_SW(1)		a guest's too; the host's too
 *	borrowed	leaf, S2_SW(2)		leaf, S2_SW(2)		a guest's; the host's
 *	lent		leaf, S2_SW(3)		-			the hypervisor's too
 *	gone		annotation: whose	annotation: the host	was given away
 *	none		-			empty			not mapped to anything
 *
 * An empty entry of the host's is his, and not mapped yet: his faults map it.  The
 * hypervisor's own mappings are its own affair; what it has is in the host's tree.
 *
 *	host	|owned|  --s2_annotate--> |gone, 7|			   donate: taken from one
 *	guest 7	|none |			   |none   |  --s2_map--> |owned|  before the other has it
 *
 * What the caller owes: one transfer at a time of the same pages, and beside it, on those
 * tables, none of s2_unmap(), s2_annotate(), s2_collapse(), nor s2_map() without S2_HOLES.
 * (A lock for the host's tree and one for each guest's, taken in this order, will do.)  On
 * shared trees all else runs beside it without a lock.  The host's faults among it: s2_map()
 * with S2_FAULT | S2_HOLES and no software bits.  They find a page that is empty, or a leaf
 * that stays as it is, or the lock of a transfer (S2_RETRY), or S2_OWNED.  The caller is inside
 * the read-side sections of both trees.
 */
#ifndef STAGE2_OWNERSHIP_H
#define STAGE2_OWNERSHIP_H

#include <stage2/stage2.h>

/* Owners, as annotations name them.  Guests have numbers from S2_OWNER_GUEST to S2_OWNER_MAX. */
#define S2_OWNER_HOST 1u
#define S2_OWNER_HYP 2u
#define S2_OWNER_GUEST 3u

enum s2_page_state {
	S2_PAGE_OWNED, /* these four are the software bits of a leaf */
	S2_PAGE_SHARED,
	S2_PAGE_BORROWED,
	S2_PAGE_LENT,
	S2_PAGE_NONE,
	S2_PAGE_GONE, /* to s2_desc_owner() of the entry */
	S2_PAGE_UNKNOWN, /* other software bits; not the identity map; locked */
};

/* What an entry that s2_lookup() or s2_walk() has found in the host's tree, or a guest's, says. */
enum s2_page_state s2_page_state(const struct s2_mapping *m, bool host);

enum s2_transfer {
	/* Between the host and a guest. */
	S2_HOST_SHARES, /* the host's page becomes the guest's to use */
	S2_HOST_UNSHARES, /* it is taken back */
	S2_HOST_DONATES, /* it becomes the guest's */
	S2_GUEST_SHARES, /* the guest's page becomes the host's to use */
	S2_GUEST_UNSHARES,
	S2_GUEST_DONATES, /* it becomes the host's, mapped */
	S2_HOST_RECLAIMS, /* of a guest that does not run any more: whatever it has or borrows */
	/* Between the host and the hypervisor: guest, guest_id, ipa and attr are not looked at. */
	S2_HOST_LENDS, /* the host's page becomes the hypervisor's to use */
	S2_HOST_UNLENDS,
	S2_HOST_YIELDS, /* it becomes the hypervisor's */
	S2_HYP_DONATES, /* the hypervisor's becomes the host's, mapped */
};

/* A range of pages, and who is concerned.  The trees are `owned`, and of one granule. */
struct s2_pages {
	struct s2_tree *host;
	s2_attr host_attr; /* of all that the host has mapped; no software bits */
	struct s2_tree *guest;
	uint32_t guest_id; /* S2_OWNER_GUEST..S2_OWNER_MAX */
	uint64_t pa; /* and the host's IPA */
	uint64_t ipa; /* the guest's */
	uint64_t size;
	s2_attr attr; /* of what is mapped for the guest; no software bits */
};

/*
 * Moves all pages of the range from one state to another, or none.  Both sides are checked
 * for all of them before either is changed.  Who loses something has lost it, on all CPUs,
 * before another gets it.
 *
 * A page that comes back to the host has what the last owner left in it: the caller wipes
 * pages that a guest owned and did not share before S2_HOST_RECLAIMS.  There, all pages of
 * the range must be in one state; s2_page_state() tells.
 *
 * S2_OK, cpu->done == size.  Else cpu->done == 0 and no page is in another state than before;
 * blocks at the ends of the range may have been split:
 * S2_WRONG_OWNER	a page is not his who would give it, share it or take it back
 * S2_WRONG_STATE	it is his, and shared or lent, or is not
 * S2_NOT_EMPTY		the guest has something at that address already
 * S2_NO_MATCH		the other side does not say the same: another page there, another guest
 * S2_NO_PAGE, S2_QUOTA	for tables at the ends of the range, in either tree, and for those
 *			that the new mapping needs: fill, and call again
 * S2_CORRUPT; bad input: S2_INVALID, S2_BAD_SIZE, S2_MISALIGNED, S2_WRAPS, S2_IPA_RANGE,
 * S2_PA_RANGE, S2_BAD_ATTR, S2_BAD_OWNER (guest_id), S2_NO_OWNERS, S2_BAD_CACHE, S2_BUSY.
 *
 * Waits for faults that are just changing an entry of the range, never for a lock.  It is not
 * cut in two: cpu->budget is not looked at, the size bounds the work.  Nor is cpu->log.
 *
 * TLB: as s2_unmap() and s2_map().
 */
int s2_transfer(struct s2_cpu *cpu, enum s2_transfer what, const struct s2_pages *pages);

#endif
