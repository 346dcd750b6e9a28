/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What fields of a leaf say, in words.
 */
#ifndef TOOL_WORDS_H
#define TOOL_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/* MemAttr, with and without FEAT_S2FWB. */
const char *words_memory(uint64_t desc, bool fwb);
bool words_memory_is_reserved(uint64_t desc, bool fwb);
bool words_memory_is_device(uint64_t desc);

const char *words_access(uint64_t desc); /* S2AP */
const char *words_share(uint64_t sh);
const char *words_execute(uint64_t desc, bool xnx);

#endif
