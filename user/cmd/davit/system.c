// SPDX-License-Identifier: Apache-2.0
/* davit system: check, reset. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "cli.h"
#include "engine/check.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/remove.h"
#include "kern/bpf.h"
#include "kern/cgroup.h"
#include "store/check.h"

struct system_opts {
	bool quiet, force;
};

/* clang-format off */
static const struct opt system_options[] = {
	OPT_BOOL('q', "quiet", struct system_opts, quiet, "print only what was found"),
	OPT_BOOL('f', "force", struct system_opts, force, "reset: also containers that run"),
	OPT_END
};
/* clang-format on */

static void add_lines(struct str *out, const char *what, const struct strv *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		str_addf(out, "%s: %s\n", what, lines->v[i]);
}

static int check(struct engine *en, const struct system_opts *o, struct err *e)
{
	_cleanup_strv_ struct strv found = { NULL, 0 }, unreadable = { NULL, 0 };
	_cleanup_str_ struct str out = STR_INIT;
	struct store_report report = { .fixed = { NULL, 0 } };
	struct err one = ERR_INIT;
	int r = engine_check(en, &found, &unreadable, &one), s;

	s = store_check(&en->store, &report, r < 0 ? NULL : &one);
	add_lines(&out, "removed", &found);
	add_lines(&out, "fixed", &report.fixed);
	add_lines(&out, "problem", &unreadable);
	add_lines(&out, "problem", &report.problems);
	if (!out.len && !o->quiet)
		str_add(&out, "nothing left behind\n");
	if (r == 0)
		r = s;
	if (r == 0 && report.problems.n) {
		r = err_plain(&one, -EUCLEAN, "%zu problems in the store", report.problems.n);
		err_hint(&one, "load the images they name again");
	}
	if (r == 0 && unreadable.n) {
		r = err_plain(&one, -EUCLEAN, "%zu records of containers cannot be read", unreadable.n);
		err_hint(&one, "'davit rm -f' with the whole id removes such a container");
	}
	store_report_done(&report);
	if (r < 0)
		*e = one;
	s = print_str(&out, r < 0 ? NULL : e);
	return r < 0 ? r : s;
}

/* Nothing is removed when one cannot be. */
static int none_runs(struct engine *en, const struct strv *ids, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ids->n; i++) {
		struct container c = { .name = NULL };
		struct container_state st;
		char name[NAME_MAX_LEN + 1];

		r = container_load(en, ids->v[i], &c, e);
		if (r == 0)
			r = container_state(en, &c, &st, e);
		if (r == 0 && (st.status == CONTAINER_RUNNING || st.status == CONTAINER_PAUSED ||
			       st.has_owner)) {
			r = err_plain(e, -EBUSY, "container '%s' is %s", container_name(&c, name),
				      st.status == CONTAINER_PAUSED ? "paused" : "running");
			err_hint(e, "stop it first, or use 'davit system reset -f'");
		}
		container_done(&c);
		if (r == -ENOENT) { /* gone meanwhile */
			err_clear(e);
			r = 0;
		}
	}
	return r;
}

/* @told: the last failure to say so */
static int remove_container(struct engine *en, const char *id, bool force, struct err *told,
			    struct err *e)
{
	struct container c = { .name = NULL };
	_cleanup_str_ struct str out = STR_INIT;
	char buf[NAME_MAX_LEN + 1];
	int r = container_load(en, id, &c, e);

	if (r == 0) {
		str_addf(&out, "removed: container %.12s (%s)\n", id, container_name(&c, buf));
		r = container_remove(en, &c, force, e);
	} else if (r == -EBADMSG && force) {
		str_addf(&out, "removed: container %.12s, which could not be read\n", id);
		r = container_remove_unreadable(en, id, e);
	}
	container_done(&c);
	if (r == 0)
		(void)print_str(&out, told);
	if (r == -ENOENT) { /* gone meanwhile */
		err_clear(e);
		r = 0;
	}
	return r;
}

static int remove_containers(struct engine *en, bool force, struct err *told, struct err *e)
{
	_cleanup_strv_ struct strv ids = { NULL, 0 };
	int r = container_ids(en, &ids, e);

	if (r == 0 && !force)
		r = none_runs(en, &ids, e);
	for (size_t i = 0; r == 0 && i < ids.n; i++)
		r = remove_container(en, ids.v[i], force, told, e);
	return r;
}

/* Containers, policies and cgroups; images stay. */
static int reset(struct engine *en, const struct system_opts *o, struct err *e)
{
	struct err told = ERR_INIT; /* what could not be said does not stop it */
	int r = remove_containers(en, o->force, &told, e), s;

	if (r < 0)
		return r;
	r = check(en, o, e);
	s = bpf_set_remove_all(en->env, r < 0 ? NULL : e);
	r = r < 0 ? r : s;
	s = cgroup_slice_remove(en->env->slice, r < 0 ? NULL : e);
	r = r < 0 ? r : s;
	if (r == 0 && told.code < 0) {
		*e = told;
		r = told.code;
	}
	return r;
}

static int system_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	/* clang-format off */
	static const struct { const char *name; int (*fn)(struct engine *en, const struct system_opts *o, struct err *e); } verbs[] = {
		{ "check", check },
		{ "reset", reset },
	};
	/* clang-format on */
	_cleanup_engine_ struct engine en = ENGINE_INIT;
	const struct system_opts *o = opts;
	int n = opt_parse(system_options, argc - 1, argv + 1, opts, e); /* behind the verb too */

	if (n < 0)
		return err_exit(e, n, EXIT_WRONG);
	if (n != argc - 1)
		return err_exit(e,
				err_plain(e, -EINVAL, "'davit system %s' takes no argument '%s'",
					  argv[0], argv[n + 1]),
				EXIT_WRONG);
	if (o->force && strcmp(argv[0], "check") == 0)
		return err_exit(
			e, err_plain(e, -EINVAL, "'davit system check' takes no option '--force'"),
			EXIT_WRONG);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		int r;

		if (strcmp(argv[0], verbs[i].name) != 0)
			continue;
		r = engine_open(env, &en, e);
		return r < 0 ? r : verbs[i].fn(&en, o, e);
	}
	return err_exit(e, err_plain(e, -EINVAL, "'%s' is not check or reset", argv[0]),
			EXIT_WRONG);
}

const struct command cmd_system = {
	.name = "system",
	.summary = "check: find and remove what killed processes left; reset: remove all but images",
	.usage = "check|reset",
	.main = system_main,
	.options = system_options,
	COMMAND_OPTS(struct system_opts),
	.min_args = 1,
	.max_args = -1,
};
