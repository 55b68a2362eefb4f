/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host side tells the inside: text lines "KEY=VALUE", at most FACTS_MAX of them.
 *
 * want.*      what the container was asked to be
 *   want.ns		new namespaces asked for: comma list of pid net mnt uts ipc cgroup user time
 *   want.hostname	host name of the container
 *   want.caps.{bounding,effective,permitted,inheritable,ambient}	hexadecimal masks
 *   want.no_new_privs	0 or 1
 *   want.seccomp	1 if a filter was asked for (the denied system calls are the rows of seccomp.c)
 *   want.seccomp.allowed	comma list of calls among those that this filter allows
 *   want.devices	comma list of "TYPE:MAJOR:MINOR" that may be opened
 *   want.masked, want.readonly	comma lists of paths
 *   want.root		"ro" or "rw": the root file system
 *   want.network	"private" (only lo), "none" or "host"
 *   want.memory	limit in bytes; want.pids: number; want.cpu: thousandths of a CPU; absent = no limit
 *   want.nofile	"SOFT:HARD"
 *   want.uid_map	"INSIDE OUTSIDE COUNT" when user is in want.ns
 *   want.time.monotonic, want.time.boottime	offsets in seconds when time is in want.ns
 *   want.mounts	comma list of mount points that were asked for beside the default ones
 * host.*      what the host looks like; objects live as long as the probes run
 *   host.kernel	release
 *   host.ns.{pid,net,mnt,uts,ipc,user,cgroup,time}	inode numbers
 *   host.pid, host.token	a process of the host, and a random word in its argv
 *   host.hostname, host.root ("DEV:INO" of /, decimal), host.marker (absolute path of a file of the host)
 *   host.shm_key, host.sem_key, host.msg_key	SysV objects, mode 0666
 *   host.mqueue	POSIX message queue "/NAME"; host.shm: file name in /dev/shm
 *   host.abstract	name of a listening abstract UNIX socket
 *   host.tcp		port of a listener on the host's 127.0.0.1
 *   host.links		comma list of network devices without lo
 *   host.key		serial of a key in the session keyring that the runtime was started with
 *   host.leak		"DEV:INO" of a file that the runtime inherited as an open descriptor
 *   host.cgroup	cgroup (v2 path) of the host side
 *   host.monotonic, host.boottime	seconds, when the container was started
 *   host.nice, host.oom_score_adj
 *   host.null		"UID:GID MODE" of /dev/null before anything was started
 *   host.env		value of DAVIT_PROBE_CANARY, a variable in the environment of the runtime alone
 *   host.mount_devs	comma list of "MAJOR:MINOR" of all file systems in the host's mount table before the
 *			start, without cgroup and cgroup2
 * sibling.*   another container of the same engine
 *   sibling.pid (on the host), sibling.token, sibling.abstract, sibling.cgroup, sibling.ns.*
 * container.* known outside only: container.pid (on the host), container.mounts_before (ids of the host's
 *   mounts before the start: "20-45,47"), container.id (as the engine was told), container.work (directory
 *   of root and bundle)
 */
#ifndef DAVIT_ISOLATION_FACTS_H
#define DAVIT_ISOLATION_FACTS_H

#include <stddef.h>
#include <stdint.h>

#define FACTS_MAX 256
#define FACTS_FILE_MAX 65536

struct facts {
	size_t count;
	char *text; /* owned: keys and values point into it */
	size_t used, size;
	struct {
		uint32_t key, value; /* offsets into text */
	} rows[FACTS_MAX];
};

int facts_init(struct facts *f); /* Return: 0 or -ENOMEM */
void facts_done(struct facts *f);

/* facts_load() - add the lines of @path. Return: 0; -errno; -EINVAL on a line without '=' */
int facts_load(struct facts *f, const char *path);
int facts_save(const struct facts *f, const char *path);

/* facts_set() - the last value of a key counts. Return: 0; -ENOSPC; -EINVAL for '=' or newline in it */
__attribute__((format(printf, 3, 4))) int facts_set(struct facts *f, const char *key,
						    const char *fmt, ...);

/* facts_get() - NULL if nobody told it */
const char *facts_get(const struct facts *f, const char *key);
/* facts_num() - as a number (decimal, 0x); @fallback if nobody told it */
int64_t facts_num(const struct facts *f, const char *key, int64_t fallback);

#endif
