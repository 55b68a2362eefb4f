// SPDX-License-Identifier: Apache-2.0
/* Decompression: several members, every split of the input, truncation, garbage. */
#include "image/inflate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "kselftest_harness.h"

/* "hello " and "world", gzip; made with `printf | gzip -n` */
static const unsigned char two_members[] = {
	0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0, 0, 0xf6, 0xf9,
	0x81, 0xed, 6, 0, 0, 0, 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x2b, 0xcf, 0x2f, 0xca, 0x49,
	1, 0, 0x43, 0x11, 0x77, 0x3a, 5, 0, 0, 0,
};

struct pieces {
	const unsigned char *p;
	size_t n, step;
	unsigned char copy[64]; /* elsewhere each time: a decoder must not look back */
};

static ssize_t next_piece(void *data, const void **ret, struct err *e)
{
	struct pieces *s = data;
	size_t n = s->n < s->step ? s->n : s->step;

	(void)e;
	if (n > sizeof(s->copy))
		n = sizeof(s->copy);
	memset(s->copy, 0xee, sizeof(s->copy));
	memcpy(s->copy, s->p, n);
	s->p += n;
	s->n -= n;
	*ret = s->copy;
	return (ssize_t)n;
}

/* Decompress @n bytes in steps; the result is in @out, its length or error is returned. */
static ssize_t decode(const void *p, size_t n, size_t step, char *out, size_t size, struct err *e)
{
	struct pieces s = { .p = p, .n = n, .step = step };
	struct inflate *i = NULL;
	ssize_t got = inflate_open((struct inflate_source){ next_piece, &s }, &i, e), have = 0;

	while (got >= 0 && (got = inflate_read(i, out + have, size - (size_t)have - 1, e)) > 0)
		have += got;
	inflate_freep(&i);
	out[have] = '\0';
	return got < 0 ? got : have;
}

TEST(joins_gzip_members_at_every_split)
{
	char out[64];

	for (size_t step = 2; step <= sizeof(two_members); step++) {
		ASSERT_EQ(11, decode(two_members, sizeof(two_members), step, out, sizeof(out), NULL));
		EXPECT_STREQ("hello world", out);
	}
}

TEST(takes_zeros_behind_the_last_member)
{
	unsigned char padded[sizeof(two_members) + 40] = { 0 };
	char out[64];

	memcpy(padded, two_members, sizeof(two_members));
	EXPECT_EQ(11, decode(padded, sizeof(padded), 7, out, sizeof(out), NULL));
}

TEST(refuses_truncated_and_damaged_gzip)
{
	unsigned char bad[sizeof(two_members) + 1];
	struct err e = ERR_INIT;
	char out[64];

	/* at 26 the first member ends: that is no truncation */
	for (size_t n = 2; n < sizeof(two_members); n++) {
		ssize_t want = n == 26 ? 6 : -EBADMSG;

		EXPECT_EQ(want, decode(two_members, n, 5, out, sizeof(out), &e))
		{
			TH_LOG("cut at %zu", n);
		}
	}
	memcpy(bad, two_members, sizeof(two_members));
	bad[19] ^= 1; /* in the checksum */
	EXPECT_EQ(-EBADMSG, decode(bad, sizeof(two_members), 64, out, sizeof(out), &e));
	memcpy(bad, two_members, sizeof(two_members));
	bad[sizeof(two_members)] = 'x';
	EXPECT_EQ(-EBADMSG, decode(bad, sizeof(bad), 64, out, sizeof(out), &e));
	EXPECT_STREQ("the gzip data is followed by something else", e.msg);
}

TEST(passes_plain_data_and_nothing)
{
	char out[64];

	EXPECT_EQ(5, decode("plain", 5, 2, out, sizeof(out), NULL));
	EXPECT_STREQ("plain", out);
	EXPECT_EQ(0, decode("", 0, 2, out, sizeof(out), NULL));
}

TEST_HARNESS_MAIN
