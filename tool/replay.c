/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * stage2 replay: a recorded workload once more, on the machine model or on threads.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "bad.h"
#include "command.h"
#include "json.h"
#include "number.h"
#include "replay/replay.h"
#include "settings.h"
#include "status.h"

enum { KEY_THREADS = 0x300, KEY_SEED, KEY_LOOSE, KEY_TWICE, KEY_PAGES };

struct arguments {
	struct settings settings;
	const char *name;
	uint64_t threads, seed, pages;
	bool loose, twice;
};

static const struct argp_option options[] = {
	{"threads", KEY_THREADS, "N", 0,
	 "On N threads as fast as it goes, instead of on the machine model", 1},
	{"seed", KEY_SEED, "N", 0, "Of the order in which the machine's CPUs take their steps (1)",
	 1},
	{"loose", KEY_LOOSE, NULL, 0,
	 "On the machine, no CPU waits for what had ended before in the recording", 1},
	{"twice", KEY_TWICE, NULL, 0, "On the machine, two CPUs make each call at the same time",
	 1},
	{"pages", KEY_PAGES, "N", 0, "How many pages the machine watches, eight at a time (64)", 1},
	{NULL},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		settings_init(state, settings_format);
		return 0;
	case KEY_THREADS:
		a->threads = number("--threads", arg, WORKLOAD_CPUS);
		if (!a->threads)
			bad("--threads", "0 is too small");
		return 0;
	case KEY_SEED:
		a->seed = number("--seed", arg, UINT32_MAX);
		return 0;
	case KEY_LOOSE:
		a->loose = true;
		return 0;
	case KEY_TWICE:
		a->twice = true;
		return 0;
	case KEY_PAGES:
		a->pages = number("--pages", arg, 1 << 20);
		if (!a->pages)
			bad("--pages", "0 is too small");
		return 0;
	case ARGP_KEY_ARG:
		settings_only(&a->name, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "WORKLOAD",
	.doc = "Replays a recorded workload: on the machine model, with all its checks, or on "
	       "threads.  What is not said of the translation is as it was recorded.  Exit status "
	       "1: a rule is broken, or pages are lost.",
	.children = settings_format,
};

/* --- the translation ------------------------------------------------------------- */

/* Where the tables are shall not be where the guest's memory is: some room for both. */
#define LEAST_PA_BITS 40

static struct s2_config config_of(const struct settings *s, const struct regime *recorded)
{
	struct s2_config c = s->config;

	if (!c.granule_shift)
		c.granule_shift = (uint8_t)recorded->granule;
	if (!c.ipa_bits)
		c.ipa_bits = (uint8_t)recorded->ipa_bits;
	if (!c.features)
		c.features = recorded->features;
	if (!c.pa_bits)
		c.pa_bits = (uint8_t)(recorded->pa_bits < LEAST_PA_BITS ? LEAST_PA_BITS
									: recorded->pa_bits);
	if (!c.vmid_bits)
		c.vmid_bits = 8;
	return c;
}

static void check_config(const struct s2_config *config)
{
	struct s2_format fmt;
	int status = s2_format_init(&fmt, config);

	if (status)
		bad(status_option(status), "%s", status_text(status));
}

/* --- what came of it ------------------------------------------------------------- */

static double average(uint64_t sum, uint64_t count)
{
	return count ? (double)sum / (double)count : 0;
}

static void print_workload(const struct workload *w)
{
	(void)printf("workload: %zu calls of %u CPUs in %.1f s:", w->count, w->cpus,
		     (double)w->work[w->count - 1].end / (double)w->frequency);
	for (unsigned int i = 0; i < WORK_KINDS; i++) {
		if (w->calls[i])
			(void)printf(" %s=%" PRIu64, work_name((enum work_kind)i), w->calls[i]);
	}
	(void)putchar('\n');
}

static void print_stats(const struct replay *r)
{
	const struct s2_stats *e = &r->stats;

	(void)printf("engine: retries=%" PRIu64 " breaks=%" PRIu64 " splits=%" PRIu64
		     " collapses=%" PRIu64 " restricts=%" PRIu64 "\n",
		     e->retries, e->breaks, e->splits, e->collapses, e->restricts);
	(void)printf("TLBI: by IPA=%" PRIu64 " by range=%" PRIu64 " of the VMID=%" PRIu64
		     " stage 1=%" PRIu64 " local=%" PRIu64 "\n",
		     e->tlbi_ipa, e->tlbi_range, e->tlbi_vmid, e->tlbi_stage1, e->tlbi_local);
	(void)printf("tables: now=%" PRIu64 " peak=%" PRIu64 " linked=%" PRIu64 " unlinked=%" PRIu64
		     " reclaimed=%" PRIu64 " returned=%" PRIu64 "\n",
		     r->tables, r->peak, e->tables_linked, e->tables_unlinked, e->tables_freed,
		     e->pages_returned);
	(void)printf("tables over time:");
	for (unsigned int i = 0; i < REPLAY_SAMPLES; i++)
		(void)printf(" %" PRIu64, r->sample[i]);
	(void)putchar('\n');
}

static void print_machine(const struct replay *r)
{
	(void)printf("machine: %u pages watched in %u passes, %" PRIu64 " steps\n", r->watched,
		     r->passes, r->steps);
	(void)printf("windows: %" PRIu64 ", of %.1f steps, %" PRIu64 " at most\n", r->windows,
		     average(r->window_steps, r->windows), r->window_longest);
}

static void print_result(const struct replay *r, double seconds)
{
	print_workload(r->workload);
	print_stats(r);
	if (r->passes)
		print_machine(r);
	if (r->violation[0] && r->line)
		(void)printf("%s: line %lu: %s\n", r->workload->name, r->line, r->violation);
	else if (r->violation[0])
		(void)printf("%s: %s\n", r->workload->name, r->violation);
	(void)printf("stage2-replay: granule=%uK cpus=%u calls=%" PRIu64 " retries=%" PRIu64
		     " collapses=%" PRIu64 " tables_live=%" PRIu64 " tables_leaked=%" PRIu64
		     " violations=%d seconds=%.1f\n",
		     1u << (r->config.granule_shift - 10),
		     r->threads ? r->threads : r->workload->cpus, r->calls, r->stats.retries,
		     r->stats.collapses, r->tables, r->leaked, r->violation[0] != '\0', seconds);
}

static void put(json_t *json, const char *key, uint64_t value)
{
	json_put(json, key, json_integer((json_int_t)value));
}

static json_t *stats_json(const struct s2_stats *e)
{
	json_t *json = json_object();

	put(json, "retries", e->retries);
	put(json, "breaks", e->breaks);
	put(json, "splits", e->splits);
	put(json, "collapses", e->collapses);
	put(json, "restricts", e->restricts);
	put(json, "tables_linked", e->tables_linked);
	put(json, "tables_unlinked", e->tables_unlinked);
	put(json, "tables_freed", e->tables_freed);
	put(json, "tlbi_ipa", e->tlbi_ipa);
	put(json, "tlbi_range", e->tlbi_range);
	put(json, "tlbi_vmid", e->tlbi_vmid);
	put(json, "tlbi_stage1", e->tlbi_stage1);
	put(json, "tlbi_local", e->tlbi_local);
	return json;
}

static void result_json(const struct replay *r, double seconds)
{
	json_t *json = json_object(), *samples = json_array();

	for (unsigned int i = 0; i < REPLAY_SAMPLES; i++)
		(void)json_array_append_new(samples, json_integer((json_int_t)r->sample[i]));
	put(json, "calls", r->calls);
	json_put(json, "engine", stats_json(&r->stats));
	put(json, "tables", r->tables);
	put(json, "peak", r->peak);
	put(json, "leaked", r->leaked);
	json_put(json, "tables_over_time", samples);
	put(json, "passes", r->passes);
	put(json, "watched", r->watched);
	put(json, "windows", r->windows);
	put(json, "window_steps", r->window_steps);
	put(json, "window_longest", r->window_longest);
	json_put(json, "seconds", json_real(seconds));
	json_put(json, "violation", r->violation[0] ? json_string(r->violation) : json_null());
	put(json, "line", r->line);
	json_print(json);
}

/* --- all ------------------------------------------------------------------------- */

static void show_progress(unsigned int percent)
{
	(void)fprintf(stderr, "\rreplay: %3u%%", percent);
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run(struct replay *r)
{
	if (r->threads)
		replay_on_threads(r);
	else
		replay_on_machine(r);
	if (r->progress)
		(void)fprintf(stderr, "\r              \r");
	if (r->problem && r->line)
		bad(r->workload->name, "line %lu: %s", r->line, r->problem);
	if (r->problem)
		bad(r->workload->name, "%s", r->problem);
}

int command_replay(int argc, char **argv)
{
	struct arguments a = {.seed = 1, .pages = 64};
	struct workload w;
	struct replay r = {.workload = &w};
	double start = now();

	settings_parse(&argp, argc, argv, &a);
	if (!a.name)
		bad("WORKLOAD", "none is given");
	workload_open(&w, a.name);
	r.config = config_of(&a.settings, &w.regime);
	r.seed = a.seed;
	r.loose = a.loose;
	r.twice = a.twice;
	r.threads = (unsigned int)a.threads;
	r.pages = (unsigned int)a.pages;
	r.progress = isatty(STDERR_FILENO) && !a.threads ? show_progress : NULL;
	check_config(&r.config);
	workload_align(&w, r.config.granule_shift);
	run(&r);
	if (a.settings.json)
		result_json(&r, now() - start);
	else
		print_result(&r, now() - start);
	workload_close(&w);
	return r.violation[0] ? DIFFERENT : FINE;
}
