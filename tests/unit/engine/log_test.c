// SPDX-License-Identifier: Apache-2.0
/* Reading logs: lines, times, tails, rotated files, following. */
#include "engine/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "kern/attach_socket.h"
#include "kselftest_harness.h"
#include "monitor_help.h"

#define LINE(text, stream, second) \
	"{\"log\":\"" text "\",\"stream\":\"" stream "\",\"time\":\"2026-01-01T00:00:" second "Z\"}\n"
#define T0 1767225600000000000ll /* 2026-01-01 */

FIXTURE(log) { char dir[64]; struct log_query q; struct str out; struct watched w; };
FIXTURE_SETUP(log)
{
	(void)strcpy(self->dir, "/tmp/davit-log-test.XXXXXX");
	ASSERT_NE(mkdtemp(self->dir), NULL);
	self->w = (struct watched){ .client = -1, .run_fd = -1, .root_fd = -1 };
	self->q = (struct log_query){ .tail = -1, .run_dirfd = -1, .pidfd = -1,
				      .dirfd = open(self->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	ASSERT_GE(self->q.dirfd, 0);
	self->out = (struct str)STR_INIT;
}
FIXTURE_TEARDOWN(log)
{
	char cmd[128];

	watched_done(&self->w);
	str_done(&self->out);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", self->dir);
	(void)!system(cmd);
}

static void put(int dirfd, const char *name, const char *text)
{
	(void)io_replace_file(dirfd, name, text, strlen(text), 0600, 0, NULL);
}

static int collect(const struct log_entry *l, void *data, struct err *e)
{
	(void)e;
	if (l) {
		if (l->is_stderr)
			str_add(data, "!");
		str_add_mem(data, l->text, l->len);
	}
	return 0;
}

static const char *get(struct log_query *q, struct str *out)
{
	str_truncate(out, 0);
	str_add(out, "");
	if (log_read(q, collect, out, NULL) < 0)
		return "error";
	return str_text(out);
}

TEST_F(log, no_log_is_an_empty_one)
{
	EXPECT_STREQ(get(&self->q, &self->out), "");
	self->q.tail = 3;
	EXPECT_STREQ(get(&self->q, &self->out), "");
}

TEST_F(log, files_are_read_oldest_first)
{
	put(self->q.dirfd, "log.2", LINE("a\\n", "stdout", "01") LINE("b\\n", "stderr", "02"));
	put(self->q.dirfd, "log.1", LINE("c\\n", "stdout", "03"));
	put(self->q.dirfd, "log", LINE("d", "stdout", "04") LINE("e\\n", "stdout", "05.5"));
	EXPECT_STREQ(get(&self->q, &self->out), "a\n!b\nc\nde\n");
	self->q.tail = 0;
	EXPECT_STREQ(get(&self->q, &self->out), "");
	self->q.tail = 1;
	EXPECT_STREQ(get(&self->q, &self->out), "e\n");
	self->q.tail = 3;
	EXPECT_STREQ(get(&self->q, &self->out), "c\nde\n");
	self->q.tail = 4;
	EXPECT_STREQ(get(&self->q, &self->out), "!b\nc\nde\n");
	self->q.tail = 100;
	EXPECT_STREQ(get(&self->q, &self->out), "a\n!b\nc\nde\n");
	self->q.tail = -1;
	self->q.since_ns = T0 + 3000000000ll;
	EXPECT_STREQ(get(&self->q, &self->out), "c\nde\n");
	self->q.until_ns = T0 + 5000000000ll;
	EXPECT_STREQ(get(&self->q, &self->out), "c\nd");
}

TEST_F(log, torn_foreign_and_huge_lines_are_skipped)
{
	struct str s = STR_INIT;

	str_add(&s, "{\"log\":\"torn\n" LINE("a\\n", "stdout", "01") "garbage\n\n{}\n[]\n"
		    "{\"log\":1,\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:00Z\"}\n"
		    "{\"log\":\"x\",\"stream\":\"stdout\",\"time\":\"never\"}\n{\"log\":\"");
	for (unsigned int i = 0; i <= LOG_LINE_MAX; i++)
		str_add_char(&s, 'x');
	str_add(&s, "\"}\n" LINE("b\\u0000\\n", "stdout", "01") "{\"log\":\"unfinished");
	put(self->q.dirfd, "log", str_text(&s));
	str_done(&s);
	(void)get(&self->q, &self->out);
	ASSERT_EQ(self->out.len, 5);
	EXPECT_EQ(memcmp(self->out.p, "a\nb\0\n", 5), 0);
}

static int stop(const struct log_entry *l, void *data, struct err *e)
{
	++*(int *)data;
	return l ? err_set(e, -EPIPE, "print") : 0;
}

TEST_F(log, the_callback_may_end_it)
{
	int called = 0;

	put(self->q.dirfd, "log", LINE("a\\n", "stdout", "01") LINE("b\\n", "stdout", "02"));
	EXPECT_EQ(log_read(&self->q, stop, &called, NULL), -EPIPE);
	EXPECT_EQ(called, 1);
}

/* numbers counts lines "N" that must come in order */
struct numbers {
	long next, bad, first;
	bool is_slow;
};

static int count(const struct log_entry *l, void *data, struct err *e)
{
	struct numbers *n = data;
	long v;

	(void)e;
	if (!l)
		return 0;
	v = strtol(l->text, NULL, 10);
	if (n->next < 0)
		n->first = v;
	else
		n->bad += v != n->next;
	n->next = v + 1;
	if (n->is_slow && v % 1000 == 0)
		(void)poll(NULL, 0, 1);
	return 0;
}

static void follow(struct log_query *q, const struct watched *w)
{
	q->follow = true;
	q->dirfd = w->root_fd;
	q->run_dirfd = w->run_fd;
	q->pidfd = pidfd_open(w->pid, 0);
}

TEST_F(log, follows_over_rotations_to_the_end)
{
	struct watch_how how = { .script = "i=0; while [ $i -lt 40000 ]; do echo $i; i=$((i+1));"
					  "[ $((i%2000)) -ne 0 ] || sleep 0.05; done; echo 40000",
				 .no_client = true, .log_max = 256 << 10, .log_files = 4 };
	struct numbers n = { .next = 0 };

	ASSERT_TRUE(watched_start(&self->w, &how));
	follow(&self->q, &self->w);
	ASSERT_EQ(log_read(&self->q, count, &n, NULL), 0);
	EXPECT_EQ(n.next, 40001);
	EXPECT_EQ(n.bad, 0);
	EXPECT_EQ(watched_wait(&self->w), 0);
	/* what is kept is the end, without a gap */
	self->q.follow = false;
	n = (struct numbers){ .next = -1 };
	ASSERT_EQ(log_read(&self->q, count, &n, NULL), 0);
	EXPECT_EQ(n.next, 40001);
	EXPECT_EQ(n.bad, 0);
	EXPECT_GT(n.first, 0);
	self->q.tail = 5000;
	n = (struct numbers){ .next = -1 };
	ASSERT_EQ(log_read(&self->q, count, &n, NULL), 0);
	EXPECT_EQ(n.first, 40001 - 5000);
	EXPECT_EQ(n.bad, 0);
}

TEST_F(log, a_reader_that_is_overtaken_goes_on_with_what_is_there)
{
	struct watch_how how = { .script = "read x; seq 0 200000; read y", .log_max = 128 << 10,
				 .log_files = 2 };
	struct numbers n = { .next = 0, .is_slow = true };
	int sock;

	ASSERT_TRUE(watched_start(&self->w, &how));
	follow(&self->q, &self->w);
	sock = self->w.client;
	if (fork() == 0) {
		(void)poll(NULL, 0, 100);
		(void)attach_send(sock, ATTACH_STDIN, "\n", 1);
		(void)packets_until(sock, "200000\n", (char[4 << 20]){ 0 }, 4 << 20);
		(void)attach_send(sock, ATTACH_STDIN, "\n", 1);
		_exit(0);
	}
	ASSERT_EQ(log_read(&self->q, count, &n, NULL), 0);
	EXPECT_EQ(n.next, 200001);
	EXPECT_LT(n.bad, 2000);
}

TEST_F(log, following_ends_when_monitor_and_container_are_gone)
{
	struct watch_how how = { .script = "echo up; sleep 60", .no_client = true };

	ASSERT_TRUE(watched_start(&self->w, &how));
	ASSERT_TRUE(watched_log_has(&self->w, "up\\n"));
	follow(&self->q, &self->w);
	ASSERT_EQ(kill(self->w.monitor, SIGKILL), 0);
	ASSERT_EQ(watched_wait(&self->w), 128 + SIGKILL);
	if (fork() == 0) {
		(void)poll(NULL, 0, 100);
		(void)kill(self->w.pid, SIGKILL);
		_exit(0);
	}
	EXPECT_STREQ(get(&self->q, &self->out), "up\n");
}

static int64_t parse(const char *s)
{
	int64_t ns = -1;
	int r = log_parse_time(s, T0, &ns);

	return r < 0 ? r : ns;
}

TEST(times)
{
	EXPECT_EQ(parse("2026-01-01"), T0);
	EXPECT_EQ(parse("2026-01-01T00:00:00Z"), T0);
	EXPECT_EQ(parse("2026-01-01T00:00"), T0);
	EXPECT_EQ(parse("2026-01-01T00:00:00.000000001Z"), T0 + 1);
	EXPECT_EQ(parse("2026-01-01T01:30:00.5+01:30"), T0 + 500000000);
	EXPECT_EQ(parse("2025-12-31T23:00:00-01:00"), T0);
	EXPECT_EQ(parse("1767225600"), T0);
	EXPECT_EQ(parse("1767225600.25"), T0 + 250000000);
	EXPECT_EQ(parse("10m"), T0 - 600000000000ll);
	EXPECT_EQ(parse("1h30m"), T0 - 5400000000000ll);
	EXPECT_EQ(parse("99999999999"), -ERANGE);
	EXPECT_EQ(parse("9999-01-01"), -ERANGE);
	EXPECT_EQ(parse("1900-01-01"), -ERANGE);
	EXPECT_EQ(parse("2026-13-01"), -EINVAL);
	EXPECT_EQ(parse("2026-01-01T"), -EINVAL);
	EXPECT_EQ(parse("2026-01-01T00:00:00+1"), -EINVAL);
	EXPECT_EQ(parse("2026-01-01T00:00:00.Z"), -EINVAL);
	EXPECT_EQ(parse("1."), -EINVAL);
	EXPECT_EQ(parse(""), -EINVAL);
	EXPECT_EQ(parse("yesterday"), -EINVAL);
}

/* one that another command has removed since it was looked up */
TEST_F(log, a_removed_container_is_none)
{
	struct err e = ERR_INIT;
	int dir = open(self->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ASSERT_LE(0, dir);
	EXPECT_EQ(-ENOENT, log_open_dir(dir, dir, "8888bd17164147a4", &e));
	EXPECT_STREQ("no container '8888bd17164147a4'", e.msg);
	close(dir);
}

TEST_HARNESS_MAIN
