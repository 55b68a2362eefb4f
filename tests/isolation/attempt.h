/* SPDX-License-Identifier: Apache-2.0 */
/* Try what may kill, in a process of its own. */
#ifndef DAVIT_ISOLATION_ATTEMPT_H
#define DAVIT_ISOLATION_ATTEMPT_H

#include <stdbool.h>
#include <sys/types.h>

struct facts;
struct probe;
struct seen;

#define ATTEMPT_KILLED 0x1000 /* + number of the signal */

/**
 * attempt() - run @try(@arg) in a child, which dies with its parent
 *
 * Return: what @try returned, 0 or an errno; ATTEMPT_KILLED + the signal that ended it; -errno if there
 * is no child.
 */
int attempt(int (*try)(const void *arg), const void *arg);

/* attempt_name() - "EPERM", "signal 31", for what attempt() returned; valid until the next call */
const char *attempt_name(int result);

/* where attempt_hold() leaves the user as it is */
#define HOLD_AS_IS ((uid_t)-1)

/**
 * attempt_hold() - a child that waits to be looked at
 * @path: what it executes, a copy of this program; NULL if nothing
 * @uid:  all its ids before the exec, or HOLD_AS_IS
 *
 * Return: its pid, for attempt_release(), when that is done; -errno of what failed.
 */
pid_t attempt_hold(const char *path, uid_t uid);
void attempt_release(pid_t pid);

/**
 * attempt_file() - copy this program to a new file on a mount where set-user-ID counts
 * @ret_path: PATH_MAX bytes
 *
 * Return: a descriptor of the file, for the caller to change its mode or attributes, to close (or else it
 * cannot be executed) and to unlink; -errno, -EROFS if no such mount is writable.
 */
int attempt_file(char *ret_path);

/* is_refused() - EPERM, EACCES, EROFS or ENOSYS: somebody forbids it, whatever the arguments */
bool is_refused(int err);

/* cap_was_asked() - capability @cap is in want.caps.effective */
bool cap_was_asked(const struct facts *f, int cap);

/**
 * attempt_is_refused() - the run of a probe that tries what a capability decides on
 *
 * @p->try: Return: 0 if it was granted; else the errno of the refusal, ENOENT: it is not there, EOPNOTSUPP: it
 *	    cannot be tried here. What a caller with all capabilities gets is an error about the arguments, or is
 *	    taken back by the end of the process.
 * @p->num, @p->flags: either of these capabilities grants it
 */
int attempt_is_refused(const struct probe *p, const struct facts *f, struct seen *s);

/* rows with it: one capability grants it, or either of two */
#define ATTEMPT(property, what, how, cap) ATTEMPT_EITHER(property, what, how, cap, cap)
#define ATTEMPT_EITHER(property, what, how, cap, or_cap)                                     \
	{                                                                                    \
		property, what, attempt_is_refused, .needs = "caps/effective", .num = (cap), \
						    .flags = (or_cap), .try = (how)          \
	}

#endif
