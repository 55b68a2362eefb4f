// SPDX-License-Identifier: Apache-2.0
/* davit attach */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/libc.h"
#include "cli.h"
#include "commands.h"
#include "engine/attach.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/pause.h"
#include "engine/signal.h"
#include "run.h"

struct attach_cmd_opts {
	char *detach_keys, *sig_proxy;
	bool no_stdin;
};

/* clang-format off */
static const struct opt attach_options[] = {
	OPT_WORD(0, "detach-keys", struct attach_cmd_opts, detach_keys, "KEYS", "keys that leave it running (default ctrl-p,ctrl-q)"),
	OPT_BOOL(0, "no-stdin", struct attach_cmd_opts, no_stdin,               "do not pass input on"),
	OPT_STR(0,  "sig-proxy", struct attach_cmd_opts, sig_proxy, "BOOL",     "without a terminal, give signals to it (default true)"),
	OPT_END
};
/* clang-format on */

static int parse(const struct attach_cmd_opts *o, struct console_opts *ret, struct err *e)
{
	bool is_no = str_eq(o->sig_proxy, "false");
	int r;

	if (o->sig_proxy && !is_no && !str_eq(o->sig_proxy, "true"))
		return err_exit(e,
				err_plain(e, -EINVAL,
					  "option '--sig-proxy': '%s' is not true or false",
					  o->sig_proxy),
				EXIT_WRONG);
	ret->sig_proxy = !is_no;
	ret->detach_keys = o->detach_keys;
	r = o->detach_keys ? console_keys_check(o->detach_keys, e) : 0;
	return r < 0 ? err_exit(e, r, EXIT_WRONG) : 0;
}

static int send_signal(int sig, void *data)
{
	return pidfd_send_signal(*(int *)data, sig, NULL, 0) < 0 ? -errno : 0;
}

static int connect_to(struct engine *en, const struct container *c, int *ret_pidfd, struct err *e)
{
	struct container_state s;
	char path[CONTAINER_PATH_MAX];
	_cleanup_fd_ int dirfd = -1;
	int r, sock;

	r = container_state(en, c, &s, e);
	if (r == 0)
		r = pause_refuse(c, &s, "attach", e);
	if (r < 0)
		return r;
	if (!s.pid) {
		r = err_plain(e, -ESRCH, "container is not running");
		err_hint(e, "'davit start' starts it, 'davit logs' prints what it wrote");
		return r;
	}
	dirfd = openat(en->state_fd, container_path(path, c->id, NULL),
		       O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return err_set(e, errno, "open its running state");
	sock = attach_connect(dirfd, e);
	if (sock < 0) {
		err_hint(e, "a container that was run in the foreground without a terminal, or "
			    "whose monitor was killed, cannot be attached to");
		return sock;
	}
	/* connected, so this is the monitor's child: not a pid that was used again */
	*ret_pidfd = pidfd_open(s.pid, 0);
	return sock;
}

int attached_join(struct engine *en, const struct container *c, struct console_opts *o, int *ret_status,
		  struct err *e)
{
	_cleanup_fd_ int sock = -1, pidfd = -1;

	sock = connect_to(en, c, &pidfd, e);
	if (sock < 0)
		return sock;
	o->is_tty = c->options.tty;
	o->with_stdin = o->with_stdin && c->options.interactive;
	o->kill = send_signal;
	o->data = &pidfd;
	return attach_run(sock, o, ret_status, e);
}

static int attach_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	_cleanup_engine_ struct engine en = ENGINE_INIT;
	const struct attach_cmd_opts *cmd = opts;
	struct console_opts o = { .with_stdin = !cmd->no_stdin };
	struct container c = { .name = NULL };
	int status = 0, r = parse(cmd, &o, e);

	(void)argc;
	if (r == 0)
		r = engine_open(env, &en, e);
	if (r == 0)
		r = container_find(&en, argv[0], &c, e);
	if (r == 0)
		r = attached_join(&en, &c, &o, &status, e);
	if (r == 0 && status != ATTACH_DETACHED) /* who comes next may rely on the end */
		(void)container_await_owner(&en, &c, NULL);
	container_done(&c);
	if (r < 0)
		return err_wrap(e, r, "cannot attach to '%s'", argv[0]);
	if (status != ATTACH_DETACHED)
		return status;
	(void)io_write_full(STDERR_FILENO, "\n", 1); /* a prompt on a line of its own */
	return 0;
}

const struct command cmd_attach = {
	.name = "attach",
	.summary = "connect the terminal to a running container",
	.usage = "CONTAINER",
	.main = attach_main,
	.options = attach_options,
	COMMAND_OPTS(struct attach_cmd_opts),
	.min_args = 1,
	.max_args = 1,
	.exit_status =
		"that of the container, 0 after the detach keys; 1 if davit failed, 125 if the\n"
		"command line is wrong.",
};
