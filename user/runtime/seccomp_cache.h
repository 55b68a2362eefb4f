/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled filters of earlier containers: to parse and compile Docker's profile takes longer than the kernel
 * does to load the result, and all containers of a host have the same one or two. They are files in
 * <root>/~seccomp/, each with the text of its profile, which must be the same byte for byte. The directory is
 * on tmpfs, and a file counts only for the program that wrote it.
 */
#ifndef DAVIT_RUNTIME_SECCOMP_CACHE_H
#define DAVIT_RUNTIME_SECCOMP_CACHE_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#define SECCOMP_CACHE_MAX 32 /* files kept; further profiles are compiled each time */

/**
 * struct seccomp_cached - what linux.seccomp comes to
 * @filter: owned
 * @flags:  SECCOMP_FILTER_FLAG_*
 */
struct seccomp_cached {
	struct sock_filter *filter;
	size_t n;
	uint32_t flags;
};

void seccomp_cached_done(struct seccomp_cached *c);

/* seccomp_cache_find() - @root: `davit-oci --root`. Return: 0; -ENOENT. */
int seccomp_cache_find(const char *root, const char *text, size_t n, struct seccomp_cached *ret);

/* seccomp_cache_keep() - for later; what keeps it from that is no error */
void seccomp_cache_keep(const char *root, const char *text, size_t n, const struct seccomp_cached *c);

#endif
