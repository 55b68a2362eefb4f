// SPDX-License-Identifier: Apache-2.0
/* Collect what no image mentions: mark from the records and manifests, then sweep three folders. */
#include "store/gc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/libc.h"
#include "spec/image_manifest.h"
#include "store/image.h"
#include "store/layer.h"
#include "store/limits.h"
#include "store/staging.h"
#include "store/store.h"

/* Digests in use, sorted before the sweep. */
struct marks {
	char (*v)[DIGEST_HEX_LEN + 1];
	size_t n, cap;
};

static void marks_done(struct marks *m)
{
	free(m->v);
}

static int mark(struct marks *m, const char *hex)
{
	if (m->n == m->cap) {
		size_t cap = m->cap ? m->cap * 2 : 256;
		void *v = realloc(m->v, cap * sizeof(*m->v));

		if (!v)
			return -ENOMEM;
		m->v = v;
		m->cap = cap;
	}
	memcpy(m->v[m->n++], hex, sizeof(*m->v));
	return 0;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, DIGEST_HEX_LEN);
}

static bool is_marked(const struct marks *m, const char *hex)
{
	return m->n && digest_is_hex(hex, DIGEST_HEX_LEN) &&
	       bsearch(hex, m->v, m->n, sizeof(*m->v), compare);
}

/* The blobs that a manifest mentions. One that is gone or damaged mentions nothing. */
static int mark_manifest(const struct store *st, const char *hex, struct marks *blobs)
{
	_cleanup_(manifest_done) struct manifest m = { .n_layers = 0 };
	_cleanup_json_ json_t *j = NULL;
	char path[sizeof("blobs/sha256/") + DIGEST_HEX_LEN];
	int r;

	(void)snprintf(path, sizeof(path), "blobs/sha256/%s", hex); /* sized for it */
	if (json_read_file(st->fd, path, LIMIT_MANIFEST_BYTES, &j, NULL) < 0 ||
	    manifest_parse(j, &m, NULL) < 0)
		return 0;
	r = mark(blobs, m.config.digest);
	for (size_t i = 0; r == 0 && i < m.n_layers; i++)
		r = mark(blobs, m.layers[i].digest);
	return r;
}

static int mark_all(const struct store *st, const struct image_list *l, struct marks *blobs,
		    struct marks *layers)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->n; i++) {
		r = mark(blobs, l->v[i].manifest);
		if (r == 0)
			r = mark(blobs, l->v[i].id);
		if (r == 0)
			r = mark_manifest(st, l->v[i].manifest, blobs);
		for (size_t k = 0; r == 0 && k < l->v[i].keys.n; k++)
			if (digest_is_hex(l->v[i].keys.v[k], DIGEST_HEX_LEN))
				r = mark(layers, l->v[i].keys.v[k]);
	}
	if (blobs->n)
		qsort(blobs->v, blobs->n, sizeof(*blobs->v), compare);
	if (layers->n)
		qsort(layers->v, layers->n, sizeof(*layers->v), compare);
	return r;
}

/* Somebody holds a shared lock on it: a load that is about to use it. */
static bool is_pinned(int dir, const char *name)
{
	_cleanup_fd_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0;
}

static int tell(struct strv *what, const char *kind, const char *name, struct err *e)
{
	if (what && strv_addf(what, "%s '%.76s'", kind, name) < 0)
		return err_set(e, ENOMEM, "collect garbage");
	return 0;
}

static int sweep(const struct store *st, const char *folder, const struct marks *m,
		 const char *kind, struct strv *what, struct err *e)
{
	int fd = openat(st->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;

	if (!d) {
		int r = err_set(e, errno, "open '%s'", folder);

		(void)fd_close(fd);
		return r;
	}
	while ((de = readdir(d)) != NULL) {
		char path[32 + sizeof(de->d_name)];
		int r;

		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0 ||
		    is_marked(m, de->d_name) || is_pinned(dirfd(d), de->d_name))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, de->d_name); /* sized for it */
		r = tell(what, kind, de->d_name, e);
		if (r == 0)
			r = trash_put(st, path, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Links whose layer is gone, or has another link. */
static int sweep_links(const struct store *st, struct strv *what, struct err *e)
{
	int fd = openat(st->fd, "l", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;

	if (!d) {
		int r = err_set(e, errno, "open 'l'");

		(void)fd_close(fd);
		return r;
	}
	while ((de = readdir(d)) != NULL) {
		char path[PATH_MAX];
		_cleanup_free_ char *target = NULL, *own = NULL;
		int r;

		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		/* ../layers/KEY/fs to layers/KEY/link */
		target = fs_read_link(dirfd(d), de->d_name);
		if (str_starts(target ? target : "", "../layers/") && str_ends(target, "/fs")) {
			(void)snprintf(path, sizeof(path), "%.*s/link", (int)strlen(target) - 6,
				       target + 3);
			own = fs_read_link(st->fd, path);
		}
		if (str_eq(own, de->d_name))
			continue;
		r = tell(what, "link", de->d_name, e);
		if (r < 0)
			return r;
		if (unlinkat(dirfd(d), de->d_name, 0) < 0 && errno != ENOENT)
			return err_set(e, errno, "remove link '%s'", de->d_name);
	}
	return 0;
}

int gc_collect(const struct store *st, const struct image_list *l, struct strv *ret_what,
	       struct err *e)
{
	_cleanup_(marks_done) struct marks blobs = { .n = 0 }, layers = { .n = 0 };
	int r = mark_all(st, l, &blobs, &layers);

	if (r < 0)
		return err_set(e, r, "collect garbage");
	r = sweep(st, "layers", &layers, "layer", ret_what, e);
	if (r == 0)
		r = sweep(st, "blobs/sha256", &blobs, "blob", ret_what, e);
	return r < 0 ? r : sweep_links(st, ret_what, e);
}
