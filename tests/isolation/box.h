/* SPDX-License-Identifier: Apache-2.0 */
/* One container while it runs: its engine's process, what it writes, its end. */
#ifndef DAVIT_ISOLATION_BOX_H
#define DAVIT_ISOLATION_BOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "job.h"
#include "record.h"

#define BOX_SAID_MAX 2048

/**
 * struct box - a container
 * @engine:  process of engine or runtime, 0 = not started or reaped
 * @init:    the probe's process in the container, as the host sees it; 0 = not found
 * @out, @err: our ends of its stdout and stderr, -1 = at their end
 * @said:    the last of its stderr
 * @status:  wait status of @engine when it was reaped
 * @was_asked: the engine was started for it, so that something of it may be left
 * @is_over: it wrote too much or waited too long, and is to be ended
 */
struct box {
	struct role role;
	struct records records;
	pid_t engine, init;
	int out, err, status;
	char said[BOX_SAID_MAX];
	size_t said_len;
	bool was_asked, was_started, is_over;
};

/* box_start() - Return: 0; -1, complained */
int box_start(struct box *b, const struct job *j);

/**
 * box_wait() - read what all @boxes write until @b is done (or, @for_end, has ended)
 * @end_ms:    clock_ms() of the end of patience
 * @signal_fd: signalfd of what interrupts us, and of SIGCHLD
 *
 * Return: 0; -ETIMEDOUT; -EINTR with *@ret_signal; -EPIPE: @b ended without being done.
 */
int box_wait(struct box *b, bool for_end, struct box *const boxes[], size_t count, int64_t end_ms,
	     int signal_fd, int *ret_signal);

/* box_end() - end it whatever it does, and remove what the engine keeps of it. Keeps nothing open. */
void box_end(struct box *b, const struct job *j);

/* box_complain() - why the engine ended, by what it said. Return: whether it gave a hint. */
int box_complain(struct box *b, const char *program);

#endif
