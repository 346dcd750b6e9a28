/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * One question, three who answer: what does the CPU find at this IPA?
 *
 * The program runs at EL2.  For one format after another the library builds
 * tables (tables.c), descriptors that it never writes are put among them by hand
 * (plant.c), and for each of many addresses the CPU's own walker, the machine's
 * and the library's look-up are asked and compared (ask.c, main.c).
 */
#ifndef WALK_H
#define WALK_H

#include <stdbool.h>
#include <stdint.h>

#include <stage2/stage2.h>

#include "../../machine/regime.h"

#define ADDRESSES_MAX 4096u

/* Why one kind of access is refused. */
enum why {
	WHY_OPEN, /* it is not */
	WHY_PERMISSION,
	WHY_FLAG, /* the access flag is clear */
	WHY_TABLES, /* nothing there, or nothing that can be followed */
	WHY_OTHER, /* a fault that these tables cannot give */
};

struct answer {
	enum why read, write;
	int level; /* of the entry that decided; -1 if it was not told */
	uint64_t pa; /* if one of them is open */
	unsigned int exec; /* EXEC_EL1 and EXEC_EL0; the CPU is not asked */
};

/* Address translation instructions tell of reads and writes alone. */
#define EXEC_EL1 1u
#define EXEC_EL0 2u

/* Everything about the format that is being tested. */
struct subject {
	struct s2_format fmt;
	struct m_regime regime; /* the same, decoded from the register */
	struct s2_tree tree;
	struct s2_cpu cpu;
	uint64_t address[ADDRESSES_MAX]; /* to be asked about */
	unsigned int addresses;
	bool foreign; /* something is planted that the library need not know, and may call corrupt */
	const char *failed; /* a call that did not do what it should, or NULL */
	int status; /* of that call */
};

/* Where a walk of the machine's ends. */
struct walk_end {
	uint64_t *entry; /* NULL if it would lie outside of the memory for tables */
	struct m_decoded decoded;
	int level;
};

/* The formats, by number; false after the last. */
bool format_config(unsigned int number, struct s2_config *cfg);

/* Physical memory for tables; NULL if there is none at `pa`. */
uint64_t *memory_at(uint64_t pa);

uint64_t random_next(void);
void random_seed(uint64_t seed);
/* 0 to n - 1. */
uint64_t random_below(uint64_t n);

/* Remembers addresses at and around both ends of a range, and one in it. */
void subject_note(struct subject *s, uint64_t ipa, uint64_t size);
bool subject_init(struct subject *s, const struct s2_config *cfg, uint32_t vmid);
/* Maps, unmaps, splits and collapses at random, and notes where. */
void subject_build(struct subject *s);
/*
 * Writes by hand what only a break in progress, an owner or a fault in memory would
 * leave, one after another; calls `visit` for each, with addresses around it noted.
 */
typedef void plant_visitor(const struct subject *s, void *arg);
void subject_plant(struct subject *s, plant_visitor *visit, void *arg);
/* Takes note of a call's status if it is not S2_OK. */
bool subject_expect(struct subject *s, const char *call, int status);

/* The machine's walk, at most down to `lowest`; the IPA is not checked. */
struct walk_end machine_walk(const struct subject *s, uint64_t ipa, int lowest);

/* Makes the CPU use the subject's tables. */
void cpu_enter(const struct subject *s);
struct answer ask_cpu(uint64_t ipa);
struct answer ask_machine(const struct subject *s, uint64_t ipa);
struct answer ask_library(const struct subject *s, uint64_t ipa);

#endif
