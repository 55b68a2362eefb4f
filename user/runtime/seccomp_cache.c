// SPDX-License-Identifier: Apache-2.0
/* Compiled filters of earlier containers. */
#include "runtime/seccomp_cache.h"

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
#include "kern/seccomp.h"

#define DIR_NAME "~seccomp" /* no id of a container */
#define PATH_SIZE 4096u
#define MAGIC 0x6d6f636365736474ull
#define TEXT_MAX (256u << 10)
#define INSNS_MAX 4096u /* BPF_MAXINSNS */
#define PIECE 4096u

/**
 * struct head - of a file: then the filter, then the text
 * @program: device, inode, size and time of the davit-oci that wrote it: another may compile otherwise
 */
struct head {
	uint64_t magic;
	uint64_t program[4];
	uint32_t arches_absent, flags, n_insns, text_len;
};
_Static_assert(sizeof(struct head) == 56, "no padding: it is compared");

void seccomp_cached_done(struct seccomp_cached *c)
{
	free(c->filter);
	*c = (struct seccomp_cached){ .filter = NULL };
}

/* A file's name; equal texts are told by their bytes. */
static uint64_t hash(const char *p, size_t n)
{
	uint64_t h = n * 0x9e3779b97f4a7c15ull;

	while (n) {
		size_t len = n < sizeof(h) ? n : sizeof(h);
		uint64_t v = 0;

		memcpy(&v, p, len);
		h = (h ^ v) * 0xff51afd7ed558ccdull;
		h ^= h >> 32;
		p += len;
		n -= len;
	}
	return h;
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
	struct stat st;

	if (stat("/proc/self/exe", &st) < 0)
		return -errno;
	*h = (struct head){ .magic = MAGIC,
			    .program = { st.st_dev, st.st_ino, (uint64_t)st.st_size,
					 (uint64_t)st.st_mtim.tv_sec * 1000000000u +
						 (uint64_t)st.st_mtim.tv_nsec },
			    .arches_absent = seccomp_arches_absent() };
	return 0;
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

/* In pieces: memory that is new costs more than the comparison. */
static bool is_text(int fd, const char *text, size_t n)
{
	char piece[PIECE];

	while (n) {
		size_t len = n < sizeof(piece) ? n : sizeof(piece);

		if (read(fd, piece, len) != (ssize_t)len || memcmp(piece, text, len) != 0)
			return false;
		text += len;
		n -= len;
	}
	return true;
}

int seccomp_cache_find(const char *root, const char *text, size_t n, struct seccomp_cached *ret)
{
	_cleanup_free_ struct sock_filter *filter = NULL;
	_cleanup_fd_ int fd = -1;
	char path[PATH_SIZE];
	struct head head;
	struct stat st;
	size_t size;

	if (name_file(root, text, n, path) < 0)
		return -ENOENT;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !is_ours(&st) ||
	    read(fd, &head, sizeof(head)) != sizeof(head) || !is_head(&head, n, st.st_size))
		return -ENOENT;
	size = head.n_insns * sizeof(*filter);
	filter = malloc(size);
	if (!filter || read(fd, filter, size) != (ssize_t)size || !is_text(fd, text, n))
		return -ENOENT;
	*ret = (struct seccomp_cached){ .filter = TAKE_PTR(filter),
					.n = head.n_insns,
					.flags = head.flags };
	return 0;
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
	if ((mkdir(dir, 0700) < 0 && errno != EEXIST) || fs_is_full(dir, SECCOMP_CACHE_MAX))
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
