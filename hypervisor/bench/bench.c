/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * How many instructions a fault takes: from the first one at EL2 to the ERET, and
 * s2_map() or s2_touch() alone.
 *
 * An event counter that EL2 keeps for itself counts the instructions retired at EL2.
 * QEMU with -icount counts them exactly, of all CPUs together, so that there is one CPU.
 * That it is exact is not believed: known code is counted first, and from each exit to
 * the next the counter must have gone on by just the instructions that lie between.
 */
#include <stdint.h>

#include "../console.h"
#include "../features.h"
#include "../report.h"
#include "../stats.h"
#include "../sysreg.h"
#include "../trap.h"
#include "tally.h"

#define EVENT_INST_RETIRED 0x08

#define EVTYPER_NOT_EL1 (UINT64_C(1) << 31)
#define EVTYPER_NOT_EL0 (UINT64_C(1) << 30)
#define EVTYPER_EL2 (UINT64_C(1) << 27)

#define MDCR_HPME (UINT64_C(1) << 7) /* EL2's counters count */

#define PMCR_COUNTERS(pmcr) ((unsigned int)((pmcr) >> 11 & 0x1f))

#define MIDR_PART UINT64_C(0xff0ffff0) /* implementer, architecture, part */
#define MIDR_CORTEX_A57 UINT64_C(0x410fd070)
#define MIDR_MAX UINT64_C(0x000f0510) /* QEMU's */

/* What measure.S has counted since the exit began; the offsets are known there. */
struct calls {
	uint32_t instructions;
	uint32_t count;
};

extern struct calls bench_calls;
extern uint32_t bench_left;
void bench_note(uint32_t instructions, uint32_t counter);

struct calls bench_calls;
uint32_t bench_left; /* the counter when bench_note() had returned */

extern const uint32_t exit_taken[], exit_handled[], leave[], left[];
extern const uint32_t measured_begin[], measured_end[], exit_counted[], exit_noted[], exit_end[];
extern const uint32_t mixture_begin[], mixture_end[]; /* bench_mixture is wrapped itself */

void bench_loop(uint64_t rounds);
void bench_mixture(uint64_t *word);
void __wrap_vcpu_exit(struct regs *regs);
void __real_trap_init(void);
void __wrap_trap_init(void);
void __real_stats_print(const struct outcome *outcome);
void __wrap_stats_print(const struct outcome *outcome);

static struct tally whole; /* of a fault */
static struct tally library;
static bool is_running; /* there was an exit before */

/* Instructions from `begin` to `end`. */
static uint32_t length(const void *begin, const void *end)
{
	return (uint32_t)(((uintptr_t)end - (uintptr_t)begin) / sizeof(uint32_t));
}

/* Of the vector, and back into the guest. */
static uint32_t stub_length(void)
{
	return length(exit_taken, exit_handled) + length(leave, left);
}

/* From where the counter is read last in one exit to where it is read first in the next. */
static uint32_t gap_length(void)
{
	return length(exit_noted, exit_end) + stub_length() +
	       length((const void *)(uintptr_t)__wrap_vcpu_exit, exit_counted);
}

static void expect(const char *what, uint32_t counted, uint32_t expected)
{
	if (counted != expected)
		die("instructions are not counted exactly: %s: %u, not %u", what, counted,
		    expected);
}

static uint32_t take_calls(void)
{
	uint32_t instructions = bench_calls.instructions;

	bench_calls = (struct calls){0};
	return instructions;
}

static void check_loops(void)
{
	static const uint32_t rounds[] = {0, 1, 2, 3, 100, 511, 512, 10000, 1000000};

	for (unsigned int i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
		bench_loop(rounds[i]);
		expect("a loop", take_calls(), 2 * rounds[i] + 2);
	}
}

static void check_mixture(void)
{
	_Alignas(16) uint64_t words[2] = {0};

	for (unsigned int i = 0; i < 100; i++) {
		bench_mixture(words);
		expect("barriers, TLBI and others", take_calls(),
		       length(mixture_begin, mixture_end));
	}
}

/* The last counter is EL2's, the others stay the guest's, which has not been told of any. */
static void counter_init(void)
{
	unsigned int mine = PMCR_COUNTERS(read_pmcr_el0()) - 1;

	if (!(features.guest & CPU_PMU) || !(read_pmceid0_el0() & 1u << EVENT_INST_RETIRED))
		die("this CPU does not count instructions: QEMU needs -icount shift=0");
	write_mdcr_el2(MDCR_HPME | mine);
	write_pmselr_el0(mine);
	isb();
	write_pmxevtyper_el0(EVTYPER_NOT_EL1 | EVTYPER_NOT_EL0 | EVTYPER_EL2 | EVENT_INST_RETIRED);
	write_pmxevcntr_el0(0);
	write_pmcntenset_el0(UINT64_C(1) << mine);
	isb();
}

void __wrap_trap_init(void)
{
	if (is_running)
		die("one CPU can be measured, not several");
	__real_trap_init();
	counter_init();
	check_loops();
	check_mixture();
}

static bool is_abort(void)
{
	unsigned int ec = ESR_EC(read_esr_el2());

	return ec == EC_INSTRUCTION_ABORT || ec == EC_DATA_ABORT;
}

/* After each exit: what it took, and what the counter was at its beginning. */
void bench_note(uint32_t instructions, uint32_t counter)
{
	uint32_t wrappers = bench_calls.count * length(measured_begin, measured_end);
	uint32_t calls = take_calls();

	if (is_running)
		expect("between two exits", counter - bench_left, gap_length());
	is_running = true;
	if (!is_abort())
		return;
	tally_add(&whole, stub_length() + instructions - wrappers);
	tally_add(&library, calls);
}

/* By what this CPU says that it is. */
static const char *cpu_name(void)
{
	switch (read_midr_el1() & MIDR_PART) {
	case MIDR_CORTEX_A57:
		return "cortex-a57";
	case MIDR_MAX:
		return "max";
	default:
		return "unknown";
	}
}

static void print_spread(const char *name, const struct tally *t)
{
	say(" %s_min=%u %s_p99=%u %s_max=%u %s_mean=%lu", name, t->min, name, tally_rank(t, 99),
	    name, t->max, name, t->sum / t->total);
}

void __wrap_stats_print(const struct outcome *outcome)
{
	__real_stats_print(outcome);
	if (!whole.total)
		die("there was no fault to measure");
	say("bench: case=el2-fault cpu=%s instr=%u library=%u unit=fault faults=%lu", cpu_name(),
	    tally_rank(&whole, 50), tally_rank(&library, 50), whole.total);
	print_spread("instr", &whole);
	print_spread("library", &library);
	say("\n");
}
