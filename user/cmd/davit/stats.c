// SPDX-License-Identifier: Apache-2.0
/* davit stats */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/table.h"
#include "cli.h"
#include "commands.h"
#include "engine/engine.h"
#include "engine/stats.h"

#define STREAM_MS 1000 /* between two pictures */
#define ONCE_MS 200 /* what --no-stream measures CPU over */

struct stats_opts {
	bool all, no_stream;
	char *format;
};

/* clang-format off */
static const struct opt stats_options[] = {
	OPT_BOOL('a', "all", struct stats_opts, all,            "stopped containers too"),
	OPT_BOOL(0,   "no-stream", struct stats_opts, no_stream, "print once"),
	OPT_WORD(0,   "format", struct stats_opts, format, "table|json", "json prints one object per line and container"),
	OPT_END
};
/* clang-format on */

static uint64_t host_memory(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* As Docker counts: the page cache that can go at once is not used. */
static uint64_t memory_used(const struct cgroup_stats *u)
{
	return u->memory_usage > u->memory_inactive_file ?
		       u->memory_usage - u->memory_inactive_file :
		       0;
}

static uint64_t memory_limit(const struct cgroup_stats *u)
{
	uint64_t host = host_memory();

	return u->memory_limit < host ? u->memory_limit : host;
}

/* A cell: "-" for what this host cannot tell */
static void add_pair(struct table *t, bool is_known, const char *a, const char *b)
{
	if (is_known)
		table_addf(t, "%s / %s", a, b);
	else
		table_add(t, "-");
}

static void add_row(struct table *t, const struct stats *s)
{
	const struct cgroup_stats *u = &s->use;
	const struct net_counters *n = &s->network;
	char a[FMT_BUF], b[FMT_BUF];

	table_addf(t, "%.*s", (int)ID_SHORT_LEN, s->id);
	table_add(t, s->name);
	if (s->has_cpu_share)
		table_addf(t, "%.2f%%", 100 * s->cpu_share);
	else
		table_add(t, "-");
	add_pair(t, u->has_memory, fmt_size_binary(memory_used(u), a),
		 fmt_size_binary(memory_limit(u), b));
	if (u->has_memory)
		table_addf(t, "%.2f%%", 100 * (double)memory_used(u) / (double)memory_limit(u));
	else
		table_add(t, "-");
	add_pair(t, s->has_network, fmt_size(net_sum(n->bytes[NET_IN]), a),
		 fmt_size(net_sum(n->bytes[NET_OUT]), b));
	add_pair(t, u->has_io, fmt_size(u->io_read_bytes, a), fmt_size(u->io_write_bytes, b));
	if (u->has_pids)
		table_addf(t, "%" PRIu64, u->pids_current);
	else
		table_add(t, "-");
}

static void add_table(struct str *out, const struct stats_list *l)
{
	static const char *const head[] = { "CONTAINER ID",	 "NAME",  "CPU %",
					    "MEM USAGE / LIMIT", "MEM %", "NET I/O",
					    "BLOCK I/O",	 "PIDS" };
	struct table t = { .n_columns = ARRAY_SIZE(head) };

	for (size_t i = 0; i < ARRAY_SIZE(head); i++)
		table_add(&t, head[i]);
	for (size_t i = 0; i < l->n; i++)
		add_row(&t, &l->v[i]);
	table_print(&t, out);
	table_done(&t);
}

/* "limit" without one is null, like everything that is not known */
static void add_limit(struct str *out, uint64_t limit)
{
	if (limit == CGROUP_UNLIMITED)
		str_add(out, "null");
	else
		str_addf(out, "%" PRIu64, limit);
}

static void add_json_cpu(struct str *out, const struct stats *s)
{
	const struct cgroup_stats *u = &s->use;

	if (!u->has_cpu) {
		str_add(out, ",\"cpu\":null");
		return;
	}
	str_addf(out,
		 ",\"cpu\":{\"usage_ns\":%" PRIu64 ",\"user_ns\":%" PRIu64
		 ",\"system_ns\":%" PRIu64,
		 u->cpu_usage_ns, u->cpu_user_ns, u->cpu_system_ns);
	if (s->has_cpu_share)
		str_addf(out, ",\"percent\":%.4f", 100 * s->cpu_share);
	else
		str_add(out, ",\"percent\":null");
	if (u->has_throttle)
		str_addf(out,
			 ",\"periods\":%" PRIu64 ",\"throttled_periods\":%" PRIu64
			 ",\"throttled_ns\":%" PRIu64,
			 u->cpu_periods, u->cpu_throttled_periods, u->cpu_throttled_ns);
	str_add(out, "}");
}

static void add_json_memory(struct str *out, const struct cgroup_stats *u)
{
	if (!u->has_memory) {
		str_add(out, ",\"memory\":null");
		return;
	}
	str_addf(out,
		 ",\"memory\":{\"usage\":%" PRIu64 ",\"used\":%" PRIu64 ",\"peak\":%" PRIu64
		 ",\"anon\":%" PRIu64 ",\"file\":%" PRIu64 ",\"inactive_file\":%" PRIu64
		 ",\"limit\":",
		 u->memory_usage, memory_used(u), u->memory_peak, u->memory_anon, u->memory_file,
		 u->memory_inactive_file);
	add_limit(out, u->memory_limit);
	if (u->has_swap)
		str_addf(out, ",\"swap\":%" PRIu64, u->memory_swap);
	str_add(out, "}");
}

static void add_json_flow(struct str *out, const struct net_counters *n, enum net_direction d,
			  uint64_t (*of)(const uint64_t v[NET_FAMILIES]))
{
	str_addf(out,
		 "\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"drops\":%" PRIu64
		 ",\"connections\":%" PRIu64,
		 of(n->packets[d]), of(n->bytes[d]), of(n->drops[d]), of(n->connections[d]));
}

static uint64_t ipv4(const uint64_t v[NET_FAMILIES])
{
	return v[NET_IPV4];
}

static uint64_t ipv6(const uint64_t v[NET_FAMILIES])
{
	return v[NET_IPV6];
}

static void add_json_network(struct str *out, const struct net_counters *n)
{
	static const enum net_direction order[] = { NET_IN, NET_OUT };

	str_add(out, ",\"network\":{");
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		str_addf(out, "\"%s\":{", order[i] == NET_IN ? "in" : "out");
		add_json_flow(out, n, order[i], net_sum);
		str_add(out, ",\"ipv4\":{");
		add_json_flow(out, n, order[i], ipv4);
		str_add(out, "},\"ipv6\":{");
		add_json_flow(out, n, order[i], ipv6);
		str_add(out, "}},");
	}
	str_addf(out, "\"bind\":{\"drops\":%" PRIu64 "}}", net_sum(n->drops[NET_BIND]));
}

static void add_json_rest(struct str *out, const struct stats *s)
{
	const struct cgroup_stats *u = &s->use;

	if (u->has_pids) {
		str_addf(out, ",\"pids\":{\"current\":%" PRIu64 ",\"limit\":", u->pids_current);
		add_limit(out, u->pids_limit);
		str_add(out, "}");
	} else {
		str_add(out, ",\"pids\":null");
	}
	if (u->has_io)
		str_addf(out,
			 ",\"io\":{\"read_bytes\":%" PRIu64 ",\"write_bytes\":%" PRIu64
			 ",\"reads\":%" PRIu64 ",\"writes\":%" PRIu64 "}",
			 u->io_read_bytes, u->io_write_bytes, u->io_read_ops, u->io_write_ops);
	else
		str_add(out, ",\"io\":null");
	if (!s->has_network) {
		str_add(out, ",\"network\":null");
		return;
	}
	add_json_network(out, &s->network);
}

static void add_json(struct str *out, const struct stats_list *l)
{
	char time[FMT_TIME_BUF];

	(void)fmt_time(fmt_now_ns(), time);
	for (size_t i = 0; i < l->n; i++) {
		const struct stats *s = &l->v[i];

		str_add(out, "{\"id\":");
		str_add_json(out, s->id);
		str_add(out, ",\"name\":");
		str_add_json(out, s->name);
		str_addf(out, ",\"status\":\"%s\",\"time\":\"%s\"",
			 container_status_name(s->status), time);
		add_json_cpu(out, s);
		add_json_memory(out, &s->use);
		add_json_rest(out, s);
		str_add(out, "}\n");
	}
}

static void pause_ms(long ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&t, NULL); /* a signal ends us or shortens one interval */
}

static int stats_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	const struct stats_opts *o = opts;
	const struct strv refs = { .v = argv, .n = (size_t)argc };
	_cleanup_engine_ struct engine en = ENGINE_INIT;
	_cleanup_stats_ struct stats_list before = { .v = NULL };
	bool is_json, is_screen = !o->no_stream && isatty(STDOUT_FILENO);
	int r = cli_format(o->format, &is_json, e);

	if (r == 0)
		r = engine_open(env, &en, e);
	if (r == 0)
		r = stats_take(&en, &refs, o->all, &before, e);
	while (r == 0) {
		_cleanup_stats_ struct stats_list now = { .v = NULL };
		_cleanup_str_ struct str out = STR_INIT;

		pause_ms(o->no_stream ? ONCE_MS : STREAM_MS);
		r = stats_take(&en, &refs, o->all, &now, e);
		if (r < 0)
			break;
		stats_rate(&now, &before);
		if (is_screen && !is_json)
			str_add(&out, "\033[H\033[2J"); /* home, clear */
		if (is_json)
			add_json(&out, &now);
		else
			add_table(&out, &now);
		r = print_str(&out, e);
		if (o->no_stream)
			break;
		stats_list_done(&before);
		before = now;
		now.v = NULL;
	}
	return r;
}

const struct command cmd_stats = {
	.name = "stats",
	.summary = "show what containers use",
	.usage = "[CONTAINER...]",
	.main = stats_main,
	.options = stats_options,
	COMMAND_OPTS(struct stats_opts),
	.max_args = -1,
	.details =
		"CPU, memory, processes, network and block I/O of running containers, every second.\n"
		"'-' is what is not known: on hosts with cgroup v1, memory and block I/O are counted\n"
		"for containers that have a limit of them ('--memory -1' counts without a limit).",
};
