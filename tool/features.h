/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Features of the CPUs, by name.
 */
#ifndef TOOL_FEATURES_H
#define TOOL_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

/* S2_FEAT_* of a list such as "fwb,ttl"; bad() for a name that is none. */
uint32_t features_parse(const char *list);

/* The same without bad(): null, or the first name that is none. */
const char *features_find(const char *list, uint32_t *features);

/* "S2_FEAT_FWB | S2_FEAT_TTL", or "0", for a C file.  One buffer. */
const char *features_c(uint32_t features);

#endif
