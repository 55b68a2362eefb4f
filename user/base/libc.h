/* SPDX-License-Identifier: Apache-2.0 */
/* What glibc has and musl 1.2.3 has not: the one place that knows which C library this is. */
#ifndef DAVIT_BASE_LIBC_H
#define DAVIT_BASE_LIBC_H

#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <sys/pidfd.h>
#else
#include <signal.h>

/* thin wrappers: -1 and errno, as in glibc */
int close_range(unsigned int first, unsigned int last, int flags);
int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned int flags);
int pidfd_open(pid_t pid, unsigned int flags);
int pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned int flags);
#endif

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE (1u << 0)
#endif
#ifndef AF_MCTP
#define AF_MCTP 45
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

#endif
