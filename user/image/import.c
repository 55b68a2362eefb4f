// SPDX-License-Identifier: Apache-2.0
/* Make an image of one layer from a root file system. */
#include "image/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/json.h"
#include "image/change.h"
#include "image/load.h"
#include "image/options.h"
#include "image/platform.h"
#include "image/tree_tar.h"
#include "store/check.h"
#include "store/store.h"

/* struct input - what is imported: a tar, or a directory being packed */
struct input {
	const char *path;
	struct tree_tar *packer;
};

static int open_input(void *data, const char *name, struct stream_source *ret, struct err *e)
{
	struct input *in = data;
	bool is_stdin = strcmp(in->path, "-") == 0;
	struct stat st;
	int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) :
			    open(in->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, errno, "open '%s'", in->path);
	*ret = (struct stream_source){ .fd = fd, .name = name, .is_pipe = !S_ISREG(st.st_mode),
				       .size = (uint64_t)st.st_size };
	if (S_ISREG(st.st_mode) && is_stdin) /* "< file" may begin in the middle */
		ret->is_pipe = true;
	if (!S_ISDIR(st.st_mode))
		return 0;
	(void)fd_close(fd);
	ret->fd = tree_tar_open(in->path, &in->packer, e);
	return ret->fd < 0 ? ret->fd : 0;
}

/* Put the platform, the time, the changes into the configuration. */
static int fill_config(struct image_config *c, const struct import_opts *o, struct err *e)
{
	struct platform p;
	int r = platform_parse(o->platform, &p, e);

	if (r < 0)
		return r;
	c->os = strdup(p.os);
	c->architecture = strdup(p.architecture);
	c->variant = strdup(p.variant);
	c->created_ns = fmt_now_ns();
	if (!c->os || !c->architecture || !c->variant)
		return err_set(e, ENOMEM, "write configuration");
	for (size_t i = 0; r == 0 && i < o->changes.n; i++)
		r = change_apply(c, o->changes.v[i], e);
	return r;
}

static int config_text(const struct image_config *c, const struct import_opts *o, const char *from,
		       char **ret, struct err *e)
{
	char created[FMT_TIME_BUF];
	_cleanup_json_ json_t *j = image_config_to_json(c);
	_cleanup_free_ char *comment = str_printf("Imported from %s", from);
	json_t *history;

	if (!j || !comment)
		return err_set(e, ENOMEM, "write configuration");
	history = json_pack("[{s:s,s:s}]", "created", fmt_time(c->created_ns, created), "comment",
			    o->message ? o->message : comment);
	/* a name that is not UTF-8 cannot be told */
	if (!history)
		history = json_pack("[{s:s}]", "created", created);
	*ret = json_object_set_new(j, "history", history) < 0 ? NULL : json_text(j);
	return *ret ? 0 : err_set(e, ENOMEM, "write configuration");
}

static int import_layer(struct install *in, const char *from, struct err *e)
{
	struct input input = { .path = from };
	struct install_layer layer = { .open = open_input, .data = &input,
				       .name = strcmp(from, "-") == 0 ? "standard input" : from };
	int r = install_layer(in, &layer, e);

	if (input.packer) {
		struct err why = ERR_INIT;
		int q = tree_tar_close(&input.packer, &why);

		/* when reading stopped early the packer's broken pipe is no news */
		if (q < 0 && q != -EPIPE) {
			if (e)
				*e = why;
			return q;
		}
	}
	return r;
}

int image_import(const struct store *st, const struct import_opts *o, const char *from,
		 const char *name, struct install_progress progress,
		 char ret_id[static DIGEST_HEX_LEN + 1], struct err *e)
{
	_cleanup_(staging_done) struct staging staging = STAGING_INIT;
	_cleanup_(install_done) struct install in = { .n_pins = 0 };
	_cleanup_(image_config_done) struct image_config config = { .created_ns = 0 };
	_cleanup_free_ char *text = NULL;
	struct image_ref ref;
	uint64_t budget;
	int r = load_budget(o->max_size, &budget, e);

	if (r == 0 && name)
		r = image_ref_parse(name, &ref, e);
	if (r == 0 && name && ref.digest[0])
		r = err_plain(e, -EINVAL, "'%s': a name cannot be chosen by digest", name);
	if (r == 0)
		r = fill_config(&config, o, e);
	if (r == 0)
		r = store_recover(st, e);
	if (r == 0)
		r = staging_open(st, &staging, e);
	if (r < 0)
		return r;
	install_init(&in, st, &staging, &budget);
	in.progress = progress;
	r = import_layer(&in, from, e);
	if (r == 0 && strv_add(&config.diff_ids, in.commit.layers[0].layer.diff_id) < 0)
		r = err_set(e, ENOMEM, "write configuration");
	if (r == 0)
		r = config_text(&config, o, from, &text, e);
	if (r == 0)
		r = install_commit(&in, text, strlen(text), NULL, 0, &ref, name ? 1 : 0, e);
	if (r < 0)
		return err_wrap(e, r, "cannot import '%s'", from);
	memcpy(ret_id, in.image.id, sizeof(in.image.id));
	return 0;
}
