/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * Every operation on corrupt tables: it ends, stays in the memory that it was
 * given, answers what its header says it answers, and where it claims success
 * the hardware's walk finds what was asked for.
 */
#include "tables.h"

#include <stage2/dirty.h>
#include <stage2/inspect.h>

#include "scene.h"

#define CALLS_MAX 48
#define VISITS_MAX 3000
#define STOP 7

/* What all operations say of bad input. */
#define BAD_RANGE S2_INVALID, S2_BAD_SIZE, S2_MISALIGNED, S2_WRAPS, S2_IPA_RANGE
#define BAD_OBJECTS S2_BAD_CACHE, S2_BUSY

static const int bad_input[] = {BAD_RANGE,    BAD_OBJECTS,  S2_PA_RANGE,  S2_BAD_ATTR,
				S2_BAD_LEVEL, S2_BAD_OWNER, S2_NO_OWNERS, S2_BAD_BITMAP};
static const int map_says[] = {S2_OK,	    S2_RETRY,	 S2_MORE,    S2_NO_PAGE,
			       S2_QUOTA,    S2_OWNED,	 S2_CORRUPT, BAD_RANGE,
			       S2_PA_RANGE, S2_BAD_ATTR, BAD_OBJECTS};
static const int cost_says[] = {S2_OK, S2_OWNED, S2_CORRUPT, BAD_RANGE, S2_PA_RANGE, S2_BAD_ATTR};
static const int unmap_says[] = {S2_OK,	   S2_RETRY,   S2_MORE,	  S2_NO_PAGE,
				 S2_QUOTA, S2_CORRUPT, BAD_RANGE, BAD_OBJECTS};
static const int split_says[] = {S2_OK,	     S2_RETRY,	S2_MORE,     S2_NO_PAGE,  S2_QUOTA,
				 S2_CORRUPT, BAD_RANGE, BAD_OBJECTS, S2_BAD_LEVEL};
static const int collapse_says[] = {S2_OK,	 S2_RETRY,    S2_MORE,	     S2_NOT_UNIFORM,
				    S2_CORRUPT,	 S2_INVALID,  S2_MISALIGNED, S2_IPA_RANGE,
				    BAD_OBJECTS, S2_BAD_LEVEL};
static const int split_cost_says[] = {S2_OK, S2_CORRUPT, S2_BAD_LEVEL, BAD_RANGE};
static const int annotate_says[] = {S2_OK,     S2_RETRY,   S2_MORE,	 S2_NO_PAGE,
				    S2_QUOTA,  S2_CORRUPT, S2_BAD_OWNER, S2_NO_OWNERS,
				    BAD_RANGE, BAD_OBJECTS};
static const int protect_says[] = {S2_OK,      S2_RETRY,    S2_MORE,   S2_NO_PAGE, S2_QUOTA,
				   S2_CORRUPT, S2_BAD_ATTR, BAD_RANGE, BAD_OBJECTS};
static const int touch_says[] = {S2_OK,	     S2_NOT_MAPPED, S2_READ_ONLY, S2_RETRY,   S2_MORE,
				 S2_CORRUPT, S2_INVALID,    S2_IPA_RANGE, BAD_OBJECTS};
static const int age_says[] = {S2_OK,	  S2_RETRY,    S2_MORE,	     S2_CORRUPT,
			       BAD_RANGE, BAD_OBJECTS, S2_BAD_BITMAP};
static const int log_says[] = {S2_OK,	   S2_RETRY,  S2_MORE,	   S2_NO_PAGE,	 S2_QUOTA,
			       S2_CORRUPT, BAD_RANGE, BAD_OBJECTS, S2_BAD_BITMAP};
static const int clean_says[] = {S2_OK, S2_RETRY, S2_MORE, S2_CORRUPT, BAD_RANGE, BAD_OBJECTS};
static const int group_says[] = {S2_OK, S2_MORE, S2_CORRUPT, BAD_RANGE, BAD_OBJECTS};
static const int compact_says[] = {S2_OK,	 S2_RETRY,  S2_MORE,	S2_CORRUPT,
				   S2_BAD_LEVEL, BAD_RANGE, BAD_OBJECTS};
static const int conflict_says[] = {S2_OK, S2_INVALID, BAD_OBJECTS};
/* The header does not name S2_CORRUPT, which tells of a bad pointer in a table that was unlinked. */
static const int flush_says[] = {S2_OK, S2_CORRUPT, S2_INVALID, BAD_OBJECTS};
static const int reclaim_says[] = {S2_OK, S2_MORE, S2_CORRUPT, S2_INVALID, S2_BAD_CACHE};
static const int destroy_says[] = {S2_OK, S2_MORE, S2_CORRUPT, S2_INVALID, BAD_OBJECTS};
static const int lookup_says[] = {S2_OK, S2_CORRUPT, S2_INVALID, S2_IPA_RANGE};
static const int walk_says[] = {S2_OK, S2_CORRUPT, STOP, BAD_RANGE};

static const int look_says[] = {S2_OK, S2_MORE, S2_CORRUPT, BAD_RANGE};

#define says(list, status) is_one_of(list, ARRAY_SIZE(list), status)

static bool is_one_of(const int *list, size_t n, int status)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == status)
			return true;
	return false;
}

struct range {
	uint64_t ipa;
	uint64_t size;
};

/* A few entries of one level, or anything. */
static struct range take_range(const struct scene *s, struct input *in)
{
	struct range r = {.ipa = scene_ipa(s, in)};
	uint8_t shape = (uint8_t)take(in, 1);
	unsigned int level = shape & 3;

	if (shape >= 0xf8) {
		r.ipa = take(in, 8);
		r.size = take(in, 8);
		return r;
	}
	if (level < s->fmt.start_level)
		level = s->fmt.start_level;
	r.size = (uint64_t)(shape >> 2) << s2_level_shift(&s->fmt, level);
	if (shape & BIT(7))
		r.ipa &= ~(s2_level_size(&s->fmt, level) - 1);
	if (r.ipa + r.size > BIT(s->fmt.ipa_bits) && shape & BIT(6))
		r.size = BIT(s->fmt.ipa_bits) - r.ipa;
	return r;
}

/* Less than a table covers: whatever leads to it, it stays where it is. */
static void keep_tables(const struct scene *s, struct range *r)
{
	uint64_t limit = s2_level_size(&s->fmt, S2_LAST_LEVEL - 1);

	if (s->graph && r->size >= limit)
		r->size = limit - s2_level_size(&s->fmt, S2_LAST_LEVEL);
}

static uint32_t take_flags(struct input *in, uint32_t known)
{
	uint8_t flags = (uint8_t)take(in, 1);

	return flags < 0xf8 ? flags & known : flags;
}

static void begin(struct scene *s, struct input *in)
{
	s->cpu.budget = 1 + (uint32_t)take(in, 1);
	s->cpu.corrupt = (struct s2_report){.level = UINT32_MAX};
	scene_begin(s);
}

/* Few pages, somewhere, for what is reported; the words around it are nobody's to write. */
#define MAP_WORDS 4

static uint64_t map_word[MAP_WORDS + 2];

static struct s2_bitmap take_map(const struct scene *s, struct input *in, const struct range *r)
{
	uint8_t shape = (uint8_t)take(in, 1);
	struct s2_bitmap map = {r->ipa, UINT64_C(64) * MAP_WORDS, &map_word[1]};

	if (shape & 1)
		map.ipa -= (uint64_t)(shape >> 4) << s->fmt.granule_shift;
	if (shape & 2)
		map.bits = shape;
	if (shape >= 0xf8)
		map.ipa = take(in, 8);
	if (shape == 0xf7)
		map.word = NULL;
	return map;
}

/* `found` is of calls that count: no more pages than they have looked at. */
static void check_map(const struct scene *s)
{
	must(!map_word[0] && !map_word[MAP_WORDS + 1], "a bit outside of the map");
	must(s->cpu.found <= s->cpu.done >> s->fmt.granule_shift, "found %llu pages in %#llx",
	     LLU(s->cpu.found), LLU(s->cpu.done));
}

/* The report names an entry that nobody may follow, of a level that exists. */
static void check_report(const struct scene *s)
{
	const struct s2_report *c = &s->cpu.corrupt;
	enum s2_kind kind;
	uint64_t pa;

	must(c->level <= S2_LAST_LEVEL, "reports level %u", c->level);
	kind = s2_desc_kind(&s->fmt, c->level, c->desc);
	pa = s2_desc_pa(&s->fmt, c->desc);
	if (kind == S2_KIND_LOCKED)
		pa = (c->desc & 0xe) == 4 ? c->desc & 0xffffffffff000 : UINT64_MAX;
	must(kind == S2_KIND_CORRUPT ||
		     ((kind == S2_KIND_TABLE || kind == S2_KIND_LOCKED) && !s2p_table(pa)),
	     "reports %#llx of kind %d", LLU(c->desc), kind);
	must(!(c->ipa >> s->fmt.ipa_bits) && !(c->ipa & (s2_level_size(&s->fmt, c->level) - 1)),
	     "reports IPA %#llx", LLU(c->ipa));
}

/*
 * If it has unlinked tables, one of those may be to blame, or a lock of its own that
 * was written over: the report then has no IPA.
 */
static void check_range_report(const struct scene *s, const struct range *r)
{
	const struct s2_report *c = &s->cpu.corrupt;

	check_report(s);
	if (!c->ipa && (s->cpu.stats.tables_unlinked != s->unlinked || (c->desc & 0xf) == 4))
		return;
	must(c->ipa < r->ipa + r->size && c->ipa + s2_level_size(&s->fmt, c->level) > r->ipa,
	     "reports IPA %#llx", LLU(c->ipa));
}

/* What holds for every operation on a range, after it. */
static void end(struct scene *s, const struct range *r, uint32_t flags, int status)
{
	uint64_t done = s->cpu.done;

	scene_end(s);
	must(status != S2_RETRY || flags & S2_FAULT, "retry without S2_FAULT");
	must(!s->waits || !(flags & S2_FAULT), "waited in fault mode");
	if (says(bad_input, status)) {
		must(!done && !s->steps, "done %#llx in %llu steps", LLU(done), LLU(s->steps));
		return;
	}
	must(!(done & (BIT(s->fmt.granule_shift) - 1)), "done %#llx", LLU(done));
	must(status == S2_OK	    ? done == r->size
	     : status == S2_CORRUPT ? done <= r->size
				    : done < r->size,
	     "done %#llx of %#llx, %d", LLU(done), LLU(r->size), status);
	if (status == S2_CORRUPT)
		check_range_report(s, r);
}

/* --- map -------------------------------------------------------------------- */

struct wish {
	uint64_t pa;
	s2_attr attr;
	uint32_t flags;
};

static struct wish take_wish(const struct scene *s, struct input *in, const struct range *r)
{
	uint8_t shape = (uint8_t)take(in, 1);
	struct wish w = {.pa = r->ipa};

	if (shape >= 0xf0)
		w.pa = take(in, 8);
	else if (shape & 1)
		w.pa = (w.pa ^ (uint64_t)shape << 21) & (BIT(s->fmt.pa_bits) - 1);
	else if (shape & 2)
		w.pa += (uint64_t)(shape >> 2) << s->fmt.granule_shift;
	w.attr = (s2_attr)take(in, 2);
	w.attr = w.attr & BIT(15) ? w.attr : w.attr & S2_ATTR_ALL;
	w.flags = take_flags(in, S2_FAULT | S2_PAGES);
	if (shape & 4)
		w.flags |= shape & 8 ? S2_TAKE : S2_HOLES;
	return w;
}

/* The way to a page that was mapped is sound, or the map would have refused it. */
static void check_way(const struct scene *s, uint64_t ipa)
{
	struct s2_mapping m;

	must(!s2_lookup(&s->tree, ipa, &m) && m.kind == S2_KIND_LEAF, "IPA %#llx: %#llx, kind %d",
	     LLU(ipa), LLU(m.desc), m.kind);
}

/* A page whose writes are logged can be written once it is dirty. */
static bool can_be_written(s2_attr attr)
{
	return attr & S2_W && (!(attr & S2_LOG) || attr & S2_DIRTY);
}

/* First and last page of what was mapped, as the hardware finds them. */
static void check_mapped(const struct scene *s, const struct range *r, const struct wish *w)
{
	for (unsigned int i = 0; i < 2; i++) {
		uint64_t offset = i ? r->size - BIT(s->fmt.granule_shift) : 0;
		uint64_t ipa = r->ipa + offset, mask;
		struct scene_walk walk;

		check_way(s, ipa);
		scene_walk(s, ipa, 3, &walk);
		mask = BIT(m_regime_shift(&s->regime, walk.level)) - 1;
		must(walk.found.type == M_LEAF &&
			     walk.found.address + (ipa & mask) == w->pa + offset,
		     "IPA %#llx is at %#llx", LLU(ipa), LLU(walk.found.address));
		must(walk.found.read == !!(w->attr & S2_R) &&
			     walk.found.write == can_be_written(w->attr) &&
			     walk.found.exec == !!(w->attr & S2_X),
		     "%#llx", LLU(*walk.entry));
	}
}

/* What it would take; UINT64_MAX if that cannot be said. */
static uint64_t cost(struct scene *s, const struct range *r, const struct wish *w)
{
	uint64_t pages = UINT64_MAX;
	int status;

	scene_begin(s);
	status = s2_map_cost(&s->tree, r->ipa, r->size, w->pa, w->attr, w->flags, &pages);
	scene_end(s);
	must(says(cost_says, status), "s2_map_cost: %d", status);
	must(!status || pages == UINT64_MAX, "counted although refused");
	return pages;
}

static void do_map(struct scene *s, struct input *in)
{
	struct range r = take_range(s, in);
	struct wish w = take_wish(s, in, &r);
	uint64_t pages = UINT64_MAX;
	int status;

	if (s->graph)
		w.flags |= S2_PAGES;
	else
		pages = cost(s, &r, &w);
	begin(s, in);
	bool enough = s->cpu.cache.count >= pages;

	status = s2_map(&s->tree, &s->cpu, r.ipa, r.size, w.pa, w.attr, w.flags);
	end(s, &r, w.flags, status);
	must(says(map_says, status), "s2_map: %d", status);
	must(status != S2_NO_PAGE || !enough, "%llu pages are not enough", LLU(pages));
	if (!status && !s->graph && !(w.flags & S2_HOLES))
		check_mapped(s, &r, &w);
}

static void do_cost(struct scene *s, struct input *in)
{
	struct range r = take_range(s, in);
	struct wish w = take_wish(s, in, &r);

	keep_tables(s, &r);
	(void)cost(s, &r, &w);
}

static void do_split_cost(struct scene *s, struct input *in)
{
	struct range r = take_range(s, in);
	uint32_t level = (uint32_t)take(in, 1);
	uint64_t pages = UINT64_MAX;
	int status;

	keep_tables(s, &r);
	scene_begin(s);
	status = s2_split_cost(&s->tree, r.ipa, r.size, level < 0xf8 ? level & 3 : level, &pages);
	scene_end(s);
	must(says(split_cost_says, status), "s2_split_cost: %d", status);
	must(!status || pages == UINT64_MAX, "counted although refused");
}

/* --- the others -------------------------------------------------------------- */

static void do_unmap(struct scene *s, struct input *in)
{
	struct range r = take_range(s, in);
	uint32_t flags = take_flags(in, S2_FAULT | S2_DEFER | S2_CLEAN);
	struct scene_walk walk;
	int status;

	keep_tables(s, &r);
	begin(s, in);
	status = s2_unmap(&s->tree, &s->cpu, r.ipa, r.size, flags);
	end(s, &r, flags, status);
	must(says(unmap_says, status), "s2_unmap: %d", status);
	if (status || s->graph)
		return;
	for (unsigned int i = 0; i < 2; i++) {
		scene_walk(s, i ? r.ipa + r.size - 1 : r.ipa, 3, &walk);
		must(walk.found.type == M_FAULT && !(*walk.entry & 1), "%#llx", LLU(*walk.entry));
		must(!*walk.entry || flags & S2_DEFER, "%#llx", LLU(*walk.entry));
	}
}

static void do_split(struct scene *s, struct input *in)
{
	struct range r = take_range(s, in);
	uint32_t flags = take_flags(in, S2_FAULT), level = (uint32_t)take(in, 1);
	struct scene_walk walk;
	int status;

	level = level < 0xf8 ? level & 3 : level;
	begin(s, in);
	status = s2_split(&s->tree, &s->cpu, r.ipa, r.size, level, flags);
	end(s, &r, flags, status);
	must(says(split_says, status), "s2_split: %d", status);
	if (status || s->graph)
		return;
	scene_walk(s, r.ipa, 3, &walk);
	must(walk.found.type != M_LEAF || walk.level >= (int)level, "a block at %d", walk.level);
}

static void do_collapse(struct scene *s, struct input *in)
{
	struct range r = {.ipa = scene_ipa(s, in)};
	uint32_t flags = take_flags(in, S2_FAULT), level = (uint32_t)take(in, 1);
	struct scene_walk walk;
	int status;

	level = level < 0xf8 ? level & 3 : level;
	if (s->graph)
		return;
	if (level <= S2_LAST_LEVEL)
		r.size = s2_level_size(&s->fmt, level);
	if (take(in, 1) < 0xf0)
		r.ipa &= ~(r.size - 1);
	begin(s, in);
	/* Each look at a sealed table seals it as far as it can, and takes that off again. */
	s->cpu.budget &= 15;
	s->cpu.budget += !s->cpu.budget;
	status = s2_collapse(&s->tree, &s->cpu, r.ipa, level, flags);
	end(s, &r, flags, status);
	must(says(collapse_says, status), "s2_collapse: %d", status);
	if (status)
		return;
	scene_walk(s, r.ipa, 3, &walk);
	must(walk.found.type == M_LEAF && walk.level <= (int)level, "%#llx at %d", LLU(*walk.entry),
	     walk.level);
}

static void do_compact(struct scene *s, struct input *in)
{
	struct range r = take_range(s, in);
	uint32_t flags = take_flags(in, S2_FAULT), level = (uint32_t)take(in, 1);
	uint32_t cached = s->cpu.cache.count;
	int status;

	if (s->graph)
		return;
	level = level < 0xf8 ? level & 3 : level;
	begin(s, in);
	s->cpu.budget &= 15;
	s->cpu.budget += !s->cpu.budget;
	status = s2_compact(&s->tree, &s->cpu, r.ipa, r.size, level, flags);
	end(s, &r, flags, status);
	must(says(compact_says, status), "s2_compact: %d", status);
	must(s->cpu.cache.count >= cached, "it took a page");
}

static void do_annotate(struct scene *s, struct input *in)
{
	struct range r = take_range(s, in);
	uint32_t flags = take_flags(in, S2_FAULT | S2_DEFER), owner = (uint32_t)take(in, 2);
	struct scene_walk walk;
	int status;

	keep_tables(s, &r);
	begin(s, in);
	status = s2_annotate(&s->tree, &s->cpu, r.ipa, r.size, owner, owner, flags);
	end(s, &r, flags, status);
	must(says(annotate_says, status), "s2_annotate: %d", status);
	must((status == S2_NO_OWNERS) <= !s->tree.owned, "%d", status);
	if (status || s->graph)
		return;
	for (unsigned int i = 0; i < 2; i++) {
		scene_walk(s, i ? r.ipa + r.size - 1 : r.ipa, 3, &walk);
		must(!(*walk.entry & 1), "%#llx", LLU(*walk.entry));
		must(flags & S2_DEFER || s2_desc_owner(*walk.entry) == owner, "%#llx",
		     LLU(*walk.entry));
	}
}

/* --- leaves that change in place --------------------------------------------------- */

/* What must hold of a valid leaf at both ends of a range, once the call is done with it. */
typedef bool leaf_rule(s2_desc desc, uint32_t arg);

static void check_ends(const struct scene *s, const struct range *r, leaf_rule *rule, uint32_t arg)
{
	struct scene_walk walk;

	for (unsigned int i = 0; i < 2 && !s->graph; i++) {
		scene_walk(s, i ? r->ipa + r->size - 1 : r->ipa, 3, &walk);
		must(walk.found.type != M_LEAF || rule(*walk.entry, arg), "%#llx",
		     LLU(*walk.entry));
	}
}

static bool is_taken(s2_desc desc, uint32_t take)
{
	return !(take & S2_R && desc & S2_DESC_READ) &&
	       !(take & S2_W && desc & (S2_DESC_WRITE | S2_DESC_DBM)) &&
	       !((take & S2_X) == S2_X && !(desc & S2_DESC_XN));
}

static void do_protect(struct scene *s, struct input *in)
{
	struct range r = take_range(s, in);
	uint32_t flags = take_flags(in, S2_FAULT | S2_DEFER);
	s2_attr attr = (s2_attr)take(in, 2), give = (s2_attr)take(in, 2);
	struct s2_bitmap map = take_map(s, in, &r);
	int status;

	if (!(attr & BIT(15))) {
		attr &= S2_RWX | S2_SW_MASK;
		give &= (S2_RWX | S2_SW_MASK) & ~attr;
	}
	begin(s, in);
	s->cpu.log = &map;
	status = s2_protect(&s->tree, &s->cpu, r.ipa, r.size, attr, give, flags);
	s->cpu.log = NULL;
	end(s, &r, flags, status);
	check_map(s);
	must(says(protect_says, status), "s2_protect: %d", status);
	if (!status)
		check_ends(s, &r, is_taken, attr);
}

static void do_touch(struct scene *s, struct input *in)
{
	struct range r = {scene_ipa(s, in), BIT(s->fmt.granule_shift)};
	uint32_t flags = take_flags(in, S2_FAULT | S2_WRITE);
	uint64_t ipa = r.ipa + (take(in, 2) & (r.size - 1));
	struct scene_walk walk;
	int status;

	if (take(in, 1) >= 0xf0)
		ipa = take(in, 8);
	r.ipa = ipa & ~(r.size - 1);
	begin(s, in);
	status = s2_touch(&s->tree, &s->cpu, ipa, flags);
	end(s, &r, flags, status);
	must(says(touch_says, status), "s2_touch: %d", status);
	must((status == S2_IPA_RANGE) <= !!(ipa >> s->fmt.ipa_bits), "%d", status);
	if (status)
		return;
	scene_walk(s, ipa, 3, &walk);
	must(walk.found.type == M_LEAF && *walk.entry & S2_DESC_AF, "%#llx", LLU(*walk.entry));
	must(!(flags & S2_WRITE) || *walk.entry & S2_DESC_WRITE, "%#llx", LLU(*walk.entry));
}

static void do_age(struct scene *s, struct input *in)
{
	struct range r = take_range(s, in);
	uint32_t flags = take_flags(in, S2_FAULT | S2_CLEAR | S2_INVALIDATE | S2_DEFER);
	struct s2_bitmap map = take_map(s, in, &r);
	bool counts = take(in, 1) & 1;
	int status;

	begin(s, in);
	status = s2_age(&s->tree, &s->cpu, r.ipa, r.size, counts ? NULL : &map, flags);
	end(s, &r, flags, status);
	check_map(s);
	must(says(age_says, status), "s2_age: %d", status);
	must(status != S2_BAD_BITMAP || !counts, "no map is a bad one");
}

enum log_verb { START, COLLECT, STOP_LOG };

/* What is left of the log: a write leaves its mark, is noted no more, is not looked for. */
static bool is_logged_as(s2_desc desc, uint32_t verb)
{
	bool logged = desc & S2_DESC_DBM, write = desc & S2_DESC_WRITE;

	if (verb == START)
		return logged || !write;
	return verb == COLLECT ? !(logged && write) : !logged;
}

static int call_log(struct scene *s, enum log_verb verb, const struct range *r,
		    struct s2_bitmap *map, uint32_t flags)
{
	switch (verb) {
	case START:
		return s2_log_start(&s->tree, &s->cpu, r->ipa, r->size, flags);
	case COLLECT:
		return s2_log_collect(&s->tree, &s->cpu, r->ipa, r->size, map, flags);
	default:
		return s2_log_stop(&s->tree, &s->cpu, r->ipa, r->size, map, flags);
	}
}

static void do_log(struct scene *s, struct input *in)
{
	static const uint32_t known[] = {S2_FAULT | S2_DEFER, S2_FAULT | S2_DEFER | S2_KEEP,
					 S2_FAULT};
	enum log_verb verb = (enum log_verb)(take(in, 1) % 3);
	struct range r = take_range(s, in);
	uint32_t flags = take_flags(in, known[verb]);
	struct s2_bitmap map = take_map(s, in, &r);
	int status;

	begin(s, in);
	status = call_log(s, verb, &r, &map, flags);
	end(s, &r, flags, status);
	check_map(s);
	must(says(log_says, status), "s2_log_*: %d", status);
	if (!status && !(flags & S2_KEEP))
		check_ends(s, &r, is_logged_as, verb);
}

/* Nothing is taken, and nobody is waited for. */
static void do_group(struct scene *s, struct input *in)
{
	struct range r = take_range(s, in);
	uint32_t cached = s->cpu.cache.count;
	int status;

	begin(s, in);
	status = s2_group(&s->tree, &s->cpu, r.ipa, r.size);
	must(!s->waits, "waited %llu times", LLU(s->waits));
	end(s, &r, 0, status);
	must(says(group_says, status), "s2_group: %d", status);
	must(s->cpu.cache.count >= cached, "it took a page");
}

static void do_clean(struct scene *s, struct input *in)
{
	struct range r = take_range(s, in);
	uint32_t flags = take_flags(in, S2_FAULT);
	uint64_t breaks = s->cpu.stats.breaks, changes = s->cpu.stats.restricts;
	int status;

	begin(s, in);
	status = s2_clean(&s->tree, &s->cpu, r.ipa, r.size, flags);
	end(s, &r, flags, status);
	must(says(clean_says, status), "s2_clean: %d", status);
	must(s->cpu.stats.breaks == breaks && s->cpu.stats.restricts == changes, "changed");
}

static void do_conflict(struct scene *s, struct input *in)
{
	uint32_t runs = s->cpu.gather.runs;
	int status;

	begin(s, in);
	status = s2_conflict(&s->tree, &s->cpu);
	scene_end(s);
	must(says(conflict_says, status), "s2_conflict: %d", status);
	must(s->cpu.gather.runs == runs, "flushed");
}

static void do_flush(struct scene *s, struct input *in)
{
	int status;

	begin(s, in);
	status = s2_flush(&s->tree, &s->cpu);
	scene_end(s);
	must(says(flush_says, status), "s2_flush: %d", status);
	must(!s->cpu.gather.runs && !s->cpu.done, "not flushed");
	if (status == S2_CORRUPT)
		check_report(s);
}

static int reclaim(struct scene *s, struct input *in)
{
	int status;

	begin(s, in);
	status = s2_reclaim(&s->tree, &s->cpu);
	scene_end(s);
	must(says(reclaim_says, status), "s2_reclaim: %d", status);
	if (status == S2_CORRUPT)
		check_report(s);
	return status;
}

static void do_reclaim(struct scene *s, struct input *in)
{
	(void)reclaim(s, in);
}

/* --- reading ------------------------------------------------------------------ */

static void do_lookup(struct scene *s, struct input *in)
{
	uint64_t ipa = scene_ipa(s, in) + take(in, 2);
	struct scene_walk walk;
	struct s2_mapping m;
	int status;

	if (take(in, 1) >= 0xf0)
		ipa = take(in, 8);
	begin(s, in);
	status = s2_lookup(&s->tree, ipa, &m);
	scene_end(s);
	must(says(lookup_says, status), "s2_lookup: %d", status);
	must((status == S2_IPA_RANGE) == !!(ipa >> s->fmt.ipa_bits), "%d", status);
	if (status == S2_IPA_RANGE)
		return;
	must(m.size == s2_level_size(&s->fmt, m.level) && m.ipa == (ipa & ~(m.size - 1)),
	     "IPA %#llx", LLU(m.ipa));
	must((m.kind == S2_KIND_CORRUPT) == (status == S2_CORRUPT), "kind %d", m.kind);
	scene_walk(s, ipa, (int)m.level, &walk);
	must(walk.level == (int)m.level && *walk.entry == m.desc, "level %u", m.level);
	must(m.kind == S2_KIND_CORRUPT || walk.found.type != M_TABLE, "%#llx", LLU(m.desc));
	must((m.kind != S2_KIND_LEAF && !m.pa) || walk.found.address == m.pa, "%#llx", LLU(m.pa));
}

struct tour {
	uint64_t next;
	unsigned int left;
	bool corrupt;
};

static int visit(const struct s2_mapping *m, void *arg)
{
	struct tour *t = arg;

	must(!t->corrupt, "goes on behind a corrupt entry");
	must(m->ipa <= t->next && m->ipa + m->size > t->next, "IPA %#llx", LLU(m->ipa));
	must(m->kind != S2_KIND_TABLE, "%#llx", LLU(m->desc));
	t->next = m->ipa + m->size;
	t->corrupt = m->kind == S2_KIND_CORRUPT;
	return --t->left ? 0 : STOP;
}

static void do_walk(struct scene *s, struct input *in)
{
	struct range r = take_range(s, in);
	struct tour t = {.next = r.ipa, .left = 1 + (unsigned int)take(in, 2) % VISITS_MAX};
	int status;

	begin(s, in);
	status = s2_walk(&s->tree, r.ipa, r.size, visit, &t);
	scene_end(s);
	must(says(walk_says, status), "s2_walk: %d", status);
	must(status || t.next >= r.ipa + r.size, "stopped at %#llx", LLU(t.next));
	must(status != S2_CORRUPT || t.corrupt, "corrupt, and not shown");
	must((status == STOP) == !t.left, "%d", status);
}

/* --- inspection ----------------------------------------------------------------- */

struct look {
	struct s2_span span, was;
	uint64_t next;
	bool corrupt;
};

static struct look begin_look(struct scene *s, struct input *in)
{
	struct range r = take_range(s, in);
	struct look l = {.span = {.ipa = r.ipa, .size = r.size}, .next = r.ipa};

	l.span.budget = 1 + (uint32_t)take(in, 2) % VISITS_MAX;
	l.was = l.span;
	begin(s, in);
	return l;
}

/* It has moved by what was looked at, to the end if it says so, and not at all if refused. */
static void end_look(struct scene *s, const struct look *l, int status)
{
	uint64_t moved = l->span.ipa - l->was.ipa;

	scene_end(s);
	must(says(look_says, status), "%d", status);
	must(moved <= l->was.size && l->span.size == l->was.size - moved, "moved %#llx",
	     LLU(moved));
	if (says(bad_input, status))
		must(!moved && !s->steps, "moved %#llx in %llu steps", LLU(moved), LLU(s->steps));
	must(status != S2_OK || !l->span.size, "stopped at %#llx", LLU(l->span.ipa));
	must(status != S2_MORE || (moved && l->span.size), "more, after %#llx", LLU(moved));
}

static int see_range(const struct s2_range *r, void *arg)
{
	struct look *l = arg;

	must(!l->corrupt, "goes on behind a corrupt entry");
	must(r->ipa == l->next && r->size, "IPA %#llx+%#llx", LLU(r->ipa), LLU(r->size));
	must(r->bytes[0] + r->bytes[1] + r->bytes[2] + r->bytes[3] == r->size, "%#llx",
	     LLU(r->size));
	l->next += r->size;
	l->corrupt = r->kind == S2_KIND_CORRUPT;
	return 0;
}

static void do_ranges(struct scene *s, struct input *in)
{
	uint32_t flags = (uint32_t)take(in, 1) & S2_MERGE_ALL;
	struct look l = begin_look(s, in);
	int status = s2_ranges(&s->tree, &l.span, flags, see_range, &l);

	end_look(s, &l, status);
	must(l.next == l.span.ipa, "saw up to %#llx", LLU(l.next));
	must((status == S2_CORRUPT) == l.corrupt, "%d", status);
}

static void see_line(const char *line, void *arg)
{
	unsigned int n = 0;

	while (n < S2_DUMP_LINE && line[n])
		n++;
	must(n && n < S2_DUMP_LINE && line[n - 1] == '\n', "a line of %u", n);
	++*(unsigned int *)arg;
}

static void do_dump(struct scene *s, struct input *in)
{
	uint32_t flags = (uint32_t)take(in, 1) & S2_MERGE_ALL;
	struct look l = begin_look(s, in);
	unsigned int lines = 0;
	int status = s2_dump(&s->tree, &l.span, flags, see_line, &lines);

	end_look(s, &l, status);
	must(says(bad_input, status) == !lines, "%u lines, %d", lines, status);
}

static void do_count(struct scene *s, struct input *in)
{
	struct s2_counts c = {.annotated = 0};
	struct look l = begin_look(s, in);
	int status = s2_count(&s->tree, &l.span, &c);

	end_look(s, &l, status);
	must(status == S2_CORRUPT || !c.corrupt, "counted as corrupt, %d", status);
}

static void see_violation(const struct s2_violation *v, void *arg)
{
	(void)arg;
	must(v->rule <= S2_RULE_EMPTY && v->level <= S2_LAST_LEVEL, "rule %d, level %u", v->rule,
	     v->level);
}

/* Whatever the tables are, it comes to its end, and enters no more of them than there are. */
static void do_verify(struct scene *s, struct input *in)
{
	uint64_t word = 0;
	struct s2_bitmap seen = {.ipa = s2_host_arena.pa, .bits = 64, .word = &word};
	struct s2_verification v = {.complain = see_violation};
	uint8_t flags = (uint8_t)take(in, 1);
	struct look l = begin_look(s, in);
	int status;

	v.quiet = flags & 1;
	v.seen = flags & 2 && v.quiet ? &seen : NULL;
	status = s2_verify(&s->tree, &l.span, &v);
	end_look(s, &l, status);
	must(status != S2_OK || !v.violations, "sound, with %llu violations", LLU(v.violations));
	must(status != S2_CORRUPT || v.violations, "corrupt, without a violation");
	must(!v.quiet || v.tables <= s->tree.tables, "entered %llu tables", LLU(v.tables));
}

/* --- the end ------------------------------------------------------------------ */

/* Marks the tables that entries of a table of `level` lead to. */
static void mark(const struct scene *s, const s2_desc *table, uint64_t entries, unsigned int level,
		 uint8_t *level_of)
{
	unsigned int page;

	for (uint64_t i = 0; i < entries; i++) {
		if (s2_desc_kind(&s->fmt, level, table[i]) == S2_KIND_TABLE &&
		    scene_page(s, s2_desc_pa(&s->fmt, table[i]), &page))
			level_of[page] = (uint8_t)(level + 1);
	}
}

/* Level of the entries of each table that the tree leads to; 0 for the other pages. */
static void survey(const struct scene *s, uint8_t *level_of)
{
	uint64_t entries = BIT(s->fmt.ipa_bits - s2_level_shift(&s->fmt, s->fmt.start_level));

	mark(s, s->root, entries, s->fmt.start_level, level_of);
	for (unsigned int level = s->fmt.start_level + 1; level < S2_LAST_LEVEL; level++)
		for (unsigned int page = 0; page < s->pages; page++)
			if (level_of[page] == level)
				mark(s, scene_table(s, page), BIT(s->fmt.index_bits), level,
				     level_of);
}

static int destroy(struct scene *s, struct input *in)
{
	int status;

	begin(s, in);
	status = s2_destroy(&s->tree, &s->cpu);
	scene_end(s);
	must(says(destroy_says, status), "s2_destroy: %d", status);
	must((status == S2_BUSY) == !!s->cpu.gather.runs, "%d", status);
	if (status == S2_CORRUPT)
		check_report(s);
	return status;
}

/*
 * However often it reports, one descriptor each time, it comes to an end, and frees all that can
 * be reached.
 */
static void take_apart(struct scene *s, struct input *in)
{
	uint64_t descriptors = (s->pages + s->fmt.root_tables) << s->fmt.index_bits;
	uint8_t level_of[SCENE_PAGES] = {0};
	int status = S2_MORE;

	if (s->cpu.gather.runs)
		must(destroy(s, in) == S2_BUSY, "destroyed with an invalidation to come");
	do_flush(s, in);
	/* A table that two entries lead to would be freed twice: see scene.h. */
	if (s->graph)
		return;
	survey(s, level_of);
	for (uint64_t n = 0; status && n < descriptors + 2; n++)
		status = destroy(s, in);
	must(status == S2_OK, "%d", status);
	for (unsigned int page = 0; page < s->pages; page++)
		must(!level_of[page] || scene_is_cached(s, scene_table(s, page)),
		     "page %u was not freed", page);
	for (uint64_t i = 0; i < s->fmt.root_size / sizeof(s2_desc); i++)
		must(!s->root[i], "the root is not zero");
}

static void do_fill(struct scene *s, struct input *in)
{
	scene_fill(s, (uint32_t)take(in, 1) % (SCENE_POOL + 1));
}

typedef void call(struct scene *s, struct input *in);

static call *const calls[] = {
	scene_poke, scene_poke, scene_poke,  scene_poke,  do_map,	 do_map,      do_map,
	do_unmap,   do_unmap,	do_split,    do_split,	  do_collapse,	 do_collapse, do_flush,
	do_fill,    do_reclaim, do_lookup,   do_walk,	  do_cost,	 do_ranges,   do_dump,
	do_count,   do_verify,	do_verify,   do_protect,  do_protect,	 do_touch,    do_touch,
	do_age,	    do_age,	do_log,	     do_log,	  do_log,	 do_group,    do_clean,
	do_compact, do_compact, do_annotate, do_conflict, do_split_cost,
};

void fuzz_tables(struct input *in, const struct s2_format *fmt)
{
	struct scene s;

	scene_open(&s, in, fmt);
	for (unsigned int n = 0; n < CALLS_MAX && in->left; n++)
		calls[take(in, 1) % ARRAY_SIZE(calls)](&s, in);
	take_apart(&s, in);
	scene_close();
}
