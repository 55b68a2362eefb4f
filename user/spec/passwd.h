/* SPDX-License-Identifier: Apache-2.0 */
/* Users and groups of a container's own /etc/passwd and /etc/group. */
#ifndef DAVIT_SPEC_PASSWD_H
#define DAVIT_SPEC_PASSWD_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct strv;
struct user_spec;

#define PASSWD_FILE_MAX (4u << 20) /* bytes of either file */
#define PASSWD_LINE_MAX (64u << 10)
#define PASSWD_GROUPS_MAX 1024u /* supplementary groups of one user */
#define PASSWD_HOME_MAX 4096u

/**
 * struct passwd_user - who a process runs as
 * @groups: supplementary groups, owned; the primary one is not among them
 * @home:   from passwd, "/" if the user is not there; owned
 */
struct passwd_user {
	uint32_t uid, gid;
	uint32_t *groups;
	size_t n_groups;
	char *home;
};

/**
 * passwd_lookup() - find @spec in the files beneath @rootfd
 * @add: names or numbers of --group-add, may be NULL
 *
 * As Docker does it: supplementary groups come from /etc/group only if no group was given; a
 * number needs no entry (then gid 0, home "/"); a name does. Files are opened beneath the root,
 * must be regular, and are read as a stream; lines that are no entries are skipped.
 *
 * Return: 0, the caller calls passwd_user_done(); -ENOENT for an unknown name; -EFBIG, -E2BIG
 * above the limits.
 */
int passwd_lookup(int rootfd, const struct user_spec *spec, const struct strv *add,
		  struct passwd_user *ret, struct err *e);

void passwd_user_done(struct passwd_user *u);

#endif
