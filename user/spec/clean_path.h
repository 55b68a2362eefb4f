/* SPDX-License-Identifier: Apache-2.0 */
/* Absolute paths as users type them. */
#ifndef DAVIT_SPEC_CLEAN_PATH_H
#define DAVIT_SPEC_CLEAN_PATH_H

#include <stdbool.h>
#include <stddef.h>

struct err;

#define CLEAN_PATH_MAX 4095u /* PATH_MAX without its NUL */

/**
 * clean_path() - the first @n bytes of @text as an absolute path without empty and "." parts
 * @is_inside: the path is one of a container: ".." is taken back as text, because the path is
 *	       opened beneath a root. On the host ".." stays for the kernel to follow.
 *
 * Return: 0 and a new string, "/" for the root; -EINVAL if @text is empty or not absolute,
 * -ENAMETOOLONG, -ENOMEM; all with @e naming it.
 */
int clean_path(const char *text, size_t n, bool is_inside, char **ret, struct err *e);

#endif
