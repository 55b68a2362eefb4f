// SPDX-License-Identifier: Apache-2.0
/* What an image arrives in: a directory, a tar file read in place, a stream laid out in a spool. */
#include "image/package.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/str.h"
#include "image/entry.h"
#include "image/inflate.h"
#include "store/limits.h"

#define READ_SIZE (256u << 10)
#define LINK_HOPS 8 /* chains of links that real archives have are one long */

/* the scan of one tar */
struct scan {
	struct package *b;
	struct archive *archive;
	struct inflate *inflate;
	int fd, spool;
	uint64_t *budget;
	unsigned char *in, *out;
	struct err err;
};

void package_done(struct package *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->v[i].name);
		free(b->v[i].link);
	}
	free(b->v);
	b->dir = fd_close(b->dir);
	b->tar = fd_close(b->tar);
	b->v = NULL;
	b->n = 0;
}

static ssize_t next_compressed(void *data, const void **ret, struct err *e)
{
	struct scan *s = data;
	ssize_t n = io_read_full(s->fd, s->in, READ_SIZE);

	*ret = s->in;
	return n < 0 ? err_set(e, (int)n, "read the archive") : n;
}

static la_ssize_t next_block(struct archive *a, void *data, const void **ret)
{
	struct scan *s = data;
	ssize_t n = inflate_read(s->inflate, s->out, READ_SIZE, &s->err);

	if (n < 0) {
		archive_set_error(a, EIO, "%s", s->err.msg);
		return ARCHIVE_FATAL;
	}
	*ret = s->out;
	return n;
}

static int add(struct package *b, const struct package_member *m)
{
	if (b->n == b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 64;
		struct package_member *v = realloc(b->v, cap * sizeof(*v));

		if (!v)
			return -ENOMEM;
		b->v = v;
		b->cap = cap;
	}
	b->v[b->n++] = *m;
	return 0;
}

/* @target of a symbolic link at @name, ".." taken out by text; NULL: leads out. Caller frees. */
static char *join_link(const char *name, const char *target)
{
	_cleanup_str_ struct str s = STR_INIT;
	const char *slash = strrchr(name, '/');

	if (*target != '/')
		str_add_mem(&s, name, slash ? (size_t)(slash - name) : 0);
	while (*target) {
		size_t n = strcspn(target, "/");

		if (n == 2 && memcmp(target, "..", 2) == 0) {
			const char *up = s.p ? strrchr(s.p, '/') : NULL;

			if (s.len == 0)
				return NULL;
			str_truncate(&s, up ? (size_t)(up - s.p) : 0);
		} else if (n && !(n == 1 && *target == '.')) {
			if (s.len)
				str_add_char(&s, '/');
			str_add_mem(&s, target, n);
		}
		target += n + (target[n] == '/');
	}
	return str_take(&s);
}

static int copy_out(struct scan *s, int number, struct package_member *m, struct err *e)
{
	char name[16];
	_cleanup_fd_ int fd = -1;
	const void *p;
	size_t n;
	la_int64_t at;
	int r;

	(void)snprintf(name, sizeof(name), "%d", number); /* sized for it */
	fd = openat(s->spool, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, errno, "create spool file");
	while ((r = archive_read_data_block(s->archive, &p, &n, &at)) == ARCHIVE_OK) {
		if (n > *s->budget) {
			r = err_plain(e, -EFBIG, "the archive unpacks to more than the limit");
			err_hint(e, "if you trust it, raise the limit with --max-size");
			return r;
		}
		*s->budget -= n;
		if (lseek(fd, at, SEEK_SET) < 0 || (r = io_write_full(fd, p, n)) < 0)
			return err_set(e, r < 0 ? r : errno, "write '%.100s' to the store", m->name);
	}
	if (r != ARCHIVE_EOF)
		return err_plain(e, -EBADMSG, "file '%.100s': %s", m->name,
				 archive_error_string(s->archive));
	if (ftruncate(fd, (off_t)m->size) < 0)
		return err_set(e, errno, "write '%.100s' to the store", m->name);
	m->spool = number;
	return 0;
}

/* One entry of the outer tar. Directories and odd types are of no interest. */
static int scan_entry(struct scan *s, struct archive_entry *tar, struct err *e)
{
	char path[TREE_PATH_MAX];
	struct package_member m = { .spool = -1 };
	const char *hard = archive_entry_hardlink(tar), *soft = archive_entry_symlink(tar);
	int r = entry_path(archive_entry_pathname(tar), path, e);

	if (r < 0)
		return r;
	if (!hard && !soft && archive_entry_filetype(tar) != AE_IFREG)
		return 0;
	m.name = strdup(path);
	if (hard || soft) {
		m.link = hard ? join_link("", hard) : join_link(path, soft);
		r = m.link ? 0 : err_plain(e, -EBADMSG, "link '%.100s' leads out of the archive",
					   path);
	} else {
		m.size = (uint64_t)archive_entry_size(tar);
		m.offset = (uint64_t)archive_filter_bytes(s->archive, -1);
		/* a sparse file is not laid out in the archive as it is */
		if (m.name && (s->inflate || archive_entry_sparse_count(tar) > 0))
			r = copy_out(s, (int)s->b->n, &m, e);
	}
	if (r == 0 && (!m.name || add(s->b, &m) < 0))
		r = err_set(e, ENOMEM, "read the archive");
	if (r < 0) {
		free(m.name);
		free(m.link);
	}
	return r;
}

static int scan_tar(struct scan *s, struct err *e)
{
	struct archive_entry *tar;
	struct archive *a = s->archive;
	uint32_t n = 0;
	int r;

	for (;;) {
		r = archive_read_next_header(a, &tar);
		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK)
			return s->err.code ? err_plain(e, s->err.code, "%s", s->err.msg) :
					     err_plain(e, -EBADMSG,
						       "it is not a sound tar archive: %s",
						       archive_error_string(a));
		if (++n > LIMIT_ARCHIVE_ENTRIES)
			return err_plain(e, -E2BIG, "it has more than %u entries",
					 LIMIT_ARCHIVE_ENTRIES);
		r = scan_entry(s, tar, e);
		if (r < 0)
			return r;
	}
}

static int open_spool(struct scan *s, int tmp, struct err *e)
{
	if (mkdirat(tmp, "spool", 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "create spool");
	s->spool = openat(tmp, "spool", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->spool < 0)
		return err_set(e, errno, "open spool");
	s->b->dir = s->spool;
	return 0;
}

static int start_scan(struct scan *s, bool in_place, int tmp, struct err *e)
{
	struct archive *a = archive_read_new();
	int r = open_spool(s, tmp, e);

	s->archive = a;
	if (r < 0)
		return r;
	if (!a || archive_read_support_format_tar(a) != ARCHIVE_OK)
		return err_set(e, ENOMEM, "read the archive");
	if (in_place)
		r = archive_read_open_fd(a, s->fd, READ_SIZE);
	else
		r = archive_read_open(a, s, NULL, next_block, NULL);
	return r == ARCHIVE_OK ? 0 :
				 err_plain(e, -EBADMSG, "it is not a tar archive: %s",
					   archive_error_string(a));
}

/* Read @fd through: all names, and where their bytes are. */
static int scan_fd(struct package *b, int fd, int tmp, uint64_t *budget, struct err *e)
{
	struct scan s = { .b = b, .fd = fd, .budget = budget, .in = malloc(READ_SIZE),
			  .out = malloc(READ_SIZE) };
	struct stat st;
	int r = s.in && s.out ? 0 : err_set(e, ENOMEM, "read the archive");
	bool in_place;

	if (r == 0)
		r = inflate_open((struct inflate_source){ next_compressed, &s }, &s.inflate, e);
	if (r == 0) {
		in_place = !*inflate_format(s.inflate) && fstat(fd, &st) == 0 &&
			   S_ISREG(st.st_mode) && lseek(fd, 0, SEEK_SET) == 0;
		if (in_place)
			inflate_freep(&s.inflate);
		r = start_scan(&s, in_place, tmp, e);
	}
	if (r == 0)
		r = scan_tar(&s, e);
	(void)archive_read_free(s.archive); /* only reads: nothing to lose */
	inflate_freep(&s.inflate);
	free(s.in);
	free(s.out);
	return r;
}

int package_open(const char *path, int tmp, uint64_t *budget, struct package *ret, struct err *e)
{
	_cleanup_(package_done) struct package b = PACKAGE_INIT;
	bool is_stdin = strcmp(path, "-") == 0;
	struct stat st;
	int r;

	b.tar = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) :
			   open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (b.tar < 0 || fstat(b.tar, &st) < 0)
		return err_set(e, errno, "open '%s'", path);
	b.is_dir = S_ISDIR(st.st_mode);
	if (b.is_dir) {
		b.dir = b.tar;
		b.tar = -1;
	} else {
		r = scan_fd(&b, b.tar, tmp, budget, e);
		if (r < 0)
			return err_wrap(e, r, "read '%s'", is_stdin ? "standard input" : path);
	}
	*ret = b;
	b = (struct package)PACKAGE_INIT;
	return 0;
}

/* The later one of equal names wins, as with tar. */
static const struct package_member *find(const struct package *b, const char *name)
{
	for (int hop = 0; hop <= LINK_HOPS; hop++) {
		size_t i = b->n;

		while (i > 0 && strcmp(b->v[i - 1].name, name) != 0)
			i--;
		if (i == 0)
			return NULL;
		if (!b->v[i - 1].link)
			return &b->v[i - 1];
		name = b->v[i - 1].link;
	}
	return NULL;
}

static int open_in_dir(int dir, const char *name, struct package_file *ret, struct err *e)
{
	/* O_NONBLOCK: a fifo is not to be waited for */
	_cleanup_fd_ int fd = fs_open_beneath(dir, name, O_RDONLY | O_NOCTTY | O_NONBLOCK, 0);
	struct stat st;

	if (fd < 0)
		return err_set(e, fd, "open '%.100s'", name);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_plain(e, -EBADMSG, "'%.100s' is not a regular file", name);
	*ret = (struct package_file){ .fd = TAKE_FD(fd), .size = (uint64_t)st.st_size };
	return 0;
}

bool package_has(const struct package *b, const char *name)
{
	return b->is_dir ? fs_exists(b->dir, name) : find(b, name) != NULL;
}

int package_file(const struct package *b, const char *name, struct package_file *ret, struct err *e)
{
	const struct package_member *m;
	char path[TREE_PATH_MAX];
	int r;

	if (b->is_dir)
		return open_in_dir(b->dir, name, ret, e);
	r = entry_path(name, path, e);
	if (r < 0)
		return r;
	m = find(b, path);
	if (!m)
		return err_plain(e, -ENOENT, "the archive has no file '%.100s'", name);
	if (m->spool >= 0) {
		char number[16];

		(void)snprintf(number, sizeof(number), "%d", m->spool); /* sized for it */
		return open_in_dir(b->dir, number, ret, e);
	}
	*ret = (struct package_file){ .fd = fcntl(b->tar, F_DUPFD_CLOEXEC, 3),
				     .offset = m->offset, .size = m->size };
	return ret->fd < 0 ? err_set(e, errno, "open '%.100s'", name) : 0;
}

int package_read(const struct package *b, const char *name, size_t max, char **ret, size_t *ret_len,
		struct err *e)
{
	_cleanup_free_ char *p = NULL;
	struct package_file f;
	size_t have = 0;
	int r = package_file(b, name, &f, e);

	if (r < 0)
		return r;
	if (f.size > max)
		r = err_plain(e, -EFBIG, "'%.100s' is larger than the limit of %zu bytes", name,
			      max);
	else if (!(p = malloc((size_t)f.size + 1)))
		r = err_set(e, ENOMEM, "read '%.100s'", name);
	while (r == 0 && have < f.size) {
		ssize_t n = pread(f.fd, p + have, (size_t)f.size - have, (off_t)(f.offset + have));

		if (n < 0 && errno != EINTR)
			r = err_set(e, errno, "read '%.100s'", name);
		else if (n == 0)
			r = err_plain(e, -EBADMSG, "'%.100s' is truncated", name);
		have += n > 0 ? (size_t)n : 0;
	}
	(void)fd_close(f.fd);
	if (r < 0)
		return r;
	p[have] = '\0';
	*ret_len = have;
	*ret = TAKE_PTR(p);
	return 0;
}
