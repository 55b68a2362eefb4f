/* SPDX-License-Identifier: Apache-2.0 */
/* Environment: -e KEY[=VALUE] and --env-file. */
#ifndef DAVIT_SPEC_ENV_FILE_H
#define DAVIT_SPEC_ENV_FILE_H

#include <stddef.h>

struct err;
struct strv;

#define ENV_FILE_SIZE_MAX (1u << 20)
#define ENV_FILE_LINE_MAX (64u << 10)
#define ENV_FILE_COUNT_MAX 4096u

/**
 * env_file_parse() - add the variables of a file to @env; later ones replace earlier ones
 * @text:    @n bytes, need not end in a newline
 * @what:    name of the file in messages
 * @environ: where KEY without "=" gets its value; skipped if it is not set there; may be NULL
 *
 * Lines are KEY=VALUE or KEY; blank lines and those that start with # are skipped, leading blanks
 * too. No quotes, no expansion, as Docker has it.
 *
 * Return: 0; -EINVAL with @e naming the line; @env may then hold a part.
 */
int env_file_parse(const char *text, size_t n, const char *what, char *const environ_[],
		   struct strv *env, struct err *e);

/* env_file_add() - one -e KEY[=VALUE] */
int env_file_add(const char *text, char *const environ_[], struct strv *env, struct err *e);

#endif
