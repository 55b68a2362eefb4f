// SPDX-License-Identifier: Apache-2.0
/* davit policy: look at the network policy of a container, ask it, change it. */
#include "policy.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "cli.h"
#include "commands.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/policy_edit.h"
#include "engine/policy_words.h"
#include "engine/traffic.h"
#include "network/policy.h"

#define EXIT_DENIED 1

/* clang-format off */
static const struct opt policy_options[] = {
	OPT_LIST(0, "net-allow|allow", struct policy_opts, allow, "RULE", "set, add, rm: allow [out:|in:|bind:]PROTO[:CIDR][:PORT[-PORT]]"),
	OPT_LIST(0, "net-deny|deny", struct policy_opts, deny, "RULE",    "set, add, rm: deny the same; beats every allow"),
	OPT_STR(0,  "net-default|default", struct policy_opts, dflt, "[in:|bind:]allow|deny,...", "set, add: what no rule names"),
	OPT_WORD(0, "net-deny-errno|deny-errno", struct policy_opts, deny_errno, "EPERM|ECONNREFUSED", "set, add: error of a denied connect()"),
	OPT_BOOL(0, "net-audit|audit", struct policy_opts, audit,         "set, add, rm: keep what it talks with"),
	OPT_STR(0,  "format", struct policy_opts, format, "table|json",   "show, test, watch, learn: output format"),
	OPT_END
};
/* clang-format on */

static int add_rules(json_t *rules, const struct strv *list, bool is_allow, struct str *table,
		     size_t *n)
{
	for (size_t i = 0; i < list->n; i++, ++*n) {
		_cleanup_str_ struct str text = STR_INIT;
		struct net_policy_rule rule;

		/* the record has been checked when it was made */
		if (policy_parse_rule(list->v[i], is_allow, &rule, NULL) == 0)
			policy_format_rule(&rule, &text);
		str_addf(table, "%-5zu %-6s %s\n", *n, is_allow ? "allow" : "deny",
			 str_text(&text));
		if (str_failed(&text) ||
		    json_array_append_new(rules, json_pack("{s:s, s:s}", "verdict",
							   is_allow ? "allow" : "deny", "rule",
							   str_text(&text))) < 0)
			return -ENOMEM;
	}
	return 0;
}

static json_t *seen_json(struct engine *en, const struct container *c, struct str *table)
{
	_cleanup_str_ struct str flow = STR_INIT, rule = STR_INIT;
	struct traffic t;
	uint64_t drops[NET_DIRECTIONS];

	if (traffic_read(en, c, &t, NULL) < 0) {
		str_add(table, "not running: in force from its next start\n");
		return json_null();
	}
	for (int d = 0; d < NET_DIRECTIONS; d++)
		drops[d] = net_sum(t.counters.drops[d]);
	str_addf(table, "refused so far: %" PRIu64 " out, %" PRIu64 " in, %" PRIu64 " bind\n",
		 drops[NET_OUT], drops[NET_IN], drops[NET_BIND]);
	if (t.has_denied) {
		traffic_flow(&t.denied, &flow);
		traffic_rule(c, &t.denied, false, &rule);
		str_addf(table, "last refused: %s by %s\n", str_text(&flow), str_text(&rule));
	}
	return json_pack("{s:{s:I, s:I, s:I}, s:s*, s:s*}", "denied", "out",
			 (json_int_t)drops[NET_OUT], "in", (json_int_t)drops[NET_IN], "bind",
			 (json_int_t)drops[NET_BIND], "last", t.has_denied ? str_text(&flow) : NULL,
			 "lastBy", t.has_denied ? str_text(&rule) : NULL);
}

/* One for each direction. */
static json_t *defaults_json(const struct container_options *o, struct str *table, size_t n)
{
	const struct policy_words words = policy_words_of(o);
	json_t *all = json_object();
	unsigned int set = 0;

	(void)policy_defaults(&words, &set,
			      NULL); /* the record has been checked when it was made */
	for (int d = 0; d < NET_DIRECTIONS; d++, n++) {
		const char *verdict = set & NET_BIT(d) ? "deny" : "allow";

		str_addf(table, "%-5zu %-6s %s: everything%s\n", n, verdict,
			 policy_direction_name(d), n > 1u + (size_t)d ? " else" : "");
		if (json_object_set_new(all, policy_direction_name(d), json_string(verdict)) < 0) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

static int find(const struct policy_call *call, struct engine *en, struct container *ret,
		struct err *e)
{
	int r = engine_open(call->env, en, e);

	return r < 0 ? r : container_find(en, call->argv[0], ret, e);
}

static int show(const struct policy_call *call, struct err *e)
{
	_cleanup_(container_done) struct container c = { .name = NULL };
	_cleanup_engine_ struct engine en = ENGINE_INIT;
	_cleanup_str_ struct str table = STR_INIT;
	_cleanup_json_ json_t *rules = json_array(), *all = NULL;
	_cleanup_free_ char *text = NULL;
	json_t *defaults = NULL;
	bool is_json;
	size_t n = 1;
	int r = cli_format(call->opts->format, &is_json, e);

	if (r == 0)
		r = find(call, &en, &c, e);
	if (r < 0)
		return r;
	str_add(&table, "ORDER VERDICT RULE\n");
	r = rules ? add_rules(rules, &c.options.net_deny, false, &table, &n) : -ENOMEM;
	if (r == 0)
		r = add_rules(rules, &c.options.net_allow, true, &table, &n);
	defaults = r == 0 ? defaults_json(&c.options, &table, n) : NULL;
	all = !defaults ? NULL :
			  json_pack("{s:o, s:s, s:O, s:o}", "default", defaults, "errno",
				    c.options.net_deny_errno ? c.options.net_deny_errno : "EPERM",
				    "rules", rules, "seen", seen_json(&en, &c, &table));
	text = all ? json_text(all) : NULL;
	if (r < 0 || !text || str_failed(&table))
		return err_set(e, ENOMEM, "show the policy of '%s'", call->argv[0]);
	if (is_json) {
		_cleanup_str_ struct str line = STR_INIT;

		str_addf(&line, "%s\n", text);
		return print_str(&line, e);
	}
	return print_str(&table, e);
}

static int test(const struct policy_call *call, struct err *e)
{
	_cleanup_(container_done) struct container c = { .name = NULL };
	_cleanup_engine_ struct engine en = ENGINE_INIT;
	_cleanup_free_ struct net_policy *policy = NULL;
	_cleanup_str_ struct str by = STR_INIT, out = STR_INIT;
	enum net_verdict verdict = NET_ALLOW;
	struct net_target flow;
	bool is_json;
	int rule = -1, r = cli_format(call->opts->format, &is_json, e);

	if (r == 0)
		r = policy_parse_flow(call->argv[1], &flow, e);
	if (r == 0)
		r = find(call, &en, &c, e);
	if (r == 0)
		r = policy_words_build(&c.options, &policy, e);
	if (r < 0)
		return r;
	if (policy)
		verdict = policy_judge(policy, &flow, &rule);
	policy_words_source(&c.options, rule, flow.direction, &by);
	if (is_json) {
		str_addf(&out,
			 "{\"allowed\": %s, \"by\": ", verdict == NET_ALLOW ? "true" : "false");
		str_add_json(&out, str_text(&by));
		str_add(&out, "}\n");
	} else {
		str_addf(&out, "%s by %s\n", verdict == NET_ALLOW ? "allowed" : "denied",
			 str_text(&by));
	}
	if (str_failed(&by))
		return err_set(e, ENOMEM, "judge '%s'", call->argv[1]);
	r = print_str(&out, e);
	return r < 0 ? r : verdict == NET_ALLOW ? 0 : EXIT_DENIED;
}

static int edit(const struct policy_call *call, enum policy_how how, struct err *e)
{
	const struct policy_opts *o = call->opts;
	const struct policy_edit what = {
		how, &o->allow, &o->deny, o->dflt, o->deny_errno, o->audit
	};
	_cleanup_engine_ struct engine en = ENGINE_INIT;
	int r;

	if (!o->allow.n && !o->deny.n && !o->dflt && !o->deny_errno && !o->audit)
		return err_plain(e, -EINVAL,
				 "an option is missing: --net-allow, --net-deny, --net-audit%s",
				 how == POLICY_REMOVE ? "" : ", --net-default or --net-deny-errno");
	if ((o->dflt || o->deny_errno) && how == POLICY_REMOVE)
		return err_plain(e, -EINVAL, "'davit policy rm' takes no option '--%s'",
				 o->dflt ? "net-default" : "net-deny-errno");
	r = engine_open(call->env, &en, e);
	return r < 0 ? r : container_edit_policy(&en, call->argv[0], &what, e);
}

static int set(const struct policy_call *call, struct err *e)
{
	return edit(call, POLICY_SET, e);
}

static int add(const struct policy_call *call, struct err *e)
{
	return edit(call, POLICY_ADD, e);
}

static int rm(const struct policy_call *call, struct err *e)
{
	return edit(call, POLICY_REMOVE, e);
}

/* clang-format off */
static const struct verb {
	const char *name, *args;
	int n_args; /* -1: any number */
	bool edits;
	int (*fn)(const struct policy_call *call, struct err *e);
} verbs[] = {
	{ "show",  "CONTAINER",      1,  false, show },
	{ "test",  "CONTAINER FLOW", 2,  false, test },
	{ "set",   "CONTAINER",      1,  true,  set },
	{ "add",   "CONTAINER",      1,  true,  add },
	{ "rm",    "CONTAINER",      1,  true,  rm },
	{ "watch", "[CONTAINER...]", -1, false, policy_watch },
	{ "learn", "CONTAINER",      1,  false, policy_learn },
};
/* clang-format on */

static int check(const struct verb *v, const struct policy_call *call, struct err *e)
{
	const struct policy_opts *o = call->opts;

	if (v->n_args >= 0 && call->argc != v->n_args)
		return err_plain(e, -EINVAL, "'davit policy %s' takes %s", v->name, v->args);
	if (v->edits ? o->format != NULL :
		       o->allow.n || o->deny.n || o->dflt || o->deny_errno || o->audit)
		return err_plain(e, -EINVAL, "'davit policy %s' takes no option '--%s'", v->name,
				 o->format  ? "format" :
				 o->allow.n ? "net-allow" :
				 o->deny.n  ? "net-deny" :
				 o->dflt    ? "net-default" :
				 o->audit   ? "net-audit" :
					      "net-deny-errno");
	return 0;
}

static int policy_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	struct policy_call call = { .env = env, .opts = opts };
	int n = opt_permute(policy_options, argc - 1, argv + 1), r;

	if (n == 0)
		n = opt_parse(policy_options, argc - 1, argv + 1, opts,
			      e); /* behind the verb too */
	if (n < 0)
		return err_exit(e, n, EXIT_WRONG);
	call.argc = argc - 1 - n;
	call.argv = argv + 1 + n;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(argv[0], verbs[i].name) != 0)
			continue;
		r = check(&verbs[i], &call, e);
		if (r < 0)
			return err_exit(e, r, EXIT_WRONG);
		r = verbs[i].fn(&call, e);
		/* 1 is a denial */
		return r < 0 ? err_exit(e, r, EXIT_WRONG) : r;
	}
	return err_exit(e,
			err_plain(e, -EINVAL,
				  "'%s' is not show, test, set, add, rm, watch or learn", argv[0]),
			EXIT_WRONG);
}

const struct command cmd_policy = {
	.name = "policy",
	.summary = "show, test or change what a container may reach",
	.usage = "show|test|set|add|rm|watch|learn CONTAINER [FLOW]",
	.details =
		"show prints the rules in the order in which they decide: denials, allowances, the default. "
		"test says whether a FLOW (tcp:10.1.2.3:443, icmp:[fd00::1], in:udp:192.0.2.1:53, bind:tcp:0.0.0.0:80) is allowed, and by which rule. "
		"set replaces the whole policy, add and rm change rules of it, at once also where the container "
		"runs: each packet is judged by the old policy or by the new one. "
		"watch prints what is denied, and by which rule, as it happens; of containers with --net-audit also what "
		"they talk with. learn prints the rules that allow what a container with --net-audit has talked with "
		"since it was started, and nothing else.",
	.main = policy_main,
	.options = policy_options,
	COMMAND_OPTS(struct policy_opts),
	.min_args = 1,
	.max_args = -1,
	.exit_status = "0; 1 if test finds that the flow is denied; 125 if it failed.",
};
