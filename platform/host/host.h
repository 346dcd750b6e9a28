/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Physical memory for tables on a host, and a view of every step of the engine.
 *
 * The platform functions take no context, so there is one arena to a process.
 * Its physical base is the caller's choice: tables may lie beyond 48 bits though
 * no host has so much memory.  Pages are handed out next-fit, so that a page
 * that was freed too early keeps its poison for as long as possible before
 * somebody makes it valid again.
 */
#ifndef S2_HOST_H
#define S2_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <stage2/descriptor.h>

/* --- the arena -------------------------------------------------------------- */

/* Read by the platform functions on every walk; written by open and close alone. */
struct s2_host_arena {
	unsigned char *base;
	uint64_t pa; /* physical address of base */
	uint64_t size; /* 0: closed */
	uint64_t granule;
};

extern struct s2_host_arena s2_host_arena;

/* The largest alignment of anything allocated: 16 concatenated tables of 64 KiB. */
#define S2_HOST_ALIGN (UINT64_C(1) << 20)

/*
 * Opens the arena: `size` bytes at `pa`, in pages of 1 << granule_shift.  Both
 * multiples of S2_HOST_ALIGN, or EINVAL; ENOMEM; EBUSY if it is open.  0 if it
 * went well.
 */
int s2_host_open(uint64_t pa, uint64_t size, unsigned int granule_shift);

/* Gives the memory back.  Returns how many bytes of it nobody had freed. */
uint64_t s2_host_close(void);

/*
 * `size` bytes, aligned to that, a power of two from the granule to
 * S2_HOST_ALIGN; NULL if there is no such room.  Filled with poison.  Any thread.
 */
void *s2_host_alloc(uint64_t size);

/*
 * The inverse, poisoned at once: every word then reads as a valid descriptor
 * that leads out of the arena.  Aborts with a message if [page, page + size) was
 * not allocated.  Any thread.
 */
void s2_host_free(void *page, uint64_t size);

/* Bytes allocated and not freed. */
uint64_t s2_host_used(void);

/* A descriptor of type table (page, at level 3) with an address that is in no arena. */
#define S2_HOST_POISON UINT64_C(0x006b6b6b6b6b6b6b)

/* --- what happened ---------------------------------------------------------- */

enum s2_host_op {
	S2_HOST_LOAD,
	S2_HOST_STORE,
	S2_HOST_CAS,
	S2_HOST_SWAP,
	S2_HOST_WORD_LOAD, /* of a word that is no descriptor */
	S2_HOST_WORD, /* any other access to one */
	S2_HOST_FENCE,
	S2_HOST_DSB_ISHST,
	S2_HOST_DSB_ISH,
	S2_HOST_DSB_NSH,
	S2_HOST_VMID_ENTER, /* old: the VTTBR until now; value: from now on */
	S2_HOST_VMID_LEAVE,
	S2_HOST_TLBI_FIRST,
	S2_HOST_TLBI_IPAS2E1IS = S2_HOST_TLBI_FIRST, /* value: the operand */
	S2_HOST_TLBI_IPAS2LE1IS,
	S2_HOST_TLBI_RIPAS2E1IS,
	S2_HOST_TLBI_RIPAS2LE1IS,
	S2_HOST_TLBI_VMALLE1IS,
	S2_HOST_TLBI_VMALLS12E1IS,
	S2_HOST_TLBI_ALLE1IS,
	S2_HOST_TLBI_IPAS2E1,
	S2_HOST_TLBI_VMALLE1,
	S2_HOST_DCACHE, /* old: address, value: size */
	S2_HOST_ICACHE,
	S2_HOST_WAIT, /* old: the value waited for to go */
};

#define S2_HOST_TLBI_KINDS (S2_HOST_DCACHE - S2_HOST_TLBI_FIRST)

/* TLBIs of this thread, by kind; and the VTTBR that they act on. */
extern _Thread_local uint64_t s2_host_tlbis[S2_HOST_TLBI_KINDS];
extern _Thread_local uint64_t s2_host_vttbr;

/* One step.  Before a CAS `old` is what is expected, after it what was found. */
struct s2_host_event {
	enum s2_host_op op;
	const void *p;
	uint64_t old;
	uint64_t value;
	bool stored; /* after: *p was written */
};

/*
 * Called around each step of this thread in code compiled with S2_HOST_TRACE;
 * there is no `after` for words, fences and waits.  A hook may call the engine:
 * that is how a test runs one CPU in the middle of another's operation.  It then
 * sees its own steps unless it takes itself out first.
 */
struct s2_host_trace {
	void (*before)(const struct s2_host_event *event);
	void (*after)(const struct s2_host_event *event);
};

extern _Thread_local struct s2_host_trace s2_host_trace;

#endif
