// SPDX-License-Identifier: Apache-2.0
/* Depth of the containers' cgroups. */
#include "level.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/str.h"
#include "level.skel.h"

#define MOUNTINFO_MAX (64u << 20)
#define PROC_CGROUP_INIT_INO 0xeffffffbu /* include/linux/proc_ns.h; the first cgroup namespace */

static unsigned int count_components(const char *path)
{
	unsigned int n = 0;

	for (const char *p = path; *p; p++)
		n += *p == '/' && p[1] && p[1] != '/';
	return n;
}

/* root and mount point of a line of mountinfo, if it is that of mount @id */
static bool parse_mountinfo(char *line, uint64_t id, char **ret_root, char **ret_point)
{
	char *field[5], *save = NULL, *p = strtok_r(line, " ", &save);
	int n = 0;

	for (; p && n < 5; p = strtok_r(NULL, " ", &save))
		field[n++] = p;
	if (n < 5 || strtoull(field[0], NULL, 10) != id)
		return false;
	*ret_root = field[3];
	*ret_point = field[4];
	return true;
}

/* By path, where paths begin at the root of the hierarchy. */
static int level_by_path(int slice_fd, uint32_t *ret)
{
	_cleanup_free_ char *text = NULL, *path = NULL;
	char self[64], *root = NULL, *point = NULL, *save = NULL;
	struct statx stx;
	size_t len;
	int r;

	(void)err_format(self, sizeof(self), "/proc/self/fd/%d", slice_fd);
	path = fs_read_link(AT_FDCWD, self);
	if (!path || statx(slice_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0)
		return -errno;
	r = io_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, &len, NULL);
	if (r < 0)
		return r;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		if (parse_mountinfo(l, stx.stx_mnt_id, &root, &point))
			break;
	if (!point || !str_starts(path, point))
		return -ENOENT;
	*ret = count_components(root) + count_components(path) - count_components(point);
	return 0;
}

static int read_level(struct level_bpf *b, int slice_fd, uint32_t *ret)
{
	union bpf_iter_link_info info = { .cgroup = { .order = BPF_CGROUP_ITER_SELF_ONLY,
						      .cgroup_fd = (uint32_t)slice_fd } };
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &info, .link_info_len = sizeof(info));
	struct bpf_link *link = bpf_program__attach_iter(b->progs.davit_level, &opts);
	_cleanup_fd_ int fd = -1;
	ssize_t n;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	(void)bpf_link__destroy(link); /* the iterator holds what it needs */
	if (fd < 0)
		return fd;
	n = io_read_full(fd, ret, sizeof(*ret));
	if (n < 0)
		return (int)n;
	return n == sizeof(*ret) ? 0 : -EIO;
}

/* By asking the kernel: cgroup iterators are there since 6.1 and need its BTF. */
static int level_by_iterator(int slice_fd, uint32_t *ret)
{
	struct level_bpf *b = level_bpf__open_and_load();
	int r = b ? read_level(b, slice_fd, ret) : -errno;

	level_bpf__destroy(b);
	return r;
}

int find_level(int slice_fd, uint32_t *ret)
{
	uint32_t level = 0;
	struct stat ns;
	int r;

	if (stat("/proc/self/ns/cgroup", &ns) == 0 && ns.st_ino == PROC_CGROUP_INIT_INO)
		r = level_by_path(slice_fd, &level);
	else
		r = level_by_iterator(slice_fd, &level);
	if (r == 0)
		*ret = level + 1;
	return r;
}
