// SPDX-License-Identifier: Apache-2.0
/* A filter is found for its own text only, byte for byte. */
#include "runtime/seccomp_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#define TEXT_MAX_SIZE 20000u
#define N_INSNS 3u

FIXTURE(cache)
{
	char root[32], text[TEXT_MAX_SIZE];
	struct sock_filter insns[N_INSNS];
	struct seccomp_cached filter;
};

FIXTURE_SETUP(cache)
{
	strcpy(self->root, "/tmp/seccomp_cache.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->root));
	for (unsigned int i = 0; i < sizeof(self->text); i++)
		self->text[i] = (char)('a' + i * 7 % 23);
	for (unsigned int i = 0; i < N_INSNS; i++)
		self->insns[i] = (struct sock_filter){ .code = 6, .k = i };
	self->filter = (struct seccomp_cached){ .filter = self->insns, .n = N_INSNS, .flags = 4 };
}

FIXTURE_TEARDOWN(cache)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r '%s'", self->root);
	EXPECT_EQ(0, system(command));
}

/* The only file of the cache, or the one that is not @other. */
static void name_file(struct __test_metadata *_metadata, const char *root, const char *other,
		      char ret[static 128])
{
	char dir[64];
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/~seccomp", root);
	d = opendir(dir);
	ASSERT_NE(NULL, d);
	for (struct dirent *e; (e = readdir(d));) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%.60s", dir, e->d_name);
		if (e->d_name[0] != '.' && strcmp(path, other) != 0)
			strcpy(ret, path);
	}
	closedir(d);
	ASSERT_NE('\0', ret[0]);
}

static bool finds(const char *root, const char *text, size_t n, uint32_t first_k)
{
	struct seccomp_cached c;
	bool is_whole;

	if (seccomp_cache_find(root, text, n, &c) < 0)
		return false;
	is_whole = c.n == N_INSNS && c.flags == 4 && c.filter[0].k == first_k && c.filter[2].k == 2;
	seccomp_cached_done(&c);
	return is_whole;
}

static void flip(struct __test_metadata *_metadata, const char *path, off_t at)
{
	int fd = open(path, O_RDWR);
	char c;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(1, pread(fd, &c, 1, at));
	c ^= 1;
	ASSERT_EQ(1, pwrite(fd, &c, 1, at));
	close(fd);
}

/* Each byte of a text counts, also at the ends of the pieces that the file is read in. */
TEST_F(cache, finds_the_same_text_alone)
{
	static const size_t sizes[] = { 513, 8111, 8112, 8113, 8192, 16304, TEXT_MAX_SIZE };
	const off_t head = 56 + N_INSNS * sizeof(struct sock_filter);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const size_t n = sizes[i];
		const size_t places[] = { 0, 1, 7, 8, n / 2, n - 9, n - 8, n - 2, n - 1 };
		char path[128] = "";

		EXPECT_FALSE(finds(self->root, self->text, n, 0));
		seccomp_cache_keep(self->root, self->text, n, &self->filter);
		name_file(_metadata, self->root, "", path);
		EXPECT_TRUE(finds(self->root, self->text, n, 0));
		EXPECT_FALSE(finds(self->root, self->text, n - 1, 0));
		for (size_t p = 0; p < sizeof(places) / sizeof(places[0]); p++) {
			flip(_metadata, path, head + (off_t)places[p]);
			EXPECT_FALSE(finds(self->root, self->text, n, 0))
			TH_LOG("byte %zu of %zu", places[p], n);
			flip(_metadata, path, head + (off_t)places[p]);
		}
		EXPECT_TRUE(finds(self->root, self->text, n, 0));
		ASSERT_EQ(0, unlink(path));
	}
}

/* As if their hashes were one. */
TEST_F(cache, another_profile_of_the_same_length_and_name)
{
	char a[128] = "", b[128] = "", *other = strndup(self->text, 1000);

	ASSERT_NE(NULL, other);
	other[500] ^= 1;
	seccomp_cache_keep(self->root, self->text, 1000, &self->filter);
	name_file(_metadata, self->root, "", a);
	self->insns[0].k = 9;
	seccomp_cache_keep(self->root, other, 1000, &self->filter);
	name_file(_metadata, self->root, a, b);
	EXPECT_TRUE(finds(self->root, self->text, 1000, 0));
	EXPECT_TRUE(finds(self->root, other, 1000, 9));
	ASSERT_EQ(0, rename(a, b));
	EXPECT_FALSE(finds(self->root, other, 1000, 9));
	EXPECT_FALSE(finds(self->root, other, 1000, 0));
	/* and it is written anew */
	seccomp_cache_keep(self->root, other, 1000, &self->filter);
	EXPECT_TRUE(finds(self->root, other, 1000, 9));
	free(other);
}

/* What another program wrote, or nobody finished, makes room. */
TEST_F(cache, what_is_stale_makes_room)
{
	char path[128] = "", temporary[140];

	for (unsigned int i = 0; i < SECCOMP_CACHE_MAX; i++) {
		self->text[0] = (char)('A' + i);
		seccomp_cache_keep(self->root, self->text, 600, &self->filter);
		EXPECT_TRUE(finds(self->root, self->text, 600, 0));
	}
	self->text[0] = '0';
	seccomp_cache_keep(self->root, self->text, 600, &self->filter);
	EXPECT_FALSE(finds(self->root, self->text, 600, 0));
	name_file(_metadata, self->root, "", path);
	flip(_metadata, path, 12); /* the id of the program */
	seccomp_cache_keep(self->root, self->text, 600, &self->filter);
	EXPECT_TRUE(finds(self->root, self->text, 600, 0));

	name_file(_metadata, self->root, "", path);
	snprintf(temporary, sizeof(temporary), "%s.tmp1", path);
	ASSERT_EQ(0, rename(path, temporary));
	self->text[0] = '1';
	seccomp_cache_keep(self->root, self->text, 600, &self->filter);
	EXPECT_TRUE(finds(self->root, self->text, 600, 0));
	EXPECT_NE(0, access(temporary, F_OK));
}

TEST_HARNESS_MAIN
