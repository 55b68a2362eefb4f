// SPDX-License-Identifier: Apache-2.0
/* Where this instance of davit keeps its things. */
#include "base/env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"

/* sun_path holds 108 bytes and an id takes 64 of a socket's path: keep prefixes short */
#define ENV_PATH_MAX 512u

#define ENV_ROOT  "/var/lib/davit"
#define ENV_STATE "/run/davit"

static int pick(const char *var, const char *fallback, const char **ret, struct err *e)
{
	const char *v = getenv(var);

	*ret = v && *v ? v : fallback;
	if (!*ret)
		return 0;
	if ((*ret)[0] != '/')
		return err_plain(e, -EINVAL, "directory '%s' (%s) is not an absolute path", *ret,
				 var);
	if (strlen(*ret) > ENV_PATH_MAX)
		return err_plain(e, -EINVAL, "%s is longer than %u bytes", var, ENV_PATH_MAX);
	return 0;
}

/*
 * An instance with other directories has other cgroups: two that shared a slice would take each
 * other's containers for leftovers.
 */
static const char *default_slice(const struct env *env, char buf[static ENV_SLICE_LEN])
{
	const char *const parts[] = { env->root, "\n", env->state };
	uint32_t hash = 2166136261u; /* FNV-1a */

	if (strcmp(env->root, ENV_ROOT) == 0 && strcmp(env->state, ENV_STATE) == 0)
		return "davit";
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		for (const char *p = parts[i]; *p; p++)
			hash = (hash ^ (unsigned char)*p) * 16777619u;
	(void)err_format(buf, ENV_SLICE_LEN, "davit-%08x", hash);
	return buf;
}

int env_init(struct env *env, struct err *e)
{
	int r = pick("DAVIT_ROOT", ENV_ROOT, &env->root, e);

	if (r == 0)
		r = pick("DAVIT_STATE", ENV_STATE, &env->state, e);
	if (r == 0)
		r = pick("DAVIT_BPFFS", "/sys/fs/bpf", &env->bpffs, e);
	if (r == 0)
		r = pick("DAVIT_LIBDIR", NULL, &env->libdir, e);
	if (r < 0)
		return r;
	env->slice = getenv("DAVIT_SLICE");
	if (!env->slice || !*env->slice)
		env->slice = default_slice(env, env->own_slice);
	if (strlen(env->slice) > 32 ||
	    env->slice[strspn(env->slice, "abcdefghijklmnopqrstuvwxyz0123456789-")])
		return err_plain(e, -EINVAL,
				 "DAVIT_SLICE '%s' is not 1 to 32 of a-z, 0-9 and '-'", env->slice);
	return 0;
}

int env_helper(const struct env *env, const char *program, char **ret, struct err *e)
{
	_cleanup_free_ char *self = NULL;
	char *slash;
	int r;

	if (env->libdir) {
		_cleanup_free_ char *path = str_printf("%s/%s", env->libdir, program);

		if (!path)
			return err_set(e, ENOMEM, "find '%s'", program);
		if (access(path, X_OK) < 0) {
			r = err_set(e, errno, "find program '%s'", path);
			err_hint(e, "DAVIT_LIBDIR is the directory that holds davit's helpers");
			return r;
		}
		*ret = TAKE_PTR(path);
		return 0;
	}
	self = fs_read_link(AT_FDCWD, "/proc/self/exe");
	if (!self)
		return err_set(e, errno, "read '/proc/self/exe'");
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	for (int i = 0; i < 2; i++) {
		char *path = str_printf(i ? "%s/../lib/davit/%s" : "%s/%s", self, program);

		if (!path)
			return err_set(e, ENOMEM, "find '%s'", program);
		if (access(path, X_OK) == 0) {
			*ret = path;
			return 0;
		}
		free(path);
	}
	r = err_plain(e, -ENOENT, "program '%s' is not installed beside '%s'", program, self);
	err_hint(e, "run 'make install', or set DAVIT_LIBDIR to the directory that holds it");
	return r;
}
