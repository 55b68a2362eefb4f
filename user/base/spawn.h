/* SPDX-License-Identifier: Apache-2.0 */
/* Start helper programs: posix_spawn(3), waited for by pidfd. */
#ifndef DAVIT_BASE_SPAWN_H
#define DAVIT_BASE_SPAWN_H

#include <stddef.h>
#include <sys/types.h>

struct err;

#define SPAWN_NULL    (-1) /* stdio entry: /dev/null */
#define SPAWN_INHERIT (-2) /* stdio entry: leave as it is */

#define SPAWN_NEW_SESSION (1u << 0)

#define SPAWN_KEEP_MAX 16u

/**
 * struct spawn - what to start
 * @path:   program, not searched for in $PATH
 * @argv:   NULL-terminated, argv[0] included
 * @envp:   NULL = ours
 * @cwd:    where it starts; NULL = where we are
 * @stdio:  descriptors for 0, 1, 2, or SPAWN_NULL, SPAWN_INHERIT
 * @keep:   descriptors >= 3 that the program gets under the same number; all others of ours are
 *	    close-on-exec by convention
 * @flags:  SPAWN_*
 *
 * The program starts with no signal blocked or ignored.
 */
struct spawn {
	const char *path;
	char *const *argv;
	char *const *envp;
	const char *cwd;
	int stdio[3];
	const int *keep;
	size_t n_keep;
	unsigned int flags;
};

/* spawn_start() - start and return. *@ret_pidfd is the caller's to pass to spawn_wait().
 * Return: 0; -ENOENT, -EACCES … of the exec itself. */
int spawn_start(const struct spawn *s, int *ret_pidfd, struct err *e);

/* spawn_wait() - wait for the end and reap; closes @pidfd. Return: exit status 0..255, 128 + n
 * after signal n; -errno. */
int spawn_wait(int pidfd, struct err *e);

/* spawn_run() - start and wait */
int spawn_run(const struct spawn *s, struct err *e);

/**
 * spawn_capture() - run and collect what it writes to stdout (stdio[1] is not looked at)
 * @max: more output than this kills the program: -EFBIG
 *
 * Return: exit status as spawn_wait() has it; *@ret is the caller's, NUL-terminated.
 */
int spawn_capture(const struct spawn *s, size_t max, char **ret, size_t *ret_len, struct err *e);

#endif
