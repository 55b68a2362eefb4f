/* SPDX-License-Identifier: Apache-2.0 */
/* systemd's manager over D-Bus: units started, changed, stopped; their jobs waited for. */
#ifndef DAVIT_CMD_SCOPE_MANAGER_H
#define DAVIT_CMD_SCOPE_MANAGER_H

struct err;
struct sd_bus;

/**
 * manager_connect() - to systemd itself, or to it through the system bus
 *
 * root can reach systemd's own socket, which is there before dbus-daemon is, and without it.
 */
int manager_connect(struct sd_bus **ret, struct err *e);

/* manager_start() - a transient scope with the caller in it; one of the name that failed before is
 * forgotten. @words: property_append_all(). Return: 0; -EEXIST; -errno. */
int manager_start(struct sd_bus *bus, const char *unit, char *const *words, struct err *e);

/* manager_set() - change properties, until the unit is gone */
int manager_set(struct sd_bus *bus, const char *unit, char *const *words, struct err *e);

/* manager_stop() - and forget; none of the name is success */
int manager_stop(struct sd_bus *bus, const char *unit, struct err *e);

#endif
