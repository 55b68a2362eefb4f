/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of units, from words to D-Bus. */
#ifndef DAVIT_CMD_SCOPE_PROPERTY_H
#define DAVIT_CMD_SCOPE_PROPERTY_H

#include <systemd/sd-bus.h>

struct err;

/**
 * property_append_all() - (name, value) each, to an array that is open
 * @words: NULL-terminated: NAME SIGNATURE VALUE... for each, as busctl(1) writes values: an array is its
 *	   length and its elements, a struct its members: "DeviceAllow a(ss) 1 /dev/null rw"
 *
 * Return: 0; -EINVAL with @e.
 */
int property_append_all(sd_bus_message *m, char *const *words, struct err *e);

#endif
