// SPDX-License-Identifier: Apache-2.0
/* Limits that bite, controller by controller. */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "cgroup_fixture.h"
#include "kern/bpf_policy.h"
#include "kern/cgroup.h"
#include "kern/cgroup_impl.h"
#include "kselftest_harness.h"

#define MIB (1u << 20)

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
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

TEST_F(cg, memory_kills_the_hog)
{
	size_t big = 64 * MIB, small = 2 * MIB;
	struct cgroup_stats s;
	uint64_t oom = 99;

	if (!has(CGROUP_MEMORY))
		SKIP(return, "no memory controller");
	CREATE((&(struct cgroup_limits){ .memory = 16 * MIB }));
	EXPECT_EQ(0, cgroup_lab_run(self->cg, hog_body, &small));
	ASSERT_EQ(0, cgroup_oom_count(self->cg, &oom, NULL));
	EXPECT_EQ(0, oom);
	EXPECT_EQ(SIGKILL, WTERMSIG(cgroup_lab_run(self->cg, hog_body, &big)));
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
	EXPECT_EQ(4, WEXITSTATUS(cgroup_lab_run(self->cg, fork_body, NULL)));
	ASSERT_EQ(0, cgroup_stats(self->cg, &s, NULL));
	EXPECT_TRUE(s.has_pids);
	EXPECT_EQ(5, s.pids_limit);
	EXPECT_EQ(4, s.pids_current);
}

TEST_F(cg, pids_are_counted_without_a_limit)
{
	struct cgroup_stats s;

	CREATE(NULL);
	EXPECT_EQ(20, WEXITSTATUS(cgroup_lab_run(self->cg, fork_body, NULL)));
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
	EXPECT_EQ(0, cgroup_lab_run(self->cg, cgroup_lab_burn, &seconds));
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
	EXPECT_EQ(11, WEXITSTATUS(cgroup_lab_run(self->cg, affinity_body, NULL)));
}

TEST_F(cg, cpuset_of_a_cpu_that_is_not_there)
{
	if (!has(CGROUP_CPUSET))
		SKIP(return, "no cpuset controller");
	EXPECT_GT(0,
		  cgroup_create(self->slice, "a", &(struct cgroup_limits){ .cpuset_cpus = "700" },
				&self->cg, &self->e));
	EXPECT_NE(NULL, strstr(self->e.msg, "option '--cpuset-cpus': write '700'"));
	EXPECT_FALSE(cgroup_lab_has(self->slice, "a"));
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
	pid = cgroup_lab_spawn(self->cg, cgroup_lab_sleep, NULL);
	cgroup_free(self->cg);
	ASSERT_EQ(0, cgroup_open(self->slice, "a", &self->cg, NULL));
	ASSERT_EQ(0, cgroup_update(self->cg, &l, &self->e))
	{
		TH_LOG("%s: %s", self->e.msg, err_text(self->e.code));
	}
	ASSERT_EQ(0, sched_getaffinity(pid, sizeof(set), &set));
	EXPECT_EQ(1, CPU_COUNT(&set));
	EXPECT_TRUE(CPU_ISSET(1, &set));
	EXPECT_EQ(2, WEXITSTATUS(cgroup_lab_run(self->cg, fork_body, NULL)) + 1);
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
	EXPECT_EQ(0, cgroup_lab_run(self->cg, write_body, &dev));
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
	EXPECT_EQ(7, WEXITSTATUS(cgroup_lab_run(self->cg, open_devices_body, path)));
	ASSERT_EQ(0, cgroup_set_devices(self->cg, NULL, &self->e))
	{
		TH_LOG("%s", self->e.msg);
	}
	EXPECT_EQ(5, WEXITSTATUS(cgroup_lab_run(self->cg, open_devices_body, path)));
	ASSERT_EQ(0, cgroup_destroy(self->cg, NULL));
	cgroup_free(self->cg);

	CREATE(NULL);
	ASSERT_EQ(0, cgroup_set_devices(self->cg, &p, &self->e));
	EXPECT_EQ(5, WEXITSTATUS(cgroup_lab_run(self->cg, open_devices_body, path)));
	p.base = DEVICE_BASE_DEFAULT;
	EXPECT_EQ(-EOPNOTSUPP, cgroup_set_devices(self->cg, &p, NULL));
	p.rules[0].is_allow = true;
	EXPECT_EQ(0, cgroup_set_devices(self->cg, &p, NULL));
	EXPECT_EQ(7, WEXITSTATUS(cgroup_lab_run(self->cg, open_devices_body, path)));
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
	EXPECT_FALSE(cgroup_lab_has(self->slice, "a"));
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
	EXPECT_FALSE(cgroup_lab_has(self->slice, "a"));
}

TEST_HARNESS_MAIN
