/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A guest that loads from an address where it has neither memory nor a device.
 * No hypervisor can resolve that; this one has to say so, and to stop.
 */
	.text
	mov	x0, #0x20000000
	movk	x0, #0x1238
	mov	x19, #0x5ca1
	ldr	x1, [x0]
	b	.
