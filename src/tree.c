/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Beginning and end of a tree: the two calls that need it to themselves.
 */
#include "cache.h"
#include "reclaim.h"

static unsigned int root_entries(const struct s2_format *fmt)
{
	return 1u << (fmt->ipa_bits - s2_level_shift(fmt, fmt->start_level));
}

/* Entries beyond the IPA size are never walked, and zeroed all the same. */
static void zero_root(const struct s2_tree *tree)
{
	uint64_t entries = tree->fmt->root_size / sizeof(s2_desc);

	for (uint64_t i = 0; i < entries; i++)
		s2p_store(&tree->root[i], 0);
	s2p_dsb_ishst();
}

int s2_cpu_init(struct s2_cpu *cpu, uint8_t granule_shift)
{
	struct s2_cache cache;
	int status;

	if (!cpu)
		return S2_INVALID;
	status = s2_cache_init(&cache, granule_shift);
	if (status)
		return status;
	*cpu = (struct s2_cpu){.cache = cache};
	return S2_OK;
}

int s2_init(struct s2_tree *tree, const struct s2_tree_config *cfg)
{
	uint64_t vttbr;
	int status;

	if (!tree || !cfg || !cfg->fmt || !cfg->root)
		return S2_INVALID;
	status = s2_format_vttbr(cfg->fmt, s2p_table_pa(cfg->root), cfg->vmid, &vttbr);
	if (status)
		return status;
	if (cfg->shared && !cfg->grace)
		return S2_NO_GRACE;
	*tree = (struct s2_tree){.fmt = cfg->fmt,
				 .root = cfg->root,
				 .owned = cfg->owned,
				 .vttbr = vttbr,
				 .grace = cfg->shared ? cfg->grace : NULL,
				 .quota = cfg->quota};
	zero_root(tree);
	return S2_OK;
}

static void invalidate_vmid(const struct s2_tree *tree)
{
	uint64_t token = s2p_vmid_enter(tree->vttbr);

	s2p_dsb_ishst();
	s2p_tlbi_vmalls12e1is();
	s2p_dsb_ish();
	s2p_vmid_leave(token);
}

/* Moves all that hangs below the root to the list of tables to be freed; empties the root. */
static int cut_root(struct s2_tree *tree, struct s2_cpu *cpu)
{
	unsigned int entries = root_entries(tree->fmt);
	unsigned int level = tree->fmt->start_level;
	int status = S2_OK;

	for (unsigned int i = 0; i < entries; i++) {
		s2_desc desc = s2p_load(&tree->root[i]);
		int one = desc ? s2_unlink_private(tree, cpu, desc, level) : S2_OK;

		if (desc)
			s2p_store(&tree->root[i], 0);
		status = one ? one : status;
	}
	invalidate_vmid(tree);
	return status;
}

/* Nobody is left who could hold a pointer: grace periods need not end. */
static int free_all(struct s2_tree *tree, struct s2_cpu *cpu)
{
	uint64_t budget = cpu->budget ? cpu->budget : UINT64_MAX;

	tree->cookie = 0;
	while (tree->waiting || tree->unlinked) {
		int status;

		if (!tree->waiting)
			tree->waiting = s2p_word_swap(&tree->unlinked, 0);
		status = s2_free_unlinked(tree, cpu, &budget);
		if (status)
			return status;
	}
	return S2_OK;
}

int s2_destroy(struct s2_tree *tree, struct s2_cpu *cpu)
{
	int status = s2_check_objects(tree, cpu);

	if (status)
		return status;
	if (cpu->gather.tree)
		return S2_BUSY;
	status = cut_root(tree, cpu);
	return status ? status : free_all(tree, cpu);
}
