/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * VMIDs for more guests than there are VMIDs.  Optional: who has enough of them
 * gives each tree one of its own (s2_tree_config) and needs none of this.
 *
 * A VMID is given out once in a *generation*.  When none is left, a new generation
 * begins: all TLBs are invalidated, and every VMID is free again but those that a
 * CPU is using at that moment, which stay with their guests:
 *
 *	a guest's word		generation			| VMID
 *	a CPU's slot		the word of the guest it uses; VMID 0 if none
 *
 * The invariant: between two invalidations of all TLBs a VMID is used by one guest
 * only.  So whatever a TLB holds of a VMID is of the guest that has it now.
 *
 * A CPU *uses* a guest's VMID from s2_vmid_enter() to its next s2_vmid_enter() or
 * s2_vmid_leave().  It must do so for two things: to run the guest, and to make a
 * call on the guest's tree that may invalidate (all but s2_lookup(), s2_walk(),
 * s2_map_cost() and s2_destroy(); with S2_DEFER up to the s2_flush()).  As long as
 * any CPU uses it, the guest keeps its VMID: an operation in flight invalidates for
 * the very VMID that all vCPUs of the guest run with.
 *
 * The caller owes: enter and leave are called where the guest does not run (at EL2),
 * by the CPU itself, with interrupts off that could lead to another call of the two
 * on this CPU; and the CPU is not preempted inside of them, as others may wait for it.
 */
#ifndef STAGE2_VMID_H
#define STAGE2_VMID_H

#include <stdint.h>

#include <stage2/stage2.h>
#include <stage2/status.h>

/* Private.  What one CPU uses; a line of its own. */
struct s2_vmid_slot {
	_Alignas(64) uint64_t active; /* 0: taken away by a new generation, which has `reserved` */
	uint64_t reserved; /* the word that it used then; 0: none.  Guarded by the lock */
};

/* Words of the bitmap for so many bits. */
#define S2_VMID_WORDS(bits) ((UINT64_C(1) << (bits)) / 64)

struct s2_vmids_config {
	uint64_t *bitmap; /* S2_VMID_WORDS(bits) words */
	struct s2_vmid_slot *slot; /* one for each CPU */
	uint32_t cpus;
	uint32_t first; /* the lowest VMID to give out, >= 1: those below it are the caller's */
	uint8_t bits; /* 8, or 16 if all CPUs have them and VTCR_EL2.VS is set */
};

/* Private. */
struct s2_vmids {
	struct s2_vmid_slot *slot;
	uint64_t *bitmap;
	uint32_t cpus;
	uint32_t first;
	uint32_t count; /* of VMIDs, those below `first` included */
	uint8_t bits;
	/* Written on the slow path only, all of it under the lock. */
	_Alignas(64) uint64_t lock;
	uint64_t generation; /* a multiple of `count`, never 0 */
	uint32_t next; /* every VMID below it is taken */
};

/* One guest, or one tree of it. */
struct s2_vmid {
	uint64_t word; /* generation and VMID; 0: has had none */
	struct s2_vmids *vmids;
	struct s2_tree *tree;
};

/*
 * Begins the first generation, and invalidates all TLBs: nothing that was there
 * before can be met under a VMID that is given out.  Bitmap and slots live as long as
 * `vmids`, and their contents do not matter.
 *
 * S2_INVALID (null); S2_BAD_VMID_BITS; S2_BAD_SIZE (no CPUs); S2_BAD_VMID (`first` is 0,
 * or beyond the bits); S2_NO_VMID (not one VMID more than CPUs, so that a new generation
 * could find all of them in use).
 */
int s2_vmids_init(struct s2_vmids *vmids, const struct s2_vmids_config *cfg);

/*
 * A guest without a VMID as yet.  The tree is initialised, with any VMID (nothing is
 * cached of it), and outlives `guest`.  There is nothing to be undone at the end of it:
 * once no CPU uses it, its VMID becomes free with the next generation.
 *
 * S2_INVALID (null, or never initialised); S2_BAD_VMID (the format has fewer VMID bits).
 */
int s2_vmid_init(struct s2_vmid *guest, struct s2_vmids *vmids, struct s2_tree *tree);

/*
 * From now on CPU `cpu` uses the VMID of `guest`, and no other.  On return the VMID is
 * in tree->vttbr and stays there until no CPU uses it: load VTTBR_EL2 from there before
 * the guest runs, every time, as it may have changed since this CPU ran it last.
 *
 * S2_OK; S2_INVALID (null, a guest of other VMIDs, no such CPU), nothing changed.
 *
 * The fast path is a look at the guest's word and, unless this CPU was using the guest
 * already, one compare-and-swap on its own slot; it writes nothing that is shared.
 * The slow path (the first time in each generation, for a guest or a CPU) takes a spin
 * lock, held for a time that is bounded by the numbers of CPUs and VMIDs, and by one
 * TLBI of everything where a generation begins.
 */
int s2_vmid_enter(struct s2_vmids *vmids, uint32_t cpu, struct s2_vmid *guest);

/*
 * CPU `cpu` uses no VMID: before it sleeps for long, is switched off, or loads a VTTBR_EL2
 * of its own with a VMID below `first`.  Not needed between two guests.  S2_OK, also if it
 * used none; S2_INVALID (null, no such CPU).
 */
int s2_vmid_leave(struct s2_vmids *vmids, uint32_t cpu);

#endif
