/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The loop that a caller of the engine's range operations needs, once for all of
 * them.
 */
#include <stage2/dirty.h>

#include "block.h"
#include "change.h"
#include "dirty.h"
#include "memory.h"
#include "report.h"
#include "vcpu.h"

struct change {
	struct range range; /* what is left of it */
	uint64_t pa;
	s2_attr attr;
	struct s2_bitmap *map;
	uint32_t flags;
};
typedef int change_call(struct vcpu *v, const struct change *c);

static int call_unmap(struct vcpu *v, const struct change *c)
{
	int status = s2_unmap(guest.tree, &v->s2, c->range.ipa, c->range.size, c->flags);

	block_forget(c->range.ipa, v->s2.done);
	return status;
}

static int call_map(struct vcpu *v, const struct change *c)
{
	return s2_map(guest.tree, &v->s2, c->range.ipa, c->range.size, c->pa, c->attr, c->flags);
}

/* What was looked up holds until the next quiescent state, and not longer. */
static int call_map_home(struct vcpu *v, const struct change *c)
{
	if (dirty_is_logged() || !memory_at_home(c->range.ipa, c->range.size))
		return S2_RETRY;
	return s2_map(guest.tree, &v->s2, c->range.ipa, c->range.size, memory_home(c->range.ipa),
		      c->attr, c->flags);
}

static int call_split(struct vcpu *v, const struct change *c)
{
	return s2_split(guest.tree, &v->s2, c->range.ipa, c->range.size, S2_LAST_LEVEL, c->flags);
}

static int call_group(struct vcpu *v, const struct change *c)
{
	return s2_group(guest.tree, &v->s2, c->range.ipa, c->range.size);
}

static int call_protect(struct vcpu *v, const struct change *c)
{
	return s2_protect(guest.tree, &v->s2, c->range.ipa, c->range.size, c->attr, 0, c->flags);
}

static int call_age(struct vcpu *v, const struct change *c)
{
	int status = s2_age(guest.tree, &v->s2, c->range.ipa, c->range.size, NULL, c->flags);

	v->stats.young += v->s2.found;
	return status;
}

static int call_log_start(struct vcpu *v, const struct change *c)
{
	return s2_log_start(guest.tree, &v->s2, c->range.ipa, c->range.size, c->flags);
}

static int call_log_collect(struct vcpu *v, const struct change *c)
{
	return s2_log_collect(guest.tree, &v->s2, c->range.ipa, c->range.size, c->map, c->flags);
}

static int call_log_stop(struct vcpu *v, const struct change *c)
{
	return s2_log_stop(guest.tree, &v->s2, c->range.ipa, c->range.size, c->map, c->flags);
}

/* Nothing is held between two calls, but for what is deferred. */
static void let_others_reclaim(struct vcpu *v, const struct change *c)
{
	if (!(c->flags & S2_DEFER))
		must(s2_qsbr_quiescent(&guest.qsbr, v->index), "s2_qsbr_quiescent");
}

/* Whether all of it was done; without S2_FAULT it always is. */
static bool complete(struct vcpu *v, change_call *call, struct change c)
{
	int status;

	do {
		vcpu_fill_cache(v);
		status = call(v, &c);
		c.range.ipa += v->s2.done;
		c.range.size -= v->s2.done;
		c.pa += v->s2.done;
		let_others_reclaim(v, &c);
	} while (status == S2_MORE || status == S2_NO_PAGE);
	if (status == S2_RETRY && c.flags & S2_FAULT)
		return false;
	must(status, "a change of a range");
	return true;
}

void change_unmap(struct vcpu *v, struct range r)
{
	complete(v, call_unmap, (struct change){.range = r});
	v->stats.unmaps++;
}

void change_unmap_deferred(struct vcpu *v, struct range r)
{
	v->stats.unmaps +=
		complete(v, call_unmap, (struct change){.range = r, .flags = S2_DEFER | S2_FAULT});
}

void change_map(struct vcpu *v, struct range r, uint64_t pa, s2_attr attr)
{
	complete(v, call_map, (struct change){.range = r, .pa = pa, .attr = attr});
	v->stats.maps++;
}

void change_map_home(struct vcpu *v, struct range r, s2_attr attr)
{
	v->stats.maps += complete(v, call_map_home,
				  (struct change){.range = r, .attr = attr, .flags = S2_FAULT});
}

void change_split(struct vcpu *v, struct range r)
{
	complete(v, call_split, (struct change){.range = r, .flags = S2_FAULT});
}

void change_split_all(struct vcpu *v, struct range r)
{
	complete(v, call_split, (struct change){.range = r});
}

void change_group(struct vcpu *v, struct range r)
{
	complete(v, call_group, (struct change){.range = r});
}

void change_protect(struct vcpu *v, struct range r, s2_attr take)
{
	complete(v, call_protect, (struct change){.range = r, .attr = take});
	v->stats.protects++;
}

void change_age(struct vcpu *v, struct range r)
{
	complete(v, call_age, (struct change){.range = r, .flags = S2_CLEAR | S2_INVALIDATE});
	v->stats.ages++;
}

void change_log_start(struct vcpu *v, struct range r)
{
	complete(v, call_log_start, (struct change){.range = r});
}

void change_log_collect(struct vcpu *v, struct range r, struct s2_bitmap *map)
{
	complete(v, call_log_collect, (struct change){.range = r, .map = map});
}

void change_log_stop(struct vcpu *v, struct range r, struct s2_bitmap *map)
{
	complete(v, call_log_stop, (struct change){.range = r, .map = map});
}
