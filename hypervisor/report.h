/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * When all is lost: say everything that helps to find out why, and end the run
 * with a status that is not zero.
 */
#ifndef HYPERVISOR_REPORT_H
#define HYPERVISOR_REPORT_H

#include <stdint.h>

#define EXIT_GUEST_FAILED 1
#define EXIT_REPORT 2

struct regs;
struct vcpu;

/* The hypervisor cannot go on. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An answer of the engine's that must be S2_OK. */
void must(int status, const char *call);

/* An exit of the guest's that cannot be resolved. */
_Noreturn void report_exit(const struct vcpu *v, const struct regs *regs, const char *why);

/* The same for an abort: with the walk of the address. */
_Noreturn void report_abort(const struct vcpu *v, const struct regs *regs, uint64_t ipa,
			    const char *why);

/* An exception that vectors.S did not expect; `vector` is its place in the table. */
_Noreturn void report_exception(const struct regs *regs, unsigned int vector);

#endif
