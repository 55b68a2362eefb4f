// SPDX-License-Identifier: Apache-2.0
/* davit tag */
#include "base/cleanup.h"
#include "commands.h"
#include "spec/image_ref.h"
#include "store/remove.h"
#include "store/store.h"

static int tag_main(const void *data, void *opts, int argc, char *argv[], struct err *e)
{
	const struct env *env = data;
	_cleanup_(store_done) struct store st = STORE_INIT;
	struct image_ref name;
	int r = image_ref_parse(argv[1], &name, e);

	(void)opts;
	(void)argc;
	if (r == 0)
		r = store_open(env->root, &st, e);
	return r < 0 ? r : image_tag(&st, argv[0], &name, e);
}

const struct command cmd_tag = {
	.name = "tag",
	.summary = "give an image one more name",
	.usage = "IMAGE NAME[:TAG]",
	.main = tag_main,
	.min_args = 2,
	.max_args = 2,
};
