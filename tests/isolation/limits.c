// SPDX-License-Identifier: Apache-2.0
/* Limits: those that were asked for are set, and bite. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "attempt.h"
#include "cgroupfs.h"
#include "groups.h"
#include "probe.h"

#define MIB (1024 * 1024LL)
#define MEMORY_OVER (32 * MIB)
#define TOUCH_MAX_S 8 /* less than a probe has */
#define MEMORY_MAX (1024 * MIB) /* not more than this is touched */
#define PIDS_MAX 4096
#define PIDS_OVER 8
#define PAGE 4096 /* or a part of one */
#define TEXT_SIZE 128

/* what a child touches; @touched is shared with it */
struct touch {
	int64_t size;
	volatile int64_t *touched;
};

/* runs in a child: the one that the kernel is to choose. Huge pages, since a fault for each page takes
 * seconds on an emulated processor. */
static int try_touch(const void *arg)
{
	const struct touch *t = arg;
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	char *p;

	if (fd >= 0) {
		(void)!write(fd, "1000", 4);
		(void)close(fd);
	}
	(void)alarm(TOUCH_MAX_S);
	p = mmap(NULL, (size_t)t->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return errno;
	(void)madvise(p, (size_t)t->size, MADV_HUGEPAGE);
	for (int64_t i = 0; i < t->size; i += MIB) {
		for (int64_t k = 0; k < MIB; k += PAGE)
			((volatile char *)p)[i + k] = 1;
		*t->touched = i + MIB;
	}
	return 0;
}

/* /proc/swaps has a line of heading */
static bool has_swap(void)
{
	char text[1024], *line;

	if (read_text("/proc/swaps", text, sizeof(text)) < 0)
		return false;
	line = strchr(text, '\n');
	return line && line[1];
}

static int64_t available_memory(void)
{
	char text[TEXT_SIZE];

	return read_field("/proc/meminfo", "MemAvailable", text, sizeof(text)) < 0 ?
		       INT64_MAX :
		       strtoll(text, NULL, 10) * 1024;
}

static int memory_bites(const struct probe *p, const struct facts *f, struct seen *s)
{
	int64_t want = facts_num(f, "want.memory", 0), size = want / MIB * MIB + MEMORY_OVER;
	struct touch t = { .size = size };
	char text[TEXT_SIZE];
	int r;

	(void)p;
	if (!want)
		return seen_skip(s, "no limit was asked for");
	if (size > MEMORY_MAX || available_memory() < 2 * size)
		return seen_skip(s, "the limit is too large to be tried here");
	if (has_swap())
		return seen_skip(s, "the host swaps");
	if (cgroupfs_read("memory.oom.group", "memory", "memory.oom.group", text, sizeof(text)) >
		    0 &&
	    *text == '1')
		return seen_skip(s, "the container dies as a whole");
	t.touched = mmap(NULL, sizeof(*t.touched), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t.touched == MAP_FAILED)
		return seen_skip(s, "mmap: %s", errno_name(errno));
	r = attempt(try_touch, &t);
	if (r == ATTEMPT_KILLED + SIGALRM && *t.touched <= want)
		return seen_skip(s, "too slow: %" PRId64 " bytes touched in %d s", *t.touched,
				 TOUCH_MAX_S);
	return seen_as(s, r == ATTEMPT_KILLED + SIGKILL || r == ENOMEM,
		       "%" PRId64 " of %" PRId64 " bytes touched, limit %" PRId64 ": %s",
		       *t.touched, size, want, attempt_name(r));
}

/* a value in a file of the cgroup, where that is to be seen */
static int is_set(struct seen *s, const char *text, int64_t value, int64_t want)
{
	return seen_as(s, value == want, "%s, asked for %" PRId64, text, want);
}

static int memory_is_set(const struct probe *p, const struct facts *f, struct seen *s)
{
	int64_t want = facts_num(f, "want.memory", 0);
	char text[TEXT_SIZE];
	int r;

	(void)p;
	if (!want)
		return seen_skip(s, "no limit was asked for");
	r = cgroupfs_read("memory.max", "memory", "memory.limit_in_bytes", text, sizeof(text));
	if (r < 0)
		return seen_skip(s, "not to be seen: %s", errno_name(-r));
	return is_set(s, text, strtoll(text, NULL, 10),
		      want / sysconf(_SC_PAGESIZE) * sysconf(_SC_PAGESIZE));
}

static int pids_are_set(const struct probe *p, const struct facts *f, struct seen *s)
{
	int64_t want = facts_num(f, "want.pids", 0);
	char text[TEXT_SIZE];
	int r;

	(void)p;
	if (!want)
		return seen_skip(s, "no limit was asked for");
	r = cgroupfs_read("pids.max", "pids", "pids.max", text, sizeof(text));
	if (r < 0)
		return seen_skip(s, "not to be seen: %s", errno_name(-r));
	return is_set(s, text, strtoll(text, NULL, 10), want);
}

/* "QUOTA PERIOD" in v2, two files in v1 */
static int cpu_is_set(const struct probe *p, const struct facts *f, struct seen *s)
{
	int64_t want = facts_num(f, "want.cpu", 0), quota, period;
	char text[TEXT_SIZE], second[TEXT_SIZE], *end;
	int r;

	(void)p;
	if (!want)
		return seen_skip(s, "no limit was asked for");
	r = cgroupfs_read("cpu.max", "cpu", "cpu.cfs_quota_us", text, sizeof(text));
	if (r < 0)
		return seen_skip(s, "not to be seen: %s", errno_name(-r));
	quota = strtoll(text, &end, 10);
	period = strtoll(end, NULL, 10);
	if (!period &&
	    cgroupfs_read("none", "cpu", "cpu.cfs_period_us", second, sizeof(second)) > 0)
		period = strtoll(second, NULL, 10);
	return seen_as(s, period > 0 && quota * 1000 / period == want,
		       "%" PRId64 " of %" PRId64 " us, asked for %" PRId64 "/1000", quota, period,
		       want);
}

/* Return: how many children that wait there are, at most @max; *@ret_err of the fork that failed */
static int fork_many(pid_t *pids, int max, int *ret_err)
{
	int n = 0;

	*ret_err = 0;
	while (n < max) {
		pid_t pid = fork();

		if (pid < 0) {
			*ret_err = errno;
			break;
		}
		if (pid == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
			for (;;)
				(void)pause();
		}
		pids[n++] = pid;
	}
	return n;
}

static int pids_bite(const struct probe *p, const struct facts *f, struct seen *s)
{
	int64_t want = facts_num(f, "want.pids", 0);
	pid_t pids[PIDS_MAX + PIDS_OVER];
	int n, err;

	(void)p;
	if (!want)
		return seen_skip(s, "no limit was asked for");
	if (want > PIDS_MAX)
		return seen_skip(s, "the limit is too large to be tried here");
	n = fork_many(pids, (int)want + PIDS_OVER, &err);
	for (int i = 0; i < n; i++)
		attempt_release(pids[i]);
	return seen_as(s, n < want && err == EAGAIN, "%d processes, then %s; asked for %" PRId64, n,
		       errno_name(err), want);
}

static bool want_nofile(const struct facts *f, struct rlimit *ret)
{
	const char *text = facts_get(f, "want.nofile");
	char *end;

	if (!text)
		return false;
	ret->rlim_cur = strtoull(text, &end, 10);
	ret->rlim_max = *end == ':' ? strtoull(end + 1, NULL, 10) : ret->rlim_cur;
	return true;
}

static int nofile_is_set(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct rlimit want, is;

	(void)p;
	if (!want_nofile(f, &want))
		return seen_skip(s, "no limit was asked for");
	if (getrlimit(RLIMIT_NOFILE, &is) < 0)
		return seen_fail(s, "getrlimit: %s", errno_name(errno));
	return seen_as(s, is.rlim_cur == want.rlim_cur && is.rlim_max == want.rlim_max,
		       "%ju:%ju, asked for %ju:%ju", (uintmax_t)is.rlim_cur, (uintmax_t)is.rlim_max,
		       (uintmax_t)want.rlim_cur, (uintmax_t)want.rlim_max);
}

static int nofile_bites(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct rlimit want;
	rlim_t n = 0;
	int fd, err;

	(void)p;
	if (!want_nofile(f, &want))
		return seen_skip(s, "no limit was asked for");
	while (n <= want.rlim_cur && (fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)) >= 0)
		n++;
	err = n <= want.rlim_cur ? errno : 0;
	return seen_as(s, err == EMFILE, "%ju more descriptors, then %s", (uintmax_t)n,
		       errno_name(err));
}

static int nofile_stays(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct rlimit is, more;
	int err;

	(void)p;
	if (cap_was_asked(f, CAP_SYS_RESOURCE))
		return seen_skip(s, "CAP_SYS_RESOURCE was asked for");
	if (getrlimit(RLIMIT_NOFILE, &is) < 0 || is.rlim_max == RLIM_INFINITY)
		return seen_skip(s, "no hard limit");
	more = (struct rlimit){ is.rlim_cur, is.rlim_max + 1 };
	err = setrlimit(RLIMIT_NOFILE, &more) < 0 ? errno : 0;
	return seen_as(s, err, "from %ju to one more: %s", (uintmax_t)is.rlim_max, errno_name(err));
}

/* memory that nothing but the container's limit counts: it must have an end */
static int shm_is_limited(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct statvfs st;

	(void)p;
	(void)f;
	if (statvfs("/dev/shm", &st) < 0)
		return seen_skip(s, "/dev/shm: %s", errno_name(errno));
	return seen_as(s, st.f_blocks > 0, "%" PRIu64 " MiB",
		       (uint64_t)st.f_blocks * st.f_frsize / (uint64_t)MIB);
}

/* clang-format off */
static const struct probe probes[] = {
	{ "limits/memory", "touch more memory than the limit", memory_bites, NULL, NULL, 0, 0 },
	{ "limits/memory-value", "read the limit of memory", memory_is_set, "limits/memory", NULL, 0, 0 },
	{ "limits/pids", "start more processes than the limit", pids_bite, NULL, NULL, 0, 0 },
	{ "limits/pids-value", "read the limit of processes", pids_are_set, "limits/pids", NULL, 0, 0 },
	{ "limits/cpu-value", "read the limit of processor time", cpu_is_set, NULL, NULL, 0, 0 },
	{ "limits/nofile", "read the limit of open files", nofile_is_set, NULL, NULL, 0, 0 },
	{ "limits/nofile-bites", "open more files than the limit", nofile_bites, "limits/nofile", NULL, 0, 0 },
	{ "limits/nofile-stays", "raise the hard limit of open files", nofile_stays, "caps/effective",
	  NULL, 0, 0 },
	{ "limits/shm", "look for the size of /dev/shm", shm_is_limited, NULL, NULL, 0, 0 },
};
/* clang-format on */

const struct probe_group limit_group = {
	.name = "limits",
	.summary = "limits that were asked for are set and bite",
	PROBES(probes),
};
