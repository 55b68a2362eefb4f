// SPDX-License-Identifier: Apache-2.0
/* davit inspect: containers and images as JSON. */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/json.h"
#include "cli.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/traffic.h"
#include "store/image.h"
#include "store/image_inspect.h"

struct inspect_opts {
	char *type;
};

/* clang-format off */
static const struct opt inspect_options[] = {
	OPT_WORD(0, "type", struct inspect_opts, type, "container|image", "look for this kind only"),
	OPT_END
};
/* clang-format on */

static json_t *time_json(int64_t ns)
{
	char buf[FMT_TIME_BUF];

	return json_string(ns ? fmt_time(ns, buf) : "0001-01-01T00:00:00Z");
}

static json_t *state_json(const struct container_state *st)
{
	bool is_up = st->status == CONTAINER_RUNNING || st->status == CONTAINER_PAUSED;
	json_t *code = st->status == CONTAINER_EXITED && !st->has_exit ? json_null() : json_integer(st->exit_code);

	return json_pack("{s:s, s:b, s:b, s:b, s:i, s:o, s:o, s:o, s:b}", "Status",
			 container_status_name(st->status), "Running", is_up, "Paused",
			 st->status == CONTAINER_PAUSED, "OOMKilled", st->oom_killed, "Pid", (int)st->pid,
			 "ExitCode", code, "StartedAt", time_json(st->started_ns), "FinishedAt",
			 time_json(is_up ? 0 : st->finished_ns), "HasMonitor", st->has_owner);
}

/* Only what runs has counters; others show null. */
static json_t *network_json(struct engine *en, const struct container *c)
{
	_cleanup_str_ struct str flow = STR_INIT, rule = STR_INIT;
	struct traffic t;

	if (traffic_read(en, c, &t, NULL) < 0)
		return json_null();
	if (t.has_denied) {
		traffic_flow(&t.denied, &flow);
		traffic_rule(c, &t.denied, false, &rule);
	}
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s*, s:s*}", "PacketsIn",
			 (json_int_t)net_sum(t.counters.packets[NET_IN]), "BytesIn",
			 (json_int_t)net_sum(t.counters.bytes[NET_IN]), "PacketsOut",
			 (json_int_t)net_sum(t.counters.packets[NET_OUT]), "BytesOut",
			 (json_int_t)net_sum(t.counters.bytes[NET_OUT]), "DeniedIn",
			 (json_int_t)net_sum(t.counters.drops[NET_IN]), "DeniedOut",
			 (json_int_t)net_sum(t.counters.drops[NET_OUT]), "DeniedBind",
			 (json_int_t)net_sum(t.counters.drops[NET_BIND]), "LastDenied",
			 t.has_denied ? str_text(&flow) : NULL, "LastDeniedBy",
			 t.has_denied ? str_text(&rule) : NULL);
}

static json_t *args_json(const struct strv *l)
{
	json_t *a = json_array();

	for (size_t i = 0; a && i < l->n; i++)
		(void)json_array_append_new(a, json_bytes(l->v[i])); /* checked by the dump */
	return a;
}

static int container_json(struct engine *en, const char *ref, json_t *out, struct err *e)
{
	char name[NAME_MAX_LEN + 1];
	struct container c = { .name = NULL };
	struct container_state st;
	json_t *j = NULL;
	int r = container_find(en, ref, &c, e);

	if (r == 0)
		r = container_state(en, &c, &st, e);
	if (r == 0) {
		j = json_pack("{s:s, s:s, s:s, s:s+, s:o, s:o, s:o, s:o, s:o}", "Id", c.id, "Name",
			      container_name(&c, name), "ImageName", c.image, "Image", "sha256:", c.image_id,
			      "Created", time_json(c.created_ns), "Args", args_json(&c.args), "State",
			      state_json(&st), "Network", network_json(en, &c), "Options", opt_to_json(container_options, &c.options));
		if (!j || json_array_append_new(out, j) < 0)
			r = err_set(e, ENOMEM, "inspect '%s'", ref);
	}
	container_done(&c);
	return r;
}

static int image_json(struct engine *en, const char *ref, json_t *out, struct err *e)
{
	json_t *j = NULL;
	int r = image_inspect_json(&en->store, ref, &j, e);

	if (r == 0 && json_array_append_new(out, j) < 0)
		r = err_set(e, ENOMEM, "inspect '%s'", ref);
	return r;
}

static int inspect_one(struct engine *en, const char *ref, const char *type, json_t *out, struct err *e)
{
	int r = -ENOENT;

	if (!type || str_eq(type, "container"))
		r = container_json(en, ref, out, e);
	if ((r == -ENOENT || r == -EINVAL) && (!type || str_eq(type, "image")))
		r = image_json(en, ref, out, e);
	if (r == -ENOENT && !type)
		r = err_plain(e, r, "no container or image '%s'", ref);
	return r;
}

static int inspect_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	const struct inspect_opts *o = opts;
	_cleanup_engine_ struct engine en = ENGINE_INIT;
	_cleanup_json_ json_t *out = json_array();
	_cleanup_free_ char *text = NULL;
	_cleanup_str_ struct str s = STR_INIT;
	int r, status = 0;

	if (o->type && !str_eq(o->type, "container") && !str_eq(o->type, "image"))
		return err_exit(e,
				err_plain(e, -EINVAL,
					  "option '--type': '%s' is not container or image",
					  o->type),
				EXIT_WRONG);
	r = out ? engine_open(env, &en, e) : err_set(e, ENOMEM, "inspect");
	if (r < 0)
		return r;
	for (int i = 0; i < argc; i++) {
		if (inspect_one(&en, argv[i], o->type, out, e) < 0) {
			(void)cli_print_error(e); /* the others are still shown */
			err_clear(e);
			status = 1;
		}
	}
	text = json_dumps(out, JSON_INDENT(4) | JSON_PRESERVE_ORDER);
	if (!text)
		return err_set(e, ENOMEM, "inspect");
	str_addf(&s, "%s\n", text);
	r = print_str(&s, e);
	return r < 0 ? r : status;
}

const struct command cmd_inspect = {
	.name = "inspect",
	.summary = "tell all about containers and images, as JSON",
	.usage = "NAME...",
	.main = inspect_main,
	.options = inspect_options,
	COMMAND_OPTS(struct inspect_opts),
	.min_args = 1,
	.max_args = -1,
};
