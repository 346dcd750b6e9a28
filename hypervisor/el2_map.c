/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * EL2's own translation: one level-1 table, filled in by the compiler, that maps
 * every address to itself in blocks of 1 GiB.  Static because it must be there
 * before the first store.
 */
#include <stdint.h>

#include "memory.h"

#define BLOCK UINT64_C(0x1)
#define NORMAL UINT64_C(0x0) /* MAIR_EL2 attribute 0 */
#define DEVICE UINT64_C(0x4) /* attribute 1 */
#define INNER_SHAREABLE (UINT64_C(3) << 8)
#define AF (UINT64_C(1) << 10)
#define XN (UINT64_C(1) << 54)

#define GIB(n) ((uint64_t)(n) << 30)
#define DEVICES (XN | AF | DEVICE | BLOCK)
#define CODE (AF | INNER_SHAREABLE | NORMAL | BLOCK)
#define GUEST_RAM (XN | CODE)

_Static_assert(RAM_PA == GIB(2) && RAM_MAX == GIB(4), "the table below maps all guest RAM, twice");

_Alignas(4096) uint64_t el2_map[512] = {
	GIB(0) | DEVICES,   GIB(1) | CODE,	GIB(2) | GUEST_RAM, GIB(3) | GUEST_RAM,
	GIB(4) | GUEST_RAM, GIB(5) | GUEST_RAM, GIB(6) | GUEST_RAM, GIB(7) | GUEST_RAM,
	GIB(8) | GUEST_RAM, GIB(9) | GUEST_RAM,
};
