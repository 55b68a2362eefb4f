/* SPDX-License-Identifier: Apache-2.0 */
/* Load images from a package: OCI layout or docker archive. */
#ifndef DAVIT_IMAGE_LOAD_H
#define DAVIT_IMAGE_LOAD_H

#include <stdint.h>

#include "base/str.h"
#include "image/install.h"

struct err;
struct load_opts;
struct store;

/**
 * image_load() - all images of the package that @o names
 * @ret: "Loaded image: NAME", or "Loaded image ID: sha256:…" for one without a name, is added
 *
 * An archive is taken as OCI layout if it has index.json, else as `docker save` wrote it. Images
 * are committed one by one; the first bad one ends the load.
 *
 * Return: 0; -EBADMSG for damaged or hostile input; -EFBIG beyond the limit of size.
 */
int image_load(const struct store *st, const struct load_opts *o, struct install_progress progress,
	       struct strv *ret, struct err *e);

/* load_budget() - bytes an image may unpack to: @option, else $DAVIT_MAX_SIZE, else 64 GiB */
int load_budget(uint64_t option, uint64_t *ret, struct err *e);

/* struct load - state shared by the readers of both forms */
struct load {
	const struct store *store;
	const struct load_opts *opts;
	struct staging *staging;
	const struct package *package;
	uint64_t budget;
	struct install_progress progress;
	struct strv *out;
};

/* load_oci(), load_docker() - the two forms */
int load_oci(struct load *l, struct err *e);
int load_docker(struct load *l, struct err *e);

/* load_source() - struct install_layer's open for a file of the package; @data is struct load */
int load_source(void *data, const char *name, struct stream_source *ret, struct err *e);

/* load_finish() - names, commit, output of one image */
int load_finish(struct load *l, struct install *in, const char *config, size_t config_len,
		const char *manifest, size_t manifest_len, const struct strv *names,
		struct err *e);

#endif
