/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The fault path, which is what the library is for: find the page, map it, go
 * back.  No lock is taken; a race that was lost is settled by the guest's next
 * attempt.
 */
#include "block.h"
#include "dirty.h"
#include "fault.h"
#include "memory.h"
#include "options.h"
#include "report.h"
#include "vcpu.h"

/* ESR_EL2 of an abort: the fault status code without its level, and more */
#define ESR_FAULT UINT64_C(0x3c)
#define ESR_TRANSLATION_FAULT UINT64_C(0x04)
#define ESR_ACCESS_FLAG_FAULT UINT64_C(0x08)
#define ESR_PERMISSION_FAULT UINT64_C(0x0c)
#define ESR_STATUS UINT64_C(0x3f)
#define ESR_TLB_CONFLICT UINT64_C(0x30)
#define ESR_WNR (UINT64_C(1) << 6) /* a write */
#define ESR_CM (UINT64_C(1) << 8) /* cache maintenance, which says that it writes */
#define ESR_S1PTW (UINT64_C(1) << 7) /* on a walk of the guest's own tables */

#define HPFAR_FIPA UINT64_C(0xfffffffffff0) /* IPA[55:12], whatever the granule */
#define FIPA_OFFSET UINT64_C(0xfff) /* and what is not in it */

#define PAR_FAILED UINT64_C(1)
#define PAR_ADDRESS UINT64_C(0x000ffffffffff000)

/* Nothing is mapped there, as opposed to: it may not be used so. */
static bool is_missing(uint64_t esr)
{
	return (esr & ESR_FAULT) == ESR_TRANSLATION_FAULT;
}

static bool is_forbidden(uint64_t esr)
{
	return (esr & ESR_FAULT) == ESR_PERMISSION_FAULT;
}

static bool is_unused(uint64_t esr)
{
	return (esr & ESR_FAULT) == ESR_ACCESS_FLAG_FAULT;
}

/* The guest's own stage 1 for `va`; false if it has changed since the fault. */
static bool translate(uint64_t va, uint64_t *ipa)
{
	uint64_t guests = read_par_el1();
	uint64_t par;

	__asm__ volatile("at s1e1r, %0" ::"r"(va) : "memory");
	isb();
	par = read_par_el1();
	write_par_el1(guests);
	*ipa = par & PAR_ADDRESS;
	return !(par & PAR_FAILED);
}

/*
 * Where the guest looked, but for FIPA_OFFSET; false if it has to look again.
 * HPFAR_EL2 tells, but after a permission fault only if stage 1's walk took it.
 */
static bool faulting_ipa(uint64_t esr, uint64_t *ipa)
{
	if (is_forbidden(esr) && !(esr & ESR_S1PTW))
		return translate(read_far_el2(), ipa);
	*ipa = (read_hpfar_el2() & HPFAR_FIPA) << 8;
	return true;
}

static bool is_ram(const struct backing *b)
{
	return (b->attr & S2_MEM_MASK) == S2_NORMAL;
}

static enum fault_kind classify(uint64_t esr, bool instruction, const struct backing *b)
{
	if (!is_ram(b))
		return FAULT_DEVICE;
	if (is_forbidden(esr))
		return FAULT_PERMISSION;
	if (is_unused(esr))
		return FAULT_ACCESS_FLAG;
	if (esr & ESR_S1PTW)
		return FAULT_STAGE1_WALK;
	return instruction ? FAULT_INSTRUCTION : FAULT_DATA;
}

/*
 * Whether to count the access as a write.  Where all may be read and executed, only a
 * write is forbidden.  The walk that an instruction fetch takes writes as well, when it
 * sets an access flag in the guest's own tables.
 */
static bool is_write(uint64_t esr, bool instruction)
{
	if (is_forbidden(esr))
		return !instruction || esr & ESR_S1PTW;
	return !instruction && (esr & (ESR_WNR | ESR_CM)) == ESR_WNR;
}

/* While there is a log, a page that is mapped for a write is dirty from the start. */
static s2_attr log_attr(bool write)
{
	if (!dirty_is_logged())
		return 0;
	return write ? S2_LOG | S2_DIRTY : S2_LOG;
}

/*
 * The short way: what is mapped is marked.  Returns whether that was all; if not, the
 * page has to be mapped.  DIRTY_WP maps it for each write, as that makes a page of a
 * block; a block that was only marked would be dirty as a whole.
 */
static bool touch(struct vcpu *v, const struct backing *b, uint64_t esr, bool write)
{
	bool marks = dirty_is_logged() && options.dirty != DIRTY_WP;
	int status;

	if (is_missing(esr) || (is_forbidden(esr) && !(write && marks)))
		return false;
	status = s2_touch(guest.tree, &v->s2, b->ipa,
			  write && marks ? S2_FAULT | S2_WRITE : S2_FAULT);
	if (status == S2_NOT_MAPPED || status == S2_READ_ONLY)
		return false;
	if (status == S2_RETRY)
		v->stats.retries++;
	else
		must(status, "s2_touch");
	v->stats.touches += status == S2_OK;
	return true;
}

/*
 * One page; the engine asks for table pages when it needs more than the cache has.  To
 * dissolve one large group uses up a budget.
 */
static int map_page(struct vcpu *v, const struct backing *b)
{
	int status;

	do {
		vcpu_fill_cache(v);
		status = s2_map(guest.tree, &v->s2, b->ipa, guest_page_size(), b->pa, b->attr,
				S2_FAULT | S2_PAGES);
	} while (status == S2_NO_PAGE || status == S2_MORE);
	return status;
}

static void resolve(struct vcpu *v, struct backing *b, uint64_t esr, bool instruction)
{
	bool write = is_write(esr, instruction);
	int status;

	if (is_ram(b) && touch(v, b, esr, write))
		return;
	if (is_ram(b))
		b->attr |= log_attr(write);
	status = map_page(v, b);
	if (status == S2_RETRY) {
		v->stats.retries++;
		return;
	}
	must(status, "s2_map");
	stats_note_tables(&v->stats, guest.tree->tables);
	if (!is_ram(b))
		return;
	move_note(v, b->ipa);
	if (is_missing(esr))
		block_count_page(v, b->ipa);
}

/*
 * Entries of two sizes in this CPU's TLB, which FEAT_BBM level 2 permits it to find, and
 * to report, while a size changes.  QEMU never does.
 */
static void resolve_conflict(struct vcpu *v)
{
	must(s2_conflict(guest.tree, &v->s2), "s2_conflict");
	v->stats.conflicts++;
}

/* All of the address, where FAR_EL2 has the rest of it. */
static uint64_t with_offset(uint64_t ipa, uint64_t esr)
{
	return esr & ESR_S1PTW ? ipa : ipa | (read_far_el2() & FIPA_OFFSET);
}

void fault_handle(struct vcpu *v, const struct regs *regs, uint64_t esr, bool instruction)
{
	uint64_t start = read_cntpct_el0();
	struct backing b;
	uint64_t ipa;

	if ((esr & ESR_STATUS) == ESR_TLB_CONFLICT) {
		resolve_conflict(v);
		return;
	}
	if (!faulting_ipa(esr, &ipa))
		return;
	if (!is_missing(esr) && !is_forbidden(esr) && !is_unused(esr))
		report_abort(v, regs, with_offset(ipa, esr),
			     "an abort that mapping cannot resolve");
	if (!memory_find(ipa, &b))
		report_abort(v, regs, with_offset(ipa, esr),
			     "an access outside of RAM and devices");
	if (instruction && !(b.attr & S2_X))
		report_abort(v, regs, with_offset(ipa, esr), "an instruction fetch from a device");
	v->stats.faults[classify(esr, instruction, &b)]++;
	if (b.moving)
		v->stats.retries++;
	else
		resolve(v, &b, esr, instruction);
	stats_note_time(&v->stats, read_cntpct_el0() - start);
}
