/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The semihosting calls (Arm's "Semihosting for AArch32 and AArch64"): HLT 0xf000 with
 * the number of the call in w0 and the address of its parameters in x1.
 */
#include <stdint.h>

#include "semihost.h"

#define SYS_GET_CMDLINE 0x15
#define SYS_EXIT_EXTENDED 0x20
#define ADP_STOPPED_APPLICATION_EXIT 0x20026

static int64_t semihost_call(uint64_t number, void *parameters)
{
	register uint64_t x0 __asm__("x0") = number;
	register void *x1 __asm__("x1") = parameters;

	__asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
	return (int64_t)x0;
}

bool semihost_command_line(char *line, size_t size)
{
	uint64_t parameters[2] = {(uintptr_t)line, size};

	return semihost_call(SYS_GET_CMDLINE, parameters) == 0;
}

_Noreturn void semihost_exit(int status)
{
	uint64_t parameters[2] = {ADP_STOPPED_APPLICATION_EXIT, (uint64_t)status};

	for (;;)
		semihost_call(SYS_EXIT_EXTENDED, parameters);
}
