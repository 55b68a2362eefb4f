// SPDX-License-Identifier: Apache-2.0
/* Named containers: records and where they are. */
#include "engine/container.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/json.h"
#include "engine/engine.h"

const char *container_path(char buf[static CONTAINER_PATH_MAX], const char *id, const char *file)
{
	(void)err_format(buf, CONTAINER_PATH_MAX, file ? "containers/%s/%s" : "containers/%s", id,
			 file);
	return buf;
}

void container_done(struct container *c)
{
	free(c->name);
	free(c->image);
	free(c->image_id);
	strv_done(&c->args);
	opt_done(container_options, &c->options);
	*c = (struct container){ .created_ns = 0 };
}

const char *container_name(const struct container *c, char buf[static NAME_MAX_LEN + 1])
{
	static const char *const moods[16] = { "able", "bold", "calm", "deft", "even", "fair", "glad", "hale",
					       "keen", "kind", "neat", "pert", "sage", "spry", "true", "warm" };
	static const char *const birds[16] = { "auk",  "coot", "crane", "dove", "egret", "finch", "gull", "heron",
					       "ibis", "jay",  "kite",	"lark", "merlin", "owl",  "rail", "wren" };

	if (c->name)
		return c->name;
	/* hex digits 3 to 8 stay in the name: a look-up by it finds the id again */
	(void)err_format(buf, NAME_MAX_LEN + 1, "%s-%s-%.*s",
			 moods[(unsigned int)(c->id[0] <= '9' ? c->id[0] - '0' : c->id[0] - 'a' + 10)],
			 birds[(unsigned int)(c->id[1] <= '9' ? c->id[1] - '0' : c->id[1] - 'a' + 10)], 6,
			 c->id + 2);
	return buf;
}

const char *container_status_name(enum container_status s)
{
	static const char *const names[CONTAINER_STATUS_COUNT] = {
		[CONTAINER_CREATED] = "created",
		[CONTAINER_RUNNING] = "running",
		[CONTAINER_PAUSED] = "paused",
		[CONTAINER_EXITED] = "exited",
	};

	return s < CONTAINER_STATUS_COUNT ? names[s] : "unknown";
}

static json_t *to_json(const struct container *c)
{
	json_t *j = json_pack("{s:s, s:s, s:s*, s:s, s:I}", "id", c->id, "image", c->image, "name", c->name,
			      "image_id", c->image_id, "created_ns", (json_int_t)c->created_ns);
	json_t *options = opt_to_json(container_options, &c->options);
	json_t *args = json_array();

	for (size_t i = 0; args && i < c->args.n; i++)
		if (json_array_append_new(args, json_bytes(c->args.v[i])) < 0)
			break;
	if (!j || !options || !args || json_array_size(args) != c->args.n ||
	    json_object_set(j, "options", options) < 0 || json_object_set(j, "args", args) < 0) {
		json_decref(j);
		j = NULL;
	}
	json_decref(options);
	json_decref(args);
	return j;
}

static int record_text(const struct container *c, char **ret, struct err *e)
{
	_cleanup_json_ json_t *j = to_json(c);
	_cleanup_free_ char *text = j ? json_text(j) : NULL;

	if (!text)
		return err_set(e, ENOMEM, "write the record of container '%.12s'", c->id);
	if (strlen(text) > CONTAINER_RECORD_MAX)
		return err_plain(e, -E2BIG, "the options and the command are longer than %u bytes",
				 CONTAINER_RECORD_MAX);
	*ret = TAKE_PTR(text);
	return 0;
}

int container_resave(struct engine *en, const struct container *c, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	char path[CONTAINER_PATH_MAX];
	int r = record_text(c, &text, e);

	return r < 0 ? r :
		       io_replace_file(c->is_ephemeral ? en->state_fd : en->store.fd,
				       container_path(path, c->id, "config.json"), text,
				       strlen(text), 0600, c->is_ephemeral ? 0 : IO_SYNC, e);
}

int container_save(struct engine *en, const struct container *c, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	char path[CONTAINER_PATH_MAX];
	int fd, r;

	if (!c->is_ephemeral)
		return container_resave(en, c, e);
	r = record_text(c, &text, e);
	if (r < 0)
		return r;
	container_path(path, c->id, "config.json");
	/* nobody reads it before the owner's lock says more; the directory is new */
	fd = openat(en->state_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, errno, "create '%s'", path);
	r = io_write_full(fd, text, strlen(text));
	(void)close(fd); /* tmpfs: nothing is written back */
	return r < 0 ? err_set(e, r, "write '%s'", path) : 0;
}

static int dup_string(const json_t *j, const char *key, char **ret, struct err *e)
{
	const char *s = NULL;
	int r = json_get_string(j, key, &s, e);

	if (r < 0 || !s)
		return r;
	*ret = strdup(s);
	return *ret ? 0 : err_set(e, ENOMEM, "read '%s'", key);
}

static int from_json(const json_t *j, struct container *c, struct err *e)
{
	json_t *options = NULL;
	int r = dup_string(j, "name", &c->name, e);

	if (r == 0)
		r = dup_string(j, "image", &c->image, e);
	if (r == 0)
		r = dup_string(j, "image_id", &c->image_id, e);
	if (r == 0)
		r = json_get_i64(j, "created_ns", &c->created_ns, e);
	if (r == 0)
		r = json_get_strv(j, "args", CONTAINER_ARGS_MAX, &c->args, e);
	if (r == 0)
		r = json_get_object(j, "options", &options, e);
	if (r == 0 && (!c->image || !c->image_id || !options))
		r = err_plain(e, -EBADMSG, "a field is missing");
	if (r == 0)
		r = opt_from_json(container_options, options, &c->options, e);
	return r;
}

/* Of the file, in contrast to what another attempt may not meet. */
static bool is_damage(int r)
{
	return r == -EBADMSG || r == -E2BIG || r == -EFBIG || r == -EINVAL || r == -EIO || r == -EISDIR || r == -ELOOP;
}

int container_load(struct engine *en, const char *id, struct container *ret, struct err *e)
{
	struct container c = { .created_ns = 0 };
	char path[CONTAINER_PATH_MAX];
	_cleanup_json_ json_t *j = NULL;
	int r;

	container_path(path, id, "config.json");
	r = json_read_file(en->state_fd, path, CONTAINER_RECORD_MAX, &j, e);
	c.is_ephemeral = r == 0;
	/* half a record: its start is writing it, or was killed by then */
	if (r == -ENOENT || r == -EBADMSG)
		r = json_read_file(en->store.fd, path, CONTAINER_RECORD_MAX, &j, e);
	if (r == -ENOENT)
		return err_plain(e, r, "no container '%s'", id);
	memcpy(c.id, id, ID_LEN + 1);
	c.is_loaded = true;
	if (r == 0)
		r = from_json(j, &c, e);
	if (r < 0) {
		container_done(&c);
		(void)err_wrap(e, r, "record of container '%.12s' cannot be read", id);
		return is_damage(r) ? -EBADMSG : r;
	}
	*ret = c;
	return 0;
}

static int list_dir(int dirfd, const char *path, struct strv *ret, struct err *e)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d) {
		int r = errno == ENOENT && fd < 0 ? 0 : err_set(e, errno, "open '%s'", path);

		(void)fd_close(fd);
		return r;
	}
	while ((errno = 0, de = readdir(d)) != NULL)
		if (id_is_valid(de->d_name) && strv_add(ret, de->d_name) < 0)
			return err_set(e, ENOMEM, "list '%s'", path);
	return errno ? err_set(e, errno, "read '%s'", path) : 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int container_ids(struct engine *en, struct strv *ret, struct err *e)
{
	size_t from = ret->n, to;
	int r = engine_check_root(en, e);

	if (r == 0)
		r = list_dir(en->store.fd, "containers", ret, e);
	if (r == 0)
		r = list_dir(en->state_fd, "containers", ret, e);
	if (r < 0 || ret->n == from)
		return r;
	qsort(ret->v + from, ret->n - from, sizeof(char *), compare);
	to = from;
	for (size_t i = from + 1; i < ret->n; i++) {
		if (strcmp(ret->v[to], ret->v[i]) == 0)
			free(ret->v[i]);
		else
			ret->v[++to] = ret->v[i];
	}
	ret->n = to + 1;
	ret->v[ret->n] = NULL;
	return 0;
}

/* The six digits at the end of a made-up name, or NULL. */
static const char *digits_of_name(const char *ref)
{
	const char *dash = strrchr(ref, '-');

	return dash && strlen(dash + 1) == 6 && strspn(dash + 1, "0123456789abcdef") == 6 ? dash + 1 : NULL;
}

static int find_id(struct engine *en, const char *ref, char id[static ID_LEN + 1], struct err *e)
{
	_cleanup_strv_ struct strv ids = { NULL, 0 };
	const char *digits = digits_of_name(ref);
	size_t n = strlen(ref), hits = 0;
	int r = container_ids(en, &ids, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ids.n; i++) {
		struct container c = { .name = NULL };
		char buf[NAME_MAX_LEN + 1];
		bool hit = n <= ID_LEN && strncmp(ids.v[i], ref, n) == 0;

		memcpy(c.id, ids.v[i], ID_LEN + 1);
		if (!hit && digits && memcmp(c.id + 2, digits, 6) == 0)
			hit = strcmp(container_name(&c, buf), ref) == 0;
		if (hit) {
			memcpy(id, ids.v[i], ID_LEN + 1);
			hits++;
		}
	}
	if (hits == 1)
		return 0;
	if (hits)
		return err_plain(e, -ENOTUNIQ, "'%s' stands for %zu containers", ref, hits);
	r = err_plain(e, -ENOENT, "no container '%s'", ref);
	err_hint(e, "'davit ps -a' lists them");
	return r;
}

int container_find(struct engine *en, const char *ref, struct container *ret, struct err *e)
{
	char id[ID_LEN + 1], path[NAME_MAX_LEN + 8];
	int r = engine_check_root(en, e);

	if (r < 0)
		return r;
	if (id_is_valid(ref))
		return container_load(en, ref, ret, e);
	if (name_is_valid(ref)) {
		ssize_t n;

		(void)err_format(path, sizeof(path), "names/%s", ref);
		n = readlinkat(en->store.fd, path, id, sizeof(id));
		if (n == ID_LEN) {
			id[ID_LEN] = '\0';
			if (id_is_valid(id)) {
				r = container_load(en, id, ret, e);
				if (r != -ENOENT)
					return r;
			}
		}
	}
	if (!*ref)
		return err_plain(e, -EINVAL, "the name of a container is empty");
	r = find_id(en, ref, id, e);
	return r < 0 ? r : container_load(en, id, ret, e);
}

bool container_is_on_host(const struct container *c)
{
	return str_eq(c->options.mntns, "host");
}
