/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes of systemd, by way of the program davit-scope. */
#ifndef DAVIT_RUNTIME_SCOPE_H
#define DAVIT_RUNTIME_SCOPE_H

#include <sys/types.h>

struct err;
struct strv;

/**
 * struct scope - one that is being filled
 * @pid, @pidfd: davit-scope, which is in it; our child
 * @hold:	 davit-scope ends when this is closed, by us or by our death
 */
struct scope {
	pid_t pid;
	int pidfd, hold;
};

/* Zero descriptors are valid ones: */
#define SCOPE_INIT                      \
	{                               \
		.pidfd = -1, .hold = -1 \
	}

/* scope_check() - Return: 0; -EOPNOTSUPP when systemd is not in charge of this host */
int scope_check(struct err *e);

/**
 * scope_start() - a transient scope, with davit-scope in it
 * @properties: NAME SIGNATURE VALUE... each (davit-scope's property.h)
 *
 * Return: 0, then scope_release(); -EEXIST for a name that is in use; -errno.
 */
int scope_start(const char *unit, const struct strv *properties, struct scope *ret, struct err *e);

/* scope_release() - let davit-scope end; without another process in it, systemd ends the scope */
void scope_release(struct scope *s);

/* scope_set() - change properties of one that is there */
int scope_set(const char *unit, const struct strv *properties, struct err *e);

/* scope_stop() - end it, if it is there, and have systemd forget its name */
int scope_stop(const char *unit, struct err *e);

#endif
