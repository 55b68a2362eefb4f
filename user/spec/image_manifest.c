// SPDX-License-Identifier: Apache-2.0
/* Manifests and indexes: JSON to structs, checked. */
#include "spec/image_manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/json.h"

/* clang-format off */
static const char *const layer_types[] = {
	MEDIA_OCI_LAYER,
	MEDIA_OCI_LAYER "+gzip",
	MEDIA_OCI_LAYER "+zstd",
	"application/vnd.oci.image.layer.nondistributable.v1.tar",
	"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
	"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
	"application/vnd.docker.image.rootfs.diff.tar",
	"application/vnd.docker.image.rootfs.diff.tar.gzip",
	"application/vnd.docker.image.rootfs.diff.tar.zstd",
	"application/vnd.docker.image.rootfs.foreign.diff.tar",
	"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
};
/* clang-format on */

bool media_is_index(const char *t)
{
	return str_eq(t, MEDIA_OCI_INDEX) || str_eq(t, MEDIA_DOCKER_INDEX);
}

bool media_is_manifest(const char *t)
{
	return str_eq(t, MEDIA_OCI_MANIFEST) || str_eq(t, MEDIA_DOCKER_MANIFEST);
}

static bool media_is_layer(const char *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(layer_types); i++)
		if (strcmp(t, layer_types[i]) == 0)
			return true;
	return false;
}

static void descriptor_done(struct descriptor *d)
{
	free(d->media_type);
	free(d->name);
	free(d->os);
	free(d->architecture);
	free(d->variant);
	*d = (struct descriptor){ .size = 0 };
}

/* A member that is a string, copied; "" when missing. */
static int copy_string(const json_t *object, const char *key, char **ret, struct err *e)
{
	const char *s = "";
	int r = json_get_string(object, key, &s, e);

	if (r < 0)
		return r;
	free(*ret);
	*ret = strdup(s);
	return *ret ? 0 : err_set(e, ENOMEM, "read '%s'", key);
}

static int parse_annotations(const json_t *json, struct descriptor *d, struct err *e)
{
	static const char *const names[] = { "org.opencontainers.image.ref.name",
					     "io.containerd.image.name" };
	const char *kind = "";
	json_t *a = NULL;
	int r = json_get_object(json, "annotations", &a, e);

	d->name = strdup("");
	if (!d->name)
		return err_set(e, ENOMEM, "read annotations");
	if (r < 0 || !a)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!json_object_get(a, names[i]))
			continue;
		r = copy_string(a, names[i], &d->name, e);
		if (r < 0)
			return r;
	}
	r = json_get_string(a, "vnd.docker.reference.type", &kind, e);
	d->is_attestation = strcmp(kind, "attestation-manifest") == 0;
	return r;
}

static int parse_platform(const json_t *json, struct descriptor *d, struct err *e)
{
	_cleanup_json_ json_t *none = json_object();
	json_t *p = none;
	int r;

	if (!none)
		return err_set(e, ENOMEM, "read platform");
	if ((r = json_get_object(json, "platform", &p, e)) < 0 ||
	    (r = copy_string(p, "os", &d->os, e)) < 0 ||
	    (r = copy_string(p, "architecture", &d->architecture, e)) < 0)
		return r;
	return copy_string(p, "variant", &d->variant, e);
}

static int parse_descriptor(const json_t *json, struct descriptor *d, struct err *e)
{
	const char *digest = "", *hex;
	int64_t size = -1;
	int r;

	if (!json_is_object(json))
		return err_plain(e, -EBADMSG, "a descriptor is not an object");
	if ((r = json_get_string(json, "digest", &digest, e)) < 0 ||
	    (r = json_get_i64(json, "size", &size, e)) < 0 ||
	    (r = copy_string(json, "mediaType", &d->media_type, e)) < 0)
		return r;
	hex = digest_hex(digest);
	if (!hex)
		return err_plain(e, -EBADMSG, "field 'digest': '%.100s' is not a sha256 digest",
				 digest);
	if (size < 0 || (uint64_t)size > MANIFEST_BLOB_MAX)
		return err_plain(e, -EBADMSG, "field 'size' of blob 'sha256:%s' is missing or absurd",
				 hex);
	memcpy(d->digest, hex, DIGEST_HEX_LEN + 1);
	d->size = (uint64_t)size;
	r = parse_annotations(json, d, e);
	return r < 0 ? r : parse_platform(json, d, e);
}

static void free_descriptors(struct descriptor *d, size_t n)
{
	for (size_t i = 0; i < n; i++)
		descriptor_done(&d[i]);
	free(d);
}

static int parse_descriptors(const json_t *json, const char *key, size_t max,
			     struct descriptor **ret, size_t *ret_n, struct err *e)
{
	struct descriptor *d;
	json_t *a = NULL, *item;
	size_t i;
	int r = json_get_array(json, key, &a, e);

	if (r < 0)
		return r;
	if (!a)
		return err_plain(e, -EBADMSG, "field '%s' is missing", key);
	if (json_array_size(a) > max)
		return err_plain(e, -E2BIG, "field '%s' has more than %zu entries", key, max);
	d = calloc(json_array_size(a) + 1, sizeof(*d));
	if (!d)
		return err_set(e, ENOMEM, "read '%s'", key);
	json_array_foreach(a, i, item) {
		r = parse_descriptor(item, &d[i], e);
		if (r < 0) {
			free_descriptors(d, i + 1);
			return err_wrap(e, r, "field '%s', entry %zu", key, i);
		}
	}
	*ret = d;
	*ret_n = json_array_size(a);
	return 0;
}

/* The version, and that nobody can read the document as something else (CVE-2021-41190). */
static int check_kind(const json_t *json, const char *must_not_have, struct err *e)
{
	int64_t version = 2;
	int r;

	if (!json_is_object(json))
		return err_plain(e, -EBADMSG, "the document is not an object");
	r = json_get_i64(json, "schemaVersion", &version, e);
	if (r < 0)
		return r;
	if (version != 2)
		return err_plain(e, -EBADMSG, "schema version %lld is not supported",
				 (long long)version);
	if (json_object_get(json, must_not_have))
		return err_plain(e, -EBADMSG, "the document is ambiguous: it has '%s' too",
				 must_not_have);
	return 0;
}

static int parse_manifest(const json_t *json, struct manifest *m, struct err *e)
{
	json_t *config = NULL;
	int r = check_kind(json, "manifests", e);

	if (r < 0 || (r = copy_string(json, "mediaType", &m->media_type, e)) < 0)
		return r;
	if (*m->media_type && !media_is_manifest(m->media_type))
		return err_plain(e, -EBADMSG, "media type '%s' is not an image manifest",
				 m->media_type);
	r = json_get_object(json, "config", &config, e);
	if (r < 0)
		return r;
	if (!config)
		return err_plain(e, -EBADMSG, "field 'config' is missing");
	r = parse_descriptor(config, &m->config, e);
	if (r < 0)
		return err_wrap(e, r, "field 'config'");
	if (strcmp(m->config.media_type, MEDIA_OCI_CONFIG) != 0 &&
	    strcmp(m->config.media_type, MEDIA_DOCKER_CONFIG) != 0)
		return err_plain(e, -EBADMSG, "it is not a container image: its configuration is '%s'",
				 m->config.media_type);
	r = parse_descriptors(json, "layers", MANIFEST_LAYERS_MAX, &m->layers, &m->n_layers, e);
	for (size_t i = 0; r == 0 && i < m->n_layers; i++)
		if (!media_is_layer(m->layers[i].media_type))
			r = err_plain(e, -EBADMSG, "layer type '%s' is not supported",
				      m->layers[i].media_type);
	return r;
}

int manifest_parse(const struct json_t *json, struct manifest *ret, struct err *e)
{
	_cleanup_(manifest_done) struct manifest m = { .n_layers = 0 };
	int r = parse_manifest(json, &m, e);

	if (r < 0)
		return r;
	*ret = m;
	m = (struct manifest){ .n_layers = 0 };
	return 0;
}

void manifest_done(struct manifest *m)
{
	free(m->media_type);
	descriptor_done(&m->config);
	free_descriptors(m->layers, m->n_layers);
	*m = (struct manifest){ .n_layers = 0 };
}

static json_t *descriptor_to_json(const struct descriptor *d)
{
	_cleanup_free_ char *digest = str_printf("sha256:%s", d->digest);

	return digest ? json_pack("{s:s,s:s,s:I}", "mediaType", d->media_type, "digest", digest,
				  "size", (json_int_t)d->size) :
			NULL;
}

struct json_t *manifest_to_json(const struct manifest *m)
{
	_cleanup_json_ json_t *j = json_pack("{s:i,s:s,s:o,s:[]}", "schemaVersion", 2, "mediaType",
					     MEDIA_OCI_MANIFEST, "config",
					     descriptor_to_json(&m->config), "layers");
	json_t *layers = json_object_get(j, "layers");

	if (!layers)
		return NULL;
	for (size_t i = 0; i < m->n_layers; i++)
		if (json_array_append_new(layers, descriptor_to_json(&m->layers[i])) < 0)
			return NULL;
	return TAKE_PTR(j);
}

int manifest_index_parse(const struct json_t *json, struct manifest_index *ret, struct err *e)
{
	struct manifest_index x = { .n = 0 };
	int r = check_kind(json, "layers", e);

	if (r == 0 && json_object_get(json, "config"))
		r = err_plain(e, -EBADMSG, "the document is ambiguous: it has 'config' too");
	if (r == 0)
		r = parse_descriptors(json, "manifests", MANIFEST_ENTRIES_MAX, &x.entries, &x.n, e);
	if (r < 0)
		return r;
	*ret = x;
	return 0;
}

void manifest_index_done(struct manifest_index *x)
{
	free_descriptors(x->entries, x->n);
	*x = (struct manifest_index){ .n = 0 };
}

static int parse_docker_image(const json_t *json, struct docker_image *im, struct err *e)
{
	int r;

	if (!json_is_object(json))
		return err_plain(e, -EBADMSG, "an entry is not an object");
	if ((r = copy_string(json, "Config", &im->config, e)) < 0 ||
	    (r = json_get_strv(json, "RepoTags", MANIFEST_ENTRIES_MAX, &im->tags, e)) < 0 ||
	    (r = json_get_strv(json, "Layers", MANIFEST_LAYERS_MAX, &im->layers, e)) < 0)
		return r;
	return *im->config ? 0 : err_plain(e, -EBADMSG, "field 'Config' is missing");
}

int docker_archive_parse(const struct json_t *json, struct docker_archive *ret, struct err *e)
{
	_cleanup_(docker_archive_done) struct docker_archive a = { .n = 0 };
	json_t *item;
	size_t i;

	if (!json_is_array(json) || json_array_size(json) > MANIFEST_ENTRIES_MAX)
		return err_plain(e, -EBADMSG, "the document is not a list of at most %u images",
				 MANIFEST_ENTRIES_MAX);
	a.images = calloc(json_array_size(json) + 1, sizeof(*a.images));
	if (!a.images)
		return err_set(e, ENOMEM, "read the list of images");
	json_array_foreach(json, i, item) {
		int r;

		a.n = i + 1;
		r = parse_docker_image(item, &a.images[i], e);
		if (r < 0)
			return err_wrap(e, r, "image %zu", i);
	}
	*ret = a;
	a = (struct docker_archive){ .n = 0 };
	return 0;
}

void docker_archive_done(struct docker_archive *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->images[i].config);
		strv_done(&a->images[i].tags);
		strv_done(&a->images[i].layers);
	}
	free(a->images);
	*a = (struct docker_archive){ .n = 0 };
}
