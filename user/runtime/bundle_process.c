// SPDX-License-Identifier: Apache-2.0
/* The process of a bundle, and further ones that enter its container. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "runtime/bundle.h"
#include "runtime/bundle_plan.h"
#include "spec/passwd.h"

#define IOPRIO_CLASS_SHIFT_ 13
#define LISTEN_MAX 1024 /* descriptors handed over; more are taken for none */

static int plan_label(const struct oci_process *process, struct bundle_plan *p, struct err *e)
{
	static const char apparmor[] = "thread-self/attr/apparmor/exec";
	static const char any[] = "thread-self/attr/exec";
	struct bundle_launch *b = &p->launch;

	if (process->apparmor_profile) {
		/* what reports the module's state is there exactly with the module */
		if (access("/sys/module/apparmor/parameters/enabled", F_OK) < 0)
			return err_plain(
				e, -EOPNOTSUPP,
				"process.apparmorProfile: AppArmor is not enabled on this host");
		b->label = bundle_plan_text(p, e, "exec %s", process->apparmor_profile);
		b->label_file =
			access("/proc/thread-self/attr/apparmor/exec", F_OK) == 0 ? apparmor : any;
		return b->label ? 0 : -ENOMEM;
	}
	if (process->selinux_label) {
		if (access("/sys/fs/selinux/enforce", F_OK) < 0)
			return err_plain(
				e, -EOPNOTSUPP,
				"process.selinuxLabel: SELinux is not enabled on this host");
		b->label = process->selinux_label;
		b->label_file = any;
	}
	return 0;
}

/* Root of a user namespace may not raise a hard limit; a process may always lower its own. */
static bool is_for_parent(const struct bundle_plan *p, const struct launch_rlimit *want)
{
	struct rlimit now;

	if (!(p->new_ns & CLONE_NEWUSER) && !p->launch.becomes_root)
		return false;
	return getrlimit(want->resource, &now) == 0 && want->limit.rlim_max > now.rlim_max;
}

static int plan_limits(const struct oci_process *process, struct bundle_plan *p, struct err *e)
{
	size_t n = process->rlimits.n, n_own = 0, n_parent = 0;
	struct launch_rlimit *own = bundle_plan_alloc(p, n, sizeof(*own), e), *parent;

	if (!own)
		return -ENOMEM;
	parent = bundle_plan_alloc(p, n, sizeof(*parent), e);
	if (!parent)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct launch_rlimit limit = {
			.resource = (int)process->rlimits.v[i].resource,
			.limit = { .rlim_cur = process->rlimits.v[i].soft,
				   .rlim_max = process->rlimits.v[i].hard }
		};

		if (is_for_parent(p, &limit))
			parent[n_parent++] = limit;
		else
			own[n_own++] = limit;
	}
	p->launch.common.rlimits = own;
	p->launch.common.n_rlimits = n_own;
	p->launch.rlimits = parent;
	p->launch.n_rlimits = n_parent;
	return 0;
}

static void plan_schedule(const struct oci_process *process, struct bundle_plan *p)
{
	struct bundle_launch *b = &p->launch;

	if (process->has_scheduler) {
		const struct oci_scheduler *s = &process->scheduler;

		b->has_sched = true;
		b->sched = (struct bundle_sched_attr){ .size = sizeof(b->sched),
						       .policy = s->policy,
						       .flags = s->flags,
						       .nice = s->nice,
						       .priority = s->priority,
						       .runtime = s->runtime,
						       .deadline = s->deadline,
						       .period = s->period };
	}
	if (process->has_io_priority) {
		b->has_io_priority = true;
		b->io_priority = (int)(process->io_priority.class << IOPRIO_CLASS_SHIFT_ |
				       process->io_priority.priority);
	}
}

static int plan_argv(const struct oci_process *process, struct bundle_plan *p, struct err *e)
{
	char **argv = bundle_plan_alloc(p, process->args.n + 2, sizeof(*argv), e);

	if (!argv)
		return -ENOMEM;
	argv[0] = p->init_arg;
	if (process->args.n)
		memcpy(argv + 1, process->args.v, process->args.n * sizeof(*argv));
	p->launch.common.argv = argv;
	return 0;
}

static const char home_is[] = "HOME=";

/* Filled in by step_home(). */
static char *plan_home(struct bundle_plan *p, struct err *e)
{
	struct launch *l = &p->launch.common;
	const size_t len = sizeof(home_is) - 1;
	char *text = bundle_plan_alloc(p, len + PASSWD_HOME_MAX, 1, e);

	if (!text)
		return NULL;
	memcpy(text, home_is, len);
	l->home = text + len;
	l->home_size = PASSWD_HOME_MAX;
	return text;
}

/* Those of config.json; HOME, which every runtime adds where none or an empty one is given; those of sd_listen_fds(3):
 * the descriptors are behind those of stdio, and the pid is that of pid 1. */
static int plan_env(const struct oci_process *process, unsigned long n_listen,
		    struct bundle_plan *p, struct err *e)
{
	char **env = bundle_plan_alloc(p, process->env.n + 4, sizeof(*env), e);
	bool has_home = false;
	size_t n = 0;

	if (!env)
		return -ENOMEM;
	for (size_t i = 0; i < process->env.n; i++) {
		char *v = process->env.v[i];

		if (str_eq(v, home_is))
			continue;
		has_home |= strncmp(v, home_is, sizeof(home_is) - 1) == 0;
		env[n++] = v;
	}
	if (!has_home && !(env[n++] = plan_home(p, e)))
		return -ENOMEM;
	if (n_listen) {
		env[n] = (char *)bundle_plan_text(p, e, "LISTEN_FDS=%lu", n_listen);
		if (!env[n++])
			return -ENOMEM;
		env[n++] = (char *)"LISTEN_PID=1";
	}
	p->launch.common.envp = env;
	return 0;
}

static unsigned long count_listen(void)
{
	const char *listen = getenv("LISTEN_FDS");
	unsigned long n = listen ? strtoul(listen, NULL, 10) : 0;

	return n <= LISTEN_MAX ? n : 0;
}

int bundle_plan_process(const struct oci_process *process, const struct bundle_options *o,
			struct bundle_plan *p, struct err *e)
{
	struct launch *l = &p->launch.common;
	unsigned long n_listen = count_listen();
	int r = plan_argv(process, p, e);

	l->cwd = process->cwd;
	l->make_cwd = true;
	l->umask = process->user.has_umask ? process->user.umask : 022;
	l->has_umask = true;
	l->uid = process->user.uid;
	l->gid = process->user.gid;
	l->groups = process->user.groups.v;
	l->n_groups = process->user.groups.n;
	l->caps = process->caps;
	/* the kernel has no others (capabilities(7)); documents of old runtimes name them all the same */
	l->caps.ambient &= l->caps.inheritable & l->caps.permitted;
	l->no_new_privs = process->no_new_privs;
	p->launch.console_size.ws_row = process->console_height;
	p->launch.console_size.ws_col = process->console_width;
	p->launch.has_plain_newlines = process->has_plain_newlines;
	p->launch.keeps_files = process->keeps_files;
	if (r == 0)
		r = plan_limits(process, p, e);
	if (r == 0)
		r = plan_label(process, p, e);
	l->keep_fds = o->preserve_fds + (unsigned int)n_listen;
	if (r == 0)
		r = plan_env(process, n_listen, p, e);
	plan_schedule(process, p);
	return r;
}
