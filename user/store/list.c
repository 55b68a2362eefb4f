// SPDX-License-Identifier: Apache-2.0
/* All images of the store, and who uses them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/json.h"
#include "store/image.h"
#include "store/limits.h"
#include "store/record.h"
#include "store/ref.h"
#include "store/store.h"

/* Sorted by id while names are attached. */
static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct image *)a)->id, ((const struct image *)b)->id);
}

static int newest_first(const void *a, const void *b)
{
	const struct image *x = a, *y = b;

	if (x->created_ns != y->created_ns)
		return x->created_ns < y->created_ns ? 1 : -1;
	return by_id(a, b);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void image_list_done(struct image_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		image_done(&l->v[i]);
	free(l->v);
	*l = (struct image_list){ .n = 0 };
}

static int add(struct image_list *l, size_t *cap, const struct image *im)
{
	if (l->n == *cap) {
		size_t n = *cap ? *cap * 2 : 32;
		struct image *v = realloc(l->v, n * sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->v = v;
		*cap = n;
	}
	l->v[l->n++] = *im;
	return 0;
}

static int read_all(const struct store *st, struct image_list *l, struct strv *damaged,
		    struct err *e)
{
	int fd = openat(st->fd, "images", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;
	size_t cap = 0;

	if (!d) {
		int r = err_set(e, errno, "open 'images'");

		(void)fd_close(fd);
		return r;
	}
	while ((de = readdir(d)) != NULL) {
		struct image im = { .size = 0 };
		int r;

		if (!digest_is_hex(de->d_name, DIGEST_HEX_LEN))
			continue;
		r = record_read(st, de->d_name, &im, e);
		if (r == 0) {
			r = add(l, &cap, &im);
			if (r < 0)
				image_done(&im);
		} else if (damaged) {
			r = strv_add(damaged, de->d_name);
		} else if (r == -ENOENT) {
			continue; /* it was removed while we looked */
		}
		if (r < 0)
			return e && e->code ? r : err_set(e, r, "list images");
	}
	return 0;
}

static int attach_name(const struct image_ref *ref, const char *id, const char *file, void *data,
		       struct err *e)
{
	struct image_list *l = data;
	struct image key = { .size = 0 }, *im;
	char text[IMAGE_REF_TEXT_MAX];

	(void)file;
	if (!ref || ref->digest[0] || l->n == 0)
		return 0;
	memcpy(key.id, id, sizeof(key.id));
	im = bsearch(&key, l->v, l->n, sizeof(*l->v), by_id);
	if (im && strv_add(&im->names, image_ref_short(ref, text)) < 0)
		return err_set(e, ENOMEM, "list images");
	return 0;
}

int image_list(const struct store *st, struct image_list *ret, struct strv *ret_damaged,
	       struct err *e)
{
	_cleanup_(image_list_done) struct image_list l = { .n = 0 };
	int r = read_all(st, &l, ret_damaged, e);

	if (r < 0)
		return r;
	if (l.n)
		qsort(l.v, l.n, sizeof(*l.v), by_id);
	r = ref_each(st, attach_name, &l, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < l.n; i++)
		if (l.v[i].names.n)
			qsort(l.v[i].names.v, l.v[i].names.n, sizeof(char *), by_text);
	if (l.n)
		qsort(l.v, l.n, sizeof(*l.v), newest_first);
	*ret = l;
	l = (struct image_list){ .n = 0 };
	return 0;
}

int image_users(const struct store *st, const char *id, struct strv *ret, struct err *e)
{
	int fd = openat(st->fd, "containers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *de;

	if (!d) {
		int r = err_set(e, errno, "open 'containers'");

		(void)fd_close(fd);
		return r;
	}
	while ((de = readdir(d)) != NULL) {
		char path[sizeof(de->d_name) + sizeof("/config.json")];
		_cleanup_json_ json_t *j = NULL;
		const char *image = "";

		if (de->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/config.json", de->d_name); /* sized for it */
		/* a container without a record is being made or removed: it holds the store lock
		 * or uses nothing */
		if (json_read_file(dirfd(d), path, LIMIT_RECORD_BYTES, &j, NULL) < 0 ||
		    json_get_string(j, "image_id", &image, NULL) < 0)
			continue;
		if (str_starts(image, "sha256:"))
			image += 7;
		if (strcmp(image, id) == 0 && strv_add(ret, de->d_name) < 0)
			return err_set(e, ENOMEM, "list containers");
	}
	return 0;
}
