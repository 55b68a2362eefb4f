// SPDX-License-Identifier: Apache-2.0
/* davit images */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"
#include "base/id.h"
#include "base/table.h"
#include "commands.h"
#include "store/image.h"
#include "store/store.h"

struct images_opts {
	bool quiet, no_trunc, digests;
	char *format;
};

/* clang-format off */
static const struct opt images_options[] = {
	OPT_BOOL('q', "quiet", struct images_opts, quiet,       "ids only"),
	OPT_BOOL(0,   "no-trunc", struct images_opts, no_trunc, "whole ids"),
	OPT_BOOL(0,   "digests", struct images_opts, digests,   "digests of the manifests too"),
	OPT_WORD(0,   "format", struct images_opts, format, "table|json", "output format; json is one object a line"),
	OPT_END
};
/* clang-format on */

struct listing {
	const struct images_opts *o;
	struct table table;
	struct str out;
	bool is_json;
};

static void add_id(struct listing *l, const struct image *im)
{
	if (l->o->no_trunc)
		str_addf(&l->out, "sha256:%s\n", im->id);
	else
		str_addf(&l->out, "%.*s\n", (int)ID_SHORT_LEN, im->id);
}

static void add_json(struct listing *l, const struct image *im, const char *repo, int repo_len,
		     const char *tag)
{
	char time[FMT_TIME_BUF], size[FMT_BUF];
	_cleanup_free_ char *platform =
		str_printf("%s/%s", im->config.os, im->config.architecture);

	/* names are of a grammar that needs no escapes */
	str_addf(&l->out,
		 "{\"Repository\":\"%.*s\",\"Tag\":\"%s\",\"Digest\":\"sha256:%s\","
		 "\"ID\":\"sha256:%s\",\"CreatedAt\":\"%s\",\"Size\":\"%s\",\"Bytes\":%llu,"
		 "\"Platform\":",
		 repo_len, repo, tag, im->manifest, im->id, fmt_time(im->created_ns, time),
		 fmt_size(im->size, size), (unsigned long long)im->size);
	str_add_json(&l->out, platform ? platform : "");
	str_add(&l->out, "}\n");
}

static void add_age(struct listing *l, const struct image *im)
{
	char age[FMT_BUF];
	int64_t now = fmt_now_ns();

	if (im->created_ns <= 0 || im->created_ns > now)
		table_add(&l->table, "N/A");
	else
		table_addf(&l->table, "%s ago",
			   fmt_age((uint64_t)((now - im->created_ns) / 1000000000), age));
}

/* One line for each name, as Docker does. */
static void add_row(struct listing *l, const struct image *im, const char *name)
{
	const char *colon = strrchr(name, ':');
	int repo_len = colon ? (int)(colon - name) : (int)strlen(name);
	const char *tag = colon ? colon + 1 : "<none>";
	char size[FMT_BUF];

	if (l->is_json) {
		add_json(l, im, name, repo_len, tag);
		return;
	}
	table_addf(&l->table, "%.*s", repo_len, name);
	table_add(&l->table, tag);
	if (l->o->digests)
		table_addf(&l->table, "sha256:%s", im->manifest);
	table_addf(&l->table, "%s%.*s", l->o->no_trunc ? "sha256:" : "",
		   l->o->no_trunc ? (int)DIGEST_HEX_LEN : (int)ID_SHORT_LEN, im->id);
	add_age(l, im);
	table_add(&l->table, fmt_size(im->size, size));
}

static void add_head(struct listing *l)
{
	static const char *const head[] = { "REPOSITORY", "TAG", "DIGEST", "IMAGE ID", "CREATED",
					    "SIZE" };

	l->table.n_columns = ARRAY_SIZE(head) - !l->o->digests;
	for (size_t i = 0; i < ARRAY_SIZE(head); i++)
		if (l->o->digests || strcmp(head[i], "DIGEST") != 0)
			table_add(&l->table, head[i]);
}

static int images_main(const void *data, void *opts, int argc, char *argv[], struct err *e)
{
	const struct env *env = data;
	_cleanup_(image_list_done) struct image_list images = { .n = 0 };
	_cleanup_(store_done) struct store st = STORE_INIT;
	struct listing l = { .o = opts };
	int r = cli_format(l.o->format, &l.is_json, e);

	(void)argc;
	(void)argv;
	if (r == 0)
		r = store_open(env->root, &st, e);
	if (r == 0)
		r = image_list(&st, &images, NULL, e);
	if (r < 0)
		return r;
	add_head(&l);
	for (size_t i = 0; i < images.n; i++) {
		const struct image *im = &images.v[i];

		if (l.o->quiet && !l.is_json) {
			add_id(&l, im);
			continue;
		}
		for (size_t k = 0; k < im->names.n; k++)
			add_row(&l, im, im->names.v[k]);
		if (im->names.n == 0)
			add_row(&l, im, "<none>");
	}
	if (!l.o->quiet && !l.is_json)
		table_print(&l.table, &l.out);
	r = print_str(&l.out, e);
	table_done(&l.table);
	str_done(&l.out);
	return r;
}

const struct command cmd_images = {
	.name = "images",
	.summary = "list images",
	.usage = "",
	.main = images_main,
	.options = images_options,
	COMMAND_OPTS(struct images_opts),
};
