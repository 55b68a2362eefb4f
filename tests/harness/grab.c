// SPDX-License-Identifier: Apache-2.0
/*
 * What a hostile container does about the programs that enter it: hold the file of every process that
 * appears, until SIGTERM; then open each for writing. Prints "INODE open" or "INODE ERRNO" a file.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 64
#define TRIES_MAX 300 /* of 10 ms: it cannot be written to while it runs */

static volatile sig_atomic_t is_over;

static struct held {
	int fd;
	ino_t inode;
} held[FILES_MAX];
static size_t n_held;

static void end(int sig)
{
	(void)sig;
	is_over = 1;
}

static void hold(const char *pid)
{
	char path[300];
	struct stat st;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && n_held < FILES_MAX) {
		size_t i = 0;

		while (i < n_held && held[i].inode != st.st_ino)
			i++;
		if (i == n_held) {
			held[n_held++] = (struct held){ fd, st.st_ino };
			return;
		}
	}
	(void)close(fd);
}

static int open_for_writing(int fd)
{
	char path[40];
	int got = -1;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (int i = 0; i < TRIES_MAX && got < 0; i++) {
		got = open(path, O_WRONLY | O_CLOEXEC);
		if (got < 0 && errno != ETXTBSY)
			break;
		(void)usleep(got < 0 ? 10000 : 0);
	}
	return got;
}

int main(void)
{
	DIR *proc = opendir("/proc");

	if (!proc || signal(SIGTERM, end) == SIG_ERR)
		return 1;
	(void)puts("ready");
	(void)fflush(stdout);
	while (!is_over) {
		struct dirent *de;

		rewinddir(proc);
		while ((de = readdir(proc)))
			if (atoi(de->d_name) > 1) /* we are 1 */
				hold(de->d_name);
	}
	for (size_t i = 0; i < n_held; i++) {
		if (open_for_writing(held[i].fd) >= 0)
			(void)printf("%llu open\n", (unsigned long long)held[i].inode);
		else
			(void)printf("%llu %d\n", (unsigned long long)held[i].inode, errno);
	}
	return 0;
}
