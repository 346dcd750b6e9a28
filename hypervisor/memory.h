/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The memory map: what the guest sees at which IPA, and what is behind it.
 *
 *	physical				guest (IPA)
 *	0x08000000  GIC, PL011, RTC		the same, Device
 *	0x40200000  hypervisor, table pages	-
 *	0x80000000  guest RAM			0x40000000: never the same address
 *	behind it   copy of guest RAM		after a migration, 0x40000000
 */
#ifndef HYPERVISOR_MEMORY_H
#define HYPERVISOR_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include <stage2/descriptor.h>

#define MIB UINT64_C(0x100000)
#define PAGE_MIN UINT64_C(4096) /* the smallest page and block: those of the 4K granule */
#define BLOCK_MIN (2 * MIB)

#define UART_PA UINT64_C(0x09000000)

#define BOARD_RAM_PA UINT64_C(0x40000000)
#define RAM_PA UINT64_C(0x80000000)
#define RAM_IPA UINT64_C(0x40000000)
#define RAM_MIN_MIB 256
#define RAM_MAX_MIB 4096
#define RAM_MAX (RAM_MAX_MIB * MIB)

/*
 * A second region of the same size, if anything is copied there: from the next
 * multiple of 1 GiB, so that both look the same to blocks of any granule but by their
 * address.
 */
#define COPY_ALIGN (1024 * MIB)

/* Where scripts/run-guest puts the kernel and its device tree. */
#define KERNEL_IPA RAM_IPA
#define DTB_IPA (RAM_IPA + 128 * MIB)

/*
 * The place of a page of guest RAM: at home, at a fixed distance from its IPA, or
 * in one of the spare pages that each vCPU may move pages to (move.h).
 */
#define PLACE_HOME 0
#define PLACE_SPARE 1 /* the first of them */
#define PLACE_MOVING 0xff /* between two places: nobody may map it */
#define SPARES_EACH 8

/* What is behind one page of the granule. */
struct backing {
	uint64_t ipa; /* where it begins */
	uint64_t pa;
	s2_attr attr;
	bool moving; /* look again later */
};

/* Tells the platform how much memory there is, and finds what is left for table pages. */
void memory_init(void);

/* Bytes of guest RAM. */
uint64_t memory_ram_size(void);

/* What is behind the page of `ipa`; false if the guest has nothing at `ipa`. */
bool memory_find(uint64_t ipa, struct backing *backing);

/* The home of a page of guest RAM, and whether all pages of a range are there. */
uint64_t memory_home(uint64_t ipa);
bool memory_at_home(uint64_t ipa, uint64_t size);

/* Where a page of guest RAM is copied to. */
uint64_t memory_copy(uint64_t ipa);

/* From now on the copies are the guest's memory, and what was that is where copies go. */
void memory_switch(void);

/* Whole pages of physical memory; the guest may have its caches off when it writes or reads them. */
void memory_copy_page(uint64_t from, uint64_t to);
bool memory_same_page(uint64_t a, uint64_t b);
void memory_poison_page(uint64_t pa);

/* Where a page of guest RAM is if it is at `place`. */
uint64_t memory_place_pa(uint64_t ipa, uint8_t place);

/* Takes a page out of `place`, if it is there: it is moving. */
bool memory_claim(uint64_t ipa, uint8_t place);

/* Gives a page that is moving a new place. */
void memory_release(uint64_t ipa, uint8_t place);

#endif
