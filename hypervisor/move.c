/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * How a page moves under a guest that uses it, without a lock around the tables:
 *
 *	claim the page		faults on it go back into the guest and come again
 *	grace period		whoever looked its place up before that has mapped it, and left
 *	unmap, or write-protect	no CPU can change the old page any more
 *	copy
 *	map over, if protected	no CPU can see the old page any more
 *	overwrite the old page	whoever still does, gets caught
 *	give it its new place	faults find it there
 */
#include "change.h"
#include "move.h"
#include "report.h"
#include "vcpu.h"

static void by_unmapping(struct vcpu *v, struct range page, uint64_t from, uint64_t to)
{
	change_unmap(v, page);
	memory_copy_page(from, to);
}

/* The guest may read all the time. */
static void by_protecting(struct vcpu *v, struct range page, uint64_t from, uint64_t to)
{
	change_map(v, page, from, S2_NORMAL | S2_R | S2_X);
	memory_copy_page(from, to);
	change_map(v, page, to, S2_NORMAL | S2_RWX);
}

/* Whether the page was at `old`, and now is at `new`. */
static bool relocate(struct vcpu *v, uint64_t ipa, uint8_t old, uint8_t new)
{
	struct range page = {ipa, guest_page_size()};
	uint64_t from = memory_place_pa(ipa, old);
	uint64_t to = memory_place_pa(ipa, new);

	if (!memory_claim(ipa, old))
		return false;
	vcpu_wait_for_grace(v);
	if (churn_random(&v->churn, 2))
		by_unmapping(v, page, from, to);
	else
		by_protecting(v, page, from, to);
	memory_poison_page(from);
	memory_release(ipa, new);
	v->stats.moves++;
	return true;
}

void move_note(struct vcpu *v, uint64_t ipa)
{
	struct moves *m = &v->churn.moves;

	__atomic_store_n(&m->recent[m->faults++ % RECENT_PAGES], ipa, __ATOMIC_RELAXED);
}

/* A page that some vCPU has used lately; any page if that one has not run yet. */
static uint64_t choose_page(struct churn *c)
{
	const struct moves *m = &vcpus[churn_random(c, MAX_VCPUS)].churn.moves;
	uint64_t ipa = __atomic_load_n(&m->recent[churn_random(c, RECENT_PAGES)], __ATOMIC_RELAXED);

	if (ipa)
		return ipa;
	return RAM_IPA + churn_random(c, memory_ram_size() / guest_page_size()) * guest_page_size();
}

void move_page(struct vcpu *v)
{
	uint64_t i = churn_random(&v->churn, SPARES_EACH);
	uint64_t *away = &v->churn.moves.away[i];
	uint8_t spare = (uint8_t)(PLACE_SPARE + v->index * SPARES_EACH + i);
	uint64_t ipa = choose_page(&v->churn);

	if (*away && relocate(v, *away, spare, PLACE_HOME))
		*away = 0;
	else if (!*away && relocate(v, ipa, PLACE_HOME, spare))
		*away = ipa;
}
