/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A test by fire: unmap, split, collapse, group and write-protect ranges of any size and
 * alignment, and move pages, on all vCPUs at once, while the guest verifies its
 * memory.
 *
 * It happens at exits, of which unmapping makes more, and not more often than
 * the clock allows, so that the guest gets on.
 */
#include <stddef.h>

#include "block.h"
#include "change.h"
#include "churn.h"
#include "dirty.h"
#include "memory.h"
#include "options.h"
#include "report.h"
#include "vcpu.h"

#define STEPS_PER_SECOND \
	(options.dirty ? 50u : 500u) /* on each vCPU, at most; a log makes each dearer */

uint64_t churn_random(struct churn *c, uint64_t limit)
{
	c->random ^= c->random << 13;
	c->random ^= c->random >> 7;
	c->random ^= c->random << 17;
	return c->random % limit;
}

void churn_init(struct churn *c, uint32_t index)
{
	c->random = options.seed * UINT64_C(0x9e3779b97f4a7c15) + index;
	for (int i = 0; i < 8; i++)
		churn_random(c, 1);
}

/* Ranges have less than 2^(order + 1) pages: four blocks, but at most a quarter of the memory. */
static uint64_t max_order(void)
{
	uint64_t order = guest.format.index_bits + UINT64_C(1);

	while (guest_page_size() << (order + 1) > memory_ram_size() / 4)
		order--;
	return order;
}

/*
 * Small ranges as often as large ones, none of them aligned to anything but a
 * page.  Rarely, and the more so the more pages there are to fault again, all of
 * the memory: that covers a whole table of any granule.
 */
static struct range random_range(struct churn *c)
{
	uint64_t size = guest_page_size();
	uint64_t order = churn_random(c, max_order() + 1);
	uint64_t pages = (UINT64_C(1) << order) + churn_random(c, UINT64_C(1) << order);
	uint64_t all = memory_ram_size() / size;
	uint64_t page = churn_random(c, all - pages);

	if (!churn_random(c, all / 32))
		return (struct range){RAM_IPA, all * size};
	return (struct range){RAM_IPA + page * size, pages * size};
}

/* The last one may reach beyond the memory. */
static uint64_t random_block(struct churn *c)
{
	uint64_t size = guest_block_size();

	return RAM_IPA + churn_random(c, (memory_ram_size() + size - 1) / size) * size;
}

static void churn_unmap(struct vcpu *v)
{
	change_unmap(v, random_range(&v->churn));
}

static void churn_unmap_two(struct vcpu *v)
{
	change_unmap_deferred(v, random_range(&v->churn));
	change_unmap_deferred(v, random_range(&v->churn));
	must(s2_flush(guest.tree, &v->s2), "s2_flush");
}

/* A fault gives all of them back, to one page. */
static void churn_protect(struct vcpu *v)
{
	static const s2_attr takes[] = {S2_W, S2_W | S2_X, S2_RWX, S2_X_EL0};
	bool apart = guest.format.features & S2_FEAT_XNX;
	uint64_t choices = sizeof(takes) / sizeof(takes[0]) - !apart;

	change_protect(v, random_range(&v->churn), takes[churn_random(&v->churn, choices)]);
}

/* As if nobody had ever used it: a fault at the first access, where hardware sets no flag. */
static void churn_age(struct vcpu *v)
{
	change_age(v, random_range(&v->churn));
}

/* Maps what is not mapped, in blocks where there is room; the guest finds it unused. */
static void churn_map(struct vcpu *v)
{
	struct range r = random_range(&v->churn);

	if (!memory_at_home(r.ipa, r.size) || dirty_is_logged())
		return; /* it would be unmapped for nothing */
	change_unmap(v, r);
	change_map_home(v, r, S2_NORMAL | S2_RWX | S2_OLD);
}

static void churn_split(struct vcpu *v)
{
	change_split(v, (struct range){random_block(&v->churn), guest_page_size()});
}

static void churn_collapse(struct vcpu *v)
{
	block_collapse(v, random_block(&v->churn));
}

static void churn_group(struct vcpu *v)
{
	change_group(v, random_range(&v->churn));
}

void churn_step(struct vcpu *v)
{
	static void (*const steps[])(struct vcpu *) = {
		churn_unmap, churn_unmap_two, churn_protect,  churn_age,
		churn_map,   churn_split,     churn_collapse, churn_group,
	};
	uint64_t choices = sizeof(steps) / sizeof(steps[0]) - !options.contig;
	uint64_t now = read_cntpct_el0();

	if (!options.churn || now < v->churn.next)
		return;
	steps[churn_random(&v->churn, choices)](v);
	if (!options.dirty)
		move_page(v);
	v->churn.next = read_cntpct_el0() + read_cntfrq_el0() / STEPS_PER_SECOND;
}
