// SPDX-License-Identifier: Apache-2.0
/* A davit of the test's own. */
#include "bpf_lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kern/bpf.h"
#include "kern/bpf_internal.h"
#include "kern/bpf_sys.h"

static const char *find_cgroup2(void)
{
	static const char *const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct statfs s;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (statfs(places[i], &s) == 0 && s.f_type == CGROUP2_SUPER_MAGIC)
			return places[i];
	return NULL;
}

/* davit-bpf of this build: this test is <out>/tests/unit/kern/NAME */
static const char *find_programs(void)
{
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - sizeof("bin"));

	for (int up = 0; n > 0 && up < 4; up++)
		n = (char *)memrchr(path, '/', (size_t)n) - path;
	if (n <= 0)
		abort();
	memcpy(path + n, "/bin", sizeof("/bin"));
	return path;
}

static bool open_container(struct lab *l, unsigned int i)
{
	struct lab_container *c = &l->c[i];
	struct stat st;

	(void)snprintf(c->path, sizeof(c->path), "%s/c%u", l->slice_path, i);
	if (mkdir(c->path, 0755) < 0)
		return false;
	c->fd = open(c->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c->fd < 0 || fstat(c->fd, &st) < 0)
		return false;
	c->id = st.st_ino;
	return true;
}

bool lab_open(struct lab *l, const char *suffix)
{
	const char *cgroup2 = find_cgroup2();

	*l = (struct lab){ .slice_fd = -1 };
	if (!cgroup2 || geteuid() != 0)
		return false;
	(void)snprintf(l->dir, sizeof(l->dir), "/tmp/davit-bpf-XXXXXX");
	(void)snprintf(l->slice, sizeof(l->slice), "davit-t%d%s", getpid(), suffix);
	(void)snprintf(l->slice_path, sizeof(l->slice_path), "%s/%s.slice", cgroup2, l->slice);
	if (!mkdtemp(l->dir) || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return false;
	(void)snprintf(l->bpffs, sizeof(l->bpffs), "%s/bpf", l->dir);
	(void)snprintf(l->state, sizeof(l->state), "%s/state", l->dir);
	l->env = (struct env){
		.root = l->dir,
		.state = l->state,
		.slice = l->slice,
		.bpffs = l->bpffs,
		.libdir = find_programs(),
	};
	if (mkdir(l->slice_path, 0755) < 0)
		return false;
	l->slice_fd = open(l->slice_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (unsigned int i = 0; i < LAB_CONTAINERS; i++)
		if (!open_container(l, i))
			return false;
	return l->slice_fd >= 0;
}

/* members that were just killed take a moment to leave */
static void remove_cgroup(const char *path)
{
	for (int i = 0; i < 200 && rmdir(path) < 0 && errno == EBUSY; i++)
		(void)usleep(5000);
}

void lab_close(struct lab *l)
{
	char path[128];

	if (l->peer > 0) {
		(void)kill(l->peer, SIGKILL);
		(void)waitpid(l->peer, NULL, 0);
	}
	for (unsigned int i = 0; i < LAB_CONTAINERS; i++) {
		if (l->c[i].fd > 0)
			(void)close(l->c[i].fd);
		if (l->c[i].path[0])
			remove_cgroup(l->c[i].path);
	}
	(void)bpf_set_remove_all(&l->env, NULL);
	(void)fd_close(l->slice_fd);
	remove_cgroup(l->slice_path);
	(void)umount2(l->bpffs, MNT_DETACH);
	(void)rmdir(l->bpffs);
	(void)snprintf(path, sizeof(path), "%s/bpf.lock", l->state);
	(void)unlink(path);
	(void)rmdir(l->state);
	(void)rmdir(l->dir);
}

static int listen_on(int type, uint16_t port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 64) < 0))
		_exit(1);
	return fd;
}

/* Take connections and datagrams, give nothing back. */
static void serve(int ready)
{
	struct pollfd fds[2 * (LAB_PORT_LAST - LAB_PORT + 1)];
	size_t n = 0;
	char buf[4096];

	for (uint16_t port = LAB_PORT; port <= LAB_PORT_LAST; port++) {
		fds[n++] = (struct pollfd){ listen_on(SOCK_STREAM, port), POLLIN, 0 };
		fds[n++] = (struct pollfd){ listen_on(SOCK_DGRAM, port), POLLIN, 0 };
	}
	(void)!write(ready, "", 1);
	while (poll(fds, n, -1) > 0)
		for (size_t i = 0; i < n; i++)
			if (fds[i].revents && i % 2)
				(void)!read(fds[i].fd, buf, sizeof(buf));
			else if (fds[i].revents)
				(void)close(accept(fds[i].fd, NULL, NULL));
	_exit(0);
}

/* IPv6 takes a moment to see the carrier; a lost SYN would cost a second of a test */
static bool wait_for_peer(void)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(LAB_PORT) };

	if (inet_pton(AF_INET6, LAB_PEER6, &a.sin6_addr) != 1)
		abort();
	for (int i = 0; i < 100; i++) {
		_cleanup_fd_ int fd =
			socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		struct pollfd p = { fd, POLLOUT, 0 };

		if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 && errno != EINPROGRESS)
			(void)usleep(20000);
		else if (poll(&p, 1, 100) == 1 && p.revents == POLLOUT)
			return true;
	}
	return false;
}

bool lab_open_network(struct lab *l)
{
	char command[1024];
	int up[2], ready[2];
	char byte;

	if (unshare(CLONE_NEWNET) < 0 || pipe2(up, O_CLOEXEC) < 0 || pipe2(ready, O_CLOEXEC) < 0)
		return false;
	l->peer = fork();
	if (l->peer == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) < 0 || write(ready[1], "", 1) != 1 ||
		    read(up[0], &byte, 1) != 1)
			_exit(1);
		serve(ready[1]);
	}
	if (l->peer < 0 || read(ready[0], &byte, 1) != 1)
		return false;
	(void)snprintf(command, sizeof(command),
		       "set -e; ip link set lo up; ip link add v0 type veth peer name v1 netns %d;"
		       "ip addr add " LAB_HERE4 "/24 dev v0; ip addr add " LAB_HERE6
		       "/64 dev v0 nodad;"
		       "ip link set v0 up; n='nsenter -t %d -n';"
		       "$n ip addr add " LAB_PEER4 "/24 dev v1; $n ip addr add " LAB_PEER6
		       "/64 dev v1 nodad; $n ip link set lo up; $n ip link set v1 up",
		       l->peer, l->peer);
	if (system(command) != 0 || write(up[1], "", 1) != 1 || read(ready[0], &byte, 1) != 1)
		return false;
	(void)close(up[0]);
	(void)close(up[1]);
	(void)close(ready[0]);
	(void)close(ready[1]);
	return wait_for_peer();
}

pid_t lab_spawn(struct lab *l, unsigned int c, int (*fn)(void *arg), void *arg)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD,
				   .cgroup = (uint64_t)l->c[c].fd };
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(fn(arg));
	}
	return pid;
}

int lab_wait(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

int lab_run(struct lab *l, unsigned int c, int (*fn)(void *arg), void *arg)
{
	return lab_wait(lab_spawn(l, c, fn, arg));
}

int lab_programs(struct lab *l, int *ret_max)
{
	int sum = 0, max = 0;

	for (const struct bpf_set_link *k = bpf_set_links; k->name; k++) {
		int n = bpf_sys_prog_count(l->slice_fd, k->attach_type);

		if (n < 0)
			return n;
		sum += n;
		max = n > max ? n : max;
	}
	if (ret_max)
		*ret_max = max;
	return sum;
}

union any_addr {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t fill_addr(const struct lab_send *s, union any_addr *a)
{
	*a = (union any_addr){ .sa = { .sa_family = AF_INET } };
	if (inet_pton(AF_INET, s->addr, &a->v4.sin_addr) == 1) {
		a->v4.sin_port = htons(s->port);
		return sizeof(a->v4);
	}
	a->v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(s->port) };
	if (inet_pton(AF_INET6, s->addr, &a->v6.sin6_addr) != 1)
		abort();
	return sizeof(a->v6);
}

static int open_socket(const struct lab_send *s, int family)
{
	static const int types[] = {
		[LAB_TCP] = SOCK_STREAM,	[LAB_MPTCP] = SOCK_STREAM, [LAB_UDP] = SOCK_DGRAM,
		[LAB_UDP_CONNECT] = SOCK_DGRAM, [LAB_ICMP] = SOCK_RAW,	   [LAB_RAW_TCP] = SOCK_RAW
	};
	const struct timeval two_s = { .tv_sec = 2 };
	int proto = s->how == LAB_MPTCP ? IPPROTO_MPTCP : 0, fd;

	if (s->how == LAB_ICMP)
		proto = family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	else if (s->how == LAB_RAW_TCP)
		proto = IPPROTO_TCP;
	fd = socket(family, types[s->how] | SOCK_CLOEXEC, proto);
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &two_s, sizeof(two_s));
	return fd;
}

static size_t fill_payload(const struct lab_send *s, int family, char *buf, size_t size)
{
	struct tcphdr tcp = { .source = htons(1234), .dest = htons(s->port), .doff = 5, .ack = 1 };

	memset(buf, 0, size);
	if (s->how == LAB_ICMP) {
		buf[0] = (char)(family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST);
		return 8 + s->size;
	}
	if (s->how == LAB_RAW_TCP) {
		memcpy(buf, &tcp, sizeof(tcp));
		return sizeof(tcp);
	}
	return s->size;
}

int lab_send(void *arg)
{
	const struct lab_send *s = arg;
	union any_addr a;
	socklen_t len = fill_addr(s, &a);
	_cleanup_fd_ int fd = open_socket(s, a.sa.sa_family);
	unsigned int times = s->times ? s->times : 1;
	bool is_stream = s->how == LAB_TCP || s->how == LAB_MPTCP;
	bool connects = is_stream || s->how == LAB_UDP_CONNECT;
	char buf[4096];
	size_t n = fill_payload(s, a.sa.sa_family, buf, sizeof(buf));

	if (fd < 0)
		return errno;
	if (connects && connect(fd, &a.sa, len) < 0)
		return errno;
	if (s->how == LAB_RAW_TCP || s->how == LAB_ICMP) {
		a.v4.sin_port = 0;
		if (a.sa.sa_family == AF_INET6)
			a.v6.sin6_port = 0;
	}
	for (unsigned int i = 0; !is_stream && i < times; i++)
		if (sendto(fd, buf, n, 0, connects ? NULL : &a.sa, connects ? 0 : len) < 0)
			return errno;
	return 0;
}

double lab_cpu_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}
