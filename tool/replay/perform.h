/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * One call of a workload, as the hypervisor that made it would make it again.
 */
#ifndef REPLAY_PERFORM_H
#define REPLAY_PERFORM_H

#include <stage2/dirty.h>
#include <stage2/stage2.h>

#include "replay.h"

#define BUDGET 64u /* as the hypervisor's */
#define CALLS_BETWEEN_RECLAIMS 64u

static inline int perform_range(struct s2_tree *tree, struct s2_cpu *cpu, const struct work *c,
				uint64_t done)
{
	uint64_t ipa = c->ipa + done, size = c->size - done;

	switch (c->kind) {
	case WORK_MAP:
		return s2_map(tree, cpu, ipa, size, c->pa + done, c->attr, c->flags);
	case WORK_UNMAP:
		return s2_unmap(tree, cpu, ipa, size, c->flags);
	case WORK_PROTECT:
		return s2_protect(tree, cpu, ipa, size, c->attr, 0, c->flags);
	case WORK_AGE:
		return s2_age(tree, cpu, ipa, size, NULL, c->flags);
	case WORK_SPLIT:
		return s2_split(tree, cpu, ipa, size, c->level, c->flags);
	case WORK_GROUP:
		return s2_group(tree, cpu, ipa, size);
	case WORK_LOG_START:
		return s2_log_start(tree, cpu, ipa, size, c->flags);
	case WORK_LOG_COLLECT:
		return s2_log_collect(tree, cpu, ipa, size, NULL, c->flags);
	default:
		return s2_log_stop(tree, cpu, ipa, size, NULL, c->flags);
	}
}

static inline int perform(struct s2_tree *tree, struct s2_cpu *cpu, const struct work *c,
			  uint64_t done)
{
	uint64_t block = s2_level_size(tree->fmt, c->kind == WORK_COLLAPSE ? c->level : 3);

	switch (c->kind) {
	case WORK_FLUSH:
		return s2_flush(tree, cpu);
	case WORK_TOUCH:
		return s2_touch(tree, cpu, c->ipa, c->flags);
	case WORK_COLLAPSE:
		return s2_collapse(tree, cpu, c->ipa & ~(block - 1), c->level, c->flags);
	default:
		return perform_range(tree, cpu, c, done);
	}
}

/* A vCPU that still misses its page comes again; nobody else does. */
static inline bool comes_again(const struct s2_tree *tree, const struct work *c)
{
	return c->kind == WORK_TOUCH ||
	       (c->kind == WORK_MAP && c->size == s2_level_size(tree->fmt, S2_LAST_LEVEL));
}

/* Answers that say nothing about the engine, but of what was there. */
static inline bool is_an_answer(const struct work *c, int status)
{
	return status == S2_OK || (status == S2_RETRY && c->flags & S2_FAULT) ||
	       (c->kind == WORK_COLLAPSE && status == S2_NOT_UNIFORM) ||
	       (c->kind == WORK_TOUCH && (status == S2_NOT_MAPPED || status == S2_READ_ONLY));
}

#endif
