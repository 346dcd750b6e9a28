/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Transfers of pages between the host, the hypervisor and the guests.
 *
 *	1  survey	both trees: is every page in the state that it must be in?
 *	2  carve	both trees: split what the range covers in part, and build the
 *			tables that the new mapping stands in.  Neutral: no page changes.
 *	3  move		take it from one, then give it to the other
 *
 * Invariant: after the carving no entry of the range is above the level at which the
 * moves change it.  So they need no table page, and all that could refuse them has been
 * looked at: from there on nothing fails, and nothing has to be undone.  Faults that run
 * beside it fill holes, which leaves that true: in trees with owners they replace no table.
 */
#include <stage2/ownership.h>

#include "graft.h"
#include "group.h"
#include "map.h"

#define IS(state) (1u << S2_PAGE_##state)

enum move {
	TAKE_MAP, /* map it, in the state `becomes` */
	SET_STATE, /* of what is mapped */
	CLEAR,
	GIVE_AWAY, /* annotate it with the other's number */
};

/* One side of a transfer. */
struct side {
	uint8_t must; /* states that a page may be in, as bits; 0: there is no such side */
	uint8_t move; /* enum move */
	uint8_t becomes; /* enum s2_page_state, if it is mapped then */
};

struct rule {
	struct side host, guest;
	bool guest_gives; /* it is the guest's page that this is about; else the host's */
	bool guest_first; /* who loses something moves first */
};

enum { RECLAIM_SHARED = S2_HYP_DONATES + 1, RULES };

#define MAP(state) TAKE_MAP, S2_PAGE_##state
#define STATE(state) SET_STATE, S2_PAGE_##state
#define FREE (IS(NONE) | IS(GONE))

static const struct rule rules[RULES] = {
	[S2_HOST_SHARES] = {{IS(OWNED), MAP(SHARED)}, {FREE, MAP(BORROWED)}, false, false},
	[S2_HOST_UNSHARES] = {{IS(SHARED), MAP(OWNED)}, {IS(BORROWED), CLEAR, 0}, false, true},
	[S2_HOST_DONATES] = {{IS(OWNED), GIVE_AWAY, 0}, {FREE, MAP(OWNED)}, false, false},
	[S2_GUEST_SHARES] = {{IS(GONE), MAP(BORROWED)}, {IS(OWNED), STATE(SHARED)}, true, true},
	[S2_GUEST_UNSHARES] = {{IS(BORROWED), GIVE_AWAY, 0},
			       {IS(SHARED), STATE(OWNED)},
			       true,
			       false},
	[S2_GUEST_DONATES] = {{IS(GONE), MAP(OWNED)}, {IS(OWNED), GIVE_AWAY, 0}, true, true},
	[S2_HOST_RECLAIMS] = {{IS(GONE), MAP(OWNED)}, {IS(OWNED), CLEAR, 0}, true, true},
	[RECLAIM_SHARED] = {{IS(BORROWED), MAP(OWNED)}, {IS(SHARED), CLEAR, 0}, true, true},
	[S2_HOST_LENDS] = {{IS(OWNED), MAP(LENT)}, {0, 0, 0}, false, false},
	[S2_HOST_UNLENDS] = {{IS(LENT), MAP(OWNED)}, {0, 0, 0}, false, false},
	[S2_HOST_YIELDS] = {{IS(OWNED), GIVE_AWAY, 0}, {0, 0, 0}, false, false},
	[S2_HYP_DONATES] = {{IS(GONE), MAP(OWNED)}, {0, 0, 0}, false, false},
};

/* A side with the numbers of one call. */
struct party {
	struct side side;
	struct s2_tree *tree;
	uint64_t ipa, pa, size;
	s2_attr attr;
	uint32_t other; /* owner in its annotations, before or after */
	bool host;
	bool gives;
};

/* --- states ------------------------------------------------------------------------ */

static enum s2_page_state state_of_leaf(uint64_t ipa, uint64_t pa, s2_attr attr, bool host)
{
	s2_attr state = (attr & S2_SW_MASK) / S2_SW(1);

	if (state > (host ? S2_PAGE_LENT : S2_PAGE_BORROWED) || (host && ipa != pa))
		return S2_PAGE_UNKNOWN;
	return (enum s2_page_state)state;
}

enum s2_page_state s2_page_state(const struct s2_mapping *m, bool host)
{
	if (!m)
		return S2_PAGE_UNKNOWN;
	switch (m->kind) {
	case S2_KIND_EMPTY:
		return host ? S2_PAGE_OWNED : S2_PAGE_NONE;
	case S2_KIND_ANNOTATED:
		return S2_PAGE_GONE;
	case S2_KIND_LEAF:
		return state_of_leaf(m->ipa, m->pa, m->attr, host);
	default:
		return S2_PAGE_UNKNOWN;
	}
}

/* --- 1: survey --------------------------------------------------------------------- */

struct survey {
	struct s2_op op; /* first: survey_visit() finds the rest behind it */
	const struct party *party;
};

static int refusal(const struct party *party, enum s2_page_state state)
{
	unsigned int his = IS(OWNED) | IS(SHARED) | IS(LENT) | IS(UNKNOWN);

	if (!party->gives)
		return party->side.must & IS(NONE) ? S2_NOT_EMPTY : S2_NO_MATCH;
	return party->side.must != IS(GONE) && his >> state & 1 ? S2_WRONG_STATE : S2_WRONG_OWNER;
}

static int judge(const struct party *party, const struct s2_mapping *m)
{
	enum s2_page_state state = s2_page_state(m, party->host);

	if (!(party->side.must >> state & 1))
		return refusal(party, state);
	if (state == S2_PAGE_GONE && s2_desc_owner(m->desc) != party->other)
		return refusal(party, state);
	if (m->kind == S2_KIND_LEAF && m->pa - m->ipa != party->pa - party->ipa)
		return S2_NO_MATCH;
	return S2_OK;
}

static int survey_visit(struct s2_op *op, struct s2_spot *at)
{
	struct s2_mapping m = {
		.ipa = at->base, .desc = at->desc, .kind = s2_kind(op->fmt, at->level, at->desc)};
	int status;

	if (m.kind == S2_KIND_TABLE)
		return S2_STEP_DOWN;
	if (m.kind == S2_KIND_LOCKED)
		return s2_contend(op, at);
	if (m.kind == S2_KIND_CORRUPT)
		return s2_corrupt(op, at);
	m.pa = s2_oa_decode(op->fmt, at->desc);
	m.attr = s2_desc_attr(op->fmt, at->desc);
	status = judge(((struct survey *)op)->party, &m);
	return status ? status : s2_next(op, at);
}

static int survey(const struct party *party, struct s2_cpu *cpu)
{
	struct survey s = {.party = party};

	s2_op_begin(&s.op, party->tree, cpu, party->ipa, party->size, 0);
	return s2_op_finish(&s.op, party->ipa, s2_walk_range(&s.op, survey_visit));
}

/* --- 2: carve ---------------------------------------------------------------------- */

static int carve_visit(struct s2_op *op, struct s2_spot *at)
{
	enum s2_kind kind = s2_kind(op->fmt, at->level, at->desc);

	if (at->level >= s2_target_level(op))
		return s2_next(op, at);
	if (kind == S2_KIND_CORRUPT)
		return s2_corrupt(op, at);
	if (kind == S2_KIND_LOCKED || s2_is_sealed(at->desc))
		return s2_contend(op, at);
	if (kind == S2_KIND_TABLE)
		return S2_STEP_DOWN;
	if (kind == S2_KIND_LEAF && s2_is_grouped(at->desc))
		return s2_group_dissolve(op, at);
	return s2_graft_split(op, at);
}

/* Only a new mapping has to mind how its memory is aligned. */
static int carve(const struct party *party, struct s2_cpu *cpu)
{
	struct s2_op op;

	s2_op_begin(&op, party->tree, cpu, party->ipa, party->size, 0);
	op.delta = party->side.move == TAKE_MAP ? party->pa - party->ipa : 0;
	op.top = op.fmt->start_level;
	return s2_op_finish(&op, party->ipa, s2_walk_range(&op, carve_visit));
}

/* --- 3: move ----------------------------------------------------------------------- */

static int move(const struct party *p, struct s2_cpu *cpu)
{
	s2_attr state = S2_SW(p->side.becomes);

	switch (p->side.move) {
	case TAKE_MAP:
		return s2_map(p->tree, cpu, p->ipa, p->size, p->pa, p->attr | state, S2_TAKE);
	case SET_STATE:
		return s2_protect(p->tree, cpu, p->ipa, p->size, S2_SW_MASK & ~state, state, 0);
	case CLEAR:
		return s2_unmap(p->tree, cpu, p->ipa, p->size, 0);
	default:
		return s2_annotate(p->tree, cpu, p->ipa, p->size, p->other, 0, 0);
	}
}

/* --- a transfer -------------------------------------------------------------------- */

static int transfer(const struct rule *rule, const struct party *host, const struct party *guest,
		    struct s2_cpu *cpu)
{
	const struct party *first = rule->guest_first ? guest : host;
	const struct party *second = rule->guest_first ? host : guest;
	int status = survey(rule->guest_gives ? guest : host, cpu);

	if (!status)
		status = survey(rule->guest_gives ? host : guest, cpu);
	if (!status)
		status = carve(first, cpu);
	if (!status)
		status = carve(second, cpu);
	if (!status)
		status = move(first, cpu);
	return status ? status : move(second, cpu);
}

static int transfer_to_hyp(const struct party *host, struct s2_cpu *cpu)
{
	int status = survey(host, cpu);

	if (!status)
		status = carve(host, cpu);
	return status ? status : move(host, cpu);
}

static int transfer_pages(const struct rule *rule, const struct s2_pages *p, struct s2_cpu *cpu)
{
	struct party host = {.side = rule->host,
			     .tree = p->host,
			     .ipa = p->pa,
			     .pa = p->pa,
			     .size = p->size,
			     .attr = p->host_attr,
			     .other = rule->guest.must ? p->guest_id : S2_OWNER_HYP,
			     .host = true,
			     .gives = !rule->guest_gives};
	struct party guest = {.side = rule->guest,
			      .tree = p->guest,
			      .ipa = p->ipa,
			      .pa = p->pa,
			      .size = p->size,
			      .attr = p->attr,
			      .other = S2_OWNER_HOST,
			      .gives = rule->guest_gives};

	return rule->guest.must ? transfer(rule, &host, &guest, cpu) : transfer_to_hyp(&host, cpu);
}

/* What the first page of a guest that is gone was decides for all. */
static const struct rule *rule_of(enum s2_transfer what, const struct s2_pages *pages)
{
	struct s2_mapping m = {.kind = S2_KIND_EMPTY};

	if (what != S2_HOST_RECLAIMS)
		return &rules[what];
	(void)s2_lookup(pages->guest, pages->ipa, &m);
	switch (s2_page_state(&m, false)) {
	case S2_PAGE_SHARED:
		return &rules[RECLAIM_SHARED];
	case S2_PAGE_BORROWED:
		return &rules[S2_HOST_UNSHARES];
	default:
		return &rules[S2_HOST_RECLAIMS];
	}
}

static int check_party(const struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa,
		       const struct s2_pages *p, s2_attr attr)
{
	int status = s2_check_objects(tree, cpu);
	s2_desc page;

	if (!status)
		status = s2_check_map(tree->fmt, ipa, p->size, p->pa, attr, 0, &page);
	if (!status && attr & S2_SW_MASK)
		status = S2_BAD_ATTR;
	if (!status && !tree->owned)
		status = S2_NO_OWNERS;
	return status;
}

static int check_guest(struct s2_cpu *cpu, const struct s2_pages *p)
{
	if (p->guest == p->host)
		return S2_INVALID;
	if (p->guest_id < S2_OWNER_GUEST || p->guest_id > S2_OWNER_MAX)
		return S2_BAD_OWNER;
	return check_party(p->guest, cpu, p->ipa, p, p->attr);
}

static int check(struct s2_cpu *cpu, enum s2_transfer what, const struct s2_pages *p)
{
	int status;

	if (!cpu)
		return S2_INVALID;
	cpu->done = 0;
	if (!p || (unsigned int)what > S2_HYP_DONATES)
		return S2_INVALID;
	status = check_party(p->host, cpu, p->pa, p, p->host_attr);
	if (!status && rules[what].guest.must)
		status = check_guest(cpu, p);
	return status;
}

int s2_transfer(struct s2_cpu *cpu, enum s2_transfer what, const struct s2_pages *pages)
{
	int status = check(cpu, what, pages);
	struct s2_bitmap *log;
	uint32_t budget;

	if (status)
		return status;
	log = cpu->log;
	budget = cpu->budget;
	cpu->log = NULL;
	cpu->budget = 0;
	status = transfer_pages(rule_of(what, pages), pages, cpu);
	cpu->log = log;
	cpu->budget = budget;
	cpu->done = status ? 0 : pages->size;
	return status;
}
