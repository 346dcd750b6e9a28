/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Works the guest's memory, on all CPUs at once, in the ways that make a kernel
 * work its page tables: fill, verify, fork and copy on write, move, unmap, give
 * back, execute what was just written.  A word in each line of every page is a
 * function of its place and a version, so that a page that is lost, stale, or
 * somebody else's does not go unnoticed.
 *
 * Prints what it does and exits with 0 only if all of it was as expected.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define PAGE_WORDS (PAGE / sizeof(uint64_t))
#define LINE_WORDS 8
#define ROUNDS 2u /* unless the environment says: rounds=N */
#define CODE_PAGES 64

/* What one worker has: pages [0, count) of an area of its own. */
struct area {
	uint64_t *words;
	size_t count; /* pages */
	unsigned int cpu;
	const char *step; /* for messages */
};

static void fail(const struct area *a, const char *what)
{
	printf("guest: CPU %u: %s: %s: %s\n", a->cpu, a->step, what, strerror(errno));
	exit(1);
}

static uint64_t expected(const struct area *a, size_t page, uint64_t version, size_t word)
{
	uint64_t seed = (uint64_t)page << 24 ^ version << 8 ^ a->cpu;

	return (seed + word) * UINT64_C(0x9e3779b97f4a7c15);
}

static void fill_page(const struct area *a, size_t page, uint64_t version)
{
	uint64_t *w = a->words + page * PAGE_WORDS;

	for (size_t i = 0; i < PAGE_WORDS; i += LINE_WORDS)
		w[i] = expected(a, page, version, i);
}

static void fill(const struct area *a, size_t from, size_t to, size_t step, uint64_t version)
{
	for (size_t page = from; page < to; page += step)
		fill_page(a, page, version);
}

static void verify_page(const struct area *a, size_t page, uint64_t version)
{
	const uint64_t *w = a->words + page * PAGE_WORDS;

	for (size_t i = 0; i < PAGE_WORDS; i += LINE_WORDS) {
		if (w[i] == expected(a, page, version, i))
			continue;
		printf("guest: CPU %u: %s: page %zu word %zu at %p is %lx, not %lx\n", a->cpu,
		       a->step, page, i, (const void *)&w[i], w[i], expected(a, page, version, i));
		exit(1);
	}
}

static void verify(const struct area *a, size_t from, size_t to, size_t step, uint64_t version)
{
	for (size_t page = from; page < to; page += step)
		verify_page(a, page, version);
}

static void verify_zero(const struct area *a, size_t from, size_t to)
{
	for (size_t i = from * PAGE_WORDS; i < to * PAGE_WORDS; i += LINE_WORDS) {
		if (!a->words[i])
			continue;
		printf("guest: CPU %u: %s: word %zu is %lx, not 0\n", a->cpu, a->step, i,
		       a->words[i]);
		exit(1);
	}
}

static void *map(const struct area *a, void *where, size_t pages, int prot)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | (where ? MAP_FIXED : 0);
	void *p = mmap(where, pages * PAGE, prot, flags, -1, 0);

	if (p == MAP_FAILED)
		fail(a, "mmap");
	return p;
}

static void wait_for(const struct area *a, pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		fail(a, "waitpid");
	if (status) {
		printf("guest: CPU %u: %s: a child ended with status %x\n", a->cpu, a->step,
		       (unsigned int)status);
		exit(1);
	}
}

/* A child changes every eighth page, which the parent must not see. */
static void copy_on_write(struct area *a, uint64_t version)
{
	size_t part = a->count / 4; /* twice that is what fork() copies */
	pid_t child;

	a->step = "copy on write";
	child = fork();
	if (child < 0)
		fail(a, "fork");
	if (child == 0) {
		fill(a, 0, part, 8, version + 100);
		verify(a, 0, part, 8, version + 100);
		verify(a, 1, part, 8, version);
		_exit(0);
	}
	fill(a, part, 2 * part, 8, version + 200);
	wait_for(a, child);
	verify(a, 0, part, 1, version);
	verify(a, part, 2 * part, 8, version + 200);
	fill(a, part, 2 * part, 8, version);
}

/* The second half goes elsewhere and comes back. */
static void move(struct area *a, uint64_t version)
{
	size_t half = a->count / 2;
	char *home = (char *)a->words + half * PAGE;
	size_t size = (a->count - half) * PAGE;
	void *away;

	a->step = "mremap";
	away = map(a, NULL, a->count - half, PROT_NONE);
	if (mremap(home, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, away) != away)
		fail(a, "there");
	if (mremap(away, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, home) != home)
		fail(a, "and back");
	verify(a, half, a->count, 1, version);
}

/* What is unmapped, or given back, is zero when it comes again. */
static void give_back(struct area *a, uint64_t version)
{
	size_t from = a->count / 8;
	size_t to = a->count / 4;
	char *start = (char *)a->words + from * PAGE;

	a->step = "munmap";
	if (munmap(start, (to - from) * PAGE))
		fail(a, "munmap");
	map(a, start, to - from, PROT_READ | PROT_WRITE);
	verify_zero(a, from, to);
	fill(a, from, to, 1, version);

	a->step = "madvise";
	if (madvise(start, (to - from) * PAGE, MADV_DONTNEED))
		fail(a, "MADV_DONTNEED");
	verify_zero(a, from, to);
	fill(a, from, to, 1, version);
}

/* A function that returns `value`: movz w0, #value; ret. */
static void write_code(uint32_t *code, uint16_t value)
{
	code[0] = 0x52800000u | (uint32_t)value << 5;
	code[1] = 0xd65f03c0u;
	__builtin___clear_cache((char *)code, (char *)(code + 2));
}

static void call_code(struct area *a, char *code, size_t page, uint16_t value)
{
	int (*function)(void);
	void *at = code + page * PAGE;

	write_code(at, value);
	memcpy(&function, &at, sizeof(function));
	if (function() == value)
		return;
	printf("guest: CPU %u: %s: page %zu does not return %u\n", a->cpu, a->step, page, value);
	exit(1);
}

static void execute(struct area *a, uint64_t version)
{
	char *code;

	a->step = "execute";
	code = map(a, NULL, CODE_PAGES, PROT_READ | PROT_WRITE | PROT_EXEC);
	for (size_t page = 0; page < CODE_PAGES; page++) {
		call_code(a, code, page, (uint16_t)(page + version));
		call_code(a, code, page, (uint16_t)(page + version + 1000));
	}
	munmap(code, CODE_PAGES * PAGE);
}

/* The kernel hands on what it does not know of its command line. */
static unsigned int rounds(void)
{
	const char *text = getenv("rounds");

	return text ? (unsigned int)strtoul(text, NULL, 10) : ROUNDS;
}

static void say_progress(const struct area *a, unsigned int round)
{
	printf("guest: CPU %u: round %u of %u: %zu MiB verified\n", a->cpu, round, rounds(),
	       a->count * PAGE >> 20);
}

static void work_round(struct area *a, unsigned int round)
{
	uint64_t version = round;

	a->step = "fill";
	fill(a, 0, a->count, 1, version);
	verify(a, 0, a->count, 1, version);
	copy_on_write(a, version);
	move(a, version);
	give_back(a, version);
	execute(a, version);
	a->step = "end of round";
	verify(a, 0, a->count, 1, version);
	say_progress(a, round);
}

static void pin(const struct area *a)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(a->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail(a, "sched_setaffinity");
}

/*
 * An area half with huge pages, half without, so that the kernel uses both kinds
 * of entry.  Only the first half is copied by fork(): each page of it costs a
 * fault when it is written again.
 */
static void prepare(struct area *a)
{
	size_t half = a->count / 2 * PAGE;

	a->step = "prepare";
	a->words = map(a, NULL, a->count, PROT_READ | PROT_WRITE);
	if (madvise(a->words, half, MADV_NOHUGEPAGE) && errno != EINVAL)
		fail(a, "MADV_NOHUGEPAGE");
	if (madvise((char *)a->words + half, a->count * PAGE - half, MADV_DONTFORK))
		fail(a, "MADV_DONTFORK");
}

static void worker(unsigned int cpu, size_t pages)
{
	struct area a = {.count = pages, .cpu = cpu, .step = "start"};

	pin(&a);
	prepare(&a);
	for (unsigned int round = 1; round <= rounds(); round++)
		work_round(&a, round);
	exit(0);
}

/* The workers' areas, with room for the copies that copy_on_write() makes. */
static size_t pages_each(unsigned int cpus)
{
	size_t free_pages = (size_t)sysconf(_SC_AVPHYS_PAGES);

	return free_pages / 10 * 7 / cpus;
}

static bool all_succeed(unsigned int children)
{
	bool success = true;
	int status;

	for (; children; children--)
		success = wait(&status) > 0 && status == 0 && success;
	return success;
}

int main(void)
{
	unsigned int cpus = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	size_t pages = pages_each(cpus);

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("guest: memtest: %u workers, %zu MiB each\n", cpus, pages * PAGE >> 20);
	for (unsigned int cpu = 0; cpu < cpus; cpu++) {
		if (fork() == 0)
			worker(cpu, pages);
	}
	if (!all_succeed(cpus))
		return 1;
	printf("guest: memtest: all is well\n");
	return 0;
}
