// SPDX-License-Identifier: Apache-2.0
/* Any text as -v, --mount or --tmpfs: what parses has a clean absolute target. */
#include "spec/mount_spec.h"

#include <stdlib.h>
#include <string.h>

static int (*const parsers[])(const char *text, struct mount_spec *ret, struct err *e) = {
	mount_spec_parse_volume,
	mount_spec_parse_mount,
	mount_spec_parse_tmpfs,
};

static void check(const struct mount_spec *m)
{
	size_t n = strlen(m->target);

	if (m->target[0] != '/' || n < 2 || strstr(m->target, "//") || strstr(m->target, "/../") ||
	    strstr(m->target, "/./") || (n >= 3 && strcmp(m->target + n - 3, "/..") == 0))
		abort();
	if ((m->type == MOUNT_SPEC_BIND) != (m->source != NULL) ||
	    (m->source && m->source[0] != '/') || m->mode > 07777)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mount_spec m;
	char *text;

	if (size == 0)
		return 0;
	text = strndup((const char *)data + 1, size - 1);
	if (text && parsers[data[0] % 3](text, &m, NULL) == 0) {
		check(&m);
		mount_spec_done(&m);
	}
	free(text);
	return 0;
}
