/* SPDX-License-Identifier: Apache-2.0 */
/* bpf(2) without libbpf: one call each, -errno. */
#ifndef DAVIT_KERN_BPF_SYS_H
#define DAVIT_KERN_BPF_SYS_H

#include <stdint.h>

/* All return -errno; those that make a descriptor (close-on-exec) return it. */
int bpf_sys_obj_get(const char *path);
int bpf_sys_obj_pin(int fd, const char *path);
int bpf_sys_lookup(int map, const void *key, void *ret_value);
int bpf_sys_lookup_and_delete(int map, const void *key, void *ret_value);
int bpf_sys_update(int map, const void *key, const void *value, uint64_t flags);
int bpf_sys_update_batch(int map, const void *keys, const void *values, uint32_t n);
int bpf_sys_delete(int map, const void *key);
/* @key NULL: the first. -ENOENT behind the last. */
int bpf_sys_next_key(int map, const void *key, void *ret_key);
int bpf_sys_map_create(uint32_t type, uint32_t key_size, uint32_t value_size, uint32_t n,
		       uint32_t flags, int inner_map, const char *name);
/* A program that returns 1. */
int bpf_sys_prog_load_trivial(uint32_t prog_type, uint32_t attach_type);
int bpf_sys_link_create(int prog, int target, uint32_t attach_type);
/* cgroup id and attach type that a link is on; id 0 when its cgroup is gone */
int bpf_sys_link_cgroup(int link, uint64_t *ret_id, uint32_t *ret_attach_type);
/* number of programs attached to @cgroup itself */
int bpf_sys_prog_count(int cgroup, uint32_t attach_type);

#endif
