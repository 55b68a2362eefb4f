// SPDX-License-Identifier: Apache-2.0
/* linux.netDevices: devices of davit-oci's network namespace that a container gets. */
#include "runtime/bundle_network.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "spec/oci_config.h"

int bundle_network_give(const struct oci_linux *linux_, pid_t pid, struct bundle_network *n,
			struct err *e)
{
	char path[48];

	if (!linux_->net_devices.n)
		return 0;
	(void)err_format(path, sizeof(path), "/proc/%d/ns/net", pid);
	n->netns = open(path, O_RDONLY | O_CLOEXEC);
	if (n->netns < 0)
		return err_set(e, errno, "open '%s'", path);
	n->moved = calloc(linux_->net_devices.n, sizeof(*n->moved));
	if (!n->moved)
		return err_set(e, ENOMEM, "linux.netDevices: prepare");
	for (size_t i = 0; i < linux_->net_devices.n; i++) {
		const struct oci_net_device *d = &linux_->net_devices.v[i];
		struct net_device_move *m = &n->moved[i];
		int r;

		*m = (struct net_device_move){ .from = -1,
					       .to = n->netns,
					       .name = d->host_name,
					       .to_name = d->name ? d->name : d->host_name,
					       .is_up = true };
		r = net_device_move(m, e);
		n->n += m->is_moved;
		if (r < 0)
			return err_wrap(e, r, "linux.netDevices[\"%s\"]", d->host_name);
	}
	return 0;
}

void bundle_network_take_back(struct bundle_network *n)
{
	while (n->n) {
		const struct net_device_move *there = &n->moved[--n->n];
		struct net_device_move back = { .from = n->netns,
						.to = -1,
						.name = there->is_named,
						.to_name = there->name,
						.is_up = there->is_up };

		(void)net_device_move(&back, NULL); /* the first error is the one to tell */
	}
}

void bundle_network_done(struct bundle_network *n)
{
	n->netns = fd_close(n->netns);
	free(n->moved);
	*n = (struct bundle_network)BUNDLE_NETWORK_INIT;
}
