// SPDX-License-Identifier: Apache-2.0
/* A point of a container's life, and the hooks that run there. */
#include "runtime/hook_point.h"

#include <errno.h>
#include <sched.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "runtime/busy.h"
#include "spec/oci_reader.h"

static int tell_state(const struct record *r, enum record_status status,
		      const struct hook_place *place, struct str *out, struct err *e)
{
	struct record seen = *r; /* borrowed */

	if (place->ns & CLONE_NEWPID && r->init.pid)
		seen.init.pid = proc_id_inner(r->init.pid);
	record_state_json(&seen, status, out);
	return str_failed(out) ? err_set(e, ENOMEM, "tell the state of container '%s'", r->id) : 0;
}

static int gone(const struct record *r, struct err *e)
{
	err_clear(e);
	return err_plain(e, -ESTALE, "container '%s' was deleted while its hooks ran", r->id);
}

static int run_unlocked(const struct oci_hooks *hooks, enum oci_hook_point point,
			const struct record *r, const char *state, const struct hook_place *place,
			int dirfd, struct err *e)
{
	struct err locking = ERR_INIT;
	int busy = busy_begin(dirfd, e), s, locked;

	if (busy < 0)
		return err_wrap(e, busy, "hooks.%s", oci_hook_point_name(point));
	s = hooks_run(hooks, point, state, place, e);
	locked = busy_end(dirfd, busy, &locking);
	if (locked == -ENOENT)
		return gone(r, e);
	if (locked < 0 && s == 0 && e)
		*e = locking;
	return s < 0 ? s : locked;
}

int hook_point_run(const struct oci_hooks *hooks, enum oci_hook_point point, const struct record *r,
		   enum record_status status, const struct hook_place *place, int dirfd,
		   struct err *e)
{
	_cleanup_str_ struct str state = STR_INIT;
	int s = hooks->at[point].n ? tell_state(r, status, place, &state, e) : 0;

	if (s < 0 || !hooks->at[point].n)
		return s;
	return dirfd < 0 ? hooks_run(hooks, point, str_text(&state), place, e) :
			   run_unlocked(hooks, point, r, str_text(&state), place, dirfd, e);
}

int hook_point_run_recorded(const struct record *r, enum oci_hook_point point,
			    enum record_status status, const struct hook_place *place, int dirfd,
			    struct err *e)
{
	_cleanup_(oci_doc_done) struct oci_doc doc = { .json = NULL };
	struct oci_reader reader = { .doc = &doc, .what = RECORD_FILE, .e = e };
	struct oci_hooks hooks;
	int s;

	if (hook_point_is_empty(r, point))
		return 0;
	hooks = (struct oci_hooks){ .at = { { NULL, 0 } } };
	s = oci_read_object(&reader, NULL, r->hooks, &oci_hooks_table, &hooks);
	return s < 0 ? s : hook_point_run(&hooks, point, r, status, place, dirfd, e);
}

bool hook_point_is_empty(const struct record *r, enum oci_hook_point point)
{
	return !json_array_size(json_object_get(r->hooks, oci_hook_point_name(point)));
}

static bool lacks_env(const json_t *hook)
{
	const json_t *env = json_object_get(hook, "env");

	return !env || json_is_null(env);
}

static bool any_lacks_env(const json_t *list)
{
	json_t *hook;
	size_t i;

	json_array_foreach(list, i, hook)
		if (lacks_env(hook))
			return true;
	return false;
}

json_t *hook_point_keep(json_t *hooks, json_t *env)
{
	const char *name = oci_hook_point_name(OCI_HOOK_START_CONTAINER);
	_cleanup_json_ json_t *copy = NULL;
	json_t *hook, *none = NULL;
	size_t i;

	if (!any_lacks_env(json_object_get(hooks, name)))
		return json_incref(hooks);
	copy = json_deep_copy(hooks);
	if (!json_is_array(env)) /* it may have none */
		env = none = json_array();
	json_array_foreach(json_object_get(copy, name), i, hook)
		if (lacks_env(hook) && json_object_set(hook, "env", env) < 0) {
			json_decref(none);
			return NULL;
		}
	json_decref(none);
	return TAKE_PTR(copy);
}
