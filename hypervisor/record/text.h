/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Text into a file of the machine that emulates the board, through semihosting.
 */
#ifndef RECORD_TEXT_H
#define RECORD_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#define TEXT_BYTES 32768u

struct text {
	int64_t file;
	uint32_t used;
	char bytes[TEXT_BYTES];
};

/* A new file in the emulator's own directory; whatever fails stops the run. */
void text_open(struct text *t, const char *name);
void text_close(struct text *t);

/* An empty file; and whether there is one. */
void text_create(const char *name);
bool text_exists(const char *name);

void text_put(struct text *t, const char *what);

/* " 0x..." and digits alone. */
void text_hex(struct text *t, uint64_t value);
void text_decimal(struct text *t, uint64_t value);

#endif
