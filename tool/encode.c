/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * stage2 encode: the reverse of explain.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "attr.h"
#include "bad.h"
#include "command.h"
#include "entry.h"
#include "json.h"
#include "number.h"
#include "regime.h"
#include "status.h"
#include "tlbi.h"

enum { KEY_FIRST = 0x300, LEVEL = 0, PA, ATTR, CONTIGUOUS, OWNER, PAYLOAD, ROOT, VMID, IPA, PAGES };

#define HAS(key) (1u << (key))

struct arguments {
	struct settings settings;
	const char *word[2];
	unsigned int words;
	unsigned int given; /* of the options below */
	uint64_t value[PAGES + 1];
	s2_attr attr;
};

static const struct argp_option options[] = {
	{"level", KEY_FIRST + LEVEL, "N", 0, "leaf: its level; tlbi: of the hint (none)", 1},
	{"pa", KEY_FIRST + PA, "ADDRESS", 0, "leaf: output address; table: its address", 1},
	{"attr", KEY_FIRST + ATTR, "LIST", 0,
	 "leaf: such as rwx,normal: permissions, normal, nc or device, old, log, dirty, sw=0..7",
	 1},
	{"contiguous", KEY_FIRST + CONTIGUOUS, NULL, 0, "leaf: one of a contiguous group", 1},
	{"owner", KEY_FIRST + OWNER, "N", 0, "annotation: 1..0xfff", 1},
	{"payload", KEY_FIRST + PAYLOAD, "N", 0, "annotation: 40 bits (0)", 1},
	{"root", KEY_FIRST + ROOT, "ADDRESS", 0, "vttbr: of the root", 1},
	{"vmid", KEY_FIRST + VMID, "N", 0, "vttbr: VMID (0)", 1},
	{"ipa", KEY_FIRST + IPA, "ADDRESS", 0, "tlbi: where", 1},
	{"pages", KEY_FIRST + PAGES, "N", 0, "tlbi by range: how many pages of the granule", 1},
	{NULL},
};

static const uint64_t maximum[] = {
	[LEVEL] = 3,	     [PA] = UINT64_MAX,	  [OWNER] = UINT32_MAX, [PAYLOAD] = UINT64_MAX,
	[ROOT] = UINT64_MAX, [VMID] = UINT32_MAX, [IPA] = UINT64_MAX,	[PAGES] = UINT64_MAX,
};

static const char *option_name(unsigned int option)
{
	static char name[16];

	(void)snprintf(name, sizeof(name), "--%s", options[option].name);
	return name;
}

static void take_option(struct arguments *a, unsigned int option, const char *arg)
{
	a->given |= HAS(option);
	if (option == ATTR)
		a->attr = attr_parse(arg);
	else if (option != CONTIGUOUS)
		a->value[option] = number(option_name(option), arg, maximum[option]);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	if (key >= KEY_FIRST && key <= KEY_FIRST + PAGES) {
		take_option(a, (unsigned int)(key - KEY_FIRST), arg);
		return 0;
	}
	switch (key) {
	case ARGP_KEY_INIT:
		settings_init(state, settings_format);
		return 0;
	case ARGP_KEY_ARG:
		if (a->words == 2)
			bad(arg, "an argument too many");
		a->word[a->words++] = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "leaf\ntable\nannotation\nvtcr\nvttbr\ntlbi OP",
	.doc = "Prints the value of a descriptor, a register or the operand of a TLBI.",
	.children = settings_format,
};

static void expect(int status)
{
	const char *option = status_option(status);

	if (status)
		bad(option, "%s", status_text(status));
}

static uint64_t leaf(const struct arguments *a, const struct regime *r)
{
	unsigned int level = (unsigned int)a->value[LEVEL];
	s2_desc desc;

	expect(s2_desc_leaf(&r->fmt, level, a->value[PA], a->attr, &desc));
	if (!(a->given & HAS(CONTIGUOUS)))
		return desc;
	if (regime_group(r, (int)level) == 1)
		bad("--contiguous", "no group can be at level %u", level);
	return desc | S2_DESC_CONTIG;
}

static uint64_t table(const struct arguments *a, const struct regime *r)
{
	s2_desc desc;

	expect(s2_desc_table(&r->fmt, a->value[PA], &desc));
	return desc;
}

static uint64_t annotation(const struct arguments *a, const struct regime *r)
{
	s2_desc desc;

	(void)r;
	expect(s2_desc_annotation((uint32_t)a->value[OWNER], a->value[PAYLOAD], &desc));
	return desc;
}

static uint64_t vtcr(const struct arguments *a, const struct regime *r)
{
	(void)a;
	return r->vtcr;
}

static uint64_t vttbr(const struct arguments *a, const struct regime *r)
{
	uint64_t value;

	expect(s2_format_vttbr(&r->fmt, a->value[ROOT], (uint32_t)a->value[VMID], &value));
	return value;
}

/* TG, and the granule in TTL. */
static uint64_t granule_field(const struct regime *r)
{
	return (r->granule - 10) >> 1;
}

static void check_ipa(const struct arguments *a, const struct regime *r, unsigned int unit)
{
	uint64_t ipa = a->value[IPA];

	if (ipa >> r->ipa_bits)
		bad("--ipa", "%#" PRIx64 " has more than %u bits", ipa, r->ipa_bits);
	if (ipa & ((UINT64_C(1) << unit) - 1))
		bad("--ipa", "%#" PRIx64 " is no multiple of %s", ipa,
		    size_text(UINT64_C(1) << unit));
}

/* A level-0 hint of a range is none, and cannot be said; by IPA, only LPA2 has one. */
static void check_hint(const struct arguments *a, const struct regime *r, bool range)
{
	unsigned int level = (unsigned int)a->value[LEVEL];

	if (!(a->given & HAS(LEVEL)))
		return;
	if (!regime_has_leaf(r, (int)level) || (range && !level))
		bad("--level", "no hint can be of level %u here", level);
	if (range && a->value[IPA] & (regime_size(r, (int)level) - 1))
		bad("--ipa", "a range with a hint of level %u starts at a multiple of %s", level,
		    size_text(regime_size(r, (int)level)));
}

static uint64_t operand_ipa(const struct arguments *a, const struct regime *r)
{
	uint64_t operand = a->value[IPA] >> 12;

	if (a->given & HAS(PAGES))
		bad("--pages", "this TLBI is of one IPA");
	check_ipa(a, r, r->granule);
	check_hint(a, r, false);
	if (a->given & HAS(LEVEL))
		operand |= (granule_field(r) << 2 | a->value[LEVEL]) << TLBI_TTL_SHIFT;
	return operand;
}

/* The smallest SCALE that says `pages` exactly. */
static uint64_t range_size(uint64_t pages)
{
	for (unsigned int scale = 0; scale < 4; scale++) {
		uint64_t units = pages >> (5 * scale + 1);

		if (units && units <= 32 && units << (5 * scale + 1) == pages)
			return (uint64_t)scale << TLBI_SCALE_SHIFT | (units - 1) << TLBI_NUM_SHIFT;
	}
	bad("--pages", "%" PRIu64 " cannot be said: 1 to 32 times 2, 64, 2048 or 65536 can", pages);
}

static uint64_t operand_range(const struct arguments *a, const struct regime *r)
{
	unsigned int unit = r->ds ? TLBI_LPA2_SHIFT : r->granule;
	uint64_t operand;

	if (!(a->given & HAS(PAGES)))
		bad("--pages", "missing, for a TLBI by range");
	check_ipa(a, r, unit);
	check_hint(a, r, true);
	operand = granule_field(r) << TLBI_TG_SHIFT | range_size(a->value[PAGES]) |
		  a->value[IPA] >> unit;
	if (a->given & HAS(LEVEL))
		operand |= a->value[LEVEL] << TLBI_RANGE_TTL_SHIFT;
	return operand;
}

static uint64_t tlbi(const struct arguments *a, const struct regime *r)
{
	struct tlbi t;

	if (a->words < 2)
		bad("tlbi", "which one is missing, such as ipas2e1is");
	if (!tlbi_parse(&t, a->word[1]))
		bad(a->word[1], "no TLBI of stage 2 or of a VMID");
	if (t.operand == TLBI_NOTHING)
		bad(a->word[1], "this TLBI has no operand");
	return t.operand == TLBI_IPA ? operand_ipa(a, r) : operand_range(a, r);
}

static const struct kind {
	const char *name;
	uint64_t (*encode)(const struct arguments *a, const struct regime *r);
	unsigned int needs, takes;
} kinds[] = {
	{"leaf", leaf, HAS(LEVEL) | HAS(PA) | HAS(ATTR), HAS(CONTIGUOUS)},
	{"table", table, HAS(PA), 0},
	{"annotation", annotation, HAS(OWNER), HAS(PAYLOAD)},
	{"vtcr", vtcr, 0, 0},
	{"vttbr", vttbr, HAS(ROOT), HAS(VMID)},
	{"tlbi", tlbi, HAS(IPA), HAS(LEVEL) | HAS(PAGES)},
};

static const struct kind *find(const struct arguments *a)
{
	if (!a->words)
		bad("KIND", "none is given; see stage2 encode --help");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(a->word[0], kinds[i].name))
			return &kinds[i];
	}
	bad(a->word[0], "neither leaf, table, annotation, vtcr, vttbr nor tlbi");
}

static void check_options(const struct arguments *a, const struct kind *kind)
{
	for (unsigned int option = 0; option <= PAGES; option++) {
		if (kind->needs & ~a->given & HAS(option))
			bad(option_name(option), "missing, for %s", kind->name);
		if (a->given & HAS(option) & ~(kind->needs | kind->takes))
			bad(option_name(option), "not for %s", kind->name);
	}
	if (a->words > 1 && kind->encode != tlbi)
		bad(a->word[1], "an argument too many");
}

int command_encode(int argc, char **argv)
{
	struct arguments a = {.words = 0};
	const struct kind *kind;
	struct regime r;
	uint64_t value;

	settings_parse(&argp, argc, argv, &a);
	kind = find(&a);
	check_options(&a, kind);
	regime_of(&r, &a.settings);
	settings_complete(&r.fmt, &a.settings);
	value = kind->encode(&a, &r);
	if (a.settings.json)
		json_print(json_pack("{s:s, s:o}", "what", kind->name, "value", json_hex(value)));
	else
		(void)printf("%#" PRIx64 "\n", value);
	return FINE;
}
