// SPDX-License-Identifier: Apache-2.0
/* Any bytes as /etc/passwd: the home of an id is the same however they are read, and fits. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spec/passwd_home.h"

#define SIZE 32

static void look(const uint8_t *data, size_t n, size_t piece, char home[static SIZE])
{
	struct passwd_home p;
	size_t at = 0;

	memset(home, 0xaa, SIZE);
	passwd_home_begin(&p, 5, home, SIZE - 1);
	while (at < n) {
		size_t len = n - at < piece ? n - at : piece;

		if (passwd_home_feed(&p, (const char *)data + at, len))
			return;
		at += len;
	}
	if (!passwd_home_feed(&p, NULL, 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char whole[SIZE], pieces[SIZE];

	if (!n)
		return 0;
	look(data + 1, n - 1, n, whole);
	look(data + 1, n - 1, 1 + data[0] % 16, pieces);
	if (strnlen(whole, SIZE) >= SIZE - 1 || !*whole || (uint8_t)whole[SIZE - 1] != 0xaa ||
	    strcmp(whole, pieces) != 0)
		abort();
	return 0;
}
