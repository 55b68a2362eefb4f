// SPDX-License-Identifier: Apache-2.0
/* davit import */
#include "commands.h"
#include "image/options.h"
#include "image_helper.h"

static int import_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	return image_helper(env, "import", import_options, opts, argc, argv, e);
}

const struct command cmd_import = {
	.name = "import",
	.summary = "make an image from a root file system",
	.usage = "TAR|DIR|- [NAME[:TAG]]",
	.main = import_main,
	.options = import_options,
	COMMAND_OPTS(struct import_opts),
	.min_args = 1,
	.max_args = 2,
	.details = "The tar may be compressed (gzip, zstd, bzip2, xz). Prints the id of the image.",
};
