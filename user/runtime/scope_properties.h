/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources as properties of a unit. */
#ifndef DAVIT_RUNTIME_SCOPE_PROPERTIES_H
#define DAVIT_RUNTIME_SCOPE_PROPERTIES_H

#include "spec/oci_config.h"

struct err;
struct strv;

/**
 * scope_resources() - what systemd would write itself, at its next reload, had it not been told
 * @out: NAME SIGNATURE VALUE... are appended
 *
 * All of it, and what systemd has no property for, is also written to the cgroup (runtime/resources.h), whose errors
 * name the property of config.json: values that cannot be put in systemd's terms are left to that.
 */
int scope_resources(const struct oci_resources *r, struct strv *out, struct err *e);

/* scope_annotations() - properties of the annotations org.systemd.property.NAME */
int scope_annotations(const struct oci_map *annotations, struct strv *out, struct err *e);

#endif
