/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <inttypes.h>
#include <stdio.h>

#include "bad.h"
#include "json.h"

json_t *json_hex(uint64_t value)
{
	return json_sprintf("0x%" PRIx64, value);
}

void json_put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value))
		bad(key, "no memory");
}

void json_print(json_t *json)
{
	(void)json_dumpf(json, stdout, JSON_INDENT(2));
	(void)putchar('\n');
	json_decref(json);
}
