// SPDX-License-Identifier: Apache-2.0
/* From options to cgroup limits, rlimits and sysctls. */
#include "engine/resolve_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "engine/container.h"
#include "engine/resolve.h"
#include "spec/sysctl.h"
#include "spec/ulimit.h"

/* "DEVICE:RATE" of one of the four options */
static int add_io_limits(const struct strv *l, const char *option, enum cgroup_io_kind kind, bool is_bytes,
			 struct resolved *r, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		const char *colon = strrchr(l->v[i], ':');
		_cleanup_free_ char *path = colon ? strndup(l->v[i], (size_t)(colon - l->v[i])) : NULL;
		struct cgroup_io_limit *row = &r->io[r->limits.n_io];
		struct stat st;

		if (!path || (is_bytes ? fmt_parse_size(colon + 1, &row->value) :
					 fmt_parse_u64(colon + 1, &row->value)) < 0)
			return err_plain(e, -EINVAL, "option '--%s': '%s' is not DEVICE:RATE", option, l->v[i]);
		if (stat(path, &st) < 0)
			return err_set(e, errno, "option '--%s': find '%s'", option, path);
		if (!S_ISBLK(st.st_mode))
			return err_plain(e, -ENOTBLK, "option '--%s': '%s' is not a block device", option, path);
		row->major = major(st.st_rdev);
		row->minor = minor(st.st_rdev);
		row->kind = kind;
		r->limits.n_io++;
	}
	return 0;
}

int resolve_limits(const struct container *c, struct resolved *r, struct err *e)
{
	const struct container_options *o = &c->options;
	size_t n = o->device_read_bps.n + o->device_write_bps.n + o->device_read_iops.n +
		   o->device_write_iops.n;
	int s;

	r->limits = (struct cgroup_limits){
		.memory = o->memory,
		.memory_swap = o->memory_swap,
		.memory_reservation = o->memory_reservation,
		.cpu_nano = o->cpus,
		.cpu_shares = o->cpu_shares,
		.pids = o->pids_limit,
		.blkio_weight = o->blkio_weight,
		.cpuset_cpus = o->cpuset_cpus,
		.cpuset_mems = o->cpuset_mems,
		.conf = o->cgroup_conf.n ? &o->cgroup_conf : NULL,
	};
	if (n) {
		r->io = calloc(n, sizeof(*r->io));
		if (!r->io)
			return err_set(e, ENOMEM, "resolve limits");
		r->limits.io = r->io;
	}
	s = add_io_limits(&o->device_read_bps, "device-read-bps", CGROUP_IO_RBPS, true, r, e);
	if (s == 0)
		s = add_io_limits(&o->device_write_bps, "device-write-bps", CGROUP_IO_WBPS, true, r, e);
	if (s == 0)
		s = add_io_limits(&o->device_read_iops, "device-read-iops", CGROUP_IO_RIOPS, false, r, e);
	if (s == 0)
		s = add_io_limits(&o->device_write_iops, "device-write-iops", CGROUP_IO_WIOPS, false, r, e);
	return s < 0 ? s : cgroup_limits_check(&r->limits, e);
}

int resolve_rlimits(const struct container *c, struct runtime_config *rc, struct err *e)
{
	const struct strv *l = &c->options.ulimit;

	if (!l->n)
		return 0;
	rc->rlimits = calloc(l->n, sizeof(*rc->rlimits));
	if (!rc->rlimits)
		return err_set(e, ENOMEM, "option '--ulimit'");
	for (size_t i = 0; i < l->n; i++) {
		struct ulimit u;
		int r = ulimit_parse(l->v[i], &u, e);

		if (r < 0)
			return r;
		rc->rlimits[rc->n_rlimits++] = (struct launch_rlimit){ u.resource, { u.soft, u.hard } };
	}
	return 0;
}

int resolve_sysctls(const struct container *c, struct runtime_config *rc, struct err *e)
{
	for (size_t i = 0; i < c->options.sysctl.n; i++) {
		struct sysctl s;
		int r = sysctl_parse(c->options.sysctl.v[i], &s, e);

		if (r < 0)
			return r;
		r = sysctl_check(&s, rc->new_ns, e);
		if (r == 0 && strv_addf(&rc->sysctls, "%s=%s", s.path, s.value) < 0)
			r = err_set(e, ENOMEM, "option '--sysctl'");
		sysctl_done(&s);
		if (r < 0)
			return r;
	}
	return 0;
}
