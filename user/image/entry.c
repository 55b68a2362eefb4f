// SPDX-License-Identifier: Apache-2.0
/* One entry of a layer's tar: checks, and making it with all its attributes. */
#include "image/entry.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "image/xattr.h"
#include "store/limits.h"

int entry_path(const char *raw, char ret[static TREE_PATH_MAX], struct err *e)
{
	size_t out = 0, depth = 0;

	if (!raw)
		return err_plain(e, -EBADMSG, "an entry has no readable name");
	while (*raw) {
		size_t n = strcspn(raw, "/");

		if (n == 2 && raw[0] == '.' && raw[1] == '.')
			return err_plain(e, -EBADMSG, "a path contains '..'");
		if (n > LIMIT_NAME)
			return err_plain(e, -ENAMETOOLONG, "name '%.60s...' has more than %u bytes",
					 raw, LIMIT_NAME);
		if (n && !(n == 1 && raw[0] == '.')) {
			if (out + n + 1 > LIMIT_PATH)
				return err_plain(e, -ENAMETOOLONG, "a path has more than %u bytes",
						 LIMIT_PATH);
			if (++depth > LIMIT_DEPTH)
				return err_plain(e, -ENAMETOOLONG, "a path is more than %u deep",
						 LIMIT_DEPTH);
			if (out)
				ret[out++] = '/';
			memcpy(ret + out, raw, n);
			out += n;
		}
		raw += n + (raw[n] == '/');
	}
	ret[out] = '\0';
	return 0;
}

static void read_times(struct entry *en)
{
	en->times[1] = (struct timespec){ archive_entry_mtime(en->tar),
					  archive_entry_mtime_nsec(en->tar) };
	en->times[0] = en->times[1];
	if (archive_entry_atime_is_set(en->tar))
		en->times[0] = (struct timespec){ archive_entry_atime(en->tar),
						  archive_entry_atime_nsec(en->tar) };
}

int entry_read(struct entry *en, struct archive *a, struct archive_entry *tar, struct err *e)
{
	int64_t uid = archive_entry_uid(tar), gid = archive_entry_gid(tar);
	const char *slash;
	int r;

	en->archive = a;
	en->tar = tar;
	r = entry_path(archive_entry_pathname(tar), en->path, e);
	if (r < 0)
		return r;
	slash = strrchr(en->path, '/');
	en->base = slash ? slash + 1 : en->path;
	memcpy(en->dir, en->path, (size_t)(en->base - en->path));
	en->dir[slash ? slash - en->path : 0] = '\0';
	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return err_plain(e, -EBADMSG, "owner %lld:%lld is out of range", (long long)uid,
				 (long long)gid);
	en->uid = (uid_t)uid;
	en->gid = (gid_t)gid;
	en->type = archive_entry_hardlink(tar) ? 0 : archive_entry_filetype(tar);
	en->mode = archive_entry_mode(tar) & 07777;
	en->size = archive_entry_size_is_set(tar) ? archive_entry_size(tar) : 0;
	if (en->size < 0 || (uint64_t)en->size > LIMIT_FILE_BYTES)
		return err_plain(e, -EFBIG, "file size %lld is beyond the limit", (long long)en->size);
	read_times(en);
	return 0;
}

/* Something with this name is there already: make room. Directories stay for directories. */
static int replace(struct entry *en, struct err *e)
{
	if (unlinkat(en->parent->fd, en->base, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return err_set(e, errno, "replace an earlier entry");
	return fs_remove_tree(en->parent->fd, en->base, e);
}

/* Owner, mode, attributes and times of an open file or directory; in this order, because chown
 * clears setuid bits and capabilities. @is_new: made by us with en->mode & 0777. */
static int set_attributes(struct entry *en, int fd, bool is_new, struct err *e)
{
	const struct tree_level *p = en->parent;
	bool inherits = !p || p->is_setgid || p->has_default_acl;
	bool must_chown = en->uid || en->gid || inherits || !is_new;
	int r;

	if (must_chown && fchown(fd, en->uid, en->gid) < 0)
		return err_set(e, errno, "set owner %u:%u", en->uid, en->gid);
	if (p && p->has_default_acl) {
		r = xattr_drop_acl(fd, e);
		if (r < 0)
			return r;
	}
	if ((must_chown || (en->mode & 07000)) && fchmod(fd, en->mode) < 0)
		return err_set(e, errno, "set mode %o", en->mode);
	if (xattr_has(en->tar)) {
		r = xattr_apply(en->tar, fd, -1, NULL, e);
		if (r < 0)
			return r;
		en->tree->has_acl = en->tree->has_acl || r == 1;
	}
	return futimens(fd, en->times) < 0 ? err_set(e, errno, "set times") : 0;
}

/* The same for what cannot be opened: symbolic links, devices, fifos. */
static int set_attributes_at(struct entry *en, struct err *e)
{
	int dir = en->parent->fd, r;

	if ((en->uid || en->gid || en->parent->is_setgid) &&
	    fchownat(dir, en->base, en->uid, en->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "set owner %u:%u", en->uid, en->gid);
	/* nothing but a node we made ourselves is there, so that following is no danger */
	if (en->type != S_IFLNK && fchmodat(dir, en->base, en->mode, 0) < 0)
		return err_set(e, errno, "set mode %o", en->mode);
	if (xattr_has(en->tar)) {
		r = xattr_apply(en->tar, -1, dir, en->base, e);
		if (r < 0)
			return r;
	}
	if (utimensat(dir, en->base, en->times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "set times");
	return 0;
}

static int64_t write_data(struct entry *en, int fd, struct err *e)
{
	int64_t end = 0, written = 0;
	const void *p;
	size_t n;
	la_int64_t at;
	int r;

	if (en->size == 0)
		return 0;
	while ((r = archive_read_data_block(en->archive, &p, &n, &at)) == ARCHIVE_OK) {
		if (at < end || (uint64_t)at + n > (uint64_t)en->size)
			return err_plain(e, -EBADMSG, "its sparse map is not in order");
		if (at != end && lseek(fd, at, SEEK_SET) < 0)
			return err_set(e, errno, "seek to %lld", (long long)at);
		r = io_write_full(fd, p, n);
		if (r < 0)
			return err_set(e, r, "write");
		end = at + (int64_t)n;
		written += (int64_t)n;
	}
	if (r != ARCHIVE_EOF)
		return err_plain(e, -EBADMSG, "%s", archive_error_string(en->archive));
	if (end < en->size && ftruncate(fd, en->size) < 0)
		return err_set(e, errno, "set size %lld", (long long)en->size);
	return written;
}

static int64_t make_file(struct entry *en, struct err *e)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	_cleanup_fd_ int fd = openat(en->parent->fd, en->base, flags, en->mode & 0777);
	int64_t n;
	int r;

	if (fd < 0 && errno == EEXIST) {
		r = replace(en, e);
		if (r < 0)
			return r;
		fd = openat(en->parent->fd, en->base, flags, en->mode & 0777);
	}
	if (fd < 0)
		return err_set(e, errno, "create file");
	n = write_data(en, fd, e);
	if (n < 0)
		return n;
	r = set_attributes(en, fd, true, e);
	return r < 0 ? r : n;
}

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

/* Make a directory where something else is. @ret_opaque: that was a whiteout. */
static int replace_by_dir(struct entry *en, bool *ret_opaque, struct err *e)
{
	struct stat st;
	int r;

	if (fstatat(en->parent->fd, en->base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "look at an earlier entry");
	*ret_opaque = is_whiteout(&st);
	if (S_ISDIR(st.st_mode))
		return 0;
	r = replace(en, e);
	if (r == 0 && mkdirat(en->parent->fd, en->base, en->mode & 0777) < 0)
		return err_set(e, errno, "create directory");
	return r;
}

static int64_t make_dir(struct entry *en, struct err *e)
{
	_cleanup_fd_ int fd = -1;
	bool is_opaque = false, is_new;
	int r;

	is_new = mkdirat(en->parent->fd, en->base, en->mode & 0777) == 0;
	if (!is_new) {
		r = errno == EEXIST ? replace_by_dir(en, &is_opaque, e) :
				      err_set(e, errno, "create directory");
		if (r < 0)
			return r;
	}
	fd = openat(en->parent->fd, en->base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, errno, "open directory");
	r = is_opaque ? tree_set_opaque(fd, e) : 0;
	return r < 0 ? r : set_attributes(en, fd, is_new, e);
}

static int64_t make_symlink(struct entry *en, struct err *e)
{
	const char *target = archive_entry_symlink(en->tar);
	int r;

	if (!target || !*target || strlen(target) > LIMIT_PATH)
		return err_plain(e, -EBADMSG, "its target is missing or too long");
	if (symlinkat(target, en->parent->fd, en->base) < 0) {
		r = errno == EEXIST ? replace(en, e) : err_set(e, errno, "create symbolic link");
		if (r < 0)
			return r;
		if (symlinkat(target, en->parent->fd, en->base) < 0)
			return err_set(e, errno, "create symbolic link");
	}
	return set_attributes_at(en, e);
}

static int64_t make_node(struct entry *en, struct err *e)
{
	dev_t dev = makedev((unsigned int)archive_entry_rdevmajor(en->tar),
			    (unsigned int)archive_entry_rdevminor(en->tar));
	int r;

	if (en->type == S_IFIFO)
		dev = 0;
	if (mknodat(en->parent->fd, en->base, en->type | (en->mode & 0777), dev) < 0) {
		r = errno == EEXIST ? replace(en, e) : err_set(e, errno, "create device or fifo");
		if (r < 0)
			return r;
		if (mknodat(en->parent->fd, en->base, en->type | (en->mode & 0777), dev) < 0)
			return err_set(e, errno, "create device or fifo");
	}
	return set_attributes_at(en, e);
}

/* Hard links share an inode: the attributes are those of the first name. */
static int64_t make_hardlink(struct entry *en, struct err *e)
{
	_cleanup_fd_ int other = -1;
	char path[TREE_PATH_MAX];
	const char *base;
	int dir = en->parent->fd, r;
	char *slash;
	struct stat st;

	r = entry_path(archive_entry_hardlink(en->tar), path, e);
	if (r < 0)
		return err_wrap(e, r, "hard-link target");
	slash = strrchr(path, '/');
	base = slash ? slash + 1 : path;
	if (slash)
		*slash = '\0';
	if (strcmp(slash ? path : "", en->dir) != 0) {
		other = fs_open_beneath(en->tree->levels[0].fd, slash ? path : ".",
					O_PATH | O_DIRECTORY, 0);
		if (other < 0)
			return err_set(e, other, "open directory of hard-link target '%s'", path);
		dir = other;
	}
	if (!*base || fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode) ||
	    is_whiteout(&st))
		return err_plain(e, -EBADMSG, "hard-link target '%s%s%s' is not a file of this layer",
				 slash ? path : "", slash ? "/" : "", base);
	if (linkat(dir, base, en->parent->fd, en->base, 0) == 0)
		return 0;
	if (errno != EEXIST)
		return err_set(e, errno, "create hard link");
	/* a link to itself, which some tools write, is there already */
	if (strcmp(en->dir, slash ? path : "") == 0 && strcmp(en->base, base) == 0)
		return 0;
	r = replace(en, e);
	if (r == 0 && linkat(dir, base, en->parent->fd, en->base, 0) < 0)
		return err_set(e, errno, "create hard link");
	return r;
}

struct maker {
	mode_t type;
	int64_t (*make)(struct entry *en, struct err *e);
};

/* clang-format off */
static const struct maker makers[] = {
	{ S_IFREG, make_file },
	{ S_IFDIR, make_dir },
	{ S_IFLNK, make_symlink },
	{ S_IFCHR, make_node },
	{ S_IFBLK, make_node },
	{ S_IFIFO, make_node },
	{ 0,       make_hardlink },
};
/* clang-format on */

/* The layer's root itself: it exists, only its looks are given. */
static int64_t make_root(struct entry *en, struct err *e)
{
	struct tree_level *root = &en->tree->levels[0];
	int r;

	if (en->type != S_IFDIR)
		return err_plain(e, -EBADMSG, "the root of the layer is not a directory");
	en->parent = NULL;
	r = set_attributes(en, root->fd, false, e);
	if (r < 0)
		return r;
	memcpy(root->times, en->times, sizeof(root->times));
	root->is_setgid = (en->mode & S_ISGID) != 0;
	root->has_default_acl = en->tree->has_acl;
	return 0;
}

int64_t entry_make(struct entry *en, struct err *e)
{
	int r;

	if (!*en->path)
		return make_root(en, e);
	r = tree_enter(en->tree, en->dir, &en->parent, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(makers); i++)
		if (makers[i].type == en->type)
			return makers[i].make(en, e);
	return err_plain(e, -EBADMSG, "its type is not known");
}

int entry_whiteout(struct tree_level *parent, const char *name, struct err *e)
{
	struct stat st;
	int fd, r;

	if (mknodat(parent->fd, name, S_IFCHR, makedev(0, 0)) == 0)
		return 0;
	if (errno != EEXIST)
		return err_set(e, errno, "create whiteout");
	if (fstatat(parent->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, errno, "look at '%s'", name);
	/* what this layer itself has stays; only below it must nothing shine through */
	if (!S_ISDIR(st.st_mode))
		return 0;
	fd = openat(parent->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = fd < 0 ? err_set(e, errno, "open '%s'", name) : tree_set_opaque(fd, e);
	(void)fd_close(fd);
	return r;
}
