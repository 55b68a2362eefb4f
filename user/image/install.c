// SPDX-License-Identifier: Apache-2.0
/* One image into the store: reuse, unpack or verify each layer; then commit. */
#include "image/install.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json.h"
#include "image/digest.h"
#include "image/unpack.h"
#include "store/store.h"

struct media {
	const char *format, *media_type;
};

static const struct media media_types[] = {
	{ "", MEDIA_OCI_LAYER },
	{ "gzip", MEDIA_OCI_LAYER "+gzip" },
	{ "zstd", MEDIA_OCI_LAYER "+zstd" },
};

void install_init(struct install *in, const struct store *store, struct staging *staging,
		  uint64_t *budget)
{
	*in = (struct install){ .store = store, .staging = staging, .budget = budget };
	in->commit.image = &in->image;
	in->image.manifest_type = MEDIA_OCI_MANIFEST;
}

static void close_all(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)fd_close(fds[i]);
	free(fds);
}

void install_done(struct install *in)
{
	for (size_t i = 0; i < in->commit.n_layers; i++)
		free(in->commit.layers[i].staged);
	free(in->commit.layers);
	strv_done(&in->commit.blobs);
	manifest_done(&in->manifest);
	image_done(&in->image);
	close_all(in->pins, in->n_pins);
	close_all(in->roots, in->n_roots);
	*in = (struct install){ .n_pins = 0 };
}

static int keep_fd(int **fds, size_t *n, int fd, struct err *e)
{
	int *v = realloc(*fds, (*n + 1) * sizeof(*v));

	if (!v) {
		(void)fd_close(fd);
		return err_set(e, ENOMEM, "install layer");
	}
	v[(*n)++] = fd;
	*fds = v;
	return 0;
}

/* Chain id of the layers so far with @diff_id on top. */
static int next_chain(const struct install *in, const char *diff_id,
		      char ret[static DIGEST_HEX_LEN + 1], struct err *e)
{
	char text[2 * (DIGEST_HEX_LEN + 8) + 1];
	int n;

	if (!in->chain[0]) {
		memcpy(ret, diff_id, DIGEST_HEX_LEN + 1);
		return 0;
	}
	n = snprintf(text, sizeof(text), "sha256:%s sha256:%s", in->chain, diff_id);
	return digest_of(text, (size_t)n, ret, e);
}

static int add_layer(struct install *in, const struct layer *l, const char *staged, struct err *e)
{
	size_t n = in->commit.n_layers;
	struct commit_layer *v = realloc(in->commit.layers, (n + 1) * sizeof(*v));

	if (!v)
		return err_set(e, ENOMEM, "install layer");
	in->commit.layers = v;
	v[n] = (struct commit_layer){ .layer = *l, .staged = staged ? strdup(staged) : NULL };
	if (staged && !v[n].staged)
		return err_set(e, ENOMEM, "install layer");
	in->commit.n_layers++;
	in->image.size += l->bytes;
	return 0;
}

/* Describe the blob in the manifest. */
static int add_descriptor(struct install *in, const char *digest, uint64_t size,
			  const char *media_type, struct err *e)
{
	size_t n = in->manifest.n_layers;
	struct descriptor *v = realloc(in->manifest.layers, (n + 1) * sizeof(*v));

	if (!v)
		return err_set(e, ENOMEM, "install layer");
	in->manifest.layers = v;
	v[n] = (struct descriptor){ .size = size, .media_type = strdup(media_type) };
	memcpy(v[n].digest, digest, sizeof(v[n].digest));
	in->manifest.n_layers++;
	return v[n].media_type ? 0 : err_set(e, ENOMEM, "install layer");
}

static const char *media_of(const char *format)
{
	for (size_t i = 0; i < ARRAY_SIZE(media_types); i++)
		if (strcmp(media_types[i].format, format) == 0)
			return media_types[i].media_type;
	return MEDIA_OCI_LAYER;
}

/* Media type of a blob in the store, by its first bytes. */
static const char *media_of_blob(int fd)
{
	unsigned char p[4] = { 0 };

	if (pread(fd, p, sizeof(p), 0) == sizeof(p)) {
		if (p[0] == 0x1f && p[1] == 0x8b)
			return media_of("gzip");
		if (memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0)
			return media_of("zstd");
	}
	return media_of("");
}

/* Open the blob in the store and keep it from being collected. Return: descriptor or -ENOENT. */
static int pin_blob(const struct install *in, const char *digest)
{
	char path[sizeof("blobs/sha256/") + DIGEST_HEX_LEN];
	int fd;

	(void)snprintf(path, sizeof(path), "blobs/sha256/%s", digest); /* sized for it */
	fd = openat(in->store->fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && (flock(fd, LOCK_SH | LOCK_NB) < 0 || faccessat(in->store->fd, path, F_OK,
								     AT_SYMLINK_NOFOLLOW) < 0))
		fd = fd_close(fd);
	return fd < 0 ? -ENOENT : fd;
}

/* The layer in the store: by chain, or by diffid if it is the same below everything.
 * Return: 1 if it is there, pinned; 0 if not. */
static int find_layer(struct install *in, const char *diff_id, const char *chain,
		      struct layer *ret, struct err *e)
{
	const char *keys[] = { chain, diff_id };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		int pin = layer_pin(in->store, keys[i], e), r;

		if (pin == -ENOENT)
			continue;
		if (pin < 0)
			return pin;
		r = layer_read(in->store, keys[i], ret, NULL);
		if (r < 0 || strcmp(ret->diff_id, diff_id) != 0 ||
		    (ret->has_implicit && strcmp(keys[i], chain) != 0)) {
			(void)fd_close(pin);
			continue;
		}
		r = keep_fd(&in->pins, &in->n_pins, pin, e);
		return r < 0 ? r : 1;
	}
	return 0;
}

/* The same layer further down in this image, not committed yet. */
static const struct layer *find_staged(const struct install *in, const char *diff_id)
{
	for (size_t i = 0; i < in->commit.n_layers; i++) {
		const struct commit_layer *c = &in->commit.layers[i];

		if (c->staged && strcmp(c->layer.diff_id, diff_id) == 0 && !c->layer.has_implicit)
			return &c->layer;
	}
	return NULL;
}

/* Keep the layer's root open, top first: layers above may need to look at it. */
static int add_root(struct install *in, int dirfd, const char *path, bool is_opaque, struct err *e)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (fd < 0)
		return err_set(e, errno, "open layer '%s'", path);
	if (is_opaque) { /* nothing below it is visible */
		close_all(in->roots, in->n_roots);
		in->roots = NULL;
		in->n_roots = 0;
	}
	r = keep_fd(&in->roots, &in->n_roots, fd, e);
	if (r < 0)
		return r;
	memmove(in->roots + 1, in->roots, (in->n_roots - 1) * sizeof(*in->roots));
	in->roots[0] = fd;
	return 0;
}

struct flow {
	struct install *in;
	struct stream *stream;
	const char *name;
	uint64_t done;
};

static ssize_t flow_next(void *data, const void **ret)
{
	struct flow *f = data;
	ssize_t n = stream_next(f->stream, ret);

	if (n > 0) {
		f->done += (uint64_t)n;
		if (f->in->progress.fn)
			f->in->progress.fn(f->in->progress.data, f->name, f->done, 0);
	}
	return n;
}

static int write_layer_json(int dirfd, const char *dir, const struct layer *l, struct err *e)
{
	_cleanup_str_ struct str text = STR_INIT;
	char path[64];

	layer_text(l, &text);
	if (str_failed(&text))
		return err_set(e, ENOMEM, "write layer.json");
	(void)snprintf(path, sizeof(path), "%s/layer.json", dir); /* sized for it */
	return io_replace_file(dirfd, path, text.p, text.len, 0644, 0, e);
}

/*
 * Stream the blob: into staging "blobs/", and unpack into staging @dir unless that is NULL.
 * The stream's own error (digest, compression, no space) explains more than the tar reader's.
 */
static int run_stream(struct install *in, const struct install_layer *from,
		      const struct stream_source *src, const char *dir, struct stream_result *res,
		      struct unpack_result *un, struct err *e)
{
	_cleanup_(stream_freep) struct stream *s = NULL;
	_cleanup_fd_ int blob = openat(in->staging->fd, "blobs/incoming",
				       O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	struct flow flow = { .in = in, .name = src->name };
	struct err why = ERR_INIT, unpack_why = ERR_INIT;
	const void *p;
	int r, q = 0;

	if (blob < 0)
		return err_set(e, errno, "create blob");
	r = stream_open(src, blob, from->blob[0] ? 0 : STREAM_STORE_PLAIN, in->budget, &s, e);
	if (r < 0)
		return r;
	flow.stream = s;
	if (dir) {
		char fs[32];

		if (mkdirat(in->staging->fd, dir, 0755) < 0)
			return err_set(e, errno, "create '%s'", dir);
		(void)snprintf(fs, sizeof(fs), "%s/fs", dir); /* sized for it */
		q = unpack((struct unpack_source){ flow_next, &flow }, in->staging->fd, fs, in->roots,
			   in->n_roots, un, &unpack_why);
		/* our own trouble, not the input's: no need to read on */
		if (q < 0 && q != -EBADMSG) {
			if (e)
				*e = unpack_why;
			return q;
		}
	}
	while (flow_next(&flow, &p) > 0)
		;
	r = stream_finish(s, from->blob[0] ? from->blob : NULL, res, &why);
	if (r < 0 || q < 0) {
		if (e)
			*e = r < 0 ? why : unpack_why;
		return r < 0 ? r : err_wrap(e, q, "unpack %s", src->name);
	}
	return 0;
}

/* Name the streamed blob by its digest, unless the store has it in full. */
static int keep_blob(struct install *in, const char *digest, uint64_t size, struct err *e)
{
	char path[sizeof("blobs/") + DIGEST_HEX_LEN];
	struct stat st;
	int pin = pin_blob(in, digest);

	if (pin >= 0 && fstat(pin, &st) == 0 && (uint64_t)st.st_size == size)
		return keep_fd(&in->pins, &in->n_pins, pin, e);
	(void)fd_close(pin);
	(void)snprintf(path, sizeof(path), "blobs/%s", digest); /* sized for it */
	if (renameat(in->staging->fd, "blobs/incoming", in->staging->fd, path) < 0)
		return err_set(e, errno, "name blob '%s'", digest);
	if (!strv_has(&in->commit.blobs, digest) && strv_add(&in->commit.blobs, digest) < 0)
		return err_set(e, ENOMEM, "install layer");
	return 0;
}

static int check_diff_id(const struct install_layer *from, const struct stream_result *res,
			 const char *name, struct err *e)
{
	if (!from->diff_id[0] || strcmp(from->diff_id, res->diff_id) == 0)
		return 0;
	return err_plain(e, -EBADMSG,
			 "%s is not the layer that the configuration names: its diffid is "
			 "'sha256:%s', not 'sha256:%s'",
			 name, res->diff_id, from->diff_id);
}

/* Read the layer from its source; unpack it unless @have says that it is there. */
static int read_layer(struct install *in, const struct install_layer *from,
		      const struct layer *have, const struct stream_source *src, struct err *e)
{
	struct stream_result res;
	struct unpack_result un = { .entries = 0 };
	struct layer l = { .bytes = 0 };
	char dir[16], chain[DIGEST_HEX_LEN + 1], fs[32];
	int r;

	if (from->blob[0] && !src->is_pipe && src->size != from->size)
		return err_plain(e, -EBADMSG, "%s has %llu bytes, not %llu as the manifest says",
				 src->name, (unsigned long long)src->size,
				 (unsigned long long)from->size);
	(void)snprintf(dir, sizeof(dir), "l%u", in->staging->serial++); /* both sized for it */
	(void)snprintf(fs, sizeof(fs), "%s/fs", dir);
	r = run_stream(in, from, src, have ? NULL : dir, &res, &un, e);
	if (r == 0)
		r = check_diff_id(from, &res, src->name, e);
	if (r == 0)
		r = keep_blob(in, res.digest, res.size, e);
	if (r == 0)
		r = add_descriptor(in, res.digest, res.size, media_of(res.format), e);
	if (r == 0)
		r = next_chain(in, res.diff_id, chain, e);
	if (r < 0)
		return r;
	memcpy(in->chain, chain, sizeof(chain));
	if (have)
		return add_layer(in, have, NULL, e);
	memcpy(l.key, un.has_implicit ? chain : res.diff_id, sizeof(l.key));
	memcpy(l.diff_id, res.diff_id, sizeof(l.diff_id));
	memcpy(l.blob, res.digest, sizeof(l.blob));
	l.entries = un.entries;
	l.bytes = un.bytes;
	l.has_implicit = un.has_implicit;
	l.is_opaque_root = un.is_opaque_root;
	r = write_layer_json(in->staging->fd, dir, &l, e);
	if (r == 0)
		r = add_layer(in, &l, dir, e);
	return r < 0 ? r : add_root(in, in->staging->fd, fs, l.is_opaque_root, e);
}

/* The store has the layer: is its blob there, and the one that is wanted? Then nothing is read.
 * Return: 1 if so. */
static int reuse_blob(struct install *in, const struct install_layer *from, const struct layer *l,
		      struct err *e)
{
	struct stat st;
	int fd, r;

	if (from->blob[0] && strcmp(from->blob, l->blob) != 0)
		return 0;
	fd = pin_blob(in, l->blob);
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) < 0 || (from->blob[0] && (uint64_t)st.st_size != from->size)) {
		(void)fd_close(fd);
		return 0;
	}
	r = keep_fd(&in->pins, &in->n_pins, fd, e);
	if (r == 0)
		r = add_descriptor(in, l->blob, (uint64_t)st.st_size, media_of_blob(fd), e);
	return r < 0 ? r : 1;
}

/* A layer that is in the store, or earlier in this image. Return: 1 if nothing is left to do. */
static int reuse_layer(struct install *in, const struct install_layer *from, struct layer *l,
		       const char *chain, struct err *e)
{
	char fs[sizeof("layers//fs") + DIGEST_HEX_LEN];
	int r;

	(void)snprintf(fs, sizeof(fs), "layers/%s/fs", l->key); /* sized for it */
	r = add_root(in, in->store->fd, fs, l->is_opaque_root, e);
	if (r == 0)
		r = reuse_blob(in, from, l, e);
	if (r <= 0)
		return r;
	memcpy(in->chain, chain, sizeof(in->chain));
	r = add_layer(in, l, NULL, e);
	return r < 0 ? r : 1;
}

int install_layer(struct install *in, const struct install_layer *from, struct err *e)
{
	char chain[DIGEST_HEX_LEN + 1];
	const struct layer *staged = NULL;
	struct stream_source src;
	struct layer l;
	int found = 0, r;

	if (mkdirat(in->staging->fd, "blobs", 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "create 'blobs'");
	if (from->diff_id[0]) {
		r = next_chain(in, from->diff_id, chain, e);
		if (r < 0)
			return r;
		found = find_layer(in, from->diff_id, chain, &l, e);
		if (found < 0)
			return found;
		staged = found ? &l : find_staged(in, from->diff_id);
		if (staged && !found)
			l = *staged; /* the list it is in may move */
		r = found ? reuse_layer(in, from, &l, chain, e) : 0;
		if (r)
			return r < 0 ? r : 0;
	}
	r = from->open(from->data, from->name, &src, e);
	if (r < 0)
		return r;
	r = read_layer(in, from, staged ? &l : NULL, &src, e);
	(void)fd_close(src.fd);
	return r;
}

/* Stage a small blob (manifest, configuration). Fills @ret with its digest. */
static int stage_blob(struct install *in, const char *text, size_t n,
		      char ret[static DIGEST_HEX_LEN + 1], struct err *e)
{
	char path[sizeof("blobs/") + DIGEST_HEX_LEN];
	int r = digest_of(text, n, ret, e);

	if (r < 0)
		return r;
	if (mkdirat(in->staging->fd, "blobs", 0700) < 0 && errno != EEXIST)
		return err_set(e, errno, "create 'blobs'");
	(void)snprintf(path, sizeof(path), "blobs/%s", ret); /* sized for it */
	r = io_replace_file(in->staging->fd, path, text, n, 0644, 0, e);
	if (r == 0 && !strv_has(&in->commit.blobs, ret) && strv_add(&in->commit.blobs, ret) < 0)
		r = err_set(e, ENOMEM, "install blob");
	return r;
}

/* Overlay needs something below; an image without layers gets an empty one of our own. */
static int add_empty_layer(struct install *in, struct err *e)
{
	static const char key[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	struct layer l = { .bytes = 0 };
	int r;

	memcpy(l.key, key, sizeof(l.key));
	memcpy(l.diff_id, key, sizeof(l.diff_id));
	memcpy(l.blob, key, sizeof(l.blob));
	if ((mkdirat(in->staging->fd, "empty", 0755) < 0 ||
	     mkdirat(in->staging->fd, "empty/fs", 0755) < 0) &&
	    errno != EEXIST)
		return err_set(e, errno, "create an empty layer");
	r = write_layer_json(in->staging->fd, "empty", &l, e);
	return r < 0 ? r : add_layer(in, &l, "empty", e);
}

static int make_manifest(struct install *in, size_t config_len, char **ret, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;

	in->manifest.config.size = config_len;
	in->manifest.config.media_type = strdup(MEDIA_OCI_CONFIG);
	memcpy(in->manifest.config.digest, in->image.id, sizeof(in->image.id));
	if (in->manifest.config.media_type)
		j = manifest_to_json(&in->manifest);
	*ret = j ? json_text(j) : NULL;
	return *ret ? 0 : err_set(e, ENOMEM, "write manifest");
}

int install_commit(struct install *in, const char *config, size_t config_len, const char *manifest,
		   size_t manifest_len, const struct image_ref *refs, size_t n_refs, struct err *e)
{
	_cleanup_json_ json_t *j = json_parse(config, config_len, "the image configuration", e);
	_cleanup_free_ char *made = NULL;
	int r;

	if (!j)
		return -EBADMSG;
	r = image_config_parse(j, &in->image.config, e);
	if (r == 0)
		r = stage_blob(in, config, config_len, in->image.id, e);
	if (r == 0 && !manifest) {
		r = make_manifest(in, config_len, &made, e);
		manifest = made;
		manifest_len = made ? strlen(made) : 0;
	}
	if (r == 0)
		r = stage_blob(in, manifest, manifest_len, in->image.manifest, e);
	if (r == 0 && in->commit.n_layers == 0)
		r = add_empty_layer(in, e);
	if (r < 0)
		return r;
	in->image.manifest_size = manifest_len;
	in->image.created_ns = in->image.config.created_ns;
	in->commit.refs = refs;
	in->commit.n_refs = n_refs;
	return store_commit(in->staging, &in->commit, e);
}
