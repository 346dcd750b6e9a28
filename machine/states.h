/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * States that a search has met, by their digests, with a byte of notes on each.
 */
#ifndef M_STATES_H
#define M_STATES_H

#include <stdbool.h>
#include <stdint.h>

/* Forgets all: another search begins. */
void m_states_forget(void);

/*
 * The note on a state; NULL if it is new and there is no room for it.  *met: it is
 * not new.
 */
unsigned char *m_states_note(uint64_t digest, bool *met);

#endif
