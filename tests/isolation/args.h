/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of a command that is put together piece by piece. */
#ifndef DAVIT_ISOLATION_ARGS_H
#define DAVIT_ISOLATION_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#define ARGS_MAX 512

/**
 * struct args - NULL-terminated vector; zero-initialised is empty
 * @has_failed: one of the additions did not fit or found no memory; args_start() refuses it
 */
struct args {
	char *v[ARGS_MAX + 1];
	size_t n;
	bool has_failed;
};

void args_add(struct args *a, const char *text);
__attribute__((format(printf, 2, 3))) void args_addf(struct args *a, const char *fmt, ...);
void args_done(struct args *a);

#define _cleanup_args_ __attribute__((cleanup(args_done)))

#endif
