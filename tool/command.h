/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The subcommands: each takes its arguments, argv[0] among them, and returns an exit status.
 */
#ifndef TOOL_COMMAND_H
#define TOOL_COMMAND_H

int command_encode(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_walk(int argc, char **argv);
int command_dump(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_check(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_format(int argc, char **argv);
int command_play(int argc, char **argv);

#endif
