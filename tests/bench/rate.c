// SPDX-License-Identifier: Apache-2.0
/* How often per second does a command succeed in parallel loops? usage: rate [-j LOOPS] [-t SECONDS] COMMAND [ARG...];
 * in arguments "{}" is the number of the loop. Prints "RUNS FAILURES SECONDS". */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGS_MAX  64
#define LOOPS_MAX 64

struct counts {
	unsigned long runs, failures;
};

extern char **environ;

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void __attribute__((noreturn)) fail(const char *what)
{
	fprintf(stderr, "rate: %s: %s\n", what, strerror(errno));
	exit(125);
}

/* @arg with each "{}" as @n; never freed */
static char *fill(const char *arg, int n)
{
	size_t size = strlen(arg) * 4 + 16;
	char *out = calloc(1, size), *p = out;

	if (!out)
		fail("calloc");
	while (*arg) {
		if (arg[0] == '{' && arg[1] == '}') {
			p += snprintf(p, size - (size_t)(p - out), "%d", n);
			arg += 2;
		} else {
			*p++ = *arg++;
		}
	}
	return out;
}

static bool run_once(char *argv[])
{
	posix_spawn_file_actions_t actions;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
	errno = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	if (errno)
		fail(argv[0]);
	posix_spawn_file_actions_destroy(&actions);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fail("waitpid");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void __attribute__((noreturn)) loop(int n, double end, char *argv[], int out)
{
	struct counts c = { 0, 0 };
	char *args[ARGS_MAX];
	int i;

	for (i = 0; argv[i] && i < ARGS_MAX - 1; i++)
		args[i] = fill(argv[i], n);
	args[i] = NULL;
	for (; now() < end; c.runs++)
		c.failures += !run_once(args);
	if (write(out, &c, sizeof(c)) != sizeof(c))
		fail("write");
	exit(0);
}

int main(int argc, char *argv[])
{
	int loops = 4, fds[2], c;
	double seconds = 10, start;
	struct counts one, all = { 0, 0 };

	while ((c = getopt(argc, argv, "+j:t:")) != -1) {
		switch (c) {
		case 'j': loops = atoi(optarg); break;
		case 't': seconds = atof(optarg); break;
		default: return 2;
		}
	}
	if (optind == argc || loops < 1 || loops > LOOPS_MAX || seconds <= 0) {
		fputs("usage: rate [-j LOOPS] [-t SECONDS] COMMAND [ARG...]\n", stderr);
		return 2;
	}
	if (pipe(fds) < 0)
		fail("pipe");
	start = now();
	for (int i = 0; i < loops; i++) {
		pid_t pid = fork();

		if (pid < 0)
			fail("fork");
		if (pid == 0)
			loop(i, start + seconds, argv + optind, fds[1]);
	}
	close(fds[1]);
	while (read(fds[0], &one, sizeof(one)) == sizeof(one)) {
		all.runs += one.runs;
		all.failures += one.failures;
	}
	printf("%lu %lu %.2f\n", all.runs, all.failures, now() - start);
	while (wait(NULL) > 0)
		;
	return all.failures ? 1 : 0;
}
