/* SPDX-License-Identifier: Apache-2.0 */
/* The file "state" of a running container: one inode, rewritten in place, readable after unlink. */
#ifndef DAVIT_ENGINE_RUN_STATE_H
#define DAVIT_ENGINE_RUN_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define RUN_STATE_FILE "state"

/**
 * struct run_state - fixed-size record of it
 * @magic:   RUN_STATE_MAGIC: the struct is complete
 * @pid:     0 before the start
 * @cgroup_id: id of the cgroup2 directory, for the policy row; 0 = none
 * @userns_slot: 1 + index of a reserved id range, 0 = none
 * @is_ended: @status and @signal are how it ended
 */
struct run_state {
	uint32_t magic;
	int32_t pid;
	int64_t started_ns, finished_ns;
	uint64_t cgroup_id;
	uint32_t userns_slot;
	int32_t status, signal;
	uint8_t is_ended, oom_killed;
	uint8_t pad_[2];
};

#define RUN_STATE_MAGIC 0x64767431u /* "dvt1" */
_Static_assert(sizeof(struct run_state) == 48, "one write to a file that others read");

/* run_state_read() - 0; -ENOENT: no such file; -EAGAIN: being written for the first time */
int run_state_read(int fd, struct run_state *ret);
int run_state_write(int fd, const struct run_state *s);

#endif
