// SPDX-License-Identifier: Apache-2.0
/* davit ps */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/table.h"
#include "cli.h"
#include "engine/container.h"
#include "engine/engine.h"
#include "store/image.h"

#define COMMAND_CHARS 20u /* that are shown of a command, as with Docker */

struct ps_opts {
	bool all, quiet, no_trunc, latest;
	char *format;
};

/* clang-format off */
static const struct opt ps_options[] = {
	OPT_BOOL('a', "all", struct ps_opts, all,          "also those that do not run"),
	OPT_BOOL('q', "quiet", struct ps_opts, quiet,      "ids only"),
	OPT_BOOL(0,   "no-trunc", struct ps_opts, no_trunc, "whole ids and commands"),
	OPT_BOOL('l', "latest", struct ps_opts, latest,    "the one made last, running or not"),
	OPT_WORD(0,   "format", struct ps_opts, format, "table|json", "output format; json is one object a line"),
	OPT_END
};
/* clang-format on */

static void add_status(struct str *s, const struct container_state *st)
{
	char buf[FMT_BUF];
	int64_t now = fmt_now_ns();

	switch (st->status) {
	case CONTAINER_RUNNING:
	case CONTAINER_PAUSED:
		str_addf(s, "Up %s", fmt_age((uint64_t)((now - st->started_ns) / 1000000000), buf));
		if (st->status == CONTAINER_PAUSED)
			str_add(s, " (Paused)");
		else if (!st->has_owner)
			str_add(s, " (no monitor)");
		break;
	case CONTAINER_EXITED:
		if (st->has_exit)
			str_addf(s, "Exited (%d) ", st->exit_code);
		else
			str_add(s, "Exited (unknown) ");
		str_addf(s, "%s ago", fmt_age((uint64_t)((now - st->finished_ns) / 1000000000), buf));
		if (st->oom_killed)
			str_add(s, ", OOM");
		break;
	case CONTAINER_CREATED:
	case CONTAINER_STATUS_COUNT:
		str_add(s, "Created");
	}
}

/* What a terminal would obey (C0, DEL and C1) becomes a blank, what is not UTF-8 a '?'. Of a
 * longer text the first @max_chars - 1 characters are shown. */
static void add_visible(struct str *s, const char *text, size_t max_chars)
{
	size_t n_chars = 0, n;

	for (const char *p = text; *p; p += n ? n : 1) {
		const unsigned char *u = (const unsigned char *)p;

		n = str_utf8_length(p);
		/* a last one that fits takes no more than the sign that it was cut off */
		if (++n_chars == max_chars && p[n ? n : 1]) {
			str_add(s, "…");
			return;
		}
		if (!n)
			str_add_char(s, '?');
		else if (u[0] < 0x20 || u[0] == 0x7f || (u[0] == 0xc2 && u[1] < 0xa0))
			str_add_char(s, ' ');
		else
			str_add_mem(s, p, n);
	}
}

static void add_words(struct str *s, const struct strv *words)
{
	for (size_t i = 0; i < words->n; i++)
		str_addf(s, "%s%s", s->len ? " " : "", words->v[i]);
}

/* The command as stored or, without one, the image's. */
static void add_command(struct engine *en, const struct container *c, bool no_trunc, struct str *s)
{
	_cleanup_str_ struct str all = STR_INIT;
	struct image im = { .size = 0 };

	if (c->options.entrypoint)
		str_add(&all, c->options.entrypoint);
	add_words(&all, &c->args);
	if (!c->args.n && image_find(&en->store, c->image_id, &im, NULL) == 0) {
		if (!c->options.entrypoint)
			add_words(&all, &im.config.entrypoint);
		add_words(&all, &im.config.cmd);
		image_done(&im);
	}
	s->failed = s->failed || str_failed(&all);
	add_visible(s, str_text(&all), no_trunc ? SIZE_MAX : COMMAND_CHARS);
}

struct ps {
	struct engine *en;
	const struct ps_opts *o;
	struct table table;
	struct str out;
	bool is_json;
};

static void add_row(struct ps *p, const struct container *c, const struct container_state *st)
{
	char age[FMT_BUF], time[FMT_TIME_BUF], name[NAME_MAX_LEN + 1];
	_cleanup_str_ struct str status = STR_INIT, command = STR_INIT;
	int id_len = p->o->no_trunc ? (int)ID_LEN : (int)ID_SHORT_LEN;

	add_status(&status, st);
	add_command(p->en, c, p->o->no_trunc || p->is_json, &command);
	if (p->is_json) {
		str_addf(&p->out, "{\"ID\":\"%.*s\",\"Names\":", id_len, c->id);
		str_add_json(&p->out, container_name(c, name));
		str_add(&p->out, ",\"Image\":");
		str_add_json(&p->out, c->image);
		str_add(&p->out, ",\"Command\":");
		str_add_json(&p->out, str_text(&command));
		str_addf(&p->out, ",\"CreatedAt\":\"%s\",\"State\":\"%s\",\"Status\":", fmt_time(c->created_ns, time),
			 container_status_name(st->status));
		str_add_json(&p->out, str_text(&status));
		str_addf(&p->out, ",\"Pid\":%d}\n", st->pid);
		return;
	}
	if (p->o->quiet) {
		str_addf(&p->out, "%.*s\n", id_len, c->id);
		return;
	}
	table_addf(&p->table, "%.*s", id_len, c->id);
	table_add(&p->table, c->image);
	table_add(&p->table, str_text(&command));
	table_addf(&p->table, "%s ago", fmt_age((uint64_t)((fmt_now_ns() - c->created_ns) / 1000000000), age));
	table_add(&p->table, str_text(&status));
	table_add(&p->table, container_name(c, name));
}

struct listed {
	struct container c;
	struct container_state st;
};

static int newest_first(const void *a, const void *b)
{
	int64_t x = ((const struct listed *)a)->c.created_ns, y = ((const struct listed *)b)->c.created_ns;

	return (y > x) - (y < x);
}

/* Those that vanish while we look are not listed; of those that cannot be read it is told. */
static int collect(struct engine *en, const struct strv *ids, struct listed *list, size_t *n, struct err *e)
{
	for (size_t i = 0; i < ids->n; i++) {
		struct listed *l = &list[*n];
		int r = container_load(en, ids->v[i], &l->c, e);

		if (r == 0) {
			r = container_state(en, &l->c, &l->st, e);
			if (r == 0)
				(*n)++;
			else
				container_done(&l->c);
		}
		if (r == -ENOMEM)
			return r;
		if (r < 0 && r != -ENOENT)
			(void)cli_print_error(e);
		if (r < 0)
			err_clear(e);
	}
	qsort(list, *n, sizeof(*list), newest_first);
	return 0;
}

static int ps_main(const void *env, void *opts, int argc, char *argv[], struct err *e)
{
	static const char *const head[] = { "CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "NAMES" };
	_cleanup_engine_ struct engine en = ENGINE_INIT;
	_cleanup_strv_ struct strv ids = { NULL, 0 };
	_cleanup_free_ struct listed *list = NULL;
	struct ps p = { .en = &en, .o = opts, .table = { .n_columns = ARRAY_SIZE(head) } };
	size_t n = 0;
	int r;

	(void)argc;
	(void)argv;
	r = cli_format(p.o->format, &p.is_json, e);
	if (r == 0)
		r = engine_open(env, &en, e);
	if (r == 0)
		r = container_ids(&en, &ids, e);
	list = calloc(ids.n + 1, sizeof(*list));
	if (r == 0 && !list)
		r = err_set(e, ENOMEM, "list containers");
	if (r == 0)
		r = collect(&en, &ids, list, &n, e);
	for (size_t i = 0; !p.is_json && !p.o->quiet && i < ARRAY_SIZE(head); i++)
		table_add(&p.table, head[i]);
	for (size_t i = 0; i < n; i++) {
		bool is_up = list[i].st.status == CONTAINER_RUNNING || list[i].st.status == CONTAINER_PAUSED;

		if (r == 0 && (is_up || p.o->all || p.o->latest) && !(p.o->latest && i > 0))
			add_row(&p, &list[i].c, &list[i].st);
		container_done(&list[i].c);
	}
	if (r == 0 && !p.is_json && !p.o->quiet)
		table_print(&p.table, &p.out);
	if (r == 0)
		r = print_str(&p.out, e);
	table_done(&p.table);
	str_done(&p.out);
	return r;
}

const struct command cmd_ps = {
	.name = "ps",
	.summary = "list containers",
	.usage = "",
	.main = ps_main,
	.options = ps_options,
	COMMAND_OPTS(struct ps_opts),
};
