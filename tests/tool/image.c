/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Images for the tests of the command.
 *
 *	image build FILE 4K|16K|64K	tables that the library builds; prints VTTBR_EL2 and
 *					VTCR_EL2, and then what s2_dump() says of them
 *	image zero FILE SIZE		a raw image of nothing
 *	image poke FILE OFFSET VALUE	one entry, at an offset
 *	image fill FILE OFFSET VALUE	512 of them, all alike
 *	image core RAW BASE FILE	the raw image as an ELF core of two segments, which
 *					begins at BASE in memory
 */
#include <elf.h>
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stage2/inspect.h>
#include <stage2/stage2.h>

#include "host.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define ARENA (2 * GIB)
#define ARENA_SIZE (16 * MIB)

static void must(bool well, const char *what)
{
	if (well)
		return;
	(void)fprintf(stderr, "image: %s failed\n", what);
	exit(1);
}

static void write_file(const char *name, const void *bytes, size_t size)
{
	FILE *file = fopen(name, "w");

	must(file && fwrite(bytes, 1, size, file) == size && !fclose(file), name);
}

static void *read_file(const char *name, size_t *size)
{
	FILE *file = fopen(name, "r");
	char *bytes = malloc(ARENA_SIZE);

	must(file && bytes, name);
	*size = fread(bytes, 1, ARENA_SIZE, file);
	(void)fclose(file);
	return bytes;
}

static void print(const char *line, void *arg)
{
	(void)arg;
	(void)fputs(line, stdout);
}

/* A bit of everything: blocks, pages, holes, owners, ages, logs. */
static void fill(struct s2_tree *tree, struct s2_cpu *cpu, uint64_t page)
{
	uint64_t block = page * page / 8;

	must(!s2_map(tree, cpu, 4 * GIB, 2 * block, 8 * GIB, S2_RWX, 0), "map blocks");
	must(!s2_unmap(tree, cpu, 4 * GIB + 3 * page, page, 0), "unmap a page");
	must(!s2_map(tree, cpu, 4 * GIB + 5 * page, 2 * page, 12 * GIB,
		     S2_R | S2_NORMAL_NC | S2_OLD | S2_SW(3), 0),
	     "map old pages");
	must(!s2_map(tree, cpu, 4 * GIB + 2 * block, page, 1 * GIB, S2_RW | S2_DEVICE, 0),
	     "map a device");
	must(!s2_map(tree, cpu, 4 * GIB + 2 * block + page, page, 1 * GIB + page, S2_RW | S2_LOG,
		     0),
	     "map a log");
	must(!s2_map(tree, cpu, 4 * GIB + 2 * block + 2 * page, page, 1 * GIB + 2 * page,
		     S2_RW | S2_LOG | S2_DIRTY, 0),
	     "map what is dirty");
	must(!s2_annotate(tree, cpu, 4 * GIB + 2 * block + 4 * page, page, 7, 0x12, 0), "annotate");
}

static unsigned int granule(const char *name)
{
	return *name == '4' ? 12 : *name == '1' ? 14 : 16;
}

static int build(const char *file, const char *size)
{
	const struct s2_config config = {.granule_shift = (uint8_t)granule(size),
					 .ipa_bits = 40,
					 .pa_bits = 48,
					 .vmid_bits = 8};
	static struct s2_format fmt;
	static struct s2_tree tree;
	static struct s2_cpu cpu;
	struct s2_span span = {.size = UINT64_C(1) << 40};

	must(!s2_host_open(ARENA, ARENA_SIZE, config.granule_shift), "the arena");
	must(!s2_format_init(&fmt, &config), "the format");
	const struct s2_tree_config as = {
		.fmt = &fmt, .root = s2_host_alloc(fmt.root_size), .vmid = 3, .owned = true};

	must(!s2_cpu_init(&cpu, fmt.granule_shift) && !s2_init(&tree, &as), "the tree");
	for (int i = 0; i < 16; i++)
		s2_cache_put(&cpu.cache, s2_host_alloc(UINT64_C(1) << fmt.granule_shift));
	fill(&tree, &cpu, UINT64_C(1) << fmt.granule_shift);
	(void)printf("%#" PRIx64 " %#" PRIx64 "\n", tree.vttbr, fmt.vtcr);
	must(!s2_dump(&tree, &span, S2_MERGE_ALL, print, NULL), "s2_dump()");
	write_file(file, s2_host_arena.base, ARENA_SIZE);
	return 0;
}

static int zero(const char *file, const char *size)
{
	size_t n = strtoull(size, NULL, 0);
	void *bytes = calloc(1, n);

	must(bytes, "memory");
	write_file(file, bytes, n);
	free(bytes);
	return 0;
}

static int poke(const char *name, const char *offset, const char *value, unsigned int n)
{
	uint64_t entry = htole64(strtoull(value, NULL, 0));
	FILE *file = fopen(name, "r+");

	must(file && !fseek(file, (long)strtoull(offset, NULL, 0), SEEK_SET), name);
	while (n--)
		must(fwrite(&entry, 8, 1, file) == 1, name);
	must(!fclose(file), name);
	return 0;
}

/* A note, and the halves of the memory with the later one first. */
static int core(const char *raw, const char *base, const char *name)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment[3];
	} elf = {.header = {.e_type = ET_CORE,
			    .e_machine = EM_AARCH64,
			    .e_version = EV_CURRENT,
			    .e_phoff = sizeof(Elf64_Ehdr),
			    .e_ehsize = sizeof(Elf64_Ehdr),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = 3}};
	uint64_t pa = strtoull(base, NULL, 0);
	size_t size;
	char *bytes = read_file(raw, &size);
	FILE *file = fopen(name, "w");

	memcpy(elf.header.e_ident, ELFMAG, SELFMAG);
	elf.header.e_ident[EI_CLASS] = ELFCLASS64;
	elf.header.e_ident[EI_DATA] = ELFDATA2LSB;
	elf.header.e_ident[EI_VERSION] = EV_CURRENT;
	elf.segment[0] = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = sizeof(elf)};
	elf.segment[1] = (Elf64_Phdr){.p_type = PT_LOAD,
				      .p_offset = sizeof(elf) + size / 2,
				      .p_paddr = pa + size / 2,
				      .p_filesz = size - size / 2};
	elf.segment[2] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_offset = sizeof(elf), .p_paddr = pa, .p_filesz = size / 2};
	must(file, name);
	must(fwrite(&elf, sizeof(elf), 1, file) == 1, name);
	must(fwrite(bytes, 1, size, file) == size, name);
	must(!fclose(file), name);
	free(bytes);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "build"))
		return build(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "zero"))
		return zero(argv[2], argv[3]);
	if (argc == 5 && !strcmp(argv[1], "poke"))
		return poke(argv[2], argv[3], argv[4], 1);
	if (argc == 5 && !strcmp(argv[1], "fill"))
		return poke(argv[2], argv[3], argv[4], 512);
	if (argc == 5 && !strcmp(argv[1], "core"))
		return core(argv[2], argv[3], argv[4]);
	(void)fprintf(stderr, "usage: image build|zero|poke|fill|core ...\n");
	return 2;
}
