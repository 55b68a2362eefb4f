/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roots of containers that have no mount namespace of their own: each is mounted on <state>/~roots/<id>, with all
 * that is mounted in it, binds of the host's directories among them. Nothing there is ever removed but by umount2(2)
 * and rmdir(2). No container is called "~roots".
 *
 * @state: path of the directory of what runs; @id: a file name, checked
 */
#ifndef DAVIT_RUNTIME_HOST_ROOT_H
#define DAVIT_RUNTIME_HOST_ROOT_H

#include <stdbool.h>

struct err;
struct strv;

/**
 * host_root_make() - a directory to mount on; what an earlier life left there is unmounted
 * @ret_path: where it is, for the caller to free
 *
 * Return: 0; -errno with @e.
 */
int host_root_make(const char *state, const char *id, char **ret_path, struct err *e);

/**
 * host_root_remove() - unmount all that is on it and remove the directory
 *
 * The host's mounts stay, also where a bind is a peer of them; so does what was mounted below such a bind, as it does when a
 * mount namespace ends. Where the caller's namespace does not have the root, the kernel unmounts it with the directory.
 * Return: 0, also when there is none; 1: nothing is mounted here, but somebody has put a file into the directory, which
 * stays; -errno, after which nothing was deleted.
 */
int host_root_remove(const char *state, const char *id, struct err *e);

/* host_root_exists() - is there a directory for @id? */
bool host_root_exists(const char *state, const char *id);

/* host_root_list() - names of all that are there, live or left behind */
int host_root_list(const char *state, struct strv *ids, struct err *e);

#endif
