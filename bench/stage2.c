/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * This library as an engine.
 *
 * A CPU stays inside its read-side section while it is measured, as the section of the
 * other engines costs nothing either; BENCH_FAULT_QSBR has one around each fault, which is
 * what a hypervisor pays at each entry and exit.
 */
#include <stdlib.h>
#include <string.h>

#include <stage2/dirty.h>
#include <stage2/stage2.h>

#include "bench.h"

struct tree {
	struct s2_format fmt;
	struct s2_tree tree;
	struct s2_qsbr qsbr;
	struct s2_qsbr_slot slot[BENCH_CPUS];
	struct {
		_Alignas(128) struct s2_cpu cpu;
	} of[BENCH_CPUS];
	uint64_t *bits; /* a dirty bitmap */
};

/* Pages of a bitmap: 1 GiB of the smallest granule, from the address that is asked for. */
#define BITMAP_PAGES (UINT64_C(1) << 18)

static uint32_t features(const struct bench_geometry *geometry, unsigned int flags)
{
	uint32_t set = S2_FEAT_FWB | S2_FEAT_TTL | S2_FEAT_TLBIRANGE;

	/* Who is alone in a tree can do without a compare-and-swap if the hardware writes nothing. */
	set |= flags & BENCH_SHARED ? S2_FEAT_HAF : 0;
	set |= geometry->lpa2 ? S2_FEAT_LPA2 : 0;
	set |= geometry->group > 1 ? S2_FEAT_CONTIG : 0;
	return flags & BENCH_LOGGED ? set | S2_FEAT_HD : set;
}

static int begin(struct tree *t, unsigned int flags)
{
	struct s2_tree_config config = {
		.fmt = &t->fmt,
		.root = bench_pool_take(t->fmt.root_size),
		.vmid = 1,
		.shared = flags & BENCH_SHARED,
		.grace = &t->qsbr.grace,
	};
	int status = s2_qsbr_init(&t->qsbr, t->slot, BENCH_CPUS);

	for (unsigned int i = 0; !status && i < BENCH_CPUS; i++)
		status = s2_cpu_init(&t->of[i].cpu, t->fmt.granule_shift);
	return status ? status : s2_init(&t->tree, &config);
}

static void *create(const struct bench_geometry *geometry, unsigned int flags)
{
	const struct s2_config config = {
		.granule_shift = geometry->granule_shift,
		.ipa_bits = geometry->ipa_bits,
		.pa_bits = geometry->ipa_bits > 48 ? 52 : 48,
		.vmid_bits = 16,
		.features = features(geometry, flags),
	};
	struct tree *t = aligned_alloc(_Alignof(struct tree), sizeof(*t));

	if (!t)
		return NULL;
	memset(t, 0, sizeof(*t));
	t->bits = calloc(BITMAP_PAGES / 64, sizeof(uint64_t));
	if (t->bits && !s2_format_init(&t->fmt, &config) && !begin(t, flags))
		return t;
	free(t->bits);
	free(t);
	return NULL;
}

static void fill(void *tree, unsigned int cpu, unsigned int pages)
{
	struct tree *t = tree;

	for (unsigned int i = 0; i < pages; i++)
		s2_cache_put(&t->of[cpu].cpu.cache, bench_pool_take(bench_pool.granule));
	s2_qsbr_online(&t->qsbr, cpu);
}

/* Until everything that was cut off is in the cache again. */
static int reclaim(struct tree *t, unsigned int cpu)
{
	int status;

	do {
		s2_qsbr_quiescent(&t->qsbr, cpu);
		status = s2_reclaim(&t->tree, &t->of[cpu].cpu);
	} while (status == S2_RETRY);
	return status;
}

static uint64_t tables(void *tree, unsigned int cpu)
{
	const struct tree *t = tree;

	return t->of[cpu].cpu.stats.tables_linked;
}

static const uint64_t *root(void *tree)
{
	return ((const struct tree *)tree)->tree.root;
}

static const void *own(void *tree, unsigned int cpu, uint64_t *bytes)
{
	const struct tree *t = tree;

	*bytes = sizeof(t->of[cpu]);
	return &t->of[cpu];
}

static void settle(void *tree, unsigned int cpu)
{
	struct tree *t = tree;

	s2_qsbr_offline(&t->qsbr, cpu);
}

static void drop(void *tree)
{
	struct tree *t = tree;

	free(t->bits);
	free(t);
}

static int outcome(int status)
{
	return status == S2_RETRY ? BENCH_RETRY : status;
}

static int fault(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;
	uint64_t size = UINT64_C(1) << t->fmt.granule_shift;

	return outcome(s2_map(&t->tree, &t->of[cpu].cpu, ipa, size, pa, S2_RW, S2_FAULT));
}

static int fault_qsbr(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;
	uint64_t size = UINT64_C(1) << t->fmt.granule_shift;
	int status;

	s2_qsbr_online(&t->qsbr, cpu);
	status = s2_map(&t->tree, &t->of[cpu].cpu, ipa, size, pa, S2_RW, S2_FAULT);
	s2_qsbr_offline(&t->qsbr, cpu);
	return outcome(status);
}

static int relax(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;
	uint64_t size = UINT64_C(1) << t->fmt.granule_shift;

	(void)pa;
	return s2_protect(&t->tree, &t->of[cpu].cpu, ipa, size, 0, S2_W, S2_FAULT);
}

static int touch(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;

	(void)pa;
	return s2_touch(&t->tree, &t->of[cpu].cpu, ipa, S2_FAULT);
}

static int note_write(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;

	(void)pa;
	return s2_touch(&t->tree, &t->of[cpu].cpu, ipa, S2_WRITE);
}

static int unmap_page(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;
	uint64_t size = UINT64_C(1) << t->fmt.granule_shift;

	(void)pa;
	return s2_unmap(&t->tree, &t->of[cpu].cpu, ipa, size, 0);
}

static int lookup(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;
	struct s2_mapping m;

	(void)cpu;
	return s2_lookup(&t->tree, ipa, &m) || m.pa != pa;
}

static int probe(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;
	struct s2_mapping m;

	(void)cpu;
	if (s2_lookup(&t->tree, ipa, &m) || m.kind != S2_KIND_LEAF || m.pa + (ipa - m.ipa) != pa)
		return 0;
	return BENCH_IS_MAPPED | (m.attr & S2_W ? BENCH_IS_WRITABLE : 0) |
	       (m.attr & S2_OLD ? 0 : BENCH_IS_YOUNG) | (m.level < 3 ? BENCH_IS_BLOCK : 0);
}

static int over(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;
	uint64_t size = s2_level_size(&t->fmt, 2);

	return s2_map(&t->tree, &t->of[cpu].cpu, ipa, size, pa, S2_RW, 0);
}

static int collapse(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;

	(void)pa;
	return s2_collapse(&t->tree, &t->of[cpu].cpu, ipa, 2, 0);
}

static int split(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;

	(void)pa;
	return s2_split(&t->tree, &t->of[cpu].cpu, ipa, s2_level_size(&t->fmt, 2), 3, 0);
}

/* One table at most; the first of them begin a grace period, and free nothing. */
static int slice(void *tree, unsigned int cpu, uint64_t ipa, uint64_t pa)
{
	struct tree *t = tree;
	int status;

	(void)ipa, (void)pa;
	s2_qsbr_quiescent(&t->qsbr, cpu);
	t->of[cpu].cpu.budget = 1;
	status = s2_reclaim(&t->tree, &t->of[cpu].cpu);
	t->of[cpu].cpu.budget = 0;
	return status == S2_RETRY || status == S2_MORE ? 0 : status;
}

static int map(void *tree, unsigned int cpu, const struct bench_range *range)
{
	static const s2_attr attrs[] = {
		[BENCH_RW] = S2_RW, [BENCH_READ] = S2_R, [BENCH_LOG] = S2_RW | S2_LOG};
	struct tree *t = tree;

	return s2_map(&t->tree, &t->of[cpu].cpu, range->ipa, range->size, range->pa,
		      attrs[range->attr], 0);
}

static struct s2_bitmap bitmap(const struct tree *t, const struct bench_range *range)
{
	return (struct s2_bitmap){.ipa = range->ipa, .bits = BITMAP_PAGES, .word = t->bits};
}

/* All that was cut off is freed too; of a tree that is logged, it is reported what was dirty. */
static int unmap(void *tree, unsigned int cpu, const struct bench_range *range)
{
	struct tree *t = tree;
	struct s2_bitmap dirty = bitmap(t, range);
	int status;

	t->of[cpu].cpu.log = range->attr == BENCH_LOG ? &dirty : NULL;
	status = s2_unmap(&t->tree, &t->of[cpu].cpu, range->ipa, range->size, 0);
	t->of[cpu].cpu.log = NULL;
	return status ? status : reclaim(t, cpu);
}

static int unlink_tables(void *tree, unsigned int cpu, const struct bench_range *range)
{
	struct tree *t = tree;

	return s2_unmap(&t->tree, &t->of[cpu].cpu, range->ipa, range->size, 0);
}

static int protect(void *tree, unsigned int cpu, const struct bench_range *range)
{
	struct tree *t = tree;

	return s2_protect(&t->tree, &t->of[cpu].cpu, range->ipa, range->size, S2_W, 0, 0);
}

static int age(void *tree, unsigned int cpu, const struct bench_range *range)
{
	struct tree *t = tree;

	return s2_age(&t->tree, &t->of[cpu].cpu, range->ipa, range->size, NULL, S2_CLEAR);
}

static int split_all(void *tree, unsigned int cpu, const struct bench_range *range)
{
	struct tree *t = tree;

	return s2_split(&t->tree, &t->of[cpu].cpu, range->ipa, range->size, 3, 0);
}

static int log_start(void *tree, unsigned int cpu, const struct bench_range *range)
{
	struct tree *t = tree;

	return s2_log_start(&t->tree, &t->of[cpu].cpu, range->ipa, range->size, 0);
}

static int collect(void *tree, unsigned int cpu, const struct bench_range *range)
{
	struct tree *t = tree;
	struct s2_bitmap dirty = bitmap(t, range);

	return s2_log_collect(&t->tree, &t->of[cpu].cpu, range->ipa, range->size, &dirty, 0);
}

static int destroy(void *tree, unsigned int cpu, const struct bench_range *range)
{
	struct tree *t = tree;

	(void)range;
	return s2_destroy(&t->tree, &t->of[cpu].cpu);
}

const struct bench_engine bench_stage2 = {
	.name = "stage2",
	.create = create,
	.fill = fill,
	.tables = tables,
	.root = root,
	.own = own,
	.settle = settle,
	.drop = drop,
	.tells = BENCH_IS_KNOWN,
	.page = {[BENCH_FAULT] = fault,
		 [BENCH_FAULT_QSBR] = fault_qsbr,
		 [BENCH_RELAX] = relax,
		 [BENCH_TOUCH] = touch,
		 [BENCH_WRITE] = note_write,
		 [BENCH_UNMAP_PAGE] = unmap_page,
		 [BENCH_LOOKUP] = lookup,
		 [BENCH_OVER] = over,
		 [BENCH_COLLAPSE] = collapse,
		 [BENCH_SPLIT] = split,
		 [BENCH_SLICE] = slice,
		 [BENCH_PROBE] = probe},
	.range = {[BENCH_MAP] = map,
		  [BENCH_UNMAP] = unmap,
		  [BENCH_CUT] = unmap,
		  [BENCH_UNLINK] = unlink_tables,
		  [BENCH_PROTECT] = protect,
		  [BENCH_AGE] = age,
		  [BENCH_SPLIT_ALL] = split_all,
		  [BENCH_LOG_START] = log_start,
		  [BENCH_COLLECT] = collect,
		  [BENCH_DESTROY] = destroy},
};
