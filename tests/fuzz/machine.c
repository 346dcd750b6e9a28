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

	return &shapes[choice & 0x80 ? choice % ARRAY_SIZE(shapes) : choice % 5u];
}

static s2_attr take_attr(struct input *in)
{
	s2_attr attr = (s2_attr)take(in, 1);
	s2_attr type = types[attr >> 4 & 3];

	attr = (attr & (S2_RW | S2_OLD)) | (attr & S2_X_EL1 ? S2_X : 0) | type | S2_SW(attr >> 6);
	return type == S2_DEVICE ? attr & ~S2_X : attr;
}

/* Flags that the operation takes. */
static uint32_t take_flags(struct input *in, enum verb verb)
{
	uint32_t flags = (uint32_t)take(in, 1);

	if (verb == MAP)
		return flags & (S2_FAULT | S2_PAGES);
	return verb == UNMAP || verb == SPLIT || verb == COLLAPSE ? flags & S2_FAULT : 0;
}

/* A collapse takes whole entries of its level. */
static void whole_entry(struct operation *op)
{
	op->level = 1 + op->level % 2;
	op->at = op->level == 1 ? (struct extent){0, 0, 0}
				: (struct extent){0, (int16_t)(op->at.blocks & 1), 0};
	op->size = op->level == 1 ? (struct extent){1, 0, 0} : (struct extent){0, 1, 0};
}

/* What only some operations have. */
static void take_details(struct operation *op, struct input *in, uint8_t where)
{
	switch (op->verb) {
	case MAP:
		op->attr = take_attr(in);
		op->memory = (enum memory)(take(in, 1) % 3);
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
	static const enum verb verbs[] = {MAP,	  MAP,	UNMAP, UNMAP,	 SPLIT,	  COLLAPSE,
					  LOOKUP, WALK, MAP,   DEFERRED, RECLAIM, COLLAPSE};
	struct operation op = {.name = "call", .verb = verbs[take(in, 1) % ARRAY_SIZE(verbs)]};
	uint8_t where = (uint8_t)take(in, 1);

	op.at = places[where % ARRAY_SIZE(places)];
	op.size = sizes[(where >> 4) % ARRAY_SIZE(sizes)];
	op.flags = take_flags(in, op.verb);
	take_details(&op, in, where);
	op.unlinks = where & 8;
	return op;
}

/* --- the world that it describes ------------------------------------------------------ */

static struct {
	struct setting setting;
	struct operation before[BEFORE_MAX], program[PROGRAM_MAX];
	unsigned int befores;
	uint32_t budget;
	uint64_t quota;
} plan;

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

static void take_setting(struct input *in)
{
	const struct shape *shape = take_shape(in);
	uint32_t features = (uint32_t)take(in, 1);

	features &= S2_FEAT_FWB | S2_FEAT_TTL | S2_FEAT_TLBIRANGE | S2_FEAT_HAF;
	plan.setting = (struct setting){.name = "fuzz",
					.build = build_plan,
					.config = {.granule_shift = shape->granule,
						   .ipa_bits = shape->ipa_bits,
						   .pa_bits = shape->pa_bits,
						   .vmid_bits = 8,
						   .features = shape->features | features},
					.base = shape->base,
					.pages = (uint8_t)(take(in, 1) % (PAGES_MAX + 1)),
					.guest = features & S2_FEAT_HAF ? READS : QUIET};
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
	static const char *const verb[] = {
		[MAP] = "map",		 [UNMAP] = "unmap",    [SPLIT] = "split",
		[COLLAPSE] = "collapse", [LOOKUP] = "lookup",  [WALK] = "walk",
		[DEFERRED] = "deferred", [RECLAIM] = "reclaim"};

	printf("  CPU%u %s ipa %#llx size %#llx memory %d attr %#x flags %#x level %u: %d, done "
	       "%#llx\n",
	       c->cpu, verb[op->verb], LLU(world_ipa(op->at)), LLU(world_size(op->size)),
	       op->memory, op->attr, op->flags, op->level, c->status, LLU(c->done));
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
