/* SPDX-License-Identifier: Apache-2.0 */
/* Scope-bound clean-up: the declaration says who frees, the return says who takes over. */
#ifndef DAVIT_BASE_CLEANUP_H
#define DAVIT_BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))

/* Close @fd if it is one, keeping errno. Return: -1, for `fd = fd_close(fd)`. */
static inline int fd_close(int fd)
{
	if (fd >= 0) {
		int saved = errno;

		(void)close(fd); /* nothing to do about EIO on a descriptor that is gone */
		errno = saved;
	}
	return -1;
}

static inline void fd_closep(int *fd)
{
	*fd = fd_close(*fd);
}

static inline void freep(void *p)
{
	int saved = errno;

	free(*(void **)p);
	errno = saved;
}

static inline void closedirp(DIR **d)
{
	if (*d) {
		int saved = errno;

		(void)closedir(*d);
		errno = saved;
	}
}

#define _cleanup_fd_   _cleanup_(fd_closep)
#define _cleanup_free_ _cleanup_(freep)
#define _cleanup_dir_  _cleanup_(closedirp)

/* Hand over ownership: the variable is empty afterwards, its clean-up sees nothing. */
#define TAKE_PTR(p)                       \
	({                                \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;               \
		taken_;                   \
	})

#define TAKE_FD(fd)               \
	({                        \
		int taken_ = (fd); \
		(fd) = -1;        \
		taken_;           \
	})

#undef ARRAY_SIZE /* the test harness of the kernel has one of its own */
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
