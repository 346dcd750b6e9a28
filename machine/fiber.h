/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Between the fibers and the model.
 */
#ifndef M_FIBER_H
#define M_FIBER_H

#include "machine.h"

/* Stops the running fiber until the scheduler lets it take `next`.  Outside of fibers: nothing. */
void m_fiber_pause(struct m_step next);

/* No fiber has anything left to do. */
void m_fibers_forget(void);

/* Counts what other CPUs write: a fiber that waits looks again once this has moved. */
uint64_t m_version(unsigned int fiber);

#endif
