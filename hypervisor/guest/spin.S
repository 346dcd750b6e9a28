/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A guest that powers off while its second vCPU runs on, in a loop that nothing
 * but a stage-2 fault can end: the hypervisor has to fetch it.
 */
	.text
	ldr	x0, =0xc4000003	/* CPU_ON */
	mov	x1, #1		/* affinity 0.0.0.1 */
	adr	x2, second
	mov	x3, #0
	hvc	#0
	cbnz	x0, failed

	adr	x4, running
1:	ldr	w5, [x4]
	cbz	w5, 1b
	ldr	x0, =0x84000008	/* SYSTEM_OFF */
	hvc	#0

failed:
	ldr	x0, =0x84000009	/* SYSTEM_RESET */
	hvc	#0

second:
	adr	x4, running
	mov	w5, #1
	str	w5, [x4]
	b	.

	.balign	8
running:
	.quad	0
	.ltorg
