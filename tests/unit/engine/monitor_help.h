/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: davit-monitor as the parent of a plain process, without a container around it. */
#ifndef DAVIT_TEST_MONITOR_HELP_H
#define DAVIT_TEST_MONITOR_HELP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct exit_record;

/**
 * struct watched - a process, its monitor (a child of the test), and a client's socket
 * @dir:     temporary directory; root/ and run/ in it
 * @pid:     the watched process
 * @monitor: its parent
 * @client:  our end of the initial client's socket, -1 without one
 */
struct watched {
	char dir[64];
	int root_fd, run_fd, client;
	pid_t pid, monitor;
};

struct watch_how {
	const char *script; /* for sh -c */
	bool pty, no_client, no_stdin, no_log;
	uint64_t log_max;
	int log_files;
	const char *reap; /* script for sh -c */
};

/* false: could not start */
bool watched_start(struct watched *w, const struct watch_how *how);
/* Wait for the monitor's end. Return: its exit status, 128 + signal. */
int watched_wait(struct watched *w);
/* Remove the directory, kill what is left. */
void watched_done(struct watched *w);

/* Wait until @text (a regular expression's plain sibling: a substring) is in the log. */
bool watched_log_has(const struct watched *w, const char *text);

/* Next packet, waiting at most 10 s. Return: its length, 0 = end, -1 = nothing came. */
ssize_t packet_get(int sock, uint8_t *buf, size_t size);
/* Collect output until @text is in it or the end comes; NUL-terminated. Return: @text was seen. */
bool packets_until(int sock, const char *text, char *buf, size_t size);
/* Discard output until EXIT. Return: status as a shell has it, -1 = end without it. */
int packets_exit(int sock, uint64_t *ret_bytes);

#endif
