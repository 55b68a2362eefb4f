/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp profiles in Docker's and OCI's JSON: --security-opt seccomp=FILE, linux.seccomp. */
#ifndef DAVIT_SPEC_SECCOMP_PROFILE_H
#define DAVIT_SPEC_SECCOMP_PROFILE_H

#include <stddef.h>

#include "kern/seccomp.h"

struct err;
struct json_t;

#define SECCOMP_PROFILE_SIZE_MAX (1u << 20) /* bytes of a profile */
#define SECCOMP_PROFILE_RULES_MAX 2048u /* entries of "syscalls" */
#define SECCOMP_PROFILE_NAMES_MAX 1024u /* "names" of one entry */

/**
 * struct seccomp_profile - a parsed profile
 * @policy:	ready for seccomp_compile() once the caller has set .caps and .arches_absent
 * @is_disabled: neither default action nor system calls: no filter at all, as Docker has it
 */
struct seccomp_profile {
	struct seccomp_policy policy;
	bool is_disabled;
	struct seccomp_rule *rules; /* owned, as what follows; what .policy points to */
	uint16_t *ids;
	struct seccomp_arg *args;
};

/**
 * seccomp_profile_parse() - parse the bytes of a profile
 * @what: its name in messages ("profile.json")
 *
 * Names of system calls that no architecture here has are skipped, as Docker does, because
 * profiles name calls of other architectures and of newer kernels. Unknown actions, operators,
 * architectures, capabilities and flags are errors; so is SCMP_ACT_NOTIFY.
 *
 * Return: 0, the caller calls seccomp_profile_done(); -EBADMSG or -EINVAL with @e.
 */
int seccomp_profile_parse(const char *text, size_t n, const char *what, struct seccomp_profile *ret,
			  struct err *e);

/* seccomp_profile_from_json() - the same for an object that is already parsed */
int seccomp_profile_from_json(const struct json_t *object, struct seccomp_profile *ret,
			      struct err *e);

void seccomp_profile_done(struct seccomp_profile *p);

#endif
