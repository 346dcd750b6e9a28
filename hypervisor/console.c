/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The PL011, and just enough formatting to speak through it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "console.h"
#include "memory.h"

#define UARTDR 0x00
#define UARTFR 0x18
#define UARTFR_TXFF (1u << 5)
#define UARTCR 0x30
#define UARTCR_UARTEN (1u << 0)
#define UARTCR_TXE (1u << 8)

static volatile uint32_t *uart(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(UART_PA + offset);
}

static void put(char c)
{
	while (*uart(UARTFR) & UARTFR_TXFF)
		;
	*uart(UARTDR) = (uint8_t)c;
}

static void put_string(const char *s)
{
	while (*s)
		put(*s++);
}

static void put_number(uint64_t value, unsigned int base)
{
	char digits[20];
	unsigned int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (n)
		put(digits[--n]);
}

static void put_signed(int value)
{
	if (value < 0)
		put('-');
	put_number(value < 0 ? -(uint64_t)(int64_t)value : (uint64_t)value, 10);
}

/* One conversion; `wide` if an l came before it. */
static void put_conversion(char conversion, bool wide, va_list *args)
{
	switch (conversion) {
	case 's':
		put_string(va_arg(*args, const char *));
		break;
	case 'd':
		put_signed(va_arg(*args, int));
		break;
	case 'u':
	case 'x':
		put_number(wide ? va_arg(*args, uint64_t) : va_arg(*args, unsigned int),
			   conversion == 'u' ? 10 : 16);
		break;
	default:
		put(conversion);
	}
}

void say_va(const char *format, va_list args)
{
	va_list ap;

	va_copy(ap, args);
	for (const char *at = format; *at; at++) {
		bool wide = at[0] == '%' && at[1] == 'l';

		if (*at != '%') {
			put(*at);
			continue;
		}
		at += wide ? 2 : 1;
		put_conversion(*at, wide, &ap);
	}
	va_end(ap);
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_va(format, args);
	va_end(args);
}

void console_init(void)
{
	*uart(UARTCR) = UARTCR_UARTEN | UARTCR_TXE;
}
