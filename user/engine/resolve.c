// SPDX-License-Identifier: Apache-2.0
/* From options and image to the runtime's configuration: the process, its user, and all parts. */
#include "engine/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/io.h"
#include "engine/container.h"
#include "engine/resolve_mounts.h"
#include "engine/resolve_parts.h"
#include "spec/env_file.h"
#include "spec/passwd.h"
#include "spec/user_spec.h"
#include "store/image.h"

static const char default_path[] =
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

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
		r = resolve_inline_profile(&o->security_opt.v[i], e);
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

int resolve_stop_timeout(const char *text, int64_t *ret, struct err *e)
{
	int64_t seconds;

	if (fmt_parse_i64(text, &seconds) < 0 || seconds < -1 || seconds > INT32_MAX / 1000)
		return err_plain(e, -EINVAL, "'%s' is no time in seconds, -1 to %d", text,
				 INT32_MAX / 1000);
	*ret = seconds;
	return 0;
}

static int check_stop_timeout(const char *text, struct err *e)
{
	int64_t seconds;
	int r = text ? resolve_stop_timeout(text, &seconds, e) : 0;

	return r < 0 ? err_wrap(e, r, "option '--stop-timeout'") : 0;
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

static int check_os(const struct container *c, const struct image *im, struct err *e)
{
	const char *os = im->config.os;
	int r;

	if (!os || !*os || str_eq(os, "linux"))
		return 0;
	r = err_plain(e, -ENOEXEC, "image '%s' is for operating system '%s', this host is 'linux'",
		      c->image, os);
	err_hint(e, "load the image's linux variant");
	return r;
}

static int resolve_cwd(const struct container *c, const struct image *im, struct runtime_config *rc,
		       struct err *e)
{
	const char *dir = c->options.workdir ? c->options.workdir : im->config.working_dir;

	if (!dir || !*dir)
		return 0;
	if (*dir != '/')
		return err_plain(e, -EINVAL, "working directory '%s' is not an absolute path", dir);
	rc->cwd = strdup(dir);
	return rc->cwd ? 0 : err_set(e, ENOMEM, "set the working directory");
}

/* What every process of the container has in common with its first. */
static int resolve_common(const struct container *c, const struct image *im, struct resolved *ret,
			  struct err *e)
{
	const struct container_options *o = &c->options;
	struct runtime_config *rc = &ret->config;
	int r;

	*ret = (struct resolved){ .stop_signal = 0 };
	r = resolve_namespaces(c, rc, e);
	if (r == 0)
		r = resolve_names(c, rc, e);
	if (r == 0)
		r = resolve_env(c, im, rc, e);
	if (r == 0)
		r = resolve_security(c, rc, e);
	if (r == 0)
		r = resolve_policy(c, ret, e);
	if (r == 0)
		r = resolve_rlimits(c, rc, e);
	if (r == 0)
		r = resolve_cwd(c, im, rc, e);
	ret->user = o->user ? o->user : im->config.user ? im->config.user : "";
	return r;
}

int resolve_exec(const struct container *c, const struct image *im, struct resolved *ret, struct err *e)
{
	int r = resolve_common(c, im, ret, e);

	if (r < 0)
		resolved_done(ret);
	return r;
}

int resolve(const struct container *c, const struct image *im, struct resolved *ret, struct err *e)
{
	const struct container_options *o = &c->options;
	struct runtime_config *rc = &ret->config;
	int r = resolve_common(c, im, ret, e);

	if (r == 0)
		r = check_os(c, im, e);
	if (r == 0)
		r = check_architecture(c, im, e);
	if (r == 0)
		r = resolve_args(c, im, rc, e);
	if (r == 0)
		r = resolve_sysctls(c, rc, e);
	if (r == 0)
		r = resolve_mounts(c, im, ret, e);
	if (r == 0)
		r = resolve_limits(c, ret, e);
	if (r == 0)
		r = resolve_stop_signal(c, im, ret, e);
	if (r == 0)
		r = check_stop_timeout(o->stop_timeout, e);
	if (r == 0)
		r = check_log_driver(o->log_driver, e);
	if (r < 0) {
		resolved_done(ret);
		return r;
	}
	rc->tty = o->tty;
	rc->init = o->init;
	rc->root_readonly = o->read_only;
	rc->shm_size = o->shm_size;
	return 0;
}

static bool is_mapped(const struct id_map *m, uint32_t id)
{
	return id >= m->inside && id - m->inside < m->count;
}

/* What setgroups(2) and setresuid(2) would refuse without saying which one it was. */
static int check_mapped(const struct runtime_config *rc, struct err *e)
{
	const struct id_map *m = &rc->id_map;
	const char *what = "";
	uint32_t id = rc->uid;
	int r;

	if (!(rc->new_ns & CLONE_NEWUSER))
		return 0;
	for (size_t i = 0; is_mapped(m, id); i++) {
		if (i == rc->n_groups)
			return 0;
		what = "group ";
		id = rc->groups[i];
	}
	r = err_plain(e, -EINVAL, "%sid %u is not mapped in the container's user namespace", what, id);
	err_hint(e, "it has the ids %u to %u: choose another user, or give --userns a larger range", m->inside,
		 m->inside + (m->count - 1));
	return r;
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
	if (s == 0)
		s = check_mapped(rc, e);
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
