// SPDX-License-Identifier: Apache-2.0
/* davit-oci state, list, ps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/spawn.h"
#include "base/table.h"
#include "kern/cgroup.h"
#include "oci.h"
#include "ps.h"
#include "runtime/cgroup_manager.h"
#include "runtime/create.h"
#include "target.h"

static int state_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	_cleanup_(record_done) struct record r = { .pipes = { -1, -1 } };
	_cleanup_str_ struct str s = STR_INIT;
	int status = target_look(env, argv[0], &r, e);

	(void)opts;
	(void)argc;
	if (status < 0)
		return status;
	record_state_json(&r, container_look(&r), &s);
	str_add(&s, "\n");
	return print_str(&s, e);
}

struct list_opts {
	char *format;
	bool quiet;
};

/* clang-format off */
static const struct opt list_options[] = {
	OPT_STR('f',  "format", struct list_opts, format, "FORMAT", "table or json (default table)"),
	OPT_BOOL('q', "quiet", struct list_opts, quiet,           "only ids"),
	OPT_END
};
/* clang-format on */

static int is_json(const char *format, bool *ret, struct err *e)
{
	*ret = str_eq(format, "json");
	if (format && !*ret && !str_eq(format, "table"))
		return err_plain(e, -EINVAL, "option '--format': '%s' is not table or json",
				 format);
	return 0;
}

static void add_row(struct table *t, const struct record *r, enum record_status s)
{
	table_add(t, r->id);
	table_addf(t, "%d", s == RECORD_STOPPED ? 0 : r->init.pid);
	table_add(t, record_status_name(s));
	table_add(t, r->bundle);
	table_add(t, r->created);
	table_add(t, r->owner);
}

/* What is gone by now, is not made whole, or is a file, is none; one that cannot be read is not to be missed. */
static bool look_for_list(int root, const char *id, struct record *ret)
{
	struct err e = ERR_INIT;
	int r = record_look(root, id, ret, &e);

	if (r < 0 && r != -ENOENT && r != -ENODATA && r != -ENOTDIR)
		oci_warn(&e);
	return r == 0;
}

static int list_main(const void *data, void *opts, int argc, char *argv[], struct err *e)
{
	const struct oci_env *env = data;
	static const char *const heads[] = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" };
	const struct list_opts *o = opts;
	_cleanup_strv_ struct strv ids = { .v = NULL };
	_cleanup_str_ struct str s = STR_INIT;
	_cleanup_(table_done) struct table t = { .n_columns = ARRAY_SIZE(heads) };
	_cleanup_fd_ int root = record_open_root(env->root, NULL);
	bool json, is_first = true;
	int r = is_json(o->format, &json, e);

	(void)argc;
	(void)argv;
	if (r == 0)
		r = record_list(env->root, &ids, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		table_add(&t, heads[i]);
	for (size_t i = 0; i < ids.n; i++) {
		_cleanup_(record_done) struct record rec = { .pipes = { -1, -1 } };

		if (o->quiet) {
			if (root >= 0 && record_is_whole(root, ids.v[i]))
				str_addf(&s, "%s\n", ids.v[i]);
			continue;
		}
		if (root < 0 || !look_for_list(root, ids.v[i], &rec))
			continue;
		if (json) {
			str_add(&s, is_first ? "[" : ",\n");
			record_state_json(&rec, container_look(&rec), &s);
		} else {
			add_row(&t, &rec, container_look(&rec));
		}
		is_first = false;
	}
	if (o->quiet)
		return print_str(&s, e);
	if (json)
		str_add(&s, is_first ? "null\n" : "]\n"); /* as Go's programs print an empty list */
	else
		table_print(&t, &s);
	return print_str(&s, e);
}

struct ps_opts {
	char *format;
};

/* clang-format off */
static const struct opt ps_options[] = {
	OPT_STR('f', "format", struct ps_opts, format, "FORMAT", "table or json (default table)"),
	OPT_END
};
/* clang-format on */

static int ps_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	const struct ps_opts *o = opts;
	_cleanup_(record_done) struct record r = { .pipes = { -1, -1 } };
	_cleanup_(cgroup_freep) struct cgroup *cg = NULL;
	_cleanup_free_ pid_t *pids = NULL;
	_cleanup_str_ struct str s = STR_INIT;
	size_t n = 0;
	bool json;
	int status = is_json(o->format, &json, e);

	if (status == 0 && argc > 1 && json)
		status = err_plain(e, -EINVAL,
				   "options of ps(1) and --format=json exclude each other");
	if (status == 0)
		status = target_look(env, argv[0], &r, e);
	if (status < 0)
		return status;
	cg = container_cgroup(&r);
	if (!cg && cgroup_manager_of(&r) == &cgroup_manager_disabled)
		return err_plain(e, -EOPNOTSUPP,
				 "cannot list the processes of container '%s', which has no cgroup",
				 r.id);
	status = cg ? cgroup_pids(cg, &pids, &n, e) : 0;
	if (status < 0)
		return status;
	if (argc > 1) {
		status = ps_table(argv + 1, pids, n, &s, e);
		return status < 0 ? status : print_str(&s, e);
	}
	str_add(&s, json ? "[" : "PID\n");
	for (size_t i = 0; i < n; i++)
		str_addf(&s, json ? "%s%d" : "%s%d\n", json && i ? "," : "", pids[i]);
	str_add(&s, json ? "]\n" : "");
	return print_str(&s, e);
}

const struct command cmd_state = { .name = "state",
				   .summary = "print the state of a container",
				   .usage = "ID",
				   .main = state_main,
				   .min_args = 1,
				   .max_args = 1 };
const struct command cmd_list = { .name = "list",
				  .summary = "list containers",
				  .usage = "",
				  .main = list_main,
				  .options = list_options,
				  COMMAND_OPTS(struct list_opts) };
const struct command cmd_ps = { .name = "ps",
				.summary = "list the processes of a container",
				.usage = "ID [PS-OPTION...]",
				.main = ps_main,
				.options = ps_options,
				.has_foreign_args = true,
				COMMAND_OPTS(struct ps_opts),
				.min_args = 1,
				.max_args = -1 };
