/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A hypervisor for QEMU's virt board that gives its one guest memory through the
 * library, and does as little else as it can: it exists to show that an
 * unmodified kernel runs on tables that change under it.
 */
#include "console.h"
#include "features.h"
#include "memory.h"
#include "options.h"
#include "vcpu.h"
#include "worker.h"

_Noreturn void main(struct vcpu *v);
_Noreturn void main_secondary(struct vcpu *v);

/* The first CPU, from boot.S. */
_Noreturn void main(struct vcpu *v)
{
	console_init();
	options_init();
	features_init();
	guest_format_init();
	memory_init();
	guest_init();
	vcpu_init();
	features_print();
	say("stage2: guest RAM: %lu MiB, IPA %lx on PA %lx%s%s\n", options.mem, RAM_IPA, RAM_PA,
	    options.churn ? "; churn" : "", options.contig ? "; contiguous groups" : "");

	v = vcpu_claim(read_mpidr_el1());
	v->entry = KERNEL_IPA;
	v->context = DTB_IPA;
	vcpu_start(v);
}

/* The others, once they are switched on, by the guest but for the worker. */
_Noreturn void main_secondary(struct vcpu *v)
{
	features_check();
	if (v == worker())
		worker_main(v);
	vcpu_start(v);
}
