/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Fibers: the engine's operations, stopped before each step that matters.
 *
 * Exploration replays a run from its beginning some hundred thousand times, with
 * dozens of switches in each, so a switch is a few instructions and no system
 * call.  A run that is abandoned leaves its fibers where they are: the engine
 * holds nothing that would have to be given back.
 */
#include "fiber.h"

#include <stdlib.h>

#include "digest.h"

#define STACK_SIZE 65536u

struct fiber {
	_Alignas(16) unsigned char stack[STACK_SIZE];
	void *sp; /* where it stopped */
	struct m_step next; /* what it does when it goes on */
	uint64_t seen; /* the version of memory when it last began to look */
	uint64_t past; /* a digest of the steps that it has taken, and of what they have read */
	void (*body)(void *);
	void *arg;
};

static struct fiber fibers[M_FIBERS];
static void *scheduler_sp;
static int current = -1;

/* Saves the callee-saved registers and the stack pointer, loads the other's. */
void m_switch(void **save, void *load);

#if defined(__x86_64__)
__asm__(".text\n"
	".globl m_switch\n"
	"m_switch:\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	mov %rsp, (%rdi)\n"
	"	mov %rsi, %rsp\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n");
#define FRAME_WORDS 8 /* six registers, the return address, and one to align */
#define FRAME_RETURN 6
#elif defined(__aarch64__)
__asm__(".text\n"
	".globl m_switch\n"
	"m_switch:\n"
	"	stp x29, x30, [sp, #-160]!\n"
	"	stp x19, x20, [sp, #16]\n"
	"	stp x21, x22, [sp, #32]\n"
	"	stp x23, x24, [sp, #48]\n"
	"	stp x25, x26, [sp, #64]\n"
	"	stp x27, x28, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]\n"
	"	stp d10, d11, [sp, #112]\n"
	"	stp d12, d13, [sp, #128]\n"
	"	stp d14, d15, [sp, #144]\n"
	"	mov x9, sp\n"
	"	str x9, [x0]\n"
	"	mov sp, x1\n"
	"	ldp x19, x20, [sp, #16]\n"
	"	ldp x21, x22, [sp, #32]\n"
	"	ldp x23, x24, [sp, #48]\n"
	"	ldp x25, x26, [sp, #64]\n"
	"	ldp x27, x28, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n"
	"	ldp d10, d11, [sp, #112]\n"
	"	ldp d12, d13, [sp, #128]\n"
	"	ldp d14, d15, [sp, #144]\n"
	"	ldp x29, x30, [sp], #160\n"
	"	ret\n");
#define FRAME_WORDS 20
#define FRAME_RETURN 1
#else
#error "machine/fiber.c knows x86-64 and AArch64"
#endif

static void enter(void)
{
	struct fiber *f = &fibers[current];

	f->body(f->arg);
	f->next = (struct m_step){.kind = M_STEP_NONE};
	m_switch(&f->sp, scheduler_sp);
	abort();
}

static void go(unsigned int fiber)
{
	current = (int)fiber;
	m_switch(&scheduler_sp, fibers[fiber].sp);
	current = -1;
}

void m_fiber_start(unsigned int fiber, void (*body)(void *), void *arg)
{
	struct fiber *f = &fibers[fiber];
	void **frame = (void **)(void *)(f->stack + STACK_SIZE) - FRAME_WORDS;

	for (int i = 0; i < FRAME_WORDS; i++)
		frame[i] = NULL;
	frame[FRAME_RETURN] = (void *)(uintptr_t)enter;
	f->sp = frame;
	f->past = 0;
	f->body = body;
	f->arg = arg;
	go(fiber);
}

void m_fiber_run(unsigned int fiber)
{
	m_fiber_saw(fiber, fibers[fiber].next.kind);
	go(fiber);
}

void m_fiber_saw(unsigned int fiber, uint64_t value)
{
	fibers[fiber].past = m_mix(fibers[fiber].past, value);
}

/* Nothing else makes a difference to it but whether it may look again when it next waits. */
uint64_t m_fiber_digest(unsigned int fiber)
{
	return m_mix(fibers[fiber].past, fibers[fiber].seen != m_version(fiber));
}

struct m_step m_fiber_step(unsigned int fiber)
{
	return fibers[fiber].next;
}

bool m_fiber_ready(unsigned int fiber)
{
	const struct fiber *f = &fibers[fiber];

	if (f->next.kind == M_STEP_NONE)
		return false;
	return f->next.kind != M_STEP_WAIT || f->seen != m_version(fiber);
}

int m_fiber_current(void)
{
	return current;
}

void m_fiber_pause(struct m_step next)
{
	struct fiber *f;

	if (current < 0)
		return;
	f = &fibers[current];
	f->next = next;
	m_switch(&f->sp, scheduler_sp);
	if (next.kind == M_STEP_WAIT || next.kind == M_STEP_CALL)
		f->seen = m_version((unsigned int)(f - fibers));
}

void m_fibers_forget(void)
{
	for (unsigned int i = 0; i < M_FIBERS; i++)
		fibers[i].next = (struct m_step){.kind = M_STEP_NONE};
}
