/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "bad.h"
#include "number.h"
#include "report.h"

void report_begin(struct report *r, const char *what, uint64_t value)
{
	r->json = json_object();
	r->fields = json_array();
	r->odd = json_array();
	r->notes = json_array();
	r->value = value;
	report_member(r, "what", json_string(what));
	report_member(r, "value", json_hex(value));
}

void report_member(struct report *r, const char *key, json_t *value)
{
	json_put(r->json, key, value);
}

static void append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		bad("output", "no memory");
}

void report_title(struct report *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	json_put(r->json, "title", json_vsprintf(format, args));
	va_end(args);
}

void report_field(struct report *r, unsigned int hi, unsigned int lo, const char *name,
		  const char *format, ...)
{
	json_t *field = json_object();
	va_list args;

	json_put(field, "name", json_string(name));
	json_put(field, "high", json_integer(hi));
	json_put(field, "low", json_integer(lo));
	json_put(field, "value", json_hex(bits(r->value, hi, lo)));
	va_start(args, format);
	json_put(field, "says", json_vsprintf(format, args));
	va_end(args);
	append(r->fields, field);
}

void report_odd(struct report *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append(r->odd, json_vsprintf(format, args));
	va_end(args);
}

void report_note(struct report *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append(r->notes, json_vsprintf(format, args));
	va_end(args);
}

void report_res0(struct report *r, uint64_t known)
{
	uint64_t odd = r->value & ~known;

	if (odd)
		report_odd(r, "bits %#" PRIx64 " are reserved and should be 0", odd);
}

static json_int_t integer(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static const char *text(const json_t *object, const char *key)
{
	const char *said = json_string_value(json_object_get(object, key));

	return said ? said : "";
}

static void print_field(const json_t *field)
{
	char where[16];

	if (integer(field, "high") == integer(field, "low"))
		(void)snprintf(where, sizeof(where), "%d", (int)integer(field, "low"));
	else
		(void)snprintf(where, sizeof(where), "%d:%d", (int)integer(field, "high"),
			       (int)integer(field, "low"));
	(void)printf("  %-6s %-12s %-14s %s\n", where, text(field, "name"), text(field, "value"),
		     text(field, "says"));
}

static void print_list(const json_t *list, const char *head, const char *tail)
{
	size_t i;
	json_t *line;

	json_array_foreach(list, i, line)
	{
		(void)printf("%s%s%s\n", head, json_string_value(line), tail);
	}
}

static void print_text(const struct report *r, bool colour)
{
	size_t i;
	json_t *field;

	(void)printf("%s%s: %s%s\n", colour ? "\033[1m" : "", text(r->json, "value"),
		     text(r->json, "title"), colour ? "\033[0m" : "");
	json_array_foreach(r->fields, i, field)
	{
		print_field(field);
	}
	print_list(r->odd, colour ? "\033[33modd:\033[0m " : "odd: ", "");
	print_list(r->notes, "note: ", "");
}

void report_close(struct report *r)
{
	json_put(r->json, "fields", r->fields);
	json_put(r->json, "odd", r->odd);
	json_put(r->json, "notes", r->notes);
}

void report_end(struct report *r, const struct settings *s)
{
	report_close(r);
	if (s->json) {
		json_print(r->json);
		return;
	}
	print_text(r, s->colour);
	json_decref(r->json);
}
