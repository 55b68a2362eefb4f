// SPDX-License-Identifier: Apache-2.0
/* davit-oci exec. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/io.h"
#include "base/libc.h"
#include "kern/cap.h"
#include "oci.h"
#include "runtime/create.h"
#include "runtime/exec.h"
#include "runtime/seal.h"
#include "spec/user_spec.h"
#include "terminal.h"

#define PROCESS_MAX (8u << 20) /* bytes of --process */
#define STATUS_FAILED 255 /* of exec: the container's processes have the others */

struct exec_opts {
	char *process, *console_socket, *pidfd_socket, *pid_file, *cwd, *user;
	char *process_label, *apparmor, *cgroup;
	struct strv env, caps, groups;
	bool detach, tty, no_new_privs, ignore_paused;
	int64_t preserve_fds;
};

/* clang-format off */
static const struct opt exec_options[] = {
	OPT_STR('p',  "process", struct exec_opts, process, "FILE", "the process, as in config.json"),
	OPT_STR(0,    "console-socket", struct exec_opts, console_socket, "PATH", "socket that gets the terminal"),
	OPT_STR(0,    "pidfd-socket", struct exec_opts, pidfd_socket, "PATH", "socket that gets a pidfd of the process"),
	OPT_STR(0,    "pid-file", struct exec_opts, pid_file, "FILE", "write the process' pid to FILE"),
	OPT_WORD(0,   "cwd", struct exec_opts, cwd, "DIR",        "working directory"),
	OPT_STR('u',  "user", struct exec_opts, user, "UID[:GID]", "user and group by number"),
	OPT_LIST('g', "additional-gids", struct exec_opts, groups, "GID", "a supplementary group"),
	OPT_LIST('e', "env", struct exec_opts, env, "KEY=VALUE",  "a variable"),
	OPT_LIST('c', "cap", struct exec_opts, caps, "CAP",       "a capability more"),
	OPT_BOOL('t', "tty", struct exec_opts, tty,               "with a terminal"),
	OPT_BOOL('d', "detach", struct exec_opts, detach,         "do not wait for its end"),
	OPT_BOOL(0,   "no-new-privs", struct exec_opts, no_new_privs, "set-user-id programs and the like give nothing"),
	OPT_STR(0,    "process-label", struct exec_opts, process_label, "LABEL", "SELinux label"),
	OPT_STR(0,    "apparmor", struct exec_opts, apparmor, "PROFILE", "AppArmor profile"),
	OPT_WORD(0,   "cgroup", struct exec_opts, cgroup, "PATH", "refused unless \"/\": the process is in the container's cgroup"),
	OPT_BOOL(0,   "ignore-paused", struct exec_opts, ignore_paused, "also in a paused container, to run when it is resumed"),
	OPT_INT(0,    "preserve-fds", struct exec_opts, preserve_fds, "N", "pass N further descriptors, from 3 on"),
	OPT_END
};
/* clang-format on */

/**
 * struct work - what an exec lives on
 * @doc: of --process
 * @groups, @env: of the command line
 */
struct work {
	struct record record;
	struct bundle bundle;
	struct oci_doc doc;
	struct oci_process process;
	struct strv env;
	gid_t *groups;
	int dir, console;
	struct terminal terminal;
};

static void work_done(struct work *w)
{
	record_done(&w->record);
	bundle_done(&w->bundle);
	oci_doc_done(&w->doc);
	strv_done(&w->env);
	free(w->groups);
	w->dir = fd_close(w->dir);
	w->console = fd_close(w->console);
	terminal_done(&w->terminal);
}

/* What the document says nothing of is as in the container: a process of it is not to have more, or less. */
static void inherit(const struct oci_process *from, struct oci_process *p)
{
	if (!p->has_caps)
		p->caps = from->caps;
	if (!p->rlimits.v)
		p->rlimits = from->rlimits;
	if (!p->apparmor_profile)
		p->apparmor_profile = from->apparmor_profile;
	if (!p->selinux_label)
		p->selinux_label = from->selinux_label;
}

static int read_process(const char *path, struct work *w, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t n;
	int r = io_read_file(AT_FDCWD, path, PROCESS_MAX, &text, &n, e);

	if (r == 0)
		r = oci_process_parse(text, n, path, &w->doc, &w->process, e);
	if (r == 0)
		inherit(&w->bundle.config.process, &w->process);
	return r;
}

/* The last number means "leave it as it is" to the kernel: root. */
static int parse_id(const char *text, uint32_t *ret)
{
	uint32_t id;
	int r = fmt_parse_u32(text, &id);

	if (r < 0 || id > USER_SPEC_ID_MAX)
		return r < 0 ? r : -ERANGE;
	*ret = id;
	return 0;
}

static int set_user(const char *text, struct oci_user *user, struct err *e)
{
	const char *colon = strchr(text, ':');
	_cleanup_free_ char *uid = strndup(text, colon ? (size_t)(colon - text) : strlen(text));

	if (!uid)
		return err_set(e, ENOMEM, "option '--user'");
	if (parse_id(uid, &user->uid) < 0 || (colon && parse_id(colon + 1, &user->gid) < 0))
		return err_plain(e, -EINVAL,
				 "option '--user': '%s' is not UID[:GID] in numbers of 0 to %u",
				 text, USER_SPEC_ID_MAX);
	return 0;
}

static int set_groups(const struct strv *groups, struct work *w, struct err *e)
{
	struct oci_user *user = &w->process.user;

	if (!groups->n)
		return 0;
	w->groups = calloc(user->groups.n + groups->n, sizeof(*w->groups));
	if (!w->groups)
		return err_set(e, ENOMEM, "option '--additional-gids'");
	if (user->groups.n)
		memcpy(w->groups, user->groups.v, user->groups.n * sizeof(*w->groups));
	for (size_t i = 0; i < groups->n; i++)
		if (parse_id(groups->v[i], &w->groups[user->groups.n + i]) < 0)
			return err_plain(e, -EINVAL,
					 "option '--additional-gids': '%s' is no number of 0 to %u",
					 groups->v[i], USER_SPEC_ID_MAX);
	user->groups.v = w->groups;
	user->groups.n += groups->n;
	return 0;
}

static int add_caps(const struct strv *caps, struct cap_sets *sets, struct err *e)
{
	for (size_t i = 0; i < caps->n; i++) {
		int cap = cap_parse(caps->v[i], e);

		if (cap < 0)
			return err_wrap(e, cap, "option '--cap'");
		sets->bounding |= CAP_BIT(cap);
		sets->permitted |= CAP_BIT(cap);
		sets->effective |= CAP_BIT(cap);
	}
	return 0;
}

/* The container's own process, with what the command line changes. */
static int make_process(const struct exec_opts *o, char *argv[], struct work *w, struct err *e)
{
	struct oci_process *p = &w->process;
	int r = 0;

	*p = w->bundle.config.process;
	p->terminal = o->tty;
	p->no_new_privs = p->no_new_privs || o->no_new_privs;
	p->args.v = argv;
	for (p->args.n = 0; argv[p->args.n]; p->args.n++)
		;
	if (o->cwd)
		p->cwd = o->cwd;
	for (size_t i = 0; r == 0 && i < p->env.n; i++)
		r = strv_add(&w->env, p->env.v[i]);
	for (size_t i = 0; r == 0 && i < o->env.n; i++)
		r = strv_set_env(&w->env, o->env.v[i]);
	if (r < 0)
		return err_set(e, r, "option '--env'");
	p->env.v = w->env.v;
	p->env.n = w->env.n;
	if (o->process_label)
		p->selinux_label = o->process_label;
	if (o->apparmor)
		p->apparmor_profile = o->apparmor;
	r = o->user ? set_user(o->user, &p->user, e) : 0;
	if (r == 0)
		r = set_groups(&o->groups, w, e);
	return r < 0 ? r : add_caps(&o->caps, &p->caps, e);
}

/* What --process says is all of the process: another option would be ignored. */
static int check_options(const struct exec_opts *o, struct err *e)
{
	const char *other = o->cwd	     ? "cwd" :
			    o->user	     ? "user" :
			    o->env.n	     ? "env" :
			    o->caps.n	     ? "cap" :
			    o->groups.n	     ? "additional-gids" :
			    o->process_label ? "process-label" :
			    o->apparmor	     ? "apparmor" :
			    o->no_new_privs  ? "no-new-privs" :
					       NULL;

	if (o->cwd && *o->cwd != '/')
		return err_plain(e, -EINVAL, "option '--cwd': '%s' is not an absolute path",
				 o->cwd);
	for (size_t i = 0; i < o->env.n; i++)
		if (*o->env.v[i] == '=' || !strchr(o->env.v[i], '='))
			return err_plain(e, -EINVAL, "option '--env': '%s' is not NAME=VALUE",
					 o->env.v[i]);
	if (o->process && other)
		return err_plain(e, -EINVAL, "options '--process' and '--%s' exclude each other",
				 other);
	if (o->cgroup && !str_eq(o->cgroup, "/"))
		return err_plain(
			e, -EOPNOTSUPP,
			"option '--cgroup': '%s': processes of exec are in the container's cgroup, \"/\"",
			o->cgroup);
	return 0;
}

static int open_console(const struct exec_opts *o, struct work *w, struct err *e)
{
	if (!w->process.terminal)
		return o->console_socket ?
			       err_plain(e, -EINVAL,
					 "option '--console-socket' needs a terminal: --tty") :
			       0;
	if (!o->console_socket && o->detach)
		return err_plain(e, -EINVAL, "a terminal needs --console-socket with --detach");
	w->console = o->console_socket ? console_connect(o->console_socket, e) :
					 terminal_open(&w->process, &w->terminal, e);
	return w->console < 0 ? w->console : 0;
}

static int prepare(const struct oci_env *env, const struct exec_opts *o, char *argv[],
		   struct work *w, struct err *e)
{
	enum record_status status;
	int r;

	w->dir = record_open(env->root, argv[0], e);
	r = w->dir < 0 ? w->dir : record_read(w->dir, argv[0], &w->record, e);
	if (r < 0)
		return r;
	status = container_look(&w->record);
	if (status == RECORD_STOPPED || status == RECORD_CREATING ||
	    (status == RECORD_PAUSED && !o->ignore_paused))
		return err_plain(e, -EINVAL, "cannot exec in container '%s': it is %s", argv[0],
				 record_status_name(status));
	r = bundle_open(w->record.bundle, env->root, &w->bundle, e);
	if (r == 0) /* before --process is read, which may be a pipe */
		r = seal_for_exec(&w->bundle, e);
	if (r < 0)
		return r;
	if (!o->process == !argv[1])
		return err_plain(e, -EINVAL, "a command %s",
				 o->process ? "and --process exclude each other" :
					      "or --process is missing");
	r = o->process ? read_process(o->process, w, e) : make_process(o, argv + 1, w, e);
	w->process.terminal = w->process.terminal || o->tty;
	w->process.keeps_files = !o->detach;
	return r < 0 ? r : open_console(o, w, e);
}

/* Nobody would know of a process whose pid cannot be told. */
static int publish(const struct exec_opts *o, const struct bundle_child *child, struct err *e)
{
	int r = send_pidfd(o->pidfd_socket, child->pidfd, e);

	if (r == 0)
		r = write_pid_file(o->pid_file, child->pid, e);
	if (r < 0)
		(void)pidfd_send_signal(child->pidfd, SIGKILL, NULL, 0); /* it may have ended */
	return r;
}

static int exec_main(const void *data, void *opts, int argc, char *argv[], struct err *e)
{
	const struct oci_env *env = data;
	const struct exec_opts *o = opts;
	_cleanup_(work_done) struct work w = { .record = { .pipes = { -1, -1 } },
					       .bundle = { .fd = -1, .rootfs_fd = -1 },
					       .dir = -1,
					       .console = -1,
					       .terminal = { -1 } };
	struct bundle_child child = { .pidfd = -1, .report_fd = -1, .wait_fd = -1 };
	struct exec_options x = { .init_path = env->init_path,
				  .preserve_fds = (unsigned int)o->preserve_fds };
	int r = check_options(o, e);

	(void)argc;
	if (r == 0)
		r = oci_check_preserved(o->preserve_fds, e);
	if (!o->detach && !o->ignore_paused) /* which may take any time */
		oci_hold_signals();
	if (r == 0)
		r = prepare(env, o, argv, &w, e);
	if (r < 0)
		return r;
	x.bundle = &w.bundle;
	x.console_fd = w.console;
	r = container_exec(&w.record, &w.process, &x, &child, e);
	if (r < 0)
		return r;
	w.console = fd_close(w.console);
	w.dir = fd_close(w.dir); /* others may change the container while its process runs */
	r = bundle_child_go(&child, w.process.args.v[0], e);
	if (r == 0)
		r = publish(o, &child, e);
	if (r == 0 && !o->detach)
		r = terminal_wait(&w.terminal, child.pidfd, e);
	bundle_child_done(&child);
	return r;
}

const struct command cmd_exec = {
	.name = "exec",
	.summary = "run one more process in a container",
	.usage = "ID [COMMAND [ARG...]]",
	.main = exec_main,
	.options = exec_options,
	COMMAND_OPTS(struct exec_opts),
	.min_args = 1,
	.max_args = -1,
	.has_foreign_args = true,
	.failed_status = STATUS_FAILED,
	.exit_status = "255 if it failed, 128+N if signal N ended the process, otherwise its own."
};
