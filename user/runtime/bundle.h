/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle: a directory with config.json, and the root file system that it names. */
#ifndef DAVIT_RUNTIME_BUNDLE_H
#define DAVIT_RUNTIME_BUNDLE_H

#include "runtime/seccomp_cache.h"
#include "spec/oci_config.h"

struct err;

/**
 * struct bundle_filter - linux.seccomp as text
 * @root:      where compiled filters are kept; borrowed; NULL = nowhere
 * @document:  config.json; owned; @start, @len: the value in it; 0 = it has none, or not worth to keep
 * @cached:    its filter, if an earlier container had the same: then the config is without
 */
struct bundle_filter {
	const char *root;
	char *document;
	size_t start, len;
	struct seccomp_cached cached;
};

/**
 * struct bundle
 * @path:      absolute, without symbolic links; owned
 * @fd:	       its directory, O_PATH
 * @rootfs:    absolute path of the root file system; owned
 * @rootfs_fd: its directory, O_PATH
 */
struct bundle {
	char *path, *rootfs;
	int fd, rootfs_fd;
	struct oci_config config;
	struct bundle_filter filter;
};

/**
 * bundle_open() - read and parse config.json, open the root
 * @path: as the caller gave it; NULL = the working directory
 * @root: where compiled filters are kept (runtime/seccomp_cache.h), must outlive @ret; NULL = nowhere
 *
 * Return: 0, then bundle_done(); -errno with the property named.
 */
int bundle_open(const char *path, const char *root, struct bundle *ret, struct err *e);
void bundle_done(struct bundle *b);

#endif
