/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bare mount namespace: an empty root and proc, pinned as a file. CLONE_NEWNS copies every mount of the host,
 * 1.2 us each; a child that enters this one and copies it pays for none of them, however many there are.
 */
#ifndef DAVIT_KERN_BARE_NS_H
#define DAVIT_KERN_BARE_NS_H

#include <stdbool.h>

struct err;

#define BARE_NS_MOUNTS 128u /* a host with fewer is copied as fast */
#define BARE_NS_ROOT   "/root" /* an empty directory in it */

/* bare_ns_pays() - has the mount namespace of the caller so many? False before Linux 6.8, which cannot tell. */
bool bare_ns_pays(void);

/**
 * bare_ns_open() - the namespace that is pinned below @dir, made when there is none
 * @dir: of the caller's own state; gets a private mount "~bare" with the file "ns", both until somebody unmounts them
 *
 * Its proc is the caller's. For root in the initial user namespace. Return: descriptor for setns(2); -errno.
 */
int bare_ns_open(const char *dir, struct err *e);

#endif
