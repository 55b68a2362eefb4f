// SPDX-License-Identifier: Apache-2.0
/* How a start went, as the child or davit-init wrote it to the pipe. */
#include "runtime/outcome.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "kern/init_report.h"

#define ERRNO_MAX 4095 /* of the kernel */

/* What davit-init could not do, as the user should read it. */
static int exec_error(const char *command, int r, struct err *e)
{
	(void)err_set(e, r, "execute '%s'", command);
	switch (r) {
	case -ENOENT:
		if (command[0] == '-')
			err_hint(e, "options of davit stand before the image; what follows it is the command");
		else if (strchr(command, '/'))
			err_hint(e, "no such file in the container, or its interpreter is missing");
		else
			err_hint(
				e,
				"not found in $PATH of the container, or its interpreter is missing");
		break;
	case -EACCES:
	case -EISDIR:
		err_hint(e, "the file is a directory, lacks execute permission, or is on a noexec mount");
		break;
	case -ENOEXEC:
		err_hint(e, "wrong architecture, or a script without '#!'");
		break;
	case -EPERM:
	case -ENOSYS:
		err_hint(
			e,
			"if there is a seccomp filter, it must allow execve(2), execveat(2) and fcntl(2)");
		break;
	default:
		break;
	}
	return err_exit(e, r, r == -ENOENT ? 127 : 126);
}

static bool is_code(int32_t code)
{
	return code < 0 && code >= -ERRNO_MAX;
}

/* The bytes before their use as a struct: a bool that is neither 0 nor 1 is not a value. */
static bool is_err(const unsigned char bytes[static sizeof(struct err)])
{
	unsigned char is_plain = bytes[offsetof(struct err, is_plain)];
	unsigned char exit_code = bytes[offsetof(struct err, exit_code)];
	int32_t code;

	memcpy(&code, bytes + offsetof(struct err, code), sizeof(code));
	return is_code(code) && is_plain <= 1 && (exit_code == 0 || (exit_code >= 125 && exit_code <= 127)) &&
	       memchr(bytes + offsetof(struct err, msg), 0, ERR_MSG_MAX) &&
	       memchr(bytes + offsetof(struct err, hint), 0, ERR_HINT_MAX);
}

static bool is_ready(const unsigned char *bytes, ssize_t n)
{
	struct init_report report;

	if (n < (ssize_t)sizeof(report))
		return false;
	memcpy(&report, bytes, sizeof(report));
	return report.code == 0 && report.stage == INIT_READY;
}

static int judge(const unsigned char bytes[static sizeof(struct err)], ssize_t n, const char *command, struct err *e)
{
	struct init_report report;
	struct err child;

	if (n == (ssize_t)sizeof(child) && is_err(bytes)) {
		memcpy(&child, bytes, sizeof(child));
		if (e)
			*e = child;
		return child.code;
	}
	memcpy(&report, bytes, sizeof(report));
	if (n == (ssize_t)sizeof(report) && is_code(report.code))
		return exec_error(command, report.code, e);
	return err_set(e, n < 0 ? (int)n : EPROTO, "read how the start went");
}

int outcome_read(int fd, const char *command, struct err *e)
{
	unsigned char bytes[sizeof(struct init_report) + sizeof(struct err)];
	ssize_t n = io_read_full(fd, bytes, sizeof(bytes));
	size_t skip = is_ready(bytes, n) ? sizeof(struct init_report) : 0;

	if (n == (ssize_t)skip)
		return 0;
	return judge(bytes + skip, n - (ssize_t)skip, command, e);
}

struct err *outcome_board(bool is_shared)
{
	static struct err own, *page;

	if (!is_shared && !page) {
		void *p = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		page = p == MAP_FAILED ? NULL : p;
	}
	err_clear(is_shared ? &own : page); /* so that it is our cgroup's, not the container's */
	return is_shared ? &own : page;
}

int outcome_failed(const struct err *board, int r, struct err *e)
{
	if (!board || board->code >= 0 || (r < 0 && r != -ECANCELED))
		return r;
	if (e)
		*e = *board;
	if (board->code == -ENOMEM)
		err_hint(e, "the memory limit may be too small for a start");
	return board->code;
}

static int was_killed(struct err *e)
{
	int r = err_plain(e, -ECANCELED, "the container's process was killed before it was ready");

	err_hint(e, "by the kernel, if the memory limit is too small for a start");
	return r;
}

int outcome_cause(int fd, const char *command, const struct err *board, int r, struct err *e)
{
	struct err told = ERR_INIT;
	int q = outcome_failed(board, outcome_read(fd, command, &told),
			       &told); /* at its end at the latest */

	if (r != -EPIPE && r != -ENOENT && r != -ESRCH)
		return r;
	if (q >= 0)
		return was_killed(e);
	if (e)
		*e = told;
	return q;
}

int outcome_read_stage(int fd, const char *command, uint32_t *ret_stage, struct err *e)
{
	unsigned char bytes[sizeof(struct err)];
	struct init_report report;
	ssize_t n;

	do {
		n = read(fd, bytes, sizeof(bytes)); /* each says it in one write and waits, or ends */
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(e, errno, "read how the start went");
	if (n == 0)
		return was_killed(e);
	memcpy(&report, bytes, sizeof(report));
	if (n != (ssize_t)sizeof(report) || report.code != 0)
		return judge(bytes, n, command, e);
	*ret_stage = report.stage;
	return 0;
}
