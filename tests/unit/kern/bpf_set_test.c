// SPDX-License-Identifier: Apache-2.0
/* The life of the program set: it is one whoever opens it, is mended, and is rid of what the dead left. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "bpf_fixture.h"
#include "kern/bpf_internal.h"
#include "kern/bpf_policy.h"
#include "kern/bpf_sys.h"
#include "kselftest_harness.h"

#ifdef __SANITIZE_ADDRESS__
/* davit-bpf is killed and traced here: LeakSanitizer, which traces, too, would fail in its place */
static __attribute__((constructor)) void no_leak_check(void)
{
	(void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
}
#endif

TEST_F(set, a_second_open_finds_the_first)
{
	struct bpf_set *again = NULL;
	int max = 0;

	ASSERT_EQ(0, bpf_set_find(&self->lab.env, self->lab.slice_fd, &again, NULL));
	bpf_set_close(again);
	ASSERT_EQ(0, bpf_set_open(&self->lab.env, self->lab.slice_fd, &again, NULL));
	bpf_set_close(again);
	EXPECT_EQ(9, lab_programs(&self->lab, &max));
	EXPECT_EQ(1, max);
	EXPECT_EQ(0, bpf_set_check(&self->lab.env, self->lab.slice_fd, &self->e));
}

static bool is_lab_container(uint64_t id, void *data)
{
	const struct lab *l = data;

	for (unsigned int i = 0; i < LAB_CONTAINERS; i++)
		if (l->c[i].id == id)
			return true;
	return false;
}

static int count_row(uint64_t id, void *data)
{
	(void)id;
	(*(unsigned int *)data)++;
	return 0;
}

static unsigned int count_rows(struct bpf_set *s)
{
	unsigned int n = 0;

	return bpf_set_each(s, count_row, &n, NULL) == 0 ? n : ~0u;
}

static unsigned int count_keys(struct bpf_set *s, enum bpf_set_map which)
{
	int map = bpf_set_map(s, which, NULL);
	unsigned int n = 0;
	uint64_t key;

	for (int r = bpf_sys_next_key(map, NULL, &key); r == 0;
	     r = bpf_sys_next_key(map, &key, &key))
		n++;
	return n;
}

static unsigned int count_slots(struct bpf_set *s)
{
	unsigned int n = 0;

	for (uint32_t i = 1; i < s->slots; i++) {
		struct filter_slot *c;

		n += bpf_set_slot(s, i, &c, NULL) == 0 && c->head.owner != 0;
	}
	return n;
}

static struct net_policy *many_rules(uint32_t n)
{
	struct net_policy *p = calloc(1, sizeof(*p) + n * sizeof(p->rules[0]));

	if (!p)
		abort();
	p->n = n;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t addr = htonl(0x0b000000u + i * 2);

		p->rules[i] = (struct net_policy_rule){
			.verdict = NET_DENY, .family = AF_INET, .prefix_len = 32, .port_hi = 65535
		};
		memcpy(p->rules[i].addr, &addr, sizeof(addr));
	}
	return p;
}

TEST_F(set, sweep_removes_what_the_dead_left)
{
	_cleanup_free_ struct net_policy *large = many_rules(20);
	struct device_policy dev = { .base = DEVICE_BASE_ALL };
	uint64_t orphan = 12345;
	struct filter_slot *c;
	struct bpf_set *s = self->s;

	ASSERT_EQ(0, bpf_set_insert(s, self->lab.c[0].id, large, &dev, &self->e));
	ASSERT_EQ(0, bpf_set_insert(s, 1001, NULL, NULL, &self->e));
	ASSERT_EQ(0, bpf_set_insert(s, 1002, large, &dev, &self->e));
	/* as if killed: a device row and a slot without a row */
	ASSERT_EQ(0, bpf_set_insert(s, orphan, large, &dev, &self->e));
	ASSERT_EQ(0, bpf_sys_delete(bpf_set_map(s, MAP_ROWS, NULL), &orphan));
	EXPECT_EQ(3, count_rows(s));
	EXPECT_EQ(4, count_slots(s));
	EXPECT_EQ(3, count_keys(s, MAP_TRIES));
	EXPECT_EQ(2, bpf_set_sweep(s, is_lab_container, &self->lab, &self->e))
	TH_LOG("%s", self->e.msg);
	EXPECT_EQ(1, count_rows(s));
	EXPECT_EQ(1, count_slots(s));
	EXPECT_EQ(1, count_keys(s, MAP_TRIES));
	EXPECT_EQ(1, count_keys(s, MAP_CLASSES));
	EXPECT_EQ(1, count_keys(s, MAP_DEVICES));
	ASSERT_EQ(0, bpf_set_slot(s, 0, &c, NULL));
	EXPECT_EQ(FILTER_MAGIC, c->head.owner);
	ASSERT_EQ(0, bpf_set_remove(s, self->lab.c[0].id, &self->e));
	ASSERT_EQ(0, bpf_set_remove(s, self->lab.c[0].id, &self->e));
	EXPECT_EQ(0, count_slots(s) + count_keys(s, MAP_TRIES) + count_keys(s, MAP_CLASSES) +
			     count_keys(s, MAP_DEVICES));
}

TEST_F(set, every_slot_can_be_taken_and_no_more)
{
	uint32_t n = self->s->slots - 1;

	for (uint32_t i = 0; i < n; i++)
		ASSERT_EQ(0, bpf_set_insert(self->s, 100000 + i, NULL, NULL, &self->e));
	EXPECT_EQ(n, count_slots(self->s));
	EXPECT_EQ(-ENOSPC, bpf_set_insert(self->s, 1, NULL, NULL, &self->e));
	for (uint32_t i = 0; i < n; i++)
		ASSERT_EQ(0, bpf_set_remove(self->s, 100000 + i, &self->e));
	EXPECT_EQ(0, count_slots(self->s));
	EXPECT_EQ(0, bpf_set_insert(self->s, 1, NULL, NULL, &self->e));
}

static int rewrite_rows(void *arg)
{
	struct lab *l = arg;
	struct bpf_set *s;
	uint64_t base = (uint64_t)getpid() << 20;
	int r = bpf_set_open(&l->env, l->slice_fd, &s, NULL);

	for (unsigned int round = 0; r == 0 && round < 20; round++) {
		for (uint64_t i = 0; r == 0 && i < 100; i++)
			r = bpf_set_insert(s, base + i, NULL, NULL, NULL);
		for (uint64_t i = 0; r == 0 && i < 100; i++)
			r = bpf_set_remove(s, base + i, NULL);
	}
	return r < 0;
}

static pid_t start(int (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn(arg));
	return pid;
}

TEST_F(set, many_writers_leave_nothing)
{
	pid_t pids[8];

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = start(rewrite_rows, &self->lab);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		EXPECT_EQ(0, lab_wait(pids[i]));
	EXPECT_EQ(0, count_rows(self->s));
	EXPECT_EQ(0, count_slots(self->s));
}

static int open_and_insert(void *arg)
{
	struct lab *l = arg;
	struct err e = ERR_INIT;
	struct bpf_set *s;
	int r = bpf_set_open(&l->env, l->slice_fd, &s, &e);

	if (r == 0)
		r = bpf_set_insert(s, (uint64_t)getpid(), NULL, NULL, &e);
	if (r < 0)
		(void)fprintf(stderr, "# %s: %s\n", e.msg, err_text(e.code));
	return r < 0;
}

TEST(sixteen_first_openers_make_one_set)
{
	struct bpf_set *s = NULL;
	struct lab lab;
	pid_t pids[16];
	int max = 0;

	if (!lab_open(&lab, ""))
		SKIP(return, "needs root and cgroup2");
	/* the bpf file system must be theirs together */
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = start(open_and_insert, &lab);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		EXPECT_EQ(0, lab_wait(pids[i]));
	EXPECT_EQ(9, lab_programs(&lab, &max));
	EXPECT_EQ(1, max);
	ASSERT_EQ(0, bpf_set_find(&lab.env, lab.slice_fd, &s, NULL));
	EXPECT_EQ(16, count_rows(s));
	bpf_set_close(s);
	lab_close(&lab);
}

static int open_traced(void *arg)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 || raise(SIGSTOP) != 0)
		return 1;
	return open_and_insert(arg);
}

#define TRACED_MAX 4

static void kill_all(const pid_t *pids, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		(void)kill(pids[i], SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

/*
 * Kill the opener and the loader that it started, both at once, at the @n-th stop at a system call
 * of either. Return: did they come that far?
 */
static bool kill_opener_at(struct lab *l, unsigned int n)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK |
			     PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	pid_t pids[TRACED_MAX] = { start(open_traced, l) }, pid = pids[0];
	unsigned int n_pids = 1;
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, options) < 0)
		return false;
	for (int sig = 0;; sig = 0) {
		if (WIFSTOPPED(status)) {
			if (WSTOPSIG(status) == (SIGTRAP | 0x80) && n-- == 0)
				break;
			if (WSTOPSIG(status) == SIGCHLD)
				sig = SIGCHLD;
			(void)ptrace(PTRACE_SYSCALL, pid, NULL, (long)sig);
		}
		pid = waitpid(-1, &status, __WALL);
		if (pid < 0)
			return false; /* all have ended by themselves */
		for (unsigned int i = 0; i <= n_pids && n_pids < TRACED_MAX; i++) {
			if (i == n_pids)
				pids[n_pids++] = pid;
			else if (pids[i] == pid)
				break;
		}
	}
	kill_all(pids, n_pids);
	return true;
}

FIXTURE(bare)
{
	struct lab lab;
};

FIXTURE_SETUP(bare)
{
	if (!lab_open(&self->lab, ""))
		SKIP(return, "needs root and cgroup2");
}

FIXTURE_TEARDOWN(bare)
{
	lab_close(&self->lab);
}

/* an emulated machine needs minutes for it */
TEST_F_TIMEOUT(bare, a_killed_loader_is_repaired_by_the_next_open, 600)
{
	struct lab_send tcp = { LAB_TCP, "127.0.0.1", 1, 0, 0 };
	struct lab *lab = &self->lab;
	unsigned int kills = 0;

	ASSERT_EQ(0, unshare(CLONE_NEWNET)); /* its loopback is down and still a place to go to */
	/* two stops per call: 11 comes by at entries and at exits */
	for (unsigned int n = 1; kill_opener_at(lab, n); n += 11, kills++) {
		struct err e = ERR_INIT;
		struct bpf_set *s = NULL;
		int max = 0;

		ASSERT_EQ(0, bpf_set_open(&lab->env, lab->slice_fd, &s, &e))
		TH_LOG("killed at %u: %s: %s", n, e.msg, err_text(e.code));
		EXPECT_EQ(9, lab_programs(lab, &max));
		EXPECT_EQ(1, max);
		EXPECT_EQ(0, bpf_set_insert(s, lab->c[0].id, NULL, NULL, &e));
		EXPECT_EQ(ENETUNREACH, lab_run(lab, 0, lab_send, &tcp));
		EXPECT_EQ(EPERM, lab_run(lab, 1, lab_send, &tcp));
		bpf_set_close(s);
		ASSERT_EQ(0, bpf_set_remove_all(&lab->env, &e)) TH_LOG("%s", e.msg);
	}
	EXPECT_LT(10, kills);
	TH_LOG("loader killed at %u points", kills);
}

TEST_F(set, a_slice_made_anew_gets_a_new_set)
{
	struct lab *l = &self->lab;
	struct bpf_set *s = NULL;

	for (unsigned int i = 0; i < LAB_CONTAINERS; i++)
		ASSERT_EQ(0, rmdir(l->c[i].path));
	ASSERT_EQ(0, rmdir(l->slice_path));
	ASSERT_EQ(0, mkdir(l->slice_path, 0755));
	(void)close(l->slice_fd);
	l->slice_fd = open(l->slice_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	EXPECT_EQ(-ENOENT, bpf_set_find(&l->env, l->slice_fd, &s, NULL));
	ASSERT_EQ(0, bpf_set_open(&l->env, l->slice_fd, &s, &self->e)) TH_LOG("%s", self->e.msg);
	bpf_set_close(s);
	EXPECT_EQ(0, bpf_set_check(&l->env, l->slice_fd, &self->e));
	EXPECT_EQ(9, lab_programs(l, NULL));
}

TEST_F(set, pins_removed_by_hand_are_made_anew)
{
	struct bpf_set *s = NULL;
	char path[BPF_SET_PATH_MAX + 32];

	(void)snprintf(path, sizeof(path), "%s/davit_egress", self->s->dir);
	ASSERT_EQ(0, unlink(path));
	EXPECT_EQ(-ENOENT, bpf_set_check(&self->lab.env, self->lab.slice_fd, &self->e));
	(void)snprintf(path, sizeof(path), "%s/rows", self->s->dir);
	ASSERT_EQ(0, unlink(path));
	ASSERT_EQ(0, bpf_set_open(&self->lab.env, self->lab.slice_fd, &s, &self->e))
	TH_LOG("%s", self->e.msg);
	bpf_set_close(s);
	EXPECT_EQ(0, bpf_set_check(&self->lab.env, self->lab.slice_fd, &self->e));
	EXPECT_EQ(9, lab_programs(&self->lab, NULL));
}

TEST_F(set, another_bpf_file_system_is_no_second_set)
{
	struct bpf_set *s = NULL;

	ASSERT_EQ(0, mount("bpf", self->lab.bpffs, "bpf", 0, NULL));
	EXPECT_EQ(-EBUSY, bpf_set_open(&self->lab.env, self->lab.slice_fd, &s, &self->e));
	EXPECT_NE(NULL, strstr(self->e.msg, "not pinned below"));
	ASSERT_EQ(0, umount2(self->lab.bpffs, MNT_DETACH));
}

/* A davit in a cgroup namespace whose root is somewhere in the hierarchy. */
static int run_nested(void *arg)
{
	struct lab_send tcp = { LAB_TCP, "127.0.0.1", 1, 0, 0 };
	const char *cgroup2 = arg;
	struct bpf_set *s = NULL;
	struct err e = ERR_INIT;
	struct net_policy deny = { .default_deny = NET_BIT(NET_OUT) };
	struct lab lab;
	int r;

	if (unshare(CLONE_NEWCGROUP | CLONE_NEWNS | CLONE_NEWNET) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    /* the same file system does not go on top of itself */
	    mount("none", cgroup2, "tmpfs", 0, NULL) < 0 ||
	    mount("none", cgroup2, "cgroup2", 0, NULL) < 0 || !lab_open(&lab, "n")) {
		perror("# nested lab");
		return 10;
	}
	r = bpf_set_open(&lab.env, lab.slice_fd, &s, &e);
	if (r == 0)
		r = bpf_set_insert(s, lab.c[0].id, &deny, NULL, &e);
	if (r == 0)
		r = bpf_set_insert(s, lab.c[1].id, NULL, NULL, &e);
	if (r < 0)
		(void)fprintf(stderr, "# %s: %s\n", e.msg, err_text(e.code));
	r = r < 0 ? 11 : 0;
	if (r == 0 && lab_run(&lab, 0, lab_send, &tcp) != EPERM)
		r = 12;
	if (r == 0 && lab_run(&lab, 1, lab_send, &tcp) != ENETUNREACH)
		r = 13;
	if (r == 0 && lab_run(&lab, 2, lab_send, &tcp) != EPERM)
		r = 14;
	bpf_set_close(s);
	lab_close(&lab);
	return r;
}

TEST_F(bare, depth_is_found_in_a_cgroup_namespace)
{
	struct lab *l = &self->lab;
	char cgroup2[128];

	(void)snprintf(cgroup2, sizeof(cgroup2), "%s", l->slice_path);
	*strrchr(cgroup2, '/') = '\0';
	EXPECT_EQ(0, lab_run(l, 0, run_nested, cgroup2));
}

TEST_HARNESS_MAIN
