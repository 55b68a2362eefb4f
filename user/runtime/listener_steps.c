// SPDX-License-Identifier: Apache-2.0
/* The listener of a seccomp filter, in the process that installs the filter: sys_call*() and err_*() only. */
#include <errno.h>
#include <fcntl.h>

#include "base/err.h"
#include "kern/init_report.h"
#include "kern/sys.h"
#include "runtime/launch.h"
#include "runtime/listener.h"

int listener_announce(const struct launch *l, struct err *e)
{
	struct init_report report = { .stage = LISTENER_STAGE };
	long fd, r;

	fd = sys_call3(SYS_fcntl, l->err_fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return err_set(e, (int)fd, "linux.seccomp: reserve a descriptor for its listener");
	(void)sys_call1(SYS_close, fd); /* a duplicate; nobody else takes the number: we are one thread */
	report.stage |= (uint32_t)fd << LISTENER_STAGE_SHIFT;
	r = sys_call3(SYS_write, l->err_fd, &report, sizeof(report));
	return r == (long)sizeof(report) ?
		       0 :
		       err_set(e, r < 0 ? (int)r : -EIO, "linux.seccomp: tell of its listener");
}

int listener_await(const struct launch *l, struct err *e)
{
	char byte;
	long r = sys_call3(SYS_read, l->sync_fd, &byte, 1);

	if (r == 1)
		return 0;
	(void)err_set(e, r < 0 ? (int)r : -ECANCELED, "linux.seccomp: wait for its agent");
	if (r < 0)
		err_hint(e, "the filter and its agent must allow read(2)");
	return r < 0 ? (int)r : -ECANCELED;
}
