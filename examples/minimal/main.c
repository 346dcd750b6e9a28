/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The smallest hypervisor on the library: one CPU, one guest, and nothing mapped for it
 * until it asks.
 *
 * It runs at EL2 of QEMU's virt board.  docs/tutorial.md goes through it.
 */
#include <stage2/platform.h>
#include <stage2/stage2.h>

#define PAGE UINT64_C(4096)
#define RAM UINT64_C(0x40000000) /* of the board */
#define GUEST_RAM UINT64_C(0x80000000) /* where the guest has its pages, its code first */
#define GUEST_PAGES 65u
#define CALL 0x16u /* ESR_EL2.EC: HVC, and the two aborts of a lower level */
#define INSTRUCTION_ABORT 0x20u
#define DATA_ABORT 0x24u

#define READ(reg)                                                 \
	({                                                        \
		uint64_t value_;                                  \
		__asm__ volatile("mrs %0, " #reg : "=r"(value_)); \
		value_;                                           \
	})
#define WRITE(reg, value) __asm__ volatile("msr " #reg ", %0" ::"r"((uint64_t)(value)) : "memory")

int main(void);
void handle_exit(uint64_t x0);
void *memset(void *to, int value, size_t size);
_Noreturn void enter_guest(uint64_t pc);
extern unsigned char guest_code[];

/* Where tables may lie, and that EL2 sees memory where it is. */
struct s2p_memory s2p_memory = {.base = RAM, .size = UINT64_C(0x40000000), .offset = 0};

static _Alignas(8192) unsigned char root[8192];
static _Alignas(4096) unsigned char tables[8][4096];
static _Alignas(4096) unsigned char guest_memory[GUEST_PAGES][4096];
static struct s2_format fmt;
static struct s2_tree guest;
static struct s2_cpu cpu;
static unsigned int faults;

/* Compilers call it by themselves. */
void *memset(void *to, int value, size_t size)
{
	for (unsigned char *at = to; size; size--)
		*at++ = (unsigned char)value;
	return to;
}

static void print(const char *text)
{
	volatile unsigned int *uart = (volatile unsigned int *)0x09000000;

	while (*text)
		*uart = (unsigned char)*text++;
}

static void print_number(const char *name, uint64_t n)
{
	char digits[24];
	char *at = &digits[23];

	*at = '\0';
	do
		*--at = (char)('0' + n % 10);
	while (n /= 10);
	print(name);
	print(at);
}

/* PSCI SYSTEM_OFF. */
static _Noreturn void power_off(void)
{
	register uint64_t x0 __asm__("x0") = 0x84000008;

	__asm__ volatile("smc #0" : "+r"(x0));
	for (;;)
		;
}

static _Noreturn void give_up(const char *why)
{
	print(why);
	print("\n");
	power_off();
}

/* What the guest has at a page of its own: its code, which came with the hypervisor, or RAM. */
static uint64_t backing_of(uint64_t ipa)
{
	uint64_t page = (ipa - GUEST_RAM) / PAGE;

	if (page >= GUEST_PAGES)
		give_up("minimal: the guest is beyond its memory");
	return (uint64_t)(uintptr_t)(page ? guest_memory[page] : guest_code);
}

static void handle_fault(void)
{
	uint64_t ipa = READ(hpfar_el2) >> 4 << 12;
	int status = s2_map(&guest, &cpu, ipa, PAGE, backing_of(ipa), S2_RWX, S2_FAULT | S2_PAGES);

	if (status && status != S2_RETRY)
		give_up("minimal: s2_map() failed");
	faults++;
}

static void handle_call(uint64_t x0)
{
	print_number("minimal: the guest says ", x0);
	print_number(", after faults ", faults);
	print_number(", with tables ", guest.tables);
	if (s2_destroy(&guest, &cpu) || guest.tables)
		give_up(", and tables are left");
	give_up(x0 == 64 * 65 / 2 ? ", which is right" : ", which is wrong");
}

void handle_exit(uint64_t x0)
{
	uint64_t reason = READ(esr_el2) >> 26;

	if (reason == CALL)
		handle_call(x0);
	if (reason != INSTRUCTION_ABORT && reason != DATA_ABORT)
		give_up("minimal: an exit that nobody knows");
	handle_fault();
}

int main(void)
{
	const struct s2_config config = {
		.granule_shift = S2_GRANULE_4K, .ipa_bits = 40, .pa_bits = 40, .vmid_bits = 8};
	const struct s2_tree_config tree = {.fmt = &fmt, .root = root, .vmid = 1};

	if (s2_format_init(&fmt, &config) || fmt.root_size > sizeof(root) ||
	    s2_init(&guest, &tree) || s2_cpu_init(&cpu, fmt.granule_shift))
		give_up("minimal: the library refuses the format");
	for (unsigned int i = 0; i < 8; i++)
		s2_cache_put(&cpu.cache, tables[i]);
	WRITE(vtcr_el2, fmt.vtcr);
	WRITE(vttbr_el2, guest.vttbr);
	WRITE(hcr_el2, UINT64_C(1) << 31 | fmt.hcr); /* RW: the guest is AArch64 */
	__asm__ volatile("isb\n\ttlbi vmalls12e1is\n\tdsb ish\n\tisb" ::: "memory");
	print_number("minimal: a guest on page ", GUEST_RAM / PAGE);
	print(", nothing is mapped yet\n");
	enter_guest(GUEST_RAM);
}
