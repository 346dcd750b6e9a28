/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Rules about the stores themselves: what may follow what in a live entry, and
 * who may release a lock.
 */
#include <string.h>

#include "digest.h"
#include "memory.h"

/* Low bits of the engine's invalid states, as descriptor.h documents them. */
#define STATE_MASK UINT64_C(0xf)
#define STATE_LOCKED UINT64_C(0x4)
#define STATE_LINK UINT64_C(0x6)
#define STATE_TABLE UINT64_C(0x10)

/* What may change in a valid entry without a break: S2AP, AF, DBM, XN, software bits. */
#define MAY_CHANGE                                                                      \
	(UINT64_C(3) << 6 | UINT64_C(1) << 10 | UINT64_C(1) << 51 | UINT64_C(3) << 53 | \
	 UINT64_C(0xf) << 55)

#define MARKS_MAX 8u

/* What the hardware has noted in an entry, and no software has read since. */
struct mark {
	const uint64_t *p;
	uint64_t bits;
};

static struct {
	struct mark mark[MARKS_MAX];
	unsigned int marks;
	unsigned char owner[M_ARENA_BYTES /
			    sizeof(uint64_t)]; /* CPU that has locked the entry, and one */
	unsigned int held[M_CPUS]; /* how many that are */
} rules;

static unsigned char *owner_of(const uint64_t *p)
{
	return &rules.owner[(m_table_pa(p) - M_ARENA_PA) / M_ENTRY_BYTES];
}

static void take(const uint64_t *p)
{
	unsigned char *owner = owner_of(p);

	*owner = (unsigned char)(m_cpu() + 1);
	m.digest ^= m_mix_place(owner, *owner);
	rules.held[m_cpu()]++;
}

static void drop(unsigned char *owner)
{
	rules.held[*owner - 1]--;
	m.digest ^= m_mix_place(owner, *owner);
	*owner = 0;
}

static bool is_entry_0(const uint64_t *p)
{
	return !(m_table_pa(p) & ((UINT64_C(1) << m.page_shift) - 1));
}

/* A locked entry is its owner's, or, entry 0, of whoever unlinks the table. */
static void leave_lock(const uint64_t *p, uint64_t new)
{
	unsigned char *owner = owner_of(p);

	if (!*owner)
		return;
	if (*owner != m_cpu() + 1 && !(is_entry_0(p) && (new &STATE_MASK) == STATE_LINK)) {
		m_violation("rule 5: CPU%u changes an entry that CPU%u has locked, to %016llx",
			    m_cpu(), *owner - 1u, (unsigned long long)new);
		m_blame(p, 0);
	}
	drop(owner);
}

#define TYPE (UINT64_C(1) << 1)
#define AF (UINT64_C(1) << 10)
#define HA (UINT64_C(1) << 21) /* of VTCR_EL2 */
#define NT (UINT64_C(1) << 16)
#define CONTIGUOUS (UINT64_C(1) << 52)

/* Whether the block of the two (one is a table) has nT set. */
static bool through_nt(uint64_t old, uint64_t new)
{
	return (old & TYPE ? new : old) & NT;
}

/*
 * Arm ARM, "FEAT_BBM": the size of a translation may change without a break, at
 * level 2 as it is, at level 1 through a block with nT.  That what the new entry
 * leads to is the same is for rule 2 to find out.
 */
static bool size_may_change(uint64_t old, uint64_t new)
{
	uint64_t changed = (old ^ new) & ~MAY_CHANGE;

	if (changed & TYPE)
		return m.cfg.bbm == 2 || (m.cfg.bbm == 1 && through_nt(old, new));
	if (m.cfg.bbm == 2 && !(changed & ~CONTIGUOUS))
		return true;
	return m.cfg.bbm && !(old & TYPE) && !(changed & ~NT);
}

/* A table, by where it leads: the guest's memory is elsewhere. */
static bool is_table(uint64_t desc)
{
	uint64_t address = (UINT64_C(1) << 48) - (UINT64_C(1) << m.page_shift);

	return desc & TYPE && m_table(desc & address);
}

/* A walk may go on from it, or cache it: a leaf without access flag only faults. */
static bool is_live(uint64_t desc)
{
	return desc & 1 && (desc & AF || m.cfg.vtcr & HA || is_table(desc));
}

/*
 * A lock that remembers a table has been released: the table is unlinked.  Locks in it that are
 * the same CPU's stay, to send late walkers away, and are part of no window any more.
 */
static void forget_locks(uint64_t locked)
{
	uint64_t address = (UINT64_C(1) << 52) - (UINT64_C(1) << m.page_shift);
	const uint64_t *table = locked & STATE_TABLE ? m_table(locked & address) : NULL;
	unsigned char *owner = table ? owner_of(table) : NULL;

	for (uint64_t i = 0; owner && i < UINT64_C(1) << m.page_shift;
	     i += M_ENTRY_BYTES, owner++) {
		if (*owner == m_cpu() + 1)
			drop(owner);
	}
}

void m_rules_write(const uint64_t *p, uint64_t old, uint64_t new)
{
	if ((old & STATE_MASK) == STATE_LOCKED) {
		leave_lock(p, new);
		forget_locks(old);
	}
	if ((new &STATE_MASK) == STATE_LOCKED)
		take(p);
	if (is_live(old) && is_live(new) && (old ^ new) & ~MAY_CHANGE &&
	    !size_may_change(old, new)) {
		m_violation("rule 3: a live entry goes from %016llx to %016llx without a break",
			    (unsigned long long)old, (unsigned long long)new);
		m_blame(p, 0);
	}
}

static void toggle(const struct mark *mark)
{
	m.digest ^= m_mix(m_mix_place(mark->p, mark->bits), MARKS_MAX);
}

void m_rules_hardware(const uint64_t *p, uint64_t bits)
{
	struct mark *mark = &rules.mark[rules.marks];

	if (rules.marks == MARKS_MAX) {
		m_violation("the machine's list of the hardware's marks is full");
		return;
	}
	*mark = (struct mark){p, bits};
	toggle(mark);
	rules.marks++;
}

void m_rules_saw(const uint64_t *p)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < rules.marks; i++) {
		if (rules.mark[i].p == p)
			toggle(&rules.mark[i]);
		else
			rules.mark[kept++] = rules.mark[i];
	}
	rules.marks = kept;
}

/*
 * A store knows nothing of what it replaces: whoever must not lose a mark exchanges.  What no
 * walk comes to any more is another matter: the marks in a table that was cut off stay its owner's.
 */
void m_rules_store(const uint64_t *p, uint64_t new)
{
	for (unsigned int i = 0; i < rules.marks; i++) {
		if (rules.mark[i].p != p || !(rules.mark[i].bits & ~new) || !m_mmu_is_reached(p))
			continue;
		m_violation("rule 6: a store of %016llx takes away what the hardware has noted in "
			    "the entry, and nobody has read",
			    (unsigned long long)new);
		m_blame(p, 0);
	}
}

/* Contract 3: nothing slow inside a window. */
void m_rules_maintain(void)
{
	if (rules.held[m_cpu()])
		m_violation("contract 3: cache maintenance while CPU%u has an entry locked",
			    m_cpu());
}

void m_rules_begin(void)
{
	memset(rules.owner, 0, m_arena_used() / M_ENTRY_BYTES);
	memset(rules.held, 0, sizeof(rules.held));
	rules.marks = 0;
}
