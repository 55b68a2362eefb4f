// SPDX-License-Identifier: Apache-2.0
/* What davit-oci knows of a container between two commands. */
#include "runtime/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/lock.h"
#include "base/str.h"
#include "runtime/waiting.h"

int record_check_id(const char *id, struct err *e)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-.";
	size_t n = strlen(id);

	if (n && n <= RECORD_ID_MAX && strspn(id, allowed) == n && !str_eq(id, ".") &&
	    !str_eq(id, ".."))
		return 0;
	(void)err_plain(e, -EINVAL, "'%s' is no container id", id);
	err_hint(e, "an id has 1 to %u letters, digits and _ + - ., and is not '.' or '..'",
		 RECORD_ID_MAX);
	return -EINVAL;
}

void record_done(struct record *r)
{
	free(r->id);
	free(r->bundle);
	free(r->rootfs);
	free(r->created);
	free(r->cgroup);
	free(r->scope);
	free(r->owner);
	free(r->resctrl);
	json_decref(r->annotations);
	json_decref(r->hooks);
	*r = (struct record){ .pipes = { -1, -1 } };
}

int record_open_root(const char *root, struct err *e)
{
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_set(e, errno, "open '%s'", root) : fd;
}

int record_make(const char *root, const char *id, struct err *e)
{
	_cleanup_fd_ int rootfd = -1;
	int r = record_check_id(id, e), fd;

	if (r < 0)
		return r;
	r = fs_mkdir_parents(AT_FDCWD, root, 0700);
	if (r < 0)
		return err_set(e, r, "make '%s'", root);
	rootfd = record_open_root(root, e);
	if (rootfd < 0)
		return rootfd;
	if (mkdirat(rootfd, id, 0700) < 0) {
		if (errno == EEXIST)
			return err_plain(e, -EEXIST, "container '%s' already exists", id);
		return err_set(e, errno, "make '%s/%s'", root, id);
	}
	fd = lock_dir(rootfd, id, LOCK_EX, e);
	/* a delete --force came between the two */
	return fd == -ENOENT ? err_plain(e, -ECANCELED,
					 "container '%s' was deleted while it was made", id) :
			       fd;
}

int record_open(const char *root, const char *id, struct err *e)
{
	_cleanup_fd_ int rootfd = -1;
	int fd = record_check_id(id, e);

	if (fd < 0)
		return fd;
	rootfd = record_open_root(root, NULL);
	fd = rootfd < 0 ? rootfd : lock_dir(rootfd, id, LOCK_EX, e);
	return fd == -ENOENT ? err_plain(e, -ENOENT, "container '%s' does not exist", id) :
	       rootfd < 0    ? err_set(e, fd, "open '%s'", root) :
			       fd;
}

void record_unlock(int dirfd)
{
	(void)flock(dirfd, LOCK_UN); /* cannot fail on an open descriptor */
}

int record_relock(int dirfd, struct err *e)
{
	struct stat st;

	while (flock(dirfd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_set(e, errno, "lock the record");
	if (fstat(dirfd, &st) < 0)
		return err_set(e, errno, "stat the record");
	return st.st_nlink ? 0 : -ENOENT;
}

int record_remove(const char *root, const char *id, struct err *e)
{
	_cleanup_fd_ int rootfd = record_open_root(root, e);
	_cleanup_free_ char *state = str_printf("%s/" RECORD_FILE, id);

	if (rootfd < 0)
		return rootfd;
	/* all that there is, but after a crash */
	if (state && unlinkat(rootfd, state, 0) == 0 && unlinkat(rootfd, id, AT_REMOVEDIR) == 0)
		return 0;
	return fs_remove_tree(rootfd, id, e);
}

int record_list(const char *root, struct strv *ret, struct err *e)
{
	_cleanup_dir_ DIR *dir = opendir(root);
	struct dirent *d;

	if (!dir)
		return errno == ENOENT ? 0 : err_set(e, errno, "open '%s'", root);
	while ((errno = 0, d = readdir(dir)))
		if (d->d_name[0] != '.' && record_check_id(d->d_name, NULL) == 0 &&
		    strv_add(ret, d->d_name) < 0)
			return err_set(e, ENOMEM, "list '%s'", root);
	return errno ? err_set(e, errno, "list '%s'", root) : 0;
}

/* Most records fit in here: one read, no look at their size. */
#define SMALL 2048

/* All bytes of a short file, as they are. Return: @size = there may be more; -errno. */
static ssize_t read_small(int dirfd, const char *path, char *buf, size_t size)
{
	_cleanup_fd_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size);

	return n < 0 ? -errno : n;
}

static int read_whole(int dirfd, const char *path, const char *id, struct record *ret,
		      struct err *e)
{
	_cleanup_free_ char *text = NULL;
	char small[SMALL];
	ssize_t len = read_small(dirfd, path, small, sizeof(small));
	size_t n = 0;
	int r;

	if (len >= 0 && len < SMALL)
		return record_parse(small, (size_t)len, ret, e);
	r = io_read_file(dirfd, path, RECORD_FILE_MAX, &text, &n, e);
	if (r == -ENOENT) {
		err_clear(e);
		(void)err_plain(e, -ENODATA, "container '%s' was never created whole", id);
		err_hint(e, "`davit-oci delete --force %s` removes what there is of it", id);
		return -ENODATA;
	}
	return r < 0 ? r : record_parse(text, n, ret, e);
}

static int read_at(int dirfd, const char *path, const char *id, struct record *ret, struct err *e)
{
	int r = read_whole(dirfd, path, id, ret, e);

	if (r == -ENODATA)
		return r;
	if (r == 0 && !(ret->id = strdup(id))) {
		record_done(ret);
		r = err_set(e, ENOMEM, "read it");
	}
	return r < 0 ? err_wrap(e, r, "state of container '%s'", id) : 0;
}

int record_read(int dirfd, const char *id, struct record *ret, struct err *e)
{
	return read_at(dirfd, RECORD_FILE, id, ret, e);
}

int record_look(int rootfd, const char *id, struct record *ret, struct err *e)
{
	char path[RECORD_ID_MAX + sizeof("/" RECORD_FILE)];
	int r = record_check_id(id, e);

	if (r < 0)
		return r;
	(void)err_format(path, sizeof(path), "%s/" RECORD_FILE, id);
	r = read_at(rootfd, path, id, ret, e);
	if (r != -ENODATA || fs_exists(rootfd, id))
		return r;
	err_clear(e);
	return err_plain(e, -ENOENT, "container '%s' does not exist", id);
}

bool record_is_whole(int rootfd, const char *id)
{
	char path[RECORD_ID_MAX + sizeof("/" RECORD_FILE)];

	(void)err_format(path, sizeof(path), "%s/" RECORD_FILE, id);
	return fs_exists(rootfd, path);
}

enum record_status record_status(const struct record *r)
{
	_cleanup_fd_ int pidfd = -1;

	if (!r->init.pid)
		return RECORD_CREATING;
	if (r->is_starting && waiting_is(r))
		return RECORD_CREATED;
	pidfd = proc_id_open(&r->init);
	/* not to be had, for another reason, is not gone */
	if (pidfd == -ESRCH)
		return RECORD_STOPPED;
	return r->is_started || r->is_starting || r->pipes.wait < 0 ? RECORD_RUNNING :
								      RECORD_CREATED;
}

const char *record_status_name(enum record_status s)
{
	static const char *const names[] = {
		[RECORD_CREATING] = "creating", [RECORD_CREATED] = "created",
		[RECORD_RUNNING] = "running",	[RECORD_PAUSED] = "paused",
		[RECORD_STOPPED] = "stopped",
	};

	return names[s];
}
