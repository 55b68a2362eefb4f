// SPDX-License-Identifier: Apache-2.0
/* The store's directory layout. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"

/* root of the tree is private: layers hold setuid programs of other systems */
#define ROOT_MODE 0711

static const char *const dirs[] = {
	"blobs", "blobs/sha256", "layers", "l", "images", "refs", "containers", "names", "tmp", "trash",
};

static const char oci_layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}\n";
static const char empty_index[] =
	"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
	"\"manifests\":[]}\n";

static int make_layout(int fd, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdirat(fd, dirs[i], 0700) < 0 && errno != EEXIST)
			return err_set(e, errno, "create directory '%s'", dirs[i]);
	if (!fs_exists(fd, "index.json"))
		r = io_replace_file(fd, "index.json", empty_index, strlen(empty_index), 0644, IO_SYNC,
				    e);
	if (r < 0)
		return r;
	/* last: its presence says that the layout is complete */
	return io_replace_file(fd, "oci-layout", oci_layout, strlen(oci_layout), 0644, IO_SYNC, e);
}

int store_open(const char *root, struct store *ret, struct err *e)
{
	_cleanup_fd_ int fd = openat(AT_FDCWD, root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0 && errno == ENOENT) {
		r = fs_mkdir_parents(AT_FDCWD, root, ROOT_MODE);
		if (r < 0)
			return err_set(e, r, "create store '%s'", root);
		fd = openat(AT_FDCWD, root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return err_set(e, errno, "open store '%s'", root);
	if (!fs_exists(fd, "oci-layout")) {
		r = make_layout(fd, e);
		if (r < 0)
			return err_wrap(e, r, "set up store '%s'", root);
	}
	ret->fd = TAKE_FD(fd);
	return 0;
}

void store_done(struct store *st)
{
	st->fd = fd_close(st->fd);
}
