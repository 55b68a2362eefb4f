// SPDX-License-Identifier: Apache-2.0
/* From options to capabilities, system call filter and egress policy. */
#include "engine/resolve_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "engine/container.h"
#include "engine/resolve.h"
#include "kern/seccomp.h"
#include "engine/policy_words.h"
#include "network/policy.h"
#include "spec/seccomp_profile.h"
#include "spec/security_opt.h"

/* "seccomp=FILE" becomes "seccomp={...}": the file may change or go before the next start or exec. */
int resolve_inline_profile(char **option, struct err *e)
{
	size_t key = strlen("seccomp=");
	_cleanup_free_ char *text = NULL;
	char *value = *option + key;
	size_t n;
	int r;

	if ((!str_starts(*option, "seccomp=") && !str_starts(*option, "seccomp:")) || !*value ||
	    *value == '{' || str_eq(value, "unconfined") || str_eq(value, "builtin"))
		return 0;
	r = io_read_file(AT_FDCWD, value, SECCOMP_PROFILE_SIZE_MAX, &text, &n, e);
	if (r == 0) {
		struct seccomp_profile profile;

		r = seccomp_profile_parse(text, n, value, &profile, e);
		if (r == 0)
			seccomp_profile_done(&profile);
	}
	if (r < 0)
		return err_wrap(e, r, "option '--security-opt seccomp'");
	value = str_printf("seccomp=%s", text + strspn(text, " \t\r\n"));
	if (!value)
		return err_set(e, ENOMEM, "option '--security-opt seccomp'");
	free(*option);
	*option = value;
	return 0;
}

static int load_profile(const char *text, struct runtime_config *rc, struct err *e)
{
	struct seccomp_profile profile;
	int r = seccomp_profile_parse(text, strlen(text), "the profile", &profile, e);

	if (r < 0)
		return err_wrap(e, r, "option '--security-opt seccomp'");
	profile.policy.caps = rc->caps.bounding;
	profile.policy.arches_absent = seccomp_arches_absent();
	if (!profile.is_disabled)
		r = seccomp_compile(&profile.policy, &rc->seccomp, &rc->n_seccomp, e);
	rc->seccomp_flags = profile.policy.flags;
	seccomp_profile_done(&profile);
	return r;
}

/* A capability that davit itself lacks: left out of "all", an error when asked for by name. */
static int limit_caps(const struct container_options *o, uint64_t *caps, struct err *e)
{
	struct cap_sets own;
	int r = cap_get(&own);

	if (r < 0)
		return err_set(e, r, "read our own capabilities");
	for (size_t i = 0; i < o->cap_add.n; i++) {
		int cap = strcasecmp(o->cap_add.v[i], "ALL") == 0 ? -1 : cap_parse(o->cap_add.v[i], e);

		if (cap < 0 || (own.permitted & CAP_BIT(cap)))
			continue;
		r = err_plain(e, -EPERM, "option '--cap-add': davit does not have %s itself", cap_name((unsigned int)cap));
		err_hint(e, "start davit with the full set of capabilities");
		return r;
	}
	*caps &= own.permitted;
	return 0;
}

int resolve_security(const struct container *c, struct runtime_config *rc, struct err *e)
{
	const struct container_options *o = &c->options;
	struct security_opts so;
	uint64_t caps;
	int r = security_opts_parse(&o->security_opt, &so, e);

	if (r == 0)
		r = cap_resolve(o->privileged ? cap_all() : CAP_DEFAULT, &o->cap_add, &o->cap_drop, &caps, e);
	if (r == 0 && (o->privileged || o->cap_add.n))
		r = limit_caps(o, &caps, e);
	if (r < 0)
		return r;
	rc->is_privileged = o->privileged;
	rc->has_unconfined_paths = so.has_unconfined_paths;
	rc->no_new_privs = so.no_new_privileges;
	rc->caps = (struct cap_sets){ .bounding = caps, .permitted = caps, .effective = caps };
	if (!so.seccomp || (o->privileged && !*so.seccomp))
		return 0;
	if (*so.seccomp)
		return load_profile(so.seccomp, rc, e);
	rc->seccomp_flags = seccomp_default_policy.flags;
	return seccomp_default(caps, &rc->seccomp, &rc->n_seccomp, e);
}

/*
 * On the host's network a packet socket sends past every cgroup program; without CAP_NET_RAW there is
 * none. In a network namespace of its own it reaches nothing but lo.
 */
int resolve_policy(const struct container *c, struct resolved *r, struct err *e)
{
	const struct container_options *o = &c->options;
	uint64_t raw = CAP_BIT(CAP_NET_RAW);
	struct cap_sets *caps = &r->config.caps;
	uint64_t asked = 0;
	int s = policy_words_build(o, &r->policy, e);

	if (s < 0 || !net_policy_judged(r->policy) || (r->config.new_ns & CLONE_NEWNET))
		return s;
	s = cap_resolve(0, &o->cap_add, &o->cap_drop, &asked, e);
	if (s < 0)
		return s;
	if (o->privileged || (asked & raw)) {
		s = err_plain(e, -EINVAL, "a network policy cannot hold CAP_NET_RAW on the host's network");
		err_hint(e, "leave out --privileged and --cap-add NET_RAW, or use --network private");
		return s;
	}
	caps->bounding &= ~raw;
	caps->permitted &= ~raw;
	caps->effective &= ~raw;
	return 0;
}
