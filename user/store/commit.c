// SPDX-License-Identifier: Apache-2.0
/* Make a staged image part of the store: blobs, layers, record, names, index, in this order. */
#include "store/commit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/lock.h"
#include "store/gc.h"
#include "store/image.h"
#include "store/index.h"
#include "store/record.h"
#include "store/ref.h"
#include "store/staging.h"
#include "store/store.h"

#define BLOB_BUF (sizeof("blobs/sha256/") + DIGEST_HEX_LEN)

static int place_blobs(const struct staging *s, const struct commit *c, struct err *e)
{
	for (size_t i = 0; i < c->blobs.n; i++) {
		char from[BLOB_BUF], to[BLOB_BUF];

		(void)snprintf(from, sizeof(from), "blobs/%s", c->blobs.v[i]); /* sized for them */
		(void)snprintf(to, sizeof(to), "blobs/sha256/%s", c->blobs.v[i]);
		/* over one that is there: the same bytes, and then known to be intact */
		if (renameat(s->fd, from, s->store->fd, to) < 0 &&
		    (errno != ENOENT || !fs_exists(s->store->fd, to)))
			return err_set(e, errno, "move blob into '%s'", to);
	}
	return 0;
}

/* Fill image->layers and ->keys, top first. Of a key that occurs twice only the upper one counts:
 * it shows all that the lower one would, and overlay refuses the same directory twice. Below an
 * opaque root nothing shows. */
static int list_layers(const struct commit *c, struct err *e)
{
	struct image *im = c->image;

	for (size_t i = c->n_layers; i-- > 0;) {
		const struct layer *l = &c->layers[i].layer;

		if (strv_has(&im->keys, l->key))
			continue;
		if (strv_add(&im->keys, l->key) < 0 || strv_add(&im->layers, l->link) < 0)
			return err_set(e, ENOMEM, "list layers");
		if (l->is_opaque_root)
			break;
	}
	return 0;
}

static int place_layers(const struct staging *s, const struct commit *c, struct err *e)
{
	for (size_t i = 0; i < c->n_layers; i++) {
		int r = layer_place(s->store, s->fd, c->layers[i].staged, &c->layers[i].layer, e);

		if (r < 0)
			return r;
	}
	return list_layers(c, e);
}

static int sync_dir(const struct store *st, const char *path, struct err *e)
{
	_cleanup_fd_ int fd = openat(st->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? err_set(e, errno, "sync '%s'", path) : 0;
}

/* The record makes the image exist; all that it mentions is durable before. */
static int place_record(const struct staging *s, const struct image *im, struct err *e)
{
	static const char *const before[] = { "blobs/sha256", "layers", "l" };
	_cleanup_str_ struct str text = STR_INIT;
	char dir[sizeof("images/") + DIGEST_HEX_LEN], file[sizeof(dir) + sizeof("/image.json")];
	int r;

	record_text(im, &text);
	if (str_failed(&text))
		return err_set(e, ENOMEM, "write record of image");
	if (mkdirat(s->fd, "image", 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "create 'image'");
	r = io_replace_file(s->fd, "image/image.json", text.p, text.len, 0644, IO_SYNC, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(before); i++)
		r = sync_dir(s->store, before[i], e);
	if (r < 0)
		return r;
	(void)snprintf(dir, sizeof(dir), "images/%s", im->id); /* both sized for it */
	(void)snprintf(file, sizeof(file), "%s/image.json", dir);
	if (renameat(s->fd, "image", s->store->fd, dir) < 0 &&
	    renameat(s->fd, "image/image.json", s->store->fd, file) < 0)
		return err_set(e, errno, "write '%s'", file);
	r = sync_dir(s->store, dir, e);
	return r < 0 ? r : sync_dir(s->store, "images", e);
}

/* @is_replaced: the image was there with another manifest, whose blobs nobody needs now. */
static int place_names(const struct staging *s, const struct commit *c, bool is_replaced,
		       struct err *e)
{
	_cleanup_(image_list_done) struct image_list l = { .n = 0 };
	struct image_ref by_digest = { .name = "" };
	int r;

	memcpy(by_digest.digest, c->image->manifest, sizeof(by_digest.digest));
	r = ref_set(s->store, s->fd, &by_digest, c->image->id, e);
	for (size_t i = 0; r == 0 && i < c->n_refs; i++)
		r = ref_set(s->store, s->fd, &c->refs[i], c->image->id, e);
	if (r == 0)
		r = sync_dir(s->store, "refs", e);
	if (r == 0)
		r = image_list(s->store, &l, NULL, e);
	if (r == 0)
		r = index_write(s->store, s->fd, &l, e);
	if (r > 0)
		r = sync_dir(s->store, ".", e);
	if (r == 0 && is_replaced)
		r = gc_collect(s->store, &l, NULL, e);
	return r;
}

/* The manifest under which the image was known before, or "". */
static void old_manifest(const struct store *st, const char *id, char ret[DIGEST_HEX_LEN + 1])
{
	_cleanup_(image_done) struct image old = { .size = 0 };

	ret[0] = '\0';
	if (record_read(st, id, &old, NULL) == 0)
		memcpy(ret, old.manifest, sizeof(old.manifest));
}

/*
 * Between the record and the names the image exists without a name, which is a state of its own: the
 * link STAGING_NEW_IMAGE tells store_check() that nobody wanted it so.
 */
static int place_all(const struct staging *s, struct commit *c, struct err *e)
{
	char old[DIGEST_HEX_LEN + 1];
	struct image_ref gone = { .name = "" };
	bool is_replaced;
	int r;

	old_manifest(s->store, c->image->id, old);
	r = place_blobs(s, c, e);
	if (r == 0)
		r = place_layers(s, c, e);
	if (r == 0 && !old[0] && symlinkat(c->image->id, s->fd, STAGING_NEW_IMAGE) < 0)
		r = err_set(e, errno, "create '%s'", STAGING_NEW_IMAGE);
	if (r == 0)
		r = place_record(s, c->image, e);
	is_replaced = old[0] && strcmp(old, c->image->manifest) != 0;
	if (r == 0 && is_replaced) {
		memcpy(gone.digest, old, sizeof(gone.digest));
		r = ref_remove(s->store, &gone, e);
	}
	if (r == 0)
		r = place_names(s, c, is_replaced, e);
	if (r == 0 && unlinkat(s->fd, STAGING_NEW_IMAGE, 0) < 0 && errno != ENOENT)
		r = err_set(e, errno, "remove '%s'", STAGING_NEW_IMAGE);
	return r;
}

int store_commit(const struct staging *s, struct commit *c, struct err *e)
{
	_cleanup_fd_ int lock = -1;
	int r;

	/* before the lock: this is what takes long */
	if (syncfs(s->fd) < 0)
		return err_set(e, errno, "sync the store");
	lock = lock_open(s->store->fd, "lock", LOCK_EX, e);
	if (lock < 0)
		return lock;
	r = place_all(s, c, e);
	lock = fd_close(lock);
	if (r == 0)
		r = trash_empty(s->store, e);
	return r < 0 ? r : 0;
}
