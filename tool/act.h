/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What a CPU does in a script: a call of the engine, or one instruction.
 *
 *	map PLACE [A|B] [ATTR...] [pages] [fault]	fault PLACE [A|B] [ATTR...]
 *	unmap PLACE	protect PLACE +r|-w...	touch PLACE [write]	age PLACE
 *	split PLACE [LEVEL]	collapse PLACE	compact PLACE	group PLACE
 *	log start|collect|stop PLACE	lookup PLACE	reclaim
 *
 *	load PLACE	store PLACE VALUE	cas PLACE VALUE	free PLACE
 *	dsb ishst|ish|nsh	tlbi OP [PLACE]
 *
 * VALUE is empty, locked, was, read, a number, or leaf [A|B] [ATTR...]; then +af, -w, ...
 */
#ifndef TOOL_ACT_H
#define TOOL_ACT_H

#include "line.h"

void act_parse(struct act *a, struct line *l);

#endif
