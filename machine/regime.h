/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * How the hardware reads stage-2 tables, from the registers alone.
 *
 * Written from the architecture and sharing nothing with src/: the two must
 * agree because both are right, not because they are the same code.
 */
#ifndef M_REGIME_H
#define M_REGIME_H

#include <stdbool.h>
#include <stdint.h>

/* VTCR_EL2, decoded. */
struct m_regime {
	unsigned int granule; /* log2 of the granule */
	unsigned int stride; /* bits resolved by one level */
	unsigned int input; /* IPA bits */
	unsigned int output; /* PA bits */
	int start; /* level of the first look-up */
	bool ds; /* LPA2 descriptors */
	bool ha; /* hardware sets AF */
	bool hd; /* and S2AP[1], where DBM allows it */
};

enum m_type { M_FAULT, M_TABLE, M_LEAF };

/* One descriptor, decoded at a level. */
struct m_decoded {
	enum m_type type;
	uint64_t address; /* of the next table, or of the memory */
	uint64_t attributes; /* memory type and shareability */
	bool read, write, exec, af;
	bool dbm; /* a write makes it writable, if hardware may */
	bool contiguous; /* one of a group that may be cached as one */
};

/* False if the value makes no sense: reserved fields, or a root that no number of tables can be. */
bool m_regime_decode(struct m_regime *r, uint64_t vtcr);

/* Bits below an entry of `level`. */
unsigned int m_regime_shift(const struct m_regime *r, int level);

/* Index of the entry for `ipa` in a table of entries of `level`; the root's may be concatenated. */
uint64_t m_regime_index(const struct m_regime *r, uint64_t ipa, int level);

/* Log2 of the entries of a contiguous group at `level`; 0 where there are none. */
unsigned int m_regime_group(const struct m_regime *r, int level);

/* `desc`, a leaf of `level`, with the address of the leaf `distance` entries further on. */
uint64_t m_regime_neighbour(const struct m_regime *r, uint64_t desc, int level, int64_t distance);

/* What the hardware makes of a descriptor. */
struct m_decoded m_regime_read(const struct m_regime *r, uint64_t desc, int level);

/* Address in VTTBR_EL2. */
uint64_t m_regime_root(const struct m_regime *r, uint64_t vttbr);

#endif
