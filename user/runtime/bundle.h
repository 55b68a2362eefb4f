/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle: a directory with config.json, and the root file system that it names. */
#ifndef DAVIT_RUNTIME_BUNDLE_H
#define DAVIT_RUNTIME_BUNDLE_H

#include "spec/oci_config.h"

struct err;

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
};

/**
 * bundle_open() - read and parse config.json, open the root
 * @path: as the caller gave it; NULL = the working directory
 *
 * Return: 0, then bundle_done(); -errno with the property named.
 */
int bundle_open(const char *path, struct bundle *ret, struct err *e);
void bundle_done(struct bundle *b);

#endif
