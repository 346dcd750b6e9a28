/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Which small programs are explored, and where.
 */
#ifndef M_CLIENTS_H
#define M_CLIENTS_H

#include "world.h"

#define PROGRAM_MAX 4u

/* One call of a program: which CPU makes it. */
struct m_step_of {
	unsigned char cpu, op;
};

struct client {
	const struct setting *setting;
	struct m_step_of step[PROGRAM_MAX];
	unsigned int steps;
};

/* How much is explored. */
enum breadth {
	PAIRS, /* singles, pairs, two calls after one another */
	CHOSEN, /* and the chosen programs of three calls or three CPUs */
	TRIPLES, /* and every three of the operations that are tried everywhere */
};

#define CLIENTS_MAX 60000u

extern const struct operation operations[];
extern const struct setting settings[];
extern const unsigned int operation_count, setting_count;

/* All clients of that breadth, those of one setting next to each other; how many. */
unsigned int clients_list(struct client *client, enum breadth breadth);

/* Makes world.call the client's program. */
void client_load(const struct client *client);

void client_name(const struct client *client, char *name, size_t size);

#endif
