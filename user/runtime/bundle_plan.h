/* SPDX-License-Identifier: Apache-2.0 */
/* From a bundle to its launch: all that can fail on what config.json says fails here. */
#ifndef DAVIT_RUNTIME_BUNDLE_PLAN_H
#define DAVIT_RUNTIME_BUNDLE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "runtime/bundle_launch.h"
#include "runtime/kernel_files.h"

struct bundle;
struct err;
struct oci_linux;
struct oci_process;

#define BUNDLE_JOIN_MAX 8u

/**
 * struct bundle_options - what the command line adds to config.json
 * @console_fd:	  connected console socket, -1 = none; @init_path: davit-init
 * @preserve_fds: descriptors 3 … 2 + N reach the process, as LISTEN_FDS' do
 * @cgroup:	  path of the container's cgroup, for a bind of it; @id: names its keyring
 * @state:	  directory for a bare mount namespace (kern/bare_ns.h) and for roots in the host's (host_root.h)
 */
struct bundle_options {
	int console_fd;
	unsigned int preserve_fds;
	bool no_pivot, no_new_keyring;
	const char *init_path, *cgroup, *id, *state;
};

/**
 * struct bundle_plan - a launch with what it owns
 * @chunks: arrays; @texts: strings; @fds: descriptors: all freed and closed by bundle_plan_done()
 * @new_ns: CLONE_NEW* of namespaces to make
 * @initial_cpus: of launch.cpus_size bytes: where the caller is to run when it clones; NULL = anywhere
 * @early:  namespaces to enter before the clone; @enters_time: a time namespace is among them
 */
struct bundle_plan {
	struct bundle_launch launch;
	struct kernel_files kernel;
	struct strv texts;
	void **chunks;
	size_t n_chunks;
	int *fds;
	size_t n_fds, fds_cap;
	uint64_t new_ns;
	struct {
		int fd;
		uint64_t flag;
		const char *path; /* for messages */
	} early[BUNDLE_JOIN_MAX];
	size_t n_early;
	bool enters_time;
	const void *initial_cpus;
	char init_arg[32];
};

/* bundle_plan_build() - @b must outlive @p. On failure everything is closed and freed again. */
int bundle_plan_build(const struct bundle *b, const struct bundle_options *o, struct bundle_plan *p,
		      struct err *e);

/**
 * bundle_plan_exec() - for one more process in a running container
 * @pidfd:   a process of it; must outlive @p
 * @chroot_fd: the root of a container without a mount namespace of its own, -1 = it has one; must outlive @p
 * @ns:	     CLONE_NEW* of the namespaces in which it is not where we are
 * @process: NULL-safe parts as in config.json
 * @b:	     the container's, for its filter
 */
int bundle_plan_exec(const struct oci_process *process, const struct bundle *b, int pidfd,
		     int chroot_fd, uint64_t ns, const struct bundle_options *o,
		     struct bundle_plan *p, struct err *e);
void bundle_plan_done(struct bundle_plan *p);

/* For the files of this part that fill a plan in. */
void *bundle_plan_alloc(struct bundle_plan *p, size_t n, size_t size, struct err *e);
const char *bundle_plan_text(struct bundle_plan *p, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int bundle_plan_keep(struct bundle_plan *p, int fd, struct err *e);

int bundle_plan_mounts(const struct bundle *b, const struct bundle_options *o,
		       struct bundle_plan *p, struct err *e);
int bundle_plan_devices(const struct bundle *b, struct bundle_plan *p, struct err *e);
int bundle_plan_process(const struct oci_process *process, const struct bundle_options *o,
			struct bundle_plan *p, struct err *e);
int bundle_plan_seccomp(const struct bundle *b, struct bundle_plan *p, struct err *e);
/* execCPUAffinity: where the process of an `exec` runs at first and at last; no matter of the first process. */
int bundle_plan_affinity(const struct oci_process *process, struct bundle_plan *p, struct err *e);
int bundle_plan_kernel(const struct oci_linux *linux_, struct bundle_plan *p, struct err *e);
int bundle_plan_namespaces(const struct bundle *b, struct bundle_plan *p, struct err *e);

#endif
