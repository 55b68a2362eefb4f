// SPDX-License-Identifier: Apache-2.0
/* davit policy: look at the network policy of a container, ask it, change it. */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "cli.h"
#include "commands.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/policy_edit.h"
#include "engine/traffic.h"
#include "network/policy.h"

#define EXIT_DENIED 1

struct policy_opts {
	struct strv allow, deny;
	char *dflt, *format;
};

/* clang-format off */
static const struct opt policy_options[] = {
	OPT_LIST(0, "net-allow|allow", struct policy_opts, allow, "RULE", "set, add, rm: allow egress: PROTO[:CIDR][:PORT[-PORT]]"),
	OPT_LIST(0, "net-deny|deny", struct policy_opts, deny, "RULE",    "set, add, rm: deny egress; beats every allow"),
	OPT_STR(0,  "net-default|default", struct policy_opts, dflt, "allow|deny", "set, add: egress that no rule names"),
	OPT_STR(0,  "format", struct policy_opts, format, "table|json",   "show, test: output format"),
	OPT_END
};
/* clang-format on */

struct call {
	const struct env *env;
	const struct policy_opts *opts;
	int argc;
	char **argv; /* behind the verb */
};

/* The option that rule @i of policy_build() came from. */
static void rule_source(const struct container_options *o, int i, struct str *out)
{
	if (i < 0)
		str_addf(out, "--net-default %s",
			 o->net_default ? o->net_default :
			 o->net_allow.n ? "deny" :
					  "allow");
	else if ((size_t)i < o->net_deny.n)
		str_addf(out, "--net-deny %s", o->net_deny.v[i]);
	else
		str_addf(out, "--net-allow %s", o->net_allow.v[(size_t)i - o->net_deny.n]);
}

static bool default_allows(const struct container_options *o)
{
	return o->net_default ? str_eq(o->net_default, "allow") : !o->net_allow.n;
}

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

	if (traffic_read(en, c, &t, NULL) < 0) {
		str_add(table, "not running: in force from its next start\n");
		return json_null();
	}
	str_addf(table, "refused so far: %llu\n", (unsigned long long)t.counters.drops[NET_OUT]);
	if (t.has_denied) {
		net_denied_format(&t.denied, &flow);
		traffic_rule(c, &t.denied, &rule);
		str_addf(table, "last refused: %s by %s\n", str_text(&flow), str_text(&rule));
	}
	return json_pack("{s:I, s:s*, s:s*}", "denied", (json_int_t)t.counters.drops[NET_OUT],
			 "last", t.has_denied ? str_text(&flow) : NULL, "lastBy",
			 t.has_denied ? str_text(&rule) : NULL);
}

static int find(const struct call *call, struct engine *en, struct container *ret, struct err *e)
{
	int r = engine_open(call->env, en, e);

	return r < 0 ? r : container_find(en, call->argv[0], ret, e);
}

static int show(const struct call *call, struct err *e)
{
	_cleanup_(container_done) struct container c = { .name = NULL };
	_cleanup_engine_ struct engine en = ENGINE_INIT;
	_cleanup_str_ struct str table = STR_INIT;
	_cleanup_json_ json_t *rules = json_array(), *all = NULL;
	_cleanup_free_ char *text = NULL;
	const char *dflt;
	bool is_json;
	size_t n = 1;
	int r = cli_format(call->opts->format, &is_json, e);

	if (r == 0)
		r = find(call, &en, &c, e);
	if (r < 0)
		return r;
	dflt = default_allows(&c.options) ? "allow" : "deny";
	str_add(&table, "ORDER VERDICT RULE\n");
	r = rules ? add_rules(rules, &c.options.net_deny, false, &table, &n) : -ENOMEM;
	if (r == 0)
		r = add_rules(rules, &c.options.net_allow, true, &table, &n);
	str_addf(&table, "%-5zu %-6s %s\n", n, dflt, n > 1 ? "everything else" : "everything");
	all = json_pack("{s:s, s:O, s:o}", "default", dflt, "rules", rules, "seen",
			seen_json(&en, &c, &table));
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

static int test(const struct call *call, struct err *e)
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
		r = policy_build(&c.options.net_allow, &c.options.net_deny, c.options.net_default,
				 &policy, e);
	if (r < 0)
		return r;
	if (policy)
		verdict = policy_judge(policy, &flow, &rule);
	rule_source(&c.options, rule, &by);
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

static int edit(const struct call *call, enum policy_how how, struct err *e)
{
	const struct policy_opts *o = call->opts;
	const struct policy_edit what = { how, &o->allow, &o->deny, o->dflt };
	_cleanup_engine_ struct engine en = ENGINE_INIT;
	int r;

	if (!o->allow.n && !o->deny.n && !o->dflt)
		return err_plain(e, -EINVAL, "an option is missing: --net-allow, --net-deny%s",
				 how == POLICY_REMOVE ? "" : " or --net-default");
	if (o->dflt && how == POLICY_REMOVE)
		return err_plain(e, -EINVAL, "'davit policy rm' takes no option '--net-default'");
	if (o->dflt && !str_eq(o->dflt, "allow") && !str_eq(o->dflt, "deny"))
		return err_plain(e, -EINVAL, "option '--net-default': '%s' is not allow or deny",
				 o->dflt);
	r = engine_open(call->env, &en, e);
	return r < 0 ? r : container_edit_policy(&en, call->argv[0], &what, e);
}

static int set(const struct call *call, struct err *e)
{
	return edit(call, POLICY_SET, e);
}

static int add(const struct call *call, struct err *e)
{
	return edit(call, POLICY_ADD, e);
}

static int rm(const struct call *call, struct err *e)
{
	return edit(call, POLICY_REMOVE, e);
}

/* clang-format off */
static const struct verb {
	const char *name, *args;
	int n_args;
	bool edits;
	int (*fn)(const struct call *call, struct err *e);
} verbs[] = {
	{ "show", "CONTAINER",      1, false, show },
	{ "test", "CONTAINER FLOW", 2, false, test },
	{ "set",  "CONTAINER",      1, true,  set },
	{ "add",  "CONTAINER",      1, true,  add },
	{ "rm",   "CONTAINER",      1, true,  rm },
};
/* clang-format on */

static int check(const struct verb *v, const struct call *call, struct err *e)
{
	const struct policy_opts *o = call->opts;

	if (call->argc != v->n_args)
		return err_plain(e, -EINVAL, "'davit policy %s' takes %s", v->name, v->args);
	if (v->edits ? o->format != NULL : o->allow.n || o->deny.n || o->dflt)
		return err_plain(e, -EINVAL, "'davit policy %s' takes no option '--%s'", v->name,
				 o->format  ? "format" :
				 o->allow.n ? "net-allow" :
				 o->deny.n  ? "net-deny" :
					      "net-default");
	return 0;
}

static int policy_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	struct call call = { .env = env, .opts = opts };
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
	return err_exit(e, err_plain(e, -EINVAL, "'%s' is not show, test, set, add or rm", argv[0]),
			EXIT_WRONG);
}

const struct command cmd_policy = {
	.name = "policy",
	.summary = "show, test or change what a container may reach",
	.usage = "show|test|set|add|rm CONTAINER [FLOW]",
	.details =
		"show prints the rules in the order in which they decide: denials, allowances, the default. "
		"test says whether a FLOW (tcp:10.1.2.3:443, icmp:[fd00::1]) is allowed, and by which rule. "
		"set replaces the whole policy, add and rm change rules of it, at once also where the container "
		"runs: each packet is judged by the old policy or by the new one.",
	.main = policy_main,
	.options = policy_options,
	COMMAND_OPTS(struct policy_opts),
	.min_args = 1,
	.max_args = -1,
	.exit_status = "0; 1 if test finds that the flow is denied; 125 if it failed.",
};
