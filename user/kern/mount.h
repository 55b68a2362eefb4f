/* SPDX-License-Identifier: Apache-2.0 */
/* The mount API of Linux 5.2/5.12: detached mounts as descriptors. */
#ifndef DAVIT_KERN_MOUNT_H
#define DAVIT_KERN_MOUNT_H

#include <linux/mount.h>
#include <stdbool.h>
#include <stdint.h>

struct err;

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

/**
 * struct mount_param - one parameter of a file system; { NULL } ends a list
 * @value: NULL for a flag ("ro", "volatile")
 */
struct mount_param {
	const char *key, *value;
};

/*
 * Raw calls for use between clone and exec: -errno, no message.
 * mount_reconfigure() is fspick + fsconfig… of the file system that @dirfd is on.
 * mount_new() is fsopen + fsconfig… + fsmount and returns the detached mount.
 */
int mount_reconfigure(int dirfd, const struct mount_param *params, const char **ret_failed);
int mount_new(const char *fstype, const char *source, const struct mount_param *params,
	      uint64_t attrs, const char **ret_failed);
int mount_open_tree(int dirfd, const char *path, unsigned int flags);
int mount_attach(int mountfd, int dirfd, const char *target);
int mount_set_attr(int dirfd, const char *path, unsigned int flags, uint64_t set, uint64_t clear,
		   uint64_t propagation);

/**
 * mount_create() - new detached mount of @fstype
 * @source: "source" parameter, shown in mountinfo; NULL = @fstype
 * @attrs:  MOUNT_ATTR_*
 *
 * Return: descriptor; -errno with a message naming the parameter that was refused.
 */
int mount_create(const char *fstype, const char *source, const struct mount_param *params,
		 uint64_t attrs, struct err *e);

/**
 * mount_clone() - detached copy of what is mounted at @path (a bind mount in the making)
 * @is_recursive: with the mounts below it
 */
int mount_clone(int dirfd, const char *path, bool is_recursive, struct err *e);

/* mount_idmap() - make the detached mount @mountfd show ids through user namespace @userns_fd.
 * -EINVAL/-EOPNOTSUPP where the file system cannot (hint says which can). */
int mount_idmap(int mountfd, int userns_fd, bool is_recursive, const char *what, struct err *e);

#endif
