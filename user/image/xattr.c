// SPDX-License-Identifier: Apache-2.0
/* Extended attributes and ACLs of a tar entry. */
#include "image/xattr.h"

#include <archive.h>
#include <archive_entry.h>
#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "store/limits.h"

#define OVERLAY	       "trusted.overlay."
#define ACCESS_ACL     "system.posix_acl_access"
#define DEFAULT_ACL    "system.posix_acl_default"
#define XATTR_NAME_BUF 256 /* XATTR_NAME_MAX and a NUL */

/* where to set: fsetxattr(fd), or a path through /proc for what cannot be opened */
struct target {
	int fd;
	char path[64 + LIMIT_NAME];
};

static int set(const struct target *t, const char *name, const void *value, size_t n, struct err *e)
{
	int r = t->fd >= 0 ? fsetxattr(t->fd, name, value, n, 0) :
			     lsetxattr(t->path, name, value, n, 0);

	if (r < 0) {
		r = err_set(e, errno, "set extended attribute '%s'", name);
		if (r == -EOPNOTSUPP)
			err_hint(e, "the file system of the store cannot hold it; use ext4, xfs or "
				    "btrfs");
	}
	return r;
}

static int set_one(const struct target *t, const char *name, const void *value, size_t n,
		   struct err *e)
{
	char escaped[XATTR_NAME_BUF];

	if (n > LIMIT_XATTR_BYTES)
		return err_plain(e, -E2BIG, "extended attribute '%.100s' has %zu bytes, more than %u",
				 name, n, LIMIT_XATTR_BYTES);
	if (strlen(name) >= XATTR_NAME_BUF)
		return err_plain(e, -ENAMETOOLONG, "extended attribute '%.60s...' has too long a name",
				 name);
	if (strcmp(name, "security.selinux") == 0)
		return 0;
	if (str_starts(name, OVERLAY)) {
		if ((size_t)snprintf(escaped, sizeof(escaped), OVERLAY "overlay.%s",
				     name + strlen(OVERLAY)) >= sizeof(escaped))
			return err_plain(e, -ENAMETOOLONG,
					 "extended attribute '%.60s...' has too long a name", name);
		name = escaped;
	}
	return set(t, name, value, n, e);
}

static int set_all(struct archive_entry *entry, const struct target *t, struct err *e)
{
	int left = archive_entry_xattr_reset(entry);
	size_t total = 0;

	if (left > (int)LIMIT_XATTRS)
		return err_plain(e, -E2BIG, "it has %d extended attributes, more than %u", left,
				 LIMIT_XATTRS);
	while (left-- > 0) {
		const char *name;
		const void *value;
		size_t n;
		int r;

		if (archive_entry_xattr_next(entry, &name, &value, &n) != ARCHIVE_OK)
			break;
		total += n;
		if (total > LIMIT_XATTR_TOTAL)
			return err_plain(e, -E2BIG, "its extended attributes have more than %u bytes",
					 LIMIT_XATTR_TOTAL);
		r = set_one(t, name, value, n, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* On-disk form of an ACL as setxattr(2) takes it (linux/posix_acl_xattr.h). */
struct acl_item {
	uint16_t tag, perm;
	uint32_t id;
};

struct acl_kind {
	int libarchive;
	uint16_t tag; /* also the order that the kernel wants */
	bool has_id;
};

/* clang-format off */
static const struct acl_kind acl_kinds[] = {
	{ ARCHIVE_ENTRY_ACL_USER_OBJ,  0x01, false },
	{ ARCHIVE_ENTRY_ACL_USER,      0x02, true },
	{ ARCHIVE_ENTRY_ACL_GROUP_OBJ, 0x04, false },
	{ ARCHIVE_ENTRY_ACL_GROUP,     0x08, true },
	{ ARCHIVE_ENTRY_ACL_MASK,      0x10, false },
	{ ARCHIVE_ENTRY_ACL_OTHER,     0x20, false },
};
/* clang-format on */

/* Append the items of one kind. Return: their number, or -EINVAL for a name without a number. */
static int add_kind(struct archive_entry *entry, int which, const struct acl_kind *k,
		    struct str *out)
{
	int type, permset, tag, id, n = 0;
	const char *name;

	(void)archive_entry_acl_reset(entry, which);
	while (archive_entry_acl_next(entry, which, &type, &permset, &tag, &id, &name) ==
	       ARCHIVE_OK) {
		struct acl_item item = { .tag = htole16(k->tag),
					 .perm = htole16((uint16_t)(permset & 7)),
					 .id = htole32(k->has_id ? (uint32_t)id : UINT32_MAX) };

		if (tag != k->libarchive)
			continue;
		if (k->has_id && id < 0)
			return -EINVAL;
		str_add_mem(out, &item, sizeof(item));
		n++;
	}
	return n;
}

static int set_acl(struct archive_entry *entry, int which, const char *name,
		   const struct target *t, struct err *e)
{
	const uint32_t version = htole32(2);
	_cleanup_str_ struct str out = STR_INIT;

	/* an access ACL with only owner, group and others is what the mode says */
	if (archive_entry_acl_count(entry, which) <=
	    (which == ARCHIVE_ENTRY_ACL_TYPE_ACCESS ? 3 : 0))
		return 0;
	str_add_mem(&out, &version, sizeof(version));
	for (size_t i = 0; i < ARRAY_SIZE(acl_kinds); i++) {
		int n = add_kind(entry, which, &acl_kinds[i], &out);

		if (n < 0)
			return err_plain(e, n, "its ACL names a user or group without a number");
	}
	if (str_failed(&out) || out.len > LIMIT_XATTR_BYTES)
		return err_plain(e, -E2BIG, "its ACL is too large");
	return set(t, name, out.p, out.len, e) < 0 ? e ? e->code : -EIO : 1;
}

bool xattr_has(struct archive_entry *entry)
{
	return archive_entry_xattr_count(entry) > 0 ||
	       archive_entry_acl_count(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS) > 3 ||
	       archive_entry_acl_count(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT) > 0;
}

int xattr_apply(struct archive_entry *entry, int fd, int parent, const char *name, struct err *e)
{
	struct target t = { .fd = fd };
	const char *xattr;
	const void *value;
	bool has_default = false;
	size_t n;
	int r;

	if (fd < 0)
		(void)snprintf(t.path, sizeof(t.path), "/proc/self/fd/%d/%s", parent, name);
	r = set_acl(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, ACCESS_ACL, &t, e);
	if (r < 0)
		return r;
	r = set_acl(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, DEFAULT_ACL, &t, e);
	if (r < 0)
		return r;
	has_default = r == 1;
	r = set_all(entry, &t, e);
	if (r < 0)
		return r;
	(void)archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &xattr, &value, &n) == ARCHIVE_OK)
		has_default = has_default || strcmp(xattr, DEFAULT_ACL) == 0;
	return has_default;
}

int xattr_drop_acl(int fd, struct err *e)
{
	static const char *const acls[] = { ACCESS_ACL, DEFAULT_ACL };

	for (size_t i = 0; i < ARRAY_SIZE(acls); i++)
		if (fremovexattr(fd, acls[i]) < 0 && errno != ENODATA && errno != EOPNOTSUPP)
			return err_set(e, errno, "remove inherited '%s'", acls[i]);
	return 0;
}
