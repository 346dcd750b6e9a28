/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Rules about the stores themselves: what may follow what in a live entry, and
 * who may release a lock.
 */
#include <string.h>

#include "memory.h"

#define LOCKS_MAX 2048u

/* Low bits of the engine's invalid states, as descriptor.h documents them. */
#define STATE_MASK UINT64_C(0xf)
#define STATE_LOCKED UINT64_C(0x4)
#define STATE_LINK UINT64_C(0x6)

/* What may change in a valid entry without a break: S2AP, AF, DBM, XN, software bits. */
#define MAY_CHANGE                                                                      \
	(UINT64_C(3) << 6 | UINT64_C(1) << 10 | UINT64_C(1) << 51 | UINT64_C(3) << 53 | \
	 UINT64_C(0xf) << 55)

struct lock {
	const uint64_t *p;
	unsigned int owner;
};

static struct {
	struct lock lock[LOCKS_MAX];
	unsigned int n;
} rules;

static struct lock *lock_of(const uint64_t *p)
{
	for (unsigned int i = 0; i < rules.n; i++) {
		if (rules.lock[i].p == p)
			return &rules.lock[i];
	}
	return NULL;
}

static void take(const uint64_t *p)
{
	if (rules.n == LOCKS_MAX)
		m_violation("the machine's list of locked entries is full");
	else
		rules.lock[rules.n++] = (struct lock){p, m_cpu()};
}

static void drop(struct lock *l)
{
	*l = rules.lock[--rules.n];
}

static bool is_entry_0(const uint64_t *p)
{
	return !(m_table_pa(p) & ((1u << M_PAGE_SHIFT) - 1));
}

/* A locked entry is its owner's, or, entry 0, of whoever unlinks the table. */
static void leave_lock(const uint64_t *p, uint64_t new)
{
	struct lock *l = lock_of(p);

	if (!l)
		return;
	if (l->owner != m_cpu() && !(is_entry_0(p) && (new &STATE_MASK) == STATE_LINK))
		m_violation("rule 5: CPU%u changes an entry that CPU%u has locked, to %016llx",
			    m_cpu(), l->owner, (unsigned long long)new);
	drop(l);
}

void m_rules_write(const uint64_t *p, uint64_t old, uint64_t new)
{
	if ((old & STATE_MASK) == STATE_LOCKED)
		leave_lock(p, new);
	if ((new &STATE_MASK) == STATE_LOCKED)
		take(p);
	if (old & new & 1 && (old ^ new) & ~MAY_CHANGE)
		m_violation("rule 3: a live entry goes from %016llx to %016llx without a break",
			    (unsigned long long)old, (unsigned long long)new);
}

/* Contract 3: nothing slow inside a window. */
void m_rules_clean(void)
{
	for (unsigned int i = 0; i < rules.n; i++) {
		if (rules.lock[i].owner == m_cpu())
			m_violation("contract 3: cache maintenance while CPU%u has an entry locked",
				    m_cpu());
	}
}

void m_rules_begin(void)
{
	rules.n = 0;
}
