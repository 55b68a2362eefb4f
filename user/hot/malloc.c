// SPDX-License-Identifier: Apache-2.0
/*
 * malloc(3) of programs that live for a millisecond and have one thread. musl's makes and removes a mapping
 * for every other size, with two page faults each: a tenth of a millisecond. Here blocks of powers of two
 * come out of one piece of memory and go to a list for the next of their size; only large ones are given
 * back to the kernel.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SHIFT_MIN 5u /* a header, and as much again */
#define SHIFT_LARGE 17u /* from here on every block is a mapping of its own */
#define SHIFT_MAX 40u
#define FIRST_PIECE (128u << 10) /* enough for a container with Docker's profile */
#define NEXT_PIECE (1u << 20)
#define MARK 0x9e3779b97f4a7c15ull

/* In front of each block. @mark tells a block in use from any other: see check() */
struct block {
	uint64_t mark : 56, shift : 8;
	struct block *next; /* of the list of free ones */
};

_Static_assert(sizeof(struct block) == 16, "what follows must be aligned for any type");

static struct block *free_blocks[SHIFT_LARGE];
static _Alignas(16) unsigned char first_piece[FIRST_PIECE];
static unsigned char *piece = first_piece, *piece_end = first_piece + FIRST_PIECE;

static uint64_t mark_of(const struct block *b)
{
	return ((uintptr_t)b ^ MARK) & ((1ull << 56) - 1);
}

/* Freed twice, never allocated, or overwritten from the block before: nothing can be trusted. */
static struct block *check(void *p)
{
	struct block *b = (struct block *)p - 1;

	if (b->mark != mark_of(b) || b->shift < SHIFT_MIN || b->shift > SHIFT_MAX)
		abort();
	return b;
}

static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* Never used memory, which is zero. What is left of the last piece is lost. */
static struct block *cut(unsigned int shift)
{
	struct block *b;

	if (shift >= SHIFT_LARGE)
		return map((size_t)1 << shift);
	if ((size_t)(piece_end - piece) < (size_t)1 << shift) {
		unsigned char *p = map(NEXT_PIECE);

		if (!p)
			return NULL;
		piece = p;
		piece_end = p + NEXT_PIECE;
	}
	b = (struct block *)(void *)piece;
	piece += (size_t)1 << shift;
	return b;
}

static void *allocate(size_t n, bool *is_zero)
{
	unsigned int shift = SHIFT_MIN;
	struct block *b;

	while (shift < SHIFT_MAX && ((size_t)1 << shift) - sizeof(*b) < n)
		shift++;
	b = shift < SHIFT_LARGE ? free_blocks[shift] : NULL;
	*is_zero = !b;
	if (b)
		free_blocks[shift] = b->next;
	else
		b = shift < SHIFT_MAX ? cut(shift) : NULL;
	if (!b) {
		errno = ENOMEM;
		return NULL;
	}
	/* written whole: a new page that is read before costs a second fault */
	*b = (struct block){ .mark = mark_of(b), .shift = shift };
	return b + 1;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the header has reserved names */
void *malloc(size_t n)
{
	bool is_zero;

	return allocate(n, &is_zero);
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the header has reserved names */
void free(void *p)
{
	struct block *b;

	if (!p)
		return;
	b = check(p);
	b->mark = 0;
	if (b->shift >= SHIFT_LARGE) {
		int saved = errno;

		(void)munmap(b, (size_t)1 << b->shift); /* our own mapping, as it was made */
		errno = saved;
		return;
	}
	b->next = free_blocks[b->shift];
	free_blocks[b->shift] = b;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the header has reserved names */
void *calloc(size_t count, size_t size)
{
	bool is_zero;
	size_t n;
	void *p;

	if (__builtin_mul_overflow(count, size, &n)) {
		errno = ENOMEM;
		return NULL;
	}
	p = allocate(n, &is_zero);
	return p && !is_zero ? memset(p, 0, n) : p;
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the header has reserved names */
void *realloc(void *p, size_t n)
{
	size_t room;
	void *q;

	if (!p)
		return malloc(n);
	room = ((size_t)1 << check(p)->shift) - sizeof(struct block);
	if (n <= room)
		return p;
	q = malloc(n);
	if (q) {
		memcpy(q, p, room);
		free(p);
	}
	return q;
}
