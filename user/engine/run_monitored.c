// SPDX-License-Identifier: Apache-2.0
/* A container under a davit-monitor: the process that clones it becomes the monitor by exec. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/timing.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/life.h"
#include "engine/name.h"
#include "engine/run.h"
#include "engine/run_state.h"
#include "engine/stdio.h"
#include "kern/attach_socket.h"
#include "kern/exit_record.h"
#include "kern/monitor_args.h"
#include "kern/tty.h"
#include "store/image.h"

/* Pipes between monitor and container: [0] is ours, [1] the container's, -1 = none. */
struct stdio_pipes {
	int in[2], out[2], err[2];
};

static int make_pipe(int ours_is_read, int ret[2], struct err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe");
	ret[0] = fds[!ours_is_read];
	ret[1] = fds[ours_is_read];
	return 0;
}

static int make_stdio(struct life *l, struct stdio_pipes *p, struct err *e)
{
	int r;

	if (l->c->options.tty)
		return 0;
	r = l->c->options.interactive ? make_pipe(0, p->in, e) : 0;
	if (r == 0 && !l->c->options.interactive) {
		p->in[1] = plan_open_null(&l->plan, e);
		if (p->in[1] < 0)
			return p->in[1];
	}
	if (r == 0)
		r = make_pipe(1, p->out, e);
	if (r == 0)
		r = make_pipe(1, p->err, e);
	l->plan.launch.stdio[0] = p->in[1];
	l->plan.launch.stdio[1] = p->out[1];
	l->plan.launch.stdio[2] = p->err[1];
	for (int i = 0; r == 0 && i < 3; i++)
		stdio_give(l->plan.launch.stdio[i], stdio_owner(&l->resolved.config));
	return r;
}

static int keep_open(int fd)
{
	return fd < 0 ? 0 : fcntl(fd, F_SETFD, 0) < 0 ? -errno : fd;
}

/* Hand everything to davit-monitor. Returns only on failure. */
static int become_monitor(struct life *l, const char *path, struct stdio_pipes *p, int client, int listener,
			  struct err *e)
{
	const struct env *env = l->en->env;
	const struct container_options *o = &l->c->options;
	_cleanup_free_ char *dir = str_printf("%s/containers/%s", env->root, l->c->id);
	_cleanup_free_ char *self = NULL;
	_cleanup_strv_ struct strv argv = { NULL, 0 };
	struct monitor_args a = {
		.id = (char *)l->c->id,
		.dir = dir,
		.run_dir = l->run_path,
		.pid = l->started.pid,
		.pidfd = keep_open(l->started.pidfd),
		.stdin_fd = keep_open(p->in[0]),
		.stdout_fd = keep_open(p->out[0]),
		.stderr_fd = keep_open(p->err[0]),
		.pty_fd = keep_open(l->plan.pty_master),
		.listen_fd = keep_open(listener),
		.client_fd = keep_open(client),
		.lock_fd = keep_open(l->run_fd),
		.open_stdin = o->interactive,
		.stdin_once = o->interactive && client >= 0,
		.no_log = str_eq(o->log_driver, "none"),
		.log_max = o->log_max ? o->log_max : MONITOR_LOG_MAX_DEFAULT,
		.log_files = o->log_files ? o->log_files : MONITOR_LOG_FILES_DEFAULT,
	};
	int r = dir ? 0 : err_set(e, ENOMEM, "start the monitor");

	if (r == 0) {
		self = realpath("/proc/self/exe", NULL);
		if (!self)
			r = err_set(e, errno, "find our own program");
	}
	if (r == 0 && (strv_add(&a.reap, self) < 0 || strv_add(&a.reap, "reap") < 0 ||
		       strv_addf(&a.reap, "--lock=%d", l->run_fd) < 0 || strv_add(&a.reap, l->c->id) < 0))
		r = err_set(e, ENOMEM, "start the monitor");
	if (r == 0)
		r = monitor_args_argv(&a, &argv, e);
	strv_done(&a.reap);
	if (r < 0)
		return r;
	(void)execv(path, argv.v);
	return err_set(e, errno, "execute '%s'", path);
}

/* What the starting process says: the container's pid, then its end of file by exec, or a struct err. Without
 * either it was killed. */
struct start_report {
	pid_t pid;
	char err[sizeof(struct err)];
};

static void report(int status_fd, const void *p, size_t n)
{
	(void)io_write_full(status_fd, p, n); /* a reader that is gone does not care */
}

/* The process that will be the monitor. @status_fd: close-on-exec, so that a clean exec says "ok". */
static _Noreturn void monitor_process(struct life *l, const struct image *im, int client, int status_fd)
{
	struct stdio_pipes p = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	struct err e = ERR_INIT;
	char *path = NULL; /* ends with the process */
	int listener = -1, r;

	(void)setsid(); /* a fresh child leads no group: it cannot fail */
	r = env_helper(l->en->env, "davit-monitor", &path, &e);
	if (r == 0 && l->c->is_ephemeral) {
		r = container_save(l->en, l->c, &e);
		if (r == 0)
			r = name_reserve(l->en, l->c, &e);
	}
	if (r == 0)
		r = life_prepare(l, im, &e);
	if (r == 0)
		r = make_stdio(l, &p, &e);
	if (r == 0 && client >= 0 && l->plan.pty_master >= 0)
		tty_copy_winsize(l->plan.pty_master);
	if (r == 0) {
		listener = attach_listen(l->run_fd, &e);
		r = listener < 0 ? listener : 0;
	}
	if (r == 0)
		r = life_start(l, &e);
	if (r == 0) {
		report(status_fd, &l->started.pid, sizeof(l->started.pid));
		r = become_monitor(l, path, &p, client, listener, &e);
		/* it runs without anyone to look after it: not what was asked for */
		l->started.pid = 0;
	}
	(void)life_end(l, NULL, NULL); /* the first error is the one to tell */
	report(status_fd, &e, sizeof(e));
	_exit(125);
}

static int read_status(int fd, pid_t *ret_pid, struct err *e)
{
	struct start_report rep;
	struct err child;
	ssize_t n = io_read_full(fd, &rep, sizeof(rep));

	if (n == (ssize_t)sizeof(rep.pid)) {
		if (ret_pid)
			*ret_pid = rep.pid;
		return 0;
	}
	if (n < (ssize_t)sizeof(child))
		return err_plain(e, -EPIPE, "the process that starts the container was killed");
	memcpy(&child, n == (ssize_t)sizeof(rep) ? rep.err : (const char *)&rep, sizeof(child));
	if (child.code >= 0)
		return err_plain(e, -EPROTO, "the process that starts the container failed");
	child.msg[sizeof(child.msg) - 1] = child.hint[sizeof(child.hint) - 1] = '\0';
	if (e)
		*e = child;
	return child.code;
}

int run_monitored(struct engine *en, const struct container *c, const struct image *im, int client,
		  struct timing *timing, pid_t *ret_pid, struct err *e)
{
	_cleanup_fd_ int client_end = client, status_read = -1, status_write = -1;
	struct timing *shared = NULL;
	struct life l;
	int fds[2], r;
	pid_t pid;

	if (timing) { /* it is the child that does what is measured */
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (shared == MAP_FAILED)
			return err_set(e, errno, "measure the start");
		*shared = *timing;
	}
	r = life_begin(en, c, shared, &l, e);
	if (r < 0)
		return r;
	if (pipe2(fds, O_CLOEXEC) < 0) {
		r = err_set(e, errno, "make a pipe");
		goto end;
	}
	status_read = fds[0];
	status_write = fds[1];
	pid = fork();
	if (pid < 0) {
		r = err_set(e, errno, "start the monitor");
		goto end;
	}
	if (pid == 0) {
		(void)fd_close(TAKE_FD(status_read));
		monitor_process(&l, im, client_end, status_write);
	}
	status_write = fd_close(status_write);
	r = read_status(status_read, ret_pid, e);
	if (timing)
		*timing = *l.timing;
	if (r < 0)
		(void)waitpid(pid, NULL, 0); /* our child, ending */
	if (r == -EPIPE) { /* it took nothing away */
		l.state_fd = openat(l.run_fd, RUN_STATE_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		goto end;
	}
	life_done(&l); /* the lock lives on in the monitor */
	return r;
end:
	(void)life_end(&l, NULL, NULL); /* the first error is the one to tell */
	life_done(&l);
	return r;
}

int run_reap(struct engine *en, const struct container *c, int lock_fd, struct err *e)
{
	struct exit_record exit;
	bool has_exit = exit_record_read(lock_fd, &exit, NULL) == 0;
	struct life l;
	int r = life_adopt(en, c, lock_fd, &l, e);

	if (r < 0)
		return r;
	r = life_end(&l, has_exit ? &exit : NULL, e);
	life_done(&l);
	return r;
}
