// SPDX-License-Identifier: Apache-2.0
/* davit doctor */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/table.h"
#include "cli.h"
#include "commands.h"
#include "kern/cgroup.h"
#include "kern/feature.h"

struct doctor_opts {
	char *format;
};

/* clang-format off */
static const struct opt doctor_options[] = {
	OPT_WORD(0, "format", struct doctor_opts, format, "table|json", "output format"),
	OPT_END
};
/* clang-format on */

struct report {
	bool is_json;
	size_t n, n_missing;
	struct table table;
	struct str json, advice;
};

static const char *state_name(const struct feature_result *r)
{
	if (r->is_there)
		return r->need == FEATURE_INFO ? "-" : "yes";
	return r->need == FEATURE_REQUIRED ? "MISSING" : "no";
}

static void add_string(struct str *out, const char *key, const char *value)
{
	str_addf(out, ",\"%s\":", key);
	if (value)
		str_add_json(out, value);
	else
		str_add(out, "null");
}

static void add_json(struct str *out, const struct feature_result *r, bool is_first)
{
	static const char *const needs[] = {
		[FEATURE_OPTIONAL] = "optional",
		[FEATURE_REQUIRED] = "required",
		[FEATURE_INFO] = "info",
	};

	str_addf(out, "%s{\"group\":\"%s\"", is_first ? "" : ",", r->group);
	add_string(out, "name", r->name);
	add_string(out, "need", needs[r->need]);
	str_addf(out, ",\"present\":%s", r->is_there ? "true" : "false");
	add_string(out, "detail", *r->detail ? r->detail : NULL);
	add_string(out, "lost", r->is_there ? NULL : r->lost);
	add_string(out, "how", r->is_there ? NULL : r->how);
	str_add(out, "}");
}

static void add_result(const struct feature_result *r, void *data)
{
	struct report *p = data;

	if (p->is_json) {
		add_json(&p->json, r, p->n == 0);
	} else {
		table_add(&p->table, r->group);
		table_add(&p->table, r->name);
		table_add(&p->table, state_name(r));
		table_add(&p->table, r->detail);
	}
	if (!r->is_there && r->lost)
		str_addf(&p->advice, "\n%s%s\n  without it: %s\n  to get it:  %s\n", r->name,
			 r->need == FEATURE_REQUIRED ? " (required)" : "", r->lost, r->how);
	p->n++;
	p->n_missing += !r->is_there;
}

static void add_kernel(struct str *out)
{
	struct utsname u;

	(void)uname(&u); /* fails for a bad pointer only */
	str_add_json(out, u.release);
	add_string(out, "machine", u.machine);
}

static void add_verdict(struct report *p, bool is_ok, struct str *out)
{
	if (p->is_json) {
		str_addf(out, "{\"ok\":%s,\"kernel\":", is_ok ? "true" : "false");
		add_kernel(out);
		add_string(out, "cgroups", cgroup_mode());
		str_addf(out, ",\"features\":[%s]}\n", str_text(&p->json));
		return;
	}
	table_print(&p->table, out);
	str_add(out, str_text(&p->advice));
	str_addf(out, "\n%s: %zu of %zu features are here\n",
		 is_ok ? "davit can run containers" : "davit cannot run containers",
		 p->n - p->n_missing, p->n);
}

static int doctor_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	static const char *const head[] = { "GROUP", "FEATURE", "HERE", "DETAIL" };
	const struct doctor_opts *o = opts;
	struct report p = { .table = { .n_columns = ARRAY_SIZE(head) } };
	_cleanup_str_ struct str out = STR_INIT;
	int r, missing = 0;

	(void)argc, (void)argv;
	r = cli_format(o->format, &p.is_json, e);
	for (size_t i = 0; i < ARRAY_SIZE(head); i++)
		table_add(&p.table, head[i]);
	if (r == 0)
		missing = r = feature_each(env, add_result, &p, e);
	if (r >= 0) {
		add_verdict(&p, missing == 0, &out);
		r = str_failed(&p.json) || str_failed(&p.advice) ?
			    err_set(e, ENOMEM, "format output") :
			    print_str(&out, e);
	}
	table_done(&p.table);
	str_done(&p.json);
	str_done(&p.advice);
	return r < 0 ? r : missing;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.summary = "tell what this host offers and lacks",
	.usage = "",
	.main = doctor_main,
	.options = doctor_options,
	COMMAND_OPTS(struct doctor_opts),
	.details =
		"Tries every facility that davit uses. For what is missing it says what is lost and how\n"
		"to get it. Exit status 0: containers can run; 1: something required is missing.",
};
