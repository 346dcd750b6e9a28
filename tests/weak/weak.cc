// SPDX-License-Identifier: BSD-2-Clause
// SPDX-FileCopyrightText: 2026 The stage2 authors
//
// The engine's own code on a simulated weak memory: Relacy, which runs threads
// under random schedules, hands a load any value that C11 allows it to see, and
// reports a data race for what is not ordered.
//
// The engine is compiled with the compiler's instrumentation for thread
// sanitizers; the hooks below stand in for its runtime, so that plain accesses to
// tables and to the tree are seen as well.  A table page is one variable: plain
// accesses (filling, teardown, a cache's own link) race with everything that is
// not ordered with them; accesses through the platform use it.  So a table that
// is found before its contents, or freed under a walker, is a data race.  Each
// word that the platform touches is an atomic; a plain load must have no other
// value to see than the last one.
//
// Each scenario is run as the platform promises, and must hold; then with one
// promise broken at a time, and must fail: that is what the promise is for.
//
// What it cannot show: a store that is seen before a load in front of it in the
// program has got its value (load buffering), which Relacy does not simulate;
// schedules that are not drawn; table walks, for which docs/litmus is.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ostream>
#include <streambuf>

#include <relacy/relacy.hpp>

// The library's headers are C11.
#define _Alignas(n) alignas(n)

extern "C" {
#include <stage2/platform.h>
#include <stage2/stage2.h>
#include <stage2/vmid.h>
}

namespace
{

const unsigned pages = 12, words = 512, cells = 96;
const uint64_t page_size = 4096, block = UINT64_C(1) << 21, gib = UINT64_C(1) << 30,
	       no_page = pages;

// One of them at a time; none as the platform promises.
enum promise {
	none,
	cas_release,
	load_order,
	swap_acquire,
	seen_release,
	done_acquire,
	fences,
	reader_fence,
	reclaimer_lock,
	slot_cas,
	slot_order,
	word_release,
	word_acquire,
	vmid_lock,
	promises,
};

const char *const promise_names[promises] = {
	"",
	"the release of a compare-and-swap",
	"the order of what follows through a load",
	"the acquire of a swap",
	"the release of an announcement",
	"the acquire of done()",
	"the fences of the reclaimer",
	"the fence of a CPU that comes online",
	"the release of one reclaimer to the next",
	"a compare-and-swap of a slot that is one access",
	"the order of what a slot's CPU did before a swap of it",
	"the release of a guest's word",
	"the acquire of a guest's word",
	"the release of the lock of VMIDs",
};

promise broken;
bool running; // inside of an iteration's threads: accesses are simulated

alignas(4096) uint64_t arena[pages][words];

// What an iteration starts with; the simulated memory is made anew each time.
struct world {
	s2_tree tree;
	s2_qsbr qsbr;
	s2_qsbr_slot slot[3];
	s2_cpu cpu[3];
} w;

s2_format fmt;

// Few VMIDs, and more guests than those.
const unsigned guests = 5, vmids_left = 4;
struct vmid_world {
	s2_vmids vmids;
	s2_vmid_slot slot[3];
	uint64_t bitmap[S2_VMID_WORDS(8)];
	s2_tree tree[guests];
	s2_vmid guest[guests];
	// What the simulation does not see: which guest a TLB may hold of each VMID, 1 and up.
	unsigned held[256], runs[3];
	uint64_t vttbr[3];
} v;

struct memory {
	// Zero at first: what is kept is the difference to the word's first value.
	rl::generic_atomic<uint64_t, true> cell[cells];
	rl::var<int> page[pages], waiting, cookie, vttbr[guests], next;
	uint64_t *at[cells]; // whose cell it is; null: nobody's any more
	uint64_t first[cells];
	unsigned used;
	int filler[pages]; // the last to touch the page, if by a plain store
} * memory;

uint64_t page_of(const void *p)
{
	uintptr_t offset = (uintptr_t)p - (uintptr_t)arena;

	return offset < sizeof(arena) ? offset / page_size : no_page;
}

int find_cell(const void *p)
{
	for (unsigned i = memory->used; i--;)
		if (memory->at[i] == p)
			return (int)i;
	return -1;
}

// The cell of a word that the platform touches, made at its first touch.
unsigned cell_of(const void *p)
{
	int found = find_cell(p);
	uint64_t page = page_of(p);

	if (page != no_page) {
		memory->filler[page] = -1;
		(void)memory->page[page]($).load();
	}
	if (found >= 0)
		return (unsigned)found;
	RL_ASSERT(memory->used < cells);
	memory->at[memory->used] = (uint64_t *)(uintptr_t)p;
	memory->first[memory->used] = *(const uint64_t *)p;
	return memory->used++;
}

uint64_t load(const uint64_t *p, rl::memory_order order)
{
	if (!running)
		return *p;
	unsigned i = cell_of(p);

	return memory->cell[i].load(order, $) ^ memory->first[i];
}

void store(uint64_t *p, uint64_t v, rl::memory_order order)
{
	if (running) {
		unsigned i = cell_of(p);

		memory->cell[i].store(v ^ memory->first[i], order, $);
	}
	*p = v;
}

bool cas(uint64_t *p, uint64_t old, uint64_t v, rl::memory_order order)
{
	bool stored = *p == old;

	if (running) {
		unsigned i = cell_of(p);
		uint64_t seen = old ^ memory->first[i];

		stored = memory->cell[i].compare_exchange_strong(seen, v ^ memory->first[i], order,
								 $);
	}
	if (stored)
		*p = v;
	return stored;
}

uint64_t swap(uint64_t *p, uint64_t v, rl::memory_order order)
{
	uint64_t old = *p;

	if (running) {
		unsigned i = cell_of(p);

		old = memory->cell[i].exchange(v ^ memory->first[i], order, $) ^ memory->first[i];
	}
	*p = v;
	return old;
}

rl::memory_order unless(promise p, rl::memory_order kept, rl::memory_order otherwise)
{
	return broken == p ? otherwise : kept;
}

// Plain accesses: pages of tables, and what the reclaimer's lock guards.
rl::var<int> *guarded(const void *p)
{
	if (p == &w.tree.waiting)
		return &memory->waiting;
	for (unsigned i = 0; i < guests; i++)
		if (p == &v.tree[i].vttbr)
			return &memory->vttbr[i];
	if (p == &v.vmids.next)
		return &memory->next;
	return p == &w.tree.cookie ? &memory->cookie : NULL;
}

void plain_load(const void *p)
{
	uint64_t page = running ? page_of(p) : no_page;
	int i;

	if (running && guarded(p))
		(void)(*guarded(p))($).load();
	if (page == no_page)
		return;
	memory->filler[page] = -1;
	(void)memory->page[page]($).load();
	i = find_cell(p);
	if (i >= 0)
		RL_ASSERT(memory->cell[i].load(rl::mo_relaxed, $) == memory->cell[i].debug_value());
}

void plain_store(const void *p)
{
	uint64_t page = running ? page_of(p) : no_page;
	int self = running ? (int)rl::thread_index() : -1;

	if (running && guarded(p))
		(*guarded(p))($).store(0);
	if (page == no_page || memory->filler[page] == self)
		return;
	memory->page[page]($).store(0);
	memory->filler[page] = self;
	for (unsigned i = 0; i < memory->used; i++)
		if (page_of(memory->at[i]) == page)
			memory->at[i] = NULL;
}

} // namespace

// --- the platform ------------------------------------------------------------

s2_desc *s2p_table(uint64_t pa)
{
	return pa < sizeof(arena) ? arena[pa / page_size] : NULL;
}

uint64_t s2p_table_pa(const void *table)
{
	return (uintptr_t)table - (uintptr_t)arena;
}

s2_desc s2p_load(const s2_desc *p)
{
	return load(p, unless(load_order, rl::mo_acquire, rl::mo_relaxed));
}

void s2p_store(s2_desc *p, s2_desc v)
{
	store(p, v, rl::mo_relaxed);
}

bool s2p_cas(s2_desc *p, s2_desc old, s2_desc v)
{
	return cas(p, old, v, unless(cas_release, rl::mo_acq_rel, rl::mo_acquire));
}

s2_desc s2p_swap(s2_desc *p, s2_desc v)
{
	return swap(p, v, unless(swap_acquire, rl::mo_acq_rel, rl::mo_release));
}

namespace
{
bool is_seen(const uint64_t *p)
{
	return p == &w.slot[0].seen || p == &w.slot[1].seen || p == &w.slot[2].seen;
}

bool is_slot(const uint64_t *p)
{
	return p == &v.slot[0].active || p == &v.slot[1].active || p == &v.slot[2].active;
}

bool is_word(const uint64_t *p)
{
	for (unsigned i = 0; i < guests; i++)
		if (p == &v.guest[i].word)
			return true;
	return false;
}

// Which promise the release of a word keeps.
promise release_of(const uint64_t *p)
{
	if (is_seen(p))
		return seen_release;
	if (is_word(p))
		return word_release;
	if (is_slot(p))
		return slot_order;
	return p == &v.vmids.lock ? vmid_lock : reclaimer_lock;
}

// As it would be with a store in place of the swap.
bool torn_cas(uint64_t *p, uint64_t old, uint64_t new_value)
{
	if (load(p, rl::mo_acquire) != old)
		return false;
	store(p, new_value, rl::mo_release);
	return true;
}
} // namespace

uint64_t s2p_word_load_acquire(const uint64_t *p)
{
	if (is_seen(p))
		return load(p, unless(done_acquire, rl::mo_acquire, rl::mo_relaxed));
	if (is_word(p))
		return load(p, unless(word_acquire, rl::mo_acquire, rl::mo_relaxed));
	return load(p, rl::mo_acquire);
}

void s2p_word_store_release(uint64_t *p, uint64_t v)
{
	store(p, v, unless(release_of(p), rl::mo_release, rl::mo_relaxed));
}

bool s2p_word_cas(uint64_t *p, uint64_t old, uint64_t v)
{
	if (is_slot(p) && broken == slot_cas)
		return torn_cas(p, old, v);
	return cas(p, old, v, is_slot(p) ? unless(slot_order, rl::mo_acq_rel, rl::mo_relaxed)
					 : rl::mo_acq_rel);
}

uint64_t s2p_word_swap(uint64_t *p, uint64_t v)
{
	return swap(p, v, rl::mo_acq_rel);
}

uint64_t s2p_word_add(uint64_t *p, uint64_t v)
{
	uint64_t old = *p;

	if (running) {
		unsigned i = cell_of(p);

		do {
			old = memory->cell[i].debug_value() ^ memory->first[i];
		} while (!cas(p, old, old + v, rl::mo_acq_rel));
	} else {
		*p = old + v;
	}
	return old + v;
}

// Thread 0 is always one that only reads, and fences only when it comes online.
void s2p_fence(void)
{
	bool reader = running && !rl::thread_index();

	if (running && broken != (reader ? reader_fence : fences))
		rl::atomic_thread_fence(rl::mo_seq_cst, $);
}

void s2p_wait(const s2_desc *, s2_desc)
{
	if (running)
		rl::yield(1, $);
}

// CPUs that run guests fill their TLBs at once.
void s2p_tlbi_alle1is(void)
{
	for (unsigned i = 0; i < 256; i++)
		v.held[i] = 0;
	for (unsigned id = 0; id < 3; id++)
		if (v.runs[id])
			v.held[v.vttbr[id] >> 48] = v.runs[id];
}

// --- the compiler's hooks ----------------------------------------------------

extern "C" {
#define HOOKS(n)                      \
	void __tsan_read##n(void *p)  \
	{                             \
		plain_load(p);        \
	}                             \
	void __tsan_write##n(void *p) \
	{                             \
		plain_store(p);       \
	}
HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)
void __tsan_read_range(void *, unsigned long)
{
}
void __tsan_write_range(void *, unsigned long)
{
}
void __tsan_init(void)
{
}
void __tsan_func_entry(void *)
{
}
void __tsan_func_exit(void)
{
}
}

// --- scenarios ---------------------------------------------------------------

namespace
{

uint64_t next_page;

void setup()
{
	const s2_config config = {12, 39, 48, 8, 0};
	s2_tree_config tree = {&fmt, NULL, 1, true, false, NULL, 0};

	running = false;
	next_page = 1;
	(void)s2_format_init(&fmt, &config);
	(void)s2_qsbr_init(&w.qsbr, w.slot, 3);
	tree.root = arena[0];
	tree.grace = &w.qsbr.grace;
	(void)s2_init(&w.tree, &tree);
	for (unsigned i = 0; i < 3; i++) {
		(void)s2_cpu_init(&w.cpu[i], 12);
		for (unsigned n = 0; n < 3; n++)
			(void)s2_cache_put(&w.cpu[i].cache, arena[next_page++]);
	}
}

void map(unsigned id, uint64_t ipa)
{
	int status = s2_map(&w.tree, &w.cpu[id], ipa, page_size, ipa, S2_RW, 0);

	RL_ASSERT(status == S2_OK);
}

void unmap_gib(unsigned id, uint64_t ipa)
{
	int status = s2_unmap(&w.tree, &w.cpu[id], ipa, gib, 0);

	RL_ASSERT(status == S2_OK);
}

// Nothing, a lock, or what somebody has mapped: anything else has been made up.
void look(uint64_t ipa)
{
	s2_mapping m;

	RL_ASSERT(s2_lookup(&w.tree, ipa, &m) == S2_OK);
	RL_ASSERT(m.kind == S2_KIND_EMPTY || m.kind == S2_KIND_LOCKED ||
		  (m.kind == S2_KIND_LEAF && m.pa == ipa));
}

// Whoever gets pages back uses them for something else.
void reclaim(unsigned id)
{
	(void)s2_reclaim(&w.tree, &w.cpu[id]);
	while (uint64_t *page = (uint64_t *)s2_cache_take(&w.cpu[id].cache)) {
		plain_store(page);
		page[1] = 0x6b6b6b6b;
	}
}

void online(unsigned id)
{
	(void)s2_qsbr_online(&w.qsbr, id);
}

void offline(unsigned id)
{
	(void)s2_qsbr_offline(&w.qsbr, id);
}

// What all scenarios have: an empty tree, and the memory of this iteration.
template <typename self, unsigned threads> struct scenario : rl::test_suite<self, threads> {
	struct memory mem;

	scenario()
	{
		memory = &mem;
		mem.used = 0;
		setup();
	}
	void before()
	{
		for (unsigned i = 0; i < pages; i++) {
			mem.page[i]($).store(0);
			mem.filler[i] = -1;
		}
		mem.waiting($).store(0);
		mem.cookie($).store(0);
		static_cast<self *>(this)->prepare();
		running = true;
	}
	// Every table is still where it can be found, whoever linked it and whoever cut it off.
	void after()
	{
		int status = S2_RETRY;

		running = false;
		RL_ASSERT(s2_unmap(&w.tree, &w.cpu[0], 0, UINT64_C(1) << 39, 0) == S2_OK);
		for (unsigned i = 0; i < 4 && status != S2_OK; i++)
			status = s2_reclaim(&w.tree, &w.cpu[0]);
		RL_ASSERT(status == S2_OK && !w.tree.tables);
	}
	void prepare()
	{
	}
};

// A fault maps the first page of a gibibyte: two tables are published at once.
struct publish : scenario<publish, 2> {
	void thread(unsigned id)
	{
		online(id);
		if (id)
			map(id, gib);
		else
			look(gib), look(gib);
		offline(id);
	}
};

// The tables are cut away and freed under somebody who comes and goes.
struct cut : scenario<cut, 2> {
	void prepare()
	{
		map(1, gib);
	}
	void thread(unsigned id)
	{
		online(id);
		if (!id) {
			look(gib);
			(void)s2_qsbr_quiescent(&w.qsbr, id);
			look(gib);
		} else {
			unmap_gib(id, gib);
		}
		offline(id);
		if (id)
			reclaim(id), reclaim(id);
	}
};

// As cut, and the reclaimer is a third one.
struct cut_by_another : scenario<cut_by_another, 3> {
	void prepare()
	{
		map(1, gib);
	}
	void thread(unsigned id)
	{
		if (id == 2) {
			reclaim(id), reclaim(id);
			return;
		}
		online(id);
		if (id)
			unmap_gib(id, gib);
		else
			look(gib);
		offline(id);
	}
};

// Two cut and push, and then take turns in tearing down.
struct two_cutters : scenario<two_cutters, 3> {
	void prepare()
	{
		map(1, gib);
		map(2, 2 * gib);
	}
	void thread(unsigned id)
	{
		online(id);
		if (id)
			unmap_gib(id, id * gib);
		else
			look(gib);
		offline(id);
		if (id)
			reclaim(id), reclaim(id);
	}
};

// A fault comes late: what it links may be found by the cutter's swap (entry 0) or by the
// teardown (the others).
struct late : scenario<late, 3> {
	void prepare()
	{
		map(1, gib + block);
	}
	void thread(unsigned id)
	{
		online(id);
		if (id == 0)
			look(gib);
		else if (id == 1)
			unmap_gib(id, gib);
		else
			map(id, rl::rand(2) ? gib : gib + 2 * block);
		offline(id);
		if (id == 1)
			reclaim(id), reclaim(id);
	}
};

// Two CPUs enter guests, and a third too many of them: generations end under the others' hands.
struct vmids : rl::test_suite<vmids, 3> {
	struct memory mem;

	vmids()
	{
		const s2_vmids_config cfg = {v.bitmap, v.slot, 3, 256 - vmids_left, 8};

		memory = &mem;
		mem.used = 0;
		setup();
		std::memset((void *)&v, 0, sizeof(v));
		(void)s2_vmids_init(&v.vmids, &cfg);
		for (unsigned i = 0; i < guests; i++) {
			v.tree[i].fmt = &fmt;
			(void)s2_vmid_init(&v.guest[i], &v.vmids, &v.tree[i]);
		}
		for (unsigned i = 0; i < 3; i++)
			(void)s2_vmid_enter(&v.vmids, i, &v.guest[i]);
	}
	void before()
	{
		for (unsigned i = 0; i < pages; i++) {
			mem.page[i]($).store(0);
			mem.filler[i] = -1;
		}
		mem.waiting($).store(0);
		mem.cookie($).store(0);
		mem.next($).store(0);
		for (unsigned i = 0; i < guests; i++)
			mem.vttbr[i]($).store(0);
		running = true;
	}
	void after()
	{
		running = false;
	}
	// The tree's VMID is read as an operation does, when it begins and later.
	void enter(unsigned id, unsigned guest)
	{
		v.runs[id] = 0;
		RL_ASSERT(s2_vmid_enter(&v.vmids, id, &v.guest[guest]) == S2_OK);
		plain_load(&v.tree[guest].vttbr);
		v.vttbr[id] = v.tree[guest].vttbr;
		unsigned &held = v.held[v.vttbr[id] >> 48];
		RL_ASSERT(!held || held == guest + 1);
		held = v.runs[id] = guest + 1;
		rl::yield(1, $);
		plain_load(&v.tree[guest].vttbr);
		RL_ASSERT(v.vttbr[id] == v.tree[guest].vttbr);
	}
	void thread(unsigned id)
	{
		for (unsigned n = 0; n < 3; n++) {
			if (id == 1 && n == 1) {
				v.runs[id] = 0;
				RL_ASSERT(s2_vmid_leave(&v.vmids, id) == S2_OK);
			}
			enter(id, rl::rand(guests));
		}
	}
};

// --- running them ------------------------------------------------------------

unsigned number, failed;
rl::test_result_e outcome; // of the last run

// What Relacy prints.  Its operator new is not for streams; what does not fit is dropped.
struct report : std::streambuf {
	char text[1 << 20];

	report()
	{
		setp(text, text + sizeof(text) - 1);
	}
	const char *str()
	{
		*pptr() = 0;
		return text;
	}
};

template <typename test> bool holds(promise p, unsigned iterations, report &said)
{
	std::ostream out(&said);
	rl::test_params params;

	broken = p;
	params.iteration_count = iterations;
	params.output_stream = &out;
	params.progress_stream = &out;
	params.execution_depth_limit = 4000;
	bool good = rl::simulate<test>(params);

	outcome = params.test_result;
	return good;
}

void result(bool good, const char *name, const char *what, const char *promise)
{
	printf("%sok %u - %s: %s%s\n", good ? "" : "not ", ++number, name, what, promise);
	if (good && outcome != rl::test_result_success)
		printf("# %s\n", rl::test_result_str(outcome));
	fflush(stdout);
	failed += !good;
}

template <typename test> void as_promised(const char *name, unsigned iterations)
{
	static report said;
	bool good = holds<test>(none, iterations, said);

	if (!good)
		printf("# %s\n", said.str());
	result(good, name, "holds", "");
}

template <typename test> void without(const char *name, promise p, unsigned iterations)
{
	static report said;

	result(!holds<test>(p, iterations, said), name, "does not hold without ", promise_names[p]);
}

} // namespace

int main(int argc, char **argv)
{
	unsigned iterations = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : 20000;

	puts("1..19");
	as_promised<publish>("publish", iterations);
	as_promised<cut>("cut", iterations);
	as_promised<cut_by_another>("cut, and reclaimed by another", iterations);
	as_promised<two_cutters>("two that cut", iterations);
	as_promised<late>("late", iterations);
	without<publish>("publish", cas_release, iterations);
	without<publish>("publish", load_order, iterations);
	without<late>("late", swap_acquire, iterations);
	without<cut>("cut", seen_release, iterations);
	without<cut>("cut", done_acquire, iterations);
	without<cut_by_another>("cut, and reclaimed by another", fences, iterations);
	without<cut>("cut", reader_fence, iterations);
	without<two_cutters>("two that cut", reclaimer_lock, iterations);
	as_promised<vmids>("VMIDs", iterations);
	without<vmids>("VMIDs", slot_cas, iterations);
	without<vmids>("VMIDs", slot_order, iterations);
	without<vmids>("VMIDs", word_release, iterations);
	without<vmids>("VMIDs", word_acquire, iterations);
	without<vmids>("VMIDs", vmid_lock, iterations);
	return failed != 0;
}
