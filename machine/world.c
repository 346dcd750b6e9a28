/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Building the world, and running the programs of its CPUs in it.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include <stage2/inspect.h>

#include "digest.h"

struct world world;

/* --- places ----------------------------------------------------------------------- */

uint64_t world_size(struct extent e)
{
	const struct s2_format *fmt = &world.fmt;

	return (uint64_t)e.tables * s2_level_size(fmt, 1) +
	       (uint64_t)e.blocks * s2_level_size(fmt, 2) +
	       (uint64_t)e.pages * s2_level_size(fmt, 3);
}

static uint64_t base(void)
{
	return world.setting->base * s2_level_size(&world.fmt, 1);
}

uint64_t world_ipa(struct extent e)
{
	return base() + world_size(e);
}

/* Aligned to what an entry of level 1 covers, as the base is, and far from the arena; one is not. */
uint64_t world_pa(enum memory memory, uint64_t ipa)
{
	static const unsigned char first[] = {16, 32, 24};
	uint64_t odd = memory == MEMORY_ODD ? s2_level_size(&world.fmt, S2_LAST_LEVEL) : 0;

	return first[memory] * s2_level_size(&world.fmt, 1) + odd + (ipa - base());
}

/* --- running ------------------------------------------------------------------------- */

static int count_entry(const struct s2_mapping *m, void *arg)
{
	(void)m;
	++*(unsigned int *)arg;
	return 0;
}

static int unmap_deferred(struct call *c, struct s2_cpu *cpu, uint64_t ipa, uint64_t size)
{
	uint64_t page = world_size((struct extent){.pages = 1});
	int status = S2_OK;

	for (c->done = 0; c->done < size && !status; c->done += cpu->done)
		status = s2_unmap(&world.tree, cpu, ipa + c->done, page, S2_DEFER);
	return s2_flush(&world.tree, cpu) ? S2_INVALID : status;
}

static int protect_deferred(struct call *c, struct s2_cpu *cpu, uint64_t ipa, uint64_t size)
{
	int status = s2_protect(&world.tree, cpu, ipa, size, c->op->attr, c->op->give,
				c->op->flags | S2_DEFER);

	c->done = cpu->done;
	return s2_flush(&world.tree, cpu) ? S2_INVALID : status;
}

/* A reader beside others: only what holds at any time may be asked for. */
static int verify(uint64_t ipa, uint64_t size)
{
	struct s2_verification v = {.quiet = false};
	struct s2_span span = {.ipa = ipa, .size = size};

	return s2_verify(&world.tree, &span, &v);
}

static int transfer(const struct operation *op, struct s2_cpu *cpu, uint64_t ipa, uint64_t size)
{
	const struct s2_pages pages = {.host = &world.tree,
				       .host_attr = op->attr,
				       .guest = &world.guest,
				       .guest_id = S2_OWNER_GUEST,
				       .pa = ipa,
				       .ipa = ipa,
				       .size = size,
				       .attr = op->attr};

	return s2_transfer(cpu, (enum s2_transfer)op->level, &pages);
}

static int perform_for_owners(struct call *c, struct s2_cpu *cpu, uint64_t ipa, uint64_t size)
{
	if (c->op->verb == TRANSFER)
		return transfer(c->op, cpu, ipa, size);
	if (c->op->verb == GUEST_LOOKUP)
		return s2_lookup(&world.guest, ipa, &c->seen);
	return s2_annotate(&world.tree, cpu, ipa, size, 1, 0, c->op->flags);
}

static int perform(struct call *c, struct s2_cpu *cpu)
{
	const struct operation *op = c->op;
	uint64_t ipa = world_ipa(op->at), size = world_size(op->size);
	unsigned int entries = 0;

	switch (op->verb) {
	case MAP:
		return s2_map(&world.tree, cpu, ipa, size, world_pa(op->memory, ipa), op->attr,
			      op->flags);
	case UNMAP:
		return s2_unmap(&world.tree, cpu, ipa, size, op->flags);
	case SPLIT:
		return s2_split(&world.tree, cpu, ipa, size, op->level, op->flags);
	case COLLAPSE:
		return s2_collapse(&world.tree, cpu, ipa, op->level, op->flags);
	case GROUP:
		return s2_group(&world.tree, cpu, ipa, size);
	case COMPACT:
		return s2_compact(&world.tree, cpu, ipa, size, op->level, op->flags);
	case LOOKUP:
		return s2_lookup(&world.tree, ipa, &c->seen);
	case WALK:
		return s2_walk(&world.tree, ipa, size, count_entry, &entries);
	case VERIFY:
		return verify(ipa, size);
	case DEFERRED:
		return unmap_deferred(c, cpu, ipa, size);
	case PROTECT:
		return s2_protect(&world.tree, cpu, ipa, size, op->attr, op->give, op->flags);
	case PROTECT_DEFERRED:
		return protect_deferred(c, cpu, ipa, size);
	case TOUCH:
		return s2_touch(&world.tree, cpu, ipa, op->flags);
	case AGE:
		return s2_age(&world.tree, cpu, ipa, size, NULL, op->flags);
	case LOG_START:
		return s2_log_start(&world.tree, cpu, ipa, size, op->flags);
	case LOG_COLLECT:
		return s2_log_collect(&world.tree, cpu, ipa, size, cpu->log, op->flags);
	case LOG_STOP:
		return s2_log_stop(&world.tree, cpu, ipa, size, cpu->log, op->flags);
	case CLEAN:
		return s2_clean(&world.tree, cpu, ipa, size, op->flags);
	case RECLAIM:
		return s2_reclaim(&world.tree, cpu);
	default:
		return perform_for_owners(c, cpu, ipa, size);
	}
}

void world_perform(struct call *c)
{
	struct s2_cpu *cpu = &world.cpu[c->cpu];
	uint64_t pages = world_size(c->op->size) / s2_level_size(&world.fmt, S2_LAST_LEVEL);
	struct s2_bitmap log = {world_ipa(c->op->at), pages, c->word};

	/* Where there are too many pages to tell, nobody asks which. */
	cpu->log = pages <= CALL_PAGES ? &log : NULL;
	c->status = perform(c, cpu);
	cpu->log = NULL;
	if (c->op->verb != DEFERRED && c->op->verb != PROTECT_DEFERRED)
		c->done = cpu->done;
}

/* Memory that is the guest's no longer is written by others: it must be cleaned before he gets it back. */
static void others_write(const struct call *c)
{
	for (unsigned int w = 0; w < WATCHED; w++) {
		uint64_t ipa = world.config.watched[w];

		if (ipa - world_ipa(c->op->at) < c->done && !judge_has_rival(c, ipa)) {
			m_host_writes(world_pa(MEMORY_A, ipa));
			m_host_writes(world_pa(MEMORY_B, ipa));
			m_host_writes(world_pa(MEMORY_ODD, ipa));
		}
	}
}

static void note_what_was(struct call *c)
{
	for (unsigned int w = 0; w < WATCHED; w++)
		c->was[w] = m_translate(world.config.watched[w]);
	c->cleanings = m_cleanings();
}

void world_call(struct call *c)
{
	struct s2_cpu *cpu = &world.cpu[c->cpu];
	uint64_t waits = m_waits(c->cpu);

	m_mark(M_STEP_CALL);
	c->started = ++world.clock;
	if (judge_wants_clean(c->op))
		note_what_was(c);
	(void)s2_qsbr_online(&world.qsbr, c->cpu);
	world_perform(c);
	m_mark(M_STEP_RETURN);
	c->ended = ++world.clock;
	c->waits = m_waits(c->cpu) - waits;
	if (!world.unjudged)
		judge_return(c);
	if (c->op->verb == UNMAP || c->op->verb == DEFERRED || c->op->verb == ANNOTATE)
		others_write(c);
	(void)s2_qsbr_offline(&world.qsbr, c->cpu);
	if (c->op->unlinks)
		(void)s2_reclaim(&world.tree, cpu);
}

static void run_program(void *arg)
{
	unsigned int cpu = (unsigned int)((struct s2_cpu *)arg - world.cpu);

	for (unsigned int i = 0; i < world.calls && m_run_ok(); i++) {
		if (world.call[i].cpu == cpu)
			world_call(&world.call[i]);
	}
}

static const struct operation hardware_access = {
	.name = "hardware", .verb = HARDWARE, .size = {0, 0, 1}};

static void run_hardware(void *arg)
{
	(void)arg;
	m_mark(M_STEP_HARDWARE);
	if (m_hardware_access(0, world.setting->guest == WRITES))
		world.hardware.started = world.hardware.ended = ++world.clock;
}

unsigned int world_fibers(void)
{
	return world.cpus + (world.setting->guest != QUIET);
}

void world_restart(void)
{
	m_memory_restore();
	world.tree = world.tree_then;
	world.guest = world.guest_then;
	memcpy(world.cpu, world.cpu_then, sizeof(world.cpu));
	world.qsbr = world.qsbr_then;
	memset(world.slot, 0, sizeof(world.slot));
	world.clock = 0;
	world.hardware = (struct call){.op = &hardware_access};
	for (unsigned int i = 0; i < world.calls; i++)
		world.call[i] = (struct call){.op = world.call[i].op,
					      .cpu = world.call[i].cpu,
					      .uniform = world.call[i].uniform};
	m_run_begin(&world.config);
	for (unsigned int i = 0; i < world.cpus; i++)
		m_run_owns(i, &world.cpu[i]);
}

void world_begin(void *arg)
{
	(void)arg;
	world_restart();
	for (unsigned int i = 0; i < world.cpus; i++)
		m_fiber_start(i, run_program, &world.cpu[i]);
	if (world.setting->guest != QUIET)
		m_fiber_start(world.cpus, run_hardware, NULL);
}

/* --- telling states apart --------------------------------------------------------------- */

/* Of the order of calls only this matters: who had returned before another began. */
static uint64_t mix_order(uint64_t digest, const struct call *c)
{
	uint64_t before = world.hardware.ended && world.hardware.ended < c->started;

	for (unsigned int i = 0; i < world.calls; i++) {
		const struct call *other = &world.call[i];

		before = before << 1 | (other->ended && other->ended < c->started);
	}
	return m_mix(digest, before);
}

static uint64_t mix_call(uint64_t digest, const struct call *c)
{
	digest = mix_order(digest, c);
	if (!c->started || c->ended || !judge_wants_clean(c->op))
		return digest;
	for (unsigned int w = 0; w < WATCHED; w++)
		digest = m_mix(m_mix(digest, c->was[w].pa),
			       c->was[w].attributes << 1 | c->was[w].mapped);
	return m_mix(digest, c->cleanings);
}

static uint64_t mix_tree(uint64_t digest, const struct s2_tree *t)
{
	const uint64_t word[] = {t->tables,  t->unlinked, t->reclaiming,
				 t->waiting, t->cookie,	  t->restricting};

	return m_mix_words(digest, word, sizeof(word));
}

uint64_t world_digest(void *arg)
{
	uint64_t digest = mix_tree(m_mix(m_run_digest(), world.qsbr.epoch), &world.tree);

	(void)arg;
	if (world.setting->scope == TRANSFERS)
		digest = mix_tree(digest, &world.guest);
	for (unsigned int i = 0; i < CPUS_MAX; i++)
		digest = m_mix(digest, world.slot[i].seen);
	for (unsigned int i = 0; i < world.calls; i++)
		digest = mix_call(digest, &world.call[i]);
	return mix_order(digest, &world.hardware);
}

/* --- building ------------------------------------------------------------------------ */

void require_ok(int status)
{
	if (status)
		abort();
}

static void build_caches(void)
{
	unsigned int page = world.fmt.root_tables * (world.setting->scope == TRANSFERS ? 2 : 1);

	world.pages = 0;
	for (unsigned int i = 0; i < CPUS_MAX; i++) {
		unsigned int pages = i < world.cpus ? world.setting->pages : 0;

		require_ok(s2_cpu_init(&world.cpu[i], world.fmt.granule_shift));
		for (unsigned int n = 0; n < pages; n++)
			require_ok(s2_cache_put(&world.cpu[i].cache, m_page(page++)));
		world.pages += pages;
	}
}

static void build_tree(void)
{
	struct s2_tree_config tree = {.fmt = &world.fmt,
				      .root = m_page(0),
				      .vmid = 5,
				      .shared = world.cpus > 1,
				      .owned = world.setting->scope >= OWNERS,
				      .grace = &world.qsbr.grace};

	(void)m_page(world.fmt.root_tables - 1);
	require_ok(s2_qsbr_init(&world.qsbr, world.slot, CPUS_MAX));
	require_ok(s2_init(&world.tree, &tree));
	if (world.setting->scope != TRANSFERS)
		return;
	tree.root = m_page(world.fmt.root_tables);
	tree.vmid++;
	require_ok(s2_init(&world.guest, &tree));
}

static void configure(void)
{
	static const struct extent place[WATCHED] = {
		{0, 0, 0}, {0, 0, 1}, {0, 1, -1}, {0, 1, 0}, {0, 2, 0}};
	uint32_t features = world.fmt.features;
	struct m_config *cfg = &world.config;

	*cfg = (struct m_config){.vtcr = world.fmt.vtcr,
				 .vttbr = world.tree.vttbr,
				 .ttl = features & S2_FEAT_TTL,
				 .fwb = features & S2_FEAT_FWB,
				 .contiguous = features & S2_FEAT_CONTIG,
				 .bbm = features & S2_FEAT_BBM2 ? 2 : !!(features & S2_FEAT_BBM1),
				 .watched_count = WATCHED,
				 .data_count = 3 * WATCHED};
	for (unsigned int w = 0; w < WATCHED; w++) {
		cfg->watched[w] = world_ipa(place[w]);
		cfg->data[w] = world_pa(MEMORY_A, cfg->watched[w]);
		cfg->data[WATCHED + w] = world_pa(MEMORY_B, cfg->watched[w]);
		cfg->data[2 * WATCHED + w] = world_pa(MEMORY_ODD, cfg->watched[w]);
	}
}

/* Whether the pages of the range map memory as a block would.  For level 2 alone: there are not so many. */
static bool is_uniform(const struct operation *op)
{
	uint64_t page = world_size((struct extent){.pages = 1});
	uint64_t ipa = world_ipa(op->at), size = world_size(op->size);
	struct m_translation first = m_translate(ipa);

	if (op->verb != COLLAPSE || op->level != 2 || !first.mapped || first.pa & (size - 1))
		return false;
	for (uint64_t at = 0; at < size; at += page) {
		struct m_translation t = m_translate(ipa + at);

		t.pa -= at;
		if (!m_same_translation(&t, &first))
			return false;
	}
	return true;
}

void world_build(const struct setting *setting)
{
	world.setting = setting;
	require_ok(s2_format_init(&world.fmt, &setting->config));
	m_memory_begin(setting->config.granule_shift);
	build_tree();
	build_caches();
	configure();
	m_run_begin(&world.config);
	for (unsigned int i = 0; i < CPUS_MAX; i++)
		m_run_owns(i, &world.cpu[i]);
	setting->build();
	for (unsigned int w = 0; w < WATCHED; w++)
		world.before[w] = m_translate(world.config.watched[w]);
	for (unsigned int i = 0; i < world.calls; i++)
		world.call[i].uniform = is_uniform(world.call[i].op);
	m_memory_save();
	world.tree_then = world.tree;
	world.guest_then = world.guest;
	memcpy(world.cpu_then, world.cpu, sizeof(world.cpu));
	world.qsbr_then = world.qsbr;
}
