// SPDX-License-Identifier: Apache-2.0
/* The listener of a seccomp filter with SCMP_ACT_NOTIFY, on its way to the agent. */
#include "runtime/listener.h"

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "kern/sys.h"
#include "runtime/socket.h"
#include "spec/seccomp_profile.h"

#define LOOK_AGAIN_NS 50000 /* between two looks: what seccomp(2) takes for a filter of common size */

int listener_take(uint32_t stage, int pidfd, int report_fd, struct err *e)
{
	const struct timespec wait = { .tv_nsec = LOOK_AGAIN_NS };
	unsigned int number = stage >> LISTENER_STAGE_SHIFT;

	for (;;) {
		struct pollfd ends[] = { { .fd = pidfd, .events = POLLIN },
					 { .fd = report_fd, .events = POLLIN } };
		long fd = sys_call3(SYS_pidfd_getfd, pidfd, number, 0);

		if (fd >= 0)
			return (int)fd;
		if (fd == -ESRCH)
			return -ECHILD;
		if (fd != -EBADF) {
			(void)err_set(e, (int)fd, "linux.seccomp: take its listener");
			if (fd == -EPERM)
				err_hint(e, "davit-oci needs CAP_SYS_PTRACE for it");
			return (int)fd;
		}
		/* not installed yet, or never */
		if (ppoll(ends, ARRAY_SIZE(ends), &wait, NULL) > 0)
			return -ECHILD;
	}
}

int listener_send(const struct seccomp_profile *profile, int fd, pid_t pid,
		  const struct record *record, enum record_status status, struct err *e)
{
	static const char what[] = "linux.seccomp.listenerPath";
	_cleanup_str_ struct str s = STR_INIT;
	_cleanup_fd_ int sock = socket_connect(what, profile->listener_path, e);

	if (sock < 0)
		return sock;
	str_addf(&s, "{\"ociVersion\":\"%s\",\"fds\":[\"seccompFd\"],\"pid\":%d,", RECORD_OCI_VERSION,
		 pid);
	if (profile->listener_metadata) {
		str_add(&s, "\"metadata\":");
		str_add_json(&s, profile->listener_metadata);
		str_add(&s, ",");
	}
	str_add(&s, "\"state\":");
	record_state_json(record, status, &s);
	str_add(&s, "}");
	if (str_failed(&s))
		return err_set(e, ENOMEM, "%s: send", what);
	return socket_send_fd(what, sock, fd, str_text(&s), s.len, e);
}
