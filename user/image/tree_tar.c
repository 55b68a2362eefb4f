// SPDX-License-Identifier: Apache-2.0
/* A directory as a tar stream: libarchive's walk and pax writer in a thread. */
#include "image/tree_tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"

#define PIPE_SIZE (1 << 20)

struct tree_tar {
	char *dir;
	int pipe;
	pthread_t thread;
	struct archive *disk, *tar;
	struct archive_entry_linkresolver *links;
	struct err err;
};

static la_ssize_t write_block(struct archive *a, void *data, const void *p, size_t n)
{
	struct tree_tar *t = data;
	int r = io_write_full(t->pipe, p, n);

	if (r == 0)
		return (la_ssize_t)n;
	archive_set_error(a, -r, "write to pipe");
	return -1;
}

static int fail(struct tree_tar *t, struct archive *a, const char *name)
{
	const char *why = archive_error_string(a);
	int code = archive_errno(a);

	return err_plain(&t->err, code > 0 && code < 4096 ? -code : -EIO, "pack '%s': %s", name,
			 why ? why : "unknown error");
}

/* The writer takes holes as zeros, and leaves them out by the entry's map of them. */
static int copy_data(struct tree_tar *t, const char *name)
{
	static const char zeros[65536];
	const void *p;
	size_t n;
	la_int64_t at, pos = 0;
	int r;

	while ((r = archive_read_data_block(t->disk, &p, &n, &at)) == ARCHIVE_OK) {
		for (; pos < at; ) {
			size_t gap = (uint64_t)(at - pos) < sizeof(zeros) ? (size_t)(at - pos) :
									    sizeof(zeros);

			if (archive_write_data(t->tar, zeros, gap) < 0)
				return fail(t, t->tar, name);
			pos += (la_int64_t)gap;
		}
		if (n && archive_write_data(t->tar, p, n) < 0)
			return fail(t, t->tar, name);
		pos += (la_int64_t)n;
	}
	return r == ARCHIVE_EOF ? 0 : fail(t, t->disk, name);
}

static int write_entry(struct tree_tar *t, struct archive_entry *en, const char *name)
{
	/* what a layer does not keep would only make the tar differ from run to run */
	archive_entry_unset_atime(en);
	archive_entry_unset_ctime(en);
	archive_entry_unset_birthtime(en);
	archive_entry_set_fflags(en, 0, 0);
	if (archive_write_header(t->tar, en) < ARCHIVE_WARN)
		return fail(t, t->tar, name);
	return archive_entry_size(en) > 0 && archive_entry_filetype(en) == AE_IFREG &&
			       !archive_entry_hardlink(en) ?
		       copy_data(t, name) :
		       0;
}

/* "/path/to/dir/etc/x" to "./etc/x". */
static int rename_entry(struct tree_tar *t, struct archive_entry *en)
{
	_cleanup_free_ char *name = NULL;
	const char *path = archive_entry_pathname(en);
	size_t n = strlen(t->dir);

	if (!path || strncmp(path, t->dir, n) != 0)
		return err_plain(&t->err, -EIO, "pack '%s': a name is not readable", t->dir);
	name = str_printf("./%s", path[n] == '/' ? path + n + 1 : path + n);
	if (!name)
		return err_set(&t->err, ENOMEM, "pack '%s'", t->dir);
	archive_entry_copy_pathname(en, name);
	return 0;
}

static int pack(struct tree_tar *t)
{
	struct archive_entry *en = archive_entry_new(), *spare;
	int r = en ? 0 : err_set(&t->err, ENOMEM, "pack '%s'", t->dir);

	while (r == 0) {
		int q = archive_read_next_header2(t->disk, en);

		if (q == ARCHIVE_EOF)
			break;
		if (q < ARCHIVE_WARN) {
			r = fail(t, t->disk, t->dir);
			break;
		}
		(void)archive_read_disk_descend(t->disk); /* fails for what is no directory */
		if (archive_entry_filetype(en) == AE_IFSOCK)
			continue;
		r = rename_entry(t, en);
		if (r < 0)
			break;
		archive_entry_linkify(t->links, &en, &spare);
		if (en)
			r = write_entry(t, en, t->dir);
	}
	archive_entry_free(en);
	if (r == 0 && archive_write_close(t->tar) != ARCHIVE_OK)
		r = fail(t, t->tar, t->dir);
	return r;
}

static void *pack_main(void *data)
{
	struct tree_tar *t = data;

	(void)pack(t); /* the error is in t->err */
	t->pipe = fd_close(t->pipe);
	return NULL;
}

static void tree_tar_free(struct tree_tar *t)
{
	(void)archive_read_free(t->disk);
	(void)archive_write_free(t->tar); /* was closed, or failed before */
	archive_entry_linkresolver_free(t->links);
	(void)fd_close(t->pipe);
	free(t->dir);
	free(t);
}

static int prepare(struct tree_tar *t, const char *dir, struct err *e)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	t->dir = strndup(dir, n);
	t->disk = archive_read_disk_new();
	t->tar = archive_write_new();
	t->links = archive_entry_linkresolver_new();
	if (!t->dir || !t->disk || !t->tar || !t->links)
		return err_set(e, ENOMEM, "pack '%s'", dir);
	archive_entry_linkresolver_set_strategy(t->links, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE);
	if (archive_read_disk_set_symlink_physical(t->disk) != ARCHIVE_OK ||
	    archive_read_disk_set_behavior(t->disk, ARCHIVE_READDISK_NO_TRAVERSE_MOUNTS |
							    ARCHIVE_READDISK_NO_FFLAGS) !=
		    ARCHIVE_OK ||
	    archive_read_disk_open(t->disk, t->dir) != ARCHIVE_OK ||
	    archive_write_set_format_pax(t->tar) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(t->tar, 65536) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(t->tar, 512) != ARCHIVE_OK ||
	    archive_write_open(t->tar, t, NULL, write_block, NULL) != ARCHIVE_OK)
		return err_plain(e, -EIO, "pack '%s': %s", dir, archive_error_string(t->disk));
	return 0;
}

int tree_tar_open(const char *dir, struct tree_tar **ret, struct err *e)
{
	struct tree_tar *t = calloc(1, sizeof(*t));
	int p[2] = { -1, -1 };
	int r;

	if (!t)
		return err_set(e, ENOMEM, "pack '%s'", dir);
	t->pipe = -1;
	r = prepare(t, dir, e);
	if (r == 0 && pipe2(p, O_CLOEXEC) < 0)
		r = err_set(e, errno, "make a pipe");
	if (r == 0) {
		t->pipe = p[1];
		(void)fcntl(t->pipe, F_SETPIPE_SZ, PIPE_SIZE); /* only speed */
		r = pthread_create(&t->thread, NULL, pack_main, t);
		if (r)
			r = err_set(e, r, "start a thread");
	}
	if (r < 0) {
		(void)fd_close(p[0]);
		tree_tar_free(t);
		return r;
	}
	*ret = t;
	return p[0];
}

int tree_tar_close(struct tree_tar **tp, struct err *e)
{
	struct tree_tar *t = *tp;
	int r;

	(void)pthread_join(t->thread, NULL);
	r = t->err.code;
	if (r && e)
		*e = t->err;
	tree_tar_free(t);
	*tp = NULL;
	return r;
}
