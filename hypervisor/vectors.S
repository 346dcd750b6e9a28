/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Into EL2 and back.  A vCPU has its CPU for itself, so that all that an exit
 * must save are the general registers; everything else stays where it is.
 */
#include "asm.h"

	.macro	save
	sub	sp, sp, #REGS_SIZE
	stp	x0, x1, [sp, #16 * 0]
	stp	x2, x3, [sp, #16 * 1]
	stp	x4, x5, [sp, #16 * 2]
	stp	x6, x7, [sp, #16 * 3]
	stp	x8, x9, [sp, #16 * 4]
	stp	x10, x11, [sp, #16 * 5]
	stp	x12, x13, [sp, #16 * 6]
	stp	x14, x15, [sp, #16 * 7]
	stp	x16, x17, [sp, #16 * 8]
	stp	x18, x19, [sp, #16 * 9]
	stp	x20, x21, [sp, #16 * 10]
	stp	x22, x23, [sp, #16 * 11]
	stp	x24, x25, [sp, #16 * 12]
	stp	x26, x27, [sp, #16 * 13]
	stp	x28, x29, [sp, #16 * 14]
	str	x30, [sp, #16 * 15]
	.endm

	.macro	restore
	ldp	x2, x3, [sp, #16 * 1]
	ldp	x4, x5, [sp, #16 * 2]
	ldp	x6, x7, [sp, #16 * 3]
	ldp	x8, x9, [sp, #16 * 4]
	ldp	x10, x11, [sp, #16 * 5]
	ldp	x12, x13, [sp, #16 * 6]
	ldp	x14, x15, [sp, #16 * 7]
	ldp	x16, x17, [sp, #16 * 8]
	ldp	x18, x19, [sp, #16 * 9]
	ldp	x20, x21, [sp, #16 * 10]
	ldp	x22, x23, [sp, #16 * 11]
	ldp	x24, x25, [sp, #16 * 12]
	ldp	x26, x27, [sp, #16 * 13]
	ldp	x28, x29, [sp, #16 * 14]
	ldr	x30, [sp, #16 * 15]
	ldp	x0, x1, [sp], #REGS_SIZE
	.endm

	/* Where the CPU looks for it: a vector that is too long for its 128 bytes is an error. */
	.macro	vector number
	.org	vectors + 128 * \number
	.endm

	/* An exception that is the hypervisor's own fault, or that it never asked for. */
	.macro	unexpected number
	vector	\number
	save
	mov	x0, sp
	mov	w1, #\number
	b	report_exception
	.endm

	.text

	.balign	2048
	.global vectors
vectors:
	unexpected 0
	unexpected 1
	unexpected 2
	unexpected 3
	unexpected 4
	unexpected 5
	unexpected 6
	unexpected 7

	/* Synchronous, from the guest in AArch64.  bench/ counts the instructions between the labels. */
	vector	8
	.global exit_taken, exit_handled
exit_taken:
	save
	mov	x0, sp
	bl	vcpu_exit
	b	leave
exit_handled:

	unexpected 9
	unexpected 10
	unexpected 11
	unexpected 12
	unexpected 13
	unexpected 14
	unexpected 15

	/* Back into the guest: with what comes before, too long for a vector. */
	.global leave, left
leave:
	restore
	eret
left:

	/*
	 * _Noreturn void vcpu_launch(const struct regs *regs): into the guest for the
	 * first time, with ELR_EL2 and SPSR_EL2 set.  Leaves the stack empty.
	 */
	.global vcpu_launch
vcpu_launch:
	mov	sp, x0
	restore
	mrs	x29, tpidr_el2
	add	sp, x29, #STACK_SIZE
	mov	x29, xzr
	eret
