// SPDX-License-Identifier: Apache-2.0
/*
 * davit-scope: the part of davit-oci that speaks to systemd, in a program of its own because libsystemd
 * is no static library.
 *
 *	davit-scope start UNIT [NAME SIGNATURE VALUE...]...
 *	davit-scope set   UNIT [NAME SIGNATURE VALUE...]...
 *	davit-scope stop  UNIT
 *
 * Writes one struct scope_report to standard output. `start` is the first process of the scope and stays
 * until its standard input ends, so that systemd does not find the scope empty.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "manager.h"
#include "property.h"
#include "runtime/scope_report.h"

static int start_scope(sd_bus *bus, const char *unit, char *const *words, struct err *e)
{
	return manager_start(bus, unit, words, e);
}

static int stop_scope(sd_bus *bus, const char *unit, char *const *words, struct err *e)
{
	(void)words;
	return manager_stop(bus, unit, e);
}

static const struct command {
	const char *name;
	int (*run)(sd_bus *bus, const char *unit, char *const *words, struct err *e);
	bool stays;
} commands[] = {
	{ "start", start_scope, true },
	{ "set", manager_set, false },
	{ "stop", stop_scope, false },
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (str_eq(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int work(const struct command *c, int argc, char *argv[], struct err *e)
{
	sd_bus *bus = NULL;
	int r;

	if (!c || argc < 3)
		return err_plain(
			e, -EINVAL,
			"usage: davit-scope start|set|stop UNIT [NAME SIGNATURE VALUE...]...");
	r = manager_connect(&bus, e);
	if (r == 0)
		r = c->run(bus, argv[2], argv + 3, e);
	sd_bus_flush_close_unref(bus);
	return r;
}

static void wait_for_end(int fd)
{
	char byte;
	ssize_t n;

	do
		n = read(fd, &byte, 1);
	while (n > 0 || (n < 0 && errno == EINTR));
}

int main(int argc, char *argv[])
{
	const struct command *c = argc > 1 ? find_command(argv[1]) : NULL;
	struct scope_report report = { .err = ERR_INIT, .pid = getpid() };
	int r = work(c, argc, argv, &report.err);

	(void)signal(SIGPIPE, SIG_IGN);
	if (io_write_full(STDOUT_FILENO, &report, sizeof(report)) == 0 && r == 0 && c->stays)
		wait_for_end(STDIN_FILENO);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
