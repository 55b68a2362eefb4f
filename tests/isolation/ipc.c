// SPDX-License-Identifier: Apache-2.0
/* Objects of the host's IPC are out of reach. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "groups.h"
#include "probe.h"

enum sysv { SYSV_SHM, SYSV_SEM, SYSV_MSG };

static int sysv_get(enum sysv kind, key_t key)
{
	switch (kind) {
	case SYSV_SHM:
		return shmget(key, 0, 0);
	case SYSV_SEM:
		return semget(key, 0, 0);
	default:
		return msgget(key, 0);
	}
}

/* the object of kind @p->num with the key in fact @p->path */
static int sysv_is_hidden(const struct probe *p, const struct facts *f, struct seen *s)
{
	int64_t key = facts_num(f, p->path, -1);
	int id, err;

	if (key < 0)
		return seen_unknown(s, p->path);
	id = sysv_get((enum sysv)p->num, (key_t)key);
	err = errno;
	if (id >= 0)
		return seen_fail(s, "key 0x%x is id %d", (unsigned int)key, id);
	return seen_as(s, err != EACCES, "key 0x%x: %s", (unsigned int)key, errno_name(err));
}

/* a table of /proc/sysvipc has a headline, and nobody made anything yet */
static int table_is_empty(const struct probe *p, const struct facts *f, struct seen *s)
{
	static char text[65536];
	int lines = 0, r = read_text(p->path, text, sizeof(text));

	(void)f;
	if (r == -ENOENT)
		return seen_skip(s, "there is no %s", p->path);
	if (r < 0)
		return seen_pass(s, "%s", errno_name(-r));
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	return seen_as(s, lines <= 1, "%d objects", lines - 1);
}

/* the file that fact @p->path names, below @p->num's directory */
static const char *const dirs[] = { "/dev/mqueue", "/dev/shm" };

static int file_is_hidden(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *name = facts_get(f, p->path);
	char path[512];
	int err;

	if (!name)
		return seen_unknown(s, p->path);
	if (access(dirs[p->num], F_OK) < 0)
		return seen_skip(s, "there is no %s", dirs[p->num]);
	(void)snprintf(path, sizeof(path), "%s/%s", dirs[p->num], name + (*name == '/'));
	err = open_errno(path, O_RDONLY);
	return seen_as(s, err == ENOENT, "%s: %s", path, errno_name(err));
}

static int queue_is_hidden(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *name = facts_get(f, "host.mqueue");
	long fd;

	(void)p;
	if (!name)
		return seen_unknown(s, "host.mqueue");
	/* mq_open(3) without its slash, which is the library's */
	fd = syscall(SYS_mq_open, name + 1, O_RDONLY | O_CLOEXEC, 0, NULL);
	if (fd >= 0)
		return seen_fail(s, "%s was opened", name);
	return seen_as(s, errno != EACCES, "%s: %s", name, errno_name(errno));
}

/* connect to an abstract socket; @p->flags: SOCK_STREAM, or SOCK_DGRAM which says EPROTOTYPE if it is there */
static int socket_is_hidden(const struct probe *p, const struct facts *f, struct seen *s)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *name = facts_get(f, p->path);
	size_t len = name ? strlen(name) : 0;
	int fd, err;

	if (!len || len >= sizeof(to.sun_path))
		return seen_unknown(s, p->path);
	fd = socket(AF_UNIX, (int)p->flags | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return seen_skip(s, "socket: %s", errno_name(errno));
	memcpy(to.sun_path + 1, name, len);
	err = connect(fd, (struct sockaddr *)&to,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)) < 0 ?
		      errno :
		      0;
	(void)close(fd);
	return seen_as(s, err == ECONNREFUSED, "@%s: %s", name, errno_name(err));
}

/* names in /proc/net/unix begin with '@' when abstract */
static int socket_is_unlisted(const struct probe *p, const struct facts *f, struct seen *s)
{
	const char *name = facts_get(f, p->path);
	static char text[1 << 18];
	int lines = 0, r;

	if (!name)
		return seen_unknown(s, p->path);
	r = read_text("/proc/net/unix", text, sizeof(text));
	if (r < 0)
		return seen_skip(s, "/proc/net/unix: %s", errno_name(-r));
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	return seen_as(s, !strstr(text, name), "%d sockets, @%s is %s them", lines - 1, name,
		       strstr(text, name) ? "one of" : "none of");
}

/* clang-format off */
#define OWN_IPC "ipc/new-namespace"
#define OWN_NET "net/new-namespace"

static const struct probe probes[] = {
	{ "ipc/shared-memory", "shmget(2) a key of the host", sysv_is_hidden,
	  .needs = OWN_IPC, .path = "host.shm_key", .num = SYSV_SHM },
	{ "ipc/semaphores", "semget(2) a key of the host", sysv_is_hidden,
	  .needs = OWN_IPC, .path = "host.sem_key", .num = SYSV_SEM },
	{ "ipc/messages", "msgget(2) a key of the host", sysv_is_hidden,
	  .needs = OWN_IPC, .path = "host.msg_key", .num = SYSV_MSG },
	{ "ipc/shared-memory-table", "read /proc/sysvipc/shm", table_is_empty,
	  .needs = OWN_IPC, .path = "/proc/sysvipc/shm" },
	{ "ipc/semaphore-table", "read /proc/sysvipc/sem", table_is_empty,
	  .needs = OWN_IPC, .path = "/proc/sysvipc/sem" },
	{ "ipc/message-table", "read /proc/sysvipc/msg", table_is_empty,
	  .needs = OWN_IPC, .path = "/proc/sysvipc/msg" },
	{ "ipc/posix-queue", "mq_open(2) a queue of the host", queue_is_hidden, .needs = OWN_IPC },
	{ "ipc/posix-queue-file", "open a queue of the host in /dev/mqueue", file_is_hidden,
	  .needs = OWN_IPC, .path = "host.mqueue", .num = 0 },
	{ "ipc/posix-shared-memory", "open shared memory of the host in /dev/shm", file_is_hidden,
	  .needs = OWN_IPC, .path = "host.shm", .num = 1 },
	{ "ipc/abstract-socket", "connect to an abstract UNIX socket of the host",
	  socket_is_hidden, .needs = OWN_NET, .path = "host.abstract", .flags = SOCK_STREAM },
	{ "ipc/abstract-datagram", "connect a datagram socket to an abstract name of the host",
	  socket_is_hidden, .needs = OWN_NET, .path = "host.abstract", .flags = SOCK_DGRAM },
	{ "ipc/sibling-socket", "connect to an abstract UNIX socket of another container",
	  socket_is_hidden, .needs = OWN_NET, .path = "sibling.abstract", .flags = SOCK_STREAM },
	{ "ipc/socket-table", "look for the host's abstract socket in /proc/net/unix",
	  socket_is_unlisted, .needs = OWN_NET, .path = "host.abstract" },
};
/* clang-format on */

const struct probe_group ipc_group = {
	.name = "ipc",
	.summary = "objects of the host's IPC are out of reach",
	PROBES(probes),
};
