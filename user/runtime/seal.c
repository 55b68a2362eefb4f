// SPDX-License-Identifier: Apache-2.0
/*
 * Whether processes of a container could get hold of the runtime's own file (CVE-2019-5736): who may trace all
 * that it sees reaches the file of who enters its pid namespace. Processes of a user namespace may not trace us,
 * who come from outside.
 */
#include "runtime/seal.h"

#include "base/env.h"
#include "base/err.h"
#include "kern/cap.h"
#include "kern/self.h"
#include "runtime/bundle.h"

static int seal(struct err *e)
{
	struct env places;
	int r = env_init(&places, e);

	return r < 0 ? r : self_seal(&places, e);
}

/* Into a pid namespace that others are in: what they may do is not known. */
static bool is_among_others(const struct oci_linux *l)
{
	return !l->namespaces[OCI_NS_USER].is_listed && l->namespaces[OCI_NS_PID].path;
}

int seal_for_create(const struct bundle *b, struct err *e)
{
	return is_among_others(&b->config.linux_) ? seal(e) : 0;
}

int seal_for_exec(const struct bundle *b, struct err *e)
{
	const struct oci_config *c = &b->config;
	bool may_trace = !c->linux_.namespaces[OCI_NS_USER].is_listed &&
			 (c->process.caps.bounding & CAP_BIT(CAP_SYS_PTRACE));

	return may_trace || is_among_others(&c->linux_) ? seal(e) : 0;
}
