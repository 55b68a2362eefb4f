// SPDX-License-Identifier: Apache-2.0
/* davit-oci spec. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "oci.h"
#include "spec/oci_config.h"

struct spec_opts {
	char *bundle;
	bool rootless;
};

/* clang-format off */
static const struct opt spec_options[] = {
	OPT_STR('b', "bundle", struct spec_opts, bundle, "DIR", "the bundle (default: the working directory)"),
	OPT_BOOL(0,  "rootless", struct spec_opts, rootless,    "a bundle with a user namespace of one id; to run it needs root, too"),
	OPT_END
};
/* clang-format on */

static int spec_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	const struct spec_opts *o = opts;
	_cleanup_free_ char *text = oci_spec_default(o->rootless, geteuid(), getegid());
	_cleanup_fd_ int dir = -1, fd = -1;
	int r;

	(void)env;
	(void)argc;
	(void)argv;
	if (!text)
		return err_set(e, ENOMEM, "make a specification");
	dir = open(o->bundle ? o->bundle : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_set(e, errno, "open '%s'", o->bundle);
	fd = openat(dir, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_set(e, errno, "make 'config.json'");
	r = io_write_full(fd, text, strlen(text));
	return r < 0 ? err_set(e, r, "write 'config.json'") : 0;
}

const struct command cmd_spec = { .name = "spec",
				  .summary = "write a config.json to begin with",
				  .usage = "",
				  .is_for_all = true,
				  .main = spec_main,
				  .options = spec_options,
				  COMMAND_OPTS(struct spec_opts) };
