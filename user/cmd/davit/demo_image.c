// SPDX-License-Identifier: Apache-2.0
/* The image davit/demo: a tar beside davit-image, imported when it is first asked for. */
#include "demo_image.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/spawn.h"

#define DEMO_NAME "davit/demo"
#define DEMO_FILE "davit-demo.tar"

bool demo_image_is(const char *ref)
{
	return str_eq(ref, DEMO_NAME) || str_eq(ref, DEMO_NAME ":latest");
}

int demo_image_import(const struct env *env, struct err *e)
{
	_cleanup_free_ char *program = NULL, *tar = NULL;
	struct spawn s = { .stdio = { SPAWN_NULL, SPAWN_NULL, SPAWN_INHERIT } };
	int r = env_helper(env, "davit-image", &program, e);

	if (r < 0)
		return r;
	tar = str_printf("%.*s" DEMO_FILE, (int)(strrchr(program, '/') + 1 - program), program);
	if (!tar)
		return err_set(e, ENOMEM, "find image '" DEMO_NAME "'");
	if (access(tar, R_OK) < 0)
		return err_set(e, errno, "find '%s'", tar);
	s.path = program;
	s.argv = (char *[]){ (char *)"davit-image",
			     (char *)"import",
			     (char *)"--change=CMD [\"sh\"]",
			     (char *)"--",
			     tar,
			     (char *)DEMO_NAME,
			     NULL };
	r = spawn_run(&s, e);
	if (r > 128)
		return err_plain(e, -EIO,
				 "davit-image, which imports '%s', was killed by signal %d", tar,
				 r - 128);
	return r > 0 ? err_told(e, -EIO) : r;
}
