/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A request and the states of the vCPUs.  Each vCPU says that it is on before it
 * looks for a request, and who requests does so before he looks at the states, all of
 * it sequentially consistent: either he sees it on and waits, or it sees the request.
 */
#include "halt.h"
#include "report.h"
#include "vcpu.h"

#define PATIENCE_MS 200

static uint32_t paused;

static bool is_paused(void)
{
	return __atomic_load_n(&paused, __ATOMIC_SEQ_CST);
}

/* A vCPU that waits at EL2 asks before it goes anywhere. */
static bool is_out(const struct vcpu *v)
{
	uint32_t state = vcpu_state(v);

	return state != VCPU_STARTING && state != VCPU_ON;
}

static bool others_out(const struct vcpu *self)
{
	for (const struct vcpu *v = vcpus; v < vcpus + MAX_VCPUS; v++) {
		if (v != self && !is_out(v))
			return false;
	}
	return true;
}

/* One that is in a WFE is woken; one that waits for a grace period must not wait for us. */
static bool others_come(const struct vcpu *self)
{
	uint64_t end = read_cntpct_el0() + read_cntfrq_el0() * PATIENCE_MS / 1000;

	while (!others_out(self) && read_cntpct_el0() < end) {
		must(s2_qsbr_quiescent(&guest.qsbr, self->index), "s2_qsbr_quiescent");
		__asm__ volatile("sev\n\tyield");
	}
	return others_out(self);
}

static void unmap_all(struct vcpu *v)
{
	uint64_t end = UINT64_C(1) << guest.format.ipa_bits;
	int status = S2_MORE;

	for (uint64_t ipa = 0; status == S2_MORE; ipa += v->s2.done) {
		status = s2_unmap(guest.tree, &v->s2, ipa, end - ipa, 0);
		must(s2_qsbr_quiescent(&guest.qsbr, v->index), "s2_qsbr_quiescent");
	}
	must(status, "s2_unmap");
}

/* Again and again: a fault that was under way may still have mapped a page. */
void halt_others(struct vcpu *self, bool patient)
{
	if (!patient)
		unmap_all(self);
	while (!others_come(self))
		unmap_all(self);
}

void halt_pause(struct vcpu *self)
{
	__atomic_store_n(&paused, 1, __ATOMIC_SEQ_CST);
	halt_others(self, false);
	/* What the last of them mapped on its way out. */
	unmap_all(self);
}

void halt_resume(void)
{
	__atomic_store_n(&paused, 0, __ATOMIC_SEQ_CST);
}

void halt_wait(struct vcpu *v)
{
	while (is_paused()) {
		vcpu_set_state(v, VCPU_PAUSED);
		while (is_paused())
			__asm__ volatile("yield");
		vcpu_set_state(v, VCPU_ON);
	}
}
