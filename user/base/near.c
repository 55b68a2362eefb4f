// SPDX-License-Identifier: Apache-2.0
/* The word that somebody meant who mistyped it. */
#include "base/near.h"

#include <string.h>

#include "base/cleanup.h"

#define WORD_MAX 24u /* no command or option is longer */
#define SLIPS_MAX 2u /* in a word that still is meant to be another */

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

/* Letters to add, drop, replace or swap with the next one until @a is @b (optimal string alignment). */
static unsigned int distance(const char *a, size_t m, const char *b, size_t n)
{
	unsigned int row[WORD_MAX + 1], before[WORD_MAX + 1];

	if (m > WORD_MAX || n > WORD_MAX)
		return WORD_MAX;
	for (unsigned int j = 0; j <= n; j++)
		before[j] = row[j] = j;
	for (unsigned int i = 1; i <= m; i++) {
		unsigned int diagonal = row[0], swapped = 0;

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			unsigned int above = row[j], two_back = swapped;

			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    two_back + 1 < row[j])
				row[j] = two_back + 1;
			/* of the row before the last, one column back */
			swapped = before[j - 1];
			before[j - 1] = diagonal;
			diagonal = above;
		}
	}
	return row[n];
}

void near_try(struct near *near, const char *word, size_t n)
{
	bool begins = near->len && near->len <= n && memcmp(word, near->typed, near->len) == 0;
	unsigned int d = begins ? 0 : distance(near->typed, near->len, word, n);

	/* with more than a third of the letters wrong it is another word */
	if (d > SLIPS_MAX || 3 * d > near->len || (near->best && d >= near->distance))
		return;
	near->best = word;
	near->best_len = n;
	near->distance = d;
}
