/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A blob on its way from an archive to the unpacker: read, hashed, stored, decompressed and hashed
 * again, each byte once, in two threads beside the caller's.
 */
#ifndef DAVIT_IMAGE_STREAM_H
#define DAVIT_IMAGE_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "spec/image_ref.h"

struct err;
struct stream;

/**
 * struct stream_source - a range of an open file
 * @fd:     borrowed; read with pread(2) unless @is_pipe
 * @size:   bytes; ignored for a pipe, which is read to its end
 * @name:   for messages, borrowed
 */
struct stream_source {
	int fd;
	uint64_t offset, size;
	bool is_pipe;
	const char *name;
};

/**
 * struct stream_result - what went by
 * @digest, @size: of the blob as stored
 * @diff_id:       of its decompressed bytes
 * @format:	   as inflate_format()
 */
struct stream_result {
	char digest[DIGEST_HEX_LEN + 1], diff_id[DIGEST_HEX_LEN + 1];
	uint64_t size, inflated;
	char format[8]; /* of the stored blob */
};

#define STREAM_STORE_PLAIN (1u << 0) /* compression that OCI has no media type for is not stored */

/**
 * stream_open() - start the threads
 * @blob_fd: the blob as it is goes there too; -1 = nowhere
 * @flags:   STREAM_STORE_PLAIN
 * @budget:  decompressed bytes that may pass, less is left when the stream ends; more is -EFBIG
 */
int stream_open(const struct stream_source *source, int blob_fd, unsigned int flags,
		uint64_t *budget, struct stream **ret, struct err *e);

/* stream_next() - the next decompressed bytes, valid until the next call. Return: their number; 0
 * at the end; -errno: stream_finish() tells why. */
ssize_t stream_next(struct stream *s, const void **ret);

/**
 * stream_finish() - read what the caller left, join the threads, fill @ret
 * @want_digest: expected digest, or NULL
 *
 * Return: 0; -EBADMSG for wrong digest or damaged compression; the error of reading or storing.
 */
int stream_finish(struct stream *s, const char *want_digest, struct stream_result *ret,
		  struct err *e);

/* stream_freep() - stop the threads and free */
void stream_freep(struct stream **s);

#endif
