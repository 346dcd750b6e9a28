/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * 1 to 512 CPUs that fault: a simulation by events.
 *
 *	simulate COSTS [CPUS]	or up to so many
 *
 * COSTS has lines "NAME NS", measured by make bench: what a fault takes that nobody disturbs
 * (own-ENGINE), what a new table takes (table), and a transfer of a cache line (transfer).
 *
 * What is modelled: a fault is work of the CPU's own, and in between accesses to cache lines that
 * others may have.  A line is with the CPU that wrote it last, or with all that have read it
 * since.  Who has it goes on at once (that is in the work); who has not waits until it
 * is free and then for one transfer, and transfers of one line follow one another.  For the
 * first half of a transfer, in which the request is on its way, the line is still where
 * it was.  A lock held for reading is a line that is written twice; one held for writing makes
 * CPUs wait in the order in which they came, and each handover is one transfer.
 *
 * Which lines a fault touches is what `bench lines` counted.  The same input gives the same
 * output: work varies by a quarter up and down, by a generator with a fixed seed, so that CPUs
 * don't march in step.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPUS 512u
#define FAULTS 1024u /* of each CPU; a power of two */
#define PER_TABLE 512u
#define PER_LINE 8u /* entries */
#define ENGINES 3u
#define WALK 0.6 /* so much of a fault's work comes before the entry is written */

enum pattern { OWN, INTERLEAVED, RANDOM, PATTERNS };
static const char *const pattern_names[] = {"own", "interleaved", "random"};

/* What a CPU does next. */
enum step {
	OUTSIDE, /* in the guest, and on the way from it and back */
	LOCK, /* for reading: a line is written */
	ACQUIRE, /* for writing */
	DESCEND,
	UPPER, /* read the entry that leads to the table */
	FILL, /* from here on only if there is no table */
	NOTE, /* count the table */
	PUBLISH, /* write that entry */
	READ, /* the last entry */
	SWAP, /* write it */
	REFER, /* count a reference to its table */
	STORE, /* write it again */
	REST,
	UNLOCK,
	RELEASE,
	DONE,
};

struct engine {
	const char *name;
	enum step steps[16];
};

static const struct engine engines[ENGINES] = {
	{"stage2", {OUTSIDE, DESCEND, UPPER, FILL, NOTE, PUBLISH, READ, SWAP, REST, DONE}},
	{"kvm-6.12",
	 {OUTSIDE, LOCK, DESCEND, UPPER, FILL, PUBLISH, NOTE, READ, SWAP, REFER, STORE, REST,
	  UNLOCK, DONE}},
	{"kvm-6.1",
	 {OUTSIDE, ACQUIRE, DESCEND, UPPER, FILL, PUBLISH, NOTE, READ, SWAP, REFER, REST, RELEASE,
	  DONE}},
};

struct costs {
	double own[ENGINES], table, transfer, outside;
};

/* Which CPUs have it; `owner`: it is written, and nobody else has it. */
struct line {
	uint64_t readers[CPUS / 64];
	double free;
	int owner;
};

/* A line that is on its way to another CPU. */
struct kept {
	const struct line *line;
	double until;
};

#define KEPT 4u
struct cpu {
	unsigned int fault;
	unsigned int step;
	struct kept kept[KEPT];
	unsigned int next; /* of those, to be used */
	bool filled; /* a table, which is not published yet */
	bool won; /* and it was the first one for this place */
};

struct event {
	double at;
	unsigned int cpu;
};

static struct {
	unsigned int which; /* of the engines */
	enum pattern pattern;
	unsigned int cpus;
	struct costs costs;
	struct line *lines;
	bool *has_table;
	struct cpu cpu[CPUS];
	struct event heap[CPUS + 1];
	unsigned int events;
	unsigned int queue[CPUS], queued, first; /* for the lock */
	bool held;
	unsigned int holder; /* the last one */
	uint64_t random;
	/* Faults that end while all CPUs are at work. */
	double from, to;
	double *ends;
	unsigned int ended;
} sim;

/* --- chance ------------------------------------------------------------------ */

static double fraction(void)
{
	sim.random ^= sim.random << 13;
	sim.random ^= sim.random >> 7;
	sim.random ^= sim.random << 17;
	return (double)(sim.random >> 11) / (double)(UINT64_C(1) << 53);
}

static double about(double ns)
{
	return ns * (0.75 + 0.5 * fraction());
}

/* --- what is due --------------------------------------------------------------- */

static bool before(const struct event *a, const struct event *b)
{
	return a->at < b->at || (a->at == b->at && a->cpu < b->cpu);
}

static void push(double at, unsigned int cpu)
{
	const struct event event = {at, cpu};
	unsigned int i = ++sim.events;

	for (; i > 1 && before(&event, &sim.heap[i / 2]); i /= 2)
		sim.heap[i] = sim.heap[i / 2];
	sim.heap[i] = event;
}

static struct event pop(void)
{
	const struct event first = sim.heap[1], last = sim.heap[sim.events--];
	unsigned int i = 1, child;

	while ((child = 2 * i) <= sim.events) {
		if (child < sim.events && before(&sim.heap[child + 1], &sim.heap[child]))
			child++;
		if (!before(&sim.heap[child], &last))
			break;
		sim.heap[i] = sim.heap[child];
		i = child;
	}
	sim.heap[i] = last;
	return first;
}

/* --- cache lines ----------------------------------------------------------------- */

static unsigned int pages(void)
{
	return sim.cpus * FAULTS;
}

static unsigned int tables(void)
{
	return pages() / PER_TABLE;
}

/* One after the other: the lock, or the count of tables; references; upper entries; entries. */
static struct line *global_line(void)
{
	return &sim.lines[0];
}

static struct line *reference_of(unsigned int page)
{
	return &sim.lines[1 + page / PER_TABLE];
}

/* To the table above. */
static struct line *upper_reference_of(unsigned int page)
{
	return &sim.lines[1 + tables() + page / PER_TABLE / PER_TABLE];
}

static struct line *upper_entry_of(unsigned int page)
{
	unsigned int before_it = 1 + tables() + tables() / PER_TABLE + 1;

	return &sim.lines[before_it + page / PER_TABLE / PER_LINE];
}

static struct line *entry_of(unsigned int page)
{
	unsigned int before_it = 1 + 2 * tables() + tables() / PER_TABLE + 2;

	return &sim.lines[before_it + page / PER_LINE];
}

static size_t line_count(void)
{
	return 1 + 2 * tables() + tables() / PER_TABLE + 2 + pages() / PER_LINE;
}

static void keep(int cpu, const struct line *line, double until)
{
	struct cpu *c = &sim.cpu[cpu];

	c->kept[c->next++ % KEPT] = (struct kept){line, until};
}

static bool keeps(unsigned int cpu, const struct line *line, double now)
{
	const struct kept *kept = sim.cpu[cpu].kept;

	for (unsigned int i = 0; i < KEPT; i++)
		if (kept[i].line == line && now < kept[i].until)
			return true;
	return false;
}

static bool has(const struct line *line, unsigned int cpu, bool write, double now)
{
	if (line->owner == (int)cpu || keeps(cpu, line, now))
		return true;
	return !write && line->readers[cpu / 64] >> cpu % 64 & 1;
}

/* Nobody has had it yet: that is in the work. */
static bool is_new(const struct line *line)
{
	static const uint64_t nobody[CPUS / 64];

	return line->owner < 0 && !memcmp(line->readers, nobody, sizeof(nobody));
}

/* When the access is done. */
static double access_line(struct line *line, unsigned int cpu, bool write, double now)
{
	double start = line->free > now ? line->free : now, end = now;

	if (has(line, cpu, write, now))
		return now;
	if (!is_new(line))
		end = line->free = start + sim.costs.transfer;
	if (line->owner >= 0)
		keep(line->owner, line, start + sim.costs.transfer / 2);
	if (write) {
		memset(line->readers, 0, sizeof(line->readers));
		line->owner = (int)cpu;
	} else {
		if (line->owner >= 0)
			line->readers[line->owner / 64] |= UINT64_C(1) << line->owner % 64;
		line->readers[cpu / 64] |= UINT64_C(1) << cpu % 64;
		line->owner = -1;
	}
	return end;
}

/* --- one CPU ---------------------------------------------------------------------- */

static bool is_kvm(void)
{
	return sim.which > 0;
}

static unsigned int page_of(unsigned int cpu, unsigned int fault)
{
	switch (sim.pattern) {
	case OWN:
		return cpu * FAULTS + fault;
	case INTERLEAVED:
		return fault * sim.cpus + cpu;
	default:
		/* All pages once: as many as a power of two, and an odd factor. */
		return (fault * sim.cpus + cpu) * 2654435761u & (pages() - 1);
	}
}

/* False: it waits in the queue. */
static bool acquire(unsigned int cpu, double now, double *end)
{
	if (sim.held) {
		sim.queue[(sim.first + sim.queued++) % CPUS] = cpu;
		return false;
	}
	*end = now + (sim.holder == cpu ? 0 : sim.costs.transfer);
	sim.held = true;
	sim.holder = cpu;
	return true;
}

static void release(double now)
{
	sim.held = sim.queued;
	if (!sim.held)
		return;
	sim.holder = sim.queue[sim.first];
	sim.first = (sim.first + 1) % CPUS;
	sim.queued--;
	push(now + sim.costs.transfer, sim.holder);
}

/* A new table is in the cache of whoever has filled it. */
static void link_table(unsigned int cpu, unsigned int page)
{
	unsigned int first = page / PER_TABLE * PER_TABLE;

	sim.has_table[page / PER_TABLE] = true;
	for (unsigned int i = 0; i < PER_TABLE; i += PER_LINE)
		entry_of(first + i)->owner = (int)cpu;
}

/* Who is late gives his page back: if tables are counted, by the same count. */
static double publish(unsigned int cpu, unsigned int page, double now)
{
	struct cpu *c = &sim.cpu[cpu];
	double end;

	if (!c->filled)
		return now;
	end = access_line(upper_entry_of(page), cpu, true, now);
	c->won = !sim.has_table[page / PER_TABLE];
	if (c->won)
		link_table(cpu, page);
	else if (!is_kvm())
		end = access_line(global_line(), cpu, true, end);
	c->filled = false;
	return end;
}

/* All tables in one place, before it is published; or a reference to the table above, after that. */
static double note_table(unsigned int cpu, unsigned int page, double now)
{
	if (!is_kvm())
		return sim.cpu[cpu].filled ? access_line(global_line(), cpu, true, now) : now;
	return sim.cpu[cpu].won ? access_line(upper_reference_of(page), cpu, true, now) : now;
}

static double fill_table(unsigned int cpu, unsigned int page, double now)
{
	struct cpu *c = &sim.cpu[cpu];

	c->filled = !sim.has_table[page / PER_TABLE];
	c->won = false;
	return c->filled ? now + about(sim.costs.table) : now;
}

static double work(enum step step, double now)
{
	double own = sim.costs.own[sim.which];

	if (step == OUTSIDE)
		return now + about(sim.costs.outside);
	return now + about(own * (step == DESCEND ? WALK : 1 - WALK));
}

static double do_step(unsigned int cpu, enum step step, double now)
{
	unsigned int page = page_of(cpu, sim.cpu[cpu].fault);

	switch (step) {
	case OUTSIDE:
	case DESCEND:
	case REST:
		return work(step, now);
	case LOCK:
	case UNLOCK:
		return access_line(global_line(), cpu, true, now);
	case UPPER:
		return access_line(upper_entry_of(page), cpu, false, now);
	case READ:
		return access_line(entry_of(page), cpu, false, now);
	case SWAP:
	case STORE:
		return access_line(entry_of(page), cpu, true, now);
	case REFER:
		return access_line(reference_of(page), cpu, true, now);
	case FILL:
		return fill_table(cpu, page, now);
	case NOTE:
		return note_table(cpu, page, now);
	case PUBLISH:
		return publish(cpu, page, now);
	default:
		return now;
	}
}

static void end_fault(unsigned int cpu, double now)
{
	sim.ends[sim.ended++] = now;
	sim.cpu[cpu].step = 0;
	if (++sim.cpu[cpu].fault < FAULTS)
		push(now, cpu);
	else if (now < sim.to)
		sim.to = now;
}

static void go_on(const struct event *event)
{
	struct cpu *cpu = &sim.cpu[event->cpu];
	enum step step = engines[sim.which].steps[cpu->step++];
	double end = event->at;

	if (step == DONE) {
		end_fault(event->cpu, event->at);
		return;
	}
	if (step == RELEASE)
		release(event->at);
	else if (step != ACQUIRE)
		end = do_step(event->cpu, step, event->at);
	else if (!acquire(event->cpu, event->at, &end))
		return;
	push(end, event->cpu);
}

/* --- a run -------------------------------------------------------------------------- */

static void *room_for(size_t n, size_t size)
{
	void *room = calloc(n, size);

	if (!room) {
		fprintf(stderr, "simulate: no memory\n");
		exit(1);
	}
	return room;
}

/* CPUs begin one after another, within the time of a table: so are their new tables needed. */
static void begin(void)
{
	double period = PER_TABLE * (sim.costs.own[sim.which] + sim.costs.outside);

	sim.lines = room_for(line_count(), sizeof(*sim.lines));
	sim.has_table = room_for(tables(), sizeof(*sim.has_table));
	sim.ends = room_for(pages(), sizeof(*sim.ends));
	for (size_t i = 0; i < line_count(); i++)
		sim.lines[i].owner = -1;
	sim.random = 88172645463325252u;
	sim.holder = CPUS;
	sim.to = 1e300;
	for (unsigned int i = 0; i < sim.cpus; i++) {
		double begins = sim.cpus > 1 ? fraction() * period : 0;

		sim.from = begins > sim.from ? begins : sim.from;
		push(begins, i);
	}
}

/* Faults of a microsecond, while all CPUs are at work. */
static double throughput(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < sim.ended; i++)
		n += sim.ends[i] >= sim.from && sim.ends[i] <= sim.to;
	return n / (sim.to - sim.from) * 1000;
}

static void end(void)
{
	free(sim.lines);
	free(sim.has_table);
	free(sim.ends);
}

static double run(unsigned int which, enum pattern pattern, unsigned int cpus,
		  const struct costs *costs)
{
	double result;

	memset(&sim, 0, sizeof(sim));
	sim.which = which;
	sim.pattern = pattern;
	sim.cpus = cpus;
	sim.costs = *costs;
	begin();
	while (sim.events) {
		struct event event = pop();

		go_on(&event);
	}
	result = throughput();
	end();
	return result;
}

/* An engine of which nothing was measured is left out. */
static void report(enum pattern pattern, unsigned int cpus, const struct costs *costs)
{
	for (unsigned int e = 0; e < ENGINES; e++) {
		double rate = costs->own[e] > 0 ? run(e, pattern, cpus, costs) : 0;

		if (!(rate > 0))
			continue;
		printf("scale: pattern=%s cpus=%u engine=%s transfer=%g outside=%g "
		       "faults_per_us=%.3f "
		       "ns_per_fault=%.1f\n",
		       pattern_names[pattern], cpus, engines[e].name, costs->transfer,
		       costs->outside, rate, cpus / rate * 1000);
	}
	fflush(stdout);
}

/* --- all of them ------------------------------------------------------------------------ */

static bool read_cost(struct costs *costs, const char *name, double ns)
{
	for (unsigned int e = 0; e < ENGINES; e++) {
		if (strncmp(name, "own-", 4) != 0 || strcmp(name + 4, engines[e].name) != 0)
			continue;
		costs->own[e] = ns;
		return true;
	}
	if (!strcmp(name, "table"))
		costs->table = ns;
	else if (!strcmp(name, "transfer"))
		costs->transfer = ns;
	else
		return false;
	return true;
}

static bool read_costs(const char *file, struct costs *costs)
{
	FILE *f = fopen(file, "r");
	char name[32], number[32];
	bool good = f;

	while (f && fscanf(f, "%31s %31s", name, number) == 2)
		good = good && read_cost(costs, name, strtod(number, NULL));
	if (f)
		(void)fclose(f);
	return good && costs->own[0] > 0 && costs->transfer > 0 && costs->table > 0;
}

/* Each pattern with a transfer of the same length, and the first with others. */
static void report_all(unsigned int cpus, struct costs costs)
{
	static const double transfers[] = {25, 50, 200}, outsides[] = {800, 2000};

	for (unsigned int i = 0; i < sizeof(transfers) / sizeof(transfers[0]); i++) {
		costs.transfer = transfers[i];
		report(OWN, cpus, &costs);
	}
	costs.transfer = 50;
	costs.outside = outsides[0];
	report(OWN, cpus, &costs);
	costs.transfer = 100;
	costs.outside = 0;
	for (unsigned int p = 0; p < PATTERNS; p++)
		report(p, cpus, &costs);
	for (unsigned int i = 0; i < sizeof(outsides) / sizeof(outsides[0]); i++) {
		costs.outside = outsides[i];
		report(OWN, cpus, &costs);
	}
}

int main(int argc, char **argv)
{
	unsigned int most = argc == 3 ? (unsigned int)strtoul(argv[2], NULL, 10) : CPUS;
	struct costs costs = {0};

	if (argc < 2 || argc > 3 || !most || most > CPUS || !read_costs(argv[1], &costs)) {
		fprintf(stderr, "usage: simulate COSTS [CPUS]\n");
		return 2;
	}
	/* This machine, to be compared with what it did. */
	for (unsigned int p = 0; p < PATTERNS; p++)
		report(p, 2, &costs);
	for (unsigned int cpus = 1; cpus <= most; cpus *= 2)
		report_all(cpus, costs);
	return 0;
}
