/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Names of statuses, and a generator whose sequence does not depend on the libc.
 */
#define _GNU_SOURCE
#include "suite.h"

#include <stdlib.h>
#include <unistd.h>

#include <stage2/status.h>

/* A program that hangs is a failure, and nobody shall wait for it. */
#define SECONDS_MAX 400

char test_context[200];

#define NAME(status)            \
	{                       \
		status, #status \
	}

static const struct {
	int status;
	const char *name;
} names[] = {
	NAME(S2_OK),	      NAME(S2_RETRY),	      NAME(S2_MORE),	     NAME(S2_NO_PAGE),
	NAME(S2_QUOTA),	      NAME(S2_OWNED),	      NAME(S2_NOT_UNIFORM),  NAME(S2_CORRUPT),
	NAME(S2_INVALID),     NAME(S2_BAD_SIZE),      NAME(S2_MISALIGNED),   NAME(S2_WRAPS),
	NAME(S2_IPA_RANGE),   NAME(S2_PA_RANGE),      NAME(S2_BAD_ATTR),     NAME(S2_BAD_LEVEL),
	NAME(S2_BAD_OWNER),   NAME(S2_BAD_VMID),      NAME(S2_BAD_CACHE),    NAME(S2_NO_GRACE),
	NAME(S2_BUSY),	      NAME(S2_BAD_GRANULE),   NAME(S2_BAD_IPA_BITS), NAME(S2_BAD_PA_BITS),
	NAME(S2_IPA_OVER_PA), NAME(S2_BAD_VMID_BITS), NAME(S2_NO_VMID),	     NAME(S2_BAD_FEATURE),
	NAME(S2_NO_OWNERS),   NAME(S2_WRONG_OWNER),   NAME(S2_WRONG_STATE),  NAME(S2_NOT_EMPTY),
	NAME(S2_NO_MATCH),    NAME(S2_BAD_LPA2),      NAME(S2_NOT_MAPPED),   NAME(S2_READ_ONLY),
	NAME(S2_BAD_BITMAP),
};

const char *status_name(int status)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].status == status)
			return names[i].name;
	return "a status that does not exist";
}

void suite_begin(void)
{
	const char *filter = getenv("S2_TEST");

	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(SECONDS_MAX);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	cmocka_set_test_filter(filter && *filter ? filter : NULL);
}

unsigned int setting(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);
	unsigned long value = text ? strtoul(text, NULL, 0) : 0;

	return value && value <= UINT32_MAX ? (unsigned int)value : otherwise;
}

uint64_t random_seed(uint64_t fixed)
{
	const char *text = getenv("S2_SEED");

	return text && *text ? strtoull(text, NULL, 0) : fixed;
}

/* SplitMix64: any seed is a good one, zero included. */
uint64_t random_next(struct rng *rng)
{
	uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t random_below(struct rng *rng, uint64_t n)
{
	return random_next(rng) % n;
}

bool random_one_in(struct rng *rng, uint64_t n)
{
	return random_below(rng, n) == 0;
}
