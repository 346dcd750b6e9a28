/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The clients: pairs (and triples) of the engine's operations on a small tree,
 * explored.
 *
 * Each CPU runs one operation, and s2_reclaim() after one that unlinks tables.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explore.h"
#include "world.h"

#define CACHE_PAGES 6u

static const struct operation operations[] = {
	{"fault page0", MAP, G, PAGE, MEMORY_A, S2_RW, S2_FAULT | S2_PAGES, 0, false},
	{"fault page1", MAP, G + PAGE, PAGE, MEMORY_A, S2_RW, S2_FAULT | S2_PAGES, 0, false},
	{"relax page0", MAP, G, PAGE, MEMORY_A, S2_RWX, S2_FAULT | S2_PAGES, 0, false},
	{"restrict page0", MAP, G, PAGE, MEMORY_A, S2_R, 0, 0, false},
	{"remap page0", MAP, G, PAGE, MEMORY_B, S2_RW, 0, 0, false},
	{"map block", MAP, G, 2 * MIB, MEMORY_A, S2_RW, 0, 0, true},
	{"fault block", MAP, G, 2 * MIB, MEMORY_A, S2_RW, S2_FAULT, 0, true},
	{"remap block", MAP, G, 2 * MIB, MEMORY_B, S2_RW, 0, 0, true},
	{"map 1G", MAP, G, GIB, MEMORY_A, S2_RW, 0, 0, true},
	{"unmap page0", UNMAP, G, PAGE, 0, 0, 0, 0, false},
	{"unmap page1", UNMAP, G + PAGE, PAGE, 0, 0, 0, 0, false},
	{"unmap 2M", UNMAP, G, 2 * MIB, 0, 0, 0, 0, true},
	{"unmap page1..4M", UNMAP, G + PAGE, 4 * MIB, 0, 0, 0, 0, true},
	{"unmap 1G", UNMAP, G, GIB, 0, 0, 0, 0, true},
	{"unmap, deferred", DEFERRED, G, 2 * PAGE, 0, 0, 0, 0, false},
	{"split", SPLIT, G, PAGE, 0, 0, 0, 3, false},
	{"collapse 2M", COLLAPSE, G, 2 * MIB, 0, 0, 0, 2, true},
	{"fault collapse", COLLAPSE, G, 2 * MIB, 0, 0, S2_FAULT, 2, true},
	{"collapse 1G", COLLAPSE, G, GIB, 0, 0, 0, 1, true},
	{"lookup", LOOKUP, G, PAGE, 0, 0, 0, 0, false},
	{"unmap page0..2", UNMAP, G, 3 * PAGE, 0, 0, 0, 0, false},
	{"unmap page511", UNMAP, G + 2 * MIB - PAGE, PAGE, 0, 0, 0, 0, false},
};
#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

/* What is there before. */
struct setting {
	const char *name;
	void (*build)(struct s2_tree *tree, struct s2_cpu *cpu);
	uint32_t features;
	bool hardware; /* sets an access flag once, at any time */
};

static void must(int status)
{
	if (status)
		abort();
}

static void build_nothing(struct s2_tree *tree, struct s2_cpu *cpu)
{
	(void)tree;
	(void)cpu;
}

static void build_page1(struct s2_tree *tree, struct s2_cpu *cpu)
{
	must(s2_map(tree, cpu, G + PAGE, PAGE, MEMORY_A + PAGE, S2_RW, 0));
}

static void build_pages(struct s2_tree *tree, struct s2_cpu *cpu)
{
	must(s2_map(tree, cpu, G, 2 * MIB, MEMORY_A, S2_RW, S2_PAGES));
}

static void build_block(struct s2_tree *tree, struct s2_cpu *cpu)
{
	must(s2_map(tree, cpu, G, 4 * MIB, MEMORY_A, S2_RW, 0));
}

static void build_pages_0_and_2(struct s2_tree *tree, struct s2_cpu *cpu)
{
	must(s2_map(tree, cpu, G, PAGE, MEMORY_A, S2_RW, 0));
	must(s2_map(tree, cpu, G + 2 * PAGE, PAGE, MEMORY_A + 2 * PAGE, S2_RW, 0));
}

static void build_two_tables(struct s2_tree *tree, struct s2_cpu *cpu)
{
	must(s2_map(tree, cpu, G, PAGE, MEMORY_A, S2_RW, 0));
	must(s2_map(tree, cpu, G + 2 * MIB, PAGE, MEMORY_A + 2 * MIB, S2_RW, 0));
}

static void build_1g(struct s2_tree *tree, struct s2_cpu *cpu)
{
	must(s2_map(tree, cpu, G, GIB, MEMORY_A, S2_RW, 0));
}

static void build_blocks_of_1g(struct s2_tree *tree, struct s2_cpu *cpu)
{
	build_1g(tree, cpu);
	must(s2_split(tree, cpu, G, PAGE, 2, 0));
}

static void build_old_pages(struct s2_tree *tree, struct s2_cpu *cpu)
{
	must(s2_map(tree, cpu, G, 2 * MIB, MEMORY_A, S2_RW | S2_OLD, S2_PAGES));
}

static void build_old_block(struct s2_tree *tree, struct s2_cpu *cpu)
{
	must(s2_map(tree, cpu, G, 2 * MIB, MEMORY_A, S2_RW | S2_OLD, 0));
}

#define RANGE (S2_FEAT_TTL | S2_FEAT_TLBIRANGE)

static const struct setting settings[] = {
	{"empty", build_nothing, RANGE, false},
	{"page1 mapped", build_page1, RANGE, false},
	{"512 pages", build_pages, RANGE, false},
	{"2M blocks", build_block, RANGE, false},
	{"two tables", build_two_tables, RANGE, false},
	{"pages 0 and 2", build_pages_0_and_2, RANGE, false},
	{"1G block", build_1g, RANGE, false},
	{"512 blocks", build_blocks_of_1g, RANGE, false},
	{"512 pages, Armv8.0", build_pages, 0, false},
	{"2M blocks, Armv8.0", build_block, 0, false},
	{"512 pages, HA", build_old_pages, RANGE | S2_FEAT_HAF, true},
	{"2M block, HA", build_old_block, RANGE | S2_FEAT_HAF, true},
};
#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static const uint64_t watched[WATCHED] = {G, G + PAGE, G + 2 * MIB - PAGE, G + 2 * MIB,
					  G + 4 * MIB};

struct world world;

/* --- running ------------------------------------------------------------------------- */

static int perform(const struct operation *op, struct s2_cpu *cpu)
{
	struct s2_mapping m;
	int status;

	switch (op->verb) {
	case MAP:
		return s2_map(&world.tree, cpu, op->ipa, op->size, op->memory + (op->ipa - G),
			      op->attr, op->flags);
	case UNMAP:
		return s2_unmap(&world.tree, cpu, op->ipa, op->size, op->flags);
	case SPLIT:
		return s2_split(&world.tree, cpu, op->ipa, op->size, op->level, op->flags);
	case COLLAPSE:
		return s2_collapse(&world.tree, cpu, op->ipa, op->level, op->flags);
	case LOOKUP:
		return s2_lookup(&world.tree, op->ipa, &m);
	default:
		status = s2_unmap(&world.tree, cpu, op->ipa, PAGE, S2_DEFER);
		if (!status)
			status = s2_unmap(&world.tree, cpu, op->ipa + PAGE, PAGE, S2_DEFER);
		return s2_flush(&world.tree, cpu) ? S2_INVALID : status;
	}
}

static void run_call(void *arg)
{
	struct call *c = arg;
	struct s2_cpu *cpu = &world.cpu[c->cpu];

	m_mark(M_STEP_CALL);
	c->started = ++world.clock;
	(void)s2_qsbr_online(&world.qsbr, c->cpu);
	c->status = perform(c->op, cpu);
	c->done = c->op->verb == DEFERRED && !c->status ? c->op->size : cpu->done;
	m_mark(M_STEP_RETURN);
	c->ended = ++world.clock;
	c->waits = m_waits(c->cpu);
	judge_return(c);
	(void)s2_qsbr_offline(&world.qsbr, c->cpu);
	if (c->op->unlinks)
		(void)s2_reclaim(&world.tree, cpu);
}

static void run_hardware(void *arg)
{
	(void)arg;
	m_mark(M_STEP_HARDWARE);
	world.young = m_set_access_flag(0);
}

static void begin(void *arg)
{
	(void)arg;
	m_memory_restore();
	world.tree = world.tree_then;
	memcpy(world.cpu, world.cpu_then, sizeof(world.cpu));
	world.qsbr = world.qsbr_then;
	memset(world.slot, 0, sizeof(world.slot));
	world.clock = 0;
	m_run_begin(&world.config);
	for (unsigned int i = 0; i < world.calls; i++) {
		struct call *c = &world.call[i];

		*c = (struct call){.op = c->op, .cpu = i};
		m_run_owns(i, &world.cpu[i]);
		m_fiber_start(i, run_call, c);
	}
	world.young = false;
	if (world.hardware)
		m_fiber_start(world.calls, run_hardware, NULL);
}

static void build_caches(void)
{
	unsigned int page = 1; /* the root is page 0 */

	for (unsigned int i = 0; i < CPUS_MAX; i++) {
		must(s2_cpu_init(&world.cpu[i], S2_GRANULE_4K));
		for (unsigned int n = 0; n < CACHE_PAGES; n++)
			must(s2_cache_put(&world.cpu[i].cache, m_page(page++)));
	}
	world.pages = page - 1;
}

static void build_tree(uint32_t features, bool shared)
{
	struct s2_config cfg = {.granule_shift = S2_GRANULE_4K,
				.ipa_bits = 39,
				.pa_bits = 40,
				.vmid_bits = 8,
				.features = features};
	struct s2_tree_config tree = {.fmt = &world.fmt,
				      .root = m_page(0),
				      .vmid = 5,
				      .shared = shared,
				      .grace = &world.qsbr.grace};

	must(s2_format_init(&world.fmt, &cfg));
	must(s2_qsbr_init(&world.qsbr, world.slot, CPUS_MAX));
	must(s2_init(&world.tree, &tree));
}

/* What every run of one client starts from. */
static void build(const struct setting *setting)
{
	build_tree(setting->features, world.calls > 1);
	build_caches();
	world.hardware = setting->hardware;
	world.config = (struct m_config){.vtcr = world.fmt.vtcr,
					 .vttbr = world.tree.vttbr,
					 .ttl = setting->features & S2_FEAT_TTL,
					 .watched_count = WATCHED};
	memcpy(world.config.watched, watched, sizeof(watched));
	m_run_begin(&world.config);
	setting->build(&world.tree, &world.cpu[0]);
	for (unsigned int w = 0; w < WATCHED; w++)
		world.before[w] = m_translate(watched[w]);
	m_memory_save();
	world.tree_then = world.tree;
	memcpy(world.cpu_then, world.cpu, sizeof(world.cpu));
	world.qsbr_then = world.qsbr;
}

/* --- the command ------------------------------------------------------------------------ */

struct options {
	struct m_limits limits;
	const char *match; /* only clients whose name has it in it */
	bool verbose, triples, stop;
};

struct totals {
	uint64_t configurations, executions, violations, bounded;
};

static void report(const struct m_client *client, const struct m_outcome *o)
{
	(void)printf("  %s\n  after %llu executions, by this schedule of %u steps:",
		     m_run_violation(), (unsigned long long)o->executions, o->schedule_length);
	for (unsigned int d = 0; d < o->schedule_length; d++)
		(void)printf("%s%u", d % 64 ? "" : "\n    ", o->schedule[d]);
	(void)printf("\n  the last steps:\n");
	m_replay(client, o->schedule, o->schedule_length);
	m_history_print();
}

static void name_client(char *name, size_t size, const struct setting *setting)
{
	int used = snprintf(name, size, "%-20s", setting->name);

	for (unsigned int i = 0; i < world.calls; i++)
		used += snprintf(name + used, size - (size_t)used, "%s%s", i ? " | " : "",
				 world.call[i].op->name);
}

static void print_outcome(const char *name, const struct m_outcome *o)
{
	(void)printf("%-75s %8llu ", name, (unsigned long long)o->executions);
	if (o->violated)
		(void)printf("VIOLATION\n");
	else if (o->exhaustive)
		(void)printf("exhaustive\n");
	else
		(void)printf("bounded: all with %u preemptions\n", o->preemptions);
}

static void explore(const struct setting *setting, const struct options *o, struct totals *totals)
{
	struct m_client client = {
		.begin = begin, .end = judge_end, .fibers = world.calls + setting->hardware};
	static struct m_outcome outcome;
	char name[160];

	name_client(name, sizeof(name), setting);
	if ((o->match && !strstr(name, o->match)) || (o->stop && totals->violations))
		return;
	build(setting);
	m_explore(&client, &o->limits, &outcome);
	totals->configurations++;
	totals->executions += outcome.executions;
	totals->bounded += !outcome.exhaustive;
	totals->violations += outcome.violated;
	if (o->verbose || outcome.violated)
		print_outcome(name, &outcome);
	if (outcome.violated)
		report(&client, &outcome);
	(void)fflush(stdout);
}

/*
 * An operation alone, on a tree that is not shared: there, an unlinked table is
 * free as soon as the operation says so, and no grace period hides it.
 */
static void explore_singles(const struct setting *s, const struct options *o, struct totals *totals)
{
	world.calls = 1;
	for (unsigned int a = 0; a < OPERATIONS; a++) {
		world.call[0].op = &operations[a];
		explore(s, o, totals);
	}
}

static void explore_pairs(const struct setting *s, const struct options *o, struct totals *totals)
{
	world.calls = 2;
	for (unsigned int a = 0; a < OPERATIONS; a++) {
		for (unsigned int b = a; b < OPERATIONS; b++) {
			world.call[0].op = &operations[a];
			world.call[1].op = &operations[b];
			explore(s, o, totals);
		}
	}
}

/* Three at once: chosen for what each does to the other two. */
static const unsigned char triples[][3] = {
	{0, 9, 16},  {0, 9, 11}, {0, 0, 9},  {1, 9, 16},  {0, 11, 16},
	{0, 13, 16}, {5, 9, 16}, {5, 15, 9}, {0, 14, 9},  {7, 15, 16},
	{1, 11, 14}, {2, 3, 16}, {0, 4, 9},  {16, 17, 9}, {20, 1, 10},
};

static void explore_triples(const struct setting *s, const struct options *o, struct totals *totals)
{
	world.calls = 3;
	for (unsigned int t = 0; t < sizeof(triples) / sizeof(triples[0]); t++) {
		for (unsigned int i = 0; i < 3; i++)
			world.call[i].op = &operations[triples[t][i]];
		explore(s, o, totals);
	}
}

/* The result of one setting, as a line of TAP: progress for people, and for the test runner. */
static void conclude(unsigned int number, const struct setting *s, const struct totals *before,
		     const struct totals *now)
{
	bool ok = now->violations == before->violations;

	(void)printf("%sok %u - explore, %s: configurations=%llu executions=%llu\n",
		     ok ? "" : "not ", number, s->name,
		     (unsigned long long)(now->configurations - before->configurations),
		     (unsigned long long)(now->executions - before->executions));
	(void)fflush(stdout);
}

static void explore_setting(const struct setting *s, const struct options *o, struct totals *totals)
{
	explore_singles(s, o, totals);
	explore_pairs(s, o, totals);
	if (o->triples && !s->hardware)
		explore_triples(s, o, totals);
}

static int usage(FILE *to)
{
	(void)fprintf(to,
		      "usage: explore [-n EXECUTIONS] [-p PREEMPTIONS] [-m TEXT] [-t] [-v] [-x]\n"
		      "  -n  schedules of one client at the most, then those with few preemptions\n"
		      "  -p  how many preemptions those have at the most (3)\n"
		      "  -m  only clients whose name has TEXT in it\n"
		      "  -t  three operations at once as well\n"
		      "  -v  a line for each client\n"
		      "  -x  stop at the first violation\n");
	return to == stderr ? 2 : 0;
}

static bool parse(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "n:p:m:tvx")) != -1) {
		if (c == 'n')
			o->limits.executions = strtoull(optarg, NULL, 0);
		else if (c == 'p')
			o->limits.preemptions = (unsigned int)strtoul(optarg, NULL, 0);
		else if (c == 'm')
			o->match = optarg;
		else if (c == 't')
			o->triples = true;
		else if (c == 'v')
			o->verbose = true;
		else if (c == 'x')
			o->stop = true;
		else
			return false;
	}
	return optind == argc && o->limits.executions;
}

int main(int argc, char **argv)
{
	struct options o = {.limits = {.executions = 20000, .preemptions = 3}};
	struct totals totals = {0, 0, 0, 0};

	if (argc == 2 && !strcmp(argv[1], "--help"))
		return usage(stdout);
	if (!parse(argc, argv, &o))
		return usage(stderr);
	(void)printf("1..%zu\n", SETTINGS);
	for (unsigned int i = 0; i < SETTINGS; i++) {
		struct totals before = totals;

		explore_setting(&settings[i], &o, &totals);
		conclude(i + 1, &settings[i], &before, &totals);
	}
	if (!totals.configurations) {
		(void)fprintf(stderr, "explore: no client has \"%s\" in its name\n", o.match);
		return 2;
	}
	(void)printf("explore: configurations=%llu executions=%llu violations=%llu bounded=%llu\n",
		     (unsigned long long)totals.configurations,
		     (unsigned long long)totals.executions, (unsigned long long)totals.violations,
		     (unsigned long long)totals.bounded);
	return totals.violations ? 1 : 0;
}
