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

/*
 * A profile is half of what config.json holds, and more than half of what it takes to read: where its filter is
 * known, it becomes null. What is found without a parser is the value that the parser would have there.
 */
static void find_filter(struct bundle_filter *f, size_t *n)
{
	static const char *const keys[] = { "linux", "seccomp" };
	static const char none[] = "null";
	size_t end;

	if (json_span_find(f->document, *n, keys, ARRAY_SIZE(keys), &f->start, &f->len) < 0 ||
	    f->len < FILTER_MIN)
		f->len = 0;
	else if (seccomp_cache_find(f->root, f->document + f->start, f->len, &f->cached) == 0) {
		end = f->start + f->len;
		memcpy(f->document + f->start, none, strlen(none));
		memmove(f->document + f->start + strlen(none), f->document + end, *n - end + 1); /* with the NUL */
		*n -= f->len - strlen(none);
	}
}

static int read_document(struct bundle *b, size_t *ret_n, struct err *e)
{
	int r;

	free(b->filter.document);
	b->filter.document = NULL;
	r = io_read_file(b->fd, CONFIG, OCI_CONFIG_SIZE_MAX, &b->filter.document, ret_n, e);
	return r < 0 ? err_wrap(e, r, "bundle '%s'", b->path) : 0;
}

static int read_config(struct bundle *b, struct err *e)
{
	struct bundle_filter *f = &b->filter;
	size_t n;
	int r = read_document(b, &n, e);

	if (r < 0)
		return r;
	find_filter(f, &n);
	r = oci_config_parse(f->document, n, CONFIG, &b->config, e);
	if (r == 0 || !f->cached.filter)
		return r;
	/* once more as it is, for a message that tells the right place; who replaces the file meanwhile has another profile */
	seccomp_cached_done(&f->cached);
	f->start = f->len = 0;
	err_clear(e);
	r = read_document(b, &n, e);
	return r < 0 ? r : oci_config_parse(f->document, n, CONFIG, &b->config, e);
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
