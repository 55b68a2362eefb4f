/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes and ACLs of a tar entry. */
#ifndef DAVIT_IMAGE_XATTR_H
#define DAVIT_IMAGE_XATTR_H

#include <stdbool.h>

struct archive_entry;
struct err;
struct tree_level;

/* xattr_has() - does the entry carry anything that xattr_apply() would set? */
bool xattr_has(struct archive_entry *entry);

/**
 * xattr_apply() - set what the entry carries on what was just made
 * @fd:	  the file or directory, or -1: then @name in @parent, which may be a symbolic link
 *
 * trusted.overlay.* is stored as trusted.overlay.overlay.*, so that an archive cannot steer overlay
 * and (Linux >= 6.7) the container sees what was packed. security.selinux is left out: it is a
 * label of the machine that packed.
 *
 * Return: 1 if a default ACL was set, else 0; -E2BIG, -EOPNOTSUPP …
 */
int xattr_apply(struct archive_entry *entry, int fd, int parent, const char *name, struct err *e);

/* xattr_drop_acl() - remove what @fd inherited from its directory's default ACL */
int xattr_drop_acl(int fd, struct err *e);

#endif
