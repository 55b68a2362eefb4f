// SPDX-License-Identifier: Apache-2.0
/* Load from an archive of `docker save`: manifest.json, a configuration, layers by path. */
#include <errno.h>
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

/* The configuration's name is its digest: "<hex>.json" or "blobs/sha256/<hex>". */
static int check_name(const char *path, const char *text, size_t n, struct err *e)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	char want[DIGEST_HEX_LEN + 1], hex[DIGEST_HEX_LEN + 1];
	int r = digest_of(text, n, hex, e);

	if (r < 0)
		return r;
	if (strlen(base) < DIGEST_HEX_LEN ||
	    (base[DIGEST_HEX_LEN] && strcmp(base + DIGEST_HEX_LEN, ".json") != 0))
		return 0;
	memcpy(want, base, DIGEST_HEX_LEN);
	want[DIGEST_HEX_LEN] = '\0';
	if (!digest_is_hex(want, DIGEST_HEX_LEN) || strcmp(want, hex) == 0)
		return 0;
	return err_plain(e, -EBADMSG, "'%s' is corrupt: its content has digest 'sha256:%s'", path,
			 hex);
}

static int load_one(struct load *l, const struct docker_image *im, struct err *e)
{
	_cleanup_(install_done) struct install in;
	_cleanup_(image_config_done) struct image_config config = { .created_ns = 0 };
	_cleanup_json_ json_t *j = NULL;
	_cleanup_free_ char *text = NULL;
	size_t n;
	int r;

	install_init(&in, l->store, l->staging, &l->budget);
	in.progress = l->progress;
	r = package_read(l->package, im->config, LIMIT_CONFIG_BYTES, &text, &n, e);
	if (r == 0)
		r = check_name(im->config, text, n, e);
	if (r < 0)
		return r;
	j = json_parse(text, n, "the configuration", e);
	r = j ? image_config_parse(j, &config, e) : -EBADMSG;
	if (r < 0)
		return err_wrap(e, r, "configuration '%.100s'", im->config);
	r = platform_check(l->opts->platform, &config, e);
	if (r < 0)
		return r;
	if (config.diff_ids.n != im->layers.n)
		return err_plain(e, -EBADMSG,
				 "manifest.json has %zu layers, the configuration %zu diff_ids",
				 im->layers.n, config.diff_ids.n);
	for (size_t i = 0; i < im->layers.n; i++) {
		struct install_layer from = { .open = load_source, .data = l,
					      .name = im->layers.v[i] };

		memcpy(from.diff_id, config.diff_ids.v[i], sizeof(from.diff_id));
		r = install_layer(&in, &from, e);
		if (r < 0)
			return err_wrap(e, r, "layer %zu of %zu", i + 1, im->layers.n);
	}
	return load_finish(l, &in, text, n, NULL, 0, &im->tags, e);
}

int load_docker(struct load *l, struct err *e)
{
	_cleanup_(docker_archive_done) struct docker_archive a = { .n = 0 };
	_cleanup_json_ json_t *j = NULL;
	_cleanup_free_ char *text = NULL;
	size_t n;
	int r = package_read(l->package, "manifest.json", LIMIT_MANIFEST_BYTES, &text, &n, e);

	if (r < 0)
		return r;
	j = json_parse(text, n, "'manifest.json'", e);
	r = j ? docker_archive_parse(j, &a, e) : -EBADMSG;
	if (r < 0)
		return err_wrap(e, r, "manifest.json");
	if (a.n == 0)
		return err_plain(e, -ENOENT, "manifest.json names no image");
	for (size_t i = 0; i < a.n; i++) {
		r = load_one(l, &a.images[i], e);
		if (r < 0)
			return r;
	}
	return 0;
}
