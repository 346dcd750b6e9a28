/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * When have pages become a block?  A count of the pages mapped in each block of
 * guest RAM tells when it is worth to ask the engine.
 */
#ifndef HYPERVISOR_BLOCK_H
#define HYPERVISOR_BLOCK_H

#include <stdint.h>

struct vcpu;

/*
 * A page was mapped at `ipa`: forms its contiguous group if the options ask for groups, and
 * collapses its block, if that was the last one missing.
 */
void block_count_page(struct vcpu *v, uint64_t ipa);

/* All pages are mapped. */
void block_count_all(void);

/* Pages were unmapped. */
void block_forget(uint64_t ipa, uint64_t size);

/* Collapses the block of `ipa`, if the engine finds that they are uniform. */
int block_collapse(struct vcpu *v, uint64_t ipa);

#endif
