/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What a value says: a title, its fields, what is odd about it, and what follows.
 *
 * It is built as JSON whatever is printed, so that both say the same.
 */
#ifndef TOOL_REPORT_H
#define TOOL_REPORT_H

#include "json.h"
#include "settings.h"

struct report {
	json_t *json;
	json_t *fields;
	json_t *odd;
	json_t *notes;
	uint64_t value;
};

void report_begin(struct report *r, const char *what, uint64_t value);

/* A member of the JSON that the text has in its title or its fields. */
void report_member(struct report *r, const char *key, json_t *value);

void report_title(struct report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bits hi..lo of the value. */
void report_field(struct report *r, unsigned int hi, unsigned int lo, const char *name,
		  const char *format, ...) __attribute__((format(printf, 5, 6)));

void report_odd(struct report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Something else to know. */
void report_note(struct report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bits of the value that are none of `known` are odd: RES0. */
void report_res0(struct report *r, uint64_t known);

/* Nothing more comes: all is in r->json from now on, which is the caller's. */
void report_close(struct report *r);

/* Closes it, prints it, and lets go of it. */
void report_end(struct report *r, const struct settings *s);

#endif
