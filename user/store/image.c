// SPDX-License-Identifier: Apache-2.0
/* Images in the store: from a reference to the record. */
#include "store/image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "store/record.h"
#include "store/ref.h"
#include "store/store.h"

void image_done(struct image *im)
{
	image_config_done(&im->config);
	strv_done(&im->layers);
	strv_done(&im->keys);
	strv_done(&im->names);
	*im = (struct image){ .size = 0 };
}

static int not_found(const char *ref, struct err *e)
{
	int r = err_plain(e, -ENOENT, "no such image: '%s'", ref);

	err_hint(e, "'davit images' lists what is here; 'davit load -i FILE' or "
		    "'davit import TAR NAME' brings an image in");
	return r;
}

/* The one image whose id starts with @prefix. */
static int find_prefix(const struct store *st, const char *prefix, char id[DIGEST_HEX_LEN + 1],
		       struct err *e)
{
	_cleanup_dir_ DIR *d = NULL;
	size_t n = strlen(prefix);
	struct dirent *de;
	int found = 0;
	int fd = openat(st->fd, "images", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || !(d = fdopendir(fd))) {
		(void)fd_close(fd);
		return err_set(e, errno, "open 'images'");
	}
	while ((de = readdir(d)) != NULL) {
		if (strncmp(de->d_name, prefix, n) != 0 || !digest_is_hex(de->d_name, DIGEST_HEX_LEN))
			continue;
		memcpy(id, de->d_name, DIGEST_HEX_LEN + 1);
		found++;
	}
	if (found > 1)
		return err_plain(e, -ENOTUNIQ, "image id '%s' is not unique", prefix);
	return found ? 0 : -ENOENT;
}

static bool is_id_prefix(const char *s)
{
	size_t n = strlen(s);

	return n >= IMAGE_ID_PREFIX_MIN && n <= DIGEST_HEX_LEN && digest_is_hex(s, n);
}

/* Reference to image id; @ret_name is the short name if it was found by one, else "". */
static int resolve(const struct store *st, const char *text, char id[DIGEST_HEX_LEN + 1],
		   char ret_name[static IMAGE_REF_TEXT_MAX], struct err *e)
{
	const char *hex = str_starts(text, "sha256:") ? text + 7 : text;
	struct image_ref ref;
	int r;

	ret_name[0] = '\0';
	if (digest_is_hex(hex, DIGEST_HEX_LEN)) {
		memcpy(id, hex, DIGEST_HEX_LEN + 1);
		return 0;
	}
	if (hex == text) {
		r = image_ref_parse(text, &ref, e);
		if (r < 0)
			return r;
		r = ref_read(st, &ref, id, e);
		if (r == 0 && !ref.digest[0])
			(void)image_ref_short(&ref, ret_name);
		if (r != -ENOENT)
			return r;
	}
	return is_id_prefix(hex) ? find_prefix(st, hex, id, e) : -ENOENT;
}

int image_find(const struct store *st, const char *ref, struct image *ret, struct err *e)
{
	_cleanup_(image_done) struct image im = { .size = 0 };
	char id[DIGEST_HEX_LEN + 1], name[IMAGE_REF_TEXT_MAX];
	int r = resolve(st, ref, id, name, e);

	if (r == 0)
		r = record_read(st, id, &im, e);
	if (r == -ENOENT)
		return not_found(ref, e);
	if (r < 0)
		return r;
	if (name[0] && strv_add(&im.names, name) < 0)
		return err_set(e, ENOMEM, "read image '%s'", ref);
	*ret = im;
	im = (struct image){ .size = 0 };
	return 0;
}
