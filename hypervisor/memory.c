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

/* The devices of QEMU's virt board that scripts/run-guest leaves in the device tree. */
static const struct device {
	uint64_t base;
	uint64_t size;
} devices[] = {
	{0x08000000, 0x00010000}, /* GICv3 distributor */
	{0x080a0000, 0x00f60000}, /* GICv3 redistributors */
	{UART_PA, PAGE_SIZE}, /* PL011 */
	{0x09010000, PAGE_SIZE}, /* PL031 */
};

extern uint8_t image_end[];

_Static_assert(PLACE_SPARE + MAX_VCPUS * SPARES_EACH <= PLACE_MOVING, "a place is one byte");

static uint8_t places[RAM_MAX / PAGE_SIZE]; /* of each page, atomic */
static _Alignas(PAGE_SIZE) uint8_t spares[MAX_VCPUS * SPARES_EACH][PAGE_SIZE];

uint64_t memory_ram_size(void)
{
	return options.mem * MIB;
}

void memory_init(void)
{
	s2p_memory.size = RAM_PA + memory_ram_size() - BOARD_RAM_PA;
	pool_init((uintptr_t)image_end, RAM_PA);
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
	return &places[(ipa - RAM_IPA) / PAGE_SIZE];
}

uint64_t memory_home(uint64_t ipa)
{
	return ipa - RAM_IPA + RAM_PA;
}

bool memory_at_home(uint64_t ipa, uint64_t size)
{
	for (uint64_t page = ipa; page < ipa + size; page += PAGE_SIZE) {
		if (__atomic_load_n(place_of(page), __ATOMIC_ACQUIRE) != PLACE_HOME)
			return false;
	}
	return true;
}

uint64_t memory_place_pa(uint64_t ipa, uint8_t place)
{
	return place == PLACE_HOME ? memory_home(ipa) : (uintptr_t)spares[place - PLACE_SPARE];
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
	uint64_t page = ipa & ~(PAGE_SIZE - 1);

	*backing = (struct backing){.pa = page, .attr = S2_DEVICE | S2_RW};
	if (page - RAM_IPA >= memory_ram_size())
		return is_device(page);
	find_ram(page, backing);
	return true;
}
