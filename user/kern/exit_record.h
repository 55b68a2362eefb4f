/* SPDX-License-Identifier: Apache-2.0 */
/* How a container ended: written once by its monitor, read by everyone. */
#ifndef DAVIT_KERN_EXIT_RECORD_H
#define DAVIT_KERN_EXIT_RECORD_H

#include <stdint.h>
#include <sys/wait.h>

struct err;

#define EXIT_RECORD_FILE "exit"

/**
 * struct exit_record - one line "status=0 signal=9 finished=1700000000000000000" in the file
 * @status:      exit status; 0 when a signal ended it
 * @signal:      that signal; 0 when it exited by itself
 * @finished_ns: CLOCK_REALTIME
 *
 * No file beside a dead init means that its monitor died first: the exit is unknown.
 */
struct exit_record {
	int32_t status;
	int32_t signal;
	int64_t finished_ns;
};

/* exit_record_set() - from what waitid(2) told, finished now */
void exit_record_set(struct exit_record *r, const siginfo_t *si);

/* exit_record_code() - status as a shell has it: status, or 128 + signal */
int exit_record_code(const struct exit_record *r);

/* exit_record_write() - atomically, into directory @dirfd (running state: tmpfs, not synced) */
int exit_record_write(int dirfd, const struct exit_record *r, struct err *e);

/* exit_record_read() - -ENOENT: not ended, or unknown; -EBADMSG: not of the form above */
int exit_record_read(int dirfd, struct exit_record *ret, struct err *e);

/* exit_record_parse() - text of the file; 0 or -EBADMSG */
int exit_record_parse(const char *text, struct exit_record *ret);

#endif
