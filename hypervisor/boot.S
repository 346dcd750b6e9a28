/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The first instructions of each CPU, up to the first line of C.
 *
 * EL2's own stage 1 goes on at once: exclusive accesses, on which locks and the
 * whole engine stand, are promised for Normal cacheable memory alone, and with
 * the MMU off all memory is Device.  For the same reason nothing is read or
 * written before: a secondary CPU finds its stack by arithmetic.
 */
#include "asm.h"

	.section .text.boot, "ax"

	/* QEMU starts the first CPU here. */
	.global boot
boot:
	adrp	x19, vcpus
	add	x19, x19, :lo12:vcpus
	adr	x20, main
	b	start

	/* PSCI CPU_ON starts the others here, with their struct vcpu in x0. */
	.global boot_secondary
boot_secondary:
	mov	x19, x0
	adr	x20, main_secondary

start:
	mrs	x0, CurrentEL
	cmp	x0, #(2 << 2)
	b.ne	not_el2

	/* Attribute 0: Normal, Write-Back; attribute 1: Device-nGnRE. */
	mov	x0, #0x04ff
	msr	mair_el2, x0

	/* 39-bit addresses, 4K granule, Write-Back Inner Shareable walks; PS = PARange, 48 at most. */
	mrs	x0, id_aa64mmfr0_el1
	and	x0, x0, #0xf
	mov	x1, #5
	cmp	x0, x1
	csel	x0, x1, x0, hi
	ldr	x1, =0x80803519
	orr	x0, x1, x0, lsl #16
	msr	tcr_el2, x0

	adrp	x0, el2_map
	add	x0, x0, :lo12:el2_map
	msr	ttbr0_el2, x0
	adrp	x0, vectors
	add	x0, x0, :lo12:vectors
	msr	vbar_el2, x0
	tlbi	alle2
	dsb	nsh
	isb

	/* RES1 bits, and I, SA, C, A, M. */
	ldr	x0, =0x30c5183f
	msr	sctlr_el2, x0
	isb

	msr	spsel, #1
	add	sp, x19, #STACK_SIZE
	msr	tpidr_el2, x19
	mov	x0, x19
	mov	x29, xzr
	mov	x30, xzr
	br	x20

	/* Nothing works at another exception level but to say so: semihosting, SYS_WRITE0. */
not_el2:
	adr	x1, message
	mov	w0, #0x04
	hlt	#0xf000
	adr	x1, status
	mov	w0, #0x20
	hlt	#0xf000
	b	.

	.balign	8
status:
	.quad	0x20026, 2
message:
	.asciz	"stage2: not started at EL2: QEMU needs -M virt,virtualization=on\n"
