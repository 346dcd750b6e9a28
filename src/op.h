/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * One operation in progress.
 *
 * Each public call checks its arguments, then runs with one of these on its
 * stack: where it is, how far it may go, and what it would put into an entry.
 */
#ifndef S2_OP_H
#define S2_OP_H

#include <stage2/platform.h>
#include <stage2/stage2.h>

#include "desc.h"

struct s2_op {
	struct s2_tree *tree;
	struct s2_cpu *cpu; /* NULL: reads only */
	const struct s2_format *fmt;
	struct s2_place *from; /* where the walk begins, if that has an entry */
	struct s2_report *corrupt; /* where to report; NULL: nowhere */
	struct s2_sweep *sweep; /* what is known of leaves that are alike, for visitors that ask */
	struct s2_bitmap *map; /* of pages found young or dirty; NULL: they are only counted */
	uint64_t pos; /* everything below it is done; granule-aligned unless reading */
	uint64_t end;
	uint64_t budget; /* entries that may still be visited */
	uint32_t flags;
	s2_attr take, give; /* protect: permissions and software bits */
	s2_desc clear, set; /* the same as bits of a leaf, but for what depends on the leaf */
	s2_desc attr_bits; /* a leaf's bits beside type and address; 0: no leaves */
	s2_desc made; /* what entries become if not leaves: empty, or an annotation */
	uint64_t delta; /* PA minus IPA, modulo 2^64 */
	unsigned int top; /* highest level that a leaf may take */
	bool clean; /* memory must be cleaned to the point of coherency before it is mapped, or after */
	bool fetch; /* and may be executed */
	bool lost; /* an unlinked table held a pointer that cannot be followed: reported */
	bool stored; /* a live entry was written since the last DSB */
	bool stale; /* this CPU's TLB may hold less permission than an entry gives */
	bool entered; /* TLBIs act on this tree's VMID; vmid_token leads back */
	uint64_t vmid_token;
};

/* Entries filled, or bits set, count like entries visited; one is left for the walk to spend. */
static inline void s2_spend(struct s2_op *op, uint64_t entries)
{
	op->budget -= entries < op->budget ? entries : op->budget - 1;
}

/* Every status that a range itself can earn. */
int s2_check_range(const struct s2_format *fmt, uint64_t ipa, uint64_t size);

/* Every status that a CPU can earn by what it holds. */
int s2_check_cpu(const struct s2_tree *tree, const struct s2_cpu *cpu);

/* Every status that tree and cpu can earn before an operation. */
static inline int s2_check_objects(const struct s2_tree *tree, struct s2_cpu *cpu)
{
	if (!cpu)
		return S2_INVALID;
	cpu->done = 0;
	cpu->found = 0;
	return tree && tree->fmt ? s2_check_cpu(tree, cpu) : S2_INVALID;
}

/* Sets up *op for [ipa, ipa + size), already checked. */
static inline void s2_op_begin(struct s2_op *op, struct s2_tree *tree, struct s2_cpu *cpu,
			       uint64_t ipa, uint64_t size, uint32_t flags)
{
	*op = (struct s2_op){.tree = tree,
			     .cpu = cpu,
			     .fmt = tree->fmt,
			     .from = &cpu->place,
			     .corrupt = &cpu->corrupt,
			     .map = cpu->log,
			     .pos = ipa,
			     .end = ipa + size,
			     .budget = cpu->budget ? cpu->budget : UINT64_MAX,
			     .flags = flags};
}

/* The same for one that only reads: no CPU, no limit.  The walker takes a tree that it could write. */
static inline void s2_op_read(struct s2_op *op, const struct s2_tree *tree, uint64_t ipa,
			      uint64_t size)
{
	*op = (struct s2_op){.tree = (struct s2_tree *)(uintptr_t)tree,
			     .fmt = tree->fmt,
			     .pos = ipa,
			     .end = ipa + size,
			     .budget = UINT64_MAX};
}

/* Settles what is open, records how far it came from `ipa`, and hands `status` through. */
int s2_op_finish(struct s2_op *op, uint64_t ipa, int status);

/* Makes the tree's VMID current.  Before a break, never between break and make. */
static inline void s2_op_enter_vmid(struct s2_op *op)
{
	if (op->entered)
		return;
	op->vmid_token = s2p_vmid_enter(op->tree->vttbr);
	op->entered = true;
}

/* What the operation wants at `level` for `ipa`: a leaf, if it wants leaves. */
static inline s2_desc s2_op_leaf(const struct s2_op *op, uint64_t ipa, unsigned int level)
{
	if (!op->attr_bits)
		return op->made;
	return op->attr_bits | s2_leaf_type(level) | s2_oa_encode(op->fmt, ipa + op->delta);
}

#endif
