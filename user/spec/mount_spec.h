/* SPDX-License-Identifier: Apache-2.0 */
/* What -v, --mount and --tmpfs ask for. */
#ifndef DAVIT_SPEC_MOUNT_SPEC_H
#define DAVIT_SPEC_MOUNT_SPEC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

#define MOUNT_SPEC_TEXT_MAX 8192u /* longest option text */

enum mount_spec_type { MOUNT_SPEC_BIND, MOUNT_SPEC_TMPFS, MOUNT_SPEC_TYPE_COUNT };

/**
 * struct mount_spec - one mount of a container
 * @source:	   bind: absolute path on the host; tmpfs: NULL
 * @target:	   absolute clean path in the container, never "/"
 * @propagation:   MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE, perhaps | MS_REC
 * @is_readonly:   bind: also the mounts below, unless @is_ro_top_only
 * @is_recursive:  bind: the mounts below the source come along (the default)
 * @is_relabel:	   bind: z or Z was given, which only means something to SELinux
 * @create_source: bind: make the source a directory if it is not there (-v does, --mount not)
 * @attr:	   MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME … for the mount
 * @size:	   tmpfs: bytes, 0 = kernel's default of half the memory
 * @inodes:	   tmpfs: 0 = kernel's default
 * @mode:	   tmpfs: permission bits of its root
 */
struct mount_spec {
	enum mount_spec_type type;
	char *source, *target;
	unsigned long propagation;
	bool is_readonly, is_ro_top_only, is_recursive, is_relabel, create_source;
	unsigned long attr;
	uint64_t size, inodes;
	mode_t mode;
	uint32_t uid, gid;
};

/*
 * Each parses one option's text. Return: 0, the caller calls mount_spec_done(); -EINVAL with @e
 * and a hint; -EOPNOTSUPP for what is understood and not there yet (named volumes).
 */
/* -v SRC:DST[:OPT,...] */
int mount_spec_parse_volume(const char *text, struct mount_spec *ret, struct err *e);
/* --mount KEY=VALUE,... */
int mount_spec_parse_mount(const char *text, struct mount_spec *ret, struct err *e);
/* --tmpfs DST[:OPT,...]; without options rw,noexec,nosuid,nodev as Docker has it */
int mount_spec_parse_tmpfs(const char *text, struct mount_spec *ret, struct err *e);

/* mount_spec_check_host() - -EOPNOTSUPP if @m asks for labels and this host has SELinux on */
int mount_spec_check_host(const struct mount_spec *m, struct err *e);

void mount_spec_done(struct mount_spec *m);

#endif
