/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bad.h"
#include "image.h"

static void map_file(struct image *image)
{
	int fd = open(image->name, O_RDONLY | O_CLOEXEC);
	struct stat stat;
	void *bytes;

	if (fd < 0 || fstat(fd, &stat))
		bad(image->name, "%s", strerror(errno));
	if (!S_ISREG(stat.st_mode))
		bad(image->name, "no regular file");
	if (stat.st_size < 8)
		bad(image->name, "too short for a single entry");
	bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		bad(image->name, "%s", strerror(errno));
	(void)close(fd);
	image->bytes = bytes;
	image->size = (uint64_t)stat.st_size;
}

static void add_piece(struct image *image, uint64_t pa, uint64_t size, uint64_t offset)
{
	void *piece = realloc(image->piece, (image->pieces + 1) * sizeof(struct piece));

	if (!piece)
		bad(image->name, "no memory");
	image->piece = piece;
	image->piece[image->pieces++] = (struct piece){pa, size, offset};
}

static void check_header(const struct image *image, const Elf64_Ehdr *header)
{
	if (image->size < sizeof(*header))
		bad(image->name, "an ELF header of %zu bytes, but the file has %" PRIu64,
		    sizeof(*header), image->size);
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
		bad(image->name, "offset 4: not of 64 bits, little-endian");
	if (header->e_type != ET_CORE)
		bad(image->name, "offset 16: an ELF file, but no core");
	if (header->e_phentsize != sizeof(Elf64_Phdr))
		bad(image->name, "offset 54: program headers of %u bytes, not %zu",
		    header->e_phentsize, sizeof(Elf64_Phdr));
}

/* A core of more than 65534 segments has their number in its first section header. */
static uint64_t segments(const struct image *image, const Elf64_Ehdr *header)
{
	Elf64_Shdr section;

	if (header->e_phnum != PN_XNUM)
		return header->e_phnum;
	if (header->e_shoff > image->size || image->size - header->e_shoff < sizeof(section))
		bad(image->name,
		    "offset 40: its section header is beyond the file's %" PRIu64 " bytes",
		    image->size);
	memcpy(&section, image->bytes + header->e_shoff, sizeof(section));
	return section.sh_info;
}

static void add_segment(struct image *image, uint64_t offset)
{
	Elf64_Phdr segment;

	if (offset > image->size || image->size - offset < sizeof(segment))
		bad(image->name,
		    "offset %#" PRIx64 ": a program header beyond the file's %" PRIu64 " bytes",
		    offset, image->size);
	memcpy(&segment, image->bytes + offset, sizeof(segment));
	if (segment.p_type != PT_LOAD || !segment.p_filesz)
		return;
	if (segment.p_offset > image->size || image->size - segment.p_offset < segment.p_filesz)
		bad(image->name,
		    "offset %#" PRIx64 ": a segment beyond the file's %" PRIu64
		    " bytes: truncated?",
		    offset, image->size);
	if (segment.p_paddr + segment.p_filesz < segment.p_paddr)
		bad(image->name, "offset %#" PRIx64 ": a segment that wraps around", offset);
	add_piece(image, segment.p_paddr, segment.p_filesz, segment.p_offset);
}

static void read_core(struct image *image)
{
	Elf64_Ehdr header = {.e_phoff = 0};
	uint64_t n;

	memcpy(&header, image->bytes,
	       image->size < sizeof(header) ? (size_t)image->size : sizeof(header));
	check_header(image, &header);
	n = segments(image, &header);
	for (uint64_t i = 0; i < n; i++)
		add_segment(image, header.e_phoff + i * sizeof(Elf64_Phdr));
	if (!image->pieces)
		bad(image->name, "a core without any memory");
}

void image_open(struct image *image, const char *name, bool has_base, uint64_t base)
{
	*image = (struct image){.name = name};
	map_file(image);
	if (has_base || memcmp(image->bytes, ELFMAG, SELFMAG) != 0) {
		if (!has_base && !memcmp(image->bytes, "KDUMP   ", 8))
			bad(name, "compressed by kdump: take the dump as ELF");
		if (base + image->size < base)
			bad("--base", "%#" PRIx64 " and %" PRIu64 " bytes wrap around", base,
			    image->size);
		add_piece(image, base, image->size, 0);
		return;
	}
	read_core(image);
}

static bool is_in(const struct piece *piece, uint64_t pa)
{
	return pa >= piece->pa && piece->size >= 8 && pa - piece->pa <= piece->size - 8;
}

bool image_read(struct image *image, uint64_t pa, uint64_t *value)
{
	for (size_t n = 0; n < image->pieces; n++) {
		size_t i = (image->last + n) % image->pieces;
		const struct piece *piece = &image->piece[i];

		if (is_in(piece, pa)) {
			image->last = i;
			memcpy(value, image->bytes + piece->offset + (pa - piece->pa), 8);
			*value = le64toh(*value);
			return true;
		}
	}
	return false;
}
