// SPDX-License-Identifier: Apache-2.0
/* The event loop. */
#include "base/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/err.h"
#include "kselftest_harness.h"

struct pair {
	struct loop *l;
	struct loop_source a, b;
	int called;
};

static void drop_both(struct loop_source *s, uint32_t events)
{
	struct pair *p = s->data;

	(void)events;
	p->called++;
	loop_del(p->l, &p->a);
	loop_del(p->l, &p->b);
}

TEST(a_callback_may_remove_a_source_of_the_same_batch)
{
	struct loop l = LOOP_INIT;
	struct pair p = { .l = &l };
	int x[2], y[2];

	ASSERT_EQ(loop_init(&l, NULL), 0);
	ASSERT_EQ(pipe2(x, O_CLOEXEC), 0);
	ASSERT_EQ(pipe2(y, O_CLOEXEC), 0);
	ASSERT_EQ(write(x[1], "x", 1), 1);
	ASSERT_EQ(write(y[1], "y", 1), 1);
	ASSERT_EQ(loop_add(&l, &p.a, x[0], EPOLLIN, drop_both, &p, NULL), 0);
	ASSERT_EQ(loop_add(&l, &p.b, y[0], EPOLLIN, drop_both, &p, NULL), 0);
	EXPECT_EQ(loop_wait(&l, 1000), 1);
	EXPECT_EQ(p.called, 1);
	EXPECT_EQ(loop_wait(&l, 0), 0);
	loop_done(&l);
}

TEST(wants_and_refusals)
{
	struct loop l = LOOP_INIT;
	struct pair p = { .l = &l };
	struct err e = ERR_INIT;
	int x[2], file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	ASSERT_EQ(loop_init(&l, NULL), 0);
	ASSERT_EQ(pipe2(x, O_CLOEXEC), 0);
	ASSERT_EQ(loop_add(&l, &p.b, file, EPOLLIN, drop_both, &p, &e), -EPERM);
	EXPECT_EQ(p.b.fd, -1);
	ASSERT_EQ(loop_add(&l, &p.a, x[1], 0, drop_both, &p, NULL), 0);
	EXPECT_EQ(loop_wait(&l, 0), 0);
	EXPECT_EQ(loop_want(&l, &p.a, EPOLLOUT), 0);
	EXPECT_EQ(loop_wait(&l, 0), 1);
	EXPECT_EQ(p.a.fd, -1);
	loop_done(&l);
}

TEST_HARNESS_MAIN
