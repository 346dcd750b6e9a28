/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include "../report.h"
#include "tally.h"

void tally_add(struct tally *t, uint32_t number)
{
	if (!t->total || number < t->min)
		t->min = number;
	if (number > t->max)
		t->max = number;
	t->seen[number < TALLY_LIMIT ? number : TALLY_LIMIT]++;
	t->sum += number;
	t->total++;
}

uint32_t tally_rank(const struct tally *t, unsigned int percent)
{
	uint64_t wanted = (t->total * percent + 99) / 100;
	uint64_t found = 0;

	for (uint32_t number = 0; number < TALLY_LIMIT; number++) {
		found += t->seen[number];
		if (found >= wanted)
			return number;
	}
	die("%u of a hundred are not below %u", percent, TALLY_LIMIT);
}
