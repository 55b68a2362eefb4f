/* SPDX-License-Identifier: Apache-2.0 */
/* Image references: [DOMAIN[:PORT]/]PATH[:TAG][@sha256:HEX], normalised as Docker does it. */
#ifndef DAVIT_SPEC_IMAGE_REF_H
#define DAVIT_SPEC_IMAGE_REF_H

#include <stdbool.h>
#include <stddef.h>

struct err;

#define IMAGE_REF_NAME_MAX 255u /* domain and path together, as Docker has it */
#define IMAGE_REF_TAG_MAX  128u
#define DIGEST_HEX_LEN	   64u /* sha256 */
#define IMAGE_REF_TEXT_MAX (IMAGE_REF_NAME_MAX + IMAGE_REF_TAG_MAX + DIGEST_HEX_LEN + 16u)

/**
 * struct image_ref - a parsed reference; no allocation, copy it freely
 * @name:   always with domain: "docker.io/library/debian"
 * @tag:    "latest" when neither tag nor digest was given; "" with a digest alone
 * @digest: 64 lower-case hex digits of sha256, or ""
 */
struct image_ref {
	char name[IMAGE_REF_NAME_MAX + 1];
	char tag[IMAGE_REF_TAG_MAX + 1];
	char digest[DIGEST_HEX_LEN + 1];
};

/**
 * image_ref_parse() - parse and normalise what a user or an archive calls an image
 *
 * The grammar is that of github.com/distribution/reference; digests are sha256 only. A bare string
 * of 64 hex digits is refused, because it is an image id.
 *
 * Return: 0; -EINVAL.
 */
int image_ref_parse(const char *text, struct image_ref *ret, struct err *e);

/* image_ref_text() - "docker.io/library/debian:12" */
const char *image_ref_text(const struct image_ref *ref, char buf[static IMAGE_REF_TEXT_MAX]);

/* image_ref_short() - "debian:12": the shortest text that parses to the same reference */
const char *image_ref_short(const struct image_ref *ref, char buf[static IMAGE_REF_TEXT_MAX]);

/* digest_hex() - "sha256:HEX" to HEX (borrowed, 64 digits); NULL if it is not of that form */
const char *digest_hex(const char *digest);

/* digest_is_hex() - @n lower-case hex digits and nothing behind them */
bool digest_is_hex(const char *s, size_t n);

#endif
