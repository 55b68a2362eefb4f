// SPDX-License-Identifier: Apache-2.0
/* Load images from a package: what both forms share. */
#include "image/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fmt.h"
#include "image/package.h"
#include "image/options.h"
#include "store/check.h"
#include "store/limits.h"
#include "store/store.h"

int load_budget(uint64_t option, uint64_t *ret, struct err *e)
{
	const char *env = getenv("DAVIT_MAX_SIZE");

	*ret = option ? option : LIMIT_UNPACKED_BYTES;
	if (!option && env && *env && fmt_parse_size(env, ret) < 0)
		return err_plain(e, -EINVAL, "DAVIT_MAX_SIZE '%s' is not a size", env);
	return 0;
}

int load_source(void *data, const char *name, struct stream_source *ret, struct err *e)
{
	struct load *l = data;
	struct package_file f;
	int r = package_file(l->package, name, &f, e);

	if (r < 0)
		return r;
	*ret = (struct stream_source){ .fd = f.fd, .offset = f.offset, .size = f.size, .name = name };
	return 0;
}

static int tell(struct load *l, const struct image *im, const struct image_ref *refs, size_t n,
		struct err *e)
{
	char text[IMAGE_REF_TEXT_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = strv_addf(l->out, "Loaded image: %s", image_ref_short(&refs[i], text));
	if (n == 0)
		r = strv_addf(l->out, "Loaded image ID: sha256:%s", im->id);
	return r < 0 ? err_set(e, r, "load image") : 0;
}

int load_finish(struct load *l, struct install *in, const char *config, size_t config_len,
		const char *manifest, size_t manifest_len, const struct strv *names,
		struct err *e)
{
	_cleanup_free_ struct image_ref *refs = calloc(names->n + 1, sizeof(*refs));
	size_t n = 0;
	int r = refs ? 0 : err_set(e, ENOMEM, "load image");

	if (r == 0 && l->opts->tag)
		r = image_ref_parse(l->opts->tag, &refs[n++], e);
	for (size_t i = 0; r == 0 && !l->opts->tag && i < names->n; i++) {
		r = image_ref_parse(names->v[i], &refs[n], e);
		refs[n++].digest[0] = '\0'; /* the digest it has is the one it gets */
	}
	if (r < 0)
		return err_wrap(e, r, "name the image");
	for (size_t i = 0; i < n; i++)
		if (!refs[i].tag[0])
			memcpy(refs[i].tag, "latest", sizeof("latest"));
	r = install_commit(in, config, config_len, manifest, manifest_len, refs, n, e);
	return r < 0 ? r : tell(l, &in->image, refs, n, e);
}

static int load_bundle(struct load *l, struct err *e)
{
	int r;

	if (package_has(l->package, "index.json"))
		return load_oci(l, e);
	if (package_has(l->package, "manifest.json"))
		return load_docker(l, e);
	r = err_plain(e, -EBADMSG, "it is neither an OCI image layout nor a docker archive");
	err_hint(e, "'davit import' makes an image of a root file system");
	return r;
}

int image_load(const struct store *st, const struct load_opts *o, struct install_progress progress,
	       struct strv *ret, struct err *e)
{
	_cleanup_(staging_done) struct staging staging = STAGING_INIT;
	_cleanup_(package_done) struct package package = PACKAGE_INIT;
	const char *path = o->input ? o->input : "-";
	struct load l = { .store = st, .opts = o, .staging = &staging, .package = &package,
			  .progress = progress, .out = ret };
	int r = load_budget(o->max_size, &l.budget, e);

	if (r == 0)
		r = store_recover(st, e);
	if (r == 0)
		r = staging_open(st, &staging, e);
	if (r == 0)
		r = package_open(path, staging.fd, &l.budget, &package, e);
	if (r == 0)
		r = load_bundle(&l, e);
	return r < 0 ? err_wrap(e, r, "cannot load '%s'", path) : 0;
}
