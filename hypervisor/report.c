/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The last words.  The first CPU that has something to report speaks; others
 * wait for the end, and an exception within a report ends the run at once.
 */
#include <stdbool.h>
#include <stddef.h>

#include "console.h"
#include "guest.h"
#include "report.h"
#include "semihost.h"
#include "sysreg.h"
#include "vcpu.h"

static uint64_t reporter; /* TPIDR_EL2 of the CPU that speaks */

static void report_begin(void)
{
	uint64_t nobody = 0;

	if (__atomic_compare_exchange_n(&reporter, &nobody, read_tpidr_el2(), false,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return;
	if (nobody == read_tpidr_el2())
		semihost_exit(EXIT_REPORT);
	for (;;)
		__asm__ volatile("wfe");
}

_Noreturn void die(const char *format, ...)
{
	va_list args;

	report_begin();
	say("\nstage2: ");
	va_start(args, format);
	say_va(format, args);
	va_end(args);
	say("\n");
	semihost_exit(EXIT_REPORT);
}

void must(int status, const char *call)
{
	if (status != S2_OK)
		die("%s answered %d", call, status);
}

static void print_regs(const struct regs *regs)
{
	for (unsigned int i = 0; i < 31; i++)
		say("%sx%u=%lx", i % 4 ? " " : "\nstage2:   ", i, regs->x[i]);
	say("\n");
}

static void print_exit(const struct vcpu *v, const struct regs *regs, const char *why)
{
	say("\nstage2: vCPU %u: %s\n", v->index, why);
	say("stage2:   ESR_EL2=%lx FAR_EL2=%lx HPFAR_EL2=%lx\n", read_esr_el2(), read_far_el2(),
	    read_hpfar_el2());
	say("stage2:   PC=%lx SPSR_EL2=%lx", read_elr_el2(), read_spsr_el2());
	print_regs(regs);
}

static const char *kind_name(enum s2_kind kind)
{
	static const char *const names[] = {
		[S2_KIND_EMPTY] = "empty",   [S2_KIND_ANNOTATED] = "annotated",
		[S2_KIND_LOCKED] = "locked", [S2_KIND_TABLE] = "table",
		[S2_KIND_LEAF] = "leaf",     [S2_KIND_CORRUPT] = "corrupt",
	};

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}

/* Where the walk of `ipa` ends. */
static void print_walk(uint64_t ipa)
{
	struct s2_mapping m = {0};
	int status = s2_lookup(guest.tree, ipa, &m);

	say("stage2:   IPA=%lx: walk from level %u of the table at %lx", ipa,
	    guest.format.start_level, (uint64_t)(uintptr_t)guest.tree->root);
	if (status != S2_OK)
		say(" answers %d;", status);
	say(" ends at level %u, entry of %lx to %lx: %lx (%s)\n", m.level, m.ipa,
	    m.ipa + m.size - 1, m.desc, kind_name(m.kind));
}

_Noreturn void report_exit(const struct vcpu *v, const struct regs *regs, const char *why)
{
	report_begin();
	print_exit(v, regs, why);
	semihost_exit(EXIT_REPORT);
}

_Noreturn void report_abort(const struct vcpu *v, const struct regs *regs, uint64_t ipa,
			    const char *why)
{
	report_begin();
	print_exit(v, regs, why);
	print_walk(ipa);
	semihost_exit(EXIT_REPORT);
}

_Noreturn void report_exception(const struct regs *regs, unsigned int vector)
{
	report_begin();
	say("\nstage2: unexpected exception, vector %u%s", vector,
	    vector < 8 ? ": in the hypervisor itself" : "");
	print_exit(vcpu_this(), regs, "state");
	semihost_exit(EXIT_REPORT);
}
