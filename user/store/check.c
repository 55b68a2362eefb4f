// SPDX-License-Identifier: Apache-2.0
/* Verify the store and finish or undo what a crash interrupted. */
#include "store/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/lock.h"
#include "spec/image_manifest.h"
#include "store/gc.h"
#include "store/image.h"
#include "store/index.h"
#include "store/layer.h"
#include "store/limits.h"
#include "store/ref.h"
#include "store/staging.h"
#include "store/store.h"

void store_report_done(struct store_report *r)
{
	strv_done(&r->fixed);
	strv_done(&r->problems);
}

/* Is the blob there with this size? */
static bool has_blob(const struct store *st, const char *hex, uint64_t size)
{
	char path[sizeof("blobs/sha256/") + DIGEST_HEX_LEN];
	struct stat sb;

	(void)snprintf(path, sizeof(path), "blobs/sha256/%s", hex); /* sized for it */
	return fstatat(st->fd, path, &sb, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(sb.st_mode) &&
	       (uint64_t)sb.st_size == size;
}

static int check_blobs(const struct store *st, const struct image *im, struct store_report *rep)
{
	_cleanup_(manifest_done) struct manifest m = { .n_layers = 0 };
	_cleanup_json_ json_t *j = NULL;
	char path[sizeof("blobs/sha256/") + DIGEST_HEX_LEN];
	int r = 0;

	(void)snprintf(path, sizeof(path), "blobs/sha256/%s", im->manifest); /* sized for it */
	if (!has_blob(st, im->manifest, im->manifest_size) ||
	    json_read_file(st->fd, path, LIMIT_MANIFEST_BYTES, &j, NULL) < 0 ||
	    manifest_parse(j, &m, NULL) < 0)
		return strv_addf(&rep->problems, "image '%.12s': manifest 'sha256:%s' is damaged",
				 im->id, im->manifest);
	if (!has_blob(st, m.config.digest, m.config.size))
		r = strv_addf(&rep->problems, "image '%.12s': blob 'sha256:%s' is missing or short",
			      im->id, m.config.digest);
	for (size_t i = 0; r == 0 && i < m.n_layers; i++)
		if (!has_blob(st, m.layers[i].digest, m.layers[i].size))
			r = strv_addf(&rep->problems,
				      "image '%.12s': blob 'sha256:%s' is missing or short", im->id,
				      m.layers[i].digest);
	return r;
}

/* The record names links; each must lead to the layer of the same place. */
static int check_layers(const struct store *st, const struct image *im, struct store_report *rep,
			struct err *e)
{
	for (size_t i = 0; i < im->keys.n; i++) {
		char link[sizeof("l/") + LAYER_LINK_MAX];
		_cleanup_free_ char *target = str_printf("../layers/%s/fs", im->keys.v[i]);
		_cleanup_free_ char *have = NULL;

		if (!target)
			return err_set(e, ENOMEM, "check layers");
		if ((size_t)snprintf(link, sizeof(link), "l/%s", im->layers.v[i]) >= sizeof(link) ||
		    !fs_exists(st->fd, target + 3)) {
			if (strv_addf(&rep->problems, "image '%.12s': layer '%.12s' is missing",
				      im->id, im->keys.v[i]) < 0)
				return err_set(e, ENOMEM, "check layers");
			continue;
		}
		have = fs_read_link(st->fd, link);
		if (str_eq(have, target))
			continue;
		if ((have && unlinkat(st->fd, link, 0) < 0) || symlinkat(target, st->fd, link) < 0)
			return err_set(e, errno, "restore link '%s'", link);
		if (strv_addf(&rep->fixed, "link '%s' restored", im->layers.v[i]) < 0)
			return err_set(e, ENOMEM, "check layers");
	}
	return 0;
}

struct ref_check {
	const struct store *st;
	const struct image_list *l;
	struct store_report *rep;
};

/* A name whose image is gone goes too; so does a digest that its image does not have. */
static int check_ref(const struct image_ref *ref, const char *id, const char *file, void *data,
		     struct err *e)
{
	struct ref_check *c = data;
	char path[sizeof("refs/") + LIMIT_REF_FILE + 1];

	for (size_t i = 0; ref && i < c->l->n; i++)
		if (strcmp(c->l->v[i].id, id) == 0 &&
		    (!ref->digest[0] || strcmp(ref->digest, c->l->v[i].manifest) == 0))
			return 0;
	(void)snprintf(path, sizeof(path), "refs/%s", file); /* a file name fits */
	if (unlinkat(c->st->fd, path, 0) < 0 && errno != ENOENT)
		return err_set(e, errno, "remove '%s'", path);
	if (strv_addf(&c->rep->fixed, "name '%s' of no image removed", file) < 0)
		return err_set(e, ENOMEM, "check names");
	return 0;
}

/* Digest names that a crash kept from being made. */
static int restore_digests(const struct store *st, int tmp, const struct image_list *l,
			   struct store_report *rep, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		struct image_ref ref = { .name = "" };
		char id[DIGEST_HEX_LEN + 1];
		int r;

		memcpy(ref.digest, l->v[i].manifest, sizeof(ref.digest));
		if (ref_read(st, &ref, id, NULL) == 0 && strcmp(id, l->v[i].id) == 0)
			continue;
		r = ref_set(st, tmp, &ref, l->v[i].id, e);
		if (r < 0)
			return r;
		if (strv_addf(&rep->fixed, "digest of image '%.12s' restored", l->v[i].id) < 0)
			return err_set(e, ENOMEM, "check names");
	}
	return 0;
}

static int drop_damaged(const struct store *st, const struct strv *damaged,
			struct store_report *rep, struct err *e)
{
	for (size_t i = 0; i < damaged->n; i++) {
		_cleanup_free_ char *path = str_printf("images/%s", damaged->v[i]);
		int r = path ? trash_put(st, path, e) : err_set(e, ENOMEM, "check images");

		if (r < 0)
			return r;
		if (strv_addf(&rep->problems,
			      "image '%.12s': its record is damaged; it is removed, load it again",
			      damaged->v[i]) < 0)
			return err_set(e, ENOMEM, "check images");
	}
	return 0;
}

/* Images that a dead commit made and did not come to name. */
static int drop_unfinished(const struct store *st, const struct image_list *l,
			   struct store_report *rep, struct err *e)
{
	_cleanup_strv_ struct strv ids = { .n = 0 }, users = { .n = 0 };
	int r = staging_unfinished(st, &ids, e);

	for (size_t i = 0; r == 0 && i < l->n; i++) {
		_cleanup_free_ char *path = NULL;

		if (l->v[i].names.n || !strv_has(&ids, l->v[i].id))
			continue;
		r = image_users(st, l->v[i].id, &users, e);
		if (r < 0 || users.n)
			return r;
		path = str_printf("images/%s", l->v[i].id);
		r = path ? trash_put(st, path, e) : -ENOMEM;
		if (r == 0)
			r = strv_addf(&rep->fixed, "image '%.12s' of an interrupted load removed",
				      l->v[i].id);
	}
	return r < 0 && e && !e->code ? err_set(e, r, "check images") : r;
}

static int check_locked(const struct store *st, int tmp, struct store_report *rep, struct err *e)
{
	_cleanup_(image_list_done) struct image_list l = { .n = 0 }, named = { .n = 0 };
	_cleanup_strv_ struct strv damaged = { .n = 0 };
	struct ref_check c = { st, &l, rep };
	int r = image_list(st, &named, &damaged, e);

	if (r == 0)
		r = drop_damaged(st, &damaged, rep, e);
	if (r == 0)
		r = drop_unfinished(st, &named, rep, e);
	image_list_done(&named);
	if (r == 0)
		r = image_list(st, &l, NULL, e);
	for (size_t i = 0; r == 0 && i < l.n; i++) {
		r = check_layers(st, &l.v[i], rep, e);
		if (r == 0 && check_blobs(st, &l.v[i], rep) < 0)
			r = err_set(e, ENOMEM, "check blobs");
	}
	if (r == 0)
		r = ref_each(st, check_ref, &c, e);
	if (r == 0)
		r = restore_digests(st, tmp, &l, rep, e);
	if (r == 0)
		r = image_list(st, &named, NULL, e);
	if (r == 0)
		r = index_write(st, tmp, &named, e);
	if (r > 0 && strv_add(&rep->fixed, "index.json restored") < 0)
		r = err_set(e, ENOMEM, "check index");
	return r < 0 ? r : gc_collect(st, &l, &rep->fixed, e);
}

static int add_count(struct strv *l, int n, const char *what, struct err *e)
{
	if (n > 0 && strv_addf(l, "%d %s", n, what) < 0)
		return err_set(e, ENOMEM, "check store");
	return n < 0 ? n : 0;
}

/* Leftovers in tmp/ go last: they are what tells the next load that something was interrupted. */
static int check_all(const struct store *st, struct store_report *rep, struct err *e)
{
	_cleanup_(staging_done) struct staging s = STAGING_INIT;
	int lock, r = add_count(&rep->fixed, trash_empty(st, e), "things in the trash", e);

	if (r == 0)
		r = staging_open(st, &s, e);
	if (r < 0)
		return r;
	lock = lock_open(st->fd, "lock", LOCK_EX, e);
	if (lock < 0)
		return lock;
	r = check_locked(st, s.fd, rep, e);
	(void)fd_close(lock);
	if (r == 0)
		r = trash_empty(st, e);
	if (r < 0)
		return r;
	return add_count(&rep->fixed, staging_sweep(st, false, e),
			 "leftovers of interrupted commands", e);
}

int store_check(const struct store *st, struct store_report *ret, struct err *e)
{
	_cleanup_(store_report_done) struct store_report rep = { .fixed = { .n = 0 } };
	int r = check_all(st, &rep, e);

	if (r < 0)
		return r;
	*ret = rep;
	rep = (struct store_report){ .fixed = { .n = 0 } };
	return 0;
}

int store_recover(const struct store *st, struct err *e)
{
	_cleanup_(store_report_done) struct store_report rep = { .fixed = { .n = 0 } };
	int n = staging_sweep(st, true, e);

	if (n > 0)
		return store_check(st, &rep, e);
	if (n == 0)
		n = trash_empty(st, e);
	return n < 0 ? n : 0;
}
