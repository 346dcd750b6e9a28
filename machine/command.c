/* SPDX-License-Identifier: BSD-2-Clause */
/* SPDX-FileCopyrightText: 2026 The stage2 authors */
/*
 * The command that explores: which clients, how far, on how many processes; and
 * what it tells.
 *
 * Standard output is TAP, a test for each setting.  Clients are handed out one by
 * one to worker processes, which leave their results in memory that all share.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clients.h"
#include "explore.h"

#define JOBS_MAX 64u

struct options {
	struct m_limits limits;
	const char *match; /* only clients whose name has it in it */
	const char *schedule; /* to be replayed */
	enum breadth breadth;
	unsigned int jobs;
	bool verbose, stop;
};

enum state { WAITS, SKIPPED, RUNS, EXHAUSTIVE, BOUNDED, VIOLATED };

struct result {
	_Atomic enum state state;
	uint64_t executions;
};

/* Seen by all workers. */
struct board {
	atomic_uint next; /* client that nobody has taken yet */
	atomic_bool violated;
	struct result result[CLIENTS_MAX];
};

static struct board *board;
static struct client clients[CLIENTS_MAX];
static unsigned int clients_n;

/* --- schedules as text: "A12B3" lets CPU0 take 12 steps, then CPU1 three ----------------- */

static void print_schedule(const unsigned char *schedule, unsigned int length)
{
	for (unsigned int d = 0, run; d < length; d += run) {
		for (run = 1; d + run < length && schedule[d + run] == schedule[d]; run++)
			;
		(void)printf("%c%u", 'A' + schedule[d], run);
	}
}

/* False if it is not one. */
static bool parse_schedule(const char *text, struct m_outcome *o)
{
	o->schedule_length = 0;
	while (*text) {
		unsigned int cpu = (unsigned int)(*text - 'A');
		char *end;
		unsigned long run = strtoul(text + 1, &end, 10);

		if (cpu >= M_FIBERS || end == text + 1 || run > M_DEPTH_MAX - o->schedule_length)
			return false;
		memset(&o->schedule[o->schedule_length], (int)cpu, run);
		o->schedule_length += (unsigned int)run;
		text = end;
	}
	return o->schedule_length;
}

/* --- one client ---------------------------------------------------------------------------- */

static struct m_client machine_client(void)
{
	return (struct m_client){.begin = world_begin,
				 .end = judge_end,
				 .digest = world_digest,
				 .fibers = world_fibers()};
}

static void report(const struct m_client *client, const char *name, const struct options *o,
		   const struct m_outcome *outcome)
{
	(void)printf("  %s\n  after %llu executions; to see it again: explore -n %llu -p %u -m "
		     "\"%s\" -r ",
		     m_run_violation(), (unsigned long long)outcome->executions,
		     (unsigned long long)o->limits.executions, o->limits.preemptions, name);
	print_schedule(outcome->schedule, outcome->schedule_length);
	(void)printf("\n");
	(void)m_replay(client, outcome->schedule, outcome->schedule_length);
	m_history_print();
}

static void print_outcome(const char *name, const struct m_outcome *o)
{
	(void)printf("%-75s %8llu ", name, (unsigned long long)o->executions);
	if (o->violated)
		(void)printf("VIOLATION\n");
	else if (o->exhaustive)
		(void)printf("exhaustive\n");
	else
		(void)printf("bounded: all with %u preemptions\n", o->preemptions);
}

static enum state state_of(const struct m_outcome *o)
{
	if (o->violated)
		return VIOLATED;
	return o->exhaustive ? EXHAUSTIVE : BOUNDED;
}

static bool is_wanted(const char *name, const struct options *o)
{
	return !o->match || strstr(name, o->match);
}

static void explore(unsigned int i, const struct options *o)
{
	static struct m_outcome outcome;
	struct result *result = &board->result[i];
	struct m_client client;
	char name[160];

	client_name(&clients[i], name, sizeof(name));
	if (!is_wanted(name, o) || (o->stop && board->violated)) {
		result->state = SKIPPED;
		return;
	}
	result->state = RUNS;
	client_load(&clients[i]);
	world_build(clients[i].setting);
	client = machine_client();
	m_explore(&client, &o->limits, &outcome);
	result->executions = outcome.executions;
	if (o->verbose || outcome.violated)
		print_outcome(name, &outcome);
	if (outcome.violated)
		report(&client, name, o, &outcome);
	(void)fflush(stdout);
	if (outcome.violated)
		board->violated = true;
	result->state = state_of(&outcome);
}

/* --- replaying ------------------------------------------------------------------------------- */

/* The client of that name, or the only one that has it in its name; clients_n if there is none. */
static unsigned int find_client(const struct options *o)
{
	unsigned int found = clients_n, matches = 0;
	char name[160];

	for (unsigned int i = 0; i < clients_n; i++) {
		client_name(&clients[i], name, sizeof(name));
		if (o->match && !strcmp(name, o->match))
			return i;
		if (is_wanted(name, o)) {
			found = i;
			matches++;
		}
	}
	return matches == 1 ? found : clients_n;
}

/* Which addresses CPUs share is known only after a search: see m_replay(). */
static int replay(const struct options *o)
{
	static struct m_outcome outcome;
	unsigned int i = find_client(o);
	struct m_client client;

	if (i == clients_n || !parse_schedule(o->schedule, &outcome)) {
		(void)fprintf(stderr,
			      "explore: -r takes the schedule of one client, which -m names\n");
		return 2;
	}
	client_load(&clients[i]);
	world_build(clients[i].setting);
	client = machine_client();
	m_explore(&client, &o->limits, &outcome);
	(void)parse_schedule(o->schedule, &outcome);
	if (!m_replay(&client, outcome.schedule, outcome.schedule_length)) {
		(void)fprintf(stderr, "explore: that is not a schedule of this client\n");
		return 2;
	}
	(void)printf("%s\n", m_run_ok() ? "no rule is broken" : m_run_violation());
	m_history_print();
	return !m_run_ok();
}

/* --- workers ----------------------------------------------------------------------------------- */

static void work(const struct options *o)
{
	unsigned int i;

	while ((i = board->next++) < clients_n)
		explore(i, o);
}

static struct {
	pid_t pid[JOBS_MAX];
	unsigned int n;
} workers;

static void start_worker(const struct options *o)
{
	pid_t pid = fork();

	if (pid < 0) {
		perror("explore: fork");
		exit(1);
	}
	if (pid) {
		workers.pid[workers.n++] = pid;
		return;
	}
	work(o);
	exit(0);
}

/* False if a worker has ended otherwise than it should. */
static bool workers_are_well(void)
{
	bool well = true;
	int status;

	while (waitpid(-1, &status, WNOHANG) > 0)
		well &= WIFEXITED(status) && !WEXITSTATUS(status);
	return well;
}

/* --- telling ------------------------------------------------------------------------------------- */

struct totals {
	uint64_t configurations, executions, violations, bounded;
};

static void add_result(struct totals *t, const struct result *r)
{
	if (r->state == SKIPPED)
		return;
	t->configurations++;
	t->executions += r->executions;
	t->violations += r->state == VIOLATED;
	t->bounded += r->state == BOUNDED;
}

/* The clients from `i` on that belong to a setting: how many, or none if some are still to do. */
static unsigned int finished(unsigned int setting, unsigned int i, struct totals *t)
{
	unsigned int n = 0;

	for (; i + n < clients_n && clients[i + n].setting == &settings[setting]; n++) {
		const struct result *r = &board->result[i + n];

		if (r->state == WAITS || r->state == RUNS)
			return 0;
		add_result(t, r);
	}
	return n;
}

/* Tells of a setting whose clients begin at *next, once they are all done. */
static bool conclude(unsigned int setting, unsigned int *next, struct totals *all)
{
	struct totals t = {0, 0, 0, 0};
	unsigned int n = finished(setting, *next, &t);

	if (!n)
		return false;
	*next += n;
	all->configurations += t.configurations;
	all->executions += t.executions;
	all->violations += t.violations;
	all->bounded += t.bounded;
	(void)printf("%sok %u - explore, %s: configurations=%llu executions=%llu bounded=%llu%s\n",
		     t.violations ? "not " : "", setting + 1, settings[setting].name,
		     (unsigned long long)t.configurations, (unsigned long long)t.executions,
		     (unsigned long long)t.bounded,
		     t.configurations ? "" : " # SKIP not asked for");
	(void)fflush(stdout);
	return true;
}

static void show_progress(void)
{
	unsigned int done = board->next < clients_n ? board->next : clients_n;

	if (isatty(STDERR_FILENO))
		(void)fprintf(stderr, "\r%u of %u clients ", done, clients_n);
}

/* Tells of each setting as soon as it is done; false if a worker has died. */
static bool follow(struct totals *totals)
{
	const struct timespec pause = {.tv_nsec = 100000000};
	unsigned int setting = 0, next = 0;

	for (;;) {
		bool well = workers_are_well();

		show_progress();
		while (setting < setting_count && conclude(setting, &next, totals))
			setting++;
		if (setting == setting_count || !well)
			return well;
		(void)nanosleep(&pause, NULL);
	}
}

static void blame_dead_worker(void)
{
	char name[160];

	for (unsigned int i = 0; i < workers.n; i++)
		(void)kill(workers.pid[i], SIGTERM);
	for (unsigned int i = 0; i < clients_n; i++) {
		client_name(&clients[i], name, sizeof(name));
		if (board->result[i].state == RUNS)
			(void)printf("not ok - explore, %s: the program died in it, or was ended\n",
				     name);
	}
}

static int tell(const struct totals *t, bool well, const struct options *o)
{
	if (!well) {
		blame_dead_worker();
		return 1;
	}
	if (!t->configurations) {
		(void)fprintf(stderr, "explore: no client has \"%s\" in its name\n", o->match);
		return 2;
	}
	(void)printf("explore: configurations=%llu executions=%llu violations=%llu bounded=%llu\n",
		     (unsigned long long)t->configurations, (unsigned long long)t->executions,
		     (unsigned long long)t->violations, (unsigned long long)t->bounded);
	return t->violations ? 1 : 0;
}

/* --- the command ------------------------------------------------------------------------------ */

static int usage(FILE *to)
{
	(void)fprintf(to,
		      "usage: explore [-n EXECUTIONS] [-p PREEMPTIONS] [-m TEXT] [-j JOBS] [-t] "
		      "[-T] [-v] [-x]\n"
		      "       explore [-n EXECUTIONS] [-p PREEMPTIONS] [-t] -m CLIENT -r SCHEDULE\n"
		      "  -n  schedules of one client at the most, then those with few preemptions "
		      "(20000)\n"
		      "  -p  how many preemptions those have at the most (3)\n"
		      "  -m  only clients whose name has TEXT in it\n"
		      "  -j  processes (as many as there are processors)\n"
		      "  -t  chosen programs of three calls as well\n"
		      "  -T  and any three of the commonest operations at once\n"
		      "  -v  a line for each client\n"
		      "  -x  stop at the first violation\n"
		      "  -r  replay one schedule, as a report has it, and print all steps\n");
	return to == stderr ? 2 : 0;
}

static bool take_option(int c, struct options *o)
{
	switch (c) {
	case 'n':
		o->limits.executions = strtoull(optarg, NULL, 0);
		return o->limits.executions;
	case 'p':
		o->limits.preemptions = (unsigned int)strtoul(optarg, NULL, 0);
		return true;
	case 'm':
		o->match = optarg;
		return true;
	case 'j':
		o->jobs = (unsigned int)strtoul(optarg, NULL, 0);
		return o->jobs;
	case 'r':
		o->schedule = optarg;
		return true;
	default:
		return false;
	}
}

static bool parse(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "n:p:m:j:r:tTvx")) != -1) {
		if (c == 't')
			o->breadth = CHOSEN;
		else if (c == 'T')
			o->breadth = TRIPLES;
		else if (c == 'v')
			o->verbose = true;
		else if (c == 'x')
			o->stop = true;
		else if (!take_option(c, o))
			return false;
	}
	return optind == argc;
}

static void make_board(void)
{
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (board == MAP_FAILED) {
		perror("explore: mmap");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct options o = {.limits = {.executions = 20000, .preemptions = 3},
			    .jobs = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN)};
	struct totals totals = {0, 0, 0, 0};
	bool well;

	if (argc == 2 && !strcmp(argv[1], "--help"))
		return usage(stdout);
	if (!parse(argc, argv, &o))
		return usage(stderr);
	clients_n = clients_list(clients, o.breadth);
	if (o.schedule)
		return replay(&o);
	make_board();
	(void)printf("1..%u\n", setting_count);
	(void)fflush(stdout);
	for (unsigned int i = 0; i < o.jobs && i < JOBS_MAX && o.jobs > 1; i++)
		start_worker(&o);
	if (o.jobs == 1)
		work(&o);
	well = follow(&totals);
	return tell(&totals, well, &o);
}
