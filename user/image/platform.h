/* SPDX-License-Identifier: Apache-2.0 */
/* OS/ARCH[/VARIANT] as Go and OCI spell it. */
#ifndef DAVIT_IMAGE_PLATFORM_H
#define DAVIT_IMAGE_PLATFORM_H

#include <stdbool.h>

struct descriptor;
struct err;
struct image_config;

#define PLATFORM_PART_MAX 32u

struct platform {
	char os[PLATFORM_PART_MAX], architecture[PLATFORM_PART_MAX], variant[PLATFORM_PART_MAX];
};

/* platform_parse() - "linux/arm64/v8"; NULL = this host. Return: 0; -EINVAL. */
int platform_parse(const char *text, struct platform *ret, struct err *e);

/* platform_check() - is an image of this configuration for @wanted? NULL = any. Return: 0; -ENOENT; -EINVAL. */
int platform_check(const char *wanted, const struct image_config *c, struct err *e);

/* platform_match() - does the descriptor's platform serve? Without a variant in @p any does. */
bool platform_match(const struct platform *p, const struct descriptor *d);

#endif
