/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * A text of what is mapped, a line for each range, without a libc.
 *
 * Invariant: no line is longer than S2_DUMP_LINE.  The longest is that of a leaf, and
 * each of its parts has a width that the architecture bounds: addresses of 52 bits (13
 * digits each), four sizes of at most 2^52 (13 digits in K), a few words.
 */
#include "inspect.h"

#define ADDRESS_DIGITS 13u
#define DESC_DIGITS 16u

struct dump {
	char line[S2_DUMP_LINE];
	unsigned int n; /* characters in it */
	s2_print *print;
	void *arg;
};

static void put(struct dump *d, char c)
{
	d->line[d->n++] = c;
}

static void put_text(struct dump *d, const char *text)
{
	while (*text)
		put(d, *text++);
}

/* The last `digits` of it. */
static void put_hex(struct dump *d, uint64_t value, unsigned int digits)
{
	while (digits--)
		put(d, "0123456789abcdef"[value >> 4 * digits & 0xf]);
}

static unsigned int hex_digits(uint64_t value)
{
	unsigned int digits = 1;

	while (value >>= 4)
		digits++;
	return digits;
}

static void put_decimal(struct dump *d, uint64_t value)
{
	uint64_t unit = 1;

	while (value / unit >= 10)
		unit *= 10;
	for (; unit; unit /= 10)
		put(d, (char)('0' + value / unit % 10));
}

/* A multiple of the granule: K always divides it. */
static void put_size(struct dump *d, uint64_t bytes)
{
	const char *unit = "KMGT";

	for (bytes >>= 10; !(bytes & 0x3ff) && unit[1]; bytes >>= 10)
		unit++;
	put_decimal(d, bytes);
	put(d, *unit);
}

static void put_permissions(struct dump *d, s2_attr attr)
{
	put(d, attr & S2_R ? 'r' : '-');
	put(d, attr & S2_W ? 'w' : '-');
	put(d, attr & S2_X ? 'x' : '-');
	if ((attr & S2_X) == S2_X_EL1)
		put_text(d, "/el1");
	if ((attr & S2_X) == S2_X_EL0)
		put_text(d, "/el0");
}

static const char *memory(s2_attr attr)
{
	switch (attr & S2_MEM_MASK) {
	case S2_NORMAL:
		return " normal";
	case S2_NORMAL_NC:
		return " nc";
	default:
		return " device";
	}
}

static void put_state(struct dump *d, s2_attr attr)
{
	if (attr & S2_OLD)
		put_text(d, " old");
	if (attr & S2_LOG)
		put_text(d, attr & S2_DIRTY ? " dirty" : " log");
	if (attr & S2_SW_MASK) {
		put_text(d, " sw=");
		put_decimal(d, (attr & S2_SW_MASK) / S2_SW(1));
	}
}

static void put_leaf(struct dump *d, const struct s2_range *r)
{
	put_text(d, " pa ");
	put_hex(d, r->pa, ADDRESS_DIGITS);
	put(d, ' ');
	put_permissions(d, r->attr);
	put_text(d, memory(r->attr));
	for (unsigned int level = 0; level < S2_LEVELS; level++) {
		if (!r->bytes[level])
			continue;
		put_text(d, " L");
		put_decimal(d, level);
		put(d, '=');
		put_size(d, r->bytes[level]);
	}
	put_state(d, r->attr);
}

static void put_annotation(struct dump *d, s2_desc desc)
{
	put_text(d, " owner ");
	put_decimal(d, s2_desc_owner(desc));
	put_text(d, " payload 0x");
	put_hex(d, s2_desc_payload(desc), hex_digits(s2_desc_payload(desc)));
}

static void put_corrupt(struct dump *d, const struct s2_range *r)
{
	unsigned int level = 0;

	while (!r->bytes[level])
		level++;
	put_text(d, " corrupt ");
	put_hex(d, r->desc, DESC_DIGITS);
	put_text(d, " level ");
	put_decimal(d, level);
}

static void put_range(struct dump *d, const struct s2_range *r)
{
	put_hex(d, r->ipa, ADDRESS_DIGITS);
	put(d, '-');
	put_hex(d, r->ipa + r->size - 1, ADDRESS_DIGITS);
	switch (r->kind) {
	case S2_KIND_LEAF:
		put_leaf(d, r);
		break;
	case S2_KIND_ANNOTATED:
		put_annotation(d, r->desc);
		break;
	case S2_KIND_CORRUPT:
		put_corrupt(d, r);
		break;
	default:
		put_text(d, r->kind == S2_KIND_LOCKED ? " locked" : " empty");
	}
	put(d, '\n');
	put(d, '\0');
}

static int print_range(const struct s2_range *r, void *arg)
{
	struct dump *d = arg;

	d->n = 0;
	put_range(d, r);
	d->print(d->line, d->arg);
	return S2_OK;
}

int s2_dump(const struct s2_tree *tree, struct s2_span *span, uint32_t flags, s2_print *print,
	    void *arg)
{
	struct dump d;

	if (!print)
		return S2_INVALID;
	d.print = print;
	d.arg = arg;
	return s2_ranges(tree, span, flags, print_range, &d);
}
