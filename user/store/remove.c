// SPDX-License-Identifier: Apache-2.0
/* Name and remove images. */
#include "store/remove.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/lock.h"
#include "store/gc.h"
#include "store/image.h"
#include "store/index.h"
#include "store/ref.h"
#include "store/staging.h"
#include "store/store.h"

static int write_index(const struct store *st, int tmp, struct err *e)
{
	_cleanup_(image_list_done) struct image_list l = { .n = 0 };
	int r = image_list(st, &l, NULL, e);

	return r < 0 ? r : index_write(st, tmp, &l, e);
}

int image_tag(const struct store *st, const char *source, const struct image_ref *name,
	      struct err *e)
{
	_cleanup_(staging_done) struct staging s = STAGING_INIT;
	_cleanup_(image_done) struct image im = { .size = 0 };
	_cleanup_fd_ int lock = -1;
	char before[DIGEST_HEX_LEN + 1];
	int r, had;

	if (name->digest[0])
		return err_plain(e, -EINVAL, "a name cannot be chosen by digest");
	r = staging_open(st, &s, e);
	if (r < 0)
		return r;
	lock = lock_open(st->fd, "lock", LOCK_EX, e);
	if (lock < 0)
		return lock;
	r = image_find(st, source, &im, e);
	had = r == 0 ? ref_read(st, name, before, NULL) : 0;
	if (r == 0)
		r = ref_set(st, s.fd, name, im.id, e);
	if (r < 0)
		return r;
	r = write_index(st, s.fd, e);
	if (r < 0) { /* on a full disk, say: as it was */
		if (had == 0)
			(void)ref_set(st, s.fd, name, before, NULL);
		else
			(void)ref_remove(st, name, NULL);
	}
	return r < 0 ? r : 0;
}

/* The entry of @l that @what means. */
static struct image *pick(const struct store *st, const char *what, struct image_list *l,
			  bool *ret_by_name, char ret_name[static IMAGE_REF_TEXT_MAX], struct err *e)
{
	_cleanup_(image_done) struct image im = { .size = 0 };
	int r = image_find(st, what, &im, e);

	if (r < 0)
		return NULL;
	*ret_by_name = im.names.n > 0;
	(void)snprintf(ret_name, IMAGE_REF_TEXT_MAX, "%s", im.names.n ? im.names.v[0] : "");
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].id, im.id) == 0)
			return &l->v[i];
	(void)err_plain(e, -ENOENT, "no such image: '%s'", what);
	return NULL;
}

static int untag(const struct store *st, const char *name, struct strv *out, struct err *e)
{
	struct image_ref ref;
	int r = image_ref_parse(name, &ref, e);

	if (r == 0)
		r = ref_remove(st, &ref, e);
	if (r == 0 && strv_addf(out, "Untagged: %s", name) < 0)
		r = err_set(e, ENOMEM, "remove image");
	return r;
}

static int in_use(const struct image *im, const char *what, const struct strv *users, struct err *e)
{
	int r = err_plain(e, -EBUSY, "conflict: image '%s' (%.12s) is used by container '%.12s'%s",
			  what, im->id, users->v[0], users->n > 1 ? " and others" : "");

	err_hint(e, "remove the container first, or use -f to remove only the name");
	return r;
}

/* The record goes first: without it the image is gone, whatever happens next. */
static int delete_image(const struct store *st, const struct image *im, struct strv *out,
			struct err *e)
{
	char path[sizeof("images/") + DIGEST_HEX_LEN];
	struct image_ref by_digest = { .name = "" };
	int r;

	(void)snprintf(path, sizeof(path), "images/%s", im->id); /* sized for it */
	memcpy(by_digest.digest, im->manifest, sizeof(by_digest.digest));
	r = trash_put(st, path, e);
	if (r == 0)
		r = ref_remove(st, &by_digest, e);
	if (r == 0 && strv_addf(out, "Deleted: sha256:%s", im->id) < 0)
		r = err_set(e, ENOMEM, "remove image");
	return r;
}

static int remove_locked(const struct store *st, int tmp, const char *what, bool force,
			 struct strv *out, struct err *e)
{
	_cleanup_(image_list_done) struct image_list l = { .n = 0 }, left = { .n = 0 };
	_cleanup_strv_ struct strv users = { .n = 0 };
	char name[IMAGE_REF_TEXT_MAX];
	struct image *im;
	bool by_name, whole;
	int r = image_list(st, &l, NULL, e);

	if (r < 0)
		return r;
	im = pick(st, what, &l, &by_name, name, e);
	if (!im)
		return e && e->code ? e->code : -ENOENT;
	r = image_users(st, im->id, &users, e);
	if (r < 0)
		return r;
	whole = !by_name || im->names.n <= 1;
	if (whole && users.n && (!force || im->names.n == 0))
		return in_use(im, what, &users, e);
	if (!by_name && im->names.n > 1 && !force) {
		r = err_plain(e, -EEXIST, "conflict: image '%s' has %zu names", what, im->names.n);
		err_hint(e, "remove it by name, or use -f to remove all names");
		return r;
	}
	if (by_name)
		r = untag(st, name, out, e);
	for (size_t i = 0; !by_name && r == 0 && i < im->names.n; i++)
		r = untag(st, im->names.v[i], out, e);
	if (r == 0 && whole && users.n == 0)
		r = delete_image(st, im, out, e);
	if (r == 0)
		r = image_list(st, &left, NULL, e);
	if (r < 0)
		return r;
	r = index_write(st, tmp, &left, e);
	if (r != -ENOSPC && r != -EDQUOT)
		return r < 0 ? r : gc_collect(st, &left, NULL, e);
	/* there is room for it when the layers are gone: with the lock held, and if we are killed before the end,
	 * 'davit system check' writes it */
	err_clear(e);
	r = gc_collect(st, &left, NULL, e);
	if (r >= 0)
		(void)trash_empty(st, NULL); /* what is left of it is swept with the next change */
	return r < 0 ? r : index_write(st, tmp, &left, e);
}

int image_remove(const struct store *st, const char *what, bool force, struct strv *ret,
		 struct err *e)
{
	_cleanup_(staging_done) struct staging s = STAGING_INIT;
	int lock, r = staging_open(st, &s, e);

	if (r < 0)
		return r;
	lock = lock_open(st->fd, "lock", LOCK_EX, e);
	if (lock < 0)
		return lock;
	r = remove_locked(st, s.fd, what, force, ret, e);
	(void)fd_close(lock);
	if (r < 0)
		return r;
	r = trash_empty(st, e);
	return r < 0 ? r : 0;
}
