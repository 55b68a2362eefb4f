// SPDX-License-Identifier: Apache-2.0
/* Unpacked layers: their record, their link, putting them in place. */
#include "store/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/lock.h"
#include "store/store.h"

#define LAYER_JSON_MAX 4096u
#define PATH_BUF       (sizeof("layers//layer.json") + DIGEST_HEX_LEN)
#define TARGET_BUF     (sizeof("../layers//fs") + DIGEST_HEX_LEN)

static int parse(const json_t *j, struct layer *l, struct err *e)
{
	const char *diff_id = "", *blob = "";
	int64_t entries = 0, bytes = 0;
	int r;

	if ((r = json_get_string(j, "diff_id", &diff_id, e)) < 0 ||
	    (r = json_get_string(j, "blob", &blob, e)) < 0 ||
	    (r = json_get_i64(j, "entries", &entries, e)) < 0 ||
	    (r = json_get_i64(j, "bytes", &bytes, e)) < 0 ||
	    (r = json_get_bool(j, "implicit", &l->has_implicit, e)) < 0 ||
	    (r = json_get_bool(j, "opaque_root", &l->is_opaque_root, e)) < 0)
		return r;
	if (!digest_is_hex(diff_id, DIGEST_HEX_LEN) || !digest_is_hex(blob, DIGEST_HEX_LEN))
		return err_plain(e, -EBADMSG, "the record is not complete");
	memcpy(l->diff_id, diff_id, sizeof(l->diff_id));
	memcpy(l->blob, blob, sizeof(l->blob));
	l->entries = (uint64_t)entries;
	l->bytes = (uint64_t)bytes;
	return 0;
}

static void read_link(const struct store *st, struct layer *l)
{
	char path[PATH_BUF];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "layers/%s/link", l->key); /* sized for it */
	n = readlinkat(st->fd, path, l->link, LAYER_LINK_MAX);
	l->link[n > 0 ? n : 0] = '\0';
}

int layer_read(const struct store *st, const char *key, struct layer *ret, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	struct layer l = { .bytes = 0 };
	struct err why = ERR_INIT;
	char path[PATH_BUF];
	int r;

	(void)snprintf(path, sizeof(path), "layers/%s/layer.json", key); /* sized for it */
	r = json_read_file(st->fd, path, LAYER_JSON_MAX, &j, &why);
	if (r == -ENOENT)
		return r;
	if (r == 0)
		r = parse(j, &l, &why);
	if (r < 0) {
		if (e)
			*e = why;
		return err_wrap(e, r, "read layer '%.12s'", key);
	}
	memcpy(l.key, key, sizeof(l.key));
	read_link(st, &l);
	*ret = l;
	return 0;
}

void layer_text(const struct layer *l, struct str *out)
{
	str_addf(out,
		 "{\"diff_id\":\"%s\",\"blob\":\"%s\",\"entries\":%llu,\"bytes\":%llu,"
		 "\"implicit\":%s,\"opaque_root\":%s}\n",
		 l->diff_id, l->blob, (unsigned long long)l->entries,
		 (unsigned long long)l->bytes, l->has_implicit ? "true" : "false",
		 l->is_opaque_root ? "true" : "false");
}

int layer_pin(const struct store *st, const char *key, struct err *e)
{
	char path[PATH_BUF];
	struct err why = ERR_INIT;
	int fd;

	(void)snprintf(path, sizeof(path), "layers/%s", key); /* sized for it */
	fd = lock_dir(st->fd, path, LOCK_SH, &why);
	if (fd < 0 && fd != -ENOENT && e)
		*e = why;
	return fd;
}

/* @n in base 32. */
static void link_name(unsigned int n, char ret[static LAYER_LINK_MAX + 1])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	char reversed[LAYER_LINK_MAX];
	size_t len = 0;

	do {
		reversed[len++] = digits[n % 32];
		n /= 32;
	} while (n && len < LAYER_LINK_MAX);
	for (size_t i = 0; i < len; i++)
		ret[i] = reversed[len - 1 - i];
	ret[len] = '\0';
}

/* Does l/<link> lead to this layer? */
static bool link_is_right(const struct store *st, const struct layer *l)
{
	char path[sizeof("l/") + LAYER_LINK_MAX], target[TARGET_BUF];
	_cleanup_free_ char *have = NULL;

	if (!l->link[0])
		return false;
	(void)snprintf(path, sizeof(path), "l/%s", l->link); /* both sized for it */
	(void)snprintf(target, sizeof(target), "../layers/%s/fs", l->key);
	have = fs_read_link(st->fd, path);
	return str_eq(have, target);
}

/* Reserve the lowest free name below l/ for @l. */
static int make_link(const struct store *st, struct layer *l, struct err *e)
{
	char path[sizeof("l/") + LAYER_LINK_MAX], target[TARGET_BUF];

	(void)snprintf(target, sizeof(target), "../layers/%s/fs", l->key); /* sized for it */
	for (unsigned int n = 1; n < 1u << (5 * LAYER_LINK_MAX); n++) {
		link_name(n, l->link);
		(void)snprintf(path, sizeof(path), "l/%s", l->link); /* sized for it */
		if (symlinkat(target, st->fd, path) == 0)
			return 0;
		if (errno != EEXIST)
			return err_set(e, errno, "create link '%s'", path);
	}
	return err_plain(e, -ENOSPC, "the store holds too many layers");
}

/* Write the link's name into the layer's directory @dir in @at. */
static int store_link(int at, const char *dir, const struct layer *l, struct err *e)
{
	char path[PATH_BUF];

	if ((size_t)snprintf(path, sizeof(path), "%s/link", dir) >= sizeof(path))
		return err_set(e, ENAMETOOLONG, "write link of layer '%.12s'", l->key);
	if (unlinkat(at, path, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove '%s'", path);
	if (symlinkat(l->link, at, path) < 0)
		return err_set(e, errno, "create '%s'", path);
	return 0;
}

int layer_place(const struct store *st, int tmp, const char *staged, struct layer *l,
		struct err *e)
{
	char path[PATH_BUF];
	int r;

	(void)snprintf(path, sizeof(path), "layers/%s", l->key); /* sized for it */
	if (fs_exists(st->fd, path)) {
		read_link(st, l);
		if (link_is_right(st, l))
			return 0;
		r = make_link(st, l, e);
		return r < 0 ? r : store_link(st->fd, path, l, e);
	}
	if (!staged)
		return err_plain(e, -ENOENT, "layer '%.12s' is gone", l->key);
	r = make_link(st, l, e);
	if (r == 0)
		r = store_link(tmp, staged, l, e);
	if (r == 0 && renameat(tmp, staged, st->fd, path) < 0)
		r = err_set(e, errno, "move layer into '%s'", path);
	return r;
}
