/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp profiles in Docker's and OCI's JSON: --security-opt seccomp=FILE, linux.seccomp. */
#ifndef DAVIT_SPEC_SECCOMP_PROFILE_H
#define DAVIT_SPEC_SECCOMP_PROFILE_H

#include <stddef.h>

#include "kern/seccomp.h"

struct err;
struct json_t;
struct oci_at;
struct oci_reader;

#define SECCOMP_PROFILE_SIZE_MAX (1u << 20) /* bytes of a profile */
#define SECCOMP_PROFILE_RULES_MAX 2048u /* entries of "syscalls" */
#define SECCOMP_PROFILE_NAMES_MAX 1024u /* "names" of one entry */

/**
 * struct seccomp_profile - a parsed profile
 * @policy:	ready for seccomp_compile() once the caller has set .caps and .arches_absent
 * @is_disabled: neither default action nor system calls: no filter at all, as Docker has it
 * @has_notify:	SCMP_ACT_NOTIFY is used: somebody must answer at SECCOMP_FILTER_FLAG_NEW_LISTENER's
 *		descriptor
 * @listener_path: NULL, or the socket to send that descriptor to, with @listener_metadata (or NULL)
 */
struct seccomp_profile {
	struct seccomp_policy policy;
	bool is_disabled, has_notify;
	char *listener_path, *listener_metadata;
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
 * architectures, capabilities and flags are errors; so are SCMP_ACT_NOTIFY and listenerPath.
 *
 * Return: 0, the caller calls seccomp_profile_done(); -EBADMSG or -EINVAL with @e.
 */
int seccomp_profile_parse(const char *text, size_t n, const char *what, struct seccomp_profile *ret,
			  struct err *e);

/* seccomp_profile_read() - the same for an object of another document, listeners included; for the
 * tables of oci_reader.h. Copies what it keeps. */
int seccomp_profile_read(struct oci_reader *r, const struct oci_at *at, const struct json_t *v,
			 struct seccomp_profile *ret);

void seccomp_profile_done(struct seccomp_profile *p);

#endif
