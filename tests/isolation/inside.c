// SPDX-License-Identifier: Apache-2.0
/* The side that runs in the container. */
#include "inside.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

/* one line a probe: "NAME\tRESULT\tSEEN"; no other line of the program begins like it */
static void tell(const struct outcome *row, void *data)
{
	(void)data;
	printf(INSIDE_RECORD "\t%s\t%u\t%s\n", row->probe->name, row->seen.result, row->seen.text);
	(void)fflush(stdout);
}

/* The host side looks at the container from outside until it makes the file. If it is killed, the directory may
 * be gone before that: this program with it. */
static void wait_for_go(const char *dir, int seconds)
{
	const struct timespec step = { .tv_nsec = 10 * 1000 * 1000 };
	char go[4096], program[4096];

	(void)snprintf(go, sizeof(go), "%s/" INSIDE_GO, dir);
	(void)snprintf(program, sizeof(program), "%s/davit-probe", dir);
	for (int i = 0; i < seconds * 100 && access(go, F_OK) < 0 && access(program, F_OK) == 0;
	     i++)
		(void)nanosleep(&step, NULL);
}

int inside_main(const char *dir, const char *const names[], size_t count, bool with_needs)
{
	char path[4096];
	const char *unknown;
	struct outcomes o;
	struct facts f;
	int r = facts_init(&f);

	if (r < 0 || outcomes_init(&o) < 0) {
		(void)fprintf(stderr, "davit-probe: no memory\n");
		return 1;
	}
	(void)snprintf(path, sizeof(path), "%s/" INSIDE_FACTS, dir);
	r = facts_load(&f, path);
	if (r < 0) {
		(void)fprintf(stderr, "davit-probe: cannot read facts '%s': %s\n", path,
			      strerror(-r));
		return 1;
	}
	if (outcomes_choose(&o, names, count, with_needs, &unknown) < 0) {
		(void)fprintf(stderr, "davit-probe: there is no probe or group '%s'\n", unknown);
		return 1;
	}
	outcomes_run(&o, &f, false, tell, NULL);
	printf(INSIDE_DONE "\n");
	(void)fflush(stdout);
	wait_for_go(dir, INSIDE_WAIT_S);
	outcomes_done(&o);
	facts_done(&f);
	return 0;
}

/* stays open as long as the process lives */
static void listen_abstract(const char *token)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int len = snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, HOLD_SOCKET "%s", token);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&a, size) == 0)
		(void)listen(fd, 16);
}

int hold_main(const char *dir, const char *token)
{
	listen_abstract(token);
	printf(INSIDE_DONE "\n");
	(void)fflush(stdout);
	wait_for_go(dir, HOLD_WAIT_S);
	return 0;
}
