// SPDX-License-Identifier: Apache-2.0
/* Limits that bite, life and death of cgroups: as the host has them, on v1 alone, on v2 alone. */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "kern/bpf_policy.h"
#include "kern/cgroup.h"
#include "kern/cgroup_impl.h"
#include "kselftest_harness.h"

#define MIB (1u << 20)

typedef int body_fn(void *arg);

/* A process born in @cg as a container's is. */
static pid_t spawn_in(struct cgroup *cg, body_fn *body, void *arg)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	const int *fds = NULL;
	int n = cgroup_join_fds(cg, &fds, NULL), joined[2];
	pid_t pid;
	char byte;

	if (n < 0 || pipe2(joined, O_CLOEXEC) < 0)
		return -1;
	if (cgroup_fd(cg) >= 0) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd(cg);
	}
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0) {
		if (cgroup_join_self(fds, (size_t)n, NULL) < 0)
			_exit(99);
		(void)close(joined[0]);
		(void)close(joined[1]);
		_exit(body(arg));
	}
	/* back when it is a member everywhere */
	(void)close(joined[1]);
	(void)!read(joined[0], &byte, 1);
	(void)close(joined[0]);
	return pid;
}

static int wait_status(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static int run_in(struct cgroup *cg, body_fn *body, void *arg)
{
	pid_t pid = spawn_in(cg, body, arg);

	return pid < 0 ? -1 : wait_status(pid);
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int sleep_body(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return 0;
}

static int bomb_body(void *arg)
{
	(void)arg;
	for (;;)
		(void)fork();
	return 0;
}

/* Touches memory until it has *arg bytes or is killed. */
static int hog_body(void *arg)
{
	size_t size = *(size_t *)arg;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 98;
	for (size_t i = 0; i < size; i += 4096)
		((volatile char *)p)[i] = 1;
	return 0;
}

/* Return: children that could be forked, at most 20 */
static int fork_body(void *arg)
{
	int n = 0;

	(void)arg;
	for (; n < 20; n++) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (pid == 0) {
			pause();
			_exit(0);
		}
	}
	return errno == EAGAIN || n == 20 ? n : 97;
}

static double cpu_time(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Uses *arg seconds of CPU time, however long a busy machine takes to give them. */
static int burn_body(void *arg)
{
	double end = cpu_time() + *(double *)arg;

	while (cpu_time() < end)
		;
	return 0;
}

/* Return: 10 * number of allowed CPUs + the first one */
static int affinity_body(void *arg)
{
	cpu_set_t set;

	(void)arg;
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 99;
	for (int i = 0; i < 9; i++)
		if (CPU_ISSET(i, &set))
			return 10 * CPU_COUNT(&set) + i;
	return 98;
}

static bool has(enum cgroup_controller c)
{
	return cgroup_controller_where(c) != CGROUP_NOWHERE;
}

static bool id_exists(const char *slice, const char *id)
{
	_cleanup_strv_ struct strv ids = { .v = NULL };

	return cgroup_list(slice, &ids, NULL) < 0 || strv_has(&ids, id);
}

static void remove_slice(const char *slice)
{
	_cleanup_strv_ struct strv ids = { .v = NULL };
	char path[CGROUP_PATH_MAX];

	(void)cgroup_list(slice, &ids, NULL);
	for (size_t i = 0; i < ids.n; i++)
		(void)cgroup_remove(slice, ids.v[i], NULL);
	for (enum cgroup_controller c = 0; c < CGROUP_CONTROLLER_COUNT; c++)
		(void)rmdir(cgroup_v1_path(path, c, slice, NULL, NULL));
	if (cgroup_v2_root())
		(void)rmdir(cgroup_v2_path(path, slice, NULL));
}

FIXTURE(cg)
{
	char slice[32];
	struct cgroup *cg;
	struct err e;
};

FIXTURE_VARIANT(cg)
{
	const char *mode; /* NULL = as it is */
};

FIXTURE_VARIANT_ADD(cg, host){ .mode = NULL };
FIXTURE_VARIANT_ADD(cg, v1){ .mode = "v1" };
FIXTURE_VARIANT_ADD(cg, v2){ .mode = "v2" };

/* In a mount namespace of our own: take the v2 mount off, or put it over the v1 ones. */
static bool enter_mode(const char *mode)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return false;
	if (strcmp(mode, "v2") == 0)
		(void)mount("cgroup2", CGROUP_ROOT, "cgroup2", 0, NULL);
	else
		(void)umount2(CGROUP_UNIFIED, MNT_DETACH);
	return str_eq(cgroup_mode(), mode);
}

FIXTURE_SETUP(cg)
{
	if (geteuid() != 0)
		SKIP(return, "needs root");
	if (variant->mode && !enter_mode(variant->mode))
		SKIP(return, "no way to %s alone on this host", variant->mode);
	snprintf(self->slice, sizeof(self->slice), "davit-test-%d", getpid());
}

FIXTURE_TEARDOWN(cg)
{
	if (self->cg)
		(void)cgroup_kill(self->cg, NULL);
	cgroup_free(self->cg);
	remove_slice(self->slice);
}

#define CREATE(limits)                                                             \
	ASSERT_EQ(0, cgroup_create(self->slice, "a", limits, &self->cg, &self->e)) \
	{                                                                          \
		TH_LOG("%s: %s", self->e.msg, err_text(self->e.code));             \
	}

TEST_F(cg, life)
{
	const int *fds;
	struct cgroup *second = NULL;
	pid_t pid;

	CREATE(NULL);
	EXPECT_EQ(-EEXIST, cgroup_create(self->slice, "a", NULL, &second, NULL));
	EXPECT_TRUE(id_exists(self->slice, "a")); /* the failure left the first one alone */
	EXPECT_EQ(0, cgroup_is_populated(self->cg, NULL));
	pid = spawn_in(self->cg, sleep_body, NULL);
	ASSERT_GT(pid, 0);
	EXPECT_EQ(1, cgroup_is_populated(self->cg, NULL));
	if (cgroup_v2_root()) {
		EXPECT_NE(0, cgroup_inode(self->cg));
		EXPECT_GE(cgroup_fd(self->cg), 0);
	}
	EXPECT_EQ(-EBUSY, cgroup_remove(self->slice, "a", &self->e));
	EXPECT_EQ(0, cgroup_kill(self->cg, &self->e));
	EXPECT_EQ(SIGKILL, WTERMSIG(wait_status(pid)));
	EXPECT_EQ(0, cgroup_remove(self->slice, "a", &self->e));
	EXPECT_EQ(0, cgroup_remove(self->slice, "a", &self->e));
	EXPECT_FALSE(id_exists(self->slice, "a"));
	EXPECT_EQ(-ENOENT, cgroup_open(self->slice, "a", &second, NULL));
	EXPECT_EQ(-ENOENT, cgroup_is_populated(self->cg, NULL));
	EXPECT_GE(cgroup_join_fds(self->cg, &fds, NULL), 0);
}

TEST_F(cg, bad_names)
{
	static const char *const names[] = { "", "..", ".x", "a/b", "a b" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(-EINVAL, cgroup_create(self->slice, names[i], NULL, &self->cg, NULL));
		EXPECT_EQ(-EINVAL, cgroup_remove(self->slice, names[i], NULL));
	}
}

/* systemd removes what it has made behind our back, as soon as it is empty */
TEST_F(cg, killed_when_gone)
{
	CREATE(NULL);
	EXPECT_EQ(0, cgroup_remove(self->slice, "a", &self->e));
	EXPECT_EQ(0, cgroup_kill(self->cg, &self->e))
	{
		TH_LOG("%s", self->e.msg);
	}
	EXPECT_EQ(0, cgroup_signal(self->cg, SIGTERM, &self->e))
	{
		TH_LOG("%s", self->e.msg);
	}
}

TEST_F(cg, nested_are_removed)
{
	char path[CGROUP_PATH_MAX], deep[4096];
	const char *top = NULL;

	CREATE(NULL);
	if (cgroup_v2_root())
		top = cgroup_v2_path(path, self->slice, "a");
	else
		top = cgroup_v1_path(path, cgroup_v1_tracker(), self->slice, "a", NULL);
	for (int wide = 0; wide < 4; wide++) {
		size_t n = (size_t)snprintf(deep, sizeof(deep), "%s", top);

		for (int i = 0; i < 40; i++) {
			n += (size_t)snprintf(deep + n, sizeof(deep) - n, "/n%d", i ? i : wide);
			ASSERT_EQ(0, mkdir(deep, 0755));
		}
	}
	EXPECT_EQ(0, cgroup_destroy(self->cg, &self->e))
	{
		TH_LOG("%s", self->e.msg);
	}
	EXPECT_FALSE(id_exists(self->slice, "a"));
}

TEST_F(cg, members)
{
	struct cgroup *opened = NULL;
	pid_t a, b, *pids = NULL;
	size_t n = 0;

	CREATE(NULL);
	a = spawn_in(self->cg, sleep_body, NULL);
	ASSERT_EQ(0, cgroup_open(self->slice, "a", &opened, &self->e));
	b = spawn_in(opened, sleep_body, NULL);
	EXPECT_EQ(cgroup_inode(self->cg), cgroup_inode(opened));
	ASSERT_EQ(0, cgroup_pids(opened, &pids, &n, NULL));
	ASSERT_EQ(2, n);
	EXPECT_TRUE((pids[0] == a && pids[1] == b) || (pids[0] == b && pids[1] == a));
	free(pids);
	EXPECT_EQ(0, cgroup_signal(opened, SIGTERM, NULL));
	EXPECT_EQ(SIGTERM, WTERMSIG(wait_status(a)));
	EXPECT_EQ(SIGTERM, WTERMSIG(wait_status(b)));
	cgroup_free(opened);
}

TEST_F(cg, freeze)
{
	struct cgroup_stats before, after;
	double seconds = 30;
	pid_t pid;

	CREATE(NULL);
	pid = spawn_in(self->cg, burn_body, &seconds);
	for (int i = 0; i < 1000 && (cgroup_stats(self->cg, &before, NULL) < 0 ||
				     before.cpu_usage_ns < 2000000);
	     i++)
		usleep(10000);
	EXPECT_EQ(CGROUP_ACTIVE, cgroup_activity(self->cg, NULL));
	EXPECT_EQ(0, cgroup_is_freezing(self->cg, NULL));
	ASSERT_EQ(0, cgroup_freeze(self->cg, true, &self->e));
	EXPECT_EQ(CGROUP_FROZEN, cgroup_activity(self->cg, NULL));
	EXPECT_EQ(1, cgroup_is_freezing(self->cg, NULL));
	ASSERT_EQ(0, cgroup_stats(self->cg, &before, NULL));
	usleep(100000);
	ASSERT_EQ(0, cgroup_stats(self->cg, &after, NULL));
	EXPECT_TRUE(before.has_cpu);
	EXPECT_GT(before.cpu_usage_ns, 1000000);
	EXPECT_LT(after.cpu_usage_ns - before.cpu_usage_ns, 5000000);
	/* a frozen container can be killed */
	EXPECT_EQ(0, cgroup_kill(self->cg, NULL));
	EXPECT_EQ(SIGKILL, WTERMSIG(wait_status(pid)));
	EXPECT_EQ(CGROUP_EMPTY, cgroup_activity(self->cg, NULL));
	EXPECT_EQ(0, cgroup_freeze(self->cg, false, NULL));
}

TEST_F(cg, kill_fork_bomb)
{
	pid_t pid;

	if (!has(CGROUP_PIDS))
		SKIP(return, "no pids controller to bound the bomb");
	CREATE((&(struct cgroup_limits){ .pids = 300 }));
	pid = spawn_in(self->cg, bomb_body, NULL);
	ASSERT_GT(pid, 0);
	usleep(50000);
	EXPECT_EQ(1, cgroup_is_populated(self->cg, NULL));
	EXPECT_EQ(0, cgroup_kill(self->cg, &self->e))
	{
		TH_LOG("%s", self->e.msg);
	}
	EXPECT_EQ(SIGKILL, WTERMSIG(wait_status(pid)));
	EXPECT_EQ(0, cgroup_remove(self->slice, "a", &self->e)); /* waits for them */
}

TEST_F(cg, memory_kills_the_hog)
{
	size_t big = 64 * MIB, small = 2 * MIB;
	struct cgroup_stats s;
	uint64_t oom = 99;

	if (!has(CGROUP_MEMORY))
		SKIP(return, "no memory controller");
	CREATE((&(struct cgroup_limits){ .memory = 16 * MIB }));
	EXPECT_EQ(0, run_in(self->cg, hog_body, &small));
	ASSERT_EQ(0, cgroup_oom_count(self->cg, &oom, NULL));
	EXPECT_EQ(0, oom);
	EXPECT_EQ(SIGKILL, WTERMSIG(run_in(self->cg, hog_body, &big)));
	ASSERT_EQ(0, cgroup_oom_count(self->cg, &oom, NULL));
	EXPECT_EQ(1, oom);
	ASSERT_EQ(0, cgroup_stats(self->cg, &s, NULL));
	EXPECT_TRUE(s.has_memory);
	EXPECT_EQ(16 * MIB, s.memory_limit);
	EXPECT_LE(s.memory_usage, 16 * MIB);
}

TEST_F(cg, memory_update)
{
	struct cgroup_stats s;

	if (!has(CGROUP_MEMORY))
		SKIP(return, "no memory controller");
	CREATE((&(struct cgroup_limits){ .memory = 16 * MIB, .memory_swap = 16 * MIB }));
	cgroup_free(self->cg);
	ASSERT_EQ(0, cgroup_open(self->slice, "a", &self->cg, NULL));
	/* past the old total: v1 must write the new total first */
	EXPECT_EQ(0,
		  cgroup_update(self->cg, &(struct cgroup_limits){ .memory = 64 * MIB }, &self->e))
	{
		TH_LOG("%s", self->e.msg);
	}
	ASSERT_EQ(0, cgroup_stats(self->cg, &s, NULL));
	EXPECT_EQ(64 * MIB, s.memory_limit);
	EXPECT_EQ(0, cgroup_update(self->cg,
				   &(struct cgroup_limits){ .memory = 8 * MIB,
							    .memory_swap = 8 * MIB },
				   &self->e));
	EXPECT_EQ(0, cgroup_update(self->cg, &(struct cgroup_limits){ .memory = -1 }, &self->e))
	{
		TH_LOG("%s", self->e.msg);
	}
	ASSERT_EQ(0, cgroup_stats(self->cg, &s, NULL));
	EXPECT_EQ(CGROUP_UNLIMITED, s.memory_limit);
}

TEST_F(cg, pids_refuses_fork)
{
	struct cgroup_stats s;

	if (!has(CGROUP_PIDS))
		SKIP(return, "no pids controller");
	CREATE((&(struct cgroup_limits){ .pids = 5 }));
	EXPECT_EQ(4, WEXITSTATUS(run_in(self->cg, fork_body, NULL)));
	ASSERT_EQ(0, cgroup_stats(self->cg, &s, NULL));
	EXPECT_TRUE(s.has_pids);
	EXPECT_EQ(5, s.pids_limit);
	EXPECT_EQ(4, s.pids_current);
}

TEST_F(cg, pids_are_counted_without_a_limit)
{
	struct cgroup_stats s;

	CREATE(NULL);
	EXPECT_EQ(20, WEXITSTATUS(run_in(self->cg, fork_body, NULL)));
	ASSERT_EQ(0, cgroup_stats(self->cg, &s, NULL));
	EXPECT_TRUE(s.has_pids);
	EXPECT_EQ(CGROUP_UNLIMITED, s.pids_limit);
	EXPECT_EQ(20, s.pids_current);
}

TEST_F(cg, cpus_throttle)
{
	struct cgroup_stats s;
	double seconds = 0.1;

	if (!has(CGROUP_CPU))
		SKIP(return, "no cpu controller");
	CREATE((&(struct cgroup_limits){ .cpu_nano = 100000000, .cpu_shares = 512 }));
	EXPECT_EQ(0, run_in(self->cg, burn_body, &seconds));
	ASSERT_EQ(0, cgroup_stats(self->cg, &s, NULL));
	ASSERT_TRUE(s.has_throttle);
	/* 10 ms in each period of 100 ms */
	EXPECT_GE(s.cpu_throttled_periods, 2);
	EXPECT_GT(s.cpu_throttled_ns, 0);
	EXPECT_GE(s.cpu_usage_ns, 100000000);
	EXPECT_LE(s.cpu_usage_ns, (s.cpu_periods + 1) * 11000000);
}

TEST_F(cg, cpuset_pins)
{
	if (!has(CGROUP_CPUSET) || sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "no cpuset controller or one CPU");
	CREATE((&(struct cgroup_limits){ .cpuset_cpus = "1" }));
	EXPECT_EQ(11, WEXITSTATUS(run_in(self->cg, affinity_body, NULL)));
}

TEST_F(cg, cpuset_of_a_cpu_that_is_not_there)
{
	if (!has(CGROUP_CPUSET))
		SKIP(return, "no cpuset controller");
	EXPECT_GT(0,
		  cgroup_create(self->slice, "a", &(struct cgroup_limits){ .cpuset_cpus = "700" },
				&self->cg, &self->e));
	EXPECT_NE(NULL, strstr(self->e.msg, "option '--cpuset-cpus': write '700'"));
	EXPECT_FALSE(id_exists(self->slice, "a"));
}

/* A running container gets a limit whose v1 controller it had not joined. */
TEST_F(cg, update_reaches_running_processes)
{
	struct cgroup_limits l = { .cpuset_cpus = "1", .cpu_nano = 500000000, .pids = 3 };
	struct cgroup_stats s;
	cpu_set_t set;
	pid_t pid;

	if (!has(CGROUP_CPUSET) || !has(CGROUP_CPU) || !has(CGROUP_PIDS) ||
	    sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "no cpuset, cpu or pids controller, or one CPU");
	CREATE(NULL);
	pid = spawn_in(self->cg, sleep_body, NULL);
	cgroup_free(self->cg);
	ASSERT_EQ(0, cgroup_open(self->slice, "a", &self->cg, NULL));
	ASSERT_EQ(0, cgroup_update(self->cg, &l, &self->e))
	{
		TH_LOG("%s: %s", self->e.msg, err_text(self->e.code));
	}
	ASSERT_EQ(0, sched_getaffinity(pid, sizeof(set), &set));
	EXPECT_EQ(1, CPU_COUNT(&set));
	EXPECT_TRUE(CPU_ISSET(1, &set));
	EXPECT_EQ(2, WEXITSTATUS(run_in(self->cg, fork_body, NULL)) + 1);
	ASSERT_EQ(0, cgroup_stats(self->cg, &s, NULL));
	EXPECT_TRUE(s.has_throttle);
	EXPECT_EQ(3, s.pids_limit);
	EXPECT_EQ(2, s.pids_current);
}

/* Loop device over a file of 8 MiB. Return: descriptor for direct I/O or -errno. */
static int open_loop(char path[static 32])
{
	_cleanup_fd_ int ctl = open("/dev/loop-control", O_RDWR | O_CLOEXEC), file = -1, dev = -1;
	char name[] = "/var/tmp/davit-loop-XXXXXX";
	struct loop_config config = { .info.lo_flags = LO_FLAGS_AUTOCLEAR };
	int n;

	if (ctl < 0)
		return -errno;
	file = mkostemp(name, O_CLOEXEC);
	if (file < 0)
		return -errno;
	(void)unlink(name);
	n = ioctl(ctl, LOOP_CTL_GET_FREE);
	if (n < 0 || ftruncate(file, 8 * MIB) < 0)
		return -errno;
	snprintf(path, 32, "/dev/loop%d", n);
	dev = open(path, O_RDWR | O_CLOEXEC | O_DIRECT);
	if (dev < 0)
		return -errno;
	config.fd = (uint32_t)file;
	if (ioctl(dev, LOOP_CONFIGURE, &config) < 0)
		return -errno;
	return TAKE_FD(dev);
}

static int write_body(void *arg)
{
	void *p = NULL;

	if (posix_memalign(&p, 4096, 64 << 10) != 0)
		return 97;
	memset(p, 1, 64 << 10);
	for (int i = 0; i < 24; i++) /* 1.5 MiB */
		if (pwrite(*(int *)arg, p, 64 << 10, i * (64 << 10)) != 64 << 10)
			return 98;
	return 0;
}

TEST_F(cg, write_bps_slows)
{
	struct cgroup_io_limit io = { .kind = CGROUP_IO_WBPS, .value = MIB };
	struct cgroup_stats s;
	char path[32];
	struct stat st;
	double start;
	int dev;

	if (!has(CGROUP_IO))
		SKIP(return, "no io controller");
	dev = open_loop(path);
	if (dev < 0)
		SKIP(return, "no loop device: %s", err_text(dev));
	ASSERT_EQ(0, fstat(dev, &st));
	io.major = major(st.st_rdev);
	io.minor = minor(st.st_rdev);
	CREATE((&(struct cgroup_limits){ .io = &io, .n_io = 1 }));
	start = now();
	EXPECT_EQ(0, run_in(self->cg, write_body, &dev));
	EXPECT_GT(now() - start, 1.0);
	ASSERT_EQ(0, cgroup_stats(self->cg, &s, NULL));
	EXPECT_TRUE(s.has_io);
	EXPECT_EQ(24 * (64 << 10), s.io_write_bytes);
	(void)close(dev);
}

/* Return: bits of 1 = /dev/null, 2 = a loop device, 4 = making a node of one */
static int open_devices_body(void *arg)
{
	char path[64];
	int got = 0;

	snprintf(path, sizeof(path), "/tmp/davit-node-%d", getpid());
	got |= open("/dev/null", O_RDWR) >= 0;
	got |= (open(arg, O_RDWR) >= 0) << 1;
	got |= (mknod(path, S_IFBLK | 0600, makedev(7, 0)) == 0) << 2;
	(void)unlink(path);
	return got;
}

TEST_F(cg, devices)
{
	struct device_policy p = { .base = DEVICE_BASE_ALL,
				   .n = 1,
				   .rules = { { .major = 7,
						.minor = DEVICE_ANY,
						.type = 'b',
						.access = DEVICE_READ | DEVICE_WRITE } } };
	char path[32];
	int dev;

	if (!str_eq(cgroup_mode(), "v1"))
		SKIP(return, "BPF does it");
	dev = open_loop(path);
	if (dev < 0)
		SKIP(return, "no loop device: %s", err_text(dev));
	CREATE(NULL);
	EXPECT_EQ(7, WEXITSTATUS(run_in(self->cg, open_devices_body, path)));
	ASSERT_EQ(0, cgroup_set_devices(self->cg, NULL, &self->e))
	{
		TH_LOG("%s", self->e.msg);
	}
	EXPECT_EQ(5, WEXITSTATUS(run_in(self->cg, open_devices_body, path)));
	ASSERT_EQ(0, cgroup_destroy(self->cg, NULL));
	cgroup_free(self->cg);

	CREATE(NULL);
	ASSERT_EQ(0, cgroup_set_devices(self->cg, &p, &self->e));
	EXPECT_EQ(5, WEXITSTATUS(run_in(self->cg, open_devices_body, path)));
	p.base = DEVICE_BASE_DEFAULT;
	EXPECT_EQ(-EOPNOTSUPP, cgroup_set_devices(self->cg, &p, NULL));
	p.rules[0].is_allow = true;
	EXPECT_EQ(0, cgroup_set_devices(self->cg, &p, NULL));
	EXPECT_EQ(7, WEXITSTATUS(run_in(self->cg, open_devices_body, path)));
	(void)close(dev);
}

TEST_F(cg, io_of_no_device)
{
	struct cgroup_io_limit io = {
		.major = 4000, .minor = 7, .kind = CGROUP_IO_RIOPS, .value = 10
	};

	if (!has(CGROUP_IO))
		SKIP(return, "no io controller");
	EXPECT_GT(0,
		  cgroup_create(self->slice, "a", &(struct cgroup_limits){ .io = &io, .n_io = 1 },
				&self->cg, &self->e));
	EXPECT_NE(NULL, strstr(self->e.msg, "option '--device-read-iops'"));
	EXPECT_FALSE(id_exists(self->slice, "a"));
}

TEST_F(cg, conf)
{
	char row[] = "memory.high=8388608", *rows[] = { row, NULL };
	struct strv conf = { .v = rows, .n = 1 };
	struct cgroup_limits l = { .conf = &conf };
	char text[64];

	if (cgroup_controller_where(CGROUP_MEMORY) == CGROUP_ON_V2) {
		CREATE(&l);
		ASSERT_LT(0, io_read_small(cgroup_fd(self->cg), "memory.high", text, sizeof(text)));
		EXPECT_STREQ("8388608", text);
		return;
	}
	EXPECT_EQ(-EOPNOTSUPP, cgroup_create(self->slice, "a", &l, &self->cg, &self->e));
	EXPECT_STREQ(
		str_eq(cgroup_mode(), "v2") ?
			"option '--cgroup-conf': the 'memory' controller is not available on this host" :
			"option '--cgroup-conf': 'memory.high' needs the 'memory' controller on cgroup v2",
		self->e.msg);
	EXPECT_FALSE(id_exists(self->slice, "a"));
}

TEST_HARNESS_MAIN
