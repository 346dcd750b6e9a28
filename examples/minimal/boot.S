/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * EL2 from its first instruction to the first line of C, the way from a guest to EL2 and back,
 * and the guest.
 */
	.section .text.boot, "ax"
	.global boot
boot:
	adrp	x0, stack_end
	mov	sp, x0
	/* Attribute 0 is Normal Write-Back, 1 is a device. */
	mov	x0, #0x04ff
	msr	mair_el2, x0
	/* EL2's own stage 1: 39 bits, 4K, walks through the caches, 40 bits of PA. */
	ldr	x0, =0x80823519
	msr	tcr_el2, x0
	adrp	x0, el2_map
	msr	ttbr0_el2, x0
	adr	x0, vectors
	msr	vbar_el2, x0
	isb
	tlbi	alle2
	dsb	nsh
	isb
	/* MMU and caches on: compare-and-swap is promised for Normal memory alone. */
	ldr	x0, =0x30c51835
	msr	sctlr_el2, x0
	isb
	b	main

	/* Into the guest at x0, at EL1 with interrupts masked and its MMU off. */
	.global enter_guest
enter_guest:
	msr	elr_el2, x0
	mov	x0, #0x3c5
	msr	spsr_el2, x0
	ldr	x0, =0x30d00800
	msr	sctlr_el1, x0
	eret

	/* One exit: what C may change is saved, and the guest goes on. */
exit_guest:
	stp	x0, x1, [sp, #-176]!
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x29, [sp, #144]
	str	x30, [sp, #160]
	bl	handle_exit
	ldr	x30, [sp, #160]
	ldp	x18, x29, [sp, #144]
	ldp	x16, x17, [sp, #128]
	ldp	x14, x15, [sp, #112]
	ldp	x12, x13, [sp, #96]
	ldp	x10, x11, [sp, #80]
	ldp	x8, x9, [sp, #64]
	ldp	x6, x7, [sp, #48]
	ldp	x4, x5, [sp, #32]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp], #176
	eret

	/* Synchronous exceptions from the guest are the only ones that should come. */
	.balign	2048
vectors:
	.rept	8
	b	.
	.balign	128
	.endr
	b	exit_guest
	.balign	128
	.rept	7
	b	.
	.balign	128
	.endr

	/* An identity map of 2 GiB: the first holds devices, the second RAM. */
	.section .data
	.balign	4096
el2_map:
	.quad	0x00000000 | 0x40000000000445
	.quad	0x40000000 | 0x741
	.zero	4096 - 16

	/*
	 * The guest: writes to each of 64 pages, reads all of them again, and calls with what it has
	 * found in x0.  It does not know that nothing of that is mapped.
	 */
	.balign	4096
	.global guest_code
guest_code:
	mov	x1, #0x80000000
	mov	x2, #1
1:	add	x3, x1, x2, lsl #12
	str	x2, [x3]
	add	x2, x2, #1
	cmp	x2, #64
	b.ls	1b
	mov	x0, #0
	mov	x2, #1
2:	add	x3, x1, x2, lsl #12
	ldr	x4, [x3]
	add	x0, x0, x4
	add	x2, x2, #1
	cmp	x2, #64
	b.ls	2b
	hvc	#0
	b	.
	.balign	4096

	.bss
	.balign	4096
	.zero	16384
stack_end:
