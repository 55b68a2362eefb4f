// SPDX-License-Identifier: Apache-2.0
/* Id maps of a bundle: of its user namespace, and of mounts. */
#include "runtime/bundle_idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "kern/mount.h"
#include "runtime/userns.h"
#include "spec/oci_config.h"

struct maps {
	const struct oci_id_maps *uids, *gids;
};

static int write_file(pid_t pid, const char *file, const struct oci_id_maps *maps, struct err *e)
{
	_cleanup_str_ struct str text = STR_INIT;
	char path[48];
	int r;

	for (size_t i = 0; i < maps->n; i++)
		str_addf(&text, "%u %u %u\n", maps->v[i].inside, maps->v[i].outside,
			 maps->v[i].count);
	if (str_failed(&text))
		return err_set(e, ENOMEM, "write id maps");
	(void)err_format(path, sizeof(path), "/proc/%d/%s", pid, file);
	r = io_write_file(AT_FDCWD, path, str_text(&text));
	return r < 0 ? err_set(e, r, "write to '%s'", path) : 0;
}

int bundle_write_maps(pid_t pid, const struct oci_id_maps *uids, const struct oci_id_maps *gids,
		      struct err *e)
{
	int r = write_file(pid, "uid_map", uids, e);

	return r < 0 ? r : write_file(pid, "gid_map", gids, e);
}

static int write_maps(pid_t pid, const void *data, struct err *e)
{
	const struct maps *maps = data;

	return bundle_write_maps(pid, maps->uids, maps->gids, e);
}

/* "@": the second number of a range is an id of the container; one range of those may be several outside. */
static int translate(const struct oci_id_maps *from, const struct oci_id_maps *by,
		     struct oci_id_map *v, struct oci_id_maps *ret, struct err *e)
{
	*ret = (struct oci_id_maps){ v, 0 };
	for (size_t i = 0; i < from->n; i++) {
		uint32_t done = 0;

		while (done < from->v[i].count) {
			uint32_t id = from->v[i].outside + done, left = from->v[i].count - done;
			const struct oci_id_map *in = NULL;

			for (size_t k = 0; !in && k < by->n; k++)
				if (id >= by->v[k].inside && id - by->v[k].inside < by->v[k].count)
					in = &by->v[k];
			if (!in)
				return err_plain(
					e, -EINVAL,
					"options: id %u of a relative idmap ('@') is not mapped in the "
					"container's user namespace",
					id);
			if (left > in->inside + in->count - id)
				left = in->inside + in->count - id;
			if (ret->n == OCI_ID_MAPS_MAX)
				return err_plain(
					e, -E2BIG,
					"options: the relative idmap has more than %u ranges",
					OCI_ID_MAPS_MAX);
			v[ret->n++] = (struct oci_id_map){ from->v[i].inside + done,
							   in->outside + (id - in->inside), left };
			done += left;
		}
	}
	return 0;
}

static int open_relative(const struct oci_linux *linux_, const struct oci_mount *m, struct err *e)
{
	_cleanup_free_ struct oci_id_map *room = calloc(2 * OCI_ID_MAPS_MAX, sizeof(*room));
	struct oci_id_maps uids, gids;
	struct maps maps = { &uids, &gids };
	int r;

	if (!room)
		return err_set(e, ENOMEM, "options: prepare the idmap");
	if (!linux_->uid_map.n || !linux_->gid_map.n)
		return err_plain(
			e, -EINVAL,
			"options: a relative idmap ('@') needs linux.uidMappings and linux.gidMappings");
	r = translate(&m->uid_map, &linux_->uid_map, room, &uids, e);
	if (r == 0)
		r = translate(&m->gid_map, &linux_->gid_map, room + OCI_ID_MAPS_MAX, &gids, e);
	return r < 0 ? r : userns_create_with(write_maps, &maps, e);
}

/* The container's own is not there yet: one with the same numbers does as well. */
static int open_userns(const struct oci_linux *linux_, const struct oci_mount *m, struct err *e)
{
	const struct oci_namespace *user = &linux_->namespaces[OCI_NS_USER];
	struct maps maps = { &m->uid_map, &m->gid_map };
	int fd;

	if (m->uid_map.n && m->gid_map.n && m->is_map_relative)
		return open_relative(linux_, m, e);
	if (m->uid_map.n && m->gid_map.n)
		return userns_create_with(write_maps, &maps, e);
	if (m->uid_map.n || m->gid_map.n)
		return err_plain(e, -EINVAL, "options: an idmap needs uids and gids");
	if (!user->is_listed)
		return err_plain(
			e, -EINVAL,
			"options: 'idmap' without mappings needs the user namespace in linux.namespaces");
	if (!user->path) {
		maps = (struct maps){ &linux_->uid_map, &linux_->gid_map };
		return userns_create_with(write_maps, &maps, e);
	}
	fd = open(user->path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_set(e, errno, "open '%s'", user->path) : fd;
}

int bundle_idmap_mount(const struct oci_linux *linux_, const struct oci_mount *m, int mountfd,
		       struct err *e)
{
	_cleanup_fd_ int userns = -1;

	if (!(m->flags & (OCI_MOUNT_IDMAP | OCI_MOUNT_RIDMAP)))
		return 0;
	userns = open_userns(linux_, m, e);
	if (userns < 0)
		return userns;
	return mount_idmap(mountfd, userns, (m->flags & OCI_MOUNT_RIDMAP) != 0, m->source, e);
}
