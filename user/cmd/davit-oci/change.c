// SPDX-License-Identifier: Apache-2.0
/* davit-oci pause, resume, update. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "kern/cgroup.h"
#include "oci.h"
#include "runtime/cgroup_manager.h"
#include "runtime/create.h"
#include "target.h"
#include "update.h"

#define RESOURCES_MAX (1u << 20) /* bytes of the document of `update` */

static int freeze(const struct oci_env *env, const char *id, bool is_pause, struct err *e)
{
	_cleanup_(target_done) struct target t = { .dir = -1 };
	enum record_status status;
	int r = target_open(env, id, &t, e);

	if (r < 0)
		return r;
	status = container_look(&t.record);
	if (is_pause ? status != RECORD_RUNNING && status != RECORD_CREATED :
		       status != RECORD_PAUSED)
		return err_plain(e, -EINVAL, "cannot %s container '%s': it is %s",
				 is_pause ? "pause" : "resume", id, record_status_name(status));
	return cgroup_freeze(t.cg, is_pause, e);
}

static int pause_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	(void)opts;
	(void)argc;
	return freeze(env, argv[0], true, e);
}

static int resume_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	(void)opts;
	(void)argc;
	return freeze(env, argv[0], false, e);
}

struct update_opts {
	char *resources;
	struct update_values values;
};

/* clang-format off */
static const struct opt update_options[] = {
	OPT_STR('r', "resources", struct update_opts, resources, "FILE", "linux.resources as JSON; - = standard input"),
	OPT_INCLUDE(update_value_options, struct update_opts, values),
	OPT_END
};
/* clang-format on */

static int read_resources(const char *path, char **ret, size_t *ret_n, struct err *e)
{
	int r;

	if (!str_eq(path, "-"))
		return io_read_file(AT_FDCWD, path, RESOURCES_MAX, ret, ret_n, e);
	r = io_read_fd(STDIN_FILENO, RESOURCES_MAX, ret, ret_n);
	return r < 0 ? err_set(e, r, "read standard input") : 0;
}

static int update_main(const void *data, void *opts, int argc, char *argv[], struct err *e)
{
	const struct oci_env *env = data;
	const struct update_opts *o = opts;
	_cleanup_(target_done) struct target t = { .dir = -1 };
	_cleanup_(oci_doc_done) struct oci_doc doc = { .json = NULL };
	_cleanup_free_ char *text = NULL;
	struct oci_resources resources;
	size_t n;
	int r;

	(void)argc;
	r = o->resources ? read_resources(o->resources, &text, &n, e) :
			   update_values_text(&o->values, &text, &n, e);
	if (r == 0 && o->resources && update_values_any(&o->values))
		r = err_plain(e, -EINVAL, "options '--resources' and '--%s' exclude each other",
			      update_values_any(&o->values));
	if (r == 0)
		r = oci_resources_parse(text, n, "resources", &doc, &resources, e);
	if (r == 0)
		r = target_open(env, argv[0], &t, e);
	if (r == 0 && container_look(&t.record) == RECORD_STOPPED)
		r = err_plain(e, -ESRCH, "cannot update container '%s': container not running",
			      argv[0]);
	return r < 0 ? r :
		       cgroup_manager_of(&t.record)->update(&t.record, t.cg, &resources, env->bpffs,
							    e);
}

const struct command cmd_pause = { .name = "pause",
				   .summary = "stop all processes of a container where they are",
				   .usage = "ID",
				   .main = pause_main,
				   .min_args = 1,
				   .max_args = 1 };
const struct command cmd_resume = { .name = "resume",
				    .summary = "let a paused container go on",
				    .usage = "ID",
				    .main = resume_main,
				    .min_args = 1,
				    .max_args = 1 };
const struct command cmd_update = { .name = "update",
				    .summary = "change the limits of a container",
				    .usage = "ID",
				    .main = update_main,
				    .options = update_options,
				    COMMAND_OPTS(struct update_opts),
				    .min_args = 1,
				    .max_args = 1 };
