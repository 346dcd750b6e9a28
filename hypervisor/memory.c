/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The memory map in operation: guest RAM, the devices that are passed through,
 * and the memory that the engine may touch.
 */
#include <stddef.h>

#include <stage2/platform.h>

#include "guest.h"
#include "memory.h"
#include "options.h"
#include "pool.h"

struct s2p_memory s2p_memory = {.base = BOARD_RAM_PA};

#define GICD_PA UINT64_C(0x08000000)
#define GICR_PA UINT64_C(0x080a0000)
#define RTC_PA UINT64_C(0x09010000)

#define POISON UINT64_C(0xdeaddeaddeaddead)

/*
 * The devices of QEMU's virt board that scripts/run-guest leaves in the device
 * tree.  A page of the granule that is larger than a device gives the guest what
 * lies behind the device as well.  That is nothing: the board leaves the rest of
 * the 64 KiB that each of them begins empty, for guests with such pages.
 */
static const struct device {
	uint64_t base;
	uint64_t size;
} devices[] = {
	{GICD_PA, 0x00010000}, /* GICv3 distributor */
	{GICR_PA, 0x00f60000}, /* GICv3 redistributors */
	{UART_PA, 0x00001000}, /* PL011 */
	{RTC_PA, 0x00001000}, /* PL031 */
};
_Static_assert(((GICD_PA | GICR_PA | UART_PA | RTC_PA) & 0xffff) == 0,
	       "a page of any granule that a device is in begins with it");

extern uint8_t image_end[];

_Static_assert(PLACE_SPARE + MAX_VCPUS * SPARES_EACH <= PLACE_MOVING, "a place is one byte");

static uint8_t places[RAM_MAX / PAGE_MIN]; /* of each page, atomic */
static uint64_t home = RAM_PA, elsewhere; /* where guest RAM is, and where its copy is */
static uint64_t spares; /* PA of the first spare page; the others follow */

uint64_t memory_ram_size(void)
{
	return options.mem * MIB;
}

void memory_init(void)
{
	uint64_t page = guest_page_size();

	elsewhere = (RAM_PA + memory_ram_size() + COPY_ALIGN - 1) & ~(COPY_ALIGN - 1);
	s2p_memory.size = (options.dirty ? elsewhere : RAM_PA) + memory_ram_size() - BOARD_RAM_PA;
	pool_init((uintptr_t)image_end, RAM_PA, guest.format.granule_shift);
	spares = (uintptr_t)pool_carve(page * MAX_VCPUS * SPARES_EACH, page);
}

static bool is_device(uint64_t ipa)
{
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if (ipa - devices[i].base < devices[i].size)
			return true;
	}
	return false;
}

static uint8_t *place_of(uint64_t ipa)
{
	return &places[(ipa - RAM_IPA) / guest_page_size()];
}

uint64_t memory_home(uint64_t ipa)
{
	return ipa - RAM_IPA + home;
}

uint64_t memory_copy(uint64_t ipa)
{
	return ipa - RAM_IPA + elsewhere;
}

void memory_switch(void)
{
	uint64_t old = home;

	home = elsewhere;
	elsewhere = old;
}

bool memory_at_home(uint64_t ipa, uint64_t size)
{
	for (uint64_t page = ipa; page < ipa + size; page += guest_page_size()) {
		if (__atomic_load_n(place_of(page), __ATOMIC_ACQUIRE) != PLACE_HOME)
			return false;
	}
	return true;
}

uint64_t memory_place_pa(uint64_t ipa, uint8_t place)
{
	if (place == PLACE_HOME)
		return memory_home(ipa);
	return spares + (uint64_t)(place - PLACE_SPARE) * guest_page_size();
}

bool memory_claim(uint64_t ipa, uint8_t place)
{
	return __atomic_compare_exchange_n(place_of(ipa), &place, PLACE_MOVING, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

void memory_release(uint64_t ipa, uint8_t place)
{
	__atomic_store_n(place_of(ipa), place, __ATOMIC_RELEASE);
}

static uint64_t *words(uint64_t pa)
{
	return (uint64_t *)(uintptr_t)pa;
}

static size_t page_words(void)
{
	return guest_page_size() / sizeof(uint64_t);
}

void memory_copy_page(uint64_t from, uint64_t to)
{
	if (!(guest.format.features & S2_FEAT_FWB))
		s2p_dcache_clean_inval(from, guest_page_size());
	for (size_t i = 0, n = page_words(); i < n; i++)
		words(to)[i] = words(from)[i];
	if (!(guest.format.features & S2_FEAT_FWB))
		s2p_dcache_clean_inval(to, guest_page_size());
}

bool memory_same_page(uint64_t a, uint64_t b)
{
	for (size_t i = 0, n = page_words(); i < n; i++) {
		if (words(a)[i] != words(b)[i])
			return false;
	}
	return true;
}

void memory_poison_page(uint64_t pa)
{
	for (size_t i = 0, n = page_words(); i < n; i++)
		words(pa)[i] = POISON;
}

static void find_ram(uint64_t page, struct backing *backing)
{
	uint8_t place = __atomic_load_n(place_of(page), __ATOMIC_ACQUIRE);

	backing->attr = S2_NORMAL | S2_RWX;
	backing->moving = place == PLACE_MOVING;
	if (!backing->moving)
		backing->pa = memory_place_pa(page, place);
}

bool memory_find(uint64_t ipa, struct backing *backing)
{
	uint64_t page = ipa & ~(guest_page_size() - 1);

	*backing = (struct backing){.ipa = page, .pa = page, .attr = S2_DEVICE | S2_RW};
	if (page - RAM_IPA >= memory_ram_size())
		return is_device(ipa);
	find_ram(page, backing);
	return true;
}
