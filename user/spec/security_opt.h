/* SPDX-License-Identifier: Apache-2.0 */
/* --security-opt, as a list. */
#ifndef DAVIT_SPEC_SECURITY_OPT_H
#define DAVIT_SPEC_SECURITY_OPT_H

#include <stdbool.h>

struct err;
struct strv;

/**
 * struct security_opts - all --security-opt of a container
 * @seccomp: path of a profile, or "" for the default (also "builtin"); NULL = unconfined
 * @has_unconfined_paths: systempaths=unconfined: nothing in /proc and /sys is masked
 *
 * Strings are borrowed from the list. apparmor=unconfined and label=disable are accepted: there
 * is nothing of them to turn off. Other apparmor= and label= are refused until they are enforced.
 */
struct security_opts {
	bool no_new_privileges, has_unconfined_paths;
	const char *seccomp;
};

/* security_opts_parse() - Return: 0 or -EINVAL, -EOPNOTSUPP with @e. */
int security_opts_parse(const struct strv *list, struct security_opts *ret, struct err *e);

#endif
