/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that the host side runs: runtimes, engines and their small commands. */
#ifndef DAVIT_ISOLATION_PROCESS_H
#define DAVIT_ISOLATION_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct args;

/* complain() - "davit-probe: ..." on standard error. Return: -1, so that callers can return it. */
__attribute__((format(printf, 1, 2))) int complain(const char *fmt, ...);
/* hint() - "hint: ...", after complain() */
__attribute__((format(printf, 1, 2))) void hint(const char *fmt, ...);

int64_t clock_ms(void); /* monotonic */

/* program_find() - @name itself if it has a slash, else from PATH. Return: 0 or -1, complained. */
int program_find(const char *name, char *ret_path, size_t size);

/**
 * process_start() - run @a with /dev/null as stdin
 * @cwd: working directory or NULL
 * @out, @err: descriptors for stdout and stderr
 *
 * The program has a session and process group of its own, so that ^C reaches only us, and no signal is
 * blocked or ignored, whatever our caller ignores. It inherits what we have open without CLOEXEC, which is on purpose (host.leak).
 *
 * Return: its pid; -errno, also of the exec itself.
 */
pid_t process_start(const struct args *a, const char *cwd, int out, int err);

/* process_wait() - Return: wait status; -ETIMEDOUT after @timeout_ms, the process lives on */
int process_wait(pid_t pid, int timeout_ms);

/* process_end() - SIGTERM, a moment, SIGKILL, all to what process_start() started and its group; reaps */
void process_end(pid_t pid, int grace_ms);

/**
 * process_capture() - run @a to its end and keep the first bytes of what it writes to stdout and stderr
 *
 * When it fails or takes too long, what it started ends with it.
 *
 * Return: wait status; -errno, -ETIMEDOUT: it was killed. @buf is NUL-terminated in any case.
 */
int process_capture(const struct args *a, char *buf, size_t size, int timeout_ms);

/**
 * process_find() - the process that runs `INSIDE_DIR/davit-probe VERB DIR TOKEN` in a container
 *
 * Its probes are forks with the same arguments: it is the one whose parent is none of them.
 *
 * Return: its pid as seen from here; -ESRCH.
 */
pid_t process_find(const char *verb, const char *token);

/* process_kill() - SIGKILL to what process_find() finds. Return: whether there was one. */
bool process_kill(const char *verb, const char *token);

#endif
