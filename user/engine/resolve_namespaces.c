// SPDX-License-Identifier: Apache-2.0
/* From options to namespaces: which, with what ids, clocks and names. */
#include "engine/resolve_parts.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "engine/container.h"
#include "engine/id_range.h"
#include "engine/resolve.h"
#include "kern/clone.h"
#include "spec/hostname.h"
#include "spec/userns_spec.h"

/* "host" or "private" for one namespace. */
static int pick_namespace(const char *option, const char *value, bool is_private_default, uint64_t flag,
			  uint64_t *flags, struct err *e)
{
	bool is_private = is_private_default;

	if (value && *value) {
		is_private = str_eq(value, "private");
		if (!is_private && !str_eq(value, "host"))
			return err_plain(e, -EINVAL, "option '--%s': '%s' is not host or private", option,
					 value);
	}
	if (is_private)
		*flags |= flag;
	return 0;
}

static int resolve_userns(const struct container *c, struct runtime_config *rc, struct err *e)
{
	struct userns_spec spec;
	int r = userns_spec_parse(c->options.userns, &spec, e);

	if (r < 0 || spec.mode == USERNS_HOST)
		return r;
	rc->new_ns |= CLONE_NEWUSER;
	if (spec.mode == USERNS_RANGE) {
		if (spec.first != 0) {
			r = err_plain(e, -EINVAL, "option '--userns': the range must start at 0 inside");
			err_hint(e, "a container needs a root user: 0:%u:%u", spec.base, spec.count);
			return r;
		}
		rc->id_map = (struct id_map){ spec.first, spec.base, spec.count };
		return 0;
	}
	id_range_choose(c->id, &rc->id_map);
	return 0;
}

static int parse_time_offsets(const char *text, struct runtime_config *rc, struct err *e)
{
	_cleanup_free_ char *copy = strdup(text);
	char *save = NULL;

	if (!copy)
		return err_set(e, ENOMEM, "option '--time-offset'");
	for (char *s = strtok_r(copy, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		char *eq = strchr(s, '=');
		int64_t sec;

		if (eq)
			*eq++ = '\0';
		if (!eq || fmt_parse_i64(eq, &sec) < 0 || sec > INT64_MAX / 1000000000 ||
		    sec < INT64_MIN / 1000000000)
			return err_plain(e, -EINVAL, "option '--time-offset': '%s' is not CLOCK=SECONDS[,...]",
					 text);
		if (str_eq(s, "monotonic"))
			rc->mono_ns = sec * 1000000000;
		else if (str_eq(s, "boottime"))
			rc->boot_ns = sec * 1000000000;
		else
			return err_plain(e, -EINVAL,
					 "option '--time-offset': clock '%s' is not monotonic or boottime", s);
	}
	return 0;
}

static int resolve_network(const struct container *c, struct runtime_config *rc, struct err *e)
{
	const char *n = c->options.network;
	int r;

	if (!n || str_eq(n, "private") || str_eq(n, "none")) {
		rc->new_ns |= CLONE_NEWNET;
		return 0;
	}
	if (str_eq(n, "host"))
		return 0;
	r = err_plain(e, -EOPNOTSUPP, "option '--network': there is no network '%s'", n);
	err_hint(e, "private, none and host are there; bridge, macvlan, ipvlan and overlay are not yet");
	return r;
}

int resolve_namespaces(const struct container *c, struct runtime_config *rc, struct err *e)
{
	const struct container_options *o = &c->options;
	int r;

	rc->new_ns = 0;
	r = pick_namespace("mntns", o->mntns, true, CLONE_NEWNS, &rc->new_ns, e);
	if (r == 0)
		r = pick_namespace("pid", o->pid, true, CLONE_NEWPID, &rc->new_ns, e);
	if (r == 0)
		r = pick_namespace("ipc", o->ipc, true, CLONE_NEWIPC, &rc->new_ns, e);
	if (r == 0)
		r = pick_namespace("uts", o->uts, true, CLONE_NEWUTS, &rc->new_ns, e);
	if (r == 0)
		r = pick_namespace("cgroupns", o->cgroupns, true, CLONE_NEWCGROUP, &rc->new_ns, e);
	if (r == 0)
		r = pick_namespace("timens", o->timens, o->time_offset != NULL, CLONE_NEWTIME, &rc->new_ns,
				   e);
	if (r == 0 && o->time_offset && !(rc->new_ns & CLONE_NEWTIME))
		r = err_plain(e, -EINVAL, "option '--time-offset' needs a private time namespace");
	if (r == 0 && o->time_offset)
		r = parse_time_offsets(o->time_offset, rc, e);
	if (r == 0)
		r = resolve_network(c, rc, e);
	if (r == 0)
		r = resolve_userns(c, rc, e);
	if (r == 0 && (rc->new_ns & CLONE_NEWUSER) && !(rc->new_ns & CLONE_NEWNS)) {
		r = err_plain(e, -EINVAL, "option '--userns' contradicts --mntns host");
		err_hint(
			e,
			"the root of a user namespace may not mount in the host's mount namespace");
	}
	return r;
}

int resolve_names(const struct container *c, struct runtime_config *rc, struct err *e)
{
	const struct container_options *o = &c->options;
	struct utsname u;
	int r = 0;

	if (!(rc->new_ns & CLONE_NEWUTS)) {
		if (o->hostname || o->domainname)
			return err_plain(e, -EINVAL, "option '--%s' contradicts --uts host",
					 o->hostname ? "hostname" : "domainname");
		if (uname(&u) < 0)
			return err_set(e, errno, "read the host's name");
		return 0;
	}
	if (o->hostname)
		r = hostname_check(o->hostname, e);
	if (r == 0 && o->domainname)
		r = hostname_check(o->domainname, e);
	if (r < 0)
		return r;
	/* on the host's network it answers to the host's name */
	rc->keeps_hostname = !o->hostname && !(rc->new_ns & CLONE_NEWNET) && uname(&u) == 0;
	if (o->hostname)
		rc->hostname = strdup(o->hostname);
	else if (!(rc->new_ns & CLONE_NEWNET) &&
		 uname(&u) == 0) /* on its network it answers to the host's name */
		rc->hostname = strdup(u.nodename);
	else
		rc->hostname = strndup(c->id, ID_SHORT_LEN);
	rc->domainname = o->domainname ? strdup(o->domainname) : NULL;
	return rc->hostname && (rc->domainname || !o->domainname) ? 0 : err_set(e, ENOMEM, "set names");
}
