/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The counts are atomic, one by one, and not exact: two vCPUs that fault on one
 * page count it twice, and an unmapping takes off pages that nobody had mapped.
 * They need not be: s2_collapse() looks for itself, and changes nothing if a
 * page is missing.
 */
#include "block.h"
#include "change.h"
#include "dirty.h"
#include "memory.h"
#include "options.h"
#include "report.h"
#include "vcpu.h"

static uint32_t mapped[RAM_MAX / BLOCK_MIN];

static uint32_t block_pages(void)
{
	return (uint32_t)(guest_block_size() / guest_page_size());
}

static uint64_t block_start(uint64_t ipa)
{
	return ipa & ~(guest_block_size() - 1);
}

static uint32_t *count_of(uint64_t ipa)
{
	return &mapped[(ipa - RAM_IPA) / guest_block_size()];
}

int block_collapse(struct vcpu *v, uint64_t ipa)
{
	int status = s2_collapse(guest.tree, &v->s2, block_start(ipa), BLOCK_LEVEL, S2_FAULT);

	if (status != S2_RETRY && status != S2_NOT_UNIFORM)
		must(status, "s2_collapse");
	return status;
}

/* Without a count: the engine looks at no more leaves than fit. */
static void form_group(struct vcpu *v, uint64_t ipa)
{
	uint64_t size = guest_group_size();

	if (options.contig)
		change_group(v, (struct range){ipa & ~(size - 1), size});
}

void block_count_page(struct vcpu *v, uint64_t ipa)
{
	uint32_t *count = count_of(ipa);

	form_group(v, ipa);
	if (__atomic_add_fetch(count, 1, __ATOMIC_RELAXED) < block_pages())
		return;
	/* Not yet, or not now, or pages are better just now: the next page that is mapped there asks again. */
	if (dirty_is_logged() || block_collapse(v, ipa) != S2_OK)
		__atomic_store_n(count, block_pages() - 1, __ATOMIC_RELAXED);
}

void block_count_all(void)
{
	for (uint64_t ipa = RAM_IPA; ipa - RAM_IPA < memory_ram_size(); ipa += guest_block_size())
		__atomic_store_n(count_of(ipa), block_pages(), __ATOMIC_RELAXED);
}

static void take_off(uint32_t *count, uint32_t pages)
{
	uint32_t old = __atomic_load_n(count, __ATOMIC_RELAXED);
	uint32_t new;

	do {
		new = old > pages ? old - pages : 0;
	} while (!__atomic_compare_exchange_n(count, &old, new, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
}

void block_forget(uint64_t ipa, uint64_t size)
{
	for (uint64_t end = ipa + size; ipa < end;) {
		uint64_t next = block_start(ipa) + guest_block_size();
		uint64_t stop = next < end ? next : end;

		take_off(count_of(ipa), (uint32_t)((stop - ipa) / guest_page_size()));
		ipa = stop;
	}
}
