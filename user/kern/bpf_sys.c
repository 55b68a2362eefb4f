// SPDX-License-Identifier: Apache-2.0
/* bpf(2) without libbpf. */
#include "kern/bpf_sys.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

static int bpf_sys(int cmd, union bpf_attr *attr)
{
	long r = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return r < 0 ? -errno : (int)r;
}

static uint64_t ptr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

int bpf_sys_obj_get(const char *path)
{
	union bpf_attr a = { .pathname = ptr(path) };

	return bpf_sys(BPF_OBJ_GET, &a);
}

int bpf_sys_obj_pin(int fd, const char *path)
{
	union bpf_attr a = { .pathname = ptr(path) };

	a.bpf_fd = (uint32_t)fd;
	return bpf_sys(BPF_OBJ_PIN, &a);
}

static int element(int cmd, int map, const void *key, const void *value, uint64_t flags)
{
	union bpf_attr a = { .pathname = 0 };

	a.map_fd = (uint32_t)map;
	a.key = ptr(key);
	a.value = ptr(value);
	a.flags = flags;
	return bpf_sys(cmd, &a);
}

int bpf_sys_lookup(int map, const void *key, void *ret_value)
{
	return element(BPF_MAP_LOOKUP_ELEM, map, key, ret_value, 0);
}

int bpf_sys_lookup_and_delete(int map, const void *key, void *ret_value)
{
	return element(BPF_MAP_LOOKUP_AND_DELETE_ELEM, map, key, ret_value, 0);
}

int bpf_sys_update(int map, const void *key, const void *value, uint64_t flags)
{
	return element(BPF_MAP_UPDATE_ELEM, map, key, value, flags);
}

int bpf_sys_update_batch(int map, const void *keys, const void *values, uint32_t n)
{
	union bpf_attr a = { .pathname = 0 };

	a.batch.map_fd = (uint32_t)map;
	a.batch.keys = ptr(keys);
	a.batch.values = ptr(values);
	a.batch.count = n;
	return bpf_sys(BPF_MAP_UPDATE_BATCH, &a);
}

int bpf_sys_delete(int map, const void *key)
{
	return element(BPF_MAP_DELETE_ELEM, map, key, NULL, 0);
}

int bpf_sys_next_key(int map, const void *key, void *ret_key)
{
	return element(BPF_MAP_GET_NEXT_KEY, map, key, ret_key, 0);
}

int bpf_sys_map_create(uint32_t type, uint32_t key_size, uint32_t value_size, uint32_t n,
		       uint32_t flags, int inner_map, const char *name)
{
	union bpf_attr a = { .pathname = 0 };

	a.map_type = type;
	a.key_size = key_size;
	a.value_size = value_size;
	a.max_entries = n;
	a.map_flags = flags;
	a.inner_map_fd = inner_map < 0 ? 0 : (uint32_t)inner_map;
	strncpy(a.map_name, name, sizeof(a.map_name) - 1);
	return bpf_sys(BPF_MAP_CREATE, &a);
}

int bpf_sys_prog_load_trivial(uint32_t prog_type, uint32_t attach_type)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr a = { .pathname = 0 };

	a.prog_type = prog_type;
	a.expected_attach_type = attach_type;
	a.insns = ptr(insns);
	a.insn_cnt = ARRAY_SIZE(insns);
	a.license = ptr("GPL");
	return bpf_sys(BPF_PROG_LOAD, &a);
}

int bpf_sys_link_create(int prog, int target, uint32_t attach_type)
{
	union bpf_attr a = { .pathname = 0 };

	a.link_create.prog_fd = (uint32_t)prog;
	a.link_create.target_fd = (uint32_t)target;
	a.link_create.attach_type = attach_type;
	return bpf_sys(BPF_LINK_CREATE, &a);
}

int bpf_sys_link_cgroup(int link, uint64_t *ret_id, uint32_t *ret_attach_type)
{
	struct bpf_link_info info = { .type = 0 };
	union bpf_attr a = { .pathname = 0 };
	int r;

	a.info.bpf_fd = (uint32_t)link;
	a.info.info_len = sizeof(info);
	a.info.info = ptr(&info);
	r = bpf_sys(BPF_OBJ_GET_INFO_BY_FD, &a);
	if (r < 0)
		return r;
	if (info.type != BPF_LINK_TYPE_CGROUP)
		return -EINVAL;
	*ret_id = info.cgroup.cgroup_id;
	*ret_attach_type = info.cgroup.attach_type;
	return 0;
}

int bpf_sys_prog_count(int cgroup, uint32_t attach_type)
{
	union bpf_attr a = { .pathname = 0 };
	int r;

	a.query.target_fd = (uint32_t)cgroup;
	a.query.attach_type = attach_type;
	r = bpf_sys(BPF_PROG_QUERY, &a);
	return r < 0 ? r : (int)a.query.prog_cnt;
}
