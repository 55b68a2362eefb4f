// SPDX-License-Identifier: Apache-2.0
/* Hooks of a bundle. */
#include "runtime/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/libc.h"
#include "base/spawn.h"

#define MS_PER_S 1000

/* A file in memory: a pipe would hold up who fills it when the hook does not read. */
static int make_file(const char *name, const char *text, struct err *e)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		return err_set(e, errno, "make a file in memory");
	if (*text && (io_write_full(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0)) {
		(void)close(fd); /* the write is the error */
		return err_set(e, EIO, "fill a file in memory");
	}
	return fd;
}

static void read_tail(int fd, char out[static HOOK_OUTPUT_MAX])
{
	off_t size = lseek(fd, 0, SEEK_END);
	off_t from = size > (off_t)HOOK_OUTPUT_MAX - 1 ? size - ((off_t)HOOK_OUTPUT_MAX - 1) : 0;
	ssize_t n = size > 0 ? pread(fd, out, HOOK_OUTPUT_MAX - 1, from) : 0;

	out[n > 0 ? n : 0] = '\0';
	for (ssize_t i = 0; i < n; i++)
		if ((unsigned char)out[i] < ' ' || out[i] == 0x7f)
			out[i] = ' ';
}

static int wait_hook(int pidfd, const struct oci_hook *h, struct err *e)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
	int limit = h->timeout ? (int)(h->timeout < INT32_MAX / MS_PER_S ? h->timeout * MS_PER_S :
									   INT32_MAX) :
				 -1,
	    n;

	do {
		n = poll(&pfd, 1, limit);
	} while (n < 0 && errno == EINTR);
	if (n == 0) {
		(void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0); /* our own child */
		(void)spawn_wait(pidfd, NULL);
		return err_plain(e, -ETIMEDOUT, "did not end within %u s and was killed",
				 h->timeout);
	}
	return spawn_wait(pidfd, e);
}

static int run_one(const struct oci_hook *h, const char *state, const struct hook_place *place,
		   struct err *e)
{
	char *const only_path[] = { (char *)h->path, NULL };
	char tail[HOOK_OUTPUT_MAX];
	_cleanup_fd_ int in = make_file("state", state, e), out = -1;
	struct spawn s = { .path = h->path,
			   .argv = h->args.n ? h->args.v : only_path,
			   .envp = h->env.v ? h->env.v : place->env,
			   /* a bundle may be gone before its container */
			   .cwd = place->cwd && fs_exists(AT_FDCWD, place->cwd) ? place->cwd :
										  "/" };
	int pidfd, r;

	if (in < 0)
		return in;
	out = make_file("output", "", e);
	if (out < 0)
		return out;
	s.stdio[0] = in;
	s.stdio[1] = s.stdio[2] = out;
	r = spawn_start(&s, &pidfd, e);
	if (r == 0)
		r = wait_hook(pidfd, h, e);
	if (r <= 0)
		return r < 0 ? err_wrap(e, r, "'%s'", h->path) : 0;
	read_tail(out, tail);
	return err_plain(e, -ECANCELED, "'%s' %s %d%s%s", h->path,
			 r > 128 ? "was killed by signal" : "exited with status",
			 r > 128 ? r - 128 : r, *tail ? ": " : "", tail);
}

/* In a process of its own, which enters; one more is made for the pid namespace to count. */
static _Noreturn void enter_and_run(const struct oci_hook *h, const char *state,
				    const struct hook_place *place, int report)
{
	struct err e = ERR_INIT;
	int r = 0;

	if (place->ns && setns(place->pidfd, (int)place->ns) < 0)
		r = err_set(&e, errno, "enter the container's namespaces");
	if (r == 0 && place->root_fd >= 0 && (fchdir(place->root_fd) < 0 || chroot(".") < 0))
		r = err_set(&e, errno, "change to the container's root");
	if (r == 0)
		r = run_one(h, state, place, &e);
	if (r < 0)
		(void)io_write_full(report, &e, sizeof(e));
	_exit(r < 0);
}

static int run_inside(const struct oci_hook *h, const char *state, const struct hook_place *place,
		      struct err *e)
{
	_cleanup_fd_ int in = -1;
	struct err said = ERR_INIT;
	int fds[2];
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe");
	in = fds[0];
	pid = fork();
	if (pid == 0)
		enter_and_run(h, state, place, fds[1]);
	(void)close(fds[1]); /* the child's */
	if (pid < 0)
		return err_set(e, errno, "start a process");
	n = io_read_full(in, &said, sizeof(said));
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (n == 0)
		return 0;
	if (n != (ssize_t)sizeof(said))
		return err_plain(e, -EPROTO, "'%s' was lost", h->path);
	if (e)
		*e = said;
	return said.code;
}

int hooks_run(const struct oci_hooks *hooks, enum oci_hook_point point, const char *state,
	      const struct hook_place *place, struct err *e)
{
	int first = 0;

	for (size_t i = 0; i < hooks->at[point].n; i++) {
		const struct oci_hook *h = &hooks->at[point].v[i];
		struct err *told = first < 0 ? NULL : e;
		int r = place->pidfd >= 0 ? run_inside(h, state, place, told) :
					    run_one(h, state, place, told);

		if (r == 0)
			continue;
		if (first == 0)
			first = err_wrap(e, r, "hooks.%s[%zu]", oci_hook_point_name(point), i);
		if (point != OCI_HOOK_POSTSTOP)
			break;
	}
	return first;
}
