/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Collapse: a full table becomes the block that it describes.
 *
 * The mapping must stay what it is, so a late writer into the table must not be
 * overruled by the block.  Therefore the table is sealed before it is cut off:
 *
 *	1  each entry, in ascending order: check that it fits, then set its seal
 *	   (a software bit: the guest goes on using it).  Who meets a seal waits or
 *	   retries.  One that does not fit: take our seals off, leave.
 *	2  break the entry that points to the table, invalidate, make it the block; with
 *	   FEAT_BBM it becomes the block first, sealed as well, and is never invalid
 *	3  retire the table; its seals stay, and mean nothing any more
 *
 * Invariant: who has sealed entry 0 of a table is the only one who seals others in
 * it; and a sealed entry is changed by the sealer and the hardware alone.
 * The first entry of a contiguous group is sealed before the others, and unsealed after
 * them: so a seal in a group excludes those who lock the group, who begin there too.
 *
 * The hardware may set access flags, and mark logged entries dirty, in sealed entries
 * until the invalidation has completed.  Nobody reads them inside the window: where
 * hardware can set it, the block has it set.
 *
 * May run beside every other operation on the same tables.
 */
#include "collapse.h"

#include "gather.h"
#include "reclaim.h"
#include "replace.h"

struct fold {
	s2_desc *table;
	unsigned int level; /* of its entries */
	unsigned int entries;
	s2_desc first; /* entry 0 without what may differ: what all others go by */
	s2_desc noted; /* what any entry has noted */
};

/* What an entry notes, and others need not: the access flag, and that it is dirty, if it is logged. */
static s2_desc noted(s2_desc desc)
{
	return desc & (S2_DESC_AF | (s2_is_logged(desc) ? S2_DESC_WRITE : 0));
}

/* What entry `i` must be, but for its seal, Contiguous bit and what it has noted. */
static s2_desc expected(const struct s2_format *fmt, const struct fold *f, unsigned int i)
{
	uint64_t pa = s2_oa_decode(fmt, f->first) + ((uint64_t)i << s2_level_shift(fmt, f->level));

	return (f->first & ~(fmt->oa_low | fmt->oa_high)) | s2_oa_encode(fmt, pa);
}

/*
 * Takes the seals off entries [0, n), ours; that of entry 0 last, or the next
 * sealer would come in and meet what is left.
 */
static void unseal(const struct fold *f, unsigned int n)
{
	while (n--)
		s2_entry_unseal(&f->table[n], S2_DESC_SEAL);
}

/* Seals one entry: 0, or why not.  Only the hardware's own updates make it look again. */
static int seal_entry(const struct s2_format *fmt, struct fold *f, unsigned int i)
{
	s2_desc *entry = &f->table[i];
	s2_desc desc;

	do {
		desc = s2p_load(entry);
		if (s2_is_locked(desc) || s2_is_sealed(desc))
			return S2_RETRY;
		if ((desc & ~(noted(desc) | S2_DESC_CONTIG)) != expected(fmt, f, i))
			return S2_NOT_UNIFORM;
	} while (!s2p_cas(entry, desc, desc | S2_DESC_SEAL));
	f->noted |= noted(desc);
	return S2_OK;
}

static int seal(const struct s2_format *fmt, struct fold *f)
{
	for (unsigned int i = 0; i < f->entries; i++) {
		int status = seal_entry(fmt, f, i);

		if (status) {
			unseal(f, i);
			return status;
		}
	}
	return S2_OK;
}

/* What the hardware may note in sealed entries is in the block, whether it does or not. */
static s2_desc block_of(const struct s2_op *op, const struct fold *f, unsigned int level)
{
	s2_desc leaf = f->first | f->noted;

	leaf |= op->fmt->features & S2_FEAT_HAF ? S2_DESC_AF : 0;
	leaf |= op->fmt->features & S2_FEAT_HD && s2_is_logged(leaf) ? S2_DESC_WRITE : 0;
	return (leaf & ~(s2_desc)S2_DESC_TABLE) | s2_leaf_type(level);
}

/* The table is ours alone to retire: nothing in the entry remembers it. */
static bool swap_sealed(struct s2_op *op, const struct s2_spot *at, s2_desc block)
{
	s2_desc seal = s2_size_seal(op->fmt);

	if (!s2_resize(op, at, block | seal))
		return false;
	s2_entry_unseal(at->entry, seal);
	s2_retire(op, s2_oa_decode(op->fmt, at->desc), at->level + 1);
	return true;
}

/*
 * If the break, or the swap, fails, the table has been cut away by another operation:
 * nothing else can happen to an entry that points to a table.  The seals stay.
 */
static int collapse_sealed(struct s2_op *op, const struct s2_spot *at, const struct fold *f)
{
	s2_desc block = block_of(op, f, at->level);

	if (!(s2_has_bbm(op->fmt) ? swap_sealed(op, at, block) : s2_replace(op, at, block)))
		return s2_lost(op);
	op->cpu->stats.collapses++;
	return s2_next(op, at);
}

/* A quick look before any seal: most tables that do not fit show it in entry 0. */
static bool worth_sealing(const struct s2_op *op, const struct s2_spot *at, struct fold *f,
			  s2_desc desc)
{
	f->first = desc & ~(noted(desc) | S2_DESC_SEAL | S2_DESC_CONTIG);
	if (!s2_is_leaf(f->level, desc))
		return false;
	return !(s2_oa_decode(op->fmt, desc) & (s2_level_size(op->fmt, at->level) - 1));
}

int s2_collapse_table(struct s2_op *op, const struct s2_spot *at)
{
	struct fold f = {.table = s2p_table(s2_oa_decode(op->fmt, at->desc)),
			 .level = at->level + 1,
			 .entries = 1u << op->fmt->index_bits};
	s2_desc first;
	int status;

	if (!f.table)
		return s2_corrupt(op, at);
	first = s2p_load(&f.table[0]);
	if (s2_is_sealed(at->desc) || s2_is_locked(first))
		return s2_contend(op, at);
	if (!worth_sealing(op, at, &f, first))
		return S2_NOT_UNIFORM;
	status = seal(op->fmt, &f);
	if (status == S2_RETRY)
		return s2_contend(op, at);
	return status ? status : collapse_sealed(op, at, &f);
}

static int collapse_visit(struct s2_op *op, struct s2_spot *at)
{
	switch (s2_kind(op->fmt, at->level, at->desc)) {
	case S2_KIND_TABLE:
		return at->level < op->top ? S2_STEP_DOWN : s2_collapse_table(op, at);
	case S2_KIND_LEAF:
		return s2_next(op, at);
	case S2_KIND_LOCKED:
		return s2_contend(op, at);
	case S2_KIND_CORRUPT:
		return s2_corrupt(op, at);
	default:
		return S2_NOT_UNIFORM;
	}
}

static int check_collapse(const struct s2_format *fmt, uint64_t ipa, uint32_t level, uint32_t flags)
{
	if (flags & ~S2_FAULT)
		return S2_INVALID;
	if (level >= S2_LAST_LEVEL || !s2_level_has_leaf(fmt, level))
		return S2_BAD_LEVEL;
	if (ipa & (s2_level_size(fmt, level) - 1))
		return S2_MISALIGNED;
	return ipa >> fmt->ipa_bits ? S2_IPA_RANGE : S2_OK;
}

int s2_collapse(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint32_t level,
		uint32_t flags)
{
	int status = s2_check_objects(tree, cpu);
	struct s2_op op;

	if (!status)
		status = check_collapse(tree->fmt, ipa, level, flags);
	if (status)
		return status;
	s2_op_begin(&op, tree, cpu, ipa, s2_level_size(tree->fmt, level), flags);
	op.top = level;
	s2_gather_flush(&op);
	return s2_op_finish(&op, ipa, s2_walk_range(&op, collapse_visit));
}
