/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What pages need beside their contents, as make puts tool/page into the command.
 */
#ifndef TOOL_PAGE_H
#define TOOL_PAGE_H

extern const char page_play_css[], page_play_js[];

#endif
