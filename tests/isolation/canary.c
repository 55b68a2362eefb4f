// SPDX-License-Identifier: Apache-2.0
/* Objects of the host that a container must not find. */
#include "canary.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "args.h"
#include "facts.h"
#include "process.h"

#define KEY_TRIES 16

static int make_shm(key_t key)
{
	return shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0666);
}

static int make_sem(key_t key)
{
	return semget(key, 1, IPC_CREAT | IPC_EXCL | 0666);
}

static int make_msg(key_t key)
{
	return msgget(key, IPC_CREAT | IPC_EXCL | 0666);
}

/* Under a random key, so that runs beside each other do not meet. */
static int make_sysv(int (*make)(key_t key), const char *fact, struct facts *f)
{
	for (int i = 0; i < KEY_TRIES; i++) {
		uint32_t key;
		int id;

		if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key))
			return -1;
		key = (key & 0x3fffffff) | 0x40000000; /* positive, never IPC_PRIVATE */
		id = make((key_t)key);
		if (id >= 0) {
			(void)facts_set(f, fact, "%u", key);
			return id;
		}
		if (errno != EEXIST)
			break;
	}
	return -1;
}

static void make_mqueue(struct canaries *c, struct facts *f)
{
	mqd_t q;

	(void)snprintf(c->mqueue, sizeof(c->mqueue), "/davit-probe-%s", c->word);
	q = mq_open(c->mqueue, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666, NULL);
	if (q == (mqd_t)-1) {
		c->mqueue[0] = '\0';
		return;
	}
	(void)mq_close(q);
	(void)facts_set(f, "host.mqueue", "%s", c->mqueue);
}

static int make_file(const char *path, int flags)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | flags, 0666);

	if (fd >= 0 && write(fd, "host\n", 5) == 5)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static void make_shm_file(struct canaries *c, struct facts *f)
{
	int fd;

	(void)snprintf(c->shm_file, sizeof(c->shm_file), "/dev/shm/davit-probe-%s", c->word);
	fd = make_file(c->shm_file, O_CLOEXEC);
	if (fd < 0) {
		c->shm_file[0] = '\0';
		return;
	}
	(void)close(fd);
	(void)facts_set(f, "host.shm", "%s", strrchr(c->shm_file, '/') + 1);
}

static void make_marker(const struct canaries *c, struct facts *f)
{
	char path[sizeof(c->dir) + 16];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/marker", c->dir);
	fd = make_file(path, O_CLOEXEC);
	if (fd < 0)
		return;
	(void)close(fd);
	(void)facts_set(f, "host.marker", "%s", path);
}

/* the one descriptor without CLOEXEC: every runtime that we start has it, no container may */
static void make_leak(struct canaries *c, struct facts *f)
{
	char path[sizeof(c->dir) + 16];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/leak", c->dir);
	c->leak = make_file(path, 0); // NOLINT(android-cloexec-open)
	if (c->leak >= 0 && fstat(c->leak, &st) == 0)
		(void)facts_set(f, "host.leak", "%llu:%llu", (unsigned long long)st.st_dev,
				(unsigned long long)st.st_ino);
}

static void make_abstract(struct canaries *c, struct facts *f)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int len = snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "davit-probe-%s", c->word);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);

	c->abstract = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->abstract >= 0 && bind(c->abstract, (struct sockaddr *)&a, size) == 0 &&
	    listen(c->abstract, 16) == 0)
		(void)facts_set(f, "host.abstract", "%s", a.sun_path + 1);
}

static void make_tcp(struct canaries *c, struct facts *f)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(a);

	c->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->tcp >= 0 && bind(c->tcp, (struct sockaddr *)&a, size) == 0 &&
	    listen(c->tcp, 16) == 0 && getsockname(c->tcp, (struct sockaddr *)&a, &size) == 0)
		(void)facts_set(f, "host.tcp", "%u", ntohs(a.sin_port));
}

/* A keyring of our own dies with us, and the key with it. */
static void make_key(const struct canaries *c, struct facts *f)
{
	long key;

	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		return;
	key = syscall(SYS_add_key, "user", c->word, "host", 4, KEY_SPEC_SESSION_KEYRING);
	/* readable by everybody who knows its serial: it is the keyring that must not be there */
	if (key >= 0 && syscall(SYS_keyctl, KEYCTL_SETPERM, key, 0x3f3f3f3f) == 0)
		(void)facts_set(f, "host.key", "%ld", key);
}

/* what we execute has it, no container may */
static void make_variable(const struct canaries *c, struct facts *f)
{
	char value[sizeof(c->word) + 16];

	(void)snprintf(value, sizeof(value), "canary-%s", c->word);
	if (setenv("DAVIT_PROBE_CANARY", value, 1) == 0)
		(void)facts_set(f, "host.env", "%s", value);
}

/* with a word in its arguments; it ends with us at the latest */
static void make_process(struct canaries *c, struct facts *f)
{
	_cleanup_args_ struct args a = { .n = 0 };
	pid_t pid;

	args_add(&a, "/proc/self/exe");
	args_add(&a, CANARY_VERB);
	args_addf(&a, "canary-%s", c->word);
	pid = process_start(&a, NULL, STDERR_FILENO, STDERR_FILENO);
	if (pid < 0)
		return;
	c->process = pid;
	(void)facts_set(f, "host.pid", "%d", (int)pid);
	(void)facts_set(f, "host.token", "%s", a.v[2]);
}

int canary_main(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() != 1)
		(void)pause();
	return 0;
}

void canaries_make(struct canaries *c, const char *word, const char *dir, struct facts *f)
{
	mode_t old = umask(0);

	/* before the word: who cleans up after us must not take 0 for an id */
	*c = (struct canaries){
		.shm = -1, .sem = -1, .msg = -1, .abstract = -1, .tcp = -1, .leak = -1
	};
	(void)snprintf(c->word, sizeof(c->word), "%s", word);
	(void)snprintf(c->dir, sizeof(c->dir), "%s", dir);
	c->shm = make_sysv(make_shm, "host.shm_key", f);
	c->sem = make_sysv(make_sem, "host.sem_key", f);
	c->msg = make_sysv(make_msg, "host.msg_key", f);
	make_mqueue(c, f);
	make_shm_file(c, f);
	make_marker(c, f);
	make_leak(c, f);
	make_abstract(c, f);
	make_tcp(c, f);
	make_key(c, f);
	make_variable(c, f);
	make_process(c, f);
	(void)umask(old);
}

void canaries_remove(struct canaries *c)
{
	if (!c->word[0])
		return;
	process_end(c->process, 1000);
	if (c->shm >= 0)
		(void)shmctl(c->shm, IPC_RMID, NULL);
	if (c->sem >= 0)
		(void)semctl(c->sem, 0, IPC_RMID);
	if (c->msg >= 0)
		(void)msgctl(c->msg, IPC_RMID, NULL);
	if (c->mqueue[0])
		(void)mq_unlink(c->mqueue);
	if (c->shm_file[0])
		(void)unlink(c->shm_file);
	for (int i = 0; i < 3; i++) {
		int fd = i == 0 ? c->abstract : i == 1 ? c->tcp : c->leak;

		if (fd >= 0)
			(void)close(fd);
	}
	memset(c, 0, sizeof(*c));
}
