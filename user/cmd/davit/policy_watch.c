// SPDX-License-Identifier: Apache-2.0
/* davit policy watch, learn: what containers talk with, and what they were denied. */
#include "policy.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "cli.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/flow_names.h"
#include "engine/traffic.h"
#include "kern/bpf.h"
#include "kern/cgroup.h"
#include "network/learn.h"
#include "network/policy.h"

/* struct watching - @wanted: ids of containers, empty = all; @shift_ns: from the monotonic clock to that on the wall */
struct watching {
	struct engine *en;
	struct flow_names names;
	struct strv wanted;
	int64_t shift_ns;
	bool is_json;
};

static void watching_done(struct watching *w)
{
	flow_names_done(&w->names);
	strv_done(&w->wanted);
}

static int64_t clock_shift(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
	return fmt_now_ns() - ((int64_t)t.tv_sec * 1000000000 + t.tv_nsec);
}

static int open_set(struct engine *en, struct bpf_set **ret, struct err *e)
{
	_cleanup_fd_ int slice = cgroup_slice_fd(en->env->slice, e);

	/* loaded, where nothing has run since boot: what starts later is seen */
	return slice < 0 ? slice : bpf_set_open(en->env, slice, ret, e);
}

static void add_json(const struct net_flow *f, const char *time, const char *name, const char *flow,
		     const char *by, struct str *out)
{
	str_addf(out, "{\"time\":\"%s\",\"container\":", time);
	str_add_json(out, name);
	str_addf(out, ",\"verdict\":\"%s\",\"flow\":", f->is_allowed ? "allowed" : "denied");
	str_add_json(out, flow);
	str_add(out, ",\"by\":");
	str_add_json(out, by);
	if (f->pid) {
		str_addf(out, ",\"pid\":%u,\"comm\":", f->pid);
		str_add_json(out, f->comm);
	}
	str_addf(out, ",\"suppressed\":%" PRIu64 "}\n", f->suppressed);
}

static int print_event(struct watching *w, const struct net_flow *f, struct err *e)
{
	const struct container *c = flow_names_find(w->en, &w->names, f->cgroup_id);
	_cleanup_str_ struct str flow = STR_INIT, by = STR_INIT, line = STR_INIT;
	char time[FMT_TIME_BUF], buf[NAME_MAX_LEN + 1];
	const char *name = c ? container_name(c, buf) : "?";

	if (w->wanted.n && (!c || !strv_has(&w->wanted, c->id)))
		return 0;
	(void)fmt_time((int64_t)f->denied.monotonic_ns + w->shift_ns, time);
	traffic_flow(&f->denied, &flow);
	if (c) /* of one that has gone it is not known */
		traffic_rule(c, &f->denied, f->is_allowed, &by);
	if (w->is_json) {
		add_json(f, time, name, str_text(&flow), str_text(&by), &line);
		return print_str(&line, e);
	}
	if (f->suppressed)
		str_addf(&line, "%s %s: %" PRIu64 " events were not told\n", time, name,
			 f->suppressed);
	str_addf(&line, "%s %s %s %s", time, name, f->is_allowed ? "allowed" : "denied",
		 str_text(&flow));
	if (by.len)
		str_addf(&line, " by %s", str_text(&by));
	if (f->pid)
		str_addf(&line, " (%s, pid %u)", f->comm, f->pid);
	str_add_char(&line, '\n');
	return print_str(&line, e);
}

static int watch(struct watching *w, struct bpf_watch *reader, struct err *e)
{
	struct pollfd p = { bpf_watch_fd(reader), POLLIN, 0 };
	struct net_flow f;
	int r = 0;

	/* until a signal ends it, or nobody reads */
	while (r == 0) {
		while (r == 0 && bpf_watch_next(reader, &f))
			r = print_event(w, &f, e);
		if (r == 0 && poll(&p, 1, -1) < 0 && errno != EINTR)
			r = err_set(e, errno, "wait for events");
	}
	return r;
}

static int find_wanted(const struct policy_call *call, struct watching *w, struct err *e)
{
	int r = 0;

	for (int i = 0; i < call->argc && r == 0; i++) {
		_cleanup_(container_done) struct container c = { .name = NULL };

		r = container_find(w->en, call->argv[i], &c, e);
		if (r == 0 && strv_add(&w->wanted, c.id) < 0)
			r = err_set(e, ENOMEM, "watch '%s'", call->argv[i]);
	}
	return r;
}

int policy_watch(const struct policy_call *call, struct err *e)
{
	_cleanup_engine_ struct engine en = ENGINE_INIT;
	_cleanup_(watching_done) struct watching w = { .en = &en, .shift_ns = clock_shift() };
	_cleanup_(bpf_set_closep) struct bpf_set *set = NULL;
	_cleanup_(bpf_watch_closep) struct bpf_watch *reader = NULL;
	int r = cli_format(call->opts->format, &w.is_json, e);

	if (r == 0)
		r = engine_open(call->env, &en, e);
	if (r == 0)
		r = find_wanted(call, &w, e);
	if (r == 0)
		r = open_set(&en, &set, e);
	if (r == 0)
		r = bpf_watch_open(en.env, set, &reader, e);
	return r < 0 ? r : watch(&w, reader, e);
}

static int read_flows(struct engine *en, const struct container *c, struct net_flow **ret,
		      size_t *ret_n, uint64_t *ret_lost, struct err *e)
{
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	_cleanup_(bpf_set_closep) struct bpf_set *set = NULL;
	char name[NAME_MAX_LEN + 1];
	int r = cgroup_open(en->env->slice, c->id, &cg, NULL);

	if (r == 0)
		r = open_set(en, &set, e);
	if (r == 0)
		r = bpf_set_flows(set, cgroup_inode(cg), ret, ret_n, ret_lost, e);
	if (r != -ENOENT)
		return r;
	err_clear(e);
	return err_plain(e, -ESRCH,
			 "container '%s' is not running: what it talked with is forgotten",
			 container_name(c, name));
}

/* Return: number of those that were allowed, which come first in @out. */
static size_t allowed_of(const struct net_flow *flows, size_t n, struct net_target *out)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (flows[i].is_allowed)
			traffic_target(&flows[i].denied, &out[k++]);
	return k;
}

static int print_rules(const struct strv *rules, bool is_json, struct err *e)
{
	_cleanup_str_ struct str out = STR_INIT;

	if (is_json)
		str_add_char(&out, '[');
	for (size_t i = 0; i < rules->n; i++) {
		if (is_json) {
			str_add(&out, i ? "," : "");
			str_add_json(&out, rules->v[i]);
		} else {
			str_addf(&out, "--net-allow %s\n", rules->v[i]);
		}
	}
	if (is_json)
		str_add(&out, "]\n");
	return print_str(&out, e);
}

int policy_learn(const struct policy_call *call, struct err *e)
{
	_cleanup_(container_done) struct container c = { .name = NULL };
	_cleanup_engine_ struct engine en = ENGINE_INIT;
	_cleanup_strv_ struct strv rules = { .v = NULL };
	_cleanup_free_ struct net_flow *flows = NULL;
	_cleanup_free_ struct net_target *seen = NULL;
	uint64_t lost = 0;
	bool is_json;
	size_t n = 0;
	int r = cli_format(call->opts->format, &is_json, e);

	if (r == 0)
		r = engine_open(call->env, &en, e);
	if (r == 0)
		r = container_find(&en, call->argv[0], &c, e);
	if (r == 0 && !c.options.net_audit) {
		r = err_plain(e, -ENODATA, "what container '%s' talks with is not kept",
			      call->argv[0]);
		err_hint(e,
			 "begin with 'davit policy add --net-audit %s', or run it with --net-audit",
			 call->argv[0]);
	}
	if (r == 0)
		r = read_flows(&en, &c, &flows, &n, &lost, e);
	if (r < 0)
		return r;
	seen = calloc(n + 1, sizeof(*seen));
	if (!seen || learn_rules(seen, allowed_of(flows, n, seen), &rules) < 0)
		return err_set(e, ENOMEM, "learn from '%s'", call->argv[0]);
	r = print_rules(&rules, is_json, e);
	return r < 0 || !lost ?
		       r :
		       err_plain(e, -ENOSPC,
				 "container '%s' talked with more than can be kept: %" PRIu64
				 " packets and calls are not among these rules",
				 call->argv[0], lost);
}
