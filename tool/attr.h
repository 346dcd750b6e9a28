/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Attributes as people write them: "rwx,normal", "rw-,device,old,sw=1".
 */
#ifndef TOOL_ATTR_H
#define TOOL_ATTR_H

#include <stdbool.h>
#include <stddef.h>

#include <stage2/descriptor.h>

/* bad() for what is none. */
s2_attr attr_parse(const char *list);

/* One word of such a list, added to *attr; false if it is none. */
bool attr_word(const char *text, size_t length, s2_attr *attr);

#endif
