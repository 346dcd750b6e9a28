/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include "text.h"

#include "../report.h"

#define SYS_OPEN 0x01
#define SYS_CLOSE 0x02
#define SYS_WRITE 0x05
#define MODE_RB 1
#define MODE_WB 5

static int64_t semihost(uint64_t number, const uint64_t *parameters)
{
	register uint64_t x0 __asm__("x0") = number;
	register const uint64_t *x1 __asm__("x1") = parameters;

	__asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
	return (int64_t)x0;
}

static uint64_t length(const char *text)
{
	uint64_t n = 0;

	while (text[n])
		n++;
	return n;
}

static int64_t open_file(const char *name, uint64_t mode)
{
	uint64_t parameters[] = {(uintptr_t)name, mode, length(name)};

	return semihost(SYS_OPEN, parameters);
}

static void close_file(int64_t file)
{
	uint64_t parameters[] = {(uint64_t)file};

	if (semihost(SYS_CLOSE, parameters))
		die("the emulator cannot close a file");
}

void text_open(struct text *t, const char *name)
{
	t->used = 0;
	t->file = open_file(name, MODE_WB);
	if (t->file < 0)
		die("the emulator cannot write %s", name);
}

void text_create(const char *name)
{
	static struct text empty;

	text_open(&empty, name);
	close_file(empty.file);
}

bool text_exists(const char *name)
{
	int64_t file = open_file(name, MODE_RB);

	if (file < 0)
		return false;
	close_file(file);
	return true;
}

static void flush(struct text *t)
{
	uint64_t parameters[] = {(uint64_t)t->file, (uintptr_t)t->bytes, t->used};

	if (semihost(SYS_WRITE, parameters))
		die("the emulator cannot write the record");
	t->used = 0;
}

void text_close(struct text *t)
{
	flush(t);
	close_file(t->file);
}

void text_put(struct text *t, const char *what)
{
	while (*what) {
		if (t->used == TEXT_BYTES)
			flush(t);
		t->bytes[t->used++] = *what++;
	}
}

static void put_number(struct text *t, uint64_t value, uint32_t base)
{
	char digits[24];
	uint32_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	text_put(t, digits + at);
}

void text_hex(struct text *t, uint64_t value)
{
	text_put(t, " 0x");
	put_number(t, value, 16);
}

void text_decimal(struct text *t, uint64_t value)
{
	put_number(t, value, 10);
}
