/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * stage2 dump: all ranges of tables in an image, in the format of s2_dump().
 *
 * What this library never writes has words of its own behind that.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <stage2/descriptor.h>

#include "bad.h"
#include "command.h"
#include "json.h"
#include "number.h"
#include "ranges.h"
#include "words.h"

enum { KEY_MERGE = 0x300, KEY_TOTAL };

struct arguments {
	struct tables_arguments tables;
	unsigned int merge;
	bool total;
};

struct dump {
	json_t *json; /* null for a text */
	uint64_t mapped[TABLES_DEPTH];
};

static const struct argp_option options[] = {
	{"merge", KEY_MERGE, "LIST", 0,
	 "What does not end a range: levels, age, dirty; all or none of them (all)", 1},
	{"total", KEY_TOTAL, NULL, 0, "One more line: what is mapped by level, and tables", 1},
	{NULL},
};

static unsigned int merge_word(const char *word, size_t length)
{
	static const char *const words[] = {"none", "levels", "age", "", "dirty", "", "", "all"};

	for (unsigned int i = 0; i < 8; i++) {
		if (*words[i] && strlen(words[i]) == length && !strncmp(words[i], word, length))
			return i;
	}
	bad("--merge", "'%.*s' is neither levels, age, dirty, all nor none", (int)length, word);
}

static unsigned int merge_list(const char *list)
{
	unsigned int merge = 0;

	for (;;) {
		size_t length = strcspn(list, ",");

		merge |= merge_word(list, length);
		if (!list[length])
			return merge;
		list += length + 1;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case KEY_MERGE:
		a->merge = merge_list(arg);
		return 0;
	case KEY_TOTAL:
		a->total = true;
		return 0;
	default:
		return tables_parse(key, arg, state);
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "IMAGE",
	.doc = "Prints what the tables in a memory image map: merged ranges, with sizes by level.",
	.children = tables_children,
};

/* --- a text ---------------------------------------------------------------------- */

static const char *permissions(const struct range *range, bool xnx)
{
	static char text[8];
	uint64_t xn = bits(range->key, 54, 53);
	bool el0 = !(xn & 2), el1 = xnx ? xn == 0 || xn == 3 : el0;

	(void)snprintf(text, sizeof(text), "%c%c%c%s", range->key >> 6 & 1 ? 'r' : '-',
		       range->key >> 7 & 1 ? 'w' : '-', el0 || el1 ? 'x' : '-',
		       el0 == el1 ? ""
		       : el1	  ? "/el1"
				  : "/el0");
	return text;
}

/* Memory types by the words of s2_dump(), and others by their number. */
static const char *memory(const struct range *range, bool fwb)
{
	static char text[16];
	uint64_t attr = bits(range->key, 5, 2);

	if (attr == (fwb ? 6 : 0xf))
		return "normal";
	if (attr == 5)
		return "nc";
	if (attr == 1)
		return "device";
	(void)snprintf(text, sizeof(text), "memattr=%#x", (unsigned int)attr);
	return text;
}

/* Normal memory is Inner Shareable to this library, and SH of a device does not matter. */
static const char *share(const struct range *range, const struct regime *r)
{
	static const char *const texts[] = {" sh=non", " sh=reserved", " sh=outer", ""};

	if (r->ds || words_memory_is_device(range->key))
		return "";
	return texts[bits(range->key, 9, 8)];
}

static void print_sizes(const uint64_t *bytes)
{
	for (int level = 0; level < TABLES_DEPTH; level++) {
		if (bytes[level])
			(void)printf(" L%d=%s", level - 1, size_text(bytes[level]));
	}
}

static void print_leaf(const struct range *range, const struct regime *r)
{
	(void)printf(" pa %013" PRIx64 " %s %s", range->pa,
		     permissions(range, r->features & S2_FEAT_XNX),
		     memory(range, r->features & S2_FEAT_FWB));
	print_sizes(range->bytes);
	if (range->old)
		(void)printf(" old");
	if (range->key & ENTRY_DBM)
		(void)printf(range->dirty ? " dirty" : " log");
	if (bits(range->key, 57, 55))
		(void)printf(" sw=%u", (unsigned int)bits(range->key, 57, 55));
	(void)printf("%s", share(range, r));
}

static void print_range(const struct range *range, const struct regime *r)
{
	(void)printf("%013" PRIx64 "-%013" PRIx64, range->ipa, range->ipa + range->size - 1);
	switch (range->kind) {
	case RANGE_LEAF:
		print_leaf(range, r);
		break;
	case RANGE_ANNOTATED:
		(void)printf(" owner %u payload 0x%" PRIx64, s2_desc_owner(range->desc),
			     s2_desc_payload(range->desc));
		break;
	case RANGE_INVALID:
		(void)printf(" invalid %#" PRIx64, range->desc);
		break;
	case RANGE_WRONG:
		(void)printf(" corrupt %016" PRIx64 " level %d", range->desc, range->level);
		break;
	default:
		(void)printf(range->kind == RANGE_LOCKED ? " locked" : " empty");
	}
	(void)putchar('\n');
}

/* --- JSON ------------------------------------------------------------------------ */

static json_t *sizes_json(const uint64_t *bytes)
{
	json_t *json = json_object();
	char level[4];

	for (int i = 0; i < TABLES_DEPTH; i++) {
		if (!bytes[i])
			continue;
		(void)snprintf(level, sizeof(level), "%d", i - 1);
		json_put(json, level, json_hex(bytes[i]));
	}
	return json;
}

static void leaf_json(json_t *json, const struct range *range, const struct regime *r)
{
	json_put(json, "pa", json_hex(range->pa));
	json_put(json, "permissions", json_string(permissions(range, r->features & S2_FEAT_XNX)));
	json_put(json, "memory", json_string(words_memory(range->key, r->features & S2_FEAT_FWB)));
	if (!r->ds)
		json_put(json, "shareability", json_string(words_share(bits(range->key, 9, 8))));
	json_put(json, "old", json_boolean(range->old));
	json_put(json, "logged", json_boolean(range->key & ENTRY_DBM));
	json_put(json, "dirty", json_boolean(range->dirty));
	json_put(json, "software", json_integer((int)bits(range->key, 57, 55)));
}

static json_t *range_json(const struct range *range, const struct regime *r)
{
	static const char *const kinds[] = {"empty",	 "leaf",    "locked",
					    "annotated", "invalid", "corrupt"};
	json_t *json = json_object();

	json_put(json, "kind", json_string(kinds[range->kind]));
	json_put(json, "ipa", json_hex(range->ipa));
	json_put(json, "size", json_hex(range->size));
	json_put(json, "levels", sizes_json(range->bytes));
	if (range->kind == RANGE_LEAF)
		leaf_json(json, range, r);
	else if (range->kind != RANGE_EMPTY)
		json_put(json, "descriptor", json_hex(range->desc));
	return json;
}

/* --- both ------------------------------------------------------------------------ */

static void take_range(const struct range *range, const struct regime *r, void *arg)
{
	struct dump *d = arg;

	for (int i = 0; i < TABLES_DEPTH && range->kind == RANGE_LEAF; i++)
		d->mapped[i] += range->bytes[i];
	if (!d->json)
		print_range(range, r);
	else if (json_array_append_new(d->json, range_json(range, r)))
		bad("output", "no memory");
}

static void print_total(const struct dump *d, const struct tables *t)
{
	(void)printf("total");
	print_sizes(d->mapped);
	(void)printf(" tables=%" PRIu64 "\n", t->visited + t->regime.root_tables);
}

static void total_json(const struct dump *d, const struct tables *t)
{
	json_t *json = json_object();

	json_put(json, "ranges", d->json);
	json_put(json, "mapped", sizes_json(d->mapped));
	json_put(json, "tables", json_integer((json_int_t)t->visited + t->regime.root_tables));
	json_print(json);
}

int command_dump(int argc, char **argv)
{
	struct arguments a = {.merge = RANGES_ALL};
	struct dump d = {.json = NULL};
	struct tables t;

	settings_parse(&argp, argc, argv, &a);
	tables_open(&t, &a.tables);
	d.json = a.tables.settings.json ? json_array() : NULL;
	ranges_visit(&t, a.merge, take_range, &d);
	if (d.json)
		total_json(&d, &t);
	else if (a.total)
		print_total(&d, &t);
	return FINE;
}
