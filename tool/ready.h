/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The scenarios of tool/scenarios, as make puts them into the command.
 */
#ifndef TOOL_READY_H
#define TOOL_READY_H

extern const struct ready {
	const char *name, *text;
} ready[];
extern const unsigned int ready_count;

#endif
