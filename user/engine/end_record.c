// SPDX-License-Identifier: Apache-2.0
/* <root>/containers/<id>/end.json: how the last run of a kept container ended. */
#include "engine/end_record.h"

#include <errno.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fmt.h"
#include "base/io.h"
#include "base/json.h"
#include "base/str.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "engine/run_state.h"

#define END_RECORD_MAX 4096u

int end_record_write(struct engine *en, const char *id, const struct run_state *s, bool is_known,
		     struct err *e)
{
	_cleanup_str_ struct str text = STR_INIT;
	char path[CONTAINER_PATH_MAX];

	str_addf(&text, "{\"started_ns\":%lld,\"finished_ns\":%lld,\"oom_killed\":%s,\"is_known\":%s",
		 (long long)s->started_ns,
		 (long long)(is_known ? s->finished_ns : fmt_now_ns()), s->oom_killed ? "true" : "false",
		 is_known ? "true" : "false");
	if (is_known)
		str_addf(&text, ",\"exit_code\":%d", s->signal ? 128 + s->signal : s->status);
	str_add(&text, "}\n");
	if (str_failed(&text))
		return err_set(e, ENOMEM, "write how '%.12s' ended", id);
	return io_replace_file(en->store.fd, container_path(path, id, "end.json"), text.p, text.len, 0600, 0,
			       e);
}

void end_record_remove(struct engine *en, const char *id)
{
	char path[CONTAINER_PATH_MAX];

	(void)unlinkat(en->store.fd, container_path(path, id, "end.json"),
		       0); /* there may be none */
}

int end_record_read(struct engine *en, const char *id, struct end_record *ret, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	struct end_record rec = { .is_known = false };
	char path[CONTAINER_PATH_MAX];
	int64_t code = 0;
	int r = json_read_file(en->store.fd, container_path(path, id, "end.json"), END_RECORD_MAX, &j, e);

	if (r == 0)
		r = json_get_i64(j, "started_ns", &rec.started_ns, e);
	if (r == 0)
		r = json_get_i64(j, "finished_ns", &rec.finished_ns, e);
	if (r == 0)
		r = json_get_bool(j, "oom_killed", &rec.oom_killed, e);
	if (r == 0)
		r = json_get_bool(j, "is_known", &rec.is_known, e);
	if (r == 0)
		r = json_get_i64(j, "exit_code", &code, e);
	if (r < 0)
		return r;
	rec.exit_code = (int)code;
	*ret = rec;
	return 0;
}
