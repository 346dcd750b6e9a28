/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Memory in a file: a raw one that begins at a physical address, or an ELF core, such as
 * QEMU's dump-guest-memory writes it.
 */
#ifndef TOOL_IMAGE_H
#define TOOL_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct piece {
	uint64_t pa;
	uint64_t size;
	uint64_t offset; /* in the file */
};

struct image {
	const char *name;
	const unsigned char *bytes;
	uint64_t size;
	struct piece *piece;
	size_t pieces;
	size_t last; /* where something was found last */
};

/* Raw if a base is given, or if it is no ELF file (then from 0 on).  bad() if it makes no sense. */
void image_open(struct image *image, const char *name, bool has_base, uint64_t base);

/* False if the eight bytes at `pa` are not all in it. */
bool image_read(struct image *image, uint64_t pa, uint64_t *value);

#endif
