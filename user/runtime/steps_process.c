// SPDX-License-Identifier: Apache-2.0
/* Steps of the child that concern the process: cgroup, signals, namespaces, stdio, limits. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/keyctl.h>
#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "kern/clone.h"
#include "kern/sys.h"
#include "runtime/launch.h"
#include "runtime/steps.h"
#include "spec/ulimit.h"

int step_cgroup_v1(const struct launch *l, struct err *e)
{
	for (size_t i = 0; i < l->n_join_fds; i++) {
		/* "0" to tasks: this one thread, without the lock that thread groups need */
		long r = sys_call3(SYS_write, l->join_fds[i], "0", 1);

		if (r < 0)
			return err_set(e, (int)r, "join a v1 cgroup");
	}
	return 0;
}

/* Before anything of the container can see us: no ptrace, no /proc/PID/exe (CVE-2019-5736). */
int step_hide(const struct launch *l, struct err *e)
{
	long r = sys_call5(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);

	(void)l;
	return r < 0 ? err_set(e, (int)r, "clear the dumpable flag") : 0;
}

int step_signals(const struct launch *l, struct err *e)
{
	uint64_t none = 0;
	struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} dfl = { 0 };
	/*
	 * CLONE_CLEAR_SIGHAND leaves ignored signals ignored: SIGPIPE is, in our own programs; the others
	 * are what nohup(1), '&' and job control of shells, perl and python around us ignore, and 32
	 * and 33 what glibc's posix_spawn(3) does (of its own two, in the child).
	 */
	static const int ignored[] = { SIGPIPE, SIGHUP,	 SIGINT,  SIGQUIT, SIGTERM,
				       SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2,
				       SIGXFSZ, 32,	 33 };
	long r = sys_call4(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));

	(void)l;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(ignored); i++)
		r = sys_call4(SYS_rt_sigaction, ignored[i], &dfl, NULL, sizeof(dfl.mask));
	return r < 0 ? err_set(e, (int)r, "reset signals") : 0;
}

/* Before the ids change: what the keyring costs is counted for root of the host, not for an id of the map. */
int step_keyring(const struct launch *l, struct err *e)
{
	long r = l->new_keyring ? sys_call2(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, l->keyring) : 0;

	/* a kernel without keys has none to leak */
	return r < 0 && r != -ENOSYS ? err_set(e, (int)r, "make a session keyring") : 0;
}

int step_become_root(const struct launch *l, struct err *e)
{
	long r = l->is_at_pivot ? sys_call1(SYS_chdir, l->pivot_dir) : 0;

	if (r < 0)
		return err_set(e, (int)r, "change to '%s'", l->pivot_dir);
	r = sys_call3(SYS_setresgid, 0, 0, 0);
	if (r == 0)
		r = sys_call3(SYS_setresuid, 0, 0, 0);
	if (r == -EINVAL)
		return err_plain(e, (int)r,
				 "become root of the user namespace: its mappings have no 0");
	return r < 0 ? err_set(e, (int)r, "become root of the user namespace") : 0;
}

int step_join_namespaces(const struct launch *l, struct err *e)
{
	int s = 0;

	for (size_t i = 0; s == 0 && i < l->n_join_ns; i++) {
		long r = sys_call2(SYS_setns, l->join_ns[i].fd, l->join_ns[i].flag);

		if (r < 0)
			return err_set(e, (int)r, "enter the namespaces (flags 0x%llx)",
				       (unsigned long long)l->join_ns[i].flag);
		if (l->join_ns[i].flag & CLONE_NEWUSER)
			s = step_become_root(l, e);
	}
	return s;
}

int step_sync(const struct launch *l, struct err *e)
{
	char c;
	long r;

	if (l->sync_fd < 0)
		return 0;
	/* our copy of the other end would keep us here when the parent is killed */
	(void)sys_call1(SYS_close, l->sync_write_fd);
	r = sys_call3(SYS_read, l->sync_fd, &c, 1);
	if (r != 1)
		return err_set(e, r < 0 ? (int)r : -ECANCELED, "wait for the id maps");
	return step_become_root(l, e); /* the maps exist from here on */
}

int step_session(const struct launch *l, struct err *e)
{
	long r = sys_call0(SYS_setsid);

	(void)l;
	/* EPERM: leads a group already */
	return r < 0 && r != -EPERM ? err_set(e, (int)r, "start a session") : 0;
}

/*
 * clone3() makes a cgroup namespace of the parent's cgroup; unshare(2), once inside, of ours.
 */
int step_cgroup_namespace(const struct launch *l, struct err *e)
{
	long r = l->new_ns & CLONE_NEWCGROUP ? sys_call1(SYS_unshare, CLONE_NEWCGROUP) : 0;

	return r < 0 ? err_set(e, (int)r, "make a cgroup namespace") : 0;
}

int step_hostname(const struct launch *l, struct err *e)
{
	long r = 0;

	if (l->hostname)
		r = sys_call2(SYS_sethostname, l->hostname, strlen(l->hostname));
	if (r < 0)
		return err_set(e, (int)r, "set host name '%s'", l->hostname);
	if (l->domainname)
		r = sys_call2(SYS_setdomainname, l->domainname, strlen(l->domainname));
	if (r < 0)
		return err_set(e, (int)r, "set domain name '%s'", l->domainname);
	return 0;
}

int step_loopback(const struct launch *l, struct err *e)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	long fd, r;

	if (!l->bring_up_lo)
		return 0;
	fd = sys_call3(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -EAFNOSUPPORT)
		fd = sys_call3(SYS_socket, AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	r = fd < 0 ? fd : sys_call3(SYS_ioctl, fd, SIOCSIFFLAGS, &ifr);
	if (r < 0)
		return err_set(e, (int)r, "bring up 'lo'");
	(void)sys_call1(SYS_close, fd); /* a socket without data cannot fail */
	return 0;
}

int step_stdio(const struct launch *l, struct err *e)
{
	for (int i = 0; i < 3; i++) {
		long r = l->stdio[i] < 0 ? 0 : sys_call3(SYS_dup3, l->stdio[i], i, 0);

		if (r < 0)
			return err_set(e, (int)r, "set up file descriptor %d", i);
	}
	if (l->is_tty) {
		long r = sys_call3(SYS_ioctl, 0, TIOCSCTTY, 0);

		if (r < 0)
			return err_set(e, (int)r, "make the terminal controlling");
	}
	return 0;
}

int step_limits(const struct launch *l, struct err *e)
{
	for (size_t i = 0; i < l->n_rlimits; i++) {
		long r = sys_call4(SYS_prlimit64, 0, l->rlimits[i].resource, &l->rlimits[i].limit,
				   0);

		if (r < 0) {
			(void)err_set(e, (int)r, "set resource limit '%s' to %llu:%llu",
				      ulimit_name(l->rlimits[i].resource),
				      (unsigned long long)l->rlimits[i].limit.rlim_cur,
				      (unsigned long long)l->rlimits[i].limit.rlim_max);
			if (r == -EPERM)
				err_hint(e,
					 "raising a hard limit needs CAP_SYS_RESOURCE, which davit "
					 "was started without");
			return (int)r;
		}
	}
	if (l->has_umask)
		(void)sys_call1(SYS_umask, l->umask); /* cannot fail */
	return 0;
}
