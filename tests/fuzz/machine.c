/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Fuzz: calls of one to three CPUs on the machine, interleaved as the input says.
 *
 * The input chooses the kind of CPU, what is mapped beforehand, which calls each
 * CPU makes with how many table pages, and then the schedule: a byte lets one CPU
 * take up to 64 steps.  The machine looks at its rules at each step, and the
 * result is judged against a flat array of pages.
 *
 * Where the explorer goes through all schedules of programs that somebody chose,
 * this looks for programs that nobody thought of.
 */
#include <string.h>

#include "world.h"

#include "fuzz.h"

#define STEPS_MAX 100000u
#define BEFORE_MAX 4u
#define PROGRAM_MAX 6u
#define PAGES_MAX 6u

/* --- what an input can choose from -------------------------------------------------- */

static struct {
	struct setting setting;
	struct operation before[BEFORE_MAX], program[PROGRAM_MAX];
	unsigned int befores;
	uint32_t budget;
	uint64_t quota;
} plan;

struct shape {
	uint8_t granule, ipa_bits, pa_bits;
	uint32_t features;
	uint16_t base;
};

/* The first ones are the fastest, and are chosen most often. */
static const struct shape shapes[] = {
	{S2_GRANULE_4K, 39, 40, 0, 1},
	{S2_GRANULE_4K, 40, 40, 0, 512},
	{S2_GRANULE_4K, 34, 40, 0, 1},
	{S2_GRANULE_4K, 48, 48, 0, 513},
	{S2_GRANULE_4K, 52, 52, S2_FEAT_LPA2, 513},
	{S2_GRANULE_16K, 40, 48, 0, 1},
	{S2_GRANULE_16K, 48, 48, 0, 1},
	{S2_GRANULE_16K, 52, 52, S2_FEAT_LPA2, 1},
	{S2_GRANULE_64K, 42, 48, 0, 0},
	{S2_GRANULE_64K, 48, 48, 0, 1},
};

static const struct extent places[] = {{0, 0, 0},  {0, 0, 1}, {0, 0, 2}, {0, 1, -1},
				       {0, 1, -2}, {0, 1, 0}, {0, 1, 1}, {0, 2, 0}};
static const struct extent sizes[] = {{0, 0, 1},  {0, 0, 2}, {0, 0, 3}, {0, 0, 16},
				      {0, 1, -1}, {0, 1, 0}, {0, 1, 1}, {0, 2, 0},
				      {0, 2, -1}, {1, 0, 0}, {0, 3, 2}, {0, 0, 1}};
static const s2_attr types[] = {S2_NORMAL, S2_NORMAL, S2_NORMAL_NC, S2_DEVICE};

static const struct shape *take_shape(struct input *in)
{
	uint8_t choice = (uint8_t)take(in, 1);

	plan.setting.scope = choice & 0x40 ? OWNERS : SHAPE;
	return &shapes[choice & 0x80 ? choice % ARRAY_SIZE(shapes) : choice % 5u];
}

static s2_attr permissions(uint8_t byte)
{
	return (byte & S2_RW) | (byte & S2_X_EL1 ? S2_X : 0) | S2_SW(byte >> 6);
}

static s2_attr take_attr(struct input *in)
{
	uint8_t byte = (uint8_t)take(in, 1);
	s2_attr type = types[byte >> 4 & 3];
	s2_attr attr = permissions(byte) | (byte & S2_OLD) | type;

	return type == S2_DEVICE ? attr & ~S2_X : attr;
}

/* Flags that the operation takes. */
static uint32_t take_flags(struct input *in, enum verb verb)
{
	static const uint32_t known[] = {
		[MAP] = S2_FAULT | S2_PAGES,
		[UNMAP] = S2_FAULT | S2_CLEAN,
		[SPLIT] = S2_FAULT,
		[COLLAPSE] = S2_FAULT,
		[COMPACT] = S2_FAULT,
		[PROTECT] = S2_FAULT,
		[TOUCH] = S2_FAULT | S2_WRITE,
		[AGE] = S2_FAULT | S2_CLEAR | S2_INVALIDATE,
		[LOG_START] = S2_FAULT,
		[LOG_COLLECT] = S2_FAULT | S2_KEEP,
		[LOG_STOP] = S2_FAULT,
		[CLEAN] = S2_FAULT,
		[ANNOTATE] = S2_FAULT,
		[HARDWARE] = 0,
	};
	uint32_t byte = (uint32_t)take(in, 1), flags = byte & known[verb];

	if (verb == MAP && byte & 8)
		flags |= byte & 16 ? S2_HOLES : S2_TAKE;
	return flags & S2_CLEAR ? flags : flags & ~S2_INVALIDATE;
}

/* What is written to a page is told only of so many: with 16K, of less than a block. */
static void few_pages(struct operation *op)
{
	bool block = op->size.blocks == 1 && op->size.pages <= 0;

	if (plan.setting.config.granule_shift != S2_GRANULE_4K)
		block = false;
	if (op->size.tables || (op->size.blocks && !block))
		op->size = (struct extent){0, 0, 3};
}

/* A collapse takes whole entries of its level. */
static void whole_entry(struct operation *op)
{
	op->level = 1 + op->level % 2;
	op->at = op->level == 1 ? (struct extent){0, 0, 0}
				: (struct extent){0, (int16_t)(op->at.blocks & 1), 0};
	op->size = op->level == 1 ? (struct extent){1, 0, 0} : (struct extent){0, 1, 0};
}

static void take_mapping(struct operation *op, struct input *in)
{
	uint8_t byte;

	op->attr = take_attr(in);
	byte = (uint8_t)take(in, 1);
	op->memory = (enum memory)((byte & 0x3f) % 3);
	if (op->attr & S2_W && byte & 0x40)
		op->attr |= byte & 0x80 ? S2_LOG | S2_DIRTY : S2_LOG;
}

/* What only some operations have. */
static void take_details(struct operation *op, struct input *in, uint8_t where)
{
	switch (op->verb) {
	case MAP:
		take_mapping(op, in);
		break;
	case COMPACT:
		op->level = 1 + (uint32_t)take(in, 1) % 3;
		break;
	case PROTECT:
	case PROTECT_DEFERRED:
		op->attr = permissions((uint8_t)take(in, 1));
		op->give = permissions((uint8_t)take(in, 1)) & ~op->attr;
		break;
	case TOUCH:
		op->size = (struct extent){0, 0, 1};
		break;
	case LOG_COLLECT:
		few_pages(op);
		break;
	case CLEAN:
		if (op->size.tables)
			op->size = (struct extent){0, 1, 0};
		break;
	case SPLIT:
		op->level = (uint32_t)take(in, 1) % 4;
		break;
	case COLLAPSE:
		op->level = (uint32_t)take(in, 1);
		whole_entry(op);
		break;
	case DEFERRED:
		op->size = (struct extent){0, 0, (int16_t)(1 + (where >> 4))};
		break;
	case WALK:
		op->size = (struct extent){0, 0, 3};
		break;
	default:
		break;
	}
}

static struct operation take_operation(struct input *in)
{
	static const enum verb verbs[] = {
		MAP,	     MAP,	  UNMAP,    UNMAP,
		SPLIT,	     COLLAPSE,	  LOOKUP,   WALK,
		MAP,	     DEFERRED,	  RECLAIM,  COMPACT,
		PROTECT,     PROTECT,	  TOUCH,    TOUCH,
		AGE,	     LOG_START,	  GROUP,    CLEAN,
		LOG_COLLECT, LOG_COLLECT, LOG_STOP, VERIFY,
		ANNOTATE,    ANNOTATE,	  MAP,	    GROUP,
		COMPACT,     COLLAPSE,	  MAP,	    PROTECT_DEFERRED,
	};
	struct operation op = {.name = "call", .verb = verbs[take(in, 1) % ARRAY_SIZE(verbs)]};
	uint8_t where = (uint8_t)take(in, 1);

	if (op.verb == ANNOTATE && plan.setting.scope != OWNERS)
		op.verb = UNMAP;
	op.at = places[where % ARRAY_SIZE(places)];
	op.size = sizes[(where >> 4) % ARRAY_SIZE(sizes)];
	op.flags = take_flags(in, op.verb);
	take_details(&op, in, where);
	op.unlinks = where & 8;
	return op;
}

/* --- the world that it describes ------------------------------------------------------ */

/* What is there before: whatever these calls leave behind, be it that they fail. */
static void build_plan(void)
{
	for (unsigned int i = 0; i < plan.befores; i++) {
		struct call c = {.op = &plan.before[i], .cpu = 0};

		world_perform(&c);
	}
	world.tree.quota = plan.quota;
	for (unsigned int i = 0; i < CPUS_MAX; i++)
		world.cpu[i].budget = plan.budget;
}

/* Each has a bit of the byte: its own, or one that nothing else wants. */
static uint32_t take_features(struct input *in, uint8_t granule)
{
	uint32_t byte = (uint32_t)take(in, 1);
	uint32_t features = byte & (S2_FEAT_FWB | S2_FEAT_TTL | S2_FEAT_TLBIRANGE | S2_FEAT_HAF);

	if (features & S2_FEAT_HAF)
		features |= byte & S2_FEAT_HD;
	/* A group of 128 pages is too much for the machine's lists, and slow. */
	features |= byte & 0x20 && granule == S2_GRANULE_4K ? S2_FEAT_CONTIG : 0;
	features |= byte & 0x80 ? S2_FEAT_BBM2 : 0;
	return features | (byte & 0x81 ? S2_FEAT_BBM1 : 0);
}

static void take_setting(struct input *in)
{
	const struct shape *shape = take_shape(in);
	uint32_t features = take_features(in, shape->granule);

	plan.setting = (struct setting){.name = "fuzz",
					.scope = plan.setting.scope,
					.build = build_plan,
					.config = {.granule_shift = shape->granule,
						   .ipa_bits = shape->ipa_bits,
						   .pa_bits = shape->pa_bits,
						   .vmid_bits = 8,
						   .features = shape->features | features},
					.base = shape->base,
					.pages = (uint8_t)(take(in, 1) % (PAGES_MAX + 1)),
					.guest = features & S2_FEAT_HD	  ? WRITES
						 : features & S2_FEAT_HAF ? READS
									  : QUIET};
	plan.budget = (uint32_t)take(in, 1);
	plan.budget = plan.budget < 0xc0 ? 0 : plan.budget & 0x1f;
	/* Thousands of entries in a table would take all the time there is. */
	if (shape->granule > S2_GRANULE_4K && !plan.budget)
		plan.budget = 64;
	plan.quota = take(in, 1);
	plan.quota = plan.quota < 0xc0 ? 0 : plan.quota & 0xf;
}

static void take_program(struct input *in)
{
	uint8_t shape = (uint8_t)take(in, 1);

	world.scarce = true;
	world.cpus = 1 + shape % CPUS_MAX;
	world.calls = world.cpus + (shape >> 2) % (PROGRAM_MAX - CPUS_MAX + 1);
	plan.befores = (shape >> 4) % (BEFORE_MAX + 1);
	for (unsigned int i = 0; i < plan.befores; i++)
		plan.before[i] = take_operation(in);
	for (unsigned int i = 0; i < world.calls; i++) {
		plan.program[i] = take_operation(in);
		world.call[i] = (struct call){.op = &plan.program[i], .cpu = i % world.cpus};
	}
}

/* --- running it ----------------------------------------------------------------------- */

static bool has_ended(void)
{
	for (unsigned int f = 0; f < world_fibers(); f++) {
		if (m_fiber_step(f).kind != M_STEP_NONE)
			return false;
	}
	return true;
}

/* The first fiber from `wish` on that can take a step. */
static unsigned int ready_fiber(unsigned int wish)
{
	for (unsigned int i = 0; i < world_fibers(); i++) {
		unsigned int f = (wish + i) % world_fibers();

		if (m_fiber_ready(f))
			return f;
	}
	m_violation("deadlock: every CPU waits");
	return wish % world_fibers();
}

static void run(struct input *in)
{
	unsigned int steps = 0;

	while (m_run_ok() && !has_ended()) {
		uint8_t choice = (uint8_t)take(in, 1);
		unsigned int f = ready_fiber(choice & 3);

		for (unsigned int n = choice >> 2; m_run_ok() && m_fiber_ready(f); n--) {
			m_fiber_run(f);
			if (++steps == STEPS_MAX)
				m_violation("no end after %u steps", STEPS_MAX);
			if (!n)
				break;
		}
	}
	if (m_run_ok())
		judge_end(NULL);
}

static void print_call(const struct call *c)
{
	const struct operation *op = c->op;
	static const char *const verb[] = {[MAP] = "map",
					   [UNMAP] = "unmap",
					   [SPLIT] = "split",
					   [COLLAPSE] = "collapse",
					   [LOOKUP] = "lookup",
					   [WALK] = "walk",
					   [VERIFY] = "verify",
					   [DEFERRED] = "deferred",
					   [RECLAIM] = "reclaim",
					   [COMPACT] = "compact",
					   [PROTECT] = "protect",
					   [PROTECT_DEFERRED] = "protect, deferred",
					   [TOUCH] = "touch",
					   [AGE] = "age",
					   [LOG_START] = "log_start",
					   [LOG_COLLECT] = "log_collect",
					   [LOG_STOP] = "log_stop",
					   [GROUP] = "group",
					   [CLEAN] = "clean",
					   [ANNOTATE] = "annotate"};

	printf("  CPU%u %s ipa %#llx size %#llx memory %d attr %#x give %#x flags %#x level %u: "
	       "%d, done %#llx\n",
	       c->cpu, verb[op->verb], LLU(world_ipa(op->at)), LLU(world_size(op->size)),
	       op->memory, op->attr, op->give, op->flags, op->level, c->status, LLU(c->done));
}

static void report(void)
{
	printf("%s\n  granule %u, IPA %u bits, features %#x, %u pages for each CPU, budget %u, "
	       "quota %llu\n",
	       m_run_violation(), world.fmt.granule_shift, world.fmt.ipa_bits, world.fmt.features,
	       plan.setting.pages, plan.budget, LLU(plan.quota));
	for (unsigned int i = 0; i < plan.befores; i++)
		print_call(&(struct call){.op = &plan.before[i]});
	printf("  and then at once:\n");
	for (unsigned int i = 0; i < world.calls; i++)
		print_call(&world.call[i]);
	m_history_print();
	fflush(stdout);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};

	m_shared_all();
	take_setting(&in);
	take_program(&in);
	world_build(&plan.setting);
	if (m_run_ok()) {
		world_begin(NULL);
		run(&in);
	}
	if (!m_run_ok())
		report();
	must(m_run_ok(), "%s", m_run_violation());
	return 0;
}
