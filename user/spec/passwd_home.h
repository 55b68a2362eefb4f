/* SPDX-License-Identifier: Apache-2.0 */
/* The home directory of a user id, from the bytes of a passwd(5) file. Calls nothing: the child of a clone may use it. */
#ifndef DAVIT_SPEC_PASSWD_HOME_H
#define DAVIT_SPEC_PASSWD_HOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PASSWD_HOME_FALLBACK "/" /* of who is not there, or has none, as runc has it */

/**
 * struct passwd_home - place in the file
 * @uid:   whose
 * @home:  buffer of @size bytes, the caller's
 */
struct passwd_home {
	uint32_t uid;
	char *home;
	size_t size, len;
	unsigned int field, n_digits;
	uint64_t number;
	bool is_no_number, is_unfit;
};

/* passwd_home_begin() - writes the fallback to @home, of at least 2 bytes */
void passwd_home_begin(struct passwd_home *p, uint32_t uid, char *home, size_t size);

/**
 * passwd_home_feed() - the next @n bytes of the file; @n = 0 = its end
 *
 * The first entry of the id counts. One whose directory does not fit, or holds a NUL, is as one that has none.
 * Return: true = found, or the end; @home is final.
 */
bool passwd_home_feed(struct passwd_home *p, const char *bytes, size_t n);

#endif
