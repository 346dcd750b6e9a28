/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * VMIDs with generations.
 *
 *	CPU that enters a guest			CPU that begins a generation (lock)
 *	now = its slot				generation++, nothing is taken
 *	now is of the guest's generation?	swap each slot with SWEPT: what was in
 *	CAS its slot, now -> the guest's word		it is taken, for its guest
 *						DSB, TLBI of everything, DSB
 *						give out VMIDs
 *
 * The two meet in the slot, and one of them is first there.  If it is the CAS, the
 * swap finds the guest's word and the guest keeps its VMID.  If it is the swap, the
 * CAS fails, and the CPU comes for the lock, which it gets after the invalidation.
 * So a word that a CPU has in its slot, or had when it was swept, is one whose VMID
 * nobody else is given.  No fence is needed, as a compare-and-swap is not fooled by
 * a stale load, and the slot carries the generation: the fast path does not look
 * at the current one.
 *
 * Only its CPU makes a slot anything but SWEPT, and out of SWEPT under the lock only:
 * a CPU that has not heard of a generation cannot miss it.
 *
 * The invalidation is broadcast by whoever begins the generation.  A local one by
 * each CPU, before it next enters a guest, is not enough: with VTTBR_EL2.CnP a CPU
 * may use what another one's TLB holds.  CPUs that run on under a VMID that is kept
 * refill their TLBs, with what is their guest's.
 */
#include <stage2/platform.h>
#include <stage2/vmid.h>

#define SWEPT 0
#define VTTBR_VMID_SHIFT 48

/* Others may be inside for as long as one invalidation takes. */
static void lock(struct s2_vmids *v)
{
	while (s2p_word_load_acquire(&v->lock) || !s2p_word_cas(&v->lock, 0, 1))
		s2p_wait(&v->lock, 1);
}

static void unlock(struct s2_vmids *v)
{
	s2p_word_store_release(&v->lock, 0);
}

static bool same_generation(const struct s2_vmids *v, uint64_t a, uint64_t b)
{
	return (a ^ b) >> v->bits == 0;
}

static uint32_t vmid_of(const struct s2_vmids *v, uint64_t word)
{
	return (uint32_t)word & (v->count - 1);
}

/* --- the bitmap, under the lock ---------------------------------------------- */

static bool is_taken(const struct s2_vmids *v, uint32_t vmid)
{
	return v->bitmap[vmid / 64] >> vmid % 64 & 1;
}

static void take(struct s2_vmids *v, uint32_t vmid)
{
	v->bitmap[vmid / 64] |= UINT64_C(1) << vmid % 64;
}

/* VMIDs are taken one by one and never given back, so what was passed stays taken.  0: none. */
static uint32_t take_next(struct s2_vmids *v)
{
	while (v->next < v->count && is_taken(v, v->next))
		v->next += v->bitmap[v->next / 64] == UINT64_MAX ? 64 - v->next % 64 : 1;
	if (v->next == v->count)
		return 0;
	take(v, v->next);
	return v->next++;
}

/* --- generations, under the lock --------------------------------------------- */

static void take_none(struct s2_vmids *v)
{
	for (uint32_t i = 0; i < v->count / 64; i++)
		v->bitmap[i] = 0;
	for (uint32_t vmid = 0; vmid < v->first; vmid++)
		take(v, vmid);
	v->next = v->first;
}

/* A CPU that was swept before, and has not come for the lock since, still uses what it did. */
static void sweep(struct s2_vmids *v, struct s2_vmid_slot *slot)
{
	uint64_t word = s2p_word_swap(&slot->active, SWEPT);

	if (word != SWEPT)
		slot->reserved = word;
	take(v, vmid_of(v, slot->reserved));
}

/*
 * The first DSB: what CPUs have cached by way of a word that their slots no longer
 * hold goes before the TLBI.  The second: nothing of it is left when a VMID is given out.
 */
static void begin_generation(struct s2_vmids *v)
{
	v->generation += v->count;
	take_none(v);
	for (uint32_t cpu = 0; cpu < v->cpus; cpu++)
		sweep(v, &v->slot[cpu]);
	s2p_dsb_ish();
	s2p_tlbi_alle1is();
	s2p_dsb_ish();
}

/* Whether a CPU used `word` when it was swept; it is known as `renewed` from now on. */
static bool is_reserved(struct s2_vmids *v, uint64_t word, uint64_t renewed)
{
	bool found = false;

	for (uint32_t cpu = 0; cpu < v->cpus; cpu++) {
		if (v->slot[cpu].reserved == word) {
			v->slot[cpu].reserved = renewed;
			found = true;
		}
	}
	return found;
}

/* The VMID that a guest had: its own if a CPU uses it, else if it is still free.  0: neither. */
static uint64_t renew(struct s2_vmids *v, uint64_t word)
{
	uint32_t vmid = vmid_of(v, word);
	uint64_t renewed = v->generation | vmid;

	if (is_reserved(v, word, renewed))
		return renewed;
	if (is_taken(v, vmid))
		return 0;
	take(v, vmid);
	return renewed;
}

static uint64_t new_word(struct s2_vmids *v, uint64_t word)
{
	uint64_t renewed = word ? renew(v, word) : 0;
	uint32_t vmid;

	if (renewed)
		return renewed;
	vmid = take_next(v);
	if (!vmid) {
		begin_generation(v);
		vmid = take_next(v);
	}
	return v->generation | vmid;
}

/* Nobody uses the guest if its VMID changes, so nobody reads the register's value meanwhile. */
static void set_vmid(struct s2_tree *tree, uint64_t vmid)
{
	uint64_t mask = UINT64_C(0xffff) << VTTBR_VMID_SHIFT;

	tree->vttbr = (tree->vttbr & ~mask) | vmid << VTTBR_VMID_SHIFT;
}

/* The guest's word in this generation.  Its release is after the tree has the VMID. */
static uint64_t assign(struct s2_vmids *v, struct s2_vmid *guest)
{
	uint64_t old = s2p_word_load_acquire(&guest->word);
	uint64_t word;

	if (same_generation(v, old, v->generation))
		return old;
	word = new_word(v, old);
	if (vmid_of(v, old) != vmid_of(v, word))
		set_vmid(guest->tree, vmid_of(v, word));
	s2p_word_store_release(&guest->word, word);
	return word;
}

/* --- calls --------------------------------------------------------------------- */

static int check_config(const struct s2_vmids_config *cfg)
{
	uint32_t count;

	if (!cfg->bitmap || !cfg->slot)
		return S2_INVALID;
	if (cfg->bits != 8 && cfg->bits != 16)
		return S2_BAD_VMID_BITS;
	if (!cfg->cpus)
		return S2_BAD_SIZE;
	count = 1u << cfg->bits;
	if (!cfg->first || cfg->first >= count)
		return S2_BAD_VMID;
	return count - cfg->first > cfg->cpus ? S2_OK : S2_NO_VMID;
}

int s2_vmids_init(struct s2_vmids *vmids, const struct s2_vmids_config *cfg)
{
	int status = vmids && cfg ? check_config(cfg) : S2_INVALID;

	if (status)
		return status;
	*vmids = (struct s2_vmids){.slot = cfg->slot,
				   .bitmap = cfg->bitmap,
				   .cpus = cfg->cpus,
				   .first = cfg->first,
				   .count = 1u << cfg->bits,
				   .bits = cfg->bits};
	for (uint32_t cpu = 0; cpu < cfg->cpus; cpu++)
		vmids->slot[cpu] = (struct s2_vmid_slot){.active = SWEPT};
	begin_generation(vmids);
	return S2_OK;
}

int s2_vmid_init(struct s2_vmid *guest, struct s2_vmids *vmids, struct s2_tree *tree)
{
	if (!guest || !vmids || !vmids->slot || !tree || !tree->fmt)
		return S2_INVALID;
	if (tree->fmt->vmid_bits < vmids->bits)
		return S2_BAD_VMID;
	*guest = (struct s2_vmid){.vmids = vmids, .tree = tree};
	return S2_OK;
}

/*
 * A slot that has the guest's word already has had it all the time: a sweep would
 * have taken it.
 */
static bool enter_fast(const struct s2_vmids *v, struct s2_vmid_slot *slot,
		       const struct s2_vmid *guest)
{
	uint64_t now = s2p_word_load_acquire(&slot->active);
	uint64_t word = s2p_word_load_acquire(&guest->word);

	if (now == SWEPT || !same_generation(v, now, word))
		return false;
	return now == word || s2p_word_cas(&slot->active, now, word);
}

int s2_vmid_enter(struct s2_vmids *vmids, uint32_t cpu, struct s2_vmid *guest)
{
	if (!vmids || !guest || guest->vmids != vmids || cpu >= vmids->cpus)
		return S2_INVALID;
	if (enter_fast(vmids, &vmids->slot[cpu], guest))
		return S2_OK;
	lock(vmids);
	s2p_word_store_release(&vmids->slot[cpu].active, assign(vmids, guest));
	unlock(vmids);
	return S2_OK;
}

/* A word with VMID 0, which is nobody's. */
int s2_vmid_leave(struct s2_vmids *vmids, uint32_t cpu)
{
	uint64_t now;

	if (!vmids || cpu >= vmids->cpus)
		return S2_INVALID;
	now = s2p_word_load_acquire(&vmids->slot[cpu].active);
	if (now != SWEPT && s2p_word_cas(&vmids->slot[cpu].active, now, now - vmid_of(vmids, now)))
		return S2_OK;
	lock(vmids);
	s2p_word_store_release(&vmids->slot[cpu].active, vmids->generation);
	unlock(vmids);
	return S2_OK;
}
