/* SPDX-License-Identifier: Apache-2.0 */
/* The word that somebody meant who mistyped it. */
#ifndef DAVIT_BASE_NEAR_H
#define DAVIT_BASE_NEAR_H

#include <stdbool.h>
#include <stddef.h>

/* What was typed, and the best of the words that have been tried; NEAR_INIT(typed, its length). */
struct near {
	const char *typed;
	size_t len;
	const char *best; /* NULL = none is near */
	size_t best_len;
	unsigned int distance;
};

#define NEAR_INIT(t, n)                  \
	{                                \
		.typed = (t), .len = (n) \
	}

/* near_try() - is @word of @n letters, which typed begins or is a few slips from, nearer than the best? */
void near_try(struct near *near, const char *word, size_t n);

#endif
