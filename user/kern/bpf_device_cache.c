// SPDX-License-Identifier: Apache-2.0
/* Loaded device programs that further containers with the same list attach. */
#include "kern/bpf_device_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/libc.h"
#include "kern/bpf_policy.h"
#include "kern/bpf_sys.h"

/* One more when bpf_device_list_compile() makes another program of the same list: older pins stay. */
#define COMPILER "1"

#define DIR_NAME "davit-oci"
#define NAME_LEN_MAX 255u /* NAME_MAX */
#define RULE_LEN_MAX 24u
#define PATH_SIZE    (512u + sizeof(DIR_NAME) + NAME_LEN_MAX + 3)

struct place {
	char dir[PATH_SIZE], path[PATH_SIZE];
};

static unsigned int add_number(char *p, unsigned int size, int32_t v)
{
	return v == DEVICE_ANY ? err_format(p, size, "*") : err_format(p, size, "%x", (unsigned int)v);
}

/* A rule: "+c1_3w" grants reading, writing and making of 1:3; what follows a number is none of its digits.
 * A bpf file system takes no dots. */
static unsigned int add_rule(char *p, const struct device_rule *r)
{
	unsigned int n = 0;

	p[n++] = r->is_allow ? '+' : '-';
	p[n++] = r->type == 'b' || r->type == 'c' ? (char)r->type : 'a';
	n += add_number(p + n, 9, r->major);
	p[n++] = '_';
	n += add_number(p + n, 9, r->minor);
	p[n++] = (char)('p' + (r->access & DEVICE_ALL));
	return n;
}

static int name_place(const char *bpffs, const struct device_rule *rules, size_t count, struct place *ret)
{
	unsigned int start, n;

	if (!bpffs)
		return -ENOENT;
	n = err_format(ret->dir, sizeof(ret->dir), "%s/" DIR_NAME, bpffs);
	if (n > sizeof(ret->dir) - NAME_LEN_MAX - 2)
		return -ENAMETOOLONG;
	n = err_format(ret->path, sizeof(ret->path), "%s/", ret->dir);
	start = n;
	n += err_format(ret->path + n, 4, COMPILER);
	for (size_t i = 0; i < count; i++) {
		if (n - start > NAME_LEN_MAX - RULE_LEN_MAX)
			return -ENOENT;
		n += add_rule(ret->path + n, &rules[i]);
	}
	ret->path[n] = '\0';
	return 0;
}

static bool is_ours(const char *dir)
{
	struct stat st;

	return lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) && fs_is_private(&st);
}

int bpf_device_cache_find(const char *bpffs, const struct device_rule *rules, size_t n)
{
	struct place at;
	int r = name_place(bpffs, rules, n, &at);

	if (r < 0)
		return r;
	return is_ours(at.dir) ? bpf_sys_obj_get(at.path) : -ENOENT;
}

static bool is_bpffs(const char *path)
{
	struct statfs s;

	return statfs(path, &s) == 0 && s.f_type == BPF_FS_MAGIC;
}

void bpf_device_cache_keep(const char *bpffs, const struct device_rule *rules, size_t n, int prog)
{
	struct place at;

	if (name_place(bpffs, rules, n, &at) < 0 || !is_bpffs(bpffs))
		return;
	if (mkdir(at.dir, 0700) < 0 && errno != EEXIST)
		return;
	if (is_ours(at.dir) && !fs_is_full(at.dir, DEVICE_CACHE_MAX))
		(void)bpf_sys_obj_pin(prog, at.path); /* -EEXIST: somebody was faster */
}
