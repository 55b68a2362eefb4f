// SPDX-License-Identifier: Apache-2.0
/*
 * Capabilities: the five sets are those that were asked for, nothing brings back what is not in them, and
 * what they forbid is refused. Of the latter only what a filter of system calls usually leaves alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/securebits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attempt.h"
#include "groups.h"
#include "probe.h"

#define NOBODY 65534

/* newer than some C libraries */
#ifndef CAP_CHECKPOINT_RESTORE
#define CAP_CHECKPOINT_RESTORE 40
#endif
#ifndef F_SETLEASE
#define F_SETLEASE 1024
#endif
#define CLOCK_BOOTTIME_ALARM_ID 9
#define IOPRIO_RT_0 (1 << 13) /* class 1, level 0 */

static int want_mask(const struct facts *f, const char *set, uint64_t *ret_mask)
{
	char key[32];
	const char *text;

	(void)snprintf(key, sizeof(key), "want.caps.%s", set);
	text = facts_get(f, key);
	if (!text || !*text)
		return -ENODATA;
	*ret_mask = strtoull(text, NULL, 16);
	return 0;
}

static int status_mask(pid_t pid, const char *field, uint64_t *ret_mask)
{
	char path[64], text[32];
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	r = read_field(path, field, text, sizeof(text));
	if (r < 0)
		return r;
	*ret_mask = strtoull(text, NULL, 16);
	return 0;
}

/* @p->path is the set in the words of facts; its field of /proc/PID/status begins with CapX */
static int is_as_asked(const struct probe *p, const struct facts *f, struct seen *s)
{
	static const struct {
		const char *set, *field;
	} fields[] = {
		{ "bounding", "CapBnd" },    { "permitted", "CapPrm" }, { "effective", "CapEff" },
		{ "inheritable", "CapInh" }, { "ambient", "CapAmb" },
	};
	const char *field = fields[p->num].field;
	uint64_t want, mine;
	int r;

	if (want_mask(f, p->path, &want) < 0)
		return seen_skip(s, "want.caps.%s is not known here", p->path);
	r = status_mask(getpid(), field, &mine);
	if (r < 0)
		return seen_fail(s, "%s of /proc/self/status: %s", field, errno_name(-r));
	return seen_as(s, mine == want, "%s %016" PRIx64 ", asked for %016" PRIx64, field, mine,
		       want);
}

static int has_no_securebits(const struct probe *p, const struct facts *f, struct seen *s)
{
	int bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
	int keep = prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0);

	(void)p;
	(void)f;
	return seen_as(s, bits == 0 && keep == 0, "securebits 0x%x, keepcaps %d",
		       (unsigned int)bits, keep);
}

static int has_no_new_privs(const struct probe *p, const struct facts *f, struct seen *s)
{
	int64_t want = facts_num(f, "want.no_new_privs", -1);
	int is = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);

	(void)p;
	if (want < 0)
		return seen_unknown(s, "want.no_new_privs");
	return seen_as(s, is == want, "no_new_privs %d, asked for %d", is, (int)want);
}

/* a program that everybody may execute and that belongs to root: mode @mode, and all file capabilities
 * if @has_caps. Return: 0; -errno. */
static int make_program(char *path, mode_t mode, bool has_caps)
{
	struct vfs_cap_data all = {
		.magic_etc = VFS_CAP_REVISION_2,
		.data = { { UINT32_MAX, 0 }, { 0x1ff, 0 } }, /* 41 capabilities; none inheritable */
	};
	int fd = attempt_file(path), r = 0;

	if (fd < 0)
		return fd;
	if (fchmod(fd, mode) < 0 ||
	    (has_caps && fsetxattr(fd, "security.capability", &all, sizeof(all), 0) < 0))
		r = -errno;
	(void)close(fd);
	if (r < 0)
		(void)unlink(path);
	return r;
}

/* what a child has after the exec of such a program as another user */
struct gained {
	uint64_t permitted;
	char uid[64];
};

static int gain(mode_t mode, bool has_caps, struct gained *ret)
{
	char path[PATH_MAX], status[64];
	int r = make_program(path, mode, has_caps);
	pid_t pid;

	if (r < 0)
		return r;
	pid = attempt_hold(path, NOBODY);
	(void)unlink(path);
	if (pid < 0)
		return pid;
	(void)snprintf(status, sizeof(status), "/proc/%d/status", (int)pid);
	r = read_field(status, "Uid", ret->uid, sizeof(ret->uid));
	if (r == 0)
		r = status_mask(pid, "CapPrm", &ret->permitted);
	attempt_release(pid);
	return r;
}

/* @p->num: with file capabilities, not set-user-ID */
static int stays_bounded(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct gained g;
	uint64_t bound;
	int r;

	if (want_mask(f, "bounding", &bound) < 0)
		return seen_unknown(s, "want.caps.bounding");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return seen_skip(s, "no_new_privs keeps it from gaining anything");
	r = gain(p->num ? 0755 : 04755, p->num, &g);
	if (r < 0)
		return seen_skip(s, "no such program can be made and executed here: %s",
				 errno_name(-r));
	return seen_as(s, !(g.permitted & ~bound),
		       "uid %s, permitted %016" PRIx64 ", bounding %016" PRIx64, g.uid, g.permitted,
		       bound);
}

static int gains_nothing(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct gained g;
	int r;

	(void)p;
	if (!facts_num(f, "want.no_new_privs", 0))
		return seen_skip(s, "no_new_privs was not asked for");
	r = gain(04755, true, &g);
	if (r < 0)
		return seen_skip(s, "no such program can be made and executed here: %s",
				 errno_name(-r));
	return seen_as(s, g.permitted == 0 && strtoul(g.uid, NULL, 10) == NOBODY,
		       "uid %s, permitted %016" PRIx64, g.uid, g.permitted);
}

/* Attempts that a capability decides on. Return: as in attempt_is_refused() */
static int memory_file(void)
{
	return (int)syscall(SYS_memfd_create, "davit-probe", 1u /* MFD_CLOEXEC */);
}

static int try_trusted_xattr(void)
{
	int fd = memory_file();

	if (fd < 0)
		return EOPNOTSUPP;
	return fsetxattr(fd, "trusted.davit-probe", "", 0, 0) < 0 ? errno : 0;
}

/* the check comes before the file system says that it has no blocks */
static int try_block_number(void)
{
	int fd = memory_file(), block = 0;

	if (fd < 0)
		return EOPNOTSUPP;
	return ioctl(fd, FIBMAP, &block) < 0 && errno == EPERM ? EPERM : 0;
}

static int try_immutable(void)
{
	int fd = memory_file(), flags = 0;

	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return EOPNOTSUPP;
	flags |= FS_IMMUTABLE_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0 ? errno : 0;
}

static int try_lease(void)
{
	int fd = memory_file();

	if (fd < 0 || fchown(fd, NOBODY, NOBODY) < 0)
		return EOPNOTSUPP;
	return fcntl(fd, F_SETLEASE, F_WRLCK) < 0 && errno != EAGAIN ? errno : 0;
}

/* another user's process: the capability alone lets us see where it is */
static int try_other_process(void)
{
	char path[64], target[PATH_MAX];
	pid_t pid = attempt_hold(NULL, NOBODY);
	int err;

	if (pid < 0)
		return EOPNOTSUPP;
	(void)snprintf(path, sizeof(path), "/proc/%d/cwd", (int)pid);
	err = readlink(path, target, sizeof(target)) < 0 ? errno : 0;
	attempt_release(pid);
	return err;
}

/* a tick out of range: EINVAL for those who may set the clock */
static int try_clock(void)
{
	struct timex t = { .modes = ADJ_TICK, .tick = 1 };

	return adjtimex(&t) < 0 && errno != EINVAL ? errno : 0;
}

static int try_kernel_log(void)
{
	struct stat st, proc;

	if (stat("/proc/self/stat", &proc) < 0 || stat("/proc/kmsg", &st) < 0 ||
	    st.st_dev != proc.st_dev || !S_ISREG(st.st_mode))
		return ENOENT; /* not there, or masked */
	return open_errno("/proc/kmsg", O_RDONLY);
}

static int try_link_flags(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &ifr) < 0)
		return EOPNOTSUPP;
	return ioctl(fd, SIOCSIFFLAGS, &ifr) < 0 ? errno : 0;
}

static int try_raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP) < 0 ? errno : 0;
}

/* a file handle is a name that no directory guards (the "shocker" exploit) */
static int try_handle(void)
{
	struct {
		struct file_handle head;
		unsigned char bytes[MAX_HANDLE_SZ];
	} h = { .head.handle_bytes = MAX_HANDLE_SZ };
	int mount_id, dir = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), err;

	if (dir < 0 || name_to_handle_at(dir, "", &h.head, &mount_id, AT_EMPTY_PATH) < 0)
		return EOPNOTSUPP;
	err = open_by_handle_at(dir, &h.head, O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
	return err == EPERM || err == ENOSYS ? err : 0;
}

static int try_io_priority(void)
{
	return syscall(SYS_ioprio_set, 1, 0, IOPRIO_RT_0) < 0 ? errno : 0;
}

static int try_nice(void)
{
	struct rlimit limit;
	int nice = getpriority(PRIO_PROCESS, 0);

	/* it counts 20 - nice */
	if (getrlimit(RLIMIT_NICE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY ||
	    (int64_t)limit.rlim_cur >= 21 - nice)
		return EOPNOTSUPP;
	return setpriority(PRIO_PROCESS, 0, nice - 1) < 0 ? errno : 0;
}

static int try_raise_limit(void)
{
	struct rlimit low = { 0, 0 }, high = { 1, 1 };

	if (setrlimit(RLIMIT_SIGPENDING, &low) < 0)
		return EOPNOTSUPP;
	return setrlimit(RLIMIT_SIGPENDING, &high) < 0 ? errno : 0;
}

static int try_lock_memory(void)
{
	struct rlimit none;
	static char page[4096];

	if (getrlimit(RLIMIT_MEMLOCK, &none) < 0)
		return EOPNOTSUPP;
	none.rlim_cur = 0;
	if (setrlimit(RLIMIT_MEMLOCK, &none) < 0)
		return EOPNOTSUPP;
	return mlock(page, sizeof(page)) < 0 ? errno : 0;
}

static int try_foreign_ipc(void)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT), err;
	void *p;

	if (id < 0)
		return EOPNOTSUPP;
	p = shmat(id, NULL, SHM_RDONLY);
	err = p == (void *)-1 ? errno : 0;
	(void)shmctl(id, IPC_RMID, NULL);
	return err;
}

static int try_alarm_clock(void)
{
	return timerfd_create(CLOCK_BOOTTIME_ALARM_ID, TFD_CLOEXEC) < 0 ? errno : 0;
}

/* the kernel drops the flag silently; fdinfo shows what is left */
static int try_wakeup_source(void)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLWAKEUP };
	char path[64], text[1024], *events;
	int fds[2], ep = epoll_create1(EPOLL_CLOEXEC);

	if (ep < 0 || pipe2(fds, O_CLOEXEC) < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &ev) < 0)
		return EOPNOTSUPP;
	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", ep);
	if (read_text(path, text, sizeof(text)) < 0 || !(events = strstr(text, "events:")))
		return EOPNOTSUPP;
	return strtoul(events + strlen("events:"), NULL, 16) & EPOLLWAKEUP ? 0 : EPERM;
}

static int try_map_files(void)
{
	char path[128], text[256], *end;
	unsigned long first, last;

	if (read_text("/proc/self/maps", text, sizeof(text)) < 0)
		return EOPNOTSUPP;
	first = strtoul(text, &end, 16);
	last = *end == '-' ? strtoul(end + 1, NULL, 16) : 0;
	/* no zeros in front here */
	(void)snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", first, last);
	/* the text may be read by all; to follow it is what needs the capability */
	return open_errno(path, O_PATH);
}

static int try_make_node(void)
{
	static const char *const dirs[] = { "/tmp", "/dev", "/run", "", "/dev/shm" };
	char path[64];

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		int err;

		(void)snprintf(path, sizeof(path), "%s/davit-probe-%d", dirs[i], (int)getpid());
		err = mknod(path, S_IFCHR | 0600, (dev_t)(1 << 8 | 3)) < 0 ? errno : 0;
		if (!err)
			(void)unlink(path);
		if (err != EROFS && err != ENOENT && err != EACCES)
			return err;
	}
	return EOPNOTSUPP;
}

/* clang-format off */
#define SET(set, num, needs) \
	{ "caps/" set, "compare the " set " set with what was asked for", is_as_asked, needs, set, num, 0 }

static const struct probe probes[] = {
	SET("bounding", 0, NULL),
	SET("permitted", 1, "caps/bounding"),
	SET("effective", 2, "caps/permitted"),
	SET("inheritable", 3, NULL),
	SET("ambient", 4, "caps/inheritable"),
	{ "caps/securebits", "read the securebits and the keepcaps flag", has_no_securebits,
	  NULL, NULL, 0, 0 },
	{ "caps/no-new-privs", "read no_new_privs", has_no_new_privs, NULL, NULL, 0, 0 },
	{ "caps/no-new-privs-bites", "execute a set-user-ID program with file capabilities as another user",
	  gains_nothing, "caps/no-new-privs", NULL, 0, 0 },
	{ "caps/set-user-id", "execute a set-user-ID program as another user", stays_bounded,
	  "caps/bounding", NULL, 0, 0 },
	{ "caps/file-capabilities", "execute a program with all file capabilities as another user",
	  stays_bounded, "caps/bounding", NULL, 1, 0 },
	ATTEMPT("caps/sys-admin", "set a trusted.* attribute",
		try_trusted_xattr, CAP_SYS_ADMIN),
	ATTEMPT("caps/sys-rawio", "ask for a file's block number (FIBMAP)",
		try_block_number, CAP_SYS_RAWIO),
	ATTEMPT("caps/sys-ptrace", "read the working directory of another user's process",
		try_other_process, CAP_SYS_PTRACE),
	ATTEMPT("caps/sys-time", "set the clock's tick out of range by adjtimex(2)",
		try_clock, CAP_SYS_TIME),
	ATTEMPT("caps/sys-nice", "lower the nice value by one", try_nice, CAP_SYS_NICE),
	ATTEMPT_EITHER("caps/sys-nice-io", "set the real-time class of I/O",
		try_io_priority, CAP_SYS_NICE, CAP_SYS_ADMIN),
	ATTEMPT("caps/sys-resource", "raise a hard limit",
		try_raise_limit, CAP_SYS_RESOURCE),
	ATTEMPT_EITHER("caps/syslog", "open /proc/kmsg", try_kernel_log, CAP_SYSLOG, CAP_SYS_ADMIN),
	ATTEMPT("caps/net-admin", "set the flags of lo to what they are",
		try_link_flags, CAP_NET_ADMIN),
	ATTEMPT("caps/net-raw", "create a raw socket", try_raw_socket, CAP_NET_RAW),
	ATTEMPT("caps/dac-read-search", "open a file by its handle",
		try_handle, CAP_DAC_READ_SEARCH),
	ATTEMPT("caps/ipc-lock", "lock a page with a limit of 0",
		try_lock_memory, CAP_IPC_LOCK),
	ATTEMPT("caps/ipc-owner", "attach a segment of mode 000",
		try_foreign_ipc, CAP_IPC_OWNER),
	ATTEMPT("caps/linux-immutable", "make a file immutable",
		try_immutable, CAP_LINUX_IMMUTABLE),
	ATTEMPT("caps/lease", "take a lease on another user's file", try_lease, CAP_LEASE),
	ATTEMPT("caps/wake-alarm", "create a timer that wakes the machine",
		try_alarm_clock, CAP_WAKE_ALARM),
	ATTEMPT("caps/block-suspend", "keep EPOLLWAKEUP",
		try_wakeup_source, CAP_BLOCK_SUSPEND),
	ATTEMPT_EITHER("caps/checkpoint-restore", "follow a link of /proc/self/map_files",
		try_map_files, CAP_CHECKPOINT_RESTORE, CAP_SYS_ADMIN),
	ATTEMPT("caps/mknod", "make a device node", try_make_node, CAP_MKNOD),
};
/* clang-format on */

const struct probe_group capability_group = {
	.name = "capabilities",
	.summary = "the sets are those asked for, stay so, and bite",
	PROBES(probes),
};
