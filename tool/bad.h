/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * How the command ends when it was called with something that cannot be.
 */
#ifndef TOOL_BAD_H
#define TOOL_BAD_H

/* Exit statuses. */
#define FINE 0
#define DIFFERENT 1 /* a rule is broken, or nothing is there */
#define BAD 2 /* usage, or bad input */

/* Prints one line, "stage2: WHAT: why", and exits with BAD. */
_Noreturn void bad(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
