/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The platform of a hypervisor that records: platform/aarch64, and each step that the
 * architecture has a rule about is written down.
 *
 * The engine alone is compiled with it, for `make run RECORD=`.  A step and its record are
 * one, under a lock that all CPUs share: so the order of the records is the order in
 * which things happened.
 */
#ifndef RECORD_PLATFORM_H
#define RECORD_PLATFORM_H

#define s2p_store plain_store
#define s2p_cas plain_cas
#define s2p_swap plain_swap
#define s2p_dsb_ishst plain_dsb_ishst
#define s2p_dsb_ish plain_dsb_ish
#define s2p_dsb_nsh plain_dsb_nsh
#define s2p_vmid_enter plain_vmid_enter
#define s2p_vmid_leave plain_vmid_leave
#define s2p_tlbi_ipas2e1is plain_tlbi_ipas2e1is
#define s2p_tlbi_ipas2le1is plain_tlbi_ipas2le1is
#define s2p_tlbi_ripas2e1is plain_tlbi_ripas2e1is
#define s2p_tlbi_ripas2le1is plain_tlbi_ripas2le1is
#define s2p_tlbi_vmalle1is plain_tlbi_vmalle1is
#define s2p_tlbi_vmalls12e1is plain_tlbi_vmalls12e1is
#define s2p_tlbi_alle1is plain_tlbi_alle1is
#define s2p_tlbi_ipas2e1 plain_tlbi_ipas2e1
#define s2p_tlbi_vmalle1 plain_tlbi_vmalle1
#include "../../platform/aarch64/s2_platform.h"
#undef s2p_store
#undef s2p_cas
#undef s2p_swap
#undef s2p_dsb_ishst
#undef s2p_dsb_ish
#undef s2p_dsb_nsh
#undef s2p_vmid_enter
#undef s2p_vmid_leave
#undef s2p_tlbi_ipas2e1is
#undef s2p_tlbi_ipas2le1is
#undef s2p_tlbi_ripas2e1is
#undef s2p_tlbi_ripas2le1is
#undef s2p_tlbi_vmalle1is
#undef s2p_tlbi_vmalls12e1is
#undef s2p_tlbi_alle1is
#undef s2p_tlbi_ipas2e1
#undef s2p_tlbi_vmalle1

#include "record.h"

static inline void s2p_store(s2_desc *p, s2_desc v)
{
	s2_desc old;

	record_lock();
	old = *p;
	plain_store(p, v);
	record_store(RECORD_STORE, p, old, v);
	record_unlock();
}

static inline bool s2p_cas(s2_desc *p, s2_desc old, s2_desc v)
{
	bool done;

	record_lock();
	done = plain_cas(p, old, v);
	if (done)
		record_store(RECORD_RELEASE, p, old, v);
	record_unlock();
	return done;
}

static inline s2_desc s2p_swap(s2_desc *p, s2_desc v)
{
	s2_desc old;

	record_lock();
	old = plain_swap(p, v);
	record_store(RECORD_RELEASE, p, old, v);
	record_unlock();
	return old;
}

static inline uint64_t s2p_vmid_enter(uint64_t vttbr)
{
	uint64_t old;

	record_lock();
	old = plain_vmid_enter(vttbr);
	record_vttbr();
	record_unlock();
	return old;
}

static inline void s2p_vmid_leave(uint64_t token)
{
	(void)s2p_vmid_enter(token);
}

/* What executes an instruction, and how that is recorded. */
#define RECORDED(name, event)               \
	static inline void s2p_##name(void) \
	{                                   \
		record_lock();              \
		plain_##name();             \
		record_event(event, 0);     \
		record_unlock();            \
	}

#define RECORDED_OPERAND(name, event)                   \
	static inline void s2p_##name(uint64_t operand) \
	{                                               \
		record_lock();                          \
		plain_##name(operand);                  \
		record_event(event, operand);           \
		record_unlock();                        \
	}

RECORDED(dsb_ishst, RECORD_DSB_ISHST)
RECORDED(dsb_ish, RECORD_DSB_ISH)
RECORDED(dsb_nsh, RECORD_DSB_NSH)
RECORDED(tlbi_vmalle1is, RECORD_VMALLE1IS)
RECORDED(tlbi_vmalls12e1is, RECORD_VMALLS12E1IS)
RECORDED(tlbi_alle1is, RECORD_ALLE1IS)
RECORDED(tlbi_vmalle1, RECORD_VMALLE1)
RECORDED_OPERAND(tlbi_ipas2e1is, RECORD_IPAS2E1IS)
RECORDED_OPERAND(tlbi_ipas2le1is, RECORD_IPAS2LE1IS)
RECORDED_OPERAND(tlbi_ripas2e1is, RECORD_RIPAS2E1IS)
RECORDED_OPERAND(tlbi_ripas2le1is, RECORD_RIPAS2LE1IS)
RECORDED_OPERAND(tlbi_ipas2e1, RECORD_IPAS2E1)

#endif
