// SPDX-License-Identifier: Apache-2.0
/* davit-oci events: what a container uses, a JSON object a line. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/str.h"
#include "kern/cgroup.h"
#include "oci.h"
#include "runtime/create.h"
#include "stats.h"
#include "target.h"

#define INTERVAL_DEFAULT_MS 5000
#define OOM_LOOK_MS 10
#define OOM_LOOKS 50 /* each OOM_LOOK_MS */
#define INTERVAL_MAX_MS (24 * 3600 * 1000)

struct events_opts {
	char *interval;
	bool stats;
};

/* clang-format off */
static const struct opt events_options[] = {
	OPT_STR(0,  "interval", struct events_opts, interval, "TIME", "time between two of them, as 500ms, 1.5s, 1m30s (default 5s)"),
	OPT_BOOL(0, "stats", struct events_opts, stats,         "once, now"),
	OPT_END
};
/* clang-format on */

static int parse_interval(const char *text, int *ret_ms, struct err *e)
{
	uint64_t ms;

	*ret_ms = INTERVAL_DEFAULT_MS;
	if (!text)
		return 0;
	if (fmt_parse_duration_ms(text, &ms) == 0 && ms && ms <= INTERVAL_MAX_MS) {
		*ret_ms = (int)ms;
		return 0;
	}
	return err_plain(e, -EINVAL,
			 "option '--interval': '%s' is no time like 5s, from 1 ms to 24 h", text);
}

static void add_cpu(struct cgroup *cg, struct str *s, const struct cgroup_stats *c)
{
	str_addf(s, "\"cpu\":{\"usage\":{\"total\":%llu", (unsigned long long)c->cpu_usage_ns);
	stats_percpu(cg, s);
	str_addf(
		s,
		",\"kernel\":%llu,\"user\":%llu},"
		"\"throttling\":{\"periods\":%llu,\"throttledPeriods\":%llu,\"throttledTime\":%llu}",
		(unsigned long long)c->cpu_system_ns, (unsigned long long)c->cpu_user_ns,
		(unsigned long long)c->cpu_periods, (unsigned long long)c->cpu_throttled_periods,
		(unsigned long long)c->cpu_throttled_ns);
	stats_psi(cg, "cpu.pressure", s);
	str_add(s, "},");
}

/* Nor does runc know interfaces that it has not made. */
static int print_stats(const struct target *t, struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;
	struct cgroup_stats c;
	int r = cgroup_stats(t->cg, &c, e);

	if (r < 0)
		return r;
	str_add(&s, "{\"type\":\"stats\",\"id\":");
	str_add_json(&s, t->record.id);
	str_add(&s, ",\"data\":{");
	if (c.has_cpu)
		add_cpu(t->cg, &s, &c);
	stats_cpuset(t->cg, &s);
	stats_memory(t->cg, &s);
	stats_blkio(t->cg, &s);
	stats_hugetlb(t->cg, &s);
	stats_rdt(&t->record, &s);
	str_addf(&s, "\"pids\":{\"current\":%llu", (unsigned long long)c.pids_current);
	if (c.pids_limit != CGROUP_UNLIMITED)
		str_addf(&s, ",\"limit\":%llu", (unsigned long long)c.pids_limit);
	str_add(&s, "},\"network_interfaces\":null}}\n");
	return print_str(&s, e);
}

static int print_oom(const struct target *t, uint64_t *seen, struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;
	uint64_t now = 0;

	/* a host that cannot count them has none to tell */
	if (cgroup_oom_count(t->cg, &now, NULL) < 0 || now <= *seen)
		return 0;
	*seen = now;
	str_add(&s, "{\"type\":\"oom\",\"id\":");
	str_add_json(&s, t->record.id);
	str_add(&s, "}\n");
	return print_str(&s, e);
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What is killed is counted some time after cgroup v1 has told of it. */
static int tell_oom(const struct target *t, const struct pollfd *watch, uint64_t *seen,
		    struct err *e)
{
	uint64_t before = *seen;
	int r = print_oom(t, seen, e);

	cgroup_oom_rearm(watch);
	for (int i = 0; r == 0 && *seen == before && i < OOM_LOOKS && watch->events == POLLIN;
	     i++) {
		(void)poll(NULL, 0, OOM_LOOK_MS);
		r = print_oom(t, seen, e);
	}
	return r;
}

/* Until the container has ended. */
static int follow(const struct target *t, int interval_ms, struct err *e)
{
	_cleanup_fd_ int pidfd = proc_id_open(&t->record.init), watch = -1;
	struct pollfd p[] = { { .fd = pidfd, .events = POLLIN }, { .fd = -1 } };
	int64_t next = now_ms() + interval_ms;
	uint64_t oom = 0;
	int r = 0;

	(void)cgroup_oom_count(t->cg, &oom, NULL); /* those before are no news */
	(void)cgroup_oom_watch(t->cg, &p[1]); /* without, the interval has to do */
	watch = p[1].fd;
	while (r == 0 && pidfd >= 0) {
		int64_t left = next - now_ms();

		if (poll(p, ARRAY_SIZE(p), left > 0 ? (int)left : 0) < 0 && errno != EINTR)
			return err_set(e, errno, "wait for events");
		if (p[0].revents)
			return print_oom(t, &oom, e);
		if (p[1].revents)
			r = tell_oom(t, &p[1], &oom, e);
		if (r < 0 || now_ms() < next)
			continue;
		next += interval_ms;
		r = print_oom(t, &oom, e);
		if (r == 0)
			r = print_stats(t, e);
	}
	return r;
}

static int events_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	const struct events_opts *o = opts;
	_cleanup_(target_done) struct target t = { .dir = -1 };
	int interval_ms, r = parse_interval(o->interval, &interval_ms, e);

	(void)argc;
	if (r == 0)
		r = target_open(env, argv[0], &t, e);
	if (r < 0)
		return r;
	if (container_look(&t.record) == RECORD_STOPPED)
		return err_plain(e, -ESRCH, "container '%s' has stopped", argv[0]);
	t.dir = fd_close(t.dir); /* others may go on */
	return o->stats ? print_stats(&t, e) : follow(&t, interval_ms, e);
}

const struct command cmd_events = { .name = "events",
				    .summary = "print what a container uses, as JSON",
				    .usage = "ID",
				    .main = events_main,
				    .options = events_options,
				    COMMAND_OPTS(struct events_opts),
				    .min_args = 1,
				    .max_args = 1 };
