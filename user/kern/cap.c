// SPDX-License-Identifier: Apache-2.0
/* Capabilities: names, sets, system calls. */
#include "kern/cap.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"

/* clang-format off */
static const char *const names[] = {
	[CAP_CHOWN]            = "CAP_CHOWN",
	[CAP_DAC_OVERRIDE]     = "CAP_DAC_OVERRIDE",
	[CAP_DAC_READ_SEARCH]  = "CAP_DAC_READ_SEARCH",
	[CAP_FOWNER]           = "CAP_FOWNER",
	[CAP_FSETID]           = "CAP_FSETID",
	[CAP_KILL]             = "CAP_KILL",
	[CAP_SETGID]           = "CAP_SETGID",
	[CAP_SETUID]           = "CAP_SETUID",
	[CAP_SETPCAP]          = "CAP_SETPCAP",
	[CAP_LINUX_IMMUTABLE]  = "CAP_LINUX_IMMUTABLE",
	[CAP_NET_BIND_SERVICE] = "CAP_NET_BIND_SERVICE",
	[CAP_NET_BROADCAST]    = "CAP_NET_BROADCAST",
	[CAP_NET_ADMIN]        = "CAP_NET_ADMIN",
	[CAP_NET_RAW]          = "CAP_NET_RAW",
	[CAP_IPC_LOCK]         = "CAP_IPC_LOCK",
	[CAP_IPC_OWNER]        = "CAP_IPC_OWNER",
	[CAP_SYS_MODULE]       = "CAP_SYS_MODULE",
	[CAP_SYS_RAWIO]        = "CAP_SYS_RAWIO",
	[CAP_SYS_CHROOT]       = "CAP_SYS_CHROOT",
	[CAP_SYS_PTRACE]       = "CAP_SYS_PTRACE",
	[CAP_SYS_PACCT]        = "CAP_SYS_PACCT",
	[CAP_SYS_ADMIN]        = "CAP_SYS_ADMIN",
	[CAP_SYS_BOOT]         = "CAP_SYS_BOOT",
	[CAP_SYS_NICE]         = "CAP_SYS_NICE",
	[CAP_SYS_RESOURCE]     = "CAP_SYS_RESOURCE",
	[CAP_SYS_TIME]         = "CAP_SYS_TIME",
	[CAP_SYS_TTY_CONFIG]   = "CAP_SYS_TTY_CONFIG",
	[CAP_MKNOD]            = "CAP_MKNOD",
	[CAP_LEASE]            = "CAP_LEASE",
	[CAP_AUDIT_WRITE]      = "CAP_AUDIT_WRITE",
	[CAP_AUDIT_CONTROL]    = "CAP_AUDIT_CONTROL",
	[CAP_SETFCAP]          = "CAP_SETFCAP",
	[CAP_MAC_OVERRIDE]     = "CAP_MAC_OVERRIDE",
	[CAP_MAC_ADMIN]        = "CAP_MAC_ADMIN",
	[CAP_SYSLOG]           = "CAP_SYSLOG",
	[CAP_WAKE_ALARM]       = "CAP_WAKE_ALARM",
	[CAP_BLOCK_SUSPEND]    = "CAP_BLOCK_SUSPEND",
	[CAP_AUDIT_READ]       = "CAP_AUDIT_READ",
	[CAP_PERFMON]          = "CAP_PERFMON",
	[CAP_BPF]              = "CAP_BPF",
	[CAP_CHECKPOINT_RESTORE] = "CAP_CHECKPOINT_RESTORE",
};
/* clang-format on */

#define CAP_PREFIX_LEN 4 /* "CAP_" */

unsigned int cap_last(void)
{
	static unsigned int known;
	unsigned int last = ARRAY_SIZE(names) - 1;

	if (known)
		return known;
	/* EINVAL past the last; kernels since 5.9 have all of the table, so this is one call */
	while (last > 0 && prctl(PR_CAPBSET_READ, last, 0, 0, 0) < 0)
		last--;
	while (last >= ARRAY_SIZE(names) - 1 && last < 63 &&
	       prctl(PR_CAPBSET_READ, last + 1, 0, 0, 0) >= 0)
		last++;
	known = last;
	return last;
}

static uint64_t all_up_to(unsigned int last)
{
	return last >= 63 ? CAP_FULL : CAP_BIT(last + 1) - 1;
}

uint64_t cap_all(void)
{
	return all_up_to(cap_last());
}

int cap_parse(const char *name, struct err *e)
{
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(name, names[i]) == 0 ||
		    strcasecmp(name, names[i] + CAP_PREFIX_LEN) == 0)
			return (int)i;
	r = err_plain(e, -EINVAL, "unknown capability '%s'", name);
	err_hint(e, "names are those of capabilities(7), with or without CAP_; ALL is all of them");
	return r;
}

const char *cap_name(unsigned int cap)
{
	return cap < ARRAY_SIZE(names) ? names[cap] : NULL;
}

static bool is_all(const char *name)
{
	return strcasecmp(name, "ALL") == 0 || strcasecmp(name, "CAP_ALL") == 0;
}

static int parse_list(const struct strv *list, const char *option, uint64_t all, uint64_t *ret,
		      bool *ret_all, struct err *e)
{
	uint64_t set = 0;

	*ret_all = false;
	for (size_t i = 0; list && i < list->n; i++) {
		int cap;

		if (is_all(list->v[i])) {
			*ret_all = true;
			continue;
		}
		cap = cap_parse(list->v[i], e);
		if (cap < 0)
			return err_wrap(e, cap, "option '%s'", option);
		if (!(all & CAP_BIT(cap)))
			return err_plain(e, -EINVAL, "option '%s': this kernel has no %s", option,
					 names[cap]);
		set |= CAP_BIT(cap);
	}
	*ret = set;
	return 0;
}

int cap_resolve(uint64_t base, const struct strv *add, const struct strv *drop, uint64_t *ret,
		struct err *e)
{
	uint64_t all = cap_all(), added, dropped;
	bool add_all, drop_all;
	int r;

	r = parse_list(add, "--cap-add", all, &added, &add_all, e);
	if (r == 0)
		r = parse_list(drop, "--cap-drop", all, &dropped, &drop_all, e);
	if (r < 0)
		return r;
	/* as moby's oci/caps: ALL of the one side leaves the names of the other to count */
	if (add_all)
		*ret = drop_all ? added : all & ~dropped;
	else if (drop_all)
		*ret = added;
	else
		*ret = (base & all & ~dropped) | added;
	return 0;
}

static int apply_ambient(uint64_t ambient)
{
	if (syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	for (unsigned int cap = 0; ambient; cap++, ambient >>= 1)
		if (ambient & 1 &&
		    syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return -errno;
	return 0;
}

int cap_apply(const struct cap_sets *sets)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (unsigned int i = 0; i < ARRAY_SIZE(data); i++)
		data[i] = (struct __user_cap_data_struct){
			.effective = (uint32_t)(sets->effective >> 32 * i),
			.permitted = (uint32_t)(sets->permitted >> 32 * i),
			.inheritable = (uint32_t)(sets->inheritable >> 32 * i),
		};
	if (syscall(SYS_capset, &header, data) < 0)
		return -errno;
	/* ambient is limited by the sets above, so it comes last */
	return apply_ambient(sets->ambient);
}

int cap_get(struct cap_sets *ret)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	*ret = (struct cap_sets){
		.effective = (uint64_t)data[1].effective << 32 | data[0].effective,
		.permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted,
		.inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable,
	};
	return 0;
}
