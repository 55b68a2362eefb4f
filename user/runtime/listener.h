/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listener of a seccomp filter with SCMP_ACT_NOTIFY: from the process that installs the filter to the
 * agent at linux.seccomp.listenerPath.
 *
 * Behind the filter every call of the process may wait for the agent, so none can be relied on to tell of
 * the descriptor. The process therefore says before which number it will get: the lowest that is free. The
 * parent takes it by pidfd_getfd(2) as soon as it is there and sends it on. Behind the filter the process
 * only waits: in read(2), or for the agent's verdict about it, and so keeps the descriptor until the exec.
 */
#ifndef DAVIT_RUNTIME_LISTENER_H
#define DAVIT_RUNTIME_LISTENER_H

#include <stdint.h>
#include <sys/types.h>

#include "runtime/record.h"

struct err;
struct launch;
struct seccomp_profile;

/* Stage of struct init_report, beside those of bundle_launch.h; the number is above the low 8 bits. */
#define LISTENER_STAGE 32u
#define LISTENER_STAGE_MASK 0xffu
#define LISTENER_STAGE_SHIFT 8u

/* In the child (listener_steps.c); sys_call*() and err_*() only. The first before the filter, the second behind it. */
int listener_announce(const struct launch *l, struct err *e);
int listener_await(const struct launch *l, struct err *e);

/**
 * listener_take() - the descriptor that LISTENER_STAGE has announced
 * @stage:     as it was told
 * @report_fd: where the child reports
 *
 * Return: descriptor; -ECHILD when the child has ended or reports an error instead; -errno with @e.
 */
int listener_take(uint32_t stage, int pidfd, int report_fd, struct err *e);

/**
 * listener_send() - to the agent, with a container process state as the specification has it
 * @pid:    the process behind the filter
 * @record: of its container
 * @status: of that
 */
int listener_send(const struct seccomp_profile *profile, int fd, pid_t pid,
		  const struct record *record, enum record_status status, struct err *e);

#endif
