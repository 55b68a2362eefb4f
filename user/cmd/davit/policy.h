/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of `davit policy` have in common. */
#ifndef DAVIT_CMD_POLICY_H
#define DAVIT_CMD_POLICY_H

#include <stdbool.h>

#include "base/str.h"

struct env;
struct err;

struct policy_opts {
	struct strv allow, deny;
	char *dflt, *deny_errno, *format;
	bool audit;
};

/* struct policy_call - @argc, @argv: behind the verb */
struct policy_call {
	const struct env *env;
	const struct policy_opts *opts;
	int argc;
	char **argv;
};

int policy_watch(const struct policy_call *call, struct err *e);
int policy_learn(const struct policy_call *call, struct err *e);

#endif
