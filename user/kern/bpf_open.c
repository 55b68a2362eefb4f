// SPDX-License-Identifier: Apache-2.0
/* Opening the program set; the first one of a boot has davit-bpf load it. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/env.h"
#include "base/err.h"
#include "base/spawn.h"
#include "kern/bpf.h"
#include "kern/bpf_internal.h"

/* The lock goes along: should we be killed, nobody else loads while davit-bpf still does. */
static int run_loader(const struct env *env, int slice_fd, int lock, struct err *e)
{
	_cleanup_free_ char *path = NULL, *answer = NULL;
	const int keep[] = { slice_fd, lock };
	char name[] = "davit-bpf", fd[16];
	char *argv[] = { name, (char *)env->bpffs, (char *)env->slice, fd, NULL };
	struct spawn s = { .argv = argv,
			   .stdio = { SPAWN_NULL, SPAWN_INHERIT, SPAWN_INHERIT },
			   .keep = keep,
			   .n_keep = ARRAY_SIZE(keep) };
	size_t n = 0;
	int r = env_helper(env, name, &path, e);

	if (r < 0)
		return r;
	s.path = path;
	(void)err_format(fd, sizeof(fd), "%d", slice_fd);
	r = spawn_capture(&s, sizeof(struct err), &answer, &n, e);
	if (r <= 0)
		return r;
	if (n == sizeof(*e) && e) {
		memcpy(e, answer, sizeof(*e));
		e->msg[sizeof(e->msg) - 1] = e->hint[sizeof(e->hint) - 1] = '\0';
		if (e->code < 0)
			return e->code;
	}
	return err_plain(e, -EPROTO, "'%s' failed with status %d", path, r);
}

int bpf_set_open(const struct env *env, int slice_cgroup_fd, struct bpf_set **ret, struct err *e)
{
	_cleanup_fd_ int lock = -1;
	int r = bpf_set_find(env, slice_cgroup_fd, ret, NULL);

	if (r == 0)
		return 0;
	lock = bpf_set_lock(env, e);
	if (lock < 0)
		return err_wrap(e, lock, "load BPF programs");
	/* while we waited another one may have loaded them */
	r = bpf_set_find(env, slice_cgroup_fd, ret, e);
	if (r != -ENOENT)
		return r;
	err_clear(e);
	r = run_loader(env, slice_cgroup_fd, lock, e);
	return r < 0 ? r : bpf_set_find(env, slice_cgroup_fd, ret, e);
}
