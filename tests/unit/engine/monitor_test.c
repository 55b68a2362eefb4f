// SPDX-License-Identifier: Apache-2.0
/* davit-monitor: what it logs, serves and records, and what happens when someone dies. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "engine/log.h"
#include "kern/attach_socket.h"
#include "kern/exit_record.h"
#include "kselftest_harness.h"
#include "monitor_help.h"

FIXTURE(monitor) { struct watched w; };
FIXTURE_SETUP(monitor) { self->w = (struct watched){ .client = -1, .run_fd = -1, .root_fd = -1 }; }
FIXTURE_TEARDOWN(monitor) { watched_done(&self->w); }

static void start(struct __test_metadata *_metadata, struct watched *w, struct watch_how how)
{
	ASSERT_TRUE(watched_start(w, &how));
}

static char *log_text(struct watched *w)
{
	char *p = NULL;
	size_t n;

	return io_read_file(w->root_fd, "log", 64 << 20, &p, &n, NULL) < 0 ? strdup("") : p;
}

TEST_F(monitor, logs_both_streams_and_records_the_exit)
{
	struct exit_record r;
	char *log;

	start(_metadata, &self->w,
	      (struct watch_how){ .script = "echo out; echo err >&2; printf end; exit 7",
				  .no_client = true });
	ASSERT_EQ(watched_wait(&self->w), 0);
	ASSERT_EQ(exit_record_read(self->w.run_fd, &r, NULL), 0);
	EXPECT_EQ(r.status, 7);
	EXPECT_EQ(r.signal, 0);
	EXPECT_GT(r.finished_ns, 0);
	log = log_text(&self->w);
	EXPECT_NE(strstr(log, "{\"log\":\"out\\n\",\"stream\":\"stdout\",\"time\":\"2"), NULL);
	EXPECT_NE(strstr(log, "{\"log\":\"err\\n\",\"stream\":\"stderr\",\"time\":\"2"), NULL);
	EXPECT_NE(strstr(log, "{\"log\":\"end\",\"stream\":\"stdout\""), NULL);
	free(log);
}

TEST_F(monitor, records_a_signal)
{
	struct exit_record r;

	start(_metadata, &self->w, (struct watch_how){ .script = "kill -9 $$" });
	EXPECT_EQ(packets_exit(self->w.client, NULL), 128 + SIGKILL);
	ASSERT_EQ(watched_wait(&self->w), 0);
	ASSERT_EQ(exit_record_read(self->w.run_fd, &r, NULL), 0);
	EXPECT_EQ(r.signal, SIGKILL);
	EXPECT_EQ(exit_record_code(&r), 137);
}

TEST_F(monitor, greets_the_initial_client_and_loses_no_output)
{
	struct attach_hello hello;
	uint8_t p[ATTACH_PACKET_MAX];
	char text[256];

	start(_metadata, &self->w, (struct watch_how){ .script = "echo first; cat" });
	ASSERT_EQ(packet_get(self->w.client, p, sizeof(p)), (ssize_t)(1 + sizeof(hello)));
	EXPECT_EQ(p[0], ATTACH_HELLO);
	memcpy(&hello, p + 1, sizeof(hello));
	EXPECT_EQ(hello.version, ATTACH_VERSION);
	EXPECT_EQ(hello.flags, ATTACH_HELLO_STDIN);
	EXPECT_TRUE(packets_until(self->w.client, "first\n", text, sizeof(text)));
}

TEST_F(monitor, half_close_ends_the_input)
{
	char text[256];

	start(_metadata, &self->w, (struct watch_how){ .script = "cat; echo done; exit 4" });
	ASSERT_EQ(attach_send(self->w.client, ATTACH_STDIN, "typed\n", 6), 0);
	ASSERT_EQ(attach_send(self->w.client, ATTACH_EOF, NULL, 0), 0);
	EXPECT_TRUE(packets_until(self->w.client, "typed\ndone\n", text, sizeof(text)));
	EXPECT_EQ(packets_exit(self->w.client, NULL), 4);
}

TEST_F(monitor, input_that_is_not_read_yet_waits)
{
	static char line[ATTACH_PAYLOAD_MAX];
	char text[256];
	int sent = 0;

	memset(line, 'x', sizeof(line));
	start(_metadata, &self->w, (struct watch_how){ .script = "sleep 0.3; wc -c" });
	for (int i = 0; i < 64; i++) {
		while (attach_send(self->w.client, ATTACH_STDIN, line, sizeof(line)) == -EAGAIN)
			(void)poll(NULL, 0, 5);
		sent++;
	}
	while (attach_send(self->w.client, ATTACH_EOF, NULL, 0) == -EAGAIN)
		(void)poll(NULL, 0, 5);
	EXPECT_EQ(sent, 64);
	EXPECT_TRUE(packets_until(self->w.client, "2097152\n", text, sizeof(text)));
}

TEST_F(monitor, a_client_that_leaves_ends_the_input_after_what_it_sent)
{
	static char line[ATTACH_PAYLOAD_MAX];
	struct exit_record r;

	memset(line, 'x', sizeof(line));
	start(_metadata, &self->w, (struct watch_how){ .script = "sleep 0.3; wc -c" });
	for (int i = 0; i < 4; i++)
		while (attach_send(self->w.client, ATTACH_STDIN, line, sizeof(line)) == -EAGAIN)
			(void)poll(NULL, 0, 5);
	(void)close(self->w.client);
	self->w.client = -1;
	ASSERT_EQ(watched_wait(&self->w), 0);
	EXPECT_TRUE(watched_log_has(&self->w, "131072\\n"));
	EXPECT_EQ(exit_record_read(self->w.run_fd, &r, NULL), 0);
}

TEST_F(monitor, serves_later_clients_and_bounds_their_number)
{
	int fds[20], closed = 0;
	char text[256];
	uint8_t p[ATTACH_PACKET_MAX];

	start(_metadata, &self->w,
	      (struct watch_how){ .script = "read x; echo go$x; read y", .no_client = true });
	for (int i = 0; i < 20; i++) {
		fds[i] = attach_connect(self->w.run_fd, NULL);
		ASSERT_GE(fds[i], 0);
	}
	for (int i = 0; i < 20; i++)
		closed += packet_get(fds[i], p, sizeof(p)) <= 0;
	EXPECT_EQ(closed, 4);
	ASSERT_EQ(attach_send(fds[3], ATTACH_STDIN, "1\n", 2), 0);
	EXPECT_TRUE(packets_until(fds[0], "go1\n", text, sizeof(text)));
	EXPECT_TRUE(packets_until(fds[15], "go1\n", text, sizeof(text)));
	for (int i = 0; i < 20; i++)
		(void)close(fds[i]);
}

TEST_F(monitor, a_bad_packet_ends_the_connection)
{
	uint8_t p[ATTACH_PACKET_MAX];
	struct attach_size half = { .rows = 1 };
	int fd;

	start(_metadata, &self->w, (struct watch_how){ .script = "read x", .no_client = true });
	for (int i = 0; i < 2; i++) {
		fd = attach_connect(self->w.run_fd, NULL);
		ASSERT_GE(fd, 0);
		ASSERT_GT(packet_get(fd, p, sizeof(p)), 0);
		ASSERT_EQ(attach_send(fd, i ? ATTACH_RESIZE : 99, &half, 2), 0);
		EXPECT_LE(packet_get(fd, p, sizeof(p)), 0);
		(void)close(fd);
	}
}

TEST_F(monitor, rotates_100_megabytes)
{
	uint64_t bytes = 0;
	struct stat st;

	start(_metadata, &self->w,
	      (struct watch_how){ .script = "yes 0123456789012345678901234567890 | head -c 100000000",
				  .log_max = 1 << 20,
				  .log_files = 3 });
	EXPECT_EQ(packets_exit(self->w.client, &bytes), 0);
	EXPECT_EQ(bytes, 100000000);
	ASSERT_EQ(watched_wait(&self->w), 0);
	ASSERT_EQ(fstatat(self->w.root_fd, "log.2", &st, 0), 0);
	EXPECT_LE(st.st_size, 1 << 20);
	EXPECT_GT(st.st_size, 900 << 10);
	ASSERT_EQ(fstatat(self->w.root_fd, "log", &st, 0), 0);
	EXPECT_LE(st.st_size, 1 << 20);
	EXPECT_EQ(fstatat(self->w.root_fd, "log.3", &st, 0), -1);
}

/* The container is held up for as long as the stall takes, then the client goes. */
TEST_F_TIMEOUT(monitor, drops_a_later_client_that_takes_nothing, 60)
{
	char text[256];
	int fd;

	start(_metadata, &self->w,
	      (struct watch_how){ .script = "read x; yes | head -c 3000000; echo end >&2",
				  .no_client = true });
	fd = attach_connect(self->w.run_fd, NULL);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(attach_send(fd, ATTACH_STDIN, "\n", 1), 0);
	ASSERT_EQ(watched_wait(&self->w), 0);
	EXPECT_TRUE(watched_log_has(&self->w, "end\\n"));
	EXPECT_FALSE(packets_until(fd, "end\n", text, sizeof(text)));
	(void)close(fd);
}

TEST_F(monitor, the_initial_client_may_be_slow_and_gets_all)
{
	struct exit_record r;
	uint64_t bytes = 0;

	/* more than socket and queue hold, so the end comes while the client is behind */
	start(_metadata, &self->w,
	      (struct watch_how){ .script = "yes | head -c 400000", .reap = "exit 5" });
	for (int i = 0; i < 1000 && exit_record_read(self->w.run_fd, &r, NULL) < 0; i++) {
		uint8_t p[ATTACH_PACKET_MAX];
		ssize_t n;

		(void)poll(NULL, 0, 30);
		n = packet_get(self->w.client, p, sizeof(p));
		if (n > 0 && p[0] == ATTACH_STDOUT)
			bytes += (uint64_t)n - 1;
	}
	/* recorded and torn down while we still have to read */
	EXPECT_EQ(watched_wait(&self->w), 5);
	EXPECT_LT(bytes, 400000);
	EXPECT_EQ(packets_exit(self->w.client, &bytes), 0);
	EXPECT_EQ(bytes, 400000);
}

TEST_F(monitor, kill_of_a_client_leaves_the_container)
{
	char text[256];
	int fd;

	start(_metadata, &self->w,
	      (struct watch_how){ .script = "echo up; read x; echo on$x", .pty = true });
	ASSERT_TRUE(packets_until(self->w.client, "up", text, sizeof(text)));
	(void)close(self->w.client);
	self->w.client = -1;
	fd = attach_connect(self->w.run_fd, NULL);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(attach_send(fd, ATTACH_STDIN, "2\n", 2), 0);
	EXPECT_TRUE(packets_until(fd, "on2\r\n", text, sizeof(text)));
	EXPECT_EQ(packets_exit(fd, NULL), 0);
	(void)close(fd);
	EXPECT_EQ(watched_wait(&self->w), 0);
}

TEST_F(monitor, only_sigkill_ends_it_and_the_container_goes_on)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGPIPE, SIGALRM };
	struct exit_record r;
	char text[256];

	start(_metadata, &self->w,
	      (struct watch_how){ .script = "echo up; read x; trap '' PIPE; sleep 60", .pty = true });
	ASSERT_TRUE(packets_until(self->w.client, "up", text, sizeof(text)));
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		ASSERT_EQ(kill(self->w.monitor, signals[i]), 0);
	(void)poll(NULL, 0, 50);
	ASSERT_EQ(kill(self->w.monitor, 0), 0);
	ASSERT_EQ(attach_send(self->w.client, ATTACH_STDIN, "x\n", 2), 0);
	ASSERT_TRUE(packets_until(self->w.client, "x\r\n", text, sizeof(text)));
	ASSERT_EQ(kill(self->w.monitor, SIGKILL), 0);
	EXPECT_EQ(watched_wait(&self->w), 128 + SIGKILL);
	EXPECT_EQ(packets_exit(self->w.client, NULL), -1);
	EXPECT_EQ(exit_record_read(self->w.run_fd, &r, NULL), -ENOENT);
	EXPECT_LT(attach_connect(self->w.run_fd, NULL), 0);
	(void)kill(self->w.pid, SIGKILL);
}

TEST_F(monitor, kill_leaves_a_container_with_pipes_running)
{
	char text[256];

	start(_metadata, &self->w, (struct watch_how){ .script = "echo up; sleep 60", .no_stdin = true });
	ASSERT_TRUE(packets_until(self->w.client, "up", text, sizeof(text)));
	ASSERT_EQ(kill(self->w.monitor, SIGKILL), 0);
	EXPECT_EQ(watched_wait(&self->w), 128 + SIGKILL);
	(void)poll(NULL, 0, 50);
	EXPECT_EQ(kill(self->w.pid, 0), 0);
	(void)kill(self->w.pid, SIGKILL);
}

TEST_F(monitor, sets_the_size_of_the_terminal)
{
	struct attach_size size = { .rows = 31, .cols = 77 };
	char text[512];

	start(_metadata, &self->w,
	      (struct watch_how){ .script = "trap 'stty size; exit' WINCH; echo up; while :; do sleep 0.1; done",
				  .pty = true });
	ASSERT_TRUE(packets_until(self->w.client, "up", text, sizeof(text)));
	ASSERT_EQ(attach_send(self->w.client, ATTACH_RESIZE, &size, sizeof(size)), 0);
	EXPECT_TRUE(packets_until(self->w.client, "31 77", text, sizeof(text)));
	EXPECT_EQ(packets_exit(self->w.client, NULL), 0);
}

TEST_F(monitor, a_process_that_closes_its_terminal_for_a_while_is_heard_again)
{
	char text[512];

	start(_metadata, &self->w,
	      (struct watch_how){ .script = "t=$(tty); exec </dev/null >/dev/null 2>&1; sleep 0.2; echo",
				  .pty = true });
	/* no hang-up in between: the end comes with the exit, not before */
	EXPECT_FALSE(packets_until(self->w.client, "never", text, sizeof(text)));
	EXPECT_EQ(watched_wait(&self->w), 0);
}

TEST_F(monitor, end_of_file_of_the_initial_client_comes_after_the_teardown)
{
	uint8_t p[ATTACH_PACKET_MAX];

	start(_metadata, &self->w,
	      (struct watch_how){ .script = "exit 3", .reap = "sleep 0.2; exit 9" });
	EXPECT_EQ(packets_exit(self->w.client, NULL), 3);
	EXPECT_EQ(recv(self->w.client, p, sizeof(p), MSG_DONTWAIT), -1);
	EXPECT_EQ(packet_get(self->w.client, p, sizeof(p)), 0);
	EXPECT_EQ(watched_wait(&self->w), 9);
}

TEST_F(monitor, the_teardown_has_no_signal_ignored)
{
	start(_metadata, &self->w, (struct watch_how){ .script = "exit 0", .reap = "kill -TERM $$; exit 1" });
	EXPECT_EQ(watched_wait(&self->w), 128 + SIGTERM);
}

/* a line of 40000 bytes, one of exactly a part, two-byte characters across the cut, broken UTF-8 */
TEST_F(monitor, splits_and_escapes_as_json_file_does)
{
	struct log_entry l;
	size_t sizes[8];
	int n = 0;
	char *log, *save = NULL;

	start(_metadata, &self->w,
	      (struct watch_how){ .script = "head -c 40000 /dev/zero | tr '\\0' a; echo;"
					    "head -c 16383 /dev/zero | tr '\\0' b; echo;"
					    "printf x; head -c 16384 /dev/zero | sed 's/\\x00\\x00/\\xc3\\xa9/g';echo;"
					    "printf '\\377\\300\\200\\355\\240\\200\\342\\202\"\\\\\\001\\t\\n'",
				  .no_client = true });
	ASSERT_EQ(watched_wait(&self->w), 0);
	log = log_text(&self->w);
	for (char *line = strtok_r(log, "\n", &save); line && n < 8; line = strtok_r(NULL, "\n", &save)) {
		char *buf = NULL;

		ASSERT_EQ(log_parse_line(line, strlen(line), &l, &buf), 0);
		sizes[n++] = l.len;
		if (n == 7) {
			EXPECT_STREQ(l.text, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
					     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"\\\001\t\n");
		}
		free(buf);
	}
	ASSERT_EQ(n, 7);
	EXPECT_EQ(sizes[0], 16384);
	EXPECT_EQ(sizes[1], 16384);
	EXPECT_EQ(sizes[2], 40001 - 2 * 16384);
	EXPECT_EQ(sizes[3], 16384);
	EXPECT_EQ(sizes[4], 16383); /* the character at the cut stays whole */
	EXPECT_EQ(sizes[5], 3);
	free(log);
}

TEST_F(monitor, keeps_no_log_when_told_so)
{
	struct stat st;

	start(_metadata, &self->w,
	      (struct watch_how){ .script = "echo x", .no_client = true, .no_log = true });
	ASSERT_EQ(watched_wait(&self->w), 0);
	EXPECT_EQ(fstatat(self->w.root_fd, "log", &st, 0), -1);
}

static long read_rollup(pid_t pid, const char *key)
{
	char path[64], line[128];
	long kb = -1;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0)
			(void)sscanf(line + strlen(key), "%ld", &kb);
	if (f)
		(void)fclose(f);
	return kb;
}

TEST_F(monitor, is_small_also_after_a_burst)
{
	long before, after;

	start(_metadata, &self->w,
	      (struct watch_how){ .script = "read x; yes | head -c 5000000; echo burst; read y",
				  .no_client = true });
	(void)poll(NULL, 0, 200);
	before = read_rollup(self->w.monitor, "Anonymous:");
	self->w.client = attach_connect(self->w.run_fd, NULL);
	ASSERT_EQ(attach_send(self->w.client, ATTACH_STDIN, "\n", 1), 0);
	for (int i = 0; i < 1000; i++) {
		uint8_t p[ATTACH_PACKET_MAX];
		ssize_t n = packet_get(self->w.client, p, sizeof(p));

		if (n >= 6 && memcmp(p + n - 6, "burst\n", 6) == 0)
			break;
	}
	(void)poll(NULL, 0, 2200);
	after = read_rollup(self->w.monitor, "Anonymous:");
	TH_LOG("anonymous KiB: %ld idle, %ld after a burst; PSS %ld", before, after,
	       read_rollup(self->w.monitor, "Pss:"));
	EXPECT_GT(before, 0);
#ifndef __SANITIZE_ADDRESS__
	EXPECT_LE(before, 128);
	EXPECT_LE(after, 128);
#endif
}

TEST_HARNESS_MAIN
