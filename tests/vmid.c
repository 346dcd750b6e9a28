/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * VMIDs with generations, against a model of what TLBs may hold under which VMID.
 *
 * The model keeps, for each VMID, the guests of which any TLB may hold a
 * translation.  A CPU fills it as long as it runs a guest, and so at once when it
 * begins.  A TLBI takes effect at its CPU's next DSB; what was filled since it was
 * issued may stay.  A CPU that begins to run a guest under a VMID of which any TLB may
 * hold another guest's is the fault that all of this is about.  (Any TLB, not the CPU's
 * own: with VTTBR_EL2.CnP they may share.)
 *
 * The same model judges random sequences of one CPU after the other, and every
 * interleaving of small programs, with the explorer of the machine.
 */
#include "lib/suite.h"

#include <string.h>

#include <stage2/stage2.h>
#include <stage2/vmid.h>

#include "../machine/explore.h"
#include "../machine/fiber.h"
#include "host.h"

#define LLU(x) ((unsigned long long)(x))
#define CPUS 8u
#define GUESTS 600u
#define NOBODY UINT32_MAX
#define VTTBR_BADDR UINT64_C(0x0000123456789000)

/* --- guests, and what they stand on ----------------------------------------- */

static struct {
	struct s2_format fmt;
	struct s2_vmids vmids;
	struct s2_vmid_slot slot[CPUS];
	uint64_t bitmap[S2_VMID_WORDS(16)];
	struct s2_tree tree[GUESTS];
	struct s2_vmid guest[GUESTS];
} w;

static struct s2_vmids_config config(uint8_t bits, uint32_t cpus, uint32_t first)
{
	return (struct s2_vmids_config){
		.bitmap = w.bitmap, .slot = w.slot, .cpus = cpus, .first = first, .bits = bits};
}

static uint32_t vmid_of(uint32_t guest)
{
	return (uint32_t)(w.tree[guest].vttbr >> 48);
}

/* --- the model ---------------------------------------------------------------- */

static struct {
	uint64_t held[BIT(16)]
		     [2]; /* guests that any TLB may hold: bits; and those of them that stay */
	uint32_t runs[CPUS]; /* which guest */
	uint64_t vttbr[CPUS]; /* with what */
	bool owes[CPUS]; /* a TLBI without a DSB */
	bool unordered[CPUS]; /* a slot was swapped since the last DSB */
	uint32_t vmids; /* as many as are looked at */
	unsigned int invalidations;
	char fault[160];
} tlb;

#define fault(...) ((void)(*tlb.fault || snprintf(tlb.fault, sizeof(tlb.fault), __VA_ARGS__)))

/* The bit of a guest; those of a large test share some. */
static uint64_t bit_of(uint32_t guest)
{
	return BIT(guest % 61);
}

static void fill(uint32_t cpu)
{
	if (tlb.runs[cpu] == NOBODY)
		return;
	tlb.held[tlb.vttbr[cpu] >> 48][0] |= bit_of(tlb.runs[cpu]);
	tlb.held[tlb.vttbr[cpu] >> 48][1] |= bit_of(tlb.runs[cpu]);
}

static void fill_all(void)
{
	for (uint32_t cpu = 0; cpu < CPUS; cpu++)
		fill(cpu);
}

static void model_tlbi(uint32_t cpu)
{
	if (tlb.unordered[cpu])
		fault("CPU%u: a TLBI that may come before the slots were swept", cpu);
	tlb.owes[cpu] = true;
	for (uint32_t vmid = 0; vmid < tlb.vmids; vmid++)
		tlb.held[vmid][1] = 0;
	fill_all();
}

static void model_dsb(uint32_t cpu)
{
	tlb.unordered[cpu] = false;
	if (!tlb.owes[cpu])
		return;
	tlb.owes[cpu] = false;
	tlb.invalidations++;
	for (uint32_t vmid = 0; vmid < tlb.vmids; vmid++)
		tlb.held[vmid][0] = tlb.held[vmid][1];
}

static bool is_foreign_slot(const void *p, uint32_t cpu)
{
	const struct s2_vmid_slot *slot = p;

	return slot >= w.slot && slot < w.slot + CPUS && slot != &w.slot[cpu];
}

static void model_step(const struct s2_host_event *event, uint32_t cpu)
{
	if (event->op == S2_HOST_TLBI_ALLE1IS)
		model_tlbi(cpu);
	else if (event->op == S2_HOST_DSB_ISH)
		model_dsb(cpu);
	else if (event->op == S2_HOST_WORD && is_foreign_slot(event->p, cpu))
		tlb.unordered[cpu] = true;
}

/* Every CPU that runs a guest does so with what its tree says. */
static void check_registers(void)
{
	for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
		if (tlb.runs[cpu] != NOBODY && tlb.vttbr[cpu] != w.tree[tlb.runs[cpu]].vttbr)
			fault("CPU%u runs guest %u with VMID %u, its tree has VMID %u", cpu,
			      tlb.runs[cpu], (uint32_t)(tlb.vttbr[cpu] >> 48),
			      vmid_of(tlb.runs[cpu]));
	}
}

static void model_run(uint32_t cpu, uint32_t guest)
{
	uint32_t vmid = vmid_of(guest);

	tlb.runs[cpu] = guest;
	tlb.vttbr[cpu] = w.tree[guest].vttbr;
	if (tlb.held[vmid][0] & ~bit_of(guest))
		fault("CPU%u runs guest %u with VMID %u, of which a TLB may hold %llx", cpu, guest,
		      vmid, LLU(tlb.held[vmid][0]));
	if (vmid < w.vmids.first)
		fault("guest %u has VMID %u, which is not to be given out", guest, vmid);
	fill(cpu);
	check_registers();
}

static void model_begin(uint32_t vmids)
{
	memset(&tlb, 0, sizeof(tlb));
	tlb.vmids = vmids;
	for (uint32_t cpu = 0; cpu < CPUS; cpu++)
		tlb.runs[cpu] = NOBODY;
}

/* --- one CPU after the other -------------------------------------------------- */

static uint32_t current_cpu;

static void step_of_current(const struct s2_host_event *event)
{
	model_step(event, current_cpu);
}

static void open_vmids(uint8_t bits, uint32_t cpus, uint32_t first)
{
	const struct s2_config format = {12, 40, 40, 16, 0};
	const struct s2_vmids_config cfg = config(bits, cpus, first);

	model_begin(1u << bits);
	current_cpu = 0;
	s2_host_trace = (struct s2_host_trace){.before = step_of_current};
	require_status(s2_format_init(&w.fmt, &format), S2_OK);
	require_status(s2_vmids_init(&w.vmids, &cfg), S2_OK);
	for (uint32_t i = 0; i < GUESTS; i++) {
		w.tree[i] = (struct s2_tree){.fmt = &w.fmt,
					     .vttbr = VTTBR_BADDR + i * UINT64_C(0x1000) + 1};
		require_status(s2_vmid_init(&w.guest[i], &w.vmids, &w.tree[i]), S2_OK);
	}
}

static void enter(uint32_t cpu, uint32_t guest)
{
	current_cpu = cpu;
	tlb.runs[cpu] = NOBODY;
	require_status(s2_vmid_enter(&w.vmids, cpu, &w.guest[guest]), S2_OK);
	model_run(cpu, guest);
	require(!*tlb.fault, "%s", tlb.fault);
	require((w.tree[guest].vttbr & (BIT(48) - 1)) == VTTBR_BADDR + guest * UINT64_C(0x1000) + 1,
		"VTTBR %#llx", LLU(w.tree[guest].vttbr));
}

static void leave(uint32_t cpu)
{
	current_cpu = cpu;
	tlb.runs[cpu] = NOBODY;
	require_status(s2_vmid_leave(&w.vmids, cpu), S2_OK);
}

/* --- each status ---------------------------------------------------------------- */

static void refuses(struct s2_vmids_config cfg, int expected)
{
	struct s2_vmids vmids, before;

	memset(&vmids, 0x5a, sizeof(vmids));
	before = vmids;
	require_status(s2_vmids_init(&vmids, &cfg), expected);
	require(!memcmp(&vmids, &before, sizeof(vmids)), "refused, but written to");
}

static void bad_configurations_are_refused(void **state)
{
	struct s2_vmids_config cfg = config(8, 4, 1);

	(void)state;
	require_status(s2_vmids_init(NULL, &cfg), S2_INVALID);
	require_status(s2_vmids_init(&w.vmids, NULL), S2_INVALID);
	cfg.bitmap = NULL;
	refuses(cfg, S2_INVALID);
	cfg = config(8, 4, 1);
	cfg.slot = NULL;
	refuses(cfg, S2_INVALID);
	for (unsigned int bits = 0; bits < 256; bits++)
		if (bits != 8 && bits != 16)
			refuses(config((uint8_t)bits, 4, 1), S2_BAD_VMID_BITS);
	refuses(config(8, 0, 1), S2_BAD_SIZE);
	refuses(config(8, 4, 0), S2_BAD_VMID);
	refuses(config(8, 4, 256), S2_BAD_VMID);
	refuses(config(8, 4, UINT32_MAX), S2_BAD_VMID);
	refuses(config(16, 4, 65536), S2_BAD_VMID);
}

static void more_cpus_than_vmids_are_refused(void **state)
{
	(void)state;
	refuses(config(8, 255, 1), S2_NO_VMID);
	refuses(config(8, UINT32_MAX, 1), S2_NO_VMID);
	refuses(config(8, 1, 255), S2_NO_VMID);
	refuses(config(8, 8, 248), S2_NO_VMID);
	refuses(config(16, 65535, 1), S2_NO_VMID);
	open_vmids(8, 8, 247);
	open_vmids(8, 1, 254);
}

static void bad_guests_are_refused(void **state)
{
	const struct s2_config narrow = {12, 40, 40, 8, 0};
	struct s2_vmid guest = {.word = 5};
	struct s2_vmids none = {.slot = NULL};
	struct s2_tree tree = {.fmt = NULL};
	struct s2_format fmt;

	(void)state;
	open_vmids(16, 4, 1);
	require_status(s2_vmid_init(NULL, &w.vmids, &w.tree[0]), S2_INVALID);
	require_status(s2_vmid_init(&guest, NULL, &w.tree[0]), S2_INVALID);
	require_status(s2_vmid_init(&guest, &none, &w.tree[0]), S2_INVALID);
	require_status(s2_vmid_init(&guest, &w.vmids, NULL), S2_INVALID);
	require_status(s2_vmid_init(&guest, &w.vmids, &tree), S2_INVALID);
	require_status(s2_format_init(&fmt, &narrow), S2_OK);
	tree.fmt = &fmt;
	require_status(s2_vmid_init(&guest, &w.vmids, &tree), S2_BAD_VMID);
	require(guest.word == 5 && !guest.tree, "refused, but written to");
}

static void bad_calls_are_refused(void **state)
{
	struct s2_vmid stranger = {.word = 0};

	(void)state;
	open_vmids(8, 4, 1);
	require_status(s2_vmid_enter(NULL, 0, &w.guest[0]), S2_INVALID);
	require_status(s2_vmid_enter(&w.vmids, 0, NULL), S2_INVALID);
	require_status(s2_vmid_enter(&w.vmids, 0, &stranger), S2_INVALID);
	require_status(s2_vmid_leave(NULL, 0), S2_INVALID);
	for (uint32_t cpu = 4; cpu; cpu <<= 1) {
		require_status(s2_vmid_enter(&w.vmids, cpu, &w.guest[0]), S2_INVALID);
		require_status(s2_vmid_leave(&w.vmids, cpu), S2_INVALID);
	}
	require(!w.guest[0].word && !vmid_of(0), "refused, but a VMID was given");
}

/* --- what a caller sees --------------------------------------------------------- */

static void the_first_generation_begins_with_an_invalidation(void **state)
{
	(void)state;
	open_vmids(8, 4, 1);
	require(tlb.invalidations == 1, "%u", tlb.invalidations);
	open_vmids(16, 4, 1);
	require(tlb.invalidations == 1, "%u", tlb.invalidations);
}

static void a_guest_keeps_its_vmid_within_a_generation(void **state)
{
	uint64_t vttbr;

	(void)state;
	open_vmids(8, 4, 7);
	enter(0, 3);
	vttbr = w.tree[3].vttbr;
	require(vttbr >> 48 == 7, "VMID %llu", LLU(vttbr >> 48));
	for (uint32_t i = 0; i < 8; i++) {
		enter(i % 4, i);
		enter(i % 4, 3);
		leave(i % 4);
		enter(i % 4, 3);
	}
	require(w.tree[3].vttbr == vttbr && tlb.invalidations == 1, "it has changed");
}

static void every_vmid_is_given_out_before_a_generation_ends(void **state)
{
	static const struct {
		uint8_t bits;
		uint32_t first;
	} shapes[] = {{8, 1}, {8, 64}, {8, 130}, {16, 1}, {16, 65000}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		uint32_t left = (1u << shapes[i].bits) - shapes[i].first;

		open_vmids(shapes[i].bits, 1, shapes[i].first);
		for (uint32_t n = 0; n < left; n++) {
			/* A guest that ends is forgotten; its VMID is not free before the next generation. */
			w.guest[0].word = 0;
			current_cpu = 0;
			require_status(s2_vmid_enter(&w.vmids, 0, &w.guest[0]), S2_OK);
			require(vmid_of(0) == shapes[i].first + n, "VMID %u", vmid_of(0));
		}
		require(tlb.invalidations == 1, "early");
		w.guest[0].word = 0;
		require_status(s2_vmid_enter(&w.vmids, 0, &w.guest[0]), S2_OK);
		require(tlb.invalidations == 2, "VMID %u without an invalidation", vmid_of(0));
	}
}

/* Each CPU in a guest, and guests for all VMIDs: which keep theirs, over many generations? */
static void what_cpus_use_stays_over_many_generations(void **state)
{
	uint64_t vttbr[CPUS];

	(void)state;
	open_vmids(8, CPUS, 200);
	for (uint32_t cpu = 1; cpu < CPUS; cpu++)
		enter(cpu, cpu);
	for (uint32_t cpu = 1; cpu < CPUS; cpu++)
		vttbr[cpu] = w.tree[cpu].vttbr;
	for (uint32_t n = 0; n < 1000; n++) {
		enter(0, CPUS + n % 400);
		if (n % 50 == 0)
			enter(0, 1 + n / 50 % (CPUS - 1));
	}
	require(tlb.invalidations > 10, "%u", tlb.invalidations);
	for (uint32_t cpu = 1; cpu < CPUS; cpu++)
		require(w.tree[cpu].vttbr == vttbr[cpu], "guest %u lost its VMID", cpu);
}

/* All CPUs in guests of their own, and only one VMID more than those. */
static void one_vmid_more_than_cpus_is_enough(void **state)
{
	struct rng rng = {.state = random_seed(0x766d6964)};

	(void)state;
	open_vmids(8, CPUS, 256 - CPUS - 1);
	for (uint32_t n = 0; n < 5000; n++)
		enter((uint32_t)random_below(&rng, CPUS), (uint32_t)random_below(&rng, 60));
	require(tlb.invalidations > 500, "%u", tlb.invalidations);
}

/* Who has left holds no VMID for longer than a generation. */
static void a_cpu_that_has_left_reserves_nothing(void **state)
{
	(void)state;
	open_vmids(8, 2, 253);
	enter(1, 0);
	enter(0, 1);
	enter(0, 2);
	enter(0, 3); /* sweeps CPU 1 */
	require(tlb.invalidations == 2, "%u", tlb.invalidations);
	leave(1);
	leave(1);
	for (uint32_t n = 0; n < 30; n++)
		enter(0, 4 + n);
	require(w.slot[1].reserved % 256 == 0, "%#llx", LLU(w.slot[1].reserved));
}

/* The common case writes nothing but the CPU's own slot. */
static unsigned int shared_writes, own_writes, steps;

static void count_writes(const struct s2_host_event *event)
{
	steps++;
	if (event->op != S2_HOST_WORD)
		return;
	if (event->p == &w.slot[1].active)
		own_writes++;
	else
		shared_writes++;
}

static void the_fast_path_writes_its_own_slot_alone(void **state)
{
	(void)state;
	open_vmids(8, 4, 1);
	enter(1, 0);
	enter(1, 1);
	s2_host_trace.before = count_writes;
	shared_writes = own_writes = steps = 0;
	require_status(s2_vmid_enter(&w.vmids, 1, &w.guest[1]), S2_OK);
	require(!own_writes && !shared_writes && steps == 2, "%u, %u", own_writes, shared_writes);
	require_status(s2_vmid_enter(&w.vmids, 1, &w.guest[0]), S2_OK);
	require(own_writes == 1 && !shared_writes && steps == 5, "%u, %u", own_writes,
		shared_writes);
}

static void nothing_is_left_locked(void **state)
{
	(void)state;
	open_vmids(8, 2, 1);
	enter(0, 0);
	leave(0);
	require(!w.vmids.lock, "locked");
}

/* --- at random -------------------------------------------------------------------- */

static void random_run(uint8_t bits, uint32_t cpus, uint32_t first, uint32_t guests, uint64_t seed)
{
	struct rng rng = {.state = seed};

	set_context("seed %#llx: %u bits, %u CPUs, from %u, %u guests", LLU(seed), bits, cpus,
		    first, guests);
	open_vmids(bits, cpus, first);
	for (uint32_t n = 0; n < 3000; n++) {
		uint32_t cpu = (uint32_t)random_below(&rng, cpus);

		/* A guest is entered more than once, and some CPUs stay where they are for long. */
		if (cpu && random_one_in(&rng, 2))
			cpu = 0;
		if (random_one_in(&rng, 20))
			leave(cpu);
		else
			enter(cpu, (uint32_t)random_below(&rng, random_below(&rng, guests) + 1));
	}
	test_context[0] = '\0';
}

static void no_tlb_holds_what_is_another_guests(void **state)
{
	uint64_t seed = random_seed(0x67656e);

	(void)state;
	for (uint32_t cpus = 1; cpus <= CPUS; cpus++)
		for (uint32_t more = 1; more <= 16; more += 5)
			for (uint32_t guests = 4; guests <= 60; guests += 14)
				random_run(8, cpus, 256 - cpus - more, guests, seed++);
	random_run(16, 3, 65500, 60, seed);
}

/* --- every interleaving ------------------------------------------------------------ */

/*
 * Programs of enters and leaves.  The explorer, and its fibers, are the machine's; what
 * they ask of the machine is answered here: a run is over when the model has found a
 * fault, every word may be shared, and a write wakes whoever waits.
 */
#define LEAVE (-1)
#define END (-2)
#define PROGRAM 4

struct program {
	const char *name;
	uint32_t vmids; /* to give out */
	uint32_t cpus;
	int prepare[PROGRAM]; /* CPU 0 enters these guests before */
	int calls[3][PROGRAM];
};

static const struct program *program;
static uint64_t writes[M_FIBERS], all_writes;

bool m_run_ok(void)
{
	return !*tlb.fault;
}

void m_violation(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!*tlb.fault)
		(void)vsnprintf(tlb.fault, sizeof(tlb.fault), format, args);
	va_end(args);
}

void m_shared_reset(void)
{
}

bool m_shared_grew(void)
{
	return false;
}

uint64_t m_version(unsigned int fiber)
{
	return all_writes - writes[fiber];
}

static void pause_before(const struct s2_host_event *event)
{
	int fiber = m_fiber_current();
	struct m_step step = {.kind = M_STEP_WRITE, .address = (uintptr_t)event->p};

	if (fiber < 0)
		return;
	if (event->op == S2_HOST_WORD_LOAD)
		step.kind = M_STEP_READ;
	else if (event->op == S2_HOST_WAIT)
		step.kind = M_STEP_WAIT;
	else if (event->op != S2_HOST_WORD)
		step.kind = M_STEP_HARDWARE;
	m_fiber_pause(step);
	if (event->op == S2_HOST_WORD) {
		writes[fiber]++;
		all_writes++;
	}
	model_step(event, (uint32_t)fiber);
}

/* What a guest does on this CPU, or an operation on its tree, takes a while. */
static void run_guest(uint32_t cpu, uint32_t guest)
{
	model_run(cpu, guest);
	m_fiber_pause((struct m_step){.kind = M_STEP_HARDWARE});
	check_registers();
}

static void run_calls(void *arg)
{
	const int *calls = arg;
	uint32_t cpu = (uint32_t)m_fiber_current();

	m_fiber_pause((struct m_step){.kind = M_STEP_CALL});
	for (unsigned int i = 0; i < PROGRAM && calls[i] != END; i++) {
		tlb.runs[cpu] = NOBODY;
		if (calls[i] == LEAVE)
			(void)s2_vmid_leave(&w.vmids, cpu);
		else if (s2_vmid_enter(&w.vmids, cpu, &w.guest[calls[i]]))
			m_violation("refused");
		else
			run_guest(cpu, (uint32_t)calls[i]);
	}
}

/* What the explorer left where it was comes to its end: the sanitizer counts stack frames. */
static void end_fibers(void)
{
	bool busy = true;

	for (unsigned int round = 0; busy && round < 10000; round++) {
		busy = false;
		for (unsigned int f = 0; f < M_FIBERS; f++) {
			if (m_fiber_step(f).kind != M_STEP_NONE) {
				m_fiber_run(f);
				busy = true;
			}
		}
	}
}

static void begin_run(void *arg)
{
	const struct s2_vmids_config cfg = config(8, program->cpus, 256 - program->vmids);

	(void)arg;
	end_fibers();
	model_begin(256);
	memset(writes, 0, sizeof(writes));
	all_writes = 0;
	(void)s2_vmids_init(&w.vmids, &cfg);
	for (uint32_t i = 0; i < PROGRAM * 3; i++) {
		w.tree[i] = (struct s2_tree){.fmt = &w.fmt, .vttbr = VTTBR_BADDR};
		(void)s2_vmid_init(&w.guest[i], &w.vmids, &w.tree[i]);
	}
	for (unsigned int i = 0; i < PROGRAM && program->prepare[i] != END; i++) {
		tlb.runs[0] = NOBODY;
		(void)s2_vmid_enter(&w.vmids, 0, &w.guest[program->prepare[i]]);
		model_run(0, (uint32_t)program->prepare[i]);
	}
	for (unsigned int i = 0; i < program->cpus; i++)
		m_fiber_start(i, run_calls, (void *)(uintptr_t)program->calls[i]);
}

static void end_run(void *arg)
{
	(void)arg;
	check_registers();
	if (w.vmids.lock)
		m_violation("the lock is not released");
}

static const struct program programs[] = {
	{"a new generation beside one switch", 3, 2, {2, 0, 1, END}, {{0, END}, {3, END}}},
	{"a new generation beside who leaves", 3, 2, {2, 0, 1, END}, {{LEAVE, END}, {3, END}}},
	{"a new generation beside a switch", 3, 2, {0, 1, END}, {{0, 1, END}, {2, 3, END}}},
	{"two who begin one", 3, 2, {0, 1, END}, {{2, 3, END}, {4, 5, END}}},
	{"the same guest on both", 3, 2, {0, 1, 0, END}, {{0, 2, 0, END}, {0, 3, 0, END}}},
	{"two generations over one that runs", 3, 2, {0, END}, {{0, END}, {1, 2, 3, 0}}},
	{"who was swept twice goes on", 3, 2, {0, END}, {{0, 1, END}, {1, 2, 3, 4}}},
	{"who leaves", 3, 2, {0, 1, END}, {{LEAVE, 0, LEAVE, END}, {2, 3, 4, END}}},
	{"who leaves, and comes back", 3, 2, {0, 1, END}, {{LEAVE, 1, 0, END}, {0, 2, 3, END}}},
	{"three CPUs", 4, 3, {0, 1, END}, {{1, 0, END}, {2, 3, END}, {0, 4, END}}},
	{"three who begin one", 4, 3, {0, 1, 2, END}, {{3, END}, {4, 5, END}, {0, 6, END}}},
};

static void explore(const struct program *p)
{
	static struct m_outcome outcome;
	const struct m_limits limits = {.executions = setting("S2_SCHEDULES", 20000),
					.preemptions = 3};
	const struct m_client client = {.begin = begin_run, .end = end_run, .fibers = p->cpus};

	program = p;
	s2_host_trace = (struct s2_host_trace){.before = pause_before};
	m_explore(&client, &limits, &outcome);
	s2_host_trace.before = NULL;
	printf("# %s: %llu schedules, ", p->name, LLU(outcome.executions));
	if (outcome.exhaustive)
		printf("all\n");
	else
		printf("all those with %u preemptions\n", outcome.preemptions);
	require(!outcome.violated, "%s: %s, after %llu schedules", p->name, tlb.fault,
		LLU(outcome.executions));
}

static void no_interleaving_lets_two_guests_share_a_vmid(void **state)
{
	(void)state;
	open_vmids(8, 2, 1);
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		explore(&programs[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_configurations_are_refused),
		cmocka_unit_test(more_cpus_than_vmids_are_refused),
		cmocka_unit_test(bad_guests_are_refused),
		cmocka_unit_test(bad_calls_are_refused),
		cmocka_unit_test(the_first_generation_begins_with_an_invalidation),
		cmocka_unit_test(a_guest_keeps_its_vmid_within_a_generation),
		cmocka_unit_test(every_vmid_is_given_out_before_a_generation_ends),
		cmocka_unit_test(what_cpus_use_stays_over_many_generations),
		cmocka_unit_test(one_vmid_more_than_cpus_is_enough),
		cmocka_unit_test(a_cpu_that_has_left_reserves_nothing),
		cmocka_unit_test(the_fast_path_writes_its_own_slot_alone),
		cmocka_unit_test(nothing_is_left_locked),
		cmocka_unit_test(no_tlb_holds_what_is_another_guests),
		cmocka_unit_test(no_interleaving_lets_two_guests_share_a_vmid),
	};

	return run_suite("vmid", tests);
}
