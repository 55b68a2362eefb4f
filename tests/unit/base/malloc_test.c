// SPDX-License-Identifier: Apache-2.0
/* The allocator of the davit program, under names of its own. */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void *hot_malloc(size_t n);
void *hot_calloc(size_t count, size_t size);
void *hot_realloc(void *p, size_t n);
void hot_free(void *p);

#define malloc hot_malloc
#define calloc hot_calloc
#define realloc hot_realloc
#define free hot_free
#include "hot/malloc.c"
#undef malloc
#undef calloc
#undef realloc
#undef free

#include "kselftest_harness.h"

/* sizes around every power of two, the large ones with a mapping of their own */
TEST(blocks_are_aligned_and_apart)
{
	unsigned char *p[3 * 20];
	size_t size[3 * 20], n = 0;

	for (unsigned int shift = 0; shift < 20; shift++)
		for (int d = -1; d <= 1; d++, n++) {
			size[n] = ((size_t)1 << shift) + (size_t)d;
			p[n] = hot_malloc(size[n]);
			ASSERT_NE(NULL, p[n]);
			ASSERT_EQ(0, (uintptr_t)p[n] % 16);
			memset(p[n], (int)n, size[n]);
		}
	for (size_t i = 0; i < n; i++)
		for (size_t at = 0; at < size[i]; at++)
			ASSERT_EQ((unsigned char)i, p[i][at]);
	for (size_t i = 0; i < n; i++)
		hot_free(p[i]);
	hot_free(NULL);
}

TEST(freed_memory_is_used_again)
{
	void *first = hot_malloc(100);

	hot_free(first);
	for (int i = 0; i < 1000000; i++) {
		void *p = hot_malloc(100);

		ASSERT_EQ(first, p);
		hot_free(p);
	}
}

TEST(calloc_clears_what_was_used)
{
	unsigned char *p = hot_malloc(200);

	memset(p, 0xff, 200);
	hot_free(p);
	p = hot_calloc(50, 4);
	for (int i = 0; i < 200; i++)
		ASSERT_EQ(0, p[i]);
	hot_free(p);
}

TEST(realloc_keeps_the_contents)
{
	unsigned char *p = hot_realloc(NULL, 1);

	*p = 1;
	for (size_t n = 2; n < 1000000; n = n * 3 / 2 + 1) {
		p = hot_realloc(p, n);
		ASSERT_NE(NULL, p);
		ASSERT_EQ(1, p[0]);
		p[n - 1] = 2;
	}
	p = hot_realloc(p, 10);
	EXPECT_EQ(1, p[0]);
	hot_free(p);
}

TEST(absurd_sizes_fail)
{
	/* volatile: the compiler knows that such sizes cannot be */
	volatile size_t huge = SIZE_MAX, half = SIZE_MAX / 2 + 1;
	void *p = hot_malloc(10);

	EXPECT_EQ(NULL, hot_malloc(huge));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(NULL, hot_malloc(half));
	EXPECT_EQ(NULL, hot_calloc(half, 2));
	EXPECT_EQ(NULL, hot_realloc(p, huge));
	hot_free(p);
}

/* in a child: the harness ends by the same signal when an assertion fails */
static int signal_of(void (*fn)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		fn();
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void free_twice(void)
{
	void *p = hot_malloc(10);

	hot_free(p);
	hot_free(p);
}

static void write_beyond(void)
{
	char *volatile p = hot_malloc(16);
	char *volatile q = hot_malloc(16);

	memset(p, 'x', (size_t)(q - p));
	hot_free(q);
}

TEST(damage_ends_the_program)
{
	EXPECT_EQ(SIGABRT, signal_of(free_twice));
	EXPECT_EQ(SIGABRT, signal_of(write_beyond));
}

TEST_HARNESS_MAIN
