// SPDX-License-Identifier: Apache-2.0
/* hooks: programs that run at six points of a container's life. */
#include <errno.h>

#include "base/cleanup.h"
#include "spec/oci_reader.h"

/* clang-format off */
static const struct oci_field hook_fields[] = {
	OCI_F_TEXT("path", struct oci_hook, path, OCI_PATH_MAX, .flags = OCI_REQUIRED | OCI_ABSOLUTE),
	OCI_F_TEXTS("args", struct oci_hook, args, OCI_ARGS_MAX, OCI_ARG_MAX),
	OCI_F_TEXTS("env", struct oci_hook, env, OCI_ARGS_MAX, OCI_ARG_MAX),
	OCI_F_NUMBER("timeout", struct oci_hook, timeout, 1, INT32_MAX),
};
static const struct oci_table hook_table = OCI_TABLE(hook_fields, struct oci_hook, NULL);

#define POINT(k, p) OCI_F_LIST(k, struct oci_hooks, at[p], OCI_HOOKS_MAX, &hook_table)
static const struct oci_field points[OCI_HOOK_COUNT] = {
	[OCI_HOOK_PRESTART]         = POINT("prestart", OCI_HOOK_PRESTART),
	[OCI_HOOK_CREATE_RUNTIME]   = POINT("createRuntime", OCI_HOOK_CREATE_RUNTIME),
	[OCI_HOOK_CREATE_CONTAINER] = POINT("createContainer", OCI_HOOK_CREATE_CONTAINER),
	[OCI_HOOK_START_CONTAINER]  = POINT("startContainer", OCI_HOOK_START_CONTAINER),
	[OCI_HOOK_POSTSTART]        = POINT("poststart", OCI_HOOK_POSTSTART),
	[OCI_HOOK_POSTSTOP]         = POINT("poststop", OCI_HOOK_POSTSTOP),
};
/* clang-format on */

const struct oci_table oci_hooks_table = OCI_TABLE(points, struct oci_hooks, NULL);

const char *oci_hook_point_name(enum oci_hook_point p)
{
	return points[p].key;
}
