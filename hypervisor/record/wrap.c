/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * What gets between the hypervisor and the library, by the linker's --wrap: each call is
 * recorded with its arguments and its time, but only as far as it came.
 */
#include <stage2/dirty.h>

#include "../semihost.h"
#include "../vcpu.h"
#include "record.h"

/* --- calls ------------------------------------------------------------------------ */

static struct call begin(enum record_call name)
{
	return (struct call){.name = name, .vcpu = vcpu_this()->index, .start = read_cntpct_el0()};
}

static int end(struct call *c, int status)
{
	c->end = read_cntpct_el0();
	record_call(c);
	return status;
}

/* Of a range what was done counts, and nothing is nothing. */
static int end_range(struct call *c, const struct s2_cpu *cpu, uint64_t ipa, int status)
{
	c->argument[0] = ipa;
	c->argument[1] = cpu->done;
	return cpu->done ? end(c, status) : status;
}

int __real_s2_map(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		  uint64_t pa, s2_attr attr, uint32_t flags);
int __wrap_s2_map(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		  uint64_t pa, s2_attr attr, uint32_t flags);
int __wrap_s2_map(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		  uint64_t pa, s2_attr attr, uint32_t flags)
{
	struct call c = begin(CALL_MAP);
	int status = __real_s2_map(tree, cpu, ipa, size, pa, attr, flags);

	c.argument[2] = pa;
	c.argument[3] = attr;
	c.argument[4] = flags;
	return end_range(&c, cpu, ipa, status);
}

int __real_s2_protect(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		      s2_attr take, s2_attr give, uint32_t flags);
int __wrap_s2_protect(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		      s2_attr take, s2_attr give, uint32_t flags);
int __wrap_s2_protect(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		      s2_attr take, s2_attr give, uint32_t flags)
{
	struct call c = begin(CALL_PROTECT);
	int status = __real_s2_protect(tree, cpu, ipa, size, take, give, flags);

	c.argument[2] = take;
	c.argument[3] = flags;
	return end_range(&c, cpu, ipa, status);
}

int __real_s2_split(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		    uint32_t level, uint32_t flags);
int __wrap_s2_split(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		    uint32_t level, uint32_t flags);
int __wrap_s2_split(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size,
		    uint32_t level, uint32_t flags)
{
	struct call c = begin(CALL_SPLIT);
	int status = __real_s2_split(tree, cpu, ipa, size, level, flags);

	c.argument[2] = level;
	c.argument[3] = flags;
	return end_range(&c, cpu, ipa, status);
}

/* The same for those that have a range, one more argument or none, and flags. */
#define RANGE(name, recorded, parameters, ...)                                                   \
	int __real_##name(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size, \
			  parameters);                                                           \
	int __wrap_##name(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size, \
			  parameters);                                                           \
	int __wrap_##name(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size, \
			  parameters)                                                            \
	{                                                                                        \
		struct call c = begin(recorded);                                                 \
		int status = __real_##name(tree, cpu, ipa, size, __VA_ARGS__);                   \
                                                                                                 \
		c.argument[2] = flags;                                                           \
		return end_range(&c, cpu, ipa, status);                                          \
	}

#define FLAGS uint32_t flags
#define MAP_AND_FLAGS struct s2_bitmap *map, uint32_t flags

RANGE(s2_unmap, CALL_UNMAP, FLAGS, flags)
RANGE(s2_log_start, CALL_LOG_START, FLAGS, flags)
RANGE(s2_age, CALL_AGE, MAP_AND_FLAGS, map, flags)
RANGE(s2_log_collect, CALL_LOG_COLLECT, MAP_AND_FLAGS, map, flags)
RANGE(s2_log_stop, CALL_LOG_STOP, MAP_AND_FLAGS, map, flags)

int __real_s2_group(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size);
int __wrap_s2_group(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size);
int __wrap_s2_group(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint64_t size)
{
	struct call c = begin(CALL_GROUP);
	int status = __real_s2_group(tree, cpu, ipa, size);

	return end_range(&c, cpu, ipa, status);
}

int __real_s2_touch(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint32_t flags);
int __wrap_s2_touch(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint32_t flags);
int __wrap_s2_touch(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint32_t flags)
{
	struct call c = begin(CALL_TOUCH);
	int status = __real_s2_touch(tree, cpu, ipa, flags);

	c.argument[0] = ipa;
	c.argument[1] = flags;
	return status ? status : end(&c, status);
}

int __real_s2_collapse(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint32_t level,
		       uint32_t flags);
int __wrap_s2_collapse(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint32_t level,
		       uint32_t flags);
int __wrap_s2_collapse(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t ipa, uint32_t level,
		       uint32_t flags)
{
	struct call c = begin(CALL_COLLAPSE);
	int status = __real_s2_collapse(tree, cpu, ipa, level, flags);

	c.argument[0] = ipa;
	c.argument[1] = level;
	c.argument[2] = flags;
	return status ? status : end(&c, status);
}

int __real_s2_flush(struct s2_tree *tree, struct s2_cpu *cpu);
int __wrap_s2_flush(struct s2_tree *tree, struct s2_cpu *cpu);
int __wrap_s2_flush(struct s2_tree *tree, struct s2_cpu *cpu)
{
	struct call c = begin(CALL_FLUSH);

	return end(&c, __real_s2_flush(tree, cpu));
}

/* --- read-side sections ------------------------------------------------------------- */

#define SECTION(name, event)                                 \
	int __real_##name(struct s2_qsbr *q, uint32_t slot); \
	int __wrap_##name(struct s2_qsbr *q, uint32_t slot); \
	int __wrap_##name(struct s2_qsbr *q, uint32_t slot)  \
	{                                                    \
		int status;                                  \
                                                             \
		record_lock();                               \
		status = __real_##name(q, slot);             \
		record_vttbr();                              \
		record_section(event);                       \
		record_unlock();                             \
		return status;                               \
	}

SECTION(s2_qsbr_online, RECORD_ONLINE)
SECTION(s2_qsbr_quiescent, RECORD_QUIESCENT)
SECTION(s2_qsbr_offline, RECORD_OFFLINE)

/* --- pages ---------------------------------------------------------------------------- */

int __real_s2_cache_put(struct s2_cache *cache, void *page);
int __wrap_s2_cache_put(struct s2_cache *cache, void *page);
int __wrap_s2_cache_put(struct s2_cache *cache, void *page)
{
	record_lock();
	record_page(page);
	record_unlock();
	return __real_s2_cache_put(cache, page);
}

int __real_s2_reclaim(struct s2_tree *tree, struct s2_cpu *cpu);
int __wrap_s2_reclaim(struct s2_tree *tree, struct s2_cpu *cpu);
int __wrap_s2_reclaim(struct s2_tree *tree, struct s2_cpu *cpu)
{
	const uint64_t *before = cpu->cache.head;
	int status = __real_s2_reclaim(tree, cpu);

	record_freed(&cpu->cache, before);
	return status;
}

/* --- the end ---------------------------------------------------------------------------- */

_Noreturn void __real_semihost_exit(int status);
_Noreturn void __wrap_semihost_exit(int status);
_Noreturn void __wrap_semihost_exit(int status)
{
	if (status == 0)
		record_write();
	__real_semihost_exit(status);
}
