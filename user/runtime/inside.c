// SPDX-License-Identifier: Apache-2.0
/* Paths inside a container, resolved by the child. */
#include "runtime/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/err.h"
#include "kern/mount.h"
#include "kern/sys.h"

#define PATH_LEN_MAX 4096u
#define LINKS_MAX 40u /* symlinks to follow in one path, as the kernel does */
#define TRIES_MAX    64 /* of a lookup that a rename elsewhere disturbs: -EAGAIN, see openat2(2) */

static int open_path_at(int root, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | flags,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long r = -EAGAIN;

	for (int i = 0; r == -EAGAIN && i < TRIES_MAX; i++)
		r = sys_call4(SYS_openat2, root, path, &how, sizeof(how));
	return (int)r;
}

static int open_path(const char *path, uint64_t flags)
{
	return open_path_at(AT_FDCWD, path, flags);
}

int inside_open_at(int root, const char *path)
{
	return open_path_at(root, path, 0);
}

int inside_open(const char *path, bool is_dir)
{
	return open_path(path, is_dir ? O_DIRECTORY : 0);
}

static long make_one(int parent, const char *name, bool is_file)
{
	long r;

	if (!is_file)
		return sys_call3(SYS_mkdirat, parent, name, 0755);
	r = sys_call4(SYS_openat, parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0755);
	if (r >= 0)
		(void)sys_call1(SYS_close, r); /* empty, nothing to lose */
	return r;
}

/* A path that is being made: parts before @start are there, [@start, @end) is the next. */
struct making {
	size_t start, end, n;
	unsigned int n_links;
	char path[PATH_LEN_MAX];
};

static void trim(struct making *m)
{
	while (m->n > 1 && m->path[m->n - 1] == '/')
		m->path[--m->n] = '\0';
}

/* The directory of the next part by its whole name: what is a symlink on the way resolves anew. */
static int open_parent(struct making *m)
{
	char c = m->path[m->start];
	int fd;

	if (!m->start)
		return open_path("/", O_DIRECTORY);
	m->path[m->start] = '\0';
	fd = open_path(m->path, O_DIRECTORY);
	m->path[m->start] = c;
	return fd;
}

/* The next part, ended by a NUL, is a symlink to what is missing: what it says takes its place. */
static int follow(struct making *m, int parent, char after)
{
	char link[PATH_LEN_MAX];
	long len = sys_call4(SYS_readlinkat, parent, m->path + m->start, link, sizeof(link));
	size_t keep, rest = m->n - m->end;

	m->path[m->end] = after;
	if (len <= 0)
		return len < 0 ? (int)len : -ENOENT;
	keep = link[0] == '/' ? 0 : m->start;
	if (keep + (size_t)len + rest >= sizeof(m->path))
		return -ENAMETOOLONG;
	if (m->n_links++ == LINKS_MAX)
		return -ELOOP;
	memmove(m->path + keep + len, m->path + m->end, rest + 1);
	memcpy(m->path + keep, link, (size_t)len);
	m->n = keep + (size_t)len + rest;
	m->end = 0; /* from the beginning: it may lead anywhere, inside */
	trim(m);
	return 0;
}

static int make_next(struct making *m, bool is_file)
{
	char after = m->path[m->end];
	int parent = open_parent(m), fd;
	long r;

	if (parent < 0)
		return parent;
	m->path[m->end] = '\0';
	r = make_one(parent, m->path + m->start, is_file && m->end == m->n);
	if (r == -EEXIST) {
		fd = open_path(m->path, 0);
		r = fd;
		if (fd >= 0)
			(void)sys_call1(SYS_close, fd); /* O_PATH */
		else if (fd == -ENOENT)
			r = follow(m, parent, after);
	}
	if (m->end)
		m->path[m->end] = after;
	(void)sys_call1(SYS_close, parent); /* O_PATH */
	return r < 0 ? (int)r : 0;
}

int inside_make(const char *path, bool is_file)
{
	struct making m = { .n = strlen(path) };
	int r = 0;

	if (m.n >= sizeof(m.path))
		return -ENAMETOOLONG;
	memcpy(m.path, path, m.n + 1);
	trim(&m);
	while (r == 0) {
		for (m.start = m.end; m.path[m.start] == '/'; m.start++)
			;
		if (m.start == m.n)
			break;
		for (m.end = m.start; m.path[m.end] && m.path[m.end] != '/'; m.end++)
			;
		r = make_next(&m, is_file);
	}
	return r;
}

int inside_open_or_make(const char *path, bool is_file)
{
	int fd = open_path(path, 0), r;

	if (fd != -ENOENT)
		return fd;
	r = inside_make(path, is_file);
	return r < 0 ? r : open_path(path, 0);
}

int inside_show_console(int slave, struct err *e)
{
	int target = inside_open_or_make("/dev/console", true), fd = -1;
	int r = target;

	if (r >= 0 && inside_is_proc(target))
		r = -EPERM;
	if (r >= 0)
		r = fd = mount_open_tree(slave, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	if (r >= 0)
		r = mount_attach(fd, target, "");
	if (fd >= 0)
		(void)sys_call1(SYS_close, fd); /* it is attached, or never will be */
	if (target >= 0)
		(void)sys_call1(SYS_close, target); /* O_PATH */
	return r < 0 ? err_set(e, r, "show the terminal as '/dev/console'") : 0;
}

int inside_open_entry(const char *path, bool is_file)
{
	int fd = open_path(path, O_NOFOLLOW);

	return fd == -ENOENT ? inside_open_or_make(path, is_file) : fd;
}

/* Is the entry @name of @dir a symlink to @text? Return: 0; -EEXIST; -errno. */
static int check_link(int dir, const char *name, const char *text)
{
	char have[PATH_LEN_MAX];
	long n = sys_call4(SYS_readlinkat, dir, name, have, sizeof(have));

	if (n == -EINVAL) /* no symlink */
		return -EEXIST;
	if (n < 0)
		return (int)n;
	return (size_t)n == strlen(text) && memcmp(have, text, (size_t)n) == 0 ? 0 : -EEXIST;
}

int inside_make_link(const char *path, const char *text)
{
	char parent[PATH_LEN_MAX];
	const char *name = strrchr(path, '/');
	size_t n = name ? (size_t)(name - path) : 0;
	int dir, r;

	if (n >= sizeof(parent))
		return -ENAMETOOLONG;
	name = name ? name + 1 : path;
	if (!*name)
		return -EINVAL;
	memcpy(parent, path, n);
	parent[n] = '\0';
	dir = n ? inside_open_or_make(parent, false) : inside_open("/", true);
	if (dir < 0)
		return dir;
	r = (int)sys_call3(SYS_symlinkat, text, dir, name);
	if (r == -EEXIST)
		r = check_link(dir, name, text);
	(void)sys_call1(SYS_close, dir); /* O_PATH */
	return r;
}

bool inside_is_root(int fd)
{
	struct stat root, st;

	/* who cannot tell must not go on */
	return sys_call4(SYS_newfstatat, AT_FDCWD, "/", &root, 0) < 0 ||
	       sys_call4(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH) < 0 ||
	       (root.st_dev == st.st_dev && root.st_ino == st.st_ino);
}

bool inside_is_proc(int fd)
{
	struct statfs fs;

	return sys_call2(SYS_fstatfs, fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}
