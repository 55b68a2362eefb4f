// SPDX-License-Identifier: Apache-2.0
/* davit load */
#include "commands.h"
#include "image/options.h"
#include "image_helper.h"

static int load_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	return image_helper(env, "load", load_options, opts, argc, argv, e);
}

const struct command cmd_load = {
	.name = "load",
	.summary = "load images from an archive",
	.usage = "",
	.main = load_main,
	.options = load_options,
	COMMAND_OPTS(struct load_opts),
	.details = "Reads an OCI image layout (directory or tar) or what `docker save` writes, compressed\n"
		   "or not. Sizes, digests and diffids are verified; layers that are there are shared.",
};
