/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A hash table that is emptied by counting searches: most of them meet few states.
 */
#include "states.h"

#include <stddef.h>

#define STATES_BITS 21
#define STATES (UINT64_C(1) << STATES_BITS)
#define STATES_MAX (STATES / 4 * 3)

struct state {
	uint64_t digest;
	uint32_t search; /* that has met it; another one: the place is free */
	unsigned char note;
};

static struct {
	struct state state[STATES];
	uint64_t n;
	uint32_t search;
} states = {.search = 1};

void m_states_forget(void)
{
	states.search++;
	states.n = 0;
}

unsigned char *m_states_note(uint64_t digest, bool *met)
{
	struct state *s;

	for (uint64_t i = digest;; i++) {
		s = &states.state[i & (STATES - 1)];
		*met = s->search == states.search && s->digest == digest;
		if (*met)
			return &s->note;
		if (s->search != states.search)
			break;
	}
	if (states.n == STATES_MAX)
		return NULL;
	states.n++;
	*s = (struct state){.digest = digest, .search = states.search};
	return &s->note;
}
