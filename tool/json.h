/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * JSON the way this command prints it: 64-bit values as hexadecimal text, since a JSON
 * number of many readers has only 53 bits.
 */
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include <jansson.h>
#include <stdint.h>

json_t *json_hex(uint64_t value);

/* Sets a member, and ends the command if there is no memory. */
void json_put(json_t *object, const char *key, json_t *value);

/* Prints it, and lets go of it. */
void json_print(json_t *json);

#endif
