/* SPDX-License-Identifier: Apache-2.0 */
/* linux.netDevices: devices of davit-oci's network namespace that a container gets. */
#ifndef DAVIT_RUNTIME_BUNDLE_NETWORK_H
#define DAVIT_RUNTIME_BUNDLE_NETWORK_H

#include <stddef.h>
#include <sys/types.h>

#include "kern/net_device.h"

struct err;
struct oci_linux;

/**
 * struct bundle_network - what was given away, to be taken back when the create fails
 * @netns: the container's; -1 = nothing was
 *
 * A container that has been created keeps them: what ends its network namespace ends virtual devices, and
 * the kernel moves others to the initial one.
 */
struct bundle_network {
	int netns;
	struct net_device_move *moved;
	size_t n;
};

#define BUNDLE_NETWORK_INIT \
	{                   \
		.netns = -1 \
	}

/* bundle_network_give() - to the network namespace of @pid, up and with their addresses */
int bundle_network_give(const struct oci_linux *linux_, pid_t pid, struct bundle_network *n,
			struct err *e);

/* bundle_network_take_back() - with the names, addresses and state that they had; as far as it can */
void bundle_network_take_back(struct bundle_network *n);
void bundle_network_done(struct bundle_network *n);

#endif
