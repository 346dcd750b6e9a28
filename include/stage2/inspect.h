/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Looking at tables: what is mapped, how much of it, as a text, and is it sound?
 *
 * All of this only reads, as s2_walk() does: it may run beside every operation, inside
 * a read-side section on a shared tree, waits for nobody, and costs the others nothing:
 * no count is kept anywhere, all are taken on the way.  Of a tree that is changed at the
 * same time it says what each entry was when it was read.
 *
 * Every call looks at a *span*, visits as many entries as its budget allows, and moves
 * the span along:
 *
 *	before	|ipa ........................... size|
 *	after	             |ipa .............. size|	S2_MORE: call again
 *
 * Status of all of them: S2_OK (the size that is left is 0); S2_MORE (the budget is used
 * up); S2_CORRUPT (see each); bad input, with nothing visited and the span as it was:
 * S2_INVALID (null, unknown flag), S2_BAD_SIZE, S2_MISALIGNED (ipa or size to the
 * granule), S2_WRAPS, S2_IPA_RANGE.
 */
#ifndef STAGE2_INSPECT_H
#define STAGE2_INSPECT_H

#include <stage2/stage2.h>

struct s2_span {
	uint64_t ipa; /* where to look, and where the next call goes on */
	uint64_t size; /* bytes that are left */
	uint32_t budget; /* entries that one call may visit; 0: no limit */
};

#define S2_LEVELS (S2_LAST_LEVEL + 1u)

/* --- ranges ------------------------------------------------------------------- */

/*
 * Neighbours that are the same: of leaves, adjoining addresses and equal attributes; of
 * annotations, equal owner and payload.  Holes are one wherever their tables end, and so
 * is what is locked.
 */
struct s2_range {
	uint64_t ipa;
	uint64_t size; /* a multiple of the granule: cut to the span */
	uint64_t pa; /* of ipa, if a leaf; 0 if not */
	uint64_t bytes[S2_LEVELS]; /* of the size, by the level of the entries */
	s2_desc desc; /* of the first entry, as found: s2_desc_owner(), s2_desc_payload() */
	s2_attr attr; /* of a leaf; 0 if not */
	enum s2_kind kind; /* any but S2_KIND_TABLE */
};

/*
 * What does not end a range of leaves, though it would otherwise.  The attributes then
 * say S2_OLD if all of it is old, S2_DIRTY if any of it is dirty.
 */
#define S2_MERGE_LEVELS 0x1u /* another level */
#define S2_MERGE_AGE 0x2u /* S2_OLD */
#define S2_MERGE_DIRTY 0x4u /* S2_DIRTY */
#define S2_MERGE_ALL 0x7u

/* Returns 0 to go on; anything else ends the call, which returns it. */
typedef int s2_range_visitor(const struct s2_range *r, void *arg);

/*
 * Calls `visit` for each maximal range in the span, in ascending order, holes included:
 * together they are all of it.  A range that the budget cuts short comes in pieces.  A
 * corrupt entry is a range by itself, after which the call ends with S2_CORRUPT: call
 * again to go on behind it, while there is a size left.  A visitor that ends the call
 * has seen the range before the span.  What it may do: as with s2_walk().
 */
int s2_ranges(const struct s2_tree *tree, struct s2_span *span, uint32_t flags,
	      s2_range_visitor *visit, void *arg);

/* --- numbers ------------------------------------------------------------------ */

struct s2_counts {
	uint64_t mapped[S2_LEVELS]; /* bytes, by the level of the leaf */
	uint64_t leaves[S2_LEVELS];
	uint64_t tables[S2_LEVELS]; /* by the level of their entries, the root's included */
	uint64_t annotated; /* entries */
	uint64_t locked; /* entries */
	uint64_t corrupt; /* entries */
	uint64_t writable; /* bytes that are mapped so, and so the next three */
	uint64_t logged;
	uint64_t dirty;
	uint64_t young;
};

/*
 * Adds to *counts what is in the span.  Bytes are counted for the part of an entry that
 * lies in it, entries and tables where their first address does: the counts of two spans
 * side by side are those of both together.  S2_CORRUPT: an entry was counted as corrupt,
 * and passed over; call again to go on behind it, while there is a size left.
 */
int s2_count(const struct s2_tree *tree, struct s2_span *span, struct s2_counts *counts);

/* --- a text ------------------------------------------------------------------- */

/* No line is longer, its newline and the zero behind it included. */
#define S2_DUMP_LINE 192u

/* Takes one line, which ends with a newline and a zero, and is gone when it returns. */
typedef void s2_print(const char *line, void *arg);

/*
 * Prints the span, a line for each range of s2_ranges() with the same flags; statuses,
 * S2_CORRUPT among them, as there.  Addresses are hexadecimal and inclusive, sizes
 * decimal, in the largest unit of K, M, G, T that divides them:
 *
 *	0000040000000-00000403fffff pa 0000080000000 rwx normal L2=4M
 *	0000040400000-00000404fffff pa 0000080400000 rw- normal L3=1M old dirty sw=1
 *	0000040500000-0000040500fff owner 7 payload 0x12
 *	0000040501000-000007fffffff empty
 *
 * After the addresses:  pa, permissions (x/el1, x/el0: at that level alone), memory type
 * (normal, nc, device), bytes by level, and, if so: old, log (clean) or dirty, sw=N; or
 * owner and payload; or empty, locked; or corrupt with the descriptor and the level.
 */
int s2_dump(const struct s2_tree *tree, struct s2_span *span, uint32_t flags, s2_print *print,
	    void *arg);

/* --- a check ------------------------------------------------------------------ */

enum s2_rule {
	/* Of every tree, at any time. */
	S2_RULE_ENCODING, /* a descriptor that no engine writes, for other reasons than these */
	S2_RULE_LEVEL, /* a block at a level that has none */
	S2_RULE_ADDRESS, /* an output address that is not aligned, or beyond the PA bits */
	S2_RULE_POINTER, /* a table where no table can be: s2p_table() knows none */
	S2_RULE_MEMORY, /* a memory type or shareability that no engine writes */
	S2_RULE_ATTR, /* attributes that contradict each other */
	S2_RULE_CYCLE, /* a table that leads back to itself, to one above it, or to the root */

	/* Of a quiet tree. */
	S2_RULE_LOCK, /* an entry is locked, and nobody is at work */
	S2_RULE_LINK, /* an unlinked table that can still be reached */
	S2_RULE_SEAL, /* a seal that was never taken off */
	S2_RULE_SHARED, /* a second entry leads to this table */
	S2_RULE_TABLES, /* more tables than the tree counts, or fewer */
	S2_RULE_GROUP, /* not what entry 0 of its contiguous group asks for */
	S2_RULE_FLIGHT, /* the tree says that a restriction, or s2_reclaim(), is under way */

	/* No violation: for information. */
	S2_RULE_EMPTY, /* a table without an entry that is not empty */
};

/* What the rule says, in a few words; the same for any other number. */
const char *s2_rule_text(enum s2_rule rule);

struct s2_violation {
	enum s2_rule rule;
	uint64_t ipa; /* first address that the entry covers */
	s2_desc desc; /* as found; 0 if it is not about one entry */
	uint32_t level;
};

typedef void s2_complaint(const struct s2_violation *violation, void *arg);

/* All zero but for what the caller wants; kept from call to call of one check. */
struct s2_verification {
	s2_complaint *complain; /* called for each; may not change the tree.  NULL: only count */
	void *arg;
	/* Nothing is under way on the tree, nothing deferred, and nothing begins between the calls. */
	bool quiet;
	/*
	 * All zero, a bit for each page that tables are taken from, or for some of them; `ipa`
	 * is then the PA of the first.  Only if quiet.  NULL: S2_RULE_SHARED is not looked for.
	 */
	struct s2_bitmap *seen;
	uint64_t tables; /* entered so far, beside the root */
	uint64_t violations; /* so far, without S2_RULE_EMPTY */
	uint64_t next; /* private: where the last call ended */
	uint32_t hollow; /* private: tables, by level, in which nothing was found yet */
	bool gap; /* private: not all below `next` was looked at */
};

/*
 * Checks the span against the rules.  A violation does not end the call: what the entry
 * leads to is passed over.  S2_OK: none so far; S2_CORRUPT: some; S2_BAD_BITMAP (no
 * words, or the address is no multiple of the granule); S2_INVALID also for `seen`
 * without `quiet`.
 *
 * It comes to an end on any tables: a path is never longer than there are levels, and
 * nothing is followed that s2p_table() does not know.  What bounds the work is the budget;
 * on a quiet tree also the number of its tables: the first one too many is S2_RULE_TABLES,
 * and the call ends there with S2_CORRUPT and the rest of the span not looked at.
 *
 * Two entries that lead to one table are found: by S2_RULE_CYCLE if one is below the other;
 * by S2_RULE_SHARED if `seen` has a bit for it; else only by the number of tables, if
 * no other table is missing in turn.  S2_RULE_TABLES looks for tables that are missing,
 * and S2_RULE_FLIGHT looks at all, if calls without a gap have come from IPA 0 to the end;
 * for the former no unlinked table may be waiting for s2_reclaim().
 */
int s2_verify(const struct s2_tree *tree, struct s2_span *span, struct s2_verification *v);

#endif
