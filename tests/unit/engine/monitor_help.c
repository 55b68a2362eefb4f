// SPDX-License-Identifier: Apache-2.0
/* For tests: davit-monitor as the parent of a plain process. */
#include "monitor_help.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "kern/attach_socket.h"
#include "kern/monitor_args.h"
#include "kern/tty.h"

#define PATIENCE_MS 10000

struct ends {
	int in[2], out[2], err[2];
};

/* The watched process. */
static _Noreturn void run_script(const struct watch_how *how, int in, int out, int err)
{
	(void)setsid();
	(void)dup2(in, 0);
	(void)dup2(out, 1);
	(void)dup2(err, 2);
	if (how->pty)
		(void)ioctl(0, TIOCSCTTY, 0);
	(void)close_range(3, ~0u, 0);
	(void)execl("/bin/sh", "sh", "-c", how->script, NULL);
	_exit(127);
}

static bool open_ends(const struct watch_how *how, struct ends *x)
{
	struct err e = ERR_INIT;
	int fs, mnt;

	if (!how->pty)
		return pipe2(x->in, O_CLOEXEC) == 0 && pipe2(x->out, O_CLOEXEC) == 0 &&
		       pipe2(x->err, O_CLOEXEC) == 0;
	fs = fsopen("devpts", FSOPEN_CLOEXEC);
	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "ptmxmode", "0666", 0) < 0 ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return false;
	mnt = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	return mnt >= 0 && tty_open_pty(mnt, &x->out[0], &x->out[1], &e) == 0;
}

static int keep(int fd)
{
	(void)fcntl(fd, F_SETFD, 0);
	return fd;
}

/* What the engine does in the process that becomes the monitor. */
static _Noreturn void become_monitor(const struct watched *w, const struct watch_how *how,
				     int client, int tell)
{
	char root[80], run[80], program[256], sh[] = "/bin/sh", dash_c[] = "-c";
	const char *out = getenv("DAVIT_OUT");
	char *reap[] = { sh, dash_c, (char *)(uintptr_t)how->reap, NULL };
	struct monitor_args a = { .log_max = how->log_max, .log_files = how->log_files };
	struct strv argv = { .v = NULL };
	struct ends x;
	pid_t pid;

	(void)snprintf(root, sizeof(root), "%s/root", w->dir);
	(void)snprintf(run, sizeof(run), "%s/run", w->dir);
	(void)snprintf(program, sizeof(program), "%s/bin/davit-monitor", out ? out : "out");
	if (!open_ends(how, &x))
		_exit(124);
	pid = fork();
	if (pid == 0)
		run_script(how, how->pty ? x.out[1] : x.in[0], x.out[1],
			   how->pty ? x.out[1] : x.err[1]);
	a.listen_fd = keep(attach_listen(w->run_fd, NULL));
	if (pid < 0 || io_write_full(tell, &pid, sizeof(pid)) < 0)
		_exit(124);
	a.id = (char *)(uintptr_t)"test";
	a.dir = root;
	a.run_dir = run;
	a.pidfd = keep(pidfd_open(pid, 0));
	a.pid = pid;
	a.client_fd = client < 0 ? 0 : keep(client);
	a.no_log = how->no_log;
	a.open_stdin = a.stdin_once = !how->no_stdin && !how->pty;
	if (how->pty) {
		a.pty_fd = keep(x.out[0]);
	} else {
		a.stdin_fd = how->no_stdin ? 0 : keep(x.in[1]);
		a.stdout_fd = keep(x.out[0]);
		a.stderr_fd = keep(x.err[0]);
	}
	if (how->reap)
		a.reap = (struct strv){ .v = reap, .n = 3 };
	if (monitor_args_argv(&a, &argv, NULL) == 0)
		(void)execv(program, argv.v);
	_exit(124);
}

bool watched_start(struct watched *w, const struct watch_how *how)
{
	int pair[2] = { -1, -1 }, tell[2];
	bool ok;

	*w = (struct watched){ .dir = "/tmp/davit-monitor-test.XXXXXX", .client = -1 };
	if (!mkdtemp(w->dir) || pipe2(tell, O_CLOEXEC) < 0)
		return false;
	w->root_fd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)mkdirat(w->root_fd, "run", 0700);
	(void)mkdirat(w->root_fd, "root", 0700);
	w->run_fd = openat(w->root_fd, "run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)close(w->root_fd);
	(void)snprintf(w->dir + strlen(w->dir), 6, "/root");
	w->root_fd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*strrchr(w->dir, '/') = '\0';
	if (!how->no_client && attach_pair(pair, NULL) < 0)
		return false;
	w->monitor = fork();
	if (w->monitor == 0)
		become_monitor(w, how, pair[1], tell[1]);
	(void)close(tell[1]);
	(void)fd_close(pair[1]);
	w->client = pair[0];
	ok = io_read_full(tell[0], &w->pid, sizeof(w->pid)) == sizeof(w->pid);
	(void)close(tell[0]);
	return ok;
}

int watched_wait(struct watched *w)
{
	int status = 0;

	if (waitpid(w->monitor, &status, 0) < 0)
		return -errno;
	w->monitor = 0;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void watched_done(struct watched *w)
{
	if (w->monitor > 0) {
		(void)kill(w->pid, SIGKILL);
		(void)watched_wait(w);
	}
	w->client = fd_close(w->client);
	w->run_fd = fd_close(w->run_fd);
	w->root_fd = fd_close(w->root_fd);
	(void)fs_remove_tree(AT_FDCWD, w->dir, NULL);
}

bool watched_log_has(const struct watched *w, const char *text)
{
	for (int ms = 0; ms < PATIENCE_MS; ms += 10) {
		char *p = NULL;
		size_t n;
		bool has = io_read_file(w->root_fd, "log", 64 << 20, &p, &n, NULL) == 0 &&
			   strstr(p, text);

		free(p);
		if (has)
			return true;
		(void)poll(NULL, 0, 10);
	}
	return false;
}

ssize_t packet_get(int sock, uint8_t *buf, size_t size)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };

	if (poll(&p, 1, PATIENCE_MS) <= 0)
		return -1;
	return recv(sock, buf, size, 0);
}

bool packets_until(int sock, const char *text, char *buf, size_t size)
{
	uint8_t packet[ATTACH_PACKET_MAX];
	size_t have = 0;
	ssize_t n;

	buf[0] = '\0';
	while ((n = packet_get(sock, packet, sizeof(packet))) > 0) {
		if (packet[0] != ATTACH_STDOUT && packet[0] != ATTACH_STDERR)
			continue;
		if (have + (size_t)n >= size)
			return false;
		memcpy(buf + have, packet + 1, (size_t)n - 1);
		have += (size_t)n - 1;
		buf[have] = '\0';
		if (strstr(buf, text))
			return true;
	}
	return false;
}

int packets_exit(int sock, uint64_t *ret_bytes)
{
	uint8_t packet[ATTACH_PACKET_MAX];
	struct attach_exit end;
	ssize_t n;

	while ((n = packet_get(sock, packet, sizeof(packet))) > 0) {
		if (ret_bytes && (packet[0] == ATTACH_STDOUT || packet[0] == ATTACH_STDERR))
			*ret_bytes += (uint64_t)n - 1;
		if (packet[0] != ATTACH_EXIT)
			continue;
		memcpy(&end, packet + 1, sizeof(end));
		return end.signal ? 128 + end.signal : end.status;
	}
	return -1;
}
