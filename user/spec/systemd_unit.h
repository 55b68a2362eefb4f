/* SPDX-License-Identifier: Apache-2.0 */
/* linux.cgroupsPath and annotations as systemd's units have them. */
#ifndef DAVIT_SPEC_SYSTEMD_UNIT_H
#define DAVIT_SPEC_SYSTEMD_UNIT_H

#include <stdbool.h>

struct err;
struct strv;

#define SYSTEMD_NAME_MAX 255u /* bytes of a unit's name */
#define SYSTEMD_SLICE_DEFAULT "system.slice"
#define SYSTEMD_PROPERTY_PREFIX "org.systemd.property." /* of annotations */

/**
 * systemd_scope_parse() - "SLICE:PREFIX:NAME" as slice and scope "PREFIX-NAME.scope"
 * @path: NULL, or of three parts, of which the first two may be empty: system.slice, no prefix
 * @id:	  of the container: "davit-ID.scope" without a @path
 *
 * Return: 0, both strings are the caller's; -EINVAL naming linux.cgroupsPath.
 */
int systemd_scope_parse(const char *path, const char *id, char **ret_slice, char **ret_scope,
			struct err *e);

/* systemd_slice_path() - cgroup of a slice: "/a.slice/a-b.slice" of "a-b.slice", "" of "-.slice". Return:
 * a new string; NULL when out of memory. @slice: valid. */
char *systemd_slice_path(const char *slice);

/**
 * systemd_property_parse() - one property in GVariant's text form, as words for davit-scope
 * @name:  letters; "…Sec" with a number is "…USec" in microseconds
 * @value: true, 'text', ['a', 'b'], uint64 5, 5
 * @out:   NAME SIGNATURE VALUE... are appended
 *
 * Those that say what the configuration says elsewhere are refused: PIDs, Slice, DeviceAllow, DevicePolicy.
 * Return: 0; -EINVAL with @e.
 */
int systemd_property_parse(const char *name, const char *value, struct strv *out, struct err *e);

/**
 * systemd_set_parse() - "0-2,8" as the bits that systemd's sets of processors and nodes are
 * @out: "ay" N BYTE... are appended
 */
int systemd_set_parse(const char *list, struct strv *out, struct err *e);

#endif
