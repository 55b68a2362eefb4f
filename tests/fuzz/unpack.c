// SPDX-License-Identifier: Apache-2.0
/* A layer's tar, compressed or not, into a directory beside which nothing may change. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "image/inflate.h"
#include "image/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *p;
	size_t n;
	struct inflate *inflate;
	unsigned char buf[4096];
	size_t total;
};

static ssize_t next_raw(void *data, const void **ret, struct err *e)
{
	struct input *in = data;
	/* small pieces: every header gets cut somewhere */
	size_t n = in->n < 777 ? in->n : 777;

	(void)e;
	*ret = in->p;
	in->p += n;
	in->n -= n;
	return (ssize_t)n;
}

static ssize_t next_plain(void *data, const void **ret)
{
	struct input *in = data;
	struct err e = ERR_INIT;
	ssize_t n = inflate_read(in->inflate, in->buf, sizeof(in->buf), &e);

	*ret = in->buf;
	in->total += n > 0 ? (size_t)n : 0;
	return in->total > 4u << 20 ? -27 : n; /* EFBIG */
}

static int base = -1;
static char where[64];

static void clean_up(void)
{
	(void)fs_remove_tree(AT_FDCWD, where, NULL);
}

/* A directory with one canary in memory, once. */
static void set_up(void)
{
	int fd;

	(void)snprintf(where, sizeof(where), "/dev/shm/davit-fuzz-XXXXXX");
	if (!mkdtemp(where))
		abort();
	base = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = openat(base, "canary", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (base < 0 || fd < 0)
		abort();
	(void)close(fd);
	(void)atexit(clean_up);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .p = data, .n = size };
	struct unpack_result res;
	struct err e = ERR_INIT;
	struct stat st, top;

	if (base < 0)
		set_up();
	if (inflate_open((struct inflate_source){ next_raw, &in }, &in.inflate, &e) == 0)
		(void)unpack((struct unpack_source){ next_plain, &in }, base, "layer", NULL, 0, &res, &e);
	inflate_freep(&in.inflate);
	if (fs_remove_tree(base, "layer", &e) < 0)
		abort();
	if (fstatat(base, "canary", &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_size != 0 ||
	    st.st_nlink != 1 || (st.st_mode & 07777) != 0644 || fstat(base, &top) < 0 ||
	    top.st_nlink != 2)
		abort();
	return 0;
}
