/* SPDX-License-Identifier: Apache-2.0 */
/* A container's root file system: overlay(lowers…, upper) as a detached mount. */
#ifndef DAVIT_KERN_OVERLAY_H
#define DAVIT_KERN_OVERLAY_H

#include <stdbool.h>
#include <sys/types.h>

struct err;
struct strv;

/**
 * struct overlay_spec - layers by paths relative to @base_fd, short because parameters are limited
 * @base_fd:	 directory they are relative to; becomes the working directory
 * @lower:	 top layer first
 * @bottom:	 one more layer below all others, with the whole path; NULL = none
 * @upper, @work: existing directories; NULL = read-only mount of the lowers
 * @is_volatile: never sync the upper: it does not outlive the mount. Without it the last unmount
 *		 writes back the whole file system that upper is on (ovl_sync_fs())
 * @userns_fd:	 -1, or user namespace whose ids the layers are to be seen through
 * @root_id:	 host id of its user 0: overlayfs works on the layers as who mounted it, and whoever has no
 *		 id in the map cannot make files there
 */
struct overlay_spec {
	int base_fd;
	const char *base_path;
	const struct strv *lower;
	const char *lower_prefix, *bottom;
	const char *upper, *work;
	bool is_volatile;
	int userns_fd;
	uid_t root_id;
};

/**
 * overlay_mount() - mount it, attached nowhere
 *
 * A string parameter holds 255 bytes: some 40 layers. More are passed one by one ("lowerdir+", since
 * Linux 6.8), else by mount(2), whose options are a page: some 600.
 *
 * Return: mount descriptor; -E2BIG with a hint for more layers than this kernel takes.
 */
int overlay_mount(const struct overlay_spec *o, struct err *e);

#endif
