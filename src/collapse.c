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
 *	   retries.  One that does not fit: take our seals off, leave.  Most say what the
 *	   one before says, one further: compared with that, check and seal are one access
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
 * Nobody calls in on a tree that is not shared while this runs (stage2.h), and a gather of ours
 * was flushed: so there is nobody to keep out.  Then a look at each entry is all of step 1.  What
 * the hardware notes behind it is in the block as well, as above, whether it was seen or not.
 *
 * May run beside every other operation on the same tables.
 */
#include "collapse.h"

#include "gather.h"
#include "reclaim.h"
#include "replace.h"

#define LOOK 64u /* entries at a time; a table has a multiple of it */

struct fold {
	s2_desc *table;
	unsigned int level; /* of its entries */
	unsigned int entries;
	s2_desc first; /* entry 0 without `loose`: what all others go by */
	s2_desc loose; /* what may differ: Contiguous, and what an entry notes */
	s2_desc noted; /* has what of it any entry has */
	uint64_t size; /* of an entry: entry 0 begins a block, so addresses count up in place */
};

/*
 * Takes the seals off entries up to `end`, ours; that of entry 0 last, or the next
 * sealer would come in and meet what is left.
 */
static void unseal(const struct fold *f, s2_desc *end)
{
	while (end > f->table)
		s2_entry_unseal(--end, S2_DESC_SEAL);
}

/* What an entry must be, but for what is loose: 0, or why it is not sealed. */
static int check(const struct fold *f, s2_desc desc, s2_desc want)
{
	if (!((desc ^ want) & ~f->loose))
		return S2_OK;
	return s2_is_locked(desc) || s2_is_sealed(desc) ? S2_RETRY : S2_NOT_UNIFORM;
}

/*
 * Seals an entry that may differ from *old in what is loose: 0 with what it said there, or why
 * not.  Only the hardware's own updates make it look again.
 */
static int seal_other(struct fold *f, s2_desc *entry, s2_desc *old)
{
	int status;

	do {
		s2_desc desc = s2p_load(entry);

		status = check(f, desc, *old);
		if (status)
			return status;
		*old = desc;
	} while (!s2p_cas(entry, *old, *old | S2_DESC_SEAL));
	f->noted |= *old;
	return S2_OK;
}

/*
 * Seals entries up to the first that is not `sealed` but for the seal, and `size` more each time:
 * how many of `n`.  Out of line: it wants all registers for itself.
 */
__attribute__((noinline)) static uint64_t seal_same(s2_desc *entry, uint64_t n, s2_desc sealed,
						    uint64_t size)
{
	uint64_t i = 0;

	for (; i + 8 <= n; i += 8) {
#pragma GCC unroll 8
		for (unsigned int k = 0; k < 8; k++, sealed += size) {
			if (!s2p_cas(&entry[i + k], sealed - S2_DESC_SEAL, sealed))
				return i + k;
		}
	}
	for (; i < n && s2p_cas(&entry[i], sealed - S2_DESC_SEAL, sealed); i++)
		sealed += size;
	return i;
}

/* `desc` is what entry 0 said a moment ago. */
static int seal(struct fold *f, s2_desc desc)
{
	s2_desc *end = f->table + f->entries;

	for (s2_desc *entry = f->table; entry < end; entry++, desc += f->size) {
		uint64_t n =
			seal_same(entry, (uint64_t)(end - entry), desc | S2_DESC_SEAL, f->size);
		int status;

		f->noted |= n ? desc : 0;
		entry += n;
		if (entry == end)
			break;
		desc = f->first + (uint64_t)(entry - f->table) * f->size;
		status = seal_other(f, entry, &desc);
		if (status) {
			unseal(f, entry);
			return status;
		}
	}
	return S2_OK;
}

/* What `n` entries say other than `desc`, and `size` more each time. */
static s2_desc differences(const s2_desc *entry, uint64_t n, s2_desc desc, uint64_t size)
{
	s2_desc differ = 0;

#pragma GCC unroll 8
	for (; n; n--, desc += size)
		differ |= s2p_load(entry++) ^ desc;
	return differ;
}

/* The same on a tree that is not shared: nobody is kept out, so a look is enough. */
static int look(struct fold *f)
{
	s2_desc desc = f->first;

	for (unsigned int i = 0; i < f->entries; i += LOOK, desc += LOOK * f->size) {
		f->noted |= differences(&f->table[i], LOOK, desc, f->size);
		if (f->noted & ~f->loose)
			return S2_NOT_UNIFORM;
	}
	return S2_OK;
}

/* What the hardware may still note in the entries is in the block, whether it does or not. */
static s2_desc block_of(const struct s2_op *op, const struct fold *f, unsigned int level)
{
	s2_desc leaf = f->first | (f->noted & f->loose & ~S2_DESC_CONTIG);

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

/* What all entries go by, from entry 0: most tables that do not fit show it there. */
static bool begin(const struct s2_op *op, const struct s2_spot *at, struct fold *f, s2_desc desc)
{
	f->level = at->level + 1;
	f->entries = 1u << op->fmt->index_bits;
	f->size = s2_level_size(op->fmt, f->level);
	f->loose = S2_DESC_AF | S2_DESC_CONTIG | (s2_is_logged(desc) ? S2_DESC_WRITE : 0);
	f->first = desc & ~(f->loose | S2_DESC_SEAL);
	return s2_is_leaf(f->level, desc) &&
	       !(s2_oa_decode(op->fmt, desc) & (s2_level_size(op->fmt, at->level) - 1));
}

int s2_collapse_table(struct s2_op *op, const struct s2_spot *at)
{
	struct fold f = {.table = s2p_table(s2_oa_decode(op->fmt, at->desc))};
	s2_desc first;
	int status;

	if (!f.table)
		return s2_corrupt(op, at);
	first = s2p_load(&f.table[0]);
	if (s2_is_sealed(at->desc) || s2_is_locked(first))
		return s2_contend(op, at);
	if (!begin(op, at, &f, first))
		return S2_NOT_UNIFORM;
	status = op->tree->grace ? seal(&f, first) : look(&f);
	if (status == S2_RETRY)
		return s2_contend(op, at);
	return status ? status : collapse_sealed(op, at, &f);
}

static int collapse_visit(struct s2_op *op, struct s2_spot *at)
{
	if (at->level < op->top && s2_is_table(at->level, at->desc))
		return S2_STEP_DOWN;
	switch (s2_kind(op->fmt, at->level, at->desc)) {
	case S2_KIND_TABLE:
		return s2_collapse_table(op, at);
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
