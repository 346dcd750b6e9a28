/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * stage2 format: all that follows from a granule and two sizes.
 */
#include <inttypes.h>
#include <stdio.h>

#include "bad.h"
#include "command.h"
#include "features.h"
#include "json.h"
#include "number.h"
#include "settings.h"

struct arguments {
	struct settings settings;
	bool c;
};

enum { KEY_C = 0x300 };

static const struct argp_option options[] = {
	{"c", KEY_C, NULL, 0, "Print initialisers for a C file", 1},
	{NULL},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		settings_init(state, settings_format);
		return 0;
	case KEY_C:
		a->c = true;
		return 0;
	case ARGP_KEY_ARG:
		bad(arg, "an argument too many");
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Levels, root, block and contiguous sizes, and register values of a translation.",
	.children = settings_format,
};

static unsigned int entries(const struct s2_format *fmt, unsigned int level)
{
	unsigned int top = s2_level_shift(fmt, level) + fmt->index_bits;

	if (level != fmt->start_level)
		return 1u << fmt->index_bits;
	return fmt->root_tables > 1 || fmt->ipa_bits >= top
		       ? fmt->root_tables << fmt->index_bits
		       : 1u << (fmt->ipa_bits - s2_level_shift(fmt, level));
}

static uint64_t group_size(const struct s2_format *fmt, unsigned int level)
{
	return (uint64_t)s2_level_group(fmt, level) << s2_level_shift(fmt, level);
}

static void print_level(const struct s2_format *fmt, unsigned int level)
{
	bool leaf = s2_level_has_leaf(fmt, level);
	bool group = s2_level_group(fmt, level) > 1;

	(void)printf("level %u       %5u entries of %-5s %-16s", level, entries(fmt, level),
		     size_text(s2_level_size(fmt, level)),
		     !leaf		      ? "table"
		     : level == S2_LAST_LEVEL ? "page"
					      : "block or table");
	if (group)
		(void)printf(" contiguous %u = %s", s2_level_group(fmt, level),
			     size_text(group_size(fmt, level)));
	(void)putchar('\n');
}

static void print_table(const struct s2_format *fmt)
{
	(void)printf("granule       %s\n", size_text(UINT64_C(1) << fmt->granule_shift));
	(void)printf("IPA           %u bits, %s\n", fmt->ipa_bits,
		     size_text(UINT64_C(1) << fmt->ipa_bits));
	(void)printf("PA            %u bits\n", fmt->pa_bits);
	(void)printf("walk          levels %u to %u\n", fmt->start_level, S2_LAST_LEVEL);
	(void)printf("root          %u table%s, %s, aligned to %s\n", fmt->root_tables,
		     fmt->root_tables > 1 ? "s, concatenated" : "", size_text(fmt->root_size),
		     size_text(fmt->root_size));
	for (unsigned int level = fmt->start_level; level <= S2_LAST_LEVEL; level++)
		print_level(fmt, level);
	(void)printf("VTCR_EL2      %#" PRIx64 "\n", fmt->vtcr);
	(void)printf("VTTBR_EL2     VMID << 48 | root%s%s\n",
		     fmt->pa_bits > 48 ? ", its bits 51:48 in 5:2" : "",
		     fmt->features & S2_FEAT_CNP ? " | 1 (CnP)" : "");
	(void)printf("HCR_EL2       %#" PRIx64 " and what the rest needs\n", fmt->hcr);
}

static void print_c(const struct s2_format *fmt)
{
	(void)printf("static const struct s2_config config = {\n\t.granule_shift = S2_GRANULE_%s,\n"
		     "\t.ipa_bits = %u,\n\t.pa_bits = %u,\n\t.vmid_bits = %u,\n\t.features = "
		     "%s,\n};\n\n",
		     size_text(UINT64_C(1) << fmt->granule_shift), fmt->ipa_bits, fmt->pa_bits,
		     fmt->vmid_bits, features_c(fmt->features));
	(void)printf("#define START_LEVEL %u\n#define ROOT_TABLES %u\n"
		     "#define ROOT_SIZE UINT64_C(%#" PRIx64 ")\n"
		     "#define VTCR_EL2_VALUE UINT64_C(%#" PRIx64 ")\n"
		     "#define HCR_EL2_BITS UINT64_C(%#" PRIx64 ")\n",
		     fmt->start_level, fmt->root_tables, fmt->root_size, fmt->vtcr, fmt->hcr);
}

static json_t *level_json(const struct s2_format *fmt, unsigned int level)
{
	json_t *json = json_object();

	json_put(json, "level", json_integer(level));
	json_put(json, "entries", json_integer(entries(fmt, level)));
	json_put(json, "entry_size", json_hex(s2_level_size(fmt, level)));
	json_put(json, "leaf", json_boolean(s2_level_has_leaf(fmt, level)));
	json_put(json, "contiguous", json_integer(s2_level_group(fmt, level)));
	return json;
}

static void print_json(const struct s2_format *fmt)
{
	json_t *json = json_object(), *levels = json_array();

	json_put(json, "granule", json_integer(1 << fmt->granule_shift));
	json_put(json, "ipa_bits", json_integer(fmt->ipa_bits));
	json_put(json, "pa_bits", json_integer(fmt->pa_bits));
	json_put(json, "vmid_bits", json_integer(fmt->vmid_bits));
	json_put(json, "start_level", json_integer(fmt->start_level));
	json_put(json, "root_tables", json_integer(fmt->root_tables));
	json_put(json, "root_size", json_hex(fmt->root_size));
	for (unsigned int level = fmt->start_level; level <= S2_LAST_LEVEL; level++)
		(void)json_array_append_new(levels, level_json(fmt, level));
	json_put(json, "levels", levels);
	json_put(json, "vtcr", json_hex(fmt->vtcr));
	json_put(json, "hcr", json_hex(fmt->hcr));
	json_print(json);
}

int command_format(int argc, char **argv)
{
	struct arguments a = {.c = false};
	struct s2_format fmt;

	settings_parse(&argp, argc, argv, &a);
	/* The sizes of contiguous groups are asked for, whoever uses them. */
	a.settings.config.features |= a.c ? 0 : S2_FEAT_CONTIG;
	settings_complete(&fmt, &a.settings);
	if (a.settings.json)
		print_json(&fmt);
	else if (a.c)
		print_c(&fmt);
	else
		print_table(&fmt);
	return FINE;
}
