/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Fuzz target: any text as a trace, and as a workload.
 *
 * Whatever it says, it is bad input, with a line that says why, or it is followed to its end;
 * and what is wrong with it is told in a line that it has.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tool/bad.h"
#include "../../tool/rules.h"
#include "../../tool/workload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static jmp_buf refused;

/* In the place of the command's own, which ends it. */
void bad(const char *what, const char *format, ...)
{
	if (!what || !*what || !*format)
		abort();
	longjmp(refused, 1);
}

/* Options, of which there are none here. */
void settings_complete(struct s2_format *fmt, const struct settings *s)
{
	(void)fmt;
	(void)s;
	abort();
}

static void take_breach(const struct breach *b, void *arg)
{
	const struct lines *l = arg;

	if (!b->line || b->line > l->number || b->rule >= RULES || !*b->text)
		abort();
	for (unsigned int i = 0; i < b->lines; i++) {
		if (!b->at[i].number || b->at[i].number > l->number)
			abort();
	}
}

static struct lines lines_of(const uint8_t *data, size_t size)
{
	struct lines l = {.name = "input", .text = malloc(size + 1), .size = size};

	if (!l.text)
		abort();
	memcpy(l.text, data, size);
	l.text[size] = '\0';
	return l;
}

static void read_trace(const uint8_t *data, size_t size)
{
	static struct trace t;
	static struct rules r;
	struct event e;

	t = (struct trace){.lines = lines_of(data, size)};
	memset(&r, 0, sizeof(r));
	if (!setjmp(refused)) {
		trace_begin(&t);
		rules_begin(&r, &t, take_breach, &t.lines);
		while (trace_next(&t, &e))
			rules_take(&r, &e);
		rules_end(&r);
	}
	rules_close(&r);
	lines_close(&t.lines);
}

static void read_workload(const uint8_t *data, size_t size)
{
	static struct workload w;
	static struct lines l;

	w = (struct workload){.name = "input"};
	l = lines_of(data, size);
	if (!setjmp(refused)) {
		workload_read(&w, &l);
		workload_align(&w, 16);
	}
	workload_close(&w);
	lines_close(&l);
}

/* A trace if its first line says so; else a workload. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size >= 8 && !memcmp(data, "stage2-t", 8))
		read_trace(data, size);
	else
		read_workload(data, size);
	return 0;
}
