// SPDX-License-Identifier: Apache-2.0
/* Records of davit-oci: ids, one winner, what is read is what was written, the status the kernel has. */
#include "runtime/record.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/io.h"
#include "base/json.h"
#include "base/libc.h"
#include "base/str.h"
#include "kselftest_harness.h"
#include "runtime/waiting.h"

FIXTURE(root)
{
	char dir[64], path[80];
};

FIXTURE_SETUP(root)
{
	(void)snprintf(self->dir, sizeof(self->dir), "/tmp/davit-record-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	(void)snprintf(self->path, sizeof(self->path), "%s/a/b", self->dir);
}

FIXTURE_TEARDOWN(root)
{
	EXPECT_EQ(0, fs_remove_tree(AT_FDCWD, self->dir, NULL));
}

TEST(ids)
{
	static const struct {
		const char *id;
		int want;
	} cases[] = {
		{ "a", 0 },	    { "A_b+c-d.9", 0 },	     { "-x", 0 },	 { "", -EINVAL },
		{ ".", -EINVAL },   { "..", -EINVAL },	     { "...", 0 },	 { "a/b", -EINVAL },
		{ "a b", -EINVAL }, { "\xc3\xa4", -EINVAL }, { "a\n", -EINVAL },
	};
	char longest[RECORD_ID_MAX + 2];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int r = record_check_id(cases[i].id, NULL);

		EXPECT_EQ(cases[i].want, r) TH_LOG("'%s'", cases[i].id);
	}
	memset(longest, 'x', sizeof(longest));
	longest[RECORD_ID_MAX + 1] = '\0';
	EXPECT_EQ(-EINVAL, record_check_id(longest, NULL));
	longest[RECORD_ID_MAX] = '\0';
	EXPECT_EQ(0, record_check_id(longest, NULL));
}

TEST_F(root, one_create_wins)
{
	struct err e = ERR_INIT;
	int fd = record_make(self->path, "x", &e);

	ASSERT_GE(fd, 0) TH_LOG("%s", e.msg);
	EXPECT_EQ(-EEXIST, record_make(self->path, "x", &e));
	EXPECT_STREQ("container 'x' already exists", e.msg);
	(void)close(fd);
	EXPECT_EQ(-EEXIST, record_make(self->path, "x", &e));
	EXPECT_EQ(0, record_remove(self->path, "x", &e));
	EXPECT_EQ(-ENOENT, record_open(self->path, "x", &e));
	EXPECT_STREQ("container 'x' does not exist", e.msg);
	EXPECT_EQ(-ENOENT, record_open("/nonexistent/davit", "x", &e));
	EXPECT_EQ(-EINVAL, record_open(self->path, "../x", &e));
}

TEST_F(root, reads_what_it_wrote)
{
	_cleanup_(record_done) struct record got = { .pipes = { -1, -1 } };
	_cleanup_str_ struct str state = STR_INIT;
	struct record r = { .id = (char *)"x",
			    .bundle = (char *)"/b \"quoted\"",
			    .rootfs = (char *)"/b/rootfs",
			    .created = (char *)"2025-01-02T03:04:05.000000006Z",
			    .cgroup = (char *)"/davit/x",
			    .scope = (char *)"davit-x.scope",
			    .owner = (char *)"me",
			    .resctrl = (char *)"x",
			    .init = { .pid = 1, .start = 77, .inode = 78 },
			    .is_started = true,
			    .has_userns = true,
			    .has_own_pids = true,
			    .pipes = { 3, 4 },
			    .wait_dev = 15,
			    .wait_inode = UINT32_MAX + 5ull,
			    .cgroup_inode = 1ull << 40,
			    .has_own_cgroup = true };
	struct err e = ERR_INIT;
	int fd = record_make(self->path, "x", &e);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(-ENODATA, record_read(fd, "x", &got, &e)) TH_LOG("%s", e.msg);
	r.annotations = json_parse("{\"k\":\"v\"}", 9, "it", NULL);
	r.hooks = json_parse("{\"h\":[]}", 8, "it", NULL);
	ASSERT_EQ(0, record_write(fd, &r, &e)) TH_LOG("%s", e.msg);
	ASSERT_EQ(0, record_read(fd, "x", &got, &e)) TH_LOG("%s", e.msg);
	EXPECT_STREQ(r.id, got.id);
	EXPECT_STREQ(r.bundle, got.bundle);
	EXPECT_STREQ(r.rootfs, got.rootfs);
	EXPECT_STREQ(r.created, got.created);
	EXPECT_STREQ(r.cgroup, got.cgroup);
	EXPECT_EQ(1, got.init.pid);
	EXPECT_EQ(77, got.init.start);
	EXPECT_EQ(78, got.init.inode);
	EXPECT_STREQ("me", got.owner);
	EXPECT_STREQ("x", got.resctrl);
	EXPECT_TRUE(got.is_started);
	EXPECT_TRUE(got.has_userns);
	EXPECT_TRUE(got.has_own_pids);
	EXPECT_EQ(3, got.pipes.report);
	EXPECT_EQ(4, got.pipes.wait);
	EXPECT_EQ(r.wait_dev, got.wait_dev);
	EXPECT_EQ(r.wait_inode, got.wait_inode);
	EXPECT_EQ(r.cgroup_inode, got.cgroup_inode);
	EXPECT_TRUE(got.has_own_cgroup);
	EXPECT_STREQ(r.scope, got.scope);
	EXPECT_TRUE(json_equal(r.annotations, got.annotations));
	EXPECT_TRUE(json_equal(r.hooks, got.hooks));
	/* pid 1 has another start time */
	EXPECT_EQ(RECORD_STOPPED, record_status(&got));
	record_state_json(&got, RECORD_STOPPED, &state);
	EXPECT_NE(NULL, strstr(str_text(&state), "\"pid\": 0,"));
	EXPECT_NE(NULL, strstr(str_text(&state), "\"systemd-scope\": \"davit-x.scope\""));
	EXPECT_NE(NULL, strstr(str_text(&state), "\"bundle\": \"/b \\\"quoted\\\"\""));
	json_decref(r.annotations);
	json_decref(r.hooks);
	(void)close(fd);
}

/* Around the size of the first read each byte of what precedes the hooks is its last one once. */
TEST_F(root, reads_records_of_any_size)
{
	static char annotation[2100];
	struct record r = { .id = (char *)"x", .bundle = annotation, .pipes = { 3, 4 } };
	struct err e = ERR_INIT;
	int fd = record_make(self->path, "x", &e);

	ASSERT_GE(fd, 0);
	r.hooks = json_parse("{\"h\":[]}", 8, "it", NULL);
	for (size_t n = 1400; n + 1 < sizeof(annotation); n++) {
		struct record got = { .pipes = { -1, -1 } };

		memset(annotation, 'x', n);
		annotation[n] = '\0';
		ASSERT_EQ(0, record_write(fd, &r, &e)) TH_LOG("%s", e.msg);
		ASSERT_EQ(0, record_read(fd, "x", &got, &e)) TH_LOG("%zu: %s", n, e.msg);
		EXPECT_EQ(n, strlen(got.bundle));
		EXPECT_TRUE(json_equal(r.hooks, got.hooks));
		record_done(&got);
	}
	json_decref(r.hooks);
	(void)close(fd);
}

TEST_F(root, one_digit_tells_of_the_start)
{
	static const char other[] = "{\"version\": 1, \"pid\": 100000000000000}";
	struct record r = { .id = (char *)"x",
			    .init = { .pid = 1, .start = 77 },
			    .pipes = { 3, 4 } };
	_cleanup_(record_done) struct record before = { .pipes = { -1, -1 } },
					     between = { .pipes = { -1, -1 } },
					     after = { .pipes = { -1, -1 } };
	_cleanup_free_ char *text = NULL;
	struct err e = ERR_INIT;
	int fd = record_make(self->path, "x", &e);
	size_t n;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, record_write(fd, &r, &e));
	ASSERT_EQ(0, record_read(fd, "x", &before, &e));
	record_set_started(fd); /* not before it is starting */
	ASSERT_EQ(0, record_read(fd, "x", &between, &e));
	EXPECT_FALSE(between.is_started || between.is_starting);
	record_done(&between);
	EXPECT_EQ(0, record_set_starting(fd, &e));
	EXPECT_EQ(0, record_set_starting(fd, &e));
	ASSERT_EQ(0, record_read(fd, "x", &between, &e));
	EXPECT_TRUE(between.is_starting && !between.is_started);
	record_set_started(fd);
	record_set_started(fd);
	ASSERT_EQ(0, record_read(fd, "x", &after, &e)) TH_LOG("%s", e.msg);
	EXPECT_FALSE(before.is_started || before.is_starting);
	EXPECT_TRUE(after.is_started && !after.is_starting);
	EXPECT_EQ(before.init.start, after.init.start);
	EXPECT_EQ(before.pipes.wait, after.pipes.wait);
	/* a file of another form is left alone */
	ASSERT_EQ(0, io_replace_file(fd, RECORD_FILE, other, strlen(other), 0600, 0, &e));
	record_set_started(fd);
	ASSERT_EQ(0, io_read_file(fd, RECORD_FILE, 4096, &text, &n, &e));
	EXPECT_STREQ(other, text);
	(void)close(fd);
}

TEST_F(root, reads_any_json_of_ours)
{
	static const char text[] =
		" { \"bundle\" : \"/\\u00e4\\\"\" , \"rootfs\":\"/\xc3\xa4\",\"unknown\":[{}],"
		"\"pid\":1,\"scope\":null,\"hooks\":{\"a\":[1]},\"version\" : 2 }\n";
	_cleanup_(record_done) struct record got = { .pipes = { -1, -1 } };
	struct err e = ERR_INIT;

	ASSERT_EQ(0, record_parse(text, strlen(text), &got, &e)) TH_LOG("%s", e.msg);
	EXPECT_STREQ("/\xc3\xa4\"", got.bundle);
	EXPECT_STREQ("/\xc3\xa4", got.rootfs);
	EXPECT_STREQ("", got.scope);
	EXPECT_STREQ("", got.owner);
	EXPECT_EQ(1, got.init.pid);
	EXPECT_EQ(-1, got.pipes.wait);
	EXPECT_TRUE(json_is_object(got.hooks));
}

static int read_text(struct __test_metadata *_metadata, int dirfd, const char *text, struct err *e)
{
	struct record got = { .pipes = { -1, -1 } };
	int file = openat(dirfd, "state.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ASSERT_GE(file, 0);
	ASSERT_EQ((ssize_t)strlen(text), write(file, text, strlen(text)));
	(void)close(file);
	return record_read(dirfd, "x", &got, e);
}

TEST_F(root, another_version_is_no_damage)
{
	struct err e = ERR_INIT;
	int fd = record_make(self->path, "x", &e);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EPROTO, read_text(_metadata, fd, "{\"version\":1}", &e));
	EXPECT_EQ(-EPROTO, read_text(_metadata, fd, "{\"version\":2.0}", &e));
	(void)close(fd);
}

TEST_F(root, refuses_damage)
{
	static const char *const bad[] = { "",
					   "{",
					   "[]",
					   "{\"version\":2,\"pid\":\"1\"}",
					   "{\"version\":2,\"pid\":-7}",
					   "{\"version\":2,\"hooks\":[]}",
					   "{\"version\":2,\"hooks\":{}",
					   "{\"version\":2,\"hooks\":{\"a\":}}",
					   "{\"version\":2}}",
					   "{\"version\":2,}",
					   "{\"version\":2 \"pid\":1}",
					   "{\"pid\":1}",
					   "{\"version\":2,\"pid\":1,\"pid\":2}",
					   "{\"version\":2,\"pid\":4294967297}",
					   "{\"version\":2,\"pid\":1e3}",
					   "{\"version\":2,\"start\":-1}",
					   "{\"version\":2,\"start\":9999999999999999999999}",
					   "{\"version\":2,\"userns\":1}",
					   "{\"version\":2,\"version\":2}",
					   "{\"version\":2,\"started\":3}",
					   "{\"version\":2,\"started\":12}",
					   "{\"version\":2,\"started\":-1}",
					   "{\"version\":2,\"started\":1,\"started\":1}",
					   "{\"version\":2,\"bundle\":1}",
					   "{\"version\":2,\"bundle\":\"\\x\"}",
					   "{\"version\":2,\"bundle\":\"a\nb\"}",
					   "{\"version\":2,\"bundle\":\"\xff\"}" };
	struct err e = ERR_INIT;
	int fd = record_make(self->path, "x", &e);

	ASSERT_GE(fd, 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EBADMSG, read_text(_metadata, fd, bad[i], &e))
		TH_LOG("'%s': %s", bad[i], e.msg);
	}
	(void)close(fd);
}

/* As of a record that is on no tmpfs: @pid's start time */
static int keep_id(pid_t pid, struct proc_id *ret)
{
	_cleanup_fd_ int pidfd = pidfd_open(pid, 0), dir = open("/proc", O_PATH | O_CLOEXEC);

	return pidfd < 0 ? -errno : proc_id_keep(pid, pidfd, dir, ret, NULL);
}

/* On a tmpfs, where the kernel's pidfds tell processes apart by their inodes; elsewhere by the start time. */
TEST(tells_a_process_from_the_next_with_its_pid)
{
	_cleanup_fd_ int shm = open("/dev/shm", O_PATH | O_CLOEXEC);
	struct proc_id id = { 0 };
	struct err e = ERR_INIT;
	pid_t pid = fork();
	int pidfd, again;

	if (pid == 0)
		_exit(pause());
	ASSERT_GT(pid, 0);
	pidfd = pidfd_open(pid, 0);
	ASSERT_EQ(0, proc_id_keep(pid, pidfd, shm, &id, &e)) TH_LOG("%s", e.msg);
	EXPECT_EQ(!id.inode, !!id.start);
	again = proc_id_open(&id);
	EXPECT_GE(again, 0);
	(void)close(again);
	id.inode += !!id.inode;
	id.start += !!id.start;
	EXPECT_EQ(-ESRCH, proc_id_open(&id));
	id.inode -= !!id.inode;
	id.start -= !!id.start;
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(0, waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT));
	EXPECT_EQ(-ESRCH, proc_id_open(&id)); /* a zombie */
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(-ESRCH, proc_id_open(&id));
	(void)close(pidfd);
}

/* davit-init as a container's first process, as create leaves it behind */
static pid_t start_waiting(struct record *r, const char *command, int *ret_report)
{
	const char *out = getenv("DAVIT_LIBDIR");
	char init[256], fds[32], link[32];
	int report[2], wait[2], both;
	struct stat st;
	pid_t pid;

	(void)snprintf(init, sizeof(init), "%s/davit-init", out ? out : "out/bin");
	if (pipe2(report, 0) < 0 || pipe2(wait, O_CLOEXEC) < 0) // NOLINT(android-cloexec-pipe2)
		return -1;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", wait[0]);
	both = open(link, O_RDWR); // NOLINT(android-cloexec-open)
	if (both < 0 || fstat(both, &st) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		(void)close(report[0]);
		(void)snprintf(fds, sizeof(fds), "%d,%d", report[1], both);
		(void)execl(init, fds, command, "-c", "exit 7", NULL);
		_exit(99);
	}
	(void)close(report[1]);
	(void)close(wait[0]);
	(void)close(wait[1]);
	(void)close(both);
	r->pipes.report = report[1];
	r->pipes.wait = both;
	r->wait_dev = st.st_dev;
	r->wait_inode = st.st_ino;
	*ret_report = report[0];
	return keep_id(pid, &r->init) < 0 ? -1 : pid;
}

static void without_descriptors(struct rlimit *ret_before)
{
	struct rlimit none;

	(void)getrlimit(RLIMIT_NOFILE, ret_before);
	none = *ret_before;
	none.rlim_cur = 0;
	(void)setrlimit(RLIMIT_NOFILE, &none);
}

TEST(starts_what_waits)
{
	struct rlimit limit;
	struct record r = { .id = (char *)"x" };
	struct err e = ERR_INIT;
	char ready[64];
	int report, status;
	pid_t pid = start_waiting(&r, "sh", &report);

	ASSERT_GT(pid, 0);
	ASSERT_EQ(8, read(report, ready, sizeof(ready)));
	EXPECT_EQ(RECORD_CREATED, record_status(&r));
	without_descriptors(&limit);
	EXPECT_TRUE(waiting_is(&r)); /* without a pidfd through /proc */
	EXPECT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	r.is_started = true; /* is believed */
	EXPECT_EQ(RECORD_RUNNING, record_status(&r));
	r.is_started = false;
	r.is_starting = true; /* is looked at */
	EXPECT_EQ(RECORD_CREATED, record_status(&r));
	r.wait_inode++; /* a pipe of the workload's own under the same number */
	EXPECT_EQ(RECORD_RUNNING, record_status(&r));
	EXPECT_EQ(-EBUSY, waiting_start(&r, &e));
	r.wait_inode--;
	r.wait_dev++; /* a named one of a file system where the number is the same */
	EXPECT_EQ(RECORD_RUNNING, record_status(&r));
	EXPECT_EQ(-EBUSY, waiting_start(&r, &e));
	r.wait_dev--;
	r.init.start++; /* the pid is another process' now */
	EXPECT_EQ(-ESRCH, waiting_start(&r, &e));
	r.wait_inode++;
	EXPECT_EQ(RECORD_STOPPED, record_status(&r));
	r.wait_inode--;
	r.init.start--;
	EXPECT_EQ(0, waiting_start(&r, &e)) TH_LOG("%s", e.msg);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(7, WEXITSTATUS(status));
	EXPECT_EQ(RECORD_STOPPED, record_status(&r));
	EXPECT_EQ(-ESRCH, waiting_start(&r, &e));
	(void)close(report);
}

TEST(looks_for_the_command_first)
{
	struct record r = { .id = (char *)"x" };
	int report, status;
	struct {
		int32_t code;
		uint32_t stage;
	} said;
	pid_t pid = start_waiting(&r, "/nonexistent/davit", &report);

	ASSERT_GT(pid, 0);
	ASSERT_EQ((ssize_t)sizeof(said), read(report, &said, sizeof(said)));
	EXPECT_EQ(-ENOENT, said.code);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(127, WEXITSTATUS(status));
	(void)close(report);
}

TEST_HARNESS_MAIN
