/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The hypervisor's voice: the guest's own PL011, written by polling.  It speaks
 * before the guest starts and after it has ended, or when all is lost.
 */
#ifndef HYPERVISOR_CONSOLE_H
#define HYPERVISOR_CONSOLE_H

#include <stdarg.h>

void console_init(void);

/* The conversions of printf that are needed here: %s %u %d %lu %lx %%. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_va(const char *format, va_list args);

#endif
