/* SPDX-License-Identifier: Apache-2.0 */
/* Container ids and names. */
#ifndef DAVIT_BASE_ID_H
#define DAVIT_BASE_ID_H

#include <stdbool.h>

#define ID_LEN	     64u
#define ID_SHORT_LEN 12u
#define NAME_MAX_LEN 128u /* longest container name */

/* id_new() - 32 random bytes as lower-case hex with a NUL. Return: 0 or -errno of getrandom(2). */
int id_new(char ret[static ID_LEN + 1]);

/* A full id: 64 lower-case hex digits. */
bool id_is_valid(const char *s);

/* A name: [a-zA-Z0-9][a-zA-Z0-9_.-]*, 2 to 128 characters as Docker has it. */
bool name_is_valid(const char *s);

#endif
