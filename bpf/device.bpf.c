// SPDX-License-Identifier: GPL-2.0-only
/* Device policy of all containers of a slice, keyed by cgroup id. */
/* only what the UAPI fixes is used: nothing to relocate, so loading need not read the kernel's BTF */
#define BPF_NO_PRESERVE_ACCESS_INDEX
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "device.h"

#define ANY DEVICE_ROW_ANY

/* depth of the containers' cgroups below the root of cgroup2; set before loading */
const volatile __u32 level = 2;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct device_row);
} devices SEC(".maps");

#define ROW(t, ma, mi, a) { .major = ma, .minor = mi, .types = t, .access = a },
static const struct device_row_rule defaults[] = { DEVICE_ROW_DEFAULTS(ROW) };
#undef ROW

static __always_inline bool rule_matches(const struct device_row_rule *r, __u32 type, __u32 major,
					 __u32 minor)
{
	return (r->types & type) && (r->major == ANY || r->major == major) &&
	       (r->minor == ANY || r->minor == minor);
}

static __always_inline __u32 granted_by_default(__u32 type, __u32 major, __u32 minor)
{
	__u32 granted = 0;

	for (__u32 i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (rule_matches(&defaults[i], type, major, minor))
			granted |= defaults[i].access;
	return granted;
}

SEC("cgroup/dev")
int davit_device(struct bpf_cgroup_dev_ctx *ctx)
{
	__u64 id = bpf_get_current_ancestor_cgroup_id(level);
	__u32 type = ctx->access_type & 0xffff, wanted = ctx->access_type >> 16;
	__u32 major = ctx->major, minor = ctx->minor, granted;
	const struct device_row *row;

	if (!id)
		return 1;
	row = bpf_map_lookup_elem(&devices, &id);
	if (!row)
		return (wanted & ~granted_by_default(type, major, minor)) == 0;
	granted = 0;
	if (row->base == DEVICE_ROW_BASE_ALL)
		granted = DEVICE_ROW_ALL;
	else if (row->base == DEVICE_ROW_BASE_DEFAULT)
		granted = granted_by_default(type, major, minor);
	for (__u32 i = 0; i < DEVICE_ROW_RULES; i++) {
		const struct device_row_rule *r = &row->rules[i];

		if (i >= row->n)
			break;
		if (!rule_matches(r, type, major, minor))
			continue;
		if (r->is_allow)
			granted |= r->access;
		else
			granted &= ~(__u32)r->access;
	}
	return (wanted & ~granted) == 0;
}

char LICENSE[] SEC("license") = "GPL";
