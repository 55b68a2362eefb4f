// SPDX-License-Identifier: Apache-2.0
/* The program criu. */
#include "runtime/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"

#define LOG_LOOKED_AT (256u << 10) /* bytes at the end of a log that are searched for errors */
#define LOG_ERROR_MAX 400 /* bytes of one that are told */
#define STATUS_EXEC 127

extern char **environ;

static bool is_program(const char *path)
{
	return access(path, X_OK) == 0;
}

/* In $PATH, where empty parts, which mean the working directory, do not count. */
static char *search(const char *name)
{
	const char *path = getenv("PATH");

	while (path && *path) {
		size_t n = strcspn(path, ":");
		char *found = n ? str_printf("%.*s/%s", (int)n, path, name) : NULL;

		if (found && is_program(found))
			return found;
		free(found);
		path += n + (path[n] == ':');
	}
	return NULL;
}

int criu_find(const char *wanted, char **ret, struct err *e)
{
	const char *name = wanted ? wanted : "criu";
	char *found = strchr(name, '/') ? (is_program(name) ? strdup(name) : NULL) : search(name);

	if (!found) {
		(void)err_plain(e, -ENOENT, "program '%s' is not %s", name,
				strchr(name, '/') ? "there" : "in $PATH");
		err_hint(e, "apt install criu");
		return -ENOENT;
	}
	*ret = found;
	return 0;
}

static int quiet_stdio(struct err *e)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; null >= 0 && i < 3; i++)
		if (dup2(null, i) < 0)
			return err_set(e, errno, "prepare the standard streams of criu");
	return null < 0 ? err_set(e, errno, "open '/dev/null'") : 0;
}

/* In the new process. What is told by @report is this function's; criu tells by its log. */
static _Noreturn void become(const struct criu_run *c, char *const argv[], int report)
{
	struct err e = ERR_INIT;
	sigset_t none;
	int r = c->prepare ? c->prepare(c->data, &e) : 0;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	if (r == 0)
		r = quiet_stdio(&e);
	if (r == 0) {
		(void)execve(c->program, argv, environ);
		(void)err_set(&e, errno, "execute '%s'", c->program);
	}
	(void)io_write_full(report, &e, sizeof(e));
	_exit(STATUS_EXEC);
}

/* "(00.1) Error (criu/mount.c:753): mnt: what" */
static const char *error_in(char *text)
{
	char *at = strstr(text, "Error (");

	if (!at)
		return NULL;
	at[strcspn(at, "\n")] = '\0';
	return at;
}

static int tell_log(const struct criu_run *c, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/%s", c->work_dir, c->log),
			    *text = calloc(1, LOG_LOOKED_AT + 1);
	_cleanup_fd_ int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	const char *what = NULL;
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

	if (text && size > 0) {
		off_t from = size > (off_t)LOG_LOOKED_AT ? size - (off_t)LOG_LOOKED_AT : 0;

		if (pread(fd, text, LOG_LOOKED_AT, from) > 0)
			what = error_in(text);
	}
	return err_plain(e, -ECANCELED, "criu %s failed: %.*s (log: '%s')", c->args->v[0],
			 LOG_ERROR_MAX, what ? what : "it does not say why", path ? path : c->log);
}

static int wait_for(const struct criu_run *c, pid_t pid, int report, struct err *e)
{
	struct err said = ERR_INIT;
	ssize_t n = io_read_full(report, &said, sizeof(said)); /* until criu is executed */
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (n == (ssize_t)sizeof(said)) {
		if (e)
			*e = said;
		return said.code;
	}
	return status ? tell_log(c, e) : 0;
}

/* A log of an earlier run must not be told as that of this one. */
static int remove_log(const struct criu_run *c, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/%s", c->work_dir, c->log);

	if (!path)
		return err_set(e, ENOMEM, "run criu");
	return unlink(path) < 0 && errno != ENOENT ? err_set(e, errno, "remove '%s'", path) : 0;
}

int criu_run(const struct criu_run *c, struct err *e)
{
	_cleanup_free_ char **argv = calloc(c->args->n + 7, sizeof(*argv));
	_cleanup_fd_ int in = -1;
	int fds[2], r = remove_log(c, e);
	size_t n = 0;
	pid_t pid;

	if (r < 0)
		return r;
	if (!argv)
		return err_set(e, ENOMEM, "run criu");
	argv[n++] = (char *)c->program;
	for (size_t i = 0; i < c->args->n; i++)
		argv[n++] = c->args->v[i];
	argv[n++] = (char *)"--work-dir";
	argv[n++] = (char *)c->work_dir;
	argv[n++] = (char *)"-v3";
	argv[n++] = (char *)"--log-file";
	argv[n++] = (char *)c->log;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, errno, "make a pipe");
	in = fds[0];
	pid = fork();
	if (pid == 0)
		become(c, argv, fds[1]);
	(void)close(fds[1]); /* the child's */
	return pid < 0 ? err_set(e, errno, "start a process") : wait_for(c, pid, in, e);
}
