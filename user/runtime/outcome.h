/* SPDX-License-Identifier: Apache-2.0 */
/* How a start went, as the child or davit-init wrote it to the pipe. */
#ifndef DAVIT_RUNTIME_OUTCOME_H
#define DAVIT_RUNTIME_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

struct err;

/**
 * outcome_read() - read @fd until the child has executed its workload (end of file) or has said why not
 * @command: what davit-init executes, for the message
 *
 * A process of the container may have opened the pipe (/proc/PID/fd) and written to it: what is no whole
 * struct err or init_report with values that ours have is -EPROTO. The texts may still hold any byte.
 *
 * Return: 0 at end of file, that davit-init waited before or not; -errno with @e filled.
 */
int outcome_read(int fd, const char *command, struct err *e);

/**
 * outcome_board() - where a child writes its error as well, for what a pipe cannot carry (struct launch)
 * @is_shared: the child has our memory; else it gets a page that both see
 *
 * Empty, and the next call's as well: one start at a time. Return: NULL when there is no page; the pipe has to do.
 */
struct err *outcome_board(bool is_shared);

/* outcome_failed() - what is on @board, when the pipe said nothing. Return: @r, the result of reading
 * that; or the code of the error on the board, with @e. */
int outcome_failed(const struct err *board, int r, struct err *e);

/* outcome_cause() - why a child could not be talked to (@r, @e): because it is gone, it has said why, or was
 * killed. Waits for its end. Return: @r for other reasons. */
int outcome_cause(int fd, const char *command, const struct err *board, int r, struct err *e);

/* outcome_read_stage() - the next thing it says that is no error: INIT_READY, or a stage of a bundle's
 * child. The pipe stays open. Return: 0; -errno with @e. */
int outcome_read_stage(int fd, const char *command, uint32_t *ret_stage, struct err *e);

#endif
