// SPDX-License-Identifier: Apache-2.0
/* One more process in a running container. */
#include "runtime/exec.h"

#include <errno.h>
#include <sched.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/libc.h"
#include "kern/cgroup.h"
#include "kern/clone.h"
#include "runtime/bundle_plan.h"
#include "runtime/cgroup_manager.h"
#include "runtime/create.h"
#include "runtime/listener.h"
#include "runtime/record.h"

/* clang-format off */
static const struct { const char *name; uint64_t flag; } kinds[] = {
	{ "user", CLONE_NEWUSER }, { "pid", CLONE_NEWPID }, { "net", CLONE_NEWNET }, { "ipc", CLONE_NEWIPC },
	{ "uts", CLONE_NEWUTS }, { "cgroup", CLONE_NEWCGROUP }, { "time", CLONE_NEWTIME }, { "mnt", CLONE_NEWNS },
};
/* clang-format on */

/*
 * Namespaces in which @pid is not where we are. Those that it got new are not looked at, as each look costs two
 * microseconds, but for the user namespace: entering one's own is refused.
 */
static int other_namespaces(pid_t pid, const struct oci_linux *linux_, uint64_t *ret, struct err *e)
{
	*ret = oci_linux_new_namespaces(linux_) & ~(uint64_t)CLONE_NEWUSER;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		char theirs[48], ours[32];
		struct stat a, b;

		if (*ret & kinds[i].flag)
			continue;
		(void)err_format(theirs, sizeof(theirs), "/proc/%d/ns/%s", pid, kinds[i].name);
		(void)err_format(ours, sizeof(ours), "/proc/self/ns/%s", kinds[i].name);
		if (stat(ours, &a) < 0) /* a kernel without this kind */
			continue;
		if (stat(theirs, &b) < 0)
			return err_set(e, errno, "look at '%s'", theirs);
		if (a.st_ino != b.st_ino)
			*ret |= kinds[i].flag;
	}
	return 0;
}

/* What the listener's agent is told about. */
struct joining {
	const struct record *record;
	const struct bundle *bundle;
};

static int at_listener(int fd, pid_t pid, void *data, struct err *e)
{
	const struct joining *j = data;

	return listener_send(&j->bundle->config.linux_.seccomp, fd, pid, j->record,
			     container_look(j->record), e);
}

static int spawn_in(const struct record *r, const struct oci_process *process,
		    const struct bundle *bundle, struct bundle_plan *p, struct bundle_child *ret,
		    struct err *e)
{
	struct joining joining = { r, bundle };
	struct bundle_events events = { .listener = at_listener,
					.data = &joining,
					.at_once = true };
	_cleanup_(cgroup_freep) struct cgroup *cg = container_cgroup(r);
	const int *join = NULL;
	int n = cg ? cgroup_join_fds(cg, &join, e) : 0;

	if (!cg && cgroup_manager_of(r) != &cgroup_manager_disabled)
		return err_plain(e, -ENOENT, "container '%s' has no cgroup", r->id);
	if (n < 0)
		return n;
	return bundle_spawn(NULL, process, p, cg ? cgroup_fd(cg) : -1, join, (size_t)n, &events,
			    ret, e);
}

static int exec_in(const struct record *r, int pidfd, const struct oci_process *process,
		   const struct exec_options *o, struct bundle_child *ret, struct err *e)
{
	struct bundle_options options = { .console_fd = o->console_fd,
					  .preserve_fds = o->preserve_fds,
					  .init_path = o->init_path };
	_cleanup_fd_ int root = -1;
	struct bundle_plan p;
	uint64_t ns;
	int s = other_namespaces(r->init.pid, &o->bundle->config.linux_, &ns, e);

	if (s == 0)
		s = container_open_root(r, &root, e);
	/* else the pid may have been another process's by then, with the host's namespaces */
	if (s == 0 && pidfd_send_signal(pidfd, 0, NULL, 0) < 0)
		s = err_set(e, errno, "signal process %d", r->init.pid);
	if (s == 0)
		s = bundle_plan_exec(process, o->bundle, pidfd, root, ns, &options, &p, e);
	if (s < 0)
		return s;
	/* the process has it from us until it is in the cgroup, whose cpuset may say otherwise */
	if (p.initial_cpus && sched_setaffinity(0, p.launch.cpus_size, p.initial_cpus) < 0)
		s = err_set(e, errno, "process.execCPUAffinity.initial: set it");
	else
		s = spawn_in(r, process, o->bundle, &p, ret, e);
	bundle_plan_done(&p);
	return s;
}

/* It may at any step, and each has another error then. Who ends has no namespaces before it is seen to have ended. */
static bool has_ended(const struct record *r)
{
	_cleanup_fd_ int pidfd = proc_id_open(&r->init);
	char path[32];
	struct stat st;

	(void)err_format(path, sizeof(path), "/proc/%d/ns/mnt", r->init.pid);
	return pidfd == -ESRCH || (stat(path, &st) < 0 && errno == ENOENT);
}

int container_exec(const struct record *r, const struct oci_process *process,
		   const struct exec_options *o, struct bundle_child *ret, struct err *e)
{
	_cleanup_fd_ int pidfd = proc_id_open(&r->init);
	int s;

	if (pidfd < 0)
		return err_plain(e, -ESRCH, "cannot exec in container '%s': it is not running",
				 r->id);
	s = exec_in(r, pidfd, process, o, ret, e);
	return s < 0 && has_ended(r) ?
		       err_plain(e, -ESRCH, "cannot exec in container '%s': it has ended", r->id) :
		       s;
}
