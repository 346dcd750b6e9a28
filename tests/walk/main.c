/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Asks, compares, and says so in TAP: one test for each format.  A format also
 * fails if its addresses did not lead to what it has to offer: a test that finds
 * no block of a level has not tested it.
 *
 * What the CPU is no judge of:
 *  - execution: address translation instructions read and write.  XN[1:0] is between
 *    the machine and the library.
 *  - two faults, and 16K tables that start at level 0, which QEMU 7.2 does not know
 *    (cpu_is_no_judge(), refuses()).  Counted, and not taken for agreement.
 *  - how a contiguous group or a block with nT is cached: QEMU ignores both.  That it
 *    may, and that each leaf means what it would without, is what is compared.
 *  - the dirty state.  That AT S12E1W is permitted where DBM is set, S2AP[1] is clear and
 *    VTCR_EL2.HD is set is right.  But QEMU 7.2 then sets S2AP[1], while the architecture
 *    excepts address translation from that (AArch64.S2Translate: the update is of
 *    accesses other than AT, IC and DC).  So the CPU is asked last, and what it sets is counted.
 */
#include "../../hypervisor/console.h"
#include "../../hypervisor/semihost.h"
#include "../../hypervisor/sysreg.h"
#include "walk.h"

#define ANYWHERE 400u /* addresses of no particular place */
#define REPORTED 10u /* disagreements of one format that are printed in full */
#define ADDRESSES_LEAST 500u

_Noreturn void main(void);
_Noreturn void unexpected(void);

/* What was met in one format. */
struct met {
	unsigned int addresses;
	unsigned int disagreements;
	unsigned int why[WHY_OTHER + 1]; /* of reads */
	unsigned int leaves[4]; /* by level */
	unsigned int read_only, write_only, exec;
	unsigned int beyond; /* out of range */
	bool refused; /* the CPU does not walk this format */
	unsigned int two; /* addresses that the CPU was no judge of */
	unsigned int groups; /* in contiguous groups */
	unsigned int clean; /* that the first write makes dirty */
	unsigned int set_af, set_dirty; /* how often the CPU has noted what it was asked about */
};

static struct subject subject;

_Noreturn void unexpected(void)
{
	say("Bail out! exception at EL2: ESR_EL2=%lx FAR_EL2=%lx ELR_EL2=%lx\n", read_esr_el2(),
	    read_far_el2(), read_elr_el2());
	semihost_exit(1);
}

/* --- comparing -------------------------------------------------------------------------- */

static bool is_open(const struct answer *a)
{
	return a->read == WHY_OPEN || a->write == WHY_OPEN;
}

static bool same(const struct answer *a, const struct answer *b)
{
	if (a->read != b->read || a->write != b->write || a->read == WHY_OTHER ||
	    a->write == WHY_OTHER)
		return false;
	if (a->level >= 0 && b->level >= 0 && a->level != b->level)
		return false;
	return !is_open(a) || a->pa == b->pa;
}

static void say_answer(const char *who, const struct answer *a)
{
	static const char *const why[] = {"yes", "no permission", "no, access flag", "no, tables",
					  "UNEXPECTED FAULT"};

	say("#   %s: read: %s; write: %s", who, why[a->read], why[a->write]);
	if (is_open(a))
		say("; PA %lx", a->pa);
	if (a->level >= 0)
		say("; level %d", a->level);
	say("\n");
}

static void say_path(const struct subject *s, uint64_t ipa)
{
	for (int level = s->regime.start; !(ipa >> s->regime.input) && level <= 3; level++) {
		struct walk_end end = machine_walk(s, ipa, level);

		if (end.level < level || !end.entry)
			break;
		say("#   level %d, index %lx: %lx\n", level, m_regime_index(&s->regime, ipa, level),
		    *end.entry);
	}
}

static void report(const struct subject *s, uint64_t ipa, const struct answer *cpu,
		   const struct answer *machine, const struct answer *library)
{
	say("# disagreement at IPA %lx, VTCR_EL2 %lx, VTTBR_EL2 %lx\n", ipa, s->fmt.vtcr,
	    s->tree.vttbr);
	say_answer("CPU    ", cpu);
	say_answer("machine", machine);
	say_answer("library", library);
	if (machine->exec != library->exec)
		say("#   execute: machine %u, library %u\n", machine->exec, library->exec);
	say_path(s, ipa);
}

static void count(struct met *met, const struct subject *s, uint64_t ipa, const struct answer *a)
{
	met->addresses++;
	met->why[a->read]++;
	met->exec += a->exec != 0;
	met->read_only += !a->read && a->write;
	met->write_only += a->read && !a->write;
	met->beyond += ipa >> s->fmt.ipa_bits != 0;
	if (a->read != WHY_TABLES)
		met->leaves[a->level & 3]++;
}

/* Where no block can be (Arm ARM, AArch64.BlockDescSupported), by the register alone. */
static bool is_reserved_level(const struct m_regime *r, int level)
{
	if (r->granule == 12)
		return level == 0 && !r->ds;
	return r->granule == 14 && (level == 0 || (level == 1 && !r->ds));
}

/* Address bits 51:50 in a leaf of FEAT_LPA2, where the PA size has none (AArch64.OAOutOfRange). */
static bool is_out_of_range(const struct m_regime *r, uint64_t desc)
{
	return r->ds && r->output < 52 && desc >> 8 & 3;
}

/*
 * Two faults that QEMU 7.2 does not know: it takes the one for a block (up to 8.2)
 * and does not look at the address bits of the other.  Then, and only if it reads
 * the descriptor just so, it is no judge.
 */
static bool cpu_is_no_judge(const struct subject *s, uint64_t ipa, const struct answer *cpu)
{
	struct walk_end end = machine_walk(s, ipa, 3);
	uint64_t size = UINT64_C(1) << m_regime_shift(&s->regime, end.level);
	bool block;

	if (!end.entry || !(*end.entry & 1))
		return false;
	block = (*end.entry & 3) == 1 && is_reserved_level(&s->regime, end.level);
	return (block || is_out_of_range(&s->regime, *end.entry)) && !cpu->read && !cpu->write &&
	       cpu->pa == (ipa & (size - 1));
}

/* What the library is free not to know it may call corrupt, and nothing else. */
static bool two_agree(const struct subject *s, const struct answer *machine,
		      const struct answer *library)
{
	if (s->foreign && library->read == WHY_TABLES && library->write == WHY_TABLES)
		return true;
	return same(machine, library) && machine->exec == library->exec;
}

static void note_writes(struct met *met, const struct walk_end *end, uint64_t before)
{
	uint64_t now = end->entry ? *end->entry : 0;

	met->groups += end->decoded.contiguous;
	met->clean += end->decoded.dbm && !end->decoded.write;
	met->set_af += !(before >> 10 & 1) && now >> 10 & 1;
	met->set_dirty += !(before >> 7 & 1) && now >> 7 & 1;
}

static void ask(struct met *met, const struct subject *s, uint64_t ipa)
{
	struct answer machine = ask_machine(s, ipa);
	struct answer library = ask_library(s, ipa);
	struct walk_end end = machine_walk(s, ipa, 3);
	uint64_t before = end.entry ? *end.entry : 0;
	struct answer cpu = ask_cpu(ipa); /* last: it may write to the tables */
	bool two = two_agree(s, &machine, &library);

	note_writes(met, &end, before);
	if (two && !met->refused && !same(&cpu, &machine) && cpu_is_no_judge(s, ipa, &cpu)) {
		met->two++;
		return;
	}
	count(met, s, ipa, &machine);
	if (two && (met->refused || same(&cpu, &machine)))
		return;
	if (met->disagreements++ < REPORTED)
		report(s, ipa, &cpu, &machine, &library);
}

/* --- which addresses -------------------------------------------------------------------- */

static void ask_noted(struct met *met, const struct subject *s)
{
	for (unsigned int i = 0; i < s->addresses; i++)
		ask(met, s, s->address[i]);
}

static void ask_beyond(struct met *met, const struct subject *s)
{
	uint64_t end = UINT64_C(1) << s->fmt.ipa_bits;

	ask(met, s, end);
	ask(met, s, UINT64_MAX);
	for (unsigned int bit = s->fmt.ipa_bits; bit < 64; bit++) {
		ask(met, s, UINT64_C(1) << bit);
		ask(met, s, UINT64_C(1) << bit | random_below(end));
	}
}

static void ask_anywhere(struct met *met, const struct subject *s)
{
	for (unsigned int n = 0; n < ANYWHERE; n++)
		ask(met, s, random_below(UINT64_C(1) << s->fmt.ipa_bits));
}

/* --- one format ------------------------------------------------------------------------- */

static void say_format(const struct s2_format *f)
{
	say("%uK, IPA %u, PA %u, level %u x %u%s%s%s", 1u << (f->granule_shift - 10), f->ipa_bits,
	    f->pa_bits, f->start_level, f->root_tables, f->features & S2_FEAT_LPA2 ? ", LPA2" : "",
	    f->features & S2_FEAT_FWB ? ", FWB" : "", f->features & S2_FEAT_HAF ? ", HAF" : "");
}

/* What this format should have shown and did not, or NULL. */
static const char *missed(const struct met *met, const struct subject *s)
{
	for (unsigned int level = s->fmt.start_level; level <= 3; level++) {
		bool fits = s2_level_shift(&s->fmt, level) < s->fmt.ipa_bits;

		if (s2_level_has_leaf(&s->fmt, level) && fits && !met->leaves[level])
			return "no leaf of some level";
	}
	if (!met->why[WHY_OPEN] || !met->why[WHY_PERMISSION] || !met->why[WHY_TABLES])
		return "no address open, forbidden, or unmapped";
	if (!met->why[WHY_FLAG] != s->regime.ha)
		return "access flags not as expected";
	if (!met->read_only || !met->write_only || !met->exec || !met->beyond)
		return "no read-only, write-only or executable address, or none out of range";
	if (!met->groups || !met->clean)
		return "no contiguous group, or nothing that is writable and clean";
	return met->addresses < ADDRESSES_LEAST ? "too few addresses" : 0;
}

/*
 * QEMU before 8.0 refuses 16K tables that start at level 0 (SL0 = 3), which LPA2
 * has for 52 bits.  It has to refuse all of them for this to be the reason.
 */
static bool refuses(const struct subject *s)
{
	if (s->fmt.granule_shift != S2_GRANULE_16K || s->fmt.start_level)
		return false;
	for (unsigned int i = 0; i < s->addresses; i++) {
		struct answer cpu = ask_cpu(s->address[i]);

		if (cpu.read != WHY_TABLES || cpu.write != WHY_TABLES || cpu.level)
			return false;
	}
	return true;
}

static void compare(struct met *met, const struct subject *s)
{
	cpu_enter(s);
	met->refused = refuses(s);
	ask_noted(met, s);
	ask_beyond(met, s);
	ask_anywhere(met, s);
}

static void compare_planted(const struct subject *s, void *arg)
{
	cpu_enter(s);
	ask_noted(arg, s);
}

static bool judge(const struct met *met, const struct subject *s)
{
	const char *gap = missed(met, s);

	if (s->failed)
		say("# %s: status %d\n", s->failed, s->status);
	if (gap)
		say("# not covered: %s\n", gap);
	if (met->disagreements)
		say("# %u disagreements\n", met->disagreements);
	return !s->failed && !gap && !met->disagreements;
}

static void say_result(bool good, unsigned int number, const struct met *met)
{
	say("%sok %u - walk ", good ? "" : "not ", number);
	say_format(&subject.fmt);
	say(": %u addresses", met->addresses);
	if (good && met->refused)
		say(" # SKIP QEMU before 8.0 refuses this format; machine and library agree");
	say("\n");
}

/* First what the library made of the tables, then each of what is planted among them. */
static bool test_format(const struct s2_config *cfg, unsigned int number, struct met *met)
{
	struct subject *s = &subject;
	bool good;

	if (subject_init(s, cfg, number)) {
		subject_build(s);
		compare(met, s);
		subject_plant(s, compare_planted, met);
	}
	good = judge(met, s);
	say_result(good, number, met);
	return good;
}

/* --- all -------------------------------------------------------------------------------- */

/* "seed=N" on the command line. */
static uint64_t seed(void)
{
	char line[64] = "";
	uint64_t n = 0;

	if (!semihost_command_line(line, sizeof(line)))
		return 1;
	for (const char *at = line; *at; at++)
		n = *at >= '0' && *at <= '9' ? n * 10 + (uint64_t)(*at - '0') : n;
	return n ? n : 1;
}

static void check_cpu(void)
{
	uint64_t mmfr0 = read_id_aa64mmfr0_el1();

	if (id_field(mmfr0, 0) == 6 && id_field(mmfr0, 40) == 3 && id_field(mmfr0, 32) == 3)
		return;
	say("1..0 # SKIP this CPU has no 52-bit addresses with 4K and 16K (FEAT_LPA2)\n");
	semihost_exit(1);
}

struct total {
	unsigned int formats, addresses, disagreements;
	unsigned int two; /* addresses that the CPU was no judge of */
	unsigned int groups, clean, set_af, set_dirty; /* as in struct met */
};

/* Only what all three were asked counts. */
static void add(struct total *total, const struct met *met)
{
	total->disagreements += met->disagreements;
	total->two += met->two;
	total->groups += met->groups;
	total->clean += met->clean;
	total->set_af += met->set_af;
	total->set_dirty += met->set_dirty;
	if (met->refused) {
		total->two += met->addresses;
		return;
	}
	total->formats++;
	total->addresses += met->addresses;
}

_Noreturn void main(void)
{
	struct s2_config cfg;
	struct total total = {0};
	unsigned int number = 0;
	bool good = true;

	console_init();
	check_cpu();
	random_seed(seed());
	while (format_config(number, &cfg)) {
		struct met met = {0};

		good &= test_format(&cfg, ++number, &met);
		add(&total, &met);
	}
	say("1..%u\n", number);
	say("# %u more addresses that this QEMU is no judge of: machine and library alone\n",
	    total.two);
	say("# in contiguous groups: %u; writable and clean: %u; the CPU, asked, has set %u access "
	    "flags "
	    "and marked %u dirty\n",
	    total.groups, total.clean, total.set_af, total.set_dirty);
	say("walk-agreement: addresses=%u formats=%u disagreements=%u\n", total.addresses,
	    total.formats, total.disagreements);
	semihost_exit(good ? 0 : 1);
}
