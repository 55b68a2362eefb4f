// SPDX-License-Identifier: Apache-2.0
/* From options and image to the runtime's configuration: process, user, isolation, limits. */
#include "engine/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/io.h"
#include "engine/container.h"
#include "engine/resolve_mounts.h"
#include "kern/clone.h"
#include "kern/seccomp.h"
#include "network/policy.h"
#include "spec/env_file.h"
#include "spec/hostname.h"
#include "spec/passwd.h"
#include "spec/seccomp_profile.h"
#include "spec/security_opt.h"
#include "spec/sysctl.h"
#include "spec/ulimit.h"
#include "spec/user_spec.h"
#include "spec/userns_spec.h"
#include "store/image.h"

#define INIT_PATH "/sbin/docker-init"

static const char default_path[] =
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* "seccomp=FILE" becomes "seccomp={...}": the file may change or go before the next start or exec. */
static int inline_profile(char **option, struct err *e)
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

int resolve_env_options(struct container_options *o, struct err *e)
{
	_cleanup_strv_ struct strv env = { NULL, 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->env_file.n; i++) {
		_cleanup_free_ char *text = NULL;
		size_t n;

		r = io_read_file(AT_FDCWD, o->env_file.v[i], ENV_FILE_SIZE_MAX, &text, &n, e);
		if (r == 0)
			r = env_file_parse(text, n, o->env_file.v[i], environ, &env, e);
	}
	for (size_t i = 0; r == 0 && i < o->env.n; i++)
		r = env_file_add(o->env.v[i], environ, &env, e);
	for (size_t i = 0; r == 0 && i < o->security_opt.n; i++)
		r = inline_profile(&o->security_opt.v[i], e);
	if (r < 0)
		return r;
	strv_done(&o->env);
	strv_done(&o->env_file);
	o->env = env;
	env = (struct strv){ NULL, 0 };
	return 0;
}

static int resolve_args(const struct container *c, const struct image *im, struct runtime_config *rc,
			struct err *e)
{
	const struct container_options *o = &c->options;
	int r = 0;

	if (o->init)
		r = strv_add(&rc->args, INIT_PATH) < 0 || strv_add(&rc->args, "--") < 0 ? -ENOMEM : 0;
	if (r == 0 && o->entrypoint) /* replaces the image's command too */
		r = *o->entrypoint ? strv_add(&rc->args, o->entrypoint) : 0;
	else if (r == 0)
		r = strv_add_all(&rc->args, &im->config.entrypoint);
	if (r == 0 && c->args.n)
		r = strv_add_all(&rc->args, &c->args);
	else if (r == 0 && !o->entrypoint)
		r = strv_add_all(&rc->args, &im->config.cmd);
	if (r < 0)
		return err_set(e, r, "resolve the command");
	if (rc->args.n == (o->init ? 2u : 0u)) {
		r = err_plain(e, -EINVAL, "image '%s' has no command", c->image);
		err_hint(e, "give one behind the image's name");
		return r;
	}
	return 0;
}

static int resolve_env(const struct container *c, const struct image *im, struct runtime_config *rc,
		       struct err *e)
{
	int r = strv_add(&rc->env, default_path);

	if (r == 0)
		r = strv_addf(&rc->env, "HOSTNAME=%s", rc->hostname ? rc->hostname : "");
	if (r == 0 && c->options.tty)
		r = strv_add(&rc->env, "TERM=xterm");
	for (size_t i = 0; r == 0 && i < im->config.env.n; i++)
		r = strv_set_env(&rc->env, im->config.env.v[i]);
	for (size_t i = 0; r == 0 && i < c->options.env.n; i++)
		r = strv_set_env(&rc->env, c->options.env.v[i]);
	return r < 0 ? err_set(e, r, "resolve the environment") : 0;
}

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
	/*
	 * auto: a range of 65536 ids from the container's own id, above what hosts hand out to people
	 * and below the sign bit: 16 bits of the id choose one of 32,512 ranges from 1 Gi on.
	 */
	{
		char digits[9] = { 0 };
		uint64_t n = 0;

		memcpy(digits, c->id, 8);
		(void)fmt_parse_u64_base(digits, 16, &n); /* an id is hex */
		rc->id_map = (struct id_map){ 0, (uint32_t)(0x40000000u + (n % 16000u) * 65536u), 65536 };
	}
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

static int resolve_namespaces(const struct container *c, struct runtime_config *rc, struct err *e)
{
	const struct container_options *o = &c->options;
	int r;

	rc->new_ns = CLONE_NEWNS;
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
	return r;
}

static int resolve_names(const struct container *c, struct runtime_config *rc, struct err *e)
{
	const struct container_options *o = &c->options;
	int r = 0;

	if (!(rc->new_ns & CLONE_NEWUTS)) {
		struct utsname u;

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
	rc->hostname = o->hostname ? strdup(o->hostname) : strndup(c->id, ID_SHORT_LEN);
	rc->domainname = o->domainname ? strdup(o->domainname) : NULL;
	return rc->hostname && (rc->domainname || !o->domainname) ? 0 : err_set(e, ENOMEM, "set names");
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

static int resolve_security(const struct container *c, struct runtime_config *rc, struct err *e)
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

static int resolve_rlimits(const struct container *c, struct runtime_config *rc, struct err *e)
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

static int resolve_sysctls(const struct container *c, struct runtime_config *rc, struct err *e)
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

static int resolve_limits(const struct container *c, struct resolved *r, struct err *e)
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

static int check_log_driver(const char *driver, struct err *e)
{
	int r;

	if (!driver || str_eq(driver, "json-file") || str_eq(driver, "none"))
		return 0;
	r = err_plain(e, -EOPNOTSUPP, "option '--log-driver': there is no driver '%s'", driver);
	err_hint(e, "json-file and none are there");
	return r;
}

static int resolve_stop_signal(const struct container *c, const struct image *im, struct resolved *r,
			       struct err *e)
{
	const char *text = c->options.stop_signal;

	if (!text)
		text = im->config.stop_signal && *im->config.stop_signal ? im->config.stop_signal : "SIGTERM";
	r->stop_signal = fmt_parse_signal(text);
	if (r->stop_signal < 0)
		return err_plain(e, -EINVAL, "'%s' is no signal (stop signal)", text);
	return 0;
}

/*
 * On the host's network a packet socket sends past every cgroup program; without CAP_NET_RAW there is
 * none. In a network namespace of its own it reaches nothing but lo.
 */
static int resolve_policy(const struct container *c, struct resolved *r, struct err *e)
{
	const struct container_options *o = &c->options;
	uint64_t raw = CAP_BIT(CAP_NET_RAW);
	struct cap_sets *caps = &r->config.caps;
	uint64_t asked = 0;
	int s = policy_build(&o->net_allow, &o->net_deny, o->net_default, &r->policy, e);

	if (s < 0 || !r->policy || (r->config.new_ns & CLONE_NEWNET))
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

static int check_architecture(const struct container *c, const struct image *im, struct err *e)
{
#if defined(__x86_64__)
	static const char *const native[] = { "amd64", "386" };
#else
	static const char *const native[] = { "arm64", "arm" };
#endif
	const char *arch = im->config.architecture;
	int r;

	if (!arch || !*arch)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(native); i++)
		if (strcmp(arch, native[i]) == 0)
			return 0;
	r = err_plain(e, -ENOEXEC, "image '%s' is for architecture '%s', this host is '%s'", c->image, arch,
		      native[0]);
	err_hint(e, "load the image's %s variant", native[0]);
	return r;
}

int resolve(const struct container *c, const struct image *im, struct resolved *ret, struct err *e)
{
	const struct container_options *o = &c->options;
	struct runtime_config *rc = &ret->config;
	const char *dir = o->workdir ? o->workdir : im->config.working_dir;
	int r;

	*ret = (struct resolved){ .stop_signal = 0 };
	r = check_architecture(c, im, e);
	if (r == 0)
		r = resolve_namespaces(c, rc, e);
	if (r == 0)
		r = resolve_names(c, rc, e);
	if (r == 0)
		r = resolve_args(c, im, rc, e);
	if (r == 0)
		r = resolve_env(c, im, rc, e);
	if (r == 0)
		r = resolve_security(c, rc, e);
	if (r == 0)
		r = resolve_rlimits(c, rc, e);
	if (r == 0)
		r = resolve_sysctls(c, rc, e);
	if (r == 0)
		r = resolve_mounts(c, im, ret, e);
	if (r == 0)
		r = resolve_limits(c, ret, e);
	if (r == 0)
		r = resolve_stop_signal(c, im, ret, e);
	if (r == 0)
		r = check_log_driver(o->log_driver, e);
	if (r == 0)
		r = resolve_policy(c, ret, e);
	if (r == 0 && dir && *dir && *dir != '/') {
		r = err_plain(e, -EINVAL, "working directory '%s' is not an absolute path", dir);
	} else if (r == 0 && dir && *dir) {
		rc->cwd = strdup(dir);
		r = rc->cwd ? 0 : err_set(e, ENOMEM, "set the working directory");
	}
	if (r < 0) {
		resolved_done(ret);
		return r;
	}
	rc->tty = o->tty;
	rc->init = o->init;
	rc->root_readonly = o->read_only;
	rc->shm_size = o->shm_size;
	ret->user = o->user ? o->user : im->config.user ? im->config.user : "";
	return 0;
}

int resolve_user(int root_fd, const struct container *c, struct resolved *r, struct err *e)
{
	struct runtime_config *rc = &r->config;
	struct passwd_user pu;
	struct user_spec spec;
	int s = user_spec_parse(r->user, &spec, e);

	if (s == 0)
		s = passwd_lookup(root_fd, &spec, &c->options.group_add, &pu, e);
	if (s < 0)
		return s;
	rc->uid = pu.uid;
	rc->gid = pu.gid;
	rc->groups = calloc(pu.n_groups + 1, sizeof(*rc->groups));
	if (!rc->groups)
		s = err_set(e, ENOMEM, "resolve the user");
	if (s == 0) {
		/* the primary group is among the supplementary ones, as Docker has it */
		rc->groups[rc->n_groups++] = pu.gid;
		for (size_t i = 0; i < pu.n_groups; i++)
			if (pu.groups[i] != pu.gid)
				rc->groups[rc->n_groups++] = pu.groups[i];
		if (!strv_get_env(&rc->env, "HOME") && strv_addf(&rc->env, "HOME=%s", pu.home) < 0)
			s = err_set(e, ENOMEM, "resolve the user");
	}
	passwd_user_done(&pu);
	if (rc->uid != 0) { /* what execve(2) would leave of them anyway */
		rc->caps.effective = 0;
		rc->caps.permitted = 0;
	}
	return s;
}

void resolved_done(struct resolved *r)
{
	runtime_config_done(&r->config);
	free(r->policy);
	free(r->io);
	*r = (struct resolved){ .stop_signal = 0 };
}
