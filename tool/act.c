/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
#include <stdio.h>
#include <string.h>

#include <stage2/stage2.h>

#include "act.h"
#include "attr.h"
#include "number.h"

#define AF (UINT64_C(1) << 10)

/* --- words that may follow --------------------------------------------------------- */

static enum memory parse_memory(struct line *l)
{
	if (line_has(l, "B"))
		return MEMORY_B;
	(void)line_has(l, "A");
	return MEMORY_A;
}

/* Attributes up to a word that is none; `otherwise` if there are none. */
static s2_attr parse_attr(struct line *l, s2_attr otherwise)
{
	s2_attr attr = 0;
	bool any = false;

	while (line_more(l) && l->next < LINE_WORDS &&
	       attr_word(l->word[l->next], strlen(l->word[l->next]), &attr)) {
		any = true;
		l->next++;
	}
	return any ? attr : otherwise;
}

static uint32_t parse_flags(struct line *l)
{
	static const struct {
		const char *word;
		uint32_t flag;
	} flags[] = {{"pages", S2_PAGES},
		     {"fault", S2_FAULT},
		     {"holes", S2_HOLES},
		     {"write", S2_WRITE},
		     {"clean", S2_CLEAN}};
	uint32_t all = 0;

	for (unsigned int i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (line_has(l, flags[i].word)) {
			all |= flags[i].flag;
			i = (unsigned int)-1;
		}
	}
	return all;
}

/* --- calls -------------------------------------------------------------------------- */

static void parse_map(struct operation *op, struct line *l, unsigned int level)
{
	(void)level;
	op->memory = parse_memory(l);
	op->attr = parse_attr(l, S2_RW);
	op->flags |= parse_flags(l);
}

static void parse_plain(struct operation *op, struct line *l, unsigned int level)
{
	(void)level;
	op->flags |= parse_flags(l);
}

/* "-w" takes, "+x" gives. */
static void parse_protect(struct operation *op, struct line *l, unsigned int level)
{
	static const char *const names[] = {"-r", "-w", "-x", "+r", "+w", "+x", NULL};
	static const s2_attr attr[] = {S2_R, S2_W, S2_X};

	(void)level;
	do {
		unsigned int i = line_choice(l, "what is taken or given", names);

		*(i < 3 ? &op->attr : &op->give) |= attr[i % 3];
	} while (line_more(l));
}

static void parse_split(struct operation *op, struct line *l, unsigned int level)
{
	(void)level;
	op->level = line_more(l) ? line_number(l, "a level", 3) : 3;
}

/* Of the page that is accessed, whatever the place is. */
static void parse_touch(struct operation *op, struct line *l, unsigned int level)
{
	parse_plain(op, l, level);
	op->size = (struct extent){0, 0, 1};
}

static void parse_collapse(struct operation *op, struct line *l, unsigned int level)
{
	if (level == 3)
		line_bad(l, "a block or a table can become a block, not a page");
	if (op->size.tables + op->size.blocks != 1)
		line_bad(l, "one block is made at a time");
	op->level = level;
	op->flags |= parse_flags(l);
}

static void parse_compact(struct operation *op, struct line *l, unsigned int level)
{
	(void)level;
	op->level = 2;
	op->flags |= parse_flags(l);
}

static const struct call_word {
	const char *word;
	enum verb verb;
	uint32_t flags;
	bool nowhere; /* it is about no place */
	void (*parse)(struct operation *op, struct line *l, unsigned int level);
} calls[] = {
	{"map", MAP, 0, false, parse_map},
	{"fault", MAP, S2_FAULT | S2_PAGES, false, parse_map},
	{"unmap", UNMAP, 0, false, parse_plain},
	{"protect", PROTECT, 0, false, parse_protect},
	{"touch", TOUCH, S2_FAULT, false, parse_touch},
	{"age", AGE, S2_CLEAR | S2_INVALIDATE, false, parse_plain},
	{"split", SPLIT, 0, false, parse_split},
	{"collapse", COLLAPSE, 0, false, parse_collapse},
	{"compact", COMPACT, 0, false, parse_compact},
	{"group", GROUP, 0, false, parse_plain},
	{"lookup", LOOKUP, 0, false, parse_plain},
	{"reclaim", RECLAIM, 0, true, parse_plain},
};

static void parse_call(struct act *a, struct line *l, const struct call_word *c)
{
	a->kind = ACT_CALL;
	a->op.verb = c->verb;
	a->op.flags = c->flags;
	a->op.size = (struct extent){0, 0, 1};
	if (!c->nowhere)
		line_place(l, &a->op, &a->level);
	c->parse(&a->op, l, a->level);
}

static void parse_log(struct act *a, struct line *l)
{
	static const char *const names[] = {"start", "collect", "stop", NULL};
	static const enum verb verb[] = {LOG_START, LOG_COLLECT, LOG_STOP};

	a->kind = ACT_CALL;
	a->op.verb = verb[line_choice(l, "what is done to the log", names)];
	line_place(l, &a->op, &a->level);
}

/* --- instructions --------------------------------------------------------------------- */

static void parse_bits(struct value *v, struct line *l)
{
	static const char *const names[] = {"r", "w", "x", "af", "dbm", "contig", "nt", NULL};
	static const uint64_t bits[] = {S2_DESC_READ, S2_DESC_WRITE,  0,	 AF,
					S2_DESC_DBM,  S2_DESC_CONTIG, S2_DESC_NT};

	while (line_more(l)) {
		const char *word = line_word(l, "a bit");
		unsigned int i = 0;

		while (names[i] && (!strchr("+-", *word) || strcmp(word + 1, names[i]) != 0))
			i++;
		if (!names[i] || i == 2)
			line_bad(l, "'%.40s' is none of +r, -r, +w, +af, +dbm, +contig, +nt", word);
		*(*word == '+' ? &v->set : &v->clear) |= bits[i];
	}
}

static void parse_value(struct value *v, struct line *l)
{
	const char *word = line_word(l, "a value");

	if (!strcmp(word, "empty") || number_parse(word, &v->number)) {
		v->kind = VALUE_NUMBER;
	} else if (!strcmp(word, "locked")) {
		v->number = 4;
	} else if (!strcmp(word, "was")) {
		v->kind = VALUE_WAS;
	} else if (!strcmp(word, "read")) {
		v->kind = VALUE_READ;
	} else if (!strcmp(word, "leaf")) {
		v->kind = VALUE_LEAF;
		v->memory = parse_memory(l);
		v->attr = parse_attr(l, S2_RW);
	} else {
		line_bad(l, "'%.40s' is no value: empty, locked, was, read, leaf, or a number",
			 word);
	}
	parse_bits(v, l);
}

static void parse_dsb(struct act *a, struct line *l)
{
	static const char *const names[] = {"ishst", "ish", "nsh", NULL};

	a->kind = ACT_DSB;
	a->dsb = (enum m_dsb)line_choice(l, "a kind of DSB", names);
}

static void parse_tlbi(struct act *a, struct line *l)
{
	static const char *const names[] = {"ipas2e1is",    "ipas2le1is", "ipas2e1", "ipas2le1",
					    "vmalle1is",    "vmalle1",	  "alle1is", "alle1",
					    "vmalls12e1is", "vmalls12e1", NULL};
	static const enum m_tlbi_op op[] = {
		M_TLBI_IPAS2,	M_TLBI_IPAS2, M_TLBI_IPAS2, M_TLBI_IPAS2,    M_TLBI_VMALLE1,
		M_TLBI_VMALLE1, M_TLBI_ALLE1, M_TLBI_ALLE1, M_TLBI_VMALLS12, M_TLBI_VMALLS12};
	unsigned int i = line_choice(l, "a TLBI", names);

	a->kind = ACT_TLBI;
	a->tlbi = (struct m_tlbi){.op = op[i],
				  .last_level = i < 4 && strstr(names[i], "le1"),
				  .local = names[i][strlen(names[i]) - 1] == '1'};
	if (i < 4)
		line_place(l, &a->op, &a->level);
}

static void parse_entry(struct act *a, struct line *l, enum act_kind kind)
{
	a->kind = kind;
	line_place(l, &a->op, &a->level);
	if (kind == ACT_FREE && a->level == 3)
		line_bad(l, "an entry for a page leads to no table");
	if (kind == ACT_STORE || kind == ACT_CAS)
		parse_value(&a->value, l);
}

static bool parse_instruction(struct act *a, struct line *l, const char *word)
{
	static const char *const names[] = {"load", "store", "cas", "free"};
	static const enum act_kind kind[] = {ACT_LOAD, ACT_STORE, ACT_CAS, ACT_FREE};

	for (unsigned int i = 0; i < 4; i++) {
		if (!strcmp(word, names[i])) {
			parse_entry(a, l, kind[i]);
			return true;
		}
	}
	if (!strcmp(word, "dsb"))
		parse_dsb(a, l);
	else if (!strcmp(word, "tlbi"))
		parse_tlbi(a, l);
	else if (!strcmp(word, "log"))
		parse_log(a, l);
	else
		return false;
	return true;
}

static const struct call_word *find_call(const char *word)
{
	for (unsigned int i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (!strcmp(calls[i].word, word))
			return &calls[i];
	}
	return NULL;
}

void act_parse(struct act *a, struct line *l)
{
	const char *word = line_word(l, "what is done");
	const struct call_word *call = find_call(word);

	*a = (struct act){.line = l->number};
	(void)snprintf(a->text, sizeof(a->text), "%.*s", (int)sizeof(a->text) - 1,
		       l->text + (word - l->buffer));
	a->op.name = a->text;
	if (call)
		parse_call(a, l, call);
	else if (!parse_instruction(a, l, word))
		line_bad(
			l,
			"'%.40s' is neither a call (map, fault, unmap, protect, touch, age, split, "
			"collapse, compact, group, log, lookup, reclaim) nor an instruction "
			"(load, store, cas, dsb, tlbi, free)",
			word);
}
