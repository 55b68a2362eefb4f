// SPDX-License-Identifier: Apache-2.0
/* The record of an image: written once by a load, read by every start. */
#include "store/record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/json.h"
#include "spec/image_manifest.h"
#include "store/image.h"
#include "store/limits.h"
#include "store/store.h"

#define RECORD_VERSION 1

static int parse(const json_t *j, const char *id, struct image *im, struct err *e)
{
	int64_t version = 0, size = 0;
	int64_t manifest_size = 0;
	const char *manifest = "", *type = "";
	json_t *config = NULL;
	int r = json_get_i64(j, "version", &version, e);

	if (r < 0)
		return r;
	if (version != RECORD_VERSION)
		return err_plain(e, -EBADMSG, "record version %lld is not %d", (long long)version,
				 RECORD_VERSION);
	if ((r = json_get_string(j, "manifest", &manifest, e)) < 0 ||
	    (r = json_get_string(j, "manifest_type", &type, e)) < 0 ||
	    (r = json_get_i64(j, "manifest_size", &manifest_size, e)) < 0 ||
	    (r = json_get_i64(j, "size", &size, e)) < 0 ||
	    (r = json_get_object(j, "config", &config, e)) < 0 ||
	    (r = json_get_strv(j, "layers", MANIFEST_LAYERS_MAX, &im->layers, e)) < 0 ||
	    (r = json_get_strv(j, "keys", MANIFEST_LAYERS_MAX, &im->keys, e)) < 0)
		return r;
	if (!digest_is_hex(manifest, DIGEST_HEX_LEN) || size < 0 || !config ||
	    im->layers.n != im->keys.n)
		return err_plain(e, -EBADMSG, "the record is not complete");
	r = image_config_parse(config, &im->config, e);
	if (r < 0)
		return r;
	memcpy(im->id, id, DIGEST_HEX_LEN + 1);
	memcpy(im->manifest, manifest, DIGEST_HEX_LEN + 1);
	im->manifest_size = (uint64_t)manifest_size;
	im->manifest_type = str_eq(type, MEDIA_DOCKER_MANIFEST) ? MEDIA_DOCKER_MANIFEST :
								  MEDIA_OCI_MANIFEST;
	im->size = (uint64_t)size;
	im->created_ns = im->config.created_ns;
	return 0;
}

int record_read(const struct store *st, const char *id, struct image *ret, struct err *e)
{
	char path[sizeof("images//image.json") + DIGEST_HEX_LEN];
	_cleanup_(image_done) struct image im = { .size = 0 };
	_cleanup_json_ json_t *j = NULL;
	_cleanup_free_ char *text = NULL;
	struct err why = ERR_INIT;
	size_t n;
	int r;

	(void)snprintf(path, sizeof(path), "images/%s/image.json", id); /* id is 64 characters */
	r = io_read_file(st->fd, path, LIMIT_RECORD_BYTES, &text, &n, &why);
	if (r == -ENOENT)
		return r;
	if (r == 0) {
		j = json_parse(text, n, "the record", &why);
		r = j ? parse(j, id, &im, &why) : -EBADMSG;
	}
	if (r < 0) {
		if (e)
			*e = why;
		err_hint(e, "'davit system check' repairs the store, or load the image again");
		return err_wrap(e, r, "read image '%.12s'", id);
	}
	*ret = im;
	im = (struct image){ .size = 0 };
	return 0;
}

static json_t *list(const struct strv *l)
{
	json_t *a = json_array();

	for (size_t i = 0; a && i < l->n; i++) {
		if (json_array_append_new(a, json_string(l->v[i])) < 0) {
			json_decref(a);
			a = NULL;
		}
	}
	return a;
}

void record_text(const struct image *im, struct str *out)
{
	_cleanup_json_ json_t *j = json_pack(
		"{s:i,s:s,s:s,s:I,s:I,s:o,s:o,s:o}", "version", RECORD_VERSION, "manifest",
		im->manifest, "manifest_type", im->manifest_type, "manifest_size",
		(json_int_t)im->manifest_size, "size", (json_int_t)im->size, "layers",
		list(&im->layers), "keys", list(&im->keys), "config",
		image_config_to_json(&im->config));
	_cleanup_free_ char *text = j ? json_text(j) : NULL;

	if (text)
		str_add(out, text);
	else
		out->failed = true;
}
