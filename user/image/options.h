/* SPDX-License-Identifier: Apache-2.0 */
/* Options of load and import: davit shows them in its help, davit-image parses them. */
#ifndef DAVIT_IMAGE_OPTIONS_H
#define DAVIT_IMAGE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/opt.h"

/* struct load_opts - @max_size: bytes that all layers may unpack to; 0 = the default */
struct load_opts {
	char *input, *platform, *tag;
	bool quiet;
	uint64_t max_size;
};

struct import_opts {
	struct strv changes;
	char *message, *platform;
	uint64_t max_size;
};

extern const struct opt load_options[], import_options[];

#endif
