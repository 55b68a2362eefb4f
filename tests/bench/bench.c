// SPDX-License-Identifier: Apache-2.0
/* Compare commands: interleaved rounds, CPU time of each whole process tree, table and JSON. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONTENDERS_MAX 16
#define WARM_UP	       5

extern char **environ;

struct series {
	double *v;
	double median, p95, p99;
};

/**
 * struct contender - one command under test
 * @argv:     inside our own argv, NULL-terminated there
 * @cpu, @wall: milliseconds by round
 * @ratio:    by contender: median over the rounds of our CPU time by that one's in the same round, which the
 *	      drift of the machine's speed does not touch
 * @more:     median over the rounds of our CPU time less that of the first contender, milliseconds
 * @syscalls: of one run under strace -f; -1 = not counted
 */
struct contender {
	const char *name;
	char **argv;
	struct series cpu, wall;
	double ratio[CONTENDERS_MAX], more;
	long syscalls;
};

struct bench {
	struct contender c[CONTENDERS_MAX];
	size_t count;
	unsigned long rounds;
	const char *json;
	bool no_strace;
};

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("bench: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static double to_ms(const struct timeval *t)
{
	return 1e3 * (double)t->tv_sec + 1e-3 * (double)t->tv_usec;
}

/* all that we have waited for, and all that they have */
static double children_cpu_ms(void)
{
	struct rusage ru;

	(void)getrusage(RUSAGE_CHILDREN, &ru);
	return to_ms(&ru.ru_utime) + to_ms(&ru.ru_stime);
}

static double now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

/* start @argv with /dev/null for stdin and stdout; stderr too unless @is_loud. Return: exit status. */
static int run_once(char *const argv[], bool is_loud, double *ret_cpu, double *ret_wall)
{
	posix_spawn_file_actions_t actions;
	double cpu = children_cpu_ms(), start;
	int status, r;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (!is_loud)
		posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	start = now_ms();
	r = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	if (r)
		fail("start '%s': %s", argv[0], strerror(r));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fail("wait for '%s': %s", argv[0], strerror(errno));
	*ret_wall = now_ms() - start;
	posix_spawn_file_actions_destroy(&actions);
	/* we are the subreaper: what the command left running counts until it ends */
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	*ret_cpu = children_cpu_ms() - cpu;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static long count_syscalls(struct contender *c)
{
	char path[] = "/tmp/davit-bench.XXXXXX", line[256];
	char *argv[64] = { (char *)"strace", (char *)"-f", (char *)"-c", (char *)"-qq",
			   (char *)"-o", path };
	size_t n = 6;
	double cpu, wall;
	long calls = -1, n_calls;
	FILE *f;
	int fd = mkstemp(path);

	if (fd < 0)
		fail("create '%s': %s", path, strerror(errno));
	close(fd);
	for (size_t i = 0; c->argv[i] && n < 63; i++)
		argv[n++] = c->argv[i];
	argv[n] = NULL;
	if (run_once(argv, false, &cpu, &wall) == 0 && (f = fopen(path, "re"))) {
		/* "100.00    0.001234          12       186         7 total", one per personality */
		while (fgets(line, sizeof(line), f))
			if (strstr(line, " total") && sscanf(line, "%*s %*s %*s %ld", &n_calls) == 1)
				calls = (calls < 0 ? 0 : calls) + n_calls;
		(void)fclose(f);
	}
	(void)unlink(path);
	return calls;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* sorts @v */
static double median(double *v, unsigned long n)
{
	qsort(v, n, sizeof(*v), compare);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void pair(struct bench *b)
{
	double *v = calloc(b->rounds, sizeof(double));

	if (!v)
		fail("out of memory");
	for (size_t i = 0; i < b->count; i++) {
		for (size_t j = 0; j < b->count; j++) {
			for (unsigned long n = 0; n < b->rounds; n++)
				v[n] = b->c[i].cpu.v[n] / b->c[j].cpu.v[n];
			b->c[i].ratio[j] = median(v, b->rounds);
		}
		for (unsigned long n = 0; n < b->rounds; n++)
			v[n] = b->c[i].cpu.v[n] - b->c[0].cpu.v[n];
		b->c[i].more = median(v, b->rounds);
	}
	free(v);
}

static void summarize(struct series *s, unsigned long n)
{
	s->median = median(s->v, n);
	s->p95 = s->v[(n - 1) * 95 / 100];
	s->p99 = s->v[(n - 1) * 99 / 100];
}

/* Each round has an order of its own: what runs before fills the caches, or empties them. */
static void shuffle(size_t *order, size_t n, unsigned int *seed)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = (size_t)rand_r(seed) % i, last = order[i - 1];

		order[i - 1] = order[j];
		order[j] = last;
	}
}

static void measure(struct bench *b)
{
	size_t order[CONTENDERS_MAX];
	unsigned int seed = 1; /* the same orders each time */

	for (size_t i = 0; i < b->count; i++) {
		struct contender *c = &b->c[i];
		double cpu, wall;

		order[i] = i;
		c->cpu.v = calloc(b->rounds, sizeof(double));
		c->wall.v = calloc(b->rounds, sizeof(double));
		if (!c->cpu.v || !c->wall.v)
			fail("out of memory");
		for (int n = 0; n < WARM_UP; n++) {
			int status = run_once(c->argv, n == 0, &cpu, &wall);

			if (status)
				fail("'%s' exits with %d", c->name, status);
		}
		c->syscalls = b->no_strace ? -1 : count_syscalls(c);
	}
	for (unsigned long round = 0; round < b->rounds; round++) {
		shuffle(order, b->count, &seed);
		for (size_t i = 0; i < b->count; i++) {
			struct contender *c = &b->c[order[i]];
			int status = run_once(c->argv, false, &c->cpu.v[round], &c->wall.v[round]);

			if (status)
				fail("'%s' exits with %d in round %lu", c->name, status, round);
		}
	}
	pair(b);
	for (size_t i = 0; i < b->count; i++) {
		summarize(&b->c[i].cpu, b->rounds);
		summarize(&b->c[i].wall, b->rounds);
	}
}

static void print_table(const struct bench *b)
{
	printf("%-24s %5s %8s %8s %8s %8s %8s %8s", "", "n", "CPU-ms", "p95", "p99", "wall ms",
	       "p99", "syscalls");
	printf("    -1");
	for (size_t i = 0; i < b->count; i++)
		printf("   /%zu", i + 1);
	printf("\n");
	for (size_t i = 0; i < b->count; i++) {
		const struct contender *c = &b->c[i];

		printf("%zu %-22s %5lu %8.2f %8.2f %8.2f %8.2f %8.2f ", i + 1, c->name, b->rounds,
		       c->cpu.median, c->cpu.p95, c->cpu.p99, c->wall.median, c->wall.p99);
		if (c->syscalls >= 0)
			printf("%8ld", c->syscalls);
		else
			printf("%8s", "-");
		printf(" %5.2f", c->more);
		for (size_t j = 0; j < b->count; j++)
			printf(" %4.*f", c->ratio[j] < 9.995 ? 2 : 1, c->ratio[j]);
		printf("\n");
	}
	printf("columns -1 and /N: CPU-ms of the row less that of row 1, and divided by that of row N, in the same round; median of the rounds\n");
}

static void json_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', f);
		if ((unsigned char)*s >= 0x20)
			fputc(*s, f);
	}
	fputc('"', f);
}

static void json_series(FILE *f, const char *name, const struct series *s)
{
	fprintf(f, "\"%s\": {\"median\": %.4f, \"p95\": %.4f, \"p99\": %.4f}", name, s->median, s->p95,
		s->p99);
}

static void write_json(const struct bench *b)
{
	FILE *f = fopen(b->json, "we");
	struct utsname u;

	if (!f)
		fail("open '%s': %s", b->json, strerror(errno));
	(void)uname(&u);
	fprintf(f, "{\"kernel\": \"%s\", \"machine\": \"%s\", \"cpus\": %ld, \"n\": %lu, \"rows\": [",
		u.release, u.machine, sysconf(_SC_NPROCESSORS_ONLN), b->rounds);
	for (size_t i = 0; i < b->count; i++) {
		const struct contender *c = &b->c[i];

		fprintf(f, "%s\n  {\"name\": ", i ? "," : "");
		json_string(f, c->name);
		fprintf(f, ", \"command\": [");
		for (size_t j = 0; c->argv[j]; j++) {
			fputs(j ? ", " : "", f);
			json_string(f, c->argv[j]);
		}
		fprintf(f, "], ");
		json_series(f, "cpu_ms", &c->cpu);
		fprintf(f, ", \"cpu_ms_more\": %.4f, ", c->more);
		json_series(f, "wall_ms", &c->wall);
		fprintf(f, ", \"syscalls\": ");
		if (c->syscalls >= 0)
			fprintf(f, "%ld, \"cpu_ratio\": {", c->syscalls);
		else
			fprintf(f, "null, \"cpu_ratio\": {");
		for (size_t j = 0; j < b->count; j++) {
			fputs(j ? ", " : "", f);
			json_string(f, b->c[j].name);
			fprintf(f, ": %.4f", c->ratio[j]);
		}
		fprintf(f, "}}");
	}
	fprintf(f, "\n]}\n");
	if (fclose(f))
		fail("write '%s': %s", b->json, strerror(errno));
}

static int usage(void)
{
	fputs("usage: bench [-n ROUNDS] [-o JSON] [-s] -- NAME COMMAND [ARG...] [-- NAME COMMAND ...]\n"
	      "  -s  do not count system calls with strace\n", stderr);
	return 2;
}

int main(int argc, char *argv[])
{
	struct bench b = { .rounds = 200 };
	int c;

	while ((c = getopt(argc, argv, "+n:o:s")) != -1) {
		switch (c) {
		case 'n': b.rounds = strtoul(optarg, NULL, 10); break;
		case 'o': b.json = optarg; break;
		case 's': b.no_strace = true; break;
		default: return usage();
		}
	}
	for (int i = optind; i < argc; b.count++) {
		struct contender *next = &b.c[b.count];

		if (b.count == CONTENDERS_MAX || i + 1 >= argc || strcmp(argv[i + 1], "--") == 0)
			return usage();
		next->name = argv[i];
		next->argv = &argv[i + 1];
		while (i < argc && strcmp(argv[i], "--") != 0)
			i++;
		argv[i] = NULL; /* argv[argc] is NULL already */
		i++;
	}
	if (!b.count || !b.rounds)
		return usage();
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	measure(&b);
	print_table(&b);
	if (b.json)
		write_json(&b);
	return 0;
}
