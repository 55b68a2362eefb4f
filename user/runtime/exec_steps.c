// SPDX-License-Identifier: Apache-2.0
/*
 * The last steps of a container's process: ids, capabilities, seccomp, exec of davit-init. Same
 * rules as init_steps.c: sys_call*() and err_*() only.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "kern/sys.h"
#include "runtime/launch.h"
#include "runtime/listener.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1u << 2)
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

static long prctl_call(long op, long a)
{
	return sys_call5(SYS_prctl, op, a, 0, 0, 0);
}

static int set_caps(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable },
		{ (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
		  (uint32_t)(inheritable >> 32) },
	};

	return (int)sys_call2(SYS_capset, &head, data);
}

static int drop_bounding(const struct launch *l, struct err *e)
{
	int end = l->cap_end ? (int)l->cap_end : 64;

	for (int cap = 0; cap < end; cap++) {
		long r;

		if (l->caps.bounding & (1ull << cap))
			continue;
		r = prctl_call(PR_CAPBSET_DROP, cap);
		if (r == -EINVAL) /* beyond the kernel's last capability */
			break;
		if (r < 0)
			return err_set(e, (int)r, "drop capability %d from the bounding set", cap);
	}
	return 0;
}

static int set_ids(const struct launch *l, struct err *e)
{
	long r = 0;

	if (!l->keep_groups)
		r = sys_call2(SYS_setgroups, l->n_groups, l->groups);
	if (r < 0) {
		(void)err_set(e, (int)r, "set supplementary groups");
		if (r == -EINVAL)
			err_hint(e, "a group is not mapped in the container's user namespace");
		return (int)r;
	}
	if (l->uid != 0) /* capabilities have to survive until seccomp is in place */
		r = prctl_call(PR_SET_KEEPCAPS, 1);
	/* also to 0, unless that is what all of ours are: of three ids each, some may differ (newgrp) */
	if (r == 0 && !(l->is_plain_root && l->gid == 0))
		r = sys_call3(SYS_setresgid, l->gid, l->gid, l->gid);
	if (r == 0 && !(l->is_plain_root && l->uid == 0))
		r = sys_call3(SYS_setresuid, l->uid, l->uid, l->uid);
	if (r < 0) {
		(void)err_set(e, (int)r, "become user %u group %u", l->uid, l->gid);
		if (r == -EINVAL)
			err_hint(e, "the id is not mapped in the container's user namespace");
		return (int)r;
	}
	return 0;
}

static int install_seccomp(const struct launch *l, struct err *e)
{
	struct sock_fprog prog = { .len = (unsigned short)l->n_seccomp,
				   .filter = (struct sock_filter *)l->seccomp };
	long r;

	if (!l->n_seccomp)
		return 0;
	if (l->has_listener && listener_announce(l, e) < 0)
		return e->code;
	r = sys_call3(SYS_seccomp, SECCOMP_SET_MODE_FILTER, l->seccomp_flags, &prog);
	return r < 0 ? err_set(e, (int)r, "install the seccomp filter") : 0;
}

static int set_final_caps(const struct launch *l, struct err *e)
{
	const struct cap_sets *c = &l->caps;
	int r = set_caps(c->effective, c->permitted, c->inheritable);

	if (r < 0) {
		(void)err_set(e, r, "set capabilities");
		if (l->n_seccomp && !l->no_new_privs)
			err_hint(
				e,
				"a seccomp filter must allow capset(2), or be set without new privileges");
		return r;
	}
	for (int cap = 0; c->ambient >> cap; cap++) {
		long a;

		if (!(c->ambient & (1ull << cap)))
			continue;
		a = sys_call5(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
		if (a < 0)
			return err_set(e, (int)a, "raise ambient capability %d", cap);
	}
	return 0;
}

int launch_exec(const struct launch *l, struct err *e)
{
	const uint64_t seccomp_needs = 1ull << CAP_SYS_ADMIN;
	char *const *argv = l->argv;
	long r;
	int s;

	/* everything of ours is O_CLOEXEC; this covers what we inherited */
	r = sys_call3(SYS_close_range, 3 + l->keep_fds, ~0u, CLOSE_RANGE_CLOEXEC);
	if (r == 0)
		r = sys_call3(SYS_fcntl, l->err_fd, F_SETFD, 0); /* for davit-init */
	if (r == 0 && l->wait_fd >= 0)
		r = sys_call3(SYS_fcntl, l->wait_fd, F_SETFD, 0);
	if (r < 0)
		return err_set(e, (int)r, "close file descriptors");
	s = drop_bounding(l, e);
	if (s == 0)
		s = set_ids(l, e);
	if (s < 0)
		return s;
	if (l->no_new_privs) {
		r = prctl_call(PR_SET_NO_NEW_PRIVS, 1);
		if (r < 0)
			return err_set(e, (int)r, "set no_new_privs");
	}
	if (l->n_seccomp && l->uid != 0 && !l->no_new_privs) {
		/* setresuid() cleared the effective set */
		s = set_caps(l->caps.permitted | seccomp_needs, l->caps.permitted | seccomp_needs,
			     l->caps.inheritable);
		if (s < 0)
			return err_set(e, s, "keep capabilities for seccomp");
	}
	/* without new privileges the filter needs no capability: it comes last, to forbid less of ours */
	s = l->no_new_privs ? 0 : install_seccomp(l, e);
	if (s == 0)
		s = set_final_caps(l, e);
	if (s == 0 && l->no_new_privs)
		s = install_seccomp(l, e);
	if (s == 0 && l->has_listener)
		s = listener_await(l, e);
	if (s < 0)
		return s;
	r = sys_call5(SYS_execveat, l->init_fd, "", argv, l->envp, AT_EMPTY_PATH);
	(void)err_set(e, (int)r, "execute davit-init");
	if (r == -E2BIG)
		err_hint(
			e,
			"an argument or environment variable may have 128 KiB, all together a quarter of the stack's limit");
	else if (l->n_seccomp)
		err_hint(e, "a seccomp filter must allow execve(2), execveat(2) and fcntl(2)");
	return err_exit(e, (int)r, 126);
}
