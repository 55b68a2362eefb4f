// SPDX-License-Identifier: Apache-2.0
/* A bundle: a directory with config.json, and the root file system that it names. */
#include "runtime/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/json_span.h"
#include "base/str.h"

#define CONFIG "config.json"
#define FILTER_MIN 256u /* bytes of a profile that takes longer to read than to look up */

void bundle_done(struct bundle *b)
{
	b->fd = fd_close(b->fd);
	b->rootfs_fd = fd_close(b->rootfs_fd);
	free(b->path);
	free(b->rootfs);
	oci_config_done(&b->config);
	seccomp_cached_done(&b->filter.cached);
	free(b->filter.document);
	*b = (struct bundle){ .fd = -1, .rootfs_fd = -1 };
}

/* The kernel's name of an open directory: absolute, links resolved. */
static char *name_of(int fd)
{
	char link[32];

	(void)err_format(link, sizeof(link), "/proc/self/fd/%d", fd);
	return fs_read_link(AT_FDCWD, link);
}

/* The value at @start as null, and as many lines as before, for messages about what follows. Return: the new length */
static size_t cut_out(char *text, size_t n, size_t start, size_t len)
{
	const char *end = text + start + len;
	size_t n_lines = 0, rest = n - start - len;
	char *to = text + start;

	for (const char *p = to; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		n_lines++;
	if (n_lines > len - strlen("null"))
		n_lines = len - strlen("null");
	memcpy(to, "null", strlen("null"));
	to += strlen("null");
	memset(to, '\n', n_lines);
	memmove(to + n_lines, end, rest + 1); /* with the NUL */
	return start + strlen("null") + n_lines + rest;
}

/*
 * A profile is half of what config.json holds, and more than half of what it takes to read: where its filter is
 * known, it is cut out. What is found without a parser is the value that the parser would have there.
 */
static void find_filter(struct bundle_filter *f, size_t *n)
{
	static const char *const keys[] = { "linux", "seccomp" };

	if (json_span_find(f->document, *n, keys, ARRAY_SIZE(keys), &f->start, &f->len) < 0 ||
	    f->len < FILTER_MIN)
		f->len = 0;
	else if (seccomp_cache_find(f->root, f->document + f->start, f->len, &f->cached) == 0)
		*n = cut_out(f->document, *n, f->start, f->len);
}

static int read_config(struct bundle *b, struct err *e)
{
	struct bundle_filter *f = &b->filter;
	size_t n;
	int r = io_read_file(b->fd, CONFIG, OCI_CONFIG_SIZE_MAX, &f->document, &n, e);

	if (r < 0)
		return err_wrap(e, r, "bundle '%s'", b->path);
	find_filter(f, &n);
	return oci_config_parse(f->document, n, CONFIG, &b->config, e);
}

static int open_rootfs(struct bundle *b, struct err *e)
{
	const char *path = b->config.root_path;

	if (!path)
		return err_plain(e, -EINVAL, CONFIG ": root.path: is missing");
	b->rootfs_fd = openat(b->fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (b->rootfs_fd < 0)
		return err_set(e, errno, CONFIG ": root.path: open '%s'", path);
	b->rootfs = name_of(b->rootfs_fd);
	if (!b->rootfs)
		return err_set(e, errno, CONFIG ": root.path: find '%s'", path);
	/* the host's "/" as a container's would make every mistake the host's */
	return str_eq(b->rootfs, "/") ?
		       err_plain(e, -EINVAL, CONFIG ": root.path: is the root of the host") :
		       0;
}

int bundle_open(const char *path, const char *root, struct bundle *ret, struct err *e)
{
	_cleanup_(bundle_done) struct bundle b = { .fd = -1, .rootfs_fd = -1 };
	int r;

	b.fd = open(path ? path : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (b.fd < 0)
		return err_set(e, errno, "open bundle '%s'", path ? path : ".");
	b.path = name_of(b.fd);
	if (!b.path)
		return err_set(e, errno, "find bundle '%s'", path ? path : ".");
	b.filter.root = root;
	r = read_config(&b, e);
	if (r == 0)
		r = open_rootfs(&b, e);
	if (r < 0)
		return r;
	*ret = b;
	b = (struct bundle){ .fd = -1, .rootfs_fd = -1 };
	return 0;
}
