/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The three who are asked.  The CPU by address translation instructions, with
 * its stage 1 off, so that an address is an IPA; the machine by the decoding of
 * machine/regime.c, which knows the registers and nothing of the library; the
 * library by its look-up.
 */
#include "../../hypervisor/sysreg.h"
#include "walk.h"

#define HCR_RW (UINT64_C(1) << 31)
#define SCTLR_EL1_OFF UINT64_C(0x30d00800) /* RES1 bits alone */

/* PAR_EL1 (Arm ARM, "PAR_EL1, Physical Address Register"). */
#define PAR_F (UINT64_C(1) << 0)
#define PAR_S (UINT64_C(1) << 9) /* the fault is stage 2's */
#define PAR_PA UINT64_C(0x000ffffffffff000)

/* With its stage 1 off, an address beyond the CPU's PA size does not reach stage 2. */
#define CPU_PA_BITS 52

/* --- the CPU -------------------------------------------------------------------------- */

static uint64_t at_read(uint64_t address)
{
	__asm__ volatile("at s12e1r, %0\n\tisb" ::"r"(address) : "memory");
	return read_par_el1();
}

static uint64_t at_write(uint64_t address)
{
	__asm__ volatile("at s12e1w, %0\n\tisb" ::"r"(address) : "memory");
	return read_par_el1();
}

void cpu_enter(const struct subject *s)
{
	write_sctlr_el1(SCTLR_EL1_OFF);
	write_vtcr_el2(s->fmt.vtcr);
	write_vttbr_el2(s->tree.vttbr);
	write_hcr_el2(HCR_RW | s->fmt.hcr);
	isb();
	__asm__ volatile("dsb ish\n\ttlbi vmalls12e1\n\tdsb ish\n\tisb" ::: "memory");
}

/* Fault status codes 0b00ttll: type and level. */
static enum why why_of(uint64_t par, uint64_t ipa)
{
	static const enum why why[] = {WHY_TABLES, WHY_TABLES, WHY_FLAG, WHY_PERMISSION};
	unsigned int status = par >> 1 & 0x3f;

	if (!(par & PAR_F))
		return WHY_OPEN;
	if (!(par & PAR_S) != !!(ipa >> CPU_PA_BITS))
		return WHY_OTHER;
	return status < 16 ? why[status >> 2] : WHY_OTHER;
}

static int level_of(uint64_t par)
{
	return par & PAR_F ? (int)(par >> 1 & 3) : -1;
}

struct answer ask_cpu(uint64_t ipa)
{
	uint64_t read = at_read(ipa);
	uint64_t write = at_write(ipa);
	struct answer a = {.read = why_of(read, ipa), .write = why_of(write, ipa)};

	a.level = a.read ? level_of(read) : level_of(write);
	if (a.read && a.write && level_of(read) != level_of(write))
		a.write = WHY_OTHER;
	if (!a.read || !a.write)
		a.pa = ((a.read ? write : read) & PAR_PA) | (ipa & 0xfff);
	if (!a.read && !a.write && (read ^ write) & PAR_PA)
		a.write = WHY_OTHER;
	return a;
}

/* --- the machine ---------------------------------------------------------------------- */

struct walk_end machine_walk(const struct subject *s, uint64_t ipa, int lowest)
{
	const struct m_regime *r = &s->regime;
	uint64_t table = m_regime_root(r, s->tree.vttbr);

	for (int level = r->start;; level++) {
		uint64_t *entry = memory_at(table + 8 * m_regime_index(r, ipa, level));
		struct m_decoded d = {.type = M_FAULT};

		if (entry)
			d = m_regime_read(r, *entry, level);
		if (d.type != M_TABLE || level == lowest)
			return (struct walk_end){entry, d, level};
		table = d.address;
	}
}

static struct answer nothing(int level)
{
	return (struct answer){.read = WHY_TABLES, .write = WHY_TABLES, .level = level};
}

static struct answer leaf(int level, uint64_t pa, bool old)
{
	enum why why = old ? WHY_FLAG : WHY_OPEN;

	return (struct answer){.read = why, .write = why, .level = level, .pa = pa};
}

static void permit(struct answer *a, bool read, bool write, unsigned int exec)
{
	if (a->read == WHY_FLAG)
		return;
	a->read = read ? WHY_OPEN : WHY_PERMISSION;
	a->write = write ? WHY_OPEN : WHY_PERMISSION;
	a->exec = exec;
}

/* XN[1:0], descriptor bits 54:53 (Arm ARM, "FEAT_XNX"); without it bit 53 means nothing. */
static unsigned int exec_of(const struct subject *s, uint64_t desc)
{
	static const unsigned int exec[] = {EXEC_EL1 | EXEC_EL0, EXEC_EL0, 0, EXEC_EL1};
	unsigned int xn = desc >> 53 & 3;

	return exec[s->fmt.features & S2_FEAT_XNX ? xn : xn & 2];
}

struct answer ask_machine(const struct subject *s, uint64_t ipa)
{
	uint64_t offset;
	struct walk_end end;
	struct answer a;

	if (ipa >> s->regime.input)
		return nothing(0);
	end = machine_walk(s, ipa, 3);
	if (end.decoded.type != M_LEAF)
		return nothing(end.level);
	offset = ipa & ((UINT64_C(1) << m_regime_shift(&s->regime, end.level)) - 1);
	a = leaf(end.level, end.decoded.address | offset, !end.decoded.af && !s->regime.ha);
	permit(&a, end.decoded.read, end.decoded.write || (end.decoded.dbm && s->regime.hd),
	       exec_of(s, *end.entry));
	return a;
}

/* --- the library ---------------------------------------------------------------------- */

static unsigned int exec_of_attr(s2_attr attr)
{
	return (attr & S2_X_EL1 ? EXEC_EL1 : 0) | (attr & S2_X_EL0 ? EXEC_EL0 : 0);
}

/* The first write to what is logged and clean faults, unless hardware notes it. */
static bool may_write(const struct subject *s, s2_attr attr)
{
	return attr & S2_W && (!(attr & S2_LOG) || attr & S2_DIRTY || s->fmt.features & S2_FEAT_HD);
}

struct answer ask_library(const struct subject *s, uint64_t ipa)
{
	struct s2_mapping m;
	int status = s2_lookup(&s->tree, ipa, &m);
	bool old;
	struct answer a;

	if (status == S2_IPA_RANGE)
		return nothing(0);
	if (status == S2_CORRUPT || (status == S2_OK && m.kind != S2_KIND_LEAF))
		return nothing((int)m.level);
	if (status != S2_OK)
		return (struct answer){.read = WHY_OTHER, .write = WHY_OTHER};
	old = m.attr & S2_OLD && !(s->fmt.features & S2_FEAT_HAF);
	a = leaf((int)m.level, m.pa + (ipa - m.ipa), old);
	permit(&a, m.attr & S2_R, may_write(s, m.attr), exec_of_attr(m.attr));
	return a;
}
