// SPDX-License-Identifier: Apache-2.0
/* Compiled filters of earlier containers. */
#include "runtime/seccomp_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/build_id.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "kern/seccomp.h"

#define DIR_NAME "~seccomp" /* no id of a container */
#define PATH_SIZE 4096u
#define MAGIC 0x326d6f6363657364ull
#define TEXT_MAX (256u << 10)
#define INSNS_MAX 4096u /* BPF_MAXINSNS */
#define PIECE 8192u

/**
 * struct head - of a file: then the filter, then the text
 * @program: build id of who wrote it: another may compile otherwise
 */
struct head {
	uint64_t magic;
	uint8_t program[BUILD_ID_SIZE];
	uint32_t arches_absent, flags, n_insns, text_len;
};
_Static_assert(sizeof(struct head) == 56, "no padding: it is compared");

void seccomp_cached_done(struct seccomp_cached *c)
{
	free(c->filter);
	*c = (struct seccomp_cached){ .filter = NULL };
}

static uint64_t mix(uint64_t h, const char *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	h = (h ^ v) * 0xff51afd7ed558ccdull;
	return h ^ h >> 32;
}

/* A file's name; equal texts are told by their bytes. Two at a time: the processor does not wait for a product. */
static uint64_t hash(const char *p, size_t n)
{
	uint64_t h[2] = { n * 0x9e3779b97f4a7c15ull, n };

	for (; n >= sizeof(h); p += sizeof(h), n -= sizeof(h)) {
		h[0] = mix(h[0], p, sizeof(h[0]));
		h[1] = mix(h[1], p + sizeof(h[0]), sizeof(h[1]));
	}
	for (; n; p++, n--)
		h[0] = mix(h[0], p, 1);
	return mix(h[0], (const char *)&h[1], sizeof(h[1]));
}

/* A C library's comparison goes by bytes where it has no use for more. */
static bool is_equal(const char *a, const char *b, size_t n)
{
	uint64_t differ = 0, v, w;

	for (; n >= sizeof(v); a += sizeof(v), b += sizeof(v), n -= sizeof(v)) {
		memcpy(&v, a, sizeof(v));
		memcpy(&w, b, sizeof(w));
		differ |= v ^ w;
	}
	return !differ && memcmp(a, b, n) == 0;
}

static int name_file(const char *root, const char *text, size_t n, char path[static PATH_SIZE])
{
	if (!root || n > TEXT_MAX)
		return -ENOENT;
	return err_format(path, PATH_SIZE, "%s/" DIR_NAME "/%llx", root,
			  (unsigned long long)hash(text, n)) < PATH_SIZE - 1 ?
		       0 :
		       -ENOENT;
}

static int make_head(struct head *h)
{
	*h = (struct head){ .magic = MAGIC, .arches_absent = seccomp_arches_absent() };
	return build_id(h->program);
}

static bool is_ours(const struct stat *st)
{
	return S_ISREG(st->st_mode) && fs_is_private(st) &&
	       st->st_size >= (off_t)sizeof(struct head) &&
	       st->st_size <= (off_t)(sizeof(struct head) + TEXT_MAX +
				      INSNS_MAX * sizeof(struct sock_filter));
}

static bool is_head(const struct head *have, size_t text_len, off_t size)
{
	struct head want;

	if (make_head(&want) < 0)
		return false;
	want.flags = have->flags;
	want.n_insns = have->n_insns;
	want.text_len = (uint32_t)text_len;
	return memcmp(&want, have, sizeof(want)) == 0 && have->n_insns &&
	       have->n_insns <= INSNS_MAX &&
	       size == (off_t)(sizeof(*have) + have->n_insns * sizeof(struct sock_filter) +
			       text_len);
}

/**
 * struct pieces - a file, read in pieces: memory that is new costs more than a copy
 * @p: @n bytes that were read and not taken yet
 */
struct pieces {
	int fd;
	char buf[PIECE];
	const char *p;
	size_t n;
};

/* Up to @want bytes of the file; 0 at its end or where it cannot be read. Return: how many, at *@ret */
static size_t next(struct pieces *f, size_t want, const char **ret)
{
	size_t n;

	if (!f->n) {
		ssize_t got = read(f->fd, f->buf, sizeof(f->buf));

		f->p = f->buf;
		f->n = got < 0 ? 0 : (size_t)got;
	}
	n = want < f->n ? want : f->n;
	*ret = f->p;
	f->p += n;
	f->n -= n;
	return n;
}

static bool take(struct pieces *f, void *to, size_t n)
{
	const char *p;

	for (size_t len; n; n -= len, to = (char *)to + len) {
		len = next(f, n, &p);
		if (!len)
			return false;
		memcpy(to, p, len);
	}
	return true;
}

static bool is_text(struct pieces *f, const char *text, size_t n)
{
	const char *p;

	for (size_t len; n; n -= len, text += len) {
		len = next(f, n, &p);
		if (!len || !is_equal(p, text, len))
			return false;
	}
	return true;
}

int seccomp_cache_find(const char *root, const char *text, size_t n, struct seccomp_cached *ret)
{
	_cleanup_free_ struct sock_filter *filter = NULL;
	_cleanup_fd_ int fd = -1;
	struct pieces file;
	char path[PATH_SIZE];
	struct head head;
	struct stat st;
	size_t size;

	if (name_file(root, text, n, path) < 0)
		return -ENOENT;
	file.fd = fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	file.n = 0;
	if (fd < 0 || fstat(fd, &st) < 0 || !is_ours(&st) || !take(&file, &head, sizeof(head)) ||
	    !is_head(&head, n, st.st_size))
		return -ENOENT;
	size = head.n_insns * sizeof(*filter);
	filter = malloc(size);
	if (!filter || !take(&file, filter, size) || !is_text(&file, text, n))
		return -ENOENT;
	*ret = (struct seccomp_cached){ .filter = TAKE_PTR(filter),
					.n = head.n_insns,
					.flags = head.flags };
	return 0;
}

static bool is_stale(int dirfd, const char *name, const struct head *ours)
{
	_cleanup_fd_ int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct head h;

	return fd < 0 || read(fd, &h, sizeof(h)) != sizeof(h) || h.magic != ours->magic ||
	       memcmp(h.program, ours->program, sizeof(h.program)) != 0 ||
	       h.arches_absent != ours->arches_absent || strchr(name, '.');
}

/* Remove what other programs compiled, and what was being written when its writer was killed. */
static void sweep(const char *dir, const struct head *ours)
{
	_cleanup_dir_ DIR *d = opendir(dir);
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (entry->d_name[0] != '.' && is_stale(dirfd(d), entry->d_name, ours))
			(void)unlinkat(dirfd(d), entry->d_name, 0);
}

/* Is there a place for @path, which is in @dir? */
static bool has_room(const char *dir, const char *path, const struct head *ours)
{
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return false;
	if (access(path, F_OK) == 0 || !fs_is_full(dir, SECCOMP_CACHE_MAX))
		return true;
	sweep(dir, ours);
	return !fs_is_full(dir, SECCOMP_CACHE_MAX);
}

void seccomp_cache_keep(const char *root, const char *text, size_t n,
			const struct seccomp_cached *c)
{
	size_t insns = c->n * sizeof(*c->filter), size = sizeof(struct head) + insns + n;
	_cleanup_free_ char *bytes = NULL;
	char path[PATH_SIZE], dir[PATH_SIZE];
	struct head h;

	if (c->n > INSNS_MAX || name_file(root, text, n, path) < 0 || make_head(&h) < 0)
		return;
	memcpy(dir, path, sizeof(dir));
	*strrchr(dir, '/') = '\0';
	if (!has_room(dir, path, &h))
		return;
	bytes = malloc(size);
	if (!bytes)
		return;
	h.flags = c->flags;
	h.n_insns = (uint32_t)c->n;
	h.text_len = (uint32_t)n;
	memcpy(bytes, &h, sizeof(h));
	memcpy(bytes + sizeof(h), c->filter, insns);
	memcpy(bytes + sizeof(h) + insns, text, n);
	(void)io_replace_file(AT_FDCWD, path, bytes, size, 0600, 0, NULL);
}
