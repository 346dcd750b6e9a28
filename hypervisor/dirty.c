/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Who sets a bit of the log has seen to it before that the page is written no more, or
 * leaves a new mark; who copies a page has taken its bit before.  So a page that is
 * written after it was copied has its bit again, or will have it in the next round.
 */
#include "block.h"
#include "change.h"
#include "console.h"
#include "dirty.h"
#include "memory.h"
#include "options.h"
#include "report.h"
#include "vcpu.h"
#include "worker.h"

#define WORD_BITS 64
#define PAGES_AT_ONCE 64 /* copied between two quiescent states */

static uint64_t words[RAM_MAX / PAGE_MIN / WORD_BITS];
static struct s2_bitmap collected = {.ipa = RAM_IPA, .word = words};
static bool logged; /* atomic */

static struct {
	uint64_t rounds;
	uint64_t reported; /* pages, in all rounds */
	uint64_t missed;
	uint64_t blocks; /* formed again at the end */
	bool started;
	bool finished;
} result;

static struct range all(void)
{
	return (struct range){RAM_IPA, memory_ram_size()};
}

static uint64_t page_count(void)
{
	return memory_ram_size() / guest_page_size();
}

static uint64_t page_ipa(uint64_t page)
{
	return RAM_IPA + page * guest_page_size();
}

struct s2_bitmap *dirty_bitmap(void)
{
	collected.bits = page_count();
	return options.dirty ? &collected : NULL;
}

bool dirty_is_logged(void)
{
	return __atomic_load_n(&logged, __ATOMIC_SEQ_CST);
}

/* A fault that did not know of the log yet has mapped its page when the grace period ends. */
void dirty_start(struct vcpu *w)
{
	result.started = true;
	__atomic_store_n(&logged, true, __ATOMIC_SEQ_CST);
	vcpu_wait_for_grace(w);
	if (options.dirty != DIRTY_WP)
		change_split_all(w, all());
	change_log_start(w, all());
}

void dirty_end(struct vcpu *w)
{
	__atomic_store_n(&logged, false, __ATOMIC_SEQ_CST);
	vcpu_wait_for_grace(w);
}

static void copy(struct vcpu *w, uint64_t page)
{
	memory_copy_page(memory_home(page_ipa(page)), memory_copy(page_ipa(page)));
	if (page % PAGES_AT_ONCE == 0)
		must(s2_qsbr_quiescent(&guest.qsbr, w->index), "s2_qsbr_quiescent");
}

uint64_t dirty_copy_all(struct vcpu *w)
{
	for (uint64_t page = 0; page < page_count(); page++)
		copy(w, page);
	return page_count();
}

static uint64_t copy_word(struct vcpu *w, uint64_t word)
{
	uint64_t bits = __atomic_exchange_n(&words[word], 0, __ATOMIC_ACQ_REL);
	uint64_t count = 0;

	for (; bits; bits &= bits - 1, count++)
		copy(w, word * WORD_BITS + (uint64_t)__builtin_ctzll(bits));
	return count;
}

uint64_t dirty_copy_collected(struct vcpu *w)
{
	uint64_t count = 0;

	for (uint64_t word = 0; word * WORD_BITS < page_count(); word++)
		count += copy_word(w, word);
	result.reported += count;
	result.rounds++;
	return count;
}

uint64_t dirty_round(struct vcpu *w)
{
	change_log_collect(w, all(), &collected);
	return dirty_copy_collected(w);
}

static bool is_collected(uint64_t page)
{
	return words[page / WORD_BITS] >> page % WORD_BITS & 1;
}

uint64_t dirty_count_missed(void)
{
	uint64_t missed = 0;

	for (uint64_t page = 0; page < page_count(); page++) {
		uint64_t ipa = page_ipa(page);

		if (!is_collected(page) && !memory_same_page(memory_home(ipa), memory_copy(ipa)))
			missed++;
	}
	return missed;
}

void dirty_run(struct vcpu *w)
{
	dirty_start(w);
	dirty_copy_all(w);
	do {
		dirty_round(w);
	} while (worker_rests(w));
}

static uint64_t collapse_all(struct vcpu *v)
{
	uint64_t blocks = 0;

	for (uint64_t ipa = RAM_IPA; ipa - RAM_IPA < memory_ram_size(); ipa += guest_block_size())
		blocks += block_collapse(v, ipa) == S2_OK;
	return blocks;
}

void dirty_finish(struct vcpu *v)
{
	if (!result.started || options.migrate)
		return;
	change_log_stop(v, all(), &collected);
	result.missed = dirty_count_missed();
	dirty_copy_collected(v);
	dirty_end(v);
	result.blocks = collapse_all(v);
	result.finished = true;
}

const char *dirty_way_name(void)
{
	static const char *const names[] = {"none", "hw", "wp", "split"};

	return names[options.dirty];
}

void dirty_print(void)
{
	if (options.dirty && !options.migrate)
		say("stage2-dirty: way=%s rounds=%lu reported=%lu missed=%lu blocks=%lu\n",
		    dirty_way_name(), result.rounds, result.reported, result.missed, result.blocks);
}

bool dirty_ok(void)
{
	return !options.dirty || options.migrate || (result.finished && !result.missed);
}
