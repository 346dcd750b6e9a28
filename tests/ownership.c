/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Transfers of pages: every one of them from every pair of states, without table pages at
 * every point, with faults of the host at every step, and thousands at random against a
 * flat array that knows one owner and one borrower of each page.
 */
#include "lib/suite.h"

#include <stdlib.h>
#include <string.h>

#include <stage2/ownership.h>

#include "lib/tlb.h"
#include "lib/world.h"

#define LLU(x) ((unsigned long long)(x))
#define GUESTS 2
#define FIRST S2_OWNER_GUEST

struct realm {
	struct world w; /* its tree is the host's */
	struct s2_tree guest[GUESTS];
	void *root[GUESTS];
	uint64_t page, block;
};

static void open_realm(struct realm *r, const struct s2_config *format, bool shared)
{
	const struct world_config config = {
		.format = *format, .shared = shared, .owned = true, .arena = UINT64_C(64) << 20};

	world_open(&r->w, &config);
	r->page = s2_level_size(&r->w.fmt, 3);
	r->block = s2_level_size(&r->w.fmt, 2);
	for (unsigned int g = 0; g < GUESTS; g++) {
		struct s2_tree_config tree = {.fmt = &r->w.fmt,
					      .vmid = 7 + g,
					      .shared = shared,
					      .owned = true,
					      .grace = &r->w.qsbr.grace};

		tree.root = r->root[g] = s2_host_alloc(r->w.fmt.root_size);
		require_status(s2_init(&r->guest[g], &tree), S2_OK);
	}
	for (unsigned int i = 0; i < WORLD_CPUS; i++)
		world_fill(&r->w, &r->w.cpu[i], 60);
}

static void close_realm(struct realm *r)
{
	for (unsigned int g = 0; g < GUESTS; g++) {
		require_status(s2_destroy(&r->guest[g], &r->w.cpu[0]), S2_OK);
		require(!r->guest[g].tables, "%llu tables left", LLU(r->guest[g].tables));
		s2_host_free(r->root[g], r->w.fmt.root_size);
	}
	world_close(&r->w);
}

static const struct s2_config sizes[] = {
	{12, 39, 40, 8, S2_FEAT_TTL | S2_FEAT_TLBIRANGE},
	{14, 47, 48, 16, S2_FEAT_FWB},
	{16, 48, 48, 16, S2_FEAT_TTL | S2_FEAT_TLBIRANGE},
};

static const struct s2_config contiguous = {12, 39, 40, 8,
					    S2_FEAT_TTL | S2_FEAT_TLBIRANGE | S2_FEAT_CONTIG};

static const struct s2_config resized = {12, 39, 40, 8,
					 S2_FEAT_TTL | S2_FEAT_TLBIRANGE | S2_FEAT_BBM2};

static struct s2_pages pages_of(struct realm *r, unsigned int g, uint64_t pa, uint64_t ipa,
				uint64_t size)
{
	return (struct s2_pages){.host = &r->w.tree,
				 .host_attr = S2_RWX,
				 .guest = &r->guest[g],
				 .guest_id = FIRST + g,
				 .pa = pa,
				 .ipa = ipa,
				 .size = size,
				 .attr = S2_RW};
}

/* --- every pair of states ------------------------------------------------------------ */

enum {
	H_EMPTY,
	H_OWNED,
	H_SHARED,
	H_BORROWED,
	H_LENT,
	H_GONE_1,
	H_GONE_2,
	H_HYP,
	H_ODD,
	H_OFF,
	H_N
};
enum {
	G_NONE,
	G_HOST,
	G_GONE_2,
	G_OWNED,
	G_SHARED,
	G_BORROWED,
	G_ODD,
	O_OWNED,
	O_SHARED,
	O_BORROWED,
	G_N
};

#define K S2_OK
#define O S2_WRONG_OWNER
#define S S2_WRONG_STATE
#define E S2_NOT_EMPTY
#define M S2_NO_MATCH

/* What each side says to it; who asks is heard first. */
struct expectation {
	bool guest_asks;
	int host[H_N];
	int guest[G_N];
	int host_after, guest_after;
};

#define HOST_HAS                             \
	{                                    \
		K, K, S, O, S, O, O, O, S, S \
	}
#define IS_FREE                              \
	{                                    \
		K, K, E, E, E, E, E, E, E, E \
	}
#define GUEST_HAS                            \
	{                                    \
		O, O, O, K, S, O, S, M, S, O \
	}
#define ONLY_GONE                            \
	{                                    \
		M, M, M, M, M, K, M, M, M, M \
	}
#define ONLY_BORROWED                        \
	{                                    \
		M, M, M, K, M, M, M, M, M, M \
	}

/* clang-format off */
static const struct expectation expectations[] = {
	[S2_HOST_SHARES] = {false, HOST_HAS, IS_FREE, H_SHARED, G_BORROWED},
	[S2_HOST_UNSHARES] = {false, {S, S, K, O, S, O, O, O, S, S}, {M, M, M, M, M, K, M, M, M, M}, H_OWNED, G_NONE},
	[S2_HOST_DONATES] = {false, HOST_HAS, IS_FREE, H_GONE_1, G_OWNED},
	[S2_GUEST_SHARES] = {true, ONLY_GONE, GUEST_HAS, H_BORROWED, G_SHARED},
	[S2_GUEST_UNSHARES] = {true, ONLY_BORROWED, {O, O, O, S, K, O, S, S, M, O}, H_GONE_1, G_OWNED},
	[S2_GUEST_DONATES] = {true, ONLY_GONE, GUEST_HAS, H_OWNED, G_HOST},
	[S2_HOST_RECLAIMS] = {true, ONLY_GONE, GUEST_HAS, H_OWNED, G_NONE},
	[S2_HOST_LENDS] = {false, HOST_HAS, {0}, H_LENT, -1},
	[S2_HOST_UNLENDS] = {false, {S, S, S, O, K, O, O, O, S, S}, {0}, H_OWNED, -1},
	[S2_HOST_YIELDS] = {false, HOST_HAS, {0}, H_HYP, -1},
	[S2_HYP_DONATES] = {false, {O, O, O, O, O, O, O, K, O, O}, {0}, H_OWNED, -1},
};
static const struct expectation reclaims_shared = {
	true, ONLY_BORROWED, {O, O, O, S, K, O, S, S, M, O}, H_OWNED, G_NONE};
/* clang-format on */

/* A guest that is gone: what it has decides what is taken. */
static const struct expectation *expected(enum s2_transfer what, int g)
{
	if (what == S2_HOST_RECLAIMS && (g == G_BORROWED || g == O_BORROWED))
		return &expectations[S2_HOST_UNSHARES];
	if (what == S2_HOST_RECLAIMS && (g == G_SHARED || g == O_SHARED))
		return &reclaims_shared;
	return &expectations[what];
}

static int expected_status(const struct expectation *e, int h, int g)
{
	int first = e->guest_asks ? e->guest[g] : e->host[h];

	return first ? first : e->guest_asks ? e->host[h] : e->guest[g];
}

#define BASE(r) (3 * (r)->block)
#define GUEST_BASE(r) (5 * (r)->block + 2 * (r)->page)

static void put(struct realm *r, struct s2_tree *tree, uint64_t ipa, uint64_t pa, unsigned int sw)
{
	require_status(s2_map(tree, &r->w.cpu[0], ipa, r->page, pa, S2_RW | S2_SW(sw), S2_TAKE), K);
}

static void put_owner(struct realm *r, struct s2_tree *tree, uint64_t ipa, uint32_t owner)
{
	require_status(s2_annotate(tree, &r->w.cpu[0], ipa, r->page, owner, 0, 0), K);
}

static void put_host(struct realm *r, unsigned int n, int h)
{
	static const uint32_t owner[] = {
		[H_GONE_1] = FIRST, [H_GONE_2] = FIRST + 1, [H_HYP] = S2_OWNER_HYP};
	uint64_t pa = BASE(r) + n * r->page;

	if (h == H_EMPTY)
		require_status(s2_unmap(&r->w.tree, &r->w.cpu[0], pa, r->page, 0), K);
	else if (h <= H_LENT)
		put(r, &r->w.tree, pa, pa, (unsigned int)h - H_OWNED);
	else if (h <= H_HYP)
		put_owner(r, &r->w.tree, pa, owner[h]);
	else
		put(r, &r->w.tree, pa, h == H_OFF ? pa + r->page : pa, h == H_ODD ? 5 : 0);
}

static void put_guest(struct realm *r, unsigned int n, int g)
{
	uint64_t pa = BASE(r) + n * r->page, ipa = GUEST_BASE(r) + n * r->page;

	if (g == G_NONE)
		require_status(s2_unmap(&r->guest[0], &r->w.cpu[0], ipa, r->page, 0), K);
	else if (g <= G_GONE_2)
		put_owner(r, &r->guest[0], ipa, g == G_HOST ? S2_OWNER_HOST : FIRST + 1);
	else if (g >= O_OWNED)
		put(r, &r->guest[0], ipa, pa + 64 * r->page, (unsigned int)(g - O_OWNED));
	else
		put(r, &r->guest[0], ipa, pa, g == G_ODD ? 3 : (unsigned int)(g - G_OWNED));
}

static int read_host(struct realm *r, unsigned int n)
{
	uint64_t pa = BASE(r) + n * r->page;
	struct s2_mapping m;

	require_status(s2_lookup(&r->w.tree, pa, &m), K);
	if (m.kind == S2_KIND_EMPTY)
		return H_EMPTY;
	if (m.kind == S2_KIND_ANNOTATED)
		return s2_desc_owner(m.desc) == S2_OWNER_HYP
			       ? H_HYP
			       : H_GONE_1 + (int)(s2_desc_owner(m.desc) - FIRST);
	if (m.pa + (pa - m.ipa) != pa)
		return H_OFF;
	return (m.attr >> 8 & 7) == 5 ? H_ODD : H_OWNED + (int)(m.attr >> 8 & 7);
}

static int read_guest(struct realm *r, unsigned int n)
{
	uint64_t ipa = GUEST_BASE(r) + n * r->page;
	struct s2_mapping m;
	int sw;

	require_status(s2_lookup(&r->guest[0], ipa, &m), K);
	if (m.kind == S2_KIND_EMPTY)
		return G_NONE;
	if (m.kind == S2_KIND_ANNOTATED)
		return s2_desc_owner(m.desc) == S2_OWNER_HOST ? G_HOST : G_GONE_2;
	sw = (int)(m.attr >> 8 & 7);
	if (m.pa + (ipa - m.ipa) != BASE(r) + n * r->page)
		return O_OWNED + sw;
	return sw == 3 ? G_ODD : G_OWNED + sw;
}

#define RANGE 3u

/* Pages 1..3 of five; those beside them have a state of their own. */
static void try_pair(struct realm *r, enum s2_transfer what, const int *h, const int *g, int status,
		     const struct expectation *e)
{
	struct s2_pages p =
		pages_of(r, 0, BASE(r) + r->page, GUEST_BASE(r) + r->page, RANGE * r->page);
	bool hyp = what >= S2_HOST_LENDS;

	for (unsigned int n = 0; n <= RANGE + 1; n++) {
		put_host(r, n, h[n]);
		put_guest(r, n, g[n]);
	}
	r->w.cpu[0].budget = 1;
	require_status(s2_transfer(&r->w.cpu[0], what, &p), status);
	require(r->w.cpu[0].budget == 1 && r->w.cpu[0].done == (status ? 0 : p.size), "done %llu",
		LLU(r->w.cpu[0].done));
	r->w.cpu[0].budget = 0;
	for (unsigned int n = 0; n <= RANGE + 1; n++) {
		bool moved = !status && n >= 1 && n <= RANGE;
		int host = moved ? e->host_after : h[n],
		    guest = moved && !hyp ? e->guest_after : g[n];

		require(read_host(r, n) == host && read_guest(r, n) == guest,
			"page %u: host %d, guest %d; not %d, %d", n, read_host(r, n),
			read_guest(r, n), host, guest);
	}
}

/* All pages in one pair of states, and the last one alone among others that may go. */
static void try_pairs(struct realm *r, enum s2_transfer what, int h, int g)
{
	const struct expectation *e = expected(what, g);
	int hosts[] = {H_OWNED, h, h, h, H_GONE_2}, guests[] = {G_NONE, g, g, g, G_OWNED};
	int status = expected_status(e, h, g);
	int good_h = 0, good_g = 0;

	set_context("granule %u, transfer %d, host %d, guest %d", r->w.fmt.granule_shift, what, h,
		    g);
	try_pair(r, what, hosts, guests, status, e);
	while (expectations[what].host[good_h])
		good_h++;
	while (expectations[what].guest[good_g])
		good_g++;
	hosts[1] = hosts[2] = good_h;
	guests[1] = guests[2] = good_g;
	e = &expectations[what];
	try_pair(r, what, hosts, guests, expected_status(e, h, g), e);
}

static void check_matrix(const struct s2_config *format, bool shared)
{
	static struct realm r;

	open_realm(&r, format, shared);
	for (int what = 0; what <= S2_HYP_DONATES; what++)
		for (int h = 0; h < H_N; h++)
			for (int g = 0; g < (what < S2_HOST_LENDS ? G_N : 1); g++)
				try_pairs(&r, (enum s2_transfer)what, h, g);
	set_context("%s", "");
	close_realm(&r);
}

static void every_transfer_from_every_pair_of_states_does_all_or_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		check_matrix(&sizes[i], i % 2 == 0);
	check_matrix(&contiguous, true);
	check_matrix(&resized, true);
}

/* --- no table pages ------------------------------------------------------------------- */

/* What leads to the state that each of them needs. */
static const int before[][2] = {
	[S2_HOST_SHARES] = {-1, -1},
	[S2_HOST_UNSHARES] = {S2_HOST_SHARES, -1},
	[S2_HOST_DONATES] = {-1, -1},
	[S2_GUEST_SHARES] = {S2_HOST_DONATES, -1},
	[S2_GUEST_UNSHARES] = {S2_HOST_DONATES, S2_GUEST_SHARES},
	[S2_GUEST_DONATES] = {S2_HOST_DONATES, -1},
	[S2_HOST_RECLAIMS] = {S2_HOST_DONATES, -1},
	[S2_HOST_LENDS] = {-1, -1},
	[S2_HOST_UNLENDS] = {S2_HOST_LENDS, -1},
	[S2_HOST_YIELDS] = {-1, -1},
	[S2_HYP_DONATES] = {S2_HOST_YIELDS, -1},
};

/* A whole block in the state, so that a page of it needs tables in both trees. */
static struct s2_pages prepare(struct realm *r, enum s2_transfer what, bool mapped)
{
	struct s2_pages p = pages_of(r, 0, BASE(r), 5 * r->block, r->block);

	if (mapped)
		require_status(
			s2_map(&r->w.tree, &r->w.cpu[0], BASE(r), r->block, BASE(r), S2_RWX, 0), K);
	for (unsigned int i = 0; i < 2 && before[what][i] >= 0; i++)
		require_status(s2_transfer(&r->w.cpu[0], (enum s2_transfer)before[what][i], &p), K);
	p.pa += 3 * r->page;
	p.ipa += 3 * r->page;
	p.size = 2 * r->page;
	return p;
}

struct photo {
	enum s2_page_state host[6], guest[6];
};

static enum s2_page_state state_at(const struct s2_tree *tree, uint64_t ipa, bool host)
{
	struct s2_mapping m;

	require_status(s2_lookup(tree, ipa, &m), K);
	return s2_page_state(&m, host);
}

static struct photo photograph(struct realm *r)
{
	struct photo photo;

	for (unsigned int n = 0; n < 6; n++) {
		photo.host[n] = state_at(&r->w.tree, BASE(r) + n * r->page, true);
		photo.guest[n] = state_at(&r->guest[0], 5 * r->block + n * r->page, false);
	}
	return photo;
}

static void require_moved(struct realm *r, enum s2_transfer what, const struct photo *was)
{
	static const enum s2_page_state host_of[] = {
		[H_OWNED] = S2_PAGE_OWNED,	 [H_SHARED] = S2_PAGE_SHARED,
		[H_BORROWED] = S2_PAGE_BORROWED, [H_LENT] = S2_PAGE_LENT,
		[H_GONE_1] = S2_PAGE_GONE,	 [H_HYP] = S2_PAGE_GONE};
	static const enum s2_page_state guest_of[] = {[G_NONE] = S2_PAGE_NONE,
						      [G_HOST] = S2_PAGE_GONE,
						      [G_OWNED] = S2_PAGE_OWNED,
						      [G_SHARED] = S2_PAGE_SHARED,
						      [G_BORROWED] = S2_PAGE_BORROWED};
	const struct expectation *e = &expectations[what];
	struct photo now = photograph(r), then = *was;

	for (unsigned int n = 3; n <= 4; n++) {
		then.host[n] = host_of[e->host_after];
		if (e->guest_after >= 0)
			then.guest[n] = guest_of[e->guest_after];
	}
	require(!memcmp(&now, &then, sizeof(now)), "transfer %d: not what it should be", what);
}

/* One page more each time, until it is enough. */
static unsigned int starve(struct realm *r, enum s2_transfer what, bool mapped)
{
	struct s2_pages p = prepare(r, what, mapped);
	struct photo was = photograph(r);
	unsigned int refused = 0;
	int status;

	world_fill(&r->w, &r->w.cpu[0], 0);
	while ((status = s2_transfer(&r->w.cpu[0], what, &p)) == S2_NO_PAGE) {
		struct photo now = photograph(r);

		require(!memcmp(&was, &now, sizeof(was)), "transfer %d: half done", what);
		require(++refused < 10, "transfer %d never comes to an end", what);
		world_fill(&r->w, &r->w.cpu[0], r->w.cpu[0].cache.count + 1);
	}
	require_status(status, K);
	require_moved(r, what, &was);
	return refused;
}

/* The same with the quota of either tree. */
static unsigned int starve_quota(struct realm *r, enum s2_transfer what, struct s2_tree *tree)
{
	struct s2_pages p = prepare(r, what, true);
	struct photo was = photograph(r);
	unsigned int refused = 0;
	int status;

	world_fill(&r->w, &r->w.cpu[0], 40);
	tree->quota = tree->tables ? tree->tables : 1;
	while ((status = s2_transfer(&r->w.cpu[0], what, &p)) == S2_QUOTA) {
		struct photo now = photograph(r);

		require(!memcmp(&was, &now, sizeof(was)), "transfer %d: half done", what);
		require(++refused < 10, "transfer %d never comes to an end", what);
		tree->quota++;
	}
	require_status(status, K);
	require_moved(r, what, &was);
	return refused;
}

static void without_table_pages_nothing_is_half_done(void **state)
{
	static struct realm r;
	unsigned int refused[3] = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (int what = 0; what <= S2_HYP_DONATES; what++)
			for (unsigned int way = 0; way < 4; way++) {
				open_realm(&r, &sizes[i], i != 1);
				if (way < 2)
					refused[0] += starve(&r, (enum s2_transfer)what, way);
				else
					refused[way - 1] +=
						starve_quota(&r, (enum s2_transfer)what,
							     way == 2 ? &r.w.tree : &r.guest[0]);
				close_realm(&r);
			}
	require(refused[0] >= 60 && refused[1] >= 30 && refused[2] >= 12, "%u, %u, %u refusals",
		refused[0], refused[1], refused[2]);
}

/* Pages of three blocks that were given or shared as a whole, in the guest `skew` bytes off. */
struct stretch {
	uint64_t skew, first, size;
};

struct ends {
	enum s2_page_state host[8], guest[8]; /* two pages before and behind each end of it */
};

static struct s2_pages prepare_stretch(struct realm *r, enum s2_transfer what,
				       const struct stretch *of)
{
	struct s2_pages p = pages_of(r, 0, BASE(r), 9 * r->block + of->skew, 3 * r->block);

	require_status(s2_map(&r->w.tree, &r->w.cpu[0], BASE(r), p.size, BASE(r), S2_RWX, 0), K);
	for (unsigned int i = 0; i < 2 && before[what][i] >= 0; i++)
		require_status(s2_transfer(&r->w.cpu[0], (enum s2_transfer)before[what][i], &p), K);
	p.pa += of->first;
	p.ipa += of->first;
	p.size = of->size;
	return p;
}

static struct ends look_at_ends(struct realm *r, const struct s2_pages *p)
{
	struct ends e;

	for (unsigned int n = 0; n < 8; n++) {
		uint64_t at = (n < 4 ? 0 : p->size) + (n % 4) * r->page - 2 * r->page;

		e.host[n] = state_at(p->host, p->pa + at, true);
		e.guest[n] = state_at(p->guest, p->ipa + at, false);
	}
	return e;
}

/* What is in it has changed, and what is beside it has not. */
static void require_all_moved(const struct ends *was, const struct ends *now)
{
	for (unsigned int n = 0; n < 8; n++) {
		bool in = n >= 2 && n < 6;
		bool differs = now->host[n] != was->host[n] || now->guest[n] != was->guest[n];

		require(differs == in, "place %u %s", n, in ? "did not move" : "moved");
		if (in)
			require(now->host[n] == now->host[2] && now->guest[n] == now->guest[2],
				"place %u is another's", n);
	}
}

static unsigned int starve_stretch(struct realm *r, enum s2_transfer what, const struct stretch *of)
{
	struct s2_pages p = prepare_stretch(r, what, of);
	struct ends was = look_at_ends(r, &p), now;
	unsigned int refused = 0;
	int status;

	world_fill(&r->w, &r->w.cpu[0], 0);
	while ((status = s2_transfer(&r->w.cpu[0], what, &p)) == S2_NO_PAGE) {
		now = look_at_ends(r, &p);
		require(!memcmp(&was, &now, sizeof(was)), "transfer %d: half done", what);
		require(++refused < 20, "transfer %d never comes to an end", what);
		world_fill(&r->w, &r->w.cpu[0], r->w.cpu[0].cache.count + 1);
	}
	require_status(status, K);
	now = look_at_ends(r, &p);
	require_all_moved(&was, &now);
	return refused;
}

/* More than one table for either side: the first must not be all that there is. */
static void without_table_pages_nothing_of_several_blocks_is_half_done(void **state)
{
	static struct realm r;
	unsigned int refused = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (int what = 0; what <= S2_HYP_DONATES; what++)
			for (unsigned int skew = 0; skew < 2; skew++) {
				open_realm(&r, &sizes[i], i != 1);
				const struct stretch of = {skew * r.page, r.block - 4 * r.page,
							   r.block + 8 * r.page};

				set_context("granule %u, transfer %d, skew %u",
					    r.w.fmt.granule_shift, what, skew);
				refused += starve_stretch(&r, (enum s2_transfer)what, &of);
				set_context("%s", "");
				close_realm(&r);
			}
	require(refused >= 60, "%u refusals", refused);
}

/* --- a large block ---------------------------------------------------------------------- */

/* The finer blocks that it becomes are contiguous groups, one of which has to go apart again. */
static void check_large_block(const struct s2_config *format)
{
	static struct realm r;
	struct s2_pages p;
	uint64_t large;

	open_realm(&r, format, true);
	large = s2_level_size(&r.w.fmt, s2_level_has_leaf(&r.w.fmt, 1) ? 1 : 2);
	tlb_open(&r.w);
	require_status(s2_map(&r.w.tree, &r.w.cpu[0], large, large, large, S2_RWX, 0), K);
	p = pages_of(&r, 0, large + 9 * r.page, 0, r.page);
	require_status(s2_transfer(&r.w.cpu[0], S2_HOST_YIELDS, &p), K);
	tlb_returned(false);
	for (unsigned int n = 0; n < 40; n++)
		require(state_at(&r.w.tree, large + n * r.page, true) ==
				(n == 9 ? S2_PAGE_GONE : S2_PAGE_OWNED),
			"page %u", n);
	require_status(s2_transfer(&r.w.cpu[0], S2_HYP_DONATES, &p), K);
	tlb_returned(false);
	tlb_close();
	close_realm(&r);
}

static void a_page_of_a_large_block_changes_hands_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct s2_config format = sizes[i];

		check_large_block(&format);
		format.features |= S2_FEAT_CONTIG;
		check_large_block(&format);
	}
}

/* --- faults in the middle -------------------------------------------------------------- */

static struct {
	struct realm *r;
	enum s2_transfer what;
	struct s2_tree *tree;
	unsigned int step, stop;
	bool inside;
	int status; /* of the fault */
} race;

static enum s2_kind kind_at(const struct s2_tree *tree, uint64_t ipa)
{
	struct s2_mapping m;

	require_status(s2_lookup(tree, ipa, &m), K);
	return m.kind;
}

/* Who gets a page finds that the other does not have it any more, on any CPU: it is not even locked. */
static void check_exclusive(void)
{
	struct realm *r = race.r;

	for (unsigned int n = 3; n <= 4; n++) {
		enum s2_kind host = kind_at(&r->w.tree, BASE(r) + n * r->page);
		enum s2_kind guest = kind_at(&r->guest[0], 5 * r->block + n * r->page);

		if (race.what == S2_HOST_DONATES && guest == S2_KIND_LEAF)
			require(host == S2_KIND_ANNOTATED, "the host is of kind %d", host);
		if ((race.what == S2_GUEST_DONATES || race.what == S2_HOST_RECLAIMS) &&
		    host == S2_KIND_LEAF)
			require(guest == S2_KIND_ANNOTATED || guest == S2_KIND_EMPTY,
				"the guest is of kind %d", guest);
	}
}

static void fault(const struct s2_host_event *event)
{
	struct realm *r = race.r;

	(void)event;
	if (race.inside)
		return;
	race.inside = true;
	check_exclusive();
	if (race.step++ == race.stop) {
		race.status = s2_map(&r->w.tree, &r->w.cpu[1], BASE(r) + 2 * r->page, 3 * r->page,
				     BASE(r) + 2 * r->page, S2_RWX, S2_FAULT | S2_HOLES);
		require_status(s2_qsbr_quiescent(&r->w.qsbr, 1), S2_OK);
	}
	race.inside = false;
}

static unsigned int run_fault(enum s2_transfer what, bool mapped, unsigned int stop)
{
	static struct realm r;
	struct s2_pages p;
	struct photo was;

	open_realm(&r, &sizes[0], true);
	p = prepare(&r, what, mapped);
	was = photograph(&r);
	race.r = &r;
	race.what = what;
	race.step = 0;
	race.stop = stop;
	race.status = S2_OK;
	set_context("transfer %d, the host faults at step %u", what, stop);
	s2_host_trace.before = fault;
	require_status(s2_transfer(&r.w.cpu[0], what, &p), K);
	s2_host_trace.before = NULL;
	require(race.status == S2_OK || race.status == S2_RETRY || race.status == S2_OWNED,
		"the fault: %s", status_name(race.status));
	require_moved(&r, what, &was);
	set_context("%s", "");
	close_realm(&r);
	return race.step;
}

static void the_hosts_faults_at_every_step_change_no_state(void **state)
{
	(void)state;
	for (int what = 0; what <= S2_HYP_DONATES; what++)
		for (int mapped = 0; mapped < 2; mapped++) {
			unsigned int steps = run_fault((enum s2_transfer)what, mapped, UINT32_MAX);

			for (unsigned int stop = 0; stop < steps; stop++)
				run_fault((enum s2_transfer)what, mapped, stop);
		}
}

/* --- locks, and corrupt tables ------------------------------------------------------------- */

static unsigned int waits;

/* The other CPU comes to its end when it is waited for. */
static void flush_other(const struct s2_host_event *event)
{
	if (race.inside || event->op != S2_HOST_WAIT)
		return;
	race.inside = true;
	waits++;
	require_status(s2_flush(race.tree, &race.r->w.cpu[1]), S2_OK);
	race.inside = false;
}

static void wait_for(struct realm *r, struct s2_tree *tree, uint64_t ipa, uint64_t size,
		     enum s2_transfer what, const struct s2_pages *p)
{
	require_status(s2_unmap(tree, &r->w.cpu[1], ipa, size, S2_DEFER), K);
	waits = 0;
	race.r = r;
	race.tree = tree;
	s2_host_trace.before = flush_other;
	require_status(s2_transfer(&r->w.cpu[0], what, p), K);
	s2_host_trace.before = NULL;
	require(waits == 1, "%u waits", waits);
}

static void a_transfer_waits_for_who_is_at_work_on_its_pages(void **state)
{
	static struct realm r;
	struct s2_pages p;

	(void)state;
	open_realm(&r, &sizes[0], true);
	p = prepare(&r, S2_HOST_LENDS, true);
	wait_for(&r, &r.w.tree, BASE(&r), r.block, S2_HOST_LENDS, &p);
	close_realm(&r);
}

static void a_transfer_reports_a_corrupt_entry_and_changes_nothing(void **state)
{
	static struct realm r;
	struct arch_regime regime;
	struct arch_walk walk;
	struct s2_pages p;

	(void)state;
	open_realm(&r, &sizes[0], true);
	p = prepare(&r, S2_HOST_DONATES, false);
	require_status(s2_map(&r.w.tree, &r.w.cpu[0], p.pa, r.page, p.pa, S2_RWX, 0), K);
	regime = r.w.regime;
	arch_walk(&regime, p.pa + r.page, &walk);
	*(s2_desc *)(uintptr_t)walk.entry = 0x8;
	require_status(s2_transfer(&r.w.cpu[0], S2_HOST_DONATES, &p), S2_CORRUPT);
	require(r.w.cpu[0].corrupt.desc == 0x8 && state_at(&r.w.tree, p.pa, true) == S2_PAGE_OWNED,
		"%#llx", LLU(r.w.cpu[0].corrupt.desc));
	*(s2_desc *)(uintptr_t)walk.entry = 0;
	close_realm(&r);
}

/* --- between the survey and the carving ----------------------------------------------------- */

enum { LOCKED, SEALED, CORRUPT };
#define NO_ENGINES UINT64_C(0x8)

/* An entry that the survey has found as it must be. */
static struct {
	struct realm *r;
	s2_desc *entry;
	s2_desc was;
	int then; /* what becomes of it */
	unsigned int reads;
	bool waited;
} found;

static void change_it(void)
{
	struct realm *r = found.r;

	if (found.then == LOCKED)
		require_status(s2_unmap(&r->w.tree, &r->w.cpu[1], BASE(r), r->block, S2_DEFER), K);
	else
		*found.entry = found.then == SEALED ? found.was | S2_DESC_SEAL : NO_ENGINES;
}

static void settle_it(void)
{
	struct realm *r = found.r;

	found.waited = true;
	if (found.then == LOCKED)
		require_status(s2_flush(&r->w.tree, &r->w.cpu[1]), K);
	else
		*found.entry = found.was;
}

/* The carving is the second to read it. */
static void between(const struct s2_host_event *event)
{
	s2_host_trace.before = NULL;
	if (event->op == S2_HOST_LOAD && event->p == found.entry && ++found.reads == 2)
		change_it();
	else if (event->op == S2_HOST_WAIT)
		settle_it();
	s2_host_trace.before = between;
}

/* The entry is the one for `ipa` in the host's tree, or in that of the guest. */
static int transfer_while(struct realm *r, enum s2_transfer what, const struct s2_pages *p,
			  const struct s2_tree *tree, uint64_t ipa, int then)
{
	struct arch_regime regime;
	struct arch_walk walk;
	int status;

	require(arch_regime(&regime, r->w.fmt.vtcr, tree->vttbr, r->w.fmt.hcr), "no registers");
	arch_walk(&regime, ipa, &walk);
	require(walk.level < 3, "no entry that has to be split");
	found.r = r;
	found.entry = (s2_desc *)(uintptr_t)walk.entry;
	found.was = walk.desc;
	found.then = then;
	found.reads = 0;
	found.waited = false;
	s2_host_trace.before = between;
	status = s2_transfer(&r->w.cpu[0], what, p);
	s2_host_trace.before = NULL;
	return status;
}

static void what_is_locked_or_sealed_since_the_survey_is_waited_for(void **state)
{
	static struct realm r;

	(void)state;
	for (int then = LOCKED; then <= SEALED; then++) {
		open_realm(&r, &sizes[0], true);
		const struct s2_pages p = prepare(&r, S2_HOST_LENDS, true);

		require_status(transfer_while(&r, S2_HOST_LENDS, &p, &r.w.tree, BASE(&r), then), K);
		require(found.waited, "not waited for");
		require(state_at(&r.w.tree, p.pa, true) == S2_PAGE_LENT &&
				state_at(&r.w.tree, p.pa - r.page, true) == S2_PAGE_OWNED &&
				state_at(&r.w.tree, p.pa + p.size, true) == S2_PAGE_OWNED,
			"not these pages alone");
		close_realm(&r);
	}
}

/* The host has given nothing away yet. */
static void what_is_corrupt_since_the_survey_is_reported_and_nothing_moves(void **state)
{
	static struct realm r;

	(void)state;
	open_realm(&r, &sizes[0], true);
	const struct s2_pages p = prepare(&r, S2_HOST_DONATES, true);

	require_status(transfer_while(&r, S2_HOST_DONATES, &p, &r.guest[0], p.ipa, CORRUPT),
		       S2_CORRUPT);
	require(*found.entry == NO_ENGINES && r.w.cpu[0].corrupt.desc == NO_ENGINES &&
			r.w.cpu[0].done == 0,
		"%#llx is reported", LLU(r.w.cpu[0].corrupt.desc));
	*found.entry = found.was;
	require(state_at(&r.w.tree, p.pa, true) == S2_PAGE_OWNED, "given away");
	require(state_at(&r.guest[0], p.ipa, false) == S2_PAGE_NONE, "taken");
	close_realm(&r);
}

/* --- at random ---------------------------------------------------------------------------- */

enum who { HOST, HYP, GUEST };

/* One owner and at most one borrower; numbers of `enum who`, guests from GUEST on. */
struct page {
	uint8_t owner, borrower;
	bool given_back[GUESTS];
};
#define NOBODY 9

struct trial {
	struct realm r;
	struct page *page;
	uint64_t pages;
	struct rng rng;
};

static uint64_t ipa_of(const struct trial *t, unsigned int g, uint64_t n)
{
	return (4 + 4 * g) * t->r.block + (n + g) * t->r.page;
}

static uint64_t pa_of(const struct trial *t, uint64_t n)
{
	return BASE(&t->r) + n * t->r.page;
}

/* Whether the page may go, and what it is then. */
static bool step_page(struct page *p, enum s2_transfer what, unsigned int g)
{
	static const struct {
		uint8_t owner, borrower, to_owner, to_borrower;
	} steps[] = {
		[S2_HOST_SHARES] = {HOST, NOBODY, HOST, GUEST},
		[S2_HOST_UNSHARES] = {HOST, GUEST, HOST, NOBODY},
		[S2_HOST_DONATES] = {HOST, NOBODY, GUEST, NOBODY},
		[S2_GUEST_SHARES] = {GUEST, NOBODY, GUEST, HOST},
		[S2_GUEST_UNSHARES] = {GUEST, HOST, GUEST, NOBODY},
		[S2_GUEST_DONATES] = {GUEST, NOBODY, HOST, NOBODY},
		[S2_HOST_RECLAIMS] = {GUEST, NOBODY, HOST, NOBODY},
		[S2_HOST_LENDS] = {HOST, NOBODY, HOST, HYP},
		[S2_HOST_UNLENDS] = {HOST, HYP, HOST, NOBODY},
		[S2_HOST_YIELDS] = {HOST, NOBODY, HYP, NOBODY},
		[S2_HYP_DONATES] = {HYP, NOBODY, HOST, NOBODY},
	};
#define NAMED(who) ((who) == GUEST ? GUEST + g : (who))
	if (p->owner != NAMED(steps[what].owner) || p->borrower != NAMED(steps[what].borrower))
		return false;
	p->owner = (uint8_t)NAMED(steps[what].to_owner);
	p->borrower = (uint8_t)NAMED(steps[what].to_borrower);
	if (what < S2_HOST_LENDS)
		p->given_back[g] = what == S2_GUEST_DONATES;
	return true;
}

/* What a guest that is gone has on the first page decides. */
static enum s2_transfer meant(const struct page *p, enum s2_transfer what, unsigned int g)
{
	if (what == S2_HOST_RECLAIMS && p->owner == HOST && p->borrower == GUEST + g)
		return S2_HOST_UNSHARES;
	return what;
}

static bool reclaim_shared(struct page *p, unsigned int g)
{
	if (p->owner != GUEST + g || p->borrower != HOST)
		return false;
	p->owner = HOST;
	p->borrower = NOBODY;
	p->given_back[g] = false;
	return true;
}

static bool step_pages(struct trial *t, enum s2_transfer what, unsigned int g, uint64_t first,
		       uint64_t n)
{
	struct page *after = malloc(n * sizeof(*after)), *page = &t->page[first];
	bool shared =
		what == S2_HOST_RECLAIMS && page->owner == GUEST + g && page->borrower == HOST;
	bool all = true;

	what = meant(page, what, g);
	memcpy(after, page, n * sizeof(*after));
	for (uint64_t i = 0; i < n; i++)
		all &= shared ? reclaim_shared(&after[i], g) : step_page(&after[i], what, g);
	if (all)
		memcpy(page, after, n * sizeof(*after));
	free(after);
	return all;
}

static enum s2_page_state host_state(const struct page *p)
{
	if (p->owner != HOST)
		return p->borrower == HOST ? S2_PAGE_BORROWED : S2_PAGE_GONE;
	return p->borrower == NOBODY ? S2_PAGE_OWNED
	       : p->borrower == HYP  ? S2_PAGE_LENT
				     : S2_PAGE_SHARED;
}

static enum s2_page_state guest_state(const struct page *p, unsigned int g)
{
	if (p->owner == GUEST + g)
		return p->borrower == HOST ? S2_PAGE_SHARED : S2_PAGE_OWNED;
	if (p->borrower == GUEST + g)
		return S2_PAGE_BORROWED;
	return p->given_back[g] ? S2_PAGE_GONE : S2_PAGE_NONE;
}

/* Each page by itself: who can reach it, and what the entries say. */
static void compare_page(struct trial *t, uint64_t n)
{
	const struct page *p = &t->page[n];
	struct s2_mapping m;
	unsigned int reach = 0, may = 0;

	require_status(s2_lookup(&t->r.w.tree, pa_of(t, n), &m), K);
	require(s2_page_state(&m, true) == host_state(p), "page %llu: the host's is in state %d",
		LLU(n), s2_page_state(&m, true));
	if (m.kind == S2_KIND_ANNOTATED)
		require(s2_desc_owner(m.desc) == S2_OWNER_HOST + p->owner, "page %llu: owner %u",
			LLU(n), s2_desc_owner(m.desc));
	reach |= m.kind == S2_KIND_LEAF;
	may |= p->owner == HOST || p->borrower == HOST;
	for (unsigned int g = 0; g < GUESTS; g++) {
		require_status(s2_lookup(&t->r.guest[g], ipa_of(t, g, n), &m), K);
		require(s2_page_state(&m, false) == guest_state(p, g),
			"page %llu: guest %u's is in state %d", LLU(n), g,
			s2_page_state(&m, false));
		if (m.kind != S2_KIND_LEAF)
			continue;
		require(m.pa + (ipa_of(t, g, n) - m.ipa) == pa_of(t, n), "page %llu: other memory",
			LLU(n));
		reach |= 2u << g;
		may |= (p->owner == GUEST + g || p->borrower == GUEST + g) * (2u << g);
	}
	require(!(reach & ~may), "page %llu can be reached by %#x", LLU(n), reach);
}

/* Around the changes, and everywhere now and then. */
static void compare(struct trial *t, uint64_t first, uint64_t n, bool all)
{
	uint64_t from = all || first < 3 ? 0 : first - 3;
	uint64_t to = all || first + n + 3 > t->pages ? t->pages : first + n + 3;
	uint64_t stride = to - from > 200 ? 37 : 1;

	for (uint64_t i = from; i < to; i += stride)
		compare_page(t, i);
	compare_page(t, to - 1);
}

static void draw_range(struct trial *t, uint64_t *first, uint64_t *n)
{
	uint64_t block = t->r.block / t->r.page;

	*n = 1 + random_below(&t->rng, 4);
	*first = random_below(&t->rng, 3) ? block - 6 + random_below(&t->rng, 12 - *n)
					  : random_below(&t->rng, t->pages - *n);
	if (random_one_in(&t->rng, 8)) {
		*first = random_below(&t->rng, 2) * block;
		*n = block;
	}
	if (random_one_in(&t->rng, 30)) {
		*first = 0;
		*n = t->pages;
	}
}

static void transfer_at_random(struct trial *t)
{
	enum s2_transfer what = (enum s2_transfer)random_below(&t->rng, S2_HYP_DONATES + 1);
	unsigned int g = (unsigned int)random_below(&t->rng, GUESTS);
	struct s2_cpu *cpu = &t->r.w.cpu[0];
	uint64_t first, n;
	int status;

	draw_range(t, &first, &n);
	struct s2_pages p = pages_of(&t->r, g, pa_of(t, first), ipa_of(t, g, first), n * t->r.page);
	set_context("seed %#llx: transfer %d of %llu+%llu, guest %u", LLU(t->rng.state), what,
		    LLU(first), LLU(n), g);
	world_fill(&t->r.w, cpu, random_one_in(&t->rng, 4) ? 1 : 50);
	status = s2_transfer(cpu, what, &p);
	if (status == S2_NO_PAGE) {
		compare(t, first, n, false);
		world_fill(&t->r.w, cpu, 50);
		status = s2_transfer(cpu, what, &p);
	}
	require((status == K) == step_pages(t, what, g, first, n), "%s", status_name(status));
	compare(t, first, n, false);
}

/* What runs beside transfers: faults of the host, and blocks formed anew. */
static void something_neutral(struct trial *t)
{
	struct s2_cpu *cpu = &t->r.w.cpu[1];
	uint64_t first, n;
	int status;

	draw_range(t, &first, &n);
	world_fill(&t->r.w, cpu, 50);
	status = s2_map(&t->r.w.tree, cpu, pa_of(t, first), n * t->r.page, pa_of(t, first), S2_RWX,
			S2_FAULT | S2_HOLES);
	require(status == K || status == S2_OWNED, "a fault: %s", status_name(status));
	(void)s2_collapse(&t->r.w.tree, cpu, BASE(&t->r), 2, 0);
	(void)s2_collapse(&t->r.guest[0], cpu, ipa_of(t, 0, 0), 2, 0);
	world_quiesce(&t->r.w);
	(void)s2_reclaim(&t->r.guest[0], cpu);
	(void)s2_reclaim(&t->r.guest[1], cpu);
}

static void random_transfers_leave_each_page_with_one_owner(void **state)
{
	static struct trial t;

	(void)state;
	for (size_t i = 0; i <= ARRAY_SIZE(sizes); i++) {
		t.rng.state = random_seed(0x6f776e + i);
		open_realm(&t.r, i < ARRAY_SIZE(sizes) ? &sizes[i] : &contiguous, true);
		t.pages = 2 * t.r.block / t.r.page;
		t.page = calloc(t.pages, sizeof(*t.page));
		for (uint64_t n = 0; n < t.pages; n++)
			t.page[n].borrower = NOBODY;
		for (unsigned int step = 0; step < 3000; step++) {
			transfer_at_random(&t);
			if (step % 4 == 0)
				something_neutral(&t);
			if (step % 64 == 0)
				compare(&t, 0, t.pages, true);
		}
		set_context("%s", "");
		free(t.page);
		close_realm(&t.r);
	}
}

/* --- bad input ---------------------------------------------------------------------------- */

#define refuses(change, status)                                                                 \
	do {                                                                                    \
		struct s2_pages p = good;                                                       \
		change;                                                                         \
		cpu->done = 77;                                                                 \
		require_status(s2_transfer(cpu, S2_HOST_DONATES, &p), status);                  \
		require(cpu->done == 0 && state_at(&r.w.tree, BASE(&r), true) == S2_PAGE_OWNED, \
			"refused, and changed");                                                \
	} while (0)

static void transfers_refuse_bad_input(void **state)
{
	static struct realm r;
	static struct s2_tree none;
	struct s2_cpu *cpu = &r.w.cpu[0], other;

	(void)state;
	open_realm(&r, &sizes[0], true);
	const struct s2_pages good = pages_of(&r, 0, BASE(&r), 0, r.page);

	require_status(s2_transfer(NULL, S2_HOST_LENDS, &good), S2_INVALID);
	require_status(s2_transfer(cpu, S2_HOST_LENDS, NULL), S2_INVALID);
	require_status(s2_transfer(cpu, (enum s2_transfer)(S2_HYP_DONATES + 1), &good), S2_INVALID);
	require_status(s2_cpu_init(&other, 14), K);
	require_status(s2_transfer(&other, S2_HOST_LENDS, &good), S2_BAD_CACHE);
	refuses(p.host = NULL, S2_INVALID);
	refuses(p.guest = NULL, S2_INVALID);
	refuses(p.guest = &none, S2_INVALID);
	refuses(p.guest = p.host, S2_INVALID);
	refuses(p.size = 0, S2_BAD_SIZE);
	refuses(p.size = UINT64_MAX - r.page + 1, S2_WRAPS);
	refuses(p.pa += 1, S2_MISALIGNED);
	refuses(p.ipa += 1, S2_MISALIGNED);
	refuses(p.pa = BIT(39), S2_IPA_RANGE);
	refuses(p.ipa = BIT(39), S2_IPA_RANGE);
	refuses(p.host_attr = S2_RWX | S2_DEVICE, S2_BAD_ATTR);
	refuses(p.host_attr = S2_RW | S2_SW(1), S2_BAD_ATTR);
	refuses(p.attr = S2_RW | S2_SW(4), S2_BAD_ATTR);
	refuses(p.attr = S2_X | S2_DEVICE, S2_BAD_ATTR);
	refuses(p.guest_id = S2_OWNER_HYP, S2_BAD_OWNER);
	refuses(p.guest_id = S2_OWNER_MAX + 1, S2_BAD_OWNER);
	r.guest[0].owned = false;
	refuses((void)0, S2_NO_OWNERS);
	r.guest[0].owned = true;
	r.w.tree.owned = false;
	refuses((void)0, S2_NO_OWNERS);
	r.w.tree.owned = true;
	require_status(s2_unmap(&r.guest[1], cpu, 0, r.page, S2_DEFER), K);
	require_status(s2_annotate(&r.guest[1], cpu, 0, r.page, 9, 0, 0), K);
	require_status(s2_unmap(&r.guest[1], cpu, 0, r.page, S2_DEFER), K);
	refuses((void)0, S2_BUSY);
	require_status(s2_flush(&r.guest[1], cpu), K);
	close_realm(&r);
}

static void what_an_entry_says(void **state)
{
	struct s2_mapping m = {.ipa = 0x1000, .pa = 0x1000, .kind = S2_KIND_LEAF};

	(void)state;
	assert_int_equal(s2_page_state(NULL, true), S2_PAGE_UNKNOWN);
	for (unsigned int sw = 0; sw < 8; sw++) {
		m.attr = S2_RW | S2_SW(sw);
		assert_int_equal(s2_page_state(&m, true), sw <= 3 ? sw : S2_PAGE_UNKNOWN);
		assert_int_equal(s2_page_state(&m, false), sw <= 2 ? sw : S2_PAGE_UNKNOWN);
	}
	m.kind = S2_KIND_LOCKED;
	assert_int_equal(s2_page_state(&m, true), S2_PAGE_UNKNOWN);
	m.kind = S2_KIND_EMPTY;
	assert_int_equal(s2_page_state(&m, true), S2_PAGE_OWNED);
	assert_int_equal(s2_page_state(&m, false), S2_PAGE_NONE);
	m.kind = S2_KIND_ANNOTATED;
	assert_int_equal(s2_page_state(&m, true), S2_PAGE_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_transfer_from_every_pair_of_states_does_all_or_nothing),
		cmocka_unit_test(without_table_pages_nothing_is_half_done),
		cmocka_unit_test(without_table_pages_nothing_of_several_blocks_is_half_done),
		cmocka_unit_test(a_page_of_a_large_block_changes_hands_alone),
		cmocka_unit_test(the_hosts_faults_at_every_step_change_no_state),
		cmocka_unit_test(a_transfer_waits_for_who_is_at_work_on_its_pages),
		cmocka_unit_test(a_transfer_reports_a_corrupt_entry_and_changes_nothing),
		cmocka_unit_test(what_is_locked_or_sealed_since_the_survey_is_waited_for),
		cmocka_unit_test(what_is_corrupt_since_the_survey_is_reported_and_nothing_moves),
		cmocka_unit_test(random_transfers_leave_each_page_with_one_owner),
		cmocka_unit_test(transfers_refuse_bad_input),
		cmocka_unit_test(what_an_entry_says),
	};

	return run_suite("ownership", tests);
}
