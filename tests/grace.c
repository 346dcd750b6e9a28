/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Grace periods, and that tables wait for them: flush, then free.
 *
 * A table that was cut off comes back only after its TLB invalidation and after
 * every CPU that was inside has left, in slices as small as the caller likes.
 */
#define _GNU_SOURCE
#include "lib/suite.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/tlb.h"
#include "lib/world.h"
#include "rcu.h"

#define LLU(x) ((unsigned long long)(x))
#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define GB UINT64_C(0x40000000)

/* --- QSBR ------------------------------------------------------------------- */

#define SLOTS 3

struct qsbr {
	struct s2_qsbr q;
	struct s2_qsbr_slot slot[SLOTS];
};

static void open_qsbr(struct qsbr *x)
{
	require_status(s2_qsbr_init(&x->q, x->slot, SLOTS), S2_OK);
}

static uint64_t start(struct qsbr *x)
{
	return x->q.grace.start(&x->q.grace);
}

static bool done(struct qsbr *x, uint64_t cookie)
{
	return x->q.grace.done(&x->q.grace, cookie);
}

static void qsbr_refuses_bad_input(void **state)
{
	static struct qsbr x;

	(void)state;
	require_status(s2_qsbr_init(NULL, x.slot, SLOTS), S2_INVALID);
	require_status(s2_qsbr_init(&x.q, NULL, SLOTS), S2_INVALID);
	require_status(s2_qsbr_init(&x.q, x.slot, 0), S2_BAD_SIZE);
	open_qsbr(&x);
	for (uint32_t slot = SLOTS; slot; slot <<= 1) {
		require_status(s2_qsbr_online(&x.q, slot), S2_INVALID);
		require_status(s2_qsbr_offline(&x.q, slot), S2_INVALID);
		require_status(s2_qsbr_quiescent(&x.q, slot), S2_INVALID);
	}
	require_status(s2_qsbr_online(NULL, 0), S2_INVALID);
	require_status(s2_qsbr_offline(NULL, 0), S2_INVALID);
	require_status(s2_qsbr_quiescent(NULL, 0), S2_INVALID);
}

static void a_grace_period_that_nobody_is_inside_of_is_over_at_once(void **state)
{
	static struct qsbr x;

	(void)state;
	open_qsbr(&x);
	assert_true(done(&x, start(&x)));
	require_status(s2_qsbr_online(&x.q, 1), S2_OK);
	require_status(s2_qsbr_offline(&x.q, 1), S2_OK);
	assert_true(done(&x, start(&x)));
}

static void a_cpu_that_is_online_holds_it_up_until_it_is_quiescent(void **state)
{
	static struct qsbr x;

	(void)state;
	open_qsbr(&x);
	require_status(s2_qsbr_online(&x.q, 1), S2_OK);
	uint64_t cookie = start(&x);

	for (unsigned int n = 0; n < 100; n++)
		assert_false(done(&x, cookie));
	require_status(s2_qsbr_quiescent(&x.q, 1), S2_OK);
	assert_true(done(&x, cookie));
}

static void a_cpu_that_is_online_holds_it_up_until_it_is_offline(void **state)
{
	static struct qsbr x;

	(void)state;
	open_qsbr(&x);
	require_status(s2_qsbr_online(&x.q, 2), S2_OK);
	uint64_t cookie = start(&x);

	assert_false(done(&x, cookie));
	require_status(s2_qsbr_offline(&x.q, 2), S2_OK);
	assert_true(done(&x, cookie));
}

static void every_cpu_that_was_online_must_have_left(void **state)
{
	static struct qsbr x;

	(void)state;
	open_qsbr(&x);
	for (uint32_t slot = 0; slot < SLOTS; slot++)
		require_status(s2_qsbr_online(&x.q, slot), S2_OK);
	uint64_t cookie = start(&x);

	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		assert_false(done(&x, cookie));
		require_status(s2_qsbr_quiescent(&x.q, slot), S2_OK);
	}
	assert_true(done(&x, cookie));
}

static void a_quiescent_state_before_the_start_does_not_count(void **state)
{
	static struct qsbr x;

	(void)state;
	open_qsbr(&x);
	require_status(s2_qsbr_online(&x.q, 0), S2_OK);
	require_status(s2_qsbr_quiescent(&x.q, 0), S2_OK);
	assert_false(done(&x, start(&x)));
}

static void who_comes_online_after_the_start_is_not_waited_for(void **state)
{
	static struct qsbr x;

	(void)state;
	open_qsbr(&x);
	uint64_t cookie = start(&x);

	require_status(s2_qsbr_online(&x.q, 0), S2_OK);
	assert_true(done(&x, cookie));
	assert_false(done(&x, start(&x)));
}

static void grace_periods_are_told_apart_and_stay_over(void **state)
{
	static struct qsbr x;
	uint64_t first, second;

	(void)state;
	open_qsbr(&x);
	require_status(s2_qsbr_online(&x.q, 0), S2_OK);
	first = start(&x);
	require(first, "a cookie of 0 means none");
	require_status(s2_qsbr_quiescent(&x.q, 0), S2_OK);
	second = start(&x);
	assert_true(done(&x, first));
	assert_false(done(&x, second));
	require_status(s2_qsbr_quiescent(&x.q, 0), S2_OK);
	assert_true(done(&x, second));
	for (unsigned int n = 0; n < 100; n++) {
		(void)start(&x);
		assert_true(done(&x, first) && done(&x, second));
	}
}

/* --- liburcu ---------------------------------------------------------------- */

struct reader {
	struct s2_host_rcu rcu;
	pthread_t thread;
	bool inside, leave;
};

static void *read_for_a_while(void *arg)
{
	struct reader *r = arg;

	urcu_memb_register_thread();
	s2_host_rcu_enter(&r->rcu);
	__atomic_store_n(&r->inside, true, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&r->leave, __ATOMIC_SEQ_CST))
		usleep(100);
	s2_host_rcu_leave(&r->rcu);
	urcu_memb_unregister_thread();
	return NULL;
}

static void open_reader(struct reader *r)
{
	*r = (struct reader){.inside = false};
	require(s2_host_rcu_init(&r->rcu) == 0, "no mutex");
	require(pthread_create(&r->thread, NULL, read_for_a_while, r) == 0, "no thread");
	while (!__atomic_load_n(&r->inside, __ATOMIC_SEQ_CST))
		usleep(100);
}

static void close_reader(struct reader *r)
{
	__atomic_store_n(&r->leave, true, __ATOMIC_SEQ_CST);
	require(pthread_join(r->thread, NULL) == 0, "not joined");
	s2_host_rcu_exit(&r->rcu);
}

static bool over_within(struct reader *r, uint64_t cookie, unsigned int milliseconds)
{
	for (unsigned int n = 0; n < milliseconds; n++) {
		if (r->rcu.grace.done(&r->rcu.grace, cookie))
			return true;
		usleep(1000);
	}
	return false;
}

static void liburcu_holds_it_up_until_the_reader_has_left(void **state)
{
	struct reader r;

	(void)state;
	open_reader(&r);
	uint64_t cookie = r.rcu.grace.start(&r.rcu.grace);

	require(cookie, "a cookie of 0 means none");
	assert_false(over_within(&r, cookie, 100));
	__atomic_store_n(&r.leave, true, __ATOMIC_SEQ_CST);
	assert_true(over_within(&r, cookie, 10000));
	close_reader(&r);
}

/* One node serves them all: none is over early, and none is forgotten. */
static void liburcu_ends_every_one_of_many(void **state)
{
	uint64_t cookie[200];
	struct reader r;

	(void)state;
	open_reader(&r);
	for (size_t i = 0; i < ARRAY_SIZE(cookie); i++) {
		cookie[i] = r.rcu.grace.start(&r.rcu.grace);
		assert_false(r.rcu.grace.done(&r.rcu.grace, cookie[i]));
		usleep(100);
	}
	__atomic_store_n(&r.leave, true, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < ARRAY_SIZE(cookie); i++)
		assert_true(over_within(&r, cookie[i], 10000));
	close_reader(&r);
}

/* --- tables ----------------------------------------------------------------- */

static const struct world_config config = {.format = {12, 39, 40, 8, 0}, .shared = true};

/* One table of pages at 1 GiB; the arena's other pages are in the cache of CPU 0. */
static void open_tables(struct world *w)
{
	world_open(w, &config);
	world_fill(w, &w->cpu[0], 8);
	require_status(s2_map(&w->tree, &w->cpu[0], GB, BLOCK, GB, S2_RW, S2_PAGES), S2_OK);
	require(w->tree.tables == 2, "%llu tables", LLU(w->tree.tables));
}

static void a_cut_table_is_not_freed_before_the_flush(void **state)
{
	struct world w;

	(void)state;
	open_tables(&w);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, BLOCK, S2_DEFER), S2_OK);
	for (unsigned int n = 0; n < 4; n++) {
		require_status(s2_qsbr_quiescent(&w.qsbr, 0), S2_OK);
		require_status(s2_qsbr_quiescent(&w.qsbr, 1), S2_OK);
		require_status(s2_reclaim(&w.tree, &w.cpu[1]), S2_OK);
	}
	require(w.tree.tables == 2 && w.cpu[1].cache.count == 0, "freed before the flush");
	require_status(s2_flush(&w.tree, &w.cpu[0]), S2_OK);
	world_quiesce(&w);
	require(w.tree.tables == 1, "%llu tables", LLU(w.tree.tables));
	world_close(&w);
}

static void a_cut_table_is_not_freed_before_everybody_has_left(void **state)
{
	struct world w;

	(void)state;
	open_tables(&w);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, BLOCK, 0), S2_OK);
	for (unsigned int n = 0; n < 4; n++)
		require_status(s2_reclaim(&w.tree, &w.cpu[0]), S2_RETRY);
	require_status(s2_qsbr_quiescent(&w.qsbr, 0), S2_OK);
	require_status(s2_reclaim(&w.tree, &w.cpu[0]), S2_RETRY);
	require(w.tree.tables == 2, "freed while CPU 1 is inside");
	require_status(s2_qsbr_offline(&w.qsbr, 1), S2_OK);
	require_status(s2_reclaim(&w.tree, &w.cpu[0]), S2_OK);
	require(w.tree.tables == 1, "%llu tables", LLU(w.tree.tables));
	world_close(&w);
}

/* What is cut while a grace period is under way waits for another one. */
static void a_grace_period_that_has_begun_does_not_serve_later_cuts(void **state)
{
	struct world w;

	(void)state;
	open_tables(&w);
	require_status(s2_map(&w.tree, &w.cpu[0], GB + BLOCK, BLOCK, GB, S2_RW, S2_PAGES), S2_OK);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, BLOCK, 0), S2_OK);
	require_status(s2_reclaim(&w.tree, &w.cpu[0]), S2_RETRY);
	require_status(s2_qsbr_quiescent(&w.qsbr, 0), S2_OK);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB + BLOCK, BLOCK, 0), S2_OK);
	require_status(s2_qsbr_quiescent(&w.qsbr, 1), S2_OK);
	require_status(s2_reclaim(&w.tree, &w.cpu[0]), S2_RETRY);
	require(w.tree.tables == 2, "%llu tables: only the first is free", LLU(w.tree.tables));
	world_quiesce(&w);
	require(w.tree.tables == 1, "%llu tables", LLU(w.tree.tables));
	world_close(&w);
}

/*
 * CPU 1 has cut the table, but not flushed it, when the one around it goes: whoever cuts that
 * takes over what its entry 0 remembers, and CPU 1 finds nothing to release.
 */
static void a_table_that_another_is_cutting_goes_once_with_the_one_around_it(void **state)
{
	struct world w;

	(void)state;
	open_tables(&w);
	require_status(s2_unmap(&w.tree, &w.cpu[1], GB, BLOCK, S2_DEFER), S2_OK);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, GB, 0), S2_OK);
	require_status(s2_flush(&w.tree, &w.cpu[1]), S2_OK);
	require(w.cpu[0].stats.tables_unlinked == 1 && w.cpu[1].stats.tables_unlinked == 0,
		"CPU 1 has retired what was not its own any more");
	require(w.tree.tables == 2, "%llu tables", LLU(w.tree.tables));
	world_quiesce(&w);
	require(w.tree.tables == 0, "%llu tables", LLU(w.tree.tables));
	world_close(&w);
}

static struct {
	struct world *world;
	bool ran;
} other;

/* Both have read the same head of the list. */
static void cut_too(const struct s2_host_event *event)
{
	struct world *w = other.world;

	if (other.ran || event->op != S2_HOST_WORD || event->p != &w->tree.unlinked)
		return;
	other.ran = true;
	require_status(s2_unmap(&w->tree, &w->cpu[1], GB + BLOCK, BLOCK, 0), S2_OK);
}

static void of_two_that_cut_at_once_neither_table_is_forgotten(void **state)
{
	struct world w;

	(void)state;
	open_tables(&w);
	require_status(s2_map(&w.tree, &w.cpu[0], GB + BLOCK, BLOCK, GB, S2_RW, S2_PAGES), S2_OK);
	other.world = &w;
	other.ran = false;
	s2_host_trace.before = cut_too;
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, BLOCK, 0), S2_OK);
	s2_host_trace.before = NULL;
	require(other.ran, "nobody was inside");
	world_quiesce(&w);
	require(w.tree.tables == 1, "%llu tables", LLU(w.tree.tables));
	world_close(&w);
}

/* 1 GiB of pages: 512 tables of the last level and one above them. */
static void reclaim_frees_in_slices_of_the_budget(void **state)
{
	struct s2_cpu *cpu;
	struct world w;
	int status;

	(void)state;
	world_open(&w, &config);
	cpu = &w.cpu[0];
	world_fill(&w, cpu, 513);
	require_status(s2_map(&w.tree, cpu, GB, GB, GB, S2_RW, S2_PAGES), S2_OK);
	require(w.tree.tables == 513 && cpu->cache.count == 0, "not what was expected");
	require_status(s2_unmap(&w.tree, cpu, GB, GB, 0), S2_OK);
	require_status(s2_reclaim(&w.tree, cpu), S2_RETRY);
	require_status(s2_qsbr_quiescent(&w.qsbr, 0), S2_OK);
	require_status(s2_qsbr_quiescent(&w.qsbr, 1), S2_OK);
	cpu->budget = 10;
	do {
		uint32_t before = cpu->cache.count;

		status = s2_reclaim(&w.tree, cpu);
		require(cpu->cache.count - before <= 10, "%u in one slice",
			cpu->cache.count - before);
		require(status == S2_OK || (status == S2_MORE && cpu->cache.count - before == 10),
			"%s after %u", status_name(status), cpu->cache.count - before);
		world_balance(&w);
	} while (status == S2_MORE);
	require(w.tree.tables == 0 && cpu->cache.count == 513, "%u came back", cpu->cache.count);
	world_close(&w);
}

/* --- slices of what hangs below ---------------------------------------------- */

static const struct s2_config slice_formats[] = {
	{12, 48, 48, 16, 0},
	{12, 52, 52, 16, S2_FEAT_LPA2},
	{14, 47, 48, 16, 0},
	{16, 48, 52, 16, 0},
};

static struct {
	const struct world *world;
	unsigned int counted; /* times that the tree's count was written */
} slice;

static void note_count(const struct s2_host_event *event)
{
	slice.counted += event->op == S2_HOST_WORD && event->p == &slice.world->tree.tables;
}

/*
 * Below one entry of the root: tables with leaves, with tables in the first, the second, the
 * last entry and beside holes, and with blocks.
 */
static void open_thicket(struct world *w, const struct s2_config *format)
{
	const struct world_config thicket = {.format = *format, .shared = true};

	world_open(w, &thicket);
	world_fill(w, &w->cpu[0], 100);

	uint64_t last = BIT(w->fmt.index_bits) - 1, granule = BIT(w->fmt.granule_shift);
	uint64_t size1 = s2_level_size(&w->fmt, 1), size2 = s2_level_size(&w->fmt, 2);
	uint64_t ipa = w->fmt.start_level ? size1 : s2_level_size(&w->fmt, 0);
	const uint64_t up[] = {0, 1, 3, last}, down[] = {0, 1, 2, 7, last};

	for (unsigned int i = 0; i < (w->fmt.start_level ? 1 : ARRAY_SIZE(up)); i++) {
		for (unsigned int k = i; k < ARRAY_SIZE(down); k++)
			require_status(s2_map(&w->tree, &w->cpu[0],
					      ipa + up[i] * size1 + down[k] * size2, granule, 0,
					      S2_RW, S2_PAGES),
				       S2_OK);
		require_status(s2_map(&w->tree, &w->cpu[0], ipa + up[i] * size1 + 4 * size2, size2,
				      0, S2_RW, 0),
			       S2_OK);
	}
	require_status(s2_unmap(&w->tree, &w->cpu[0], ipa,
				w->fmt.start_level ? size1 : s2_level_size(&w->fmt, 0), 0),
		       S2_OK);
	require_status(s2_reclaim(&w->tree, &w->cpu[0]), S2_RETRY);
	for (unsigned int i = 0; i < WORLD_CPUS; i++)
		require_status(s2_qsbr_quiescent(&w->qsbr, i), S2_OK);
}

/* The first `slices` of them by s2_reclaim(), and the rest with the tree. */
static void free_thicket(struct world *w, uint32_t budget, unsigned int slices)
{
	uint64_t tables = w->tree.tables;
	int status = S2_MORE;

	w->cpu[0].budget = budget;
	slice.world = w;
	s2_host_trace.before = note_count;
	while (status == S2_MORE) {
		uint64_t left = tables < budget ? 0 : tables - budget;

		slice.counted = 0;
		status = slices ? s2_reclaim(&w->tree, &w->cpu[0])
				: s2_destroy(&w->tree, &w->cpu[0]);
		slices -= slices > 0;
		require(w->tree.tables == left, "%llu tables left, not %llu", LLU(w->tree.tables),
			LLU(left));
		require(slice.counted == (left != tables), "counted %u times", slice.counted);
		world_balance(w);
		tables = left;
	}
	s2_host_trace.before = NULL;
	require_status(status, S2_OK);
	w->cpu[0].budget = 0;
}

static void what_hangs_below_a_table_is_freed_in_slices_of_any_budget(void **state)
{
	struct world w;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(slice_formats); i++)
		for (uint32_t budget = 1; budget < 30; budget++)
			for (unsigned int slices = 0; slices < 100; slices += 1 + slices * slices) {
				set_context("granule %u, budget %u, %u slices",
					    1u << slice_formats[i].granule_shift, budget, slices);
				open_thicket(&w, &slice_formats[i]);
				free_thicket(&w, budget, slices);
				world_close(&w);
			}
	set_context("%s", "");
}

/* --- two CPUs in s2_reclaim() ------------------------------------------------ */

static struct {
	struct world *world;
	bool ran;
	int status;
} second;

static void reclaim_too(const struct s2_host_event *event)
{
	if (second.ran || event->op != S2_HOST_WORD ||
	    !__atomic_load_n(&second.world->tree.reclaiming, __ATOMIC_RELAXED))
		return;
	second.ran = true;
	second.status = s2_reclaim(&second.world->tree, &second.world->cpu[1]);
}

static void a_second_cpu_in_reclaim_is_sent_away(void **state)
{
	struct world w;

	(void)state;
	open_tables(&w);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, BLOCK, 0), S2_OK);
	second.world = &w;
	second.ran = false;
	s2_host_trace.before = reclaim_too;
	require_status(s2_reclaim(&w.tree, &w.cpu[0]), S2_RETRY);
	s2_host_trace.before = NULL;
	require(second.ran, "nobody was inside");
	require_status(second.status, S2_RETRY);
	world_quiesce(&w);
	world_close(&w);
}

static void an_exclusive_tree_waits_for_nobody(void **state)
{
	const struct world_config exclusive = {.format = {12, 39, 40, 8, 0}};
	struct world w;

	(void)state;
	world_open(&w, &exclusive);
	world_fill(&w, &w.cpu[0], 2);
	require_status(s2_map(&w.tree, &w.cpu[0], GB, BLOCK, GB, S2_RW, S2_PAGES), S2_OK);
	require_status(s2_unmap(&w.tree, &w.cpu[0], GB, BLOCK, 0), S2_OK);
	require_status(s2_reclaim(&w.tree, &w.cpu[0]), S2_OK);
	require(w.tree.tables == 1 && w.cpu[0].cache.count == 1, "%llu tables", LLU(w.tree.tables));
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(qsbr_refuses_bad_input),
		cmocka_unit_test(a_grace_period_that_nobody_is_inside_of_is_over_at_once),
		cmocka_unit_test(a_cpu_that_is_online_holds_it_up_until_it_is_quiescent),
		cmocka_unit_test(a_cpu_that_is_online_holds_it_up_until_it_is_offline),
		cmocka_unit_test(every_cpu_that_was_online_must_have_left),
		cmocka_unit_test(a_quiescent_state_before_the_start_does_not_count),
		cmocka_unit_test(who_comes_online_after_the_start_is_not_waited_for),
		cmocka_unit_test(grace_periods_are_told_apart_and_stay_over),
		cmocka_unit_test(liburcu_holds_it_up_until_the_reader_has_left),
		cmocka_unit_test(liburcu_ends_every_one_of_many),
		cmocka_unit_test(a_cut_table_is_not_freed_before_the_flush),
		cmocka_unit_test(a_cut_table_is_not_freed_before_everybody_has_left),
		cmocka_unit_test(a_grace_period_that_has_begun_does_not_serve_later_cuts),
		cmocka_unit_test(a_table_that_another_is_cutting_goes_once_with_the_one_around_it),
		cmocka_unit_test(of_two_that_cut_at_once_neither_table_is_forgotten),
		cmocka_unit_test(reclaim_frees_in_slices_of_the_budget),
		cmocka_unit_test(what_hangs_below_a_table_is_freed_in_slices_of_any_budget),
		cmocka_unit_test(a_second_cpu_in_reclaim_is_sent_away),
		cmocka_unit_test(an_exclusive_tree_waits_for_nobody),
	};

	return run_suite("grace", tests);
}
