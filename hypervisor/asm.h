/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The few numbers that assembly and C must agree on.  vcpu.h asserts that the
 * structures look so.
 */
#ifndef HYPERVISOR_ASM_H
#define HYPERVISOR_ASM_H

#define STACK_SIZE 16384 /* the first member of struct vcpu; boot.S adds it to the address */
#define REGS_SIZE 256 /* struct regs: x0 to x30, and a word that keeps the stack aligned */

#endif
