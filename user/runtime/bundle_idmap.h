/* SPDX-License-Identifier: Apache-2.0 */
/* Id maps of a bundle: of its user namespace, and of mounts. */
#ifndef DAVIT_RUNTIME_BUNDLE_IDMAP_H
#define DAVIT_RUNTIME_BUNDLE_IDMAP_H

#include <sys/types.h>

struct err;
struct oci_id_maps;
struct oci_linux;
struct oci_mount;

/* bundle_write_maps() - of the new user namespace of @pid */
int bundle_write_maps(pid_t pid, const struct oci_id_maps *uids, const struct oci_id_maps *gids,
		      struct err *e);

/**
 * bundle_idmap_mount() - make a detached mount show ids as @m wants it
 *
 * Without mappings of its own: through the container's user namespace.
 * Return: 0; -errno.
 */
int bundle_idmap_mount(const struct oci_linux *linux_, const struct oci_mount *m, int mountfd,
		       struct err *e);

#endif
