// SPDX-License-Identifier: Apache-2.0
/* What `davit inspect` shows of an image, with Docker's member names. */
#include "store/image_inspect.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "base/json.h"
#include "store/image.h"
#include "store/layer.h"
#include "store/ref.h"
#include "store/store.h"

/* "repo@sha256:…" for every repository the image has a name in, once each. */
static json_t *repo_digests(const struct image *im, const struct strv *names)
{
	json_t *a = json_array();
	size_t last_len = 0;
	const char *last = NULL;

	for (size_t i = 0; a && i < names->n; i++) {
		const char *colon = strrchr(names->v[i], ':');
		size_t n = colon ? (size_t)(colon - names->v[i]) : strlen(names->v[i]);

		/* sorted: names of one repository follow each other */
		if (last && last_len == n && memcmp(last, names->v[i], n) == 0)
			continue;
		last = names->v[i];
		last_len = n;
		if (json_array_append_new(a, json_sprintf("%.*s@sha256:%s", (int)n, last,
							  im->manifest)) < 0) {
			json_decref(a);
			a = NULL;
		}
	}
	return a;
}

static json_t *texts(const struct strv *l, const char *prefix)
{
	json_t *a = json_array();

	for (size_t i = 0; a && i < l->n; i++) {
		if (json_array_append_new(a, json_sprintf("%s%s", prefix, l->v[i])) < 0) {
			json_decref(a);
			a = NULL;
		}
	}
	return a;
}

static json_t *layers(const struct image *im)
{
	json_t *a = json_array();

	for (size_t i = im->layers.n; a && i-- > 0;) {
		if (json_array_append_new(a, json_pack("{s:s,s:s}", "Link", im->layers.v[i], "Key",
						       im->keys.v[i])) < 0) {
			json_decref(a);
			a = NULL;
		}
	}
	return a;
}

static json_t *describe(const struct image *im, const struct strv *names)
{
	char created[FMT_TIME_BUF];
	_cleanup_json_ json_t *oci = image_config_to_json(&im->config);
	json_t *config = oci ? json_object_get(oci, "config") : NULL;

	return config ? json_pack("{s:o,s:o,s:o,s:s,s:s,s:s,s:s,s:I,s:O,s:{s:s,s:o},s:{s:s,s:o}}",
				  "Id", json_sprintf("sha256:%s", im->id), "RepoTags", texts(names, ""),
				  "RepoDigests", repo_digests(im, names), "Created",
				  fmt_time(im->created_ns, created), "Architecture",
				  im->config.architecture, "Variant", im->config.variant, "Os",
				  im->config.os, "Size", (json_int_t)im->size, "Config", config,
				  "RootFS", "Type", "layers", "Layers",
				  texts(&im->config.diff_ids, "sha256:"), "GraphDriver", "Name",
				  "overlay", "Layers", layers(im)) :
			NULL;
}

int image_inspect_json(const struct store *st, const char *ref, struct json_t **ret, struct err *e)
{
	_cleanup_(image_list_done) struct image_list l = { .n = 0 };
	_cleanup_(image_done) struct image im = { .size = 0 };
	const struct strv *names = &im.names;
	json_t *j;
	int r = image_find(st, ref, &im, e);

	if (r == 0)
		r = image_list(st, &l, NULL, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < l.n; i++)
		if (strcmp(l.v[i].id, im.id) == 0)
			names = &l.v[i].names;
	j = describe(&im, names);
	if (!j)
		return err_set(e, ENOMEM, "inspect '%s'", ref);
	*ret = j;
	return 0;
}
