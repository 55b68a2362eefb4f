/* SPDX-License-Identifier: Apache-2.0 */
/* Where this instance of davit keeps its things. */
#ifndef DAVIT_BASE_ENV_H
#define DAVIT_BASE_ENV_H

struct err;

#define ENV_SLICE_LEN 16u

/**
 * struct env - places of one instance; strings borrowed from argv, environ or literals
 * @root:   $DAVIT_ROOT, default /var/lib/davit: images, layers, container records (disk)
 * @state:  $DAVIT_STATE, default /run/davit: running state (tmpfs)
 * @slice:  $DAVIT_SLICE, default "davit", or "davit-<hash>" with other directories: cgroups are
 *	    <slice>.slice/<id> on v2, <slice>/<id> on v1
 * @bpffs:  $DAVIT_BPFFS, default /sys/fs/bpf: where program links and maps are pinned, below
 *	    <bpffs>/<slice>
 * @libdir: $DAVIT_LIBDIR, default: the directory of the running program, then ../lib/davit of it:
 *	    where davit-monitor, davit-image and davit-init are
 */
struct env {
	const char *root, *state, *slice, *bpffs, *libdir;
	char own_slice[ENV_SLICE_LEN];
};

/* env_init() - fill from the environment. Return: 0; -EINVAL for a relative or overlong path, or a
 * slice that is not [a-z0-9-]{1,32}. */
int env_init(struct env *env, struct err *e);

/* env_helper() - path of a helper program ("davit-monitor"); caller frees.
 * Return: 0; -ENOENT with a hint when it is not installed. */
int env_helper(const struct env *env, const char *program, char **ret, struct err *e);

#endif
