/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Semihosting: what the program that emulates the board does for us.  It hands
 * over the command line and takes the exit status, which a board has no other
 * means for.
 */
#ifndef HYPERVISOR_SEMIHOST_H
#define HYPERVISOR_SEMIHOST_H

#include <stdbool.h>
#include <stddef.h>

/* The command line, in `size` bytes with its final zero; false if there is none that fits. */
bool semihost_command_line(char *line, size_t size);

/* Ends the emulation with `status`. */
_Noreturn void semihost_exit(int status);

#endif
