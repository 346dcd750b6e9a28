/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The loop that a caller of the engine's range operations needs, once for all of
 * them.
 */
#include "block.h"
#include "change.h"
#include "report.h"
#include "vcpu.h"

struct change {
	struct range range; /* what is left of it */
	uint64_t pa;
	s2_attr attr;
	uint32_t flags;
};
typedef int change_call(struct vcpu *v, const struct change *c);

static int call_unmap(struct vcpu *v, const struct change *c)
{
	int status = s2_unmap(&guest.tree, &v->s2, c->range.ipa, c->range.size, c->flags);

	block_forget(c->range.ipa, v->s2.done);
	return status;
}

static int call_map(struct vcpu *v, const struct change *c)
{
	return s2_map(&guest.tree, &v->s2, c->range.ipa, c->range.size, c->pa, c->attr, c->flags);
}

static int call_split(struct vcpu *v, const struct change *c)
{
	return s2_split(&guest.tree, &v->s2, c->range.ipa, c->range.size, S2_LAST_LEVEL, c->flags);
}

static void complete(struct vcpu *v, change_call *call, struct change c)
{
	int status;

	do {
		vcpu_fill_cache(v);
		status = call(v, &c);
		c.range.ipa += v->s2.done;
		c.range.size -= v->s2.done;
		c.pa += v->s2.done;
	} while (status == S2_MORE || status == S2_NO_PAGE);
	if (status != S2_RETRY || !(c.flags & S2_FAULT))
		must(status, "a change of a range");
}

void change_unmap(struct vcpu *v, struct range r)
{
	complete(v, call_unmap, (struct change){.range = r});
	v->stats.unmaps++;
}

void change_unmap_deferred(struct vcpu *v, struct range r)
{
	complete(v, call_unmap, (struct change){.range = r, .flags = S2_DEFER | S2_FAULT});
	v->stats.unmaps++;
}

void change_map(struct vcpu *v, struct range r, uint64_t pa, s2_attr attr)
{
	complete(v, call_map, (struct change){.range = r, .pa = pa, .attr = attr});
	v->stats.maps++;
}

void change_split(struct vcpu *v, struct range r)
{
	complete(v, call_split, (struct change){.range = r, .flags = S2_FAULT});
}
