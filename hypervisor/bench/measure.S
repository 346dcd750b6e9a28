/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What stands between a caller and what is measured.  The linker's --wrap puts it
 * there, so that all else is the code of the hypervisor that is not measured, to
 * the instruction.  Each of these runs straight through: its length is what it
 * costs, and bench.c takes that off.
 */

	/* A counter counts the instruction that reads it; then there is the call. */
	.equ	READ_AND_CALL, 2

	/* Adds NAME's instructions, from its first to its last, and one call to bench_calls. */
	.macro	measured name
	.global	__wrap_\name
__wrap_\name:
	stp	x29, x30, [sp, #-32]!
	str	x19, [sp, #16]
	mrs	x19, pmxevcntr_el0
	bl	__real_\name
	mrs	x9, pmxevcntr_el0
	sub	w9, w9, w19
	sub	w9, w9, #READ_AND_CALL
	adrp	x10, bench_calls
	add	x10, x10, :lo12:bench_calls
	ldp	w11, w12, [x10]
	add	w11, w11, w9
	add	w12, w12, #1
	stp	w11, w12, [x10]
	ldr	x19, [sp, #16]
	ldp	x29, x30, [sp], #32
	ret
	.endm

	.text

	.global	measured_begin, measured_end
measured_begin:
	measured s2_map
measured_end:
	measured s2_touch
	measured bench_loop
	measured bench_mixture

	/*
	 * All of an exit, for bench_note(): the instructions of vcpu_exit(), and what the
	 * counter was at the beginning.  What it is at the end is kept for the next time.
	 */
	.global	__wrap_vcpu_exit, exit_counted, exit_noted, exit_end
__wrap_vcpu_exit:
	stp	x29, x30, [sp, #-32]!
	str	x19, [sp, #16]
	mrs	x19, pmxevcntr_el0
exit_counted:
	bl	__real_vcpu_exit
	mrs	x0, pmxevcntr_el0
	sub	w0, w0, w19
	sub	w0, w0, #READ_AND_CALL
	mov	w1, w19
	bl	bench_note
	adrp	x10, bench_left
	add	x10, x10, :lo12:bench_left
	mrs	x9, pmxevcntr_el0
exit_noted:
	str	w9, [x10]
	ldr	x19, [sp, #16]
	ldp	x29, x30, [sp], #32
	ret
exit_end:

	/* void bench_loop(uint64_t rounds): 2 * rounds + 2 instructions. */
	.global	bench_loop
bench_loop:
	cbz	x0, 2f
1:	sub	x0, x0, #1
	cbnz	x0, 1b
2:	ret

	/*
	 * void bench_mixture(uint64_t *word): what an emulator might count otherwise,
	 * since it ends a block of translated code, leaves it, or takes several steps.
	 */
	.global	bench_mixture, mixture_begin, mixture_end
bench_mixture:
mixture_begin:
	ldxr	x1, [x0]
	stlxr	w2, x1, [x0]
	dmb	ishst
	ldar	x1, [x0]
	stlr	x1, [x0]
	dsb	ishst
	tlbi	vmalle1is
	dsb	ish
	isb
	ic	ivau, x0
	dc	cvac, x0
	mrs	x1, cntpct_el0
	mrs	x1, esr_el2
	mrs	x1, par_el1
	at	s1e1r, x0
	isb
	msr	par_el1, x1
	mrs	x1, vttbr_el2
	msr	vttbr_el2, x1
	isb
	ldp	x1, x3, [x0]
	ret
mixture_end:
