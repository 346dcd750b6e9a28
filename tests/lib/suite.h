/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What every test program includes first: cmocka with what it needs, output as
 * TAP, and random numbers that a failure can be repeated with.
 *
 * A test that draws random numbers calls random_seed() once and prints the
 * seed when it fails; S2_SEED in the environment replaces it.
 */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n) (UINT64_C(1) << (n))

/* Bits hi..lo of a value, shifted down. */
static inline uint64_t bits(uint64_t value, unsigned int hi, unsigned int lo)
{
	return value << (63 - hi) >> (63 - hi + lo);
}

/* What the running test is doing, for the message if it fails; see set_context(). */
extern char test_context[200];

#define set_context(...) ((void)snprintf(test_context, sizeof(test_context), __VA_ARGS__))

/* Fails the running test with a message of printf's kind. */
#define fail_with(...)                                                                     \
	do {                                                                               \
		printf("# %s%s%s:%d: ", test_context, *test_context ? ": " : "", __FILE__, \
		       __LINE__);                                                          \
		printf(__VA_ARGS__);                                                       \
		printf("\n");                                                              \
		fail();                                                                    \
	} while (0)

/* As assert_true(), with a message: for what is checked a million times. */
#define require(condition, ...)                 \
	do {                                    \
		if (!(condition))               \
			fail_with(__VA_ARGS__); \
	} while (0)

/*
 * Runs `tests`, or those of them that match S2_TEST (with * and ?).  Output by
 * lines, so that messages stand beside the test that they belong to.
 */
#define run_suite(name, tests) (suite_begin(), cmocka_run_group_tests_name(name, tests, NULL, NULL))

void suite_begin(void);

/* A status by its name. */
const char *status_name(int status);

#define require_status(call, expected)                                                        \
	do {                                                                                  \
		int status_ = (call);                                                         \
		require(status_ == (expected), "%s: %s, not %s", #call, status_name(status_), \
			status_name(expected));                                               \
	} while (0)

/* A positive number from the environment, or `otherwise`. */
unsigned int setting(const char *name, unsigned int otherwise);

struct rng {
	uint64_t state;
};

/* S2_SEED from the environment, or `fixed`. */
uint64_t random_seed(uint64_t fixed);
uint64_t random_next(struct rng *rng);
/* 0..n - 1 */
uint64_t random_below(struct rng *rng, uint64_t n);
/* True once in n. */
bool random_one_in(struct rng *rng, uint64_t n);

#endif
