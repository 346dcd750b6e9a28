/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Changes of ranges, each brought to its end: a call of the engine's may stop
 * early because its budget is used up or its cache is empty, and goes on then.
 */
#ifndef HYPERVISOR_CHANGE_H
#define HYPERVISOR_CHANGE_H

#include <stdint.h>

#include <stage2/stage2.h>

struct vcpu;

struct range {
	uint64_t ipa;
	uint64_t size;
};

/* What was there is gone when they return. */
void change_unmap(struct vcpu *v, struct range r);
void change_map(struct vcpu *v, struct range r, uint64_t pa, s2_attr attr);

/* What is at home, while there is no log, and no vCPU is working on it: it may leave a part as it was. */
void change_map_home(struct vcpu *v, struct range r, s2_attr attr);

/*
 * Is gone after s2_flush().  Never waits, and may leave a part as it was: two
 * vCPUs that wait for what the other has deferred would wait for ever.
 */
void change_unmap_deferred(struct vcpu *v, struct range r);

/* To pages; the first one may leave a part as it was. */
void change_split(struct vcpu *v, struct range r);
void change_split_all(struct vcpu *v, struct range r);

/* Forms contiguous groups of what fits. */
void change_group(struct vcpu *v, struct range r);

/* Takes permissions; makes what is young old, and counts it. */
void change_protect(struct vcpu *v, struct range r, s2_attr take);
void change_age(struct vcpu *v, struct range r);

/* The dirty log of the range; what is collected goes into `map`. */
void change_log_start(struct vcpu *v, struct range r);
void change_log_collect(struct vcpu *v, struct range r, struct s2_bitmap *map);
void change_log_stop(struct vcpu *v, struct range r, struct s2_bitmap *map);

#endif
