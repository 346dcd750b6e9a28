/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The library's statuses, for a person who typed the arguments.
 */
#ifndef TOOL_STATUS_H
#define TOOL_STATUS_H

/* What a status says is wrong. */
const char *status_text(int status);

/* The option that it blames. */
const char *status_option(int status);

#endif
