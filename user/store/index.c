// SPDX-License-Identifier: Apache-2.0
/* index.json, written from the images and their names. */
#include "store/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "spec/image_manifest.h"
#include "store/image.h"
#include "store/limits.h"
#include "store/store.h"

static void add_descriptor(struct str *s, const struct image *im, const char *name)
{
	str_addf(s, "%s\n{\"mediaType\":\"%s\",\"digest\":\"sha256:%s\",\"size\":%llu",
		 s->p[s->len - 1] == '[' ? "" : ",", im->manifest_type, im->manifest,
		 (unsigned long long)im->manifest_size);
	if (im->config.os[0] && im->config.architecture[0]) {
		str_add(s, ",\"platform\":{\"architecture\":");
		str_add_json(s, im->config.architecture);
		str_add(s, ",\"os\":");
		str_add_json(s, im->config.os);
		if (im->config.variant[0]) {
			str_add(s, ",\"variant\":");
			str_add_json(s, im->config.variant);
		}
		str_add(s, "}");
	}
	if (name) {
		str_add(s, ",\"annotations\":{\"org.opencontainers.image.ref.name\":");
		str_add_json(s, name);
		str_add(s, "}");
	}
	str_add(s, "}");
}

int index_write(const struct store *st, int tmp, const struct image_list *l, struct err *e)
{
	_cleanup_str_ struct str s = STR_INIT;
	_cleanup_free_ char *old = NULL;
	size_t old_len;
	int r;

	str_add(&s, "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":[");
	for (size_t i = 0; i < l->n && !str_failed(&s); i++) {
		for (size_t k = 0; k < l->v[i].names.n; k++)
			add_descriptor(&s, &l->v[i], l->v[i].names.v[k]);
		if (l->v[i].names.n == 0)
			add_descriptor(&s, &l->v[i], NULL);
	}
	str_add(&s, "]}\n");
	if (str_failed(&s))
		return err_set(e, ENOMEM, "write 'index.json'");
	if (io_read_file(st->fd, "index.json", LIMIT_INDEX_BYTES, &old, &old_len, NULL) == 0 &&
	    old_len == s.len && memcmp(old, s.p, s.len) == 0)
		return 0;
	r = io_replace_file(tmp, "index.json", s.p, s.len, 0644, IO_SYNC, e);
	if (r < 0)
		return r;
	if (renameat(tmp, "index.json", st->fd, "index.json") < 0)
		return err_set(e, errno, "replace 'index.json'");
	return 1;
}
