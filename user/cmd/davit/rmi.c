// SPDX-License-Identifier: Apache-2.0
/* davit rmi */
#include <errno.h>

#include "cli.h"
#include "commands.h"
#include "store/remove.h"
#include "store/store.h"

struct rmi_opts {
	bool force;
};

/* clang-format off */
static const struct opt rmi_options[] = {
	OPT_BOOL('f', "force", struct rmi_opts, force, "all names of an id; names of an image in use, which itself stays; that there is none is no failure"),
	OPT_END
};
/* clang-format on */

struct rmi {
	struct store store;
	bool force;
};

static int remove_one(const char *arg, void *data, struct err *e)
{
	const struct rmi *rmi = data;
	_cleanup_strv_ struct strv lines = { .n = 0 };
	_cleanup_str_ struct str out = STR_INIT;
	int q, r = image_remove(&rmi->store, arg, rmi->force, &lines, e);

	for (size_t i = 0; i < lines.n; i++)
		str_addf(&out, "%s\n", lines.v[i]);
	q = print_str(&out, r < 0 ? NULL : e);
	if (r == -ENOENT && rmi->force) {
		(void)cli_print_error(e); /* what was asked for is so, as with Docker */
		return q;
	}
	return r < 0 ? r : q;
}

static int rmi_main(const void *data, void *opts, int argc, char *argv[], struct err *e)
{
	const struct env *env = data;
	const struct rmi_opts *o = opts;
	struct rmi rmi = { .store = STORE_INIT, .force = o->force };
	int r = store_open(env->root, &rmi.store, e);

	if (r < 0)
		return r;
	r = cli_each(argc, argv, remove_one, &rmi);
	store_done(&rmi.store);
	return r;
}

const struct command cmd_rmi = {
	.name = "rmi",
	.summary = "remove images",
	.usage = "IMAGE [IMAGE...]",
	.main = rmi_main,
	.options = rmi_options,
	COMMAND_OPTS(struct rmi_opts),
	.min_args = 1,
	.max_args = -1,
};
