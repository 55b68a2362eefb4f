/* SPDX-License-Identifier: Apache-2.0 */
/* The network policy of a container there is: changed at once where it runs, kept for its next start. */
#ifndef DAVIT_ENGINE_POLICY_EDIT_H
#define DAVIT_ENGINE_POLICY_EDIT_H

#include <stdbool.h>

#include "base/str.h"

struct engine;
struct err;

enum policy_how {
	POLICY_SET, /* these rules are all of the policy */
	POLICY_ADD, /* what is there already stays as it is */
	POLICY_REMOVE, /* rules that speak of the same packets, however they are written */
};

/**
 * struct policy_edit - what to change; the lists are the caller's
 * @allow, @deny: rules as --net-allow and --net-deny have them
 * @audit: begin to keep what it talks with; with POLICY_REMOVE no longer
 * @dflt, @deny_errno: as struct policy_words has them; NULL: with POLICY_SET as there, else as it is
 */
struct policy_edit {
	enum policy_how how;
	const struct strv *allow, *deny;
	const char *dflt, *deny_errno;
	bool audit;
};

/**
 * container_edit_policy() - of the container that @ref names
 *
 * A running one is under the old policy or under the new one, never under a part of either (bpf_set_change()).
 *
 * Return: 0; -ENOENT: no such container, or POLICY_REMOVE of a rule that it has not; -EINVAL for bad rules; -EAGAIN while it is
 * being started. Failure changes nothing.
 */
int container_edit_policy(struct engine *en, const char *ref, const struct policy_edit *edit,
			  struct err *e);

#endif
