// SPDX-License-Identifier: Apache-2.0
/* The floor: the system calls that a container of `runc spec` needs, and no others. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KEPT_CAPS ((1ull << CAP_AUDIT_WRITE) | (1ull << CAP_KILL) | (1ull << CAP_NET_BIND_SERVICE))

struct options {
	const char *root;	/* directory: the root itself, or the overlay's lower one */
	const char *upper;	/* with it the root is an overlay: holds upper/ and work/ */
	const char *cgroup;	/* directory on cgroup2 in which each run makes and removes one */
	const char *filter;	/* file with a compiled seccomp program */
	char **argv;
	unsigned long runs;
	bool host_network;
};

static struct sock_fprog seccomp_program;

/* in the child, which shares our memory until its exec: say what failed and end */
static void die(const char *what)
{
	dprintf(STDERR_FILENO, "floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static long check(long r, const char *what)
{
	if (r < 0)
		die(what);
	return r;
}

/* a new file system as a detached mount; options are key, value pairs up to NULL */
static int new_mount(const char *type, unsigned int attributes, ...)
{
	int fs = (int)check(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), type);
	const char *key;
	va_list ap;
	int fd;

	va_start(ap, attributes);
	while ((key = va_arg(ap, const char *))) {
		const char *value = va_arg(ap, const char *);

		check(syscall(SYS_fsconfig, fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
			      key, value, 0), key);
	}
	va_end(ap);
	check(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), type);
	fd = (int)check(syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes), type);
	close(fs);
	return fd;
}

/* Return: whether it was put there; false = there is no such path */
static bool put(int mount, int dir, const char *path)
{
	if (syscall(SYS_move_mount, mount, "", dir, path, MOVE_MOUNT_F_EMPTY_PATH) == 0)
		return true;
	if (errno != ENOENT)
		die(path);
	return false;
}

static void put_new(int mount, int dir, const char *path)
{
	if (!put(mount, dir, path))
		die(path);
	close(mount);
}

static int clone_mount(int dir, const char *path, unsigned int flags)
{
	return (int)syscall(SYS_open_tree, dir, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
}

static void set_read_only(int mount)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	check(syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH, &attr, sizeof(attr)),
	      "mount_setattr");
}

static void make_dev(int root)
{
	static const struct {
		const char *name;
		unsigned int major, minor;
	} nodes[] = { { "null", 1, 3 }, { "zero", 1, 5 },   { "full", 1, 7 },
		      { "tty", 5, 0 },	{ "random", 1, 8 }, { "urandom", 1, 9 } };
	static const char *const links[][2] = { { "pts/ptmx", "ptmx" },
						{ "/proc/self/fd", "fd" },
						{ "/proc/self/fd/0", "stdin" },
						{ "/proc/self/fd/1", "stdout" },
						{ "/proc/self/fd/2", "stderr" },
						{ "/proc/kcore", "core" } };
	int dev = new_mount("tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME, "mode", "755",
			    "size", "65536k", NULL);

	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		check(mknodat(dev, nodes[i].name, S_IFCHR | 0666,
			      makedev(nodes[i].major, nodes[i].minor)), nodes[i].name);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		check(symlinkat(links[i][0], dev, links[i][1]), links[i][1]);
	check(mkdirat(dev, "pts", 0755), "pts");
	check(mkdirat(dev, "shm", 0755), "shm");
	check(mkdirat(dev, "mqueue", 0755), "mqueue");
	put_new(dev, root, "dev");

	put_new(new_mount("devpts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, "newinstance", NULL,
			  "ptmxmode", "0666", "mode", "0620", "gid", "5", NULL), root, "dev/pts");
	put_new(new_mount("tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV,
			  "mode", "1777", "size", "65536k", NULL), root, "dev/shm");
	put_new(new_mount("mqueue", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV, NULL),
		root, "dev/mqueue");
}

static void mask_paths(int root)
{
	static const struct {
		const char *path;
		bool is_dir;
	} masked[] = { { "proc/acpi", true },	      { "proc/asound", true },
		       { "proc/kcore", false },	      { "proc/keys", false },
		       { "proc/latency_stats", false }, { "proc/timer_list", false },
		       { "proc/timer_stats", false }, { "proc/sched_debug", false },
		       { "sys/firmware", true },      { "proc/scsi", true } };
	static const char *const read_only[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys",
						 "proc/sysrq-trigger" };
	int empty = new_mount("tmpfs", MOUNT_ATTR_RDONLY, "size", "0", NULL);
	int file = -1, dir = -1;

	/* a clone that found no place is used for the next path */
	for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); i++) {
		int *fd = masked[i].is_dir ? &dir : &file;

		if (*fd < 0)
			*fd = (int)check(masked[i].is_dir ?
						 clone_mount(empty, "", AT_EMPTY_PATH) :
						 clone_mount(root, "dev/null", 0), "clone mask");
		if (put(*fd, root, masked[i].path)) {
			close(*fd);
			*fd = -1;
		}
	}
	for (size_t i = 0; i < sizeof(read_only) / sizeof(read_only[0]); i++) {
		int fd = clone_mount(root, read_only[i], AT_RECURSIVE);

		if (fd < 0)
			continue;
		set_read_only(fd);
		put_new(fd, root, read_only[i]);
	}
}

static int make_root(const struct options *o, const char *lower, const char *upper, const char *work)
{
	int root;

	check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "make / private");
	if (o->upper) {
		root = new_mount("overlay", 0, "lowerdir", lower, "upperdir", upper, "workdir", work,
				 NULL);
	} else {
		root = (int)check(clone_mount(AT_FDCWD, o->root, 0), o->root);
		set_read_only(root);
	}
	check(syscall(SYS_move_mount, root, "", AT_FDCWD, o->root, MOVE_MOUNT_F_EMPTY_PATH), o->root);
	return root;
}

static void bring_up_loopback(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = (int)check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");

	check(ioctl(fd, SIOCSIFFLAGS, &ifr), "lo");
	close(fd);
}

static void set_credentials(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)KEPT_CAPS, (uint32_t)KEPT_CAPS, (uint32_t)KEPT_CAPS }
	};
	const struct rlimit nofile = { 1024, 1024 };

	check(setrlimit(RLIMIT_NOFILE, &nofile), "rlimit");
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (!(KEPT_CAPS >> cap & 1))
			check(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0), "capbset");
	/* the raw calls: a C library may tell other threads of this memory */
	check(syscall(SYS_setgroups, 0, NULL), "setgroups");
	check(syscall(SYS_setresgid, 0, 0, 0), "setresgid");
	check(syscall(SYS_setresuid, 0, 0, 0), "setresuid");
	check(syscall(SYS_capset, &header, data), "capset");
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (KEPT_CAPS >> cap & 1)
			check(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0), "ambient");
	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	if (seccomp_program.len)
		check(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &seccomp_program), "seccomp");
}

/* process 1 of the container, in our memory, while we wait for its exec */
static void __attribute__((noreturn, noinline)) child(const struct options *o, const char *upper,
						      const char *work)
{
	static char *const environment[] = {
		(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL
	};
	int root;

	check(setsid(), "setsid");
	check(sethostname("floor", 5), "hostname");
	root = make_root(o, o->root, upper, work);
	put_new(new_mount("proc", 0, NULL), root, "proc");
	make_dev(root);
	put_new(new_mount("sysfs", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC |
			  MOUNT_ATTR_NODEV, NULL), root, "sys");
	put_new(new_mount("cgroup2", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC |
			  MOUNT_ATTR_NODEV, NULL), root, "sys/fs/cgroup");
	mask_paths(root);
	check(fchdir(root), "chdir");
	check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	check(umount2(".", MNT_DETACH), "detach old root");
	check(chdir("/"), "chdir");
	if (!o->host_network)
		bring_up_loopback();
	umask(0022);
	set_credentials();
	check(syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC), "close_range");
	execve(o->argv[0], o->argv, environment);
	die(o->argv[0]);
	__builtin_unreachable();
}

/* clone3() as vfork() does it: the child borrows our stack and must not return from the caller */
static __attribute__((always_inline)) inline pid_t clone3_vfork(struct clone_args *args)
{
#if defined(__x86_64__)
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(SYS_clone3), "D"(args), "S"(sizeof(*args))
			 : "rcx", "r11", "memory");
	return (pid_t)r;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = SYS_clone3;
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = sizeof(*args);

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1) : "memory");
	return (pid_t)x0;
#else
#error "add the system call instruction of this architecture"
#endif
}

static int run(const struct options *o)
{
	char upper[512] = "", work[512] = "", cgroup[512] = "";
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
			 CLONE_NEWUTS | CLONE_NEWCGROUP | (o->host_network ? 0 : CLONE_NEWNET),
		.exit_signal = SIGCHLD,
	};
	int status = 0, fd = -1;
	pid_t pid;

	if (o->upper) {
		(void)snprintf(upper, sizeof(upper), "%s/upper", o->upper);
		(void)snprintf(work, sizeof(work), "%s/work", o->upper);
	}
	if (o->cgroup) {
		(void)snprintf(cgroup, sizeof(cgroup), "%s/floor.%d", o->cgroup, getpid());
		check(mkdir(cgroup, 0755), cgroup);
		fd = (int)check(open(cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC), cgroup);
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)fd;
	}
	pid = clone3_vfork(&args);
	if (pid == 0)
		child(o, upper, work);
	if (pid < 0) {
		errno = -pid;
		die("clone3");
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (o->cgroup) {
		close(fd);
		check(rmdir(cgroup), cgroup);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double cpu_ms(void)
{
	struct rusage self, children;

	(void)getrusage(RUSAGE_SELF, &self);
	(void)getrusage(RUSAGE_CHILDREN, &children);
	return 1e3 * (double)(self.ru_utime.tv_sec + self.ru_stime.tv_sec +
			      children.ru_utime.tv_sec + children.ru_stime.tv_sec) +
	       1e-3 * (double)(self.ru_utime.tv_usec + self.ru_stime.tv_usec +
			       children.ru_utime.tv_usec + children.ru_stime.tv_usec);
}

/* -n: many runs from one process, so that its own start is not in the number */
static int loop(const struct options *o)
{
	double *ms = calloc(o->runs, sizeof(*ms));
	double sum = 0;

	if (!ms)
		die("calloc");
	for (unsigned long i = 0; i < o->runs; i++) {
		double before = cpu_ms();
		int status = run(o);

		if (status)
			return status;
		ms[i] = cpu_ms() - before;
		sum += ms[i];
	}
	qsort(ms, o->runs, sizeof(*ms), compare);
	printf("n %lu  median %.3f  mean %.3f  p95 %.3f  p99 %.3f CPU-ms\n", o->runs,
	       ms[o->runs / 2], sum / (double)o->runs, ms[o->runs * 95 / 100],
	       ms[o->runs * 99 / 100]);
	free(ms);
	return 0;
}

static void load_filter(const char *path)
{
	static struct sock_filter instructions[4096];
	int fd = (int)check(open(path, O_RDONLY | O_CLOEXEC), path);
	ssize_t n = check(read(fd, instructions, sizeof(instructions)), path);

	close(fd);
	seccomp_program.len = (unsigned short)((size_t)n / sizeof(instructions[0]));
	seccomp_program.filter = instructions;
}

static int usage(void)
{
	fputs("usage: floor [-H] [-n RUNS] [-u UPPER] [-g CGROUP] [-S FILTER] ROOT PROGRAM [ARG...]\n"
	      "  -H         stay in the host's network namespace\n"
	      "  -n RUNS    run that often and print CPU-ms of one\n"
	      "  -u UPPER   overlay on ROOT with UPPER/upper and UPPER/work; else ROOT read-only\n"
	      "  -g CGROUP  make a cgroup in this directory of cgroup2, start in it, remove it\n"
	      "  -S FILTER  load this compiled seccomp program (struct sock_filter[])\n", stderr);
	return 2;
}

int main(int argc, char *argv[])
{
	struct options o = { .root = NULL };
	int c;

	while ((c = getopt(argc, argv, "+Hn:u:g:S:")) != -1) {
		switch (c) {
		case 'H': o.host_network = true; break;
		case 'n': o.runs = strtoul(optarg, NULL, 10); break;
		case 'u': o.upper = optarg; break;
		case 'g': o.cgroup = optarg; break;
		case 'S': o.filter = optarg; break;
		default: return usage();
		}
	}
	if (argc - optind < 2)
		return usage();
	o.root = argv[optind];
	o.argv = argv + optind + 1;
	if (o.filter)
		load_filter(o.filter);
	return o.runs ? loop(&o) : run(&o);
}
