/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Quiescent-state-based grace periods, freestanding.
 *
 * A grace period is a step of the epoch; it is over once every CPU that is
 * online has announced a quiescent state since.
 *
 *	cutter					reader
 *	cut the table				seen = epoch	(announce)
 *	FENCE, epoch++		(start)		FENCE
 *	FENCE, read seen	(done)		read the tables
 *
 * Either done() sees the announcement, or the reader's reads come after the cut
 * (store buffering): the fence of online() pairs with that of done().  That of
 * start() would do instead, and makes start() alone keep what grace.h says of it.
 * An announcement of epoch e is made after reading e with acquire, which pairs
 * with the release of epoch++: its reader sees every cut before that step.  It is
 * itself a release, as is going offline, and pairs with the acquire in done(): all
 * that the reader did before is over.
 */
#include <stage2/platform.h>
#include <stage2/grace.h>

#define OFFLINE 0

static struct s2_qsbr *qsbr_of(struct s2_grace *grace)
{
	return (struct s2_qsbr *)grace;
}

static uint64_t start(struct s2_grace *grace)
{
	s2p_fence();
	return s2p_word_add(&qsbr_of(grace)->epoch, 1);
}

static bool done(struct s2_grace *grace, uint64_t cookie)
{
	const struct s2_qsbr *q = qsbr_of(grace);

	s2p_fence();
	for (uint32_t i = 0; i < q->slots; i++) {
		uint64_t seen = s2p_word_load_acquire(&q->slot[i].seen);

		if (seen != OFFLINE && seen < cookie)
			return false;
	}
	return true;
}

int s2_qsbr_init(struct s2_qsbr *q, struct s2_qsbr_slot *slot, uint32_t slots)
{
	if (!q || !slot)
		return S2_INVALID;
	if (!slots)
		return S2_BAD_SIZE;
	*q = (struct s2_qsbr){
		.grace = {.start = start, .done = done}, .epoch = 1, .slot = slot, .slots = slots};
	for (uint32_t i = 0; i < slots; i++)
		slot[i].seen = OFFLINE;
	return S2_OK;
}

int s2_qsbr_online(struct s2_qsbr *q, uint32_t slot)
{
	if (!q || slot >= q->slots)
		return S2_INVALID;
	s2p_word_store_release(&q->slot[slot].seen, s2p_word_load_acquire(&q->epoch));
	s2p_fence();
	return S2_OK;
}

int s2_qsbr_quiescent(struct s2_qsbr *q, uint32_t slot)
{
	return s2_qsbr_online(q, slot);
}

int s2_qsbr_offline(struct s2_qsbr *q, uint32_t slot)
{
	if (!q || slot >= q->slots)
		return S2_INVALID;
	s2p_word_store_release(&q->slot[slot].seen, OFFLINE);
	return S2_OK;
}
