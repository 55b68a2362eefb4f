// SPDX-License-Identifier: Apache-2.0
/* A blob on its way: a producer thread (read, hash, store, inflate), a hashing thread, the caller. */
#include "image/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "image/digest.h"
#include "image/inflate.h"

/* Eight chunks of 256 KiB: deep enough that no stage waits for a burst of small files in the
 * caller, small enough to stay in the L2 and L3 caches between the stages. */
#define CHUNKS	   8u
#define CHUNK_SIZE (256u << 10)

enum consumer { CALLER, HASHER, CONSUMERS };

struct chunk {
	unsigned char *p;
	size_t n;
};

/**
 * struct stream - ring of chunks; @lock guards all from @head to @is_cancelled
 * @head:	  chunks produced; chunk k is ring[k % CHUNKS]
 * @tail:	  chunks each consumer is done with
 * @is_complete:  no more will be produced
 * @is_plain:	  the blob is not compressed: @inflated is its digest, @raw is not kept
 * @is_transcoded: what is stored is the decompressed bytes, and @is_plain speaks of them
 * @is_truncated: the source ended early
 */
struct stream {
	struct stream_source source;
	int blob_fd;
	uint64_t *budget;
	unsigned char *in;
	uint64_t in_total;
	unsigned int flags;
	bool is_plain, is_transcoded, is_truncated;
	struct inflate *inflate;
	struct digest raw, inflated;
	uint64_t inflated_total;
	char format[8];
	pthread_t producer, hasher;
	bool has_producer, has_hasher;

	pthread_mutex_t lock;
	pthread_cond_t change;
	struct chunk ring[CHUNKS];
	uint64_t head, tail[CONSUMERS];
	bool is_complete, is_cancelled, caller_has_chunk;
	struct err err;
};

/* Compressed bytes for the decoder; hashed and stored as they pass. Producer thread. */
static ssize_t next_input(void *data, const void **ret, struct err *e)
{
	struct stream *s = data;
	uint64_t left = s->source.is_pipe ? CHUNK_SIZE : s->source.size - s->in_total;
	size_t want = left < CHUNK_SIZE ? (size_t)left : CHUNK_SIZE;
	size_t have = 0;
	int r;

	while (have < want) {
		ssize_t n = s->source.is_pipe ?
				    read(s->source.fd, s->in + have, want - have) :
				    pread(s->source.fd, s->in + have, want - have,
					  (off_t)(s->source.offset + s->in_total + have));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, errno, "read %s", s->source.name);
		if (n == 0)
			break;
		have += (size_t)n;
	}
	if (have < want && !s->source.is_pipe) {
		s->is_truncated = true;
		return err_plain(e, -EBADMSG, "%s is truncated", s->source.name);
	}
	s->in_total += have;
	if (!s->is_plain)
		digest_add(&s->raw, s->in, have);
	if (s->blob_fd >= 0 && have && !s->is_transcoded) {
		r = io_write_full(s->blob_fd, s->in, have);
		if (r < 0)
			return err_set(e, r, "store %s", s->source.name);
	}
	*ret = s->in;
	return (ssize_t)have;
}

/* Wait for room. Return: chunk to fill; NULL: told to stop. */
static struct chunk *free_chunk(struct stream *s)
{
	struct chunk *c;

	(void)pthread_mutex_lock(&s->lock);
	while (!s->is_cancelled &&
	       (s->head - s->tail[CALLER] >= CHUNKS || s->head - s->tail[HASHER] >= CHUNKS))
		(void)pthread_cond_wait(&s->change, &s->lock);
	c = s->is_cancelled ? NULL : &s->ring[s->head % CHUNKS];
	(void)pthread_mutex_unlock(&s->lock);
	return c;
}

static void publish(struct stream *s)
{
	(void)pthread_mutex_lock(&s->lock);
	s->head++;
	(void)pthread_cond_broadcast(&s->change);
	(void)pthread_mutex_unlock(&s->lock);
}

/* Fill chunks until the end. Decoders give what one input chunk yields; whole chunks are passed on
 * so that small reads do not become many hand-overs. */
static int produce(struct stream *s, struct err *e)
{
	for (;;) {
		struct chunk *c = free_chunk(s);
		ssize_t n = 1;

		if (!c)
			return 0;
		for (c->n = 0; c->n < CHUNK_SIZE; c->n += (size_t)n) {
			n = inflate_read(s->inflate, c->p + c->n, CHUNK_SIZE - c->n, e);
			if (n < 0 && *s->format)
				return err_wrap(e, (int)n, "decompress %s", s->source.name);
			if (n < 0)
				return (int)n;
			if (n == 0)
				break;
		}
		if (s->is_transcoded && s->blob_fd >= 0) {
			int r = io_write_full(s->blob_fd, c->p, c->n);

			if (r < 0)
				return err_set(e, r, "store %s", s->source.name);
		}
		s->inflated_total += c->n;
		if (c->n > *s->budget) {
			int r = err_plain(e, -EFBIG, "%s unpacks to more than the limit",
					  s->source.name);

			err_hint(e, "if you trust it, raise the limit with --max-size");
			return r;
		}
		*s->budget -= c->n;
		if (c->n)
			publish(s);
		if (n == 0)
			return 0;
	}
}

/* Behind the end of the compressed data, or after damage: the digest is of all the blob, and says
 * whether it is what it claims to be. */
static int read_rest(struct stream *s, struct err *e)
{
	const void *p;
	ssize_t n;
	bool stop;

	do {
		(void)pthread_mutex_lock(&s->lock);
		stop = s->is_cancelled;
		(void)pthread_mutex_unlock(&s->lock);
		n = stop ? 0 : next_input(s, &p, e);
	} while (n > 0);
	return n < 0 ? (int)n : 0;
}

/* Formats that a manifest can name. */
static bool is_oci_format(const char *format)
{
	return !*format || strcmp(format, "gzip") == 0 || strcmp(format, "zstd") == 0;
}

/* The first input told the format: what is to be stored, what is to be hashed? */
static int choose(struct stream *s, struct err *e)
{
	(void)snprintf(s->format, sizeof(s->format), "%s", inflate_format(s->inflate));
	s->is_plain = !*s->format;
	if (is_oci_format(s->format))
		return 0;
	if (!(s->flags & STREAM_STORE_PLAIN))
		return err_plain(e, -EBADMSG, "%s is compressed with %s, which is not supported",
				 s->source.name, s->format);
	s->is_plain = s->is_transcoded = true;
	if (s->blob_fd >= 0 && (ftruncate(s->blob_fd, 0) < 0 || lseek(s->blob_fd, 0, SEEK_SET) < 0))
		return err_set(e, errno, "store %s", s->source.name);
	return 0;
}

static void *producer_main(void *data)
{
	struct stream *s = data;
	struct err e = ERR_INIT, ignored = ERR_INIT;
	int r = inflate_open((struct inflate_source){ next_input, s }, &s->inflate, &e);

	if (r == 0)
		r = choose(s, &e);
	if (r == 0)
		r = produce(s, &e);
	if (r == 0 || r == -EBADMSG) {
		int q = read_rest(s, r == 0 ? &e : &ignored);

		r = r ? r : q;
	}
	(void)pthread_mutex_lock(&s->lock);
	if (r < 0)
		s->err = e;
	s->is_complete = true;
	(void)pthread_cond_broadcast(&s->change);
	(void)pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* Next chunk for a consumer, after giving back the one it has. NULL: end, failure or stop. */
static struct chunk *take_chunk(struct stream *s, enum consumer who, bool give_back)
{
	struct chunk *c = NULL;

	(void)pthread_mutex_lock(&s->lock);
	if (give_back) {
		s->tail[who]++;
		(void)pthread_cond_broadcast(&s->change);
	}
	while (!s->is_cancelled && !s->is_complete && s->tail[who] == s->head)
		(void)pthread_cond_wait(&s->change, &s->lock);
	if (!s->is_cancelled && s->tail[who] < s->head)
		c = &s->ring[s->tail[who] % CHUNKS];
	(void)pthread_mutex_unlock(&s->lock);
	return c;
}

static void *hasher_main(void *data)
{
	struct stream *s = data;
	struct chunk *c = NULL;

	while ((c = take_chunk(s, HASHER, c != NULL)) != NULL)
		digest_add(&s->inflated, c->p, c->n);
	return NULL;
}

static int start(struct stream *s, struct err *e)
{
	int r;

	s->in = malloc(CHUNK_SIZE);
	for (unsigned int i = 0; i < CHUNKS; i++) {
		s->ring[i].p = malloc(CHUNK_SIZE);
		if (!s->ring[i].p || !s->in)
			return err_set(e, ENOMEM, "allocate buffers");
	}
	r = digest_init(&s->raw, e);
	if (r == 0)
		r = digest_init(&s->inflated, e);
	if (r < 0)
		return r;
	r = pthread_create(&s->producer, NULL, producer_main, s);
	s->has_producer = r == 0;
	if (r == 0)
		r = pthread_create(&s->hasher, NULL, hasher_main, s);
	s->has_hasher = r == 0;
	return r ? err_set(e, r, "start a thread") : 0;
}

int stream_open(const struct stream_source *source, int blob_fd, unsigned int flags,
		uint64_t *budget, struct stream **ret, struct err *e)
{
	_cleanup_(stream_freep) struct stream *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return err_set(e, ENOMEM, "read %s", source->name);
	s->source = *source;
	s->blob_fd = blob_fd;
	s->flags = flags;
	s->budget = budget;
	(void)pthread_mutex_init(&s->lock, NULL); /* these cannot fail on Linux */
	(void)pthread_cond_init(&s->change, NULL);
	if (!source->is_pipe)
		(void)posix_fadvise(source->fd, (off_t)source->offset, (off_t)source->size,
				    POSIX_FADV_SEQUENTIAL); /* a hint */
	r = start(s, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

ssize_t stream_next(struct stream *s, const void **ret)
{
	struct chunk *c = take_chunk(s, CALLER, s->caller_has_chunk);
	int r;

	s->caller_has_chunk = c != NULL;
	if (c) {
		*ret = c->p;
		return (ssize_t)c->n;
	}
	(void)pthread_mutex_lock(&s->lock);
	r = s->err.code;
	(void)pthread_mutex_unlock(&s->lock);
	return r;
}

static void join(struct stream *s)
{
	if (s->has_producer)
		(void)pthread_join(s->producer, NULL);
	if (s->has_hasher)
		(void)pthread_join(s->hasher, NULL);
	s->has_producer = s->has_hasher = false;
}

static int check_digest(const struct stream *s, const char *want, const struct stream_result *res,
			struct err *e)
{
	if (!want || strcmp(want, res->digest) == 0 || s->is_truncated ||
	    (s->err.code && s->err.code != -EBADMSG))
		return 0;
	return err_plain(e, -EBADMSG, "%s is corrupt: its content has digest 'sha256:%s'",
			 s->source.name, res->digest);
}

int stream_finish(struct stream *s, const char *want_digest, struct stream_result *ret,
		  struct err *e)
{
	struct stream_result res = { .size = 0 };
	const void *p;
	int r;

	while (stream_next(s, &p) > 0)
		;
	join(s);
	r = digest_finish(&s->raw, res.digest, e);
	if (r == 0)
		r = digest_finish(&s->inflated, res.diff_id, e);
	if (r < 0)
		return r;
	if (s->is_plain)
		memcpy(res.digest, res.diff_id, sizeof(res.digest));
	/* a wrong digest is the better explanation for data that does not decompress */
	r = check_digest(s, want_digest, &res, e);
	if (r < 0)
		return r;
	if (s->err.code) {
		if (e)
			*e = s->err;
		return s->err.code;
	}
	res.size = s->is_transcoded ? s->inflated_total : s->in_total;
	res.inflated = s->inflated_total;
	if (!s->is_transcoded)
		memcpy(res.format, s->format, sizeof(res.format));
	*ret = res;
	return 0;
}

void stream_freep(struct stream **sp)
{
	struct stream *s = *sp;

	if (!s)
		return;
	(void)pthread_mutex_lock(&s->lock);
	s->is_cancelled = true;
	(void)pthread_cond_broadcast(&s->change);
	(void)pthread_mutex_unlock(&s->lock);
	join(s);
	inflate_freep(&s->inflate);
	digest_done(&s->raw);
	digest_done(&s->inflated);
	for (unsigned int i = 0; i < CHUNKS; i++)
		free(s->ring[i].p);
	free(s->in);
	(void)pthread_mutex_destroy(&s->lock);
	(void)pthread_cond_destroy(&s->change);
	free(s);
	*sp = NULL;
}
