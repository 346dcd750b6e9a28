/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <stdio.h>

#include "number.h"
#include "words.h"

static const char *const devices[] = {"Device-nGnRnE", "Device-nGnRE", "Device-nGRE", "Device-GRE"};

static uint64_t memattr(uint64_t desc)
{
	return bits(desc, 5, 2);
}

/* Arm ARM, "Stage 2 memory region type and Cacheability attributes when FEAT_S2FWB is disabled". */
static const char *without_fwb(uint64_t attr)
{
	static const char *const cacheable[] = {"reserved", "Non-cacheable", "Write-Through",
						"Write-Back"};
	static char text[96];

	if (!(attr >> 2))
		return devices[attr];
	if (!(attr & 3))
		return "reserved";
	if (attr >> 2 == (attr & 3))
		(void)snprintf(text, sizeof(text), "Normal, %s", cacheable[attr & 3]);
	else
		(void)snprintf(text, sizeof(text), "Normal, Outer %s, Inner %s",
			       cacheable[attr >> 2], cacheable[attr & 3]);
	return text;
}

/* And "... when FEAT_S2FWB is enabled": bit 3 belongs to FEAT_MTE_PERM. */
static const char *with_fwb(uint64_t attr)
{
	static const char *const normal[] = {
		"reserved", "Normal, Non-cacheable (a device of stage 1 stays one)",
		"Normal, Write-Back, whatever stage 1 says", "as stage 1 says"};

	return attr & 4 ? normal[attr & 3] : devices[attr & 3];
}

const char *words_memory(uint64_t desc, bool fwb)
{
	return fwb ? with_fwb(memattr(desc)) : without_fwb(memattr(desc));
}

bool words_memory_is_reserved(uint64_t desc, bool fwb)
{
	uint64_t attr = memattr(desc);

	if (fwb)
		return (attr & 7) == 4;
	return attr >> 2 && !(attr & 3);
}

bool words_memory_is_device(uint64_t desc)
{
	return !(memattr(desc) >> 2);
}

const char *words_access(uint64_t desc)
{
	static const char *const access[] = {"no access", "read only", "write only",
					     "read and write"};

	return access[bits(desc, 7, 6)];
}

const char *words_share(uint64_t sh)
{
	static const char *const share[] = {"Non-shareable", "reserved", "Outer Shareable",
					    "Inner Shareable"};

	return share[sh];
}

const char *words_execute(uint64_t desc, bool xnx)
{
	static const char *const execute[] = {"executable", "executable at EL0, not at EL1",
					      "not executable", "executable at EL1, not at EL0"};

	return execute[xnx ? bits(desc, 54, 53) : bits(desc, 54, 54) << 1];
}
