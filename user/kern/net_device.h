/* SPDX-License-Identifier: Apache-2.0 */
/* A network device on its way from one network namespace to another. */
#ifndef DAVIT_KERN_NET_DEVICE_H
#define DAVIT_KERN_NET_DEVICE_H

#include <net/if.h>
#include <stdbool.h>

struct err;

#define NET_DEVICE_ADDRESSES_MAX 256u /* permanent ones of global scope, of one device */

/**
 * struct net_device_move
 * @from, @to: network namespaces; -1 = where we are
 * @name:      of the device in @from
 * @to_name:   … in @to; may have one "%d" for the first number that is free
 * @is_up:     set it up in @to, and tells afterwards whether it was up in @from
 * @is_moved:  set when it is in @to, also when something behind that fails
 * @is_named:  … with this name
 */
struct net_device_move {
	int from, to;
	const char *name, *to_name;
	bool is_up, is_moved;
	char is_named[IFNAMSIZ];
};

/**
 * net_device_move() - move and rename a device, with its permanent addresses of global scope
 *
 * Return: 0; -ENODEV; -EEXIST when @to has a device of that name; -errno.
 */
int net_device_move(struct net_device_move *m, struct err *e);

#endif
