/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The first instructions of the program, and the end of it if EL2 takes an
 * exception.  Unlike the hypervisor's, there is one CPU and nothing to come back
 * from.  EL2's stage 1 goes on first: the engine stands on exclusive accesses,
 * which are promised for Normal memory alone.
 */
	.section .text.boot, "ax"

	.global boot
boot:
	/* Attribute 0: Normal, Write-Back; attribute 1: Device-nGnRE. */
	mov	x0, #0x04ff
	msr	mair_el2, x0

	/* 39-bit addresses, 4K granule, Write-Back Inner Shareable walks, 48-bit PA. */
	ldr	x0, =0x80853519
	msr	tcr_el2, x0
	adrp	x0, el2_map
	add	x0, x0, :lo12:el2_map
	msr	ttbr0_el2, x0
	adr	x0, vectors
	msr	vbar_el2, x0
	tlbi	alle2
	dsb	nsh
	isb

	/* RES1 bits, and I, SA, C, M. */
	ldr	x0, =0x30c5183d
	msr	sctlr_el2, x0
	isb

	msr	spsel, #1
	adrp	x0, stack_end
	add	sp, x0, :lo12:stack_end
	mov	x29, xzr
	mov	x30, xzr
	b	main

	.text
	.balign	2048
vectors:
	.rept	16
	.balign	128
	b	unexpected
	.endr

	.bss
	.balign	16
	.skip	65536
stack_end:
