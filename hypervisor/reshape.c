/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A block that is not complete yet, or that vCPUs are just faulting into, is left for the
 * next round.
 */
#include "block.h"
#include "change.h"
#include "console.h"
#include "memory.h"
#include "options.h"
#include "pool.h"
#include "report.h"
#include "reshape.h"
#include "vcpu.h"
#include "worker.h"

static uint64_t rounds, formed;

static void collapse_all(struct vcpu *w)
{
	for (uint64_t ipa = RAM_IPA; ipa - RAM_IPA < memory_ram_size(); ipa += guest_block_size()) {
		formed += block_collapse(w, ipa) == S2_OK;
		must(s2_qsbr_quiescent(&guest.qsbr, w->index), "s2_qsbr_quiescent");
	}
}

/* All that can be: each round unlinks the tables of all memory. */
static void reclaim(struct vcpu *w)
{
	int status;

	do {
		status = s2_reclaim(guest.tree, &w->s2);
		pool_drain(&w->s2.cache, S2_FAULT_PAGES);
	} while (status == S2_MORE);
	if (status != S2_RETRY)
		must(status, "s2_reclaim");
}

void reshape_run(struct vcpu *w)
{
	do {
		change_split_all(w, (struct range){RAM_IPA, memory_ram_size()});
		collapse_all(w);
		reclaim(w);
		rounds++;
	} while (worker_rests(w));
}

void reshape_print(void)
{
	if (options.split)
		say("stage2-split: rounds=%lu blocks=%lu\n", rounds, formed);
}
