// SPDX-License-Identifier: Apache-2.0
/*
 * Exchange two names as fast as one processor can, while the other runs a command again and again: what a
 * container does that shares a directory with one that is being made.
 *
 *	race [-n SWAPS] [-r RUNS] [-t SECONDS] [-e STATUS] [-1] A B COMMAND [ARG...]
 *	race [-n SWAPS] -s A B	only exchange, until SIGTERM; prints "enough" after SWAPS
 *
 * A and B are exchanged by rename(2) with RENAME_EXCHANGE; one that is missing for a while is waited for.
 * COMMAND is run until there were SWAPS (100,000) and RUNS (20) at least, for SECONDS (20) at most. It says by
 * its exit status how it ended: 0 well, STATUS (1) it was refused, 42 it has been led astray; -1 ends at the
 * first 42.
 *
 * Prints "swaps=N runs=N ok=N refused=N leaks=N odd=N", and what the first run wrote to standard error whose
 * status was 42 or none of these. Both names are in their places again afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LED_ASTRAY 42

static struct {
	unsigned long swaps_min, runs_min;
	int seconds_max, refused;
	bool first_only, swap_only;
	const char *a, *b;
	atomic_ulong swaps;
	atomic_bool is_over;
} s = { .swaps_min = 100000, .runs_min = 20, .seconds_max = 20, .refused = 1 };

static struct {
	unsigned long runs, ok, refused, leaks, odd;
	int said; /* what the first that counts wrote */
} tally = { .said = -1 };

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "race: %s: %s\n", what, strerror(errno));
	exit(125);
}

/* The swapper has a processor to itself where there are two. */
static void use_cpu(bool is_swapper)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	if (n < 2)
		return;
	CPU_ZERO(&set);
	for (long i = 0; i < n; i++)
		if ((i == n - 1) == is_swapper)
			CPU_SET((size_t)i, &set);
	(void)sched_setaffinity(0, sizeof(set), &set); /* a container's cpuset may have others */
}

static void swap_once(void)
{
	if (renameat2(AT_FDCWD, s.a, AT_FDCWD, s.b, RENAME_EXCHANGE) == 0)
		atomic_fetch_add(&s.swaps, 1);
	else if (errno != ENOENT)
		die(s.a);
}

static void *swapper(void *arg)
{
	bool tells = s.swap_only;

	(void)arg;
	use_cpu(true);
	while (!atomic_load(&s.is_over)) {
		swap_once();
		if (tells && atomic_load(&s.swaps) >= s.swaps_min) {
			tells = false;
			(void)puts("enough");
			(void)fflush(stdout);
		}
	}
	if (atomic_load(&s.swaps) % 2)
		swap_once();
	return NULL;
}

static void end(int sig)
{
	(void)sig;
	atomic_store(&s.is_over, true);
}

static int run_once(char *argv[], int said)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(said, 2) < 0)
			_exit(125);
		execvp(argv[0], argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void count(int status, int said)
{
	tally.runs++;
	tally.ok += status == 0;
	tally.refused += status == s.refused;
	tally.leaks += status == LED_ASTRAY;
	tally.odd += status != 0 && status != s.refused && status != LED_ASTRAY;
	if (status == 0 || status == s.refused || tally.said >= 0)
		(void)close(said);
	else
		tally.said = said;
}

static bool is_enough(const struct timespec *start)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec - start->tv_sec >= s.seconds_max || (s.first_only && tally.leaks))
		return true;
	return atomic_load(&s.swaps) >= s.swaps_min && tally.runs >= s.runs_min;
}

static void run_all(char *argv[])
{
	struct timespec start;

	use_cpu(false);
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	while (!is_enough(&start)) {
		int said = memfd_create("said", MFD_CLOEXEC);

		if (said < 0)
			die("memfd_create");
		count(run_once(argv, said), said);
	}
}

static void tell_said(void)
{
	char text[2048];
	ssize_t n = tally.said < 0 ? 0 : pread(tally.said, text, sizeof(text), 0);

	if (n > 0)
		(void)printf("%.*s\n", (int)n, text);
}

static void parse(int argc, char *argv[])
{
	int o;

	while ((o = getopt(argc, argv, "+n:r:t:e:1s")) >= 0) {
		if (o == 'n')
			s.swaps_min = strtoul(optarg, NULL, 10);
		else if (o == 'r')
			s.runs_min = strtoul(optarg, NULL, 10);
		else if (o == 't')
			s.seconds_max = atoi(optarg);
		else if (o == 'e')
			s.refused = atoi(optarg);
		else if (o == '1')
			s.first_only = true;
		else if (o == 's')
			s.swap_only = true;
		else
			exit(125);
	}
	if (argc - optind < (s.swap_only ? 2 : 3)) {
		(void)fputs(
			"usage: race [-n SWAPS] [-r RUNS] [-t SECONDS] [-e STATUS] [-1] A B COMMAND [ARG...] | race [-n SWAPS] -s A B\n",
			stderr);
		exit(125);
	}
	s.a = argv[optind];
	s.b = argv[optind + 1];
}

int main(int argc, char *argv[])
{
	pthread_t thread;

	parse(argc, argv);
	if (signal(SIGTERM, end) == SIG_ERR)
		die("signal");
	if (s.swap_only) {
		(void)swapper(NULL);
		(void)printf("swaps=%lu\n", atomic_load(&s.swaps));
		return 0;
	}
	if ((errno = pthread_create(&thread, NULL, swapper, NULL)) != 0)
		die("pthread_create");
	run_all(argv + optind + 2);
	atomic_store(&s.is_over, true);
	(void)pthread_join(thread, NULL);
	(void)printf("swaps=%lu runs=%lu ok=%lu refused=%lu leaks=%lu odd=%lu\n",
		     atomic_load(&s.swaps), tally.runs, tally.ok, tally.refused, tally.leaks,
		     tally.odd);
	tell_said();
	return 0;
}
