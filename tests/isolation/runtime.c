// SPDX-License-Identifier: Apache-2.0
/* Any OCI runtime: it gets a bundle. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "args.h"
#include "bundle.h"
#include "engine.h"
#include "job.h"
#include "process.h"

#define FEATURES_TIMEOUT_MS 10000
#define FEATURES_MAX 65536

/* runtime-spec, features.md: "namespaces" lists what the runtime knows. One without the command is
 * taken at its word. */
static bool knows_namespace(const struct job *j, const char *quoted)
{
	_cleanup_args_ struct args a = { .n = 0 };
	static char text[FEATURES_MAX];
	const char *list, *end, *found;
	int r;

	args_add(&a, j->program);
	args_add(&a, "features");
	r = process_capture(&a, text, sizeof(text), FEATURES_TIMEOUT_MS);
	list = r >= 0 && WIFEXITED(r) && WEXITSTATUS(r) == 0 ? strstr(text, "\"namespaces\"") :
							       NULL;
	end = list ? strchr(list, ']') : NULL;
	found = list ? strstr(list, quoted) : NULL;
	return !list || (found && end && found < end);
}

static int prepare(struct job *j)
{
	if ((j->want.asks & ASK_TIME) && !knows_namespace(j, "\"time\"")) {
		j->want.asks &= ~(unsigned int)ASK_TIME;
		(void)snprintf(j->why, sizeof(j->why), "time: this runtime has no time namespaces");
	}
	return bundle_make_root(j);
}

static void add_state(const struct job *j, struct args *a)
{
	args_add(a, "--root");
	args_addf(a, "%s/state", j->work);
}

static int run(const struct job *j, const struct role *r, struct args *a)
{
	if (bundle_write(j, r) < 0)
		return -1;
	add_state(j, a);
	args_add(a, "run");
	args_add(a, "--bundle");
	args_addf(a, "%s/%s", j->work, r->verb);
	args_add(a, r->id);
	return 0;
}

static void remove_container(const struct job *j, const struct role *r, struct args *a)
{
	add_state(j, a);
	args_add(a, "delete");
	args_add(a, "--force");
	args_add(a, r->id);
}

const struct engine engine_runtime = {
	.name = "runtime",
	.takes_root = true,
	.can = ASK_ALL | ASK_OPTIONAL,
	.prepare = prepare,
	.run = run,
	.remove = remove_container,
};
