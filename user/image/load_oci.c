// SPDX-License-Identifier: Apache-2.0
/* Load from an OCI image layout: index.json, nested indexes, manifests. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/json.h"
#include "image/package.h"
#include "image/digest.h"
#include "image/load.h"
#include "image/options.h"
#include "image/platform.h"
#include "store/limits.h"

#define BLOB_BUF  (sizeof("blobs/sha256/") + DIGEST_HEX_LEN)
#define NEST_MAX  4 /* indexes in indexes */

/* A small blob, its size and digest checked. */
static int read_blob(struct load *l, const struct descriptor *d, size_t max, char **ret,
		     struct err *e)
{
	_cleanup_free_ char *text = NULL;
	char path[BLOB_BUF], hex[DIGEST_HEX_LEN + 1];
	size_t n;
	int r;

	(void)snprintf(path, sizeof(path), "blobs/sha256/%s", d->digest); /* sized for it */
	r = package_read(l->package, path, max, &text, &n, e);
	if (r < 0)
		return r;
	r = digest_of(text, n, hex, e);
	if (r < 0)
		return r;
	if (n != d->size)
		return err_plain(e, -EBADMSG, "'%s' has %zu bytes, not %llu as its descriptor says",
				 path, n, (unsigned long long)d->size);
	if (strcmp(hex, d->digest) != 0)
		return err_plain(e, -EBADMSG,
				 "'%s' is corrupt: its content has digest 'sha256:%s'", path, hex);
	*ret = TAKE_PTR(text);
	return 0;
}

static int add_layers(struct load *l, struct install *in, const struct manifest *m,
		      const struct strv *diff_ids, struct err *e)
{
	if (diff_ids->n != m->n_layers)
		return err_plain(e, -EBADMSG,
				 "the manifest has %zu layers, the configuration %zu diff_ids",
				 m->n_layers, diff_ids->n);
	for (size_t i = 0; i < m->n_layers; i++) {
		char path[BLOB_BUF];
		struct install_layer from = { .open = load_source, .data = l, .name = path,
					      .size = m->layers[i].size };
		int r;

		(void)snprintf(path, sizeof(path), "blobs/sha256/%s", m->layers[i].digest);
		memcpy(from.blob, m->layers[i].digest, sizeof(from.blob));
		memcpy(from.diff_id, diff_ids->v[i], sizeof(from.diff_id));
		r = install_layer(in, &from, e);
		if (r < 0)
			return err_wrap(e, r, "layer %zu of %zu", i + 1, m->n_layers);
	}
	return 0;
}

static int load_manifest(struct load *l, const struct descriptor *d, const char *name,
			 struct err *e)
{
	_cleanup_(install_done) struct install in;
	_cleanup_(manifest_done) struct manifest m = { .n_layers = 0 };
	_cleanup_(image_config_done) struct image_config config = { .created_ns = 0 };
	_cleanup_json_ json_t *mj = NULL, *cj = NULL;
	_cleanup_free_ char *text = NULL, *config_text = NULL;
	_cleanup_strv_ struct strv names = { .n = 0 };
	int r;

	install_init(&in, l->store, l->staging, &l->budget);
	in.progress = l->progress;
	r = read_blob(l, d, LIMIT_MANIFEST_BYTES, &text, e);
	if (r < 0)
		return r;
	mj = json_parse(text, (size_t)d->size, "the manifest", e);
	r = mj ? manifest_parse(mj, &m, e) : -EBADMSG;
	if (r < 0)
		return err_wrap(e, r, "manifest 'sha256:%.12s'", d->digest);
	r = read_blob(l, &m.config, LIMIT_CONFIG_BYTES, &config_text, e);
	if (r < 0)
		return r;
	cj = json_parse(config_text, (size_t)m.config.size, "the configuration", e);
	r = cj ? image_config_parse(cj, &config, e) : -EBADMSG;
	if (r < 0)
		return err_wrap(e, r, "configuration 'sha256:%.12s'", m.config.digest);
	r = platform_check(l->opts->platform, &config, e);
	if (r < 0)
		return r;
	r = add_layers(l, &in, &m, &config.diff_ids, e);
	if (r < 0)
		return r;
	if (*name && strv_add(&names, name) < 0)
		return err_set(e, ENOMEM, "load image");
	if (strcmp(d->media_type, MEDIA_DOCKER_MANIFEST) == 0)
		in.image.manifest_type = MEDIA_DOCKER_MANIFEST;
	return load_finish(l, &in, config_text, (size_t)m.config.size, text, (size_t)d->size, &names,
			   e);
}

/* The entry of a multi-platform index that serves; the only one serves anyway, so that an image for
 * another machine can be loaded, looked at and passed on. */
static const struct descriptor *choose(const struct load *l, const struct manifest_index *x,
				       struct err *e)
{
	_cleanup_str_ struct str there = STR_INIT;
	const struct descriptor *only = NULL;
	struct platform want;
	size_t n = 0;

	if (platform_parse(l->opts->platform, &want, e) < 0)
		return NULL;
	for (size_t i = 0; i < x->n; i++) {
		const struct descriptor *d = &x->entries[i];

		if (d->is_attestation || strcmp(d->os, "unknown") == 0)
			continue;
		if (platform_match(&want, d))
			return d;
		only = d;
		n++;
		str_addf(&there, " %s/%s%s%s", d->os, d->architecture, *d->variant ? "/" : "",
			 d->variant);
	}
	if (n == 1 && !l->opts->platform)
		return only;
	(void)err_plain(e, -ENOENT, "it has no image for '%s/%s'", want.os, want.architecture);
	err_hint(e, "choose one with --platform; it has%.300s", n ? str_text(&there) : " none");
	return NULL;
}

static int load_descriptor(struct load *l, const struct descriptor *d, const char *name, int depth,
			   struct err *e)
{
	_cleanup_(manifest_index_done) struct manifest_index x = { .n = 0 };
	_cleanup_json_ json_t *j = NULL;
	_cleanup_free_ char *text = NULL;
	const struct descriptor *chosen;
	int r;

	if (media_is_manifest(d->media_type))
		return load_manifest(l, d, name, e);
	if (!media_is_index(d->media_type))
		return err_plain(e, -EBADMSG, "media type '%.100s' is not an image", d->media_type);
	if (depth >= NEST_MAX)
		return err_plain(e, -ELOOP, "its indexes are nested more than %d deep", NEST_MAX);
	r = read_blob(l, d, LIMIT_INDEX_BYTES, &text, e);
	if (r < 0)
		return r;
	j = json_parse(text, (size_t)d->size, "the index", e);
	r = j ? manifest_index_parse(j, &x, e) : -EBADMSG;
	if (r < 0)
		return err_wrap(e, r, "index 'sha256:%.12s'", d->digest);
	chosen = choose(l, &x, e);
	if (!chosen)
		return e && e->code ? e->code : -ENOENT;
	return load_descriptor(l, chosen, name, depth + 1, e);
}

int load_oci(struct load *l, struct err *e)
{
	_cleanup_(manifest_index_done) struct manifest_index x = { .n = 0 };
	_cleanup_json_ json_t *j = NULL;
	_cleanup_free_ char *text = NULL;
	size_t n, loaded = 0;
	int r = package_read(l->package, "index.json", LIMIT_INDEX_BYTES, &text, &n, e);

	if (r < 0)
		return r;
	j = json_parse(text, n, "'index.json'", e);
	r = j ? manifest_index_parse(j, &x, e) : -EBADMSG;
	if (r < 0)
		return err_wrap(e, r, "index.json");
	for (size_t i = 0; i < x.n; i++) {
		if (x.entries[i].is_attestation)
			continue;
		r = load_descriptor(l, &x.entries[i], x.entries[i].name, 0, e);
		if (r < 0)
			return r;
		loaded++;
	}
	return loaded ? 0 : err_plain(e, -ENOENT, "index.json names no image");
}
