// SPDX-License-Identifier: Apache-2.0
/*
 * memcpy(3) for many short copies. musl's is `rep movs`, which takes some 50 ns to get going; JSON is
 * parsed and printed by bytes.
 */
#include <stdint.h>
#include <string.h>

/* each is one load or store of that size: overlapping ends need no loop */
#define COPY_ENDS(type)                                                       \
	do {                                                                  \
		type head_, tail_;                                            \
		__builtin_memcpy(&head_, s, sizeof(type));                    \
		__builtin_memcpy(&tail_, s + n - sizeof(type), sizeof(type)); \
		__builtin_memcpy(d, &head_, sizeof(type));                    \
		__builtin_memcpy(d + n - sizeof(type), &tail_, sizeof(type)); \
	} while (0)

typedef uint64_t pair __attribute__((vector_size(16)));

/* a copy in a loop must not become a call of itself */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the header has reserved names */
void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	const unsigned char *s = from;
	unsigned char *d = to;

	if (n >= 16) {
		pair tail;

		__builtin_memcpy(&tail, s + n - 16, 16);
		for (size_t i = 0; i + 16 < n; i += 16)
			__builtin_memcpy(d + i, s + i, 16);
		__builtin_memcpy(d + n - 16, &tail, 16);
	} else if (n >= 8) {
		COPY_ENDS(uint64_t);
	} else if (n >= 4) {
		COPY_ENDS(uint32_t);
	} else if (n >= 2) {
		COPY_ENDS(uint16_t);
	} else if (n) {
		*d = *s;
	}
	return to;
}

/* musl's jumps into its memcpy */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the header has reserved names */
void *memmove(void *to, const void *from, size_t n)
{
	const unsigned char *s = from;
	unsigned char *d = to;

	if ((uintptr_t)d - (uintptr_t)s >= n)
		return memcpy(to, from, n);
	while (n--) /* to a higher address, overlapping */
		d[n] = s[n];
	return to;
}
